//! A journal in memory, for tests of what stands above it: they can let syncs wait, fail and crash at will.
//!
//! A [`MemoryDisk`] is what survives; a [`MemoryStore`] is one process' use of it. Dropping the store and opening
//! the disk again is a crash and a restart: exactly what was synced is there.
//!
//! ```
//! use holdfast_engine::Sequence;
//! use holdfast_persistence::{JournalStore, MemoryDisk, Partition};
//!
//! let disk = MemoryDisk::new();
//! let mut store = disk.open(Partition(0));
//! let tail = store.replay(Sequence(1), &mut |_, _| Ok(()))?;
//! assert_eq!(tail.last, Sequence(0));
//! # Ok::<(), holdfast_persistence::ReplayError>(())
//! ```

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use holdfast_engine::Sequence;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::chain::{Chain, report_cut};
use crate::frame::FrameGroup;
use crate::point_read::{ReadError, StoredFrame};
use crate::store::{AppendError, Epoch, JournalReader, JournalStore, Partition, ReplayError, Tail, Visitor};

/// Frames by the position of their first event.
pub type MemoryFrames = BTreeMap<Sequence, Vec<u8>>;

/// What was synced. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Signals that a sync began to wait, or that one may go on.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    frames: MemoryFrames,
    /// The highest epoch that ever wrote.
    epoch: Epoch,
    syncs: u64,
    /// How many appends from now one fails; zero if none is to.
    failing: u64,
    held: bool,
    /// Syncs that may pass although they are held.
    permits: u64,
    /// Syncs that wait.
    waiting: u64,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to use it, as a process does that starts.
    pub fn open(&self, partition: Partition) -> MemoryStore {
        MemoryStore { disk: self.clone(), partition, end: None }
    }

    /// A disk of its own with what is synced at this moment: what another process would find after a crash now.
    #[must_use]
    pub fn fork(&self) -> Self {
        let state = self.shared.state.lock();
        let copy = State { frames: state.frames.clone(), epoch: state.epoch, ..State::default() };
        Self { shared: Arc::new(Shared { state: Mutex::new(copy), changed: Condvar::new() }) }
    }

    /// The frames that were synced.
    pub fn frames(&self) -> MemoryFrames {
        self.shared.state.lock().frames.clone()
    }

    /// Changes the frames behind everybody's back, as a failing disk does.
    pub fn damage(&self, change: impl FnOnce(&mut MemoryFrames)) {
        change(&mut self.shared.state.lock().frames);
    }

    /// How many appends became durable.
    pub fn syncs(&self) -> u64 {
        self.shared.state.lock().syncs
    }

    /// Lets the `nth` append from now fail, 1 being the next one. Nothing of it is kept.
    pub fn fail_append(&self, nth: u64) {
        self.shared.state.lock().failing = nth;
    }

    /// Lets every sync wait from now on, until the gate lets it pass or is dropped.
    pub fn hold_syncs(&self) -> SyncGate {
        self.shared.state.lock().held = true;
        SyncGate { disk: self.clone() }
    }

    /// Follows the frames that are synced at this moment.
    fn read(
        &self,
        partition: Partition,
        from: Sequence,
        visit: &mut Visitor<'_>,
    ) -> Result<Chain, ReplayError> {
        // A copy, so that the visitor may look at the disk.
        let frames = self.frames();
        let start = frames.range(..=from).next_back().map_or(Sequence(0), |(first, _)| *first);
        let mut chain = Chain::starting_at(start, partition, from);
        for (key, bytes) in frames.range(start..) {
            chain.frame(*key, bytes, visit)?;
        }
        Ok(chain)
    }
}

/// Holds the syncs of a [`MemoryDisk`]. Dropping it lets all of them go.
#[derive(Debug)]
#[must_use = "dropping the gate lets every sync pass"]
pub struct SyncGate {
    disk: MemoryDisk,
}

impl SyncGate {
    /// Returns when a sync waits at the gate.
    pub fn wait_until_held(&self) {
        let mut state = self.disk.shared.state.lock();
        while state.waiting == 0 || state.permits > 0 {
            self.disk.shared.changed.wait(&mut state);
        }
    }

    /// Lets one sync pass: the one that waits, or else the next.
    pub fn release_one(&self) {
        self.disk.shared.state.lock().permits += 1;
        self.disk.shared.changed.notify_all();
    }
}

impl Drop for SyncGate {
    fn drop(&mut self) {
        let mut state = self.disk.shared.state.lock();
        state.held = false;
        state.permits = 0;
        self.disk.shared.changed.notify_all();
    }
}

/// One process' use of a [`MemoryDisk`].
#[derive(Debug)]
pub struct MemoryStore {
    disk: MemoryDisk,
    partition: Partition,
    /// The last position, once a replay has found it and until an append fails.
    end: Option<Sequence>,
}

impl MemoryStore {
    /// Waits at the gate, if there is one.
    fn pass_gate<'a>(&self, mut state: MutexGuard<'a, State>, changed: &Condvar) -> MutexGuard<'a, State> {
        if state.held && state.permits == 0 {
            state.waiting += 1;
            changed.notify_all();
            while state.held && state.permits == 0 {
                changed.wait(&mut state);
            }
            state.waiting -= 1;
        }
        state.permits = state.permits.saturating_sub(1);
        changed.notify_all();
        state
    }
}

impl JournalStore for MemoryStore {
    fn partition(&self) -> Partition {
        self.partition
    }

    fn replay(&mut self, from: Sequence, visit: &mut Visitor<'_>) -> Result<Tail, ReplayError> {
        let (tail, torn) = self.disk.read(self.partition, from, visit)?.finish()?;
        report_cut(&torn);
        self.disk.damage(|frames| {
            for (key, _) in &torn {
                frames.remove(key);
            }
        });
        self.end = Some(tail.last);
        Ok(tail)
    }

    fn append(&mut self, epoch: Epoch, group: &FrameGroup) -> Result<(), AppendError> {
        let expected = self.end.take().ok_or(AppendError::NotReplayed)?.plus(1);
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            self.end = Some(Sequence(expected.0 - 1));
            return Ok(());
        };
        let shared = Arc::clone(&self.disk.shared);
        let mut state = self.pass_gate(shared.state.lock(), &shared.changed);
        if epoch < state.epoch {
            return Err(AppendError::Fenced { given: epoch, current: state.epoch });
        }
        if first != expected {
            return Err(AppendError::OutOfOrder { expected, given: first });
        }
        if state.failing > 0 {
            state.failing -= 1;
            if state.failing == 0 {
                return Err(AppendError::Io {
                    doing: "syncing memory",
                    source: io::Error::other("failed as told"),
                });
            }
        }
        state.epoch = epoch;
        state.syncs += 1;
        for (header, bytes) in group.frames() {
            state.frames.insert(header.first, bytes.to_vec());
        }
        self.end = Some(last);
        Ok(())
    }

    fn reader(&self) -> io::Result<Arc<dyn JournalReader>> {
        Ok(Arc::new(MemoryReader { disk: self.disk.clone(), partition: self.partition }))
    }
}

/// Reads what is synced, beside the store.
struct MemoryReader {
    disk: MemoryDisk,
    partition: Partition,
}

impl JournalReader for MemoryReader {
    fn read(&self, from: Sequence, visit: &mut Visitor<'_>) -> Result<(), ReplayError> {
        self.disk.read(self.partition, from, visit)?.finish().map(|_| ())
    }

    fn frame_at_or_before(&self, sequence: Sequence) -> Result<Option<StoredFrame>, ReadError> {
        let state = self.disk.shared.state.lock();
        let found = state.frames.range(..=sequence).next_back();
        let partition = self.partition;
        Ok(found.map(|(key, bytes)| StoredFrame { key: *key, partition, bytes: bytes.clone() }))
    }
}
