//! The command line: what can be said, and who does it. stdout is data, stderr is talk.

mod advice;
mod args;
mod check;
mod demo;
mod import;
mod inspect;
mod logging;
mod serve;
mod signals;

use std::io::Write;

use clap::Parser;
use clap::error::ErrorKind;
use holdfast_gateway::Exit;

use args::{Cli, Command, Inspect};

/// Does what the command line says.
pub(crate) fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
                _ => Exit::Usage,
            };
            // Help goes to stdout, mistakes to stderr; where neither can be written, the number still says it.
            drop(error.print());
            return exit;
        }
    };
    match cli.command {
        Command::Serve(args) => in_runtime(|| serve::run(args)),
        Command::Import(args) => in_runtime(|| import::run(args)),
        Command::Check(args) => in_runtime(|| check::run(args)),
        Command::Inspect { what: Inspect::Journal(args) } => offline(|| inspect::journal(&args)),
        Command::Verify(args) => offline(|| inspect::verify(&args)),
        Command::Openapi => print(&holdfast_gateway::openapi_json()),
    }
}

/// Work on files, without a server.
fn offline(work: impl FnOnce() -> Exit) -> Exit {
    logging::start();
    work()
}

fn in_runtime<F: Future<Output = Exit>>(work: impl FnOnce() -> F) -> Exit {
    logging::start();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(work());
            // What is still running belongs to connections that were cut off; it must not delay the end.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            advice::say(&format!("the runtime cannot start: {error}; is the limit on threads too low?"));
            Exit::Runtime
        }
    }
}

/// Writes data to stdout.
fn print(text: &str) -> Exit {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            advice::say(&format!("stdout cannot be written: {error}"));
            Exit::Runtime
        }
    }
}
