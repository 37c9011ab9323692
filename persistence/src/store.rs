//! What a journal asks of whatever keeps its frames.
//!
//! A store appends groups of frames and makes each durable before it says so, and it gives every frame back in
//! order when the process starts. It knows frames, not events' meaning. There is one on sled for a single machine
//! and one in memory for tests. One on PostgreSQL can follow without a change above it: there a group is one
//! statement that appends only if the epoch in the table is still the writer's own, so that an owner who was
//! replaced while it slept gets [`AppendError::Fenced`] in place of a second history.

use std::error::Error;
use std::io;
use std::sync::Arc;

use holdfast_engine::{Event, Sequence};

use crate::frame::{EncodeError, FrameError, FrameGroup};
use crate::point_read::{JournalRecord, ReadError, StoredFrame};

/// Which part of the catalogue a journal belongs to. A node runs one partition unless told otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u16);

/// A term of ownership of a partition. Grows with every owner and every start, so that frames of an owner who was
/// replaced can be told, and refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The term after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The end of a journal, and what was read on the way to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tail {
    /// Where the last event stands; zero if there is none.
    pub last: Sequence,
    /// Hash of the last frame, which the next one names; 0 if there is none.
    pub hash: u64,
    /// The epoch of the last frame.
    pub epoch: Epoch,
    /// Frames read.
    pub frames: u64,
    /// Events read, before the wanted position included.
    pub events: u64,
    /// Bytes of the frames read.
    pub bytes: u64,
    /// Frames at the very end that were cut because their write never finished. They were never acknowledged.
    pub torn_frames: u64,
}

/// What a visitor may answer when it cannot use an event. Ends the replay.
pub type VisitError = Box<dyn Error + Send + Sync>;

/// Builds something out of a journal at its opening, and judges it.
pub trait Rebuild {
    /// Takes the next event.
    ///
    /// # Errors
    /// If it does not fit. Ends the opening, which counts as damage.
    fn event(&mut self, sequence: Sequence, event: Event) -> Result<(), VisitError>;

    /// Hears that this was the last one. Whatever is wrong with the whole is said here: up to this point the files can
    /// still be put back as they were found.
    ///
    /// # Errors
    /// If it does not fit together. Ends the opening, which counts as damage.
    fn end(&mut self) -> Result<(), VisitError> {
        Ok(())
    }
}

impl<F: FnMut(Sequence, Event) -> Result<(), VisitError>> Rebuild for F {
    fn event(&mut self, sequence: Sequence, event: Event) -> Result<(), VisitError> {
        self(sequence, event)
    }
}

/// Takes the events of a journal in order, each with its position.
pub type Visitor<'a> = dyn FnMut(Sequence, Event) -> Result<(), VisitError> + 'a;

/// Keeps a journal's frames.
///
/// Order of calls: [`replay`](Self::replay) once, then [`append`](Self::append) any number of times until it fails.
/// After a failure nothing is known of what reached the disk, so the store is of no more use: it is dropped, and the
/// next start finds out.
pub trait JournalStore: Send + 'static {
    /// Whose journal this is.
    fn partition(&self) -> Partition;

    /// Gives every event from `from` on to `visit`, in order, and answers where the journal ends. Checks that
    /// positions follow on one another, that each frame names the one before it, and that epochs do not go back.
    /// Unfinished frames at the very end are cut off; anything else that is wrong is an error and changes nothing.
    ///
    /// # Errors
    /// [`ReplayError`], with the position at which the journal stopped making sense.
    fn replay(&mut self, from: Sequence, visit: &mut Visitor<'_>) -> Result<Tail, ReplayError>;

    /// Appends the frames of a group and returns when all of them are durable. An empty group is nothing to do.
    ///
    /// # Errors
    /// [`AppendError`]; the group may be durable, in part or not at all.
    fn append(&mut self, epoch: Epoch, group: &FrameGroup) -> Result<(), AppendError>;

    /// A second view of what is durable, to be used beside the writer.
    ///
    /// # Errors
    /// The system's own, if there is no journal to be read any more.
    fn reader(&self) -> io::Result<Arc<dyn JournalReader>>;
}

/// Reads a journal while it is being written. Does not keep it open: after a close, reading fails, and a close that
/// finds a read under way ends it with an error. So `visit` must not close the journal.
pub trait JournalReader: Send + Sync + 'static {
    /// Gives every event from `from` on that is in the journal to `visit`, in order, with the checks of
    /// [`JournalStore::replay`]. Where the journal ends while it grows is not defined; everything durable before the
    /// call is read.
    ///
    /// # Errors
    /// [`ReplayError`], with the position at which the journal stopped making sense.
    fn read(&self, from: Sequence, visit: &mut Visitor<'_>) -> Result<(), ReplayError>;

    /// The last frame that begins at or before this position, unchecked; `None` if there is none. What is durable is
    /// there; of what is not, some may be.
    ///
    /// # Errors
    /// [`ReadError::Io`], and what is no frame's place.
    fn frame_at_or_before(&self, sequence: Sequence) -> Result<Option<StoredFrame>, ReadError>;

    /// The event at this position, which must be durable. Checks the whole frame it lies in.
    ///
    /// # Errors
    /// [`ReadError`], with the position.
    fn read_at(&self, sequence: Sequence) -> Result<JournalRecord, ReadError> {
        let missing = || ReadError::Missing { sequence };
        let stored = self.frame_at_or_before(sequence)?.ok_or_else(missing)?;
        let record = stored.open_at(sequence)?.record(sequence).ok_or_else(missing)?;
        let corrupt = |source| ReadError::Corrupt { sequence: stored.key, source };
        Ok(JournalRecord { sequence, event: record.event().map_err(corrupt)?, trail: record.trail() })
    }
}

/// Why a group did not become durable, as far as is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Somebody else owns the partition now. This process must not write to it again.
    #[error("epoch {} was replaced by epoch {}: another process owns this journal now", given.0, current.0)]
    Fenced {
        /// The epoch of this writer.
        given: Epoch,
        /// The epoch that holds now.
        current: Epoch,
    },
    /// The group does not begin where the journal ends.
    #[error("the group begins at sequence {}, but the journal continues at {}", given.0, expected.0)]
    OutOfOrder {
        /// Where the journal continues.
        expected: Sequence,
        /// Where the group begins.
        given: Sequence,
    },
    /// The journal was not replayed before, or an append failed before: its end is not known.
    #[error("the end of the journal is not known: replay it before appending")]
    NotReplayed,
    /// The disk, or what stands for it, failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The events could not be framed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The writer thread panicked.
    #[error("the journal's writer panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
}

impl ReplayError {
    /// The first position that is concerned, where there is one.
    pub const fn sequence(&self) -> Option<Sequence> {
        match self {
            Self::Corrupt { sequence, .. }
            | Self::Chain { sequence, .. }
            | Self::NewerVersion { sequence, .. }
            | Self::Refused { sequence, .. } => Some(*sequence),
            Self::Gap { after, .. } => Some(after.plus(1)),
            Self::Io { .. } => None,
        }
    }
}

/// Why a journal could not be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A frame is damaged although sound ones follow it, or is unsound although its checksums are right.
    #[error("the frame at sequence {} is corrupt: {source}", sequence.0)]
    Corrupt {
        /// Where the frame stands.
        sequence: Sequence,
        /// What is wrong with it.
        source: FrameError,
    },
    /// Events are missing.
    #[error("the journal goes from sequence {} to {}: events are missing or stand twice", after.0, found.0)]
    Gap {
        /// The last position before the gap.
        after: Sequence,
        /// The position found after it.
        found: Sequence,
    },
    /// A frame does not name the frame before it, or lies where another belongs.
    #[error("the frame at sequence {} does not continue the frame before it: {detail}", sequence.0)]
    Chain {
        /// Where the frame stands.
        sequence: Sequence,
        /// What does not fit.
        detail: &'static str,
    },
    /// A newer version of this software wrote the frame.
    #[error("the frame at sequence {} has format version {found}, newer than {supported}", sequence.0)]
    NewerVersion {
        /// Where the frame stands.
        sequence: Sequence,
        /// Its version.
        found: u16,
        /// The newest version this build reads.
        supported: u16,
    },
    /// The visitor could not use an event.
    #[error("the event at sequence {} could not be applied: {source}", sequence.0)]
    Refused {
        /// Where the event stands.
        sequence: Sequence,
        /// The visitor's reason.
        source: VisitError,
    },
    /// The disk, or what stands for it, failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}
