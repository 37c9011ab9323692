//! Looking into a data directory that nobody uses: what is found, and that nothing is changed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::fs;
use std::path::Path;

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{Examined, Journal, OpenError, Opened, Options};
use support::events::hold_opened;
use support::{Ears, Tell, assert_same_contents, contents, quiet_hooks};

/// A directory with this many events, in frames of their own.
fn directory(path: &Path, events: u64) -> Opened<Tell> {
    let ignore = &mut |_: Sequence, _: Event| Ok(());
    let opened = Journal::open(path, &Options::default(), quiet_hooks(), ignore).unwrap();
    let mut ears = Ears::new();
    for event in (1..=events).map(hold_opened) {
        opened.journal.appender().append([event], ears.ack());
        ears.next();
    }
    opened
}

fn closed(path: &Path, events: u64) {
    directory(path, events).journal.close().unwrap();
}

fn look(path: &Path) -> Result<(Examined, Vec<Event>), OpenError> {
    let mut events = Vec::new();
    let examined = Examined::look(path, &Options::default(), &mut |_: Sequence, event: Event| {
        events.push(event);
        Ok(())
    })?;
    Ok((examined, events))
}

/// Looks twice: nothing is changed by it, so the second look finds the same.
#[track_caller]
fn look_twice(path: &Path) -> (Examined, Vec<Event>) {
    let before = contents(path);
    let (first, events) = look(path).unwrap();
    assert_same_contents(&before, &contents(path));
    let (second, again) = look(path).unwrap();
    assert_eq!((first.tail, &first.damage, &events), (second.tail, &second.damage, &again));
    (first, events)
}

/// What is wrong, and where.
#[track_caller]
fn damage(path: &Path) -> (Option<u64>, String) {
    let (examined, _) = look_twice(path);
    let damage = examined.damage.expect("it is damaged");
    (damage.sequence.map(|sequence| sequence.0), damage.detail)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

/// Where frames begin in sled's log.
fn frames_in(path: &Path) -> Vec<usize> {
    let log = fs::read(path.join("journal/db")).unwrap();
    log.windows(8).enumerate().filter(|(_, window)| *window == b"HFASTJNL").map(|(at, _)| at).collect()
}

#[test]
fn a_journal_is_read_to_its_end_however_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    closed(&path, 7);
    let (examined, events) = look_twice(&path);
    assert_eq!(events, (1..=7).map(hold_opened).collect::<Vec<_>>());
    let tail = examined.tail.unwrap();
    assert_eq!((tail.last, tail.events, tail.frames, tail.torn_frames), (Sequence(7), 7, 7, 0));
    assert_eq!((examined.sealed, examined.acknowledged), (true, Some(Sequence(7))));
    assert!(examined.damage.is_none());
    assert!(examined.bytes_on_disk >= tail.bytes);

    drop(directory(&path, 2));
    let (examined, events) = look_twice(&path);
    assert_eq!((examined.sealed, examined.acknowledged, events.len()), (false, Some(Sequence(9)), 9));
    assert!(examined.damage.is_none());
}

#[test]
fn what_is_no_data_directory_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (absent, empty, other) =
        (dir.path().join("absent"), dir.path().join("empty"), dir.path().join("other"));
    fs::create_dir(&empty).unwrap();
    fs::create_dir(&other).unwrap();
    fs::write(other.join("notes.txt"), "mine").unwrap();
    let before = contents(dir.path());
    for path in [absent, empty, other] {
        assert!(matches!(look(&path).unwrap_err(), OpenError::NotADataDirectory { .. }), "{path:?}");
    }
    assert_same_contents(&before, &contents(dir.path()));
}

#[test]
fn a_directory_in_use_is_not_looked_into() {
    let dir = tempfile::tempdir().unwrap();
    let opened = directory(dir.path(), 1);
    assert!(matches!(look(dir.path()).unwrap_err(), OpenError::Locked { .. }));
    drop(opened);
    look(dir.path()).unwrap();
}

#[test]
fn an_altered_file_of_a_closed_journal_is_named() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 3);
    fs::write(dir.path().join("journal/notes.txt"), "not ours").unwrap();
    let (sequence, detail) = damage(dir.path());
    assert_eq!(sequence, None);
    assert!(detail.contains("notes.txt") && detail.contains("was not there"), "{detail}");
}

#[test]
fn acknowledged_work_that_is_gone_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    drop(directory(dir.path(), 40));
    // sled ends its log at the first message it cannot read, and says nothing.
    let middle = frames_in(dir.path())[20];
    flip(&dir.path().join("journal/db"), middle + 70);
    let (_, detail) = damage(dir.path());
    assert!(detail.contains("up to 40 were acknowledged"), "{detail}");
}

#[test]
fn the_first_event_that_makes_no_sense_is_named() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 9);
    let mut seen = 0;
    let examined = Examined::look(dir.path(), &Options::default(), &mut |sequence: Sequence, _: Event| {
        seen += 1;
        if sequence == Sequence(5) { Err("that cannot be".into()) } else { Ok(()) }
    });
    let damage = examined.unwrap().damage.unwrap();
    assert_eq!((seen, damage.sequence), (5, Some(Sequence(5))));
    assert!(damage.detail.contains("that cannot be"), "{}", damage.detail);
}

/// A start copies the journal of a crashed process and sets the original aside. If it is cut short there, the original is
/// the journal.
#[test]
fn a_recovery_that_was_cut_short_is_looked_into_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    drop(directory(dir.path(), 4));
    fs::rename(dir.path().join("journal"), dir.path().join("journal.before-recovery")).unwrap();
    fs::create_dir(dir.path().join("journal")).unwrap();
    let (examined, events) = look_twice(dir.path());
    assert_eq!((events.len(), examined.damage), (4, None));
}

#[test]
fn a_directory_whose_files_were_moved_by_hand_is_not_guessed_at() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 4);
    fs::create_dir(dir.path().join("journal.before-recovery")).unwrap();
    assert!(matches!(look(dir.path()).unwrap_err(), OpenError::Damaged { .. }));
}

#[test]
fn what_an_earlier_look_left_behind_is_swept_away() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 4);
    let copy = dir.path().join("journal.copy");
    fs::create_dir(&copy).unwrap();
    fs::write(copy.join("db"), "half of it").unwrap();
    assert_eq!(look(dir.path()).unwrap().1.len(), 4);
    assert!(!copy.exists());
}
