//! Orders on the wire.

use holdfast_actors::{
    OrderRequestLine, OrderSource, OrderUnits, OrderView, PlaceOrderRequest, RefundStatus,
};
use holdfast_engine::product::Terms;
use holdfast_engine::{
    Currency, CustomerId, Fingerprint, LocationId, Money, OrderId, ReservationId, SmolStr, UnitPrice,
};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::bundle::{BundleBody, BundleList};
use super::field_errors::FieldErrors;
use super::int::Int;
use super::json_text::JsonText;
use super::lines::{self, LineRequest};
use super::money::{self, Amount, CurrencyCode};
use super::notes::check_texts;
use super::object::Object;
use super::sources::{SourceBody, SourceList};
use super::terms::{self, SourcingRequest, TimeInForceWord};
use super::text::Text;
use super::time::Instant;
use crate::ids::{IdText, ReservationText};
use crate::limits::{PAYMENT_NAME_BYTES_MAX, REASON_BYTES_MAX, SHIP_TO_BYTES_MAX};
use crate::problem::{Code, Problem};

/// A checkout: of a reservation, or of lines that are reserved in the same step.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderRequest, example = json!({
    "customer": "c-17850",
    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
    "currency": "GBP",
    "expected_total": "15.30",
    "payment": {"provider": "sandbox", "method": "approve"},
    "ship_to": {"name": "A. Buyer", "city": "Leeds"}
}))]
pub(crate) struct OrderRequest<'a> {
    /// Who for, by the storefront's own name.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    customer: Text<'a>,
    /// The reservation to check out. Exactly one of `reservation_id` and `lines` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reservation_id: Option<Text<'a>>,
    /// What to order; the units are reserved in the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<OrderLineRequest>>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Option<Vec<Object<OrderLineRequest<'a>>>>,
    /// What becomes of units that are not there, for an order of lines: `fill_or_kill` or `good_til_cancelled`. Unless given
    /// they queue where a product allows it, and otherwise the order is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForceWord>,
    /// How urgent units that queue are, for an order of lines, from 0, served before all others, to 9; 5 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 9)]
    priority: Option<Int>,
    /// Which locations units are taken from, for an order of lines; as each product's policy has it unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SourcingRequest>)]
    sourcing: Option<Object<SourcingRequest>>,
    /// ISO 4217 code of the currency all amounts are in.
    #[schema(value_type = String, min_length = 3, max_length = 3)]
    currency: Text<'a>,
    /// What the customer was shown; refused if it comes to something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    expected_total: Option<Text<'a>>,
    /// How it is paid.
    #[schema(value_type = PaymentRequest)]
    payment: Object<PaymentRequest<'a>>,
    /// Where it goes: any JSON object of at most 2 KiB, kept and given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    ship_to: Option<serde_json::Map<String, serde_json::Value>>,
}

/// How an order is paid.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentRequest, example = json!({"provider": "sandbox", "method": "approve"}))]
pub(crate) struct PaymentRequest<'a> {
    /// The payment provider; `sandbox` moves no money.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    provider: Text<'a>,
    /// The method, as a token the provider understands; never card data. The sandbox knows `approve`, `decline`,
    /// `late`, `timeout`, `fail`, `capture_decline` and `refund_decline`.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    method: Text<'a>,
}

/// One line of an order.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderLineRequest, example = json!({"sku": "85123A", "quantity": 6, "unit_price": "2.55"}))]
pub(crate) struct OrderLineRequest<'a> {
    /// Which product.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub(crate) sku: Text<'a>,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 10_000_000)]
    quantity: Int,
    /// The one location to take them from; from wherever they lie unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub(crate) location: Option<Text<'a>>,
    /// Price of a unit; the product's own unless given. A bundle without either costs what its components do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = r"^\d+(\.\d{1,4})?$")]
    unit_price: Option<Text<'a>>,
}

impl OrderRequest<'_> {
    /// Checks everything and names all that is wrong. `accepts` knows the payment methods.
    pub(crate) fn check(
        &self,
        id: OrderId,
        fingerprint: Fingerprint,
        accepts: impl FnOnce(&str, &str) -> bool,
    ) -> Result<PlaceOrderRequest, Problem> {
        let mut errors = FieldErrors::default();
        let customer = errors.name(|| "/customer".to_owned(), CustomerId::new(&self.customer));
        let currency = money::currency("/currency", &self.currency, &mut errors);
        let source = self.source(currency, &mut errors);
        let expected_total = match (&self.expected_total, currency) {
            (Some(text), Some(currency)) => money::money("/expected_total", text, currency, &mut errors),
            _ => None,
        };
        let terms = self.terms(&mut errors);
        let payment = self.payment(accepts, &mut errors);
        let ship_to = self.ship_to.as_ref().map(|to| ship_to(to, &mut errors)).unwrap_or_default();
        match (customer, currency, source, payment) {
            (Some(customer), Some(currency), Some(source), Some((provider, method))) if errors.is_empty() => {
                Ok(PlaceOrderRequest {
                    id,
                    fingerprint,
                    customer,
                    source,
                    terms,
                    currency,
                    expected_total,
                    provider,
                    method,
                    ship_to,
                })
            }
            _ => Err(errors.into_problem()),
        }
    }

    fn source(&self, currency: Option<Currency>, errors: &mut FieldErrors) -> Option<OrderSource> {
        match (&self.reservation_id, &self.lines) {
            (Some(id), None) => reservation(id, errors).map(OrderSource::Reservation),
            (None, Some(lines)) => Some(OrderSource::Lines(check_lines(lines, currency, errors))),
            (None, None) => {
                errors.push("/lines", "required", "either lines or reservation_id must be given");
                None
            }
            (Some(_), Some(_)) => {
                errors.push(
                    "/reservation_id",
                    "contradiction",
                    "lines and reservation_id cannot both be given",
                );
                None
            }
        }
    }

    fn terms(&self, errors: &mut FieldErrors) -> Terms {
        let terms = terms::check(self.time_in_force, self.priority, self.sourcing.as_deref(), errors);
        let given = [
            ("/time_in_force", self.time_in_force.is_some()),
            ("/priority", self.priority.is_some()),
            ("/sourcing", self.sourcing.is_some()),
        ];
        if self.reservation_id.is_some() {
            for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
                errors.push(pointer, "contradiction", "was decided when the reservation was made");
            }
        }
        if self.time_in_force == Some(TimeInForceWord::ImmediateOrCancel) {
            let detail =
                "an order is for all that it names: reserve what there is, look at it, and order that";
            errors.push("/time_in_force", "unsupported_value", detail);
        }
        terms
    }

    fn payment(
        &self,
        accepts: impl FnOnce(&str, &str) -> bool,
        errors: &mut FieldErrors,
    ) -> Option<(SmolStr, SmolStr)> {
        let provider = errors.filled_text(
            || "/payment/provider".to_owned(),
            &self.payment.provider,
            PAYMENT_NAME_BYTES_MAX,
        );
        let method =
            errors.filled_text(|| "/payment/method".to_owned(), &self.payment.method, PAYMENT_NAME_BYTES_MAX);
        let (provider, method) = (provider?, method?);
        if !accepts(&provider, &method) {
            errors.push("/payment", "unknown_value", "there is no such payment provider or method");
        }
        Some((provider, method))
    }
}

fn ship_to(ship_to: &serde_json::Map<String, serde_json::Value>, errors: &mut FieldErrors) -> SmolStr {
    let text = serde_json::to_string(ship_to).unwrap_or_default();
    if text.len() > SHIP_TO_BYTES_MAX {
        errors.push("/ship_to", "too_long", format!("must be at most {SHIP_TO_BYTES_MAX} bytes as JSON"));
    } else {
        check_texts("/ship_to", ship_to, errors);
    }
    SmolStr::new(text)
}

/// A reservation named by a member: a text that is no id names no reservation, and that is said right here.
fn reservation(text: &Text<'_>, errors: &mut FieldErrors) -> Option<ReservationId> {
    match text.parse() {
        Ok(ReservationText(id)) => Some(id),
        Err(error) => {
            errors.push("/reservation_id", "malformed_id", error.to_string());
            None
        }
    }
}

fn check_lines(
    requests: &[Object<OrderLineRequest<'_>>],
    currency: Option<Currency>,
    errors: &mut FieldErrors,
) -> Vec<OrderRequestLine> {
    if !lines::check_count(requests.len(), errors) {
        return Vec::new();
    }
    let check = |(position, request)| check_line(position, request, currency, errors);
    requests.iter().enumerate().filter_map(check).collect()
}

fn check_line(
    position: usize,
    request: &Object<OrderLineRequest<'_>>,
    currency: Option<Currency>,
    errors: &mut FieldErrors,
) -> Option<OrderRequestLine> {
    let sku = lines::sku(position, &request.sku, errors);
    let quantity = lines::quantity(position, request.quantity, errors);
    let location = lines::location(position, request.location.as_ref(), errors);
    let unit_price: Option<UnitPrice> = match (&request.unit_price, currency) {
        (Some(price), Some(currency)) => {
            money::unit_price(|| format!("/lines/{position}/unit_price"), price, currency, errors)
        }
        _ => None,
    };
    Some(OrderRequestLine { sku: sku?, location: location?, quantity: quantity?, unit_price })
}

/// What is called off, and why.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelRequest, example = json!({
    "lines": [{"sku": "85123A", "quantity": 2}], "reason": "changed my mind"
}))]
pub(crate) struct CancelRequest<'a> {
    /// So many units of these lines; all that have not left unless given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<LineRequest>>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Option<Vec<Object<LineRequest<'a>>>>,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<'a>,
}

impl CancelRequest<'_> {
    /// Checks everything and names all that is wrong. No lines means all that have not left.
    pub(crate) fn check(&self) -> Result<(Vec<OrderUnits>, SmolStr), Problem> {
        let mut errors = FieldErrors::default();
        let units = self.lines.as_ref().map(|lines| units(lines, &mut errors)).unwrap_or_default();
        let reason = errors.filled_text(|| "/reason".to_owned(), &self.reason, REASON_BYTES_MAX);
        match reason {
            Some(reason) if errors.is_empty() => Ok((units, reason)),
            _ => Err(errors.into_problem()),
        }
    }
}

/// What is to be changed about an order.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditRequest, example = json!({"ship_to": {"name": "A. Buyer", "city": "York"}}))]
pub(crate) struct EditRequest {
    /// Where it goes from now on: any JSON object of at most 2 KiB, kept and given back.
    #[schema(value_type = Object)]
    ship_to: Option<serde_json::Map<String, serde_json::Value>>,
    /// Read only to say what to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    lines: Option<serde_json::Value>,
}

impl EditRequest {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<SmolStr, Problem> {
        if self.lines.is_some() {
            let advice = "the lines of an order stay as they were paid for: call units off with /cancel, and for more \
                          place another order";
            return Err(Problem::new(Code::LinesNotEditable, advice).at("/lines"));
        }
        let mut errors = FieldErrors::default();
        match &self.ship_to {
            Some(to) => {
                let text = ship_to(to, &mut errors);
                errors.finish().map(|()| text)
            }
            None => {
                errors.push("/ship_to", "required", "must be given");
                Err(errors.into_problem())
            }
        }
    }
}

/// Money to pay back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundRequest, example = json!({"amount": "5.00", "reason": "arrived late"}))]
pub(crate) struct RefundRequest<'a> {
    /// How much, as a decimal string in the order's currency.
    #[serde(borrow)]
    #[schema(value_type = String)]
    amount: Text<'a>,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<'a>,
}

impl RefundRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self, currency: Currency) -> Result<(Money, SmolStr), Problem> {
        let mut errors = FieldErrors::default();
        let amount = money::money("/amount", &self.amount, currency, &mut errors);
        let reason = errors.filled_text(|| "/reason".to_owned(), &self.reason, REASON_BYTES_MAX);
        match (amount, reason) {
            (Some(amount), Some(reason)) => Ok((amount, reason)),
            _ => Err(errors.into_problem()),
        }
    }
}

/// Nothing needs to be said to have a refund tried again.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetryRefundRequest, example = json!({}))]
pub(crate) struct RetryRefundRequest {}

/// Which units left the shelf.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShipmentRequest, example = json!({"lines": [{"sku": "85123A", "quantity": 4}]}))]
pub(crate) struct ShipRequest<'a> {
    /// So many units of these lines; all that is left unless given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<LineRequest>>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Option<Vec<Object<LineRequest<'a>>>>,
}

impl ShipRequest<'_> {
    /// Checks everything and names all that is wrong. No lines means all that is left.
    pub(crate) fn check(&self) -> Result<Vec<OrderUnits>, Problem> {
        let mut errors = FieldErrors::default();
        let units = self.lines.as_ref().map(|lines| units(lines, &mut errors));
        errors.finish()?;
        Ok(units.unwrap_or_default())
    }
}

/// Which units came back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnRequest, example = json!({
    "lines": [{"sku": "85123A", "quantity": 1}], "condition": "damaged", "reason": "arrived broken"
}))]
pub(crate) struct ReturnRequest<'a> {
    /// So many units of these lines.
    #[serde(borrow)]
    #[schema(value_type = Vec<LineRequest>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Vec<Object<LineRequest<'a>>>,
    /// Whether these units can be sold again; `sellable` unless given.
    #[serde(default)]
    condition: ReturnCondition,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<'a>,
}

/// What units that came back are good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnCondition {
    /// They are sold again.
    #[default]
    Sellable,
    /// They lie on the shelf and are not sold.
    Damaged,
}

impl ReturnRequest<'_> {
    /// Whether the units cannot be sold again.
    pub(crate) fn damaged(&self) -> bool {
        self.condition == ReturnCondition::Damaged
    }

    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<(Vec<OrderUnits>, SmolStr), Problem> {
        let mut errors = FieldErrors::default();
        let units = units(&self.lines, &mut errors);
        let reason = errors.filled_text(|| "/reason".to_owned(), &self.reason, REASON_BYTES_MAX);
        match reason {
            Some(reason) if errors.is_empty() => Ok((units, reason)),
            _ => Err(errors.into_problem()),
        }
    }
}

fn units(requests: &[Object<LineRequest<'_>>], errors: &mut FieldErrors) -> Vec<OrderUnits> {
    let lines = lines::check(requests, errors);
    lines
        .into_iter()
        .map(|line| OrderUnits { sku: line.sku, location: line.location, quantity: line.quantity })
        .collect()
}

/// An order as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Order, example = json!({
    "id": "ord_01h455vb4pex5vsknk084sn02q", "status": "confirmed", "customer": "c-17850", "currency": "GBP",
    "total": "15.30",
    "lines": [{"sku": "85123A", "location": null, "quantity": 6, "total": "15.30",
               "sources": [{"location": "main", "quantity": 6}], "queued": 0,
               "shipped": 0, "cancelled": 0, "returned": 0, "damaged": 0}],
    "reservation_id": "rsv_01h455vb4pex5vsknk084sn02q",
    "payment": {"provider": "sandbox", "method": "approve", "reference": "sbx_1"},
    "refunds": [], "reason": null, "ship_to": {"name": "A. Buyer", "city": "Leeds"},
    "placed_at": "2026-11-27T08:00:00.000Z", "updated_at": "2026-11-27T08:00:00.120Z", "version": 7, "sequence": 4718
}))]
pub(crate) struct OrderBody<'a> {
    /// Its id, made from the request's idempotency key.
    #[schema(value_type = String, pattern = "^ord_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    id: IdText,
    /// Where it stands.
    #[schema(value_type = OrderStatusWord)]
    status: &'static str,
    /// Who it is for.
    #[schema(value_type = String)]
    customer: &'a str,
    /// ISO 4217 code of the currency all amounts are in.
    #[schema(value_type = String)]
    currency: CurrencyCode,
    /// What it costs, as a decimal string.
    #[schema(value_type = String)]
    total: Amount,
    /// Its lines, in the order of product and location.
    #[schema(value_type = Vec<OrderLineBody>)]
    lines: Lines<'a>,
    /// What it was placed for as bundles, where the order is read or placed; its lines are what it takes for them, and the bundle's
    /// price is shared out over those. Left out if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<BundleBody>>)]
    bundles: Option<BundleList<'a>>,
    /// The reservation whose units it took.
    #[schema(value_type = String)]
    reservation_id: IdText,
    /// How it is paid.
    payment: PaymentBody<'a>,
    /// Money owed or paid back.
    #[schema(value_type = Vec<RefundBody>)]
    refunds: Refunds<'a>,
    /// Why it failed or was called off.
    #[schema(value_type = Option<String>, required = true)]
    reason: Option<&'a str>,
    /// Where it goes, as it was given.
    #[schema(value_type = Option<Object>, required = true)]
    ship_to: JsonText<'a>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    placed_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
    /// How many changes it has seen.
    version: u64,
    /// Position of the last one in the journal.
    sequence: u64,
}

/// Where an order stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStatus)]
#[allow(dead_code, reason = "describes the words `OrderStatus::name` gives")]
pub(crate) enum OrderStatusWord {
    /// Its payment is under way.
    PaymentPending,
    /// What became of a payment call is not known yet; the units stay held until it is.
    PaymentUnknown,
    /// Paid (or free), nothing shipped.
    Confirmed,
    /// Some units shipped, and some are still to be.
    PartiallyShipped,
    /// All units shipped, but for those that were called off.
    Shipped,
    /// Some units came back.
    PartiallyReturned,
    /// All units that were shipped came back, and none is still to be.
    Returned,
    /// All units were called off after it was confirmed.
    Cancelled,
    /// Its payment failed; it took nothing.
    PaymentFailed,
}

/// How an order is paid.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
struct PaymentBody<'a> {
    /// The payment provider.
    #[schema(value_type = String)]
    provider: &'a str,
    /// The method.
    #[schema(value_type = String)]
    method: &'a str,
    /// The provider's own reference, once there is one.
    #[schema(value_type = Option<String>, required = true)]
    reference: Option<&'a str>,
}

/// One line of an order and how far it has come.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLine)]
struct OrderLineBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// The location it asked for; `null` if it takes units from wherever they lie.
    #[schema(value_type = Option<String>, required = true)]
    location: Option<&'a str>,
    /// Units ordered.
    quantity: u32,
    /// Where units are kept for it, where the order is read; where they were claimed, where it is placed. Other answers leave
    /// this out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<SourceBody>>)]
    sources: Option<SourceList<'a>>,
    /// Units that are not there yet; given with `sources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    queued: Option<u64>,
    /// How many others stand before it, by priority and then by when they were committed, where the order is read and queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_ahead: Option<u64>,
    /// When all units it queues for will be there, by what is on its way, where the order is read and that is known. In the
    /// past if that is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    promised_at: Option<Instant>,
    /// What they cost together, as a decimal string.
    #[schema(value_type = String)]
    total: Amount,
    /// Units shipped.
    shipped: u64,
    /// Units called off.
    cancelled: u64,
    /// Units that came back.
    returned: u64,
    /// Of these, units that came back damaged.
    damaged: u64,
}

/// Money owed or paid back.
#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
struct RefundBody<'a> {
    /// Its number within the order, from 1.
    number: usize,
    /// How much, as a decimal string.
    #[schema(value_type = String)]
    amount: Amount,
    /// What for, in the words of whoever cancelled, took back or granted.
    #[schema(value_type = String)]
    reason: &'a str,
    /// `pending`, `done` or `failed`.
    #[schema(value_type = RefundStatusWord)]
    status: &'static str,
    /// Why it failed, in the payment provider's words.
    #[schema(value_type = Option<String>, required = true)]
    failure: Option<&'a str>,
}

/// How far a refund is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RefundStatus)]
#[allow(dead_code, reason = "describes the words `refund_status` gives")]
pub(crate) enum RefundStatusWord {
    /// Owed.
    Pending,
    /// Paid back.
    Done,
    /// The provider will not: somebody has to look, and may have it tried again.
    Failed,
}

struct Lines<'a>(&'a OrderView);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.lines.iter().map(|line| OrderLineBody {
            sku: line.sku.as_str(),
            location: line.location.as_ref().map(LocationId::as_str),
            quantity: line.quantity.units(),
            sources: line.sources.as_ref().map(|sources| SourceList(sources, line.quantity)),
            queued: line.sources.as_ref().map(|sources| sources.queued().units()),
            queue_ahead: line.ahead,
            promised_at: line.promised_at.map(Instant),
            total: Amount(line.total.to_decimal()),
            shipped: line.shipped.units(),
            cancelled: line.cancelled.units(),
            returned: line.returned.units(),
            damaged: line.damaged.units(),
        }))
    }
}

struct Refunds<'a>(&'a OrderView);

impl Serialize for Refunds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((1..).zip(&self.0.refunds).map(|(number, refund)| RefundBody {
            number,
            amount: Amount(refund.amount.to_decimal()),
            reason: &refund.reason,
            status: refund_status(refund.status),
            failure: refund.failure.as_deref(),
        }))
    }
}

fn refund_status(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Pending => "pending",
        RefundStatus::Done => "done",
        RefundStatus::Failed => "failed",
    }
}

impl<'a> OrderBody<'a> {
    pub(crate) fn new(view: &'a OrderView) -> Self {
        Self {
            id: IdText::order(view.id),
            status: view.status.name(),
            customer: view.customer.as_str(),
            currency: CurrencyCode(view.total.currency()),
            total: Amount(view.total.to_decimal()),
            lines: Lines(view),
            bundles: view.bundles.as_deref().map(BundleList),
            reservation_id: IdText::reservation(view.reservation),
            payment: PaymentBody {
                provider: &view.provider,
                method: &view.method,
                reference: view.payment_reference.as_deref(),
            },
            refunds: Refunds(view),
            reason: view.reason.as_deref(),
            ship_to: JsonText::or_null(&view.ship_to),
            placed_at: Instant(view.placed_at),
            updated_at: Instant(view.updated_at),
            version: view.version,
            sequence: view.sequence.0,
        }
    }
}
