//! The program `wegwijzer`.

use std::process::ExitCode;

/// jemalloc: glibc's allocator contends when memory is freed on another thread than the one that
/// allocated it, as the memory of every response is.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    gateway::command::main()
}
