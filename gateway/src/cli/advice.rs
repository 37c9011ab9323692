//! Last words on stderr: what went wrong and what to do. Plain, whatever the log's form, because a person reads them.

use std::io::Write;

/// Says it. Where stderr is gone nobody is listening, and the exit code still speaks.
pub(crate) fn say(what: &str) {
    drop(writeln!(std::io::stderr().lock(), "holdfast: {what}"));
}
