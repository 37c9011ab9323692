//! Units on their way, on the wire.

use holdfast_actors::{LotAnswer, LotsView};
use holdfast_engine::product::{Announcement, Lot, LotAction, Origin, Receipt, Transfer};
use holdfast_engine::{LineQuantity, LocationId, LotId, Quantity, SmolStr, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::stock::{ConditionWord, instant, quantity};
use super::text::Text;
use super::time::Instant;
use crate::ids::IdText;
use crate::limits::REASON_BYTES_MAX;
use crate::problem::Problem;

/// What is asked of a lot, and who asks.
pub(crate) type Asked = (LotAction, Option<SmolStr>);

/// Units expected from a supplier.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncomingRequest, example = json!({
    "quantity": 480, "location": "leeds", "expected_at": "2026-12-01T08:00:00Z", "reference": "PO-2031"
}))]
pub(crate) struct IncomingRequest<'a> {
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 10_000_000)]
    quantity: Int,
    /// Where they will arrive; `main` unless given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    location: Option<Text<'a>>,
    /// When they are expected, RFC 3339. Without it nobody is promised a unit of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expected_at: Option<Text<'a>>,
    /// The paper behind it; stands in the movements of its receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    reference: Option<Text<'a>>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    actor: Option<Text<'a>>,
}

impl IncomingRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<Asked, Problem> {
        let mut errors = FieldErrors::default();
        let units = units(self.quantity, &mut errors);
        let location = match &self.location {
            None => Some(LocationId::main()),
            Some(name) => location("/location", name, &mut errors),
        };
        let expected_at = expected_at(self.expected_at.as_ref(), &mut errors);
        let reference = note("/reference", self.reference.as_ref(), &mut errors);
        let actor = note("/actor", self.actor.as_ref(), &mut errors);
        match (units, location) {
            (Some(units), Some(location)) if errors.is_empty() => {
                let announcement = Announcement { location, units, expected_at, reference };
                Ok((LotAction::Announce(announcement), actor))
            }
            _ => Err(errors.into_problem()),
        }
    }
}

/// Units sent from one location to another.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TransferRequest, example = json!({
    "from": "leeds", "to": "main", "quantity": 12, "expected_at": "2026-11-28T08:00:00Z", "reason": "rebalance"
}))]
pub(crate) struct TransferRequest<'a> {
    /// Where they lie.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    from: Text<'a>,
    /// Where they shall lie: a location at which the product has been before, unless `create` is `true`.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    to: Text<'a>,
    /// How many units. Only such as are fit for sale and neither held nor promised are sent.
    #[schema(value_type = u32, minimum = 1, maximum = 10_000_000)]
    quantity: Int,
    /// Whether the product may be at `to` for the first time; `false` unless given.
    #[serde(default)]
    create: bool,
    /// When they are expected there, RFC 3339. Without it nobody is promised a unit of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expected_at: Option<Text<'a>>,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<'a>,
    /// The paper behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    reference: Option<Text<'a>>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    actor: Option<Text<'a>>,
}

impl TransferRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<Asked, Problem> {
        let mut errors = FieldErrors::default();
        let from = location("/from", &self.from, &mut errors);
        let to = location("/to", &self.to, &mut errors);
        let units = units(self.quantity, &mut errors);
        let expected_at = expected_at(self.expected_at.as_ref(), &mut errors);
        let reason = errors.filled_text(|| "/reason".to_owned(), &self.reason, REASON_BYTES_MAX);
        let reference = note("/reference", self.reference.as_ref(), &mut errors);
        let actor = note("/actor", self.actor.as_ref(), &mut errors);
        match (from, to, units, reason) {
            (Some(from), Some(to), Some(units), Some(reason)) if errors.is_empty() => {
                let create = self.create;
                let transfer = Transfer { from, to, create, units, expected_at, reason, reference };
                Ok((LotAction::Transfer(transfer), actor))
            }
            _ => Err(errors.into_problem()),
        }
    }
}

/// Units of a lot that arrived.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiptRequest, example = json!({"quantity": 470, "close": true, "reason": "one carton missing"}))]
pub(crate) struct ReceiptRequest<'a> {
    /// How many units; 0 only with `close`.
    #[schema(value_type = u64, minimum = 0, maximum = 1_000_000_000_000_u64)]
    quantity: Int,
    /// What they are good for; `sellable` unless given.
    #[serde(default)]
    condition: ConditionWord,
    /// Whether no more will come: the lot ends, and what is missing of a transfer is lost. `false` unless given.
    #[serde(default)]
    close: bool,
    /// With `close`: why less came; `short delivery` or, of a transfer, `lost in transit` unless given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    reason: Option<Text<'a>>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    actor: Option<Text<'a>>,
}

impl ReceiptRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<Asked, Problem> {
        let mut errors = FieldErrors::default();
        let units = quantity("/quantity", self.quantity, &mut errors);
        if units == Some(Quantity::ZERO) && !self.close {
            errors.push("/quantity", "out_of_range", "must be at least 1, unless the lot is closed with it");
        }
        let reason = note("/reason", self.reason.as_ref(), &mut errors);
        if self.reason.is_some() && !self.close {
            errors.push("/reason", "contradiction", "says why less came, and goes with close only");
        }
        let actor = note("/actor", self.actor.as_ref(), &mut errors);
        match units {
            Some(units) if errors.is_empty() => {
                let (condition, close) = (self.condition.into(), self.close);
                Ok((LotAction::Receive(Receipt { units, condition, close, reason }), actor))
            }
            _ => Err(errors.into_problem()),
        }
    }
}

/// Another time at which a lot is expected.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RescheduleRequest, example = json!({"expected_at": "2026-12-03T08:00:00Z"}))]
pub(crate) struct RescheduleRequest<'a> {
    /// When, RFC 3339; if not given, nobody knows any more.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expected_at: Option<Text<'a>>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    actor: Option<Text<'a>>,
}

impl RescheduleRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<Asked, Problem> {
        let mut errors = FieldErrors::default();
        let expected_at = expected_at(self.expected_at.as_ref(), &mut errors);
        let actor = note("/actor", self.actor.as_ref(), &mut errors);
        errors.finish()?;
        Ok((LotAction::Reschedule(expected_at), actor))
    }
}

/// Why a lot is expected no more.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelLotRequest, example = json!({"reason": "the supplier has none"}))]
pub(crate) struct CancelLotRequest<'a> {
    /// Why.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<'a>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    actor: Option<Text<'a>>,
}

impl CancelLotRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<Asked, Problem> {
        let mut errors = FieldErrors::default();
        let reason = errors.filled_text(|| "/reason".to_owned(), &self.reason, REASON_BYTES_MAX);
        let actor = note("/actor", self.actor.as_ref(), &mut errors);
        match reason {
            Some(reason) if errors.is_empty() => Ok((LotAction::Cancel(reason), actor)),
            _ => Err(errors.into_problem()),
        }
    }
}

fn units(value: Int, errors: &mut FieldErrors) -> Option<LineQuantity> {
    let units = errors.count(|| "/quantity".to_owned(), value, 1, u64::from(LineQuantity::MAX))?;
    LineQuantity::new(u32::try_from(units).ok()?)
}

fn location(pointer: &str, name: &str, errors: &mut FieldErrors) -> Option<LocationId> {
    errors.name(|| pointer.to_owned(), LocationId::new(name))
}

fn expected_at(text: Option<&Text<'_>>, errors: &mut FieldErrors) -> Option<Timestamp> {
    instant("/expected_at", text, errors)
}

fn note(pointer: &str, text: Option<&Text<'_>>, errors: &mut FieldErrors) -> Option<SmolStr> {
    errors.filled_text(|| pointer.to_owned(), text?, REASON_BYTES_MAX)
}

/// Units on their way.
#[derive(Serialize, ToSchema)]
#[schema(as = Lot, example = json!({
    "id": "lot_01h455vb4pex5vsknk084sn02q", "status": "open", "from": null, "location": "leeds", "quantity": 480,
    "received": 120, "left": 360, "expected_at": "2026-12-01T08:00:00.000Z", "reason": null, "reference": "PO-2031"
}))]
pub(crate) struct LotBody<'a> {
    /// Its id, made from the idempotency key of the request that announced it.
    #[schema(value_type = String, pattern = "^lot_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    id: IdText,
    /// How far it is.
    #[schema(value_type = LotStatusWord)]
    status: &'static str,
    /// The location it comes from, if it is a transfer; `null` for a supplier's.
    #[schema(value_type = Option<String>, required = true)]
    from: Option<&'a str>,
    /// Where it will arrive.
    #[schema(value_type = String)]
    location: &'a str,
    /// How many units there were in the beginning.
    quantity: u32,
    /// How many of them have arrived.
    received: u64,
    /// How many are still to come.
    left: u64,
    /// When they are expected; `null` if nobody knows.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expected_at: Option<Instant>,
    /// Why it is sent, if it is a transfer.
    #[schema(value_type = Option<String>, required = true)]
    reason: Option<&'a str>,
    /// The paper behind it.
    #[schema(value_type = Option<String>, required = true)]
    reference: Option<&'a str>,
}

/// How far a lot is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LotStatus)]
#[allow(dead_code, reason = "describes the words that the engine has for it")]
pub(crate) enum LotStatusWord {
    /// Some of it is still to come.
    Open,
    /// All of it arrived.
    Received,
    /// Less than all of it arrived, and no more will.
    Short,
    /// It was called off.
    Cancelled,
}

impl<'a> LotBody<'a> {
    fn new(id: LotId, lot: &'a Lot) -> Self {
        let (from, reason) = match &lot.origin {
            Origin::Supplier => (None, None),
            Origin::Transfer { from, reason } => (Some(from.as_str()), Some(reason.as_str())),
        };
        Self {
            id: IdText::lot(id),
            status: lot.status.name(),
            from,
            location: lot.location.as_str(),
            quantity: lot.units.units(),
            received: lot.received.units(),
            left: lot.left().units(),
            expected_at: lot.expected_at.map(Instant),
            reason,
            reference: lot.reference.as_deref(),
        }
    }
}

/// A lot as a request has left it.
#[derive(Serialize, ToSchema)]
#[schema(as = LotAnswer)]
pub(crate) struct LotAnswerBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// The lot afterwards.
    #[serde(flatten)]
    lot: LotBody<'a>,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// The product's version afterwards.
    version: u64,
    /// Position of the change in the journal.
    sequence: u64,
}

impl<'a> LotAnswerBody<'a> {
    pub(crate) fn new(answer: &'a LotAnswer) -> Self {
        Self {
            sku: answer.sku.as_str(),
            lot: LotBody::new(answer.id, &answer.lot),
            at: Instant(answer.at),
            version: answer.version,
            sequence: answer.sequence.0,
        }
    }
}

/// The open lots of a product.
#[derive(Serialize, ToSchema)]
#[schema(as = Incoming)]
pub(crate) struct IncomingBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// At most 256: what is expected first comes first, and what nobody knows the time of comes last.
    #[schema(value_type = Vec<LotBody>)]
    lots: Lots<'a>,
    /// How many changes the product has seen.
    version: u64,
    /// Position of the last one in the journal.
    sequence: u64,
}

struct Lots<'a>(&'a LotsView);

impl Serialize for Lots<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.lots.iter().map(|(id, lot)| LotBody::new(*id, lot)))
    }
}

impl<'a> IncomingBody<'a> {
    pub(crate) fn new(view: &'a LotsView) -> Self {
        let (version, sequence) = (view.version, view.sequence.0);
        Self { sku: view.sku.as_str(), lots: Lots(view), version, sequence }
    }
}
