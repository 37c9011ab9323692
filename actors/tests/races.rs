//! Who gets the last units, and what becomes of those who wait for somebody else's basket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::collections::{BTreeMap, HashMap};

use futures::future::join_all;
use holdfast_actors::{Failure, Reply, ReservationView, Reserve, ReserveLine};
use holdfast_engine::{LocationId, Rejection, ReservationId};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};

use support::ask::{basket, fresh_operation, line, line_at, location, moved, new_basket, order, order_line, sku};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{Shop, clock};
use support::{begin, begin_any, within};

/// Sends all of them at once, each from a task of its own.
async fn race(shop: &Shop, requests: Vec<Reserve>) -> Vec<Reply<ReservationView>> {
    let buyers = requests.into_iter().map(|request| {
        let core = shop.core.clone();
        tokio::spawn(async move { core.reserve(request).await })
    });
    let buyers: Vec<_> = buyers.collect();
    within("every buyer is answered", join_all(buyers)).await.into_iter().map(Result::unwrap).collect()
}

fn is_short(answer: &Reply<ReservationView>) -> bool {
    matches!(answer, Err(Failure::Rejected(Rejection::InsufficientStock(_))))
}

async fn release(shop: &Shop, id: ReservationId) {
    within("a release", shop.core.release(id, fresh_operation())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_buyers_get_exactly_the_last_units() {
    for last in [0, 1, 7, 49] {
        for _ in 0..20 {
            let shop = Shop::new(clock()).await;
            shop.stock("A", last).await;
            let answers = race(&shop, (0..50).map(|_| new_basket([line("A", 1)])).collect()).await;

            let winners: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
            assert_eq!(winners.len() as u64, last);
            assert!(answers.iter().all(|answer| answer.is_ok() || is_short(answer)), "{answers:?}");
            let counts = shop.counts("A").await;
            assert_eq!((counts.held, counts.available), (last, 0));

            for winner in winners {
                release(&shop, winner.value.id).await;
            }
            shop.audit().await;
            let counts = shop.counts("A").await;
            assert_eq!((counts.held, counts.available), (0, last));
            shop.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn buyers_who_take_several_units_never_take_more_than_there_are() {
    for seed in seeds(40) {
        let mut random = random(seed);
        let shop = Shop::new(clock()).await;
        let last = random.random_range(10..60_u64);
        shop.stock("A", last).await;
        let wanted: Vec<u32> = (0..40).map(|_| random.random_range(1..8)).collect();
        let answers =
            race(&shop, wanted.iter().map(|count| new_basket([line("A", *count)])).collect()).await;

        let granted: u64 =
            answers.iter().zip(&wanted).filter(|(answer, _)| answer.is_ok()).map(|(_, count)| u64::from(*count)).sum();
        assert!(granted <= last, "seed {seed}: {granted} of {last} granted");
        let smallest_refused =
            answers.iter().zip(&wanted).filter(|(answer, _)| answer.is_err()).map(|(_, count)| u64::from(*count)).min();
        assert!(
            smallest_refused.is_none_or(|refused| granted + refused > last),
            "seed {seed}: {granted} of {last} granted, and {smallest_refused:?} refused"
        );
        shop.audit().await;
        shop.close().await;
    }
}

/// Lines for a basket: everything of the rare products, and some of the common ones, in random order, some of them
/// twice.
fn wide_basket(random: &mut impl Rng, common: &[String], rare: &[&String], rare_units: u32) -> Reserve {
    let mut lines: Vec<ReserveLine> = Vec::new();
    for name in rare {
        // Sometimes in two lines, which count as one.
        let first = if random.random_bool(0.3) { random.random_range(0..rare_units) } else { 0 };
        lines.extend([first, rare_units - first].into_iter().filter(|units| *units > 0).map(|units| line(name, units)));
    }
    let width = random.random_range(0..=(300 - lines.len()));
    for _ in 0..width {
        lines.push(line(common.choose(random).unwrap(), random.random_range(1..4)));
    }
    lines.shuffle(random);
    new_basket(lines)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_wide_baskets_for_the_same_last_units_exactly_one_wins() {
    let shop = Shop::new(clock()).await;
    let names: Vec<String> = (0..320).map(|number| format!("P{number:03}")).collect();
    join_all(names.iter().map(|name| shop.stock(name, 1_000_000))).await;

    for seed in seeds(300) {
        let mut random = random(seed);
        let mut rare: Vec<&String> = names.sample(&mut random, 2).collect();
        rare.shuffle(&mut random);
        let rare_units = random.random_range(1..4);
        for name in &rare {
            shop.count(name, u64::from(rare_units)).await;
        }
        let common: Vec<String> = names.iter().filter(|name| !rare.contains(name)).cloned().collect();
        let baskets = (0..2).map(|_| wide_basket(&mut random, &common, &rare, rare_units)).collect();
        let answers = race(&shop, baskets).await;

        let winners: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1, "seed {seed}: {answers:?}");
        assert!(answers.iter().any(is_short), "seed {seed}: {answers:?}");
        for name in &rare {
            let counts = shop.counts(name).await;
            assert_eq!((counts.held, counts.available), (u64::from(rare_units), 0), "seed {seed}");
        }
        release(&shop, winners[0].value.id).await;
        for name in &rare {
            shop.ping(name).await;
            let counts = shop.counts(name).await;
            assert_eq!((counts.held, counts.available), (0, u64::from(rare_units)), "seed {seed}");
            shop.count(name, 1_000_000).await;
        }
        if seed % 50 == 0 {
            shop.audit().await;
        }
    }
    shop.audit().await;
    for name in &names {
        assert_eq!(shop.counts(name).await.held, 0, "{name}");
    }
    shop.close().await;
}

/// Any number of baskets over scarce goods. Whoever is refused must be in the way of somebody who has won: a refusal
/// that rested on a basket which failed later would leave units that nobody has and somebody was denied.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_refused_for_units_that_nobody_gets() {
    let shop = Shop::new(clock()).await;
    let places = [LocationId::main(), location("second")];
    let shelves: Vec<(String, LocationId)> =
        (0..5).flat_map(|number| places.clone().map(|place| (format!("S{number}"), place))).collect();
    for (name, _) in &shelves {
        shop.stock(name, 0).await;
    }
    for seed in seeds(600) {
        let mut random = random(seed);
        let mut stock = BTreeMap::new();
        for shelf in &shelves {
            let count = random.random_range(1..4_u64);
            shop.count_at(&shelf.0, &shelf.1, count).await;
            stock.insert(shelf.clone(), count);
        }
        let baskets: Vec<Reserve> = (0..random.random_range(2..9))
            .map(|_| {
                let width = random.random_range(1..=shelves.len());
                let mut lines: Vec<_> = shelves
                    .sample(&mut random, width)
                    .map(|(name, place)| (name.clone(), place.clone()))
                    .collect();
                lines.shuffle(&mut random);
                new_basket(lines.iter().map(|(name, place)| line_at(name, place, random.random_range(1..3))))
            })
            .collect();
        let answers = race(&shop, baskets.clone()).await;

        let mut taken: HashMap<(String, LocationId), u64> = HashMap::new();
        for (asked, _) in baskets.iter().zip(&answers).filter(|(_, answer)| answer.is_ok()) {
            for line in &asked.lines {
                *taken.entry((line.sku.to_string(), line.location.clone())).or_default() += u64::from(line.quantity.units());
            }
        }
        assert!(taken.iter().all(|(shelf, units)| *units <= stock[shelf]), "seed {seed}: oversold: {taken:?}");
        for (asked, answer) in baskets.iter().zip(&answers).filter(|(_, answer)| answer.is_err()) {
            assert!(is_short(answer), "seed {seed}: {answer:?}");
            let blocked = asked.lines.iter().any(|line| {
                let shelf = (line.sku.to_string(), line.location.clone());
                stock[&shelf] - taken.get(&shelf).copied().unwrap_or(0) < u64::from(line.quantity.units())
            });
            assert!(blocked, "seed {seed}: refused {asked:?}, although its units are free: {stock:?}, taken {taken:?}");
        }
        for answer in answers.iter().flatten() {
            release(&shop, answer.value.id).await;
        }
        for number in 0..5 {
            assert_eq!(shop.counts(&format!("S{number}")).await.held, taken_after_settling(&shop, number).await);
        }
    }
    shop.audit().await;
    shop.close().await;
}

/// Nothing is held of a product once the round is over and its owner has dealt with everything.
async fn taken_after_settling(shop: &Shop, number: u32) -> u64 {
    let name = format!("S{number}");
    shop.ping(&name).await;
    let held = shop.counts(&name).await.held;
    assert_eq!(held, 0, "{name}");
    held
}

/// A shop with one unit each of A, B and C, and a clock that can stop their owners.
async fn three_last_units() -> (Shop, std::sync::Arc<DoorClock>) {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B", "C"] {
        shop.stock(name, 1).await;
    }
    (shop, doors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_basket_that_fails_gets_its_units() {
    let (shop, doors) = three_last_units().await;
    let b = doors.owner(&shop, "B").await;
    shop.core.reserve(new_basket([line("B", 1)])).await.unwrap();

    let mut at_b = doors.stop(b);
    let failing = begin(shop.core.reserve(new_basket([line("B", 1), line("A", 1)]))).await;
    at_b.reached().await;
    let mut waiting = begin(shop.core.reserve(new_basket([line("A", 1)]))).await;
    shop.ping("A").await;
    waiting.assert_unanswered();

    at_b.open();
    assert!(is_short(&failing.answer("the failing basket").await));
    assert!(waiting.answer("the waiting one").await.is_ok());
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_basket_that_is_made_is_refused() {
    let (shop, doors) = three_last_units().await;
    let b = doors.owner(&shop, "B").await;

    let mut at_b = doors.stop(b);
    let winning = begin(shop.core.reserve(new_basket([line("A", 1), line("B", 1)]))).await;
    at_b.reached().await;
    let mut waiting = begin(shop.core.reserve(new_basket([line("A", 1), line("C", 1)]))).await;
    shop.ping("A").await;
    waiting.assert_unanswered();

    at_b.open();
    assert!(winning.answer("the first basket").await.is_ok());
    assert!(is_short(&waiting.answer("the second basket").await));
    assert!(shop.core.reserve(new_basket([line("C", 1)])).await.is_ok(), "the loser took nothing");
    shop.audit().await;
    shop.close().await;
}

/// P waits at B for Q, which waits at C for R. When R fails, Q gets C and P is refused; when Q fails as well, P wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chain_of_waiting_is_undone_link_by_link() {
    for middle_fails in [false, true] {
        let (shop, doors) = three_last_units().await;
        shop.stock("D", 1).await;
        shop.stock("E", 1).await;
        let d = doors.owner(&shop, "D").await;
        shop.core.reserve(new_basket([line("D", 1)])).await.unwrap();
        if middle_fails {
            shop.core.reserve(new_basket([line("E", 1)])).await.unwrap();
        }

        let mut at_d = doors.stop(d);
        let last = begin(shop.core.reserve(new_basket([line("C", 1), line("D", 1)]))).await;
        at_d.reached().await;
        let middle_lines =
            if middle_fails { vec![line("B", 1), line("C", 1), line("E", 1)] } else { vec![line("B", 1), line("C", 1)] };
        // Passed by the look at what is shown, because E's last unit has not been asked for by that name yet.
        let middle = begin_any(shop.core.reserve(new_basket(middle_lines))).await;
        if middle_fails {
            assert!(matches!(middle, Err(ref answer) if is_short(answer)), "hopeless at a glance");
            at_d.open();
            assert!(is_short(&last.answer("the last one").await));
            let first = within("the first one", shop.core.reserve(new_basket([line("A", 1), line("B", 1)]))).await;
            assert!(first.is_ok());
        } else {
            let Ok(mut middle) = middle else { panic!("the middle one waits") };
            shop.ping("B").await;
            shop.ping("C").await;
            let mut first = begin(shop.core.reserve(new_basket([line("A", 1), line("B", 1)]))).await;
            shop.ping("A").await;
            shop.ping("B").await;
            middle.assert_unanswered();
            first.assert_unanswered();
            at_d.open();
            assert!(is_short(&last.answer("the last one").await));
            assert!(middle.answer("the middle one").await.is_ok());
            assert!(is_short(&first.answer("the first one").await));
            assert_eq!(shop.counts("A").await.held, 1 - 1);
        }
        shop.audit().await;
        shop.close().await;
    }
}
