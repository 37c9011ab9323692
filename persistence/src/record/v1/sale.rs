//! A sale, as a merchant put it.

use holdfast_engine::product::{Allotment, ProductEvent, SaleTerms};
use holdfast_engine::{LineQuantity, Operation, Timestamp};
use rkyv::{Archive, Serialize};
use smol_str::SmolStr;

use super::value::{self, OperationRecord};
use crate::record::RecordError;

/// What the merchant decides about a sale, and the request that did it.
#[derive(Archive, Serialize)]
pub(crate) struct SaleRecord {
    id: SmolStr,
    opens_at: i64,
    closes_at: Option<i64>,
    paused: bool,
    exclusive: bool,
    per_customer: Option<u32>,
    admits: Option<u32>,
    allotments: Vec<AllotmentRecord>,
    operation: OperationRecord,
    at: i64,
}

/// Units set aside at one location.
#[derive(Archive, Serialize)]
pub(crate) struct AllotmentRecord {
    location: SmolStr,
    units: u64,
}

impl SaleRecord {
    pub(super) fn new(terms: &SaleTerms, operation: Operation, at: Timestamp) -> Self {
        Self {
            id: SmolStr::new(terms.id.as_str()),
            opens_at: terms.opens_at.millis(),
            closes_at: terms.closes_at.map(Timestamp::millis),
            paused: terms.paused,
            exclusive: terms.exclusive,
            per_customer: terms.per_customer.map(LineQuantity::units),
            admits: terms.admits,
            allotments: terms.allotments.iter().map(Into::into).collect(),
            operation: operation.into(),
            at: at.millis(),
        }
    }

    /// Most bytes of it, with its texts.
    pub(super) fn bytes_beside(&self) -> usize {
        let places = self.allotments.iter();
        let places = places.map(|aside| size_of::<ArchivedAllotmentRecord>() + aside.location.len());
        size_of::<ArchivedSaleRecord>() + self.id.len() + places.sum::<usize>()
    }
}

impl ArchivedSaleRecord {
    pub(super) fn event(&self) -> Result<ProductEvent, RecordError> {
        Ok(ProductEvent::SalePut {
            terms: Box::new(self.try_into()?),
            operation: (&self.operation).into(),
            at: value::instant(self.at),
        })
    }
}

impl From<&Allotment> for AllotmentRecord {
    fn from(allotment: &Allotment) -> Self {
        Self { location: SmolStr::new(allotment.location.as_str()), units: allotment.units.units() }
    }
}

impl TryFrom<&ArchivedAllotmentRecord> for Allotment {
    type Error = RecordError;

    fn try_from(record: &ArchivedAllotmentRecord) -> Result<Self, RecordError> {
        Ok(Self {
            location: value::location(&record.location)?,
            units: value::quantity("units set aside", record.units)?,
        })
    }
}

impl TryFrom<&ArchivedSaleRecord> for SaleTerms {
    type Error = RecordError;

    fn try_from(sale: &ArchivedSaleRecord) -> Result<Self, RecordError> {
        let limit = sale.per_customer.as_ref();
        Ok(Self {
            id: value::sale(&sale.id)?,
            opens_at: value::instant(sale.opens_at),
            closes_at: sale.closes_at.as_ref().map(|at| value::instant(*at)),
            paused: sale.paused,
            exclusive: sale.exclusive,
            per_customer: limit.map(|limit| value::line_quantity("customer limit", *limit)).transpose()?,
            admits: sale.admits.as_ref().map(|admits| admits.to_native()),
            allotments: sale.allotments.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        })
    }
}
