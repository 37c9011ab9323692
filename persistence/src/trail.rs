//! The trail of a product: its records in the journal, each naming the one before it.
//!
//! ```text
//!   journal   1  2  3  4  5  6  7  8  9
//!   A         1◀────3◀───────6◀─7           head: at 7, 4 records long
//!   B            2◀─────4◀─────────8        head: at 8, 3 records long
//! ```
//!
//! So the journal is the history of every product, without an index beside it: whoever knows where a trail ends walks it
//! back record by record ([`follow_trail`]). The end is known to the product's owner, which brings it to each append.
//!
//! Invariant: a trail leads back to the product's first record, through all of its records. The head says how many those
//! are, so a walk that comes to the end of a trail also knows that nothing was left out.
//!
//! How it fails: a record that is damaged, missing, about something else or in the wrong place ends the walk with a
//! [`TrailError`] that says where. Nothing is ever skipped.

use std::ops::ControlFlow;

use holdfast_engine::product::ProductEvent;
use holdfast_engine::{Event, Sequence, Sku, Timestamp};

use crate::frame::StoredRecord;
use crate::point_read::{ReadError, StoredFrame};
use crate::store::JournalReader;

/// What stands in the journal beside an event about a product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trail {
    /// Where the record before it about the same product stands; zero if there is none.
    pub previous: Sequence,
    /// When its owner decided it.
    pub at: Timestamp,
}

/// An event on its way into a frame. The trail counts for events about products only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// What stands beside it.
    pub trail: Trail,
}

/// The same, somebody else's.
#[derive(Debug, Clone, Copy)]
pub struct EntryRef<'a> {
    pub(crate) event: &'a Event,
    pub(crate) trail: Trail,
}

impl<'a> From<&'a Entry> for EntryRef<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self { event: &entry.event, trail: entry.trail }
    }
}

/// An event that is its product's first, or about no product.
impl<'a> From<&'a Event> for EntryRef<'a> {
    fn from(event: &'a Event) -> Self {
        Self { event, trail: Trail::default() }
    }
}

/// The end of a trail, or a place on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailHead {
    /// Where the record stands.
    pub sequence: Sequence,
    /// How many records the trail has up to here, this one included.
    pub records: u64,
}

/// One step of a walk.
#[derive(Debug, Clone, Copy)]
pub struct TrailStep<'a> {
    /// Where on the trail it is.
    pub head: TrailHead,
    /// What stands beside the event.
    pub trail: Trail,
    /// The record itself.
    pub record: StoredRecord<'a>,
    /// How many frames the walk has read so far. They are what a walk costs.
    pub frames: u64,
}

/// Why a trail could not be followed to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrailError {
    /// A record on it could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The trail leads to a record that is not about the product.
    #[error("the record at sequence {} is not about {sku}", sequence.0)]
    Foreign {
        /// Whose trail it is.
        sku: Sku,
        /// Where the record stands.
        sequence: Sequence,
    },
    /// The trail ends early, leads forwards, or is longer than its head says.
    #[error(
        "the record at sequence {} is number {records} of {sku} and names {} as the one before it",
        sequence.0,
        previous.0
    )]
    Broken {
        /// Whose trail it is.
        sku: Sku,
        /// Where the record stands.
        sequence: Sequence,
        /// Which of the product's records it is.
        records: u64,
        /// What it names as the one before it.
        previous: Sequence,
    },
}

impl TrailError {
    /// Where in the journal the walk ended.
    pub const fn sequence(&self) -> Sequence {
        match self {
            Self::Read(error) => error.sequence(),
            Self::Foreign { sequence, .. } | Self::Broken { sequence, .. } => *sequence,
        }
    }
}

/// Walks a product's trail back from `head`, which must be durable, for as long as `visit` goes on. Neighbours in one
/// frame cost one read.
///
/// # Errors
/// [`TrailError`], or whatever `visit` answers.
pub fn follow_trail<E: From<TrailError>>(
    reader: &dyn JournalReader,
    sku: &Sku,
    head: TrailHead,
    mut visit: impl FnMut(TrailStep<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let mut at = head;
    let mut frames = 0;
    loop {
        let stored = stored_at(reader, at.sequence).map_err(TrailError::from)?;
        let frame = stored.open_at(at.sequence).map_err(TrailError::from)?;
        frames += 1;
        while let Some(record) = frame.record(at.sequence) {
            let foreign = || TrailError::Foreign { sku: sku.clone(), sequence: at.sequence };
            let trail = record.trail_of(sku).ok_or_else(foreign)?;
            // The first record alone has none before it.
            let is_sound = match at.records {
                0 => false,
                1 => trail.previous == Sequence(0),
                _ => trail.previous > Sequence(0) && trail.previous < at.sequence,
            };
            if !is_sound {
                let TrailHead { sequence, records } = at;
                let previous = trail.previous;
                return Err(TrailError::Broken { sku: sku.clone(), sequence, records, previous }.into());
            }
            if visit(TrailStep { head: at, trail, record, frames })?.is_break() || at.records == 1 {
                return Ok(());
            }
            at = TrailHead { sequence: trail.previous, records: at.records - 1 };
        }
    }
}

/// Gives the events of a product at these positions, which are in order and durable, to `visit`. Neighbours in one frame
/// cost one read.
///
/// # Errors
/// [`TrailError`], or whatever `visit` answers.
pub fn read_along<E: From<TrailError>>(
    reader: &dyn JournalReader,
    sku: &Sku,
    positions: impl IntoIterator<Item = Sequence>,
    mut visit: impl FnMut(Sequence, ProductEvent) -> Result<(), E>,
) -> Result<(), E> {
    let mut positions = positions.into_iter().peekable();
    while let Some(first) = positions.peek().copied() {
        let stored = stored_at(reader, first).map_err(TrailError::from)?;
        let frame = stored.open_at(first).map_err(TrailError::from)?;
        while let Some(record) = positions.peek().and_then(|sequence| frame.record(*sequence)) {
            positions.next();
            let event = record.event_about(sku)?;
            visit(record.sequence(), event)?;
        }
    }
    Ok(())
}

fn stored_at(reader: &dyn JournalReader, sequence: Sequence) -> Result<StoredFrame, ReadError> {
    reader.frame_at_or_before(sequence)?.ok_or(ReadError::Missing { sequence })
}
