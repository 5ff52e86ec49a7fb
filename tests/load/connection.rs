//! A minimal HTTP client with keep-alive.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// Read timeout of a response.
const READ_TIMEOUT: Duration = Duration::from_secs(35);

/// A request, without host and content length.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The request line without the version, such as `GET /graphql?query=…`.
    pub(crate) line: String,
    /// Additional headers, each with its line end.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A GET request for a path with its query string.
    pub(crate) fn get(path: &str, accept: &str) -> Self {
        Self {
            line: format!("GET {path}"),
            headers: format!("accept: {accept}\r\n"),
            body: Vec::new(),
        }
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case, original values.
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of a header; the name must be in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A connection that is reopened if the server has closed it after a response.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// A connection to `address`, opened by the first request.
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a request and reads its response.
    pub(crate) fn send(&mut self, request: &Request) -> io::Result<Reply> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(self.address)?,
        };
        let Request { line, headers, body } = request;
        let length = body.len();
        let host = "host: wegwijzer.example";
        let head =
            format!("{line} HTTP/1.1\r\n{host}\r\n{headers}content-length: {length}\r\n\r\n");
        let bytes = [head.as_bytes(), body].concat();
        // The server may reject a request before it has read the whole body.
        let _ = stream.get_mut().write_all(&bytes);
        let reply = read(&mut stream)?;
        if reply.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(reply)
    }
}

/// Opens a connection.
pub(crate) fn open(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    Ok(BufReader::new(stream))
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let first = line(stream)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| invalid("missing status"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("malformed header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut reply = Reply { status, headers, body: Vec::new() };
    if !matches!(status, 204 | 304) {
        let length = reply.header("content-length").and_then(|length| length.parse().ok());
        reply.body = vec![0; length.ok_or_else(|| invalid("missing content-length"))?];
        stream.read_exact(&mut reply.body)?;
    }
    Ok(reply)
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
