//! Opening a data directory: what is taken, what is refused, and that a refusal changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{DATA_FORMAT, Journal, OpenError, Opened, Options, Rebuild, VisitError};
use support::events::{every_event, hold_opened};
use support::{Ears, Tell, assert_same_contents, contents, quiet_hooks};

fn open_with(path: &Path) -> Result<(Opened<Tell>, Vec<Event>), OpenError> {
    let mut events = Vec::new();
    let opened =
        Journal::open(path, &Options::default(), quiet_hooks(), &mut |_: Sequence, event: Event| {
            events.push(event);
            Ok(())
        })?;
    Ok((opened, events))
}

fn open(path: &Path) -> (Opened<Tell>, Vec<Event>) {
    open_with(path).unwrap_or_else(|error| panic!("{error}"))
}

/// Appends each event on its own, and waits until it is durable.
fn append(opened: &Opened<Tell>, events: impl IntoIterator<Item = Event>) {
    let mut ears = Ears::new();
    for event in events {
        opened.journal.appender().append([event], ears.ack());
        ears.next();
    }
}

fn close(opened: Opened<Tell>) {
    opened.journal.close().unwrap();
}

/// Ends the use of a directory without a seal, as a crash does.
fn crash(opened: Opened<Tell>) {
    drop(opened);
}

/// Checks that opening fails and leaves every file as it was, twice.
#[track_caller]
fn refused(path: &Path) -> OpenError {
    let before = contents(path);
    let first = open_with(path).map(|(_, events)| events.len()).unwrap_err();
    assert_same_contents(&before, &contents(path));
    let second = open_with(path).map(|(_, events)| events.len()).unwrap_err();
    assert_same_contents(&before, &contents(path));
    assert_eq!(first.to_string(), second.to_string());
    first
}

#[track_caller]
fn damaged(path: &Path) -> String {
    let error = refused(path);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    error.to_string()
}

fn holds(numbers: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    numbers.map(hold_opened).collect()
}

/// Where frames begin in sled's log.
fn frames_in(log: &[u8]) -> Vec<usize> {
    log.windows(8).enumerate().filter(|(_, window)| *window == b"HFASTJNL").map(|(at, _)| at).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

/// A directory with 40 events, and the places of their frames in sled's log.
fn directory_with(path: &Path, end: fn(Opened<Tell>)) -> Vec<usize> {
    let (opened, _) = open(path);
    append(&opened, holds(1..=40));
    end(opened);
    frames_in(&fs::read(path.join("journal/db")).unwrap())
}

#[test]
fn everything_is_there_after_a_close_and_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("not/there/yet");
    let (opened, events) = open(&path);
    assert_eq!(events, []);
    let (generation, secret) = (opened.journal.generation(), opened.journal.secret().clone());
    append(&opened, every_event());
    close(opened);

    let (opened, events) = open(&path);
    assert!(opened.sealed);
    assert_eq!(events, every_event());
    assert_eq!(opened.journal.generation(), generation);
    assert_eq!(opened.journal.secret(), &secret);
    append(&opened, holds(1..=3));
    crash(opened);

    let (opened, events) = open(&path);
    assert!(!opened.sealed);
    assert_eq!(events[every_event().len()..], holds(1..=3));
    assert_eq!(opened.tail.last, Sequence(every_event().len() as u64 + 3));
    // Each start that wrote did so in an epoch of its own.
    assert_eq!((opened.tail.epoch.0, opened.journal.epoch().0), (2, 3));
    close(opened);
    assert!(open(&path).0.sealed);
}

#[test]
fn only_the_owner_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    close(open(&path).0);
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for name in ["secret", "FORMAT", "LOCK", "seal", "watermark"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(fs::read(path.join("secret")).unwrap().len(), 32);
}

#[test]
fn two_directories_differ_in_generation_and_secret() {
    let dir = tempfile::tempdir().unwrap();
    let [(one, _), (other, _)] = ["one", "other"].map(|name| open(&dir.path().join(name)));
    assert_ne!(one.journal.generation(), other.journal.generation());
    assert_ne!(one.journal.secret(), other.journal.secret());
    assert_eq!(format!("{:?}", one.journal.secret()), "Secret(..)");
}

#[test]
fn a_directory_in_use_is_locked() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, _) = open(dir.path());
    let error = open_with(dir.path()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    close(opened);
    open(dir.path());
}

#[test]
fn a_file_is_no_directory_and_neither_is_what_is_below_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "something").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = open_with(&path).map(|_| ()).unwrap_err();
        assert!(matches!(error, OpenError::NotADataDirectory { .. }), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"something");
}

#[test]
fn somebody_elses_directory_is_left_alone() {
    for name in ["notes.txt", "journal", "secret"] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), "mine").unwrap();
        let error = refused(dir.path());
        assert!(matches!(error, OpenError::NotADataDirectory { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("FORMAT"), "Another program's format\n").unwrap();
    assert!(matches!(refused(dir.path()), OpenError::NotADataDirectory { .. }));
}

#[test]
fn an_empty_directory_will_do_also_on_a_file_system_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("lost+found")).unwrap();
    close(open(dir.path()).0);
    assert!(dir.path().join("lost+found").exists());
}

#[test]
fn a_creation_that_was_cut_short_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    close(open(&path).0);
    // Everything but the last step had happened.
    fs::rename(path.join("FORMAT"), path.join("FORMAT.tmp")).unwrap();
    let (opened, events) = open(&path);
    assert_eq!(events, []);
    append(&opened, holds(1..=1));
    close(opened);
    // But not where there is more than a creation leaves.
    fs::rename(path.join("FORMAT"), path.join("FORMAT.tmp")).unwrap();
    fs::write(path.join("notes.txt"), "mine").unwrap();
    assert!(matches!(refused(&path), OpenError::NotADataDirectory { .. }));
}

#[test]
fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    close(open(dir.path()).0);
    let text = format!("holdfast data directory\nformat: {}\nsomething new\n", DATA_FORMAT + 1);
    fs::write(dir.path().join("FORMAT"), text).unwrap();
    fs::remove_file(dir.path().join("LOCK")).unwrap();
    let error = refused(dir.path());
    let OpenError::NewerVersion { found, supported, .. } = error else { panic!("{error}") };
    assert_eq!((found, supported), (DATA_FORMAT + 1, DATA_FORMAT));
}

#[test]
fn a_missing_or_changed_secret_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    close(open(dir.path()).0);
    let secret = dir.path().join("secret");
    flip(&secret, 0);
    assert!(damaged(dir.path()).contains("secret is damaged"));
    fs::remove_file(&secret).unwrap();
    assert!(damaged(dir.path()).contains("it is missing"));
}

#[test]
fn a_missing_journal_is_damage_and_not_an_empty_one() {
    for end in [close, crash] {
        let dir = tempfile::tempdir().unwrap();
        directory_with(dir.path(), end);
        fs::remove_file(dir.path().join("journal/db")).unwrap();
        assert!(damaged(dir.path()).contains("is missing"));
        fs::write(dir.path().join("journal/db"), "").unwrap();
        assert!(damaged(dir.path()).contains("is empty"));
    }
}

#[test]
fn any_change_after_a_clean_close_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let frames = directory_with(dir.path(), close);
    let log = dir.path().join("journal/db");
    let length = fs::metadata(&log).unwrap().len() as usize;
    for at in [0, frames[0], frames[frames.len() / 2] + 60, length - 1] {
        flip(&log, at);
        assert!(damaged(dir.path()).contains("not what it was when it was closed"), "byte {at}");
        flip(&log, at);
    }
    for name in ["conf", "seal"] {
        flip(
            &dir.path().join("journal").join("..").join(if name == "conf" { "journal/conf" } else { name }),
            3,
        );
        damaged(dir.path());
        flip(
            &dir.path().join("journal").join("..").join(if name == "conf" { "journal/conf" } else { name }),
            3,
        );
    }
    let (opened, events) = open(dir.path());
    assert_eq!(events, holds(1..=40));
    close(opened);
}

#[test]
fn damage_after_a_crash_is_found_or_harmless_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let frames = directory_with(dir.path(), crash);
    let log = dir.path().join("journal/db");
    let (good, all) = (contents(dir.path()), holds(1..=40));
    let mut found = 0;
    // In headers and bodies of frames, and between frames, where sled keeps its own heads.
    let places = frames.iter().step_by(6).flat_map(|at| [at - 5, at + 20, at + 70]);
    for at in places.chain([0, 30]) {
        flip(&log, at);
        match open_with(dir.path()) {
            // The byte belonged to nothing any more.
            Ok((opened, events)) => {
                assert_eq!(events, all, "byte {at}");
                crash(opened);
            }
            Err(OpenError::Damaged { .. }) => {
                found += 1;
                flip(&log, at);
                assert_same_contents(&good, &contents(dir.path()));
                continue;
            }
            Err(error) => panic!("byte {at}: {error}"),
        }
        restore(dir.path(), &good);
    }
    assert!(found > 10, "only {found} changes mattered");
    assert_eq!(open(dir.path()).1, all);
}

/// Puts files back.
fn restore(dir: &Path, files: &std::collections::BTreeMap<String, Vec<u8>>) {
    for name in contents(dir).keys().filter(|name| !files.contains_key(*name) && !name.ends_with('/')) {
        fs::remove_file(dir.join(name)).unwrap();
    }
    for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with('/')) {
        fs::write(dir.join(name), bytes).unwrap();
    }
}

#[test]
fn acknowledged_events_that_are_gone_are_damage_even_if_the_journal_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, _) = open(dir.path());
    append(&opened, holds(1..=5));
    crash(opened);
    let earlier = contents(&dir.path().join("journal"));
    let (opened, _) = open(dir.path());
    append(&opened, holds(6..=7));
    crash(opened);

    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    fs::create_dir_all(dir.path().join("journal/blobs")).unwrap();
    restore(&dir.path().join("journal"), &earlier);
    let message = damaged(dir.path());
    assert!(message.contains("it ends at sequence 5, but events up to 7 were acknowledged"), "{message}");
}

#[test]
fn a_spoiled_watermark_says_nothing() {
    for spoil in
        [|path: &Path| fs::remove_file(path).unwrap(), |path: &Path| fs::write(path, "short").unwrap()]
    {
        let dir = tempfile::tempdir().unwrap();
        directory_with(dir.path(), crash);
        spoil(&dir.path().join("watermark"));
        let (opened, events) = open(dir.path());
        assert_eq!(events.len(), 40);
        append(&opened, holds(1..=1));
        crash(opened);
        // It is whole again.
        assert_eq!(fs::read(dir.path().join("watermark")).unwrap()[8..16], 41_u64.to_le_bytes());
    }
}

#[test]
fn a_recovery_that_was_cut_short_begins_again_from_the_original() {
    let dir = tempfile::tempdir().unwrap();
    directory_with(dir.path(), crash);
    let path = |name: &str| dir.path().join(name);
    let original = contents(&path("journal"));
    // Cut short with the copy half recovered, with the copy gone, and with no copy made yet.
    let spoiled = |name: &str| {
        fs::create_dir_all(path(name)).unwrap();
        fs::write(path(name).join("db"), "half a file").unwrap();
    };
    let cuts: [&dyn Fn(); 4] = [
        &|| {
            fs::rename(path("journal"), path("journal.before-recovery")).unwrap();
            spoiled("journal");
        },
        &|| {
            fs::rename(path("journal"), path("journal.before-recovery")).unwrap();
            spoiled("journal.copy");
        },
        &|| spoiled("journal.copy"),
        &|| spoiled("journal.recovered"),
    ];
    for (number, cut) in cuts.into_iter().enumerate() {
        cut();
        let (opened, events) = open(dir.path());
        assert_eq!(events, holds(1..=40), "cut {number}");
        crash(opened);
        for leftover in ["journal.before-recovery", "journal.copy", "journal.recovered"] {
            assert!(!path(leftover).exists(), "{leftover} after cut {number}");
        }
    }
    assert_eq!(frames_in(&original["db"]).len(), frames_in(&contents(&path("journal"))["db"]).len());
}

#[test]
fn an_original_beside_a_seal_is_for_people_to_sort_out() {
    let dir = tempfile::tempdir().unwrap();
    directory_with(dir.path(), close);
    fs::create_dir(dir.path().join("journal.before-recovery")).unwrap();
    assert!(damaged(dir.path()).contains("both"));
}

#[test]
fn a_snapshot_that_sled_was_still_writing_does_no_harm() {
    for end in [close, crash] {
        let dir = tempfile::tempdir().unwrap();
        directory_with(dir.path(), end);
        // After a clean close there is none, and one that appears is not taken on trust.
        fs::write(dir.path().join("journal/snap.00000000000FFFFF.generating"), "half a snapshot").unwrap();
        if dir.path().join("seal").exists() {
            assert!(damaged(dir.path()).contains("was not there"));
            continue;
        }
        let (opened, events) = open(dir.path());
        assert_eq!(events, holds(1..=40));
        close(opened);
        assert!(!contents(dir.path()).keys().any(|name| name.ends_with(".generating")));
    }
}

#[test]
fn an_event_that_cannot_be_applied_leaves_the_journal_as_good_as_it_was() {
    for end in [close, crash] {
        let dir = tempfile::tempdir().unwrap();
        directory_with(dir.path(), end);
        let sealed = dir.path().join("seal").exists();
        let error = Journal::<Tell>::open(
            dir.path(),
            &Options::default(),
            quiet_hooks(),
            &mut |_: Sequence, _: Event| Err("no".into()),
        )
        .map(|_| ())
        .unwrap_err();
        assert!(error.to_string().contains("the event at sequence 1 could not be applied: no"), "{error}");
        let (opened, events) = open(dir.path());
        assert_eq!((opened.sealed, events), (sealed, holds(1..=40)));
        close(opened);
    }
}

/// Takes every event and finds at the end that they make no sense.
struct EndsBadly(u64);

impl Rebuild for EndsBadly {
    fn event(&mut self, _: Sequence, _: Event) -> Result<(), VisitError> {
        self.0 += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), VisitError> {
        Err("a hold belongs to nobody".into())
    }
}

#[test]
fn a_journal_that_makes_no_sense_as_a_whole_is_left_as_good_as_it_was() {
    for end in [close, crash] {
        let dir = tempfile::tempdir().unwrap();
        directory_with(dir.path(), end);
        let sealed = dir.path().join("seal").exists();
        let before = contents(dir.path());
        let mut rebuild = EndsBadly(0);
        let opened = Journal::<Tell>::open(dir.path(), &Options::default(), quiet_hooks(), &mut rebuild);
        let error = opened.map(|_| ()).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("a hold belongs to nobody"), "{error}");
        assert_eq!(rebuild.0, 40);
        if !sealed {
            assert_same_contents(&before, &contents(dir.path()));
        }
        let (opened, events) = open(dir.path());
        assert_eq!((opened.sealed, events), (sealed, holds(1..=40)));
        close(opened);
    }
}

#[test]
fn many_starts_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    for start in 1..=12 {
        let (opened, events) = open(dir.path());
        assert_eq!(events, holds(1..=start - 1));
        append(&opened, holds(start..=start));
        if start % 3 == 0 { crash(opened) } else { close(opened) }
    }
    let names: Vec<_> = contents(dir.path()).into_keys().filter(|name| !name.contains("journal/")).collect();
    assert_eq!(names, ["FORMAT", "LOCK", "secret", "watermark"]);
}

#[test]
fn a_reader_sees_what_is_durable_and_does_not_keep_the_journal_open() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, _) = open(dir.path());
    let reader = opened.journal.reader();
    append(&opened, holds(1..=10));
    let read = |from: u64| {
        let mut events = Vec::new();
        reader
            .read(Sequence(from), &mut |_, event| {
                events.push(event);
                Ok(())
            })
            .map(|()| events)
    };
    assert_eq!(read(1).unwrap(), holds(1..=10));
    append(&opened, holds(11..=11));
    assert_eq!(read(10).unwrap(), holds(10..=11));

    close(opened);
    assert!(read(1).unwrap_err().to_string().contains("the journal is closed"));
    // sled's own lock is free again, although the reader is still here.
    let (opened, events) = open(dir.path());
    assert_eq!((opened.sealed, events), (true, holds(1..=11)));
    crash(opened);
    assert_eq!(open(dir.path()).1, holds(1..=11));
}
