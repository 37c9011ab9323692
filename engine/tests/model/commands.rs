//! Histories: what a day in the shop may bring, with many repeats, races with deadlines, and crashes.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::Index;

use super::reference::{
    Item, Key, Line, Missing, Number, PILES, PLACES, Pile, Place, Rules, SELLABLE, Sale, Says, Way, Wishes,
};

/// Products a history talks about. One of them may never be put.
pub(crate) const ITEMS: Item = 4;
/// When a history begins.
pub(crate) const FIRST_DAY: i64 = 1_700_000_000_000;
/// Numbers of orders begin here; their own baskets have the same numbers.
pub(crate) const FIRST_ORDER: Number = 100;
/// Baskets and orders a history may name.
pub(crate) const BASKETS: Number = 12;
pub(crate) const ORDERS: Number = 6;
/// Lots of one product a history may name.
pub(crate) const LOTS: Number = 12;
/// From here on a number means: one of those that are there and fit.
pub(crate) const ONE_OF: Number = 1_000;

/// What happened in one shop, in order.
#[derive(Clone)]
pub(crate) struct History(pub(crate) Vec<Command>);

/// One command a line, so that a failing history can be read.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|command| write!(f, "\n    {command:?}"))
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Put {
        item: Item,
        rules: Rules,
        key: Key,
    },
    Delete {
        item: Item,
        key: Key,
    },
    /// A sale that opens and closes so long after this.
    PutSale {
        item: Item,
        sale: Sale,
        key: Key,
    },
    EndSale {
        item: Item,
        name: u8,
        key: Key,
    },
    Count {
        item: Item,
        place: Place,
        pile: Pile,
        change: CountChange,
        expected: Expected,
        key: Key,
    },
    /// Units from outside.
    Announce {
        item: Item,
        lot: Number,
        place: Place,
        units: u32,
        due: Option<i64>,
        key: Key,
    },
    Transfer {
        item: Item,
        lot: Number,
        from: Place,
        to: Place,
        create: bool,
        units: u32,
        due: Option<i64>,
        key: Key,
    },
    Receive {
        item: Item,
        lot: Number,
        pile: Pile,
        units: u32,
        close: bool,
        key: Key,
    },
    Reschedule {
        item: Item,
        lot: Number,
        due: Option<i64>,
        key: Key,
    },
    CallOff {
        item: Item,
        lot: Number,
        key: Key,
    },
    DeletePlace {
        item: Item,
        place: Place,
        to: Option<Place>,
        key: Key,
    },
    Join {
        item: Item,
        customer: u8,
        units: u32,
        place: Option<Place>,
        class: u8,
        key: Key,
    },
    Leave {
        item: Item,
        customer: u8,
        key: Key,
    },
    Reserve {
        basket: Number,
        customer: u8,
        asked: u32,
        lines: Vec<Line>,
        wishes: Wishes,
        ttl: i64,
    },
    /// Several baskets, all of them or none.
    Bundle(Vec<Wish>),
    Commit {
        basket: Number,
        units: Option<Vec<u8>>,
        key: Key,
    },
    Release {
        basket: Number,
        key: Key,
    },
    Extend {
        basket: Number,
        ttl: i64,
        key: Key,
    },
    /// Other lines for a basket, and, if that is said, another time.
    ChangeLines {
        basket: Number,
        lines: Vec<Line>,
        wishes: Wishes,
        ttl: Option<i64>,
        key: Key,
    },
    Pin {
        basket: Number,
        order: Number,
        customer: u8,
    },
    Unpin {
        basket: Number,
        order: Number,
    },
    EndPinned {
        basket: Number,
        order: Number,
        commit: bool,
    },
    Fulfil {
        basket: Number,
        line: u8,
        shipped: u8,
        cancelled: u8,
        returned: u8,
        damaged: u8,
    },
    Sweep,
    Wait(Wait),
    Lag(bool),
    Crash,
    Place {
        order: Number,
        basket: Option<Number>,
        customer: u8,
        asked: u32,
        lines: Vec<Line>,
        wishes: Wishes,
        expected: Expected,
    },
    Pay {
        order: Number,
        says: Says,
    },
    Step {
        order: Number,
    },
    /// Every step it waits for, the provider approving of everything.
    Finish {
        order: Number,
    },
    /// Asks for a shipment, and, unless `slow`, for the shelves at once. No units means all.
    Ship {
        order: Number,
        units: Vec<(u8, u8)>,
        slow: bool,
        key: Key,
    },
    FinishShipment {
        order: Number,
    },
    /// Calls units off. No units means all.
    Cancel {
        order: Number,
        units: Vec<(u8, u8)>,
        key: Key,
    },
    TakeBack {
        order: Number,
        units: Vec<(u8, u8)>,
        /// Which of them are damaged: a bit for each.
        damaged: u8,
        key: Key,
    },
    /// So many tenths of what the order costs.
    Refund {
        order: Number,
        tenths: u8,
        key: Key,
    },
    RetryRefund {
        order: Number,
        refund: u8,
        key: Key,
    },
    Readdress {
        order: Number,
        to: u8,
        key: Key,
    },
    /// The same request as an earlier one, or another under its key.
    Again {
        which: Index,
        other: bool,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum CountChange {
    By(i64),
    To(u64),
    Become(Pile, u32),
    /// So many milliseconds ago.
    ByThen(i64, i64),
    ToThen(u64, i64),
}

/// What a caller believes before the request is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    Nothing,
    WhatIs,
    SomethingElse,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    For(i64),
    /// Until so many milliseconds after the next deadline of a basket.
    Deadline(i64),
}

impl Command {
    /// The same request, or another one under the same key.
    pub(crate) fn again(&self, other: bool) -> Self {
        let mut again = self.clone();
        if other {
            match &mut again {
                Self::Put { key, .. }
                | Self::Delete { key, .. }
                | Self::PutSale { key, .. }
                | Self::EndSale { key, .. }
                | Self::Count { key, .. }
                | Self::Announce { key, .. }
                | Self::Transfer { key, .. }
                | Self::Receive { key, .. }
                | Self::Reschedule { key, .. }
                | Self::CallOff { key, .. }
                | Self::DeletePlace { key, .. }
                | Self::Join { key, .. }
                | Self::Leave { key, .. }
                | Self::Commit { key, .. }
                | Self::Release { key, .. }
                | Self::Extend { key, .. }
                | Self::ChangeLines { key, .. }
                | Self::Ship { key, .. }
                | Self::Cancel { key, .. }
                | Self::TakeBack { key, .. }
                | Self::Refund { key, .. }
                | Self::RetryRefund { key, .. }
                | Self::Readdress { key, .. } => key.asked += 1,
                Self::Reserve { asked, .. } | Self::Place { asked, .. } => *asked += 1,
                Self::Bundle(wishes) => wishes.iter_mut().for_each(|wish| wish.asked += 1),
                Self::Pin { .. }
                | Self::Unpin { .. }
                | Self::EndPinned { .. }
                | Self::Fulfil { .. }
                | Self::Sweep
                | Self::Wait(_)
                | Self::Lag(_)
                | Self::Crash
                | Self::Pay { .. }
                | Self::Step { .. }
                | Self::Finish { .. }
                | Self::FinishShipment { .. }
                | Self::Again { .. } => {}
            }
        }
        again
    }
}

/// One basket of several that are asked for together.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) basket: Number,
    pub(crate) customer: u8,
    pub(crate) asked: u32,
    pub(crate) lines: Vec<Line>,
    pub(crate) wishes: Wishes,
    pub(crate) ttl: i64,
}

/// What a shop is like.
#[derive(Debug, Clone, Copy)]
struct Shop {
    /// Whether products have prices, and orders are placed.
    priced: bool,
    /// Whether demand may queue. What was decided must then reach the shelves at once: who comes first there is served
    /// first, and the shop on paper knows no delay.
    queues: bool,
}

/// Counts, baskets, time, keys; what was decided reaches the shelves late.
pub(crate) fn stock_history() -> impl Strategy<Value = History> {
    stock(Shop { priced: false, queues: false })
}

/// The same, with demand that queues.
pub(crate) fn book_history() -> impl Strategy<Value = History> {
    stock(Shop { priced: false, queues: true })
}

fn stock(shop: Shop) -> impl Strategy<Value = History> {
    let order = || 50..52_u16;
    let command = prop_oneof![
        3 => put(shop),
        3 => sale(),
        1 => (0..ITEMS, 0..2_u8, key()).prop_map(|(item, name, key)| Command::EndSale { item, name, key }),
        4 => (0..ITEMS, key()).prop_map(|(item, key)| Command::Delete { item, key }),
        9 => count(true),
        14 => lot(),
        8 => waiting(),
        8 => delete_place(),
        24 => reserve(1..5, shop),
        8 => bundle(shop),
        10 => commit(),
        4 => release(),
        5 => extend(),
        12 => change_lines(1..4, shop),
        5 => (basket(), order(), 0..2_u8)
            .prop_map(|(basket, order, customer)| Command::Pin { basket, order, customer }),
        3 => (basket(), order()).prop_map(|(basket, order)| Command::Unpin { basket, order }),
        3 => (basket(), order(), any::<bool>())
            .prop_map(|(basket, order, commit)| Command::EndPinned { basket, order, commit }),
        9 => fulfil(),
        12 => passing(shop),
        5 => again(),
    ];
    history(shop, command)
}

/// The same with orders in the middle of it.
pub(crate) fn order_history() -> impl Strategy<Value = History> {
    orders(Shop { priced: true, queues: false })
}

/// Orders for what is not there yet.
pub(crate) fn backorder_history() -> impl Strategy<Value = History> {
    orders(Shop { priced: true, queues: true })
}

fn orders(shop: Shop) -> impl Strategy<Value = History> {
    let command = prop_oneof![
        1 => put(shop),
        1 => sale(),
        1 => (0..ITEMS, key()).prop_map(|(item, key)| Command::Delete { item, key }),
        // A shelf that is full to the last unit there can be takes nothing back.
        8 => count(false),
        6 => lot(),
        5 => waiting(),
        7 => delete_place(),
        7 => reserve(1..4, shop),
        2 => bundle(shop),
        2 => commit(),
        1 => release(),
        1 => extend(),
        6 => change_lines(1..3, shop),
        14 => place(shop),
        14 => pay(),
        9 => order().prop_map(|order| Command::Step { order }),
        10 => order().prop_map(|order| Command::Finish { order }),
        18 => (order(), units(), prop::bool::weighted(0.4), key())
            .prop_map(|(order, units, slow, key)| Command::Ship { order, units, slow, key }),
        4 => order().prop_map(|order| Command::FinishShipment { order }),
        7 => (order(), units(), key()).prop_map(|(order, units, key)| Command::Cancel { order, units, key }),
        10 => (order(), units(), any::<u8>(), key())
            .prop_map(|(order, units, damaged, key)| Command::TakeBack { order, units, damaged, key }),
        3 => (order(), 0..12_u8, key()).prop_map(|(order, tenths, key)| Command::Refund { order, tenths, key }),
        7 => (order(), 0..3_u8, key())
            .prop_map(|(order, refund, key)| Command::RetryRefund { order, refund, key }),
        3 => (order(), 0..3_u8, key()).prop_map(|(order, to, key)| Command::Readdress { order, to, key }),
        9 => passing(shop),
        5 => again(),
    ];
    history(shop, command)
}

/// A shop that has something on its shelves, and then what happens there: sixty commands on average, and as few as
/// needed to show a fault.
fn history(shop: Shop, command: impl Strategy<Value = Command>) -> impl Strategy<Value = History> {
    let priced = shop.priced;
    let most = if priced { 9_i64 } else { 20 };
    let counts = prop::collection::vec(prop_oneof![2 => 0..most, 1 => Just(0)], usize::from(PLACES));
    let shelves = prop::collection::vec((rules(shop), counts), usize::from(ITEMS) - 1);
    // Orders that are paid when the day begins, so that most of the day is about what comes after.
    let orders = prop::collection::vec(lines(1..3), 0..=if priced { 3 } else { 0 });
    let commands = prop::collection::vec(command, 0..120);
    (shelves, orders, any::<bool>(), commands).prop_map(move |(shelves, orders, lag, commands)| {
        let mut history = Vec::new();
        for (item, (rules, counts)) in (0..).zip(shelves) {
            let key = |id| Key { id: 1_000 + 10 * u32::from(item) + id, asked: 0 };
            history.push(Command::Put { item, rules, key: key(0) });
            for (place, units) in (0..).zip(counts) {
                let key = key(1 + u32::from(place));
                let change = CountChange::By(units);
                let (pile, expected) = (SELLABLE, Expected::Nothing);
                history.push(Command::Count { item, place, pile, change, expected, key });
            }
        }
        for (order, lines) in (FIRST_ORDER..).zip(orders) {
            let (customer, asked, wishes, expected) = (0, 0, Wishes::default(), Expected::Nothing);
            history.push(Command::Place { order, basket: None, customer, asked, lines, wishes, expected });
            history.push(Command::Finish { order });
        }
        history.push(Command::Lag(lag && !shop.queues));
        history.extend(commands);
        History(history)
    })
}

fn key() -> impl Strategy<Value = Key> {
    // Mostly fresh, sometimes met before on the same thing.
    let id = prop_oneof![1 => 0..4_u32, 6 => 100..u32::MAX];
    (id, prop_oneof![4 => Just(0_u32), 1 => 1..3_u32]).prop_map(|(id, asked)| Key { id, asked })
}

/// A basket of any number, or one that is there.
fn basket() -> impl Strategy<Value = Number> {
    prop_oneof![1 => 0..BASKETS, 6 => ONE_OF..ONE_OF + 100]
}

/// An order of any number, or one that is there.
fn order() -> impl Strategy<Value = Number> {
    prop_oneof![1 => FIRST_ORDER..FIRST_ORDER + ORDERS, 12 => ONE_OF..ONE_OF + 100]
}

fn rules(shop: Shop) -> impl Strategy<Value = Rules> {
    let price = prop_oneof![
        u32::from(!shop.priced) => Just(None),
        2 => Just(Some(0)),
        3 => Just(Some(10_000)),
        // A third of a cent: totals and shares have to be rounded.
        3 => Just(Some(33)),
        4 => (1..200_000_i64).prop_map(Some),
    ];
    let quantities = prop_oneof![
        8 => Just((1, 1_000, 1)),
        2 => (1..8_u64).prop_map(|most| (1, most, 1)),
        1 => (1..4_u64).prop_map(|least| (least, 1_000, 1)),
        1 => (2..4_u64).prop_map(|step| (1, 1_000, step)),
    ];
    let safety = prop_oneof![3 => Just(0_u64), 1 => 0..25_u64];
    let place = || prop::option::weighted(0.3, 0..PLACES);
    let closed = prop::option::weighted(0.1, 0..PLACES);
    let offers_for = prop::option::weighted(0.4, prop_oneof![2 => 100..5_000_i64, 1 => 5_000..4_000_000_i64]);
    let flags = (prop::bool::weighted(0.93), prop::bool::weighted(0.93), offers_for);
    (flags, safety, queueing(shop), quantities, price, (way(), place(), closed))
        .prop_map(
            |(
                (sellable, tracked, offers_for),
                safety,
                (backorder, preorder, fair),
                quantities,
                price,
                (way, favourite, closed),
            )| {
                let (line_min, line_max, line_step) = quantities;
                let offers_for = offers_for.filter(|_| tracked);
                // Boxes are a matter of the tables: a basket that fails half-way may bring an offer of whole ones about.
                let line_step = if offers_for.is_some() { 1 } else { line_step };
                Rules {
                    sellable,
                    tracked,
                    safety,
                    backorder,
                    // What nobody counts is not waited for.
                    preorder: preorder.filter(|_| tracked),
                    fair,
                    way,
                    favourite,
                    closed,
                    line_min,
                    line_max,
                    line_step,
                    offers_for,
                    price,
                    bundle: false,
                }
            },
        )
        .prop_flat_map(|rules| {
            prop::bool::weighted(0.04)
                .prop_map(move |bundle| if bundle { made_of_others(rules) } else { rules })
        })
}

/// The same for something that lies nowhere itself, of which less can be said.
fn made_of_others(rules: Rules) -> Rules {
    let (backorder, preorder, favourite) = (Some(0), None, None);
    let (closed, offers_for, way) = (None, None, Way::FewestParcels);
    let (tracked, safety, fair, bundle) = (true, 0, false, true);
    Rules { tracked, safety, backorder, preorder, fair, way, favourite, closed, offers_for, bundle, ..rules }
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![2 => Just(Way::FewestParcels), 1 => Just(Way::ByRank), 1 => Just(Way::FullestFirst), 1 => Just(Way::NearestFirst)]
}

/// Who may queue, before the release, and for how much.
fn queueing(shop: Shop) -> impl Strategy<Value = (Option<u64>, Option<(u64, i64)>, bool)> {
    let most = prop_oneof![2 => Just(Some(0)), 3 => (1..30_u64).prop_map(Some), 3 => Just(None)];
    let release = prop_oneof![
        4 => Just(None),
        1 => (0..20_u64, 1..20_000_i64).prop_map(|(quota, after)| Some((quota, FIRST_DAY + after))),
    ];
    (most, release, any::<bool>()).prop_map(move |(most, release, fair)| match shop.queues {
        true => (most, release, fair),
        false => (Some(0), None, fair),
    })
}

fn wishes(shop: Shop) -> impl Strategy<Value = Wishes> {
    let missing = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Missing::Refuse)),
        // An order is for what was asked, so nothing of it may be dropped.
        u32::from(!shop.priced) * 2 => Just(Some(Missing::Drop)),
        2 => Just(Some(Missing::Queue)),
    ];
    let class = prop_oneof![3 => Just(5_u8), 1 => 4..7_u8];
    let near = prop::option::weighted(0.2, 0..PLACES);
    // From now on; seldom, that is over already.
    let until = prop_oneof![1 => -1..1_i64, 8 => 1..6_000_i64, 4 => 1..1_000_000_i64];
    let until = prop::option::weighted(0.3, until);
    (missing, class, prop::option::weighted(0.2, way()), near, until).prop_map(
        move |(missing, class, way, near, until)| {
            let until = until.filter(|_| shop.queues);
            let missing = until.map_or(missing, |_| Some(Missing::Queue));
            Wishes { missing, class, way, near, until }
        },
    )
}

fn sale() -> impl Strategy<Value = Command> {
    let opens = prop_oneof![3 => Just(0_i64), 2 => 1..20_000_i64];
    let closes = prop::option::weighted(0.6, -10..30_000_i64);
    let limit = prop::option::weighted(0.6, 1..12_u64);
    let admits = prop::option::weighted(0.3, 0..3_u32);
    let aside = prop::option::weighted(0.6, [0..12_u64, 0..6_u64, 0..3_u64]);
    let flags = (prop::bool::weighted(0.1), any::<bool>());
    (0..ITEMS, 0..2_u8, opens, closes, (limit, admits), aside, flags, key()).prop_map(
        |(item, name, opens, closes, (limit, admits), aside, (paused, exclusive), key)| {
            let closes = closes.map(|after| opens + after);
            Command::PutSale {
                item,
                sale: Sale { name, opens, closes, paused, exclusive, limit, admits, aside },
                key,
            }
        },
    )
}

fn put(shop: Shop) -> impl Strategy<Value = Command> {
    (0..ITEMS, rules(shop), key()).prop_map(|(item, rules, key)| Command::Put { item, rules, key })
}

/// How long ago something happened that is told now; seldom, that is too long, or still to come.
fn ago() -> impl Strategy<Value = i64> {
    prop_oneof![
        1 => Just(0_i64),
        6 => 1..6_000_i64,
        3 => 1..4_000_000_i64,
        1 => 86_399_000..86_401_000_i64,
        1 => -2_000..0_i64,
    ]
}

fn count(to_the_limit: bool) -> impl Strategy<Value = Command> {
    let change = prop_oneof![
        5 => (-20..20_i64).prop_map(CountChange::By),
        4 => (0..25_u64).prop_map(CountChange::To),
        3 => (0..PILES, 1..9_u32).prop_map(|(pile, units)| CountChange::Become(pile, units)),
        3 => (-9..9_i64, ago()).prop_map(|(units, ago)| CountChange::ByThen(units, ago)),
        3 => (0..25_u64, ago()).prop_map(|(units, ago)| CountChange::ToThen(units, ago)),
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(1)].prop_map(CountChange::By),
        u32::from(to_the_limit) => Just(CountChange::To(1_000_000_000_000)),
    ];
    let expected = prop_oneof![4 => Just(Expected::Nothing), 2 => Just(Expected::WhatIs), 1 => Just(Expected::SomethingElse)];
    let pile = prop_oneof![4 => Just(SELLABLE), 2 => 1..PILES];
    (0..ITEMS, 0..PLACES, pile, change, expected, key()).prop_map(
        |(item, place, pile, change, expected, key)| Command::Count {
            item,
            place,
            pile,
            change,
            expected,
            key,
        },
    )
}

/// Units on their way, and what becomes of them: of a lot of any number, or of one that is open.
fn lot() -> impl Strategy<Value = Command> {
    let new = || 0..LOTS;
    let known = || prop_oneof![1 => 0..LOTS, 8 => ONE_OF..ONE_OF + 100];
    let due = || prop::option::weighted(0.8, 0..5_000_000_i64);
    let units = || prop_oneof![4 => 1..10_u32, 1 => 1..30_u32];
    let places = (0..PLACES, 0..PLACES, prop::bool::weighted(0.7));
    let pile = prop_oneof![4 => Just(SELLABLE), 1 => 1..PILES];
    let came = prop_oneof![1 => Just(0_u32), 6 => 1..10_u32];
    prop_oneof![
        4 => (0..ITEMS, new(), 0..PLACES, units(), due(), key()).prop_map(|(item, lot, place, units, due, key)| {
            Command::Announce { item, lot, place, units, due: due.map(|due| FIRST_DAY + due), key }
        }),
        3 => (0..ITEMS, new(), places, units(), due(), key()).prop_map(
            |(item, lot, (from, to, create), units, due, key)| {
                let due = due.map(|due| FIRST_DAY + due);
                Command::Transfer { item, lot, from, to, create, units, due, key }
            }
        ),
        6 => (0..ITEMS, known(), pile, came, prop::bool::weighted(0.2), key()).prop_map(
            |(item, lot, pile, units, close, key)| Command::Receive { item, lot, pile, units, close, key }
        ),
        1 => (0..ITEMS, known(), due(), key()).prop_map(|(item, lot, due, key)| {
            Command::Reschedule { item, lot, due: due.map(|due| FIRST_DAY + due), key }
        }),
        1 => (0..ITEMS, known(), key()).prop_map(|(item, lot, key)| Command::CallOff { item, lot, key }),
    ]
}

fn delete_place() -> impl Strategy<Value = Command> {
    let to = prop::option::weighted(0.8, 0..PLACES);
    (0..ITEMS, 0..PLACES, to, key()).prop_map(|(item, place, to, key)| Command::DeletePlace {
        item,
        place,
        to,
        key,
    })
}

/// Four customers wait, two of whom also buy.
fn waiting() -> impl Strategy<Value = Command> {
    let place = prop_oneof![4 => Just(None), 1 => (0..PLACES).prop_map(Some)];
    let class = prop_oneof![3 => Just(5_u8), 1 => 4..7_u8];
    let units = prop_oneof![6 => 1..6_u32, 1 => 1..30_u32];
    prop_oneof![
        5 => (0..ITEMS, 0..4_u8, units, place, class, key()).prop_map(
            |(item, customer, units, place, class, key)| Command::Join { item, customer, units, place, class, key }
        ),
        1 => (0..ITEMS, 0..4_u8, key()).prop_map(|(item, customer, key)| Command::Leave { item, customer, key }),
    ]
}

fn lines(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Line>> {
    // The last product is seldom there, so it is seldom asked for.
    let item = prop_oneof![24 => 0..ITEMS - 1, 1 => Just(ITEMS - 1)];
    let units = prop_oneof![6 => 1..5_u64, 2 => 1..12_u64, 1 => 1..40_u64];
    // Half of them do not care where it comes from; most others ask for one place, where they are in each other's way.
    let place = prop_oneof![4 => Just(None), 3 => Just(Some(0)), 1 => (0..PLACES).prop_map(Some)];
    prop::collection::vec((item, place, units), count)
}

fn ttl() -> impl Strategy<Value = i64> {
    prop_oneof![1 => 100..2_000_i64, 2 => Just(60_000), 2 => 60_000..10_000_000_i64]
}

fn reserve(width: std::ops::Range<usize>, shop: Shop) -> impl Strategy<Value = Command> {
    // A number of its own, or that of the basket refused last.
    let number = prop_oneof![2 => 0..BASKETS, 1 => Just(ONE_OF)];
    (number, 0..2_u8, asked(), lines(width), wishes(shop), ttl()).prop_map(
        |(basket, customer, asked, lines, wishes, ttl)| Command::Reserve {
            basket,
            customer,
            asked,
            lines,
            wishes,
            ttl,
        },
    )
}

fn bundle(shop: Shop) -> impl Strategy<Value = Command> {
    let wish = (0..BASKETS, 0..2_u8, asked(), lines(1..4), wishes(shop), ttl()).prop_map(
        |(basket, customer, asked, lines, wishes, ttl)| Wish { basket, customer, asked, lines, wishes, ttl },
    );
    prop::collection::vec(wish, 1..4).prop_map(Command::Bundle)
}

fn asked() -> impl Strategy<Value = u32> {
    prop_oneof![5 => Just(0_u32), 1 => Just(1)]
}

fn commit() -> impl Strategy<Value = Command> {
    let units = prop_oneof![
        1 => Just(None),
        1 => prop::collection::vec(prop_oneof![4 => 0..4_u8, 1 => 0..20_u8], 1..5).prop_map(Some),
    ];
    (basket(), units, key()).prop_map(|(basket, units, key)| Command::Commit { basket, units, key })
}

fn release() -> impl Strategy<Value = Command> {
    (basket(), key()).prop_map(|(basket, key)| Command::Release { basket, key })
}

fn extend() -> impl Strategy<Value = Command> {
    (basket(), ttl(), key()).prop_map(|(basket, ttl, key)| Command::Extend { basket, ttl, key })
}

fn change_lines(width: std::ops::Range<usize>, shop: Shop) -> impl Strategy<Value = Command> {
    (basket(), lines(width), wishes(shop), prop::option::of(ttl()), key()).prop_map(
        |(basket, lines, wishes, ttl, key)| Command::ChangeLines { basket, lines, wishes, ttl, key },
    )
}

fn fulfil() -> impl Strategy<Value = Command> {
    (basket(), 0..3_u8, 0..6_u8, 0..4_u8, 0..4_u8, 0..3_u8).prop_map(
        |(basket, line, shipped, cancelled, returned, damaged)| Command::Fulfil {
            basket,
            line,
            shipped,
            cancelled,
            returned,
            damaged,
        },
    )
}

/// Time goes by, and with it what time brings.
fn passing(shop: Shop) -> impl Strategy<Value = Command> {
    let day = 24 * 60 * 60 * 1_000_i64;
    prop_oneof![
        5 => (1..5_000_i64).prop_map(|span| Command::Wait(Wait::For(span))),
        2 => (1..4_000_000_i64).prop_map(|span| Command::Wait(Wait::For(span))),
        1 => (day..4 * day).prop_map(|span| Command::Wait(Wait::For(span))),
        6 => (-1..2_i64).prop_map(|after| Command::Wait(Wait::Deadline(after))),
        3 => Just(Command::Sweep),
        3 => any::<bool>().prop_map(move |lag| Command::Lag(lag && !shop.queues)),
        3 => Just(Command::Crash),
    ]
}

fn again() -> impl Strategy<Value = Command> {
    (any::<Index>(), prop::bool::weighted(0.3)).prop_map(|(which, other)| Command::Again { which, other })
}

fn place(shop: Shop) -> impl Strategy<Value = Command> {
    let order = FIRST_ORDER..FIRST_ORDER + ORDERS;
    let expected = prop_oneof![4 => Just(Expected::Nothing), 2 => Just(Expected::WhatIs), 1 => Just(Expected::SomethingElse)];
    let customer = prop_oneof![3 => Just(0_u8), 1 => Just(1)];
    let basket = prop::option::weighted(0.4, basket());
    (order, basket, customer, asked(), lines(1..4), wishes(shop), expected).prop_map(
        |(order, basket, customer, asked, lines, wishes, expected)| Command::Place {
            order,
            basket,
            customer,
            asked,
            lines,
            wishes,
            expected,
        },
    )
}

fn pay() -> impl Strategy<Value = Command> {
    let says = prop_oneof![
        6 => Just(Says::Approved),
        2 => Just(Says::Declined),
        2 => Just(Says::Unknown),
        2 => Just(Says::Failing),
    ];
    (order(), says).prop_map(|(order, says)| Command::Pay { order, says })
}

/// Lines of an order by position, and how many units of each.
fn units() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop_oneof![
        1 => Just(Vec::new()),
        3 => prop::collection::vec((prop_oneof![6 => 0..1_u8, 3 => 1..2_u8, 1 => 2..4_u8], prop_oneof![4 => 1..3_u8, 1 => 1..9_u8]), 1..3),
    ]
}
