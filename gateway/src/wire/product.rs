//! Products on the wire.

use holdfast_actors::ProductView;
use holdfast_engine::product::{Policy, ProductDetails};
use holdfast_engine::{LineQuantity, Millis, Quantity, SmolStr, UnitPrice};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::money::{self, Amount, CurrencyCode};
use super::object::Object;
use super::text::Text;
use super::time::Instant;
use crate::problem::{Problem, policy_pointer};

/// What a product shall be. What is not given takes its default.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductRequest, example = json!({
    "name": "White hanging heart T-light holder",
    "price": {"amount": "2.55", "currency": "GBP"},
    "policy": {"safety_stock": 2, "hold_ttl_ms": 600_000}
}))]
pub(crate) struct ProductRequest<'a> {
    /// Name for people.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 512)]
    pub(crate) name: Option<Text<'a>>,
    /// List price of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PriceRequest>)]
    pub(crate) price: Option<Object<PriceRequest<'a>>>,
    /// How it may be sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PolicyRequest>)]
    pub(crate) policy: Option<Object<PolicyRequest>>,
}

/// The price of one unit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Price, example = json!({"amount": "2.55", "currency": "GBP"}))]
pub(crate) struct PriceRequest<'a> {
    /// Major units, as a decimal string with at most 4 decimals.
    #[serde(borrow)]
    #[schema(value_type = String, pattern = r"^\d+(\.\d{1,4})?$")]
    amount: Text<'a>,
    /// ISO 4217 code.
    #[schema(value_type = String, min_length = 3, max_length = 3)]
    currency: Text<'a>,
}

/// How a product may be sold.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyRequest)]
pub(crate) struct PolicyRequest {
    /// Whether new units may be promised; `true` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>)]
    sellable: Option<bool>,
    /// Units at each location that are never promised; 0 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_000_000_000_000_u64)]
    safety_stock: Option<Int>,
    /// Units that may be promised at each location beyond what lies there; 0 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_000_000_000_000_u64)]
    backorder_limit: Option<Int>,
    /// How long a hold lasts when nobody says, in milliseconds; 900000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    hold_ttl_ms: Option<Int>,
    /// The longest hold a caller may ask for, in milliseconds; 86400000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    hold_ttl_max_ms: Option<Int>,
    /// The fewest units of one line; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    line_quantity_min: Option<Int>,
    /// The most units of one line; 10000000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    line_quantity_max: Option<Int>,
    /// The units of a line are a multiple of this; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    line_quantity_multiple: Option<Int>,
}

impl ProductRequest<'_> {
    /// Checks everything and names all that is wrong. What is not given takes its default.
    pub(crate) fn check(&self) -> Result<ProductDetails, Problem> {
        self.check_over(nothing_known())
    }

    /// The same, but what is not given stays as it is in `details`.
    pub(crate) fn check_over(&self, mut details: ProductDetails) -> Result<ProductDetails, Problem> {
        let mut errors = FieldErrors::default();
        self.collect(&mut details, &mut errors);
        errors.finish()?;
        Ok(details)
    }

    /// Writes what is given over `details`, and what is wrong into `errors`.
    pub(crate) fn collect(&self, details: &mut ProductDetails, errors: &mut FieldErrors) {
        if let Some(name) = &self.name {
            let name = errors.text(|| "/name".to_owned(), name, ProductDetails::NAME_BYTES_MAX);
            details.name = name.unwrap_or_default();
        }
        if let Some(price) = &self.price {
            details.price = check_price(price, errors);
        }
        if let Some(policy) = &self.policy {
            check_policy(policy, &mut details.policy, errors);
        }
        if let Err(contradiction) = details.policy.check() {
            errors.push(policy_pointer(contradiction), "contradiction", contradiction.to_string());
        }
    }
}

/// A product of which nothing was said.
pub(crate) fn nothing_known() -> ProductDetails {
    ProductDetails { name: SmolStr::default(), price: None, policy: Policy::default() }
}

fn check_price(price: &PriceRequest<'_>, errors: &mut FieldErrors) -> Option<UnitPrice> {
    let currency = money::currency("/price/currency", &price.currency, errors);
    // Without a currency the amount is judged in one that allows what any allows, so that both mistakes are named.
    let of_any = holdfast_engine::Currency::new(*b"XXX", 4);
    money::unit_price(|| "/price/amount".to_owned(), &price.amount, currency.or(of_any)?, errors)
}

fn check_policy(request: &PolicyRequest, policy: &mut Policy, errors: &mut FieldErrors) {
    let (ttl_min, ttl_max) = (Policy::HOLD_TTL_MIN.0, Policy::HOLD_TTL_LIMIT.0);
    let mut count = |member: &str, value: Option<Int>, min: u64, max: u64| {
        errors.count(|| format!("/policy/{member}"), value?, min, max)
    };
    let safety_stock = count("safety_stock", request.safety_stock, 0, Quantity::MAX.units());
    let backorder_limit = count("backorder_limit", request.backorder_limit, 0, Quantity::MAX.units());
    let hold_ttl = count("hold_ttl_ms", request.hold_ttl_ms, ttl_min, ttl_max);
    let hold_ttl_max = count("hold_ttl_max_ms", request.hold_ttl_max_ms, ttl_min, ttl_max);
    let mut line = |member, value| {
        let units = count(member, value, 1, u64::from(LineQuantity::MAX))?;
        LineQuantity::new(u32::try_from(units).ok()?)
    };
    let line_min = line("line_quantity_min", request.line_quantity_min);
    let line_max = line("line_quantity_max", request.line_quantity_max);
    let line_multiple = line("line_quantity_multiple", request.line_quantity_multiple);
    if let Some(sellable) = request.sellable {
        policy.sellable = sellable;
    }
    if let Some(units) = safety_stock.and_then(Quantity::new) {
        policy.safety_stock = units;
    }
    if let Some(units) = backorder_limit.and_then(Quantity::new) {
        policy.backorder_limit = units;
    }
    if let Some(span) = hold_ttl {
        policy.hold_ttl_default = Millis(span);
    }
    if let Some(span) = hold_ttl_max {
        policy.hold_ttl_max = Millis(span);
    }
    if let Some(units) = line_min {
        policy.line_quantity_min = units;
    }
    if let Some(units) = line_max {
        policy.line_quantity_max = units;
    }
    if let Some(units) = line_multiple {
        policy.line_quantity_multiple = units;
    }
}

/// A product as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Product, example = json!({
    "sku": "85123A", "name": "White hanging heart T-light holder", "price": {"amount": "2.55", "currency": "GBP"},
    "policy": {"sellable": true, "safety_stock": 2, "backorder_limit": 0, "hold_ttl_ms": 600_000,
               "hold_ttl_max_ms": 86_400_000, "line_quantity_min": 1, "line_quantity_max": 10_000_000,
               "line_quantity_multiple": 1},
    "version": 1, "sequence": 42,
    "created_at": "2026-11-27T08:00:00.000Z", "updated_at": "2026-11-27T08:00:00.000Z"
}))]
pub(crate) struct ProductBody<'a> {
    /// The merchant's own name of it.
    #[schema(value_type = String)]
    sku: &'a str,
    /// Name for people; may be empty.
    #[schema(value_type = String)]
    name: &'a str,
    /// List price of a unit; `null` if it has none.
    #[schema(required = true)]
    price: Option<PriceBody>,
    /// How it may be sold.
    policy: PolicyBody,
    /// How often it was put.
    version: u64,
    /// Position of the last time in the journal.
    sequence: u64,
    /// When it was first put.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last put.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

/// The price of one unit.
#[derive(Serialize, ToSchema)]
#[schema(as = PriceAnswer)]
struct PriceBody {
    /// Major units, as a decimal string.
    #[schema(value_type = String)]
    amount: Amount,
    /// ISO 4217 code.
    #[schema(value_type = String)]
    currency: CurrencyCode,
}

/// How a product may be sold.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
struct PolicyBody {
    /// Whether new units may be promised.
    sellable: bool,
    /// Units at each location that are never promised.
    safety_stock: u64,
    /// Units that may be promised at each location beyond what lies there.
    backorder_limit: u64,
    /// How long a hold lasts when nobody says, in milliseconds.
    hold_ttl_ms: u64,
    /// The longest hold a caller may ask for, in milliseconds.
    hold_ttl_max_ms: u64,
    /// The fewest units of one line.
    line_quantity_min: u32,
    /// The most units of one line.
    line_quantity_max: u32,
    /// The units of a line are a multiple of this.
    line_quantity_multiple: u32,
}

impl<'a> ProductBody<'a> {
    pub(crate) fn new(view: &'a ProductView) -> Self {
        let details = &view.details;
        let policy = &details.policy;
        Self {
            sku: view.sku.as_str(),
            name: &details.name,
            price: details.price.as_ref().map(|price| PriceBody {
                amount: Amount(price.to_decimal()),
                currency: CurrencyCode(price.currency()),
            }),
            policy: PolicyBody {
                sellable: policy.sellable,
                safety_stock: policy.safety_stock.units(),
                backorder_limit: policy.backorder_limit.units(),
                hold_ttl_ms: policy.hold_ttl_default.0,
                hold_ttl_max_ms: policy.hold_ttl_max.0,
                line_quantity_min: policy.line_quantity_min.units(),
                line_quantity_max: policy.line_quantity_max.units(),
                line_quantity_multiple: policy.line_quantity_multiple.units(),
            },
            version: view.version,
            sequence: view.sequence.0,
            created_at: Instant(view.created_at),
            updated_at: Instant(view.updated_at),
        }
    }
}
