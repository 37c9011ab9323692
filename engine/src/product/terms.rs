//! On what terms a claim is made.

use std::sync::Arc;

use super::sourcing::Strategy;
use crate::ids::LocationId;

/// What becomes of the units of a claim that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// The claim is refused: all of it now, or nothing.
    FillOrKill,
    /// They are dropped: what is there now, and no more.
    ImmediateOrCancel,
    /// They queue until the claim ends.
    GoodTilCancelled,
}

impl TimeInForce {
    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FillOrKill => "fill_or_kill",
            Self::ImmediateOrCancel => "immediate_or_cancel",
            Self::GoodTilCancelled => "good_til_cancelled",
        }
    }
}

/// How urgent queued demand is: 0 before 1 before 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PriorityClass(pub u8);

impl PriorityClass {
    /// What demand has of which nothing is said: there is room before it and after it.
    pub const USUAL: Self = Self(5);
    /// The least urgent.
    pub const LAST: Self = Self(9);
}

impl Default for PriorityClass {
    fn default() -> Self {
        Self::USUAL
    }
}

/// On what terms the claims of a reservation are made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// What becomes of units that are not there; as the product's policy has it if not said: they queue where they may,
    /// otherwise the claim is refused.
    pub time_in_force: Option<TimeInForce>,
    /// How urgent the units that queue are.
    pub class: PriorityClass,
    /// Which locations units come from; as the product's policy has it if not said.
    pub strategy: Option<Strategy>,
    /// Locations by their distance to the customer, the nearest first: they come before all others in rank where the
    /// nearest or the fewest are wanted.
    pub nearest: Option<Arc<[LocationId]>>,
    /// Locations that have most of the basket the claims are a part of, the first first: they come before all others in rank
    /// where the fewest are wanted and nothing is said about distances.
    pub plan: Option<Arc<[LocationId]>>,
}
