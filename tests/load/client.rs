//! One client connection during a run, and its checks of every response.

use std::{
    collections::BTreeMap,
    io::{BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    connection::{Connection, Reply, Request, open},
    hostile::{HOSTILE, HostileRequest, PARTIAL_REQUEST},
    operations::{Class, Workload},
    program::EDITED_TITLE,
    rng::Rng,
};

/// Maximum number of mismatches to describe per client; the rest is only counted.
const REPORTED_MAX: usize = 3;

/// Observations of one client.
#[derive(Default)]
pub(crate) struct Tally {
    /// Response times by class.
    pub(crate) times: BTreeMap<Class, Vec<Duration>>,
    /// Number of responses by class, status and code.
    pub(crate) responses: BTreeMap<(Class, u16, String), u64>,
    /// Number of requests that were sent only partially.
    pub(crate) partial_requests: u64,
    /// Number of unexpected responses.
    pub(crate) mismatches: u64,
    pub(crate) reports: Vec<String>,
}

impl Tally {
    fn report(&mut self, what: String) {
        self.mismatches += 1;
        if self.reports.len() < REPORTED_MAX {
            self.reports.push(what);
        }
    }
}

/// A client.
pub(crate) struct Client {
    address: SocketAddr,
    connection: Connection,
    workload: Arc<Workload>,
    rng: Rng,
    tally: Tally,
    /// The latest generation in a response.
    generation: u64,
    /// The latest edit of the article in a response, and the `ETag` of that response.
    edit: u64,
    etag: Option<String>,
    /// A partially sent request, which stays open until the next one.
    partial: Option<BufReader<TcpStream>>,
}

impl Client {
    /// A client; its number seeds the choice of requests.
    pub(crate) fn new(number: u64, address: SocketAddr, workload: Arc<Workload>) -> Self {
        Self {
            address,
            connection: Connection::new(address),
            workload,
            rng: Rng(number),
            tally: Tally::default(),
            generation: 0,
            edit: 0,
            etag: None,
            partial: None,
        }
    }

    /// Sends one request after another until `end`.
    pub(crate) fn run(mut self, end: Instant) -> Tally {
        self.send_partial();
        while Instant::now() < end {
            match self.rng.below(20) {
                0 if self.rng.below(10) == 0 => self.send_partial(),
                0 | 1 => self.hostile(),
                2..=8 => self.operation(),
                9..=13 => self.search(),
                14..=16 => self.conditional(),
                _ => self.suggestion(),
            }
        }
        self.tally
    }

    /// Sends, times and counts a request. Returns `None` without a response or if it is 503.
    fn send(&mut self, class: Class, request: &Request) -> Option<Reply> {
        let begun = Instant::now();
        let reply = match self.connection.send(request) {
            Ok(reply) => reply,
            Err(error) => {
                let request = describe(request);
                self.tally.report(format!("{class}: no response: {error}: {request}"));
                return None;
            }
        };
        self.tally.times.entry(class).or_default().push(begun.elapsed());
        let code = code(&reply.json());
        let counted = (class, reply.status, code.clone());
        *self.tally.responses.entry(counted).or_default() += 1;
        if reply.status == 503 {
            let is_documented = code == "UNAVAILABLE" && reply.header("retry-after").is_some();
            if !is_documented {
                self.tally.report(format!("{class}: a 503 without `retry-after` or code"));
            }
            return None;
        }
        Some(reply)
    }

    /// The data of the response to a valid request.
    fn data(&mut self, class: Class, request: &Request) -> Option<Value> {
        let reply = self.send(class, request)?;
        let mut response = reply.json();
        if reply.status != 200 || response.get("errors").is_some() || !response["data"].is_object()
        {
            let request = describe(request);
            self.tally.report(format!("{class}: {} {response}: {request}", reply.status));
            return None;
        }
        Some(response["data"].take())
    }

    fn operation(&mut self) {
        let request = self.workload.operation(&mut self.rng);
        self.data(Class::Operation, &request);
    }

    fn suggestion(&mut self) {
        let request = self.workload.suggestion(&mut self.rng);
        self.data(Class::Suggestion, &request);
    }

    fn search(&mut self) {
        let request = self.workload.search(&mut self.rng);
        let Some(data) = self.data(Class::Search, &request) else { return };
        let generation = data["catalog"]["generation"].as_u64().unwrap_or_default();
        if generation < self.generation || generation == 0 {
            let before = self.generation;
            self.tally.report(format!("generation {generation} served after {before}"));
        }
        self.generation = generation;
    }

    fn conditional(&mut self) {
        let request = Workload::conditional(self.etag.as_deref());
        let Some(reply) = self.send(Class::Conditional, &request) else { return };
        if reply.status == 304 && self.etag.is_some() && reply.body.is_empty() {
            return;
        }
        let response = reply.json();
        let title = response.pointer("/data/contentByUrl/title").and_then(Value::as_str);
        let edit = title.and_then(|title| title.strip_prefix(EDITED_TITLE)?.parse().ok());
        match edit {
            Some(edit) if reply.status == 200 && edit >= self.edit => self.edit = edit,
            _ => {
                let before = self.edit;
                let status = reply.status;
                self.tally.report(format!("edit {before} was served before: {status} {response}"));
            }
        }
        self.etag = reply.header("etag").map(str::to_owned);
        if self.etag.is_none() {
            self.tally.report("a response to a GET has no ETag".to_owned());
        }
    }

    fn hostile(&mut self) {
        let HostileRequest { name, status, code: expected_code, request } = *self.rng.pick(HOSTILE);
        let request = request(self.rng.below(1_000_000));
        let Some(reply) = self.send(Class::Hostile, &request) else { return };
        let response = reply.json();
        let actual_code = code(&response);
        let limit = &response["errors"][0]["extensions"]["limit"]["name"];
        let is_expected = reply.status == status
            && (expected_code.is_empty() || expected_code == actual_code)
            && (actual_code != "LIMIT_EXCEEDED" || limit.is_string());
        if !is_expected {
            let response = shortened(&response.to_string());
            self.tally.report(format!("hostile, {name}: {} {response}", reply.status));
        }
    }

    /// Sends a partial request on a separate connection, and drops the previous one.
    fn send_partial(&mut self) {
        self.tally.partial_requests += 1;
        self.partial = open(self.address).ok();
        if let Some(stream) = &mut self.partial {
            let _ = stream.get_mut().write_all(PARTIAL_REQUEST.as_bytes());
        }
    }
}

/// The code of the first error; empty without errors.
fn code(response: &Value) -> String {
    response["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

fn describe(request: &Request) -> String {
    shortened(&format!("{} {}", request.line, String::from_utf8_lossy(&request.body)))
}

fn shortened(text: &str) -> String {
    text.chars().take(400).collect()
}
