//! Upgrades: a parent process that holds the socket replaces the program under load; generations of
//! other formats.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{server::Program, support::Installation, test_server::exchange};

/// Number of restarts; `.ci/long upgrade` sets 100.
const RESTARTS_ENV: &str = "UPGRADE_RESTARTS";
/// Pauses between the requests of clients that keep their connections open, in milliseconds.
const PAUSES_MS: [u64; 6] = [0, 0, 1, 5, 40, 300];
/// Number of clients that open a connection for each request.
const SHORT_CLIENTS: usize = 3;
/// Responses between two restarts.
const RESPONSES: usize = 60;
/// Timeout for a response, and for the program to end.
const TIMEOUT: Duration = Duration::from_secs(20);
const REQUESTS: [&str; 3] = [
    "GET /health/ready HTTP/1.1\r\nhost: wegwijzer.example\r\n\r\n",
    "GET /?q=klantreis HTTP/1.1\r\nhost: wegwijzer.example\r\n\r\n",
    "POST /graphql HTTP/1.1\r\nhost: wegwijzer.example\r\ncontent-type: application/json\r\n\
     content-length: 49\r\n\r\n{\"query\":\"{search(query:\\\"brief\\\"){totalCount}}\"}",
];

/// Starts the program as systemd does, with sockets from descriptor 3 on.
fn start(installation: &Installation, socket: impl Into<Stdio>, variables: &str) -> Child {
    let program = installation.program(&["serve", "--listen", "127.0.0.1:0"]);
    Command::new("sh")
        .arg("-c")
        .arg(format!("{variables} exec \"$0\" \"$@\" 3<&0 4<&0 </dev/null"))
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(installation.path())
        .stdin(socket)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh runs")
}

pub(crate) fn start_on(installation: &Installation, listener: &TcpListener) -> Child {
    let socket = OwnedFd::from(listener.try_clone().expect("a descriptor"));
    let mut child = start(installation, socket, "LISTEN_PID=$$ LISTEN_FDS=1");
    let mut log = child.stderr.take().expect("piped");
    thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    child
}

pub(crate) fn terminate(child: &mut Child) -> ExitStatus {
    kill_process(Pid::from_child(child), Signal::TERM).expect("a running process");
    let sent = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        assert!(sent.elapsed() < TIMEOUT, "still running after SIGTERM");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A connection of a client.
struct Connection(BufReader<TcpStream>);

/// The head of a response, in lower case.
struct Head(String);

impl Head {
    fn ends_connection(&self) -> bool {
        self.0.contains("\r\nconnection: close\r\n")
    }
}

impl Connection {
    fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads the whole response, which must be successful.
    fn send(&mut self, request: &str) -> std::io::Result<Head> {
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let head = Head(head.to_lowercase());
        let length = head.0.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
        self.0.read_exact(&mut vec![0; length])?;
        if head.0.starts_with("http/1.1 200 ") {
            return Ok(head);
        }
        Err(std::io::Error::other(head.0))
    }

    /// Whether the server closes the connection without a reset.
    fn is_closed_by_server(&mut self) -> bool {
        self.0.read(&mut [0]).is_ok_and(|bytes| bytes == 0)
    }
}

/// What all clients saw.
#[derive(Default)]
struct Tally {
    responses: AtomicUsize,
    connections: AtomicUsize,
    errors: Mutex<Vec<String>>,
    is_done: AtomicBool,
}

impl Tally {
    /// Sends requests until it is done; with a pause, over one connection as long as it lasts.
    fn run_client(&self, address: SocketAddr, pause_ms: Option<u64>) {
        let mut connection = None;
        for request in REQUESTS.iter().cycle() {
            if self.is_done.load(Ordering::Relaxed) {
                return;
            }
            let mut current = match connection.take() {
                Some(current) => current,
                None => match Connection::open(address) {
                    Ok(opened) => {
                        self.connections.fetch_add(1, Ordering::Relaxed);
                        opened
                    }
                    Err(error) => {
                        self.errors.lock().unwrap().push(format!("connect: {error}"));
                        continue;
                    }
                },
            };
            match current.send(request) {
                Ok(head) => {
                    self.responses.fetch_add(1, Ordering::Relaxed);
                    connection = (pause_ms.is_some() && !head.ends_connection()).then_some(current);
                }
                Err(error) => self.errors.lock().unwrap().push(format!("{error}: {request}")),
            }
            thread::sleep(Duration::from_millis(pause_ms.unwrap_or(1)));
        }
    }

    fn await_responses(&self, count: usize) {
        let until = self.responses.load(Ordering::Relaxed) + count;
        let started = Instant::now();
        while self.responses.load(Ordering::Relaxed) < until {
            assert!(started.elapsed() < TIMEOUT, "no responses: {:?}", self.errors.lock());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn no_request_must_fail_while_a_parent_that_holds_the_socket_restarts_the_program() {
    let restarts = env::var(RESTARTS_ENV).map_or(5, |text| text.parse().expect("a number"));
    let installation = Installation::small();
    installation.build();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let tally = Tally::default();
    thread::scope(|scope| {
        let pauses = PAUSES_MS.into_iter().map(Some).chain([None; SHORT_CLIENTS]);
        for pause in pauses {
            let tally = &tally;
            scope.spawn(move || tally.run_client(address, pause));
        }
        let mut child = start_on(&installation, &listener);
        for _ in 0..restarts {
            tally.await_responses(RESPONSES);
            assert!(terminate(&mut child).success(), "SIGTERM is not the end of a normal run");
            child = start_on(&installation, &listener);
        }
        tally.await_responses(RESPONSES);
        tally.is_done.store(true, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(400));
        terminate(&mut child);
    });
    let (responses, connections) = (tally.responses.into_inner(), tally.connections.into_inner());
    let errors = tally.errors.into_inner().unwrap();
    // Not `println!`: `.ci/long upgrade` shows the line.
    let _ = writeln!(
        std::io::stderr(),
        "{restarts} restarts, {responses} responses, {connections} connections, {} errors",
        errors.len()
    );
    assert_eq!(errors, Vec::<String>::new(), "{responses} responses");
    assert!(responses > restarts * RESPONSES && connections < responses, "{connections}");
}

#[test]
fn open_connections_must_be_served_once_more_and_closed_without_a_reset() {
    let installation = Installation::small();
    installation.build();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let mut child = start_on(&installation, &listener);
    let open = || {
        let mut connection = Connection::open(address).expect("it listens");
        assert!(!connection.send(REQUESTS[0]).expect("a response").ends_connection());
        connection
    };
    let (mut busy, mut idle) = (open(), open());
    let mut fresh = Connection::open(address).expect("it listens");
    // So that it is accepted.
    open();
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a running process");
    thread::sleep(Duration::from_millis(300));
    for connection in [&mut busy, &mut fresh] {
        let head = connection.send(REQUESTS[1]).expect("a response after SIGTERM");
        assert!(head.ends_connection(), "{}", head.0);
        assert!(connection.is_closed_by_server());
    }
    assert!(idle.is_closed_by_server());
    assert!(terminate(&mut child).success());
}

#[test]
fn sockets_that_cannot_be_used_must_be_reported() {
    let installation = Installation::small();
    installation.build();
    let socket = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Stdio::from(OwnedFd::from(listener))
    };
    for (socket, count, message) in [
        (socket(), 2, "passes 2 sockets, and one is supported"),
        (Stdio::null(), 1, "is not a TCP socket"),
    ] {
        let variables = format!("LISTEN_PID=$$ LISTEN_FDS={count}");
        let output = start(&installation, socket, &variables).wait_with_output().expect("it ends");
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(message) && !log.contains("panicked"), "{log}");
    }
}

#[test]
fn a_socket_for_another_process_must_not_be_used() {
    let installation = Installation::small();
    installation.build();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let mut child = start(&installation, OwnedFd::from(listener), "LISTEN_PID=1 LISTEN_FDS=1");
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let bound = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("address=")?;
        address.trim().parse::<SocketAddr>().ok()
    });
    assert_ne!(bound.expect("it listens"), address);
    assert!(terminate(&mut child).success());
}

/// Changes the format of the current generation, as another version of the program would have it.
fn set_format(installation: &Installation, format: u32) {
    let number = fs::read_to_string(installation.data().join("CURRENT")).expect("readable");
    let manifest = installation.data().join(number.trim()).join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("readable");
    let (before, rest) = text.split_once("\"format\": ").expect("a format");
    let (_, after) = rest.split_once(',').expect("more keys");
    fs::write(&manifest, format!("{before}\"format\": {format},{after}")).expect("writable");
}

#[test]
fn a_downgrade_must_be_rejected_with_the_remedy_and_leave_the_data_as_it_is() {
    let installation = Installation::small();
    installation.build();
    set_format(&installation, 999);
    let before = installation.generations();
    let built = installation.output(&["index"]);
    let message = String::from_utf8_lossy(&built.stderr).into_owned();
    assert_eq!(built.status.code(), Some(1), "{message}");
    assert!(message.contains("format 999") && message.contains("upgrade wegwijzer"), "{message}");
    assert_eq!(installation.generations(), before);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let socket = OwnedFd::from(listener);
    let mut child = start(&installation, socket, "LISTEN_PID=$$ LISTEN_FDS=1");
    let ready = exchange(address, "GET /health/ready HTTP/1.1", b"");
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(terminate(&mut child).success());
    let mut log = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut log).expect("utf-8");
    assert!(log.contains("format 999") && log.contains("upgrade wegwijzer"), "{log}");
    assert!(!log.contains("wegwijzer index"), "a build would be rejected: {log}");
}

#[test]
fn data_of_the_previous_format_must_be_rebuilt_while_the_program_serves() {
    let installation = Installation::small();
    installation.build();
    let before = installation.view();
    set_format(&installation, 6);
    let program = Program::serve(&installation, "", "");
    let ready = || exchange(program.address, "GET /health/ready HTTP/1.1", b"").status;
    assert_eq!(ready(), 503);
    let built = installation.output(&["index"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let started = Instant::now();
    while ready() != 200 {
        assert!(started.elapsed() < TIMEOUT, "the new generation is not served");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(installation.view(), before);
}
