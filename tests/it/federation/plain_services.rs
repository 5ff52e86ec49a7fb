//! Plain GraphQL services, without `_service` and `_entities`, that join by a mapping.

mod hostile;
mod library;
mod mistakes;
mod program;

use std::{fs, net::SocketAddr};

use federation::compose::{InaccessibleFields, SubgraphSdl, compose};
use gateway::config::{Config, Overrides, SubgraphConfig};
use serde_json::{Value, json};

use self::library::{SERVICE_SDL, catalogue, catalogue_sdl, library};
use super::{Gateway, subgraph::Subgraph};

/// A mapping of the titles of the library to the books of the catalogue, by a list.
const BY_LIST: &str = r#"
[[subgraph.entity]]
type = "Title"
extends = "Book"
fields = { stock = "stock", priceNow = "price", cover = "cover", alike = "similar" }
key = "isbn"
key_from = "copies.number"
key_where = { library = "central" }
lookup = "query($keys: [ID!]!) { titles(isbns: $keys) { edges { node } } }"
"#;

/// As [`BY_LIST`], with one lookup per book.
const ONE_BY_ONE: &str = r#"
[[subgraph.entity]]
type = "Title"
extends = "Book"
fields = { stock = "stock", priceNow = "price", cover = "cover", alike = "similar" }
key = "isbn"
key_from = "url"
key_pattern = "https://library.example/titles/{key}"
lookup = "query($key: ID!) { item(isbn: $key) }"
"#;

/// The types that the fields of a title reach.
const TYPES: &str = r#"
[[subgraph.type]]
type = "Image"
name = "CoverImage"
fields = ["url", "kind"]

[[subgraph.type]]
type = "Item"
fields = ["isbn"]

[[subgraph.type]]
type = "Title"
fields = ["isbn", "stock"]

[[subgraph.type]]
type = "Disc"
name = "AudioDisc"
fields = ["isbn", "minutes"]
"#;

/// The configuration of the subgraph `library` with a mapping; `keys` belong to `[[subgraph]]`.
fn configured(keys: &str, mapping: &str) -> Result<SubgraphConfig, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wegwijzer.toml");
    let subgraph = "[[subgraph]]\nname = \"library\"\nurl = \"http://127.0.0.1:1/graphql\"\n";
    fs::write(&file, format!("{subgraph}{keys}\n{mapping}")).unwrap();
    let config = Config::load(Some(&file), &Overrides::default());
    let config = config.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    Ok(config.subgraphs.into_iter().next().unwrap())
}

/// The supergraph of the catalogue and the library, or the composition errors.
fn composed(
    catalogue: &Subgraph,
    library: SocketAddr,
    subgraph: &SubgraphConfig,
) -> Result<String, String> {
    let with_url = |name: &str, address, sdl: &str, mapping| SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{address}/graphql"),
        sdl: sdl.to_owned(),
        mapping,
        inaccessible_fields: InaccessibleFields::Hidden,
    };
    compose(&[
        with_url("library", library, SERVICE_SDL, subgraph.mapping.clone()),
        with_url("catalogue", catalogue.address, catalogue_sdl(), None),
    ])
    .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// A gateway over the catalogue and a library with a mapping.
fn gateway(catalogue: &Subgraph, library: &Subgraph, keys: &str, mapping: &str) -> Gateway {
    gateway_to(catalogue, library.address, keys, mapping)
}

fn gateway_to(catalogue: &Subgraph, library: SocketAddr, keys: &str, mapping: &str) -> Gateway {
    let subgraph = configured(keys, &format!("{mapping}{TYPES}")).unwrap();
    let supergraph = composed(catalogue, library, &subgraph).unwrap();
    Gateway::with(&supergraph, |config| {
        config.subgraphs = vec![subgraph];
        config.limits.circuit_breaker_failures = 100;
    })
}

/// The requests of the gateway: queries and variables.
fn sent(subgraph: &Subgraph) -> Vec<Value> {
    subgraph.take_requests().into_iter().map(|request| request.body).collect()
}

#[test]
fn a_list_of_fifty_entities_must_be_looked_up_in_one_request() {
    let (catalogue, library) = (catalogue(50), library());
    let gateway = gateway(&catalogue, &library, "", BY_LIST);
    let response = gateway.query("{ books { id title stock } }");
    assert_eq!(response.get("errors"), None, "{response}");
    let books = response["data"]["books"].as_array().unwrap();
    assert_eq!(books.len(), 50);
    for (number, book) in books.iter().enumerate() {
        // Every tenth title is unknown to the library, and every seventh book has no copy there.
        let is_known = number % 10 != 9 && number % 7 != 6;
        let expected = if is_known { json!(number) } else { Value::Null };
        assert_eq!(book["stock"], expected, "{book}");
        assert_eq!(book["title"], format!("Boek {number}"), "{book}");
    }
    let requests = sent(&library);
    assert_eq!(requests.len(), 1, "{requests:?}");
    let keys = requests[0]["variables"]["of_lookup0"].as_array().unwrap();
    assert_eq!(keys.len(), 50 - 7, "{requests:?}");
    let query = requests[0]["query"].as_str().unwrap();
    assert_eq!(
        query,
        "query($of_lookup0: [ID!]!) { lookup0: titles(isbns: $of_lookup0) { edges { node { \
         ... on Title { key: isbn ... { __typename stock } } } } } }"
    );
}

#[test]
fn lookups_of_one_object_must_be_aliases_of_one_request() {
    let (catalogue, library) = (catalogue(50), library());
    let gateway = gateway(&catalogue, &library, "", ONE_BY_ONE);
    let response = gateway.query("{ books { stock } }");
    let books = response["data"]["books"].as_array().unwrap();
    for (number, book) in books.iter().enumerate() {
        let is_known = number % 10 != 9 && number != 13;
        let expected = if is_known { json!(number) } else { Value::Null };
        assert_eq!(book["stock"], expected, "{book}");
    }
    // Title 13 fails; nothing else does.
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["path"], json!(["books", 13, "stock"]));
    assert_eq!(errors[0]["extensions"]["service"], "library");
    assert_eq!(errors[0]["extensions"]["code"], "SUBGRAPH_ERROR");
    assert_eq!(sent(&library).len(), 1);
}

#[test]
fn equal_keys_must_be_looked_up_once() {
    let book = |id: &str| {
        let copies = json!([{ "library": "central", "number": "3" }]);
        let url = format!("https://library.example/titles/3/{id}");
        json!({ "__typename": "Book", "id": id, "title": id, "url": url, "copies": copies })
    };
    let catalogue = Subgraph::with_data(json!({ "Query": { "books": [book("x"), book("y")] } }));
    let library = library();
    for (mapping, keys) in [(BY_LIST, json!(["3"])), (ONE_BY_ONE, json!("3"))] {
        let gateway = gateway(&catalogue, &library, "", mapping);
        let response = gateway.query("{ books { id stock } again: books { stock } }");
        let data = &response["data"];
        assert_eq!(data["books"][0], json!({ "id": "x", "stock": 3 }), "{response}");
        assert_eq!(data["books"][1], json!({ "id": "y", "stock": 3 }), "{response}");
        assert_eq!(data["again"], json!([{ "stock": 3 }, { "stock": 3 }]), "{response}");
        for request in sent(&library) {
            for (name, value) in request["variables"].as_object().unwrap() {
                assert_eq!(value, &keys, "{name}: {request}");
            }
            // Twice at most: each of the two fields of the client can be a list of a plan.
            let count = request["query"].as_str().unwrap().matches("isbn: $").count();
            assert!(count <= 2, "{request}");
        }
    }
}

#[test]
fn arguments_aliases_fragments_and_types_must_be_translated() {
    for mapping in [BY_LIST, ONE_BY_ONE] {
        let (catalogue, library) = (catalogue(3), library());
        let gateway = gateway(&catalogue, &library, "", mapping);
        let query = "query($currency: Currency = USD, $yes: Boolean!, $of_lookup0: Float = 2) {
            books {
              __typename
              key: id
              dollars: priceNow(currency: $currency, factor: $of_lookup0)
              euros: priceNow(note: \"é 🙂 \\\"x\\\" \\n\\u0001\")
              kind: __typename
              ...More @include(if: $yes)
              no: stock @skip(if: $yes)
            } }
          fragment More on Book {
            cover { type: __typename ... on CoverImage { url image: kind } }
            alike { __typename isbn ... on AudioDisc { minutes type: __typename } ... on Title { stock } }
          }";
        let response =
            gateway.post(&json!({ "query": query, "variables": { "yes": true } })).json();
        let cover = json!({ "type": "CoverImage", "url": "https://library.example/2.jpg", "image": "OUTSIDE" });
        let disc = json!({ "__typename": "AudioDisc", "isbn": "disc-2", "minutes": 62, "type": "AudioDisc" });
        let title = json!({ "__typename": "Title", "isbn": "1", "stock": 1 });
        assert_eq!(response.get("errors"), None, "{response}");
        assert_eq!(
            response["data"]["books"][2],
            json!({ "__typename": "Book", "key": "b2", "dollars": "USD 4 ", "euros": "EUR 2 é 🙂 \"x\" \n\u{1}",
                "kind": "Book", "cover": cover, "alike": [disc, title] })
        );
        let requests = sent(&library);
        assert_eq!(requests.len(), 1, "{requests:?}");
        let query = requests[0]["query"].as_str().unwrap();
        assert!(query.contains("... on Disc") && !query.contains("AudioDisc"), "{query}");
        assert!(!query.contains("CoverImage") && !query.contains("Book"), "{query}");
    }
}

#[test]
fn only_what_is_mapped_must_be_visible() {
    let (catalogue, library) = (catalogue(1), library());
    let keys = "queries = { libraryTitle = \"title\" }\nmutations = { reserveTitle = \"reserve\" }";
    let gateway = gateway(&catalogue, &library, keys, BY_LIST);
    let schema = gateway.query(
        "{ __schema { types { name fields { name } } queryType { fields { name } }
           mutationType { fields { name } } } }",
    );
    let names = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let schema = &schema["data"]["__schema"];
    let mut queries = names(&schema["queryType"]["fields"]);
    queries.sort();
    assert_eq!(queries, ["book", "books", "libraryTitle", "shelf"]);
    assert_eq!(names(&schema["mutationType"]["fields"]), ["reserveTitle"]);
    let types = names(&schema["types"]);
    for visible in ["Book", "Title", "CoverImage", "AudioDisc", "Item", "Currency", "ImageKind"] {
        assert!(types.iter().any(|name| name == visible), "{visible}: {types:?}");
    }
    for hidden in ["TitleList", "TitleEdge", "Person", "Image", "Disc"] {
        assert!(types.iter().all(|name| name != hidden), "{hidden}: {types:?}");
    }
    let text = schema.to_string();
    for hidden in ["borrower", "email", "burn", "secret", "titles"] {
        assert!(!text.contains(&format!("\"{hidden}\"")), "{hidden}: {text}");
    }

    // Root fields are translated as well.
    let query =
        "query($isbn: ID!) { t: libraryTitle(isbn: $isbn) { __typename stock } root: __typename }";
    let response = gateway.post(&json!({ "query": query, "variables": { "isbn": "5" } })).json();
    let title = json!({ "__typename": "Title", "stock": 5 });
    assert_eq!(response, json!({ "data": { "t": title, "root": "Query" } }));
    let response = gateway.query("mutation { reserveTitle(isbn: \"5\") { stock } }");
    assert_eq!(response, json!({ "data": { "reserveTitle": { "stock": 4 } } }));
    let response = gateway.query("{ libraryTitle(isbn: \"13\") { stock } }");
    assert_eq!(response["errors"][0]["path"], json!(["libraryTitle"]), "{response}");
}

#[test]
fn many_keys_must_be_distributed_over_requests() {
    let (catalogue, library) = (catalogue(20), library());
    for (mapping, keys) in [(BY_LIST, 18), (ONE_BY_ONE, 20)] {
        let gateway = gateway(&catalogue, &library, "lookup_keys_max = 5", mapping);
        let response = gateway.query("{ books { stock } }");
        assert_eq!(response["data"]["books"][18]["stock"], 18, "{response}");
        let requests = sent(&library);
        assert_eq!(requests.len(), usize::div_ceil(keys, 5), "{requests:?}");
    }
}

#[test]
fn requests_beyond_the_limit_must_not_be_sent() {
    let (catalogue, library) = (catalogue(20), library());
    let subgraph = configured("lookup_keys_max = 5", &format!("{ONE_BY_ONE}{TYPES}")).unwrap();
    let supergraph = composed(&catalogue, library.address, &subgraph).unwrap();
    let gateway = Gateway::with(&supergraph, |config| {
        config.subgraphs = vec![subgraph];
        config.limits.subgraph_calls_max = 3;
    });
    let response = gateway.query("{ books { id stock } }");
    // One for the books, and two of four for their stock.
    assert_eq!(sent(&library).len(), 2);
    assert_eq!(response["data"]["books"][8]["stock"], 8, "{response}");
    assert_eq!(response["data"]["books"][11], json!({ "id": "b11", "stock": null }));
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 10, "{response}");
    assert_eq!(errors[0]["extensions"]["limit"]["name"], "subgraph_calls_max", "{response}");
    assert_eq!(errors[0]["path"], json!(["books", 10, "stock"]), "{response}");
}

#[test]
fn our_data_must_be_complete_while_a_service_is_down() {
    let catalogue = catalogue(3);
    let down = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for mapping in [BY_LIST, ONE_BY_ONE] {
        let gateway = gateway_to(&catalogue, down, "retries = 0", mapping);
        let response = gateway.query("{ books { title stock cover { url } } }");
        let errors = response["errors"].as_array().unwrap();
        let mut paths: Vec<_> = errors.iter().map(|error| error["path"].to_string()).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), errors.len(), "{response}");
        for (number, book) in response["data"]["books"].as_array().unwrap().iter().enumerate() {
            let expected =
                json!({ "title": format!("Boek {number}"), "stock": null, "cover": null });
            assert_eq!(*book, expected, "{response}");
        }
        assert!(errors.iter().all(|error| error["extensions"]["service"] == "library"));
        assert!(errors.iter().all(|error| error["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"));
    }
}

#[test]
fn entities_of_several_types_must_be_looked_up_in_one_request() {
    let (catalogue, library) = (catalogue(3), library());
    let shelves = r#"
[[subgraph.entity]]
type = "Disc"
extends = "Record"
fields = { minutesNow = "minutes" }
key = "isbn"
key_from = "number"
lookup = "query($key: ID!) { item(isbn: $key) }"
"#;
    let gateway = gateway(&catalogue, &library, "", &format!("{BY_LIST}{shelves}"));
    let query = "{ shelf { __typename ... on Book { stock } ... on Record { minutesNow } } }";
    let response = gateway.query(query);
    assert_eq!(response.get("errors"), None, "{response}");
    let shelf = json!([
        { "__typename": "Book", "stock": 0 },
        { "__typename": "Record", "minutesNow": 61 },
        { "__typename": "Book", "stock": 1 },
    ]);
    assert_eq!(response["data"]["shelf"], shelf);
    let requests = sent(&library);
    assert!(requests.len() <= 2, "{requests:?}");
}
