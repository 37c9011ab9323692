//! Group commit: many threads append, one writer makes what has gathered durable with one sync.
//!
//! ```text
//!  append ──┐   one lock, a few moves            ┌─ encode frames ─▶ store.append (sync) ─▶ durable() ─▶ acks
//!  append ──┼─▶ queue: events, acks ──swapped──▶ │                                             in order
//!  append ──┘   position given here              └─ "journal" thread, sleeps when there is nothing
//! ```
//!
//! There is no timer: what arrives during one sync is the next group, so a lone append waits for one sync and a
//! crowd shares one.
//!
//! Words: an event is **appended** when it has its position, **durable** when the store has synced it, and applied
//! when somebody acts on it, which is not decided here.
//!
//! Invariants:
//! - Positions are given in the order in which `append` takes the lock, without gaps.
//! - Acks are called in the order of their appends, on the writer's thread, and after `durable` shows their position.
//! - After the first failure nothing is durable any more: every ack not yet called gets [`Ack::failed`], as does every
//!   later one, and nothing is tried again. A sync that failed may have lost pages for good, and a second one would
//!   report success for them.

mod observer;
mod queue;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam::sync::{Parker, Unparker};
use crossbeam::utils::CachePadded;
use holdfast_engine::{Event, Sequence};
use parking_lot::Mutex;

pub use observer::{GroupObserver, GroupStats, SyncedGroup};
pub use writer::OnFailure;

use crate::store::{Epoch, JournalStore, Tail};
use crate::trail::Trail;
use observer::Counters;
use queue::{Phase, Queue};
use writer::WriterThread;

/// Who waits for an append.
///
/// Called on the writer's thread while others wait, so both methods should only pass the word on.
pub trait Ack: Send + 'static {
    /// The events are on disk, the first of them at `first`; and so is everything appended before them.
    fn durable(self, first: Sequence);

    /// The events may be on disk or not; only the next start will know. Nothing that rests on them may be shown.
    fn failed(self);
}

/// The writer's thread ended by a failure, which `on_failure` was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal's writer has failed before")]
pub struct WriterFailed;

/// Where to append. Clones append to the same journal.
pub struct GroupCommit<A> {
    shared: Arc<Shared<A>>,
}

/// What the appending side and the writer share.
struct Shared<A> {
    /// Held for a few moves at a time, and never while waiting.
    queue: Mutex<Queue<A>>,
    /// The last durable position. Stored (Release) by the writer after a sync and before its acks; loaded (Acquire)
    /// in [`GroupCommit::durable`], so whoever sees a position also sees everything the writer did before it.
    durable: CachePadded<AtomicU64>,
    counters: Counters,
    writer: Unparker,
}

impl<A> Clone for GroupCommit<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A> std::fmt::Debug for GroupCommit<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupCommit").field("durable", &self.shared.durable).finish_non_exhaustive()
    }
}

impl<A: Ack> GroupCommit<A> {
    /// Starts a writer on a store whose replay ended at `tail`, under `epoch`.
    ///
    /// # Errors
    /// The system could not start a thread.
    pub fn start<S: JournalStore>(
        store: S,
        epoch: Epoch,
        tail: &Tail,
        observer: Box<dyn GroupObserver>,
        on_failure: OnFailure,
    ) -> std::io::Result<(Self, Writer<A, S>)> {
        let parker = Parker::new();
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(tail.last.plus(1))),
            durable: CachePadded::new(AtomicU64::new(tail.last.0)),
            counters: Counters::default(),
            writer: parker.unparker().clone(),
        });
        let thread = WriterThread::new(Arc::clone(&shared), parker, store, epoch, tail, observer, on_failure);
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || thread.run())?;
        Ok((Self { shared: Arc::clone(&shared) }, Writer { shared, thread: Some(thread) }))
    }

    /// Appends events and answers the position of the first. `ack` hears when they are durable.
    ///
    /// Without events it is a barrier: the answer is the position of whatever comes next, and `ack` hears when all
    /// that was appended before is durable, which costs no sync of its own.
    ///
    /// `events` is run through under a lock: it should only hand over what is there already, and must not append. After
    /// a failure or a close, `ack` fails at once and the answer means nothing.
    ///
    /// An event about a product begins its trail here; what goes on with one is appended with
    /// [`append_to_trail`](Self::append_to_trail).
    pub fn append(&self, events: impl IntoIterator<Item = Event>, ack: A) -> Sequence {
        self.append_to_trail(Trail::default(), events, ack)
    }

    /// The same for events of one product, perhaps among others that are about none: the first of them goes on with the
    /// product's trail, and each names the one before it.
    pub fn append_to_trail(&self, trail: Trail, events: impl IntoIterator<Item = Event>, ack: A) -> Sequence {
        let (first, wake) = {
            let mut queue = self.shared.queue.lock();
            match queue.push(trail, events, ack) {
                Ok(pushed) => pushed,
                Err((next, ack)) => {
                    drop(queue);
                    ack.failed();
                    return next;
                }
            }
        };
        if wake {
            self.shared.writer.unpark();
        }
        first
    }

    /// The last durable position. What is up to here may be shown to anybody.
    pub fn durable(&self) -> Sequence {
        Sequence(self.shared.durable.load(Ordering::Acquire))
    }

    /// The last position given to an event.
    pub fn appended(&self) -> Sequence {
        self.shared.queue.lock().last()
    }

    /// Whether nothing can become durable any more, by a failure or a close.
    pub fn is_failed(&self) -> bool {
        !self.shared.queue.lock().is_open()
    }

    /// What the writer has done since it started.
    pub fn stats(&self) -> GroupStats {
        self.shared.counters.read()
    }
}

/// The other end: whoever has this decides when the writer ends. Dropping it is a close whose outcome nobody asks for.
#[derive(Debug)]
#[must_use = "dropping the writer closes it"]
pub struct Writer<A, S> {
    shared: Arc<Shared<A>>,
    /// Present until joined. Answers the store unless the writer failed.
    thread: Option<JoinHandle<Option<S>>>,
}

impl<A> std::fmt::Debug for Shared<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("durable", &self.durable).finish_non_exhaustive()
    }
}

impl<A, S> Writer<A, S> {
    /// Takes no more appends, makes durable and acknowledges what was appended before, and gives the store back.
    /// Handles may live on; what they append fails.
    ///
    /// Must not be called from an ack, an observer or `on_failure`: they run on the thread this waits for.
    ///
    /// # Errors
    /// [`WriterFailed`] if the writer failed, now or before. The store is gone then, as its end is not known.
    pub fn close(mut self) -> Result<S, WriterFailed> {
        self.end().ok_or(WriterFailed)
    }

    fn end(&mut self) -> Option<S> {
        let thread = self.thread.take()?;
        self.shared.queue.lock().begin_end(Phase::Closing);
        self.shared.writer.unpark();
        // The thread catches panics itself; one that escapes nonetheless is a failure like any other.
        thread.join().ok().flatten()
    }
}

impl<A, S> Drop for Writer<A, S> {
    fn drop(&mut self) {
        self.end();
    }
}
