//! What can be seen of the writer's work from outside.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What one sync made durable, and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncedGroup {
    /// Events in it.
    pub events: u64,
    /// Frames they were put into.
    pub frames: u64,
    /// Bytes of these frames.
    pub bytes: u64,
    /// How long the store took to make them durable.
    pub sync_duration: Duration,
}

/// Hears of every sync, on the writer's thread and after its acks. Should be quick: the next group waits.
pub trait GroupObserver: Send + 'static {
    /// A group became durable.
    fn on_group(&mut self, group: &SyncedGroup);
}

impl<F: FnMut(&SyncedGroup) + Send + 'static> GroupObserver for F {
    fn on_group(&mut self, group: &SyncedGroup) {
        self(group);
    }
}

/// Sums over a writer's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupStats {
    /// Times the writer took what had gathered. Less than `syncs` where a group was too large for one.
    pub groups: u64,
    /// Syncs that succeeded.
    pub syncs: u64,
    /// Events made durable.
    pub events: u64,
    /// Bytes of the frames that hold them.
    pub bytes: u64,
}

/// The sums as they grow. Each is exact, but they are read one after another: a reader may see a sync whose events it
/// does not see yet. Nothing is decided by them, so Relaxed will do.
#[derive(Debug, Default)]
pub(super) struct Counters {
    groups: AtomicU64,
    syncs: AtomicU64,
    events: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    pub(super) fn count_group(&self) {
        self.groups.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_sync(&self, group: &SyncedGroup) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(group.events, Ordering::Relaxed);
        self.bytes.fetch_add(group.bytes, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> GroupStats {
        let [groups, syncs, events, bytes] =
            [&self.groups, &self.syncs, &self.events, &self.bytes].map(|sum| sum.load(Ordering::Relaxed));
        GroupStats { groups, syncs, events, bytes }
    }
}
