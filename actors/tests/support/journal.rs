//! The journal on a disk in memory, read and written one event at a time.

use holdfast_engine::world::World;
use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{Ack, GroupCommit, JournalStore, MemoryDisk, Partition, SyncedGroup};

/// Everything that is durable, in order; the event at position `n` is the `n - 1`th.
pub fn events(disk: &MemoryDisk) -> Vec<Event> {
    let mut events = Vec::new();
    let mut store = disk.fork().open(Partition(0));
    let visited = store.replay(Sequence(1), &mut |_, event| {
        events.push(event);
        Ok(())
    });
    visited.expect("a journal that is being written can be read");
    events
}

struct Nobody;

impl Ack for Nobody {
    fn durable(self, _: Sequence) {}
    fn failed(self) {}
}

/// A disk on which just these events are durable: what a crash after the last of them leaves.
pub fn disk_of(events: &[Event]) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let mut store = disk.open(Partition(0));
    let tail = store.replay(Sequence(1), &mut |_, _| Ok(())).expect("an empty journal");
    let observer = Box::new(|_: &SyncedGroup| {});
    let on_failure = Box::new(|error: &_| panic!("memory failed: {error}"));
    let (journal, writer) =
        GroupCommit::start(store, tail.epoch.next(), &tail, observer, on_failure).expect("a thread");
    journal.append(events.iter().cloned(), Nobody);
    writer.close().expect("memory does not fail");
    disk
}

/// The state that these events tell.
pub fn world_of(events: &[Event]) -> World {
    let mut world = World::default();
    for (sequence, event) in (1..).zip(events) {
        world.apply(Sequence(sequence), event);
    }
    world.check();
    world
}

/// The state that is durable.
pub fn world(disk: &MemoryDisk) -> World {
    world_of(&events(disk))
}
