//! HTTP over the loopback interface: a cheap client, and the program itself.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::{installation::Installation, measure::number_after};

/// A persistent connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), line: String::new(), body: Vec::new() })
    }

    /// Posts a GraphQL request, and returns the body of its response.
    pub(crate) fn post_graphql(&mut self, body: &str) -> io::Result<&[u8]> {
        let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\
                    \r\naccept: application/graphql-response+json\r\ncontent-length: ";
        let request = format!("{head}{}\r\n\r\n{body}", body.len());
        self.exchange(request.as_bytes())
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<&[u8]> {
        self.exchange(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())
    }

    /// Requests a page as browsers do, and returns its size in bytes.
    pub(crate) fn get_page(&mut self, path: &str) -> io::Result<usize> {
        let head = "host: localhost\r\naccept: text/html\r\naccept-encoding: gzip, deflate, br";
        let request = format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n");
        Ok(self.exchange(request.as_bytes())?.len())
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.get_mut().write_all(request)?;
        let mut length = 0;
        let mut is_success = false;
        for number in 0.. {
            self.line.clear();
            self.stream.read_line(&mut self.line)?;
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            is_success |= number == 0 && line.contains(" 200");
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        // A response with errors starts with them.
        if is_success && !self.body.starts_with(b"{\"errors\"") {
            Ok(&self.body)
        } else {
            let response = String::from_utf8_lossy(&self.body);
            Err(io::Error::other(format!("unsuccessful response: {response}")))
        }
    }
}

/// Response times over several connections, each of which sends one request after another as long
/// as the number of requests so far allows it.
pub(crate) fn responses(
    address: SocketAddr,
    connections: usize,
    bodies: &[String],
    may_send: impl Fn(usize) -> bool + Sync,
) -> anyhow::Result<Vec<Duration>> {
    let sent = AtomicUsize::new(0);
    let work = || {
        let mut client = Client::connect(address)?;
        let mut times = Vec::new();
        loop {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            if !may_send(number) {
                return anyhow::Ok(times);
            }
            let began = Instant::now();
            client.post_graphql(&bodies[number % bodies.len()])?;
            times.push(began.elapsed());
        }
    };
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        let times =
            threads.into_iter().map(|thread| thread.join().expect("client threads do not panic"));
        times.collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(times.into_iter().flatten().collect())
}

/// The program, started as an operator does.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    pub(crate) fn start(installation: &Installation) -> anyhow::Result<Self> {
        let config = installation.write_config()?;
        Self::start_with(&["--config", config.to_str().context("config path is not valid UTF-8")?])
    }

    /// Starts the program with other arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wegwijzer"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("WEGWIJZER_LOG", "info")
            .stderr(Stdio::piped())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut line = String::new();
        while log.read_line(&mut line)? > 0 {
            let address = line.split("address=").nth(1).map(str::trim);
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                // Its log must be read, since a full pipe would block it.
                thread::spawn(move || io::copy(&mut log, &mut io::sink()));
                return Ok(Self { child, address });
            }
            line.clear();
        }
        anyhow::bail!("server exited before listening: {}", child.wait()?)
    }

    /// The process id.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// As [`memory_of`].
    pub(crate) fn memory(&self) -> anyhow::Result<(u64, u64)> {
        memory_of(self.process_id())
    }
}

/// Private memory of a process, and its mapped pages of files, in bytes.
pub(crate) fn memory_of(process: u32) -> anyhow::Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let bytes_of = |name| number_after(&status, name).unwrap_or_default() * 1_024;
    Ok((bytes_of("RssAnon:"), bytes_of("RssFile:")))
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
