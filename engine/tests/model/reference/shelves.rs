//! Shelves on paper: what lies where, and whose it is.

use super::{
    DAMAGED, Fact, Item, MOST_UNITS, Moved, No, Number, PILES, PLACES, Pile, Place, Reference, Reply,
    SELLABLE, Yes,
};

impl Reference {
    pub(crate) fn on_hand(&self, item: Item, place: Place) -> u64 {
        (0..PILES).map(|pile| self.pile(item, place, pile)).sum()
    }

    pub(crate) fn pile(&self, item: Item, place: Place, pile: Pile) -> u64 {
        u64::try_from(self.pile_signed(item, place, pile)).unwrap()
    }

    /// What the count found that was taken last, and what moved since: what was told before the count and happened after
    /// it, and what was told after the count, unless it says itself that it happened before.
    pub(super) fn pile_signed(&self, item: Item, place: Place, pile: Pile) -> i128 {
        let mut clock = 0;
        let mut moves: Vec<(i64, bool, i128)> = Vec::new();
        let mut count: Option<(i64, usize, u64)> = None;
        for fact in &self.facts {
            match fact {
                Fact::Clock { now } => clock = *now,
                Fact::Counted { item: i, place: p, pile: of, then, found: Some(found), .. }
                    if (*i, *p, *of) == (item, place, pile) =>
                {
                    let at = then.unwrap_or(clock);
                    if count.is_none_or(|(before, ..)| at >= before) {
                        count = Some((at, moves.len(), *found));
                    }
                }
                fact => {
                    let (units, then) = self.moved_by(fact, (item, place, pile));
                    moves.push((then.unwrap_or(clock), then.is_some(), units));
                }
            }
        }
        let Some((at, told, found)) = count else { return moves.iter().map(|(.., units)| units).sum() };
        let since =
            moves.iter().enumerate().filter(
                |(position, (happened, is_late, _))| {
                    if *position < told || *is_late { *happened > at } else { true }
                },
            );
        i128::from(found) + since.map(|(_, (.., units))| units).sum::<i128>()
    }

    /// By how many units a fact changes a pile, and when that was, if it was told later.
    fn moved_by(&self, fact: &Fact, (item, place, pile): (Item, Place, Pile)) -> (i128, Option<i64>) {
        match fact {
            Fact::Counted { item: i, place: p, pile: from, delta, became, then, found: None }
                if (*i, *p) == (item, place) =>
            {
                let delta = i128::from(*delta);
                let left = if *from == pile { delta } else { 0 };
                (if *became == Some(pile) { left - delta } else { left }, *then)
            }
            Fact::Moved { basket, line, place: p, by, counted: true }
                if *p == place && self.item_of(*basket, *line) == item =>
            {
                let [shipped, returned, damaged] = [by.shipped, by.returned, by.damaged].map(i128::from);
                let units = match pile {
                    SELLABLE => returned - damaged - shipped,
                    DAMAGED => damaged,
                    _ => 0,
                };
                (units, None)
            }
            Fact::PlaceGone { item: i, place: p, to, piles }
                if *i == item && (*p == place || *to == Some(place)) =>
            {
                let units = i128::from(piles[usize::from(pile)]);
                (if *p == place { -units } else { units }, None)
            }
            Fact::Announced { .. } | Fact::Came { .. } | Fact::NeverCame { .. } => {
                (self.brought(fact, (item, place, pile)).into(), None)
            }
            _ => (0, None),
        }
    }

    fn item_of(&self, basket: Number, line: usize) -> Item {
        self.lines(basket)[line].0
    }

    pub(crate) fn held(&self, item: Item, place: Place) -> u64 {
        let in_baskets: u64 = self
            .lines_held(item)
            .flat_map(|(basket, line)| self.from(basket, line))
            .filter(|from| from.0 == place)
            .map(|from| from.1)
            .sum();
        in_baskets + self.offered_at(item, place, false)
    }

    pub(crate) fn allocated(&self, item: Item, place: Place) -> u64 {
        self.lines_promised(item).map(|(basket, line)| self.kept(basket, line, place)).sum()
    }

    /// Units that somebody waits for, whether promised to him or only in his basket.
    pub(crate) fn queued(&self, item: Item) -> u64 {
        let in_baskets: u64 =
            self.lines_held(item).map(|(basket, line)| self.queued_in_basket(basket, line)).sum();
        let promised: u64 =
            self.lines_promised(item).map(|(basket, line)| self.queued_for(basket, line)).sum();
        in_baskets + promised
    }

    pub(super) fn queued_in_basket(&self, basket: Number, line: usize) -> u64 {
        let there: u64 = self.from(basket, line).iter().map(|from| from.1).sum();
        self.lines(basket)[line].2 - there
    }

    /// Units at a place that are nobody's, for sale or not.
    pub(super) fn unclaimed(&self, item: Item, place: Place, at: i64) -> u64 {
        let Some(rules) = self.rules(item) else { return 0 };
        if rules.closed == Some(place) || rules.preorder.is_some_and(|(_, release)| at < release) {
            return 0;
        }
        self.nobodys(item, place, rules).saturating_sub(self.aside(item, place, at))
    }

    /// Units at a place that nobody has claimed.
    pub(super) fn nobodys(&self, item: Item, place: Place, rules: super::Rules) -> u64 {
        let sellable = match rules.tracked {
            true => self.pile(item, place, SELLABLE).saturating_sub(rules.safety),
            false => MOST_UNITS,
        };
        sellable.saturating_sub(self.held(item, place) + self.allocated(item, place))
    }

    pub(crate) fn free(&self, item: Item, place: Place) -> u64 {
        if self.rules(item).is_some_and(|rules| rules.sellable && !rules.bundle) {
            self.on_offer(item, place)
        } else {
            0
        }
    }

    pub(super) fn is_short(&self, item: Item) -> bool {
        self.rules(item).is_some_and(|rules| rules.tracked)
            && (0..PLACES).any(|place| {
                self.held(item, place) + self.allocated(item, place) > self.pile(item, place, SELLABLE)
            })
    }

    /// Units kept at a place for a line that was promised.
    pub(super) fn kept(&self, basket: Number, line: usize, place: Place) -> u64 {
        let mut kept: u64 = self
            .first_kept(basket, line)
            .iter()
            .filter(|from| self.home_of_first(basket, line, from.0) == place)
            .map(|from| from.1)
            .sum();
        let item = self.item_of(basket, line);
        for (number, fact) in self.facts.iter().enumerate() {
            match fact {
                Fact::Filled { basket: of, line: at, place: p, units }
                    if (*of, *at, self.lies_now(item, *p, number)) == (basket, line, place) =>
                {
                    kept += units;
                }
                Fact::Moved { basket: of, line: at, place: p, by, .. }
                    if (*of, *at, self.lies_now(item, *p, number)) == (basket, line, place) =>
                {
                    kept -= by.shipped + by.cancelled;
                }
                _ => {}
            }
        }
        kept
    }

    /// What a line had when it was promised: of what it had in the basket, the first.
    pub(super) fn first_kept(&self, basket: Number, line: usize) -> Vec<(Place, u64)> {
        let mut left = self.taken(basket).map_or(0, |taken| taken[line]);
        let mut kept = Vec::new();
        for (place, units) in self.from(basket, line) {
            kept.push((place, units.min(left)));
            left -= units.min(left);
        }
        kept
    }

    /// Units that a promised line waits for.
    pub(super) fn queued_for(&self, basket: Number, line: usize) -> u64 {
        let first: u64 = self.first_kept(basket, line).iter().map(|from| from.1).sum();
        let mut queued = self.taken(basket).map_or(0, |taken| taken[line]) - first;
        for fact in &self.facts {
            match fact {
                Fact::Filled { basket: of, line: at, units, .. }
                | Fact::Unqueued { basket: of, line: at, units }
                | Fact::Dropped { basket: of, line: at, units }
                    if (*of, *at) == (basket, line) =>
                {
                    queued -= units;
                }
                _ => {}
            }
        }
        queued
    }

    /// Units that a line queued for and that were dropped when its time to do so was over.
    pub(crate) fn dropped(&self, basket: Number, line: usize) -> u64 {
        let dropped = self.facts.iter().filter_map(|fact| match fact {
            Fact::Dropped { basket: of, line: at, units } if (*of, *at) == (basket, line) => Some(*units),
            _ => None,
        });
        dropped.sum()
    }

    /// How far the units of a line have come, at one place or, with what it queued for, altogether. What was dropped counts
    /// as cancelled.
    pub(super) fn moved(&self, basket: Number, line: usize, at: Option<Place>) -> Moved {
        let mut moved = Moved::default();
        for fact in &self.facts {
            match fact {
                Fact::Moved { basket: of, line: on, place, by, .. }
                    if (*of, *on) == (basket, line) && at.is_none_or(|at| at == *place) =>
                {
                    moved.shipped += by.shipped;
                    moved.cancelled += by.cancelled;
                    moved.returned += by.returned;
                    moved.damaged += by.damaged;
                }
                Fact::Unqueued { basket: of, line: on, units }
                | Fact::Dropped { basket: of, line: on, units }
                    if (*of, *on) == (basket, line) && at.is_none() =>
                {
                    moved.cancelled += units;
                }
                _ => {}
            }
        }
        moved
    }

    /// The places that a promised line has or had units at, in the order it came to them.
    fn places_of(&self, basket: Number, line: usize) -> Vec<Place> {
        let first = self.first_kept(basket, line).into_iter().filter(|from| from.1 > 0);
        let first = first.map(|from| self.home_of_first(basket, line, from.0));
        let mut places = Vec::new();
        let item = self.item_of(basket, line);
        let later = self.facts.iter().enumerate().filter_map(|(number, fact)| match fact {
            Fact::Filled { basket: of, line: at, place, .. } if (*of, *at) == (basket, line) => {
                Some(self.lies_now(item, *place, number))
            }
            _ => None,
        });
        for place in first.chain(later) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// Ships, gives up or takes back promised units, up to these counts.
    pub(crate) fn fulfil(&mut self, basket: Number, line: usize, to: Moved) -> Reply {
        let promised = self.taken(basket).and_then(|taken| taken.get(line).copied());
        let is_there = self.lines(basket).get(line).is_some_and(|line| line.2 > 0);
        let Some(promised) = promised.filter(|_| is_there) else { return Err(No::NothingPromised) };
        let done = self.moved(basket, line, None);
        let by = Moved {
            shipped: to.shipped.saturating_sub(done.shipped),
            cancelled: to.cancelled.saturating_sub(done.cancelled),
            returned: to.returned.saturating_sub(done.returned),
            damaged: to.damaged.saturating_sub(done.damaged),
        };
        if by == Moved::default() {
            return Ok(Yes::Already);
        }
        if done.shipped + by.shipped + done.cancelled + by.cancelled > promised
            || done.returned + by.returned > done.shipped + by.shipped
            || by.damaged > by.returned
        {
            return Err(No::AbovePromise);
        }
        let item = self.item_of(basket, line);
        let counted = self.rules(item).is_none_or(|rules| rules.tracked);
        let unqueued = self.queued_for(basket, line).min(by.cancelled);
        let places = self.places_of(basket, line);
        let mut moves: Vec<(Place, Moved)> = places.iter().map(|place| (*place, Moved::default())).collect();
        let mut left = by.cancelled - unqueued;
        for (place, by) in moves.iter_mut().rev() {
            by.cancelled = left.min(self.kept(basket, line, *place));
            left -= by.cancelled;
        }
        let mut left = by.shipped;
        for (place, by) in &mut moves {
            let kept = self.kept(basket, line, *place) - by.cancelled;
            let there = if counted { self.pile(item, *place, SELLABLE) } else { kept };
            by.shipped = left.min(kept).min(there);
            left -= by.shipped;
        }
        if left > 0 {
            return Err(No::NotOnShelf { asked: by.shipped, sellable: by.shipped - left });
        }
        let (mut back, mut damaged) = (by.returned, by.damaged);
        for (place, by) in &mut moves {
            let done = self.moved_of_home(basket, line, *place);
            by.returned = back.min(done.shipped + by.shipped - done.returned);
            back -= by.returned;
            by.damaged = damaged.min(by.returned);
            damaged -= by.damaged;
        }
        if counted && moves.iter().any(|(place, by)| self.on_hand(item, *place) + by.returned > MOST_UNITS) {
            return Err(No::AboveMaximum);
        }
        if unqueued > 0 {
            self.facts.push(Fact::Unqueued { basket, line, units: unqueued });
        }
        for (place, by) in moves.into_iter().filter(|(_, by)| *by != Moved::default()) {
            self.facts.push(Fact::Moved { basket, line, place, by, counted });
        }
        self.serve(item, self.now);
        Ok(Yes::Done)
    }
}
