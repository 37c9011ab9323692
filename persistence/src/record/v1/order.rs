//! Records about an order.

use holdfast_engine::order::{
    LineUnits, OrderEvent, OrderLine, OrderPlaced, PaymentOutcome, PaymentStep, ReturnedUnits,
};
use holdfast_engine::{Fingerprint, ReservationId};
use rkyv::vec::ArchivedVec;
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::value::{self, ArchivedLineUnitsRecord, CurrencyRecord, Id, LineUnitsRecord, OperationRecord};
use crate::record::RecordError;

/// One fact about one order.
#[derive(Archive, Serialize)]
pub(crate) enum OrderRecord {
    LinesAdded { first: u16, lines: Vec<OrderLineRecord> },
    Placed(Box<OrderPlacedRecord>),
    PaymentRequested { step: PaymentStepRecord, attempt: u32, at: i64 },
    PaymentUnknown { step: PaymentStepRecord, at: i64 },
    PaymentSettled { step: PaymentStepRecord, outcome: PaymentOutcomeRecord, at: i64 },
    StockCommitted { at: i64 },
    Compensated { at: i64 },
    Cancelled { reason: SmolStr, operation: OperationRecord, at: i64 },
    ShipmentStarted { lines: Vec<LineUnitsRecord>, operation: OperationRecord, at: i64 },
    Shipped { lines: Vec<LineUnitsRecord>, at: i64 },
    Returned { lines: Vec<ReturnedUnitsRecord>, reason: SmolStr, operation: OperationRecord, at: i64 },
    UnitsCancelled { lines: Vec<LineUnitsRecord>, reason: SmolStr, operation: OperationRecord, at: i64 },
    RefundGranted { amount_minor: i64, reason: SmolStr, operation: OperationRecord, at: i64 },
    RefundRetried { refund: u16, operation: OperationRecord, at: i64 },
    ShipToChanged { ship_to: SmolStr, operation: OperationRecord, at: i64 },
    UnitsLapsed { lines: Vec<LineUnitsRecord>, at: i64 },
}

/// How an order begins.
#[derive(Archive, Serialize)]
pub(crate) struct OrderPlacedRecord {
    customer: SmolStr,
    fingerprint: u64,
    reservation: Id,
    owns_reservation: bool,
    currency: CurrencyRecord,
    provider: SmolStr,
    method: SmolStr,
    ship_to: SmolStr,
    at: i64,
}

/// One line of an order.
#[derive(Archive, Serialize)]
pub(crate) struct OrderLineRecord {
    hold: u16,
    sku: SmolStr,
    location: Option<SmolStr>,
    quantity: u32,
    total_minor: i64,
}

/// So many units of one line that came back.
#[derive(Archive, Serialize)]
pub(crate) struct ReturnedUnitsRecord {
    line: u16,
    units: u32,
    damaged: u32,
}

/// A call to the payment provider.
#[derive(Archive, Serialize)]
pub(crate) enum PaymentStepRecord {
    Authorise,
    Capture,
    Void,
    Refund(u16),
}

/// How a payment call ended.
#[derive(Archive, Serialize)]
pub(crate) enum PaymentOutcomeRecord {
    Approved { reference: SmolStr },
    Declined { reason: SmolStr },
}

impl OrderRecord {
    /// Most bytes of what lies beside the record's place: boxes, texts and lists.
    pub(super) fn bytes_beside(&self) -> usize {
        match self {
            Self::LinesAdded { first: _, lines } => lines
                .iter()
                .map(|line| {
                    size_of::<ArchivedOrderLineRecord>()
                        + line.sku.len()
                        + line.location.as_ref().map_or(0, SmolStr::len)
                })
                .sum(),
            Self::Placed(placed) => {
                size_of::<ArchivedOrderPlacedRecord>()
                    + placed.customer.len()
                    + placed.provider.len()
                    + placed.method.len()
                    + placed.ship_to.len()
            }
            Self::PaymentSettled { outcome, .. } => match outcome {
                PaymentOutcomeRecord::Approved { reference } => reference.len(),
                PaymentOutcomeRecord::Declined { reason } => reason.len(),
            },
            Self::Cancelled { reason, .. } | Self::RefundGranted { reason, .. } => reason.len(),
            Self::ShipmentStarted { lines, .. }
            | Self::Shipped { lines, .. }
            | Self::UnitsLapsed { lines, .. } => lines.len() * size_of::<ArchivedLineUnitsRecord>(),
            Self::Returned { lines, reason, .. } => {
                lines.len() * size_of::<ArchivedReturnedUnitsRecord>() + reason.len()
            }
            Self::ShipToChanged { ship_to, .. } => ship_to.len(),
            Self::UnitsCancelled { lines, reason, .. } => {
                lines.len() * size_of::<ArchivedLineUnitsRecord>() + reason.len()
            }
            Self::PaymentRequested { .. }
            | Self::PaymentUnknown { .. }
            | Self::RefundRetried { .. }
            | Self::StockCommitted { .. }
            | Self::Compensated { .. } => 0,
        }
    }
}

impl From<&OrderEvent> for OrderRecord {
    fn from(event: &OrderEvent) -> Self {
        match event {
            OrderEvent::LinesAdded { first, lines } => {
                Self::LinesAdded { first: *first, lines: lines.iter().map(Into::into).collect() }
            }
            OrderEvent::Placed(placed) => Self::Placed(Box::new(placed.into())),
            OrderEvent::PaymentRequested { step, attempt, at } => {
                Self::PaymentRequested { step: (*step).into(), attempt: *attempt, at: at.millis() }
            }
            OrderEvent::PaymentUnknown { step, at } => {
                Self::PaymentUnknown { step: (*step).into(), at: at.millis() }
            }
            OrderEvent::PaymentSettled { step, outcome, at } => {
                let outcome = match outcome {
                    PaymentOutcome::Approved { reference } => {
                        PaymentOutcomeRecord::Approved { reference: reference.clone() }
                    }
                    PaymentOutcome::Declined { reason } => {
                        PaymentOutcomeRecord::Declined { reason: reason.clone() }
                    }
                };
                Self::PaymentSettled { step: (*step).into(), outcome, at: at.millis() }
            }
            OrderEvent::StockCommitted { at } => Self::StockCommitted { at: at.millis() },
            OrderEvent::Compensated { at } => Self::Compensated { at: at.millis() },
            OrderEvent::Cancelled { reason, operation, at } => {
                Self::Cancelled { reason: reason.clone(), operation: (*operation).into(), at: at.millis() }
            }
            OrderEvent::ShipmentStarted { lines, operation, at } => Self::ShipmentStarted {
                lines: lines.iter().map(Into::into).collect(),
                operation: (*operation).into(),
                at: at.millis(),
            },
            OrderEvent::Shipped { lines, at } => {
                Self::Shipped { lines: lines.iter().map(Into::into).collect(), at: at.millis() }
            }
            OrderEvent::Returned { lines, reason, operation, at } => Self::Returned {
                lines: lines.iter().map(Into::into).collect(),
                reason: reason.clone(),
                operation: (*operation).into(),
                at: at.millis(),
            },
            OrderEvent::UnitsCancelled { lines, reason, operation, at } => Self::UnitsCancelled {
                lines: lines.iter().map(Into::into).collect(),
                reason: reason.clone(),
                operation: (*operation).into(),
                at: at.millis(),
            },
            OrderEvent::UnitsLapsed { lines, at } => {
                Self::UnitsLapsed { lines: lines.iter().map(Into::into).collect(), at: at.millis() }
            }
            OrderEvent::RefundGranted { amount_minor, reason, operation, at } => Self::RefundGranted {
                amount_minor: *amount_minor,
                reason: reason.clone(),
                operation: (*operation).into(),
                at: at.millis(),
            },
            OrderEvent::RefundRetried { refund, operation, at } => {
                Self::RefundRetried { refund: *refund, operation: (*operation).into(), at: at.millis() }
            }
            OrderEvent::ShipToChanged { ship_to, operation, at } => Self::ShipToChanged {
                ship_to: ship_to.clone(),
                operation: (*operation).into(),
                at: at.millis(),
            },
        }
    }
}

impl From<&OrderPlaced> for OrderPlacedRecord {
    fn from(placed: &OrderPlaced) -> Self {
        let OrderPlaced {
            customer,
            fingerprint,
            reservation,
            owns_reservation,
            currency,
            provider,
            method,
            ship_to,
            at,
        } = placed;
        Self {
            customer: SmolStr::new(customer.as_str()),
            fingerprint: fingerprint.0,
            reservation: reservation.0.to_be_bytes(),
            owns_reservation: *owns_reservation,
            currency: (*currency).into(),
            provider: provider.clone(),
            method: method.clone(),
            ship_to: ship_to.clone(),
            at: at.millis(),
        }
    }
}

impl From<&OrderLine> for OrderLineRecord {
    fn from(line: &OrderLine) -> Self {
        let OrderLine { hold, sku, location, quantity, total_minor } = line;
        Self {
            hold: *hold,
            sku: SmolStr::new(sku.as_str()),
            location: location.as_ref().map(|asked| SmolStr::new(asked.as_str())),
            quantity: quantity.units(),
            total_minor: *total_minor,
        }
    }
}

impl From<&LineUnits> for LineUnitsRecord {
    fn from(units: &LineUnits) -> Self {
        Self { line: units.line, units: units.units.units() }
    }
}

impl From<&ReturnedUnits> for ReturnedUnitsRecord {
    fn from(returned: &ReturnedUnits) -> Self {
        Self { line: returned.line, units: returned.units.units(), damaged: returned.damaged }
    }
}

impl From<PaymentStep> for PaymentStepRecord {
    fn from(step: PaymentStep) -> Self {
        match step {
            PaymentStep::Authorise => Self::Authorise,
            PaymentStep::Capture => Self::Capture,
            PaymentStep::Void => Self::Void,
            PaymentStep::Refund(number) => Self::Refund(number),
        }
    }
}

impl TryFrom<&ArchivedOrderRecord> for OrderEvent {
    type Error = RecordError;

    fn try_from(record: &ArchivedOrderRecord) -> Result<Self, RecordError> {
        Ok(match record {
            ArchivedOrderRecord::LinesAdded { first, lines } => Self::LinesAdded {
                first: first.to_native(),
                lines: lines.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            },
            ArchivedOrderRecord::Placed(placed) => Self::Placed(placed.get().try_into()?),
            ArchivedOrderRecord::PaymentRequested { step, attempt, at } => Self::PaymentRequested {
                step: step.into(),
                attempt: attempt.to_native(),
                at: value::instant(*at),
            },
            ArchivedOrderRecord::PaymentUnknown { step, at } => {
                Self::PaymentUnknown { step: step.into(), at: value::instant(*at) }
            }
            ArchivedOrderRecord::PaymentSettled { step, outcome, at } => {
                let outcome = match outcome {
                    ArchivedPaymentOutcomeRecord::Approved { reference } => {
                        PaymentOutcome::Approved { reference: value::text(reference) }
                    }
                    ArchivedPaymentOutcomeRecord::Declined { reason } => {
                        PaymentOutcome::Declined { reason: value::text(reason) }
                    }
                };
                Self::PaymentSettled { step: step.into(), outcome, at: value::instant(*at) }
            }
            ArchivedOrderRecord::StockCommitted { at } => Self::StockCommitted { at: value::instant(*at) },
            ArchivedOrderRecord::Compensated { at } => Self::Compensated { at: value::instant(*at) },
            ArchivedOrderRecord::Cancelled { reason, operation, at } => Self::Cancelled {
                reason: value::text(reason),
                operation: operation.into(),
                at: value::instant(*at),
            },
            ArchivedOrderRecord::ShipmentStarted { lines, operation, at } => Self::ShipmentStarted {
                lines: line_units(lines)?,
                operation: operation.into(),
                at: value::instant(*at),
            },
            ArchivedOrderRecord::Shipped { lines, at } => {
                Self::Shipped { lines: line_units(lines)?, at: value::instant(*at) }
            }
            ArchivedOrderRecord::Returned { lines, reason, operation, at } => Self::Returned {
                lines: lines.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
                reason: value::text(reason),
                operation: operation.into(),
                at: value::instant(*at),
            },
            ArchivedOrderRecord::UnitsCancelled { lines, reason, operation, at } => Self::UnitsCancelled {
                lines: line_units(lines)?,
                reason: value::text(reason),
                operation: operation.into(),
                at: value::instant(*at),
            },
            ArchivedOrderRecord::UnitsLapsed { lines, at } => {
                Self::UnitsLapsed { lines: line_units(lines)?, at: value::instant(*at) }
            }
            ArchivedOrderRecord::RefundGranted { amount_minor, reason, operation, at } => {
                Self::RefundGranted {
                    amount_minor: amount_minor.to_native(),
                    reason: value::text(reason),
                    operation: operation.into(),
                    at: value::instant(*at),
                }
            }
            ArchivedOrderRecord::RefundRetried { refund, operation, at } => Self::RefundRetried {
                refund: refund.to_native(),
                operation: operation.into(),
                at: value::instant(*at),
            },
            ArchivedOrderRecord::ShipToChanged { ship_to, operation, at } => Self::ShipToChanged {
                ship_to: value::text(ship_to),
                operation: operation.into(),
                at: value::instant(*at),
            },
        })
    }
}

impl TryFrom<&ArchivedOrderPlacedRecord> for OrderPlaced {
    type Error = RecordError;

    fn try_from(placed: &ArchivedOrderPlacedRecord) -> Result<Self, RecordError> {
        Ok(Self {
            customer: value::customer(&placed.customer)?,
            fingerprint: Fingerprint(placed.fingerprint.to_native()),
            reservation: ReservationId(u128::from_be_bytes(placed.reservation)),
            owns_reservation: placed.owns_reservation,
            currency: (&placed.currency).try_into()?,
            provider: value::text(&placed.provider),
            method: value::text(&placed.method),
            ship_to: value::text(&placed.ship_to),
            at: value::instant(placed.at),
        })
    }
}

impl TryFrom<&ArchivedOrderLineRecord> for OrderLine {
    type Error = RecordError;

    fn try_from(line: &ArchivedOrderLineRecord) -> Result<Self, RecordError> {
        Ok(Self {
            hold: line.hold.to_native(),
            sku: value::sku(&line.sku)?,
            location: line.location.as_ref().map(value::location).transpose()?,
            quantity: value::line_quantity("ordered units", line.quantity)?,
            total_minor: line.total_minor.to_native(),
        })
    }
}

impl TryFrom<&ArchivedReturnedUnitsRecord> for ReturnedUnits {
    type Error = RecordError;

    fn try_from(record: &ArchivedReturnedUnitsRecord) -> Result<Self, RecordError> {
        Ok(Self {
            line: record.line.to_native(),
            units: value::line_quantity("returned units", record.units)?,
            damaged: record.damaged.to_native(),
        })
    }
}

fn line_units(lines: &ArchivedVec<ArchivedLineUnitsRecord>) -> Result<Vec<LineUnits>, RecordError> {
    lines
        .iter()
        .map(|line| {
            Ok(LineUnits {
                line: line.line.to_native(),
                units: value::line_quantity("units of a line", line.units)?,
            })
        })
        .collect()
}

impl From<&ArchivedPaymentStepRecord> for PaymentStep {
    fn from(step: &ArchivedPaymentStepRecord) -> Self {
        match step {
            ArchivedPaymentStepRecord::Authorise => Self::Authorise,
            ArchivedPaymentStepRecord::Capture => Self::Capture,
            ArchivedPaymentStepRecord::Void => Self::Void,
            ArchivedPaymentStepRecord::Refund(number) => Self::Refund(number.to_native()),
        }
    }
}
