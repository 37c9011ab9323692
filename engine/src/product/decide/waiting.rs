//! Join a waiting list, leave it, and offer what is free to those on it.
//!
//! Offers come last: who queues with a promise takes what he can first. What is offered is what a new hold could take,
//! for a line of the policy's own terms; who stands first gets up to all he wants, wherever it lies, in whole multiples of
//! what the product is sold by. Nothing is ever offered as of an instant that has passed: an offer's time begins when it
//! can be seen.

use super::super::holds::LocationNumber;
use super::super::sourcing::{self, Free, Strategy, Supply, Taken};
use super::super::waiting::{WaitingEntry, WaitingStatus};
use super::super::{
    JoinWaiting, Policy, Product, ProductEvent, SaleStatus, Source, Terms, WAITING_MAX, WaitingEvent,
};
use super::Events;
use super::open::{listed, units};
use crate::ids::{CustomerId, LocationId};
use crate::operation::{Lookup, Operation};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// Most parts of an offer that one claim takes, so that what is written down about it stays below
/// [`crate::event::EVENT_BYTES_MAX`].
pub const OFFERED_AT_MAX: usize = 64;

/// Units to be offered to one customer.
struct Plan<'a> {
    customer: &'a CustomerId,
    taken: Taken,
}

impl Product {
    pub(super) fn decide_join(
        &self,
        at: Timestamp,
        join: &JoinWaiting,
    ) -> Result<Option<ProductEvent>, Rejection> {
        let JoinWaiting { customer, quantity, location, class, operation } = join.clone();
        if self.is_repeated(operation)? {
            return Ok(None);
        }
        let sku = || self.sku.clone();
        let details = self.details.as_ref().ok_or_else(|| Rejection::UnknownSku { sku: sku() })?;
        self.check_has_stock()?;
        if details.policy.waiting_list.is_none() {
            return Err(Rejection::NoWaitingList { sku: sku() });
        }
        details.policy.check_line(&self.sku, quantity)?;
        if let Some(asked) = &location {
            self.known(asked)?;
        }
        let open = self.waiting_entry(&customer).filter(|entry| entry.status.is_open());
        if open.is_none() && self.waiting.as_ref().is_some_and(|list| list.is_full()) {
            return Err(Rejection::WaitingListFull { sku: sku(), max: WAITING_MAX });
        }
        let keeps_place = open.is_some_and(|entry| {
            Quantity::from(quantity) <= entry.wanted && entry.location == location && entry.class == class
        });
        let what = WaitingEvent::Joined { quantity, location, class, keeps_place, operation, at };
        Ok(Some(ProductEvent::Waiting { customer, what: Box::new(what) }))
    }

    pub(super) fn decide_leave(
        &self,
        at: Timestamp,
        customer: &CustomerId,
        operation: Operation,
    ) -> Result<Option<ProductEvent>, Rejection> {
        if self.is_repeated(operation)? {
            return Ok(None);
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        }
        match self.waiting_entry(customer).filter(|entry| entry.status.is_open()) {
            Some(_) => {
                let what = Box::new(WaitingEvent::Left { operation, at });
                Ok(Some(ProductEvent::Waiting { customer: customer.clone(), what }))
            }
            None => Err(Rejection::NotWaiting { sku: self.sku.clone(), customer: customer.clone() }),
        }
    }

    fn is_repeated(&self, operation: Operation) -> Result<bool, Rejection> {
        match self.look_up(operation) {
            Lookup::New => Ok(false),
            Lookup::Repeat(_) => Ok(true),
            Lookup::Reused => Err(Rejection::KeyReused),
        }
    }

    /// What is to be done at this instant for those that wait: first the offers whose time is over end, then what is free
    /// is offered. Whoever applies the events asks [`Product::decide_fills_until`] and this again until there are none:
    /// those who queue with a promise are served first.
    pub fn decide_offers(&self, at: Timestamp) -> Events {
        let Some(list) = &self.waiting else { return Events::new() };
        let lapsed: Events = list
            .lapsed(at)
            .map(|(deadline, customer)| {
                let what = Box::new(WaitingEvent::Lapsed { at: *deadline });
                ProductEvent::Waiting { customer: customer.clone(), what }
            })
            .collect();
        if !lapsed.is_empty() {
            return lapsed;
        }
        let Some(rules) = self.policy().waiting_list else { return Events::new() };
        let in_sale = self.sale.as_ref().is_some_and(|sale| sale.status(at) == SaleStatus::Open);
        let expires_at = at.plus(rules.offer_ttl);
        let offered = self.plan_offers(at).into_iter().map(|Plan { customer, taken }| {
            let source = |(number, units)| Source { location: self.name(number).clone(), units };
            let units = taken.into_iter().map(source).collect();
            let what = Box::new(WaitingEvent::Offered { units, in_sale, expires_at });
            ProductEvent::Waiting { customer: customer.clone(), what }
        });
        offered.collect()
    }

    /// Units at a location that are about to be offered: nobody is shown a unit that somebody waits for.
    pub(in super::super) fn about_to_be_offered(&self, number: LocationNumber, at: Timestamp) -> Quantity {
        let here = |plan: &Plan<'_>| {
            let here = plan.taken.iter().filter(|(location, _)| *location == number);
            here.map(|(_, units)| u64::from(units.units())).sum::<u64>()
        };
        Quantity::new(self.plan_offers(at).iter().map(here).sum()).unwrap_or(Quantity::MAX)
    }

    fn plan_offers(&self, at: Timestamp) -> Vec<Plan<'_>> {
        let mut plans = Vec::new();
        let Some(list) = self.waiting.as_ref().filter(|list| !list.is_queue_empty()) else { return plans };
        let policy = self.policy();
        if self.details.is_none() || !policy.sellable || policy.waiting_list.is_none() || !policy.tracked {
            return plans;
        }
        let strategy = policy.sourcing.strategy;
        let mut supply = self.supply(at, strategy, &Terms::default());
        for (customer, entry) in list.queue() {
            if supply.iter().all(|free| free.units == 0) {
                break;
            }
            let only = entry.location.as_ref().map(|location| self.number(location));
            // A location that is gone has nothing.
            let (Some(only), Some(wanted)) = (
                only.map_or(Some(None), |number| number.map(Some)),
                self.may_be_offered(at, customer, entry),
            ) else {
                continue;
            };
            let mut taken = sourcing::take(&mut supply, strategy, wanted, only);
            keep_to_rules(policy, entry.offered(), &mut taken, &mut supply);
            if !taken.is_empty() {
                plans.push(Plan { customer, taken });
            }
        }
        plans
    }

    /// The most units a customer may be offered beside those on offer: what is wanted, and within the limit of an open
    /// sale.
    fn may_be_offered(
        &self,
        at: Timestamp,
        customer: &CustomerId,
        entry: &WaitingEntry,
    ) -> Option<LineQuantity> {
        let sale = self.sale.as_ref().filter(|sale| sale.status(at) == SaleStatus::Open);
        let room = sale.and_then(|sale| {
            let limit = Quantity::from(sale.terms().per_customer?);
            // What was offered before the sale opened counts once it is taken.
            let uncounted = entry.parts.iter().filter(|part| !part.in_sale);
            let uncounted = uncounted.map(|part| Quantity::from(part.units));
            Some(uncounted.fold(limit.floor_sub(sale.bought_by(customer)), Quantity::floor_sub))
        });
        let wanted = entry.lacks().min(room.unwrap_or(Quantity::MAX));
        u32::try_from(wanted.units()).ok().and_then(LineQuantity::new)
    }

    /// What is on offer to a customer, as a supply for a claim of his, and how much of it counts in the sale. Units that a
    /// later count did not find are no supply.
    pub(super) fn on_offer_to(
        &self,
        customer: &CustomerId,
        strategy: Strategy,
        terms: &Terms,
    ) -> Option<(Supply, Quantity)> {
        let entry = self.waiting_entry(customer).filter(|entry| entry.status == WaitingStatus::Offered)?;
        let listed = listed(strategy, terms);
        let mut supply = Supply::new();
        let mut counted = Quantity::ZERO;
        for part in entry.parts.iter().take(OFFERED_AT_MAX) {
            let Some(number) = self.number(&part.location) else { continue };
            let units = u64::from(part.units.units());
            match supply.iter_mut().find(|free| free.location == number) {
                Some(free) => free.units += units,
                None => {
                    let by_name = self.by_name.iter().position(|here| *here == number).unwrap_or_default();
                    let place = self.place(listed, by_name, &part.location);
                    supply.push(Free { location: number, place, units });
                }
            }
            if part.in_sale {
                counted = counted.checked_add(part.units.into()).unwrap_or(Quantity::MAX);
            }
        }
        for free in &mut supply {
            let level = self.shelf(free.location).level;
            let others = level.claimed().units().saturating_sub(free.units);
            free.units = free.units.min(level.claimable(self.policy()).units().saturating_sub(others));
        }
        Some((supply, counted))
    }

    /// How many units on offer at a location count in the sale: those are taken first.
    pub(super) fn counted_on_offer(&self, customer: &CustomerId, location: &LocationId) -> u64 {
        let parts = self.waiting_entry(customer).into_iter().flat_map(|entry| &entry.parts);
        let counted = parts.filter(|part| part.in_sale && part.location == *location);
        counted.map(|part| u64::from(part.units.units())).sum()
    }
}

/// Keeps what a customer is offered to the rules about quantities: boxes of six are offered by six. What is too much goes
/// back from the end.
fn keep_to_rules(policy: &Policy, offered: Quantity, taken: &mut Taken, supply: &mut Supply) {
    let (min, multiple) =
        (u64::from(policy.line_quantity_min.units()), u64::from(policy.line_quantity_multiple.units()));
    let (offered, got) = (offered.units(), units(taken).units());
    let sum = offered + got;
    let fits = sum - sum % multiple;
    let kept = if fits < min { 0 } else { fits.saturating_sub(offered) };
    let mut excess = got - kept;
    while excess > 0
        && let Some((location, units)) = taken.pop()
    {
        let left = u64::from(units.units()).saturating_sub(excess);
        let back = u64::from(units.units()) - left;
        excess -= back;
        if let Some(free) = supply.iter_mut().find(|free| free.location == location) {
            free.units += back;
        }
        if let Some(left) = u32::try_from(left).ok().and_then(LineQuantity::new) {
            taken.push((location, left));
        }
    }
}
