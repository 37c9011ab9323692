//! Holds the journal's format to its bytes. A file that was once written must be readable for ever; and as long as
//! the version is the same, today's build writes the same bytes.
//!
//! `HOLDFAST_WRITE_GOLDEN=1 cargo test -p holdfast-persistence --test golden` writes the file anew. That is right
//! before a version was released, and with a new version number; otherwise a difference here is a mistake.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;

use holdfast_engine::{Event, Sequence, Timestamp};
use holdfast_persistence::frame::{FORMAT_VERSION, Frame, FrameEncoder, FrameGroup, frame_hash};
use holdfast_persistence::{Entry, Epoch, Partition, Tail, Trail};
use support::events::{KINDS, every_event, kind};

fn golden_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/journal-v{FORMAT_VERSION}.frames"))
}

/// Every event with its place on its product's trail, were each the next one about it.
fn entries() -> Vec<Entry> {
    let mut previous = Sequence(0);
    let entries = (1_u64..).zip(every_event()).map(|(number, event)| {
        let at = Timestamp::from_millis(1_765_000_000_000 + number.cast_signed());
        let entry = Entry { event, trail: Trail { previous, at } };
        if let Event::Product(..) = entry.event {
            previous = Sequence(number);
        }
        entry
    });
    entries.collect()
}

/// Two frames, so that one names the other.
fn write_frames() -> Vec<u8> {
    let events = entries();
    let mut encoder = FrameEncoder::new(Partition(0), Epoch(1), &Tail::default());
    let mut group = FrameGroup::new();
    let (first, second) = events.split_at(events.len() / 2);
    encoder.encode(first, &mut group).unwrap();
    encoder.encode(second, &mut group).unwrap();
    group.frames().flat_map(|(_, bytes)| bytes.to_vec()).collect()
}

#[test]
fn every_kind_of_event_is_in_the_list() {
    let kinds: BTreeSet<_> = every_event().iter().map(kind).collect();
    assert_eq!(kinds, (0..KINDS).collect());
}

#[test]
fn todays_build_writes_the_golden_bytes() {
    if std::env::var_os("HOLDFAST_WRITE_GOLDEN").is_some() {
        std::fs::write(golden_path(), write_frames()).unwrap();
    }
    let golden = std::fs::read(golden_path()).unwrap();
    assert!(golden == write_frames(), "the format has changed: see the head of this file");
}

#[test]
fn the_golden_bytes_are_the_events() {
    let golden = std::fs::read(golden_path()).unwrap();
    let mut rest = golden.as_slice();
    let mut events = Vec::new();
    let mut trails = Vec::new();
    let mut previous = 0;
    while !rest.is_empty() {
        let body_bytes = u32::from_le_bytes(rest[36..40].try_into().unwrap()) as usize;
        let (bytes, after) = rest.split_at(56 + body_bytes);
        let frame = Frame::decode(bytes).unwrap();
        assert_eq!(frame.header().previous, previous);
        assert_eq!(frame.header().first, Sequence(events.len() as u64 + 1));
        previous = frame_hash(bytes);
        for event in frame.events() {
            let (sequence, event) = event.unwrap();
            trails.push(frame.record(sequence).unwrap().trail());
            events.push(event);
        }
        rest = after;
    }
    assert_eq!(events, every_event());
    let expected = entries().into_iter();
    let expected = expected.map(|entry| matches!(entry.event, Event::Product(..)).then_some(entry.trail));
    assert_eq!(trails, expected.collect::<Vec<_>>());
}
