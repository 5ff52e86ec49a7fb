//! One connection's way through the run, and what it holds every answer to.

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
    dice::Dice,
    hostile::{HALF, HOSTILE, Hostile},
    program::EDITED_TITLE,
    question::{Class, Questions},
};

/// So many wrong answers of one client are told; the rest is counted.
const TOLD_MAX: usize = 3;

/// What one client saw.
#[derive(Default)]
pub(crate) struct Tally {
    /// How long each answer took, by class.
    pub(crate) times: BTreeMap<Class, Vec<Duration>>,
    /// Answers by class, status and code.
    pub(crate) answers: BTreeMap<(Class, u16, String), u64>,
    /// Requests of which only the front was sent.
    pub(crate) halves: u64,
    /// Answers that are not as documented, with as many of them in words.
    pub(crate) wrong: u64,
    pub(crate) told: Vec<String>,
}

impl Tally {
    fn wrong(&mut self, what: String) {
        self.wrong += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(what);
        }
    }
}

/// A client.
pub(crate) struct Client {
    address: SocketAddr,
    connection: Connection,
    questions: Arc<Questions>,
    dice: Dice,
    tally: Tally,
    /// The newest generation that answered.
    generation: u64,
    /// The newest edit of the article that was seen, and the validator of that answer.
    edit: u64,
    validator: Option<String>,
    /// A request that was begun and is left as it is until the next of its sort.
    half: Option<BufReader<TcpStream>>,
}

impl Client {
    /// A client; its number decides what it asks.
    pub(crate) fn new(number: u64, address: SocketAddr, questions: Arc<Questions>) -> Self {
        Self {
            address,
            connection: Connection::new(address),
            questions,
            dice: Dice(number),
            tally: Tally::default(),
            generation: 0,
            edit: 0,
            validator: None,
            half: None,
        }
    }

    /// Asks one question after another until `end`.
    pub(crate) fn run(mut self, end: Instant) -> Tally {
        self.half();
        while Instant::now() < end {
            match self.dice.below(20) {
                0 if self.dice.below(10) == 0 => self.half(),
                0 | 1 => self.hostile(),
                2..=8 => self.operation(),
                9..=13 => self.search(),
                14..=16 => self.conditional(),
                _ => self.suggestion(),
            }
        }
        self.tally
    }

    /// The answer to a request, timed and counted; none where there is none or it is 503.
    fn ask(&mut self, class: Class, request: &Request) -> Option<Reply> {
        let begun = Instant::now();
        let reply = match self.connection.ask(request) {
            Ok(reply) => reply,
            Err(error) => {
                let request = shown(request);
                self.tally.wrong(format!("{class}: no answer, {error}: {request}"));
                return None;
            }
        };
        self.tally.times.entry(class).or_default().push(begun.elapsed());
        let code = code(&reply.json());
        let counted = (class, reply.status, code.clone());
        *self.tally.answers.entry(counted).or_default() += 1;
        if reply.status == 503 {
            let is_told = code == "UNAVAILABLE" && reply.header("retry-after").is_some();
            if !is_told {
                self.tally.wrong(format!("{class}: a 503 that does not say when to come back"));
            }
            return None;
        }
        Some(reply)
    }

    /// The data that answers a well-behaved question.
    fn data(&mut self, class: Class, request: &Request) -> Option<Value> {
        let reply = self.ask(class, request)?;
        let mut answer = reply.json();
        if reply.status != 200 || answer.get("errors").is_some() || !answer["data"].is_object() {
            let request = shown(request);
            self.tally.wrong(format!("{class}: {} {answer}: {request}", reply.status));
            return None;
        }
        Some(answer["data"].take())
    }

    fn operation(&mut self) {
        let request = self.questions.operation(&mut self.dice);
        self.data(Class::Operation, &request);
    }

    fn suggestion(&mut self) {
        let request = self.questions.suggestion(&mut self.dice);
        self.data(Class::Suggestion, &request);
    }

    fn search(&mut self) {
        let request = self.questions.search(&mut self.dice);
        let Some(data) = self.data(Class::Search, &request) else { return };
        let generation = data["catalog"]["generation"].as_u64().unwrap_or_default();
        if generation < self.generation || generation == 0 {
            let before = self.generation;
            self.tally.wrong(format!("generation {generation} answers after {before}"));
        }
        self.generation = generation;
    }

    fn conditional(&mut self) {
        let request = Questions::conditional(self.validator.as_deref());
        let Some(reply) = self.ask(Class::Conditional, &request) else { return };
        if reply.status == 304 && self.validator.is_some() && reply.body.is_empty() {
            return;
        }
        let answer = reply.json();
        let title = answer.pointer("/data/contentByUrl/title").and_then(Value::as_str);
        let edit = title.and_then(|title| title.strip_prefix(EDITED_TITLE)?.parse().ok());
        match edit {
            Some(edit) if reply.status == 200 && edit >= self.edit => self.edit = edit,
            _ => {
                let before = self.edit;
                let status = reply.status;
                self.tally.wrong(format!("edit {before} was seen, then: {status} {answer}"));
            }
        }
        self.validator = reply.header("etag").map(str::to_owned);
        if self.validator.is_none() {
            self.tally.wrong("an answer to a GET has no validator".to_owned());
        }
    }

    fn hostile(&mut self) {
        let Hostile { name, status, code: wanted, request } = *self.dice.pick(HOSTILE);
        let request = request(self.dice.below(1_000_000));
        let Some(reply) = self.ask(Class::Hostile, &request) else { return };
        let answer = reply.json();
        let found = code(&answer);
        let limit = &answer["errors"][0]["extensions"]["limit"]["name"];
        let is_right = reply.status == status
            && (wanted.is_empty() || wanted == found)
            && (found != "LIMIT_EXCEEDED" || limit.is_string());
        if !is_right {
            let answer = shortened(&answer.to_string());
            self.tally.wrong(format!("hostile, {name}: {} {answer}", reply.status));
        }
    }

    /// Begins a request on a connection of its own, and gives up the one begun before.
    fn half(&mut self) {
        self.tally.halves += 1;
        self.half = open(self.address).ok();
        if let Some(stream) = &mut self.half {
            let _ = stream.get_mut().write_all(HALF.as_bytes());
        }
    }
}

/// The code of the first error; empty where there is none.
fn code(answer: &Value) -> String {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

fn shown(request: &Request) -> String {
    shortened(&format!("{} {}", request.line, String::from_utf8_lossy(&request.body)))
}

fn shortened(text: &str) -> String {
    text.chars().take(400).collect()
}
