//! The writer's thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crossbeam::sync::Parker;
use holdfast_engine::Sequence;

use super::observer::{GroupObserver, SyncedGroup};
use super::queue::{Batch, Phase, Swapped};
use super::{Ack, Shared};
use crate::frame::{FrameEncoder, FrameGroup};
use crate::panic::panic_message;
use crate::store::{AppendError, Epoch, JournalStore, Tail};

/// Told once, on the writer's thread, why the journal stopped. All acks have failed by then. A process that serves
/// should end here, with a code of its own.
pub type OnFailure = Box<dyn FnOnce(&AppendError) + Send>;

/// What the thread owns.
pub(super) struct WriterThread<A, S> {
    shared: Arc<Shared<A>>,
    parker: Parker,
    store: S,
    epoch: Epoch,
    encoder: FrameEncoder,
    observer: Box<dyn GroupObserver>,
    on_failure: OnFailure,
    /// What is being written. Here and not on the stack, so that a panic leaves those who wait within reach.
    batch: Batch<A>,
    /// The frames of one sync; kept for its memory.
    group: FrameGroup,
}

impl<A: Ack, S: JournalStore> WriterThread<A, S> {
    pub(super) fn new(
        shared: Arc<Shared<A>>,
        parker: Parker,
        store: S,
        epoch: Epoch,
        tail: &Tail,
        observer: Box<dyn GroupObserver>,
        on_failure: OnFailure,
    ) -> Self {
        let encoder = FrameEncoder::new(store.partition(), epoch, tail);
        let (batch, group) = (Batch::default(), FrameGroup::new());
        Self { shared, parker, store, epoch, encoder, observer, on_failure, batch, group }
    }

    /// Writes until closed, and gives the store back; or until the first failure.
    pub(super) fn run(mut self) -> Option<S> {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            while self.gather() {
                self.write_batch()?;
            }
            Ok(())
        }));
        match outcome {
            Ok(Ok(())) => Some(self.store),
            Ok(Err(error)) => self.fail(&error),
            Err(panic) => self.fail(&AppendError::Panicked { message: panic_message(panic.as_ref()) }),
        }
    }

    /// Takes what was appended since, or sleeps until there is something. Answers `false` at the end.
    fn gather(&mut self) -> bool {
        self.batch.clear();
        loop {
            let swapped = self.shared.queue.lock().swap(&mut self.batch);
            match swapped {
                Swapped::Work => return true,
                Swapped::Sleep => self.parker.park(),
                Swapped::End => return false,
            }
        }
    }

    /// Makes a batch durable, in as many syncs as its size asks for, and acknowledges after each.
    fn write_batch(&mut self) -> Result<(), AppendError> {
        self.shared.counters.count_group();
        // Those before any event of this batch wait for nothing but their turn.
        self.acknowledge(Sequence(self.encoder.next().0 - 1));
        let mut written = 0;
        while let Some(rest) = self.batch.events.get(written..).filter(|rest| !rest.is_empty()) {
            self.group.clear();
            written += self.encoder.encode(rest, &mut self.group)?;
            let started = Instant::now();
            self.store.append(self.epoch, &self.group)?;
            let synced = SyncedGroup {
                events: self.group.events(),
                frames: self.group.frames().len() as u64,
                bytes: self.group.bytes() as u64,
                sync_duration: started.elapsed(),
            };

            let durable = Sequence(self.encoder.next().0 - 1);
            // Pairs with the load in `GroupCommit::durable`.
            self.shared.durable.store(durable.0, Ordering::Release);
            self.shared.counters.count_sync(&synced);
            self.acknowledge(durable);
            self.observer.on_group(&synced);
        }
        Ok(())
    }

    /// Tells those who wait for nothing beyond `durable`, in order.
    fn acknowledge(&mut self, durable: Sequence) {
        // Each is taken out before it is called: should it panic, the rest still stand here to be failed.
        while let Some(waiting) = self.batch.waiting.pop_front_if(|waiting| waiting.through <= durable) {
            waiting.ack.durable(waiting.first);
        }
    }

    /// The end. Appends are refused before anybody hears of it, so that nobody can wait for ever.
    fn fail<T>(mut self, error: &AppendError) -> Option<T> {
        let queued = {
            let mut queue = self.shared.queue.lock();
            queue.begin_end(Phase::Failed);
            queue.take_all()
        };
        for waiting in self.batch.waiting.drain(..).chain(queued.waiting) {
            // One that panics must not keep the others from hearing.
            let _ = catch_unwind(AssertUnwindSafe(|| waiting.ack.failed()));
        }
        (self.on_failure)(error);
        None
    }
}
