//! A catalogue of books with federation, and a library without it.

use async_graphql::{
    EmptySubscription, Enum, Error, ID, Interface, Object, Request, Schema, SimpleObject,
};
use serde_json::{Value, json};

use crate::{
    federation::subgraph::{Subgraph, respond},
    support::runtime,
};

/// The SDL of the catalogue.
pub(super) const fn catalogue_sdl() -> &'static str {
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])
     type Query { books: [Book!]! book(id: ID!): Book shelf: [Found!]! }
     type Book @key(fields: \"id\") { id: ID! title: String! url: URL copies: [Copy!]! pages: Int
       cheap: Boolean weight: Float form: Form author(first: Int!): String }
     type Record @key(fields: \"number\") { number: ID! artist: String }
     type Copy { library: String! number: String! }
     type Secret { code: Int }
     union Found = Book | Record
     enum Form { PAPER }
     scalar URL"
}

/// The catalogue with a number of books. Every seventh has no copy in the central library.
pub(super) fn catalogue(count: usize) -> Subgraph {
    let book = |number: usize| {
        let library = if number % 7 == 6 { "other" } else { "central" };
        json!({
            "__typename": "Book",
            "id": format!("b{number}"),
            "title": format!("Boek {number}"),
            "url": format!("https://library.example/titles/{number}/boek-{number}"),
            "copies": [
                { "library": "north", "number": "elsewhere" },
                { "library": library, "number": number.to_string() },
            ],
            "pages": number,
        })
    };
    let books: Vec<_> = (0..count).map(book).collect();
    let record = json!({ "__typename": "Record", "number": "disc-1", "artist": "A" });
    let shelf = json!([books.first(), record, books.get(1)]);
    Subgraph::with_data(json!({
        "Query": { "books": books, "book(id: \"b1\")": books.get(1), "shelf": shelf },
    }))
}

/// The schema of the library.
pub(super) const SERVICE_SDL: &str = r#"
schema { query: Root mutation: Changes }
type Root {
  titles(isbns: [ID!]!, limit: Int): TitleList!
  title(isbn: ID!): Title
  item(isbn: ID!): Item
  numbers(numbers: [Int!]!, filter: Filter): [Title]
  byFlag(flag: Boolean!): Title
  secret: String
}
type Changes { reserve(isbn: ID!): Title! burn: Boolean }
"A page of titles." type TitleList { total: Int! edges: [TitleEdge]! }
type TitleEdge { node: Title }
interface Item { isbn: ID! }
"A title." type Title implements Item {
  isbn: ID!
  "Number of copies."
  stock: Int!
  price(currency: Currency! = EUR, "A factor." factor: Float, note: String = ""): String
  cover: Image
  similar: [Item!]!
  borrower: Person
  weight: Float
  matching(filter: Filter): [Title!]
}
type Disc implements Item { isbn: ID! minutes: Int! stock: Int }
type Image { url: String! kind: ImageKind! data: String }
type Person { name: String! email: String! }
enum ImageKind { "The outside." OUTSIDE BACK @deprecated(reason: "never \"used\"") }
enum Currency { EUR USD }
input Filter { isbn: [ID!] currency: Currency = EUR not: Filter }
"#;

struct Root;

#[Object]
impl Root {
    async fn titles(&self, isbns: Vec<ID>, limit: Option<usize>) -> TitleList {
        let mut edges: Vec<_> = isbns
            .iter()
            .take(limit.unwrap_or(usize::MAX))
            .filter_map(|isbn| Some(Some(TitleEdge { node: title(isbn)? })))
            .collect();
        // In another order, with nulls and more than was requested.
        edges.reverse();
        edges.push(None);
        edges.push(Some(TitleEdge { node: Title { isbn: "777".into(), number: 777 } }));
        TitleList { total: edges.len(), edges }
    }

    async fn title(&self, isbn: ID) -> Option<Result<Title, Error>> {
        if isbn.as_str() == "13" { Some(Err(Error::new("bad luck"))) } else { title(&isbn).map(Ok) }
    }

    async fn item(&self, isbn: ID) -> Option<Result<Item, Error>> {
        if isbn.as_str() == "13" {
            return Some(Err(Error::new("bad luck")));
        }
        match isbn.strip_prefix("disc-") {
            Some(number) => number.parse().ok().map(|number| Ok(Item::Disc(disc(number)))),
            None => title(&isbn).map(|title| Ok(Item::Title(title))),
        }
    }
}

struct Changes;

#[Object]
impl Changes {
    async fn reserve(&self, isbn: ID) -> Option<Title> {
        let title = title(&isbn)?;
        Some(Title { number: title.number - 1, ..title })
    }
}

/// A title, unless its number ends with nine.
fn title(isbn: &ID) -> Option<Title> {
    let number: i32 = isbn.parse().ok()?;
    (number % 10 != 9).then(|| Title { isbn: isbn.clone(), number })
}

fn disc(number: i32) -> Disc {
    Disc { isbn: format!("disc-{number}").into(), minutes: 60 + number }
}

#[derive(SimpleObject)]
struct TitleList {
    total: usize,
    edges: Vec<Option<TitleEdge>>,
}

#[derive(SimpleObject)]
struct TitleEdge {
    node: Title,
}

#[derive(Interface)]
#[graphql(field(name = "isbn", ty = "&ID"))]
enum Item {
    Title(Title),
    Disc(Disc),
}

#[derive(SimpleObject)]
struct Disc {
    isbn: ID,
    minutes: i32,
}

struct Title {
    isbn: ID,
    number: i32,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
enum Currency {
    Eur,
    Usd,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ImageKind {
    Outside,
    Back,
}

#[derive(SimpleObject)]
struct Image {
    url: String,
    kind: ImageKind,
}

#[Object]
impl Title {
    async fn isbn(&self) -> &ID {
        &self.isbn
    }

    async fn stock(&self) -> i32 {
        self.number
    }

    async fn price(
        &self,
        #[graphql(default_with = "Currency::Eur")] currency: Currency,
        factor: Option<f64>,
        #[graphql(default)] note: String,
    ) -> String {
        let amount = f64::from(self.number) * factor.unwrap_or(1.0);
        format!("{} {amount} {note}", format!("{currency:?}").to_uppercase())
    }

    async fn cover(&self) -> Image {
        let kind = if self.number < 0 { ImageKind::Back } else { ImageKind::Outside };
        Image { url: format!("https://library.example/{}.jpg", self.number), kind }
    }

    async fn similar(&self) -> Vec<Item> {
        let number = self.number - 1;
        let title = Title { isbn: number.to_string().into(), number };
        vec![Item::Disc(disc(self.number)), Item::Title(title)]
    }
}

/// The library, which validates its requests strictly.
pub(super) fn library() -> Subgraph {
    let schema = Schema::build(Root, Changes, EmptySubscription).finish();
    let runtime = runtime();
    Subgraph::with_responder(move |_, request, stream| {
        let operation: Request = serde_json::from_value(request.body.clone()).unwrap();
        let response = runtime.block_on(schema.execute(operation));
        let body = serde_json::to_string(&response).unwrap();
        respond(stream, "200 OK", "application/json", &body);
    })
}

/// A library that responds with what `responder` makes of the query and the variables.
pub(super) fn library_with(
    responder: impl Fn(usize, &str, &Value) -> Value + Send + Sync + 'static,
) -> Subgraph {
    Subgraph::with_responder(move |number, request, stream| {
        let query = request.body["query"].as_str().unwrap_or_default();
        let body = responder(number, query, &request.body["variables"]).to_string();
        respond(stream, "200 OK", "application/json", &body);
    })
}
