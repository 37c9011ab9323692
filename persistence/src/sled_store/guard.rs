//! Calls into sled where damage can make it panic instead of failing.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::SledOpenError;
use crate::panic::panic_message;
use crate::store::ReplayError;

/// What can come of a call into sled.
pub(super) enum Trouble {
    Failed(sled::Error),
    Panicked(String),
}

impl Trouble {
    pub(super) fn opening(self, doing: &'static str) -> SledOpenError {
        match self {
            Self::Failed(sled::Error::Io(source)) => SledOpenError::Io { doing, source },
            Self::Failed(error) => SledOpenError::Damaged { detail: error.to_string() },
            Self::Panicked(message) => SledOpenError::Damaged { detail: message },
        }
    }

    pub(super) fn reading(self, doing: &'static str) -> ReplayError {
        ReplayError::Io { doing, source: self.into_io() }
    }

    pub(super) fn into_io(self) -> io::Error {
        match self {
            Self::Failed(error) => error.into(),
            Self::Panicked(message) => io::Error::new(io::ErrorKind::InvalidData, message),
        }
    }
}

/// Calls into sled. Its locks do not poison, and the caller drops it on trouble.
pub(super) fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Trouble::Failed),
        Err(panic) => Err(Trouble::Panicked(panic_message(panic.as_ref()))),
    }
}
