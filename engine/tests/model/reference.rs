//! A shop on paper: a list of facts, and every question answered by reading all of them again.
//!
//! Nothing is counted along the way and nothing is indexed. What is on hand is the sum of what came and went; what is
//! held is found by looking at every basket there ever was. It is slow and plain on purpose, shares no code with the
//! engine, and says of each request whether it is granted, and if not, why.
//!
//! Only the runtime's habits are known here: lines are merged and asked in the order of product and place, and the
//! first line that is refused refuses the basket.

/// A product, by number; products are asked in this order.
pub(crate) type Item = u8;
/// A place where stock lies, by number.
pub(crate) type Place = u8;
/// A basket or order, by number. An order's own basket has the number of the order.
pub(crate) type Number = u16;

/// A request's identity: the key, and what was asked under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: u32,
    pub(crate) asked: u32,
}

/// How a product may be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) sellable: bool,
    pub(crate) safety: u64,
    pub(crate) backorder: u64,
    pub(crate) line_max: u64,
    /// Ten-thousandths of the major unit; none if it has no price.
    pub(crate) price: Option<i64>,
}

/// Units of one product at one place.
pub(crate) type Line = (Item, Place, u64);

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum No {
    KeyReused,
    UnknownItem(Item),
    NotForSale(Item),
    LineTooLarge(Item),
    TooFew {
        item: Item,
        place: Place,
        asked: u64,
        free: u64,
        held: u64,
    },
    CountIs(u64),
    BelowZero,
    AboveMaximum,
    UnknownBasket,
    Lapsed {
        deadline: i64,
    },
    Committed,
    Released,
    InCheckout(Number),
    /// More is promised of it than there is.
    Short(Item),
    OfSomebodyElse,
    CommitAboveHold {
        line: usize,
    },
    CommitDoesNotFit,
    NothingPromised,
    AbovePromise,
    NotOnShelf {
        asked: u64,
        on_hand: u64,
    },
    Unpriced(Item),
    OtherTotal(i64),
    UnknownOrder,
    OrderIs(Status),
    UnknownLine,
    TooManyOfLine {
        left: u64,
    },
}

/// Whether something was written, or had been done before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Yes {
    Done,
    Already,
}

pub(crate) type Reply = Result<Yes, No>;

/// Where a basket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basket {
    Held { deadline: i64 },
    Pinned { order: Number, left: i64 },
    Committed,
    Released,
    Lapsed { deadline: i64 },
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Paying,
    Unknown,
    Confirmed,
    PartlyShipped,
    Shipped,
    PartlyReturned,
    Returned,
    Cancelled,
    Failed,
}

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Pay { call: Call, tries: u32, unknown: bool },
    TakeUnits,
    GiveUnitsBack { promised: bool },
    Nothing,
}

/// A call to the payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Authorise,
    Capture,
    Void,
    Refund(usize),
}

/// What the provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Approved,
    Declined,
    Unknown,
    Failing,
}

/// How far the units of one line of a basket have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) shipped: u64,
    pub(crate) cancelled: u64,
    pub(crate) returned: u64,
}

#[derive(Debug, Clone)]
enum Fact {
    Put {
        item: Item,
        rules: Rules,
    },
    Counted {
        item: Item,
        place: Place,
        delta: i64,
    },
    Reserved {
        basket: Number,
        customer: u8,
        asked: u32,
        lines: Vec<Line>,
        deadline: i64,
    },
    Extended {
        basket: Number,
        deadline: i64,
    },
    Pinned {
        basket: Number,
        order: Number,
        left: i64,
    },
    Unpinned {
        basket: Number,
        deadline: i64,
    },
    Taken {
        basket: Number,
        units: Vec<u64>,
    },
    GivenBack {
        basket: Number,
    },
    /// Units of a line went, up to these counts.
    Moved {
        basket: Number,
        line: usize,
        to: Moved,
    },
    Placed {
        order: Number,
        asked: u32,
        basket: Number,
        own: bool,
        lines: Vec<Line>,
        prices: Vec<i64>,
    },
    Called {
        order: Number,
        call: Call,
    },
    NoAnswer {
        order: Number,
        call: Call,
    },
    Settled {
        order: Number,
        call: Call,
        good: bool,
    },
    UnitsTaken {
        order: Number,
    },
    Compensated {
        order: Number,
    },
    Cancelled {
        order: Number,
    },
    ShipmentBegun {
        order: Number,
        units: Vec<(usize, u64)>,
        key: Key,
    },
    Shipped {
        order: Number,
        units: Vec<(usize, u64)>,
    },
    Returned {
        order: Number,
        units: Vec<(usize, u64)>,
    },
    /// A request was carried out on this thing.
    Did {
        thing: Thing,
        key: Key,
        at: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    Item(Item),
    Basket(Number),
    Order(Number),
}

const MOST_UNITS: u64 = 1_000_000_000_000;
const KEY_KEPT_MS: i64 = 259_200_000;
const PROVIDER_TRIES: u32 = 4;

#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    facts: Vec<Fact>,
}

// Stock.
impl Reference {
    pub(crate) fn rules(&self, item: Item) -> Option<Rules> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Put { item: of, rules } if *of == item => Some(*rules),
            _ => None,
        })
    }

    pub(crate) fn on_hand(&self, item: Item, place: Place) -> u64 {
        let counted: i64 = self
            .facts
            .iter()
            .map(|fact| match fact {
                Fact::Counted { item: i, place: p, delta } if (*i, *p) == (item, place) => *delta,
                _ => 0,
            })
            .sum();
        let moved: i64 = self
            .promised_lines(item, place)
            .map(|(_, moved)| i64::try_from(moved.returned).unwrap() - i64::try_from(moved.shipped).unwrap())
            .sum();
        u64::try_from(counted + moved).unwrap()
    }

    pub(crate) fn held(&self, item: Item, place: Place, now: i64) -> u64 {
        let live = self.baskets().into_iter().filter(|basket| {
            matches!(self.basket(*basket, now), Some(Basket::Held { .. } | Basket::Pinned { .. }))
        });
        live.flat_map(|basket| self.lines(basket))
            .filter(|line| (line.0, line.1) == (item, place))
            .map(|line| line.2)
            .sum()
    }

    pub(crate) fn allocated(&self, item: Item, place: Place) -> u64 {
        self.promised_lines(item, place).map(|(units, moved)| units - moved.shipped - moved.cancelled).sum()
    }

    pub(crate) fn free(&self, item: Item, place: Place, now: i64) -> u64 {
        let Some(rules) = self.rules(item).filter(|rules| rules.sellable) else { return 0 };
        let sellable = self.on_hand(item, place).saturating_sub(rules.safety) + rules.backorder;
        sellable.min(MOST_UNITS).saturating_sub(self.held(item, place, now) + self.allocated(item, place))
    }

    fn is_short(&self, item: Item, now: i64) -> bool {
        let extra = self.rules(item).map_or(0, |rules| rules.backorder);
        let lines = self.baskets().into_iter().flat_map(|basket| self.lines(basket));
        let mut places = lines.filter(|line| line.0 == item).map(|line| line.1);
        places.any(|place| {
            let promised = self.held(item, place, now) + self.allocated(item, place);
            promised > self.on_hand(item, place) + extra
        })
    }

    /// Units promised out of each committed line of this product here, and how far they have come.
    fn promised_lines(&self, item: Item, place: Place) -> impl Iterator<Item = (u64, Moved)> {
        let committed = self.baskets().into_iter().filter_map(|basket| Some((basket, self.taken(basket)?)));
        committed.flat_map(move |(basket, taken)| {
            let lines = self.lines(basket).into_iter().zip(taken).enumerate();
            let here = lines.filter(move |(_, (line, _))| (line.0, line.1) == (item, place));
            here.map(move |(position, (_, units))| (units, self.moved(basket, position))).collect::<Vec<_>>()
        })
    }

    pub(crate) fn put(&mut self, item: Item, rules: Rules, now: i64, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.facts.push(Fact::Put { item, rules });
        self.note(Thing::Item(item), key, now);
        Ok(Yes::Done)
    }

    /// Changes a count by `change`, which is told what is there.
    pub(crate) fn count(
        &mut self,
        (item, place): (Item, Place),
        change: impl Fn(u64) -> i64,
        expected: Option<u64>,
        now: i64,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        if self.rules(item).is_none() {
            return Err(No::UnknownItem(item));
        }
        let on_hand = self.on_hand(item, place);
        if expected.is_some_and(|expected| expected != on_hand) {
            return Err(No::CountIs(on_hand));
        }
        let delta = change(on_hand);
        let after = i128::from(on_hand) + i128::from(delta);
        if after < 0 {
            return Err(No::BelowZero);
        }
        if after > i128::from(MOST_UNITS) {
            return Err(No::AboveMaximum);
        }
        self.facts.push(Fact::Counted { item, place, delta });
        self.note(Thing::Item(item), key, now);
        Ok(Yes::Done)
    }

    /// Ships, cancels or takes back promised units of a basket that no order owns.
    pub(crate) fn fulfil(&mut self, basket: Number, line: usize, to: Moved) -> Reply {
        let promised = self.taken(basket).and_then(|taken| taken.get(line).copied());
        let Some(promised) = promised else { return Err(No::NothingPromised) };
        let now = self.moved(basket, line);
        let to = Moved {
            shipped: to.shipped.max(now.shipped),
            cancelled: to.cancelled.max(now.cancelled),
            returned: to.returned.max(now.returned),
        };
        if to == now {
            return Ok(Yes::Already);
        }
        if to.shipped + to.cancelled > promised || to.returned > to.shipped {
            return Err(No::AbovePromise);
        }
        let (item, place, _) = self.lines(basket)[line];
        let on_hand = self.on_hand(item, place);
        let asked = to.shipped - now.shipped;
        if asked > on_hand {
            return Err(No::NotOnShelf { asked, on_hand });
        }
        if on_hand + (to.returned - now.returned) > MOST_UNITS {
            return Err(No::AboveMaximum);
        }
        self.facts.push(Fact::Moved { basket, line, to });
        Ok(Yes::Done)
    }
}

// Baskets.
impl Reference {
    fn baskets(&self) -> Vec<Number> {
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
    fn taken(&self, basket: Number) -> Option<Vec<u64>> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Taken { basket: of, units } if *of == basket => Some(units.clone()),
            _ => None,
        })
    }

    /// How far the units of a line have come, whoever moved them.
    fn moved(&self, basket: Number, line: usize) -> Moved {
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
    fn customer(&self, basket: Number) -> Option<u8> {
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

    fn may_take(&self, item: Item, place: Place, asked: u64, now: i64) -> Result<(), No> {
        let rules = self.rules(item).ok_or(No::UnknownItem(item))?;
        if !rules.sellable {
            return Err(No::NotForSale(item));
        }
        if asked > rules.line_max {
            return Err(No::LineTooLarge(item));
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
    fn ended(&self, basket: Number, now: i64, key: Key) -> Result<bool, No> {
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

// Orders.
impl Reference {
    pub(crate) fn orders(&self) -> Vec<Number> {
        let numbers = self.facts.iter().filter_map(|fact| match fact {
            Fact::Placed { order, .. } => Some(*order),
            _ => None,
        });
        numbers.collect()
    }

    /// Whether an order owns what this basket has promised.
    pub(crate) fn is_ordered(&self, basket: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::Placed { basket: of, .. } if *of == basket))
    }

    /// The lines of an order that was placed.
    pub(crate) fn lines_of_order(&self, order: Number) -> Vec<Line> {
        self.order(order).unwrap().2
    }

    /// Basket, whether the order made it, lines and what each line costs.
    fn order(&self, order: Number) -> Option<(Number, bool, Vec<Line>, Vec<i64>)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Placed { order: of, basket, own, lines, prices, .. } if *of == order => {
                Some((*basket, *own, lines.clone(), prices.clone()))
            }
            _ => None,
        })
    }

    pub(crate) fn total(&self, order: Number) -> i64 {
        self.order(order).unwrap().3.iter().sum()
    }

    /// What a basket of these lines costs, line by line.
    fn prices(&self, lines: &[Line]) -> Result<Vec<i64>, No> {
        let price = |line: &Line| {
            let rules = self.rules(line.0).ok_or(No::UnknownItem(line.0))?;
            let unit = rules.price.ok_or(No::Unpriced(line.0))?;
            // Ten-thousandths to hundredths.
            Ok(half_even(i128::from(unit) * i128::from(line.2), 100))
        };
        lines.iter().map(price).collect()
    }

    /// What the shop would show as the total of these lines, if it can.
    pub(crate) fn quote(&self, basket: Option<Number>, lines: &[Line]) -> Option<i64> {
        let lines = basket.map_or_else(|| merged(lines), |basket| self.lines(basket));
        Some(self.prices(&lines).ok()?.iter().sum())
    }

    pub(crate) fn place(
        &mut self,
        order: Number,
        (customer, asked): (u8, u32),
        basket: Option<Number>,
        lines: &[Line],
        expected: Option<i64>,
        now: i64,
    ) -> Reply {
        for fact in &self.facts {
            if let Fact::Placed { order: of, asked: before, .. } = fact
                && *of == order
            {
                return if *before == asked { Ok(Yes::Already) } else { Err(No::KeyReused) };
            }
        }
        let lines = match basket {
            None => merged(lines),
            Some(basket) => {
                self.basket(basket, now).ok_or(No::UnknownBasket)?;
                self.lines(basket)
            }
        };
        let prices = self.prices(&lines)?;
        let total = prices.iter().sum::<i64>();
        if expected.is_some_and(|expected| expected != total) {
            return Err(No::OtherTotal(total));
        }
        let own = basket.is_none();
        let basket = basket.unwrap_or(order);
        if own {
            self.reserve(basket, (customer, asked), &lines, 60_000, now)?;
        }
        self.pin(basket, order, customer, now)?;
        self.facts.push(Fact::Placed { order, asked, basket, own, lines, prices });
        Ok(Yes::Done)
    }

    /// How the last answer to this call turned out.
    fn settled(&self, order: Number, call: Call) -> Option<bool> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Settled { order: of, call: it, good } if (*of, *it) == (order, call) => Some(*good),
            _ => None,
        })
    }

    fn has(&self, test: impl Fn(&Fact) -> bool) -> bool {
        self.facts.iter().any(test)
    }

    pub(crate) fn is_paid(&self, order: Number) -> bool {
        self.settled(order, Call::Capture) == Some(true)
            || (self.total(order) == 0 && self.units_taken(order))
    }

    fn units_taken(&self, order: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::UnitsTaken { order: of } if *of == order))
    }

    fn is_compensated(&self, order: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::Compensated { order: of } if *of == order))
    }

    fn is_cancelled(&self, order: Number) -> bool {
        self.has(|fact| matches!(fact, Fact::Cancelled { order: of } if *of == order))
    }

    /// How far a line of an order has come.
    fn progress(&self, order: Number, line: usize) -> Moved {
        let mut moved = Moved::default();
        let sum = |units: &[(usize, u64)]| -> u64 {
            units.iter().filter(|(at, _)| *at == line).map(|(_, units)| units).sum()
        };
        for fact in &self.facts {
            match fact {
                Fact::Shipped { order: of, units } if *of == order => moved.shipped += sum(units),
                Fact::Returned { order: of, units } if *of == order => moved.returned += sum(units),
                _ => {}
            }
        }
        if self.is_cancelled(order) || (self.is_compensated(order) && self.units_taken(order)) {
            moved.cancelled = self.order(order).unwrap().2[line].2 - moved.shipped;
        }
        moved
    }

    /// What it waits for, from all that happened to it.
    pub(crate) fn next(&self, order: Number) -> Next {
        if self.is_compensated(order) {
            return Next::Nothing;
        }
        if self.is_paid(order) {
            return match (0..self.refunds(order).len())
                .find(|n| self.settled(order, Call::Refund(*n)).is_none())
            {
                Some(number) => self.call(order, Call::Refund(number)),
                None => Next::Nothing,
            };
        }
        if self.total(order) > 0 {
            match self.settled(order, Call::Authorise) {
                None => return self.call(order, Call::Authorise),
                Some(false) => return Next::GiveUnitsBack { promised: false },
                Some(true) => {}
            }
        }
        if !self.units_taken(order) {
            return Next::TakeUnits;
        }
        if self.settled(order, Call::Capture).is_none() {
            return self.call(order, Call::Capture);
        }
        match self.settled(order, Call::Void) {
            None => self.call(order, Call::Void),
            Some(_) => Next::GiveUnitsBack { promised: true },
        }
    }

    fn call(&self, order: Number, call: Call) -> Next {
        let (mut tries, mut unknown) = (0, false);
        for fact in &self.facts {
            match fact {
                Fact::Called { order: of, call: it } if (*of, *it) == (order, call) => {
                    (tries, unknown) = (tries + 1, false);
                }
                Fact::NoAnswer { order: of, call: it } if (*of, *it) == (order, call) => unknown = true,
                _ => {}
            }
        }
        Next::Pay { call, tries, unknown }
    }

    pub(crate) fn status(&self, order: Number) -> Option<Status> {
        let (_, _, lines, _) = self.order(order)?;
        if self.is_compensated(order) {
            return Some(Status::Failed);
        }
        if self.is_cancelled(order) {
            return Some(Status::Cancelled);
        }
        if !self.is_paid(order) {
            let next = self.next(order);
            let asking =
                matches!(next, Next::Pay { call: Call::Authorise | Call::Capture, unknown: true, .. });
            return Some(if asking { Status::Unknown } else { Status::Paying });
        }
        let ordered: u64 = lines.iter().map(|line| line.2).sum();
        let shipped: u64 = (0..lines.len()).map(|line| self.progress(order, line).shipped).sum();
        let returned: u64 = (0..lines.len()).map(|line| self.progress(order, line).returned).sum();
        Some(if shipped == 0 {
            Status::Confirmed
        } else if returned > 0 && returned == ordered {
            Status::Returned
        } else if returned > 0 {
            Status::PartlyReturned
        } else if shipped == ordered {
            Status::Shipped
        } else {
            Status::PartlyShipped
        })
    }

    pub(crate) fn pay(&mut self, order: Number, says: Says) -> Yes {
        let Next::Pay { call, tries, unknown } = self.next(order) else { return Yes::Already };
        if !unknown {
            self.facts.push(Fact::Called { order, call });
        }
        let tries = tries + u32::from(!unknown);
        match says {
            Says::Approved => self.facts.push(Fact::Settled { order, call, good: true }),
            Says::Declined => self.facts.push(Fact::Settled { order, call, good: false }),
            Says::Failing if tries >= PROVIDER_TRIES => {
                self.facts.push(Fact::Settled { order, call, good: false });
            }
            Says::Unknown if !unknown => self.facts.push(Fact::NoAnswer { order, call }),
            Says::Failing | Says::Unknown => return Yes::Already,
        }
        Yes::Done
    }

    pub(crate) fn step(&mut self, order: Number, now: i64) -> Yes {
        let Some((basket, own, _, _)) = self.order(order) else { return Yes::Already };
        match self.next(order) {
            Next::Pay { .. } | Next::Nothing => return Yes::Already,
            Next::TakeUnits => {
                self.end_pinned(basket, order, true, now).unwrap();
                self.facts.push(Fact::UnitsTaken { order });
            }
            Next::GiveUnitsBack { promised } => {
                if !promised && own {
                    self.end_pinned(basket, order, false, now).unwrap();
                } else if !promised {
                    self.unpin(basket, order, now).unwrap();
                }
                self.facts.push(Fact::Compensated { order });
            }
        }
        Yes::Done
    }

    /// Goes on until it waits for nothing, the provider approving of everything.
    pub(crate) fn finish(&mut self, order: Number, now: i64) {
        loop {
            match self.next(order) {
                Next::Pay { .. } => self.pay(order, Says::Approved),
                Next::TakeUnits | Next::GiveUnitsBack { .. } => self.step(order, now),
                Next::Nothing => return,
            };
        }
    }

    pub(crate) fn cancel(&mut self, order: Number, now: i64, key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        if status != Status::Confirmed || self.shipment(order).is_some() {
            return Err(No::OrderIs(status));
        }
        self.facts.push(Fact::Cancelled { order });
        self.note(Thing::Order(order), key, now);
        Ok(Yes::Done)
    }

    pub(crate) fn is_shipping(&self, order: Number) -> bool {
        self.shipment(order).is_some()
    }

    /// The shipment asked for and not over.
    fn shipment(&self, order: Number) -> Option<(Vec<(usize, u64)>, Key)> {
        let mut open = None;
        for fact in &self.facts {
            match fact {
                Fact::ShipmentBegun { order: of, units, key } if *of == order => {
                    open = Some((units.clone(), *key));
                }
                Fact::Shipped { order: of, .. } if *of == order => open = None,
                _ => {}
            }
        }
        open
    }

    pub(crate) fn start_shipment(&mut self, order: Number, units: &[Line], key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        let paid = self.is_paid(order) && !self.is_cancelled(order);
        if !paid || self.shipment(order).is_some() {
            return Err(No::OrderIs(status));
        }
        let lines = self.order(order).unwrap().2;
        let left = |line: usize| lines[line].2 - self.progress(order, line).shipped;
        let units = if units.is_empty() {
            (0..lines.len()).map(|line| (line, left(line))).filter(|(_, units)| *units > 0).collect()
        } else {
            named(&lines, units, left)?
        };
        if units.is_empty() {
            return Err(No::OrderIs(status));
        }
        self.facts.push(Fact::ShipmentBegun { order, units, key });
        Ok(Yes::Done)
    }

    pub(crate) fn finish_shipment(&mut self, order: Number, now: i64) -> Reply {
        let (_, _, lines, _) = self.order(order).ok_or(No::UnknownOrder)?;
        let Some((asked, key)) = self.shipment(order) else { return Ok(Yes::Already) };
        let mut first_refusal = None;
        let mut given = Vec::new();
        for (line, units) in asked {
            let on_hand = self.on_hand(lines[line].0, lines[line].1);
            if units <= on_hand {
                given.push((line, units));
            } else if first_refusal.is_none() {
                first_refusal = Some(No::NotOnShelf { asked: units, on_hand });
            }
        }
        let nothing = given.is_empty();
        self.facts.push(Fact::Shipped { order, units: given });
        if !nothing {
            self.note(Thing::Order(order), key, now);
        }
        match first_refusal {
            Some(refusal) if nothing => Err(refusal),
            _ => Ok(Yes::Done),
        }
    }

    pub(crate) fn take_back(&mut self, order: Number, units: &[Line], now: i64, key: Key) -> Reply {
        let status = self.status(order).ok_or(No::UnknownOrder)?;
        if self.did(Thing::Order(order), key)? {
            return Ok(Yes::Already);
        }
        if !self.is_paid(order) || self.is_cancelled(order) {
            return Err(No::OrderIs(status));
        }
        let lines = self.order(order).unwrap().2;
        let with_customer = |line: usize| {
            let moved = self.progress(order, line);
            moved.shipped - moved.returned
        };
        let units = named(&lines, units, with_customer)?;
        self.facts.push(Fact::Returned { order, units });
        self.note(Thing::Order(order), key, now);
        Ok(Yes::Done)
    }

    /// What is owed or paid back, in the order it came to be owed.
    pub(crate) fn refunds(&self, order: Number) -> Vec<i64> {
        let (_, _, lines, prices) = self.order(order).unwrap();
        let mut back = vec![0_u64; lines.len()];
        let mut refunds = Vec::new();
        for fact in &self.facts {
            match fact {
                Fact::Cancelled { order: of } if *of == order => refunds.push(prices.iter().sum()),
                Fact::Returned { order: of, units } if *of == order => {
                    let share = |line: usize, units: u64| {
                        half_even(i128::from(prices[line]) * i128::from(units), i128::from(lines[line].2))
                    };
                    let mut owed = 0;
                    for (line, units) in units {
                        owed += share(*line, back[*line] + units) - share(*line, back[*line]);
                        back[*line] += units;
                    }
                    refunds.push(owed);
                }
                _ => {}
            }
        }
        refunds.retain(|owed| *owed > 0);
        refunds
    }
}

// Keys.
impl Reference {
    /// Whether this request was carried out on this thing and is still remembered.
    fn did(&self, thing: Thing, key: Key) -> Result<bool, No> {
        let done: Vec<_> = self
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Did { thing: on, key, at } if *on == thing => Some((*key, *at)),
                _ => None,
            })
            .collect();
        let latest = done.last().map_or(0, |(_, at)| *at);
        let remembered = done.iter().rev().filter(|(_, at)| latest - at <= KEY_KEPT_MS);
        match remembered.map(|(before, _)| before).find(|before| before.id == key.id) {
            None => Ok(false),
            Some(before) if before.asked == key.asked => Ok(true),
            Some(_) => Err(No::KeyReused),
        }
    }

    fn note(&mut self, thing: Thing, key: Key, at: i64) {
        self.facts.push(Fact::Did { thing, key, at });
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

/// Lines in order, each product and place once.
pub(crate) fn merged(lines: &[Line]) -> Vec<Line> {
    let mut sorted = lines.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<Line> = Vec::new();
    for (item, place, units) in sorted {
        match merged.iter_mut().find(|line| (line.0, line.1) == (item, place)) {
            Some(line) => line.2 += units,
            None => merged.push((item, place, units)),
        }
    }
    merged
}

/// Which lines of an order are meant by naming products, none beyond what is left of it.
fn named(lines: &[Line], units: &[Line], left: impl Fn(usize) -> u64) -> Result<Vec<(usize, u64)>, No> {
    let mut named = Vec::new();
    for (item, place, units) in merged(units) {
        let line = lines.iter().position(|line| (line.0, line.1) == (item, place)).ok_or(No::UnknownLine)?;
        if units > left(line) {
            return Err(No::TooManyOfLine { left: left(line) });
        }
        named.push((line, units));
    }
    Ok(named)
}

/// The quotient, halves going to the even neighbour.
fn half_even(value: i128, by: i128) -> i64 {
    let (whole, rest) = (value / by, value % by);
    let up = match (rest * 2).cmp(&by) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => whole % 2 == 1,
    };
    i64::try_from(whole + i128::from(up)).unwrap()
}
