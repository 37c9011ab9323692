//! Baskets on paper: made whole or not at all, and ended once.

use super::super::commands::Wish;
use super::queue::{Granted, Has};
use super::sales::InSale;
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

    /// The lines of a basket that was made, by number; one that was taken out has no units.
    pub(crate) fn lines(&self, basket: Number) -> Vec<Line> {
        let lines = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Reserved { basket: of, lines, .. } | Fact::Changed { basket: of, lines, .. }
                if *of == basket =>
            {
                Some(lines.clone())
            }
            _ => None,
        });
        lines.unwrap_or_default()
    }

    /// The lines that a basket had after so many changes.
    pub(crate) fn lines_after(&self, basket: Number, changes: usize) -> Vec<Line> {
        let lines = self.facts.iter().filter_map(|fact| match fact {
            Fact::Reserved { basket: of, lines, .. }
            | Fact::Changed { basket: of, lines, done: true, .. }
                if *of == basket =>
            {
                Some(lines)
            }
            _ => None,
        });
        let mut lines: Vec<_> = lines.into_iter().nth(changes).cloned().unwrap_or_default();
        lines.retain(|line| line.2 > 0);
        lines.sort_unstable();
        lines
    }

    /// The lines that a basket has, in order, with their numbers.
    pub(super) fn numbered(&self, basket: Number) -> Vec<(Line, usize)> {
        let lines = self.lines(basket).into_iter().zip(0..);
        let mut lines: Vec<_> = lines.filter(|(line, _)| line.2 > 0).collect();
        lines.sort_unstable();
        lines
    }

    pub(super) fn lines_in_order(&self, basket: Number) -> Vec<Line> {
        self.numbered(basket).into_iter().map(|(line, _)| line).collect()
    }

    /// Where the units of a line were when it was made.
    pub(super) fn from(&self, basket: Number, line: usize) -> Vec<(Place, u64)> {
        let from = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Reserved { basket: of, from, .. } | Fact::Changed { basket: of, from, .. }
                if *of == basket =>
            {
                Some(from[line].clone())
            }
            _ => None,
        });
        from.unwrap_or_default()
    }

    pub(super) fn class(&self, basket: Number, line: usize) -> u8 {
        let class = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Reserved { basket: of, class, .. } if *of == basket => Some(*class),
            Fact::Changed { basket: of, classes, .. } if *of == basket => Some(classes[line]),
            _ => None,
        });
        class.unwrap_or(0)
    }

    /// How long a line waits for what is missing, if not for ever.
    pub(crate) fn until(&self, basket: Number, line: usize) -> Option<i64> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Reserved { basket: of, until, .. } if *of == basket => Some(*until),
            Fact::Changed { basket: of, untils, .. } if *of == basket => Some(untils[line]),
            _ => None,
        })?
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
            Fact::Reserved { basket, .. } => {
                let lines = self.lines(*basket).into_iter().enumerate();
                Some(lines.filter(move |(_, line)| line.0 == item).map(|(line, _)| (*basket, line)))
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
                | Fact::Changed { basket: of, deadline, .. }
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
            let found = match self.find(of_item, wishes, customer, &Has::default()) {
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
                sales.push(
                    self.open_sale(line.0).map(|_| InSale { edition: self.edition(line.0), before: 0 }),
                );
            }
        }
        if let Some(nothing) = nothing.filter(|_| lines_got.is_empty()) {
            return Err(nothing);
        }
        let (lines, class, until, deadline) = (lines_got.clone(), wishes.class, wishes.until, self.now + ttl);
        let reserved = Fact::Reserved { basket, customer, asked, lines, from, class, until, sales, deadline };
        self.facts.push(reserved);
        self.take_offers(customer, &lines_got, taken);
        Ok(Yes::Done)
    }

    /// Several baskets, all of them or none.
    pub(crate) fn bundle(&mut self, wishes: &[Wish]) -> Reply {
        let mut after = self.clone();
        let (mut done, mut fresh) = (Yes::Already, Vec::new());
        for wish in wishes {
            if self.basket(wish.basket).is_none() {
                if fresh.contains(&wish.basket) {
                    return Err(No::KeyReused);
                }
                fresh.push(wish.basket);
            }
            let asked = (wish.customer, wish.asked);
            if after.reserve(wish.basket, asked, &wish.lines, wish.wishes, wish.ttl)? == Yes::Done {
                done = Yes::Done;
            }
        }
        *self = after;
        Ok(done)
    }

    pub(crate) fn commit(&mut self, basket: Number, units: Option<&[u64]>, now: i64, key: Key) -> Reply {
        if self.ended(basket, key)? {
            return Ok(Yes::Already);
        }
        let lines = self.numbered(basket);
        let units = units.map_or_else(|| lines.iter().map(|(line, _)| line.2).collect(), <[u64]>::to_vec);
        if units.len() != lines.len() || units.iter().sum::<u64>() == 0 {
            return Err(No::CommitDoesNotFit);
        }
        if let Some(line) = (0..lines.len()).find(|line| units[*line] > lines[*line].0.2) {
            return Err(No::CommitAboveHold { line: lines[line].1 });
        }
        let mut taken = vec![0; self.lines(basket).len()];
        lines.iter().zip(units).for_each(|((_, number), units)| taken[*number] = units);
        self.facts.push(Fact::Taken { basket, units: taken });
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
        if let Some(((item, ..), _)) = self.numbered(basket).into_iter().find(|line| self.is_short(line.0.0))
        {
            return Err(No::Short(item));
        }
        self.facts.push(Fact::Extended { basket, deadline: now + ttl });
        self.note(Thing::Basket(basket), key, now);
        Ok(Yes::Done)
    }

    /// Gives a basket just these lines: what is more is found first, and only if all of it is there, the rest goes back.
    pub(crate) fn change(
        &mut self,
        basket: Number,
        wanted: &[Line],
        wishes: Wishes,
        ttl: Option<i64>,
        key: Key,
    ) -> Reply {
        if self.ended(basket, key)? {
            return Ok(Yes::Already);
        }
        let Some(Basket::Held { deadline }) = self.basket(basket) else { unreachable!("it is held") };
        let wanted = merged(wanted);
        if let Some((item, ..)) = wanted.iter().find(|line| ttl.is_some() && self.is_short(line.0)) {
            return Err(No::Short(*item));
        }
        let before = self.lines(basket);
        let names = before.iter().map(|line| line.0).chain(wanted.iter().map(|line| line.0));
        let items: std::collections::BTreeSet<_> = names.collect();
        let wants = |line: &Line| {
            wanted.iter().find(|other| (other.0, other.1) == (line.0, line.1)).map_or(0, |other| other.2)
        };
        let is_new =
            |line: &&Line| !before.iter().any(|other| other.2 > 0 && (other.0, other.1) == (line.0, line.1));
        let mut plans = Vec::new();
        for item in items {
            let of_item = || (0..before.len()).filter(|number| before[*number].0 == item);
            let kept: u64 = of_item().map(|number| before[number].2.min(wants(&before[number]))).sum();
            let mut more: Vec<(Option<usize>, Line)> = of_item()
                .filter(|number| before[*number].2 > 0 && wants(&before[*number]) > before[*number].2)
                .map(|number| {
                    let (item, place, has) = before[number];
                    (Some(number), (item, place, wants(&before[number]) - has))
                })
                .collect();
            more.sort_unstable_by_key(|(_, line)| *line);
            more.sort_by_key(|(_, line)| line.1);
            let added = wanted.iter().filter(|line| line.0 == item).filter(is_new);
            more.extend(added.map(|line| (None, *line)));
            let lowered = of_item().any(|number| wants(&before[number]) < before[number].2);
            if more.is_empty() && lowered && kept > 0 {
                self.check_rules(item, kept)?;
            }
            if !more.is_empty() {
                plans.push((item, kept, more));
            }
        }
        let numbers = 0..before.len();
        let (mut lines, mut from) = (before.clone(), Vec::new());
        from.extend(numbers.clone().map(|number| self.from(basket, number)));
        let mut classes: Vec<_> = numbers.clone().map(|number| self.class(basket, number)).collect();
        let mut untils: Vec<_> = numbers.clone().map(|number| self.until(basket, number)).collect();
        let mut sales: Vec<_> = numbers.map(|number| self.in_sale(basket, number)).collect();
        let mut lowered = self.numbered(basket);
        lowered.retain(|(line, _)| wants(line) < line.2);
        let left: Vec<_> = lowered.iter().map(|(line, number)| (*number, wants(line))).collect();
        let customer = self.customer(basket).unwrap();
        let mut dropped = None;
        for (item, kept, more) in plans {
            let sale = self.open_sale(item).map(|_| InSale { edition: self.edition(item), before: 0 });
            let raised = more.iter().filter_map(|(number, _)| *number);
            let anew = raised.filter(|number| self.counts_in(basket, *number) != Some(self.edition(item)));
            let has = Has { basket: Some(basket), kept, anew: anew.map(|number| before[number].2).sum() };
            let asked: Vec<_> = more.iter().map(|(_, line)| *line).collect();
            let found = match self.find(&asked, wishes, customer, &has) {
                Err(nothing @ No::TooFew { .. }) if wishes.missing == Some(super::Missing::Drop) => {
                    dropped.get_or_insert(nothing);
                    continue;
                }
                found => found?,
            };
            for ((number, line), found) in more.into_iter().zip(found) {
                let Some(Granted { from: found, .. }) = found else { continue };
                let there: u64 = found.iter().map(|from| from.1).sum();
                let dropped = wishes.missing == Some(super::Missing::Drop);
                let units = if dropped { there } else { line.2 };
                let Some(number) = number else {
                    lines.push((line.0, line.1, units));
                    from.push(found);
                    classes.push(wishes.class);
                    untils.push(wishes.until);
                    sales.push(sale);
                    continue;
                };
                let had: u64 = from[number].iter().map(|from| from.1).sum();
                if had == lines[number].2 {
                    classes[number] = wishes.class;
                    untils[number] = wishes.until;
                } else if units > there && untils[number].is_some_and(|until| until <= self.now) {
                    untils[number] = wishes.until;
                }
                lines[number].2 += units;
                for (place, units) in found {
                    match from[number].iter_mut().find(|before| before.0 == place) {
                        Some(before) => before.1 += units,
                        None => from[number].push((place, units)),
                    }
                }
                if sales[number].map(|line| line.edition) != Some(self.edition(item)) {
                    let begins = |sale| InSale { before: before[number].2, ..sale };
                    sales[number] = sale.map(begins).or(sales[number]);
                }
            }
        }
        let gone = |number: usize| left.contains(&(number, 0));
        if let Some(nothing) =
            dropped.filter(|_| (0..lines.len()).all(|line| gone(line) || lines[line].2 == 0))
        {
            return Err(nothing);
        }
        let deadline = ttl.map_or(deadline, |ttl| self.now + ttl);
        self.note(Thing::Basket(basket), key, self.now);
        let mut left = left.into_iter().peekable();
        loop {
            let next = left.next();
            if let Some((number, left)) = next {
                let has = &mut lines[number];
                from[number] = first_of(std::mem::take(&mut from[number]), left);
                has.2 = left;
                sales[number] = sales[number].filter(|in_sale| in_sale.before < left);
            }
            let (lines, from, done) = (lines.clone(), from.clone(), left.peek().is_none());
            let (classes, untils, sales) = (classes.clone(), untils.clone(), sales.clone());
            let changed = Fact::Changed { basket, lines, from, classes, untils, sales, deadline, done };
            self.facts.push(changed);
            if let Some((number, _)) = next {
                self.serve(before[number].0, self.now);
            }
            if done {
                return Ok(Yes::Done);
            }
        }
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

/// Where the first units are of a line of so many: what waits goes first, then what was found last.
fn first_of(from: Vec<(Place, u64)>, mut left: u64) -> Vec<(Place, u64)> {
    let mut first = Vec::new();
    for (place, units) in from {
        let units = units.min(left);
        left -= units;
        if units > 0 {
            first.push((place, units));
        }
    }
    first
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
