//! Deadlines: the instant itself counts, a reservation ends once for all of its lines, and nobody has to ask.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::sync::Arc;

use holdfast_actors::{Failure, ManualClock, Reply, ReservationView};
use holdfast_engine::product::{Backorders, Policy};
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{Millis, Rejection, ReservationId};
use rand::RngExt;

use support::ask::{TTL, basket, fresh_operation, line, moved, new_basket, quantity, sku};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{START, Shop, clock};
use support::{begin, eventually, journal, within};

const BASKET: ReservationId = ReservationId(11);
const ALMOST: Millis = Millis(TTL.0 - 1);
const ONE: Millis = Millis(1);

/// A shop with one unit each of A and B, both in a basket.
async fn held_shop() -> (Shop, Arc<ManualClock>) {
    let time = clock();
    let shop = Shop::new(time.clone()).await;
    shop.stock("A", 1).await;
    shop.stock("B", 1).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await.unwrap();
    (shop, time)
}

fn is_expired<T>(reply: &Reply<T>) -> bool {
    matches!(reply, Err(Failure::Rejected(Rejection::ReservationExpired { expired_at })) if *expired_at == START.plus(TTL))
}

async fn commit(shop: &Shop) -> Reply<ReservationView> {
    within("a commit", shop.core.commit(BASKET, None, fresh_operation())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_instant_of_the_deadline_counts_as_over() {
    let (shop, time) = held_shop().await;
    time.advance(ALMOST);
    let view = shop.core.reservation(BASKET).await.unwrap();
    assert_eq!(
        (view.state, view.expires_in),
        (ReservationState::Held { expires_at: START.plus(TTL) }, Some(ONE))
    );
    let refused = shop.core.reserve(new_basket([line("A", 1)])).await;
    assert!(matches!(refused, Err(Failure::Rejected(Rejection::InsufficientStock(_)))), "{refused:?}");

    time.advance(ONE);
    let view = shop.core.reservation(BASKET).await.unwrap();
    assert_eq!((view.state, view.expires_at), (ReservationState::Expired { at: START.plus(TTL) }, None));
    assert!(is_expired(&commit(&shop).await));
    assert!(is_expired(&shop.core.release(BASKET, fresh_operation()).await));
    assert!(is_expired(&shop.core.extend(BASKET, None, fresh_operation()).await));
    for name in ["A", "B"] {
        let counts = shop.counts(name).await;
        assert_eq!((counts.held, counts.available), (0, 1));
    }
    shop.audit().await;
    assert_eq!(shop.core.stats().expired_holds, 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_millisecond_before_the_deadline_it_can_be_committed() {
    let (shop, time) = held_shop().await;
    time.advance(ALMOST);
    commit(&shop).await.unwrap();
    time.advance(TTL);
    shop.audit().await;
    assert_eq!((shop.counts("A").await.allocated, shop.counts("B").await.allocated), (1, 1));
    assert_eq!(shop.core.stats().expired_holds, 0);
    shop.close().await;
}

/// Whatever comes to a product first ends what has lapsed there, so the next buyer gets the unit without any timer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_product_settles_what_has_lapsed_before_it_decides() {
    for seed in seeds(100) {
        let mut random = random(seed);
        let (shop, time) = held_shop().await;
        let wanted = if random.random_bool(0.5) { ["A", "B"] } else { ["B", "A"] };
        time.advance(TTL);
        let next =
            within("the next buyer", shop.core.reserve(new_basket(wanted.map(|name| line(name, 1))))).await;
        assert!(next.is_ok(), "seed {seed}: {next:?}");
        shop.audit().await;
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn units_come_back_though_nobody_asks() {
    let (shop, time) = held_shop().await;
    // An earlier and a later one, so that the timer has to look at more than one deadline.
    for (id, ttl) in [(12, Millis(TTL.0 / 2)), (13, Millis(TTL.0 * 2))] {
        shop.stock(&format!("C{id}"), 1).await;
        let mut request = basket(id, [line(&format!("C{id}"), 1)]);
        request.ttl = Some(ttl);
        shop.core.reserve(request).await.unwrap();
    }
    // Every owner has told the timer of its deadline by then.
    shop.settle().await;
    let expired = |count| {
        let shop = &shop;
        async move || shop.core.stats().expired_holds == count
    };
    time.advance(Millis(TTL.0 / 2));
    eventually("the first deadline", expired(1)).await;
    time.advance(Millis(TTL.0 / 2));
    eventually("the second deadline", expired(2)).await;
    // Both products of the basket have been told; nobody has read them.
    eventually("the last product follows", async || {
        let world = journal::world(&shop.disk);
        ["A", "B"].iter().all(|name| world.products()[&sku(name)].holds_count() == 0)
    })
    .await;
    time.advance(TTL);
    eventually("the third deadline", expired(3)).await;
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_deadlines_of_the_last_process_are_kept() {
    let (shop, time) = held_shop().await;
    // One process starts before the deadline, one after it.
    let (early, late) = (shop.disk.fork(), shop.disk.fork());
    shop.close().await;
    let early = Shop::new_on(&early, time.clone()).await;
    time.advance(TTL);
    let late = Shop::new_on(&late, time.clone()).await;
    for revived in [early, late] {
        eventually("it lapses", async || revived.core.stats().expired_holds == 1).await;
        assert!(is_expired(&commit(&revived).await));
        assert_eq!(revived.counts("A").await.available, 1);
        revived.audit().await;
        revived.close().await;
    }
}

/// The machine comes up with its clock an hour behind: what had lapsed stays lapsed, and what had not goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_set_back_over_a_restart_brings_nothing_back_to_life() {
    let (shop, time) = held_shop().await;
    time.advance(TTL);
    shop.settle().await;
    shop.core.release(BASKET, fresh_operation()).await.unwrap_err();
    let made = shop.core.reserve(new_basket([line("A", 1)])).await.unwrap().value;
    time.set(START);
    let revived = shop.after_crash(time.clone()).await;
    assert_eq!(revived.core.now(), START.plus(TTL));
    let lapsed = revived.core.reservation(BASKET).await.unwrap();
    assert!(matches!(lapsed.state, ReservationState::Expired { .. }), "{lapsed:?}");
    assert_eq!(revived.core.reservation(made.id).await.unwrap().expires_in, Some(TTL));
    time.advance(TTL);
    eventually("the later one lapses", async || revived.counts("A").await.held == 0).await;
    revived.audit().await;
    revived.close().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_extension_moves_the_deadline_of_every_line() {
    let (shop, time) = held_shop().await;
    time.advance(ALMOST);
    let view = shop.core.extend(BASKET, Some(TTL), fresh_operation()).await.unwrap().value;
    assert_eq!(view.expires_at, Some(START.plus(ALMOST).plus(TTL)));
    assert_eq!((view.expires_in, view.version), (Some(TTL), 2));

    time.advance(ALMOST);
    shop.settle().await;
    assert_eq!((shop.counts("A").await.held, shop.counts("B").await.held), (1, 1));
    // Without a time it is as long as it was made for. It may also become shorter.
    let view = shop.core.extend(BASKET, None, fresh_operation()).await.unwrap().value;
    assert_eq!(view.expires_in, Some(TTL));
    let view = shop.core.extend(BASKET, Some(Millis(500)), fresh_operation()).await.unwrap().value;
    assert_eq!(view.expires_in, Some(Millis(500)));
    shop.settle().await;
    time.advance(Millis(500));
    eventually("it lapses", async || shop.core.stats().expired_holds == 1).await;
    assert_eq!((shop.counts("A").await.held, shop.counts("B").await.held), (0, 0));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_extension_keeps_to_what_the_products_allow() {
    let (shop, time) = held_shop().await;
    let policy =
        Policy { hold_ttl_default: Millis(1_000), hold_ttl_max: Millis(70_000), ..Policy::default() };
    shop.stock_with("B", 1, policy).await;
    for (ttl, allowed) in [(99, false), (100, true), (70_000, true), (70_001, false)] {
        let extended = shop.core.extend(BASKET, Some(Millis(ttl)), fresh_operation()).await;
        match extended {
            Ok(_) => assert!(allowed, "{ttl}"),
            Err(Failure::Rejected(Rejection::HoldTimeOutOfRange { min, max, .. })) => {
                assert!(!allowed, "{ttl}");
                assert_eq!((min, max), (Millis(100), Millis(70_000)));
            }
            other => panic!("{other:?}"),
        }
    }
    // The same holds for a new basket; the shortest default counts where no time is given.
    let mut request = basket(12, [line("A", 1), line("B", 1)]);
    request.ttl = Some(Millis(70_001));
    let refused = shop.core.reserve(request.clone()).await;
    assert!(matches!(refused, Err(Failure::Rejected(Rejection::HoldTimeOutOfRange { .. }))), "{refused:?}");
    time.advance(Millis(70_000));
    request.ttl = None;
    let made = shop.core.reserve(request).await.unwrap().value;
    assert_eq!(made.expires_in, Some(Millis(1_000)));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_is_not_prolonged_while_its_product_is_short() {
    let (shop, time) = held_shop().await;
    shop.core.adjust(sku("B"), moved(-1, fresh_operation())).await.unwrap();
    let counts = shop.counts("B").await;
    assert_eq!((counts.on_hand + 1, counts.available), (counts.held, 0));
    let key = fresh_operation();
    let refused = shop.core.extend(BASKET, None, key).await;
    assert_eq!(refused, Err(Rejection::ProductShort { sku: sku("B") }.into()));
    shop.core.adjust(sku("B"), moved(1, fresh_operation())).await.unwrap();
    shop.core.extend(BASKET, None, key).await.unwrap();
    // An extension that was granted is told again, whatever has become of the shelf.
    shop.core.adjust(sku("B"), moved(-1, fresh_operation())).await.unwrap();
    assert!(shop.core.extend(BASKET, None, key).await.unwrap().replayed);
    time.advance(TTL);
    shop.audit().await;
    shop.close().await;
}

/// The deadline and a commit at the same instant, and all that may come between: one of them, for both products.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn either_it_lapses_or_it_is_committed() {
    let mut outcomes = [0, 0];
    for seed in seeds(400) {
        let mut random = random(seed);
        let (shop, time) = held_shop().await;
        time.advance(ALMOST);
        let (yields_before, yields_between) = (random.random_range(0..3), random.random_range(0..3));
        let (core, race_time) = (shop.core.clone(), time.clone());
        let committing = tokio::spawn(async move {
            for _ in 0..yields_before {
                tokio::task::yield_now().await;
            }
            core.commit(BASKET, None, fresh_operation()).await
        });
        let passing = tokio::spawn(async move {
            for _ in 0..yields_between {
                tokio::task::yield_now().await;
            }
            race_time.advance(ONE);
        });
        passing.await.unwrap();
        let committed = within("the commit", committing).await.unwrap();
        let units = u64::from(committed.is_ok());
        outcomes[usize::from(committed.is_ok())] += 1;
        assert!(committed.is_ok() || is_expired(&committed), "seed {seed}: {committed:?}");
        for name in ["A", "B"] {
            shop.ping(name).await;
            let counts = shop.counts(name).await;
            assert_eq!(
                (counts.held, counts.allocated, counts.available),
                (0, units, 1 - units),
                "seed {seed}"
            );
        }
        assert_eq!(shop.core.stats().expired_holds, 1 - units, "seed {seed}");
        shop.audit().await;
        shop.close().await;
    }
    println!("lapsed {}, committed {}", outcomes[0], outcomes[1]);
}

/// The same, taken apart: A has asked the reservation after the deadline, B has not heard of it yet, and the commit
/// comes between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lapsed_basket_is_not_committed_at_its_other_products() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    shop.stock("A", 1).await;
    shop.stock("B", 1).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await.unwrap();
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    doors.advance(TTL);
    at_b.reached().await;
    shop.ping("A").await;
    assert_eq!(shop.counts("A").await.held, 0);
    assert!(is_expired(&commit(&shop).await));
    let b = sku("B");
    let mut reading = begin(shop.core.stock(&b)).await;
    reading.assert_unanswered();
    at_b.open();
    assert_eq!(reading.answer("B is read").await.unwrap().totals().held, 0);
    shop.audit().await;
    shop.close().await;
}

/// And the other way round: it was committed in time, B has not heard of that when the deadline passes there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_committed_basket_does_not_lapse_at_a_product_that_hears_of_it_late() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    shop.stock("A", 1).await;
    shop.stock("B", 1).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await.unwrap();
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    doors.advance(ALMOST);
    let blocking = begin(shop.core.adjust(sku("B"), moved(0, fresh_operation()))).await;
    at_b.reached().await;
    let committing = begin(shop.core.commit(BASKET, None, fresh_operation())).await;
    doors.advance(ONE);
    at_b.open();
    blocking.answer("what B was busy with").await.unwrap();
    committing.answer("the commit").await.unwrap();
    assert_eq!((shop.counts("A").await.allocated, shop.counts("B").await.allocated), (1, 1));
    assert_eq!(shop.core.stats().expired_holds, 0);
    shop.audit().await;
    shop.close().await;
}

/// Release, extension, commit and the deadline all at once, from several clients: exactly one end, and the journal's.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reservation_ends_exactly_once() {
    for seed in seeds(200) {
        let mut random = random(seed);
        let time = clock();
        let shop = Shop::new(time.clone()).await;
        for name in ["A", "B", "C"] {
            shop.stock_with(
                name,
                5,
                Policy { backorders: Backorders::Capped(quantity(1)), ..Policy::default() },
            )
            .await;
        }
        shop.core.reserve(basket(BASKET.0, ["A", "B", "C"].map(|name| line(name, 2)))).await.unwrap();
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (core, time) = (shop.core.clone(), time.clone());
            let (what, span) = (random.random_range(0..4), Millis(random.random_range(1..TTL.0)));
            clients.spawn(async move {
                let ended = match what {
                    0 => core.commit(BASKET, None, fresh_operation()).await,
                    1 => core.release(BASKET, fresh_operation()).await,
                    2 => core.extend(BASKET, Some(span), fresh_operation()).await,
                    _ => {
                        time.advance(span);
                        return 0;
                    }
                };
                match ended {
                    Ok(answer) => u32::from(!matches!(answer.value.state, ReservationState::Held { .. })),
                    Err(Failure::Rejected(_)) => 0,
                    Err(other) => panic!("{other:?}"),
                }
            });
        }
        let ends: u32 = within("all clients are answered", clients.join_all()).await.into_iter().sum();
        time.advance(Millis(TTL.0 * 2));
        let view = shop.core.reservation(BASKET).await.unwrap();
        let lapsed = matches!(view.state, ReservationState::Expired { .. });
        assert_eq!(ends, u32::from(!lapsed), "seed {seed}: {view:?}");
        shop.settle().await;
        let allocated = if matches!(view.state, ReservationState::Committed { .. }) { 2 } else { 0 };
        for name in ["A", "B", "C"] {
            let counts = shop.counts(name).await;
            assert_eq!((counts.held, counts.allocated), (0, allocated), "seed {seed}: {view:?}");
        }
        shop.audit().await;
        shop.close().await;
    }
}
