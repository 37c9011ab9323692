//! A server as a child process. Whatever a test does, the child does not outlive it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The binary under test.
pub(crate) fn holdfast() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    // What is set where the tests run must not decide what they find.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOLDFAST_")) {
        command.env_remove(name);
    }
    command.env("RUST_LOG", "info");
    command
}

/// `holdfast serve` on free ports.
pub(crate) fn serve(data_dir: &Path) -> Command {
    let mut command = holdfast();
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
        "-o",
        "json",
        "--data-dir",
    ]);
    command.arg(data_dir);
    command
}

/// A server that has said it is ready.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) admin_url: String,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let output = child.wait_with_output().unwrap();
            panic!("not ready: {line:?} {}", String::from_utf8_lossy(&output.stderr));
        };
        assert_eq!((&ready["event"], &ready["pid"]), (&"ready".into(), &child.id().into()));
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { child, url: text("listen"), admin_url: text("admin") }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end: the exit code and what it said on stderr.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended in a test that went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
