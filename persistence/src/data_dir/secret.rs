//! `secret`: what ids are derived from.

use std::fmt;
use std::io;
use std::path::Path;

use super::SECRET;
use super::error::{AtPath as _, OpenError, damaged};
use super::format::Format;

/// Random bytes that never leave the machine. Whoever knows them can guess ids.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn crc(&self) -> u32 {
        crc32c::crc32c(&self.0)
    }

    /// Reads it, and checks that it is the one the directory was made with.
    pub(super) fn read(dir: &Path, format: &Format) -> Result<Self, OpenError> {
        let path = dir.join(SECRET);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged(&path, "it is missing".to_owned()));
            }
            Err(error) => return Err(error).at("reading", &path),
        };
        let secret =
            <[u8; 32]>::try_from(bytes).ok().map(Self).filter(|secret| secret.crc() == format.secret_crc);
        secret.ok_or_else(|| damaged(&path, "it is not what it was when the directory was made".to_owned()))
    }
}

impl fmt::Debug for Secret {
    /// Shows nothing of it, so that it cannot reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
