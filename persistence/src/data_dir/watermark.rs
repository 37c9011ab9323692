//! `watermark`: how far the journal certainly reached.
//!
//! ```text
//!  0          8           16          24       28      32
//!  ├──────────┼───────────┼───────────┼────────┼───────┤
//!  │ HFWATER1 │ sequence  │ hash of   │ crc32c │ 0     │
//!  │          │           │ last frame│        │       │
//!  └──────────┴───────────┴───────────┴────────┴───────┘
//! ```
//!
//! Written after each sync and before its acks, and not synced itself: that would cost a second sync a group. So it
//! tells what was acknowledged after a crash of the process, whose writes the system keeps. After a power cut it may
//! be older, or spoiled, and then says less or nothing; it can never say too much, since what it names was on disk
//! before it was written.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use holdfast_engine::Sequence;

use super::WATERMARK;
use super::error::{AtPath as _, OpenError};
use crate::durable_fs::{sync_dir, write_private};
use crate::store::Tail;

const MAGIC: [u8; 8] = *b"HFWATER1";
const BYTES: usize = 32;
const CHECKED_BYTES: usize = 24;

/// A position that was synced, with the hash of the frame that ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    last: Sequence,
    hash: u64,
}

impl Mark {
    fn to_bytes(self) -> [u8; BYTES] {
        let [last, hash] = [self.last.0, self.hash].map(u64::to_le_bytes);
        let mut bytes = [0; BYTES];
        let (checked, rest) = bytes.split_at_mut(CHECKED_BYTES);
        for (place, byte) in checked.iter_mut().zip(MAGIC.into_iter().chain(last).chain(hash)) {
            *place = byte;
        }
        let crc = crc32c::crc32c(checked).to_le_bytes();
        for (place, byte) in rest.iter_mut().zip(crc) {
            *place = byte;
        }
        bytes
    }

    /// Reads a mark; `None` if the bytes are not one, which a power cut explains.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk));
        let mark = Self { last: Sequence(number(8)?), hash: number(16)? };
        (bytes == mark.to_bytes()).then_some(mark)
    }
}

/// What stood in the file when the directory was opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watermark(Option<Mark>);

impl Watermark {
    /// Makes the file, for a journal without events.
    pub(super) fn create(dir: &Path) -> io::Result<()> {
        write_private(&dir.join(WATERMARK), &Mark { last: Sequence(0), hash: 0 }.to_bytes())?;
        sync_dir(dir)
    }

    /// The position that was acknowledged, if it can be read.
    pub(super) fn last(self) -> Option<Sequence> {
        self.0.map(|mark| mark.last)
    }

    /// Reads the file, if it is there.
    pub(super) fn read(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(WATERMARK);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).at("reading", &path),
        };
        let found = Mark::from_bytes(&bytes);
        if found.is_none() {
            tracing::warn!(
                path = %path.display(),
                "the watermark is absent or spoiled, as after a power cut: how far work was acknowledged is not known"
            );
        }
        Ok(Self(found))
    }

    /// Checks that a journal reaches what was acknowledged.
    pub(super) fn check(&self, tail: &Tail) -> Result<(), String> {
        match self.0 {
            Some(mark) if tail.last < mark.last => Err(format!(
                "it ends at sequence {}, but events up to {} were acknowledged",
                tail.last.0, mark.last.0
            )),
            Some(mark) if tail.last == mark.last && tail.hash != mark.hash => Err(format!(
                "its last frame, at sequence {}, is not the one that was acknowledged",
                tail.last.0
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// The file, open as long as the journal is.
#[derive(Debug)]
pub(super) struct WatermarkFile(File);

impl WatermarkFile {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600).open(dir.join(WATERMARK)).map(Self)
    }

    /// Writes down that the journal is on disk up to `last`.
    pub(super) fn write(&self, last: Sequence, hash: u64) -> io::Result<()> {
        self.0.write_all_at(&Mark { last, hash }.to_bytes(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = Mark { last: Sequence(41), hash: 0x1234_5678_9abc_def0 };

    #[test]
    fn a_mark_reads_back_and_a_spoiled_one_says_nothing() {
        let bytes = MARK.to_bytes();
        assert_eq!(&bytes[..8], b"HFWATER1");
        assert_eq!(Mark::from_bytes(&bytes), Some(MARK));
        assert_eq!(Mark::from_bytes(&[]), None);
        assert_eq!(Mark::from_bytes(&bytes[..31]), None);
        for at in 0..BYTES {
            let mut spoiled = bytes;
            spoiled[at] ^= 0x10;
            assert_eq!(Mark::from_bytes(&spoiled), None, "byte {at}");
        }
    }

    #[test]
    fn a_journal_must_reach_the_mark() {
        let dir = tempfile::tempdir().unwrap();
        Watermark::create(dir.path()).unwrap();
        WatermarkFile::open(dir.path()).unwrap().write(MARK.last, MARK.hash).unwrap();
        let watermark = Watermark::read(dir.path()).unwrap();
        let tail = |last, hash| Tail { last: Sequence(last), hash, ..Tail::default() };
        assert!(watermark.check(&tail(40, MARK.hash)).unwrap_err().contains("up to 41 were acknowledged"));
        assert!(watermark.check(&tail(41, 1)).is_err());
        assert!(watermark.check(&tail(41, MARK.hash)).is_ok());
        assert!(watermark.check(&tail(42, 1)).is_ok());
    }
}
