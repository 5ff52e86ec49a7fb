//! The command line.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::Stdio,
};

use crate::support::{Installation, program, repository};

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_installation_must_be_built_inspected_rolled_back_and_resumed() {
    let installation = Installation::small();
    let output = installation.output(&["index"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let table = format!("{}{}", stdout(&output), stderr(&output));
    for word in ["source", "new", "changed", "unchanged", "removed", "rejected", "items", "lines"] {
        assert!(table.contains(word), "the table lacks `{word}`: {table}");
    }
    installation.write_item("nieuw", "Een nieuw artikel");
    assert!(installation.output(&["index"]).status.success());
    assert!(stdout(&installation.output(&["status"])).contains("generation 000002"));
    assert!(stdout(&installation.output(&["verify"])).contains("intact"));

    assert!(installation.output(&["rollback"]).status.success());
    let held = installation.output(&["index"]);
    assert_eq!(held.status.code(), Some(1));
    assert!(stderr(&held).contains("wegwijzer resume"), "{}", stderr(&held));
    assert!(stdout(&installation.output(&["status"])).contains("on hold"));
    assert!(installation.output(&["resume"]).status.success());
    assert!(installation.output(&["index"]).status.success());
    let collected = installation.output(&["gc"]);
    assert!(collected.status.success(), "{}", stderr(&collected));
    let json = installation.output(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&stdout(&json)).expect("json");
    assert!(status["current"].is_number(), "{status}");
}

#[test]
fn an_unknown_key_must_be_named_with_the_nearest_known_one() {
    let installation = Installation::small();
    let text = fs::read_to_string(installation.config()).expect("a file");
    fs::write(installation.config(), text.replace("public_url", "pubic_url")).expect("writable");
    let output = installation.output(&["check"]);
    assert_ne!(output.status.code(), Some(0));
    let stderr = stderr(&output);
    assert!(stderr.contains("`pubic_url`") && stderr.contains("`public_url`"), "{stderr}");
    assert!(stderr.contains("wegwijzer.toml"), "{stderr}");
}

#[test]
fn a_valid_configuration_must_be_reported_as_valid() {
    let installation = Installation::small();
    let output = installation.output(&["check"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("items"), "{}", stdout(&output));
}

#[test]
fn a_port_in_use_must_be_reported_in_one_message() {
    let installation = Installation::small();
    installation.build();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let output = installation.output(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = stderr(&output);
    assert!(stderr.contains("--listen") && stderr.contains(&address), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_missing_configuration_must_be_reported_with_the_remedy() {
    let installation = Installation::small();
    fs::remove_file(installation.config()).expect("removable");
    let output = installation.output(&["index"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("wegwijzer.toml"), "{}", stderr(&output));
}

#[test]
fn the_demo_must_build_and_print_the_address_to_open() {
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
    let open = open.expect("the address to open is printed");
    assert!(open.contains("Open http://127.0.0.1:"), "{open}");
}

#[test]
fn check_must_report_every_problem_of_the_sources_at_once() {
    let installation = Installation::small();
    let text = fs::read_to_string(installation.config()).expect("a file");
    let text = text
        .replace("form = \"BLOG\"", "form = \"BROCHURE\"")
        .replace("https://items.example/{slug}", "https://items.example/{naam}")
        .replace("path = \"more.jsonl\"", "path = \"absent.jsonl\"");
    fs::write(installation.config(), text).expect("writable");
    installation.write_lines(&[r#"{"key":"a","title":"Zonder soort"}"#]);
    let output = installation.output(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = stderr(&output);
    for problem in ["`BROCHURE`", "`naam`", "absent.jsonl", "1 of 1 records have no `kind`"] {
        assert!(stderr.contains(problem), "{problem}: {stderr}");
    }
}

#[test]
fn what_was_left_unread_must_be_reported() {
    let installation = Installation::small();
    installation.write_lines(&[r#"{"key":"a","kind":"article","title":"T","afdeling":"B"}"#]);
    installation.write("items/los.docx", "x");
    let output = stdout(&installation.output(&["index"]));
    for note in ["lines, field is not mapped: `afdeling`", "files with extension `docx`: 1"] {
        assert!(output.contains(note), "{note}: {output}");
    }
    let warnings = stdout(&installation.output(&["check"]));
    assert!(warnings.contains("afdeling") && warnings.contains("configuration is valid"));
}

#[test]
fn what_no_record_has_must_be_reported_once_all_records_are_read() {
    let installation = Installation::small();
    let text = fs::read_to_string(installation.config()).expect("a file");
    let mapping = "fields = { lead = \"inleiding\" }\nvalues = { form = { weblog = \"BLOG\" } }\n";
    fs::write(installation.config(), format!("{text}{mapping}")).expect("writable");
    installation.write_lines_to("more.jsonl", &[r#"{"key":"a","kind":"article","title":"T"}"#]);
    let notes = [
        "more, `lead`: no record has the field `inleiding`",
        "more, `form`: no record has the value `weblog`",
    ];
    let output = stdout(&installation.output(&["index"]));
    for note in notes {
        assert!(output.contains(&format!("unused: {note}")), "{note}: {output}");
    }
    let output = stdout(&installation.output(&["index"]));
    assert!(!output.contains("unused"), "unchanged records are not read: {output}");
}

#[test]
fn the_rejections_of_the_last_run_must_be_listed_also_where_it_published_nothing() {
    let installation = Installation::small();
    assert_eq!(installation.output(&["status", "--rejections"]).status.code(), Some(1));
    assert!(installation.output(&["index"]).status.success());
    let list = || stdout(&installation.output(&["status", "--rejections"]));
    assert!(list().contains("source `lines`: 0 rejected"), "{}", list());
    installation.write("lines.jsonl", &"x\n".repeat(10));
    assert_eq!(installation.output(&["index"]).status.code(), Some(1));
    assert!(list().contains("source `lines`: 10 rejected"), "{}", list());
    assert!(list().contains("rejected: lines, lines.jsonl:10: invalid JSON"), "{}", list());
}

#[test]
fn a_dry_run_must_fail_where_publishing_would() {
    let installation = Installation::small();
    assert!(installation.output(&["index"]).status.success());
    assert!(installation.output(&["index", "--dry-run"]).status.success());
    installation.write_item("nieuw", "Een nieuw artikel");
    assert!(installation.output(&["index"]).status.success());
    assert!(installation.output(&["rollback"]).status.success());
    let held = installation.output(&["index", "--dry-run"]);
    assert_eq!(held.status.code(), Some(1));
    assert!(stdout(&held).contains("dry run:") && stderr(&held).contains("on hold"));
    assert!(installation.output(&["resume"]).status.success());
    installation.write("lines.jsonl", &"x\n".repeat(10));
    assert_eq!(installation.output(&["index", "--dry-run"]).status.code(), Some(1));
}

#[test]
fn a_package_must_have_manual_pages_of_all_commands_and_completions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path().join("files");
    let mut command = std::process::Command::new(program());
    assert!(command.arg("package-files").arg(&folder).status().expect("it runs").success());
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect(file);
    let help = std::process::Command::new(program()).arg("--help").output().expect("it runs");
    let help = stdout(&help);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.map_while(|line| line.split_whitespace().next());
    let mut count = 0;
    for name in commands.filter(|name| *name != "help") {
        assert!(read(&format!("wegwijzer-{name}.1")).starts_with(".ie"), "{name}");
        for file in ["wegwijzer.bash", "wegwijzer.fish", "_wegwijzer"] {
            assert!(read(file).contains(name), "{file} lacks {name}");
        }
        count += 1;
    }
    assert!(count > 10 && read("wegwijzer-serve.1").contains("\\-\\-listen"));
    assert!(!help.contains("package-files"), "{help}");
}
