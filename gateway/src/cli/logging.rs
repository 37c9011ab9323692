//! Talk on stderr: lines for people at a terminal, JSON for machines otherwise. `RUST_LOG` says how much.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts it. Called once; a second call changes nothing.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        drop(builder.try_init());
    } else {
        drop(builder.json().flatten_event(true).try_init());
    }
}
