//! What a bundle is made of, on the wire.

use holdfast_actors::BundleStock;
use holdfast_engine::product::Component;
use holdfast_engine::reservation::Bundle;
use holdfast_engine::{LineQuantity, LocationId, Sku};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::object::Object;
use super::text::Text;

/// So many units of another product in each unit of a bundle.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ComponentRequest, example = json!({"sku": "85123A", "quantity": 2}))]
pub(crate) struct ComponentRequest<'a> {
    /// Which product; no bundle itself.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub(crate) sku: Text<'a>,
    /// How many of its units.
    #[schema(value_type = u32, minimum = 1, maximum = 1000)]
    quantity: Int,
}

/// Checks what a product shall be made of. None at all makes it a usual product.
pub(crate) fn check(requests: &[Object<ComponentRequest<'_>>], errors: &mut FieldErrors) -> Box<[Component]> {
    if requests.len() > Component::COUNT_MAX {
        let detail = format!("must have at most {} entries, has {}", Component::COUNT_MAX, requests.len());
        errors.push("/components", "too_many", detail);
        return Box::default();
    }
    let mut components: Vec<Component> = Vec::with_capacity(requests.len());
    for (position, request) in requests.iter().enumerate() {
        let at = |member: &str| format!("/components/{position}/{member}");
        let sku = errors.name(|| at("sku"), Sku::new(&request.sku));
        let units = errors.integer(|| at("quantity"), request.quantity, 1, i64::from(Component::UNITS_MAX));
        let quantity = units.and_then(|units| LineQuantity::new(u32::try_from(units).ok()?));
        let (Some(sku), Some(quantity)) = (sku, quantity) else { continue };
        if components.iter().any(|before| before.sku == sku) {
            errors.push(at("sku"), "duplicate", "is named twice");
        }
        components.push(Component { sku, quantity });
    }
    components.into_boxed_slice()
}

/// So many units of another product.
#[derive(Serialize, ToSchema)]
#[schema(as = Component)]
pub(crate) struct ComponentBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// How many of its units in each unit of the bundle.
    quantity: u32,
}

/// What a bundle is made of, written one by one.
#[derive(Clone, Copy)]
pub(crate) struct Components<'a>(pub(crate) &'a [Component]);

impl Serialize for Components<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|component| ComponentBody {
            sku: component.sku.as_str(),
            quantity: component.quantity.units(),
        }))
    }
}

/// What there is of a component of a bundle, all locations together.
#[derive(Serialize, ToSchema)]
#[schema(as = ComponentStock)]
pub(crate) struct ComponentStockBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// How many of its units are in each unit of the bundle.
    quantity: u32,
    /// Units physically there, in whatever condition.
    on_hand: u64,
    /// Units in live holds, or on offer to customers who wait.
    held: u64,
    /// Units promised to orders, not yet shipped.
    allocated: u64,
    /// Units a new hold could take now.
    available: u64,
    /// Units that somebody queues for.
    backordered: u64,
    /// For how many bundles `available` suffices.
    suffices_for: u64,
}

/// What there is of the components of a bundle, written one by one.
pub(crate) struct ComponentStocks<'a>(pub(crate) &'a BundleStock);

impl Serialize for ComponentStocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.components.iter().map(|component| ComponentStockBody {
            sku: component.sku.as_str(),
            quantity: component.quantity.units(),
            on_hand: component.counts.on_hand,
            held: component.counts.held,
            allocated: component.counts.allocated,
            available: component.counts.available,
            backordered: component.queued,
            suffices_for: component.suffices_for,
        }))
    }
}

/// So many units of a bundle that were asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = Bundle)]
pub(crate) struct BundleBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// The location that all of its components come from; `null` if they come from wherever they lie.
    #[schema(value_type = Option<String>, required = true)]
    location: Option<&'a str>,
    /// How many units of the bundle.
    quantity: u32,
    /// What each of them was made of when it was asked for.
    #[schema(value_type = Vec<ComponentBody>)]
    components: Components<'a>,
}

/// What was asked for as bundles, written one by one.
pub(crate) struct BundleList<'a>(pub(crate) &'a [Bundle]);

impl Serialize for BundleList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|bundle| BundleBody {
            sku: bundle.sku.as_str(),
            location: bundle.location.as_ref().map(LocationId::as_str),
            quantity: bundle.quantity.units(),
            components: Components(&bundle.components),
        }))
    }
}
