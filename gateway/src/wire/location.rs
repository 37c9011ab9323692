//! A location that is given up, on the wire.

use holdfast_actors::LocationDeleteAnswer;
use holdfast_engine::product::DeleteLocation;
use holdfast_engine::{LocationId, Operation, SmolStr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::malformed;
use super::time::Instant;
use crate::limits::REASON_BYTES_MAX;
use crate::problem::Problem;

/// Where what lies there goes, and why.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteLocationQuery {
    to: Option<String>,
    reason: Option<String>,
}

/// Why, where nobody says.
const USUAL_REASON: SmolStr = SmolStr::new_static("location deleted");

impl DeleteLocationQuery {
    /// Checks what is asked.
    pub(crate) fn check(
        &self,
        location: LocationId,
        operation: Operation,
    ) -> Result<DeleteLocation, Problem> {
        let name = |to: &String| LocationId::new(to).map_err(|error| malformed(format!("to: {error}")));
        let to = self.to.as_ref().map(name).transpose()?;
        let reason = match &self.reason {
            None => USUAL_REASON,
            Some(reason) if (1..=REASON_BYTES_MAX).contains(&reason.len()) => SmolStr::new(reason),
            Some(_) => {
                return Err(malformed(format!("reason: must have from 1 to {REASON_BYTES_MAX} bytes")));
            }
        };
        Ok(DeleteLocation { location, to, reason, operation })
    }
}

/// A location that was given up, and what lay there.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletedLocation, example = json!({
    "sku": "85123A", "location": "outlet", "to": "main",
    "moved": {"sellable": 7, "damaged": 1, "quality_control": 0},
    "at": "2026-11-27T08:00:00.000Z", "version": 9, "sequence": 4711
}))]
pub(crate) struct DeletedLocationBody<'a> {
    /// Of which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// Which location.
    #[schema(value_type = String)]
    location: &'a str,
    /// Where what lay there is now; `null` if nothing did and nobody said.
    #[schema(value_type = Option<String>, required = true)]
    to: Option<&'a str>,
    /// What lay there.
    moved: PilesBody,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// How many changes the product had seen then.
    version: u64,
    /// Position of this one in the journal.
    sequence: u64,
}

/// Units by what they are good for.
#[derive(Serialize, ToSchema)]
#[schema(as = Piles)]
struct PilesBody {
    /// Fit for sale.
    sellable: u64,
    /// Damaged.
    damaged: u64,
    /// Waiting to be looked at.
    quality_control: u64,
}

impl<'a> DeletedLocationBody<'a> {
    pub(crate) fn new(answer: &'a LocationDeleteAnswer) -> Self {
        Self {
            sku: answer.sku.as_str(),
            location: answer.location.as_str(),
            to: answer.to.as_ref().map(LocationId::as_str),
            moved: PilesBody {
                sellable: answer.units.sellable.units(),
                damaged: answer.units.damaged.units(),
                quality_control: answer.units.quality_control.units(),
            },
            at: Instant(answer.at),
            version: answer.version,
            sequence: answer.sequence.0,
        }
    }
}
