//! Bytes that rot: whatever changes in the files of a data directory is seen at the next start, or changes nothing that counts.
//!
//! `HOLDFAST_SEED` runs others, `HOLDFAST_ROT_ROUNDS` says how many.

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
use std::path::{Path, PathBuf};

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{Examined, Generation, Journal, OpenError, Opened, Options, Secret};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use support::events::{every_event, hold_opened};
use support::{Ears, Tell, assert_same_contents, contents, quiet_hooks};

/// All that a start finds in a directory.
#[derive(PartialEq, Eq)]
struct Found {
    events: Vec<Event>,
    generation: Generation,
    secret: Secret,
}

fn open(path: &Path) -> Result<(Opened<Tell>, Found), OpenError> {
    let mut events = Vec::new();
    let opened =
        Journal::open(path, &Options::default(), quiet_hooks(), &mut |_: Sequence, event: Event| {
            events.push(event);
            Ok(())
        })?;
    let found =
        Found { events, generation: opened.journal.generation(), secret: opened.journal.secret().clone() };
    Ok((opened, found))
}

/// A directory that was used twice, and then closed or not.
fn directory(path: &Path, is_closed: bool) -> Found {
    for batch in [every_event(), (1..=60).map(hold_opened).collect()] {
        let (opened, _) = open(path).unwrap();
        let mut ears = Ears::new();
        for event in batch {
            opened.journal.appender().append([event], ears.ack());
            ears.next();
        }
        opened.journal.close().unwrap();
    }
    let (opened, mut found) = open(path).unwrap();
    assert_eq!(found.events, every_event().into_iter().chain((1..=60).map(hold_opened)).collect::<Vec<_>>());
    let mut ears = Ears::new();
    opened.journal.appender().append([hold_opened(61)], ears.ack());
    ears.next();
    found.events.push(hold_opened(61));
    if is_closed {
        opened.journal.close().unwrap();
    }
    found
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), found);
        } else if entry.metadata().unwrap().len() > 0 {
            found.push(entry.path());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Spoils a file, somewhere where it holds something. Says how.
fn spoil(path: &Path, random: &mut ChaCha8Rng) -> String {
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let at = random.random_range(0..used);
    let what = match random.random_range(0..3) {
        0 => {
            bytes[at] ^= 1 << random.random_range(0..8);
            "a bit flipped at"
        }
        1 => {
            let sector = at - at % 512;
            let end = (sector + 512).min(bytes.len());
            bytes[sector..end].fill(0);
            "zeros in the sector of"
        }
        _ => {
            bytes.truncate(at);
            "cut at"
        }
    };
    fs::write(path, bytes).unwrap();
    format!("{}: {what} {at}", path.display())
}

#[test]
fn no_rotten_byte_is_taken_for_a_sound_one() {
    let setting = |name: &str, usual: u64| {
        let value = std::env::var(name).map_or(usual, |value| value.parse().expect("a number"));
        println!("{name}={value}");
        value
    };
    let (seed, rounds) = (setting("HOLDFAST_SEED", 1), setting("HOLDFAST_ROT_ROUNDS", 1_000));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let whole = [true, false].map(|is_closed| {
        let path = dir.path().join(format!("closed-{is_closed}"));
        let found = directory(&path, is_closed);
        (path, found)
    });
    let mut seen = 0;
    for round in 0..rounds {
        let (path, found) = &whole[usize::try_from(round % 2).unwrap()];
        let rotten = dir.path().join("rotten");
        copy(path, &rotten);
        let mut names = Vec::new();
        files(&rotten, &mut names);
        names.sort_unstable();
        // Half of them where nearly all bytes are.
        let name = match names.iter().find(|name| name.ends_with("journal/db")).filter(|_| random.random()) {
            Some(log) => log.clone(),
            None => names[random.random_range(0..names.len())].clone(),
        };
        let how = spoil(&name, &mut random);
        let before = contents(&rotten);
        let looked = Examined::look(&rotten, &Options::default(), &mut |_: Sequence, _: Event| Ok(()));
        assert_same_contents(&before, &contents(&rotten));
        let is_sound = looked.is_ok_and(|examined| examined.damage.is_none());
        let opened = open(&rotten);
        assert_eq!(is_sound, opened.is_ok(), "round {round}: {how}: a look and a start say the same");
        match opened {
            Err(error) => {
                seen += 1;
                assert!(!matches!(error, OpenError::Locked { .. }), "{how}: {error}");
            }
            Ok((opened, now)) => {
                assert!(
                    now == *found,
                    "round {round}: {how}: {} events, and nothing was said",
                    now.events.len()
                );
                drop(opened);
            }
        }
        fs::remove_dir_all(&rotten).unwrap();
    }
    println!("{seen} of {rounds} refused, the others changed nothing that counts");
    assert!(seen > rounds / 3);
}
