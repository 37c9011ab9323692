//! What the tests of this crate share: events, acks that report, and directories that can be compared.
#![allow(dead_code, unreachable_pub, reason = "compiled into each test file, which uses its part of it")]

pub mod events;
pub mod strategies;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::frame::{FrameEncoder, FrameGroup};
use holdfast_persistence::{Ack, Epoch, Hooks, JournalStore, Partition, ReplayError, SyncedGroup, Tail};

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Durable { append: u64, first: Sequence },
    Failed { append: u64 },
}

/// An ack that reports under a number.
pub struct Tell {
    pub append: u64,
    pub to: Sender<Told>,
}

impl Ack for Tell {
    fn durable(self, first: Sequence) {
        self.to.send(Told::Durable { append: self.append, first }).expect("the test listens");
    }

    fn failed(self) {
        self.to.send(Told::Failed { append: self.append }).expect("the test listens");
    }
}

/// Numbers acks and hears of them.
pub struct Ears {
    to: Sender<Told>,
    pub told: Receiver<Told>,
    next: u64,
}

impl Ears {
    pub fn new() -> Self {
        let (to, told) = channel();
        Self { to, told, next: 0 }
    }

    /// The next ack; they are numbered from 0.
    pub fn ack(&mut self) -> Tell {
        let append = self.next;
        self.next += 1;
        Tell { append, to: self.to.clone() }
    }

    pub fn next(&self) -> Told {
        self.told.recv().expect("an ack is owed")
    }
}

/// Hooks for tests in which the writer must not fail.
pub fn quiet_hooks() -> Hooks {
    Hooks {
        observer: Box::new(|_: &SyncedGroup| {}),
        on_failure: Box::new(|error| panic!("the writer failed: {error}")),
    }
}

/// Everything in a store, with its end.
pub fn replay_all(store: &mut impl JournalStore) -> Result<(Vec<Event>, Tail), ReplayError> {
    replay_from(store, 1)
}

pub fn replay_from(store: &mut impl JournalStore, from: u64) -> Result<(Vec<Event>, Tail), ReplayError> {
    let mut events = Vec::new();
    let mut next = Sequence(from);
    let tail = store.replay(Sequence(from), &mut |sequence, event| {
        assert_eq!(sequence, next, "positions follow on one another");
        next = sequence.plus(1);
        events.push(event);
        Ok(())
    })?;
    Ok((events, tail))
}

/// Frames of one event each, as one group.
pub fn single_frames(tail: &Tail, epoch: Epoch, events: &[Event]) -> FrameGroup {
    let mut encoder = FrameEncoder::new(Partition(0), epoch, tail);
    let mut group = FrameGroup::new();
    for event in events {
        encoder.encode([event], &mut group).expect("the event fits");
    }
    group
}

/// Every file under a directory with its bytes; directories end in a slash.
pub fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    read_tree(dir, "", &mut found);
    found
}

fn read_tree(dir: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            read_tree(&entry.path(), &format!("{name}/"), found);
            found.insert(format!("{name}/"), Vec::new());
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// Compares two states of a directory without printing megabytes.
#[track_caller]
pub fn assert_same_contents(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(after));
    for (name, bytes) in before {
        assert!(bytes == &after[name], "{name} has changed");
    }
}
