//! The frame: the envelope in which events lie in a journal, whatever store keeps it.
//!
//! ```text
//!  0        8    10   12    14    16      24      32     36     40         48      52      56
//!  ┌────────┬────┬────┬─────┬─────┬───────┬───────┬──────┬──────┬──────────┬───────┬───────┬──────────┐
//!  │ magic  │ver │kind│part.│ 0   │ epoch │ first │count │ body │ hash of  │ crc32c│ crc32c│ body:    │
//!  │HFASTJNL│    │    │     │     │       │ seq.  │      │ len  │ previous │ body  │ header│ records  │
//!  └────────┴────┴────┴─────┴─────┴───────┴───────┴──────┴──────┴──────────┴───────┴───────┴──────────┘
//! ```
//!
//! Every frame names the hash of the whole frame before it, so the frames of a journal form a chain: one that was
//! replaced, left out or put elsewhere shows, even if its own checksums are right. Numbers are little-endian.
//!
//! Decoding trusts nothing: length, magic, header checksum, version, lengths, body checksum, and only then the
//! body itself, through rkyv's checked access. `docs/formats/journal.md` has the tables.

mod decode;
mod encode;
mod header;

use holdfast_engine::Sequence;

pub use decode::{Events, Frame, StoredRecord};
pub use encode::{EncodeError, FrameEncoder, FrameGroup};
pub use header::{HEADER_BYTES, Header};

use crate::record::RecordError;

/// What every frame begins with.
pub const MAGIC: [u8; 8] = *b"HFASTJNL";
/// The newest format version this build writes and reads.
pub const FORMAT_VERSION: u16 = 1;
/// The kind of frame that holds events. There is no other so far.
pub const KIND_EVENTS: u16 = 1;

/// The hash that names a frame in the one after it; the first frame names 0.
pub fn frame_hash(frame: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(frame)
}

/// Why some bytes are not a frame of this journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Fewer bytes than a header has.
    #[error("{bytes} bytes are too few for a frame")]
    TooShort {
        /// How many there are.
        bytes: usize,
    },
    /// It does not begin as a frame does.
    #[error("the magic bytes are missing")]
    Magic,
    /// The header's checksum does not match it.
    #[error("the header's checksum is wrong")]
    HeaderChecksum,
    /// A newer version of this software wrote it.
    #[error("format version {found} is newer than {supported}, the newest this build reads")]
    NewerVersion {
        /// The version found.
        found: u16,
        /// The newest version this build reads.
        supported: u16,
    },
    /// No version of this software writes this number, kind or reserved field.
    #[error("{field} {found} is unknown")]
    Unknown {
        /// Which field of the header.
        field: &'static str,
        /// What stands there.
        found: u16,
    },
    /// The body is not as long as the header says.
    #[error("the body should have {expected} bytes and has {found}")]
    BodyLength {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The body's checksum does not match it.
    #[error("the body's checksum is wrong")]
    BodyChecksum,
    /// The checksums are right, and the body is no list of records nonetheless.
    #[error("the body is not a list of records: {detail}")]
    Malformed {
        /// What rkyv found.
        detail: String,
    },
    /// The body does not hold as many records as the header says, or none.
    #[error("the header counts {header} records, the body {body}")]
    Count {
        /// What the header says.
        header: u32,
        /// What is there.
        body: usize,
    },
    /// The positions of its events are no positions: they begin at 0 or leave 64 bits.
    #[error("its events cannot begin at sequence {}", first.0)]
    Position {
        /// Where the header says they begin.
        first: Sequence,
    },
    /// One of the records is not an event.
    #[error("the record at sequence {} is not an event: {source}", sequence.0)]
    Record {
        /// Where it stands.
        sequence: Sequence,
        /// What is wrong with it.
        source: RecordError,
    },
}

impl FrameError {
    /// Whether a write that was cut short could have left this. Only then may a frame at the very end of a journal
    /// be taken for a torn tail: one whose checksums are right was written as it stands, and is never cut.
    pub const fn may_be_torn(&self) -> bool {
        match self {
            Self::TooShort { .. }
            | Self::Magic
            | Self::HeaderChecksum
            | Self::BodyLength { .. }
            | Self::BodyChecksum => true,
            Self::NewerVersion { .. }
            | Self::Unknown { .. }
            | Self::Malformed { .. }
            | Self::Count { .. }
            | Self::Position { .. }
            | Self::Record { .. } => false,
        }
    }
}
