//! One client connection during a run, and its checks of every response.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    connection::{Connection, Reply, Request, open},
    hostile::{HostileRequest, PARTIAL_REQUEST},
    operations::{Class, Workload},
    program::EDITED_TITLE,
    rng::Rng,
    schedule::Schedule,
    tally::Tally,
};

/// Maximum pause of a client before a request in milliseconds; half of it on average. The requests
/// of 64 clients then leave capacity, so that response times measure the hostile requests rather
/// than the length of a queue.
const PAUSE_MS_MAX: usize = 400;

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

    /// Sends one request after another until `end`; a third are hostile.
    pub(crate) fn run(mut self, end: Instant) -> Tally {
        self.send_partial();
        loop {
            let pause = Duration::from_millis(self.rng.below(PAUSE_MS_MAX) as u64);
            thread::sleep(pause.min(end.saturating_duration_since(Instant::now())));
            let started = Instant::now();
            if started >= end {
                return self.tally;
            }
            match self.rng.below(27) {
                0 if self.rng.below(5) == 0 => self.send_partial(),
                0..=8 => self.hostile(started),
                9..=15 => self.operation(started),
                16..=20 => self.search(Class::Search, started),
                21..=23 => self.conditional(started),
                _ => self.suggestion(started),
            }
        }
    }

    /// Sends searches at a fixed interval.
    pub(crate) fn run_searches(mut self, schedule: Schedule) -> Tally {
        for started in schedule {
            self.search(Class::PacedSearch, started);
        }
        self.tally
    }

    /// Sends health checks at a fixed interval.
    pub(crate) fn run_health_checks(mut self, schedule: Schedule) -> Tally {
        let request = Request::get("/health/live", "application/json");
        for started in schedule {
            let Some(reply) = self.send(Class::Health, &request, started) else { continue };
            if reply.status != 200 {
                self.tally.report(format!("health check: {} {}", reply.status, reply.json()));
            }
        }
        self.tally
    }

    /// Sends, times and counts a request that was due at `started`. Returns `None` without a response
    /// or if it is 503.
    fn send(&mut self, class: Class, request: &Request, started: Instant) -> Option<Reply> {
        let reply = match self.connection.send(request) {
            Ok(reply) => reply,
            Err(error) => {
                let request = describe(request);
                self.tally.report(format!("{class}: no response: {error}: {request}"));
                return None;
            }
        };
        let time = started.elapsed();
        let code = code(&reply.json());
        let counted = (class, reply.status, code.clone());
        *self.tally.responses.entry(counted).or_default() += 1;
        if reply.status == 503 {
            if !is_documented_rejection(class, &reply, &code) {
                let request = describe(request);
                self.tally.report(format!("{class}: 503 `{code}` is not documented: {request}"));
            }
            return None;
        }
        self.tally.times.entry(class).or_default().push(time);
        Some(reply)
    }

    /// The data of the response to a valid request.
    fn data(&mut self, class: Class, request: &Request, started: Instant) -> Option<Value> {
        let reply = self.send(class, request, started)?;
        let mut response = reply.json();
        if reply.status != 200 || response.get("errors").is_some() || !response["data"].is_object()
        {
            let request = describe(request);
            self.tally.report(format!("{class}: {} {response}: {request}", reply.status));
            return None;
        }
        Some(response["data"].take())
    }

    fn operation(&mut self, started: Instant) {
        let request = self.workload.operation(&mut self.rng);
        self.data(Class::Operation, &request, started);
    }

    fn suggestion(&mut self, started: Instant) {
        let request = self.workload.suggestion(&mut self.rng);
        self.data(Class::Suggestion, &request, started);
    }

    fn search(&mut self, class: Class, started: Instant) {
        let request = self.workload.search(&mut self.rng);
        let Some(data) = self.data(class, &request, started) else { return };
        let generation = data["catalog"]["generation"].as_u64().unwrap_or_default();
        if generation < self.generation || generation == 0 {
            let before = self.generation;
            self.tally.report(format!("generation {generation} served after {before}"));
        }
        self.generation = generation;
    }

    fn conditional(&mut self, started: Instant) {
        let request = Workload::conditional(self.etag.as_deref());
        let Some(reply) = self.send(Class::Conditional, &request, started) else { return };
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

    fn hostile(&mut self, started: Instant) {
        let kind = HostileRequest::pick(&mut self.rng);
        let request = (kind.request)(self.rng.below(1_000_000));
        let Some(reply) = self.send(Class::Hostile, &request, started) else { return };
        let response = reply.json();
        let code = code(&response);
        let limit = &response["errors"][0]["extensions"]["limit"]["name"];
        let is_expected = reply.status == kind.status
            && code == kind.code
            && (code != "LIMIT_EXCEEDED" || limit.is_string());
        if !is_expected {
            let name = kind.name;
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

/// Whether a 503 is documented: a lack of capacity. A hostile request can also exceed the request
/// timeout, and can be for a page, which has no code.
fn is_documented_rejection(class: Class, reply: &Reply, code: &str) -> bool {
    let is_page = reply.header("content-type").is_some_and(|media| media.starts_with("text/html"));
    let is_documented = match class {
        Class::Hostile => matches!(code, "UNAVAILABLE" | "LIMIT_EXCEEDED") || is_page,
        _ => code == "UNAVAILABLE",
    };
    is_documented && reply.header("retry-after").is_some()
}

fn describe(request: &Request) -> String {
    shortened(&format!("{} {}", request.line, String::from_utf8_lossy(&request.body)))
}

fn shortened(text: &str) -> String {
    text.chars().take(400).collect()
}
