//! Why units come from where they come from, on the wire.

use holdfast_actors::{ExplainRequest, ProductExplanation, ReserveLine};
use holdfast_engine::product::{Considered, ExplainedLine, SourceOutcome};
use holdfast_engine::{CustomerId, LocationId, Quantity, Rejection};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::lines::{self, LineRequest};
use super::object::Object;
use super::policy::StrategyWord;
use super::terms::{self, SourcingRequest, TimeInForceWord};
use super::text::Text;
use crate::limits::EXPLAINED_LINES_MAX;
use crate::problem::{Problem, in_path};

/// A basket that is asked about and not made. Its members mean what they mean in a reservation.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExplainRequest, example = json!({
    "customer": "c-17850",
    "lines": [{"sku": "85123A", "quantity": 6}],
    "sourcing": {"strategy": "ranked"}
}))]
pub(crate) struct SourcingQuestion<'a> {
    /// Who for, by the storefront's own name: what is on offer to the customer, and what a sale leaves to the customer, count.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    customer: Text<'a>,
    /// What. Lines that name the same product and location count as one.
    #[schema(value_type = Vec<LineRequest>, min_items = 1, max_items = 100)]
    pub(crate) lines: Vec<Object<LineRequest<'a>>>,
    /// What would become of units that are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForceWord>,
    /// Until when units that are not there would queue, with `good_til_date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    good_til: Option<Text<'a>>,
    /// How urgent units that queue would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 9)]
    priority: Option<Int>,
    /// Which locations units would be taken from; as each product's policy has it unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SourcingRequest>)]
    sourcing: Option<Object<SourcingRequest>>,
}

impl SourcingQuestion<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<ExplainRequest, Problem> {
        let mut errors = FieldErrors::default();
        let customer = errors.name(|| "/customer".to_owned(), CustomerId::new(&self.customer));
        let count = self.lines.len();
        let mut checked = Vec::with_capacity(count.min(EXPLAINED_LINES_MAX));
        if (1..=EXPLAINED_LINES_MAX).contains(&count) {
            for (position, request) in self.lines.iter().enumerate() {
                if let Some(line) = lines::line(position, request, &mut errors) {
                    let (sku, location, quantity) = (line.sku, line.location, line.quantity);
                    checked.push(ReserveLine { sku, location, quantity });
                }
            }
        } else {
            let code = if count == 0 { "empty" } else { "too_many" };
            errors.push(
                "/lines",
                code,
                format!("must have from 1 to {EXPLAINED_LINES_MAX} lines, has {count}"),
            );
        }
        let sourcing = self.sourcing.as_deref();
        let terms =
            terms::check((self.time_in_force, self.good_til.as_ref()), self.priority, sourcing, &mut errors);
        match customer {
            Some(customer) if errors.is_empty() => Ok(ExplainRequest { customer, lines: checked, terms }),
            _ => Err(errors.into_problem()),
        }
    }
}

/// What a basket would get, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Sourcing)]
pub(crate) struct SourcingBody<'a> {
    /// Its lines, in the order of product and location asked for.
    lines: Vec<SourcedLineBody<'a>>,
}

/// What a line would get, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcedLine)]
struct SourcedLineBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// The location it asks for; `null` if it takes units from wherever they lie.
    #[schema(value_type = Option<String>, required = true)]
    location: Option<&'a str>,
    /// Units asked for.
    quantity: u32,
    /// The order in which locations are asked.
    strategy: StrategyWord,
    /// Units that would be taken, all locations together.
    taken: u64,
    /// Units that would queue, because they are at no location.
    queued: u64,
    /// Locations in the order in which they are asked, those last of which nothing can be had; 256 at most.
    considered: Vec<ConsideredBody<'a>>,
    /// Why nothing of this product would be granted; `null` if something would. A basket of which one product is refused is refused.
    #[schema(required = true)]
    refused: Option<RefusedBody>,
}

/// A location that is considered for a line.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsideredLocation)]
struct ConsideredBody<'a> {
    /// Which.
    #[schema(value_type = String)]
    location: &'a str,
    /// Units free there for this line, after those served before it; `null` where nobody counts.
    #[schema(required = true)]
    free: Option<u64>,
    /// Units that would be taken from it.
    taken: u64,
    /// Why none would be; `null` if some would.
    #[schema(value_type = Option<PassedOverWord>, required = true)]
    passed_over: Option<&'static str>,
}

/// Why a location is passed over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PassedOver)]
#[allow(dead_code, reason = "describes the words `PassedOver::name` writes")]
pub(crate) enum PassedOverWord {
    /// The line asks for another location.
    NotAskedFor,
    /// Nothing new is taken from there.
    Closed,
    /// The product is not released yet: all that is asked for queues.
    BeforeRelease,
    /// The product's sale is to come or paused, and it is not sold outside it.
    SaleNotOpen,
    /// What is free there is set aside for a sale that is to come.
    SetAside,
    /// The open sale has nothing left there; what is free besides is not in it.
    NotInSale,
    /// Nothing is free: all of it is held, promised, kept back or unfit, if anything lies there.
    NothingFree,
    /// Locations asked before it have all that is wanted.
    NotNeeded,
    /// Nearer locations have all that is wanted.
    TooFar,
    /// Its distance was not given, and those of which it was have all that is wanted.
    DistanceUnknown,
    /// The line gets less than it wants all the same: what is there would not fill a whole multiple of what the product is sold by,
    /// or the line takes units from as many locations as it may.
    NotWhole,
    /// Units could be taken, and the request is refused all the same.
    Refused,
}

/// A refusal that is foreseen.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusalForeseen)]
struct RefusedBody {
    /// The code of the problem that a reservation would be answered with.
    #[schema(value_type = String)]
    code: &'static str,
    /// Why, for people.
    detail: String,
}

impl RefusedBody {
    fn new(refusal: &Rejection) -> Self {
        Self { code: in_path(refusal.clone().into()).code().name(), detail: refusal.to_string() }
    }
}

impl<'a> SourcingBody<'a> {
    pub(crate) fn new(products: &'a [ProductExplanation]) -> Self {
        let lines = products.iter().flat_map(|product| {
            product.explanation.lines.iter().map(|line| SourcedLineBody::new(product, line))
        });
        Self { lines: lines.collect() }
    }
}

impl<'a> SourcedLineBody<'a> {
    fn new(product: &'a ProductExplanation, line: &'a ExplainedLine) -> Self {
        let considered: Vec<_> = line.considered.iter().map(ConsideredBody::new).collect();
        Self {
            sku: product.sku.as_str(),
            location: line.claim.location.as_ref().map(LocationId::as_str),
            quantity: line.claim.quantity.units(),
            strategy: product.explanation.strategy.into(),
            taken: considered.iter().map(|location| location.taken).sum(),
            queued: line.queued.units(),
            considered,
            refused: product.explanation.refusal.as_ref().map(RefusedBody::new),
        }
    }
}

impl<'a> ConsideredBody<'a> {
    fn new(considered: &'a Considered) -> Self {
        Self {
            location: considered.location.as_str(),
            free: Some(considered.free).filter(|free| *free < Quantity::MAX).map(Quantity::units),
            taken: considered.taken().units(),
            passed_over: match considered.outcome {
                SourceOutcome::Taken(_) => None,
                SourceOutcome::PassedOver(why) => Some(why.name()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_engine::product::PassedOver;

    use super::*;

    #[test]
    fn the_description_has_the_words_that_are_written() {
        let words = [
            PassedOverWord::NotAskedFor,
            PassedOverWord::Closed,
            PassedOverWord::BeforeRelease,
            PassedOverWord::SaleNotOpen,
            PassedOverWord::SetAside,
            PassedOverWord::NotInSale,
            PassedOverWord::NothingFree,
            PassedOverWord::NotNeeded,
            PassedOverWord::TooFar,
            PassedOverWord::DistanceUnknown,
            PassedOverWord::NotWhole,
            PassedOverWord::Refused,
        ];
        let described = words.map(|word| serde_json::to_value(word).unwrap());
        assert_eq!(described, PassedOver::ALL.map(|why| serde_json::json!(why.name())));
    }
}
