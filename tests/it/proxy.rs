//! The recipes for nginx and Caddy, in front of the program.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    server::Program,
    support::{Installation, repository},
    test_server::{Reply, exchange},
    upgrade::{start_on, terminate},
};

/// If set, nginx and Caddy are required.
const REQUIRE_ENV: &str = "REQUIRE_PROXIES";
/// Timeout for a proxy to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// An address of a client, which the proxy is made to see.
const CLIENT: &str = "198.51.100.7";
/// Restarts of the program behind a proxy.
const RESTARTS: usize = 3;

/// A proxy, stopped when dropped.
struct Proxy {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx has a second process, which ends with SIGTERM only.
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

fn is_installed(program: &str, argument: &str) -> bool {
    if Command::new(program).arg(argument).output().is_ok() {
        return true;
    }
    assert!(env::var_os(REQUIRE_ENV).is_none(), "`{program}` is not installed");
    // Not `eprintln!`: the test harness would capture the line.
    let _ = writeln!(std::io::stderr(), "skipped: `{program}` is not installed");
    false
}

/// A recipe with replacements, each of which must be found.
fn recipe(file: &str, replacements: &[(&str, &str)]) -> String {
    let path = repository().join("gateway/docs/proxy").join(file);
    let text = fs::read_to_string(path).expect("a recipe");
    replacements.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{file} has no `{from}`");
        text.replace(from, to)
    })
}

impl Proxy {
    /// nginx in front of `server`. Requests that set `x-test-client` come from that address.
    fn nginx(server: SocketAddr) -> Self {
        let (folder, address) = (tempfile::tempdir().expect("a folder"), free_address());
        let site = recipe(
            "nginx.conf",
            &[
                ("127.0.0.1:8080;", &format!("{server};")),
                ("443 ssl http2", &address.to_string()),
                ("ssl_certificate /etc/ssl/zoek.example.nl.pem;", ""),
                ("ssl_certificate_key /etc/ssl/zoek.example.nl.key;", ""),
            ],
        );
        let folder_path = folder.path().display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {folder_path}/{kind};\n"))
            .concat();
        let text = format!(
            "daemon off;\nworker_processes 1;\npid {folder_path}/pid;\nerror_log {folder_path}/log;\n\
             events {{}}\nhttp {{\naccess_log off;\n{temporary}set_real_ip_from 127.0.0.1;\n\
             real_ip_header x-test-client;\n{site}}}\n"
        );
        let config = folder.path().join("nginx.conf");
        fs::write(&config, text).expect("writable");
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&config).arg("-e").arg(folder.path().join("log"));
        Self::start(command, address, folder)
    }

    /// Caddy in front of `server`, which sees all requests as from `CLIENT`.
    fn caddy(server: SocketAddr) -> Self {
        let (folder, address) = (tempfile::tempdir().expect("a folder"), free_address());
        let site = recipe(
            "Caddyfile",
            &[
                ("127.0.0.1:8080 {", &format!("{server} {{")),
                ("zoek.example.nl {", &format!("http://{address} {{")),
                ("{remote_host}", CLIENT),
            ],
        );
        // The recipe is for one host name; the test uses an address.
        let site =
            site.replacen(&format!("http://{address}"), &format!("http://:{}", address.port()), 1);
        let config = folder.path().join("Caddyfile");
        fs::write(&config, format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}"))
            .expect("writable");
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&config);
        command.env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        command.env("HOME", folder.path());
        Self::start(command, address, folder)
    }

    fn start(mut command: Command, address: SocketAddr, folder: TempDir) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("the proxy runs");
        let mut proxy = Self { process, address, _folder: folder };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = proxy.process.try_wait().expect("a child");
            assert_eq!(ended, None, "the proxy rejects its configuration");
            assert!(started.elapsed() < START_TIMEOUT, "the proxy does not start");
            thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    fn get(&self, path: &str, headers: &str) -> Reply {
        exchange(self.address, &format!("GET {path} HTTP/1.1{headers}"), b"")
    }

    fn post(&self, path: &str, body: &str) -> Reply {
        let headers =
            "content-type: application/json\r\naccept: application/json, text/event-stream";
        exchange(self.address, &format!("POST {path} HTTP/1.1\r\n{headers}"), body.as_bytes())
    }

    /// Headers and bytes of a response, of which the body may be compressed.
    fn raw(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let host = "host: zoek.example.nl\r\nconnection: close";
        write!(stream, "GET {path} HTTP/1.1\r\n{host}{headers}\r\n\r\n").expect("writable");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a response");
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        (String::from_utf8_lossy(&bytes[..end]).to_lowercase(), bytes[end + 4..].to_vec())
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}

fn serve(installation: &Installation) -> Program {
    installation.build();
    Program::serve(installation, "trusted_proxies = [\"127.0.0.1/32\"]", "")
}

#[test]
fn nginx_must_preserve_what_clients_rely_on() {
    if !is_installed("nginx", "-v") {
        return;
    }
    let installation = Installation::small();
    let program = serve(&installation);
    let proxy = Proxy::nginx(program.address);
    preserves_responses(&program, &proxy);
    let client = format!("\r\nx-test-client: {CLIENT}\r\nx-forwarded-for: 203.0.113.9");
    logs_the_network_of_the_client(&program, &proxy, &client);
    let statuses: Vec<u16> = (0..300)
        .map(|_| proxy.get("/health-check-of-rates", "\r\nx-test-client: 192.0.2.1").status)
        .collect();
    let limited = statuses.iter().filter(|status| **status == 429).count();
    assert!(statuses[0] == 404 && limited > 50, "{limited} of {}", statuses.len());
    let hook = proxy.post("/hooks/site", "{}");
    assert_eq!(hook.status, 404, "hooks have no rate: {hook:?}");
    let other = proxy.get("/health-check-of-rates", "\r\nx-test-client: 192.0.2.2");
    assert_eq!(other.status, 404, "each client has a rate of its own");
}

#[test]
fn caddy_must_preserve_what_clients_rely_on() {
    if !is_installed("caddy", "version") {
        return;
    }
    let installation = Installation::small();
    let program = serve(&installation);
    let proxy = Proxy::caddy(program.address);
    preserves_responses(&program, &proxy);
    logs_the_network_of_the_client(&program, &proxy, "\r\nx-forwarded-for: 203.0.113.9");
}

fn preserves_responses(program: &Program, proxy: &Proxy) {
    let path = "/?q=klantreis";
    for (coding, suffix) in [("br", "-br\""), ("gzip", "-gzip\""), ("identity", "\"")] {
        let accept = format!("\r\naccept-encoding: {coding}");
        let (head, body) = proxy.raw(path, &accept);
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.strip_prefix(": ")).map(str::to_owned)
        };
        let etag = header("etag").unwrap_or_else(|| panic!("no ETag: {head}"));
        assert!(etag.starts_with('"') && etag.ends_with(suffix), "{coding}: {etag}");
        let direct = exchange(program.address, &format!("GET {path} HTTP/1.1{accept}"), b"");
        assert_eq!(direct.header("etag"), Some(etag.as_str()), "{coding}");
        let expected = (coding != "identity").then(|| coding.to_owned());
        assert_eq!(header("content-encoding"), expected, "{head}");
        assert_eq!(header("content-length"), Some(body.len().to_string()), "{head}");
        let again = proxy.get(path, &format!("{accept}\r\nif-none-match: {etag}"));
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{coding}: {again:?}");
        assert_eq!(again.header("etag"), Some(etag.as_str()), "{coding}");
    }
    let query = json!({ "query": "{ search(query: \"brief\") { totalCount } }" }).to_string();
    let found = proxy.post("/graphql", &query);
    assert!(found.json()["data"]["search"]["totalCount"].as_u64() > Some(0), "{found:?}");
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    let tools = proxy.post("/mcp", &list.to_string());
    assert!(tools.json()["result"]["tools"].is_array(), "{tools:?}");
    // The program itself rejects the body, in the format that clients of the path understand.
    let large = format!("{{\"query\":\"{}\"}}", "x".repeat(300_000));
    assert_eq!(proxy.post("/graphql", &large).limit(), "request_bytes_max");
    let hook = proxy.post("/hooks/site", "{}");
    assert_eq!((hook.status, &hook.json()["status"]), (404, &json!(404)), "{hook:?}");
    for path in ["/metrics", "/health/ready", "/health/live"] {
        let hidden = proxy.get(path, "");
        assert_eq!(hidden.status, 404, "{path}");
        assert!(!hidden.head.contains("x-request-id"), "{path} reaches the program: {hidden:?}");
    }
}

fn logs_the_network_of_the_client(program: &Program, proxy: &Proxy, headers: &str) {
    assert_eq!(proxy.get("/address-of-the-client", headers).status, 404);
    let started = Instant::now();
    let line = loop {
        let log = program.log(1);
        if let Some(line) = log.lines().find(|line| line.contains("/address-of-the-client")) {
            break line.to_owned();
        }
        assert!(started.elapsed() < START_TIMEOUT, "{log}");
        thread::sleep(Duration::from_millis(20));
    };
    assert!(line.contains("client=198.51.100.0/24"), "{line}");
}

#[test]
fn no_request_through_nginx_must_fail_while_the_program_restarts() {
    if !is_installed("nginx", "-v") {
        return;
    }
    let installation = Installation::small();
    installation.build();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut child = start_on(&installation, &listener);
    let proxy = Proxy::nginx(listener.local_addr().expect("an address"));
    let (is_done, responses) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for n in 0..4 {
            let (proxy, is_done, responses) = (&proxy, &is_done, &responses);
            scope.spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    let client = format!("\r\nx-test-client: 192.0.2.{n}");
                    let reply = proxy.get("/?q=brief", &client);
                    assert_eq!(reply.status, 200, "{reply:?}");
                    responses.fetch_add(1, Ordering::Relaxed);
                    // Below the rate of the recipe.
                    thread::sleep(Duration::from_millis(60));
                }
            });
        }
        for _ in 0..RESTARTS {
            let before = responses.load(Ordering::Relaxed);
            let started = Instant::now();
            while responses.load(Ordering::Relaxed) < before + 20
                && started.elapsed() < START_TIMEOUT
            {
                thread::sleep(Duration::from_millis(5));
            }
            terminate(&mut child);
            child = start_on(&installation, &listener);
        }
        is_done.store(true, Ordering::Relaxed);
    });
    terminate(&mut child);
    assert!(responses.into_inner() > RESTARTS * 20);
}
