//! How a product may be sold, on the wire.

use holdfast_engine::product::{
    Backorders, Contradiction, Matching, Policy, Preorder, SourcingRules, Strategy, WaitingRules,
};
use holdfast_engine::{LineQuantity, LocationId, Millis, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::int::Int;
use super::object::Object;
use super::time::{Instant, parse_instant};

/// How a product may be sold.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
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
    /// How much demand may queue for units that are not there; `none` unless given, `capped` if there is a
    /// `backorder_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backorders: Option<BackordersWord>,
    /// With `capped`: the most units that may queue at a time, over all locations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_000_000_000_000_u64)]
    backorder_limit: Option<Int>,
    /// Sale before the product is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PreorderRequest>)]
    preorder: Option<Object<PreorderRequest>>,
    /// Who of those that queue is served first; `arrival` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matching: Option<MatchingWord>,
    /// Which locations units are taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SourcingRulesRequest>)]
    sourcing: Option<Object<SourcingRulesRequest>>,
    /// How long a hold lasts when nobody says, in milliseconds; 900000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    hold_ttl_ms: Option<Int>,
    /// How long a guest's hold lasts when nobody says, in milliseconds; as long as others' unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    guest_hold_ttl_ms: Option<Int>,
    /// The longest hold a caller may ask for, in milliseconds; 86400000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 100, maximum = 2_592_000_000_u64)]
    hold_ttl_max_ms: Option<Int>,
    /// The fewest units one request may ask for; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    line_quantity_min: Option<Int>,
    /// The most units one request may ask for; 10000000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    line_quantity_max: Option<Int>,
    /// The units one request asks for are a multiple of this; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000_000)]
    line_quantity_multiple: Option<Int>,
    /// Whether units are counted; `true` unless given. Of a product that is not, everybody gets what he asks for, nothing
    /// queues, and shipments take nothing from a shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>)]
    tracked: Option<bool>,
    /// Whether customers may wait for units that come free, and on what terms; they may not unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WaitingRulesRequest>)]
    waiting_list: Option<Object<WaitingRulesRequest>>,
}

/// On what terms customers wait for units that come free.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitingRules, example = json!({"offer_ttl_ms": 600_000}))]
pub(crate) struct WaitingRulesRequest {
    /// How long units are kept for a customer they are offered to, in milliseconds.
    #[schema(value_type = u64, minimum = 100, maximum = 2_592_000_000_u64)]
    offer_ttl_ms: Int,
}

/// How much demand may queue for units that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Backorders)]
pub(crate) enum BackordersWord {
    /// None: what is not there is refused.
    None,
    /// At most `backorder_limit` units at a time.
    Capped,
    /// As much as anybody wants.
    Unlimited,
}

/// Sale before a product is released: what is asked for queues until then.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PreorderRequest, example = json!({"quota": 500, "release_at": "2026-11-27T08:00:00Z"}))]
pub(crate) struct PreorderRequest {
    /// Most units that may queue before the release.
    #[schema(value_type = u64, minimum = 0, maximum = 1_000_000_000_000_u64)]
    quota: Int,
    /// From then on the product is sold like any other, and those that queued are served first. RFC 3339.
    #[schema(format = DateTime)]
    release_at: String,
}

/// Who of those that queue is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Matching)]
pub(crate) enum MatchingWord {
    /// Who came first.
    Arrival,
    /// Who has got least of what was promised so far.
    FairShare,
}

/// Which locations units are taken from.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourcingRulesRequest, example = json!({"strategy": "ranked", "ranking": ["leeds", "york"]}))]
pub(crate) struct SourcingRulesRequest {
    /// What is done where a request does not say; `fewest_shipments` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<StrategyWord>,
    /// Locations from the best to the worst; others follow in the order of their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 64)]
    ranking: Option<Vec<String>>,
    /// Locations that nothing new is taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 64)]
    closed: Option<Vec<String>>,
}

/// Which locations units are taken from first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourcingStrategy)]
pub(crate) enum StrategyWord {
    /// From as few as can be: one that has it all, the best ranked first; else the fullest first.
    FewestShipments,
    /// The best ranked first.
    Ranked,
    /// The fullest first.
    HighestStock,
    /// The nearest by the request's distances, then the best ranked.
    Nearest,
}

impl From<StrategyWord> for Strategy {
    fn from(word: StrategyWord) -> Self {
        match word {
            StrategyWord::FewestShipments => Self::FewestShipments,
            StrategyWord::Ranked => Self::Ranked,
            StrategyWord::HighestStock => Self::HighestStock,
            StrategyWord::Nearest => Self::Nearest,
        }
    }
}

impl From<Strategy> for StrategyWord {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::FewestShipments => Self::FewestShipments,
            Strategy::Ranked => Self::Ranked,
            Strategy::HighestStock => Self::HighestStock,
            Strategy::Nearest => Self::Nearest,
        }
    }
}

impl PolicyRequest {
    /// Writes what is given over `policy`, and what is wrong into `errors`.
    pub(crate) fn collect(&self, policy: &mut Policy, errors: &mut FieldErrors) {
        self.collect_times(policy, errors);
        self.collect_quantities(policy, errors);
        self.collect_queueing(policy, errors);
        if let Some(sellable) = self.sellable {
            policy.sellable = sellable;
        }
        if let Some(tracked) = self.tracked {
            policy.tracked = tracked;
        }
        if let Some(sourcing) = &self.sourcing {
            sourcing.collect(&mut policy.sourcing, errors);
        }
    }

    fn collect_times(&self, policy: &mut Policy, errors: &mut FieldErrors) {
        let (min, max) = (Policy::HOLD_TTL_MIN.0, Policy::HOLD_TTL_LIMIT.0);
        if let Some(span) = count(errors, "hold_ttl_ms", self.hold_ttl_ms, min, max) {
            policy.hold_ttl_default = Millis(span);
        }
        if let Some(span) = count(errors, "guest_hold_ttl_ms", self.guest_hold_ttl_ms, min, max) {
            policy.guest_hold_ttl_default = Some(Millis(span));
        }
        if let Some(span) = count(errors, "hold_ttl_max_ms", self.hold_ttl_max_ms, min, max) {
            policy.hold_ttl_max = Millis(span);
        }
        if let Some(rules) = &self.waiting_list {
            let span = count(errors, "waiting_list/offer_ttl_ms", Some(rules.offer_ttl_ms), min, max);
            policy.waiting_list = span.map(|span| WaitingRules { offer_ttl: Millis(span) });
        }
    }

    fn collect_quantities(&self, policy: &mut Policy, errors: &mut FieldErrors) {
        if let Some(units) = units(errors, "safety_stock", self.safety_stock) {
            policy.safety_stock = units;
        }
        for (member, given, rule) in [
            ("line_quantity_min", self.line_quantity_min, &mut policy.line_quantity_min),
            ("line_quantity_max", self.line_quantity_max, &mut policy.line_quantity_max),
            ("line_quantity_multiple", self.line_quantity_multiple, &mut policy.line_quantity_multiple),
        ] {
            let units = count(errors, member, given, 1, u64::from(LineQuantity::MAX));
            if let Some(units) = units.and_then(|units| LineQuantity::new(u32::try_from(units).ok()?)) {
                *rule = units;
            }
        }
    }

    fn collect_queueing(&self, policy: &mut Policy, errors: &mut FieldErrors) {
        let limit = units(errors, "backorder_limit", self.backorder_limit);
        match (self.backorders, self.backorder_limit) {
            (None, None) => {}
            (Some(BackordersWord::None), None) => policy.backorders = Backorders::None,
            (Some(BackordersWord::Unlimited), None) => policy.backorders = Backorders::Unlimited,
            (Some(BackordersWord::Capped), None) => errors.push(
                "/policy/backorder_limit",
                "required",
                "capped backorders need the most units that may queue",
            ),
            (None | Some(BackordersWord::Capped), Some(_)) => {
                policy.backorders = match limit {
                    Some(Quantity::ZERO) | None => Backorders::None,
                    Some(limit) => Backorders::Capped(limit),
                };
            }
            (Some(BackordersWord::None | BackordersWord::Unlimited), Some(_)) => errors.push(
                "/policy/backorder_limit",
                "contradiction",
                "a limit belongs to capped backorders",
            ),
        }
        if let Some(preorder) = &self.preorder {
            policy.preorder = preorder.check(errors);
        }
        if let Some(matching) = self.matching {
            policy.matching = match matching {
                MatchingWord::Arrival => Matching::Arrival,
                MatchingWord::FairShare => Matching::FairShare,
            };
        }
    }
}

impl PreorderRequest {
    fn check(&self, errors: &mut FieldErrors) -> Option<Preorder> {
        let quota = units(errors, "preorder/quota", Some(self.quota));
        let release_at = parse_instant(&self.release_at);
        if release_at.is_none() {
            let detail = "must be an instant as in 2026-11-27T08:00:00Z";
            errors.push("/policy/preorder/release_at", "malformed_time", detail);
        }
        Some(Preorder { quota: quota?, release_at: release_at? })
    }
}

impl SourcingRulesRequest {
    fn collect(&self, rules: &mut SourcingRules, errors: &mut FieldErrors) {
        if let Some(strategy) = self.strategy {
            rules.strategy = strategy.into();
        }
        for (member, given, rule) in
            [("ranking", &self.ranking, &mut rules.ranking), ("closed", &self.closed, &mut rules.closed)]
        {
            let Some(given) = given else { continue };
            // What is too long a list is named once, and not each of its members besides.
            let named = given.iter().take(SourcingRules::LOCATIONS_MAX + 1).enumerate();
            let mut check = |(at, name): (usize, &String)| {
                let pointer = || format!("/policy/sourcing/{member}/{at}");
                errors.name(pointer, LocationId::new(name))
            };
            *rule = named.filter_map(&mut check).collect();
        }
    }
}

fn count(errors: &mut FieldErrors, member: &str, value: Option<Int>, min: u64, max: u64) -> Option<u64> {
    errors.count(|| format!("/policy/{member}"), value?, min, max)
}

fn units(errors: &mut FieldErrors, member: &str, value: Option<Int>) -> Option<Quantity> {
    count(errors, member, value, 0, Quantity::MAX.units()).and_then(Quantity::new)
}

/// The member of a product's policy to look at first.
pub(crate) const fn pointer(contradiction: Contradiction) -> &'static str {
    match contradiction {
        Contradiction::HoldTimes => "/policy/hold_ttl_ms",
        Contradiction::GuestHoldTime => "/policy/guest_hold_ttl_ms",
        Contradiction::LineQuantities => "/policy/line_quantity_min",
        Contradiction::Locations { .. } => "/policy/sourcing",
        Contradiction::UntrackedPreorder | Contradiction::UntrackedWaitingList => "/policy/tracked",
        Contradiction::Components => "/components",
        Contradiction::StockOfBundle => "/policy",
        Contradiction::OfferTime => "/policy/waiting_list/offer_ttl_ms",
    }
}

/// How a product may be sold.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub(crate) struct PolicyBody<'a> {
    /// Whether new units may be promised.
    sellable: bool,
    /// Units at each location that are never promised.
    safety_stock: u64,
    /// How much demand may queue for units that are not there.
    backorders: BackordersWord,
    /// The most units that may queue at a time; `null` unless capped.
    #[schema(required = true)]
    backorder_limit: Option<u64>,
    /// Sale before the release; `null` if there is none.
    #[schema(required = true)]
    preorder: Option<PreorderBody>,
    /// Who of those that queue is served first.
    matching: MatchingWord,
    /// Which locations units are taken from.
    sourcing: SourcingRulesBody<'a>,
    /// How long a hold lasts when nobody says, in milliseconds.
    hold_ttl_ms: u64,
    /// How long a guest's hold lasts when nobody says, in milliseconds; `null` if as long as others'.
    #[schema(required = true)]
    guest_hold_ttl_ms: Option<u64>,
    /// The longest hold a caller may ask for, in milliseconds.
    hold_ttl_max_ms: u64,
    /// The fewest units one request may ask for.
    line_quantity_min: u32,
    /// The most units one request may ask for.
    line_quantity_max: u32,
    /// The units one request asks for are a multiple of this.
    line_quantity_multiple: u32,
    /// Whether units are counted.
    tracked: bool,
    /// On what terms customers may wait for units that come free; `null` if they may not.
    #[schema(required = true, value_type = Option<WaitingRulesRequest>)]
    waiting_list: Option<WaitingRulesBody>,
}

/// On what terms customers wait for units that come free.
#[derive(Serialize)]
struct WaitingRulesBody {
    offer_ttl_ms: u64,
}

/// Sale before a product is released.
#[derive(Serialize, ToSchema)]
#[schema(as = Preorder)]
struct PreorderBody {
    /// Most units that may queue before the release.
    quota: u64,
    /// When the product is released.
    #[schema(value_type = String, format = DateTime)]
    release_at: Instant,
}

/// Which locations units are taken from.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingRules)]
struct SourcingRulesBody<'a> {
    /// What is done where a request does not say.
    strategy: StrategyWord,
    /// Locations from the best to the worst.
    #[schema(value_type = Vec<String>)]
    ranking: Vec<&'a str>,
    /// Locations that nothing new is taken from.
    #[schema(value_type = Vec<String>)]
    closed: Vec<&'a str>,
}

impl<'a> PolicyBody<'a> {
    pub(crate) fn new(policy: &'a Policy) -> Self {
        let names = |locations: &'a [LocationId]| locations.iter().map(LocationId::as_str).collect();
        let (backorders, backorder_limit) = match policy.backorders {
            Backorders::None => (BackordersWord::None, None),
            Backorders::Capped(limit) => (BackordersWord::Capped, Some(limit.units())),
            Backorders::Unlimited => (BackordersWord::Unlimited, None),
        };
        Self {
            sellable: policy.sellable,
            safety_stock: policy.safety_stock.units(),
            backorders,
            backorder_limit,
            preorder: policy.preorder.map(|preorder| PreorderBody {
                quota: preorder.quota.units(),
                release_at: Instant(preorder.release_at),
            }),
            matching: match policy.matching {
                Matching::Arrival => MatchingWord::Arrival,
                Matching::FairShare => MatchingWord::FairShare,
            },
            sourcing: SourcingRulesBody {
                strategy: policy.sourcing.strategy.into(),
                ranking: names(&policy.sourcing.ranking),
                closed: names(&policy.sourcing.closed),
            },
            hold_ttl_ms: policy.hold_ttl_default.0,
            guest_hold_ttl_ms: policy.guest_hold_ttl_default.map(|ttl| ttl.0),
            hold_ttl_max_ms: policy.hold_ttl_max.0,
            line_quantity_min: policy.line_quantity_min.units(),
            line_quantity_max: policy.line_quantity_max.units(),
            line_quantity_multiple: policy.line_quantity_multiple.units(),
            tracked: policy.tracked,
            waiting_list: policy
                .waiting_list
                .map(|rules| WaitingRulesBody { offer_ttl_ms: rules.offer_ttl.0 }),
        }
    }
}
