//! Records about a product.

use holdfast_engine::product::{
    Condition, Fill, Fulfilment, HoldEnd, Left, Note, Piles, PriorityClass, ProductEvent, Source, Sources,
    Spread, Stamped,
};
use holdfast_engine::{LineQuantity, LocationId, Sequence};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::lot::LotRecord;
use super::put::PutRecord;
use super::sale::SaleRecord;
use super::value::{self, HoldRecord, OperationRecord};
use super::waiting::{OfferedHoldRecord, WaitingRecord};
use crate::record::RecordError;

/// One fact about one product.
#[derive(Archive, Serialize)]
pub(crate) enum ProductRecord {
    Put(Box<PutRecord>),
    Adjusted(Box<AdjustedRecord>),
    HoldOpened {
        hold: HoldRecord,
        location: SmolStr,
        asked: bool,
        quantity: u32,
        expires_at: i64,
    },
    HoldMoved {
        hold: HoldRecord,
        expires_at: Option<i64>,
    },
    HoldCommitted {
        hold: HoldRecord,
        quantity: u64,
        arrival: u64,
        at: i64,
    },
    HoldEnded {
        hold: HoldRecord,
        why: HoldEndRecord,
    },
    AllocationAdvanced(Box<AdvancedRecord>),
    Deleted {
        operation: OperationRecord,
        at: i64,
    },
    /// A hold whose units are not all at one location.
    HoldSpread(Box<SpreadRecord>),
    DemandLowered {
        hold: HoldRecord,
        by: u32,
    },
    Filled {
        location: SmolStr,
        fills: Vec<FillRecord>,
    },
    Lot(Box<LotRecord>),
    /// A hold that counts in a sale, all of whose units are at one location.
    HoldInSale {
        hold: HoldRecord,
        location: SmolStr,
        asked: bool,
        quantity: u32,
        expires_at: i64,
        buyer: SmolStr,
    },
    SalePut(Box<SaleRecord>),
    SaleEnded {
        operation: OperationRecord,
        at: i64,
    },
    HoldChanged(Box<HoldChangedRecord>),
    Waiting(Box<WaitingRecord>),
    /// A hold some of whose units were on offer to its customer.
    HoldFromOffer(Box<OfferedHoldRecord>),
    LocationDeleted(Box<LocationDeletedRecord>),
    DemandLapsed {
        hold: HoldRecord,
        by: u32,
        at: i64,
    },
}

/// A location that was given up.
#[derive(Archive, Serialize)]
pub(crate) struct LocationDeletedRecord {
    location: SmolStr,
    to: Option<SmolStr>,
    sellable: u64,
    damaged: u64,
    quality_control: u64,
    reason: SmolStr,
    operation: OperationRecord,
    at: i64,
}

/// A hold whose units are not all at one location.
#[derive(Archive, Serialize)]
pub(crate) struct SpreadRecord {
    hold: HoldRecord,
    quantity: u32,
    asked: Option<SmolStr>,
    filled: Vec<SourceRecord>,
    queued: u64,
    class: u8,
    good_til: Option<i64>,
    buyer: Option<SmolStr>,
    expires_at: i64,
}

/// What a hold has from now on.
#[derive(Archive, Serialize)]
pub(crate) struct HoldChangedRecord {
    hold: HoldRecord,
    quantity: u32,
    /// Whether all of it lies at one location: the only one of `filled`, which it asked for if `asked` is there.
    whole: bool,
    asked: Option<SmolStr>,
    filled: Vec<SourceRecord>,
    queued: u64,
    class: u8,
    good_til: Option<i64>,
    buyer: Option<SmolStr>,
}

/// Units at one location.
#[derive(Archive, Serialize)]
pub(crate) struct SourceRecord {
    location: SmolStr,
    units: u32,
}

/// What became of promised units at one location.
#[derive(Archive, Serialize)]
pub(crate) struct AdvancedRecord {
    hold: HoldRecord,
    location: SmolStr,
    shipped: u64,
    cancelled: u64,
    returned: u64,
    damaged: u64,
    counted: bool,
    at: i64,
}

/// Units that went to one promise.
#[derive(Archive, Serialize)]
pub(crate) struct FillRecord {
    hold: HoldRecord,
    units: u32,
}

/// A movement of stock.
#[derive(Archive, Serialize)]
pub(crate) struct AdjustedRecord {
    location: SmolStr,
    condition: ConditionRecord,
    delta: i64,
    became: Option<ConditionRecord>,
    reason: SmolStr,
    reference: Option<SmolStr>,
    actor: Option<SmolStr>,
    operation: OperationRecord,
    at: i64,
    is_count: bool,
    stamped: Option<StampedRecord>,
}

/// A movement or a count that was told after it happened.
#[derive(Archive, Serialize)]
pub(crate) struct StampedRecord {
    at: i64,
    overtaken: Option<i64>,
}

/// What a unit is good for.
#[derive(Archive, Serialize)]
pub(crate) enum ConditionRecord {
    Sellable,
    Damaged,
    QualityControl,
}

impl From<Condition> for ConditionRecord {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Sellable => Self::Sellable,
            Condition::Damaged => Self::Damaged,
            Condition::QualityControl => Self::QualityControl,
        }
    }
}

impl From<&ArchivedConditionRecord> for Condition {
    fn from(record: &ArchivedConditionRecord) -> Self {
        match record {
            ArchivedConditionRecord::Sellable => Self::Sellable,
            ArchivedConditionRecord::Damaged => Self::Damaged,
            ArchivedConditionRecord::QualityControl => Self::QualityControl,
        }
    }
}

/// Why a hold ended without becoming an allocation.
#[derive(Archive, Serialize)]
pub(crate) enum HoldEndRecord {
    Released,
    Expired,
    Abandoned,
}

impl ProductRecord {
    /// Most bytes of what lies beside the record's place: boxes and texts.
    pub(super) fn bytes_beside(&self) -> usize {
        match self {
            Self::Put(put) => put.bytes_beside(),
            Self::Adjusted(adjusted) => {
                size_of::<ArchivedAdjustedRecord>()
                    + adjusted.location.len()
                    + adjusted.reason.len()
                    + adjusted.reference.as_ref().map_or(0, SmolStr::len)
                    + adjusted.actor.as_ref().map_or(0, SmolStr::len)
            }
            Self::HoldOpened { location, .. } => location.len(),
            Self::AllocationAdvanced(advanced) => {
                size_of::<ArchivedAdvancedRecord>() + advanced.location.len()
            }
            Self::HoldSpread(spread) => {
                let asked = spread.asked.as_ref().map_or(0, SmolStr::len);
                let asked = asked + spread.buyer.as_ref().map_or(0, SmolStr::len);
                size_of::<ArchivedSpreadRecord>() + asked + SourceRecord::bytes_of(&spread.filled)
            }
            Self::HoldChanged(changed) => {
                let filled = changed.filled.iter();
                let filled = filled.map(|source| size_of::<ArchivedSourceRecord>() + source.location.len());
                let asked = changed.asked.as_ref().map_or(0, SmolStr::len);
                let asked = asked + changed.buyer.as_ref().map_or(0, SmolStr::len);
                size_of::<ArchivedHoldChangedRecord>() + asked + filled.sum::<usize>()
            }
            Self::HoldInSale { location, buyer, .. } => location.len() + buyer.len(),
            Self::SalePut(sale) => sale.bytes_beside(),
            Self::Filled { location, fills } => {
                location.len() + fills.len() * size_of::<ArchivedFillRecord>()
            }
            Self::HoldMoved { .. }
            | Self::HoldCommitted { .. }
            | Self::HoldEnded { .. }
            | Self::DemandLowered { .. }
            | Self::DemandLapsed { .. }
            | Self::SaleEnded { .. }
            | Self::Deleted { .. } => 0,
            Self::Lot(lot) => lot.bytes_beside(),
            Self::Waiting(waiting) => waiting.bytes_beside(),
            Self::HoldFromOffer(hold) => hold.bytes_beside(),
            Self::LocationDeleted(deleted) => {
                size_of::<ArchivedLocationDeletedRecord>()
                    + deleted.location.len()
                    + deleted.to.as_ref().map_or(0, SmolStr::len)
                    + deleted.reason.len()
            }
        }
    }
}

impl From<&ProductEvent> for ProductRecord {
    fn from(event: &ProductEvent) -> Self {
        match event {
            ProductEvent::Put { details, operation, at } => {
                Self::Put(Box::new(PutRecord::new(details, *operation, *at)))
            }
            ProductEvent::Adjusted {
                location,
                condition,
                delta,
                became,
                note,
                operation,
                at,
                is_count,
                stamped,
            } => Self::Adjusted(Box::new(AdjustedRecord {
                location: SmolStr::new(location.as_str()),
                condition: (*condition).into(),
                delta: *delta,
                became: became.map(Into::into),
                reason: note.reason.clone(),
                reference: note.reference.clone(),
                actor: note.actor.clone(),
                operation: (*operation).into(),
                at: at.millis(),
                is_count: *is_count,
                stamped: stamped
                    .as_ref()
                    .map(|stamped| StampedRecord { at: stamped.at.millis(), overtaken: stamped.overtaken }),
            })),
            ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, offer: Some(offer) } => {
                let buyer = buyer.as_ref();
                let record = OfferedHoldRecord::new(*hold, *quantity, sources, buyer, offer, *expires_at);
                Self::HoldFromOffer(Box::new(record))
            }
            ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, offer: None } => {
                match (sources, buyer) {
                    (Sources::At { location, asked }, Some(buyer)) => Self::HoldInSale {
                        hold: (*hold).into(),
                        location: SmolStr::new(location.as_str()),
                        asked: *asked,
                        quantity: quantity.units(),
                        expires_at: expires_at.millis(),
                        buyer: SmolStr::new(buyer.as_str()),
                    },
                    (Sources::At { location, asked }, None) => Self::HoldOpened {
                        hold: (*hold).into(),
                        location: SmolStr::new(location.as_str()),
                        asked: *asked,
                        quantity: quantity.units(),
                        expires_at: expires_at.millis(),
                    },
                    (Sources::Spread(spread), buyer) => Self::HoldSpread(Box::new(SpreadRecord {
                        hold: (*hold).into(),
                        quantity: quantity.units(),
                        asked: spread.asked.as_ref().map(|asked| SmolStr::new(asked.as_str())),
                        filled: spread.filled.iter().map(Into::into).collect(),
                        queued: spread.queued.units(),
                        class: spread.class.0,
                        good_til: spread.good_til.map(|date| date.millis()),
                        buyer: buyer.as_ref().map(|buyer| SmolStr::new(buyer.as_str())),
                        expires_at: expires_at.millis(),
                    })),
                }
            }
            ProductEvent::HoldChanged { hold, quantity, sources, buyer } => {
                let filled = sources.filled(*quantity);
                let source = |(location, units): (&LocationId, LineQuantity)| SourceRecord {
                    location: SmolStr::new(location.as_str()),
                    units: units.units(),
                };
                Self::HoldChanged(Box::new(HoldChangedRecord {
                    hold: (*hold).into(),
                    quantity: quantity.units(),
                    whole: matches!(sources, Sources::At { .. }),
                    asked: sources.asked().map(|asked| SmolStr::new(asked.as_str())),
                    filled: filled.map(source).collect(),
                    queued: sources.queued().units(),
                    class: match sources {
                        Sources::At { .. } => 0,
                        Sources::Spread(spread) => spread.class.0,
                    },
                    good_til: sources.good_til().map(|date| date.millis()),
                    buyer: buyer.as_ref().map(|buyer| SmolStr::new(buyer.as_str())),
                }))
            }
            ProductEvent::HoldMoved { hold, expires_at } => {
                Self::HoldMoved { hold: (*hold).into(), expires_at: expires_at.map(|at| at.millis()) }
            }
            ProductEvent::HoldCommitted { hold, quantity, arrival, at } => Self::HoldCommitted {
                hold: (*hold).into(),
                quantity: quantity.units(),
                arrival: arrival.0,
                at: at.millis(),
            },
            ProductEvent::HoldEnded { hold, why } => {
                let why = match why {
                    HoldEnd::Released => HoldEndRecord::Released,
                    HoldEnd::Expired => HoldEndRecord::Expired,
                    HoldEnd::Abandoned => HoldEndRecord::Abandoned,
                };
                Self::HoldEnded { hold: (*hold).into(), why }
            }
            ProductEvent::AllocationAdvanced {
                hold,
                location,
                by: Fulfilment { shipped, cancelled, returned, damaged },
                counted,
                at,
            } => Self::AllocationAdvanced(Box::new(AdvancedRecord {
                hold: (*hold).into(),
                location: SmolStr::new(location.as_str()),
                shipped: shipped.units(),
                cancelled: cancelled.units(),
                returned: returned.units(),
                damaged: damaged.units(),
                counted: *counted,
                at: at.millis(),
            })),
            ProductEvent::DemandLowered { hold, by } => {
                Self::DemandLowered { hold: (*hold).into(), by: by.units() }
            }
            ProductEvent::DemandLapsed { hold, by, at } => {
                Self::DemandLapsed { hold: (*hold).into(), by: by.units(), at: at.millis() }
            }
            ProductEvent::Filled { location, fills } => Self::Filled {
                location: SmolStr::new(location.as_str()),
                fills: fills
                    .iter()
                    .map(|fill| FillRecord { hold: fill.hold.into(), units: fill.units.units() })
                    .collect(),
            },
            ProductEvent::SalePut { terms, operation, at } => {
                Self::SalePut(Box::new(SaleRecord::new(terms, *operation, *at)))
            }
            ProductEvent::SaleEnded { operation, at } => {
                Self::SaleEnded { operation: (*operation).into(), at: at.millis() }
            }
            ProductEvent::Deleted { operation, at } => {
                Self::Deleted { operation: (*operation).into(), at: at.millis() }
            }
            ProductEvent::Lot { lot, what, operation, at } => {
                Self::Lot(Box::new(LotRecord::new(*lot, what, *operation, *at)))
            }
            ProductEvent::LocationDeleted { location, to, left, operation, at } => {
                let Left { units, reason } = &**left;
                Self::LocationDeleted(Box::new(LocationDeletedRecord {
                    location: SmolStr::new(location.as_str()),
                    to: to.as_ref().map(|to| SmolStr::new(to.as_str())),
                    sellable: units.sellable.units(),
                    damaged: units.damaged.units(),
                    quality_control: units.quality_control.units(),
                    reason: reason.clone(),
                    operation: (*operation).into(),
                    at: at.millis(),
                }))
            }
            ProductEvent::Waiting { customer, what } => {
                Self::Waiting(Box::new(WaitingRecord::new(customer, what)))
            }
        }
    }
}

impl TryFrom<&ArchivedProductRecord> for ProductEvent {
    type Error = RecordError;

    fn try_from(record: &ArchivedProductRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedProductRecord::Put(put) => put.event()?,
            ArchivedProductRecord::Adjusted(adjusted) => Self::Adjusted {
                location: value::location(&adjusted.location)?,
                condition: (&adjusted.condition).into(),
                delta: adjusted.delta.to_native(),
                became: adjusted.became.as_ref().map(Into::into),
                note: Box::new(Note {
                    reason: value::text(&adjusted.reason),
                    reference: adjusted.reference.as_ref().map(value::text),
                    actor: adjusted.actor.as_ref().map(value::text),
                }),
                operation: (&adjusted.operation).into(),
                at: value::instant(adjusted.at),
                is_count: adjusted.is_count,
                stamped: adjusted.stamped.as_ref().map(|stamped| Box::new(stamped.into())),
            },
            ArchivedProductRecord::HoldOpened { hold, location, asked, quantity, expires_at } => {
                Self::HoldOpened {
                    hold: hold.into(),
                    quantity: value::line_quantity("held units", *quantity)?,
                    sources: Sources::At { location: value::location(location)?, asked: *asked },
                    buyer: None,
                    expires_at: value::instant(*expires_at),
                    offer: None,
                }
            }
            ArchivedProductRecord::HoldInSale { hold, location, asked, quantity, expires_at, buyer } => {
                Self::HoldOpened {
                    hold: hold.into(),
                    quantity: value::line_quantity("held units", *quantity)?,
                    sources: Sources::At { location: value::location(location)?, asked: *asked },
                    buyer: Some(value::customer(buyer)?),
                    expires_at: value::instant(*expires_at),
                    offer: None,
                }
            }
            ArchivedProductRecord::SalePut(sale) => sale.event()?,
            ArchivedProductRecord::SaleEnded { operation, at } => {
                Self::SaleEnded { operation: operation.into(), at: value::instant(*at) }
            }
            ArchivedProductRecord::HoldSpread(spread) => Self::HoldOpened {
                hold: (&spread.hold).into(),
                quantity: value::line_quantity("held units", spread.quantity)?,
                sources: Sources::Spread(Box::new(Spread {
                    asked: spread.asked.as_ref().map(value::location).transpose()?,
                    filled: spread.filled.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
                    queued: value::quantity("queued units", spread.queued)?,
                    class: PriorityClass(spread.class),
                    good_til: spread.good_til.as_ref().map(|date| value::instant(*date)),
                })),
                buyer: spread.buyer.as_ref().map(value::customer).transpose()?,
                expires_at: value::instant(spread.expires_at),
                offer: None,
            },
            ArchivedProductRecord::HoldChanged(changed) => changed.get().try_into()?,
            ArchivedProductRecord::HoldMoved { hold, expires_at } => Self::HoldMoved {
                hold: hold.into(),
                expires_at: expires_at.as_ref().map(|at| value::instant(*at)),
            },
            ArchivedProductRecord::HoldCommitted { hold, quantity, arrival, at } => Self::HoldCommitted {
                hold: hold.into(),
                quantity: value::quantity("committed units", *quantity)?,
                arrival: Sequence(arrival.to_native()),
                at: value::instant(*at),
            },
            ArchivedProductRecord::HoldEnded { hold, why } => {
                let why = match why {
                    ArchivedHoldEndRecord::Released => HoldEnd::Released,
                    ArchivedHoldEndRecord::Expired => HoldEnd::Expired,
                    ArchivedHoldEndRecord::Abandoned => HoldEnd::Abandoned,
                };
                Self::HoldEnded { hold: hold.into(), why }
            }
            ArchivedProductRecord::Deleted { operation, at } => {
                Self::Deleted { operation: operation.into(), at: value::instant(*at) }
            }
            ArchivedProductRecord::AllocationAdvanced(advanced) => Self::AllocationAdvanced {
                hold: (&advanced.hold).into(),
                location: value::location(&advanced.location)?,
                by: Fulfilment {
                    shipped: value::quantity("shipped units", advanced.shipped)?,
                    cancelled: value::quantity("cancelled units", advanced.cancelled)?,
                    returned: value::quantity("returned units", advanced.returned)?,
                    damaged: value::quantity("damaged units", advanced.damaged)?,
                },
                counted: advanced.counted,
                at: value::instant(advanced.at),
            },
            ArchivedProductRecord::DemandLowered { hold, by } => Self::DemandLowered {
                hold: hold.into(),
                by: value::line_quantity("units no longer queued for", *by)?,
            },
            ArchivedProductRecord::DemandLapsed { hold, by, at } => Self::DemandLapsed {
                hold: hold.into(),
                by: value::line_quantity("units that lapsed", *by)?,
                at: value::instant(*at),
            },
            ArchivedProductRecord::Filled { location, fills } => Self::Filled {
                location: value::location(location)?,
                fills: fills.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            },
            ArchivedProductRecord::Lot(record) => {
                let (lot, what, operation, at) = record.get().read()?;
                Self::Lot { lot, what: Box::new(what), operation, at }
            }
            ArchivedProductRecord::Waiting(record) => {
                let (customer, what) = record.get().read()?;
                Self::Waiting { customer, what: Box::new(what) }
            }
            ArchivedProductRecord::LocationDeleted(deleted) => Self::LocationDeleted {
                location: value::location(&deleted.location)?,
                to: deleted.to.as_ref().map(value::location).transpose()?,
                left: Box::new(Left {
                    units: Piles {
                        sellable: value::quantity("sellable units", deleted.sellable)?,
                        damaged: value::quantity("damaged units", deleted.damaged)?,
                        quality_control: value::quantity("units to be looked at", deleted.quality_control)?,
                    },
                    reason: value::text(&deleted.reason),
                }),
                operation: (&deleted.operation).into(),
                at: value::instant(deleted.at),
            },
            ArchivedProductRecord::HoldFromOffer(record) => record.get().read()?,
        })
    }
}

impl From<&ArchivedStampedRecord> for Stamped {
    fn from(record: &ArchivedStampedRecord) -> Self {
        let overtaken = record.overtaken.as_ref().map(|told| told.to_native());
        Self { at: value::instant(record.at), overtaken }
    }
}

impl SourceRecord {
    /// Most bytes of a list of these, texts included.
    pub(super) fn bytes_of(sources: &[Self]) -> usize {
        let each = sources.iter().map(|source| size_of::<ArchivedSourceRecord>() + source.location.len());
        each.sum()
    }
}

impl From<&Source> for SourceRecord {
    fn from(source: &Source) -> Self {
        Self { location: SmolStr::new(source.location.as_str()), units: source.units.units() }
    }
}

impl TryFrom<&ArchivedHoldChangedRecord> for ProductEvent {
    type Error = RecordError;

    fn try_from(changed: &ArchivedHoldChangedRecord) -> Result<Self, RecordError> {
        let filled = changed.filled.iter().map(TryInto::try_into).collect::<Result<Vec<Source>, _>>()?;
        let asked = changed.asked.as_ref().map(value::location).transpose()?;
        let sources = match filled.as_slice() {
            [only] if changed.whole => {
                Sources::At { location: only.location.clone(), asked: asked.is_some() }
            }
            _ => Sources::Spread(Box::new(Spread {
                asked,
                filled,
                queued: value::quantity("queued units", changed.queued)?,
                class: PriorityClass(changed.class),
                good_til: changed.good_til.as_ref().map(|date| value::instant(*date)),
            })),
        };
        Ok(Self::HoldChanged {
            hold: (&changed.hold).into(),
            quantity: value::line_quantity("held units", changed.quantity)?,
            sources,
            buyer: changed.buyer.as_ref().map(value::customer).transpose()?,
        })
    }
}

impl TryFrom<&ArchivedSourceRecord> for Source {
    type Error = RecordError;

    fn try_from(record: &ArchivedSourceRecord) -> Result<Self, RecordError> {
        Ok(Self {
            location: value::location(&record.location)?,
            units: value::line_quantity("units of a source", record.units)?,
        })
    }
}

impl TryFrom<&ArchivedFillRecord> for Fill {
    type Error = RecordError;

    fn try_from(record: &ArchivedFillRecord) -> Result<Self, RecordError> {
        Ok(Self { hold: (&record.hold).into(), units: value::line_quantity("filled units", record.units)? })
    }
}
