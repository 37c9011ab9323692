//! Records about a product.

use holdfast_engine::Millis;
use holdfast_engine::product::{Condition, Fulfilment, HoldEnd, Policy, ProductDetails, ProductEvent};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::value::{self, HoldRecord, OperationRecord, PriceRecord};
use crate::record::RecordError;

/// One fact about one product.
#[derive(Archive, Serialize)]
pub(crate) enum ProductRecord {
    Put(Box<PutRecord>),
    Adjusted(Box<AdjustedRecord>),
    HoldOpened { hold: HoldRecord, location: SmolStr, quantity: u32, expires_at: i64 },
    HoldMoved { hold: HoldRecord, expires_at: Option<i64> },
    HoldCommitted { hold: HoldRecord, quantity: u64 },
    HoldEnded { hold: HoldRecord, why: HoldEndRecord },
    AllocationAdvanced { hold: HoldRecord, shipped: u64, cancelled: u64, returned: u64, damaged: u64 },
    Deleted { operation: OperationRecord, at: i64 },
}

/// A product's details and the request that set them.
#[derive(Archive, Serialize)]
pub(crate) struct PutRecord {
    name: SmolStr,
    price: Option<PriceRecord>,
    sellable: bool,
    safety_stock: u64,
    backorder_limit: u64,
    hold_ttl_default_ms: u64,
    hold_ttl_max_ms: u64,
    line_quantity_min: u32,
    line_quantity_max: u32,
    line_quantity_multiple: u32,
    operation: OperationRecord,
    at: i64,
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
            Self::Put(put) => size_of::<ArchivedPutRecord>() + put.name.len(),
            Self::Adjusted(adjusted) => {
                size_of::<ArchivedAdjustedRecord>()
                    + adjusted.location.len()
                    + adjusted.reason.len()
                    + adjusted.reference.as_ref().map_or(0, SmolStr::len)
                    + adjusted.actor.as_ref().map_or(0, SmolStr::len)
            }
            Self::HoldOpened { location, .. } => location.len(),
            Self::HoldMoved { .. }
            | Self::HoldCommitted { .. }
            | Self::HoldEnded { .. }
            | Self::AllocationAdvanced { .. }
            | Self::Deleted { .. } => 0,
        }
    }
}

impl From<&ProductEvent> for ProductRecord {
    fn from(event: &ProductEvent) -> Self {
        match event {
            ProductEvent::Put { details, operation, at } => {
                let Policy {
                    sellable,
                    safety_stock,
                    backorder_limit,
                    hold_ttl_default,
                    hold_ttl_max,
                    line_quantity_min,
                    line_quantity_max,
                    line_quantity_multiple,
                } = &details.policy;
                Self::Put(Box::new(PutRecord {
                    name: details.name.clone(),
                    price: details.price.map(Into::into),
                    sellable: *sellable,
                    safety_stock: safety_stock.units(),
                    backorder_limit: backorder_limit.units(),
                    hold_ttl_default_ms: hold_ttl_default.0,
                    hold_ttl_max_ms: hold_ttl_max.0,
                    line_quantity_min: line_quantity_min.units(),
                    line_quantity_max: line_quantity_max.units(),
                    line_quantity_multiple: line_quantity_multiple.units(),
                    operation: (*operation).into(),
                    at: at.millis(),
                }))
            }
            ProductEvent::Adjusted {
                location,
                condition,
                delta,
                became,
                reason,
                reference,
                actor,
                operation,
                at,
            } => Self::Adjusted(Box::new(AdjustedRecord {
                location: SmolStr::new(location.as_str()),
                condition: (*condition).into(),
                delta: *delta,
                became: became.map(Into::into),
                reason: reason.clone(),
                reference: reference.clone(),
                actor: actor.clone(),
                operation: (*operation).into(),
                at: at.millis(),
            })),
            ProductEvent::HoldOpened { hold, location, quantity, expires_at } => Self::HoldOpened {
                hold: (*hold).into(),
                location: SmolStr::new(location.as_str()),
                quantity: quantity.units(),
                expires_at: expires_at.millis(),
            },
            ProductEvent::HoldMoved { hold, expires_at } => {
                Self::HoldMoved { hold: (*hold).into(), expires_at: expires_at.map(|at| at.millis()) }
            }
            ProductEvent::HoldCommitted { hold, quantity } => {
                Self::HoldCommitted { hold: (*hold).into(), quantity: quantity.units() }
            }
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
                to: Fulfilment { shipped, cancelled, returned, damaged },
            } => Self::AllocationAdvanced {
                hold: (*hold).into(),
                shipped: shipped.units(),
                cancelled: cancelled.units(),
                returned: returned.units(),
                damaged: damaged.units(),
            },
            ProductEvent::Deleted { operation, at } => {
                Self::Deleted { operation: (*operation).into(), at: at.millis() }
            }
        }
    }
}

impl TryFrom<&ArchivedProductRecord> for ProductEvent {
    type Error = RecordError;

    fn try_from(record: &ArchivedProductRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedProductRecord::Put(put) => Self::Put {
                details: put.get().try_into()?,
                operation: (&put.operation).into(),
                at: value::instant(put.at),
            },
            ArchivedProductRecord::Adjusted(adjusted) => Self::Adjusted {
                location: value::location(&adjusted.location)?,
                condition: (&adjusted.condition).into(),
                delta: adjusted.delta.to_native(),
                became: adjusted.became.as_ref().map(Into::into),
                reason: value::text(&adjusted.reason),
                reference: adjusted.reference.as_ref().map(value::text),
                actor: adjusted.actor.as_ref().map(value::text),
                operation: (&adjusted.operation).into(),
                at: value::instant(adjusted.at),
            },
            ArchivedProductRecord::HoldOpened { hold, location, quantity, expires_at } => Self::HoldOpened {
                hold: hold.into(),
                location: value::location(location)?,
                quantity: value::line_quantity("held units", *quantity)?,
                expires_at: value::instant(*expires_at),
            },
            ArchivedProductRecord::HoldMoved { hold, expires_at } => Self::HoldMoved {
                hold: hold.into(),
                expires_at: expires_at.as_ref().map(|at| value::instant(*at)),
            },
            ArchivedProductRecord::HoldCommitted { hold, quantity } => Self::HoldCommitted {
                hold: hold.into(),
                quantity: value::quantity("committed units", *quantity)?,
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
            ArchivedProductRecord::AllocationAdvanced { hold, shipped, cancelled, returned, damaged } => {
                Self::AllocationAdvanced {
                    hold: hold.into(),
                    to: Fulfilment {
                        shipped: value::quantity("shipped units", *shipped)?,
                        cancelled: value::quantity("cancelled units", *cancelled)?,
                        returned: value::quantity("returned units", *returned)?,
                        damaged: value::quantity("damaged units", *damaged)?,
                    },
                }
            }
        })
    }
}

impl TryFrom<&ArchivedPutRecord> for ProductDetails {
    type Error = RecordError;

    fn try_from(put: &ArchivedPutRecord) -> Result<Self, RecordError> {
        Ok(Self {
            name: value::text(&put.name),
            price: put.price.as_ref().map(TryInto::try_into).transpose()?,
            policy: Policy {
                sellable: put.sellable,
                safety_stock: value::quantity("safety stock", put.safety_stock)?,
                backorder_limit: value::quantity("backorder limit", put.backorder_limit)?,
                hold_ttl_default: Millis(put.hold_ttl_default_ms.to_native()),
                hold_ttl_max: Millis(put.hold_ttl_max_ms.to_native()),
                line_quantity_min: value::line_quantity("least line quantity", put.line_quantity_min)?,
                line_quantity_max: value::line_quantity("line quantity limit", put.line_quantity_max)?,
                line_quantity_multiple: value::line_quantity("line multiple", put.line_quantity_multiple)?,
            },
        })
    }
}
