//! Waiting for several parts of one thing, wherever they are done.
//!
//! A [`Part`] that is dropped without being finished counts as lost: its owner died, and the whole cannot be said to
//! be done. So a countdown always ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

type Done = Box<dyn FnOnce(bool) + Send>;

struct Countdown {
    left: AtomicUsize,
    lost: AtomicBool,
    done: Mutex<Option<Done>>,
}

/// One part of something that is done when all its parts are.
pub(crate) struct Part {
    countdown: Arc<Countdown>,
    finished: bool,
}

/// So many parts; `done` hears, on the thread that ends the last one, whether all were finished.
pub(crate) fn parts(count: usize, done: impl FnOnce(bool) + Send + 'static) -> Vec<Part> {
    let countdown = Arc::new(Countdown {
        left: AtomicUsize::new(count),
        lost: AtomicBool::new(false),
        done: Mutex::new(Some(Box::new(done))),
    });
    (0..count).map(|_| Part { countdown: Arc::clone(&countdown), finished: false }).collect()
}

impl Part {
    /// This part is done.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.finished {
            self.countdown.lost.store(true, Ordering::Relaxed);
        }
        // AcqRel: the last part sees the `lost` of every other part, each stored before its own decrement.
        if self.countdown.left.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(done) = self.countdown.done.lock().take()
        {
            done(!self.countdown.lost.load(Ordering::Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_once_all_parts_end_and_tells_a_lost_one() {
        for lose in [false, true] {
            let (sender, receiver) = std::sync::mpsc::channel();
            let mut all = parts(3, move |complete| sender.send(complete).unwrap());
            all.pop().unwrap().finish();
            let second = all.pop().unwrap();
            if lose {
                drop(second)
            } else {
                second.finish()
            }
            assert!(receiver.try_recv().is_err(), "one part is left");
            all.pop().unwrap().finish();
            assert_eq!(receiver.try_recv(), Ok(!lose));
        }
    }
}
