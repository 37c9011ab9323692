//! Products on the wire.

use holdfast_actors::{Failure, ProductView};
use holdfast_engine::product::{Policy, ProductDetails};
use holdfast_engine::{Rejection, Sku, SmolStr, UnitPrice};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bundle::{self, ComponentBody, ComponentRequest, Components};
use super::field_errors::FieldErrors;
use super::money::{self, Amount, CurrencyCode};
use super::object::Object;
use super::policy::{self, PolicyBody, PolicyRequest};
use super::text::Text;
use super::time::Instant;
use crate::problem::{Problem, in_path};

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
    /// What each unit of it is made of, which makes it a bundle: each product once, and none that is a bundle. A bundle has no
    /// stock of its own; whoever takes one takes its components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ComponentRequest>>, max_items = 50)]
    pub(crate) components: Option<Vec<Object<ComponentRequest<'a>>>>,
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

    /// The refusal of a put.
    pub(crate) fn refused(&self, failure: Failure) -> Problem {
        let component = match &failure {
            Failure::Rejected(Rejection::ComponentIsBundle { component, .. }) => Some(component.clone()),
            _ => None,
        };
        let named = |of: &Sku| self.components.iter().flatten().position(|named| *named.sku == *of.as_str());
        match (component.as_ref().and_then(named), in_path(failure)) {
            (Some(position), problem) => problem.at(format!("/components/{position}/sku")),
            (None, problem) => problem,
        }
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
            policy.collect(&mut details.policy, errors);
        }
        if let Some(components) = &self.components {
            details.components = bundle::check(components, errors);
        }
        if let Err(contradiction) = details.policy.check().and_then(|()| details.check_bundle_policy()) {
            errors.push(policy::pointer(contradiction), "contradiction", contradiction.to_string());
        }
    }
}

/// A product of which nothing was said.
pub(crate) fn nothing_known() -> ProductDetails {
    ProductDetails {
        name: SmolStr::default(),
        price: None,
        policy: Policy::default(),
        components: Box::default(),
    }
}

fn check_price(price: &PriceRequest<'_>, errors: &mut FieldErrors) -> Option<UnitPrice> {
    let currency = money::currency("/price/currency", &price.currency, errors);
    // Without a currency the amount is judged in one that allows what any allows, so that both mistakes are named.
    let of_any = holdfast_engine::Currency::new(*b"XXX", 4);
    money::unit_price(|| "/price/amount".to_owned(), &price.amount, currency.or(of_any)?, errors)
}

/// A product as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Product, example = json!({
    "sku": "85123A", "name": "White hanging heart T-light holder", "price": {"amount": "2.55", "currency": "GBP"},
    "policy": {"sellable": true, "safety_stock": 2, "backorders": "none", "backorder_limit": null, "preorder": null,
               "matching": "arrival", "sourcing": {"strategy": "fewest_shipments", "ranking": [], "closed": []},
               "hold_ttl_ms": 600_000, "guest_hold_ttl_ms": null,
               "hold_ttl_max_ms": 86_400_000, "line_quantity_min": 1, "line_quantity_max": 10_000_000,
               "line_quantity_multiple": 1, "tracked": true, "waiting_list": null}, "components": [],
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
    policy: PolicyBody<'a>,
    /// What each unit of it is made of; nothing unless it is a bundle.
    #[schema(value_type = Vec<ComponentBody>)]
    components: Components<'a>,
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
pub(crate) struct PriceBody {
    /// Major units, as a decimal string.
    #[schema(value_type = String)]
    amount: Amount,
    /// ISO 4217 code.
    #[schema(value_type = String)]
    currency: CurrencyCode,
}

impl PriceBody {
    pub(crate) fn new(price: &UnitPrice) -> Self {
        Self { amount: Amount(price.to_decimal()), currency: CurrencyCode(price.currency()) }
    }
}

impl<'a> ProductBody<'a> {
    pub(crate) fn new(view: &'a ProductView) -> Self {
        let details = &view.details;
        Self {
            sku: view.sku.as_str(),
            name: &details.name,
            price: details.price.as_ref().map(PriceBody::new),
            policy: PolicyBody::new(&details.policy),
            components: Components(&details.components),
            version: view.version,
            sequence: view.sequence.0,
            created_at: Instant(view.created_at),
            updated_at: Instant(view.updated_at),
        }
    }
}
