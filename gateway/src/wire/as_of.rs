//! Which past is asked for, and which one an answer is about.

use holdfast_actors::{AsOf, StockAsOf};
use holdfast_engine::{ReservationId, Sequence};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::malformed;
use super::time::{Instant, parse_instant};
use crate::ids::ReservationText;
use crate::problem::Problem;

/// Which stock: as it is, as it is to somebody, or as it was.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockQuery {
    as_of_sequence: Option<u64>,
    as_of: Option<String>,
    reservation: Option<String>,
}

/// The stock that is asked for.
pub(crate) enum Which {
    /// As it is.
    Now,
    /// As it is to whoever has this reservation.
    To(ReservationId),
    /// As it was.
    Then(AsOf),
}

impl StockQuery {
    /// Which stock is asked for.
    pub(crate) fn check(&self) -> Result<Which, Problem> {
        match (self.as_of_sequence, &self.as_of, &self.reservation) {
            (None, None, None) => Ok(Which::Now),
            (None, None, Some(text)) => match text.parse() {
                Ok(ReservationText(id)) => Ok(Which::To(id)),
                Err(_) => Err(Problem::not_a_reservation()),
            },
            (Some(sequence), None, None) => Ok(Which::Then(AsOf::Sequence(Sequence(sequence)))),
            (None, Some(text), None) => match parse_instant(text) {
                Some(at) => Ok(Which::Then(AsOf::Instant(at))),
                None => Err(malformed("as_of: must be an instant as in 2026-11-27T08:00:00Z")),
            },
            _ => Err(malformed("only one of as_of, as_of_sequence and reservation can be given")),
        }
    }
}

/// When something was so.
#[derive(Serialize, ToSchema)]
#[schema(as = AsOf, example = json!({"sequence": 4711, "at": "2026-11-27T08:00:00.000Z"}))]
pub(crate) struct AsOfBody {
    /// After this position of the journal: the one asked for, or that of the product's last change by then.
    sequence: u64,
    /// At this instant: the one asked for, or that of the product's last change by then.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
}

impl AsOfBody {
    pub(crate) fn new(then: &StockAsOf) -> Self {
        Self { sequence: then.sequence.0, at: Instant(then.at) }
    }
}
