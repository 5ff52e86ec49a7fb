//! Mistakes in a mapping, each with the key, the value and the remedy.

use super::{
    BY_LIST, TYPES, composed, configured,
    library::{catalogue, library},
};

/// The errors of [`BY_LIST`] and [`TYPES`] with a replacement.
fn errors(old: &str, new: &str) -> String {
    let mapping = format!("{BY_LIST}{TYPES}");
    let changed = mapping.replacen(old, new, 1);
    assert!(changed != mapping || old == new, "{old}");
    let subgraph = match configured("", &changed) {
        Ok(subgraph) => subgraph,
        Err(error) => return error,
    };
    let (catalogue, library) = (catalogue(0), library());
    composed(&catalogue, library.address, &subgraph).err().unwrap_or_default()
}

#[test]
fn a_correct_mapping_must_have_no_errors() {
    assert_eq!(errors("", ""), "");
    // All of these are accepted as well.
    for (old, new) in [
        (
            "key_from = \"copies.number\"\nkey_where = { library = \"central\" }",
            "key_from = \"id\"",
        ),
        (
            "key_from = \"copies.number\"\nkey_where = { library = \"central\" }",
            "key_from = \"pages\"",
        ),
        ("key_where = { library = \"central\" }", "key_pattern = \"{key}-x\""),
        ("key_where = { library = \"central\" }", "key_where = { number = \"1\" }"),
        ("isbns: $keys)", "isbns: $keys, limit: 100)"),
        (
            "query($keys: [ID!]!) { titles(isbns: $keys) { edges { node } } }",
            "query($keys: [Int!]!) { numbers(numbers: $keys, filter: { not: { currency: USD } }) }",
        ),
        (
            "query($keys: [ID!]!) { titles(isbns: $keys) { edges { node } } }",
            "query($keys: [ID!]) { numbers(numbers: [1], filter: { isbn: $keys }) }",
        ),
        ("alike = \"similar\"", "alike = \"similar\", matching = \"matching\""),
    ] {
        assert_eq!(errors(old, new), "", "{new}");
    }
}

/// The lookup of [`BY_LIST`].
const LOOKUP: &str = "query($keys: [ID!]!) { titles(isbns: $keys) { edges { node } } }";

/// What is replaced, by what, and a fragment of the error.
const ENTITY_MISTAKES: &[(&str, &str, &str)] = &[
    (
        "\"Title\"",
        "\"Titel\"",
        "[library] `subgraph.entity.type` must be an object type of the service such as `Title`, not `Titel`",
    ),
    ("type = \"Title\"", "type = \"Item\"", "`subgraph.entity.type` must be an object type"),
    (
        "\"Book\"",
        "\"Boek\"",
        "`subgraph.entity.extends` must be an entity of another subgraph such as `Book`, not `Boek`",
    ),
    ("extends = \"Book\"", "extends = \"Copy\"", "must be an entity of another subgraph"),
    (
        "key = \"isbn\"",
        "key = \"isnb\"",
        "`subgraph.entity.key` must be fields of `Title` of the service such as `isbn`, not `isnb`",
    ),
    (
        "key = \"isbn\"",
        "key = \"cover\"",
        "`subgraph.entity.key` must be a field of type String, ID, Int or a custom scalar",
    ),
    (
        "key = \"isbn\"",
        "key = \"weight\"",
        "`subgraph.entity.key` must be a field of type String, ID, Int",
    ),
    (
        "key = \"isbn\"",
        "key = \"similar\"",
        "`subgraph.entity.key` must be a field of type String, ID, Int",
    ),
    (
        "copies.number",
        "copies.numbr",
        "`subgraph.entity.key_from` must be a field of `Copy` without required arguments, such as `number`, not `numbr`",
    ),
    ("copies.number", "copys.number", "`subgraph.entity.key_from` must be a field of `Book`"),
    (
        "copies.number",
        "copies",
        "`subgraph.entity.key_from` must be a field of type String, ID, Int",
    ),
    ("copies.number", "cheap", "`subgraph.entity.key_from` must be a field of type String"),
    ("copies.number", "weight", "`subgraph.entity.key_from` must be a field of type String"),
    ("copies.number", "form", "`subgraph.entity.key_from` must be a field of type String"),
    ("copies.number", "author", "without required arguments"),
    (
        "key_where = { library = \"central\" }",
        "",
        "`subgraph.entity.key_from` must be a single value; select one of the list with `key_where` or `key_pattern`, not `copies.number`",
    ),
    (
        "library = \"central\"",
        "librry = \"central\"",
        "`subgraph.entity.key_where` must be fields of `Copy`, which has the key, not `librry`",
    ),
    (
        "stock = \"stock\"",
        "stock = \"stok\"",
        "`subgraph.entity.fields` must be fields of `Title` of the service such as `stock`, not `stok`",
    ),
    (
        "stock = \"stock\"",
        "title = \"stock\"",
        "`subgraph.entity.fields` must be new names, since `Book` has the field in subgraph `catalogue`; choose another name, such as `liveTitle`, not `title`",
    ),
    ("stock = \"stock\"", "id = \"stock\"", "such as `liveId`"),
    (
        "cover = \"cover\"",
        "who = \"borrower\"",
        "`subgraph.type` is missing for a type that `borrower` reaches; list its visible fields: `[[subgraph.type]]` with `type = \"Person\"`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { title(isbns: $keys) }",
        "`subgraph.entity.lookup` must be a query with arguments of `Root.title` such as `isbn`, not `isbns`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { titels(isbns: $keys) }",
        "`subgraph.entity.lookup` must be fields of `Root` of the service such as `titles`, not `titels`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { titles(isbns: $keys) }",
        "must be a query that ends at objects of type `Title`; select the field that has them (`total`, `edges`), not `TitleList`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { titles(isbns: $keys) { total } }",
        "ends at objects of type `Title`, not `Int`",
    ),
    (
        LOOKUP,
        "query($keys: [String!]!) { titles(isbns: $keys) { edges { node } } }",
        "must be a query with `$keys: [ID!]!`, not `[String!]!`",
    ),
    (
        LOOKUP,
        "query($keys: [ID]) { titles(isbns: $keys) { edges { node } } }",
        "must be a query with `$keys: [ID!]!`, not `[ID]`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { titles(limit: 3, isbns: [1]) { edges { node(x: $keys) } } }",
        "must be a query with arguments of `TitleEdge.node`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { numbers(filter: { isbn: $keys }) }",
        "must be a query with the argument `numbers` of `Root.numbers`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { numbers(numbers: [1], filter: { isbns: $keys }) }",
        "must be a query with fields of `Filter` such as `isbn`, not `isbns`",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { numbers(numbers: [1], filter: { not: { currency: $keys } }) }",
        "must be a query with `$keys: Currency`",
    ),
    (
        LOOKUP,
        "query($key: ID!) { titles(isbns: [$key]) { edges { node } } }",
        "must be a query for several keys (`$keys`), since it returns a list",
    ),
    (
        LOOKUP,
        "query($keys: [ID!]!) { title(isbn: $keys) }",
        "must be a query with `$keys: ID!`, not `[ID!]!`",
    ),
    (
        LOOKUP,
        "query($key: Boolean!) { byFlag(flag: $key) }",
        "must be a query whose variable has type String, ID, Int or a custom scalar of the service, not `Boolean`",
    ),
    (LOOKUP, "query($key: Person!) { title(isbn: $key) }", "whose variable has type String"),
    (LOOKUP, "{ titles }", "`subgraph.entity.lookup` must be a query with one variable"),
    (
        "copies.number",
        "copies number",
        "`subgraph.entity.key_from` must be a field of the entity such as `url`",
    ),
    (
        "key_where = { library = \"central\" }",
        "key_pattern = \"{id}\"",
        "`subgraph.entity.key_pattern` must be a text with one `{key}`",
    ),
    (
        "stock = \"stock\"",
        "\"2stock\" = \"stock\"",
        "`subgraph.entity.fields` must be names in GraphQL",
    ),
    (
        "stock = \"stock\"",
        "__stock = \"stock\"",
        "`subgraph.entity.fields` must be names in GraphQL",
    ),
    (
        "fields = { stock = \"stock\", priceNow = \"price\", cover = \"cover\", alike = \"similar\" }",
        "fields = {}",
        "`subgraph.entity.fields` must be at least one field",
    ),
    ("extends = \"Book\"", "extend = \"Book\"", "unknown key `extend`, did you mean `extends`?"),
];

#[test]
fn each_mistake_in_an_entity_must_be_rejected() {
    for (old, new, expected) in ENTITY_MISTAKES {
        let errors = errors(old, new);
        assert!(errors.contains(expected), "{new}\n{errors}");
    }
}

/// As [`ENTITY_MISTAKES`].
const TYPE_MISTAKES: &[(&str, &str, &str)] = &[
    (
        "name = \"CoverImage\"",
        "name = \"Copy\"",
        "`subgraph.type.name` must be a new name, since there is a type of that name in `catalogue`; choose another for it: `[[subgraph.type]]` with `type = \"Image\"` and `name`, such as `name = \"ServiceImage\"`, not `Copy`",
    ),
    (
        "name = \"CoverImage\"",
        "name = \"Book\"",
        "since there is a type of that name in `catalogue`",
    ),
    (
        "name = \"CoverImage\"",
        "name = \"Secret\"",
        "since there is a type of that name in `catalogue`",
    ),
    (
        "name = \"CoverImage\"",
        "name = \"Title\"",
        "since there is a type of that name in `the same service`",
    ),
    (
        "name = \"CoverImage\"",
        "name = \"Query\"",
        "since there is a type of that name in `catalogue`",
    ),
    ("name = \"CoverImage\"", "name = \"String\"", "`subgraph.type.name` must be a new name"),
    (
        "fields = [\"url\", \"kind\"]",
        "fields = [\"uri\"]",
        "`subgraph.type.fields` must be fields of `Image` of the service such as `url`, not `uri`",
    ),
    (
        "fields = [\"url\", \"kind\"]",
        "fields = []",
        "`subgraph.type` is missing for a type that `cover` reaches",
    ),
    (
        "type = \"Disc\"",
        "type = \"Dsc\"",
        "`subgraph.type` is missing for a type that `Item` reaches; list its visible fields: `[[subgraph.type]]` with `type = \"Disc\"`",
    ),
    (
        "type = \"Disc\"",
        "type = \"Dsc\"",
        "`subgraph.type.type` must be a type that a visible field returns or accepts, not `Dsc`",
    ),
    (
        "fields = [\"isbn\", \"minutes\"]",
        "fields = [\"minutes\"]",
        "`subgraph.type.fields` must be with `isbn` for `Disc`, since `Item` has it",
    ),
    (
        "fields = [\"isbn\", \"minutes\"]",
        "fields = [\"isbn\", \"minutes\"]\n[[subgraph.type]]\ntype = \"Currency\"\nfields = [\"EUR\"]",
        "`subgraph.type.fields` must be absent for a type without fields to select, not `Currency`",
    ),
    (
        "fields = [\"isbn\", \"minutes\"]",
        "fields = [\"isbn\", \"minutes\"]\n[[subgraph.type]]\ntype = \"Person\"\nfields = [\"name\"]",
        "must be a type that a visible field returns or accepts, not `Person`",
    ),
    (
        "fields = [\"isbn\", \"stock\"]",
        "fields = [\"isbn\", \"stock\", \"borrower\"]",
        "a type that `Title.borrower` reaches",
    ),
    (
        "fields = [\"url\", \"kind\"]",
        "fields = [\"url\", \"kind\", \"url\"]",
        "`subgraph.type.fields` must be each field once; remove the repetition, not `url`",
    ),
    (
        "fields = [\"isbn\", \"minutes\"]",
        "fields = [\"isbn\", \"minutes\"]\n[[subgraph.type]]\ntype = \"Image\"\nfields = [\"data\"]",
        "`subgraph.type.type` must be different for each `[[subgraph.type]]` of a subgraph; list all fields in one of them, not `Image`",
    ),
];

#[test]
fn each_mistake_in_a_type_must_be_rejected() {
    for (old, new, expected) in TYPE_MISTAKES {
        let errors = errors(old, new);
        assert!(errors.contains(expected), "{new}\n{errors}");
    }
}

#[test]
fn each_mistake_in_a_root_field_must_be_rejected() {
    let errors = |keys: &str| {
        let subgraph = match configured(keys, &format!("{BY_LIST}{TYPES}")) {
            Ok(subgraph) => subgraph,
            Err(error) => return error,
        };
        let (catalogue, library) = (catalogue(0), library());
        composed(&catalogue, library.address, &subgraph).err().unwrap_or_default()
    };
    for (keys, expected) in [
        (
            "queries = { t = \"titel\" }",
            "`subgraph.queries` must be fields of `Root` of the service such as `title`, not `titel`",
        ),
        (
            "queries = { books = \"title\" }",
            "`subgraph.queries` must be new names, since `Query` has the field in subgraph `catalogue`",
        ),
        ("queries = { \"a b\" = \"title\" }", "`subgraph.queries` must be names in GraphQL"),
        (
            "mutations = { r = \"reserv\" }",
            "`subgraph.mutations` must be fields of `Changes` of the service such as `reserve`, not `reserv`",
        ),
        ("lookup_keys_max = 0", "`subgraph.lookup_keys_max` must be 1 to 1000, not `0`"),
    ] {
        let errors = errors(keys);
        assert!(errors.contains(expected), "{keys}\n{errors}");
    }
    let only_type = "[[subgraph.type]]\ntype = \"Image\"\nfields = [\"url\"]";
    let error = configured("", only_type).unwrap_err();
    assert!(error.contains("`subgraph.type.type` must be a type that a field in"), "{error}");
    let twice = format!("{BY_LIST}{BY_LIST}{TYPES}");
    let subgraph = configured("", &twice).unwrap();
    let (catalogue, library) = (catalogue(0), library());
    let error = composed(&catalogue, library.address, &subgraph).unwrap_err();
    assert!(error.contains("`subgraph.entity.extends` must be different for each"), "{error}");
}
