//! `wegwijzer init`: from the address of a real server to a knowledge base that has everything on it.
//! The servers' own modules call [`published`].

use std::{fs, process::Output};

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
