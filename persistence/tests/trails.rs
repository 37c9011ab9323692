//! Reading single places of a journal beside its writer, and following the trails of products through it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use holdfast_engine::product::ProductEvent;
use holdfast_engine::{Event, Sequence, Sku, Timestamp};
use holdfast_persistence::{
    GroupCommit, JournalReader, JournalRecord, JournalStore, MemoryDisk, Partition, ReadError, SledStore,
    SyncedGroup, Trail, TrailError, TrailHead, follow_trail, read_along,
};
use support::events::{RESERVATION, hold_opened, wide};
use support::{Ears, replay_all};

const PRODUCTS: u64 = 5;
const APPENDS: u64 = 400;

fn sku(number: u64) -> Sku {
    Sku::new(&format!("product-{number}")).unwrap()
}

fn about(product: u64, number: u64) -> Event {
    match hold_opened(number) {
        Event::Product(_, event) => Event::Product(sku(product), event),
        other => other,
    }
}

/// When the event at this position was decided.
fn decided(first: Sequence) -> Timestamp {
    Timestamp::from_millis(1_000 + first.0.cast_signed())
}

/// Fills a store as products' owners do: one, two or three events of a product at a time, with a reservation's own record
/// behind some, and now and then something wide, so that there are many frames. Answers where each trail ends.
fn fill(mut store: impl JournalStore) -> BTreeMap<Sku, TrailHead> {
    let (_, tail) = replay_all(&mut store).unwrap();
    let observer = Box::new(|_: &SyncedGroup| {});
    let failed = Box::new(|error: &_| panic!("the writer failed: {error}"));
    let (journal, writer) = GroupCommit::start(store, tail.epoch.next(), &tail, observer, failed).unwrap();
    let mut heads = BTreeMap::<Sku, TrailHead>::new();
    let mut ears = Ears::new();
    for append in 0..APPENDS {
        let product = (append * append + append / 7) % PRODUCTS;
        let count = 1 + append % 3;
        let previous = heads.get(&sku(product)).map_or(Sequence(0), |head| head.sequence);
        let next = journal.append([], ears.ack());
        let mut events: Vec<_> = (0..count).map(|number| about(product, number)).collect();
        if append % 2 == 0 {
            events.push(wide(if append % 20 == 0 { 30_000 } else { 10 }));
        }
        let first = journal.append_to_trail(Trail { previous, at: decided(next) }, events, ears.ack());
        assert_eq!(first, next);
        let head = heads.entry(sku(product)).or_insert(TrailHead { sequence: first, records: 0 });
        *head = TrailHead { sequence: first.plus(count - 1), records: head.records + count };
    }
    writer.close().unwrap();
    heads
}

/// Reads every place by itself, and follows every trail, and compares both with a reading of the whole.
fn check(reader: &dyn JournalReader, heads: &BTreeMap<Sku, TrailHead>) {
    let mut scanned = Vec::new();
    let mut frames = std::collections::BTreeSet::new();
    reader
        .read(Sequence(1), &mut |sequence, event| {
            scanned.push((sequence, event));
            Ok(())
        })
        .unwrap();
    for (sequence, event) in &scanned {
        let JournalRecord { sequence: at, event: read, trail } = reader.read_at(*sequence).unwrap();
        assert_eq!((at, &read), (*sequence, event));
        assert_eq!(trail.is_some(), matches!(event, Event::Product(..)), "a product's alone has a trail");
        frames.insert(reader.frame_at_or_before(*sequence).unwrap().unwrap().key);
    }
    let end = scanned.last().unwrap().0;
    for nowhere in [Sequence(0), end.plus(1), Sequence(u64::MAX)] {
        let error = reader.read_at(nowhere).unwrap_err();
        assert!(matches!(error, ReadError::Missing { sequence } if sequence == nowhere), "{error}");
    }
    assert!(frames.len() > 5, "{} frames", frames.len());
    assert_eq!(heads.len() as u64, PRODUCTS);
    for (sku, head) in heads {
        let expected: Vec<_> =
            scanned.iter().filter(|(_, event)| matches!(event, Event::Product(of, _) if of == sku)).collect();
        let mut walked = Vec::new();
        let mut read = 0;
        follow_trail(reader, sku, *head, |step| {
            assert_eq!(step.head.records + walked.len() as u64, head.records);
            walked.push((step.head.sequence, step.record.event_about(sku)?));
            assert!(step.trail.at <= decided(step.head.sequence), "events of one append have its instant");
            read = step.frames;
            Ok::<_, TrailError>(ControlFlow::Continue(()))
        })
        .unwrap();
        walked.reverse();
        let of = |(sequence, event): &(Sequence, ProductEvent)| {
            (*sequence, Event::Product(sku.clone(), event.clone()))
        };
        assert!(
            walked.iter().map(of).eq(expected.into_iter().cloned()),
            "{sku}: its trail is all of its events"
        );
        let mut forwards = Vec::new();
        read_along(reader, sku, walked.iter().map(|(sequence, _)| *sequence), |sequence, event| {
            forwards.push((sequence, event));
            Ok::<_, TrailError>(())
        })
        .unwrap();
        assert_eq!(forwards, walked, "the same in their order");
        assert!(read <= frames.len() as u64, "{read} frames read of {}: neighbours cost none", frames.len());
    }
}

#[test]
fn every_place_and_every_trail_of_a_journal_in_memory_can_be_read() {
    let disk = MemoryDisk::new();
    let heads = fill(disk.open(Partition(0)));
    check(&*disk.open(Partition(0)).reader().unwrap(), &heads);
}

#[test]
fn every_place_and_every_trail_of_a_journal_on_sled_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let open = || SledStore::open(dir.path(), Partition(0), 16 << 20).unwrap();
    let heads = fill(open());
    let store = open();
    let reader = store.reader().unwrap();
    check(&*reader, &heads);
    store.close().unwrap();
    let error = reader.read_at(Sequence(1)).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error}: the journal is closed");
}

/// Three events of a product, each in a frame of its own, and where its trail ends.
fn three() -> (MemoryDisk, Sku, TrailHead) {
    let disk = MemoryDisk::new();
    let mut last = Sequence(0);
    for _ in 0..3 {
        last = append(&disk, last, about(0, 1));
    }
    (disk, sku(0), TrailHead { sequence: last, records: 3 })
}

/// Appends one event in a frame of its own.
fn append(disk: &MemoryDisk, previous: Sequence, event: Event) -> Sequence {
    let mut store = disk.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    let observer = Box::new(|_: &SyncedGroup| {});
    let failed = Box::new(|error: &_| panic!("the writer failed: {error}"));
    let (journal, writer) = GroupCommit::start(store, tail.epoch.next(), &tail, observer, failed).unwrap();
    let trail = Trail { previous, at: decided(previous) };
    let sequence = journal.append_to_trail(trail, [event], Ears::new().ack());
    drop(writer);
    sequence
}

/// Walks a trail that leads nowhere. Answers what was seen on the way, and why it ended.
fn walk(disk: &MemoryDisk, sku: &Sku, head: TrailHead) -> (Vec<u64>, TrailError) {
    let reader: Arc<dyn JournalReader> = disk.open(Partition(0)).reader().unwrap();
    let mut seen = Vec::new();
    let ended = follow_trail(&*reader, sku, head, |step| {
        seen.push(step.head.sequence.0);
        Ok::<_, TrailError>(ControlFlow::Continue(()))
    });
    (seen, ended.unwrap_err())
}

#[test]
fn a_damaged_frame_ends_the_walk_there() {
    let (disk, sku, head) = three();
    disk.damage(|frames| *frames.get_mut(&Sequence(2)).unwrap().last_mut().unwrap() ^= 1);
    let (seen, error) = walk(&disk, &sku, head);
    assert_eq!(seen, [3]);
    let TrailError::Read(ReadError::Corrupt { sequence: Sequence(2), .. }) = error else { panic!("{error}") };
}

#[test]
fn a_missing_frame_ends_the_walk_there() {
    let (disk, sku, head) = three();
    disk.damage(|frames| drop(frames.remove(&Sequence(2))));
    let (seen, error) = walk(&disk, &sku, head);
    assert_eq!(seen, [3]);
    let TrailError::Read(ReadError::Missing { sequence: Sequence(2) }) = error else { panic!("{error}") };
}

#[test]
fn a_frame_that_belongs_elsewhere_ends_the_walk_there() {
    let (disk, sku, head) = three();
    disk.damage(|frames| {
        let other = frames[&Sequence(1)].clone();
        frames.insert(Sequence(2), other);
    });
    let (seen, error) = walk(&disk, &sku, head);
    assert_eq!(seen, [3]);
    let TrailError::Read(ReadError::Misplaced { sequence: Sequence(2), .. }) = error else {
        panic!("{error}")
    };
    let strange = disk.open(Partition(9)).reader().unwrap();
    let error = strange.read_at(Sequence(3)).unwrap_err();
    assert!(matches!(error, ReadError::Misplaced { sequence: Sequence(3), .. }), "{error}");
}

#[test]
fn a_trail_that_leads_to_another_product_or_to_none_is_not_followed() {
    let (disk, sku, head) = three();
    for strange in [about(1, 1), Event::Reservation(RESERVATION, made())] {
        let stray = append(&disk, Sequence(0), strange);
        let last = append(&disk, stray, about(0, 1));
        let (seen, error) = walk(&disk, &sku, TrailHead { sequence: last, ..head });
        assert_eq!(seen, [last.0]);
        let TrailError::Foreign { sequence, .. } = error else { panic!("{error}") };
        assert_eq!(sequence, stray);
    }
}

fn made() -> holdfast_engine::reservation::ReservationEvent {
    match wide(1) {
        Event::Reservation(_, made) => made,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trail_that_is_shorter_or_longer_than_it_should_be_is_broken() {
    let (disk, sku, head) = three();
    let (seen, error) = walk(&disk, &sku, TrailHead { records: 4, ..head });
    assert_eq!(seen, [3, 2]);
    assert!(matches!(error, TrailError::Broken { sequence: Sequence(1), records: 2, .. }), "{error}");
    let (seen, error) = walk(&disk, &sku, TrailHead { records: 2, ..head });
    assert_eq!(seen, [3]);
    assert!(matches!(error, TrailError::Broken { sequence: Sequence(2), records: 1, .. }), "{error}");
    let (seen, error) = walk(&disk, &sku, TrailHead { records: 0, ..head });
    assert_eq!(seen, [0; 0]);
    assert!(matches!(error, TrailError::Broken { sequence: Sequence(3), records: 0, .. }), "{error}");
}

#[test]
fn a_trail_that_leads_forwards_is_broken() {
    let (disk, sku, _) = three();
    let last = append(&disk, Sequence(4), about(0, 1));
    let (seen, error) = walk(&disk, &sku, TrailHead { sequence: last, records: 4 });
    assert_eq!(seen, [0; 0]);
    let TrailError::Broken { previous: Sequence(4), .. } = error else { panic!("{error}") };
}

#[test]
fn a_walk_goes_no_further_than_it_is_asked_to() {
    let (disk, sku, head) = three();
    // What lies behind the place where it ends is not looked at.
    disk.damage(|frames| drop(frames.remove(&Sequence(1))));
    let reader = disk.open(Partition(0)).reader().unwrap();
    let mut seen = Vec::new();
    let walked = follow_trail(&*reader, &sku, head, |step| {
        seen.push(step.head.sequence.0);
        Ok::<_, TrailError>(if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    walked.unwrap();
    assert_eq!(seen, [3, 2]);
}
