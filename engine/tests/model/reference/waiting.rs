//! The waiting list on paper: who waits, what is kept for him, and until when.

use std::collections::BTreeMap;

use super::{Fact, Item, Key, Line, No, PLACES, Place, Reference, Reply, Thing, Wishes, Yes};

/// Where somebody stands who joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    Waits,
    Offered,
    Claimed,
    LetLapse,
    Left,
}

/// Units kept for somebody at a place, and whether they count in the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    pub(crate) units: u64,
    pub(crate) in_sale: bool,
}

/// Somebody who joined, the last time he did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) stand: Stand,
    pub(crate) wants: u64,
    pub(crate) place: Option<Place>,
    pub(crate) class: u8,
    /// Which fact his place in the line is from.
    since: usize,
    pub(crate) until: Option<i64>,
    pub(crate) kept: Vec<Kept>,
}

impl Waiter {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stand, Stand::Waits | Stand::Offered)
    }

    pub(crate) fn offered(&self) -> u64 {
        self.kept.iter().map(|kept| kept.units).sum()
    }

    fn lacks(&self) -> u64 {
        if self.is_open() { self.wants - self.offered() } else { 0 }
    }

    fn settle(&mut self) {
        self.kept.sort_by_key(|kept| (kept.place, !kept.in_sale));
        self.stand = if self.kept.is_empty() { Stand::Waits } else { Stand::Offered };
        self.until = self.until.filter(|_| !self.kept.is_empty());
    }

    fn end(&mut self, stand: Stand) {
        (self.stand, self.until, self.kept) = (stand, None, Vec::new());
    }
}

impl Reference {
    /// Everybody who ever joined the list of a product, by customer.
    pub(crate) fn waiters(&self, item: Item) -> BTreeMap<u8, Waiter> {
        let mut waiters: BTreeMap<u8, Waiter> = BTreeMap::new();
        let mut sale = None;
        for (number, fact) in self.facts.iter().enumerate() {
            match fact {
                Fact::Deleted { item: of } if *of == item => {
                    waiters.clear();
                    sale = None;
                }
                Fact::SalePut { item: of, sale: next } if *of == item && sale != Some(next.name) => {
                    sale = Some(next.name);
                    // What counted in one sale counts in none that follows.
                    let kept = waiters.values_mut().flat_map(|waiter| &mut waiter.kept);
                    kept.for_each(|kept| kept.in_sale = false);
                }
                Fact::Joined { item: of, customer, units, place, class, keeps } if *of == item => {
                    let before = waiters.remove(customer).filter(Waiter::is_open);
                    let mut waiter = match before {
                        Some(waiter) if *keeps => Waiter { wants: *units, ..waiter },
                        before => Waiter {
                            stand: Stand::Waits,
                            wants: *units,
                            place: *place,
                            class: *class,
                            since: number,
                            until: before.as_ref().and_then(|waiter| waiter.until),
                            kept: before.map(|waiter| waiter.kept).unwrap_or_default(),
                        },
                    };
                    waiter.kept.retain(|kept| place.is_none_or(|place| place == kept.place));
                    let mut left = *units;
                    for kept in &mut waiter.kept {
                        kept.units = kept.units.min(left);
                        left -= kept.units;
                    }
                    waiter.kept.retain(|kept| kept.units > 0);
                    waiter.settle();
                    waiters.insert(*customer, waiter);
                }
                Fact::LeftList { item: of, customer } if *of == item => {
                    waiters.get_mut(customer).unwrap().end(Stand::Left);
                }
                Fact::OfferLapsed { item: of, customer } if *of == item => {
                    waiters.get_mut(customer).unwrap().end(Stand::LetLapse);
                }
                Fact::Offered { item: of, customer, from, in_sale, until } if *of == item => {
                    let waiter = waiters.get_mut(customer).unwrap();
                    for (place, units) in from {
                        let same = |kept: &&mut Kept| (kept.place, kept.in_sale) == (*place, *in_sale);
                        match waiter.kept.iter_mut().find(same) {
                            Some(kept) => kept.units += units,
                            None => {
                                waiter.kept.push(Kept { place: *place, units: *units, in_sale: *in_sale });
                            }
                        }
                    }
                    waiter.until = Some(*until);
                    waiter.settle();
                }
                Fact::TookOffer { item: of, customer, from } if *of == item => {
                    let waiter = waiters.get_mut(customer).unwrap();
                    for (place, units) in from {
                        let mut left = *units;
                        for in_sale in [true, false] {
                            for kept in waiter.kept.iter_mut() {
                                if (kept.place, kept.in_sale) == (*place, in_sale) {
                                    let gone = kept.units.min(left);
                                    kept.units -= gone;
                                    left -= gone;
                                }
                            }
                        }
                        assert_eq!(left, 0, "what is taken from an offer was on offer");
                        waiter.wants -= units;
                    }
                    waiter.kept.retain(|kept| kept.units > 0);
                    waiter.settle();
                    if waiter.wants == 0 {
                        waiter.stand = Stand::Claimed;
                    }
                }
                _ => {}
            }
        }
        waiters
    }

    /// Units wanted by those who wait for this very place.
    pub(super) fn waited_for_at(&self, item: Item, place: Place) -> u64 {
        let waiters = self.waiters(item);
        let here = waiters.values().filter(|waiter| waiter.is_open() && waiter.place == Some(place));
        here.map(|waiter| waiter.wants).sum()
    }

    /// Units kept at a place for those who wait.
    pub(super) fn offered_at(&self, item: Item, place: Place, in_sale_only: bool) -> u64 {
        let waiters = self.waiters(item);
        let kept = waiters.values().flat_map(|waiter| &waiter.kept);
        let kept = kept.filter(|kept| kept.place == place && (kept.in_sale || !in_sale_only));
        kept.map(|kept| kept.units).sum()
    }

    /// Units kept for a customer that count in the sale.
    pub(super) fn offered_in_sale(&self, item: Item, customer: u8) -> u64 {
        let waiters = self.waiters(item);
        let kept = waiters.get(&customer).into_iter().flat_map(|waiter| &waiter.kept);
        kept.filter(|kept| kept.in_sale).map(|kept| kept.units).sum()
    }

    /// How many stand before somebody who wants more than is kept for him.
    pub(crate) fn waits_behind(&self, item: Item, customer: u8) -> Option<usize> {
        let waiters = self.waiters(item);
        let me = waiters.get(&customer).filter(|me| me.lacks() > 0)?;
        let before = waiters.values().filter(|other| {
            other.lacks() > 0
                && (other.class, other.since) < (me.class, me.since)
                && (me.place.is_none() || other.place.is_none() || me.place == other.place)
        });
        Some(before.count())
    }

    pub(crate) fn join(
        &mut self,
        (item, customer): (Item, u8),
        units: u64,
        place: Option<Place>,
        class: u8,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        let rules = self.has_stock(item)?;
        if rules.offers_for.is_none() {
            return Err(No::WithoutList(item));
        }
        if units > rules.line_max {
            return Err(No::LineTooLarge(item));
        }
        if units < rules.line_min {
            return Err(No::LineTooSmall(item));
        }
        if !units.is_multiple_of(rules.line_step) {
            return Err(No::LineIsNoStep(item));
        }
        if place.is_some_and(|place| !self.knows(item, place)) {
            return Err(No::NeverThere(item));
        }
        let open = self.waiters(item).remove(&customer).filter(Waiter::is_open);
        let keeps = open.is_some_and(|me| units <= me.wants && (me.place, me.class) == (place, class));
        self.facts.push(Fact::Joined { item, customer, units, place, class, keeps });
        self.note(Thing::Item(item), key, self.now);
        self.serve(item, self.now);
        Ok(Yes::Done)
    }

    pub(crate) fn leave(&mut self, item: Item, customer: u8, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        if self.rules(item).is_none() {
            return Err(No::UnknownItem(item));
        }
        if !self.waiters(item).get(&customer).is_some_and(Waiter::is_open) {
            return Err(No::WaitsNot(item));
        }
        self.facts.push(Fact::LeftList { item, customer });
        self.note(Thing::Item(item), key, self.now);
        self.serve(item, self.now);
        Ok(Yes::Done)
    }

    /// Ends the offers whose time is over, and offers what is free, until there is nothing left to do.
    pub(super) fn offer(&mut self, item: Item) {
        loop {
            let waiters = self.waiters(item);
            let over = waiters.iter().filter(|(_, waiter)| waiter.until.is_some_and(|at| at <= self.now));
            let over: Vec<u8> = over.map(|(customer, _)| *customer).collect();
            for customer in &over {
                self.facts.push(Fact::OfferLapsed { item, customer: *customer });
            }
            if !over.is_empty() {
                self.fill(item, self.now);
                continue;
            }
            let mut line: Vec<_> = waiters.into_iter().filter(|(_, waiter)| waiter.lacks() > 0).collect();
            line.sort_by_key(|(_, waiter)| (waiter.class, waiter.since));
            let mut offered = false;
            for (customer, waiter) in line {
                offered |= self.offer_to(item, customer, &waiter);
            }
            if !offered {
                return;
            }
            self.fill(item, self.now);
        }
    }

    fn offer_to(&mut self, item: Item, customer: u8, waiter: &Waiter) -> bool {
        let Some(rules) = self.rules(item).filter(|rules| rules.sellable && rules.tracked) else {
            return false;
        };
        let Some(span) = rules.offers_for else { return false };
        let sale = self.open_sale(item);
        let mut wants = waiter.lacks();
        if let Some(limit) = sale.and_then(|sale| sale.limit) {
            let uncounted: u64 = waiter.kept.iter().filter(|kept| !kept.in_sale).map(|kept| kept.units).sum();
            wants = wants.min(limit.saturating_sub(self.bought(item, customer) + uncounted));
        }
        let mut free: Vec<u64> = (0..PLACES).map(|place| self.on_offer(item, place)).collect();
        let line = (item, waiter.place, wants);
        let mut from = super::queue::gather(line, &mut free, rules, Wishes::default());
        let sum = waiter.offered() + from.iter().map(|from| from.1).sum::<u64>();
        let fits = sum / rules.line_step * rules.line_step;
        let mut excess = (sum - if fits < rules.line_min { 0 } else { fits }).min(sum - waiter.offered());
        for from in from.iter_mut().rev() {
            let back = excess.min(from.1);
            from.1 -= back;
            excess -= back;
        }
        from.retain(|from| from.1 > 0);
        if from.is_empty() {
            return false;
        }
        let (in_sale, until) = (sale.is_some(), self.now + span);
        self.facts.push(Fact::Offered { item, customer, from, in_sale, until });
        true
    }

    /// What a customer may take of what is kept for him, place by place: what a later count did not find is not there.
    pub(super) fn offer_of(&self, item: Item, customer: u8) -> Vec<u64> {
        let waiters = self.waiters(item);
        let mine = |place: Place| -> u64 {
            let kept = waiters.get(&customer).into_iter().flat_map(|waiter| &waiter.kept);
            kept.filter(|kept| kept.place == place).map(|kept| kept.units).sum()
        };
        let there = |place: Place| {
            let safety = self.rules(item).map_or(0, |rules| rules.safety);
            let sellable = self.pile(item, place, super::SELLABLE).saturating_sub(safety);
            let others = self.held(item, place) + self.allocated(item, place) - mine(place);
            mine(place).min(sellable.saturating_sub(others))
        };
        (0..PLACES).map(there).collect()
    }

    /// How many of the units that lines take from what is kept for a customer count in the sale.
    pub(super) fn counted_of(&self, item: Item, customer: u8, taken: &[Vec<(Place, u64)>]) -> u64 {
        let waiters = self.waiters(item);
        let counted = |place: Place| -> u64 {
            let taken = taken.iter().flatten().filter(|from| from.0 == place).map(|from| from.1).sum();
            let kept = waiters.get(&customer).into_iter().flat_map(|waiter| &waiter.kept);
            let kept = kept.filter(|kept| kept.place == place && kept.in_sale);
            kept.map(|kept| kept.units).sum::<u64>().min(taken)
        };
        (0..PLACES).map(counted).sum()
    }

    /// Writes down that a basket took what was kept for its customer.
    pub(super) fn take_offers(&mut self, customer: u8, lines: &[Line], taken: Vec<Vec<(Place, u64)>>) {
        for (line, from) in lines.iter().zip(taken).filter(|(_, from)| !from.is_empty()) {
            self.facts.push(Fact::TookOffer { item: line.0, customer, from });
        }
        let mut items: Vec<Item> = lines.iter().map(|line| line.0).collect();
        items.dedup();
        items.into_iter().for_each(|item| self.offer(item));
    }
}

/// What a basket takes of what is kept: never more at a place than it has there.
pub(super) fn kept_of(offered: &[(Place, u64)], from: &[(Place, u64)]) -> Vec<(Place, u64)> {
    let has = |place: Place| from.iter().find(|from| from.0 == place).map_or(0, |from| from.1);
    let kept = offered.iter().map(|(place, units)| (*place, (*units).min(has(*place))));
    kept.filter(|(_, units)| *units > 0).collect()
}
