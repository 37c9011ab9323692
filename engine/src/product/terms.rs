//! On what terms a claim is made.

use std::sync::Arc;

use super::sourcing::Strategy;
use crate::ids::LocationId;
use crate::rejection::Rejection;
use crate::time::{Millis, Timestamp};

/// What becomes of the units of a claim that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// The claim is refused: all of it now, or nothing.
    FillOrKill,
    /// They are dropped: what is there now, and no more.
    ImmediateOrCancel,
    /// They queue until the claim ends.
    GoodTilCancelled,
    /// They queue, and those that still do at this instant are dropped. What is only held is not: the date counts from the
    /// commit on.
    GoodTilDate(Timestamp),
}

impl TimeInForce {
    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FillOrKill => "fill_or_kill",
            Self::ImmediateOrCancel => "immediate_or_cancel",
            Self::GoodTilCancelled => "good_til_cancelled",
            Self::GoodTilDate(_) => "good_til_date",
        }
    }

    /// Whether a part of what was asked for may be dropped: at once, or later.
    pub const fn may_drop(self) -> bool {
        match self {
            Self::FillOrKill | Self::GoodTilCancelled => false,
            Self::ImmediateOrCancel | Self::GoodTilDate(_) => true,
        }
    }

    /// Whether what is not there may queue.
    pub const fn queues(self) -> bool {
        match self {
            Self::FillOrKill | Self::ImmediateOrCancel => false,
            Self::GoodTilCancelled | Self::GoodTilDate(_) => true,
        }
    }
}

/// How far ahead the date may lie up to which a claim queues: two years.
pub const GOOD_TIL_AHEAD_MAX: Millis = Millis(2 * 366 * 24 * 60 * 60 * 1000);

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

impl Terms {
    /// The date up to which what is not there queues, if there is one.
    pub fn good_til(&self) -> Option<Timestamp> {
        match self.time_in_force {
            Some(TimeInForce::GoodTilDate(date)) => Some(date),
            Some(
                TimeInForce::FillOrKill | TimeInForce::ImmediateOrCancel | TimeInForce::GoodTilCancelled,
            )
            | None => None,
        }
    }

    /// Checks that the date lies ahead, seen from this instant, and not too far.
    ///
    /// # Errors
    /// [`Rejection::GoodTilOutOfRange`].
    pub fn check_date(&self, at: Timestamp) -> Result<(), Rejection> {
        match self.good_til() {
            Some(date) if date <= at || date.since(at) > GOOD_TIL_AHEAD_MAX => {
                Err(Rejection::GoodTilOutOfRange { requested: date, latest: at.plus(GOOD_TIL_AHEAD_MAX) })
            }
            _ => Ok(()),
        }
    }
}
