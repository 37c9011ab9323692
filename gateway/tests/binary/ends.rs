//! The ways a start can fail, each with its own exit code and words that say what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use holdfast_gateway::Exit;
use rustix::process::Signal;

use crate::process::{Server, holdfast, serve};

/// Runs a command that should fail; gives back what it said.
fn fails(mut command: Command, exit: Exit) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(i32::from(exit.code())), "{said}");
    assert!(output.stdout.is_empty(), "nothing is ready: {}", String::from_utf8_lossy(&output.stdout));
    said
}

/// A data directory that was used and closed in order.
fn used() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut command = serve(dir.path());
    command.arg("--demo");
    let server = Server::start(command);
    server.signal(Signal::TERM);
    assert_eq!(server.wait().0, Some(0));
    dir
}

/// Runs as nobody, if this is root, who may do everything.
fn unprivileged(command: &mut Command) {
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_directory_in_use_is_10() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Server::start(serve(dir.path()));
    let said = fails(serve(dir.path()), Exit::Locked);
    assert!(said.contains("stop that process"), "{said}");
}

#[test]
fn a_directory_of_somebody_else_is_11() {
    let outer = tempfile::tempdir().unwrap();
    mode(outer.path(), 0o755);
    // The binary may lie where only its builder may go.
    let binary = outer.path().join("holdfast");
    fs::copy(env!("CARGO_BIN_EXE_holdfast"), &binary).unwrap();
    mode(&binary, 0o755);
    let data = outer.path().join("data");
    fs::create_dir(&data).unwrap();
    mode(&data, 0o000);
    let mut command = Command::new(&binary);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data);
    command.current_dir(outer.path());
    unprivileged(&mut command);
    let said = fails(command, Exit::Unreadable);
    assert!(said.contains("owner"), "{said}");
    mode(&data, 0o700);
}

#[test]
fn something_else_is_12() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "hello").unwrap();
    let said = fails(serve(&file), Exit::NotADataDirectory);
    assert!(said.contains("not a data directory"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), b"hello");
    // A directory with somebody's files in it stays untouched as well.
    fails(serve(dir.path()), Exit::NotADataDirectory);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_newer_format_is_13() {
    let dir = used();
    let format = dir.path().join("FORMAT");
    let text = fs::read_to_string(&format).unwrap();
    fs::write(&format, text.replace("format: 1\n", "format: 2\n")).unwrap();
    let said = fails(serve(dir.path()), Exit::NewerVersion);
    assert!(said.contains("newer version"), "{said}");
}

#[test]
fn a_changed_byte_is_14() {
    let dir = used();
    let db = dir.path().join("journal/db");
    let mut bytes = fs::read(&db).unwrap();
    let changed = bytes.iter().position(|byte| *byte == b'D').unwrap();
    bytes[changed] ^= 1;
    fs::write(&db, bytes).unwrap();
    let said = fails(serve(dir.path()), Exit::Damaged);
    assert!(said.contains("damaged") && said.contains("restore"), "{said}");
}

#[test]
fn nonsense_on_the_command_line_is_2() {
    for args in [
        &["serve", "--listen", "nowhere"][..],
        &["serve", "--in-flight-max", "0"],
        &["serve", "--shutdown-timeout", "soon"],
        &["serve", "--admin-listen", "0.0.0.0:0"],
        &["frobnicate"],
        &[],
    ] {
        let mut command = holdfast();
        command.args(args);
        let said = fails(command, Exit::Usage);
        assert!(!said.is_empty(), "{args:?}");
    }
}

#[test]
fn an_address_in_use_is_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut command = holdfast();
    command.args(["serve", "--admin-listen", "127.0.0.1:0", "--listen"]);
    command.arg(taken.local_addr().unwrap().to_string()).arg("--data-dir").arg(dir.path());
    let said = fails(command, Exit::Runtime);
    assert!(said.contains("cannot listen on"), "{said}");
}
