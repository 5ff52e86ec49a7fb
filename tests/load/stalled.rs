//! Clients that request large responses and never read them, over HTTP/1.1 and HTTP/2.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::http2::Http2Connection;

/// Number of requests on each connection over HTTP/2; the server accepts 32 at a time.
const HTTP2_REQUESTS: [u32; 4] = [32, 64, 100, 32];
/// Interval between the requests on a connection. All are sent within ten seconds, so that they are
/// part of the memory that growth is measured from.
const STREAM_INTERVAL: Duration = Duration::from_millis(50);
/// Interval between PING frames, which pretend that the client is alive.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Delay before a second PING: writing to a connection that the server has closed only fails after
/// its reset has arrived.
const RESET_DELAY: Duration = Duration::from_millis(100);

/// Number of connections over HTTP/1.1.
const HTTP1_CONNECTIONS: u32 = 12;
/// Number of requests on each of them, sent without waiting for a response.
const HTTP1_REQUESTS: u32 = 16;
/// Time after which such a connection is replaced.
const HTTP1_TIME: Duration = Duration::from_secs(40);
/// Timeout for sending requests.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Delay between the first connections of two clients, and before a failed one is repeated.
const CONNECTION_INTERVAL: Duration = Duration::from_millis(500);

/// Number of times that a large response contains the text of each article, as HTML and as plain
/// text: about 2 MB, and well within `text_bytes_max`.
const COPIES: u32 = 8;

/// Starts the clients. Each returns the number of connections that it opened until `end`.
pub(crate) fn start(address: SocketAddr, end: Instant) -> Vec<JoinHandle<u32>> {
    let http2 = HTTP2_REQUESTS
        .into_iter()
        .zip(0..)
        .map(|(requests, number)| thread::spawn(move || run_http2(number, requests, address, end)));
    let http1 =
        (0..HTTP1_CONNECTIONS).map(|number| thread::spawn(move || run_http1(number, address, end)));
    http2.chain(http1).collect()
}

/// Holds streams without a window open, on a new connection when the server has closed the last.
fn run_http2(number: u32, requests: u32, address: SocketAddr, end: Instant) -> u32 {
    pause(CONNECTION_INTERVAL * number, end);
    let mut opened = 0;
    while Instant::now() < end {
        if let Ok(mut connection) = Http2Connection::open(address) {
            opened += 1;
            for request in 0..requests {
                if connection.request(&large_path(&[2, number, opened, request])).is_err() {
                    break;
                }
                pause(STREAM_INTERVAL, end);
            }
            while Instant::now() < end && is_open(&mut connection) {
                pause(PING_INTERVAL, end);
            }
        }
        pause(CONNECTION_INTERVAL, end);
    }
    opened
}

fn is_open(connection: &mut Http2Connection) -> bool {
    let is_sent = connection.ping().is_ok();
    thread::sleep(RESET_DELAY);
    is_sent && connection.ping().is_ok()
}

/// Holds a connection open whose responses are not read, and replaces it after a while.
fn run_http1(number: u32, address: SocketAddr, end: Instant) -> u32 {
    pause(CONNECTION_INTERVAL * number, end);
    let mut opened = 0;
    while Instant::now() < end {
        let connection = send_http1(number, opened, address);
        if connection.is_ok() {
            opened += 1;
            pause(HTTP1_TIME, end);
        }
        pause(CONNECTION_INTERVAL, end);
    }
    opened
}

/// A connection over which several requests were sent.
fn send_http1(number: u32, opened: u32, address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let requests: Vec<String> = (0..HTTP1_REQUESTS)
        .map(|request| {
            let path = large_path(&[1, number, opened, request]);
            format!("GET {path} HTTP/1.1\r\nhost: wegwijzer.example\r\n\r\n")
        })
        .collect();
    stream.write_all(requests.concat().as_bytes())?;
    Ok(stream)
}

/// Path of a large response: most are a list of articles with their texts, some the search page.
/// The numbers, of which the last is that of the request, make it unique, so that no two responses
/// share their memory.
fn large_path(numbers: &[u32; 4]) -> String {
    let name = numbers.map(|number| number.to_string()).join("_");
    if numbers[3] % 8 == 7 {
        return format!("/?q=overheid+{name}");
    }
    let copies: Vec<String> =
        (0..COPIES).map(|copy| format!("h{copy}: bodyHtml t{copy}: bodyText")).collect();
    let query =
        format!("{{ n{name}: articles(first: 100) {{ nodes {{ {} }} }} }}", copies.join(" "));
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    format!("/graphql?query={query}")
}

/// Sleeps, but not longer than until `end`.
fn pause(time: Duration, end: Instant) {
    thread::sleep(time.min(end.saturating_duration_since(Instant::now())));
}
