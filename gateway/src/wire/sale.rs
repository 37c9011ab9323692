//! Sales on the wire.

use std::collections::BTreeMap;

use holdfast_actors::{SaleAnswer, SaleView};
use holdfast_engine::product::{Allotment, SaleStatus, SaleTerms};
use holdfast_engine::{LineQuantity, LocationId, Quantity, SaleId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decode::escape;
use super::field_errors::FieldErrors;
use super::int::Int;
use super::time::{Instant, parse_instant};
use crate::problem::Problem;

/// A sale of a product: a window in time, units set aside for it, and a limit for each customer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SaleRequest, example = json!({
    "opens_at": "2026-11-27T08:00:00Z", "closes_at": "2026-11-27T20:00:00Z", "per_customer": 2,
    "set_aside": {"main": 1000}
}))]
pub(crate) struct SaleRequest {
    /// From then on it is open. RFC 3339.
    #[schema(format = DateTime)]
    opens_at: String,
    /// From then on it is closed; it stays open until it is ended unless given. RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    closes_at: Option<String>,
    /// Whether nothing is sold for the moment; `false` unless given.
    #[serde(default)]
    paused: bool,
    /// Whether nothing is sold before it opens either; `false` unless given.
    #[serde(default)]
    exclusive: bool,
    /// Most units a customer may have of it, over all reservations and orders; no limit unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    per_customer: Option<Int>,
    /// Most customers who may hold something in it at a time; who is in may take more, and 0 lets nobody in. No bound unless
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 0)]
    admits: Option<Int>,
    /// Units set aside for it, by location: at most 64. All that is free is for sale unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline, value_type = Option<BTreeMap<String, u64>>)]
    set_aside: Option<BTreeMap<String, Int>>,
}

impl SaleRequest {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self, id: SaleId) -> Result<SaleTerms, Problem> {
        let mut errors = FieldErrors::default();
        let opens_at = instant("/opens_at", &self.opens_at, &mut errors);
        let closes_at = self.closes_at.as_deref().and_then(|text| instant("/closes_at", text, &mut errors));
        let limit = self.per_customer.and_then(|limit| {
            let pointer = || "/per_customer".to_owned();
            errors.count(pointer, limit, 1, u64::from(LineQuantity::MAX))
        });
        let admits = self
            .admits
            .and_then(|admits| errors.count(|| "/admits".to_owned(), admits, 0, u64::from(u32::MAX)));
        let allotments = self.allotments(&mut errors);
        match opens_at {
            Some(opens_at) if errors.is_empty() => Ok(SaleTerms {
                id,
                opens_at,
                closes_at,
                paused: self.paused,
                exclusive: self.exclusive,
                per_customer: limit.and_then(|limit| LineQuantity::new(u32::try_from(limit).ok()?)),
                admits: admits.and_then(|admits| u32::try_from(admits).ok()),
                allotments,
            }),
            _ => Err(errors.into_problem()),
        }
    }

    fn allotments(&self, errors: &mut FieldErrors) -> Vec<Allotment> {
        let mut allotments = Vec::new();
        for (name, units) in self.set_aside.iter().flatten() {
            let pointer = || format!("/set_aside/{}", escape(name));
            let location = errors.name(pointer, LocationId::new(name));
            let units = errors.count(pointer, *units, 0, Quantity::MAX.units()).and_then(Quantity::new);
            allotments.extend(location.zip(units).map(|(location, units)| Allotment { location, units }));
        }
        if allotments.len() > SaleTerms::ALLOTMENTS_MAX {
            let detail = format!("must name at most {} locations", SaleTerms::ALLOTMENTS_MAX);
            errors.push("/set_aside", "too_many", detail);
        }
        allotments
    }
}

fn instant(pointer: &'static str, text: &str, errors: &mut FieldErrors) -> Option<Timestamp> {
    let instant = parse_instant(text);
    if instant.is_none() {
        errors.push(pointer, "malformed_time", "must be an instant as in 2026-11-27T08:00:00Z");
    }
    instant
}

/// A sale as it was put or ended.
#[derive(Serialize, ToSchema)]
#[schema(as = Sale, example = json!({
    "sku": "85123A", "id": "black-friday", "status": "scheduled", "opens_at": "2026-11-27T08:00:00.000Z",
    "closes_at": "2026-11-27T20:00:00.000Z", "exclusive": false, "per_customer": 2, "admits": null,
    "set_aside": {"main": 1000},
    "at": "2026-11-20T08:00:00.000Z", "version": 7, "sequence": 4711
}))]
pub(crate) struct SaleBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// What it is and where it stood then.
    #[serde(flatten)]
    sale: SaleTermsBody<'a>,
    /// When it was put or ended.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// How many changes the product had seen then.
    version: u64,
    /// Position of this one in the journal.
    sequence: u64,
}

/// A sale and where it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = SaleTerms)]
struct SaleTermsBody<'a> {
    /// The merchant's name of it.
    #[schema(value_type = String)]
    id: &'a str,
    /// `scheduled`, `open`, `paused` or `closed`.
    #[schema(value_type = SaleStatusWord)]
    status: &'static str,
    /// When it opens.
    #[schema(value_type = String, format = DateTime)]
    opens_at: Instant,
    /// When it closes; `null` if it is open until it is ended.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    closes_at: Option<Instant>,
    /// Whether nothing is sold before it opens either.
    exclusive: bool,
    /// Most units a customer may have of it; `null` if there is no limit.
    #[schema(required = true)]
    per_customer: Option<u32>,
    /// Most customers who may hold something in it at a time; `null` if there is no bound.
    #[schema(required = true)]
    admits: Option<u32>,
    /// Units set aside for it, by location.
    #[schema(inline)]
    set_aside: BTreeMap<&'a str, u64>,
}

/// The sale of a product, with its stock.
#[derive(Serialize, ToSchema)]
#[schema(as = SaleStock)]
pub(crate) struct SaleStockBody<'a> {
    #[serde(flatten)]
    sale: SaleTermsBody<'a>,
    /// Units claimed in it, held or bought.
    sold: u64,
    /// Customers who hold something in it.
    inside: u64,
    /// Whether it is open and has nothing left; ends the instant a unit comes back.
    sold_out: bool,
}

/// Where a sale stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SaleStatus)]
#[allow(dead_code, reason = "describes the words `SaleStatus::name` gives")]
pub(crate) enum SaleStatusWord {
    /// It has not opened.
    Scheduled,
    /// It sells.
    Open,
    /// It sells nothing for the moment.
    Paused,
    /// It is over.
    Closed,
}

impl<'a> SaleTermsBody<'a> {
    fn new(terms: &'a SaleTerms, status: SaleStatus) -> Self {
        let aside = terms.allotments.iter();
        Self {
            id: terms.id.as_str(),
            status: status.name(),
            opens_at: Instant(terms.opens_at),
            closes_at: terms.closes_at.map(Instant),
            exclusive: terms.exclusive,
            per_customer: terms.per_customer.map(LineQuantity::units),
            admits: terms.admits,
            set_aside: aside.map(|aside| (aside.location.as_str(), aside.units.units())).collect(),
        }
    }
}

impl<'a> SaleBody<'a> {
    pub(crate) fn new(answer: &'a SaleAnswer) -> Self {
        Self {
            sku: answer.sku.as_str(),
            sale: SaleTermsBody::new(&answer.terms, answer.status),
            at: Instant(answer.at),
            version: answer.version,
            sequence: answer.sequence.0,
        }
    }
}

impl<'a> SaleStockBody<'a> {
    pub(crate) fn new(view: &'a SaleView, available: u64) -> Self {
        Self {
            sale: SaleTermsBody::new(&view.terms, view.status),
            sold: view.sold,
            inside: view.inside,
            sold_out: view.status == SaleStatus::Open && available == 0,
        }
    }
}
