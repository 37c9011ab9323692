//! The end of a process, and the bound on what is under way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::time::Duration;

use holdfast_actors::{CoreConfig, Failure, OrderSource, Payments, Unavailable};
use holdfast_engine::order::OrderStatus;
use holdfast_engine::{Millis, OrderId, ReservationId, SmolStr};
use holdfast_persistence::MemoryDisk;

use support::ask::{
    basket, checkout, fresh_operation, line, moved, new_basket, order, order_line, plain, sku,
};
use support::bank::{Act, BANK, Bank};
use support::doors::DoorClock;
use support::shop::{Shop, clock, config, impatient};
use support::{begin, eventually, journal, within};

const BASKET: ReservationId = ReservationId(11);

fn is<T>(reply: &Result<T, Failure>, why: Unavailable) -> bool {
    matches!(reply, Err(Failure::Unavailable(found)) if *found == why)
}

/// Every way to ask for something new; all of them must be turned away like this.
async fn assert_turned_away(shop: &Shop, why: Unavailable) {
    let (core, id) = (&shop.core, OrderId(21));
    assert!(is(&core.put_product(sku("Z"), plain(), fresh_operation()).await, why));
    assert!(is(&core.adjust(sku("A"), moved(1, fresh_operation())).await, why));
    assert!(is(&core.reserve(new_basket([line("A", 1)])).await, why));
    assert!(is(&core.commit(BASKET, None, fresh_operation()).await, why));
    assert!(is(&core.release(BASKET, fresh_operation()).await, why));
    assert!(is(&core.extend(BASKET, None, fresh_operation()).await, why));
    assert!(is(&core.place_order(order(22, [order_line("A", 1)], "approve")).await, why));
    assert!(is(&core.cancel_order(id, SmolStr::default(), fresh_operation()).await, why));
    assert!(is(&core.ship(id, vec![], fresh_operation()).await, why));
    assert!(is(&core.return_units(id, vec![], false, SmolStr::default(), fresh_operation()).await, why));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_under_way_is_finished_and_nothing_new_begins() {
    let shop = Shop::new(clock()).await;
    for name in ["A", "B"] {
        shop.stock(name, 10).await;
    }
    shop.core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await.unwrap();
    let gate = shop.disk.hold_syncs();
    let mut reserving = begin(shop.core.reserve(new_basket([line("A", 1), line("B", 1)]))).await;
    tokio::task::block_in_place(|| gate.wait_until_held());
    let mut ordering = begin(shop.core.place_order(order(21, [order_line("A", 1)], "approve"))).await;
    let mut ending = begin(shop.core.shutdown()).await;
    let mut again = begin(shop.core.shutdown()).await;
    assert!(!shop.core.is_ready());
    assert_turned_away(&shop, Unavailable::ShuttingDown).await;
    for begun in [&mut ending, &mut again] {
        begun.assert_unanswered();
    }
    reserving.assert_unanswered();
    ordering.assert_unanswered();

    drop(gate);
    let made = reserving.answer("the reservation").await.unwrap().value;
    let ordered = ordering.answer("the order").await.unwrap().value;
    assert_eq!(ordered.status, OrderStatus::Confirmed);
    ending.answer("the shutdown").await.unwrap();
    again.answer("the second shutdown").await.unwrap();
    within("a third", shop.core.shutdown()).await.unwrap();
    assert_turned_away(&shop, Unavailable::ShuttingDown).await;
    assert_eq!(shop.counts("A").await.held, 2, "what was shown is still shown");
    assert!(is(&within("an order is read", shop.core.order(OrderId(21))).await, Unavailable::ShuttingDown));

    // The next process finds everything on the same disk, and nothing to mend.
    let events = journal::events(&shop.disk).len();
    let next = Shop::new_on(&shop.disk, clock()).await;
    assert_eq!(journal::events(&next.disk).len(), events);
    assert_eq!(next.core.reservation(made.id).await.unwrap(), made);
    assert_eq!(next.core.order(OrderId(21)).await.unwrap(), ordered);
    assert_eq!(next.counts("A").await, shop.counts("A").await);
    next.core.commit(made.id, None, fresh_operation()).await.unwrap();
    next.audit().await;
    next.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_idle_core_ends_at_once() {
    let shop = Shop::new(clock()).await;
    shop.close().await;
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    let disk = shop.disk.clone();
    // Not ended, only let go of: what was acknowledged is there all the same.
    drop(shop);
    let next = Shop::new_on(&disk, clock()).await;
    assert_eq!(next.counts("A").await.available, 1);
    next.close().await;
}

/// A checkout that waits for its payment holds the end up only as long as its client is made to wait; the next process
/// takes it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_under_way_is_left_to_the_next_process() {
    let bank = Bank::new().script("authorise", [Act::Wait]);
    let patience = CoreConfig { checkout_wait: Duration::from_millis(20), ..config() };
    let shop = Shop::open(&MemoryDisk::new(), clock(), bank.payments(), patience).await;
    shop.stock("A", 10).await;
    let request = || checkout(21, OrderSource::Lines(vec![order_line("A", 1)]), BANK, "card");
    let (core, checkout) = (shop.core.clone(), request());
    let ordering = tokio::spawn(async move { core.place_order(checkout).await });
    eventually("the bank is asked", async || !bank.calls().is_empty()).await;
    within("shutdown", shop.core.shutdown()).await.unwrap();
    let answer = within("the checkout", ordering).await.unwrap().unwrap().value;
    assert_eq!(answer.status, OrderStatus::PaymentPending);

    let next = Shop::open(&shop.disk, clock(), bank.payments(), impatient()).await;
    let view = next.rested(21).await;
    assert_eq!(view.status, OrderStatus::Confirmed);
    bank.assert_agrees(&view);
    assert!(within("a repeat", next.core.place_order(request())).await.unwrap().replayed);
    next.audit().await;
    next.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_than_the_bound_is_under_way() {
    let bound = CoreConfig { in_flight_max: 3, ..config() };
    let shop = Shop::open(&MemoryDisk::new(), clock(), Payments::sandbox(), bound).await;
    shop.stock("A", 10).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 1)])).await.unwrap();
    let gate = shop.disk.hold_syncs();
    let first = begin(shop.core.reserve(new_basket([line("A", 1)]))).await;
    let second = begin(shop.core.extend(BASKET, Some(Millis(90_000)), fresh_operation())).await;
    let third = begin(shop.core.place_order(order(21, [order_line("A", 1)], "approve"))).await;
    assert_eq!(shop.core.stats().in_flight, 3);
    assert_turned_away(&shop, Unavailable::Overloaded).await;
    assert_eq!((shop.core.stats().in_flight, shop.core.stats().refused_overload), (3, 10));
    assert!(shop.core.is_ready());
    // What can be read without asking anybody is not bounded; what has to wait is.
    assert_eq!(shop.counts("A").await.held, 1);
    assert!(is(&shop.core.order(OrderId(404)).await, Unavailable::Overloaded));

    // A client that goes away makes no room: what it asked for goes on.
    drop(first);
    assert_eq!(shop.core.stats().in_flight, 3);
    assert_turned_away(&shop, Unavailable::Overloaded).await;
    drop(gate);
    second.answer("the second").await.unwrap();
    third.answer("the third").await.unwrap();
    eventually("the first is done", async || shop.core.stats().in_flight == 0).await;
    shop.core.order(OrderId(404)).await.unwrap_err();
    assert_eq!((shop.counts("A").await.held, shop.counts("A").await.allocated), (2, 1));

    // A refused request gives its permit back as well.
    for _ in 0..10 {
        shop.core.reserve(new_basket([line("A", 1_000)])).await.unwrap_err();
        shop.core.reserve(new_basket([line("Z", 1)])).await.unwrap_err();
        shop.core.place_order(order(23, [order_line("Z", 1)], "approve")).await.unwrap_err();
    }
    assert_eq!((shop.core.stats().in_flight, shop.core.stats().refused_overload), (0, 21));
    shop.audit().await;
    shop.close().await;
}

/// Many clients, some of whom go away half-way: nobody's permit is lost, and the bound is never passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn permits_come_back_from_clients_who_go_away() {
    let bound = CoreConfig { in_flight_max: 8, ..config() };
    let shop = Shop::open(&MemoryDisk::new(), clock(), Payments::sandbox(), bound).await;
    shop.stock("A", 10_000).await;
    shop.stock("B", 10_000).await;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..200_u32 {
        let core = shop.core.clone();
        clients.spawn(async move {
            let request = core.reserve(new_basket([line("A", 1), line("B", 1)]));
            if client % 3 == 0 {
                // Begins, and is gone.
                let mut request = Box::pin(request);
                let _ = futures::poll!(request.as_mut());
                return None;
            }
            Some(request.await)
        });
    }
    let answers = within("every client is answered", clients.join_all()).await;
    for answer in answers.into_iter().flatten() {
        assert!(answer.is_ok() || is(&answer, Unavailable::Overloaded), "{answer:?}");
    }
    shop.settle().await;
    assert_eq!(shop.core.stats().in_flight, 0);
    shop.audit().await;
    shop.close().await;
}

/// An owner dies while the process ends: whoever waits for it is answered, and the end comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_death_does_not_hold_up_the_end() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B", "C"] {
        shop.stock(name, 10).await;
    }
    let (a, b) = (doors.owner(&shop, "A").await, doors.owner(&shop, "B").await);
    let mut at_a = doors.stop(a);
    let travelling = begin(shop.core.reserve(new_basket(["A", "B", "C"].map(|name| line(name, 1))))).await;
    at_a.reached().await;
    doors.kill(b);
    let dying = begin(shop.core.adjust(sku("A"), moved(1, fresh_operation()))).await;
    let ending = begin(shop.core.shutdown()).await;
    at_a.open();
    dying.answer("a count").await.unwrap();
    let answer = travelling.answer("the basket").await;
    assert!(answer.is_ok() || is(&answer, Unavailable::Restarting), "{answer:?}");
    ending.answer("the shutdown").await.unwrap();

    let next = Shop::new_on(&shop.disk, clock()).await;
    next.audit().await;
    next.close().await;
}

/// The same, with the dead owner's mailbox still being asked: what comes after the death waits for nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_sent_to_a_dead_owner_during_the_end_is_answered() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B"] {
        shop.stock(name, 10).await;
    }
    let (a, b) = (doors.owner(&shop, "A").await, doors.owner(&shop, "B").await);
    let mut at_a = doors.stop(a);
    let travelling = begin(shop.core.reserve(new_basket(["A", "B"].map(|name| line(name, 1))))).await;
    at_a.reached().await;
    let mut at_b = doors.stop(b);
    doors.kill(b);
    let blocking = begin(shop.core.adjust(sku("B"), moved(1, fresh_operation()))).await;
    at_b.reached().await;
    let dying = begin(shop.core.adjust(sku("B"), moved(1, fresh_operation()))).await;
    let ending = begin(shop.core.shutdown()).await;
    at_b.open();
    blocking.answer("the first count").await.unwrap();
    let answer = dying.answer("the second count").await;
    assert!(is(&answer, Unavailable::Restarting), "{answer:?}");
    // B is dead now, and the basket arrives there.
    at_a.open();
    let answer = travelling.answer("the basket").await;
    assert!(answer.is_ok() || is(&answer, Unavailable::Restarting), "{answer:?}");
    ending.answer("the shutdown").await.unwrap();

    let next = Shop::new_on(&shop.disk, clock()).await;
    next.audit().await;
    next.close().await;
}
