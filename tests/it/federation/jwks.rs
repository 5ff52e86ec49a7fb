//! Keys that are fetched while requests arrive.

use std::{
    io::Write,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use gateway::config::KeySource;
use serde_json::json;

use super::{
    Gateway, at_addresses,
    authorization::{claims, public, signed, with_keys},
    subgraph::{Subgraph, respond},
    supergraph,
};

/// A gateway whose keys come from a server that returns key one at once. The next request gets
/// the keys one and two once `is_open` is set, or never.
struct SlowKeys {
    gateway: Gateway,
    login: Subgraph,
    is_open: Arc<AtomicBool>,
}

impl SlowKeys {
    fn new() -> Self {
        let is_open = Arc::new(AtomicBool::new(false));
        let gate = Arc::clone(&is_open);
        let login = Subgraph::with_responder(move |number, _, stream| {
            let mut keys = vec![public(1, "one")];
            if number > 0 {
                while !gate.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                }
                keys.push(public(2, "two"));
            }
            respond(stream, "200 OK", "application/json", &json!({ "keys": keys }).to_string());
        });
        let me = json!({ "Query": { "me": { "__typename": "Member", "name": "Mo" } } });
        let servers = [("desk".to_owned(), Subgraph::with_data(me).address)];
        let gateway =
            Gateway::with(&at_addresses(&supergraph("authorization"), servers), |config| {
                let url = format!("http://{}/keys", login.address).parse().unwrap();
                with_keys(config, KeySource::Url(url));
            });
        // Keys are fetched at most once in five seconds.
        thread::sleep(Duration::from_millis(5_100));
        Self { gateway, login, is_open }
    }

    /// The status of a request whose token names a key.
    fn status(&self, number: u8, id: &str) -> u16 {
        let header = format!("\r\nauthorization: Bearer {}", signed(&claims(""), number, id));
        self.gateway.post_with(&header, &json!({ "query": "{ me { name } }" })).status
    }

    /// Waits for the second fetch; until it ends, requests with a known key must be served at once.
    fn assert_known_keys_are_served(&self) {
        let started = Instant::now();
        while self.login.requests().len() < 2 {
            assert!(started.elapsed() < Duration::from_secs(20), "the keys are not fetched");
            thread::sleep(Duration::from_millis(5));
        }
        for _ in 0..5 {
            let started = Instant::now();
            assert_eq!(self.status(1, "one"), 200);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        }
    }
}

#[test]
fn concurrent_tokens_of_a_new_key_must_cause_one_fetch_and_delay_no_others() {
    let keys = SlowKeys::new();
    thread::scope(|scope| {
        let requests: Vec<_> = (0..100).map(|_| scope.spawn(|| keys.status(2, "two"))).collect();
        keys.assert_known_keys_are_served();
        keys.is_open.store(true, Ordering::Relaxed);
        for request in requests {
            assert_eq!(request.join().unwrap(), 200, "it must wait for the running fetch");
        }
    });
    assert_eq!(keys.login.requests().len(), 2);
}

#[test]
fn keys_that_never_arrive_must_delay_only_tokens_that_need_them() {
    let keys = SlowKeys::new();
    thread::scope(|scope| {
        let started = Instant::now();
        let request = scope.spawn(|| keys.status(2, "two"));
        keys.assert_known_keys_are_served();
        assert_eq!(request.join().unwrap(), 401);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    });
    assert_eq!(keys.status(1, "one"), 200);
}

#[test]
fn a_client_that_disconnects_must_not_end_the_fetch_for_others() {
    let keys = SlowKeys::new();
    let mut first = TcpStream::connect(keys.gateway.address).unwrap();
    let token = signed(&claims(""), 2, "two");
    let body = json!({ "query": "{ me { name } }" }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         authorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    first.write_all(request.as_bytes()).unwrap();
    keys.assert_known_keys_are_served();
    drop(first);
    thread::scope(|scope| {
        let second = scope.spawn(|| keys.status(2, "two"));
        thread::sleep(Duration::from_millis(200));
        keys.is_open.store(true, Ordering::Relaxed);
        assert_eq!(second.join().unwrap(), 200);
    });
    assert_eq!(keys.login.requests().len(), 2);
}
