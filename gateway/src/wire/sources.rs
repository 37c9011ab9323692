//! Where the units of a line are, on the wire.

use holdfast_engine::LineQuantity;
use holdfast_engine::product::{Source, Sources};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// So many units at a location.
#[derive(Serialize, ToSchema)]
#[schema(as = Source, example = json!({"location": "main", "quantity": 6}))]
pub(crate) struct SourceBody<'a> {
    /// Where.
    #[schema(value_type = String)]
    location: &'a str,
    /// How many.
    quantity: u32,
}

impl<'a> SourceBody<'a> {
    pub(crate) fn new(source: &'a Source) -> Self {
        Self { location: source.location.as_str(), quantity: source.units.units() }
    }
}

/// The sources of a line of so many units, written one by one.
pub(crate) struct SourceList<'a>(pub(crate) &'a Sources, pub(crate) LineQuantity);

impl Serialize for SourceList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(sources, line) = self;
        serializer.collect_seq(
            sources
                .filled(*line)
                .map(|(location, units)| SourceBody { location: location.as_str(), quantity: units.units() }),
        )
    }
}
