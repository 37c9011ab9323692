//! When those that queue will be served, as far as the lots on their way can tell.
//!
//! The lots are put on the shelves in the order in which they are expected, and after each one the queue is served as it
//! would be then: by the same rules, and only from where each may be served. What a shelf lacks already, because more is
//! claimed there than lies there or its safety stock is not full, is made up first. Before a release nothing is given to
//! anybody, so what lies there by then counts as arriving at the release.
//!
//! A forecast is no decision: nothing rests on it but what people are told. Lots of which nobody knows when they come
//! are left out, and one that is late keeps the instant at which it was expected, so that a promise in the past says what
//! it is.

use super::book::Rank;
use super::decide::{Vessel, pour};
use super::holds::LocationNumber;
use super::{Matching, Product};
use crate::ids::HoldId;
use crate::time::Timestamp;

/// What is to be expected of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forecast {
    /// When the last unit of a promise will be there, by promise; those that the lots do not suffice for are left out.
    promised: Vec<(HoldId, Timestamp)>,
    /// When units will be there that nobody queues for now.
    pub next_available_at: Option<Timestamp>,
}

impl Forecast {
    /// When all units will be there that a promise queues for; `None` if it does not queue, or nobody knows.
    pub fn promised_at(&self, hold: HoldId) -> Option<Timestamp> {
        self.promised.iter().find(|(promised, _)| *promised == hold).map(|(_, at)| *at)
    }
}

/// Units that come to a shelf.
struct Supply {
    due: Timestamp,
    number: LocationNumber,
    units: i64,
}

/// A promise that queues.
struct Waiting {
    rank: Rank,
    asked: Option<LocationNumber>,
    hold: HoldId,
    has: u64,
    left: u64,
    good_til: Option<Timestamp>,
}

impl Waiting {
    fn takes_from(&self, number: LocationNumber) -> bool {
        self.asked.is_none_or(|asked| asked == number)
    }

    fn take(&mut self, units: u64) {
        self.has += units;
        self.left -= units;
    }
}

impl Product {
    /// What is to be expected, seen from this instant. There is nothing to be done for a product of which nothing is on
    /// its way.
    pub fn forecast(&self, at: Timestamp) -> Forecast {
        let mut forecast = Forecast::default();
        if !self.policy().tracked
            || self.details.is_none()
            || (self.lots_open() == 0 && !self.policy().is_before_release(at))
        {
            return forecast;
        }
        let (mut spare, supplies) = self.supplies(at);
        let mut waiting = self.waiting();
        for Supply { due, number, units } in supplies {
            let Some(spare) = spare.get_mut(number.0 as usize) else { continue };
            *spare += units;
            // Whose date is over by then queues no more.
            waiting.retain(|one| one.good_til.is_none_or(|date| due < date));
            let free = u64::try_from(*spare).unwrap_or(0);
            let given = serve(self.policy().matching, number, free, &mut waiting);
            *spare -= given.cast_signed();
            let served = waiting.extract_if(.., |one| one.left == 0);
            forecast.promised.extend(served.map(|one| (one.hold, due)));
            if *spare > 0 && self.policy().sellable {
                forecast.next_available_at.get_or_insert(due);
            }
        }
        forecast
    }

    /// What each shelf has beyond what is claimed there, by number, below zero where it lacks some; and what will come to
    /// the open ones, in the order in which it will.
    fn supplies(&self, at: Timestamp) -> (Vec<i64>, Vec<Supply>) {
        let policy = self.policy();
        let release = policy.preorder.map(|preorder| preorder.release_at).filter(|release| *release > at);
        let mut spare: Vec<_> = self.shelves.iter().map(|shelf| shelf.level.spare(policy)).collect();
        let mut supplies = Vec::new();
        for number in self.numbers() {
            let location = self.name(number);
            if policy.sourcing.closed.contains(location) {
                continue;
            }
            if let (Some(due), Some(spare)) = (release, spare.get_mut(number.0 as usize)) {
                let units = (*spare).max(0);
                *spare -= units;
                supplies.push(Supply { due, number, units });
            }
            for (_, lot) in self.lots().filter(|(_, lot)| lot.location == *location) {
                let Some(expected_at) = lot.expected_at else { continue };
                let due = release.map_or(expected_at, |release| release.max(expected_at));
                supplies.push(Supply { due, number, units: lot.left().units().cast_signed() });
            }
        }
        // Of those that come at the same instant, the locations keep the order in which they serve.
        supplies.sort_by_key(|supply| supply.due);
        (spare, supplies)
    }

    /// Everybody who queues, in the order of the book.
    fn waiting(&self) -> Vec<Waiting> {
        let waiting = self.book.iter().filter_map(|(rank, asked, hold)| {
            let allocation = self.allocations.get(&hold)?;
            let (has, left) = (allocation.filled().units(), allocation.queued.units());
            Some(Waiting { rank, asked, hold, has, left, good_til: allocation.good_til })
        });
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_unstable_by_key(|one| one.rank);
        waiting
    }
}

/// Gives units at a location to those that may take them, and answers how many were given.
fn serve(matching: Matching, number: LocationNumber, free: u64, waiting: &mut [Waiting]) -> u64 {
    let mut left = free;
    let of_class = |a: &Waiting, b: &Waiting| a.rank.class == b.rank.class;
    for class in waiting.chunk_by_mut(of_class) {
        if left == 0 {
            break;
        }
        match matching {
            Matching::Arrival => {
                for one in class.iter_mut().filter(|one| one.takes_from(number)) {
                    let units = left.min(one.left);
                    one.take(units);
                    left -= units;
                }
            }
            Matching::FairShare => left = share(number, left, class),
        }
    }
    free - left
}

/// Gives units to those of one class, whoever has least first. Answers what is left over.
fn share(number: LocationNumber, units: u64, class: &mut [Waiting]) -> u64 {
    let here = || class.iter().filter(|one| one.takes_from(number));
    let vessels = here().map(|one| Vessel { hold: one.hold, level: one.has, room: one.left }).collect();
    let mut fills = Vec::new();
    let left = pour(units, vessels, &mut fills);
    // The fills stand in the order of those who get them.
    let mut fills = fills.into_iter().peekable();
    for one in class {
        if let Some(fill) = fills.next_if(|fill| fill.hold == one.hold) {
            one.take(fill.units.units().into());
        }
    }
    left
}
