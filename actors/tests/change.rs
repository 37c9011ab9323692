//! Baskets that get other lines while they are held, and who meets them meanwhile.

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

use futures::future::join_all;
use holdfast_actors::{ChangeReservation, Core, Failure, Reply, ReservationView};
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{Millis, Rejection, ReservationId};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use support::ask::{basket, changed, fresh, fresh_operation, line, new_basket, operation, order_of};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{Shop, clock};
use support::{begin, within};

const BASKET: ReservationId = ReservationId(7);

/// A shop with ten each of A, B and C, and a basket of two A.
async fn shop() -> (Shop, Arc<DoorClock>) {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B", "C"] {
        shop.stock(name, 10).await;
    }
    shop.core.reserve(basket(BASKET.0, [line("A", 2)])).await.unwrap();
    (shop, doors)
}

async fn change(shop: &Shop, lines: &[(&str, u32)]) -> Reply<ReservationView> {
    within("a change", shop.core.change_reservation(to(lines))).await
}

fn to(lines: &[(&str, u32)]) -> ChangeReservation {
    changed(BASKET, lines.iter().map(|(name, units)| line(name, *units)), fresh_operation())
}

fn lines(view: &ReservationView) -> Vec<(&str, u32)> {
    view.lines.iter().map(|line| (line.sku.as_str(), line.quantity.units())).collect()
}

async fn held(shop: &Shop) -> [u64; 3] {
    let counts = join_all(["A", "B", "C"].map(|name| shop.counts(name))).await;
    [counts[0].held, counts[1].held, counts[2].held]
}

fn is_short(answer: &Reply<ReservationView>) -> bool {
    matches!(answer, Err(Failure::Rejected(Rejection::InsufficientStock(_))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_read_after_the_answer_is_what_was_changed() {
    let (shop, _) = shop().await;
    for (wanted, expected) in [
        (&[("B", 3), ("A", 5)][..], [5, 3, 0]),
        (&[("A", 1), ("C", 4)], [1, 0, 4]),
        (&[("C", 10)], [0, 0, 10]),
    ] {
        let before = shop.core.reservation(BASKET).await.unwrap();
        let answer = change(&shop, wanted).await.unwrap();
        assert!(!answer.replayed);
        let mut sorted = wanted.to_vec();
        sorted.sort_unstable();
        assert_eq!(lines(&answer.value), sorted);
        assert_eq!(answer.value.version, before.version + 1);
        assert_eq!(
            (answer.value.expires_at, answer.value.created_at),
            (before.expires_at, before.created_at)
        );
        assert_eq!(held(&shop).await, expected);
        let now = shop.core.reservation(BASKET).await.unwrap();
        assert_eq!((&now.lines, now.sequence), (&answer.value.lines, answer.value.sequence));
    }
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_a_refusal_is_heard_all_that_was_claimed_for_it_is_free() {
    let (shop, _) = shop().await;
    for wanted in [&[("A", 5), ("B", 11)][..], &[("A", 1), ("B", 11)], &[("A", 11)], &[("B", 4), ("C", 11)]] {
        assert!(is_short(&change(&shop, wanted).await), "{wanted:?}");
        assert_eq!(held(&shop).await, [2, 0, 0], "{wanted:?}");
    }
    let view = shop.core.reservation(BASKET).await.unwrap();
    assert_eq!((lines(&view), view.version), (vec![("A", 2)], 1));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_moves_the_deadline_only_if_it_says_so() {
    let (shop, doors) = shop().await;
    let before = shop.core.reservation(BASKET).await.unwrap().expires_at.unwrap();
    doors.advance(Millis(1_000));
    let longer = ChangeReservation { ttl: Some(Millis(120_000)), ..to(&[("A", 1), ("B", 1)]) };
    let after = shop.core.change_reservation(longer).await.unwrap().value.expires_at.unwrap();
    assert_ne!(after, before);
    doors.advance(Millis(119_999));
    shop.settle().await;
    assert_eq!(held(&shop).await, [1, 1, 0]);
    doors.advance(Millis(1));
    shop.settle().await;
    assert_eq!(held(&shop).await, [0, 0, 0]);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_change_asked_for_at_once_by_several_is_made_once() {
    let (shop, _) = shop().await;
    let request = changed(BASKET, [line("A", 3), line("B", 2)], operation(9, 1));
    let asked = (0..8).map(|_| {
        let (core, request) = (shop.core.clone(), request.clone());
        tokio::spawn(async move { core.change_reservation(request).await })
    });
    let answers = within("all are answered", join_all(asked.collect::<Vec<_>>())).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.value == answers[0].value), "{answers:?}");
    let other = ChangeReservation { operation: operation(9, 2), ..request.clone() };
    let reused = shop.core.change_reservation(other).await;
    assert_eq!(reused.map(drop), Err(Rejection::KeyReused.into()));
    // The answer is the first one, whatever has been changed since.
    change(&shop, &[("C", 1)]).await.unwrap();
    let again = shop.core.change_reservation(request).await.unwrap();
    assert_eq!((again.value, again.replayed), (answers[0].value.clone(), true));
    assert_eq!(held(&shop).await, [0, 0, 1]);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_change_that_fails_gets_its_units() {
    let (shop, doors) = shop().await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin(shop.core.reserve(new_basket([line("B", 10)]))).await;
    at_b.reached().await;
    let failing = begin(shop.core.change_reservation(to(&[("A", 10), ("B", 1)]))).await;
    shop.ping("A").await;
    let mut waiting = begin(shop.core.reserve(new_basket([line("A", 8)]))).await;
    shop.ping("A").await;
    waiting.assert_unanswered();
    // Units that the basket had before do not come back: nobody waits for those.
    let hopeless = shop.core.reserve(new_basket([line("A", 9)])).await;
    assert!(is_short(&hopeless), "{hopeless:?}");

    at_b.open();
    winner.answer("the winner").await.unwrap();
    assert!(is_short(&failing.answer("the failing change").await));
    waiting.answer("the waiting one").await.unwrap();
    assert_eq!(held(&shop).await, [10, 10, 0]);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_would_end_a_basket_waits_until_it_is_changed() {
    for commit in [false, true] {
        let (shop, doors) = shop().await;
        let mut at_b = doors.stop(doors.owner(&shop, "B").await);
        let change = begin(shop.core.change_reservation(to(&[("A", 4), ("B", 1)]))).await;
        at_b.reached().await;
        let mut end = begin(end(&shop.core, commit)).await;
        let mut other = begin(shop.core.change_reservation(to(&[("C", 1)]))).await;
        end.assert_unanswered();
        other.assert_unanswered();
        let order = shop.core.place_order(order_of(fresh(), BASKET, "approve")).await;
        assert_eq!(order.map(drop), Err(Rejection::ReservationChanged.into()));

        at_b.open();
        assert_eq!(lines(&change.answer("the change").await.unwrap().value), [("A", 4), ("B", 1)]);
        // Either comes first; the second then finds what the first has left.
        let (end, other) = (end.answer("the end").await, other.answer("the other change").await);
        let ended = end.unwrap().value;
        match other {
            Ok(other) => assert_eq!((lines(&other.value), lines(&ended)), (vec![("C", 1)], vec![("C", 1)])),
            Err(refused) => {
                let why =
                    if commit { Rejection::ReservationCommitted } else { Rejection::ReservationReleased };
                assert_eq!((refused, lines(&ended)), (why.into(), vec![("A", 4), ("B", 1)]));
            }
        }
        shop.audit().await;
        shop.close().await;
    }
}

async fn end(core: &Core, commit: bool) -> Reply<ReservationView> {
    if commit {
        core.commit(BASKET, None, fresh_operation()).await
    } else {
        core.release(BASKET, fresh_operation()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_whose_time_runs_out_while_it_is_changed_is_gone() {
    let (shop, doors) = shop().await;
    let mut at_c = doors.stop(doors.owner(&shop, "C").await);
    let change = begin(shop.core.change_reservation(to(&[("A", 4), ("B", 1), ("C", 1)]))).await;
    at_c.reached().await;
    doors.advance(Millis(24 * 60 * 60 * 1_000));
    shop.ping("A").await;
    at_c.open();
    let answer = change.answer("the change").await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::ReservationExpired { .. }))), "{answer:?}");
    assert_eq!(held(&shop).await, [0, 0, 0]);
    let view = shop.core.reservation(BASKET).await.unwrap();
    assert!(matches!(view.state, ReservationState::Expired { .. }));
    shop.audit().await;
    shop.close().await;
}

/// Everybody changes everybody's baskets and ends some, with too little stock for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_meets_nothing_is_lost_and_nothing_is_sold_twice() {
    let names = ["A", "B", "C", "D"];
    for seed in seeds(60) {
        let mut random = random(seed);
        let shop = Shop::new(clock()).await;
        for name in names {
            shop.stock(name, random.random_range(4..12)).await;
        }
        let baskets: Vec<_> = (1..=3).map(ReservationId).collect();
        for id in &baskets {
            shop.core.reserve(basket(id.0, [line("A", 1)])).await.unwrap();
        }
        let clients = (0..8).map(|_| {
            let random = support::seeds::random(random.random());
            tokio::spawn(client(shop.core.clone(), baskets.clone(), random))
        });
        let clients: Vec<_> = clients.collect();
        let made = within("every client is served", join_all(clients)).await;
        let made: Vec<_> = made.into_iter().flat_map(Result::unwrap).collect();
        shop.audit().await;
        for id in baskets.into_iter().chain(made) {
            match shop.core.release(id, fresh_operation()).await {
                Ok(_) | Err(Failure::Rejected(Rejection::ReservationCommitted)) => {}
                Err(Failure::Rejected(Rejection::ReservationReleased)) => {}
                Err(other) => panic!("seed {seed}: {other:?}"),
            }
        }
        shop.settle().await;
        for name in names {
            assert_eq!(shop.counts(name).await.held, 0, "seed {seed}: {name}");
        }
        shop.audit().await;
        shop.close().await;
    }
}

async fn client(core: Core, baskets: Vec<ReservationId>, mut random: impl Rng) -> Vec<ReservationId> {
    let names = ["A", "B", "C", "D"];
    let mut made = Vec::new();
    for _ in 0..6 {
        let id = *baskets.choose(&mut random).unwrap();
        let width = random.random_range(1..=3);
        let lines: Vec<_> = names
            .sample(&mut random, width)
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|name| line(name, random.random_range(1..5)))
            .collect();
        let answer = match random.random_range(0..10) {
            0 => core.commit(id, None, fresh_operation()).await,
            1 => core.release(id, fresh_operation()).await,
            2..4 => core.reserve(new_basket(lines)).await.inspect(|answer| made.push(answer.value.id)),
            _ => {
                let mut asked: Vec<_> =
                    lines.iter().map(|line| (line.sku.to_string(), line.quantity.units())).collect();
                asked.sort_unstable();
                core.change_reservation(changed(id, lines, fresh_operation())).await.inspect(|answer| {
                    let has = answer.value.lines.iter();
                    let has: Vec<_> = has.map(|line| (line.sku.to_string(), line.quantity.units())).collect();
                    assert_eq!(has, asked, "it has just what was asked for");
                })
            }
        };
        match answer {
            Ok(_)
            | Err(Failure::Rejected(
                Rejection::InsufficientStock(_)
                | Rejection::ReservationCommitted
                | Rejection::ReservationReleased
                | Rejection::ReservationChanged,
            )) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    made
}
