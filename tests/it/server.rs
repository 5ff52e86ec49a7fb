//! The program under load and on errors: load shedding, containment of panics, traces.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    support::Installation,
    test_server::{Reply, exchange},
};

/// The program, running until dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Program {
    /// Serves an installation with additional configuration and failpoints.
    pub(crate) fn serve(installation: &Installation, config: &str, failpoints: &str) -> Self {
        let before = fs::read_to_string(installation.config()).expect("a file");
        let (top, sources) = before.split_once("[[source]]").expect("a source");
        let text = format!("{top}{config}\n[[source]]{sources}");
        fs::write(installation.config(), text).expect("writable");
        let mut child = installation
            .program(&["serve", "--listen", "127.0.0.1:0"])
            .env("FAILPOINTS", failpoints)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let address = lines.find_map(|line| {
            let line = line.expect("utf-8");
            let (_, address) = line.split_once("address=")?;
            address.trim().parse().ok()
        });
        let sink = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = sink.lock().expect("the lock is not poisoned");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, address: address.expect("it listens"), log }
    }

    pub(crate) fn query(&self, query: &str) -> Reply {
        let body = json!({ "query": query }).to_string();
        let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json";
        exchange(self.address, head, body.as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        exchange(self.address, &format!("GET {path} HTTP/1.1"), b"")
    }

    /// The log, as soon as it contains the given number of requests.
    pub(crate) fn log(&self, requests: usize) -> String {
        let started = Instant::now();
        loop {
            let log = self.log.lock().expect("the lock is not poisoned").clone();
            if log.matches(": request completed").count() >= requests {
                return log;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{log}");
            thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn search(words: &str) -> String {
    format!("{{ search(query: \"{words}\") {{ totalCount }} }}")
}

#[test]
fn excess_searches_must_be_rejected_while_everything_else_stays_fast() {
    let installation = Installation::small();
    installation.build();
    let config =
        "[limits]\nconcurrent_searches_max = 1\nqueued_searches_max = 1\nsearch_wait_ms_max = 9000";
    let program = Program::serve(&installation, config, "search=sleep(3000)");
    let cached_query = "{ themes { nodes { id } } }";
    assert_eq!(program.query(cached_query).status, 200);

    let replies: Vec<Reply> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let program = &program;
                scope.spawn(move || program.query(&search(&format!("klantreis {n}"))))
            })
            .collect();
        thread::sleep(Duration::from_millis(300));
        for _ in 0..5 {
            let started = Instant::now();
            assert_eq!(program.get("/health/ready").status, 200);
            assert_eq!(program.query(cached_query).status, 200);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        }
        threads
            .into_iter()
            .map(|one| one.join().expect("the request thread does not panic"))
            .collect()
    });
    let (served, shed): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    assert!(!served.is_empty() && shed.len() >= 5, "{} {}", served.len(), shed.len());
    for reply in shed {
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")), "{reply:?}");
        assert_eq!(reply.code(), "UNAVAILABLE", "{reply:?}");
        assert_eq!(reply.json().get("data"), None, "{reply:?}");
    }
}

#[test]
fn a_search_must_not_be_queued_longer_than_the_limit() {
    let installation = Installation::small();
    installation.build();
    let config = "[limits]\nconcurrent_searches_max = 1\nsearch_wait_ms_max = 200";
    let program = Program::serve(&installation, config, "search=sleep(1500)");
    thread::scope(|scope| {
        let first = scope.spawn(|| program.query(&search("brief")));
        thread::sleep(Duration::from_millis(300));
        let started = Instant::now();
        let second = program.query(&search("klantreis"));
        assert_eq!((second.status, second.code()), (503, "UNAVAILABLE".into()), "{second:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        assert_eq!(first.join().expect("the request thread does not panic").status, 200);
    });
}

#[test]
fn a_request_must_end_at_its_timeout() {
    let installation = Installation::small();
    installation.build();
    let config = "[limits]\nrequest_timeout_ms = 300";
    let program = Program::serve(&installation, config, "search=1*sleep(1500)->off");
    let started = Instant::now();
    let reply = program.query(&search("brief"));
    assert_eq!((reply.status, reply.limit()), (503, "request_timeout_ms".into()), "{reply:?}");
    assert!(started.elapsed() < Duration::from_millis(1_200), "{:?}", started.elapsed());
    assert_eq!(program.query(&search("brief")).status, 200, "failed responses are not cached");
}

#[test]
fn a_panic_must_be_confined_to_its_request_and_be_logged_once() {
    for failpoint in ["search=1*panic(broken)->off", "records=1*panic(broken)->off"] {
        let installation = Installation::small();
        installation.build();
        let program = Program::serve(&installation, "", failpoint);
        let query = "{ search(query: \"dag\") { nodes { themes { id } } } }";
        let reply = program.query(query);
        assert_eq!(reply.code(), "INTERNAL_SERVER_ERROR", "{failpoint}: {reply:?}");
        assert!(!reply.body.contains("broken"), "{failpoint}: {reply:?}");
        let id = &reply.json()["extensions"]["requestId"];
        let again = program.query(query);
        assert_eq!(again.json().get("errors"), None, "{failpoint}: {again:?}");
        let log = program.log(2);
        let errors: Vec<&str> = log.lines().filter(|line| line.contains(" ERROR ")).collect();
        assert_eq!(errors.len(), 1, "{failpoint}: {log}");
        assert!(errors[0].contains("broken"), "{failpoint}: {log}");
        assert!(id.is_string(), "{failpoint}: {reply:?}");
        assert!(log.contains(id.as_str().expect("an id")), "{failpoint}: {log}");
    }
}

#[test]
fn a_slow_request_must_be_logged_without_its_values() {
    let installation = Installation::small();
    installation.build();
    let program =
        Program::serve(&installation, "[log]\nslow_ms = 1000", "search=1*sleep(1500)->off");
    let query = "query Slow($q: String) { search(query: $q) { totalCount } }";
    let body = json!({ "query": query, "variables": { "q": "geheimwoord" } }).to_string();
    let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json";
    assert_eq!(exchange(program.address, head, body.as_bytes()).status, 200);
    program.query("{ __typename }");
    let log = program.log(2);
    let slow: Vec<&str> = log.lines().filter(|line| line.contains(" WARN ")).collect();
    assert_eq!(slow.len(), 1, "{log}");
    assert!(slow[0].contains("slow") && slow[0].contains("Slow"), "{log}");
    assert!(!log.contains("geheimwoord"), "{log}");
}

#[test]
fn traces_must_reach_the_collector_and_continue_the_trace_of_the_client() {
    let collector = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = collector.local_addr().expect("an address");
    let received = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&received);
    thread::spawn(move || {
        for stream in collector.incoming().map_while(Result::ok) {
            sink.lock().expect("the lock is not poisoned").extend(read_export(stream));
        }
    });
    let installation = Installation::small();
    installation.build();
    let config = format!("[telemetry]\notlp_endpoint = \"http://{address}/\"");
    let program = Program::serve(&installation, &config, "");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let head = format!(
        "POST /graphql HTTP/1.1\r\ncontent-type: application/json\
         \r\ntraceparent: 00-{trace}-b7ad6b7169203331-01"
    );
    let body = json!({ "query": "query Traced { __typename }" }).to_string();
    assert_eq!(exchange(program.address, &head, body.as_bytes()).status, 200);
    let id: Vec<u8> =
        (0..16).map(|n| u8::from_str_radix(&trace[2 * n..2 * n + 2], 16).unwrap()).collect();
    let started = Instant::now();
    loop {
        let bytes = received.lock().expect("the lock is not poisoned").clone();
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        if [&b"POST /v1/traces"[..], b"wegwijzer", b"Traced", b"execute", &id].into_iter().all(has)
        {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{}", String::from_utf8_lossy(&bytes));
        thread::sleep(Duration::from_millis(100));
    }
}

/// Reads one request of an exporter and responds with 200.
pub(crate) fn read_export(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        bytes.extend(&piece[..length]);
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    bytes
}

#[test]
fn invalid_configuration_must_be_reported_before_listening() {
    for (config, word) in [
        ("[graphql]\ntrusted_documents = \"nowhere\"", "nowhere"),
        ("[graphql]\nrequire_trusted_documents = true", "trusted_documents"),
        ("[cors]\norigins = [\"https://a.example/\"]", "cors.origins"),
        ("[telemetry]\notlp_endpoint = \"ftp://a.example\"", "telemetry.otlp_endpoint"),
    ] {
        let installation = Installation::small();
        installation.build();
        let before = fs::read_to_string(installation.config()).expect("a file");
        let (top, sources) = before.split_once("[[source]]").expect("a source");
        let text = format!("{top}{config}\n[[source]]{sources}");
        fs::write(installation.config(), text).expect("writable");
        let output = installation.output(&["serve", "--listen", "127.0.0.1:0"]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(word) && !stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn one_request_must_not_hold_every_search_permit() {
    let installation = Installation::small();
    installation.build();
    let config = "[limits]\nconcurrent_searches_max = 16";
    let program = Program::serve(&installation, config, "search=sleep(300)");
    let searches: String = ["a", "b", "c", "d", "e"]
        .map(|name| format!("{name}: search(query: \"{name}\") {{ totalCount }} "))
        .concat();
    // A request gets at most four permits at a time, so the fifth search has to wait.
    let started = Instant::now();
    assert_eq!(program.query(&format!("{{ {searches} }}")).status, 200);
    assert!(started.elapsed() >= Duration::from_millis(600), "{:?}", started.elapsed());
    assert_eq!(program.query(&search("brief")).status, 200);
}
