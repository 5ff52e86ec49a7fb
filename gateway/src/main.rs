//! The program `wegwijzer`.

use std::process::ExitCode;

/// The usual one makes threads wait for each other where one frees what another took, as happens to every
/// answer that travels between them.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    gateway::command::main()
}
