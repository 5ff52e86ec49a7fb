//! A subgraph of negligible cost: every request gets the same response.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

/// Response time. Longer than the client needs, under valgrind, from sending its request to waiting
/// for the response, so that it always executes the same code.
const LATENCY: Duration = Duration::from_millis(10);

/// Serves `body` on a free port until the process ends, one connection at a time.
pub(crate) fn start(body: &str) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        let mut received = [0; 4_096];
        for connection in listener.incoming() {
            let mut connection = connection?;
            // A GraphQL request ends with the JSON object in its body; no other part of it ends with
            // a brace.
            let mut length = connection.read(&mut received)?;
            while length > 0 {
                if received[..length].ends_with(b"}") {
                    thread::sleep(LATENCY);
                    connection.write_all(response.as_bytes())?;
                }
                length = connection.read(&mut received)?;
            }
        }
        io::Result::Ok(())
    });
    Ok(address)
}
