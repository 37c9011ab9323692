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
#[path = "reference/forecast.rs"]
mod forecast;
#[path = "reference/lots.rs"]
mod lots;
#[path = "reference/orders.rs"]
mod orders;
#[path = "reference/places.rs"]
mod places;
#[path = "reference/queue.rs"]
mod queue;
#[path = "reference/sales.rs"]
mod sales;
#[path = "reference/shelves.rs"]
mod shelves;
#[path = "reference/waiting.rs"]
mod waiting;

pub(crate) use waiting::{Stand, Waiter};

/// A product, by number; products are asked in this order.
pub(crate) type Item = u8;
/// A place where stock lies, by number.
pub(crate) type Place = u8;
/// How many places there are.
pub(crate) const PLACES: Place = 3;
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
    /// Whether anybody counts its units.
    pub(crate) tracked: bool,
    pub(crate) safety: u64,
    /// Units that may queue; any number if none is said.
    pub(crate) backorder: Option<u64>,
    /// Units that may queue before the release, and when that is.
    pub(crate) preorder: Option<(u64, i64)>,
    /// Whether those that queue get equal shares.
    pub(crate) fair: bool,
    pub(crate) way: Way,
    /// The place that comes first, if one does.
    pub(crate) favourite: Option<Place>,
    /// A place that nothing is taken from.
    pub(crate) closed: Option<Place>,
    pub(crate) line_min: u64,
    pub(crate) line_max: u64,
    pub(crate) line_step: u64,
    /// How long something is kept for those who wait; nobody may wait if it is not said.
    pub(crate) offers_for: Option<i64>,
    /// Ten-thousandths of the major unit; none if it has no price.
    pub(crate) price: Option<i64>,
    /// Whether it is made of other things, and lies nowhere itself.
    pub(crate) bundle: bool,
}

/// In which order places are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    FewestParcels,
    ByRank,
    FullestFirst,
    NearestFirst,
}

/// A sale of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sale {
    pub(crate) name: u8,
    pub(crate) opens: i64,
    pub(crate) closes: Option<i64>,
    pub(crate) paused: bool,
    pub(crate) exclusive: bool,
    pub(crate) limit: Option<u64>,
    /// How many customers it lets in at a time.
    pub(crate) admits: Option<u32>,
    /// Units set aside at each place, if any are.
    pub(crate) aside: Option<[u64; PLACES as usize]>,
}

/// What becomes of units that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Refuse,
    Drop,
    Queue,
}

/// What a customer wishes beside the goods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) missing: Option<Missing>,
    pub(crate) class: u8,
    pub(crate) way: Option<Way>,
    pub(crate) near: Option<Place>,
    /// How long what is missing queues: as a span from now where it is wished, and as an instant afterwards.
    pub(crate) until: Option<i64>,
}

/// Units of one product, at one place or wherever they lie.
pub(crate) type Line = (Item, Option<Place>, u64);

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum No {
    KeyReused,
    UnknownItem(Item),
    NotForSale(Item),
    NeverThere(Item),
    SaleNotOpen {
        item: Item,
        sale: u8,
        opens: Option<i64>,
    },
    OverLimit {
        item: Item,
        sale: u8,
        bought: u64,
    },
    SaleFull {
        item: Item,
        sale: u8,
    },
    OtherSale(u8),
    UnknownSale(u8),
    SaleIsNonsense,
    InUse(Item),
    DateIsNone,
    LineTooLarge(Item),
    LineTooSmall(Item),
    LineIsNoStep(Item),
    TooFew {
        item: Item,
        place: Option<Place>,
        asked: u64,
        free: u64,
        held: u64,
        queued: u64,
        may_pass: bool,
    },
    CountIs(u64),
    NotToday,
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
    IsBundle(Item),
    StockInTheWay {
        item: Item,
        /// On hand, held, allocated, queued for, on their way; and how many wait.
        uses: [u64; 6],
        sale: Option<u8>,
    },
    LastPlace(Item),
    PlaceInUse {
        item: Item,
        /// Held, allocated, queued for, waited for, set aside, on their way.
        uses: [u64; 6],
    },
    PlaceNotEmpty {
        item: Item,
        on_hand: u64,
    },
    WithoutList(Item),
    WaitsNot(Item),
    UnknownLot,
    LotOver(How),
    LotHasLess {
        left: u64,
    },
    NothingCame,
    FromHereToHere,
    NeverFrom(Place),
    NeverWanted(Place),
    TooFewToMove {
        movable: u64,
    },
}

/// How a lot came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Whole,
    Short,
    Never,
}

/// What somebody says about a pile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told {
    By(i64),
    Found(u64),
    Became(Pile, i64),
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
    SalePut {
        item: Item,
        sale: Sale,
    },
    SaleEnded {
        item: Item,
    },
    Counted {
        item: Item,
        place: Place,
        pile: Pile,
        delta: i64,
        /// Where units went that only changed their condition.
        became: Option<Pile>,
        /// When it happened, if it was told later.
        then: Option<i64>,
        /// What was found, if it was a count.
        found: Option<u64>,
    },
    /// A customer waits for units that come free, or wants something else than before.
    Joined {
        item: Item,
        customer: u8,
        units: u64,
        place: Option<Place>,
        class: u8,
        keeps: bool,
    },
    LeftList {
        item: Item,
        customer: u8,
    },
    /// Units are kept for a customer.
    Offered {
        item: Item,
        customer: u8,
        from: Vec<(Place, u64)>,
        in_sale: bool,
        until: i64,
    },
    OfferLapsed {
        item: Item,
        customer: u8,
    },
    /// A basket of the customer took units that were kept for him.
    TookOffer {
        item: Item,
        customer: u8,
        from: Vec<(Place, u64)>,
    },
    /// A place was given up, and what lay there went to another one.
    PlaceGone {
        item: Item,
        place: Place,
        to: Option<Place>,
        piles: [u64; PILES as usize],
    },
    /// Time has come to here.
    Clock {
        now: i64,
    },
    Reserved {
        basket: Number,
        customer: u8,
        asked: u32,
        lines: Vec<Line>,
        /// Where the units of each line were; what is missing queues.
        from: Vec<Vec<(Place, u64)>>,
        class: u8,
        /// How long it waits for what is missing.
        until: Option<i64>,
        /// Which sale of its product each line counts in.
        sales: Vec<Option<sales::InSale>>,
        deadline: i64,
    },
    /// A basket has other lines. One that is taken out stays in its place, with no units.
    Changed {
        basket: Number,
        lines: Vec<Line>,
        from: Vec<Vec<(Place, u64)>>,
        classes: Vec<u8>,
        untils: Vec<Option<i64>>,
        sales: Vec<Option<sales::InSale>>,
        deadline: i64,
        /// Whether it has given back all that it has less, line by line.
        done: bool,
    },
    /// Its time was over.
    Lapsed {
        basket: Number,
        deadline: i64,
    },
    /// What was decided about a basket has reached the shelves, as far as this line is concerned.
    LineOver {
        basket: Number,
        line: usize,
    },
    /// Units went to a line that queues.
    Filled {
        basket: Number,
        line: usize,
        place: Place,
        units: u64,
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
    /// Units of a line moved at a place.
    Moved {
        basket: Number,
        line: usize,
        place: Place,
        by: Moved,
        /// Whether the shelf was counted on.
        counted: bool,
    },
    /// Units that a line queued for were given up.
    Unqueued {
        basket: Number,
        line: usize,
        units: u64,
    },
    /// Units that a line still queued for when its time to do so was over.
    Dropped {
        basket: Number,
        line: usize,
        units: u64,
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
    /// An order was told of units that were dropped.
    Heard {
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
    /// Units are on their way, from outside or from a place.
    Announced {
        item: Item,
        lot: Number,
        place: Place,
        from: Option<Place>,
        units: u64,
        due: Option<i64>,
    },
    /// Units of a lot came.
    Came {
        item: Item,
        lot: Number,
        pile: Pile,
        units: u64,
    },
    /// The rest of a lot never will.
    NeverCame {
        item: Item,
        lot: Number,
        short: bool,
    },
    Rescheduled {
        item: Item,
        lot: Number,
        due: Option<i64>,
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
const QUEUES_FOR_MS_MOST: i64 = 63_244_800_000;
const STAMP_KEPT_MS: i64 = 86_400_000;
const KEY_KEPT_MS: i64 = 259_200_000;
const PROVIDER_TRIES: u32 = 4;
const PAID_WITHIN_MS: i64 = 1_800_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Reference {
    facts: Vec<Fact>,
    now: i64,
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

    pub(crate) fn put(&mut self, item: Item, rules: Rules, now: i64, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        if rules.bundle {
            self.may_be_bundle(item)?;
        }
        self.facts.push(Fact::Put { item, rules });
        self.note(Thing::Item(item), key, now);
        self.serve(item, now);
        Ok(Yes::Done)
    }

    /// Nothing of what becomes a bundle may lie anywhere, be promised or be waited for.
    fn may_be_bundle(&self, item: Item) -> Result<(), No> {
        // More than can be counted is told as all that can be.
        let all = |of: &dyn Fn(Place) -> u64| (0..PLACES).map(of).sum::<u64>().min(1_000_000_000_000);
        let uses = [
            all(&|place| self.on_hand(item, place)),
            all(&|place| self.held(item, place)),
            all(&|place| self.allocated(item, place)),
            self.queued(item),
            self.incoming_anywhere(item),
            self.waiters(item).values().filter(|waiter| waiter.is_open()).count() as u64,
        ];
        let sale = self.sale(item).filter(|sale| !self.is_over(item, *sale, self.now)).map(|sale| sale.name);
        if uses == [0; 6] && sale.is_none() { Ok(()) } else { Err(No::StockInTheWay { item, uses, sale }) }
    }

    /// What can be asked of things that are in the catalogue and lie somewhere.
    fn has_stock(&self, item: Item) -> Result<Rules, No> {
        let rules = self.rules(item).ok_or(No::UnknownItem(item))?;
        if rules.bundle { Err(No::IsBundle(item)) } else { Ok(rules) }
    }

    pub(crate) fn delete(&mut self, item: Item, now: i64, key: Key) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        if self.rules(item).is_none() {
            return Err(No::UnknownItem(item));
        }
        let left = |place| self.on_hand(item, place) + self.held(item, place) + self.allocated(item, place);
        let coming = (0..PLACES).any(|place| self.incoming(item, place) > 0);
        if (0..PLACES).any(|place| left(place) > 0) || self.queued(item) > 0 || coming {
            return Err(No::InUse(item));
        }
        self.facts.push(Fact::Deleted { item });
        self.note(Thing::Item(item), key, now);
        Ok(Yes::Done)
    }

    /// Changes a count, or moves units to another pile.
    pub(crate) fn count(
        &mut self,
        (item, place, pile): (Item, Place, Pile),
        (told, then): (Told, Option<i64>),
        expected: Option<u64>,
        now: i64,
        key: Key,
    ) -> Reply {
        if self.did(Thing::Item(item), key)? {
            return Ok(Yes::Already);
        }
        self.has_stock(item)?;
        let there = self.pile(item, place, pile);
        if expected.is_some_and(|expected| expected != there) {
            return Err(No::CountIs(there));
        }
        if then.is_some_and(|then| then > now || now - then > STAMP_KEPT_MS) {
            return Err(No::NotToday);
        }
        if matches!(told, Told::Became(_, units) if units > i64::try_from(there).unwrap()) {
            return Err(No::BelowZero);
        }
        let (delta, became, found) = match told {
            Told::By(delta) => (delta, None, None),
            Told::Found(units) => (0, None, Some(units)),
            Told::Became(other, units) => (-units, Some(other), None),
        };
        self.facts.push(Fact::Counted { item, place, pile, delta, became, then, found });
        // What it comes to is read like everything else.
        let piles: Vec<_> = (0..PILES).map(|pile| self.pile_signed(item, place, pile)).collect();
        let refused = if piles.iter().any(|units| *units < 0) {
            Some(No::BelowZero)
        } else {
            (piles.iter().sum::<i128>() > i128::from(MOST_UNITS)).then_some(No::AboveMaximum)
        };
        if let Some(no) = refused {
            self.facts.pop();
            return Err(no);
        }
        self.note(Thing::Item(item), key, now);
        self.serve(item, now);
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
