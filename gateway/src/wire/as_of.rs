//! Which past is asked for, and which one an answer is about.

use holdfast_actors::{AsOf, StockAsOf};
use holdfast_engine::Sequence;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::malformed;
use super::time::{Instant, parse_instant};
use crate::problem::Problem;

/// Which stock: as it is, or as it was.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockQuery {
    as_of_sequence: Option<u64>,
    as_of: Option<String>,
}

impl StockQuery {
    /// The past that is asked for, if any is.
    pub(crate) fn check(&self) -> Result<Option<AsOf>, Problem> {
        match (self.as_of_sequence, &self.as_of) {
            (None, None) => Ok(None),
            (Some(sequence), None) => Ok(Some(AsOf::Sequence(Sequence(sequence)))),
            (None, Some(text)) => match parse_instant(text) {
                Some(at) => Ok(Some(AsOf::Instant(at))),
                None => Err(malformed("as_of: must be an instant as in 2026-11-27T08:00:00Z")),
            },
            (Some(_), Some(_)) => Err(malformed("as_of: only one of as_of and as_of_sequence can be given")),
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
