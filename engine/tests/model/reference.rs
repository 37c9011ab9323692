//! A shop on paper: a list of facts, and every question answered by reading all of them again.
//!
//! Nothing is counted along the way and nothing is indexed. What is on hand is the sum of what came and went; what is
//! held is found by looking at every basket there ever was. It is slow and plain on purpose, shares no code with the
//! engine, and says of each request whether it is granted, and if not, why.
//!
//! Only the runtime's habits are known here: lines are merged and asked in the order of product and place, and the
//! first line that is refused refuses the basket.

#[path = "reference/baskets.rs"]
mod baskets;
#[path = "reference/orders.rs"]
mod orders;

/// A product, by number; products are asked in this order.
pub(crate) type Item = u8;
/// A place where stock lies, by number.
pub(crate) type Place = u8;
/// How many places there are.
pub(crate) const PLACES: Place = 2;
/// What units are good for, by number: sale, nothing, nobody has looked yet.
pub(crate) type Pile = u8;
pub(crate) const SELLABLE: Pile = 0;
pub(crate) const DAMAGED: Pile = 1;
pub(crate) const PILES: Pile = 3;
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
    pub(crate) line_min: u64,
    pub(crate) line_max: u64,
    pub(crate) line_step: u64,
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
    InUse(Item),
    LineTooLarge(Item),
    LineTooSmall(Item),
    LineIsNoStep(Item),
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
        sellable: u64,
    },
    Unpriced(Item),
    OtherTotal(i64),
    UnknownOrder,
    OrderIs(Status),
    UnknownLine,
    TooManyOfLine {
        left: u64,
    },
    RefundOfNothing,
    RefundAbovePaid {
        left: i64,
    },
    UnknownRefund,
    RefundNotFailed {
        paid: bool,
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
    pub(crate) damaged: u64,
}

#[derive(Debug, Clone)]
enum Fact {
    Put {
        item: Item,
        rules: Rules,
    },
    Deleted {
        item: Item,
    },
    Counted {
        item: Item,
        place: Place,
        pile: Pile,
        delta: i64,
        /// Where units went that only changed their condition.
        became: Option<Pile>,
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
        at: i64,
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
        units: Vec<(usize, u64)>,
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
        /// Those of them that are damaged.
        damaged: Vec<(usize, u64)>,
    },
    Granted {
        order: Number,
        amount: i64,
    },
    Readdressed {
        order: Number,
        to: u8,
    },
    Retried {
        order: Number,
        refund: usize,
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
const PAID_WITHIN_MS: i64 = 1_800_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    facts: Vec<Fact>,
}

// Stock.
impl Reference {
    pub(crate) fn rules(&self, item: Item) -> Option<Rules> {
        self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Put { item: of, rules } if *of == item => Some(Some(*rules)),
            Fact::Deleted { item: of } if *of == item => Some(None),
            _ => None,
        })?
    }

    pub(crate) fn on_hand(&self, item: Item, place: Place) -> u64 {
        (0..PILES).map(|pile| self.pile(item, place, pile)).sum()
    }

    pub(crate) fn pile(&self, item: Item, place: Place, pile: Pile) -> u64 {
        let counted: i64 = self
            .facts
            .iter()
            .map(|fact| match fact {
                Fact::Counted { item: i, place: p, pile: from, delta, became }
                    if (*i, *p) == (item, place) =>
                {
                    let came = if *became == Some(pile) { -delta } else { 0 };
                    came + if *from == pile { *delta } else { 0 }
                }
                _ => 0,
            })
            .sum();
        let moved = self.promised_lines(item, place).map(|(_, moved)| {
            let whole = i64::try_from(moved.returned - moved.damaged).unwrap();
            match pile {
                SELLABLE => whole - i64::try_from(moved.shipped).unwrap(),
                DAMAGED => i64::try_from(moved.damaged).unwrap(),
                _ => 0,
            }
        });
        u64::try_from(counted + moved.sum::<i64>()).unwrap()
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
        let sellable = self.pile(item, place, SELLABLE).saturating_sub(rules.safety) + rules.backorder;
        sellable.min(MOST_UNITS).saturating_sub(self.held(item, place, now) + self.allocated(item, place))
    }

    fn is_short(&self, item: Item, now: i64) -> bool {
        let extra = self.rules(item).map_or(0, |rules| rules.backorder);
        let lines = self.baskets().into_iter().flat_map(|basket| self.lines(basket));
        let mut places = lines.filter(|line| line.0 == item).map(|line| line.1);
        places.any(|place| {
            let promised = self.held(item, place, now) + self.allocated(item, place);
            promised > self.pile(item, place, SELLABLE) + extra
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

    pub(crate) fn delete(&mut self, item: Item, now: i64, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        if self.rules(item).is_none() {
            return Err(No::UnknownItem(item));
        }
        let left =
            |place| self.on_hand(item, place) + self.held(item, place, now) + self.allocated(item, place);
        if (0..PLACES).any(|place| left(place) > 0) {
            return Err(No::InUse(item));
        }
        self.facts.push(Fact::Deleted { item });
        self.note(Thing::Item(item), key, now);
        Ok(Yes::Done)
    }

    /// Changes a count by `change`, which is told what is there, or moves the units to another pile.
    pub(crate) fn count(
        &mut self,
        (item, place, pile): (Item, Place, Pile),
        (change, became): (impl Fn(u64) -> i64, Option<Pile>),
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
        let there = self.pile(item, place, pile);
        if expected.is_some_and(|expected| expected != there) {
            return Err(No::CountIs(there));
        }
        let delta = change(there);
        if i128::from(there) + i128::from(delta) < 0 {
            return Err(No::BelowZero);
        }
        if i128::from(self.on_hand(item, place)) + i128::from(delta) > i128::from(MOST_UNITS) {
            return Err(No::AboveMaximum);
        }
        self.facts.push(Fact::Counted { item, place, pile, delta, became });
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
            damaged: to.damaged.max(now.damaged),
        };
        if to == now {
            return Ok(Yes::Already);
        }
        let (back, damaged) = (to.returned - now.returned, to.damaged - now.damaged);
        if to.shipped + to.cancelled > promised || to.returned > to.shipped || damaged > back {
            return Err(No::AbovePromise);
        }
        let (item, place, _) = self.lines(basket)[line];
        let sellable = self.pile(item, place, SELLABLE);
        let asked = to.shipped - now.shipped;
        if asked > sellable {
            return Err(No::NotOnShelf { asked, sellable });
        }
        if self.on_hand(item, place) + back > MOST_UNITS {
            return Err(No::AboveMaximum);
        }
        self.facts.push(Fact::Moved { basket, line, to });
        Ok(Yes::Done)
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
