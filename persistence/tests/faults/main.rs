//! Disks that fail: what was acknowledged is there after a power cut, and nothing is acknowledged after an error.
//!
//! The writer is this test binary again, on a disk that takes notes ([`disk`]). It tells of each step on stdout, and the
//! power is cut when it has told a certain one. `HOLDFAST_SEED` runs others; `HOLDFAST_POWER_CUTS` and
//! `HOLDFAST_FAULT_EVENTS` say how many.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod disk;
#[path = "../support/mod.rs"]
mod support;
mod writer;

use std::path::Path;

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{Journal, OpenError, Opened, Options};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use disk::{Cut, Disk};
use support::events::hold_opened;
use support::{Tell, quiet_hooks};
use writer::Writer;

fn setting(name: &str, usual: u64) -> u64 {
    let value = std::env::var(name).map_or(usual, |value| value.parse().expect("a number"));
    println!("{name}={value}");
    value
}

/// Opens a directory and checks that it holds the events from the first on. Answers how many.
fn open(path: &Path) -> Result<(Opened<Tell>, u64), OpenError> {
    let mut events = 0;
    let opened =
        Journal::open(path, &Options::default(), quiet_hooks(), &mut |at: Sequence, event: Event| {
            assert_eq!(event, hold_opened(at.0));
            events += 1;
            Ok(())
        })?;
    Ok((opened, events))
}

/// Cuts the power at a random moment, and answers what had been acknowledged by then.
fn write_until_cut(disk: &Disk, cut: Cut, knows_fdatasync: bool, random: &mut ChaCha8Rng) -> u64 {
    let moments =
        [("told:", 30), ("told:", 200), ("told:", 1), ("visited:", 5), ("opening:", 1), ("closed:", 1)];
    let (begin, most) = moments[random.random_range(0..moments.len())];
    let nth = random.random_range(1..=most);
    let mut writer = Writer::start(disk, |command| {
        if !knows_fdatasync {
            command.env("HOLDFAST_SHIM_NO_FDATASYNC", "1");
        }
        if begin == "closed:" {
            command.env(writer::EVENTS, random.random_range(0..30).to_string());
        }
    });
    writer.wait_for(begin, nth);
    let told = writer.kill();
    disk.cut(cut, random);
    told
}

#[test]
fn what_was_acknowledged_is_there_after_any_power_cut() {
    let (seed, cuts) = (setting("HOLDFAST_SEED", 1), setting("HOLDFAST_POWER_CUTS", 300));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut disk, mut there) = (Disk::new(), 0);
    for number in 0..cuts {
        let cut = [Cut::All, Cut::Some, Cut::Torn][usize::try_from(number % 3).unwrap()];
        let told = write_until_cut(&disk, cut, true, &mut random).max(there);
        // Now and then the next writer finds what the cut has left, and not what was put in order here.
        if random.random_bool(0.7) {
            let (opened, events) =
                open(&disk.data()).unwrap_or_else(|why| panic!("cut {number} ({cut:?}): {why}"));
            assert!(events >= told, "cut {number} ({cut:?}): {events} events, {told} acknowledged");
            there = events;
            if random.random() {
                opened.journal.close().unwrap();
            }
        } else {
            there = told;
        }
        if there > 3_000 {
            (disk, there) = (Disk::new(), 0);
        }
    }
}

/// Without this the test above would prove nothing.
#[test]
fn without_our_own_sync_acknowledged_work_is_lost() {
    let mut random = ChaCha8Rng::seed_from_u64(setting("HOLDFAST_SEED", 1));
    let mut lost = 0;
    for _ in 0..10 {
        let disk = Disk::new();
        let told = write_until_cut(&disk, Cut::All, false, &mut random);
        let there = open(&disk.data()).map_or(0, |(_, events)| events);
        lost += u64::from(there < told);
    }
    assert!(lost > 0, "the disk forgets nothing");
}

/// Lets every call to the disk fail once, in a process that writes some events to a new directory, or to one that a crash left.
#[test]
fn nothing_is_acknowledged_after_the_disk_has_failed_once() {
    let events = setting("HOLDFAST_FAULT_EVENTS", 20);
    let mut random = ChaCha8Rng::seed_from_u64(setting("HOLDFAST_SEED", 1));
    for (error, is_new) in [(EIO, true), (EIO, false), (ENOSPC, true), (ENOSPC, false)] {
        let mut failures = 0;
        loop {
            let disk = Disk::new();
            if !is_new {
                let mut writer = Writer::start(&disk, |_| {});
                writer.wait_for("told:", 10);
                writer.kill();
                disk.forget_notes();
            }
            let mut writer = Writer::start(&disk, |command| {
                command
                    .env(writer::EVENTS, events.to_string())
                    .env("HOLDFAST_SHIM_FAIL_AT", (failures + 1).to_string())
                    .env("HOLDFAST_SHIM_ERRNO", error.to_string());
            });
            let (before, after) = writer.run_to_its_end();
            let Some((call, after)) = after else { break };
            let case =
                format!("call {}, {call}, failed with {error}; in a new directory: {is_new}", failures + 1);
            // sled clears away snapshots of its index that newer ones have replaced, and does not mind if one stays.
            let is_leftover = call.starts_with("removed") && call.contains("/journal/snap.");
            assert!(after == 0 || is_leftover, "{case}: {after} acknowledged after it");
            // The system may drop what it could not write, and says so once.
            disk.cut(Cut::All, &mut random);
            let (_, there) = open(&disk.data()).unwrap_or_else(|why| panic!("{case}: {why}"));
            assert!(there >= before + after, "{case}: {there} events, {before} and {after} acknowledged");
            failures += 1;
        }
        assert!(failures > events, "each event takes some calls: {failures}");
    }
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
