//! Calendars by their address: fetched, stored, and read as their files are.

use std::process::Output;

use super::events;
use crate::support::Installation;

/// An installation whose only source is a calendar; times without a zone are those of London.
pub(super) fn installation(address: &str) -> Installation {
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n\
         [[source]]\nname = \"agenda\"\nkind = \"icalendar\"\naddress = \"{address}\"\n\
         allow_private_addresses = true\nlanguage = \"NL\"\ntime_zone = \"Europe/London\"\n\
         constants = {{ form = \"KNOWLEDGE_SESSION\" }}\n"
    );
    installation.write("wegwijzer.toml", &config);
    installation
}

/// Runs the program; what it printed.
pub(super) fn run(installation: &Installation, arguments: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } = installation.output(arguments);
    let text = [stdout, stderr].concat();
    (status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Synchronises and builds, which fails if the calendar was not fetched; what was printed.
pub(super) fn index(installation: &Installation) -> String {
    let (is_success, text) = run(installation, &["index"]);
    assert_eq!(is_success, !text.contains("not fetched"), "{text}");
    text
}

/// Fails unless the last run has these counts of present, changed, removed and missing events.
#[track_caller]
pub(super) fn assert_counts(run: &str, [present, changed, removed, missing]: [u64; 4]) {
    let counts = format!(
        "agenda: fetched: {present} present, {changed} changed, {removed} removed, {missing} missing"
    );
    assert!(run.contains(&counts), "{counts}: {run}");
}

/// Fails unless the run failed for this reason.
#[track_caller]
pub(super) fn assert_failed(run: &str, reason: &str) {
    let line = "agenda: not fetched; its last content remains: 0 present";
    assert!(run.contains(line) && run.contains(&format!("agenda: {reason}")), "{reason}: {run}");
}

/// The titles of all events in alphabetical order.
pub(super) fn titles(installation: &Installation) -> Vec<String> {
    events(installation).into_iter().map(|event| event.common.title).collect()
}
