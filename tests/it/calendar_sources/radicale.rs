//! Radicale, a `CalDAV` server, in a temporary folder.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
};

use tempfile::TempDir;

use crate::support::shared;

/// Path of the calendar.
const CALENDAR: &str = "/gc/agenda/";

pub(super) struct Radicale {
    folder: TempDir,
    script: PathBuf,
    port: u16,
}

impl Radicale {
    /// Starts a server with the calendar of `../shared`; `None` if it cannot run here.
    pub(super) fn start() -> Option<Self> {
        let is_required = std::env::var_os("REQUIRE_UPSTREAMS").is_some();
        let found = Command::new("sh").args(["-c", "command -v radicale"]).output();
        let is_installed = found.is_ok_and(|found| found.status.success());
        let script = shared("upstreams").map(|folder| folder.join("radicale.sh"));
        let Some(script) = script.filter(|_| is_installed || is_required) else {
            let line =
                b"skipped: no calendar server here; install Radicale, or set REQUIRE_UPSTREAMS\n";
            std::io::stderr().write_all(line).expect("stderr");
            assert!(!is_required, "REQUIRE_UPSTREAMS is set");
            return None;
        };
        let folder = TempDir::new().expect("a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let radicale = Self { folder, script, port };
        radicale.run("start", &port.to_string());
        Some(radicale)
    }

    /// The address of the calendar with its final slash.
    pub(super) fn address(&self) -> String {
        self.address_of(CALENDAR)
    }

    pub(super) fn address_of(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Replaces the whole calendar.
    pub(super) fn put(&self, calendar: &str) {
        let file = self.folder.path().join("put.ics");
        fs::write(&file, calendar).expect("a file");
        self.run("put", file.to_str().expect("a path in UTF-8"));
    }

    /// Deletes one event.
    pub(super) fn remove(&self, uid: &str) {
        self.run("remove", uid);
    }

    /// Ends the server; it can be started again.
    pub(super) fn stop(&self) {
        self.run("stop", "");
    }

    pub(super) fn start_again(&self) {
        self.run("start", &self.port.to_string());
    }

    /// The calendar that the server was started with.
    pub(super) fn seed(&self) -> String {
        let file = self.script.with_file_name("radicale").join("agenda.ics");
        fs::read_to_string(file).expect("the calendar next to the script")
    }

    /// The head and the body of the calendar, as served.
    pub(super) fn served(&self) -> (String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        write!(stream, "GET {CALENDAR} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            .expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        let (head, body) = response.split_once("\r\n\r\n").expect("a head");
        (head.to_owned(), body.to_owned())
    }

    fn run(&self, verb: &str, argument: &str) {
        let output = Command::new("bash")
            .arg(&self.script)
            .arg(verb)
            .arg(self.folder.path())
            .arg(argument)
            .output()
            .expect("bash runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{verb} {argument}: {text}");
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        let _ = Command::new("bash").arg(&self.script).arg("stop").arg(self.folder.path()).output();
    }
}
