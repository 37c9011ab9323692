//! Reservations on the wire.

use holdfast_actors::{ChangeReservation, ReservationView, Reserve, ReserveLine, TakenLine};
use holdfast_engine::product::Policy;
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{CustomerId, Fingerprint, LineQuantity, LocationId, Millis, Operation, ReservationId};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::bundle::{BundleBody, BundleList};
use super::field_errors::FieldErrors;
use super::int::Int;
use super::json_text::JsonText;
use super::lines::{self, LineRequest};
use super::metadata::{self, Metadata};
use super::object::Object;
use super::sources::{SourceBody, SourceList};
use super::terms::{self, SourcingRequest, TimeInForceWord};
use super::text::Text;
use super::time::Instant;
use crate::ids::IdText;
use crate::problem::Problem;

/// A request for units, all or nothing.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReservationRequest, example = json!({
    "customer": "c-17850",
    "lines": [{"sku": "85123A", "quantity": 6}, {"sku": "71053", "quantity": 2}],
    "ttl_ms": 600_000,
    "metadata": {"cart": "b81f"}
}))]
pub(crate) struct ReserveRequest<'a> {
    /// Who for, by the storefront's own name.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    customer: Text<'a>,
    /// Whether that is a guest: products may be held for a shorter time then, unless `ttl_ms` says how long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    guest: bool,
    /// What. Lines that name the same product and location count as one.
    #[schema(value_type = Vec<LineRequest>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Vec<Object<LineRequest<'a>>>,
    /// How long to hold it, in milliseconds; the products' own default unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    ttl_ms: Option<Int>,
    /// What becomes of units that are not there; unless given they queue where a product allows it, and otherwise the
    /// request is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForceWord>,
    /// How urgent units that queue are, from 0, served before all others, to 9; 5 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 9)]
    priority: Option<Int>,
    /// Which locations units are taken from; as each product's policy has it unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SourcingRequest>)]
    sourcing: Option<Object<SourcingRequest>>,
    /// The storefront's own notes, given back with the reservation: at most 50, 8 KiB in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    metadata: Option<Metadata>,
}

impl ReserveRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self, id: ReservationId, fingerprint: Fingerprint) -> Result<Reserve, Problem> {
        let mut errors = FieldErrors::default();
        let customer = errors.name(|| "/customer".to_owned(), CustomerId::new(&self.customer));
        let lines = check_lines(&self.lines, &mut errors);
        let ttl = ttl(self.ttl_ms, &mut errors);
        let sourcing = self.sourcing.as_deref();
        let terms = terms::check(self.time_in_force, self.priority, sourcing, &mut errors);
        let metadata = metadata::check(self.metadata.as_ref(), &mut errors);
        match (customer, metadata) {
            (Some(customer), Some(metadata)) if errors.is_empty() => {
                let guest = self.guest;
                Ok(Reserve { id, fingerprint, customer, guest, lines, terms, ttl, metadata })
            }
            _ => Err(errors.into_problem()),
        }
    }
}

fn check_lines(requests: &[Object<LineRequest<'_>>], errors: &mut FieldErrors) -> Vec<ReserveLine> {
    if !lines::check_count(requests.len(), errors) {
        return Vec::new();
    }
    let mut checked = Vec::with_capacity(requests.len());
    for (position, request) in requests.iter().enumerate() {
        if let Some(line) = lines::line(position, request, errors) {
            checked.push(ReserveLine { sku: line.sku, location: line.location, quantity: line.quantity });
        }
    }
    checked
}

fn ttl(ttl_ms: Option<Int>, errors: &mut FieldErrors) -> Option<Millis> {
    let (min, max) = (Policy::HOLD_TTL_MIN.0, Policy::HOLD_TTL_LIMIT.0);
    errors.count(|| "/ttl_ms".to_owned(), ttl_ms?, min, max).map(Millis)
}

/// The lines that a held reservation shall have.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeRequest, example = json!({
    "lines": [{"sku": "85123A", "quantity": 8}, {"sku": "71053", "quantity": 1}]
}))]
pub(crate) struct ChangeRequest<'a> {
    /// All of them: a line that is not named is taken out. Lines that name the same product and location count as one.
    #[serde(borrow)]
    #[schema(value_type = Vec<LineRequest>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Vec<Object<LineRequest<'a>>>,
    /// How long to hold it from now, in milliseconds; its deadline stays unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    ttl_ms: Option<Int>,
    /// What becomes of units wanted besides that are not there; unless given they queue where a product allows it, and
    /// otherwise the request is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForceWord>,
    /// How urgent units that queue are, from 0, served before all others, to 9; 5 unless given. A line that queues already
    /// stays as urgent as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 9)]
    priority: Option<Int>,
    /// Which locations units are taken from that are wanted besides; as each product's policy has it unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SourcingRequest>)]
    sourcing: Option<Object<SourcingRequest>>,
}

impl ChangeRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(
        &self,
        id: ReservationId,
        operation: Operation,
    ) -> Result<ChangeReservation, Problem> {
        let mut errors = FieldErrors::default();
        let lines = check_lines(&self.lines, &mut errors);
        let ttl = ttl(self.ttl_ms, &mut errors);
        let sourcing = self.sourcing.as_deref();
        let terms = terms::check(self.time_in_force, self.priority, sourcing, &mut errors);
        errors.finish()?;
        Ok(ChangeReservation { id, lines, terms, ttl, operation })
    }
}

/// Which units to take for good.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CommitRequest, example = json!({"lines": [{"sku": "85123A", "quantity": 4}]}))]
pub(crate) struct CommitRequest<'a> {
    /// Units of each line; lines not named are given back. All of everything unless given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<TakenLineRequest>>, min_items = 1, max_items = 2000)]
    pub(crate) lines: Option<Vec<Object<TakenLineRequest<'a>>>>,
}

/// So many units of one line, possibly none.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TakenLine, example = json!({"sku": "85123A", "quantity": 4}))]
pub(crate) struct TakenLineRequest<'a> {
    /// Which product.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub(crate) sku: Text<'a>,
    /// How many units; 0 gives the line back.
    #[schema(value_type = u32, minimum = 0, maximum = 10_000_000)]
    quantity: Int,
    /// The location that the line asked for, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    pub(crate) location: Option<Text<'a>>,
}

impl CommitRequest<'_> {
    /// Checks everything and names all that is wrong. `None` takes all.
    pub(crate) fn check(&self) -> Result<Option<Vec<TakenLine>>, Problem> {
        let Some(requests) = &self.lines else { return Ok(None) };
        let mut errors = FieldErrors::default();
        let mut taken = Vec::with_capacity(requests.len());
        if lines::check_count(requests.len(), &mut errors) {
            for (position, request) in requests.iter().enumerate() {
                taken.extend(taken_line(position, request, &mut errors));
            }
        }
        errors.finish()?;
        Ok(Some(taken))
    }
}

fn taken_line(
    position: usize,
    request: &TakenLineRequest<'_>,
    errors: &mut FieldErrors,
) -> Option<TakenLine> {
    let sku = lines::sku(position, &request.sku, errors);
    let pointer = || format!("/lines/{position}/quantity");
    let units = errors.integer(pointer, request.quantity, 0, i64::from(LineQuantity::MAX));
    let location = lines::location(position, request.location.as_ref(), errors);
    Some(TakenLine { sku: sku?, location: location?, units: u32::try_from(units?).ok()? })
}

/// Nothing to say: the address says it all. The body may be left out.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleaseRequest, example = json!({}))]
pub(crate) struct ReleaseRequest {}

/// How long from now.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExtendRequest, example = json!({"ttl_ms": 600_000}))]
pub(crate) struct ExtendRequest {
    /// How long from now, in milliseconds; the products' own default unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    ttl_ms: Option<Int>,
}

impl ExtendRequest {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<Option<Millis>, Problem> {
        let mut errors = FieldErrors::default();
        let ttl = ttl(self.ttl_ms, &mut errors);
        errors.finish()?;
        Ok(ttl)
    }
}

/// A reservation as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Reservation, example = json!({
    "id": "rsv_01h455vb4pex5vsknk084sn02q", "status": "held", "customer": "c-17850",
    "lines": [{"sku": "71053", "location": null, "quantity": 2, "sources": [{"location": "leeds", "quantity": 2}],
               "queued": 0, "queue_ahead": null, "promised_at": null, "committed": 0},
              {"sku": "85123A", "location": "york", "quantity": 6, "sources": [{"location": "york", "quantity": 4}],
               "queued": 2, "queue_ahead": null, "promised_at": null, "committed": 0}],
    "bundles": [],
    "created_at": "2026-11-27T08:00:00.000Z", "expires_at": "2026-11-27T08:10:00.000Z", "expires_in_ms": 600_000,
    "metadata": {"cart": "b81f"}, "version": 1, "sequence": 4711
}))]
pub(crate) struct ReservationBody<'a> {
    /// Its id, made from the request's idempotency key.
    #[schema(value_type = String, pattern = "^rsv_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    id: IdText,
    /// `held`, `in_checkout`, `committed`, `released` or `expired`.
    #[schema(value_type = ReservationStatus)]
    status: &'static str,
    /// Who it is for.
    #[schema(value_type = String)]
    customer: &'a str,
    /// Its lines, in the order of product and location asked for.
    #[schema(value_type = Vec<ReservationLineBody>)]
    lines: Lines<'a>,
    /// What it was asked for as bundles; its lines have the units that were claimed for them.
    #[schema(value_type = Vec<BundleBody>)]
    bundles: BundleList<'a>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it lapses; the instant counts. `null` unless held.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires_at: Option<Instant>,
    /// The same as a span from when this was so: for clients whose clock is not ours.
    #[schema(value_type = Option<u64>, required = true)]
    expires_in_ms: Option<u64>,
    /// The storefront's own notes.
    #[schema(inline, value_type = std::collections::BTreeMap<String, String>)]
    metadata: JsonText<'a>,
    /// How many changes it has seen.
    version: u64,
    /// Position of the last one in the journal.
    sequence: u64,
}

/// Where a reservation stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "describes the words `status_name` writes")]
pub(crate) enum ReservationStatus {
    /// Its units are claimed until the deadline.
    Held,
    /// Its units are claimed while an order is paid.
    InCheckout,
    /// Its units are promised.
    Committed,
    /// Its units were given back.
    Released,
    /// Its time ran out.
    Expired,
}

/// One line of a reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = ReservationLine)]
struct ReservationLineBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// The location it asked for; `null` if it takes units from wherever they lie.
    #[schema(value_type = Option<String>, required = true)]
    location: Option<&'a str>,
    /// Units claimed, there or not.
    quantity: u32,
    /// Where those that were there lay when they were claimed; of a committed line that queues or queued, where units are
    /// kept now.
    #[schema(value_type = Vec<SourceBody>)]
    sources: SourceList<'a>,
    /// Units that are not there yet.
    queued: u64,
    /// How many others stand before it, by priority and then by when they were committed; `null` unless it is committed and queues.
    #[schema(required = true)]
    queue_ahead: Option<u64>,
    /// When all units it queues for will be there, by what is on its way; `null` where nobody knows. In the past if that
    /// is late.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    promised_at: Option<Instant>,
    /// Units taken for good.
    committed: u64,
}

/// The lines of a view, written one by one.
struct Lines<'a>(&'a ReservationView);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.lines.iter().map(|line| ReservationLineBody {
            sku: line.sku.as_str(),
            location: line.sources.asked().map(LocationId::as_str),
            quantity: line.quantity.units(),
            sources: SourceList(&line.sources, line.quantity),
            queued: line.sources.queued().units(),
            queue_ahead: line.ahead,
            promised_at: line.promised_at.map(Instant),
            committed: line.committed.units(),
        }))
    }
}

impl<'a> ReservationBody<'a> {
    pub(crate) fn new(view: &'a ReservationView) -> Self {
        Self {
            id: IdText::reservation(view.id),
            status: status_name(view.state),
            customer: view.customer.as_str(),
            lines: Lines(view),
            bundles: BundleList(view.bundles.as_deref().unwrap_or_default()),
            created_at: Instant(view.created_at),
            expires_at: view.expires_at.map(Instant),
            expires_in_ms: view.expires_in.map(|span| span.0),
            metadata: JsonText::or_empty(&view.metadata),
            version: view.version,
            sequence: view.sequence.0,
        }
    }
}

fn status_name(state: ReservationState) -> &'static str {
    match state {
        ReservationState::Held { .. } => "held",
        ReservationState::Pinned { .. } => "in_checkout",
        ReservationState::Committed { .. } => "committed",
        ReservationState::Released { .. } => "released",
        ReservationState::Expired { .. } => "expired",
    }
}
