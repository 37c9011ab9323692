//! Reading one place of a journal, beside the writer.
//!
//! A frame is kept under the position of its first event, so the one that holds a position is the last that begins at or
//! before it. Everything in it is checked as at a start before any of it is believed; only its place among the other
//! frames is not compared, because they are not read.

use holdfast_engine::{Event, Sequence};

use crate::frame::{Frame, FrameError};
use crate::store::Partition;
use crate::trail::Trail;

/// A frame as it lies in a store.
#[derive(Debug, Clone)]
pub struct StoredFrame {
    /// The position it is kept under.
    pub key: Sequence,
    /// Whose journal it lies in.
    pub partition: Partition,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One event of a journal, with what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRecord {
    /// Where it stands.
    pub sequence: Sequence,
    /// The event.
    pub event: Event,
    /// What stands beside it, if it is about a product.
    pub trail: Option<Trail>,
}

/// Why a place of the journal could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No frame holds the position.
    #[error("the journal holds no event at sequence {}", sequence.0)]
    Missing {
        /// The position.
        sequence: Sequence,
    },
    /// The frame there is damaged, or makes no sense.
    #[error("the frame at sequence {} is corrupt: {source}", sequence.0)]
    Corrupt {
        /// Where the frame stands.
        sequence: Sequence,
        /// What is wrong with it.
        source: FrameError,
    },
    /// The frame there belongs elsewhere.
    #[error("the frame at sequence {} does not belong there: {detail}", sequence.0)]
    Misplaced {
        /// Where the frame stands.
        sequence: Sequence,
        /// What does not fit.
        detail: &'static str,
    },
    /// The disk, or what stands for it, failed; or the journal is closed.
    #[error("{doing} at sequence {}: {source}", sequence.0)]
    Io {
        /// The position that was looked for.
        sequence: Sequence,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ReadError {
    /// Where in the journal that is: the place that was looked for, or the beginning of the frame it lies in.
    pub const fn sequence(&self) -> Sequence {
        match self {
            Self::Missing { sequence }
            | Self::Corrupt { sequence, .. }
            | Self::Misplaced { sequence, .. }
            | Self::Io { sequence, .. } => *sequence,
        }
    }
}

impl StoredFrame {
    /// Checks the bytes, all of them, and gives the frame if it holds this position.
    ///
    /// # Errors
    /// [`ReadError`] says which check failed first.
    pub fn open_at(&self, wanted: Sequence) -> Result<Frame<'_>, ReadError> {
        let sequence = self.key;
        let frame = Frame::decode(&self.bytes).map_err(|source| ReadError::Corrupt { sequence, source })?;
        let misplaced = |detail| Err(ReadError::Misplaced { sequence, detail });
        if frame.header().first != sequence {
            return misplaced("it lies under another position than it names");
        }
        if frame.header().partition != self.partition {
            return misplaced("it belongs to another partition");
        }
        if frame.record(wanted).is_none() {
            return Err(ReadError::Missing { sequence: wanted });
        }
        Ok(frame)
    }
}
