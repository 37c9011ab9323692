//! Records about units on their way to a product's shelves.

use holdfast_engine::product::{LotEvent, Origin, Shortfall};
use holdfast_engine::{LotId, Operation, Timestamp};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::product::ConditionRecord;
use super::value::{self, Id, OperationRecord};
use crate::record::RecordError;

/// Something that happened to a lot.
#[derive(Archive, Serialize)]
pub(crate) struct LotRecord {
    lot: Id,
    what: LotEventRecord,
    operation: OperationRecord,
    at: i64,
}

/// What happened.
#[derive(Archive, Serialize)]
pub(crate) enum LotEventRecord {
    Announced {
        origin: OriginRecord,
        location: SmolStr,
        units: u32,
        expected_at: Option<i64>,
        reference: Option<SmolStr>,
        actor: Option<SmolStr>,
    },
    Received {
        location: SmolStr,
        condition: ConditionRecord,
        units: u64,
        is_transfer: bool,
        reference: Option<SmolStr>,
        actor: Option<SmolStr>,
        short: Option<ShortfallRecord>,
    },
    Rescheduled {
        expected_at: Option<i64>,
        actor: Option<SmolStr>,
    },
    Cancelled {
        back_to: Option<SmolStr>,
        units: u64,
        reason: SmolStr,
        reference: Option<SmolStr>,
        actor: Option<SmolStr>,
    },
}

/// Where the units of a lot come from.
#[derive(Archive, Serialize)]
pub(crate) enum OriginRecord {
    Supplier,
    Transfer { from: SmolStr, reason: SmolStr },
}

/// Units of a lot that never came.
#[derive(Archive, Serialize)]
pub(crate) struct ShortfallRecord {
    units: u64,
    reason: SmolStr,
}

impl LotRecord {
    pub(super) fn new(lot: LotId, what: &LotEvent, operation: Operation, at: Timestamp) -> Self {
        Self { lot: lot.0.to_be_bytes(), what: what.into(), operation: operation.into(), at: at.millis() }
    }

    /// Most bytes of what lies beside the record's place: the box and its texts.
    pub(super) fn bytes_beside(&self) -> usize {
        let len = |text: &Option<SmolStr>| text.as_ref().map_or(0, SmolStr::len);
        let texts = match &self.what {
            LotEventRecord::Announced { origin, location, reference, actor, .. } => {
                let origin = match origin {
                    OriginRecord::Supplier => 0,
                    OriginRecord::Transfer { from, reason } => from.len() + reason.len(),
                };
                origin + location.len() + len(reference) + len(actor)
            }
            LotEventRecord::Received { location, reference, actor, short, .. } => {
                let short = short.as_ref().map_or(0, |short| short.reason.len());
                location.len() + len(reference) + len(actor) + short
            }
            LotEventRecord::Rescheduled { actor, .. } => len(actor),
            LotEventRecord::Cancelled { back_to, reason, reference, actor, .. } => {
                len(back_to) + reason.len() + len(reference) + len(actor)
            }
        };
        size_of::<ArchivedLotRecord>() + texts
    }
}

impl ArchivedLotRecord {
    /// What the record says.
    pub(super) fn read(&self) -> Result<(LotId, LotEvent, Operation, Timestamp), RecordError> {
        let lot = LotId(u128::from_be_bytes(self.lot));
        Ok((lot, (&self.what).try_into()?, (&self.operation).into(), value::instant(self.at)))
    }
}

impl From<&LotEvent> for LotEventRecord {
    fn from(what: &LotEvent) -> Self {
        match what {
            LotEvent::Announced { origin, location, units, expected_at, reference, actor } => {
                Self::Announced {
                    origin: origin.into(),
                    location: SmolStr::new(location.as_str()),
                    units: units.units(),
                    expected_at: expected_at.map(Timestamp::millis),
                    reference: reference.clone(),
                    actor: actor.clone(),
                }
            }
            LotEvent::Received { location, condition, units, is_transfer, reference, actor, short } => {
                Self::Received {
                    location: SmolStr::new(location.as_str()),
                    condition: (*condition).into(),
                    units: units.units(),
                    is_transfer: *is_transfer,
                    reference: reference.clone(),
                    actor: actor.clone(),
                    short: short.as_ref().map(|short| ShortfallRecord {
                        units: short.units.units(),
                        reason: short.reason.clone(),
                    }),
                }
            }
            LotEvent::Rescheduled { expected_at, actor } => {
                Self::Rescheduled { expected_at: expected_at.map(Timestamp::millis), actor: actor.clone() }
            }
            LotEvent::Cancelled { back_to, units, reason, reference, actor } => Self::Cancelled {
                back_to: back_to.as_ref().map(|location| SmolStr::new(location.as_str())),
                units: units.units(),
                reason: reason.clone(),
                reference: reference.clone(),
                actor: actor.clone(),
            },
        }
    }
}

impl TryFrom<&ArchivedLotEventRecord> for LotEvent {
    type Error = RecordError;

    fn try_from(record: &ArchivedLotEventRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedLotEventRecord::Announced { origin, location, units, expected_at, reference, actor } => {
                Self::Announced {
                    origin: origin.try_into()?,
                    location: value::location(location)?,
                    units: value::line_quantity("announced units", *units)?,
                    expected_at: expected_at.as_ref().map(|at| value::instant(*at)),
                    reference: reference.as_ref().map(value::text),
                    actor: actor.as_ref().map(value::text),
                }
            }
            ArchivedLotEventRecord::Received {
                location,
                condition,
                units,
                is_transfer,
                reference,
                actor,
                short,
            } => Self::Received {
                location: value::location(location)?,
                condition: condition.into(),
                units: value::quantity("received units", *units)?,
                is_transfer: *is_transfer,
                reference: reference.as_ref().map(value::text),
                actor: actor.as_ref().map(value::text),
                short: short.as_ref().map(TryInto::try_into).transpose()?,
            },
            ArchivedLotEventRecord::Rescheduled { expected_at, actor } => Self::Rescheduled {
                expected_at: expected_at.as_ref().map(|at| value::instant(*at)),
                actor: actor.as_ref().map(value::text),
            },
            ArchivedLotEventRecord::Cancelled { back_to, units, reason, reference, actor } => {
                Self::Cancelled {
                    back_to: back_to.as_ref().map(value::location).transpose()?,
                    units: value::quantity("units no longer expected", *units)?,
                    reason: value::text(reason),
                    reference: reference.as_ref().map(value::text),
                    actor: actor.as_ref().map(value::text),
                }
            }
        })
    }
}

impl From<&Origin> for OriginRecord {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Supplier => Self::Supplier,
            Origin::Transfer { from, reason } => {
                Self::Transfer { from: SmolStr::new(from.as_str()), reason: reason.clone() }
            }
        }
    }
}

impl TryFrom<&ArchivedOriginRecord> for Origin {
    type Error = RecordError;

    fn try_from(record: &ArchivedOriginRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedOriginRecord::Supplier => Self::Supplier,
            ArchivedOriginRecord::Transfer { from, reason } => {
                Self::Transfer { from: value::location(from)?, reason: value::text(reason) }
            }
        })
    }
}

impl TryFrom<&ArchivedShortfallRecord> for Shortfall {
    type Error = RecordError;

    fn try_from(record: &ArchivedShortfallRecord) -> Result<Self, RecordError> {
        Ok(Self {
            units: value::quantity("units that never came", record.units)?,
            reason: value::text(&record.reason),
        })
    }
}
