//! The program `wegwijzer`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway::command::main()
}
