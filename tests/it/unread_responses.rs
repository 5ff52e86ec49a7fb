//! Clients that request responses over HTTP/2 and read none of them: they are rejected at the bounds
//! on unsent bytes, while others are served.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::{support::Installation, test_server::Server};

/// A path whose response is large and the same each time.
const PATH: &str = "/";

/// A connection that allows the server to send headers, but no bytes of a body.
struct SilentClient {
    stream: TcpStream,
    /// The number of requests that were sent.
    sent: u32,
}

impl SilentClient {
    fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("writable");
        // SETTINGS_INITIAL_WINDOW_SIZE (4) of 0.
        let mut client = Self { stream, sent: 0 };
        client.write_frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
        client
    }

    fn write_frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(id.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).expect("writable");
    }

    /// Requests [`PATH`]. Whether the status of the response is 200.
    fn get(&mut self) -> bool {
        let length = u8::try_from(PATH.len()).expect("short");
        // HPACK: `:method: GET`, `:scheme: http`, then `:path` and `:authority` as literals.
        let mut headers = vec![0x82, 0x86, 0x04, length];
        headers.extend(PATH.as_bytes());
        headers.extend([0x01, 1, b'a']);
        let id = 1 + 2 * self.sent;
        self.sent += 1;
        self.write_frame(1, 0x5, id, &headers);
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).expect("a frame");
            match head[3] {
                // DATA, unless it is empty.
                0 => assert!(payload.is_empty(), "the window is zero"),
                // HEADERS; 0x88 is `:status: 200`.
                1 => {
                    assert_eq!(head[5..], id.to_be_bytes());
                    return payload[0] == 0x88;
                }
                // SETTINGS without ACK.
                4 if head[4] == 0 => self.write_frame(4, 1, 0, &[]),
                4 | 8 => {}
                kind => panic!("unexpected frame: {kind}"),
            }
        }
    }
}

/// An installation, and the number of bytes of [`PATH`].
fn installation() -> (Installation, u64) {
    let installation = Installation::small();
    installation.build();
    let reply = Server::of(&installation).get(PATH);
    assert_eq!(reply.status, 200, "{reply:?}");
    (installation, reply.body.len() as u64)
}

#[test]
fn a_connection_must_be_rejected_at_its_limit_while_others_are_served() {
    let (installation, bytes) = installation();
    let server = Server::with(&installation, |config| {
        config.limits.connection_unsent_bytes_max = bytes * 7 / 2;
    });
    let mut silent = SilentClient::connect(server.address);
    let accepted: Vec<bool> = (0..8).map(|_| silent.get()).collect();
    assert_eq!(accepted, [true, true, true, false, false, false, false, false]);
    assert_eq!(server.get(PATH).status, 200, "another connection");
    assert!(SilentClient::connect(server.address).get(), "another silent connection");
}

#[test]
fn all_silent_connections_together_must_be_rejected_at_the_limit() {
    let (installation, bytes) = installation();
    let server = Server::with(&installation, |config| {
        config.limits.connection_unsent_bytes_max = bytes * 7 / 2;
        config.limits.unsent_bytes_max = bytes * 7;
    });
    let mut silent: Vec<_> = (0..4).map(|_| SilentClient::connect(server.address)).collect();
    let accepted: Vec<usize> =
        silent.iter_mut().map(|client| (0..4).filter(|_| client.get()).count()).collect();
    assert_eq!(accepted, [3, 3, 1, 0]);
    let rejected = server.get(PATH);
    assert_eq!((rejected.status, rejected.header("retry-after")), (503, Some("5")), "{rejected:?}");
    assert!(rejected.body.contains("unread"), "{rejected:?}");
    // Whoever supervises the program must not take it for dead.
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    // Clients that read nothing for a while are disconnected when others need the memory.
    thread::sleep(Duration::from_secs(5));
    assert_eq!(server.get(PATH).status, 200);
    let mut later = SilentClient::connect(server.address);
    assert!(later.get(), "a new connection");
    drop((silent, later));
    let started = Instant::now();
    while server.get(PATH).status != 200 {
        assert!(started.elapsed() < Duration::from_secs(20), "the bytes are not released");
        thread::sleep(Duration::from_millis(20));
    }
}
