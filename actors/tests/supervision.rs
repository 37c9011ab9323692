//! An owner dies: its product comes back from the journal, whoever asked it is told to try again, nobody else notices.

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

use futures::future::join_all;
use holdfast_actors::{
    Answer, Core, Failure, LocationCounts, OrderSource, Payments, Reply, ReservationView, Sandbox,
    Unavailable,
};
use holdfast_engine::order::OrderStatus;
use holdfast_engine::{Millis, OrderId, Rejection, ReservationId, SmolStr};
use holdfast_persistence::MemoryDisk;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};

use support::ask::{
    basket, changed, checkout, fresh, fresh_operation, line, moved, new_basket, operation, order, order_line,
    order_of, order_units, plain, sku,
};
use support::bank::{Act, BANK, Bank};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{Shop, config, impatient};
use support::{Begun, begin, eventually, within};

const BASKET: ReservationId = ReservationId(11);
const ORDER: u128 = 21;
const KEY: u128 = 99;
const RESTARTING: Failure = Failure::Unavailable(Unavailable::Restarting);

/// A shop with ten each of A, B and C, a basket of A and B, and an order of A and B of which one A has been shipped.
async fn shop() -> (Shop, Arc<DoorClock>) {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B", "C"] {
        shop.stock(name, 10).await;
    }
    shop.core.reserve(basket(BASKET.0, [line("A", 2), line("B", 1)])).await.unwrap();
    shop.core.place_order(order(ORDER, [order_line("A", 2), order_line("B", 1)], "approve")).await.unwrap();
    shop.core.ship(OrderId(ORDER), vec![order_units("A", 1)], fresh_operation()).await.unwrap();
    shop.settle().await;
    (shop, doors)
}

async fn begin_basket<'a>(shop: &'a Shop, names: &[&str]) -> Begun<'a, Reply<ReservationView>> {
    begin(shop.core.reserve(new_basket(names.iter().map(|name| line(name, 1))))).await
}

fn is_short<T>(answer: &Reply<T>) -> bool {
    matches!(answer, Err(Failure::Rejected(Rejection::InsufficientStock(_))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dead_owner_is_rebuilt_from_the_journal() {
    let (shop, doors) = shop().await;
    let before = shop.shown("A").await;
    doors.kill(doors.owner(&shop, "A").await);
    let key = fresh_operation();
    let died = within("a count", shop.core.adjust(sku("A"), moved(3, key))).await;
    assert_eq!(died.map(drop), Err(RESTARTING));
    assert_eq!(shop.shown("A").await, before);

    eventually("the death is noticed", async || shop.core.stats().actor_restarts == 1).await;
    let again = within("the same again", shop.core.adjust(sku("A"), moved(3, key))).await.unwrap();
    assert!(!again.replayed, "it never happened");
    assert_eq!((again.value.delta, again.value.version), (3, before.version + 1));
    assert_eq!(shop.core.stats().actor_restarts, 1);
    shop.core.commit(BASKET, None, fresh_operation()).await.unwrap();
    shop.core.ship(OrderId(ORDER), vec![], fresh_operation()).await.unwrap();
    shop.audit().await;
    shop.close().await;
}

/// A kind of request that concerns A and B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Put,
    Adjust,
    ReserveOne,
    ReserveBoth,
    Commit,
    Release,
    Extend,
    ChangeMore,
    ChangeLess,
    ChangeOthers,
    Order,
    OrderDeclined,
    OrderCaptureDeclined,
    OrderOfBasket,
    Ship,
    Return,
}

impl Deed {
    const ALL: [Self; 16] = [
        Self::Put,
        Self::Adjust,
        Self::ReserveOne,
        Self::ReserveBoth,
        Self::Commit,
        Self::Release,
        Self::Extend,
        Self::ChangeMore,
        Self::ChangeLess,
        Self::ChangeOthers,
        Self::Order,
        Self::OrderDeclined,
        Self::OrderCaptureDeclined,
        Self::OrderOfBasket,
        Self::Ship,
        Self::Return,
    ];

    async fn run(self, core: &Core) -> Reply<String> {
        let key = operation(KEY, 1);
        let both = || [order_line("A", 1), order_line("B", 1)];
        match self {
            Self::Put => told(core.put_product(sku("A"), plain(), key).await),
            Self::Adjust => told(core.adjust(sku("A"), moved(3, key)).await),
            Self::ReserveOne => told(core.reserve(basket(KEY, [line("A", 1)])).await),
            Self::ReserveBoth => told(core.reserve(basket(KEY, [line("A", 1), line("B", 1)])).await),
            Self::Commit => told(core.commit(BASKET, None, key).await),
            Self::Release => told(core.release(BASKET, key).await),
            Self::Extend => told(core.extend(BASKET, Some(Millis(90_000)), key).await),
            Self::ChangeMore => {
                let lines = [line("A", 4), line("B", 3)];
                told(core.change_reservation(changed(BASKET, lines, key)).await)
            }
            Self::ChangeLess => told(core.change_reservation(changed(BASKET, [line("A", 1)], key)).await),
            Self::ChangeOthers => {
                let lines = [line("B", 2), line("C", 3)];
                told(core.change_reservation(changed(BASKET, lines, key)).await)
            }
            Self::Order => told(core.place_order(order(KEY, both(), "approve")).await),
            Self::OrderDeclined => told(core.place_order(order(KEY, both(), "decline")).await),
            Self::OrderCaptureDeclined => told(core.place_order(order(KEY, both(), "capture_decline")).await),
            Self::OrderOfBasket => told(core.place_order(order_of(KEY, BASKET, "approve")).await),
            Self::Ship => told(core.ship(OrderId(ORDER), vec![], key).await),
            Self::Return => {
                let back = vec![order_units("A", 1)];
                told(core.return_units(OrderId(ORDER), back, false, SmolStr::default(), key).await)
            }
        }
    }

    /// Does it again and again until there is an answer.
    async fn insist(self, core: &Core) -> Answer<String> {
        for _ in 0..20 {
            match within("a request", self.run(core)).await {
                Err(RESTARTING) => {}
                answer => return answer.unwrap(),
            }
        }
        panic!("{self:?} is never answered")
    }
}

fn told<T: Debug>(reply: Reply<T>) -> Reply<String> {
    reply.map(|answer| Answer { value: format!("{:?}", answer.value), replayed: answer.replayed })
}

async fn all_counts(shop: &Shop) -> Vec<LocationCounts> {
    shop.settle().await;
    let names = ["A", "B", "C"];
    join_all(names.map(|name| shop.counts(name))).await
}

/// Whatever an owner is doing when it dies, and however far it has come: a client that asks until it is answered gets
/// just one effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_death_at_any_moment_of_any_request_does_it_once() {
    let mut deaths = 0;
    for deed in Deed::ALL {
        let (undisturbed, _) = shop().await;
        deed.insist(&undisturbed.core).await;
        let expected = all_counts(&undisturbed).await;
        undisturbed.close().await;
        for name in ["A", "B"] {
            for after in 0..6 {
                let (shop, doors) = shop().await;
                doors.kill_later(doors.owner(&shop, name).await, after);
                let first = deed.insist(&shop.core).await;
                doors.pardon();
                let again = deed.insist(&shop.core).await;
                assert_eq!(
                    (again.value, again.replayed),
                    (first.value, true),
                    "{deed:?}, {name} after {after}"
                );
                shop.all_rested().await;
                assert_eq!(all_counts(&shop).await, expected, "{deed:?}, {name} after {after}");
                shop.audit().await;
                deaths += shop.core.stats().actor_restarts;
                assert!(shop.core.stats().actor_restarts <= 1);
                shop.close().await;
            }
        }
    }
    assert!(deaths > 30, "only {deaths} owners died");
}

/// A dead owner's product cannot be rebuilt before what it decided last is durable. What is asked meanwhile waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_of_a_dead_owner_is_served_after_the_rebuild() {
    let (shop, doors) = shop().await;
    let a = doors.owner(&shop, "A").await;
    let gate = shop.disk.hold_syncs();
    let decided = begin(shop.core.adjust(sku("A"), moved(5, fresh_operation()))).await;
    tokio::task::block_in_place(|| gate.wait_until_held());
    doors.kill(a);
    let died = within("a count", shop.core.adjust(sku("A"), moved(1, fresh_operation()))).await;
    assert_eq!(died.map(drop), Err(RESTARTING));
    eventually("the death is noticed", async || shop.core.stats().actor_restarts == 1).await;

    let mut count = begin(shop.core.adjust(sku("A"), moved(2, fresh_operation()))).await;
    let mut both = begin_basket(&shop, &["A", "B"]).await;
    let mut end = begin(shop.core.commit(BASKET, None, fresh_operation())).await;
    count.assert_unanswered();
    both.assert_unanswered();
    end.assert_unanswered();
    drop(gate);
    assert_eq!(decided.answer("what it had decided").await.unwrap().value.level.on_hand.units(), 14);
    assert_eq!(count.answer("a count").await.unwrap().value.level.on_hand.units(), 16);
    both.answer("a basket").await.unwrap();
    end.answer("a commit").await.unwrap();
    assert_eq!(shop.core.stats().actor_restarts, 1);
    shop.audit().await;
    shop.close().await;
}

/// The word that a hold is over was lost with the owner. The rebuilt product knows it from the reservation, and shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rebuilt_product_shows_what_its_reservations_have_decided() {
    for commit in [false, true] {
        let (shop, doors) = shop().await;
        let before = shop.counts("B").await;
        doors.kill(doors.owner(&shop, "B").await);
        let end = async {
            let key = operation(KEY, 1);
            if commit {
                shop.core.commit(BASKET, None, key).await
            } else {
                shop.core.release(BASKET, key).await
            }
        };
        assert_eq!(within("an end", end).await.map(drop), Err(RESTARTING));
        eventually("the death is noticed", async || shop.core.stats().actor_restarts == 1).await;
        shop.ping("B").await;
        let after = shop.counts("B").await;
        let freed = u64::from(!commit);
        assert_eq!((after.held, after.available), (before.held - 1, before.available + freed));
        assert_eq!(after.allocated, before.allocated + 1 - freed);
        shop.audit().await;
        shop.close().await;
    }
}

/// A basket is under way and holds the last A when A's owner dies. The rebuilt owner knows that the unit may come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_under_way_survives_the_death_of_an_owner_behind_it() {
    for (wins, mended) in [(true, false), (false, false), (true, true), (false, true)] {
        let (shop, doors) = shop().await;
        shop.count("A", 4).await; // one is free: two are in the basket, one is promised
        shop.count("C", 1).await;
        let a = doors.owner(&shop, "A").await;
        let mut at_c = doors.stop(doors.owner(&shop, "C").await);
        let mut rival = Vec::new();
        if !wins {
            rival.push(begin_basket(&shop, &["C"]).await);
            at_c.reached().await;
        }
        let travelling = begin_basket(&shop, &["A", "C"]).await;
        shop.ping("A").await;
        if wins {
            at_c.reached().await;
        }
        let parked = begin_basket(&shop, &["A"]).await;
        shop.ping("A").await;

        doors.kill(a);
        if mended {
            // The owner dies over the word that the extension brings, so the rebuilt product has something to mend.
            let extended = shop.core.extend(BASKET, Some(Millis(90_000)), fresh_operation());
            assert_eq!(within("an extension", extended).await.map(drop), Err(RESTARTING));
        } else {
            let died = within("a count", shop.core.adjust(sku("A"), moved(0, fresh_operation()))).await;
            assert_eq!(died.map(drop), Err(RESTARTING));
        }
        assert_eq!(parked.answer("who was parked there").await.map(drop), Err(RESTARTING));
        eventually("the death is noticed", async || shop.core.stats().actor_restarts == 1).await;
        shop.ping("A").await;

        // Neither the rebuilt owner nor what it shows refuses for a unit that may come back.
        let mut waiting = begin_basket(&shop, &["A"]).await;
        shop.ping("A").await;
        waiting.assert_unanswered();
        at_c.open();
        for rival in rival {
            rival.answer("the rival").await.unwrap();
        }
        assert_eq!(is_short(&travelling.answer("the basket").await), !wins);
        assert_eq!(is_short(&waiting.answer("who waits for A").await), wins);
        shop.audit().await;
        shop.close().await;
    }
}

/// The owner dies that a basket is just visiting, or is about to.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_that_meets_a_dying_owner_gives_back_what_it_had() {
    let (shop, doors) = shop().await;
    let before = all_counts(&shop).await;
    doors.kill(doors.owner(&shop, "C").await);
    let request = new_basket(["A", "B", "C"].map(|name| line(name, 1)));
    let died = within("a basket", shop.core.reserve(request.clone())).await;
    assert_eq!(died.map(drop), Err(RESTARTING));
    assert_eq!(all_counts(&shop).await, before);
    eventually("the death is noticed", async || shop.core.stats().actor_restarts == 1).await;
    assert!(!within("the same again", shop.core.reserve(request)).await.unwrap().replayed);
    shop.audit().await;
    shop.close().await;
}

/// One owner dies over and over while others are busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_do_not_notice_a_death() {
    let (shop, doors) = shop().await;
    let core = shop.core.clone();
    let undisturbed = tokio::spawn(async move {
        for _ in 0..500 {
            let made = core.reserve(new_basket([line("B", 1), line("C", 1)])).await.unwrap().value;
            core.release(made.id, fresh_operation()).await.unwrap();
        }
    });
    for deaths in 1..=10 {
        doors.kill(doors.owner(&shop, "A").await);
        let died = within("a count", shop.core.adjust(sku("A"), moved(1, fresh_operation()))).await;
        assert_eq!(died.map(drop), Err(RESTARTING));
        eventually("the death is noticed", async || shop.core.stats().actor_restarts == deaths).await;
    }
    within("the others", undisturbed).await.unwrap();
    assert!(shop.fatal.lock().unwrap().is_empty());
    shop.audit().await;
    shop.close().await;
}

/// An owner that dies over everything it is asked ends the process rather than turning in circles.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_product_that_dies_again_and_again_is_fatal() {
    let (shop, doors) = shop().await;
    let mut deaths = 0;
    while shop.fatal.lock().unwrap().is_empty() {
        assert!(deaths < 100, "{deaths} deaths, and nobody is told");
        doors.kill(doors.owner(&shop, "A").await);
        let died = within("a count", shop.core.adjust(sku("A"), moved(1, fresh_operation()))).await;
        assert_eq!(died.map(drop), Err(RESTARTING));
        deaths += 1;
        eventually("the death is noticed", async || shop.core.stats().actor_restarts == deaths).await;
    }
    assert!(deaths > 3, "a few deaths are borne");
    shop.fatal.lock().unwrap().clear();
    shop.audit().await;
    shop.close().await;
}

/// The journal fails while a dead owner is being replaced: whoever waits for it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_dead_owner_hears_that_the_journal_failed() {
    let (shop, doors) = shop().await;
    let a = doors.owner(&shop, "A").await;
    let gate = shop.disk.hold_syncs();
    shop.disk.fail_append(1);
    let decided = begin(shop.core.adjust(sku("A"), moved(5, fresh_operation()))).await;
    tokio::task::block_in_place(|| gate.wait_until_held());
    doors.kill(a);
    let died = within("a count", shop.core.adjust(sku("A"), moved(1, fresh_operation()))).await;
    assert_eq!(died.map(drop), Err(RESTARTING));
    eventually("the death is noticed", async || shop.core.stats().actor_restarts == 1).await;
    let count = begin(shop.core.adjust(sku("A"), moved(2, fresh_operation()))).await;
    let both = begin_basket(&shop, &["A", "B"]).await;
    let end = begin(shop.core.commit(BASKET, None, fresh_operation())).await;
    drop(gate);
    let failed = Failure::Unavailable(Unavailable::JournalFailed);
    assert_eq!(decided.answer("what it had decided").await.map(drop), Err(failed.clone()));
    assert_eq!(count.answer("a count").await.map(drop), Err(failed.clone()));
    assert_eq!(both.answer("a basket").await.map(drop), Err(failed.clone()));
    assert_eq!(end.answer("a commit").await.map(drop), Err(failed.clone()));
    for _ in 0..2 {
        let later = within("a later count", shop.core.adjust(sku("A"), moved(2, fresh_operation()))).await;
        assert_eq!(later.map(drop), Err(failed.clone()));
    }
    drop(within("shutdown", shop.core.shutdown()).await);
}

/// A provider that panics harms the order it panicked over, and that order only until the provider is asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_panicking_payment_provider_harms_only_its_order() {
    let bank = Bank::new().script("authorise", [Act::PanicBefore, Act::PanicAfter]).otherwise(Act::Approve);
    let doors = DoorClock::new();
    let payments: Payments = bank.payments().with("sandbox", Arc::new(Sandbox::default()));
    let shop = Shop::open(&MemoryDisk::new(), doors, payments, impatient()).await;
    shop.stock("A", 100).await;
    let orders = (0..20_u32).map(|number| {
        let core = shop.core.clone();
        let provider = if number % 2 == 0 { BANK } else { "sandbox" };
        let request = checkout(fresh(), OrderSource::Lines(vec![order_line("A", 1)]), provider, "approve");
        tokio::spawn(async move { core.place_order(request).await })
    });
    for order in within("every order is answered", join_all(orders.collect::<Vec<_>>())).await {
        let view = order.unwrap().unwrap().value;
        assert_eq!(view.status, OrderStatus::Confirmed);
        if view.provider == BANK {
            bank.assert_agrees(&view);
        }
    }
    assert_eq!(shop.core.stats().actor_restarts, 0);
    assert_eq!(shop.counts("A").await.allocated, 20);
    shop.audit().await;
    shop.close().await;
}

/// Clients who ask until they are answered, and owners who die at random while they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_deaths_lose_nothing() {
    let mut deaths = 0;
    for seed in seeds(60) {
        let mut random = random(seed);
        let doors = DoorClock::new();
        let shop = Shop::open(&MemoryDisk::new(), doors.clone(), Payments::sandbox(), config()).await;
        let names = ["A", "B", "C", "D", "E"];
        for name in names {
            shop.stock(name, 6).await;
        }
        for _ in 0..3 {
            for name in names {
                if random.random_bool(0.6) {
                    doors.kill_later(doors.owner(&shop, name).await, random.random_range(0..12));
                }
            }
            let mut clients = Vec::new();
            for _ in 0..8 {
                let width = random.random_range(1..=names.len());
                let mut wanted: Vec<&str> = names.sample(&mut random, width).copied().collect();
                wanted.shuffle(&mut random);
                let (id, then) = (fresh(), random.random_range(0..5));
                clients.push(client(&shop.core, id, wanted, then));
            }
            within("every client is answered", join_all(clients)).await;
            doors.pardon();
            shop.all_rested().await;
            shop.audit().await;
        }
        deaths += shop.core.stats().actor_restarts;
        let counts = shop.audit().await;
        for product in counts.products().values() {
            let world: u64 = product.levels().map(|(_, level)| level.held.units()).sum();
            let live = counts.reservations().filter(|reservation| {
                matches!(reservation.state(), holdfast_engine::reservation::ReservationState::Held { .. })
                    && reservation.lines().iter().any(|line| line.sku == *product.sku())
            });
            assert_eq!(world, live.count() as u64, "seed {seed}: {}", product.sku());
        }
        shop.close().await;
    }
    assert!(deaths > 50, "only {deaths} owners died");
}

/// Reserves one of each, or orders them, and ends that in one way or another.
async fn client(core: &Core, id: u128, wanted: Vec<&str>, then: u32) {
    let reserve = async || core.reserve(basket(id, wanted.iter().map(|name| line(name, 1)))).await;
    let (commit, release) = (operation(id + 1, 1), operation(id + 2, 1));
    if then == 0 {
        let lines = || wanted.iter().map(|name| order_line(name, 1));
        let placed = insist(async || core.place_order(order(id, lines(), "approve")).await).await;
        if placed.is_ok() {
            insist(async || core.ship(OrderId(id), vec![], commit).await).await.unwrap();
        }
    } else if insist(reserve).await.is_ok() {
        let id = ReservationId(id);
        match then {
            1 => drop(insist(async || core.commit(id, None, commit).await).await.unwrap()),
            2 | 3 => drop(insist(async || core.release(id, release).await).await.unwrap()),
            _ => {}
        }
    }
}

async fn insist<T>(mut ask: impl AsyncFnMut() -> Reply<T>) -> Result<T, Rejection> {
    for _ in 0..100 {
        match ask().await {
            Ok(answer) => return Ok(answer.value),
            Err(Failure::Rejected(rejection)) => return Err(rejection),
            Err(Failure::Unavailable(Unavailable::Restarting)) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("never answered")
}
