//! The definitions that the specifications of `link`, `join`, `tag` and `inaccessible` require in a
//! supergraph. The composition crate writes only some of them, and not in the form that routers
//! validate.

use cynic_parser::{
    TypeSystemDocument,
    type_system::{Definition, TypeDefinition},
};

use super::edits::SdlEdits;

/// The version of `join` that the composition crate declares.
const JOIN_V0_3: &str = "https://specs.apollo.dev/join/v0.3";
/// The version of `join` that has all features used by the composition crate.
const JOIN_V0_4: &str = "https://specs.apollo.dev/join/v0.4";
const TAG_LINK: &str = "\n  @link(url: \"https://specs.apollo.dev/tag/v0.3\")";

/// Names of the definitions below that the composed SDL can already contain.
const NAMES: [&str; 5] = ["link", "tag", "inaccessible", "link__Purpose", "link__Import"];

const DEFINITIONS: &str = "
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
scalar join__DirectiveArguments
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
";

/// Replaces the definitions in the supergraph `sdl` by these.
pub(super) fn with_definitions(sdl: &str, supergraph: &TypeSystemDocument) -> String {
    let is_ours =
        |name: &str| NAMES.contains(&name) || (name.starts_with("join__") && name != "join__Graph");
    let mut edits = SdlEdits::default();
    for definition in supergraph.definitions() {
        match definition {
            Definition::Directive(directive) if is_ours(directive.name()) => {
                edits.remove(definition.span());
            }
            Definition::Type(
                TypeDefinition::Scalar(_)
                | TypeDefinition::Enum(_)
                | TypeDefinition::InputObject(_),
            ) if definition.as_type().is_some_and(|one| is_ours(one.name())) => {
                edits.remove(definition.span());
            }
            Definition::Schema(schema) => {
                let links = schema.span();
                if let Some(offset) = sdl[links.start..links.end].find(JOIN_V0_3) {
                    let start = links.start + offset;
                    let end = start + JOIN_V0_3.len();
                    edits.remove(cynic_parser::Span::new(start, end));
                    edits.insert(end, JOIN_V0_4);
                }
                edits.insert(links.start + "schema".len(), TAG_LINK);
            }
            _ => {}
        }
    }
    edits.insert(sdl.len(), DEFINITIONS);
    edits.apply(sdl)
}
