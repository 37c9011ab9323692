//! What was appended and is not with the writer yet.

use std::collections::VecDeque;

use holdfast_engine::{Event, Sequence};

use crate::limits::QUEUE_EVENTS_KEPT;
use crate::trail::{Entry, Trail};

/// Whether appends are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// What is here will be written; nothing more is taken.
    Closing,
    /// Nothing will be written any more.
    Failed,
}

/// An append that waits.
#[derive(Debug)]
pub(super) struct Waiting<A> {
    pub(super) ack: A,
    /// Where its first event stands, or would stand.
    pub(super) first: Sequence,
    /// What must be durable before it hears of it.
    pub(super) through: Sequence,
}

/// Events and those who wait for them, in order. The events of all appends lie in one list and an append costs no
/// memory of its own.
#[derive(Debug)]
pub(super) struct Batch<A> {
    pub(super) events: Vec<Entry>,
    pub(super) waiting: VecDeque<Waiting<A>>,
}

impl<A> Default for Batch<A> {
    fn default() -> Self {
        Self { events: Vec::new(), waiting: VecDeque::new() }
    }
}

impl<A> Batch<A> {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.waiting.is_empty()
    }

    /// Makes room for the next batch: keeps the memory, unless a burst has left far too much of it.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.events.shrink_to(QUEUE_EVENTS_KEPT);
        self.waiting.clear();
        self.waiting.shrink_to(QUEUE_EVENTS_KEPT);
    }
}

/// The queue between those who append and the writer. Always behind the lock.
#[derive(Debug)]
pub(super) struct Queue<A> {
    batch: Batch<A>,
    next: Sequence,
    phase: Phase,
    /// Whether the writer sleeps, or is about to, and must be woken by whoever brings it work. Read and written under
    /// the lock only: the writer sets it in the step in which it finds the queue empty, so no append can slip between.
    writer_asleep: bool,
}

impl<A> Queue<A> {
    pub(super) fn new(next: Sequence) -> Self {
        Self { batch: Batch::default(), next, phase: Phase::Open, writer_asleep: false }
    }

    /// The last position given away.
    pub(super) fn last(&self) -> Sequence {
        Sequence(self.next.0 - 1)
    }

    /// Whether appends are taken.
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Takes an append. Answers its position and whether the writer must be woken; or gives the ack back if nothing
    /// is taken any more.
    pub(super) fn push(
        &mut self,
        mut trail: Trail,
        events: impl IntoIterator<Item = Event>,
        ack: A,
    ) -> Result<(Sequence, bool), (Sequence, A)> {
        if self.phase != Phase::Open {
            return Err((self.next, ack));
        }
        let first = self.next;
        let filling = Filling::new(&mut self.batch.events);
        let mut next = first;
        filling.events.extend(events.into_iter().map(|event| {
            let entry = Entry { trail, event };
            if matches!(entry.event, Event::Product(..)) {
                trail.previous = next;
            }
            next = next.plus(1);
            entry
        }));
        let added = filling.keep();
        self.next = first.plus(added as u64);
        self.batch.waiting.push_back(Waiting { ack, first, through: self.last() });
        Ok((first, std::mem::take(&mut self.writer_asleep)))
    }

    /// Exchanges what has gathered for an empty batch. Answers `false` if there is nothing, and what to do then.
    pub(super) fn swap(&mut self, batch: &mut Batch<A>) -> Swapped {
        if !self.batch.is_empty() {
            std::mem::swap(&mut self.batch, batch);
            Swapped::Work
        } else if self.phase == Phase::Open {
            self.writer_asleep = true;
            Swapped::Sleep
        } else {
            Swapped::End
        }
    }

    /// Takes no more appends from here on. A failure is not undone by a close.
    pub(super) fn begin_end(&mut self, phase: Phase) {
        if self.phase != Phase::Failed {
            self.phase = phase;
        }
    }

    /// Everything that waits, after a failure.
    pub(super) fn take_all(&mut self) -> Batch<A> {
        std::mem::take(&mut self.batch)
    }
}

/// What the writer found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swapped {
    /// A batch to write.
    Work,
    /// Nothing; it is noted that the writer sleeps.
    Sleep,
    /// Nothing, and nothing more will come.
    End,
}

/// Events being added. Should the caller's iterator panic half-way, those it gave are taken out again: they have no
/// positions and nobody waits for them.
struct Filling<'a> {
    events: &'a mut Vec<Entry>,
    kept: usize,
}

impl<'a> Filling<'a> {
    fn new(events: &'a mut Vec<Entry>) -> Self {
        let kept = events.len();
        Self { events, kept }
    }

    /// Keeps what was added, and answers how many that was.
    fn keep(mut self) -> usize {
        let added = self.events.len() - self.kept;
        self.kept = self.events.len();
        added
    }
}

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        self.events.truncate(self.kept);
    }
}
