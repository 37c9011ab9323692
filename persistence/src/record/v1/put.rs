//! What a product is, as a merchant put it.

use holdfast_engine::product::{
    Backorders, Component, Matching, Policy, Preorder, ProductDetails, ProductEvent, SourcingRules, Strategy,
    WaitingRules,
};
use holdfast_engine::{Millis, Operation, Timestamp};
use rkyv::string::ArchivedString;
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::value::{self, OperationRecord, PriceRecord};
use crate::record::RecordError;

/// A product's details and the request that set them.
#[derive(Archive, Serialize)]
pub(crate) struct PutRecord {
    name: SmolStr,
    price: Option<PriceRecord>,
    sellable: bool,
    safety_stock: u64,
    backorders: BackordersRecord,
    preorder: Option<PreorderRecord>,
    matching: MatchingRecord,
    strategy: StrategyRecord,
    ranking: Vec<SmolStr>,
    closed: Vec<SmolStr>,
    hold_ttl_default_ms: u64,
    hold_ttl_max_ms: u64,
    line_quantity_min: u32,
    line_quantity_max: u32,
    line_quantity_multiple: u32,
    operation: OperationRecord,
    at: i64,
    tracked: bool,
    offer_ttl_ms: Option<u64>,
    guest_hold_ttl_default_ms: Option<u64>,
    components: Vec<ComponentRecord>,
}

/// Units of another product in a bundle.
#[derive(Archive, Serialize)]
pub(crate) struct ComponentRecord {
    sku: SmolStr,
    quantity: u32,
}

/// How much demand may queue.
#[derive(Archive, Serialize)]
pub(crate) enum BackordersRecord {
    None,
    Capped(u64),
    Unlimited,
}

/// Sale before the release.
#[derive(Archive, Serialize)]
pub(crate) struct PreorderRecord {
    quota: u64,
    release_at: i64,
}

/// Who of those that queue is served first.
#[derive(Archive, Serialize)]
pub(crate) enum MatchingRecord {
    Arrival,
    FairShare,
}

/// Which locations units are taken from first.
#[derive(Archive, Serialize)]
pub(crate) enum StrategyRecord {
    FewestShipments,
    Ranked,
    HighestStock,
    Nearest,
}

impl PutRecord {
    pub(super) fn new(details: &ProductDetails, operation: Operation, at: Timestamp) -> Self {
        let Policy {
            sellable,
            safety_stock,
            backorders,
            preorder,
            matching,
            sourcing,
            hold_ttl_default,
            guest_hold_ttl_default,
            hold_ttl_max,
            line_quantity_min,
            line_quantity_max,
            line_quantity_multiple,
            tracked,
            waiting_list,
        } = &details.policy;
        Self {
            name: details.name.clone(),
            price: details.price.map(Into::into),
            sellable: *sellable,
            safety_stock: safety_stock.units(),
            backorders: (*backorders).into(),
            preorder: preorder.map(|preorder| PreorderRecord {
                quota: preorder.quota.units(),
                release_at: preorder.release_at.millis(),
            }),
            matching: (*matching).into(),
            strategy: sourcing.strategy.into(),
            ranking: sourcing.ranking.iter().map(|place| SmolStr::new(place.as_str())).collect(),
            closed: sourcing.closed.iter().map(|place| SmolStr::new(place.as_str())).collect(),
            hold_ttl_default_ms: hold_ttl_default.0,
            hold_ttl_max_ms: hold_ttl_max.0,
            line_quantity_min: line_quantity_min.units(),
            line_quantity_max: line_quantity_max.units(),
            line_quantity_multiple: line_quantity_multiple.units(),
            operation: operation.into(),
            at: at.millis(),
            tracked: *tracked,
            offer_ttl_ms: waiting_list.map(|rules| rules.offer_ttl.0),
            guest_hold_ttl_default_ms: guest_hold_ttl_default.map(|ttl| ttl.0),
            components: details.components.iter().map(Into::into).collect(),
        }
    }

    /// Most bytes of it, with its texts.
    pub(super) fn bytes_beside(&self) -> usize {
        let texts = self.ranking.iter().chain(&self.closed);
        let texts = texts.map(|text| size_of::<ArchivedString>() + text.len());
        let texts = texts.sum::<usize>() + ComponentRecord::bytes_of(&self.components);
        size_of::<ArchivedPutRecord>() + self.name.len() + texts
    }
}

impl ArchivedPutRecord {
    pub(super) fn event(&self) -> Result<ProductEvent, RecordError> {
        Ok(ProductEvent::Put {
            details: Box::new(self.try_into()?),
            operation: (&self.operation).into(),
            at: value::instant(self.at),
        })
    }
}

impl ComponentRecord {
    /// Most bytes of these, with their texts.
    pub(super) fn bytes_of(components: &[Self]) -> usize {
        let each = components.iter();
        each.map(|component| size_of::<ArchivedComponentRecord>() + component.sku.len()).sum()
    }
}

impl From<&Component> for ComponentRecord {
    fn from(component: &Component) -> Self {
        Self { sku: SmolStr::new(component.sku.as_str()), quantity: component.quantity.units() }
    }
}

impl TryFrom<&ArchivedComponentRecord> for Component {
    type Error = RecordError;

    fn try_from(record: &ArchivedComponentRecord) -> Result<Self, RecordError> {
        let quantity = value::line_quantity("units of a component", record.quantity)?;
        Ok(Self { sku: value::sku(&record.sku)?, quantity })
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
                backorders: (&put.backorders).try_into()?,
                preorder: put.preorder.as_ref().map(TryInto::try_into).transpose()?,
                matching: match &put.matching {
                    ArchivedMatchingRecord::Arrival => Matching::Arrival,
                    ArchivedMatchingRecord::FairShare => Matching::FairShare,
                },
                sourcing: SourcingRules {
                    strategy: (&put.strategy).into(),
                    ranking: put.ranking.iter().map(value::location).collect::<Result<_, _>>()?,
                    closed: put.closed.iter().map(value::location).collect::<Result<_, _>>()?,
                },
                hold_ttl_default: Millis(put.hold_ttl_default_ms.to_native()),
                guest_hold_ttl_default: put
                    .guest_hold_ttl_default_ms
                    .as_ref()
                    .map(|ttl| Millis(ttl.to_native())),
                hold_ttl_max: Millis(put.hold_ttl_max_ms.to_native()),
                line_quantity_min: value::line_quantity("least line quantity", put.line_quantity_min)?,
                line_quantity_max: value::line_quantity("line quantity limit", put.line_quantity_max)?,
                line_quantity_multiple: value::line_quantity("line multiple", put.line_quantity_multiple)?,
                tracked: put.tracked,
                waiting_list: put.offer_ttl_ms.as_ref().map(|ttl| {
                    let offer_ttl = Millis(ttl.to_native());
                    WaitingRules { offer_ttl }
                }),
            },
            components: put.components.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        })
    }
}

impl From<Backorders> for BackordersRecord {
    fn from(backorders: Backorders) -> Self {
        match backorders {
            Backorders::None => Self::None,
            Backorders::Capped(limit) => Self::Capped(limit.units()),
            Backorders::Unlimited => Self::Unlimited,
        }
    }
}

impl TryFrom<&ArchivedBackordersRecord> for Backorders {
    type Error = RecordError;

    fn try_from(record: &ArchivedBackordersRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedBackordersRecord::None => Self::None,
            ArchivedBackordersRecord::Capped(limit) => {
                Self::Capped(value::quantity("backorder limit", *limit)?)
            }
            ArchivedBackordersRecord::Unlimited => Self::Unlimited,
        })
    }
}

impl TryFrom<&ArchivedPreorderRecord> for Preorder {
    type Error = RecordError;

    fn try_from(record: &ArchivedPreorderRecord) -> Result<Self, RecordError> {
        Ok(Self {
            quota: value::quantity("preorder quota", record.quota)?,
            release_at: value::instant(record.release_at),
        })
    }
}

impl From<Matching> for MatchingRecord {
    fn from(matching: Matching) -> Self {
        match matching {
            Matching::Arrival => Self::Arrival,
            Matching::FairShare => Self::FairShare,
        }
    }
}

impl From<Strategy> for StrategyRecord {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::FewestShipments => Self::FewestShipments,
            Strategy::Ranked => Self::Ranked,
            Strategy::HighestStock => Self::HighestStock,
            Strategy::Nearest => Self::Nearest,
        }
    }
}

impl From<&ArchivedStrategyRecord> for Strategy {
    fn from(record: &ArchivedStrategyRecord) -> Self {
        match record {
            ArchivedStrategyRecord::FewestShipments => Self::FewestShipments,
            ArchivedStrategyRecord::Ranked => Self::Ranked,
            ArchivedStrategyRecord::HighestStock => Self::HighestStock,
            ArchivedStrategyRecord::Nearest => Self::Nearest,
        }
    }
}
