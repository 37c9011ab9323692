//! The `holdfast` binary. Everything it can do is in [`cli`]; here it only meets the operating system.

mod cli;

use std::process::ExitCode;

/// Many small allocations from many threads are this service's life; this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run().into()
}
