//! Sales on paper: who may buy, from what.

use super::queue::Granted;
use super::waiting::kept_of;
use super::{Fact, Item, Key, Line, Missing, No, Number, Place, Reference, Reply, Sale, Thing, Yes};

/// How a line counts in a sale.
#[derive(Debug, Clone, Copy)]
pub(super) struct InSale {
    /// In which of the product's.
    pub(super) edition: usize,
    /// Units it had when it began to count, because it got more; with so many it counts no longer.
    pub(super) before: u64,
}

impl Reference {
    /// The sale that was put last.
    pub(super) fn sale(&self, item: Item) -> Option<Sale> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::SalePut { item: of, sale } if *of == item => Some(Some(*sale)),
            Fact::Deleted { item: of } if *of == item => Some(None),
            _ => None,
        })?
    }

    pub(super) fn is_over(&self, item: Item, sale: Sale, at: i64) -> bool {
        let (mut ended, mut last) = (false, None);
        for fact in &self.facts {
            match fact {
                Fact::SalePut { item: of, sale } if *of == item && last != Some(sale.name) => {
                    (ended, last) = (false, Some(sale.name));
                }
                Fact::SaleEnded { item: of } if *of == item => ended = true,
                Fact::Deleted { item: of } if *of == item => (ended, last) = (false, None),
                _ => {}
            }
        }
        ended || sale.closes.is_some_and(|closes| closes <= at)
    }

    /// Which sale of the product this is, counted from the first: one that follows another begins anew.
    pub(super) fn edition(&self, item: Item) -> usize {
        let (mut edition, mut last) = (0, None);
        for fact in &self.facts {
            match fact {
                Fact::SalePut { item: of, sale } if *of == item && last != Some(sale.name) => {
                    (edition, last) = (edition + 1, Some(sale.name));
                }
                Fact::Deleted { item: of } if *of == item => last = None,
                _ => {}
            }
        }
        edition
    }

    /// The sale in which whatever is claimed now is claimed.
    pub(super) fn open_sale(&self, item: Item) -> Option<Sale> {
        let sale = self.sale(item)?;
        let open = !self.is_over(item, sale, self.now) && !sale.paused && sale.opens <= self.now;
        open.then_some(sale)
    }

    pub(super) fn may_buy(&self, item: Item, customer: u8, asked: u64, uses_offer: bool) -> Result<(), No> {
        let Some(sale) = self.sale(item) else { return Ok(()) };
        if self.is_over(item, sale, self.now) {
            return Ok(());
        }
        let to_come = sale.opens > self.now;
        if sale.paused || (to_come && sale.exclusive) {
            let opens = Some(sale.opens).filter(|_| to_come);
            return Err(No::SaleNotOpen { item, sale: sale.name, opens });
        }
        // What is kept for the customer counts already.
        let tracked = self.rules(item).is_some_and(|rules| rules.tracked);
        let kept = if tracked && uses_offer { self.offered_in_sale(item, customer).min(asked) } else { 0 };
        let bought = self.bought(item, customer) - kept;
        match sale.limit {
            Some(limit) if !to_come && bought + asked > limit => {
                Err(No::OverLimit { item, sale: sale.name, bought })
            }
            _ if !to_come && kept == 0 && !self.lets_in(item, sale, customer) => {
                Err(No::SaleFull { item, sale: sale.name })
            }
            _ => Ok(()),
        }
    }

    /// Whether one more who holds something in the sale is not too many, or he does so already.
    fn lets_in(&self, item: Item, sale: Sale, customer: u8) -> bool {
        let Some(most) = sale.admits else { return true };
        let mut inside: Vec<_> =
            self.sale_lines(item, false).filter_map(|(basket, _)| self.customer(basket)).collect();
        inside.sort_unstable();
        inside.dedup();
        inside.len() < most as usize || inside.contains(&customer)
    }

    /// The limit once more, when it is known how many of the units kept for the customer are taken.
    pub(super) fn may_still_buy(
        &self,
        item: Item,
        customer: u8,
        lines: &[Line],
        found: &[Option<Granted>],
        missing: Missing,
    ) -> Result<(), No> {
        let Some(sale) = self.open_sale(item) else { return Ok(()) };
        let taken: Vec<_> =
            found.iter().flatten().map(|found| kept_of(&found.offered, &found.from)).collect();
        let bought = self.bought(item, customer) - self.counted_of(item, customer, &taken);
        let asked = lines.iter().zip(found).filter_map(|(line, found)| {
            let there = found.as_ref()?.from.iter().map(|from| from.1).sum();
            Some(if missing == Missing::Drop { there } else { line.2 })
        });
        match sale.limit {
            Some(limit) if bought + asked.sum::<u64>() > limit => {
                Err(No::OverLimit { item, sale: sale.name, bought })
            }
            _ => Ok(()),
        }
    }

    /// Units that a customer has in the sale of a product.
    pub(crate) fn bought(&self, item: Item, customer: u8) -> u64 {
        let of_customer = |basket: &Number| self.customer(*basket) == Some(customer);
        let held = self.sale_lines(item, false).filter(|(basket, _)| of_customer(basket));
        let promised = self.sale_lines(item, true).filter(|(basket, _)| of_customer(basket));
        let held: u64 = held.map(|(basket, line)| self.lines(basket)[line].2).sum();
        let promised: u64 = promised
            .map(|(basket, line)| {
                self.taken(basket).unwrap()[line] - self.moved(basket, line, None).cancelled
            })
            .sum();
        held + promised + self.offered_in_sale(item, customer)
    }

    /// Lines of a sale that has not been followed by another: what was sold in one counts in none after it.
    fn sale_lines(&self, item: Item, promised: bool) -> impl Iterator<Item = (Number, usize)> {
        let lines: Vec<_> = match promised {
            true => self.lines_promised(item).collect(),
            false => self.lines_held(item).collect(),
        };
        let edition = Some(self.edition(item));
        lines.into_iter().filter(move |(basket, line)| self.counts_in(*basket, *line) == edition)
    }

    pub(super) fn counts_in(&self, basket: Number, line: usize) -> Option<usize> {
        Some(self.in_sale(basket, line)?.edition)
    }

    pub(super) fn in_sale(&self, basket: Number, line: usize) -> Option<InSale> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Reserved { basket: of, sales, .. } | Fact::Changed { basket: of, sales, .. }
                if *of == basket =>
            {
                Some(sales[line])
            }
            _ => None,
        })?
    }

    /// Units set aside for a sale that is not over, and not sold.
    pub(super) fn aside(&self, item: Item, place: Place, at: i64) -> u64 {
        match self.sale(item) {
            Some(sale) if !self.is_over(item, sale, at) => self.left(item, place, sale),
            _ => 0,
        }
    }

    /// Units set aside at a place for a sale that is not over, sold or not.
    pub(super) fn allotted(&self, item: Item, place: Place) -> u64 {
        let sale = self.sale(item).filter(|sale| !self.is_over(item, *sale, self.now));
        sale.and_then(|sale| sale.aside).map_or(0, |aside| aside[usize::from(place)])
    }

    fn left(&self, item: Item, place: Place, sale: Sale) -> u64 {
        let Some(aside) = sale.aside else { return 0 };
        let here = |units: Vec<(Place, u64)>| -> u64 {
            units.iter().filter(|from| from.0 == place).map(|from| from.1).sum()
        };
        let held: u64 =
            self.sale_lines(item, false).map(|(basket, line)| here(self.from(basket, line))).sum();
        let promised: u64 = self
            .sale_lines(item, true)
            .map(|(basket, line)| {
                let kept = here(self.first_kept(basket, line));
                kept.saturating_sub(self.moved(basket, line, Some(place)).cancelled)
            })
            .sum();
        let offered = self.offered_at(item, place, true);
        aside[usize::from(place)].saturating_sub(held + promised + offered)
    }

    /// Units at a place that can be claimed now.
    pub(crate) fn on_offer(&self, item: Item, place: Place) -> u64 {
        let Some(rules) = self.rules(item) else { return 0 };
        let Some(sale) = self.sale(item).filter(|sale| !self.is_over(item, *sale, self.now)) else {
            return self.unclaimed(item, place, self.now);
        };
        let to_come = sale.opens > self.now;
        if sale.paused || (to_come && sale.exclusive) {
            return 0;
        }
        if to_come || sale.aside.is_none() {
            return self.unclaimed(item, place, self.now);
        }
        if rules.closed == Some(place) || rules.preorder.is_some_and(|(_, release)| self.now < release) {
            return 0;
        }
        self.nobodys(item, place, rules).min(self.left(item, place, sale))
    }

    pub(crate) fn put_sale(&mut self, item: Item, sale: Sale, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.has_stock(item)?;
        if sale.closes.is_some_and(|closes| closes <= sale.opens) {
            return Err(No::SaleIsNonsense);
        }
        if let Some(there) = self.sale(item)
            && self.is_over(item, there, self.now) == (there.name == sale.name)
        {
            return Err(No::OtherSale(there.name));
        }
        self.facts.push(Fact::SalePut { item, sale });
        self.note(Thing::Item(item), key, self.now);
        self.serve(item, self.now);
        Ok(Yes::Done)
    }

    pub(crate) fn end_sale(&mut self, item: Item, name: u8, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        if self.sale(item).is_none_or(|sale| sale.name != name) {
            return Err(No::UnknownSale(name));
        }
        self.facts.push(Fact::SaleEnded { item });
        self.note(Thing::Item(item), key, self.now);
        self.serve(item, self.now);
        Ok(Yes::Done)
    }
}
