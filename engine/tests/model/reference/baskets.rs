//! Baskets on paper: made whole or not at all, and ended once.

use super::waiting::kept_of;
use super::{Basket, Fact, Item, Key, Line, No, Number, Place, Reference, Reply, Thing, Wishes, Yes, merged};

impl Reference {
    pub(super) fn baskets(&self) -> Vec<Number> {
        let numbers = self.facts.iter().filter_map(|fact| match fact {
            Fact::Reserved { basket, .. } => Some(*basket),
            _ => None,
        });
        numbers.collect()
    }

    /// The lines of a basket that was made.
    pub(crate) fn lines(&self, basket: Number) -> Vec<Line> {
        let lines = self.facts.iter().find_map(|fact| match fact {
            Fact::Reserved { basket: of, lines, .. } if *of == basket => Some(lines.clone()),
            _ => None,
        });
        lines.unwrap_or_default()
    }

    /// Where the units of a line were when it was made.
    pub(super) fn from(&self, basket: Number, line: usize) -> Vec<(Place, u64)> {
        let from = self.facts.iter().find_map(|fact| match fact {
            Fact::Reserved { basket: of, from, .. } if *of == basket => Some(from[line].clone()),
            _ => None,
        });
        from.unwrap_or_default()
    }

    pub(super) fn class(&self, basket: Number) -> u8 {
        let class = self.facts.iter().find_map(|fact| match fact {
            Fact::Reserved { basket: of, class, .. } if *of == basket => Some(*class),
            _ => None,
        });
        class.unwrap_or(0)
    }

    /// Products that were ever put.
    pub(super) fn items(&self) -> Vec<Item> {
        let mut items: Vec<_> = self
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Put { item, .. } => Some(*item),
                _ => None,
            })
            .collect();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// Lines of this product whose units are in a basket.
    pub(super) fn lines_held(&self, item: Item) -> impl Iterator<Item = (Number, usize)> {
        self.lines_where(item, false)
    }

    /// Lines of this product that were promised.
    pub(super) fn lines_promised(&self, item: Item) -> impl Iterator<Item = (Number, usize)> {
        self.lines_where(item, true).filter(|(basket, _)| self.taken(*basket).is_some())
    }

    fn lines_where(&self, item: Item, over: bool) -> impl Iterator<Item = (Number, usize)> {
        let of_item = self.facts.iter().filter_map(move |fact| match fact {
            Fact::Reserved { basket, lines, .. } => {
                let lines = lines.iter().enumerate().filter(move |(_, line)| line.0 == item);
                Some(lines.map(|(line, _)| (*basket, line)))
            }
            _ => None,
        });
        of_item.flatten().filter(move |(basket, line)| {
            let ended = |fact: &Fact| {
                matches!(fact, Fact::LineOver { basket: of, line: at } if (of, at) == (basket, line))
            };
            self.facts.iter().any(ended) == over
        })
    }

    /// Where a basket stands, from all that happened to it.
    pub(crate) fn basket(&self, basket: Number) -> Option<Basket> {
        let mut state = None;
        for fact in &self.facts {
            state = match fact {
                Fact::Reserved { basket: of, deadline, .. }
                | Fact::Extended { basket: of, deadline }
                | Fact::Unpinned { basket: of, deadline }
                    if *of == basket =>
                {
                    Some(Basket::Held { deadline: *deadline })
                }
                Fact::Pinned { basket: of, order, left } if *of == basket => {
                    Some(Basket::Pinned { order: *order, left: *left })
                }
                Fact::Taken { basket: of, .. } if *of == basket => Some(Basket::Committed),
                Fact::GivenBack { basket: of } if *of == basket => Some(Basket::Released),
                Fact::Lapsed { basket: of, deadline } if *of == basket => {
                    Some(Basket::Lapsed { deadline: *deadline })
                }
                _ => state,
            };
        }
        state
    }

    /// Units taken of each line, if it was committed.
    pub(super) fn taken(&self, basket: Number) -> Option<Vec<u64>> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Taken { basket: of, units } if *of == basket => Some(units.clone()),
            _ => None,
        })
    }

    /// The customer of a basket.
    pub(super) fn customer(&self, basket: Number) -> Option<u8> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Reserved { basket: of, customer, .. } if *of == basket => Some(*customer),
            _ => None,
        })
    }

    pub(crate) fn reserve(
        &mut self,
        basket: Number,
        (customer, asked): (u8, u32),
        lines: &[Line],
        wishes: Wishes,
        ttl: i64,
    ) -> Reply {
        for fact in &self.facts {
            if let Fact::Reserved { basket: of, asked: before, .. } = fact
                && *of == basket
            {
                return if *before == asked { Ok(Yes::Already) } else { Err(No::KeyReused) };
            }
        }
        let (mut lines_got, mut from, mut sales, mut nothing) = (Vec::new(), Vec::new(), Vec::new(), None);
        let mut taken = Vec::new();
        for of_item in merged(lines).chunk_by(|a, b| a.0 == b.0) {
            let found = match self.find(of_item, wishes, customer) {
                Err(none @ No::TooFew { .. }) if wishes.missing == Some(super::Missing::Drop) => {
                    nothing = nothing.or(Some(none));
                    continue;
                }
                found => found?,
            };
            for (line, found) in of_item.iter().zip(found) {
                let Some(found) = found else { continue };
                let there: u64 = found.from.iter().map(|from| from.1).sum();
                let dropped = wishes.missing == Some(super::Missing::Drop);
                lines_got.push((line.0, line.1, if dropped { there } else { line.2 }));
                taken.push(kept_of(&found.offered, &found.from));
                from.push(found.from);
                sales.push(self.open_sale(line.0).map(|_| self.edition(line.0)));
            }
        }
        if let Some(nothing) = nothing.filter(|_| lines_got.is_empty()) {
            return Err(nothing);
        }
        let (lines, class, deadline) = (lines_got.clone(), wishes.class, self.now + ttl);
        self.facts.push(Fact::Reserved { basket, customer, asked, lines, from, class, sales, deadline });
        self.take_offers(customer, &lines_got, taken);
        Ok(Yes::Done)
    }

    pub(crate) fn commit(&mut self, basket: Number, units: Option<&[u64]>, now: i64, key: Key) -> Reply {
        if self.ended(basket, key)? {
            return Ok(Yes::Already);
        }
        let lines = self.lines(basket);
        let units = units.map_or_else(|| lines.iter().map(|line| line.2).collect(), <[u64]>::to_vec);
        if units.len() != lines.len() || units.iter().sum::<u64>() == 0 {
            return Err(No::CommitDoesNotFit);
        }
        if let Some(line) = (0..lines.len()).find(|line| units[*line] > lines[*line].2) {
            return Err(No::CommitAboveHold { line });
        }
        self.facts.push(Fact::Taken { basket, units });
        self.note(Thing::Basket(basket), key, now);
        self.lines_over(basket);
        Ok(Yes::Done)
    }

    pub(crate) fn release(&mut self, basket: Number, now: i64, key: Key) -> Reply {
        if self.ended(basket, key)? {
            return Ok(Yes::Already);
        }
        self.facts.push(Fact::GivenBack { basket });
        self.note(Thing::Basket(basket), key, now);
        self.lines_over(basket);
        Ok(Yes::Done)
    }

    pub(crate) fn extend(&mut self, basket: Number, ttl: i64, now: i64, key: Key) -> Reply {
        if self.ended(basket, key)? {
            return Ok(Yes::Already);
        }
        if let Some((item, ..)) = self.lines(basket).into_iter().find(|line| self.is_short(line.0)) {
            return Err(No::Short(item));
        }
        self.facts.push(Fact::Extended { basket, deadline: now + ttl });
        self.note(Thing::Basket(basket), key, now);
        Ok(Yes::Done)
    }

    pub(crate) fn pin(&mut self, basket: Number, order: Number, customer: u8, now: i64) -> Reply {
        let state = self.basket(basket).ok_or(No::UnknownBasket)?;
        if self.customer(basket) != Some(customer) {
            return Err(No::OfSomebodyElse);
        }
        if matches!(state, Basket::Pinned { order: by, .. } if by == order) {
            return Ok(Yes::Already);
        }
        let deadline = still_held(state)?;
        self.facts.push(Fact::Pinned { basket, order, left: deadline - now });
        Ok(Yes::Done)
    }

    pub(crate) fn unpin(&mut self, basket: Number, order: Number, now: i64) -> Reply {
        match self.basket(basket).ok_or(No::UnknownBasket)? {
            Basket::Pinned { order: by, left } if by == order => {
                self.facts.push(Fact::Unpinned { basket, deadline: now + left });
                Ok(Yes::Done)
            }
            _ => Ok(Yes::Already),
        }
    }

    pub(crate) fn end_pinned(&mut self, basket: Number, order: Number, commit: bool) -> Reply {
        match self.basket(basket).ok_or(No::UnknownBasket)? {
            Basket::Pinned { order: by, .. } if by == order => {
                let units = self.lines(basket).iter().map(|line| line.2).collect();
                self.facts.push(if commit {
                    Fact::Taken { basket, units }
                } else {
                    Fact::GivenBack { basket }
                });
                self.lines_over(basket);
                Ok(Yes::Done)
            }
            _ => Ok(Yes::Already),
        }
    }

    /// Whether this request was carried out; refused if the basket is not held any more.
    pub(super) fn ended(&self, basket: Number, key: Key) -> Result<bool, No> {
        let state = self.basket(basket).ok_or(No::UnknownBasket)?;
        if self.did(Thing::Basket(basket), key)? {
            return Ok(true);
        }
        still_held(state).map(|_| false)
    }

    /// A restart gives back what is pinned for an order that was never written down.
    pub(crate) fn restart(&mut self, now: i64) {
        for basket in self.baskets() {
            if let Some(Basket::Pinned { order, .. }) = self.basket(basket)
                && self.order(order).is_none()
            {
                self.unpin(basket, order, now).unwrap();
            }
        }
        let mut orders = self.orders();
        orders.sort_unstable();
        for order in orders {
            // What was asked of the shelves before the restart is asked again.
            let _ = self.finish_shipment(order, now);
        }
    }
}

fn still_held(state: Basket) -> Result<i64, No> {
    match state {
        Basket::Held { deadline } => Ok(deadline),
        Basket::Lapsed { deadline } => Err(No::Lapsed { deadline }),
        Basket::Committed => Err(No::Committed),
        Basket::Released => Err(No::Released),
        Basket::Pinned { order, .. } => Err(No::InCheckout(order)),
    }
}
