//! Tests of validation: the same errors as the validation crate, in a time that does not depend on
//! the size of the schema.

use std::{
    collections::BTreeSet,
    fmt::Write,
    time::{Duration, Instant},
};

use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::schema::Document,
    validation::{rules::default_rules_validation_plan, validate::validate},
};

use super::{ERRORS_MAX, validate::ValidationRules};
use crate::{
    schema::{PublicSchema, public_document},
    schema_excerpt::{SchemaIndex, excerpt},
};

const SDL: &str = "
    schema { query: Query mutation: Change }
    directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @tag(of: Filter) repeatable on FIELD
    scalar Any
    enum Colour { RED GREEN }
    input Filter { a: Int! b: [Filter!] colour: Colour c: Int = 1 any: Any }
    input One { only: Colour }
    interface Named { name: String related: Named }
    interface Aged { age: Int }
    interface Empty { none: Int }
    interface Both implements Named & Aged { name: String related: Named age: Int }
    type Dog implements Named & Aged & Both { name: String related: Named age: Int barks: Boolean }
    type Cat implements Named { name: String related: Cat }
    type Stone { weight(unit: Colour!, filter: Filter): Int }
    union Pet = Dog | Cat
    union Thing = Stone | Cat
    type Change { rename(id: ID!, filter: Filter = { a: 1 }): Dog }
    type Query {
      named(filter: Filter, one: One): Named pets(ids: [ID!]!, colour: Colour): [Pet!]!
      thing: Thing stone: Stone dog: Dog aged: Aged empty: Empty any(of: Any): Any
    }";

/// A schema with what is derived from it.
struct Schema {
    document: Document,
    index: SchemaIndex,
    types: PublicSchema,
}

impl Schema {
    fn new(sdl: &str) -> Self {
        let document = parse_schema::<String>(sdl).unwrap().into_static();
        let document = public_document(&document, &document);
        let (index, types) = (SchemaIndex::new(&document), PublicSchema::new(&document, &document));
        Self { document, index, types }
    }

    /// The messages of our errors, without those about `__schema`, which the crate allows anywhere.
    fn errors(&self, rules: &ValidationRules, text: &str) -> Vec<String> {
        let document = parse_query::<String>(text).unwrap().into_static();
        let excerpt = excerpt(&self.document, &self.index, &document);
        let errors = rules.errors(&excerpt, &self.types, &document);
        let messages = errors.into_iter().map(|error| error.error.message);
        messages.filter(|message| !message.starts_with("Cannot query field \"__")).collect()
    }

    /// The messages of the validation crate over the whole schema.
    fn expected(&self, text: &str) -> BTreeSet<String> {
        let document = parse_query::<String>(text).unwrap().into_static();
        let mut plan = default_rules_validation_plan();
        plan.rules.retain(|rule| rule.error_code() != "OverlappingFieldsCanBeMerged");
        let errors = validate(&self.document, &document, &plan);
        errors.into_iter().map(|error| error.message).collect()
    }
}

/// Selections, of which documents of the comparison are composed.
const SELECTIONS: [&str; 40] = [
    "named { name related { name } }",
    "named(filter: { a: 1 }) { name }",
    "named(filter: { a: $i, b: [{ a: 1, colour: RED }] }) { name }",
    "named(filter: { b: [{ colour: BLUE }], x: 1 }) { name }",
    "named(filter: { a: \"text\", c: $s }) { name }",
    "named(filter: $f, one: { only: $c }) { name }",
    "named(filter: 1) { name }",
    "named(unknown: 1) { ... on Dog { barks unknown } }",
    "named { ... on Aged { age } ... on Both { age related { name } } }",
    "named { ... on Stone { weight } ... on Thing { __typename } ... on Query { any } }",
    "named { ... on Empty { none } ... on Colour { a } ... on Filter { a } ... on Unknown { a } }",
    "pets(ids: [1, \"b\"], colour: GREEN) { __typename ... on Dog { age } ... on Cat { related { name } } }",
    "pets(ids: $ids) { name }",
    "pets { ... on Named { name } ... on Aged { age } ... on Thing { ... on Cat { name } } }",
    "pets(ids: null, colour: \"RED\") { ... on Stone { weight(unit: RED) } }",
    "thing { ... on Stone { weight } ... on Pet { __typename } ... on Aged { age } }",
    "stone { weight(unit: $c, filter: { a: $i }) }",
    "stone { weight(unit: RED, unit: GREEN) }",
    "stone",
    "dog { age { more } name @skip(if: $b) barks @skip }",
    "dog { ...names ...names ...cats }",
    "dog { name @tag(of: { a: 1 }) @tag(of: { b: [] }) @unknown }",
    "aged { ... on Dog { name } ... on Cat { name } ... on Named { name } }",
    "empty { none ... on Named { name } }",
    "any(of: { free: [1, { x: $i }] })",
    "any(of: $undefined)",
    "unknown { deeper(x: $i) { deepest } }",
    "__typename",
    "__schema { types { name } }",
    "... { dog { age } }",
    "... on Query { dog { age } }",
    "... on Change { rename(id: 1) { name } }",
    "...roots",
    "...names",
    "...loop",
    "...undefined",
    "...unused",
    "x: dog { y: age }",
    "any(of: 1, of: 2)",
    "named(filter: { a: 1, a: 2 }) { related { related { ... on Cat { related { related { name } } } } } }",
];
const FRAGMENTS: &str = "
    fragment names on Named { name related { ...cats } }
    fragment cats on Cat { name }
    fragment roots on Query { any(of: $i) dog { ...names } }
    fragment loop on Query { ...back }
    fragment back on Query { ... { ...loop } }
    fragment self on Dog { ...self }
    fragment unused on Stone { weight(unit: $c) }";
const HEADS: [&str; 5] = [
    "",
    "query A($i: Int, $c: Colour, $f: Filter = { a: 1 }, $ids: [ID!]!, $b: Boolean!, $s: String)",
    "query A($i: Int!, $c: Colour! = RED, $f: Unknown, $ids: ID, $d: Dog, $i: Int)",
    "mutation",
    "subscription S",
];

#[test]
fn errors_must_be_those_of_the_validation_crate_over_the_whole_schema() {
    let (schema, rules) = (Schema::new(SDL), ValidationRules::new());
    let mut compared = 0;
    for (number, selection) in SELECTIONS.iter().enumerate() {
        for head in HEADS {
            for other in ["", SELECTIONS[(number * 7 + 3) % SELECTIONS.len()]] {
                for fragments in ["", FRAGMENTS] {
                    let text =
                        format!("{head} {{ {selection} {other} }} {fragments} query B {{ any }}");
                    let errors: BTreeSet<_> = schema.errors(&rules, &text).into_iter().collect();
                    assert_eq!(errors, schema.expected(&text), "{text}");
                    compared += usize::from(!errors.is_empty());
                }
            }
        }
    }
    assert!(compared > 300, "{compared}");
    assert!(schema.errors(&rules, "{ named(filter: { a: 1 }) { name } }").is_empty());
}

/// Concatenates the texts of the numbers from 0 to `count - 1`.
fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        write!(all, "{} ", text(number)).unwrap();
        all
    })
}

/// A schema with many types and with many fields of one type; what documents use comes last.
fn wide_schema() -> Schema {
    const TYPES: usize = 40_000;
    Schema::new(&format!(
        "type Query {{ {} named: Named a(x: Int, w: Wide, c: Colour): Int }}
         interface Named {{ a: Int }} interface Other {{ a: Int }} union Some = {}
         {} enum Colour {{ {} }} input Wide {{ {} }}
         type Last implements Named {{ a: Int }}",
        repeated(TYPES, |n| format!("f{n}: Int")),
        repeated(TYPES, |n| format!("| T{n}")),
        repeated(TYPES, |n| format!("type T{n} implements Named {{ a: Int }}")),
        repeated(2_000, |n| format!("C{n}")),
        repeated(2_000, |n| format!("w{n}: Int")),
    ))
}

/// Documents of about `tokens` tokens, by what is repeated.
fn wide_documents(tokens: usize) -> Vec<(&'static str, String)> {
    let named = |count, text: &str| format!("{{ named {{ {} }} }}", text.repeat(count));
    vec![
        ("unknown fields", format!("{{ {} }}", repeated(tokens, |n| format!("unknown{n}")))),
        ("known fields", format!("{{ {} }}", repeated(tokens / 5, |n| format!("a f{n} x{n}: a")))),
        (
            "unknown types",
            format!("{{ {} }}", repeated(tokens / 6, |n| format!("... on U{n} {{ a }}"))),
        ),
        ("a late type", named(tokens / 6, "... on Last { a } ")),
        (
            "many types",
            format!(
                "{{ named {{ {} }} }}",
                repeated(tokens / 6, |n| format!("... on T{n} {{ a }}"))
            ),
        ),
        ("interfaces without common types", named(tokens / 6, "... on Other { a } ")),
        ("a union of all types", named(tokens / 5, "... on Some { __typename } ")),
        (
            "unknown enum values",
            format!("{{ {} }}", repeated(tokens / 7, |n| format!("x{n}: a(c: B{n})"))),
        ),
        (
            "input fields",
            format!("{{ {} }}", repeated(tokens / 10, |n| format!("x{n}: a(w: {{ w{n}: 1 }})"))),
        ),
        (
            "variable types",
            format!("query A({}) {{ a }}", repeated(tokens / 5, |n| format!("$v{n}: U{n}"))),
        ),
        (
            "undefined variables",
            format!(
                "{} fragment f on Query {{ {} }}",
                repeated(tokens / 12, |n| format!("query q{n} {{ ...f }}")),
                repeated(tokens / 16, |n| format!("x{n}: a(x: $v{n})"))
            ),
        ),
        (
            "variables of another type",
            format!(
                "{} fragment f on Query {{ {} }}",
                repeated(tokens / 20, |n| format!("query q{n}($v: String) {{ ...f }}")),
                repeated(tokens / 16, |n| format!("x{n}: a(x: $v)"))
            ),
        ),
        (
            "cycles",
            format!(
                "{{ ...f0 }} {}",
                repeated(tokens / 12, |n| format!(
                    "fragment f{n} on Query {{ ...f{} ...f0 }}",
                    n + 1
                ))
            ),
        ),
        (
            "fragments nobody spreads",
            format!(
                "{{ a }} {}",
                repeated(tokens / 7, |n| format!("fragment f{n} on Query {{ a }}"))
            ),
        ),
    ]
}

#[test]
fn validation_must_not_depend_on_the_size_of_the_schema() {
    let (schema, rules) = (wide_schema(), ValidationRules::new());
    // The default of `tokens_max`, and its maximum.
    for (tokens, limit) in [(4_000, 4), (20_000, 20)] {
        for (what, text) in wide_documents(tokens) {
            let started = Instant::now();
            let errors = schema.errors(&rules, &text);
            let elapsed = started.elapsed();
            // Generous for a busy machine. The validation crate takes minutes for some of them.
            assert!(elapsed < Duration::from_secs(limit), "{what}, {tokens}: {elapsed:?}");
            let bytes: usize = errors.iter().map(String::len).sum();
            assert!(errors.len() <= ERRORS_MAX && bytes < 64 << 10, "{what}: {bytes}");
        }
    }
}
