//! The program `wegwijzer`.

use std::process::ExitCode;

/// The usual one makes threads wait for each other where one frees what another took, as every answer
/// does that travels between them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gateway::command::main()
}
