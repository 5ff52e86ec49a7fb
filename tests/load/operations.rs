//! Requests of well-behaved clients.

use std::{collections::BTreeMap, fmt, fs, net::SocketAddr};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use crate::{
    connection::{Connection, Request},
    program::{EDITED_URL, Installation},
    rng::Rng,
};

/// Class of a request, timed separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// An operation of `fixtures/queries`, with its variables.
    Operation,
    /// A search with words of titles, which also selects the generation.
    Search,
    /// A conditional request for the title of the article that every build changes.
    Conditional,
    /// Suggestions for a prefix.
    Suggestion,
    /// A hostile request.
    Hostile,
    /// A search at a fixed interval, the same in each phase.
    PacedSearch,
    /// `/health/live` at a fixed interval.
    Health,
}

impl Class {
    /// All classes, in the order of the report.
    pub(crate) const ALL: [Self; 7] = [
        Self::Operation,
        Self::Search,
        Self::Conditional,
        Self::Suggestion,
        Self::Hostile,
        Self::PacedSearch,
        Self::Health,
    ];
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Operation => "operations",
            Self::Search => "searches",
            Self::Conditional => "if-none-match",
            Self::Suggestion => "suggestions",
            Self::Hostile => "hostile",
            Self::PacedSearch => "paced searches",
            Self::Health => "health checks",
        })
    }
}

/// The requests to choose from.
pub(crate) struct Workload {
    operations: Vec<Request>,
    words: Vec<String>,
}

const SEARCH: &str = "query Search($query: String!) {
    catalog { generation }
    search(query: $query, first: 10) {
        totalCount
        nodes { __typename id title themes { label } }
        facets { kinds { value count } }
    }
}";
const SUGGEST: &str = "query Suggest($prefix: String!) {
    suggest(prefix: $prefix, first: 6) { text kind }
}";

impl Workload {
    /// Reads the example operations, and fetches cursors and titles from the program.
    pub(crate) fn read(installation: &Installation, address: SocketAddr) -> Result<Self> {
        let folder = installation.fixtures().join("queries");
        let mut connection = Connection::new(address);
        let cases = fs::read_to_string(folder.join("variables.json"))?;
        let cases: BTreeMap<String, BTreeMap<String, Map<String, Value>>> =
            serde_json::from_str(&cases)?;
        let mut operations = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).context("utf-8")?;
            if path.extension().is_none_or(|extension| extension != "graphql") {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            let none = BTreeMap::from([(String::new(), Map::new())]);
            for variables in cases.get(name).unwrap_or(&none).values() {
                operations.push(post(&json!({ "query": text, "variables": variables })));
            }
        }
        let titles = "{ articles(first: 100) { nodes { title } } toolkits { nodes { title } } }";
        let response = connection.send(&post(&json!({ "query": titles })))?.json();
        let nodes = ["/data/articles/nodes", "/data/toolkits/nodes"]
            .into_iter()
            .filter_map(|at| response.pointer(at)?.as_array());
        let words: Vec<String> = nodes
            .flatten()
            .filter_map(|node| node["title"].as_str())
            .flat_map(|title| title.split_whitespace().map(str::to_owned))
            .collect();
        ensure!(words.len() > 100 && operations.len() > 10, "the demo is incomplete: {response}");
        Ok(Self { operations, words })
    }

    /// A random example operation.
    pub(crate) fn operation(&self, rng: &mut Rng) -> Request {
        rng.pick(&self.operations).clone()
    }

    /// A search with one to three words of titles.
    pub(crate) fn search(&self, rng: &mut Rng) -> Request {
        let words: Vec<&str> = (0..=rng.below(3)).map(|_| rng.pick(&self.words).as_str()).collect();
        post(&json!({ "query": SEARCH, "variables": { "query": words.join(" ") } }))
    }

    /// The content of an element with a search for one to three words of titles.
    pub(crate) fn embedded_search(&self, rng: &mut Rng, key: &str) -> Request {
        let words: Vec<&str> = (0..=rng.below(3)).map(|_| rng.pick(&self.words).as_str()).collect();
        let words: String =
            url::form_urlencoded::byte_serialize(words.join(" ").as_bytes()).collect();
        Request::get(&format!("/embed/search?q={words}&key={key}"), "text/html")
    }

    /// Suggestions for the first letters of a word.
    pub(crate) fn suggestion(&self, rng: &mut Rng) -> Request {
        let length = 2 + rng.below(4);
        let prefix: String = rng.pick(&self.words).chars().take(length).collect();
        post(&json!({ "query": SUGGEST, "variables": { "prefix": prefix } }))
    }

    /// A request for the title of the changed article; conditional if an `ETag` is given.
    pub(crate) fn conditional(etag: Option<&str>) -> Request {
        let query = format!("{{ contentByUrl(url: \"{EDITED_URL}\") {{ title }} }}");
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let headers = etag.map(|tag| format!("if-none-match: {tag}\r\n")).unwrap_or_default();
        Request { line: format!("GET /graphql?query={query}"), headers, body: Vec::new() }
    }
}

/// A request with the media type of current clients: errors have an HTTP error status.
pub(crate) fn post(body: &Value) -> Request {
    Request {
        line: "POST /graphql".to_owned(),
        headers: "content-type: application/json\r\n\
                  accept: application/graphql-response+json\r\n"
            .to_owned(),
        body: body.to_string().into_bytes(),
    }
}
