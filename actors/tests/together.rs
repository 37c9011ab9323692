//! Reservations that are asked for together: all of them are made, or none is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use futures::future::join_all;
use holdfast_actors::{Answer, Failure, NotTogether, Reply, ReservationView, Reserve};
use holdfast_engine::{Fingerprint, Rejection, ReservationId};
use rand::RngExt;
use rand::seq::SliceRandom;

use support::ask::{basket, fresh, fresh_operation, line, new_basket};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{Shop, clock};
use support::{begin, eventually, within};

type Told = Result<Vec<Answer<ReservationView>>, NotTogether>;

async fn together(shop: &Shop, requests: Vec<Reserve>) -> Told {
    within("baskets asked for together", shop.core.reserve_together(requests)).await
}

async fn alone(shop: &Shop, request: Reserve) -> Reply<ReservationView> {
    within("a basket", shop.core.reserve(request)).await
}

/// Which of them was refused for lack of units.
fn short_at(told: &Told) -> Option<usize> {
    match told {
        Err((position, Failure::Rejected(Rejection::InsufficientStock(_)))) => Some(*position),
        _ => None,
    }
}

async fn held(shop: &Shop, name: &str) -> u64 {
    shop.counts(name).await.held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_of_them_are_made_in_one_piece_of_the_journal_and_end_one_by_one() {
    let shop = Shop::new(clock()).await;
    for name in ["A", "B", "C"] {
        shop.stock(name, 6).await;
    }
    let wanted = [vec![line("C", 1), line("A", 2)], vec![line("A", 3)], vec![line("B", 1), line("C", 5)]];
    let made = together(&shop, wanted.into_iter().map(new_basket).collect()).await.unwrap();
    let sequences: Vec<_> = made.iter().map(|answer| answer.value.sequence.0).collect();
    let first = sequences[0];
    assert_eq!(sequences, [first, first + 1, first + 2], "one after the other, in their order");
    for answer in &made {
        assert!(!answer.replayed);
        let read = shop.core.reservation(answer.value.id).await.unwrap();
        assert_eq!(read, answer.value);
    }
    assert_eq!((held(&shop, "A").await, held(&shop, "B").await, held(&shop, "C").await), (5, 1, 6));
    shop.core.release(made[1].value.id, fresh_operation()).await.unwrap();
    assert_eq!(held(&shop, "A").await, 2);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn if_one_cannot_be_made_none_is_and_the_refusal_says_which() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 5).await;
    shop.stock("B", 1).await;
    let numbers = [fresh(), fresh(), fresh()];
    let wanted = |of_b: u32| {
        vec![
            basket(numbers[0], [line("A", 2)]),
            basket(numbers[1], [line("A", 3), line("B", of_b)]),
            basket(numbers[2], [line("B", 1)]),
        ]
    };
    // Seen through at a glance, and only on the way.
    assert_eq!(short_at(&together(&shop, wanted(2)).await), Some(1));
    assert_eq!(short_at(&together(&shop, wanted(1)).await), Some(2));
    for number in numbers {
        let none = shop.core.reservation(ReservationId(number)).await.unwrap_err();
        assert!(matches!(none, Failure::Rejected(Rejection::ReservationNotFound { .. })), "{none:?}");
    }
    assert_eq!((held(&shop, "A").await, held(&shop, "B").await), (0, 0), "given back before it is told");
    // Nothing is burnt: the same numbers can be asked for again.
    shop.count("B", 2).await;
    together(&shop, wanted(1)).await.unwrap();
    assert_eq!((held(&shop, "A").await, held(&shop, "B").await), (5, 2));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeat_gets_the_first_answers_and_what_was_made_alone_counts_as_done() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 5).await;
    let numbers = [fresh(), fresh()];
    let first = basket(numbers[0], [line("A", 1)]);
    let second = basket(numbers[1], [line("A", 2)]);
    alone(&shop, first.clone()).await.unwrap();
    let made = together(&shop, vec![second.clone(), first.clone()]).await.unwrap();
    assert_eq!((made[0].replayed, made[1].replayed), (false, true));
    let again = together(&shop, vec![second.clone(), first.clone()]).await.unwrap();
    assert!(again.iter().all(|answer| answer.replayed));
    assert_eq!(again[0].value, made[0].value);
    assert!(alone(&shop, second.clone()).await.unwrap().replayed);

    let reused = Reserve { fingerprint: Fingerprint(77), ..first };
    let third = new_basket([line("A", 1)]);
    let refused = together(&shop, vec![third.clone(), reused]).await.unwrap_err();
    assert_eq!(refused, (1, Rejection::KeyReused.into()));
    let twice = together(&shop, vec![third.clone(), third]).await.unwrap_err();
    assert_eq!(twice.1, Rejection::KeyReused.into());
    assert_eq!(held(&shop, "A").await, 3);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_sent_often_at_once_is_carried_out_once() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 50).await;
    let mut wanted: Vec<_> = (0..5).map(|_| basket(fresh(), [line("A", 1)])).collect();
    let senders = (0..12).map(|turn| {
        // Each names them in another order.
        wanted.rotate_left(turn % 5);
        let (core, wanted) = (shop.core.clone(), wanted.clone());
        tokio::spawn(async move { core.reserve_together(wanted).await })
    });
    let senders: Vec<_> = senders.collect();
    let told = within("all are answered", join_all(senders)).await;
    let fresh = told.into_iter().flat_map(|told| told.unwrap().unwrap()).filter(|answer| !answer.replayed);
    assert_eq!(fresh.count(), 5);
    assert_eq!(held(&shop, "A").await, 5);
    shop.audit().await;
    shop.close().await;
}

/// Several that want the same last units, each with two reservations of every product: if one of them waited at a product
/// with half of what it wants there, it could wait for another that waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_that_want_the_same_last_units_exactly_one_is_made() {
    let shop = Shop::new(clock()).await;
    let names = ["A", "B", "C"];
    for name in names {
        shop.stock(name, 2).await;
    }
    for seed in seeds(200) {
        let mut random = random(seed);
        let rivals = (0..3).map(|_| {
            let mut wanted: Vec<_> =
                names.iter().chain(&names).map(|name| new_basket([line(name, 1)])).collect();
            wanted.shuffle(&mut random);
            let core = shop.core.clone();
            tokio::spawn(async move { core.reserve_together(wanted).await })
        });
        let rivals: Vec<_> = rivals.collect();
        let told: Vec<Told> =
            within("all are answered", join_all(rivals)).await.into_iter().map(Result::unwrap).collect();
        let winners: Vec<_> = told.iter().flatten().collect();
        assert_eq!(winners.len(), 1, "seed {seed}: {told:?}");
        assert!(told.iter().all(|told| told.is_ok() || short_at(told).is_some()), "seed {seed}: {told:?}");
        for answer in winners.into_iter().flatten() {
            let released = shop.core.release(answer.value.id, fresh_operation());
            within("a release", released).await.unwrap();
        }
        for name in names {
            shop.ping(name).await;
            assert_eq!(held(&shop, name).await, 0, "seed {seed}: {name}");
        }
    }
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_basket_under_way_holds_nothing_there_meanwhile() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    shop.stock("A", 3).await;
    shop.stock("B", 1).await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    // Has one of A, and stands before B.
    let first = begin(shop.core.reserve(new_basket([line("A", 1), line("B", 1)]))).await;
    at_b.reached().await;
    // Want three of A: two are there, and the third may come back.
    let baskets = vec![new_basket([line("A", 2)]), new_basket([line("A", 1)])];
    let mut waiting = begin(shop.core.reserve_together(baskets)).await;
    shop.ping("A").await;
    waiting.assert_unanswered();
    assert_eq!(held(&shop, "A").await, 1, "what they could have is not kept from others");
    alone(&shop, new_basket([line("A", 1)])).await.unwrap();

    at_b.open();
    first.answer("the first basket").await.unwrap();
    assert!(short_at(&waiting.answer("those that waited").await).is_some());
    assert_eq!(held(&shop, "A").await, 2);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_basket_that_fails_claims_its_units_then() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    shop.stock("A", 3).await;
    shop.stock("B", 1).await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin(shop.core.reserve(new_basket([line("B", 1)]))).await;
    at_b.reached().await;
    let failing = begin(shop.core.reserve(new_basket([line("A", 1), line("B", 1)]))).await;
    shop.ping("A").await;
    let baskets = vec![new_basket([line("A", 2)]), new_basket([line("A", 1)])];
    let mut waiting = begin(shop.core.reserve_together(baskets)).await;
    shop.ping("A").await;
    waiting.assert_unanswered();

    at_b.open();
    winner.answer("the winner").await.unwrap();
    failing.answer("the failing basket").await.unwrap_err();
    // The holds they gave back while they waited are opened again.
    assert_eq!(waiting.answer("those that waited").await.unwrap().len(), 2);
    assert_eq!(held(&shop, "A").await, 3);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn they_go_on_without_their_buyer() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    shop.stock("A", 2).await;
    shop.stock("B", 1).await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let numbers = [fresh(), fresh()];
    let wanted = vec![basket(numbers[0], [line("A", 1)]), basket(numbers[1], [line("A", 1), line("B", 1)])];
    let gone = begin(shop.core.reserve_together(wanted.clone())).await;
    at_b.reached().await;
    drop(gone);
    at_b.open();
    let made = async || shop.core.reservation(ReservationId(numbers[0])).await.is_ok();
    eventually("they are made", made).await;
    let again = together(&shop, wanted).await.unwrap();
    assert!(again.iter().all(|answer| answer.replayed));
    shop.audit().await;
    shop.close().await;
}

/// A crash is a copy of what is synced at some moment: after it, all of a request is there or none of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_crash_all_of_them_are_there_or_none() {
    let (mut crashes, mut whole) = (0, 0);
    for seed in seeds(30) {
        let shop = Shop::new(clock()).await;
        let names = ["A", "B", "C", "D"];
        for name in names {
            shop.stock(name, 1_000).await;
        }
        let requests: Vec<Vec<Reserve>> = (0..20)
            .map(|number| {
                let mut random = random(seed * 100 + number);
                let width = random.random_range(2..6);
                (0..width)
                    .map(|_| {
                        let lines = random.random_range(1..=names.len());
                        basket(fresh(), names[..lines].iter().map(|name| line(name, 1)))
                    })
                    .collect()
            })
            .collect();
        let senders = requests.iter().map(|wanted| {
            let (core, wanted) = (shop.core.clone(), wanted.clone());
            tokio::spawn(async move { core.reserve_together(wanted).await })
        });
        let senders: Vec<_> = senders.collect();
        let mut copies = Vec::new();
        for (number, sender) in senders.into_iter().enumerate() {
            within("an answer", sender).await.unwrap().unwrap();
            copies.push((number, shop.disk.fork()));
        }
        for (answered, disk) in copies.into_iter().step_by(5) {
            crashes += 1;
            let revived = Shop::new_on(&disk, clock()).await;
            for (number, wanted) in requests.iter().enumerate() {
                let there = join_all(wanted.iter().map(|basket| revived.core.reservation(basket.id))).await;
                let count = there.iter().filter(|view| view.is_ok()).count();
                assert!(count == 0 || count == wanted.len(), "seed {seed}: {count} of {}", wanted.len());
                assert!(count > 0 || number > answered, "seed {seed}: what was answered is there");
                whole += usize::from(count > 0);
            }
            revived.audit().await;
            revived.close().await;
        }
        shop.close().await;
    }
    println!("{crashes} crashes, {whole} requests found whole");
    assert!(whole > 0);
}
