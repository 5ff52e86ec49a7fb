//! Invalid input: rejections, their messages, and the content that is preserved.

use indexer::admin;
use std::{fs, process::Command};

use indexer::{
    ingest,
    ingest::{BuildError, BuildOptions, OnThreshold, Outcome, PublishMode},
};

use crate::support::{Installation, clock, program, runtime};

#[test]
fn broken_records_must_be_named_and_the_rest_be_indexed() {
    let installation = Installation::of("fixtures/broken.toml");
    let error = installation.try_build().expect_err("too many rejections");
    let BuildError::Rejections { ref report, ref rejections, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(report.rejected as usize, rejections.len());
    assert!(error.to_string().contains("--allow-rejections"), "{error}");
    assert!(installation.generations().is_empty(), "nothing must be published");

    let request = BuildOptions { on_rejections: OnThreshold::Ignore, ..BuildOptions::default() };
    let report = installation.run(&request).expect("allowed");
    let mut lines: Vec<_> = report
        .rejections
        .iter()
        .map(|r| format!("{} {} {}", r.source, r.location, r.reason))
        .collect();
    lines.sort();
    insta::assert_json_snapshot!("broken_records", lines);
    let names = installation.view().into_iter().collect::<Vec<_>>().join("\n");
    for good in ["Wat staat er op je scherm", "De kunst van het terugbellen", "Stichting Leesvuur"]
    {
        assert!(names.contains(good), "{good} is valid and must be indexed");
    }
}

#[test]
fn a_record_that_becomes_invalid_must_be_preserved_until_it_is_fixed() {
    let installation = Installation::small();
    for n in 0..30 {
        installation.write_item(&format!("vol{n}"), &format!("Vulling {n}"));
    }
    installation.build();
    let before = installation.view();
    installation.write("items/brief.md", "---\ntitle: [niet gesloten\n---\n\nTekst.\n");
    let report = installation.try_build().expect("one rejection does not fail the build");
    assert_eq!(report.rejections.len(), 1);
    assert!(report.rejections[0].location.contains("brief.md"), "{:?}", report.rejections);
    assert!(matches!(report.outcome, Outcome::Unchanged(_)));
    assert_eq!(installation.view(), before);
}

#[test]
fn removing_more_than_allowed_must_publish_nothing_and_name_the_flag() {
    let installation = Installation::empty();
    for n in 0..20 {
        installation.write_item(&format!("item{n}"), &format!("Artikel {n}"));
    }
    let first = installation.build();
    for n in 0..10 {
        installation.remove_item(&format!("item{n}"));
    }
    for mode in [ingest::Mode::Incremental, ingest::Mode::Full] {
        let result = installation.run(&BuildOptions { mode, ..BuildOptions::default() });
        let error = result.expect_err("half of a source is gone");
        let message = error.to_string();
        assert!(message.contains("10 of 20"), "{message}");
        assert!(message.contains("--allow-removals"), "{message}");
    }
    assert_eq!(installation.generations(), [first]);
    let output = installation.output(&["index"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("--allow-removals"), "{stderr}");
    assert!(installation.output(&["index", "--allow-removals"]).status.success());
    assert_eq!(installation.view().iter().filter(|line| line.starts_with("Article")).count(), 10);
}

#[test]
fn events_that_lose_their_start_must_count_towards_the_rejection_threshold() {
    let installation = Installation::empty();
    let events = |start: &str| {
        let line = |n: u32| {
            format!(
                r#"{{"key":"{n}","kind":"event","title":"Bijeenkomst {n}","{start}":"2026-05-0{n}"}}"#
            )
        };
        (1..=9).map(line).collect::<Vec<_>>()
    };
    installation.write_lines(&events("start"));
    let first = installation.build();
    installation.write_lines(&events("begint"));
    let error = installation.try_build().expect_err("no event has a start any more");
    assert!(matches!(error, BuildError::Rejections { .. }), "{error}");
    assert_eq!(installation.generations(), [first]);
}

#[test]
fn a_record_that_cannot_be_parsed_must_be_preserved() {
    let installation = Installation::small();
    installation.build();
    let before = installation.view();
    installation.write("lines.jsonl", "{\"key\":\"cx\",\"kind\":\"comm");
    let report = installation.try_build().expect("one rejection does not fail the build");
    assert_eq!((report.rejections.len(), report.removed), (1, 0));
    assert_eq!(installation.view(), before);
}

#[test]
fn a_second_source_for_a_record_must_be_a_change() {
    let installation = Installation::empty();
    let line = r#"{"key":"a","kind":"article","title":"Een brief","url":"https://x.example/a"}"#;
    installation.write_lines(&[line]);
    let first = installation.build();
    installation.write_lines_to("more.jsonl", &[line]);
    let report = installation.try_build().expect("builds");
    assert_eq!((report.outcome, report.upserted), (Outcome::Published(first.next()), 1));
    let view = installation.view().into_iter().collect::<String>();
    assert!(view.contains("from lines") && view.contains("from more"), "{view}");
}

#[test]
fn a_merged_id_must_still_resolve_after_the_other_was_removed() {
    let installation = Installation::empty();
    let line = |key: &str, url: &str| {
        format!(
            r#"{{"key":"{key}","kind":"article","title":"Een brief","url":"https://x.example/{url}"}}"#
        )
    };
    let id_at = |url: &str| {
        let url = format!("https://x.example/{url}").parse().expect("an address");
        let snapshot = installation.snapshot();
        runtime().block_on(snapshot.by_urls(&[url])).expect("a look-up")[0]
    };
    installation.write_lines(&[line("a", "a")]);
    installation.write_lines_to("more.jsonl", &[line("b", "b")]);
    installation.build();
    let (a, b) = (id_at("a").expect("there"), id_at("b").expect("there"));
    installation.write_lines_to("more.jsonl", &[line("b", "a")]);
    installation.build();
    let survivor = id_at("a").expect("the merged record");
    let merged = if survivor == a { b } else { a };
    installation.write_lines(&[] as &[&str]);
    installation.write_lines_to("more.jsonl", &[] as &[&str]);
    installation.build();
    installation.write_lines(&[line("a", "a")]);
    installation.write_lines_to("more.jsonl", &[line("b", "a")]);
    installation.build();
    assert_eq!(id_at("a"), Some(survivor), "the oldest id stays");
    let found = runtime().block_on(installation.snapshot().get_many(&[merged])).expect("records");
    assert_eq!(found[0].as_ref().map(|record| record.id()), Some(survivor));
}

#[test]
fn a_record_that_changes_kind_must_not_replace_another() {
    let installation = Installation::empty();
    let article =
        r#"{"key":"1","kind":"article","title":"Stuk","body":"x","authors":["Noor Smit"]}"#;
    installation.write_lines(&[article]);
    for (kind, title) in
        [("person", "Noor Smit"), ("organisation", "Iets"), ("person", "Piet Jansen")]
    {
        let line = format!(r#"{{"key":"2","kind":"{kind}","title":"{title}"}}"#);
        installation.write_lines_to("more.jsonl", &[line]);
        installation.build();
    }
    let full = installation.copy();
    full.build_full();
    assert_eq!(installation.view(), full.view());
    let view = installation.view().into_iter().collect::<String>();
    assert!(view.contains("Noor Smit") && view.contains("Piet Jansen"), "{view}");
}

#[test]
fn foreign_files_in_the_data_folder_must_be_preserved() {
    let installation = Installation::small();
    installation.build();
    let foreign = installation.data().join("20260302");
    fs::create_dir(&foreign).expect("a folder");
    fs::write(foreign.join("backup.txt"), "mine").expect("a file");
    fs::write(installation.data().join("0000099"), "mine").expect("a file");
    for edit in 0..5 {
        installation.write_item("nieuw", &format!("Bewerking {edit}"));
        installation.build();
    }
    assert_eq!(fs::read_to_string(foreign.join("backup.txt")).expect("still there"), "mine");
    assert!(installation.data().join("0000099").is_file());
    assert_eq!(installation.generations().len(), 3);
}

#[test]
fn an_out_of_range_current_file_must_be_reported_and_repaired() {
    let installation = Installation::small();
    installation.build();
    let before = installation.view();
    fs::write(installation.data().join("CURRENT"), "18446744073709551615").expect("writable");
    installation.build();
    assert_eq!(installation.view(), before);
}

#[test]
fn contact_data_must_not_pass_through_in_any_disguise() {
    let installation = Installation::empty();
    let body = "<p>Mail noor@<b>zeeveen.nl</b> of noor<span>@</span>zeeveen.nl, bel \
        06\u{2011}12345678 of 06-<b>87654321</b>, <a href='https://x.example/?m=noor%40zeeveen.nl'>\
        link</a>. Gewone tekst blijft staan.</p>";
    let article = serde_json::json!({ "key": "noor@zeeveen.nl", "kind": "article",
        "title": "Stuk", "body": body, "authors": ["kees@zeeveen.nl", "karel@zeeveen.nl"] });
    installation.write_lines(&[article.to_string()]);
    installation.build();
    let view = installation.view().into_iter().collect::<String>();
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(crate::support::everything())).expect("a search");
    let id = page.hits[0].record.id();
    let body = runtime().block_on(snapshot.bodies(&[id])).expect("bodies").remove(0);
    let html = body.expect("a body").html.clone();
    let from = runtime().block_on(snapshot.provenance(&[id])).expect("provenance").remove(0);
    let everything = format!("{view} {html} {}", from[0].record.remote_key);
    for secret in ["zeeveen.nl", "12345678", "87654321", "Person"] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
    assert!(html.contains("Gewone tekst blijft staan."), "{html}");
}

#[test]
fn deeply_nested_markup_must_not_exhaust_memory() {
    let installation = Installation::empty();
    let bomb = (0..4_800).map(|n| format!("<b id={n}>")).collect::<Vec<_>>().concat();
    let text = format!("---\ntitle: Bom\n---\n{bomb}{}", "<p>x".repeat(4_800));
    installation.write("items/bom.md", &text);
    installation.write("items/diep.md", &"<div>".repeat(100_000));
    installation.build();
    assert!(installation.view().into_iter().collect::<String>().contains("Bom"));
}

#[test]
fn a_dry_run_must_report_what_would_change_and_change_nothing() {
    let installation = Installation::small();
    let first = installation.build();
    installation.write_item("nieuw", "Een nieuw artikel");
    let request = BuildOptions { publish_mode: PublishMode::DryRun, ..BuildOptions::default() };
    let report = installation.run(&request).expect("a dry run");
    assert_eq!((report.outcome, report.upserted), (Outcome::DryRun, 1));
    assert_eq!(installation.generations(), [first]);
    assert!(!installation.data().join(".staging").exists());
}

#[test]
fn a_second_builder_must_be_rejected_while_the_first_one_builds() {
    let installation = Installation::small();
    installation.build();
    let lock = fs::File::options()
        .read(true)
        .write(true)
        .open(installation.data().join("builder.lock"))
        .expect("the lock file");
    lock.lock().expect("locked");
    installation.write_item("nieuw", "Een nieuw artikel");
    let output = installation.output(&["index"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("another process is building"), "{stderr}");
    drop(lock);
    assert!(installation.output(&["index"]).status.success());
}

/// For a single process, a limit on file size has the effect of a full disk.
#[test]
fn a_full_disk_must_preserve_the_old_generation_and_be_reported() {
    let installation = Installation::small();
    installation.build();
    let before = installation.view();
    for n in 0..40 {
        installation.write_item(&format!("vol{n}"), &"lange titel ".repeat(20));
    }
    let mut failures = 0;
    // From a full disk to one with enough space.
    for blocks in [0, 1, 8, 64, 256, 512, 1_024, 2_048, 4_096, 16_384] {
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{}' index --config '{}' --data '{}'",
            program().display(),
            installation.config().display(),
            installation.data().display()
        );
        // Output is written to pipes, to which the limit does not apply.
        let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            break;
        }
        failures += 1;
        assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {stderr}");
        assert!(stderr.contains("wegwijzer: "), "{blocks} blocks: {stderr}");
        assert!(!stderr.contains("panicked"), "{blocks} blocks: {stderr}");
        assert_eq!(installation.view(), before, "{blocks} blocks");
        assert!(admin::verify(&installation.data()).expect("readable").is_intact());
    }
    assert!(failures >= 3, "only {failures} limits were too small");
    installation.build();
    assert_ne!(installation.view(), before);
}

#[test]
fn a_rollback_to_a_generation_that_is_not_retained_must_list_the_retained_ones() {
    let installation = Installation::small();
    installation.build();
    let no_earlier =
        admin::rollback(&installation.data(), None, clock()).expect_err("there is one only");
    assert!(no_earlier.to_string().contains("no earlier generation"), "{no_earlier}");
    let unknown = admin::rollback(&installation.data(), Some("000099".parse().unwrap()), clock());
    let message = unknown.expect_err("not retained").to_string();
    assert!(message.contains("000099") && message.contains("000001"), "{message}");
}
