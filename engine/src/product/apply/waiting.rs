//! Take in what happened on a waiting list. Units on offer are held, and in a sale they count as the customer's.

use super::super::waiting::{Part, Taken, WaitingEntry, WaitingStatus};
use super::super::{FromOffer, Product, ProductResult, Source, WaitingEvent};
use super::{difference, sum};
use crate::ids::{CustomerId, HoldId};
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

impl Product {
    pub(super) fn waiting_changed(&mut self, customer: &CustomerId, what: &WaitingEvent) {
        match what {
            WaitingEvent::Joined { quantity, location, class, keeps_place, operation, at } => {
                let since = self.version;
                let list = self.waiting.get_or_insert_default();
                let before = list.entry(customer).filter(|entry| entry.status.is_open()).cloned();
                let mut entry = before.unwrap_or_else(|| WaitingEntry {
                    status: WaitingStatus::Waiting,
                    wanted: Quantity::ZERO,
                    location: None,
                    class: *class,
                    joined_at: *at,
                    expires_at: None,
                    since,
                    parts: Vec::new(),
                });
                entry.wanted = (*quantity).into();
                if !keeps_place {
                    (entry.since, entry.joined_at, entry.class) = (since, *at, *class);
                    entry.location.clone_from(location);
                }
                let parts = entry
                    .parts
                    .iter()
                    .filter(|part| location.as_ref().is_none_or(|asked| *asked == part.location));
                let kept = first_units(parts, entry.wanted);
                let (old, in_time) = (std::mem::take(&mut entry.parts), entry.expires_at.take());
                list.insert(customer, entry);
                self.put_back(customer, &old);
                self.put_on_offer(customer, kept, in_time);
                let result = ProductResult::Waiting { customer: customer.clone() };
                self.record(*operation, *at, result);
            }
            WaitingEvent::Left { operation, at } => {
                self.end_waiting(customer, WaitingStatus::Left);
                let result = ProductResult::Waiting { customer: customer.clone() };
                self.record(*operation, *at, result);
            }
            WaitingEvent::Lapsed { at: _ } => self.end_waiting(customer, WaitingStatus::Lapsed),
            WaitingEvent::Offered { units, in_sale, expires_at } => {
                let part = |source: &Source| Part {
                    location: source.location.clone(),
                    units: source.units,
                    in_sale: *in_sale,
                };
                let parts: Vec<_> = units.iter().map(part).collect();
                self.put_on_offer(customer, parts, Some(*expires_at));
                for source in units {
                    let number = self.number_or_new(&source.location);
                    self.check_grant(number);
                }
                if *in_sale {
                    self.check_limit(customer);
                }
            }
        }
    }

    /// A claim of a customer takes units that are on offer to him.
    pub(super) fn take_from_offer(&mut self, hold: HoldId, from: &FromOffer) {
        let customer = &from.customer;
        let list = self.waiting.get_or_insert_default();
        let changed = list.change(customer, |entry| {
            let mut gone = Vec::new();
            for source in &from.units {
                take_parts(&mut entry.parts, source, &mut gone);
            }
            let units =
                from.units.iter().fold(Quantity::ZERO, |units, source| sum(units, source.units.into()));
            entry.wanted = difference(entry.wanted, units);
            let expires_at = entry.expires_at;
            settle(entry);
            if entry.wanted.is_zero() {
                entry.status = WaitingStatus::Claimed;
            }
            (entry.since, gone, expires_at)
        });
        let Some((since, parts, Some(expires_at))) = changed else {
            panic!("{hold:?} takes what is on offer to {customer}")
        };
        self.put_back(customer, &parts);
        let taken = Taken { customer: customer.clone(), since, parts, expires_at };
        self.waiting.get_or_insert_default().taken.insert(hold, taken);
    }

    /// A claim has ended for good, or never came to be: then what it took from an offer is on offer again, if the customer
    /// still waits.
    pub(super) fn end_taken(&mut self, hold: HoldId, never_was: bool) {
        let Some(list) = &mut self.waiting else { return };
        let Some(taken) = list.taken.remove(&hold) else { return };
        let same = list.entry(&taken.customer).filter(|entry| {
            entry.since == taken.since && (entry.status.is_open() || entry.status == WaitingStatus::Claimed)
        });
        let Some(deadline) = same.filter(|_| never_was).map(|entry| entry.expires_at) else { return };
        let units = taken.parts.iter().fold(Quantity::ZERO, |units, part| sum(units, part.units.into()));
        list.change(&taken.customer, |entry| {
            entry.status = WaitingStatus::Waiting;
            entry.wanted = sum(entry.wanted, units);
        });
        let deadline = deadline.map_or(taken.expires_at, |deadline| deadline.max(taken.expires_at));
        self.put_on_offer(&taken.customer, taken.parts, Some(deadline));
    }

    fn end_waiting(&mut self, customer: &CustomerId, status: WaitingStatus) {
        let list = self.waiting.get_or_insert_default();
        let parts = list.change(customer, |entry| {
            (entry.status, entry.expires_at) = (status, None);
            std::mem::take(&mut entry.parts)
        });
        let Some(parts) = parts else { panic!("{customer} waits before that ends") };
        self.put_back(customer, &parts);
    }

    /// Keeps units for a customer, beside those that are on offer to him.
    fn put_on_offer(&mut self, customer: &CustomerId, parts: Vec<Part>, expires_at: Option<Timestamp>) {
        for part in &parts {
            let number = self.number_or_new(&part.location);
            self.change_level(number, |level| level.held = sum(level.held, part.units.into()));
            if let Some(sale) = self.sale.as_mut().filter(|_| part.in_sale) {
                sale.offer(customer, number, part.units.into());
            }
        }
        let list = self.waiting.get_or_insert_default();
        let offered = list.change(customer, |entry| {
            for part in parts {
                let same =
                    |here: &&mut Part| (&here.location, here.in_sale) == (&part.location, part.in_sale);
                match entry.parts.iter_mut().find(same) {
                    Some(here) => here.units = joined(here.units, part.units),
                    None => entry.parts.push(part),
                }
            }
            entry.expires_at = expires_at;
            settle(entry);
        });
        assert!(offered.is_some(), "{customer} waits before anything is offered");
    }

    /// Units that were on offer are so no more.
    fn put_back(&mut self, customer: &CustomerId, parts: &[Part]) {
        for part in parts {
            let number = self.number_or_new(&part.location);
            self.change_level(number, |level| level.held = difference(level.held, part.units.into()));
            if let Some(sale) = self.sale.as_mut().filter(|_| part.in_sale) {
                sale.withdraw_offer(customer, number, part.units.into());
            }
        }
    }
}

/// Brings an open entry's status and deadline in line with what is on offer.
fn settle(entry: &mut WaitingEntry) {
    // In one order, however often units were taken and came back.
    entry.parts.sort_by(|a, b| (&a.location, !a.in_sale).cmp(&(&b.location, !b.in_sale)));
    entry.status = if entry.parts.is_empty() { WaitingStatus::Waiting } else { WaitingStatus::Offered };
    if entry.parts.is_empty() {
        entry.expires_at = None;
    }
}

/// The first of these units.
fn first_units<'a>(parts: impl Iterator<Item = &'a Part>, most: Quantity) -> Vec<Part> {
    let mut left = most;
    let kept = parts.filter_map(|part| {
        let units = left.min(part.units.into());
        left = difference(left, units);
        let units = u32::try_from(units.units()).ok().and_then(LineQuantity::new)?;
        Some(Part { units, ..part.clone() })
    });
    kept.collect()
}

/// Takes units at one location, those that count in the sale first.
fn take_parts(parts: &mut Vec<Part>, source: &Source, gone: &mut Vec<Part>) {
    let mut left = source.units.units();
    for in_sale in [true, false] {
        parts.retain_mut(|part| {
            if part.location != source.location || part.in_sale != in_sale {
                return true;
            }
            let units = part.units.units().min(left);
            let rest = part.units.units() - units;
            left -= units;
            if let Some(units) = LineQuantity::new(units) {
                gone.push(Part { units, ..part.clone() });
            }
            match LineQuantity::new(rest) {
                Some(rest) => part.units = rest,
                None => return false,
            }
            true
        });
    }
    assert_eq!(left, 0, "what is taken from an offer was on offer");
}

fn joined(a: LineQuantity, b: LineQuantity) -> LineQuantity {
    match a.checked_add(b) {
        Some(sum) => sum,
        None => panic!("{a:?} + {b:?} on offer is at most what a line may want"),
    }
}
