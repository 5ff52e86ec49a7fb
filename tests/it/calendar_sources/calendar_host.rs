//! A host with a calendar that responds as no calendar server does.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How the host responds.
#[derive(Debug, Clone)]
pub(super) enum HostReply {
    /// With a calendar and its `ETag`, or 304.
    Calendar(String),
    /// With this head and this body.
    Fixed(String, Vec<u8>),
    /// With a calendar that never ends.
    Endless,
    /// Not at all.
    Closed,
}

impl HostReply {
    /// A page or document with a status.
    pub(super) fn of(status: &str, media_type: &str, body: &str) -> Self {
        Self::Fixed(format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\n"), body.into())
    }
}

pub(super) struct CalendarHost {
    port: u16,
    reply: Arc<Mutex<HostReply>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl CalendarHost {
    pub(super) fn start(calendar: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let reply = Arc::new(Mutex::new(HostReply::Calendar(calendar)));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (replies, received) = (Arc::clone(&reply), Arc::clone(&heads));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let reply = lock(&replies).clone();
                respond(client, reply, &received);
            }
        });
        Self { port, reply, heads }
    }

    pub(super) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn set(&self, reply: HostReply) {
        *lock(&self.reply) = reply;
    }

    /// The heads of all requests, in lower case.
    pub(super) fn heads(&self) -> Vec<String> {
        lock(&self.heads).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn respond(mut client: TcpStream, reply: HostReply, heads: &Mutex<Vec<String>>) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(request) = read_head(&mut client) else { return };
    lock(heads).push(request.clone());
    let (head, body) = match reply {
        HostReply::Closed => return,
        HostReply::Fixed(head, body) => (head, body),
        HostReply::Endless => {
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/calendar\r\nconnection: close\r\n\r\n";
            let mut sent = client.write_all(head.as_bytes());
            let block = "X-LIJN:zonder einde\r\n".repeat(4_000);
            while sent.is_ok() {
                sent = client.write_all(block.as_bytes());
            }
            return;
        }
        HostReply::Calendar(calendar) => {
            let mut hasher = DefaultHasher::new();
            calendar.hash(&mut hasher);
            let etag = format!("\"{:x}\"", hasher.finish());
            if request.contains(&format!("if-none-match: {etag}\r\n")) {
                (format!("HTTP/1.1 304 Not Modified\r\netag: {etag}\r\n"), Vec::new())
            } else {
                let head =
                    format!("HTTP/1.1 200 OK\r\netag: {etag}\r\ncontent-type: text/calendar\r\n");
                (head, calendar.into_bytes())
            }
        }
    };
    // A head with a length of its own promises more than it has.
    let length = if head.contains("content-length") {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let _ = client.write_all(format!("{head}{length}connection: close\r\n\r\n").as_bytes());
    let _ = client.write_all(&body);
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
    Some(String::from_utf8(head).ok()?.to_lowercase())
}
