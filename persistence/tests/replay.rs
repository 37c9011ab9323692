//! What a replay takes, what it cuts, and what it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::frame::{FrameEncoder, FrameError, FrameGroup, HEADER_BYTES};
use holdfast_persistence::{
    AppendError, Epoch, JournalStore, MemoryDisk, MemoryStore, Partition, ReplayError, Tail,
};
use support::events::hold_opened;
use support::{replay_all, replay_from, single_frames};

fn holds(count: u64) -> Vec<Event> {
    (1..=count).map(hold_opened).collect()
}

/// A disk with so many events, each in a frame of its own.
fn disk_with(count: u64) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let mut store = disk.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    store.append(Epoch(1), &single_frames(&tail, Epoch(1), &holds(count))).unwrap();
    disk
}

fn flip(disk: &MemoryDisk, frame: u64) {
    disk.damage(|frames| *frames.get_mut(&Sequence(frame)).unwrap().last_mut().unwrap() ^= 1);
}

fn replay(disk: &MemoryDisk) -> Result<(Vec<Event>, Tail), ReplayError> {
    replay_all(&mut disk.open(Partition(0)))
}

/// Checks that a journal is refused, and that refusing it changed nothing.
#[track_caller]
fn refused(disk: &MemoryDisk) -> ReplayError {
    let before = disk.frames();
    let error = replay(disk).unwrap_err();
    assert_eq!(disk.frames(), before);
    error
}

#[test]
fn everything_comes_back_after_a_crash() {
    let disk = disk_with(5);
    let (events, tail) = replay(&disk).unwrap();
    assert_eq!(events, holds(5));
    assert_eq!((tail.last, tail.frames, tail.events, tail.epoch), (Sequence(5), 5, 5, Epoch(1)));
}

#[test]
fn a_replay_from_the_middle_of_a_frame_visits_only_what_was_asked_for() {
    let disk = MemoryDisk::new();
    let mut store = disk.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    let mut encoder = FrameEncoder::new(Partition(0), Epoch(1), &tail);
    let mut group = FrameGroup::new();
    for events in holds(9).chunks(3) {
        encoder.encode(events, &mut group).unwrap();
    }
    store.append(Epoch(1), &group).unwrap();

    for from in 1..=10 {
        let (events, tail) = replay_from(&mut store, from).unwrap();
        assert_eq!(events, holds(9)[from as usize - 1..], "from {from}");
        assert_eq!(tail.last, Sequence(9));
    }
    // Asked for what comes after the end and after the next: somebody knows of events that are gone.
    assert!(matches!(
        replay_from(&mut store, 11),
        Err(ReplayError::Gap { after: Sequence(9), found: Sequence(11) })
    ));
}

#[test]
fn a_torn_tail_is_cut_and_counted() {
    for torn in [0, 1, 3, 5] {
        let disk = disk_with(5);
        let whole = 5 - torn;
        for frame in whole + 1..=5 {
            flip(&disk, frame);
        }
        let (events, tail) = replay(&disk).unwrap();
        assert_eq!(events, holds(whole));
        assert_eq!((tail.last, tail.torn_frames), (Sequence(whole), torn));
        assert_eq!(disk.frames().len() as u64, whole, "what was cut is gone");
    }
}

#[test]
fn a_frame_cut_short_is_a_torn_tail() {
    for keep in [0, 10, HEADER_BYTES, HEADER_BYTES + 1] {
        let disk = disk_with(2);
        disk.damage(|frames| frames.get_mut(&Sequence(2)).unwrap().truncate(keep));
        assert_eq!(replay(&disk).unwrap().1.torn_frames, 1, "{keep} bytes");
    }
}

#[test]
fn after_a_cut_the_journal_goes_on() {
    let disk = disk_with(3);
    flip(&disk, 3);
    let mut store = disk.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    store.append(Epoch(2), &single_frames(&tail, Epoch(2), &[hold_opened(77)])).unwrap();
    assert_eq!(replay(&disk).unwrap().0, [hold_opened(1), hold_opened(2), hold_opened(77)]);
}

#[test]
fn a_bad_frame_with_a_good_one_after_it_is_corruption() {
    for bad in 1..=4 {
        let disk = disk_with(5);
        flip(&disk, bad);
        let error = refused(&disk);
        let ReplayError::Corrupt { sequence, source: FrameError::BodyChecksum } = error else {
            panic!("{error}")
        };
        assert_eq!(sequence, Sequence(bad));
    }
}

#[test]
fn a_missing_frame_is_a_gap() {
    let disk = disk_with(5);
    disk.damage(|frames| drop(frames.remove(&Sequence(3))));
    assert!(matches!(refused(&disk), ReplayError::Gap { after: Sequence(2), found: Sequence(4) }));
}

#[test]
fn a_missing_beginning_is_a_gap() {
    let disk = disk_with(5);
    disk.damage(|frames| drop(frames.remove(&Sequence(1))));
    assert!(matches!(refused(&disk), ReplayError::Gap { after: Sequence(0), found: Sequence(2) }));
}

#[test]
fn a_frame_from_another_history_is_refused_although_it_is_sound() {
    let (disk, other) = (disk_with(3), MemoryDisk::new());
    let mut store = other.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    store.append(Epoch(1), &single_frames(&tail, Epoch(1), &holds(9)[4..7])).unwrap();
    let strange = other.frames();

    // In the middle, where the next frame names another; and at the very end, where it is no torn tail either.
    disk.damage(|frames| drop(frames.insert(Sequence(2), strange[&Sequence(2)].clone())));
    assert!(matches!(refused(&disk), ReplayError::Chain { sequence: Sequence(2), .. }));
    let disk = disk_with(2);
    disk.damage(|frames| drop(frames.insert(Sequence(3), strange[&Sequence(3)].clone())));
    assert!(matches!(refused(&disk), ReplayError::Chain { sequence: Sequence(3), .. }));
}

#[test]
fn a_frame_under_the_wrong_position_is_refused() {
    let disk = disk_with(2);
    disk.damage(|frames| {
        let last = frames.remove(&Sequence(2)).unwrap();
        frames.insert(Sequence(3), last);
    });
    assert!(matches!(refused(&disk), ReplayError::Chain { sequence: Sequence(3), .. }));
}

#[test]
fn an_older_epoch_after_a_newer_one_is_refused() {
    let disk = MemoryDisk::new();
    let tail = Tail::default();
    let newer = single_frames(&tail, Epoch(5), &holds(1));
    let tail = Tail { last: Sequence(1), hash: newer.last_hash(), ..tail };
    let older = single_frames(&tail, Epoch(4), &holds(1));
    disk.damage(|frames| {
        for group in [&newer, &older] {
            frames.extend(group.frames().map(|(header, bytes)| (header.first, bytes.to_vec())));
        }
    });
    assert!(matches!(refused(&disk), ReplayError::Chain { sequence: Sequence(2), .. }));
}

#[test]
fn another_partition_is_refused() {
    let disk = disk_with(1);
    let error = replay_all(&mut disk.open(Partition(9))).unwrap_err();
    assert!(matches!(error, ReplayError::Chain { sequence: Sequence(1), .. }), "{error}");
}

#[test]
fn a_newer_version_is_refused_and_never_cut() {
    let disk = disk_with(2);
    disk.damage(|frames| {
        let frame = frames.get_mut(&Sequence(2)).unwrap();
        frame[8] = 2;
        let crc = crc32c::crc32c(&frame[..HEADER_BYTES - 4]).to_le_bytes();
        frame[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&crc);
    });
    let error = refused(&disk);
    assert!(
        matches!(error, ReplayError::NewerVersion { sequence: Sequence(2), found: 2, supported: 1 }),
        "{error}"
    );
}

#[test]
fn an_event_that_cannot_be_applied_ends_the_replay_where_it_stands() {
    let disk = disk_with(3);
    let mut seen = Vec::new();
    let error = disk
        .open(Partition(0))
        .replay(Sequence(1), &mut |sequence, _| {
            seen.push(sequence);
            if sequence == Sequence(2) { Err("no such product".into()) } else { Ok(()) }
        })
        .unwrap_err();
    assert_eq!(error.to_string(), "the event at sequence 2 could not be applied: no such product");
    assert_eq!(seen, [Sequence(1), Sequence(2)]);
}

fn opened(disk: &MemoryDisk) -> (MemoryStore, Tail) {
    let mut store = disk.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    (store, tail)
}

#[test]
fn an_owner_who_was_replaced_is_fenced() {
    let disk = disk_with(1);
    let (mut old, tail) = opened(&disk);
    let (mut new, _) = opened(&disk);
    new.append(Epoch(3), &single_frames(&tail, Epoch(3), &holds(1))).unwrap();
    let error = old.append(Epoch(2), &single_frames(&tail, Epoch(2), &holds(1))).unwrap_err();
    assert!(matches!(error, AppendError::Fenced { given: Epoch(2), current: Epoch(3) }), "{error}");
    assert_eq!(disk.frames().len(), 2);
}

#[test]
fn a_group_that_does_not_continue_the_journal_is_refused() {
    let disk = disk_with(2);
    let (mut store, _) = opened(&disk);
    let early = single_frames(&Tail::default(), Epoch(2), &holds(1));
    let error = store.append(Epoch(2), &early).unwrap_err();
    assert!(
        matches!(error, AppendError::OutOfOrder { expected: Sequence(3), given: Sequence(1) }),
        "{error}"
    );
}

#[test]
fn a_store_appends_only_after_a_replay_and_before_a_failure() {
    let disk = disk_with(1);
    let group = single_frames(&replay(&disk).unwrap().1, Epoch(1), &holds(1));
    let mut store = disk.open(Partition(0));
    assert!(matches!(store.append(Epoch(1), &group), Err(AppendError::NotReplayed)));
    replay_all(&mut store).unwrap();
    disk.fail_append(1);
    assert!(matches!(store.append(Epoch(1), &group), Err(AppendError::Io { .. })));
    assert!(matches!(store.append(Epoch(1), &group), Err(AppendError::NotReplayed)));
    replay_all(&mut store).unwrap();
    store.append(Epoch(1), &group).unwrap();
    assert_eq!(disk.frames().len(), 2);
}
