//! A proxy that answers some requests with errors, with something else, or only in part.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::support::Rng;

pub(super) struct FaultyProxy {
    port: u16,
    is_faulty: Arc<AtomicBool>,
}

/// What happens to one connection.
#[derive(Debug, Clone, Copy)]
enum Disruption {
    None,
    /// Closed before a response.
    Closed,
    Error500,
    /// A page for people, with status 200.
    LoginPage,
    /// Cut off within the response.
    Cut(usize),
}

impl FaultyProxy {
    /// A proxy for a port of this machine.
    pub(super) fn start(target: u16, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let is_faulty = Arc::new(AtomicBool::new(false));
        let (state, random) = (Arc::clone(&is_faulty), Mutex::new(Rng(seed)));
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { continue };
                let disruption = if state.load(Ordering::SeqCst) {
                    disruption(&mut random.lock().unwrap_or_else(PoisonError::into_inner))
                } else {
                    Disruption::None
                };
                thread::spawn(move || forward(client, target, disruption));
            }
        });
        Self { port, is_faulty }
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(super) fn set_faulty(&self, is_faulty: bool) {
        self.is_faulty.store(is_faulty, Ordering::SeqCst);
    }
}

fn disruption(random: &mut Rng) -> Disruption {
    match random.below(12) {
        0 => Disruption::Closed,
        1 => Disruption::Error500,
        2 => Disruption::LoginPage,
        3 => Disruption::Cut(usize::try_from(random.below(4_000)).unwrap_or_default()),
        _ => Disruption::None,
    }
}

/// Forwards one request and closes the connection.
fn forward(mut client: TcpStream, target: u16, disruption: Disruption) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(30)));
    let Some(head) = read_head(&mut client) else { return };
    let fixed = match disruption {
        Disruption::Closed => return,
        Disruption::Error500 => Some("HTTP/1.1 500 Internal Server Error\r\n"),
        Disruption::LoginPage => Some("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"),
        Disruption::None | Disruption::Cut(_) => None,
    };
    if let Some(head) = fixed {
        let body = "<!doctype html><title>Inloggen</title><form></form>";
        let length = body.len();
        let _ = write!(client, "{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
        return;
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)) else { return };
    let _ = server.set_read_timeout(Some(Duration::from_secs(30)));
    let head: String = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .map(|line| {
            let is_host = line.to_ascii_lowercase().starts_with("host:");
            if is_host { format!("host: 127.0.0.1:{target}\r\n") } else { format!("{line}\r\n") }
        })
        .collect();
    let head = head.trim_end().to_owned() + "\r\nconnection: close\r\n\r\n";
    if server.write_all(head.as_bytes()).is_err() {
        return;
    }
    let mut response = Vec::new();
    let _ = server.read_to_end(&mut response);
    if let Disruption::Cut(length) = disruption {
        response.truncate(length.min(response.len().saturating_sub(1)));
    }
    let _ = client.write_all(&response);
    let _ = client.shutdown(Shutdown::Write);
}

fn read_head(client: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 16_384 || client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}
