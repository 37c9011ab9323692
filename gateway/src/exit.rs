//! How the process ends, as a number: part of the contract with whoever starts it.

use std::process::ExitCode;

use holdfast_persistence::OpenError;

/// The process's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done.
    Ok = 0,
    /// Something went wrong while running: an address could not be had, a server did not answer, lines were refused.
    Runtime = 1,
    /// The command line or environment makes no sense.
    Usage = 2,
    /// Another process uses the data directory.
    Locked = 10,
    /// This user may not use the data directory.
    Unreadable = 11,
    /// The data directory is something else.
    NotADataDirectory = 12,
    /// A newer version wrote the data directory.
    NewerVersion = 13,
    /// The data directory is damaged.
    Damaged = 14,
    /// The disk failed while the data directory was opened.
    Io = 15,
    /// The journal failed while running: nothing was acknowledged after that, and nothing acknowledged is lost.
    JournalFailed = 20,
    /// A part of the program died that cannot be replaced while it runs: a defect. Nothing acknowledged is lost.
    RuntimeFailed = 21,
    /// Told twice to stop: ended at once, without waiting for requests under way.
    Interrupted = 130,
}

impl Exit {
    /// The end that a failure to open the data directory leads to.
    pub fn of_open_error(error: &OpenError) -> Self {
        match error {
            OpenError::Locked { .. } => Self::Locked,
            OpenError::Unreadable { .. } => Self::Unreadable,
            OpenError::NotADataDirectory { .. } => Self::NotADataDirectory,
            OpenError::NewerVersion { .. } => Self::NewerVersion,
            OpenError::Damaged { .. } => Self::Damaged,
            // Kinds to come are failures of the disk until they have a number of their own.
            _ => Self::Io,
        }
    }

    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
