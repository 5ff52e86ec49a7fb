//! The command line, as a person uses it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::Stdio,
};

use crate::support::{Installation, program, repository};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn answered(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_installation_must_be_built_looked_at_rolled_back_and_released() {
    let installation = Installation::small();
    let output = installation.output(&["index"]);
    assert!(output.status.success(), "{}", said(&output));
    let table = format!("{}{}", answered(&output), said(&output));
    for word in ["source", "new", "changed", "unchanged", "removed", "rejected", "items", "lines"] {
        assert!(table.contains(word), "the table lacks `{word}`: {table}");
    }
    installation.write_item("nieuw", "Een nieuw artikel");
    assert!(installation.output(&["index"]).status.success());
    assert!(answered(&installation.output(&["status"])).contains("generation 000002"));
    assert!(answered(&installation.output(&["verify"])).contains("sound"));

    assert!(installation.output(&["rollback"]).status.success());
    let held = installation.output(&["index"]);
    assert_eq!(held.status.code(), Some(1));
    assert!(said(&held).contains("wegwijzer release"), "{}", said(&held));
    assert!(answered(&installation.output(&["status"])).contains("held"));
    assert!(installation.output(&["release"]).status.success());
    assert!(installation.output(&["index"]).status.success());
    let collected = installation.output(&["gc"]);
    assert!(collected.status.success(), "{}", said(&collected));
    let json = installation.output(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&answered(&json)).expect("json");
    assert!(status["current"].is_number(), "{status}");
}

#[test]
fn an_unknown_key_must_be_named_with_the_nearest_known_one() {
    let installation = Installation::small();
    let text = fs::read_to_string(installation.config()).expect("a file");
    fs::write(installation.config(), text.replace("public_url", "pubic_url")).expect("writable");
    let output = installation.output(&["check"]);
    assert_ne!(output.status.code(), Some(0));
    let said = said(&output);
    assert!(said.contains("`pubic_url`") && said.contains("`public_url`"), "{said}");
    assert!(said.contains("wegwijzer.toml"), "{said}");
}

#[test]
fn a_sound_configuration_must_be_called_so() {
    let installation = Installation::small();
    let output = installation.output(&["check"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(answered(&output).contains("items"), "{}", answered(&output));
}

#[test]
fn a_port_in_use_must_be_told_in_one_sentence() {
    let installation = Installation::small();
    installation.build();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = installation.output(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("--listen") && said.contains(&address), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn no_configuration_must_be_told_with_the_remedy() {
    let installation = Installation::small();
    fs::remove_file(installation.config()).expect("removable");
    let output = installation.output(&["index"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(said(&output).contains("wegwijzer.toml"), "{}", said(&output));
}

#[test]
fn the_demo_must_build_and_say_what_to_open() {
    let installation = Installation::of("fixtures/demo.toml");
    let mut server = std::process::Command::new(program())
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(installation.data())
        .current_dir(repository())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = BufReader::new(server.stderr.take().expect("piped")).lines();
    let mut open = None;
    for line in lines {
        let line = line.expect("utf-8");
        if line.contains("listening") {
            break;
        }
        if line.contains("http://127.0.0.1:") {
            open.get_or_insert(line);
        }
    }
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    let open = open.expect("it says what to open");
    assert!(open.contains("Open http://127.0.0.1:"), "{open}");
}
