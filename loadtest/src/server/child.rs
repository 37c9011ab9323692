//! The `holdfast` program as a child process, which can be killed.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::process::Command;

/// Longest time from the start of a server to its first answer. Recovery of a large journal is part of it.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Pause between two looks at a server that is starting.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Longest time a server may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// Why a server process is not there, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// No free port.
    #[error("no free port on the loopback")]
    Port(#[source] std::io::Error),
    /// The program could not be started.
    #[error("cannot start {program}")]
    Spawn {
        /// Which program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It ended before it was ready.
    #[error("the server ended before it was ready: {0}")]
    Ended(ExitStatus),
    /// It was not ready in time.
    #[error("the server was not ready within {} s", READY_WITHIN.as_secs())]
    NotReady,
    /// It could not be asked to end, or its end could not be seen.
    #[error("the server process could not be ended")]
    End(#[source] std::io::Error),
    /// It did not end in order.
    #[error("the server ended with {0}")]
    BadEnd(ExitStatus),
    /// It did not end when asked to.
    #[error("the server did not end within {} s", STOP_WITHIN.as_secs())]
    NoEnd,
}

/// A running server process. It is killed when dropped.
#[derive(Debug)]
pub struct Child {
    process: tokio::process::Child,
    listen: SocketAddr,
}

/// Two addresses on the loopback that nobody listens on: for the gateway and for its admin side.
///
/// # Errors
/// If the system has none to give.
pub fn free_addresses() -> std::io::Result<[SocketAddr; 2]> {
    let (first, second) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok([first.local_addr()?, second.local_addr()?])
}

impl Child {
    /// Starts the program on a data directory. What it says goes to `log`, or to our stderr.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn(
        program: &Path,
        data_dir: &Path,
        listen: SocketAddr,
        admin: SocketAddr,
        log: Option<File>,
    ) -> Result<Self, ChildError> {
        let process = Command::new(program)
            .arg("serve")
            .arg("--data-dir")
            .arg(data_dir)
            .args(["--listen", &listen.to_string(), "--admin-listen", &admin.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.map_or_else(Stdio::inherit, Stdio::from))
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ChildError::Spawn { program: program.display().to_string(), source })?;
        Ok(Self { process, listen })
    }

    /// Where it listens once it is ready.
    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// If it ends instead, or takes too long.
    pub async fn wait_until_ready(&mut self) -> Result<(), ChildError> {
        let ready = async {
            loop {
                if self.accepts_connections().await {
                    return Ok(());
                }
                if let Some(status) = self.process.try_wait().map_err(ChildError::End)? {
                    return Err(ChildError::Ended(status));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(READY_WITHIN, ready).await.unwrap_or(Err(ChildError::NotReady))
    }

    /// Whether somebody listens at its address. It opens its door when it is ready to answer and not before.
    pub async fn accepts_connections(&self) -> bool {
        TcpStream::connect(self.listen).await.is_ok()
    }

    /// Kills it without a chance to do anything more, and waits until it is gone.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn kill(mut self) -> Result<(), ChildError> {
        self.process.kill().await.map_err(ChildError::End)
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// If it does not, or not with success.
    pub async fn stop(mut self) -> Result<(), ChildError> {
        let pid = self.process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).map_err(|errno| ChildError::End(errno.into()))?;
        }
        let status = tokio::time::timeout(STOP_WITHIN, self.process.wait()).await;
        let status = status.map_err(|_| ChildError::NoEnd)?.map_err(ChildError::End)?;
        if status.success() { Ok(()) } else { Err(ChildError::BadEnd(status)) }
    }
}
