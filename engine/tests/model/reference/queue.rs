//! Who waits for what on paper, and what he gets when it comes.

use super::{Basket, Fact, Item, Line, Missing, No, Number, PLACES, Place, Reference, Rules, Way, Wishes};

/// Where units were found, place by place.
type Found = Vec<(Place, u64)>;

/// What a line gets: where its units are, and which of them were kept for the customer.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub(super) from: Found,
    pub(super) offered: Found,
}

impl Reference {
    /// Lets time pass: whatever lapses or is released by then does so in its order.
    pub(crate) fn pass_to(&mut self, now: i64) {
        let mut due: Vec<(i64, u8, u16, usize)> = Vec::new();
        for basket in self.baskets() {
            if let Some(Basket::Held { deadline }) = self.basket(basket)
                && deadline <= now
            {
                due.extend((0..self.lines(basket).len()).map(|line| (deadline, 2, basket, line)));
            }
        }
        for item in self.items() {
            if let Some((_, release)) = self.rules(item).and_then(|rules| rules.preorder)
                && self.now < release
                && release <= now
            {
                due.push((release, 1, item.into(), 0));
            }
        }
        for item in self.items() {
            let (opens, closes) =
                self.sale(item).map_or((None, None), |sale| (Some(sale.opens), sale.closes));
            let changes = [opens, closes].into_iter().flatten();
            due.extend(changes.filter(|at| self.now < *at && *at <= now).map(|at| (at, 1, item.into(), 0)));
            for (basket, line) in self.lines_waiting(item) {
                due.extend(self.until(basket, line).filter(|at| *at <= now).map(|at| (at, 0, basket, line)));
            }
        }
        due.sort_unstable();
        for (at, kind, number, line) in due {
            if kind == 0 {
                self.drop_rest(number, line);
                continue;
            }
            if kind == 1 {
                self.serve(Item::try_from(number).unwrap(), at);
                continue;
            }
            if line == 0 {
                self.facts.push(Fact::Lapsed { basket: number, deadline: at });
            }
            self.line_over(number, line, at);
        }
        self.now = now;
        self.facts.push(Fact::Clock { now });
        self.items().into_iter().for_each(|item| self.offer(item));
        self.orders().into_iter().for_each(|order| self.hear(order));
    }

    /// A line waits no more for what is missing.
    fn drop_rest(&mut self, basket: Number, line: usize) {
        let units = self.queued_for(basket, line);
        if units > 0 {
            self.facts.push(Fact::Dropped { basket, line, units });
        }
    }

    /// A basket came to an end: line by line its shelves hear of it.
    pub(super) fn lines_over(&mut self, basket: Number) {
        for (_, line) in self.numbered(basket) {
            self.line_over(basket, line, self.now);
        }
    }

    fn line_over(&mut self, basket: Number, line: usize, at: i64) {
        self.facts.push(Fact::LineOver { basket, line });
        if self.taken(basket).is_some() && self.until(basket, line).is_some_and(|until| until <= self.now) {
            self.drop_rest(basket, line);
        }
        self.serve(self.lines(basket)[line].0, at);
    }

    /// Gives units that are nobody's to those that wait for them: who was promised some first, and when all that has
    /// happened is taken in, those on the list.
    pub(super) fn serve(&mut self, item: Item, at: i64) {
        self.fill(item, at);
        if at == self.now {
            self.offer(item);
        }
    }

    pub(super) fn fill(&mut self, item: Item, at: i64) {
        let Some(rules) = self.rules(item) else { return };
        if !rules.tracked {
            return self.serve_all(item, rules);
        }
        for place in 0..PLACES {
            let mut waiting = self.waiting(item, place);
            if waiting.is_empty() {
                continue;
            }
            for _ in 0..self.unclaimed(item, place, at) {
                let hungry = waiting.iter_mut().filter(|one| one.queued > one.gets);
                let next = hungry.min_by_key(|one| {
                    let has = if rules.fair { one.has + one.gets } else { 0 };
                    (one.class, has, one.arrival, one.line)
                });
                let Some(next) = next else { break };
                next.gets += 1;
            }
            for one in waiting.into_iter().filter(|one| one.gets > 0) {
                let Waiting { basket, line, gets: units, .. } = one;
                self.facts.push(Fact::Filled { basket, line, place, units });
            }
        }
    }

    /// Where nobody counts, everybody gets all of it, where he asked for it or where the shop has it.
    fn serve_all(&mut self, item: Item, rules: Rules) {
        for (basket, line) in self.lines_waiting(item) {
            let asked = self.lines(basket)[line].1;
            let place = asked.or_else(|| self.home(item, rules, Wishes::default()));
            if let Some(place) = place.filter(|place| rules.closed != Some(*place)) {
                let units = self.queued_for(basket, line);
                self.facts.push(Fact::Filled { basket, line, place, units });
            }
        }
    }

    /// The best open place the shop has it at; the first one, if that is open, where it has it nowhere.
    fn home(&self, item: Item, rules: Rules, wishes: Wishes) -> Option<Place> {
        let open = |place: &Place| rules.closed != Some(*place);
        let here = (0..PLACES).filter(|place| self.knows(item, *place)).filter(open);
        let way = wishes.way.unwrap_or(rules.way);
        let near = wishes.near.filter(|_| matches!(way, Way::NearestFirst | Way::FewestParcels));
        let best = here.min_by_key(|place| (near != Some(*place), rules.favourite != Some(*place), *place));
        best.or(Some(0).filter(open))
    }

    fn waiting(&self, item: Item, place: Place) -> Vec<Waiting> {
        let lines = self
            .lines_promised(item)
            .filter(|(basket, line)| self.lines(*basket)[*line].1.is_none_or(|asked| asked == place));
        let waiting = lines.map(|(basket, line)| {
            let done = self.moved(basket, line, None);
            let queued = self.queued_for(basket, line);
            Waiting {
                basket,
                line,
                class: self.class(basket, line),
                arrival: self.arrival(basket),
                queued,
                has: self.taken(basket).unwrap()[line] - queued - done.cancelled,
                gets: 0,
            }
        });
        waiting.filter(|one| one.queued > 0).collect()
    }

    /// When a basket was promised, among all that happened.
    pub(super) fn arrival(&self, basket: Number) -> usize {
        self.facts
            .iter()
            .position(|fact| matches!(fact, Fact::Taken { basket: of, .. } if *of == basket))
            .unwrap()
    }

    /// How the units of lines of one product would be found: line by line, place by place.
    pub(super) fn find(
        &self,
        lines: &[Line],
        wishes: Wishes,
        customer: u8,
        has: &Has,
    ) -> Result<Vec<Option<Granted>>, No> {
        let item = lines[0].0;
        let is_ahead = |until: i64| self.now < until && until - self.now <= super::QUEUES_FOR_MS_MOST;
        if wishes.until.is_some_and(|until| !is_ahead(until)) {
            return Err(No::DateIsNone);
        }
        let rules = self.has_stock(item)?;
        if !rules.sellable {
            return Err(No::NotForSale(item));
        }
        let asked: u64 = lines.iter().map(|line| line.2).sum();
        self.check_rules(item, has.kept + asked)?;
        // A change takes nothing that is kept for the customer.
        let uses_offer = has.basket.is_none();
        self.may_buy(item, customer, asked + has.anew, uses_offer)?;
        let own = |place: Option<Place>| self.own(has, item, place);
        if !rules.tracked {
            let short = |line: &Line| {
                let here = (0..PLACES).filter(|at| line.1.is_none_or(|only| only == *at));
                let held = here.map(|place| self.held(item, place)).sum::<u64>() - own(line.1);
                No::TooFew {
                    item,
                    place: line.1,
                    asked: line.2,
                    free: 0,
                    held,
                    queued: self.queued(item) - self.own_queued(has, item),
                    may_pass: false,
                }
            };
            let find = |line: &Line| {
                if line.1.is_some_and(|place| !self.knows(item, place)) {
                    return Err(No::NeverThere(item));
                }
                let place = line.1.or_else(|| self.home(item, rules, wishes));
                let place = place.filter(|place| rules.closed != Some(*place)).ok_or_else(|| short(line))?;
                Ok(Some(Granted { from: vec![(place, line.2)], offered: Vec::new() }))
            };
            return lines.iter().map(find).collect();
        }
        let most = match rules.preorder {
            _ if self.open_sale(item).is_some_and(|sale| sale.aside.is_some()) => Some(0),
            Some((quota, release)) if self.now < release => Some(quota),
            _ => rules.backorder,
        };
        let missing =
            wishes.missing.unwrap_or(if most == Some(0) { Missing::Refuse } else { Missing::Queue });
        let mut may_queue = most.map_or(u64::MAX, |most| most.saturating_sub(self.queued(item)));
        let mut free: Vec<u64> = (0..PLACES).map(|place| self.on_offer(item, place)).collect();
        let mut offer = if uses_offer { self.offer_of(item, customer) } else { vec![0; usize::from(PLACES)] };
        let mut found = vec![None; lines.len()];
        // Whoever asks for one place goes first: the others can make do with what he leaves.
        let (anywhere, one_place): (Vec<usize>, Vec<usize>) =
            (0..lines.len()).partition(|line| lines[*line].1.is_none());
        for line in one_place.into_iter().chain(anywhere) {
            let (_, asked_place, asked) = &lines[line];
            if asked_place.is_some_and(|place| !self.knows(item, place)) {
                return Err(No::NeverThere(item));
            }
            let here = |place: &Place| asked_place.is_none_or(|only| only == *place);
            let there =
                |free: &[u64]| (0..PLACES).filter(here).map(|place| free[usize::from(place)]).sum::<u64>();
            let there = there(&free) + there(&offer);
            let short = No::TooFew {
                item,
                place: *asked_place,
                asked: *asked,
                free: there,
                held: (0..PLACES).filter(here).map(|place| self.held(item, place)).sum::<u64>()
                    - own(*asked_place),
                queued: self.queued(item) - self.own_queued(has, item),
                may_pass: self.could_have((item, *asked_place, *asked), most, missing, has),
            };
            let lacks = asked.saturating_sub(there);
            if lacks > 0 && (missing == Missing::Refuse || (missing == Missing::Queue && lacks > may_queue)) {
                return Err(short);
            }
            if missing == Missing::Queue {
                may_queue -= lacks;
            }
            // What is kept for the customer comes first.
            let offered = gather((item, *asked_place, *asked), &mut offer, rules, wishes);
            let rest = asked - offered.iter().map(|from| from.1).sum::<u64>();
            let mut from = offered.clone();
            for (place, units) in gather((item, *asked_place, rest), &mut free, rules, wishes) {
                match from.iter_mut().find(|from| from.0 == place) {
                    Some(from) => from.1 += units,
                    None => from.push((place, units)),
                }
            }
            let dropped = missing == Missing::Drop && from.is_empty();
            found[line] = (!dropped).then_some(Granted { from, offered });
        }
        if missing == Missing::Drop {
            keep_to_rules(rules, has.kept, &mut found);
        }
        if uses_offer {
            self.may_still_buy(item, customer, lines, &found, missing)?;
        }
        if found.iter().all(Option::is_none) {
            let (_, place, asked) = lines[0];
            let may_pass = self.could_have((item, place, asked), most, missing, has);
            let here = (0..PLACES).filter(|at| place.is_none_or(|only| only == *at));
            let held = here.map(|place| self.held(item, place)).sum::<u64>() - own(place);
            return Err(No::TooFew {
                item,
                place,
                asked,
                free: 0,
                held,
                queued: self.queued(item) - self.own_queued(has, item),
                may_pass,
            });
        }
        Ok(found)
    }
}

impl Reference {
    /// Whether so many units could be had if nobody had anything in a basket.
    fn could_have(
        &self,
        (item, asked_place, asked): Line,
        most: Option<u64>,
        missing: Missing,
        has: &Has,
    ) -> bool {
        let units = |place: &Place| self.without_baskets(item, *place);
        let anywhere: u64 = (0..PLACES).map(|place| units(&place)).sum();
        let here = asked_place.map_or(anywhere, |place| units(&place));
        let here = here.saturating_sub(self.own(has, item, asked_place));
        let anywhere = anywhere.saturating_sub(self.own(has, item, None));
        let most = most.map(|most| most.saturating_sub(self.own_queued(has, item)));
        let wanted: u64 = self.lines_promised(item).map(|(basket, line)| self.queued_for(basket, line)).sum();
        let served = wanted.min(anywhere);
        let room = match missing {
            Missing::Queue => most.unwrap_or(super::MOST_UNITS).saturating_sub(wanted - served),
            Missing::Refuse | Missing::Drop => 0,
        };
        let needs = if missing == Missing::Drop { 1 } else { asked };
        here.min(anywhere - served) + room >= needs
    }

    fn without_baskets(&self, item: Item, place: Place) -> u64 {
        let Some(rules) = self.rules(item) else { return 0 };
        if rules.closed == Some(place) || rules.preorder.is_some_and(|(_, release)| self.now < release) {
            return 0;
        }
        let sellable = self.pile(item, place, super::SELLABLE).saturating_sub(rules.safety);
        let free = sellable.saturating_sub(self.allocated(item, place));
        match self.open_sale(item).and_then(|sale| sale.aside) {
            Some(aside) => free.min(aside[usize::from(place)]),
            None if self.open_sale(item).is_some() => free,
            None => free.saturating_sub(self.aside(item, place, self.now)),
        }
    }
}

/// What is taken of what there is keeps to the rules; what is too much goes back from the end.
fn keep_to_rules(rules: Rules, kept: u64, found: &mut [Option<Granted>]) {
    let sum: u64 = found.iter().flatten().flat_map(|found| &found.from).map(|from| from.1).sum();
    let fits = (kept + sum) / rules.line_step * rules.line_step;
    let mut excess = sum - if fits < rules.line_min { 0 } else { fits.saturating_sub(kept) };
    for line in found.iter_mut().rev() {
        for from in line.iter_mut().flat_map(|found| &mut found.from).rev() {
            let back = excess.min(from.1);
            from.1 -= back;
            excess -= back;
        }
        if let Some(found) = line {
            found.from.retain(|from| from.1 > 0);
            if found.from.is_empty() {
                *line = None;
            }
        }
    }
}

/// What a basket has already that asks for more.
#[derive(Default)]
pub(super) struct Has {
    pub(super) basket: Option<Number>,
    /// Units of the product that it keeps besides.
    pub(super) kept: u64,
    /// Of these, units that count in the open sale only from now on.
    pub(super) anew: u64,
}

impl Reference {
    pub(super) fn check_rules(&self, item: Item, units: u64) -> Result<(), No> {
        let Some(rules) = self.rules(item) else { return Ok(()) };
        if units > rules.line_max {
            return Err(No::LineTooLarge(item));
        }
        if units < rules.line_min {
            return Err(No::LineTooSmall(item));
        }
        if !units.is_multiple_of(rules.line_step) {
            return Err(No::LineIsNoStep(item));
        }
        Ok(())
    }

    fn own_lines(&self, has: &Has, item: Item) -> Vec<(Number, usize)> {
        self.lines_held(item).filter(|(basket, _)| has.basket == Some(*basket)).collect()
    }

    /// Units of the product at a place, or anywhere, that are in the basket already.
    fn own(&self, has: &Has, item: Item, place: Option<Place>) -> u64 {
        let lines = self.own_lines(has, item).into_iter();
        let found = lines.flat_map(|(basket, line)| self.from(basket, line));
        found.filter(|from| place.is_none_or(|only| only == from.0)).map(|from| from.1).sum()
    }

    fn own_queued(&self, has: &Has, item: Item) -> u64 {
        self.own_lines(has, item).into_iter().map(|(basket, line)| self.queued_in_basket(basket, line)).sum()
    }
}

/// One line that waits.
struct Waiting {
    basket: Number,
    line: usize,
    class: u8,
    arrival: usize,
    queued: u64,
    has: u64,
    gets: u64,
}

/// Takes as much of a line as there is out of what is free, place by place.
pub(super) fn gather(line: Line, free: &mut [u64], rules: Rules, wishes: Wishes) -> Found {
    let (_, only, mut missing) = line;
    let mut from = Vec::new();
    loop {
        let here = (0..PLACES).filter(|place| only.is_none_or(|only| only == *place));
        let places: Vec<Place> = here.filter(|place| free[usize::from(*place)] > 0).collect();
        if missing == 0 || places.is_empty() {
            return from;
        }
        let place = best(places, free, missing, rules, wishes);
        let units = missing.min(free[usize::from(place)]);
        free[usize::from(place)] -= units;
        missing -= units;
        from.push((place, units));
    }
}

/// The place to be asked next.
fn best(places: Vec<Place>, free: &[u64], wanted: u64, rules: Rules, wishes: Wishes) -> Place {
    let mut ranked = places;
    let way = wishes.way.unwrap_or(rules.way);
    let near = wishes.near.filter(|_| matches!(way, Way::NearestFirst | Way::FewestParcels));
    ranked.sort_by_key(|place| (near != Some(*place), rules.favourite != Some(*place), *place));
    let fullest = ranked.iter().rev().max_by_key(|place| free[usize::from(**place)]).copied().unwrap();
    match way {
        Way::ByRank | Way::NearestFirst => ranked[0],
        Way::FullestFirst => fullest,
        Way::FewestParcels => {
            ranked.iter().find(|place| free[usize::from(**place)] >= wanted).copied().unwrap_or(fullest)
        }
    }
}
