//! A process that is killed at any moment loses nothing it has acknowledged.
//!
//! The writer is this test binary again, started with a directory in its environment. It tells of each step on
//! stdout, and is killed (SIGKILL) when it has told a certain one, so that a run needs no clock and no luck.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::io::{BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use holdfast_engine::{Event, Sequence, Timestamp};
use holdfast_persistence::{
    Ack, Journal, OpenError, Opened, Options, Trail, TrailError, TrailHead, follow_trail,
};
use support::events::hold_opened;
use support::{Tell, quiet_hooks};

const DIRECTORY: &str = "HOLDFAST_TEST_KILL_DIRECTORY";

/// Prints the position of its event, once that is durable.
struct Print;

impl Ack for Print {
    fn durable(self, first: Sequence) {
        println!("\ntold: {}", first.0);
    }

    fn failed(self) {
        panic!("the journal must not fail");
    }
}

/// The writer: appends the event of each position until it is killed. Does nothing where no test has started it.
#[test]
fn writer_process() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    println!("\nopening:");
    let opened = Journal::open(
        Path::new(&directory),
        &Options::default(),
        quiet_hooks(),
        &mut |sequence: Sequence, event: Event| {
            assert_eq!(event, hold_opened(sequence.0));
            println!("\nvisited: {}", sequence.0);
            Ok(())
        },
    );
    let Opened { journal, tail, .. } = opened.unwrap();
    println!("\nopen:");
    let mut next = tail.last.0;
    loop {
        // Bursts of changing size, and never more than a thousand events ahead of the disk.
        for _ in 0..=(next % 7) {
            next += 1;
            let trail = Trail { previous: Sequence(next - 1), at: Timestamp::default() };
            let appended = journal.appender().append_to_trail(trail, [hold_opened(next)], Print);
            assert_eq!(appended, Sequence(next));
        }
        while next - journal.appender().durable().0 > 1_000 {
            std::thread::yield_now();
        }
    }
}

struct Writer {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    /// The last position it has acknowledged.
    told: u64,
}

impl Writer {
    fn start(directory: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["writer_process", "--exact", "--nocapture"])
            .env(DIRECTORY, directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, told: 0 }
    }

    fn next_line(&mut self) -> Option<String> {
        let line = self.lines.next()?.unwrap();
        if let Some(told) = line.strip_prefix("told: ") {
            self.told = told.parse().unwrap();
        }
        Some(line)
    }

    /// Waits for the `nth` line that begins so.
    fn wait_for(&mut self, begin: &str, nth: u64) {
        let mut seen = 0;
        while seen < nth {
            let line = self.next_line().expect("the writer goes on until it is killed");
            seen += u64::from(line.starts_with(begin));
        }
    }

    /// Kills it and answers the last position it has acknowledged.
    fn kill(mut self) -> u64 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        for line in self.lines.by_ref() {
            // The last line may be cut; whatever was whole was told.
            if let Some(told) = line.unwrap().strip_prefix("told: ").and_then(|told| told.parse().ok()) {
                self.told = self.told.max(told);
            }
        }
        self.told
    }
}

fn open(directory: &Path) -> Result<(Opened<Tell>, u64), OpenError> {
    let mut events = 0;
    let opened = Journal::open(
        directory,
        &Options::default(),
        quiet_hooks(),
        &mut |sequence: Sequence, event: Event| {
            assert_eq!(event, hold_opened(sequence.0));
            events += 1;
            Ok(())
        },
    )?;
    Ok((opened, events))
}

/// How many records the trail leads through that ends at the last of so many events.
fn trail(opened: &Opened<Tell>, events: u64) -> u64 {
    let mut walked = 0;
    let head = TrailHead { sequence: Sequence(events), records: events };
    let Event::Product(sku, _) = hold_opened(1) else { panic!("a hold is of a product") };
    let reader = opened.journal.reader();
    follow_trail(&*reader, &sku, head, |step| {
        assert_eq!(step.record.event(), Ok(hold_opened(step.head.sequence.0)));
        walked += 1;
        Ok::<_, TrailError>(ControlFlow::Continue(()))
    })
    .unwrap();
    walked
}

#[test]
fn a_killed_writer_loses_nothing_it_has_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..12 {
        // While the directory is opened, while it is read, at the first ack, and in full flight.
        let (begin, nth) = match round % 4 {
            0 => ("told:", 400),
            1 => ("opening:", 1),
            2 => ("visited:", acknowledged / 2),
            _ => ("told:", 1),
        };
        let mut writer = Writer::start(dir.path());
        writer.wait_for(begin, nth);
        acknowledged = acknowledged.max(writer.kill());

        // Every other round, the next writer finds what the killed one left, and not what we have put in order.
        if round % 2 == 0 {
            let (opened, events) = open(dir.path()).unwrap();
            assert!(events >= acknowledged, "{events} events, {acknowledged} acknowledged");
            assert_eq!(trail(&opened, events), events, "the trail goes on through every kill");
            acknowledged = events;
            if round % 3 == 0 {
                opened.journal.close().unwrap();
            }
        }
    }
    assert!(acknowledged >= 1_200, "{acknowledged}");
}

#[test]
fn another_process_cannot_open_it_and_can_when_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::start(dir.path());
    writer.wait_for("open:", 1);
    let error = open(dir.path()).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    writer.kill();
    open(dir.path()).unwrap();
}
