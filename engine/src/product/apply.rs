//! Take an event in. Events are facts, so whatever does not fit here is an error in this program or a damaged
//! journal, and the assertions that say so stay on in release.

mod location;
mod lot;
mod remember;
mod waiting;

use std::sync::Arc;

use super::allocation::Part;
use super::holds::{Held, HeldSpread, LocationNumber};
use super::sale::Claimed;
use super::{
    Allocation, Condition, Fill, FromOffer, Fulfilment, HoldEnd, Product, ProductEvent, ProductResult, Rank,
    Sale, SaleTerms, Shelf, Sources, StockLevel,
};
use crate::ids::{CustomerId, HoldId, LocationId};
use crate::operation::OperationRecord;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Sequence, Timestamp};

impl Product {
    /// Takes one event in.
    ///
    /// # Panics
    /// If the event does not fit the state it is applied to.
    pub fn apply(&mut self, event: &ProductEvent) {
        self.version += 1;
        self.take_in(event);
        self.remember(event);
    }

    fn take_in(&mut self, event: &ProductEvent) {
        match event {
            ProductEvent::Put { details, operation, at } => {
                self.details_version += 1;
                self.details_at = self.version;
                let created = self.details.is_none();
                if created {
                    self.created_at = *at;
                }
                self.details = Some((**details).clone());
                self.updated_at = *at;
                let result = ProductResult::Put { details_version: self.details_version, created };
                self.record(*operation, *at, result);
            }
            ProductEvent::Deleted { operation, at } => {
                assert!(
                    self.levels().all(|(_, level)| level.on_hand.is_zero() && level.claimed().is_zero())
                        && self.queued.is_zero()
                        && self.lots().next().is_none(),
                    "{} is empty when it is deleted",
                    self.sku
                );
                self.details = None;
                self.sale = None;
                self.waiting = None;
                self.record(*operation, *at, ProductResult::Deleted);
            }
            ProductEvent::Adjusted { location, condition, delta, became, operation, at, stamped, .. } => {
                let number = self.stocked(location);
                self.change_level(number, |level| *level = adjusted(*level, *condition, *delta, *became));
                let (condition, delta, level) = (*condition, *delta, self.level(location));
                let (location, stamped) = (location.clone(), stamped.clone());
                let result = ProductResult::Adjusted { location, condition, delta, level, stamped };
                self.record(*operation, *at, result);
            }
            ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, offer } => {
                if let Some(offer) = offer {
                    self.take_from_offer(*hold, offer);
                }
                self.open(*hold, *quantity, sources, Some(*expires_at));
                self.check_grants(*quantity, sources, offer.as_deref());
                if let Some(buyer) = buyer {
                    let claimed = Claimed { customer: buyer.clone(), before: Quantity::ZERO };
                    self.count_in_sale(*hold, claimed, sources, *quantity);
                    self.check_limit(buyer);
                }
            }
            ProductEvent::SalePut { terms, operation, at } => {
                self.put_sale(terms);
                self.record_sale(*operation, *at);
            }
            ProductEvent::SaleEnded { operation, at } => {
                match &mut self.sale {
                    Some(sale) => sale.end(),
                    None => panic!("{} has a sale that is ended", self.sku),
                }
                self.record_sale(*operation, *at);
            }
            ProductEvent::HoldMoved { hold, expires_at } => self.move_deadline(*hold, *expires_at),
            ProductEvent::HoldChanged { hold, quantity, sources, buyer } => {
                self.change_hold(*hold, *quantity, sources, buyer.as_ref());
            }
            ProductEvent::HoldCommitted { hold, quantity, arrival, at } => {
                self.commit(*hold, *quantity, *arrival, *at);
                self.end_taken(*hold, false);
            }
            ProductEvent::HoldEnded { hold, why } => {
                let ended = self.end_live_hold(*hold, *why);
                assert!(ended, "I3: {hold:?} ends exactly once");
            }
            ProductEvent::AllocationAdvanced { hold, location, by, counted, at: _ } => {
                self.advance(*hold, location, *by, *counted);
            }
            ProductEvent::DemandLowered { hold, by } => self.lower_demand(*hold, *by),
            ProductEvent::DemandLapsed { hold, by, at: _ } => self.lapse_demand(*hold, *by),
            ProductEvent::Filled { location, fills } => self.fill(location, fills),
            ProductEvent::LocationDeleted { location, to, left, operation, at } => {
                self.location_deleted(event, location, to.as_ref(), left.units, *at);
                let (location, to, units) = (location.clone(), to.clone(), left.units);
                self.record(*operation, *at, ProductResult::LocationDeleted { location, to, units });
            }
            ProductEvent::Waiting { customer, what } => self.waiting_changed(customer, what),
            ProductEvent::Lot { lot, what, operation, at } => {
                let result = self.lot_changed(*lot, what);
                self.record(*operation, *at, result);
            }
        }
    }

    /// Tells the product where the last applied event stands in the journal.
    pub fn journaled(&mut self, sequence: Sequence) {
        self.journaled_together(sequence, 1);
    }

    /// Tells the product where the last applied events stand in the journal: so many in a row, from there on.
    pub fn journaled_together(&mut self, first: Sequence, events: u64) {
        let Some(last) = events.checked_sub(1) else { return };
        self.sequence = first.plus(last);
        let oldest = self.version - last;
        if let Some(after) = self.details_at.checked_sub(oldest) {
            self.details_sequence = first.plus(after);
        }
        for after in 0..events {
            self.operations.set_sequence(oldest + after, first.plus(after));
        }
    }

    fn record(&mut self, operation: crate::operation::Operation, at: Timestamp, result: ProductResult) {
        let record =
            OperationRecord { operation, at, version: self.version, sequence: Sequence::default(), result };
        self.operations.record(record);
    }

    fn number_or_new(&mut self, location: &LocationId) -> LocationNumber {
        let found = self.by_name.binary_search_by(|number| self.name(*number).cmp(location));
        let position = match found {
            Ok(position) => match self.by_name.get(position) {
                Some(number) => return *number,
                None => unreachable!("it was found there just now"),
            },
            Err(position) => position,
        };
        if let Some(number) = self.listed_again(location, position) {
            return number;
        }
        let number = match u32::try_from(self.shelves.len()) {
            Ok(number) if LocationNumber(number) != LocationNumber::SEVERAL => LocationNumber(number),
            _ => panic!("{} has more locations than there are names", self.sku),
        };
        let (location, level) = (location.clone(), StockLevel::default());
        self.shelves.push(Shelf {
            location,
            level,
            incoming: Quantity::ZERO,
            is_stocked: false,
            is_deleted: false,
            recent: None,
        });
        self.by_name.insert(position, number);
        number
    }

    /// A location at which the merchant counts or expects units.
    fn stocked(&mut self, location: &LocationId) -> LocationNumber {
        let number = self.number_or_new(location);
        let shelf = self.shelf_mut(number);
        (shelf.is_stocked, shelf.is_deleted) = (true, false);
        number
    }

    fn shelf_mut(&mut self, number: LocationNumber) -> &mut Shelf {
        match self.shelves.get_mut(number.0 as usize) {
            Some(shelf) => shelf,
            None => panic!("{}: {number:?} was given to a location", self.sku),
        }
    }

    fn change_level(&mut self, number: LocationNumber, change: impl FnOnce(&mut StockLevel)) {
        let shelf = self.shelf_mut(number);
        change(&mut shelf.level);
        shelf.level.check();
    }

    pub(super) fn check_grant(&self, number: LocationNumber) {
        assert!(self.details.is_some(), "I1: {} is known when units are granted", self.sku);
        let Shelf { location, level, .. } = self.shelf(number);
        assert!(
            level.claimed() <= level.claimable(self.policy()),
            "I1: {} at {location}: held {} + allocated {} within what may be claimed of {} on hand",
            self.sku,
            level.held,
            level.allocated,
            level.on_hand
        );
    }

    fn check_grants(&self, quantity: LineQuantity, sources: &Sources, offer: Option<&FromOffer>) {
        for (location, units) in sources.filled(quantity) {
            // What was on offer was claimed before, and whatever has become of the stock since, it may be taken.
            let was_offered = offer.is_some_and(|offer| offer.has(location, units));
            let number = self.number(location).filter(|_| !was_offered);
            number.into_iter().for_each(|number| self.check_grant(number));
        }
    }

    /// Lets a hold have these units instead of those it has.
    fn change_hold(
        &mut self,
        id: HoldId,
        quantity: LineQuantity,
        sources: &Sources,
        buyer: Option<&CustomerId>,
    ) {
        let expires_at = self.holds.get(id).and_then(Held::expires_at);
        let (before, spread) = self.end_hold(id);
        let counted = self.leave_sale(id, before, &spread);
        self.open(id, quantity, sources, expires_at);
        for (location, units) in sources.filled(quantity) {
            let number = self.number_or_new(location);
            let had = spread.filled.iter().find(|(at, _)| *at == number);
            if had.is_none_or(|(_, had)| units > *had) {
                self.check_grant(number);
            }
        }
        let began_now = || Some(Claimed { customer: buyer?.clone(), before: before.into() });
        let claimed = counted.or_else(began_now);
        if let Some(claimed) = claimed.filter(|claimed| claimed.before < quantity.into()) {
            self.count_in_sale(id, claimed, sources, quantity);
        }
        if let Some(buyer) = buyer {
            self.check_limit(buyer);
        }
    }

    fn open(&mut self, id: HoldId, quantity: LineQuantity, sources: &Sources, expires_at: Option<Timestamp>) {
        match sources {
            Sources::At { location, .. } => {
                let number = self.number_or_new(location);
                self.open_at(number, id, quantity, expires_at);
            }
            Sources::Spread(spread) => {
                let filled = spread.filled.iter().map(|source| {
                    let number = self.number_or_new(&source.location);
                    self.take(number, source.units);
                    (number, source.units)
                });
                let filled = filled.collect();
                let asked = spread.asked.as_ref().map(|asked| self.number_or_new(asked));
                self.queued = sum(self.queued, spread.queued);
                let (queued, class, good_til) = (spread.queued, spread.class, spread.good_til);
                let held = HeldSpread { asked, filled, queued, class, good_til };
                self.spread.insert(id, held);
                self.keep(id, Held::new(LocationNumber::SEVERAL, quantity, expires_at));
            }
        }
    }

    /// Holds units that all lie at one location.
    pub(super) fn open_at(
        &mut self,
        number: LocationNumber,
        id: HoldId,
        quantity: LineQuantity,
        expires_at: Option<Timestamp>,
    ) {
        self.take(number, quantity);
        self.keep(id, Held::new(number, quantity, expires_at));
    }

    fn keep(&mut self, id: HoldId, held: Held) {
        let before = self.holds.insert(id, held);
        assert!(before.is_none() && !self.allocations.contains_key(&id), "I3: {id:?} is opened once");
        if let Some(expires_at) = held.expires_at() {
            self.deadlines.insert(expires_at, id);
        }
    }

    fn put_sale(&mut self, terms: &SaleTerms) {
        match &mut self.sale {
            Some(sale) if sale.terms().id == terms.id => sale.change(terms.clone()),
            // The limits of one sale are none of the next.
            sale => {
                *sale = Some(Box::new(Sale::new(terms.clone())));
                if let Some(waiting) = &mut self.waiting {
                    waiting.forget_sale();
                }
            }
        }
    }

    fn record_sale(&mut self, operation: crate::operation::Operation, at: Timestamp) {
        let sale = self.sale.as_ref().map(|sale| (Arc::clone(sale.terms()), sale.status(at)));
        if let Some((terms, status)) = sale {
            self.record(operation, at, ProductResult::Sale { terms, status });
        }
    }

    pub(super) fn count_in_sale(
        &mut self,
        id: HoldId,
        claimed: Claimed,
        sources: &Sources,
        quantity: LineQuantity,
    ) {
        let filled: smallvec::SmallVec<[_; 2]> = sources
            .filled(quantity)
            .filter_map(|(location, units)| Some((self.number(location)?, Quantity::from(units))))
            .collect();
        let Some(sale) = &mut self.sale else { panic!("{id:?} counts in a sale") };
        sale.enter(&claimed.customer);
        sale.claim(id, claimed, quantity.into());
        filled.into_iter().for_each(|(number, units)| sale.take(number, units));
    }

    pub(super) fn check_limit(&self, buyer: &CustomerId) {
        let Some(sale) = &self.sale else { return };
        let bought = sale.bought_by(buyer);
        assert!(
            sale.terms().per_customer.is_none_or(|limit| bought <= limit.into()),
            "I5: {}: {buyer} has {bought} units of {}",
            self.sku,
            sale.terms().id
        );
    }

    fn take(&mut self, number: LocationNumber, units: LineQuantity) {
        self.change_level(number, |level| level.held = sum(level.held, units.into()));
    }

    fn move_deadline(&mut self, id: HoldId, expires_at: Option<Timestamp>) {
        let Some(hold) = self.holds.get_mut(id) else { panic!("I3: {id:?} is live when its deadline moves") };
        let old = hold.expires_at();
        hold.move_deadline(expires_at);
        if let Some(old) = old {
            self.deadlines.remove(old, id, &self.holds);
        }
        if let Some(new) = expires_at {
            self.deadlines.insert(new, id);
        }
    }

    /// A hold is over and nothing is promised. Answers whether it was live.
    pub(super) fn end_live_hold(&mut self, id: HoldId, why: HoldEnd) -> bool {
        let Some(hold) = self.take_hold(id) else { return false };
        if hold.location != LocationNumber::SEVERAL && self.sale.is_none() {
            self.release(hold.location, hold.quantity);
        } else {
            let spread = self.spread_of(id, hold);
            self.give_up(&spread);
            self.leave_sale(id, hold.quantity, &spread);
        }
        let never_was = match why {
            HoldEnd::Abandoned => true,
            HoldEnd::Released | HoldEnd::Expired => false,
        };
        self.end_taken(id, never_was);
        true
    }

    /// A hold is over, or begins anew. Answers what it had.
    fn end_hold(&mut self, id: HoldId) -> (LineQuantity, HeldSpread) {
        let Some(hold) = self.take_hold(id) else { panic!("I3: {id:?} ends exactly once") };
        let spread = self.spread_of(id, hold);
        self.give_up(&spread);
        (hold.quantity, spread)
    }

    fn take_hold(&mut self, id: HoldId) -> Option<Held> {
        let hold = self.holds.remove(id)?;
        if let Some(deadline) = hold.expires_at() {
            self.deadlines.remove(deadline, id, &self.holds);
        }
        Some(hold)
    }

    fn spread_of(&mut self, id: HoldId, hold: Held) -> HeldSpread {
        if hold.location == LocationNumber::SEVERAL {
            let Some(spread) = self.spread.remove(&id) else {
                panic!("{id:?}: it is known where its units are")
            };
            spread
        } else {
            HeldSpread::at(hold.location, hold.quantity)
        }
    }

    fn give_up(&mut self, spread: &HeldSpread) {
        for (number, units) in &spread.filled {
            self.release(*number, *units);
        }
        self.queued = difference(self.queued, spread.queued);
    }

    fn release(&mut self, number: LocationNumber, units: LineQuantity) {
        self.change_level(number, |level| level.held = difference(level.held, units.into()));
    }

    /// A claim is over, or begins anew as a promise. Answers what the sale knew of it, if it counted there.
    fn leave_sale(&mut self, id: HoldId, quantity: LineQuantity, spread: &HeldSpread) -> Option<Claimed> {
        let sale = self.sale.as_mut()?;
        let claimed = sale.forget(id, quantity.into())?;
        sale.leave(&claimed.customer);
        for (number, units) in &spread.filled {
            sale.put_back(*number, (*units).into());
        }
        Some(claimed)
    }

    fn commit(&mut self, id: HoldId, quantity: Quantity, arrival: Sequence, at: Timestamp) {
        let (held, spread) = self.end_hold(id);
        let claimed = self.leave_sale(id, held, &spread);
        assert!(quantity <= held.into(), "a commit takes at most what was held");
        let mut left = quantity;
        let mut parts = smallvec::SmallVec::new();
        for (location, units) in spread.filled {
            let open = left.min(units.into());
            left = left.floor_sub(open);
            if !open.is_zero() {
                parts.push(Part { location, open, away: Quantity::ZERO });
                self.change_level(location, |level| level.allocated = sum(level.allocated, open));
            }
        }
        let rank = Rank { class: spread.class, arrival, line: id.line };
        let good_til = spread.good_til.filter(|_| !left.is_zero());
        let mut lapsed = Quantity::ZERO;
        if good_til.is_some_and(|date| date <= at) {
            // Too late to queue.
            std::mem::swap(&mut left, &mut lapsed);
        }
        let allocation = Allocation {
            committed: quantity,
            queued: left,
            lapsed,
            good_til,
            progress: Fulfilment::default(),
            rank,
            asked: spread.asked,
            parts,
        };
        if !left.is_zero() {
            self.queued = sum(self.queued, left);
            self.wanted = sum(self.wanted, left);
            let before = self.book.insert(rank, spread.asked, id);
            assert!(before.is_none(), "{id:?} queues once");
            self.dates.extend(good_til.map(|date| (date, id)));
        }
        if let (Some(sale), Some(claimed)) = (&mut self.sale, claimed) {
            sale.claim(id, claimed, quantity.floor_sub(lapsed));
            allocation.parts.iter().for_each(|part| sale.take(part.location, part.open));
        }
        self.allocations.insert(id, allocation);
    }

    fn lower_demand(&mut self, id: HoldId, by: LineQuantity) {
        let allocation = promised(&mut self.allocations, id);
        allocation.progress.cancelled = sum(allocation.progress.cancelled, by.into());
        self.unqueue(id, by);
        if let Some(sale) = &mut self.sale {
            sale.give_back(id, by.into());
        }
    }

    fn lapse_demand(&mut self, id: HoldId, by: LineQuantity) {
        let allocation = self.unqueue(id, by);
        assert!(allocation.queued.is_zero(), "{id:?}: all that queues lapses");
        allocation.lapsed = sum(allocation.lapsed, by.into());
        if let Some(sale) = &mut self.sale {
            sale.give_back(id, by.into());
        }
    }

    fn fill(&mut self, location: &LocationId, fills: &[Fill]) {
        let number = self.number_or_new(location);
        let mut filled = Quantity::ZERO;
        for fill in fills {
            let allocation = self.unqueue(fill.hold, fill.units);
            assert!(
                allocation.asked.is_none_or(|asked| asked == number),
                "{:?} takes units from where it asked for them",
                fill.hold
            );
            let part = allocation.part_mut(number);
            part.open = sum(part.open, fill.units.into());
            filled = sum(filled, fill.units.into());
        }
        self.change_level(number, |level| level.allocated = sum(level.allocated, filled));
        self.check_grant(number);
    }

    /// Takes so many units of an allocation out of the queue.
    fn unqueue(&mut self, id: HoldId, units: LineQuantity) -> &mut Allocation {
        let allocation = promised(&mut self.allocations, id);
        allocation.queued = difference(allocation.queued, units.into());
        self.queued = difference(self.queued, units.into());
        self.wanted = difference(self.wanted, units.into());
        if allocation.queued.is_zero() {
            let listed = self.book.remove(allocation.rank, allocation.asked);
            assert_eq!(listed, Some(id), "who queues is in the book");
            if let Some(date) = allocation.good_til {
                self.dates.remove(&(date, id));
            }
        }
        allocation
    }

    fn advance(&mut self, id: HoldId, location: &LocationId, by: Fulfilment, counted: bool) {
        let number = self.number_or_new(location);
        if !by.returned.is_zero() && (counted || self.shelf(number).is_deleted) {
            // Units are there, so the merchant has to do with it, if not already, then again.
            self.stocked(location);
        }
        let allocation = promised(&mut self.allocations, id);
        let part = allocation.part_mut(number);
        let closed = sum(by.shipped, by.cancelled);
        part.open = difference(part.open, closed);
        part.away = difference(sum(part.away, by.shipped), by.returned);
        let progress = &mut allocation.progress;
        progress.shipped = sum(progress.shipped, by.shipped);
        progress.cancelled = sum(progress.cancelled, by.cancelled);
        progress.returned = sum(progress.returned, by.returned);
        progress.damaged = sum(progress.damaged, by.damaged);
        self.change_level(number, |level| {
            level.allocated = difference(level.allocated, closed);
            if !counted {
                return;
            }
            level.on_hand = sum(difference(level.on_hand, by.shipped), by.returned);
            level.damaged = sum(level.damaged, by.damaged);
        });
        if let Some(sale) = self.sale.as_mut().filter(|sale| sale.has_claim(id)) {
            sale.give_back(id, by.cancelled);
            sale.put_back(number, by.cancelled);
        }
    }
}

impl HeldSpread {
    /// All units at one location.
    fn at(location: LocationNumber, units: LineQuantity) -> Self {
        let filled = smallvec::SmallVec::from_iter([(location, units)]);
        let class = super::PriorityClass::default();
        Self { asked: None, filled, queued: Quantity::ZERO, class, good_til: None }
    }
}

impl Allocation {
    fn part_mut(&mut self, location: LocationNumber) -> &mut Part {
        let found = self.parts.iter().position(|part| part.location == location);
        let position = found.unwrap_or_else(|| {
            self.parts.push(Part { location, open: Quantity::ZERO, away: Quantity::ZERO });
            self.parts.len() - 1
        });
        match self.parts.get_mut(position) {
            Some(part) => part,
            None => unreachable!("it was found or put there just now"),
        }
    }
}

fn promised(allocations: &mut super::Map<HoldId, Allocation>, id: HoldId) -> &mut Allocation {
    match allocations.get_mut(&id) {
        Some(allocation) => allocation,
        None => panic!("{id:?} was committed before anything becomes of it"),
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
