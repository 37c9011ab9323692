//! Records about a product's waiting list.

use holdfast_engine::product::{
    FromOffer, PriorityClass, ProductEvent, Source, Sources, Spread, WaitingEvent,
};
use holdfast_engine::{CustomerId, HoldId, LineQuantity, Timestamp};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::product::{ArchivedSourceRecord, SourceRecord};
use super::value::{self, HoldRecord, OperationRecord};
use crate::record::RecordError;

/// Something that happened to a customer's place on the list.
#[derive(Archive, Serialize)]
pub(crate) struct WaitingRecord {
    customer: SmolStr,
    what: WaitingEventRecord,
}

/// What happened.
#[derive(Archive, Serialize)]
pub(crate) enum WaitingEventRecord {
    Joined {
        quantity: u32,
        location: Option<SmolStr>,
        class: u8,
        keeps_place: bool,
        operation: OperationRecord,
        at: i64,
    },
    Left {
        operation: OperationRecord,
        at: i64,
    },
    Offered {
        units: Vec<SourceRecord>,
        in_sale: bool,
        expires_at: i64,
    },
    Lapsed {
        at: i64,
    },
}

/// A hold some of whose units were on offer to its customer.
#[derive(Archive, Serialize)]
pub(crate) struct OfferedHoldRecord {
    hold: HoldRecord,
    quantity: u32,
    sources: SourcesRecord,
    expires_at: i64,
    customer: SmolStr,
    offered: Vec<SourceRecord>,
    buyer: Option<SmolStr>,
}

/// Where the units of a hold are.
#[derive(Archive, Serialize)]
pub(crate) enum SourcesRecord {
    At {
        location: SmolStr,
        asked: bool,
    },
    Spread {
        asked: Option<SmolStr>,
        filled: Vec<SourceRecord>,
        queued: u64,
        class: u8,
        good_til: Option<i64>,
    },
}

impl WaitingRecord {
    pub(super) fn new(customer: &CustomerId, what: &WaitingEvent) -> Self {
        let what = match what {
            WaitingEvent::Joined { quantity, location, class, keeps_place, operation, at } => {
                WaitingEventRecord::Joined {
                    quantity: quantity.units(),
                    location: location.as_ref().map(|location| SmolStr::new(location.as_str())),
                    class: class.0,
                    keeps_place: *keeps_place,
                    operation: (*operation).into(),
                    at: at.millis(),
                }
            }
            WaitingEvent::Left { operation, at } => {
                WaitingEventRecord::Left { operation: (*operation).into(), at: at.millis() }
            }
            WaitingEvent::Offered { units, in_sale, expires_at } => WaitingEventRecord::Offered {
                units: units.iter().map(Into::into).collect(),
                in_sale: *in_sale,
                expires_at: expires_at.millis(),
            },
            WaitingEvent::Lapsed { at } => WaitingEventRecord::Lapsed { at: at.millis() },
        };
        Self { customer: SmolStr::new(customer.as_str()), what }
    }

    /// Most bytes of what lies beside the record's place: the box, its texts and its list.
    pub(super) fn bytes_beside(&self) -> usize {
        let rest = match &self.what {
            WaitingEventRecord::Joined { location, .. } => location.as_ref().map_or(0, SmolStr::len),
            WaitingEventRecord::Offered { units, .. } => SourceRecord::bytes_of(units),
            WaitingEventRecord::Left { .. } | WaitingEventRecord::Lapsed { .. } => 0,
        };
        size_of::<ArchivedWaitingRecord>() + self.customer.len() + rest
    }
}

impl ArchivedWaitingRecord {
    /// What the record says.
    pub(super) fn read(&self) -> Result<(CustomerId, WaitingEvent), RecordError> {
        let what = match &self.what {
            ArchivedWaitingEventRecord::Joined { quantity, location, class, keeps_place, operation, at } => {
                WaitingEvent::Joined {
                    quantity: value::line_quantity("units waited for", *quantity)?,
                    location: location.as_ref().map(value::location).transpose()?,
                    class: PriorityClass(*class),
                    keeps_place: *keeps_place,
                    operation: operation.into(),
                    at: value::instant(*at),
                }
            }
            ArchivedWaitingEventRecord::Left { operation, at } => {
                WaitingEvent::Left { operation: operation.into(), at: value::instant(*at) }
            }
            ArchivedWaitingEventRecord::Offered { units, in_sale, expires_at } => WaitingEvent::Offered {
                units: sources(units.iter())?,
                in_sale: *in_sale,
                expires_at: value::instant(*expires_at),
            },
            ArchivedWaitingEventRecord::Lapsed { at } => WaitingEvent::Lapsed { at: value::instant(*at) },
        };
        Ok((value::customer(&self.customer)?, what))
    }
}

impl OfferedHoldRecord {
    pub(super) fn new(
        hold: HoldId,
        quantity: LineQuantity,
        of: &Sources,
        buyer: Option<&CustomerId>,
        offer: &FromOffer,
        expires_at: Timestamp,
    ) -> Self {
        let customer = SmolStr::new(offer.customer.as_str());
        let buyer = buyer.map(|buyer| SmolStr::new(buyer.as_str()));
        Self {
            hold: hold.into(),
            quantity: quantity.units(),
            sources: match of {
                Sources::At { location, asked } => {
                    SourcesRecord::At { location: SmolStr::new(location.as_str()), asked: *asked }
                }
                Sources::Spread(spread) => SourcesRecord::Spread {
                    asked: spread.asked.as_ref().map(|asked| SmolStr::new(asked.as_str())),
                    filled: spread.filled.iter().map(Into::into).collect(),
                    queued: spread.queued.units(),
                    class: spread.class.0,
                    good_til: spread.good_til.map(|date| date.millis()),
                },
            },
            expires_at: expires_at.millis(),
            customer,
            offered: offer.units.iter().map(Into::into).collect(),
            buyer,
        }
    }

    /// Most bytes of what lies beside the record's place: the box, its texts and its lists.
    pub(super) fn bytes_beside(&self) -> usize {
        let of = match &self.sources {
            SourcesRecord::At { location, .. } => location.len(),
            SourcesRecord::Spread { asked, filled, .. } => {
                asked.as_ref().map_or(0, SmolStr::len) + SourceRecord::bytes_of(filled)
            }
        };
        let texts = self.customer.len() + self.buyer.as_ref().map_or(0, SmolStr::len);
        size_of::<ArchivedOfferedHoldRecord>() + of + texts + SourceRecord::bytes_of(&self.offered)
    }
}

impl ArchivedOfferedHoldRecord {
    /// What the record says.
    pub(super) fn read(&self) -> Result<ProductEvent, RecordError> {
        let customer = value::customer(&self.customer)?;
        let buyer = self.buyer.as_ref().map(value::customer).transpose()?;
        Ok(ProductEvent::HoldOpened {
            hold: (&self.hold).into(),
            quantity: value::line_quantity("held units", self.quantity)?,
            sources: match &self.sources {
                ArchivedSourcesRecord::At { location, asked } => {
                    Sources::At { location: value::location(location)?, asked: *asked }
                }
                ArchivedSourcesRecord::Spread { asked, filled, queued, class, good_til } => {
                    Sources::Spread(Box::new(Spread {
                        asked: asked.as_ref().map(value::location).transpose()?,
                        filled: sources(filled.iter())?,
                        queued: value::quantity("queued units", *queued)?,
                        class: PriorityClass(*class),
                        good_til: good_til.as_ref().map(|date| value::instant(*date)),
                    }))
                }
            },
            buyer,
            expires_at: value::instant(self.expires_at),
            offer: Some(Box::new(FromOffer { customer, units: sources(self.offered.iter())? })),
        })
    }
}

fn sources<'a>(records: impl Iterator<Item = &'a ArchivedSourceRecord>) -> Result<Vec<Source>, RecordError> {
    records.map(TryInto::try_into).collect()
}
