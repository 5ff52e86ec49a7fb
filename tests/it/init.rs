//! `wegwijzer init`: from the address of a real server to a knowledge base that has everything on it.
//! The servers' own modules call [`published`].

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::Output,
    thread,
};

use crate::support::Installation;

/// What `init` wrote and printed, and the installation that it made.
pub(crate) struct Initialised {
    pub(crate) installation: Installation,
    pub(crate) config: String,
    pub(crate) printed: String,
}

/// Runs `init` for addresses, then `index`, and fails unless both succeed and nothing is missing, extra
/// or stale. Only the pace of requests is changed in between.
pub(crate) fn published(addresses: &[&str]) -> Initialised {
    let installation = Installation::empty();
    let _ = fs::remove_file(installation.config());
    let mut command = installation.program(&["init", "--allow-private-addresses"]);
    let output = command.args(addresses).arg("--config").arg(installation.config()).output();
    let Output { status, stdout, stderr } = output.expect("the program runs");
    let printed = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{printed}");
    let config = fs::read_to_string(installation.config()).expect("a configuration");
    let fast = config.replace("[sync]\n", "[sync]\nrequest_interval_ms = 0\n");
    fs::write(installation.config(), fast).expect("a file");
    for arguments in [&["check"][..], &["index"], &["verify", "--upstream"]] {
        let Output { status, stdout, stderr } = installation.output(arguments);
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        assert!(status.success(), "{arguments:?}: {text}\n{config}\n{printed}");
        if arguments[0] == "verify" {
            let counts = text.matches("0 missing, 0 extra, 0 stale").count();
            let sources = config.lines().filter(|line| *line == "[[source]]").count();
            assert_eq!(counts, sources, "{text}\n{config}");
        }
    }
    Initialised { installation, config, printed }
}

#[test]
fn an_address_without_content_must_be_reported_and_nothing_overwritten() {
    let installation = Installation::empty();
    let run = |arguments: &[&str]| {
        let Output { status, stdout, stderr } = installation.output(arguments);
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        (status.code(), text)
    };
    let (code, text) = run(&["init", "http://127.0.0.1:9/"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("wegwijzer.toml") && text.contains("exists"), "{text}");
    let (code, text) = run(&["init", "http://127.0.0.1:9/", "--config", "new.toml"]);
    assert_eq!(code, Some(1), "{text}");
    // Private addresses are an option.
    assert!(
        text.contains("allow_private_addresses") && text.contains("nothing that can be read"),
        "{text}"
    );
    let (code, text) =
        run(&["init", "http://127.0.0.1:9/", "--config", "new.toml", "--allow-private-addresses"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("cannot connect"), "{text}");
    assert!(!installation.path().join("new.toml").exists());
    for invalid in ["ftp://www.example.nl/", "https://user:secret@www.example.nl/", "https://"] {
        let (code, text) = run(&["init", invalid, "--config", "new.toml"]);
        assert_eq!(code, Some(2), "{invalid}: {text}");
        assert!(
            text.contains("must be like") && !text.contains("secret@www.example.nl/\n"),
            "{text}"
        );
    }
    assert_eq!(run(&["init", "--config", "new.toml"]).0, Some(2));
}

#[test]
fn a_list_in_json_must_become_a_source_with_its_fields() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = BufReader::new(client.try_clone().expect("a connection")).lines();
            let line = head.next().and_then(Result::ok).unwrap_or_default();
            let page = if line.contains("page=2") { 2 } else { 1 };
            let items: Vec<_> = (1..=3)
                .map(|number| format!(
                    "{{\"uuid\":\"{page}-{number}\",\"naam\":\"Kaart {page}-{number}\",\
                     \"permalink\":\"https://kaarten.example/{page}/{number}/\",\"text\":\"<p>Zo werkt het.</p>\"}}"
                ))
                .collect();
            let next = if page == 1 { "\"/kaarten?page=2\"" } else { "null" };
            let body =
                format!("{{\"next\":{next},\"data\":{{\"kaarten\":[{}]}}}}", items.join(","));
            let length = body.len();
            let _ = write!(
                client,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    let found = published(&[&format!("http://127.0.0.1:{port}/kaarten")]);
    for line in
        ["kind = \"api\"", "items = \"data.kaarten\"", "title = \"naam\"", "next = \"next\""]
    {
        assert!(found.config.contains(line), "{line}: {}", found.config);
    }
    let view = found.installation.view();
    assert!(view.iter().any(|record| record.contains("Kaart 2-3")), "{view:?}");
    assert_eq!(view.len(), 6, "{view:?}");
}
