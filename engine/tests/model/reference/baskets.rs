//! Baskets on paper: made whole or not at all, and ended once.

use super::{Basket, Fact, Item, Key, Line, Moved, No, Number, Place, Reference, Reply, Thing, Yes, merged};

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

    /// Where a basket stands, from all that happened to it.
    pub(crate) fn basket(&self, basket: Number, now: i64) -> Option<Basket> {
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
                _ => state,
            };
        }
        match state {
            Some(Basket::Held { deadline }) if deadline <= now => Some(Basket::Lapsed { deadline }),
            state => state,
        }
    }

    /// Units taken of each line, if it was committed.
    pub(super) fn taken(&self, basket: Number) -> Option<Vec<u64>> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Taken { basket: of, units } if *of == basket => Some(units.clone()),
            _ => None,
        })
    }

    /// How far the units of a line have come, whoever moved them.
    pub(super) fn moved(&self, basket: Number, line: usize) -> Moved {
        let mut moved = Moved::default();
        for fact in &self.facts {
            match fact {
                Fact::Moved { basket: of, line: at, to } if (*of, *at) == (basket, line) => moved = *to,
                Fact::Placed { order, basket: of, .. } if *of == basket => {
                    let done = self.progress(*order, line);
                    if done != Moved::default() {
                        moved = done;
                    }
                }
                _ => {}
            }
        }
        moved
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
        ttl: i64,
        now: i64,
    ) -> Reply {
        for fact in &self.facts {
            if let Fact::Reserved { basket: of, asked: before, .. } = fact
                && *of == basket
            {
                return if *before == asked { Ok(Yes::Already) } else { Err(No::KeyReused) };
            }
        }
        let lines = merged(lines);
        for (item, place, units) in &lines {
            self.may_take(*item, *place, *units, now)?;
        }
        self.facts.push(Fact::Reserved { basket, customer, asked, lines, deadline: now + ttl });
        Ok(Yes::Done)
    }

    pub(super) fn may_take(&self, item: Item, place: Place, asked: u64, now: i64) -> Result<(), No> {
        let rules = self.rules(item).ok_or(No::UnknownItem(item))?;
        if !rules.sellable {
            return Err(No::NotForSale(item));
        }
        if asked > rules.line_max {
            return Err(No::LineTooLarge(item));
        }
        if asked < rules.line_min {
            return Err(No::LineTooSmall(item));
        }
        if !asked.is_multiple_of(rules.line_step) {
            return Err(No::LineIsNoStep(item));
        }
        let free = self.free(item, place, now);
        if asked > free {
            return Err(No::TooFew { item, place, asked, free, held: self.held(item, place, now) });
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self, basket: Number, units: Option<&[u64]>, now: i64, key: Key) -> Reply {
        if self.ended(basket, now, key)? {
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
        Ok(Yes::Done)
    }

    pub(crate) fn release(&mut self, basket: Number, now: i64, key: Key) -> Reply {
        if self.ended(basket, now, key)? {
            return Ok(Yes::Already);
        }
        self.facts.push(Fact::GivenBack { basket });
        self.note(Thing::Basket(basket), key, now);
        Ok(Yes::Done)
    }

    pub(crate) fn extend(&mut self, basket: Number, ttl: i64, now: i64, key: Key) -> Reply {
        if self.ended(basket, now, key)? {
            return Ok(Yes::Already);
        }
        if let Some((item, ..)) = self.lines(basket).into_iter().find(|line| self.is_short(line.0, now)) {
            return Err(No::Short(item));
        }
        self.facts.push(Fact::Extended { basket, deadline: now + ttl });
        self.note(Thing::Basket(basket), key, now);
        Ok(Yes::Done)
    }

    pub(crate) fn pin(&mut self, basket: Number, order: Number, customer: u8, now: i64) -> Reply {
        let state = self.basket(basket, now).ok_or(No::UnknownBasket)?;
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
        match self.basket(basket, now).ok_or(No::UnknownBasket)? {
            Basket::Pinned { order: by, left } if by == order => {
                self.facts.push(Fact::Unpinned { basket, deadline: now + left });
                Ok(Yes::Done)
            }
            _ => Ok(Yes::Already),
        }
    }

    pub(crate) fn end_pinned(&mut self, basket: Number, order: Number, commit: bool, now: i64) -> Reply {
        match self.basket(basket, now).ok_or(No::UnknownBasket)? {
            Basket::Pinned { order: by, .. } if by == order => {
                let units = self.lines(basket).iter().map(|line| line.2).collect();
                self.facts.push(if commit {
                    Fact::Taken { basket, units }
                } else {
                    Fact::GivenBack { basket }
                });
                Ok(Yes::Done)
            }
            _ => Ok(Yes::Already),
        }
    }

    /// Whether this request was carried out; refused if the basket is not held any more.
    pub(super) fn ended(&self, basket: Number, now: i64, key: Key) -> Result<bool, No> {
        let state = self.basket(basket, now).ok_or(No::UnknownBasket)?;
        if self.did(Thing::Basket(basket), key)? {
            return Ok(true);
        }
        still_held(state).map(|_| false)
    }

    /// A restart gives back what is pinned for an order that was never written down.
    pub(crate) fn restart(&mut self, now: i64) {
        for basket in self.baskets() {
            if let Some(Basket::Pinned { order, .. }) = self.basket(basket, now)
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
