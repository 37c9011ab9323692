//! On what terms units are claimed, on the wire.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_engine::product::{PriorityClass, SourcingRules, Strategy, Terms, TimeInForce};
use holdfast_engine::{LocationId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decode::escape;
use super::field_errors::FieldErrors;
use super::int::Int;
use super::policy::StrategyWord;
use super::stock::instant;
use super::text::Text;

/// What becomes of units that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TimeInForce)]
pub(crate) enum TimeInForceWord {
    /// All of it now, or nothing.
    FillOrKill,
    /// What is there now; the rest is dropped.
    ImmediateOrCancel,
    /// What is there now; the rest queues.
    GoodTilCancelled,
    /// What is there now; the rest queues, and what still does at `good_til` is dropped.
    GoodTilDate,
}

/// Which locations units are taken from, for this request.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourcingRequest, example = json!({"distances": {"leeds": 12, "york": 40}}))]
pub(crate) struct SourcingRequest {
    /// As each product's policy has it unless given; `nearest` if there are distances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<StrategyWord>,
    /// How far each location is from where the goods go, in any unit. At most 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline, value_type = Option<BTreeMap<String, u64>>)]
    distances: Option<BTreeMap<String, Int>>,
}

/// The terms of a request. With `time_in_force` stands the date up to which units queue. `priority` is 0 for the most urgent.
pub(crate) fn check(
    time_in_force: (Option<TimeInForceWord>, Option<&Text<'_>>),
    priority: Option<Int>,
    sourcing: Option<&SourcingRequest>,
    errors: &mut FieldErrors,
) -> Terms {
    let class = class(priority, errors);
    let nearest = sourcing.and_then(|sourcing| sourcing.nearest_first(errors));
    let strategy = sourcing.and_then(|sourcing| sourcing.strategy).map(Strategy::from);
    Terms {
        time_in_force: time_in_force_of(time_in_force, errors),
        class,
        strategy: strategy.or(nearest.is_some().then_some(Strategy::Nearest)),
        nearest,
        plan: None,
    }
}

/// What becomes of units that are not there, and, if they queue up to a date, that date. Whether it lies ahead is found out
/// where the clock is: a request that is repeated after its date is still the same request.
fn time_in_force_of(
    (word, good_til): (Option<TimeInForceWord>, Option<&Text<'_>>),
    errors: &mut FieldErrors,
) -> Option<TimeInForce> {
    let date: Option<Timestamp> = instant("/good_til", good_til, errors);
    if word == Some(TimeInForceWord::GoodTilDate) && good_til.is_none() {
        errors.push("/good_til", "required", "good_til_date needs the date");
    }
    if word != Some(TimeInForceWord::GoodTilDate) && good_til.is_some() {
        errors.push("/good_til", "contradiction", "may only be given with good_til_date");
    }
    match word? {
        TimeInForceWord::FillOrKill => Some(TimeInForce::FillOrKill),
        TimeInForceWord::ImmediateOrCancel => Some(TimeInForce::ImmediateOrCancel),
        TimeInForceWord::GoodTilCancelled => Some(TimeInForce::GoodTilCancelled),
        TimeInForceWord::GoodTilDate => date.map(TimeInForce::GoodTilDate),
    }
}

/// How urgent something is, if the caller says so.
pub(crate) fn class(priority: Option<Int>, errors: &mut FieldErrors) -> PriorityClass {
    let class = priority.and_then(|class| errors.count(|| "/priority".to_owned(), class, 0, PRIORITY_MAX));
    class.and_then(|class| u8::try_from(class).ok()).map(PriorityClass).unwrap_or_default()
}

/// The least urgent class.
const PRIORITY_MAX: u64 = PriorityClass::LAST.0 as u64;

impl SourcingRequest {
    /// The locations by distance, those at the same distance by name.
    fn nearest_first(&self, errors: &mut FieldErrors) -> Option<Arc<[LocationId]>> {
        let distances = self.distances.as_ref()?;
        if distances.len() > SourcingRules::LOCATIONS_MAX {
            let detail = format!("must name at most {} locations", SourcingRules::LOCATIONS_MAX);
            errors.push("/sourcing/distances", "too_many", detail);
            return None;
        }
        let mut named = Vec::with_capacity(distances.len());
        for (name, distance) in distances {
            let pointer = || format!("/sourcing/distances/{}", escape(name));
            let location = errors.name(pointer, LocationId::new(name));
            let distance = errors.count(pointer, *distance, 0, i64::MAX.unsigned_abs());
            named.extend(distance.zip(location));
        }
        named.sort();
        Some(named.into_iter().map(|(_, location)| location).collect())
    }
}
