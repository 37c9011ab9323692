//! What the merchant decides about a product: its name, its price, and how it may be sold.

use smol_str::SmolStr;

use super::bundle::Component;
use super::sourcing::SourcingRules;
use crate::ids::{LocationId, Sku};
use crate::money::UnitPrice;
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::{Millis, Timestamp};

/// A product's description, as far as selling needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProductDetails {
    /// Name for people; may be empty. At most [`ProductDetails::NAME_BYTES_MAX`].
    pub name: SmolStr,
    /// List price of a unit, for orders that bring no price of their own.
    pub price: Option<UnitPrice>,
    /// How it may be sold.
    pub policy: Policy,
    /// What each unit of it is made of, if it is a bundle; nothing otherwise. Each product once, and not itself.
    pub components: Box<[Component]>,
}

impl ProductDetails {
    /// Most bytes a name may have; the longest in a real catalogue of 20,000 has 301 characters.
    pub const NAME_BYTES_MAX: usize = 512;
}

/// How a product may be sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Whether new units may be promised at all. What is already held or allocated is not touched by it.
    pub sellable: bool,
    /// Units at each location that are never promised.
    pub safety_stock: Quantity,
    /// How much demand may queue for units that are not there.
    pub backorders: Backorders,
    /// Sale before there is anything to be had.
    pub preorder: Option<Preorder>,
    /// Who of those that queue is served first.
    pub matching: Matching,
    /// Which locations units are taken from.
    pub sourcing: SourcingRules,
    /// How long a hold lasts when the caller names no time.
    pub hold_ttl_default: Millis,
    /// The same for a guest, who often leaves without a word; as for others if none.
    pub guest_hold_ttl_default: Option<Millis>,
    /// The longest time a caller may name.
    pub hold_ttl_max: Millis,
    /// The fewest units one line may ask for.
    pub line_quantity_min: LineQuantity,
    /// The most units one line may ask for: one mistyped order must not empty a shelf.
    pub line_quantity_max: LineQuantity,
    /// What a line asks for is a multiple of this: boxes of six are sold by six.
    pub line_quantity_multiple: LineQuantity,
    /// Whether units are counted. Of a product that is not, everybody gets what he asks for.
    pub tracked: bool,
    /// Whether customers may wait for units that come free, and on what terms.
    pub waiting_list: Option<WaitingRules>,
}

/// On what terms customers wait for units that come free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WaitingRules {
    /// How long units are kept for a customer they are offered to; within the bounds of a hold.
    pub offer_ttl: Millis,
}

/// How much demand for a product may queue for units that are not there, over all locations and customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Backorders {
    /// None: what is not there is refused.
    #[default]
    None,
    /// At most so many units at a time.
    Capped(Quantity),
    /// As much as anybody wants.
    Unlimited,
}

/// Sale before a product is released: every unit asked for queues, whether some lie there already or not, and the queue
/// is served from the release on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Preorder {
    /// Most units that may queue before the release.
    pub quota: Quantity,
    /// From this instant on the product is sold like any other.
    pub release_at: Timestamp,
}

/// Who of those that queue is served first. Priority classes come before everything: as long as one of a better class
/// could be served, nobody of a worse one is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Matching {
    /// Who came first.
    #[default]
    Arrival,
    /// Who has got least of what was promised so far; among those, who came first.
    FairShare,
}

/// Which rules of a policy contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The default hold time.
    #[error("the default hold time must lie between 100 ms and the longest, and that within 30 days")]
    HoldTimes,
    /// The default hold time of guests.
    #[error("the default hold time of guests must lie between 100 ms and the longest")]
    GuestHoldTime,
    /// No quantity satisfies the rules for a line.
    #[error("no quantity is a multiple of what a line must be and lies between its bounds")]
    LineQuantities,
    /// A list of locations.
    #[error("a list of locations may name {max} at most, and none twice")]
    Locations {
        /// Most a list may name.
        max: usize,
    },
    /// Units that are not counted cannot be waited for.
    #[error("a product that is not tracked cannot be sold before its release: nothing of it queues")]
    UntrackedPreorder,
    /// How long an offer lasts.
    #[error("an offer must last from 100 ms to 30 days")]
    OfferTime,
    /// Units that are not counted cannot be waited for.
    #[error("a product that is not tracked cannot have a waiting list: nobody waits for it")]
    UntrackedWaitingList,
    /// What a bundle is made of.
    #[error("a bundle is made of at most 50 other products, each named once, with at most 1000 units of it")]
    Components,
    /// A bundle has no stock that could be kept back, queued for or taken from somewhere.
    #[error(
        "a bundle has no stock of its own: its policy says whether it is sold, how long it is held and in which quantities, \
         and nothing else"
    )]
    StockOfBundle,
}

impl Policy {
    /// The shortest hold there is.
    pub const HOLD_TTL_MIN: Millis = Millis(100);
    /// The longest hold a policy may allow: 30 days.
    pub const HOLD_TTL_LIMIT: Millis = Millis(30 * 24 * 60 * 60 * 1000);

    /// Finds what cannot be satisfied in it.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), Contradiction> {
        if self.hold_ttl_max > Self::HOLD_TTL_LIMIT
            || self.hold_ttl_default < Self::HOLD_TTL_MIN
            || self.hold_ttl_default > self.hold_ttl_max
        {
            return Err(Contradiction::HoldTimes);
        }
        let guests = self.guest_hold_ttl_default.unwrap_or(self.hold_ttl_default);
        if !(Self::HOLD_TTL_MIN..=self.hold_ttl_max).contains(&guests) {
            return Err(Contradiction::GuestHoldTime);
        }
        let (min, multiple) = (self.line_quantity_min.units(), self.line_quantity_multiple.units());
        if min.next_multiple_of(multiple) > self.line_quantity_max.units() {
            return Err(Contradiction::LineQuantities);
        }
        let SourcingRules { strategy: _, ranking, closed } = &self.sourcing;
        if !(is_list(ranking) && is_list(closed)) {
            return Err(Contradiction::Locations { max: SourcingRules::LOCATIONS_MAX });
        }
        if !self.tracked && self.preorder.is_some() {
            return Err(Contradiction::UntrackedPreorder);
        }
        if let Some(WaitingRules { offer_ttl }) = self.waiting_list {
            if !(Self::HOLD_TTL_MIN..=Self::HOLD_TTL_LIMIT).contains(&offer_ttl) {
                return Err(Contradiction::OfferTime);
            }
            if !self.tracked {
                return Err(Contradiction::UntrackedWaitingList);
            }
        }
        Ok(())
    }

    /// Whether the product is still to be released at this instant.
    pub fn is_before_release(&self, at: Timestamp) -> bool {
        self.preorder.is_some_and(|preorder| at < preorder.release_at)
    }

    /// Most units that may queue at this instant; [`Quantity::MAX`] where there is no limit.
    pub fn queue_limit(&self, at: Timestamp) -> Quantity {
        match (&self.preorder, self.backorders) {
            (Some(preorder), _) if at < preorder.release_at => preorder.quota,
            (_, Backorders::None) => Quantity::ZERO,
            (_, Backorders::Capped(limit)) => limit,
            (_, Backorders::Unlimited) => Quantity::MAX,
        }
    }

    /// Checks what a line asks for.
    ///
    /// # Errors
    /// The first rule it breaks, about the product of this policy.
    pub fn check_line(&self, sku: &Sku, requested: LineQuantity) -> Result<(), Rejection> {
        let (min, max, multiple) =
            (self.line_quantity_min, self.line_quantity_max, self.line_quantity_multiple);
        if requested > max {
            return Err(Rejection::LineTooLarge { sku: sku.clone(), requested, max });
        }
        if requested < min {
            return Err(Rejection::LineTooSmall { sku: sku.clone(), requested, min });
        }
        if !requested.units().is_multiple_of(multiple.units()) {
            return Err(Rejection::LineNotMultiple { sku: sku.clone(), requested, multiple });
        }
        Ok(())
    }
}

/// Whether a list names each location once, and not too many.
fn is_list(locations: &[LocationId]) -> bool {
    let twice = |(at, location)| locations.iter().take(at).any(|before| before == location);
    locations.len() <= SourcingRules::LOCATIONS_MAX && !locations.iter().enumerate().any(twice)
}

impl Policy {
    /// What holds for a product about which nothing else is said.
    pub const USUAL: Self = Self {
        sellable: true,
        safety_stock: Quantity::ZERO,
        backorders: Backorders::None,
        preorder: None,
        matching: Matching::Arrival,
        sourcing: SourcingRules::USUAL,
        hold_ttl_default: Millis(15 * 60 * 1000),
        guest_hold_ttl_default: None,
        hold_ttl_max: Millis(24 * 60 * 60 * 1000),
        line_quantity_min: LineQuantity::ONE,
        line_quantity_max: LineQuantity::MOST,
        line_quantity_multiple: LineQuantity::ONE,
        tracked: true,
        waiting_list: None,
    };
}

impl Default for Policy {
    fn default() -> Self {
        Self::USUAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60 * 1000;

    fn contradiction(policy: &Policy) -> Option<Contradiction> {
        policy.check().err()
    }

    fn hold_times(default: u64, max: u64) -> Policy {
        Policy { hold_ttl_default: Millis(default), hold_ttl_max: Millis(max), ..Policy::USUAL }
    }

    #[test]
    fn a_hold_lasts_from_a_tenth_of_a_second_to_the_longest_and_that_is_a_month_at_most() {
        let month = 30 * 24 * HOUR;
        for (default, max) in [(100, month), (HOUR, HOUR), (100, 100)] {
            assert_eq!(contradiction(&hold_times(default, max)), None, "{default} of {max}");
        }
        for (default, max) in [(99, month), (HOUR + 1, HOUR), (HOUR, month + 1), (0, 0)] {
            let why = contradiction(&hold_times(default, max));
            assert_eq!(why, Some(Contradiction::HoldTimes), "{default} of {max}");
        }
        for (guests, why) in [
            (100, None),
            (HOUR, None),
            (99, Some(Contradiction::GuestHoldTime)),
            (HOUR + 1, Some(Contradiction::GuestHoldTime)),
        ] {
            let guest_hold_ttl_default = Some(Millis(guests));
            let policy = Policy { guest_hold_ttl_default, ..hold_times(HOUR / 2, HOUR) };
            assert_eq!(contradiction(&policy), why, "{guests} for guests");
        }
    }

    #[test]
    fn a_hold_lasts_a_quarter_of_an_hour_and_a_day_at_most_if_nothing_else_is_said() {
        let usual = Policy::default();
        assert_eq!((usual.hold_ttl_default.0, usual.hold_ttl_max.0), (HOUR / 4, 24 * HOUR));
        assert_eq!(contradiction(&usual), None);
    }

    #[test]
    fn a_list_of_locations_names_each_once_and_not_too_many() {
        let list = |count: usize| -> Vec<_> {
            (0..count).map(|number| LocationId::new(&format!("place-{number}")).unwrap()).collect()
        };
        let twice = || [list(3), list(1)].concat();
        let most = SourcingRules::LOCATIONS_MAX;
        for (ranking, closed, is_sound) in [
            (list(most), list(most), true),
            (list(most + 1), list(0), false),
            (list(0), list(most + 1), false),
            (twice(), list(0), false),
            (list(0), twice(), false),
            (twice(), twice(), false),
        ] {
            let sourcing = SourcingRules { ranking, closed, ..SourcingRules::USUAL };
            let why = contradiction(&Policy { sourcing, ..Policy::USUAL });
            assert_eq!(why, (!is_sound).then_some(Contradiction::Locations { max: most }));
        }
    }

    #[test]
    fn a_line_may_have_some_quantity() {
        let units = |units| LineQuantity::new(units).unwrap();
        for (min, max, multiple, is_sound) in [
            (1, 1, 1, true),
            (5, 6, 6, true),
            (7, 12, 6, true),
            (7, 11, 6, false),
            (2, 1, 1, false),
            (1, 5, 6, false),
        ] {
            let policy = Policy {
                line_quantity_min: units(min),
                line_quantity_max: units(max),
                line_quantity_multiple: units(multiple),
                ..Policy::USUAL
            };
            let why = (!is_sound).then_some(Contradiction::LineQuantities);
            assert_eq!(contradiction(&policy), why, "from {min} to {max} by {multiple}");
        }
    }

    #[test]
    fn what_nobody_counts_cannot_be_waited_for() {
        let release = Preorder { quota: Quantity::ZERO, release_at: Timestamp::from_millis(0) };
        let list = |offer_ttl| WaitingRules { offer_ttl: Millis(offer_ttl) };
        let of = |tracked, preorder, waiting_list| {
            contradiction(&Policy { tracked, preorder, waiting_list, ..Policy::USUAL })
        };
        assert_eq!(of(true, Some(release), Some(list(HOUR))), None);
        assert_eq!(of(false, None, None), None);
        assert_eq!(of(false, Some(release), None), Some(Contradiction::UntrackedPreorder));
        assert_eq!(of(false, None, Some(list(HOUR))), Some(Contradiction::UntrackedWaitingList));
        for (offer_ttl, why) in [
            (99, Some(Contradiction::OfferTime)),
            (100, None),
            (30 * 24 * HOUR, None),
            (30 * 24 * HOUR + 1, Some(Contradiction::OfferTime)),
        ] {
            assert_eq!(of(true, None, Some(list(offer_ttl))), why, "an offer for {offer_ttl} ms");
        }
    }
}
