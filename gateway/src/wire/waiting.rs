//! Places on a waiting list, on the wire.

use holdfast_actors::WaitingView;
use holdfast_engine::product::{JoinWaiting, PriorityClass};
use holdfast_engine::{CustomerId, LineQuantity, LocationId, Operation, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::terms;
use super::text::Text;
use super::time::Instant;
use crate::problem::Problem;

/// A customer's wish for units that come free.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitingRequest, example = json!({"customer": "c-17850", "quantity": 2}))]
pub(crate) struct WaitingRequest<'a> {
    /// Who waits, by the storefront's own name.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    customer: Text<'a>,
    /// How many units, those on offer included. Fewer may be offered.
    #[schema(value_type = u32, minimum = 1, maximum = 10_000_000)]
    quantity: Int,
    /// The one location they may be at; anywhere unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    location: Option<Text<'a>>,
    /// How urgent it is, from 0, served before all others, to 9; 5 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 9)]
    priority: Option<Int>,
}

impl WaitingRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self, operation: Operation) -> Result<JoinWaiting, Problem> {
        let mut errors = FieldErrors::default();
        let customer = errors.name(|| "/customer".to_owned(), CustomerId::new(&self.customer));
        let units = errors.count(|| "/quantity".to_owned(), self.quantity, 1, u64::from(LineQuantity::MAX));
        let quantity = units.and_then(|units| LineQuantity::new(u32::try_from(units).ok()?));
        let location = self
            .location
            .as_ref()
            .and_then(|location| errors.name(|| "/location".to_owned(), LocationId::new(location)));
        let class: PriorityClass = terms::class(self.priority, &mut errors);
        match (customer, quantity) {
            (Some(customer), Some(quantity)) if errors.is_empty() => {
                Ok(JoinWaiting { customer, quantity, location, class, operation })
            }
            _ => Err(errors.into_problem()),
        }
    }
}

/// Where a customer stands who joined a waiting list.
#[derive(Serialize, ToSchema)]
#[schema(as = Waiting, example = json!({
    "sku": "85123A", "customer": "c-17850", "status": "offered", "quantity": 2, "location": null, "priority": 5,
    "offered": 1, "offers": [{"location": "main", "quantity": 1}], "queue_ahead": 0,
    "joined_at": "2026-11-27T08:00:00.000Z", "expires_at": "2026-11-27T08:20:00.000Z", "expires_in_ms": 600_000,
    "version": 9, "sequence": 4711
}))]
pub(crate) struct WaitingBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// Who.
    #[schema(value_type = String)]
    customer: &'a str,
    /// `waiting`, `offered`, `claimed`, `lapsed` or `left`.
    #[schema(value_type = WaitingStatusWord)]
    status: &'static str,
    /// Units still wanted, those on offer included.
    quantity: u64,
    /// The one location they may be at; `null` if anywhere.
    #[schema(value_type = Option<String>, required = true)]
    location: Option<&'a str>,
    /// How urgent it is, 0 being the most.
    priority: u8,
    /// Units kept for the customer: a reservation or an order takes them first.
    offered: u64,
    /// Where they lie.
    offers: Vec<OfferBody<'a>>,
    /// How many others stand before; `null` if all that is wanted is on offer, or the wait is over.
    #[schema(required = true)]
    queue_ahead: Option<u64>,
    /// When the customer came to this place.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Instant,
    /// When what is on offer lapses; the instant counts. `null` if nothing is on offer.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires_at: Option<Instant>,
    /// The same as a span from now: for clients whose clock is not ours.
    #[schema(required = true)]
    expires_in_ms: Option<u64>,
    /// How many changes the product has seen.
    version: u64,
    /// Position of the last one in the journal.
    sequence: u64,
}

/// Units on offer at a location.
#[derive(Serialize, ToSchema)]
#[schema(as = Offer)]
struct OfferBody<'a> {
    /// Where.
    #[schema(value_type = String)]
    location: &'a str,
    /// How many.
    quantity: u64,
}

/// Where a customer stands who joined a waiting list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WaitingStatus)]
#[allow(dead_code, reason = "describes the words `WaitingStatus::name` gives")]
pub(crate) enum WaitingStatusWord {
    /// Nothing is on offer yet, or what was is taken and more is wanted.
    Waiting,
    /// Units are kept for the customer.
    Offered,
    /// The customer has taken all that was wanted.
    Claimed,
    /// The customer let an offer lapse.
    Lapsed,
    /// The customer left.
    Left,
}

impl<'a> WaitingBody<'a> {
    pub(crate) fn new(view: &'a WaitingView, now: Timestamp) -> Self {
        let offers = view.offered.iter();
        let offers =
            offers.map(|(location, units)| OfferBody { location: location.as_str(), quantity: *units });
        Self {
            sku: view.sku.as_str(),
            customer: view.customer.as_str(),
            status: view.status.name(),
            quantity: view.wanted,
            location: view.location.as_ref().map(LocationId::as_str),
            priority: view.class.0,
            offered: view.offered.iter().map(|(_, units)| units).sum(),
            offers: offers.collect(),
            queue_ahead: view.ahead,
            joined_at: Instant(view.joined_at),
            expires_at: view.expires_at.map(Instant),
            expires_in_ms: view.expires_at.map(|expires_at| expires_at.since(now).0),
            version: view.version,
            sequence: view.sequence.0,
        }
    }
}
