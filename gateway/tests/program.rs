//! Tests of commands that need no data.

use std::process::{Command, Output};

fn wegwijzer(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_wegwijzer");
    Command::new(program).args(arguments).output().expect("the program runs")
}

#[test]
fn the_contract_must_be_printed_as_it_is_committed() {
    let output = wegwijzer(&["schema"]);
    let committed = include_str!("../../schema/schema.graphql");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), committed);
}

#[test]
fn invalid_usage_must_exit_with_two_and_help_with_zero() {
    assert_eq!(wegwijzer(&["no-such-command"]).status.code(), Some(2));
    let help = wegwijzer(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for command in
        ["serve", "index", "verify", "status", "rollback", "resume", "gc", "schema", "check"]
    {
        assert!(help.contains(command), "{command} is missing in {help}");
    }
}
