//! The part of HTTP/2 (RFC 9113) with which a client requests responses and accepts none of their
//! bodies: its flow-control window is 0.
//!
//! Header fields are literals without Huffman coding and without indexing (RFC 7541, section
//! 6.2.2).

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Result, bail};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Timeout of each read and write.
const TIMEOUT: Duration = Duration::from_secs(5);

// Frame types.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// Flags of a HEADERS frame that is the whole request: `END_STREAM` and `END_HEADERS`.
const WHOLE_REQUEST: u8 = 0x1 | 0x4;
/// The setting `SETTINGS_INITIAL_WINDOW_SIZE`.
const INITIAL_WINDOW_SIZE: u16 = 4;

// Indices of names in the static table of HPACK.
const AUTHORITY: u8 = 1;
const METHOD: u8 = 2;
const PATH: u8 = 4;
const SCHEME: u8 = 6;

/// A connection without a flow-control window.
pub(crate) struct Http2Connection {
    stream: TcpStream,
    /// Identifier of the next stream; odd, as for all streams of clients.
    next_stream: u32,
}

impl Http2Connection {
    /// Opens a connection and sends its settings.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let no_window = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &no_window)].concat())?;
        Ok(Self { stream, next_stream: 1 })
    }

    /// Requests a path on a stream of its own.
    pub(crate) fn request(&mut self, path: &str) -> io::Result<()> {
        let fields = [
            header_field(METHOD, "GET"),
            header_field(SCHEME, "http"),
            header_field(PATH, path),
            header_field(AUTHORITY, "wegwijzer.example"),
        ]
        .concat();
        let stream = self.next_stream;
        self.next_stream += 2;
        self.stream.write_all(&frame(HEADERS, WHOLE_REQUEST, stream, &fields))
    }

    /// Sends a PING, whose acknowledgement is not read.
    pub(crate) fn ping(&mut self) -> io::Result<()> {
        self.stream.write_all(&frame(PING, 0, 0, &[0; 8]))
    }

    /// The type and stream of the next frame from the server.
    fn read_frame(&mut self) -> io::Result<(u8, u32)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let [length @ .., kind, _flags, a, b, c, d] = head;
        let length = length.into_iter().fold(0_u64, |length, byte| (length << 8) | u64::from(byte));
        io::copy(&mut Read::by_ref(&mut self.stream).take(length), &mut io::sink())?;
        Ok((kind, u32::from_be_bytes([a, b, c, d])))
    }
}

/// Checks that the server understands a request of this module. Otherwise a run would report that
/// the server withstands connections that it closes at once.
pub(crate) fn check(address: SocketAddr) -> Result<()> {
    let mut connection = Http2Connection::open(address)?;
    connection.request("/health/live")?;
    loop {
        match connection.read_frame()? {
            (HEADERS, 1) => return Ok(()),
            (kind @ (RST_STREAM | GOAWAY), _) => {
                bail!("an HTTP/2 request is not understood; type of the frame: `{kind}`")
            }
            _ => {}
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a payload is small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header field with a name of the static table.
fn header_field(name: u8, value: &str) -> Vec<u8> {
    [&[name][..], &string_length(value.len()), value.as_bytes()].concat()
}

/// The length of a string without Huffman coding (RFC 7541, section 5.1): an integer with a prefix
/// of seven bits.
fn string_length(length: usize) -> Vec<u8> {
    const PREFIX_MAX: usize = 127;
    let byte = |number: usize| u8::try_from(number).expect("less than 256");
    if length < PREFIX_MAX {
        return vec![byte(length)];
    }
    let mut bytes = vec![byte(PREFIX_MAX)];
    let mut rest = length - PREFIX_MAX;
    while rest >= 128 {
        bytes.push(byte(rest % 128 + 128));
        rest /= 128;
    }
    bytes.push(byte(rest));
    bytes
}
