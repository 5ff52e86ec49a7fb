//! The links and definitions that the specifications of `link`, `join` and their companions require
//! in a supergraph, in the form that routers validate.

use std::collections::BTreeSet;

use super::type_system::{AppliedDirective, Literal, SchemaDocument};

const DEFINITIONS: &str = "
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__DirectiveArguments
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
";

/// A specification besides `link` and `join`: its directives, its link, and their definitions.
struct Specification {
    directives: &'static [&'static str],
    url: &'static str,
    is_for_security: bool,
    definitions: &'static str,
}

const SPECIFICATIONS: [Specification; 5] = [
    Specification {
        directives: &["tag"],
        url: "https://specs.apollo.dev/tag/v0.3",
        is_for_security: false,
        definitions: "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA\n",
    },
    Specification {
        directives: &["inaccessible"],
        url: "https://specs.apollo.dev/inaccessible/v0.2",
        is_for_security: true,
        definitions: "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION\n",
    },
    Specification {
        directives: &["authenticated"],
        url: "https://specs.apollo.dev/authenticated/v0.1",
        is_for_security: true,
        definitions: "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\n",
    },
    Specification {
        directives: &["requiresScopes"],
        url: "https://specs.apollo.dev/requiresScopes/v0.1",
        is_for_security: true,
        definitions: "directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\nscalar requiresScopes__Scope\n",
    },
    Specification {
        directives: &["cost", "listSize"],
        url: "https://specs.apollo.dev/cost/v0.1",
        is_for_security: false,
        definitions: "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR\ndirective @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION\n",
    },
];

/// Prints a supergraph with its links and definitions.
pub(super) fn with_definitions(mut document: SchemaDocument) -> String {
    let used: BTreeSet<String> = directive_names(&document).map(str::to_owned).collect();
    let mut links = vec![
        link("https://specs.apollo.dev/link/v1.0", None),
        link("https://specs.apollo.dev/join/v0.4", Some("EXECUTION")),
    ];
    let mut definitions = DEFINITIONS.to_owned();
    for one in SPECIFICATIONS {
        if one.directives.iter().any(|name| used.contains(*name)) {
            let purpose = one.is_for_security.then_some("SECURITY");
            // The first directive has the name of the specification, and is not imported.
            let others = one.directives[1..].iter().filter(|name| used.contains(**name));
            let imports: Vec<_> = others.map(|name| Literal::Text(format!("@{name}"))).collect();
            let link = link(one.url, purpose);
            links.push(if imports.is_empty() {
                link
            } else {
                link.with("import", Literal::List(imports))
            });
            definitions.push_str(one.definitions);
        }
    }
    links.append(&mut document.directives);
    document.directives = links;
    format!("{document}{definitions}")
}

fn link(url: &str, purpose: Option<&str>) -> AppliedDirective {
    let link = AppliedDirective::new("link").with("url", Literal::Text(url.to_owned()));
    match purpose {
        Some(purpose) => link.with("for", Literal::Enum(purpose.to_owned())),
        None => link,
    }
}

/// Names of all directives on elements.
fn directive_names(document: &SchemaDocument) -> impl Iterator<Item = &str> {
    let all = document.types.values().flat_map(|of| {
        let arguments = of.fields.iter().flat_map(|field| &field.arguments);
        let fields = of.fields.iter().chain(arguments).flat_map(|field| &field.directives);
        let values = of.values.iter().flat_map(|value| &value.directives);
        of.directives.iter().chain(fields).chain(values)
    });
    all.map(|directive| directive.name.as_str())
}
