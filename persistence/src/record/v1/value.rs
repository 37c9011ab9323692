//! The parts that records of several kinds share, and the checked way back into the engine's types.

use holdfast_engine::{
    Currency, CustomerId, Fingerprint, HoldId, LineQuantity, LocationId, Operation, OperationId, Quantity,
    ReservationId, SaleId, Sku, Timestamp, UnitPrice,
};
use rkyv::primitive::{ArchivedI64, ArchivedU32, ArchivedU64};
use rkyv::string::ArchivedString;
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use crate::record::RecordError;

/// A 128-bit id, most significant byte first.
pub(super) type Id = [u8; 16];

/// A keyed operation: who asked for it and what was asked.
#[derive(Archive, Serialize)]
pub(crate) struct OperationRecord {
    id: Id,
    fingerprint: u64,
}

impl From<Operation> for OperationRecord {
    fn from(operation: Operation) -> Self {
        Self { id: operation.id.0.to_be_bytes(), fingerprint: operation.fingerprint.0 }
    }
}

impl From<&ArchivedOperationRecord> for Operation {
    fn from(record: &ArchivedOperationRecord) -> Self {
        Self {
            id: OperationId(u128::from_be_bytes(record.id)),
            fingerprint: Fingerprint(record.fingerprint.to_native()),
        }
    }
}

/// A hold: its reservation and its line there.
#[derive(Archive, Serialize)]
pub(crate) struct HoldRecord {
    reservation: Id,
    line: u16,
}

impl From<HoldId> for HoldRecord {
    fn from(hold: HoldId) -> Self {
        Self { reservation: hold.reservation.0.to_be_bytes(), line: hold.line }
    }
}

impl From<&ArchivedHoldRecord> for HoldId {
    fn from(record: &ArchivedHoldRecord) -> Self {
        Self {
            reservation: ReservationId(u128::from_be_bytes(record.reservation)),
            line: record.line.to_native(),
        }
    }
}

/// A currency: its letters and the decimals of its minor unit.
#[derive(Archive, Serialize)]
pub(crate) struct CurrencyRecord {
    code: [u8; 3],
    exponent: u8,
}

impl From<Currency> for CurrencyRecord {
    fn from(currency: Currency) -> Self {
        Self { code: currency.code_bytes(), exponent: currency.exponent() }
    }
}

impl TryFrom<&ArchivedCurrencyRecord> for Currency {
    type Error = RecordError;

    fn try_from(record: &ArchivedCurrencyRecord) -> Result<Self, RecordError> {
        Self::new(record.code, record.exponent)
            .ok_or(RecordError::Currency { code: record.code, exponent: record.exponent })
    }
}

/// The price of one unit, in ten-thousandths of the major unit.
#[derive(Archive, Serialize)]
pub(crate) struct PriceRecord {
    ten_thousandths: i64,
    currency: CurrencyRecord,
}

impl From<UnitPrice> for PriceRecord {
    fn from(price: UnitPrice) -> Self {
        Self { ten_thousandths: price.ten_thousandths(), currency: price.currency().into() }
    }
}

impl TryFrom<&ArchivedPriceRecord> for UnitPrice {
    type Error = RecordError;

    fn try_from(record: &ArchivedPriceRecord) -> Result<Self, RecordError> {
        let ten_thousandths = record.ten_thousandths.to_native();
        Self::new(ten_thousandths, (&record.currency).try_into()?)
            .ok_or(RecordError::OutOfRange { field: "unit price", value: ten_thousandths.into() })
    }
}

/// So many units of one line of an order.
#[derive(Archive, Serialize)]
pub(crate) struct LineUnitsRecord {
    pub(super) line: u16,
    pub(super) units: u32,
}

pub(super) fn sku(text: &ArchivedString) -> Result<Sku, RecordError> {
    Sku::new(text.as_str()).map_err(|source| RecordError::Name { field: "sku", source })
}

pub(super) fn location(text: &ArchivedString) -> Result<LocationId, RecordError> {
    LocationId::new(text.as_str()).map_err(|source| RecordError::Name { field: "location", source })
}

pub(super) fn customer(text: &ArchivedString) -> Result<CustomerId, RecordError> {
    CustomerId::new(text.as_str()).map_err(|source| RecordError::Name { field: "customer", source })
}

pub(super) fn sale(text: &ArchivedString) -> Result<SaleId, RecordError> {
    SaleId::new(text.as_str()).map_err(|source| RecordError::Name { field: "sale", source })
}

/// A text without rules of its own. That it is UTF-8 was checked when the frame was opened.
pub(super) fn text(text: &ArchivedString) -> SmolStr {
    SmolStr::new(text.as_str())
}

pub(super) fn quantity(field: &'static str, units: ArchivedU64) -> Result<Quantity, RecordError> {
    let units = units.to_native();
    Quantity::new(units).ok_or(RecordError::OutOfRange { field, value: units.into() })
}

pub(super) fn line_quantity(field: &'static str, units: ArchivedU32) -> Result<LineQuantity, RecordError> {
    let units = units.to_native();
    LineQuantity::new(units).ok_or(RecordError::OutOfRange { field, value: units.into() })
}

pub(super) const fn instant(millis: ArchivedI64) -> Timestamp {
    Timestamp::from_millis(millis.to_native())
}
