//! Records of format version 1.
//!
//! ```text
//! Record ─┬─ 0 Product     { sku, previous, at, event }   event: 0 Put … 19 DemandLapsed
//!         ├─ 1 Reservation { id,  event }   event: 0 Made … 8 BundlesNoted
//!         └─ 2 Order       { id,  event }   event: 0 LinesAdded … 15 UnitsLapsed
//! ```
//!
//! A variant's number is its place in its enum, so **variants and fields keep their order for ever**. Numbers are
//! little-endian and unaligned, so a record has no padding; ids are 16 bytes, most significant first, to be found in
//! a hex dump. A frame's records stand in an array, where each takes the room of the widest; so what is wide and
//! rare (a product's details, an order's beginning) is boxed, and what is common (opening and committing holds) is
//! not.

mod lot;
mod order;
mod product;
mod put;
mod reservation;
mod sale;
mod value;
mod waiting;

use holdfast_engine::{Event, OrderId, ReservationId};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::RecordError;
use crate::trail::EntryRef;
use order::OrderRecord;
use product::ProductRecord;
use reservation::ReservationRecord;
use value::Id;

/// One event, ready to be archived.
#[derive(Archive, Serialize)]
pub(crate) enum Record {
    /// `previous` and `at` are its place on the product's trail.
    Product {
        sku: SmolStr,
        previous: u64,
        at: i64,
        event: ProductRecord,
    },
    Reservation {
        id: Id,
        event: ReservationRecord,
    },
    Order {
        id: Id,
        event: OrderRecord,
    },
}

// Unaligned, so that a frame's body can be read wherever it lies and needs no copy to be aligned first.
const _: () = assert!(align_of::<ArchivedRecord>() == 1);
// What every record takes before its texts and lists; part of the format. What would make it wider goes into a box.
const _: () = assert!(size_of::<ArchivedRecord>() == 73);

impl Record {
    /// Most bytes this record adds to a frame's body: its place in the array and what lies beside it.
    pub(crate) fn bytes_max(&self) -> usize {
        let beside = match self {
            Self::Product { sku, previous: _, at: _, event } => sku.len() + event.bytes_beside(),
            Self::Reservation { id: _, event } => event.bytes_beside(),
            Self::Order { id: _, event } => event.bytes_beside(),
        };
        size_of::<ArchivedRecord>() + beside
    }
}

impl From<EntryRef<'_>> for Record {
    fn from(EntryRef { event, trail }: EntryRef<'_>) -> Self {
        match event {
            Event::Product(sku, event) => Self::Product {
                sku: SmolStr::new(sku.as_str()),
                previous: trail.previous.0,
                at: trail.at.millis(),
                event: event.into(),
            },
            Event::Reservation(id, event) => {
                Self::Reservation { id: id.0.to_be_bytes(), event: event.into() }
            }
            Event::Order(id, event) => Self::Order { id: id.0.to_be_bytes(), event: event.into() },
        }
    }
}

impl TryFrom<&ArchivedRecord> for Event {
    type Error = RecordError;

    fn try_from(record: &ArchivedRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedRecord::Product { sku, event, .. } => Self::Product(value::sku(sku)?, event.try_into()?),
            ArchivedRecord::Reservation { id, event } => {
                Self::Reservation(ReservationId(u128::from_be_bytes(*id)), event.try_into()?)
            }
            ArchivedRecord::Order { id, event } => {
                Self::Order(OrderId(u128::from_be_bytes(*id)), event.try_into()?)
            }
        })
    }
}
