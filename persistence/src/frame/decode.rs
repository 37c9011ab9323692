//! From the bytes of a frame back to events.

use std::fmt;

use holdfast_engine::product::ProductEvent;
use holdfast_engine::{Event, Sequence, Sku, Timestamp};
use rkyv::rancor;
use rkyv::vec::ArchivedVec;

use super::FrameError;
use super::header::{HEADER_BYTES, Header};
use crate::point_read::ReadError;
use crate::record::v1::ArchivedRecord;
use crate::trail::{Trail, TrailError};

/// The body of a frame of version 1.
type Body = ArchivedVec<ArchivedRecord>;

// What lies in a body can be read in place, wherever the store has put the frame in memory.
const _: () = assert!(align_of::<Body>() == 1);

/// A frame whose checksums are right and whose body is a list of records. Reads in place, copies nothing.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    header: Header,
    records: &'a [ArchivedRecord],
}

impl<'a> Frame<'a> {
    /// Checks the bytes of one frame, all of them, before believing any.
    ///
    /// # Errors
    /// [`FrameError`] says which check failed first.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let Some((head, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(FrameError::TooShort { bytes: bytes.len() });
        };
        let header = Header::from_bytes(head)?;
        if body.len() as u64 != u64::from(header.body_bytes) {
            return Err(FrameError::BodyLength {
                expected: header.body_bytes.into(),
                found: body.len() as u64,
            });
        }
        if crc32c::crc32c(body) != header.body_crc {
            return Err(FrameError::BodyChecksum);
        }
        // The records' types do not contain themselves, so the depth of the check is bounded by them and not by
        // the bytes.
        let records = rkyv::access::<Body, rancor::Error>(body)
            .map_err(|error| FrameError::Malformed { detail: error.to_string() })?
            .as_slice();
        if records.is_empty() || records.len() as u64 != u64::from(header.count) {
            return Err(FrameError::Count { header: header.count, body: records.len() });
        }
        // One position is kept free at the end, so that "the next one" is always a number.
        if header.first.0 == 0 || header.first.0.checked_add(u64::from(header.count)).is_none() {
            return Err(FrameError::Position { first: header.first });
        }
        Ok(Self { header, records })
    }

    /// What the frame says about itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its events in order, each with its position.
    pub fn events(&self) -> Events<'a> {
        Events { next: self.header.first, records: self.records.iter() }
    }

    /// The record at this position, if the frame holds it.
    pub fn record(&self, sequence: Sequence) -> Option<StoredRecord<'a>> {
        let after = usize::try_from(sequence.0.checked_sub(self.header.first.0)?).ok()?;
        Some(StoredRecord { sequence, record: self.records.get(after)? })
    }
}

/// One record of a frame. It is turned into an event only where somebody wants it.
#[derive(Clone, Copy)]
pub struct StoredRecord<'a> {
    sequence: Sequence,
    record: &'a ArchivedRecord,
}

impl StoredRecord<'_> {
    /// The event, checked.
    ///
    /// # Errors
    /// [`FrameError::Record`] if it is none.
    pub fn event(&self) -> Result<Event, FrameError> {
        let sequence = self.sequence;
        Event::try_from(self.record).map_err(|source| FrameError::Record { sequence, source })
    }

    /// The event, checked, if it is about this product.
    ///
    /// # Errors
    /// [`TrailError::Foreign`] if it is not, [`TrailError::Read`] if it is no event.
    pub fn event_about(&self, product: &Sku) -> Result<ProductEvent, TrailError> {
        let sequence = self.sequence;
        let corrupt = |source| ReadError::Corrupt { sequence, source };
        match self.event().map_err(corrupt)? {
            Event::Product(sku, event) if sku == *product => Ok(event),
            Event::Product(..) | Event::Reservation(..) | Event::Order(..) => {
                Err(TrailError::Foreign { sku: product.clone(), sequence })
            }
        }
    }

    /// Where it stands.
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// What stands beside the event, if it is about a product.
    pub fn trail(&self) -> Option<Trail> {
        match self.record {
            ArchivedRecord::Product { previous, at, .. } => Some(Trail {
                previous: Sequence(previous.to_native()),
                at: Timestamp::from_millis(at.to_native()),
            }),
            ArchivedRecord::Reservation { .. } | ArchivedRecord::Order { .. } => None,
        }
    }

    /// What stands beside the event, if it is about this product.
    pub(crate) fn trail_of(&self, product: &Sku) -> Option<Trail> {
        match self.record {
            ArchivedRecord::Product { sku, .. } if sku.as_str() == product.as_str() => self.trail(),
            _ => None,
        }
    }
}

impl fmt::Debug for StoredRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// The events of a frame, each checked as it is reached.
#[derive(Clone)]
pub struct Events<'a> {
    next: Sequence,
    records: std::slice::Iter<'a, ArchivedRecord>,
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("header", &self.header).finish_non_exhaustive()
    }
}

impl fmt::Debug for Events<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("next", &self.next).field("left", &self.records.len()).finish()
    }
}

impl Iterator for Events<'_> {
    type Item = Result<(Sequence, Event), FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        let sequence = self.next;
        self.next = sequence.plus(1);
        Some(match Event::try_from(record) {
            Ok(event) => Ok((sequence, event)),
            Err(source) => Err(FrameError::Record { sequence, source }),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }
}
