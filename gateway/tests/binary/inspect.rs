//! A look into a data directory that no server uses.

use std::fs;
use std::path::Path;
use std::process::Output;

use rustix::process::Signal;
use serde_json::Value;

use crate::process::{Server, holdfast, serve};

fn run(args: &[&str], dir: &Path) -> Output {
    holdfast().args(args).arg("--data-dir").arg(dir).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The data directory of a demo shop that was left in this way.
fn left_by(signal: Signal) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut command = serve(dir.path());
    command.arg("--demo");
    let server = Server::start(command);
    server.signal(signal);
    server.wait();
    dir
}

#[test]
fn a_journal_is_counted_and_its_state_is_proved() {
    for (signal, closed) in [(Signal::TERM, true), (Signal::KILL, false)] {
        let dir = left_by(signal);
        let inspected = run(&["inspect", "journal", "-o", "json"], dir.path());
        assert_eq!(inspected.status.code(), Some(0));
        let told = json(&inspected);
        assert_eq!((&told["closed_in_order"], &told["damage"]), (&closed.into(), &Value::Null));
        assert_eq!((&told["records"]["product.put"], &told["state"]), (&1000.into(), &Value::Null));
        assert_eq!(told["acknowledged_sequence"], told["journal"]["last_sequence"]);

        let verified = run(&["verify", "-o", "json"], dir.path());
        assert_eq!(verified.status.code(), Some(0));
        let state = &json(&verified)["state"];
        assert_eq!((&state["products"], &state["unfinished_events"]), (&1000.into(), &0.into()));
        assert_eq!(state["digest"].as_str().unwrap().len(), 16);
        assert_eq!(json(&run(&["verify", "-o", "json"], dir.path()))["state"], *state);
        let text = String::from_utf8(run(&["verify"], dir.path()).stdout).unwrap();
        assert!(text.contains("every event fits") && text.contains("1,000 products"), "{text}");
    }
}

#[test]
fn damage_is_told_on_both_streams_and_is_14() {
    let dir = left_by(Signal::TERM);
    let log = dir.path().join("journal/db");
    let mut bytes = fs::read(&log).unwrap();
    let frame = bytes.windows(8).rposition(|window| window == b"HFASTJNL").unwrap();
    bytes[frame + 100] ^= 1;
    fs::write(&log, bytes).unwrap();
    for command in [["inspect", "journal", "-o", "json"].as_slice(), &["verify", "-o", "json"]] {
        let output = run(command, dir.path());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(14), "{said}");
        assert!(said.contains("is damaged") && said.contains("check the disk"), "{said}");
        assert!(json(&output)["damage"]["detail"].is_string());
    }
}

#[test]
fn what_cannot_be_read_has_the_codes_of_a_start_that_fails() {
    let dir = tempfile::tempdir().unwrap();
    for command in [["inspect", "journal"].as_slice(), &["verify"]] {
        let absent = run(command, &dir.path().join("absent"));
        assert_eq!((absent.status.code(), absent.stdout.len()), (Some(12), 0));
    }
    let _server = Server::start(serve(dir.path()));
    assert_eq!(run(&["verify"], dir.path()).status.code(), Some(10));
}
