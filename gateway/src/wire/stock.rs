//! Stock on the wire.

use holdfast_actors::{AdjustAnswer, LocationCounts, LocationView, StockAsOf, StockView};
use holdfast_engine::product::{Adjustment, Condition, StockChange};
use holdfast_engine::{LineQuantity, LocationId, Operation, Quantity, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::as_of::AsOfBody;
use super::bundle::{ComponentStockBody, ComponentStocks};
use super::field_errors::FieldErrors;
use super::int::Int;
use super::sale::SaleStockBody;
use super::text::Text;
use super::time::{Instant, parse_instant};
use crate::limits::REASON_BYTES_MAX;
use crate::problem::Problem;

/// A change of the count at a location: either by so many units or to a count.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustmentRequest, example = json!({
    "delta": 120, "reason": "receipt", "reference": "PO-2031"
}))]
pub(crate) struct AdjustRequest<'a> {
    /// Where; `main` unless given.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    location: Option<Text<'a>>,
    /// Which of the units there: those in this condition; `sellable` unless given.
    #[serde(default)]
    condition: ConditionWord,
    /// By how many units, up or down; not 0. Exactly one of `delta`, `set` and `becomes` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64)]
    delta: Option<Int>,
    /// To what a count found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_000_000_000_000_u64)]
    set: Option<Int>,
    /// The condition in which so many of the units, named by `quantity`, were found to be. They stay on the shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    becomes: Option<ConditionWord>,
    /// How many units change their condition; only with `becomes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    quantity: Option<Int>,
    /// When a `delta` really happened, RFC 3339, at most 24 hours ago: a sale told late. If the last count there was taken
    /// then or later it is in that count, and nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Text<'a>>,
    /// When the count of `set` was taken, RFC 3339, at most 24 hours ago. What happened later is kept; if another count
    /// was taken later, nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    counted_at: Option<Text<'a>>,
    /// The count of units in that condition the caller believes is there; refused if it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_000_000_000_000_u64)]
    expected: Option<Int>,
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

/// What a unit on the shelf is good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Condition)]
pub(crate) enum ConditionWord {
    /// Fit for sale.
    #[default]
    Sellable,
    /// There, and not to be sold.
    Damaged,
    /// Waiting to be looked at, and not sold meanwhile.
    QualityControl,
}

impl From<ConditionWord> for Condition {
    fn from(word: ConditionWord) -> Self {
        match word {
            ConditionWord::Sellable => Self::Sellable,
            ConditionWord::Damaged => Self::Damaged,
            ConditionWord::QualityControl => Self::QualityControl,
        }
    }
}

impl AdjustRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self, operation: Operation) -> Result<Adjustment, Problem> {
        let mut errors = FieldErrors::default();
        let location = match &self.location {
            None => Some(LocationId::main()),
            Some(location) => errors.name(|| "/location".to_owned(), LocationId::new(location)),
        };
        let change = self.change(&mut errors);
        let change = self.stamp(change, &mut errors);
        let expected = self.expected.and_then(|expected| quantity("/expected", expected, &mut errors));
        let reason = errors.filled_text(|| "/reason".to_owned(), &self.reason, REASON_BYTES_MAX);
        let reference = self.reference.as_ref().and_then(|reference| {
            errors.filled_text(|| "/reference".to_owned(), reference, REASON_BYTES_MAX)
        });
        let actor = self
            .actor
            .as_ref()
            .and_then(|actor| errors.filled_text(|| "/actor".to_owned(), actor, REASON_BYTES_MAX));
        let condition = self.condition.into();
        match (location, change, reason) {
            (Some(location), Some(change), Some(reason)) if errors.is_empty() => {
                Ok(Adjustment { location, condition, change, expected, reason, reference, actor, operation })
            }
            _ => Err(errors.into_problem()),
        }
    }

    /// The same change at the instant at which it is said to have happened.
    fn stamp(&self, change: Option<StockChange>, errors: &mut FieldErrors) -> Option<StockChange> {
        let occurred_at = instant("/occurred_at", self.occurred_at.as_ref(), errors);
        let counted_at = instant("/counted_at", self.counted_at.as_ref(), errors);
        if self.occurred_at.is_some() && self.delta.is_none() {
            errors.push("/occurred_at", "contradiction", "goes with delta only; a count has counted_at");
        }
        if self.counted_at.is_some() && self.set.is_none() {
            errors.push("/counted_at", "contradiction", "goes with set only; a change has occurred_at");
        }
        Some(match (change?, occurred_at, counted_at) {
            (StockChange::By(delta), Some(at), None) => StockChange::ByAt(delta, at),
            (StockChange::To(count), None, Some(at)) => StockChange::ToAt(count, at),
            (change, _, _) => change,
        })
    }

    fn change(&self, errors: &mut FieldErrors) -> Option<StockChange> {
        let bound = i64::try_from(Quantity::MAX.units()).unwrap_or(i64::MAX);
        if self.becomes.is_none() && self.quantity.is_some() {
            errors.push("/quantity", "contradiction", "goes with becomes only");
        }
        match (self.delta, self.set, self.becomes) {
            (Some(Int::Whole(0)), None, None) => {
                errors.push("/delta", "out_of_range", "must not be 0: that would change nothing");
                None
            }
            (Some(delta), None, None) => {
                errors.integer(|| "/delta".to_owned(), delta, -bound, bound).map(StockChange::By)
            }
            (None, Some(set), None) => quantity("/set", set, errors).map(StockChange::To),
            (None, None, Some(same)) if same == self.condition => {
                errors.push(
                    "/becomes",
                    "contradiction",
                    "must be another condition: that would change nothing",
                );
                None
            }
            (None, None, Some(other)) => {
                let Some(quantity) = self.quantity else {
                    errors.push("/quantity", "required", "says how many units change their condition");
                    return None;
                };
                let units =
                    errors.count(|| "/quantity".to_owned(), quantity, 1, u64::from(LineQuantity::MAX))?;
                let units = LineQuantity::new(u32::try_from(units).ok()?)?;
                Some(StockChange::Become(other.into(), units))
            }
            (None, None, None) => {
                errors.push("/delta", "required", "one of delta, set and becomes must be given");
                None
            }
            (_, Some(_), _) => {
                errors.push("/set", "contradiction", "only one of delta, set and becomes can be given");
                None
            }
            (Some(_), None, Some(_)) => {
                errors.push("/becomes", "contradiction", "only one of delta, set and becomes can be given");
                None
            }
        }
    }
}

/// An instant, if one is given.
pub(crate) fn instant(
    pointer: &'static str,
    text: Option<&Text<'_>>,
    errors: &mut FieldErrors,
) -> Option<Timestamp> {
    let at = parse_instant(text?);
    if at.is_none() {
        errors.push(pointer, "malformed_time", "must be an instant as in 2026-11-27T08:00:00Z");
    }
    at
}

/// A count, zero included.
pub(crate) fn quantity(pointer: &str, value: Int, errors: &mut FieldErrors) -> Option<Quantity> {
    errors.count(|| pointer.to_owned(), value, 0, Quantity::MAX.units()).and_then(Quantity::new)
}

/// What an adjustment did.
#[derive(Serialize, ToSchema)]
#[schema(as = Adjustment, example = json!({
    "sku": "85123A", "location": "main", "condition": "sellable", "delta": 120, "on_hand": 320, "damaged": 0,
    "quality_control": 0, "reason": "receipt", "reference": "PO-2031", "actor": null,
    "at": "2026-11-27T08:00:00.000Z", "happened_at": null, "overtaken": null, "version": 7, "sequence": 4711
}))]
pub(crate) struct AdjustBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// Where.
    #[schema(value_type = String)]
    location: &'a str,
    /// Which of the units there.
    #[schema(value_type = ConditionWord)]
    condition: &'static str,
    /// By how many of these the count changed.
    delta: i64,
    /// Units there afterwards, in whatever condition.
    on_hand: u64,
    /// Of these, damaged.
    damaged: u64,
    /// Of these, waiting to be looked at.
    quality_control: u64,
    /// Why.
    #[schema(value_type = String)]
    reason: &'a str,
    /// The paper behind it.
    #[schema(value_type = Option<String>, required = true)]
    reference: Option<&'a str>,
    /// Who did it.
    #[schema(value_type = Option<String>, required = true)]
    actor: Option<&'a str>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// When it happened, where the request said so.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    happened_at: Option<Instant>,
    /// What the request told, where a count taken later makes it history: its `delta` or its `set`. `null` where it counts.
    #[schema(required = true)]
    overtaken: Option<i64>,
    /// The product's version afterwards.
    version: u64,
    /// Position of the change in the journal.
    sequence: u64,
}

impl<'a> AdjustBody<'a> {
    /// Reason, reference and actor are those of the request: a repeat brings the same, or it would be another request.
    pub(crate) fn new(
        answer: &'a AdjustAnswer,
        reason: &'a str,
        reference: Option<&'a str>,
        actor: Option<&'a str>,
    ) -> Self {
        Self {
            sku: answer.sku.as_str(),
            location: answer.location.as_str(),
            condition: answer.condition.name(),
            delta: answer.delta,
            on_hand: answer.level.on_hand.units(),
            damaged: answer.level.damaged.units(),
            quality_control: answer.level.quality_control.units(),
            reason,
            reference,
            actor,
            at: Instant(answer.at),
            happened_at: answer.stamped.map(|stamped| Instant(stamped.at)),
            overtaken: answer.stamped.and_then(|stamped| stamped.overtaken),
            version: answer.version,
            sequence: answer.sequence.0,
        }
    }
}

/// The stock of a product.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock, example = json!({
    "sku": "85123A", "tracked": true, "on_hand": 320, "damaged": 2, "quality_control": 0, "held": 12, "offered": 0, "allocated": 40,
    "available": 266,
    "incoming": 480, "backordered": 0, "backorderable": 0, "next_available_at": "2026-12-01T08:00:00.000Z",
    "sale": null,
    "locations": [{"location": "main", "on_hand": 320, "damaged": 2, "quality_control": 0, "held": 12, "allocated": 40,
                   "available": 266, "incoming": 480}],
    "version": 7, "sequence": 4711
}))]
pub(crate) struct StockBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// Whether units are counted. If not, `available` is more than anybody can ask for.
    tracked: bool,
    /// Units physically there, all locations together, in whatever condition.
    on_hand: u64,
    /// Of these, damaged.
    damaged: u64,
    /// Of these, waiting to be looked at.
    quality_control: u64,
    /// Units in live holds, or on offer to customers who wait.
    held: u64,
    /// Of these, on offer.
    offered: u64,
    /// Units promised to orders, not yet shipped.
    allocated: u64,
    /// Units a new hold could take now.
    available: u64,
    /// Units on their way, from suppliers or between locations.
    incoming: u64,
    /// Units that somebody queues for.
    backordered: u64,
    /// Units that may queue beyond those; `null` if there is no limit.
    #[schema(required = true)]
    backorderable: Option<u64>,
    /// The sale of it that was put last; `null` if there was none.
    #[schema(required = true)]
    sale: Option<SaleStockBody<'a>>,
    /// When units will be there, of those on their way, that nobody queues for now; `null` if nobody knows.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    next_available_at: Option<Instant>,
    /// Each location, in the order of their names.
    #[schema(value_type = Vec<LocationBody>)]
    locations: Locations<'a>,
    /// Of a bundle: what each is made of, and what there is of that. Its `available` is how many whole ones could be had of that
    /// now, also location by location; read product by product, so it promises nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ComponentStockBody>>)]
    components: Option<ComponentStocks<'a>>,
    /// How many changes the product has seen.
    version: u64,
    /// Position of the last one in the journal.
    sequence: u64,
    /// When this was so, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    as_of: Option<AsOfBody>,
}

/// The stock at one location.
#[derive(Serialize, ToSchema)]
#[schema(as = LocationStock)]
pub(crate) struct LocationBody<'a> {
    /// Where.
    #[schema(value_type = String)]
    location: &'a str,
    /// Units physically there, in whatever condition.
    on_hand: u64,
    /// Of these, damaged.
    damaged: u64,
    /// Of these, waiting to be looked at.
    quality_control: u64,
    /// Units in live holds.
    held: u64,
    /// Units promised to orders, not yet shipped.
    allocated: u64,
    /// Units a new hold could take now.
    available: u64,
    /// Units on their way here.
    incoming: u64,
}

struct Locations<'a>(&'a StockView);

impl Serialize for Locations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.locations.iter().map(LocationBody::new))
    }
}

impl<'a> LocationBody<'a> {
    fn new(view: &'a LocationView) -> Self {
        let LocationCounts { on_hand, damaged, quality_control, held, allocated, available, incoming } =
            view.counts;
        Self {
            location: view.location.as_str(),
            on_hand,
            damaged,
            quality_control,
            held,
            allocated,
            available,
            incoming,
        }
    }
}

impl<'a> StockBody<'a> {
    pub(crate) fn new(view: &'a StockView) -> Self {
        let LocationCounts { on_hand, damaged, quality_control, held, allocated, available, incoming } =
            view.totals();
        Self {
            sku: view.sku.as_str(),
            tracked: view.tracked,
            on_hand,
            damaged,
            quality_control,
            held,
            offered: view.offered,
            allocated,
            available,
            incoming,
            backordered: view.queued,
            backorderable: view.queueable,
            sale: view.sale.as_ref().map(|sale| SaleStockBody::new(sale, available)),
            next_available_at: view.next_available_at.map(Instant),
            locations: Locations(view),
            components: view.bundle.as_deref().map(ComponentStocks),
            version: view.version,
            sequence: view.sequence.0,
            as_of: None,
        }
    }

    /// The stock as it was.
    pub(crate) fn as_of(then: &'a StockAsOf) -> Self {
        Self { as_of: Some(AsOfBody::new(then)), ..Self::new(&then.stock) }
    }
}
