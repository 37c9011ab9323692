//! From events to frames.

use std::fmt;
use std::ops::Range;

use holdfast_engine::Sequence;
use rkyv::rancor;

use super::frame_hash;
use super::header::{HEADER_BYTES, Header};
use crate::limits::{FRAME_BYTES_MAX, GROUP_BYTES_MAX};
use crate::record::v1::{ArchivedRecord, Record};
use crate::store::{Epoch, Partition, Tail};
use crate::trail::EntryRef;

/// Bytes of the list's own head at the end of a body: where its records are and how many.
const LIST_BYTES: usize = size_of::<rkyv::vec::ArchivedVec<ArchivedRecord>>();

/// Why events could not be put into frames. Means a defect: the engine bounds what an event may carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// One event alone is larger than a frame may be.
    #[error("the event at sequence {} needs up to {bytes} bytes, more than a frame may have", sequence.0)]
    EventTooLarge {
        /// Where it would stand.
        sequence: Sequence,
        /// The most it could need.
        bytes: usize,
    },
    /// rkyv could not archive the records.
    #[error("the records could not be archived: {detail}")]
    Archive {
        /// What rkyv said.
        detail: String,
    },
}

/// Frames that become durable together: what one append hands to the store. Keeps its memory between groups.
#[derive(Debug, Default)]
pub struct FrameGroup {
    bytes: Vec<u8>,
    frames: Vec<(Header, Range<usize>)>,
    last_hash: u64,
}

impl FrameGroup {
    /// No frames.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets its frames and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes of all its frames.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many events its frames hold.
    pub fn events(&self) -> u64 {
        self.frames.iter().map(|(header, _)| u64::from(header.count)).sum()
    }

    /// Its frames in order, each with its header.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = (&Header, &[u8])> {
        self.frames.iter().map(|(header, range)| (header, self.bytes.get(range.clone()).unwrap_or_default()))
    }

    /// Where its first event stands.
    pub fn first(&self) -> Option<Sequence> {
        self.frames.first().map(|(header, _)| header.first)
    }

    /// Where its last event stands.
    pub fn last(&self) -> Option<Sequence> {
        self.frames.last().map(|(header, _)| header.last())
    }

    /// Hash of its last frame.
    pub const fn last_hash(&self) -> u64 {
        self.last_hash
    }
}

/// Puts events into frames that continue a journal: knows the next position and the hash of the frame before.
pub struct FrameEncoder {
    partition: Partition,
    epoch: Epoch,
    next: Sequence,
    previous: u64,
    /// The records of the frame being made. Kept between frames for its memory.
    records: Vec<Record>,
}

impl fmt::Debug for FrameEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameEncoder")
            .field("epoch", &self.epoch)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl FrameEncoder {
    /// Continues the journal whose end is `tail`, under `epoch`.
    pub const fn new(partition: Partition, epoch: Epoch, tail: &Tail) -> Self {
        Self { partition, epoch, next: tail.last.plus(1), previous: tail.hash, records: Vec::new() }
    }

    /// Where the next event will stand.
    pub const fn next(&self) -> Sequence {
        self.next
    }

    /// Adds frames for as many of the events as fit into a group of [`GROUP_BYTES_MAX`]; answers how many those
    /// were. The rest belongs into the next group.
    ///
    /// # Errors
    /// [`EncodeError`], after which neither encoder nor group may be used: a position would be left out.
    pub fn encode<'a>(
        &mut self,
        events: impl IntoIterator<Item = impl Into<EntryRef<'a>>>,
        group: &mut FrameGroup,
    ) -> Result<usize, EncodeError> {
        let mut taken = 0;
        let mut body_bytes_max = LIST_BYTES;
        for event in events {
            let record = Record::from(event.into());
            let bytes = record.bytes_max();
            if HEADER_BYTES + body_bytes_max + bytes > FRAME_BYTES_MAX {
                if self.records.is_empty() {
                    return Err(EncodeError::EventTooLarge { sequence: self.next, bytes });
                }
                self.finish_frame(group)?;
                body_bytes_max = LIST_BYTES;
                if group.bytes() + FRAME_BYTES_MAX > GROUP_BYTES_MAX {
                    return Ok(taken);
                }
                if HEADER_BYTES + body_bytes_max + bytes > FRAME_BYTES_MAX {
                    return Err(EncodeError::EventTooLarge { sequence: self.next, bytes });
                }
            }
            self.records.push(record);
            body_bytes_max += bytes;
            taken += 1;
        }
        if !self.records.is_empty() {
            self.finish_frame(group)?;
        }
        Ok(taken)
    }

    /// Archives the gathered records behind a header.
    fn finish_frame(&mut self, group: &mut FrameGroup) -> Result<(), EncodeError> {
        let start = group.bytes.len();
        let body_start = start + HEADER_BYTES;
        group.bytes.resize(body_start, 0);
        rkyv::api::high::to_bytes_in::<_, rancor::Error>(&self.records, &mut group.bytes)
            .map_err(|error| EncodeError::Archive { detail: error.to_string() })?;
        let end = group.bytes.len();

        let body = group.bytes.get(body_start..).unwrap_or_default();
        // Both casts are exact: a frame has at most FRAME_BYTES_MAX bytes and a record at least one.
        let header = Header {
            partition: self.partition,
            epoch: self.epoch,
            first: self.next,
            count: self.records.len() as u32,
            body_bytes: body.len() as u32,
            previous: self.previous,
            body_crc: crc32c::crc32c(body),
        };
        assert!(
            end - start <= FRAME_BYTES_MAX,
            "a frame of {} bytes: the estimate of its records was too low",
            end - start
        );
        if let Some(place) = group.bytes.get_mut(start..body_start) {
            place.copy_from_slice(&header.to_bytes());
        }

        let hash = frame_hash(group.bytes.get(start..end).unwrap_or_default());
        group.frames.push((header, start..end));
        group.last_hash = hash;
        self.previous = hash;
        self.next = header.last().plus(1);
        self.records.clear();
        Ok(())
    }
}
