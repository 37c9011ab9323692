//! One effect and one answer per key: at once, later, and after a crash.
//!
//! Every kind of request goes through the same tests, so each is told here by what it does and by what has to be there
//! before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::fmt::Debug;
use std::sync::Arc;

use holdfast_actors::{
    Answer, Core, CoreStats, Failure, LocationCounts, ManualClock, OrderSource, RefundStatus, Reply,
    Unavailable,
};
use holdfast_engine::order::OrderStatus;
use holdfast_engine::product::Policy;
use holdfast_engine::{Fingerprint, Millis, OrderId, Rejection, ReservationId, SmolStr};

use rand::RngExt;
use rand::seq::IndexedRandom;
use support::ask::{
    TTL, basket, details, euros, fresh_operation, line, moved, operation, order, order_line, order_units,
    plain, quantity, sku, taken,
};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{Shop, clock};
use support::{begin, journal, within};

const BASKET: u128 = 11;
const ORDER: u128 = 21;
/// The key of the request under test.
const KEY: u128 = 99;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Put,
    PutAgain,
    Adjust,
    Reserve,
    Commit,
    CommitSome,
    Release,
    Extend,
    Order,
    OrderDeclined,
    OrderOfBasket,
    Cancel,
    CancelUnits,
    Ship,
    Return,
    Refund,
    RetryRefund,
    ShipTo,
}

impl Deed {
    const ALL: [Self; 18] = [
        Self::Put,
        Self::PutAgain,
        Self::Adjust,
        Self::Reserve,
        Self::Commit,
        Self::CommitSome,
        Self::Release,
        Self::Extend,
        Self::Order,
        Self::OrderDeclined,
        Self::OrderOfBasket,
        Self::Cancel,
        Self::CancelUnits,
        Self::Ship,
        Self::Return,
        Self::Refund,
        Self::RetryRefund,
        Self::ShipTo,
    ];

    /// A shop in which it can be done: ten units each of A and B, a basket of both, an order of both.
    async fn shop(self, clock: Arc<ManualClock>) -> Shop {
        let shop = Shop::new(clock).await;
        for name in ["A", "B"] {
            shop.stock(name, 10).await;
        }
        shop.core.reserve(basket(BASKET, [line("A", 2), line("B", 3)])).await.unwrap();
        let lines = [order_line("A", 1), order_line("B", 2)];
        let method = if self == Self::RetryRefund { "refund_decline" } else { "approve" };
        shop.core.place_order(order(ORDER, lines, method)).await.unwrap();
        if self == Self::Return {
            shop.core.ship(OrderId(ORDER), vec![], fresh_operation()).await.unwrap();
        }
        if self == Self::RetryRefund {
            let granted = shop.core.refund(OrderId(ORDER), euros(100), SmolStr::default(), fresh_operation());
            granted.await.unwrap();
            assert_eq!(shop.rested(ORDER).await.refunds[0].status, RefundStatus::Failed);
        }
        shop
    }

    /// Does it, under the one key. Another fingerprint makes it another request.
    async fn run(self, core: &Core, fingerprint: u64) -> Reply<String> {
        let key = operation(KEY, fingerprint);
        let id = ReservationId(BASKET);
        match self {
            Self::Put => told(core.put_product(sku("C"), plain(), key).await),
            Self::PutAgain => {
                let policy = Policy { safety_stock: quantity(1), ..Policy::default() };
                told(core.put_product(sku("A"), details(policy), key).await)
            }
            Self::Adjust => told(core.adjust(sku("A"), moved(7, key)).await),
            Self::Reserve => {
                let mut request = basket(KEY, [line("B", 1), line("A", 1)]);
                request.fingerprint = Fingerprint(fingerprint);
                told(core.reserve(request).await)
            }
            Self::Commit => told(core.commit(id, None, key).await),
            Self::CommitSome => told(core.commit(id, Some(vec![taken("B", 1)]), key).await),
            Self::Release => told(core.release(id, key).await),
            Self::Extend => told(core.extend(id, Some(Millis(90_000)), key).await),
            Self::Order => Self::check_out(core, fingerprint, "approve").await,
            Self::OrderDeclined => Self::check_out(core, fingerprint, "decline").await,
            Self::OrderOfBasket => {
                let mut request = order(KEY, [], "approve");
                request.source = OrderSource::Reservation(id);
                request.fingerprint = Fingerprint(fingerprint);
                told(core.place_order(request).await)
            }
            Self::Cancel => {
                told(core.cancel_order(OrderId(ORDER), SmolStr::new_static("changed my mind"), key).await)
            }
            Self::CancelUnits => {
                let (lines, reason) = (vec![order_units("B", 1)], SmolStr::new_static("one too many"));
                told(core.cancel_units(OrderId(ORDER), lines, reason, key).await)
            }
            Self::Ship => told(core.ship(OrderId(ORDER), vec![order_units("B", 1)], key).await),
            Self::Refund => {
                told(core.refund(OrderId(ORDER), euros(100), SmolStr::new_static("sorry"), key).await)
            }
            Self::ShipTo => told(
                core.change_ship_to(OrderId(ORDER), SmolStr::new_static(r#"{"city":"Leeds"}"#), key).await,
            ),
            Self::RetryRefund => told(core.retry_refund(OrderId(ORDER), 0, key).await),
            Self::Return => {
                let lines = vec![order_units("A", 1), order_units("B", 1)];
                told(
                    core.return_units(OrderId(ORDER), lines, false, SmolStr::new_static("too small"), key)
                        .await,
                )
            }
        }
    }

    async fn check_out(core: &Core, fingerprint: u64, method: &str) -> Reply<String> {
        let mut request = order(KEY, [order_line("A", 1), order_line("B", 1)], method);
        request.fingerprint = Fingerprint(fingerprint);
        told(core.place_order(request).await)
    }

    /// Changes what it was done to, where that can still change.
    async fn go_on(self, shop: &Shop) {
        for name in ["A", "B"] {
            shop.core.adjust(sku(name), moved(5, fresh_operation())).await.unwrap();
        }
        match self {
            Self::Put | Self::PutAgain => {
                let again = details(Policy { safety_stock: quantity(2), ..Policy::default() });
                for name in ["A", "C"] {
                    shop.core.put_product(sku(name), again.clone(), fresh_operation()).await.unwrap();
                }
            }
            Self::Reserve => {
                shop.core.commit(ReservationId(KEY), None, fresh_operation()).await.unwrap();
            }
            Self::Extend => {
                shop.core.release(ReservationId(BASKET), fresh_operation()).await.unwrap();
            }
            Self::Order | Self::OrderOfBasket => {
                let id = OrderId(KEY);
                let york = SmolStr::new_static(r#"{"city":"York"}"#);
                shop.core.change_ship_to(id, york, fresh_operation()).await.unwrap();
                shop.core.ship(id, vec![order_units("B", 1)], fresh_operation()).await.unwrap();
                let back = vec![order_units("B", 1)];
                shop.core.return_units(id, back, false, SmolStr::default(), fresh_operation()).await.unwrap();
                shop.rested(KEY).await;
            }
            Self::Cancel | Self::Return | Self::RetryRefund => {
                shop.rested(ORDER).await;
            }
            Self::CancelUnits | Self::Refund => {
                let (id, reason) = (OrderId(ORDER), SmolStr::new_static("all of it"));
                shop.core.cancel_order(id, reason, fresh_operation()).await.unwrap();
                shop.rested(ORDER).await;
            }
            Self::Ship => {
                shop.core.ship(OrderId(ORDER), vec![], fresh_operation()).await.unwrap();
            }
            Self::ShipTo => {
                let york = SmolStr::new_static(r#"{"city":"York"}"#);
                shop.core.change_ship_to(OrderId(ORDER), york, fresh_operation()).await.unwrap();
            }
            Self::Adjust | Self::Commit | Self::CommitSome | Self::Release | Self::OrderDeclined => {}
        }
    }
}

/// An answer as text, so that answers of all kinds compare.
fn told<T: Debug>(reply: Reply<T>) -> Reply<String> {
    reply.map(|answer| Answer { value: format!("{:?}", answer.value), replayed: answer.replayed })
}

/// What lies where, and how many things there are.
async fn effect(shop: &Shop) -> (Vec<LocationCounts>, CoreStats) {
    shop.settle().await;
    let mut counts = Vec::new();
    for name in shop.names().await {
        counts.push(shop.counts(&name).await);
    }
    // How often a product notes that a deadline moved depends on how soon it hears of it.
    let stats = CoreStats { journal_appended: 0, journal_durable: 0, ..shop.core.stats() };
    (counts, stats)
}

fn is_reused(reply: &Reply<String>) -> bool {
    matches!(reply, Err(Failure::Rejected(Rejection::KeyReused)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeat_gets_the_first_answer_and_another_request_is_refused() {
    for deed in Deed::ALL {
        let time = clock();
        let shop = deed.shop(time.clone()).await;
        let first = within("the first", deed.run(&shop.core, 1)).await.unwrap();
        assert!(!first.replayed, "{deed:?}");
        shop.rested(ORDER).await;
        let before = journal::events(&shop.disk).len();

        let again = within("a repeat", deed.run(&shop.core, 1)).await.unwrap();
        assert_eq!((again.value, again.replayed), (first.value.clone(), true), "{deed:?}");
        let other = within("another request", deed.run(&shop.core, 2)).await;
        assert!(is_reused(&other), "{deed:?}: {other:?}");
        assert_eq!(journal::events(&shop.disk).len(), before, "{deed:?}: a repeat leaves no trace");

        time.advance(Millis(1_000));
        deed.go_on(&shop).await;
        let later = within("a late repeat", deed.run(&shop.core, 1)).await.unwrap();
        assert_eq!((later.value, later.replayed), (first.value, true), "{deed:?}");
        shop.audit().await;
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_does_not_change_the_answer() {
    for deed in Deed::ALL {
        for gone_on in [false, true] {
            let time = clock();
            let shop = deed.shop(time.clone()).await;
            let first = within("the first", deed.run(&shop.core, 1)).await.unwrap();
            if gone_on {
                time.advance(Millis(1_000));
                deed.go_on(&shop).await;
            }
            let revived = shop.after_crash(time).await;
            shop.close().await;
            let again = within("a repeat", deed.run(&revived.core, 1)).await.unwrap();
            assert_eq!((again.value, again.replayed), (first.value, true), "{deed:?}, gone on: {gone_on}");
            let other = within("another request", deed.run(&revived.core, 2)).await;
            assert!(is_reused(&other), "{deed:?}: {other:?}");
            revived.rested(ORDER).await;
            revived.audit().await;
            revived.close().await;
        }
    }
}

/// The first request is decided but not durable when the others come. None of them is answered before it is, and all of
/// them together do what one of them does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once_have_one_effect_and_equal_answers() {
    for deed in Deed::ALL {
        let alone = deed.shop(clock()).await;
        within("one alone", deed.run(&alone.core, 1)).await.unwrap();
        alone.rested(ORDER).await;
        let effect = effect(&alone).await;
        alone.close().await;

        let shop = deed.shop(clock()).await;
        let gate = shop.disk.hold_syncs();
        let mut first = begin(deed.run(&shop.core, 1)).await;
        tokio::task::block_in_place(|| gate.wait_until_held());
        let mut second = begin(deed.run(&shop.core, 1)).await;
        let mut other = begin(deed.run(&shop.core, 2)).await;
        let mut third = begin(deed.run(&shop.core, 1)).await;
        for begun in [&mut first, &mut second, &mut other, &mut third] {
            begun.assert_unanswered();
        }

        drop(gate);
        let first = first.answer("the first").await.unwrap();
        let second = second.answer("the second").await.unwrap();
        let third = third.answer("the third").await.unwrap();
        assert!(!first.replayed, "{deed:?}");
        assert_eq!((&second.value, second.replayed), (&first.value, true), "{deed:?}");
        assert_eq!((&third.value, third.replayed), (&first.value, true), "{deed:?}");
        let other = other.answer("another request").await;
        assert!(is_reused(&other), "{deed:?}: {other:?}");
        shop.rested(ORDER).await;
        assert_eq!(self::effect(&shop).await, effect, "{deed:?}");
        shop.audit().await;
        shop.close().await;
    }
}

/// A crash before the sync: nobody was answered, nothing is there, and the same request is carried out as if for the
/// first time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_not_durable_never_happened() {
    for deed in Deed::ALL {
        let shop = deed.shop(clock()).await;
        let before = journal::events(&shop.disk).len();
        let gate = shop.disk.hold_syncs();
        let mut first = begin(deed.run(&shop.core, 1)).await;
        tokio::task::block_in_place(|| gate.wait_until_held());
        first.assert_unanswered();
        let revived = shop.after_crash(clock()).await;
        assert_eq!(journal::events(&revived.disk).len(), before, "{deed:?}");
        let anew = within("the request anew", deed.run(&revived.core, 2)).await.unwrap();
        assert!(!anew.replayed, "{deed:?}");
        revived.close().await;
        drop(gate);
        let first = first.answer("the first").await.unwrap();
        assert!(!first.replayed, "{deed:?}");
        shop.close().await;
    }
}

/// A second try under the key of a refused one, with whatever content.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refused_key_can_be_used_again() {
    let shop = Deed::Return.shop(clock()).await;
    let core = &shop.core;
    let key = |fingerprint| operation(KEY, fingerprint);
    let rejected = |reply: Reply<String>| match reply {
        Err(Failure::Rejected(rejection)) => rejection,
        other => panic!("not refused: {other:?}"),
    };

    // A reservation: too little there, then another basket under the number, which is then its own.
    let mut short = basket(KEY, [line("A", 1), line("B", 1_000)]);
    short.fingerprint = Fingerprint(1);
    assert!(matches!(rejected(told(core.reserve(short.clone()).await)), Rejection::InsufficientStock(_)));
    let mut fits = basket(KEY, [line("B", 1)]);
    fits.fingerprint = Fingerprint(2);
    assert!(!core.reserve(fits).await.unwrap().replayed);
    assert_eq!(rejected(told(core.reserve(short).await)), Rejection::KeyReused);

    // A commit of more than there is, then the right one, then the wrong one again.
    let id = ReservationId(BASKET);
    let too_many = || core.commit(id, Some(vec![taken("A", 3)]), key(1));
    assert!(matches!(rejected(told(too_many().await)), Rejection::CommitAboveHold { .. }));
    let nothing = core.commit(id, Some(vec![taken("A", 0)]), key(1)).await;
    assert_eq!(rejected(told(nothing)), Rejection::CommitMismatch);
    let unknown_line = core.commit(id, Some(vec![taken("C", 1)]), key(1)).await;
    assert_eq!(rejected(told(unknown_line)), Rejection::CommitMismatch);
    let out_of_range = core.extend(id, Some(Millis(1)), key(1)).await;
    assert!(matches!(rejected(told(out_of_range)), Rejection::HoldTimeOutOfRange { .. }));
    assert!(!core.commit(id, Some(vec![taken("A", 2)]), key(2)).await.unwrap().replayed);
    assert_eq!(rejected(told(too_many().await)), Rejection::KeyReused);
    assert_eq!(rejected(told(core.release(id, operation(98, 1)).await)), Rejection::ReservationCommitted);

    // A count.
    let below = || core.adjust(sku("A"), moved(-1_000, key(1)));
    assert!(matches!(rejected(told(below().await)), Rejection::StockBelowZero { .. }));
    assert!(!core.adjust(sku("A"), moved(1, key(2))).await.unwrap().replayed);
    assert_eq!(rejected(told(below().await)), Rejection::KeyReused);

    // A product.
    let policy = Policy { hold_ttl_default: Millis(1), ..Policy::default() };
    let absurd = || core.put_product(sku("D"), details(policy.clone()), key(1));
    assert!(matches!(rejected(told(absurd().await)), Rejection::PolicyContradiction { .. }));
    let unknown = core.product(&sku("D")).await;
    assert!(matches!(unknown, Err(Failure::Rejected(Rejection::UnknownSku { .. }))), "{unknown:?}");
    assert!(core.put_product(sku("D"), plain(), key(2)).await.unwrap().value.created);
    assert_eq!(rejected(told(absurd().await)), Rejection::KeyReused);

    // An order: another total than shown, no price, too little there, then one that goes through.
    let place = |fingerprint: u64, count: u32, total: Option<i64>| {
        let mut request = order(KEY + 1, [order_line("B", count)], "approve");
        request.fingerprint = Fingerprint(fingerprint);
        request.expected_total = total.map(euros);
        core.place_order(request)
    };
    assert!(matches!(rejected(told(place(1, 1, Some(1)).await)), Rejection::TotalChanged { .. }));
    assert!(matches!(rejected(told(place(1, 1_000, None).await)), Rejection::InsufficientStock(_)));
    let confirmed = place(2, 1, Some(250)).await.unwrap();
    assert_eq!((confirmed.value.status, confirmed.replayed), (OrderStatus::Confirmed, false));
    assert_eq!(rejected(told(place(1, 1_000, None).await)), Rejection::KeyReused);

    // What is asked of an order.
    let id = OrderId(ORDER);
    let too_late = core.cancel_order(id, SmolStr::default(), key(1)).await;
    assert!(matches!(rejected(told(too_late)), Rejection::OrderState { .. }));
    let nothing_left = core.ship(id, vec![order_units("A", 1)], key(1)).await;
    assert!(matches!(rejected(told(nothing_left)), Rejection::LineExceeded { .. }));
    let too_many = core.return_units(id, vec![order_units("A", 2)], false, SmolStr::default(), key(1)).await;
    assert!(matches!(rejected(told(too_many)), Rejection::LineExceeded { .. }));
    let back =
        core.return_units(id, vec![order_units("A", 1)], false, SmolStr::default(), key(2)).await.unwrap();
    assert!(!back.replayed);

    shop.rested(ORDER).await;
    shop.audit().await;
    shop.close().await;
}

/// The shelf was empty, so the shipment did not happen, and its key is free.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shipment_from_an_empty_shelf_can_be_asked_for_again() {
    let shop = Deed::Ship.shop(clock()).await;
    shop.count("B", 0).await;
    let ship = || shop.core.ship(OrderId(ORDER), vec![order_units("B", 1)], operation(KEY, 1));
    for _ in 0..2 {
        let refused = ship().await;
        assert!(matches!(refused, Err(Failure::Rejected(Rejection::NotOnShelf { .. }))), "{refused:?}");
    }
    let partly = shop.core.ship(OrderId(ORDER), vec![], operation(98, 1)).await.unwrap().value;
    assert_eq!(partly.status, OrderStatus::PartiallyShipped, "what is there goes");
    shop.count("B", 5).await;
    let shipped = ship().await.unwrap();
    assert!(!shipped.replayed);
    assert!(ship().await.unwrap().replayed);
    shop.audit().await;
    shop.close().await;
}

/// The first try under a number came as far as its last product and was refused there. A second try under the number
/// has other lines, fewer of them, and is made; a crash at any moment of that finds the second or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_basket_under_the_number_of_a_refused_one_survives_a_crash() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B", "C", "D", "E"] {
        shop.stock(name, 1).await;
    }
    let setup = journal::events(&shop.disk).len();
    let mut at_d = doors.stop(doors.owner(&shop, "D").await);
    let winner = begin(shop.core.reserve(basket(1, [line("D", 1)]))).await;
    at_d.reached().await;
    let refused = begin(shop.core.reserve(basket(KEY, ["A", "B", "C", "D"].map(|name| line(name, 1))))).await;
    for name in ["A", "B", "C"] {
        shop.ping(name).await;
    }
    at_d.open();
    winner.answer("the winner").await.unwrap();
    refused.answer("the first try").await.unwrap_err();
    let second = basket(KEY, ["C", "E"].map(|name| line(name, 1)));
    let made = within("the second try", shop.core.reserve(second.clone())).await.unwrap();
    assert!(!made.replayed);
    let events = journal::events(&shop.disk);
    shop.audit().await;
    shop.close().await;

    for cut in setup..=events.len() {
        let revived = Shop::new_on(&journal::disk_of(&events[..cut]), clock()).await;
        let again = within("a repeat", revived.core.reserve(second.clone())).await.unwrap();
        assert_eq!(again.replayed, cut == events.len());
        assert_eq!(again.value.lines, made.value.lines);
        revived.audit().await;
        for (name, held) in [("A", 0), ("B", 0), ("C", 1), ("E", 1)] {
            assert_eq!(revived.counts(name).await.held, held, "{name} after {cut}");
        }
        revived.close().await;
    }
}

/// Several clients ask under each of a few numbers at once, and again when they are refused, for goods that are scarce:
/// what one try gives back must not be taken from the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tries_under_one_number_do_not_take_from_each_other() {
    for seed in seeds(150) {
        let mut random = random(seed);
        let shop = Shop::new(clock()).await;
        let names = ["A", "B", "C", "D"];
        for name in names {
            shop.stock(name, 2).await;
        }
        let mut clients = tokio::task::JoinSet::new();
        for id in 1..=5 {
            let width = random.random_range(2..=4);
            let lines: Vec<_> = names.sample(&mut random, width).map(|name| line(name, 1)).collect();
            for _ in 0..4 {
                let (core, request) = (shop.core.clone(), basket(id, lines.clone()));
                clients.spawn(async move {
                    let mut fresh = 0;
                    for _ in 0..4 {
                        match core.reserve(request.clone()).await {
                            Ok(answer) => fresh += u32::from(!answer.replayed),
                            Err(Failure::Rejected(Rejection::InsufficientStock(_))) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                    (id, fresh)
                });
            }
        }
        let mut fresh = [0; 6];
        for (id, count) in within("every client is answered", clients.join_all()).await {
            fresh[usize::try_from(id).unwrap()] += count;
        }
        let world = shop.audit().await;
        for (id, fresh) in (0..).zip(fresh) {
            let made = world.reservation(ReservationId(id)).is_some();
            assert_eq!(fresh, u32::from(made), "seed {seed}: {id} is made once, and told so once");
        }
        assert_eq!(shop.core.stats().actor_restarts, 0, "seed {seed}");
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeat_of_a_basket_says_what_was_said_even_when_it_is_over() {
    let time = clock();
    let shop = Shop::new(time.clone()).await;
    shop.stock("A", 5).await;
    let first = shop.core.reserve(basket(BASKET, [line("A", 1)])).await.unwrap().value;
    time.advance(TTL);
    let again = shop.core.reserve(basket(BASKET, [line("A", 1)])).await.unwrap();
    assert_eq!((again.value, again.replayed), (first, true));
    let committed = shop.core.commit(ReservationId(BASKET), None, fresh_operation()).await;
    assert!(
        matches!(committed, Err(Failure::Rejected(Rejection::ReservationExpired { .. }))),
        "{committed:?}"
    );
    shop.audit().await;
    shop.close().await;
}

/// Nobody knows these, and nothing is left of the question.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_there_is_refused_without_a_trace() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 5).await;
    let before = journal::events(&shop.disk).len();
    let unknown = ReservationId(404);
    let not_found = Err(Failure::Rejected(Rejection::ReservationNotFound { reservation: unknown }));
    assert_eq!(told(shop.core.commit(unknown, None, fresh_operation()).await), not_found);
    assert_eq!(told(shop.core.release(unknown, fresh_operation()).await), not_found);
    assert_eq!(told(shop.core.extend(unknown, None, fresh_operation()).await), not_found);
    assert!(shop.core.reservation(unknown).await.is_err());
    let order = Err(Failure::Rejected(Rejection::OrderNotFound { order: OrderId(404) }));
    assert_eq!(told(shop.core.ship(OrderId(404), vec![], fresh_operation()).await), order);
    let no_product = shop.core.adjust(sku("Z"), moved(1, fresh_operation())).await;
    assert!(matches!(no_product, Err(Failure::Rejected(Rejection::UnknownSku { .. }))), "{no_product:?}");
    let no_product = shop.core.reserve(basket(1, [line("A", 1), line("Z", 1)])).await;
    assert!(matches!(no_product, Err(Failure::Rejected(Rejection::UnknownSku { .. }))), "{no_product:?}");
    assert_eq!(journal::events(&shop.disk).len(), before);
    assert_ne!(shop.core.reservation(ReservationId(1)).await, Err(Unavailable::Restarting.into()));
    shop.audit().await;
    shop.close().await;
}
