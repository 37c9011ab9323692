//! The process that writes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{Ack, Hooks, Journal, Opened, Options, SyncedGroup};
use rustix::process::{Pid, Signal, kill_process};

use crate::disk::Disk;
use crate::support::events::hold_opened;

const DIRECTORY: &str = "HOLDFAST_TEST_DIRECTORY";
/// How many events it writes before it closes the journal; without end if that is not said.
pub(crate) const EVENTS: &str = "HOLDFAST_TEST_EVENTS";

/// Prints the position of its event, once that is durable.
struct Print;

impl Ack for Print {
    fn durable(self, first: Sequence) {
        println!("\ntold: {}", first.0);
    }

    fn failed(self) {}
}

/// The writer. Does nothing where no test has started it.
#[test]
fn writer_process() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let events = std::env::var(EVENTS).map_or(u64::MAX, |events| events.parse().unwrap());
    println!("\nopening:");
    let hooks = Hooks {
        observer: Box::new(|_: &SyncedGroup| {}),
        on_failure: Box::new(|error| println!("\nfailed: {error}")),
    };
    let opened = Journal::open(
        Path::new(&directory),
        &Options::default(),
        hooks,
        &mut |at: Sequence, event: Event| {
            assert_eq!(event, hold_opened(at.0));
            println!("\nvisited: {}", at.0);
            Ok(())
        },
    );
    let Opened { journal, tail, .. } = match opened {
        Ok(opened) => opened,
        Err(error) => return println!("\nrefused: {error}"),
    };
    // A moment that every writer comes to.
    println!("\nvisited: 0");
    let (mut next, last) = (tail.last.0, tail.last.0.saturating_add(events));
    while next < last && !journal.appender().is_failed() {
        // Bursts of changing size, and never far ahead of the disk.
        for _ in 0..=(next % 7).min(last - next - 1) {
            next += 1;
            journal.appender().append([hold_opened(next)], Print);
        }
        while next - journal.appender().durable().0 > 20 && !journal.appender().is_failed() {
            std::thread::yield_now();
        }
    }
    match journal.close() {
        Ok(()) => println!("\nclosed:"),
        Err(error) => println!("\nnot closed: {error}"),
    }
}

/// More than any moment is waited for.
const TOLD_MAX: u64 = 300;

/// A running writer.
pub(crate) struct Writer {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    /// The last position it has acknowledged.
    told: u64,
    /// Ends the watch over it.
    _watched: Sender<()>,
    hung: Arc<AtomicBool>,
}

/// Far more than any writer here takes: reached only by one that would never end.
const FAIL_SAFE: Duration = Duration::from_secs(60);

impl Writer {
    pub(crate) fn start(disk: &Disk, set_up: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["writer::writer_process", "--exact", "--nocapture"])
            .env(DIRECTORY, disk.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        disk.carry(&mut command);
        set_up(&mut command);
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (pid, hung) = (Pid::from_child(&process), Arc::new(AtomicBool::new(false)));
        let (watched, end) = channel();
        let is_hung = Arc::clone(&hung);
        std::thread::spawn(move || {
            if end.recv_timeout(FAIL_SAFE) == Err(RecvTimeoutError::Timeout) {
                is_hung.store(true, Ordering::SeqCst);
                // Whoever reads from it hears its end.
                kill_process(pid, Signal::KILL).unwrap();
            }
        });
        Self { process, lines, told: 0, _watched: watched, hung }
    }

    fn next_line(&mut self) -> Option<String> {
        let line = self.lines.next()?.unwrap();
        if let Some(told) = line.strip_prefix("told: ").and_then(|told| told.parse().ok()) {
            self.told = self.told.max(told);
        }
        Some(line)
    }

    /// Waits for the `nth` line that begins so, for the end of the process, or until it has told of a good many events.
    pub(crate) fn wait_for(&mut self, begin: &str, nth: u64) {
        let (mut seen, mut told) = (0, 0);
        while seen < nth
            && told < TOLD_MAX
            && let Some(line) = self.next_line()
        {
            assert!(!line.starts_with("refused:") && !line.starts_with("failed:"), "{line}");
            seen += u64::from(line.starts_with(begin));
            told += u64::from(line.starts_with("told:"));
        }
    }

    /// Kills it, and answers the last position it has acknowledged.
    pub(crate) fn kill(mut self) -> u64 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while self.next_line().is_some() {}
        assert!(!self.hung.load(Ordering::SeqCst), "the writer went on without a word");
        self.told
    }

    /// Lets it run. Answers the last position that was acknowledged before the disk failed, which call failed, and how many were
    /// acknowledged after that; `None` if none failed.
    pub(crate) fn run_to_its_end(&mut self) -> (u64, Option<(String, u64)>) {
        let mut after = None;
        let mut before = 0;
        while let Some(line) = self.next_line() {
            if let Some(call) = line.strip_prefix("fault: ") {
                (before, after) = (self.told, Some((call.to_owned(), 0)));
            } else if let (true, Some((_, after))) = (line.starts_with("told:"), &mut after) {
                *after += 1;
            }
        }
        self.process.wait().unwrap();
        assert!(!self.hung.load(Ordering::SeqCst), "the writer never came to its end: {after:?}");
        (before, after)
    }
}
