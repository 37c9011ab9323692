//! A bar on the terminal, if there is one.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far the replay is. It is drawn on stderr and only if that is a terminal: in a log it would be noise.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar over so many operations.
    pub fn bar(operations: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(operations), ProgressDrawTarget::stderr());
        let template = "{wide_bar} {pos}/{len} operations, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// No bar.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(super) fn advance(&self) {
        self.0.inc(1);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
