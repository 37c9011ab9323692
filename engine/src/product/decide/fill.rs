//! Give free units to those that queue for them.
//!
//! Priority classes come one after the other. Within a class the policy decides:
//!
//! ```text
//!   arrival      who was promised first gets all he queues for, then the next
//!   fair share   who has least of what he was promised gets the next unit; of those, who was promised first
//! ```
//!
//! Fair share is what pouring water into vessels does: all who have least are raised together, until there is nothing
//! left or they have what they queue for. So it does not matter whether units arrive one by one or all at once.

use super::super::holds::LocationNumber;
use super::super::{FILLS_PER_EVENT, Fill, Matching, Product, ProductEvent};
use super::Events;
use crate::ids::HoldId;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Millis, Timestamp};

impl Product {
    /// What of the units that time has made free by this instant goes to those that queue: what a release or the end of a
    /// sale made free before now was free then, so one instant after the other is served; and what still queues on its date
    /// is dropped then, after it was served what was free before. Asked before anything else is decided at this instant, and
    /// again until there is nothing.
    pub fn decide_fills_until(&self, at: Timestamp) -> Events {
        if self.book.is_empty() {
            return Events::new();
        }
        let (release, close) = self.frees_units();
        let date = self.next_date().filter(|date| *date <= at);
        // The last instant at which those whose date comes next still queue.
        let until = date.map_or(at, |date| date.minus(Millis(1)));
        let mut instants = [release, close, Some(until)];
        instants.sort_unstable();
        let instants = instants.into_iter().flatten().filter(|instant| *instant <= until);
        let events = instants.map(|instant| self.decide_fills(instant)).find(|events| !events.is_empty());
        events.or_else(|| date.map(|date| self.decide_lapses(date))).unwrap_or_default()
    }

    /// What of the units that are free at this instant goes to those that queue, for one location at a time: whoever
    /// applies the events asks again until there are none.
    pub fn decide_fills(&self, at: Timestamp) -> Events {
        if self.book.is_empty() || self.details.is_none() {
            return Events::new();
        }
        if !self.policy().tracked {
            return self.decide_fills_untracked();
        }
        let fills = self.numbers().map(|number| (number, self.fills(number, self.free(number, at))));
        let served = fills.into_iter().find(|(_, fills)| !fills.is_empty());
        let Some((number, fills)) = served else { return Events::new() };
        let event = |fills: &[Fill]| ProductEvent::Filled {
            location: self.name(number).clone(),
            fills: fills.to_vec(),
        };
        fills.chunks(FILLS_PER_EVENT).map(event).collect()
    }

    fn fills(&self, number: LocationNumber, free: Quantity) -> Vec<Fill> {
        if free.is_zero() {
            return Vec::new();
        }
        match self.policy().matching {
            Matching::Arrival => self.by_arrival(number, free),
            Matching::FairShare => self.by_fair_share(number, free),
        }
    }

    fn by_arrival(&self, number: LocationNumber, free: Quantity) -> Vec<Fill> {
        let mut left = free;
        let mut fills = Vec::new();
        for (_, hold) in self.book.at(number) {
            let units = left.min(self.queued_by(hold));
            left = left.floor_sub(units);
            fills.extend(fill(hold, units));
            if left.is_zero() {
                break;
            }
        }
        fills
    }

    fn by_fair_share(&self, number: LocationNumber, free: Quantity) -> Vec<Fill> {
        let mut left = free.units();
        let mut fills = Vec::new();
        let mut queue = self.book.at(number).peekable();
        while let Some(class) = queue.peek().map(|(rank, _)| rank.class).filter(|_| left > 0) {
            let of_class = std::iter::from_fn(|| queue.next_if(|(rank, _)| rank.class == class));
            let vessels = of_class.map(|(_, hold)| self.vessel(hold)).collect();
            left = pour(left, vessels, &mut fills);
        }
        fills
    }

    fn vessel(&self, hold: HoldId) -> Vessel {
        let has = self.allocations.get(&hold).map_or(Quantity::ZERO, |allocation| allocation.filled());
        Vessel { hold, level: has.units(), room: self.queued_by(hold).units() }
    }

    fn queued_by(&self, hold: HoldId) -> Quantity {
        self.allocations.get(&hold).map_or(Quantity::ZERO, |allocation| allocation.queued)
    }
}

/// One that queues: how much it has, and how much more it takes.
pub(in super::super) struct Vessel {
    pub(in super::super) hold: HoldId,
    pub(in super::super) level: u64,
    pub(in super::super) room: u64,
}

/// Pours units into vessels, which stand in the order of arrival, so that the lowest are raised first. Answers what is
/// left over.
pub(in super::super) fn pour(units: u64, vessels: Vec<Vessel>, fills: &mut Vec<Fill>) -> u64 {
    let wanted: u64 = vessels.iter().map(|vessel| vessel.room).sum();
    let (mut low, mut high) = (0, vessels.iter().map(|vessel| vessel.level + vessel.room).max().unwrap_or(0));
    let up_to = |level: u64| vessels.iter().map(|vessel| vessel.takes(level)).sum::<u64>();
    // The highest level that the units reach everywhere.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if up_to(middle) <= units { low = middle } else { high = middle - 1 }
    }
    let mut rest = units.min(wanted) - up_to(low);
    for vessel in vessels {
        let mut takes = vessel.takes(low);
        // One more each for those that stand at the level and have room, the first first.
        if rest > 0 && vessel.takes(low + 1) > takes {
            takes += 1;
            rest -= 1;
        }
        fills.extend(fill(vessel.hold, Quantity::new(takes).unwrap_or_default()));
    }
    units.saturating_sub(wanted)
}

impl Vessel {
    /// Units it takes until it stands at this level or is full.
    fn takes(&self, level: u64) -> u64 {
        level.saturating_sub(self.level).min(self.room)
    }
}

fn fill(hold: HoldId, units: Quantity) -> Option<Fill> {
    let units = LineQuantity::new(u32::try_from(units.units()).ok()?)?;
    Some(Fill { hold, units })
}
