//! The journal on a disk in memory, read and written one event at a time.

use std::collections::HashMap;
use std::ops::ControlFlow;

use holdfast_engine::world::World;
use holdfast_engine::{Event, Sequence, Sku};
use holdfast_persistence::{
    Ack, GroupCommit, JournalStore, MemoryDisk, Partition, SyncedGroup, Trail, TrailError, TrailHead,
    follow_trail,
};

use super::shop::START;

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

/// Asserts that the trail of each product leads back through all of its events and no others.
pub fn check_trails(disk: &MemoryDisk) {
    let disk = disk.fork();
    let mut about: HashMap<Sku, Vec<Sequence>> = HashMap::new();
    for (sequence, event) in (1..).zip(events(&disk)) {
        if let Event::Product(sku, _) = event {
            about.entry(sku).or_default().push(Sequence(sequence));
        }
    }
    let reader = disk.open(Partition(0)).reader().expect("memory can be read");
    for (sku, mut expected) in about {
        expected.reverse();
        let head = TrailHead { sequence: expected[0], records: expected.len() as u64 };
        let mut seen = Vec::new();
        let walked = follow_trail(&*reader, &sku, head, |step| {
            seen.push(step.head.sequence);
            Ok::<_, TrailError>(ControlFlow::Continue(()))
        });
        walked.unwrap_or_else(|error| panic!("{sku}: {error}"));
        assert_eq!(seen, expected, "{sku}: its trail is all of its events, newest first");
    }
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
    let mut last = HashMap::new();
    for event in events {
        let at = event.at().unwrap_or(START);
        let trail = match event {
            Event::Product(sku, _) => Trail { previous: last.get(sku).copied().unwrap_or_default(), at },
            Event::Reservation(..) | Event::Order(..) => Trail::default(),
        };
        let sequence = journal.append_to_trail(trail, [event.clone()], Nobody);
        if let Event::Product(sku, _) = event {
            last.insert(sku, sequence);
        }
    }
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
