//! Lines of a basket, an order, a shipment: so many units of one product, from one location or from anywhere.

use holdfast_engine::reservation::LINES_MAX;
use holdfast_engine::{LineQuantity, LocationId, Sku};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::object::Object;
use super::text::Text;

/// So many units of one product.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Line, example = json!({"sku": "85123A", "quantity": 6}))]
pub(crate) struct LineRequest<'a> {
    /// Which product.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub(crate) sku: Text<'a>,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 10_000_000)]
    pub(crate) quantity: Int,
    /// The one location to take them from, or, of a line that is there already, the one it asked for. Unless given, units
    /// come from wherever they lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub(crate) location: Option<Text<'a>>,
}

/// A checked line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    pub(crate) location: Option<LocationId>,
    pub(crate) quantity: LineQuantity,
}

/// Checks the number of lines.
pub(crate) fn check_count(count: usize, errors: &mut FieldErrors) -> bool {
    let fits = (1..=LINES_MAX).contains(&count);
    if !fits {
        let code = if count == 0 { "empty" } else { "too_many" };
        errors.push("/lines", code, format!("must have from 1 to {LINES_MAX} lines, has {count}"));
    }
    fits
}

/// Checks the location that a line asks for: `None` if it is wrong, `Some(None)` if there is none.
pub(crate) fn location(
    position: usize,
    location: Option<&Text<'_>>,
    errors: &mut FieldErrors,
) -> Option<Option<LocationId>> {
    match location {
        None => Some(None),
        Some(location) => {
            errors.name(|| format!("/lines/{position}/location"), LocationId::new(location)).map(Some)
        }
    }
}

/// Checks a line's product.
pub(crate) fn sku(position: usize, sku: &Text<'_>, errors: &mut FieldErrors) -> Option<Sku> {
    errors.name(|| format!("/lines/{position}/sku"), Sku::new(sku))
}

/// Checks a line's quantity.
pub(crate) fn quantity(position: usize, quantity: Int, errors: &mut FieldErrors) -> Option<LineQuantity> {
    let pointer = || format!("/lines/{position}/quantity");
    let units = errors.integer(pointer, quantity, 1, i64::from(LineQuantity::MAX))?;
    LineQuantity::new(u32::try_from(units).ok()?)
}

/// Checks one line.
pub(crate) fn line(position: usize, line: &LineRequest<'_>, errors: &mut FieldErrors) -> Option<Line> {
    // Each member is checked before any of them gives up, so that all mistakes are named.
    let sku = sku(position, &line.sku, errors);
    let quantity = quantity(position, line.quantity, errors);
    let location = location(position, line.location.as_ref(), errors);
    Some(Line { sku: sku?, location: location?, quantity: quantity? })
}

/// Checks all lines, at least one.
pub(crate) fn check<'a>(lines: &[Object<LineRequest<'a>>], errors: &mut FieldErrors) -> Vec<Line> {
    if !check_count(lines.len(), errors) {
        return Vec::new();
    }
    lines.iter().enumerate().filter_map(|(position, request)| line(position, request, errors)).collect()
}

/// The position of the first line that names this product and asks for this location, or for none; of the first one that
/// names the product if no line does both.
pub(crate) fn find<'l, 'a: 'l>(
    lines: impl Iterator<Item = (&'l Text<'a>, Option<&'l Text<'a>>)>,
    sku: &Sku,
    location: Option<&LocationId>,
) -> Option<usize> {
    let mut of_product = None;
    for (position, (of, at)) in lines.enumerate() {
        if **of != *sku.as_str() {
            continue;
        }
        if at.map(|at| &**at) == location.map(LocationId::as_str) {
            return Some(position);
        }
        of_product.get_or_insert(position);
    }
    of_product
}
