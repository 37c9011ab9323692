//! `FORMAT`: what a data directory is, and which one.

use std::fmt;
use std::io;
use std::path::Path;

use super::FORMAT;
use super::error::{AtPath as _, OpenError, damaged};
use super::stamp::{self, Stamp, StampError};

/// The format of data directories this version makes and reads.
pub const DATA_FORMAT: u32 = 1;

const TITLE: &str = "holdfast data directory";

/// Which data directory this is: drawn at random when it was made. A restored one is another, so that whoever
/// remembers positions of the journal can tell that they no longer mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(pub u128);

impl Generation {
    pub(super) fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generation({self})")
    }
}

/// What stands in `FORMAT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) generation: Generation,
    /// Tells a secret that was swapped or spoiled: with another one, every id would be another. A checksum of 32 bits
    /// says nothing useful about 256 random ones.
    pub(super) secret_crc: u32,
}

impl Format {
    pub(super) fn to_text(self) -> String {
        Stamp::new(TITLE, DATA_FORMAT)
            .line("generation", self.generation)
            .line("secret-crc32c", format_args!("{:08x}", self.secret_crc))
            .finish()
    }

    pub(super) fn read(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FORMAT);
        let bytes = std::fs::read(&path).at("reading", &path)?;
        Self::parse(&bytes).map_err(|error| match error {
            StampError::OtherTitle => OpenError::NotADataDirectory {
                path: dir.to_path_buf(),
                detail: format!("its {FORMAT} is not one of ours"),
            },
            StampError::Newer(found) => {
                OpenError::NewerVersion { path: dir.to_path_buf(), found, supported: DATA_FORMAT }
            }
            StampError::Damaged(detail) => damaged(&path, detail),
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, StampError> {
        let lines = stamp::read(bytes, TITLE, DATA_FORMAT)?;
        Ok(Self {
            generation: lines.number("generation", Generation::parse)?,
            secret_crc: lines.number("secret-crc32c", |crc| u32::from_str_radix(crc, 16).ok())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_reads_back() {
        let format = Format { generation: Generation(7), secret_crc: 0xab };
        assert_eq!(Format::parse(format.to_text().as_bytes()), Ok(format));
        assert!(format.to_text().contains("generation: 00000000000000000000000000000007\n"));
    }
}
