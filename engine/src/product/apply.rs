//! Take an event in. Events are facts, so whatever does not fit here is an error in this program or a damaged
//! journal, and the assertions that say so stay on in release.

use super::holds::{Held, LocationNumber};
use super::{Allocation, Condition, HoldEnd, Product, ProductEvent, ProductResult, Shelf, StockLevel};
use crate::ids::{HoldId, LocationId};
use crate::operation::OperationRecord;
use crate::quantity::Quantity;
use crate::time::{Sequence, Timestamp};

impl Product {
    /// Takes one event in.
    ///
    /// # Panics
    /// If the event does not fit the state it is applied to.
    pub fn apply(&mut self, event: &ProductEvent) {
        self.version += 1;
        match event {
            ProductEvent::Put { details, operation, at } => {
                self.details_version += 1;
                self.details_at = self.version;
                let created = self.details.is_none();
                if created {
                    self.created_at = *at;
                }
                self.details = Some(details.clone());
                self.updated_at = *at;
                let result = ProductResult::Put { details_version: self.details_version, created };
                self.record(*operation, *at, result);
            }
            ProductEvent::Deleted { operation, at } => {
                assert!(
                    self.levels().all(|(_, level)| level.on_hand.is_zero() && level.claimed().is_zero()),
                    "{} is empty when it is deleted",
                    self.sku
                );
                self.details = None;
                self.record(*operation, *at, ProductResult::Deleted);
            }
            ProductEvent::Adjusted { location, condition, delta, became, operation, at, .. } => {
                self.change_level(location, |level| *level = adjusted(*level, *condition, *delta, *became));
                let (condition, delta, level) = (*condition, *delta, self.level(location));
                let result = ProductResult::Adjusted { location: location.clone(), condition, delta, level };
                self.record(*operation, *at, result);
            }
            ProductEvent::HoldOpened { hold, location, quantity, expires_at } => {
                let units = Quantity::from(*quantity);
                let number = self.change_level(location, |level| level.held = sum(level.held, units));
                let before = self.holds.insert(*hold, Held::new(number, *quantity, Some(*expires_at)));
                assert!(before.is_none(), "I3: {hold:?} is opened once");
                self.deadlines.insert((*expires_at, *hold));
                self.check_grant(location);
            }
            ProductEvent::HoldMoved { hold, expires_at } => self.move_deadline(*hold, *expires_at),
            ProductEvent::HoldCommitted { hold, quantity } => {
                let ended = self.end_hold(*hold);
                assert!(*quantity <= Quantity::from(ended.quantity), "a commit takes at most what was held");
                let location = self.location(ended.location).clone();
                self.change_level(&location, |level| level.allocated = sum(level.allocated, *quantity));
                let allocation =
                    Allocation { location, committed: *quantity, progress: super::Fulfilment::default() };
                self.allocations.insert(*hold, allocation);
            }
            ProductEvent::HoldEnded {
                hold,
                why: HoldEnd::Released | HoldEnd::Expired | HoldEnd::Abandoned,
            } => {
                self.end_hold(*hold);
            }
            ProductEvent::AllocationAdvanced { hold, to } => self.advance(*hold, *to),
        }
    }

    /// Tells the product where the last applied event stands in the journal.
    pub fn journaled(&mut self, sequence: Sequence) {
        self.sequence = sequence;
        if self.details_at == self.version {
            self.details_sequence = sequence;
        }
        self.operations.set_sequence(self.version, sequence);
    }

    fn record(&mut self, operation: crate::operation::Operation, at: Timestamp, result: ProductResult) {
        let record =
            OperationRecord { operation, at, version: self.version, sequence: Sequence::default(), result };
        self.operations.record(record);
    }

    fn change_level(
        &mut self,
        location: &LocationId,
        change: impl FnOnce(&mut StockLevel),
    ) -> LocationNumber {
        if !self.shelves.contains_key(location) {
            let Ok(number) = u32::try_from(self.locations.len()) else {
                panic!("{} has more locations than there are names", self.sku)
            };
            self.locations.push(location.clone());
            let shelf = Shelf { number: LocationNumber(number), level: StockLevel::default() };
            self.shelves.insert(location.clone(), shelf);
        }
        let Some(shelf) = self.shelves.get_mut(location) else { unreachable!("it was put there just now") };
        change(&mut shelf.level);
        shelf.level.check();
        shelf.number
    }

    fn check_grant(&self, location: &LocationId) {
        let Some(details) = &self.details else { panic!("I1: {} is known when units are granted", self.sku) };
        let level = self.level(location);
        assert!(
            level.claimed() <= level.claimable(&details.policy),
            "I1: {} at {location}: held {} + allocated {} within what may be claimed of {} on hand",
            self.sku,
            level.held,
            level.allocated,
            level.on_hand
        );
    }

    fn move_deadline(&mut self, id: HoldId, expires_at: Option<Timestamp>) {
        let Some(hold) = self.holds.get_mut(id) else { panic!("I3: {id:?} is live when its deadline moves") };
        if let Some(old) = hold.expires_at() {
            self.deadlines.remove(&(old, id));
        }
        hold.move_deadline(expires_at);
        if let Some(new) = expires_at {
            self.deadlines.insert((new, id));
        }
    }

    fn end_hold(&mut self, id: HoldId) -> Held {
        let Some(hold) = self.holds.remove(id) else { panic!("I3: {id:?} ends exactly once") };
        if let Some(deadline) = hold.expires_at() {
            self.deadlines.remove(&(deadline, id));
        }
        let units = Quantity::from(hold.quantity);
        let location = self.location(hold.location).clone();
        self.change_level(&location, |level| level.held = difference(level.held, units));
        hold
    }

    fn advance(&mut self, id: HoldId, to: super::Fulfilment) {
        let Some(allocation) = self.allocations.get_mut(&id) else {
            panic!("{id:?} was committed before it advances")
        };
        let before = allocation.open();
        let shipped = difference(to.shipped, allocation.progress.shipped);
        let returned = difference(to.returned, allocation.progress.returned);
        let damaged = difference(to.damaged, allocation.progress.damaged);
        allocation.progress = to;
        let closed = difference(before, allocation.open());
        let location = allocation.location.clone();
        self.change_level(&location, |level| {
            level.allocated = difference(level.allocated, closed);
            level.on_hand = sum(difference(level.on_hand, shipped), returned);
            level.damaged = sum(level.damaged, damaged);
        });
    }
}

/// A level after a movement.
fn adjusted(level: StockLevel, condition: Condition, delta: i64, became: Option<Condition>) -> StockLevel {
    let changed = level.changed(condition, delta);
    let changed = changed.and_then(|level| match became {
        Some(other) => level.changed(other, delta.checked_neg()?),
        None => Some(level),
    });
    match changed {
        Some(level) => level,
        None => panic!("I1: {level:?} changed by {delta} {condition:?} (now {became:?}) is still a level"),
    }
}

fn sum(a: Quantity, b: Quantity) -> Quantity {
    match a.checked_add(b) {
        Some(sum) => sum,
        None => panic!("I1: {a} + {b} is a count"),
    }
}

fn difference(a: Quantity, b: Quantity) -> Quantity {
    match a.checked_sub(b) {
        Some(difference) => difference,
        None => panic!("I1: {a} - {b} is not below zero"),
    }
}
