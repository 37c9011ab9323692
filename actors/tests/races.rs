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
use std::sync::Arc;

use futures::future::join_all;
use holdfast_actors::{Failure, Reply, ReservationView, Reserve, ReserveLine};
use holdfast_engine::product::{Adjustment, Condition, SaleTerms};
use holdfast_engine::reservation::LINES_MAX;
use holdfast_engine::{CustomerId, LocationId, Rejection, ReservationId, SaleId, Timestamp};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};

use support::ask::{fresh_operation, line, line_at, location, moved, new_basket, sku};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{Shop, clock};
use support::{Begun, begin, journal, within};

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
        let answers = race(&shop, wanted.iter().map(|count| new_basket([line("A", *count)])).collect()).await;

        let granted: u64 = answers
            .iter()
            .zip(&wanted)
            .filter(|(answer, _)| answer.is_ok())
            .map(|(_, count)| u64::from(*count))
            .sum();
        assert!(granted <= last, "seed {seed}: {granted} of {last} granted");
        let smallest_refused = answers
            .iter()
            .zip(&wanted)
            .filter(|(answer, _)| answer.is_err())
            .map(|(_, count)| u64::from(*count))
            .min();
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
        lines.extend(
            [first, rare_units - first].into_iter().filter(|units| *units > 0).map(|units| line(name, units)),
        );
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
    let names: Vec<String> = (0..320).map(|number| format!("P{number:03}")).collect();
    let all: Vec<u64> = seeds(300).collect();
    // A new shop now and then, as the journal is kept in memory.
    for seeds in all.chunks(100) {
        let shop = Shop::new(clock()).await;
        join_all(names.iter().map(|name| shop.stock(name, 1_000_000))).await;
        for seed in seeds {
            wide_round(&shop, &names, *seed).await;
        }
        shop.audit().await;
        for name in &names {
            assert_eq!(shop.counts(name).await.held, 0, "{name}");
        }
        shop.close().await;
    }
}

async fn wide_round(shop: &Shop, names: &[String], seed: u64) {
    let mut random = random(seed);
    let mut rare: Vec<&String> = names.sample(&mut random, 2).collect();
    rare.shuffle(&mut random);
    let rare_units = random.random_range(1..4);
    for name in &rare {
        shop.count(name, u64::from(rare_units)).await;
    }
    let common: Vec<String> = names.iter().filter(|name| !rare.contains(name)).cloned().collect();
    let baskets = (0..2).map(|_| wide_basket(&mut random, &common, &rare, rare_units)).collect();
    let answers = race(shop, baskets).await;

    let winners: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1, "seed {seed}: {answers:?}");
    assert!(answers.iter().any(is_short), "seed {seed}: {answers:?}");
    for name in &rare {
        let counts = shop.counts(name).await;
        assert_eq!((counts.held, counts.available), (u64::from(rare_units), 0), "seed {seed}");
    }
    release(shop, winners[0].value.id).await;
    for name in &rare {
        shop.ping(name).await;
        let counts = shop.counts(name).await;
        assert_eq!((counts.held, counts.available), (0, u64::from(rare_units)), "seed {seed}");
        shop.count(name, 1_000_000).await;
    }
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
                new_basket(lines.iter().map(|(name, place)| {
                    let wanted = line_at(name, place, random.random_range(1..3));
                    // Some do not care where it comes from.
                    if random.random_ratio(1, 3) { ReserveLine { location: None, ..wanted } } else { wanted }
                }))
            })
            .collect();
        let answers = race(&shop, baskets.clone()).await;

        let mut taken: HashMap<(String, LocationId), u64> = HashMap::new();
        for line in answers.iter().flatten().flat_map(|answer| &answer.value.lines) {
            for (place, units) in line.sources.filled(line.quantity) {
                *taken.entry((line.sku.to_string(), place.clone())).or_default() += u64::from(units.units());
            }
        }
        assert!(
            taken.iter().all(|(shelf, units)| *units <= stock[shelf]),
            "seed {seed}: oversold: {taken:?}"
        );
        for (asked, answer) in baskets.iter().zip(&answers).filter(|(_, answer)| answer.is_err()) {
            assert!(is_short(answer), "seed {seed}: {answer:?}");
            let left = |shelf: &(String, LocationId)| stock[shelf] - taken.get(shelf).copied().unwrap_or(0);
            let wanted = |name: &str, place: Option<&LocationId>| -> u64 {
                let lines = asked.lines.iter().filter(|line| line.sku.as_str() == name);
                let lines = lines.filter(|line| place.is_none() || line.location.as_ref() == place);
                lines.map(|line| u64::from(line.quantity.units())).sum()
            };
            let blocked = shelves.iter().any(|shelf| {
                let (name, place) = shelf;
                let of_product: u64 = places.iter().map(|place| left(&(name.clone(), place.clone()))).sum();
                wanted(name, Some(place)) > left(shelf) || wanted(name, None) > of_product
            });
            assert!(
                blocked,
                "seed {seed}: refused {asked:?}, although its units are free: {stock:?}, taken {taken:?}"
            );
        }
        for answer in answers.iter().flatten() {
            release(&shop, answer.value.id).await;
        }
        for (name, _) in &shelves {
            shop.ping(name).await;
            assert_eq!(shop.counts(name).await.held, 0, "seed {seed}: {name}");
        }
    }
    shop.audit().await;
    shop.close().await;
}

/// A shop with one unit each of A to E, and a clock that can stop their owners.
async fn last_units() -> (Shop, Arc<DoorClock>) {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    for name in ["A", "B", "C", "D", "E"] {
        shop.stock(name, 1).await;
    }
    (shop, doors)
}

/// Reserves one unit of each of these.
async fn reserve(shop: &Shop, names: &[&str]) -> Reply<ReservationView> {
    let request = new_basket(names.iter().map(|name| line(name, 1)));
    within("a reservation", shop.core.reserve(request)).await
}

/// Begins a reservation of one unit of each of these, which has to wait for something.
async fn begin_basket<'a>(shop: &'a Shop, names: &[&str]) -> Begun<'a, Reply<ReservationView>> {
    begin(shop.core.reserve(new_basket(names.iter().map(|name| line(name, 1))))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_basket_that_fails_gets_its_units() {
    let (shop, doors) = last_units().await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin_basket(&shop, &["B"]).await;
    at_b.reached().await;
    let failing = begin_basket(&shop, &["B", "A"]).await;
    shop.ping("A").await;
    let mut waiting = begin_basket(&shop, &["A"]).await;
    shop.ping("A").await;
    waiting.assert_unanswered();

    at_b.open();
    assert!(winner.answer("the winner").await.is_ok());
    assert!(is_short(&failing.answer("the failing basket").await));
    assert!(waiting.answer("the waiting one").await.is_ok());
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waits_for_a_basket_that_is_made_is_refused() {
    let (shop, doors) = last_units().await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winning = begin_basket(&shop, &["A", "B"]).await;
    at_b.reached().await;
    let mut waiting = begin_basket(&shop, &["A", "C"]).await;
    shop.ping("A").await;
    waiting.assert_unanswered();

    at_b.open();
    assert!(winning.answer("the first basket").await.is_ok());
    assert!(is_short(&waiting.answer("the second basket").await));
    assert!(reserve(&shop, &["C"]).await.is_ok(), "the loser took nothing");
    shop.audit().await;
    shop.close().await;
}

/// The basket has failed, but the word that its unit is free lies in the mailbox of A behind somebody who wants that
/// unit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_does_not_rest_on_a_basket_that_has_failed_already() {
    let (shop, doors) = last_units().await;
    let a = doors.owner(&shop, "A").await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin_basket(&shop, &["B"]).await;
    at_b.reached().await;
    let mut failing = begin_basket(&shop, &["A", "B"]).await;
    shop.ping("A").await;
    let mut at_a = doors.stop(a);
    let asking = begin_basket(&shop, &["A"]).await;
    at_a.reached().await;

    at_b.open();
    assert!(winner.answer("the winner").await.is_ok());
    // B has refused it by then, and its word to A lies behind who asks there.
    shop.ping("B").await;
    failing.assert_unanswered();
    at_a.open();
    assert!(asking.answer("who asked for A").await.is_ok());
    assert!(is_short(&failing.answer("the failing basket").await));
    shop.audit().await;
    shop.close().await;
}

/// As before, but what lies before that word is a change of A that shows A's counts anew. What is shown then must not
/// say that the unit is gone for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_shown_does_not_hide_units_that_are_on_their_way_back() {
    let (shop, doors) = last_units().await;
    let a = doors.owner(&shop, "A").await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin_basket(&shop, &["B"]).await;
    at_b.reached().await;
    let mut failing = begin_basket(&shop, &["A", "B"]).await;
    shop.ping("A").await;
    let mut before_the_change = doors.stop(a);
    let broken = Adjustment { condition: Condition::Damaged, ..moved(5, fresh_operation()) };
    let change = begin(shop.core.adjust(sku("A"), broken)).await;
    before_the_change.reached().await;

    at_b.open();
    assert!(winner.answer("the winner").await.is_ok());
    shop.ping("B").await;
    let mut after_the_change = doors.stop(a);
    before_the_change.open();
    after_the_change.reached().await;
    assert!(change.answer("the change").await.is_ok());
    // Not refused at a glance.
    let asking = begin_basket(&shop, &["A"]).await;
    failing.assert_unanswered();
    after_the_change.open();
    assert!(asking.answer("who asked for A").await.is_ok());
    assert!(is_short(&failing.answer("the failing basket").await));
    shop.audit().await;
    shop.close().await;
}

/// One waits at B for a second, which waits at C for a third. The third fails at D, so the second gets C; the first
/// is refused if that makes the second, and wins if the second then fails at E.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chain_of_waiting_is_undone_link_by_link() {
    for second_fails in [false, true] {
        let (shop, doors) = last_units().await;
        let mut at_d = doors.stop(doors.owner(&shop, "D").await);
        let winner = begin_basket(&shop, &["D"]).await;
        at_d.reached().await;
        let third = begin_basket(&shop, &["C", "D"]).await;
        shop.ping("C").await;
        let mut second = begin_basket(&shop, &["E", "C", "B"]).await;
        shop.ping("B").await;
        shop.ping("C").await;
        let mut first = begin_basket(&shop, &["A", "B"]).await;
        shop.ping("A").await;
        shop.ping("B").await;
        if second_fails {
            reserve(&shop, &["E"]).await.unwrap();
        }
        second.assert_unanswered();
        first.assert_unanswered();

        at_d.open();
        assert!(winner.answer("the winner").await.is_ok());
        assert!(is_short(&third.answer("the third").await));
        assert_eq!(is_short(&second.answer("the second").await), second_fails);
        assert_eq!(is_short(&first.answer("the first").await), !second_fails);
        shop.audit().await;
        shop.close().await;
    }
}

/// Several wait for one basket; when it fails they are served in the order they came, as far as its units go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_waited_first_is_served_first() {
    let (shop, doors) = last_units().await;
    shop.count("A", 2).await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin_basket(&shop, &["B"]).await;
    at_b.reached().await;
    let failing = begin(shop.core.reserve(new_basket([line("A", 2), line("B", 1)]))).await;
    shop.ping("A").await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(begin_basket(&shop, &["A"]).await);
        shop.ping("A").await;
    }
    at_b.open();
    assert!(winner.answer("the winner").await.is_ok());
    assert!(is_short(&failing.answer("the failing basket").await));
    let mut refused = Vec::new();
    for waiting in waiting {
        refused.push(is_short(&waiting.answer("one that waited").await));
    }
    assert_eq!(refused, [false, false, true, true]);
    shop.audit().await;
    shop.close().await;
}

/// Units that a basket under way cannot give back are not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_could_not_be_helped_does_not_wait() {
    let (shop, doors) = last_units().await;
    shop.count("A", 3).await;
    reserve(&shop, &["A"]).await.unwrap();
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winning = begin_basket(&shop, &["A", "B"]).await;
    at_b.reached().await;
    let hopeless = shop.core.reserve(new_basket([line("A", 3)]));
    assert!(is_short(&within("a hopeless request", hopeless).await));
    at_b.open();
    assert!(winning.answer("the first basket").await.is_ok());
    shop.audit().await;
    shop.close().await;
}

/// The last unit went to a basket of two. Whoever asks first after that asks the owner, because the basket might have
/// failed when the owner last showed its counts; everybody after is refused at a glance, and nothing is claimed for them
/// elsewhere first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sold_out_is_seen_at_a_glance() {
    let shop = Shop::new(clock()).await;
    for name in ["A", "B", "C"] {
        shop.stock(name, 1).await;
    }
    reserve(&shop, &["B", "C"]).await.unwrap();
    let counts = async || {
        shop.settle().await;
        journal::events(&shop.disk).len()
    };
    assert!(is_short(&reserve(&shop, &["A", "B"]).await));
    let before = counts().await;
    for _ in 0..5 {
        assert!(is_short(&reserve(&shop, &["A", "B"]).await));
    }
    assert_eq!(counts().await, before);
    shop.audit().await;
    shop.close().await;
}

/// A basket whose buyer goes away is made nonetheless; nobody waits for it in vain.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_goes_on_without_its_buyer() {
    let (shop, doors) = last_units().await;
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let gone = begin_basket(&shop, &["A", "B"]).await;
    at_b.reached().await;
    drop(gone);
    assert_eq!(shop.core.stats().in_flight, 1, "it counts as long as it is under way");
    let waiting = begin_basket(&shop, &["A"]).await;
    shop.ping("A").await;
    at_b.open();
    assert!(is_short(&waiting.answer("the waiting one").await));
    assert_eq!((shop.counts("A").await.held, shop.counts("B").await.held), (1, 1));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_takes_the_same_product_from_two_places() {
    let shop = Shop::new(clock()).await;
    let (main, second) = (LocationId::main(), location("second"));
    shop.stock("A", 1).await;
    shop.count_at("A", &second, 1).await;
    let both = || new_basket([line_at("A", &second, 1), line_at("A", &main, 1)]);

    let made = within("one basket", shop.core.reserve(both())).await.unwrap().value;
    let places: Vec<_> = made.lines.iter().map(|line| line.sources.asked().cloned()).collect();
    assert_eq!(places, [Some(main.clone()), Some(second.clone())], "two lines, in the order of places");
    assert!(is_short(&shop.core.reserve(both()).await));
    release(&shop, made.id).await;

    for round in 0..100 {
        let answers = race(&shop, vec![both(), both(), both()]).await;
        let winners: Vec<_> = answers.iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}: {answers:?}");
        release(&shop, winners[0].value.id).await;
    }

    // Whoever wants one place waits neither for the other nor for itself.
    for round in 0..100 {
        let answers = race(&shop, vec![both(), new_basket([line_at("A", &second, 1)])]).await;
        let winners: Vec<_> = answers.iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}: {answers:?}");
        release(&shop, winners[0].value.id).await;
    }
    shop.audit().await;
    assert_eq!(shop.counts("A").await.held, 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lines_of_the_same_product_are_summed_before_the_check() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 5).await;
    let answer = shop.core.reserve(new_basket([line("A", 3), line("A", 3)])).await;
    assert!(is_short(&answer), "{answer:?}");
    assert_eq!(shop.counts("A").await.held, 0);

    let made = shop.core.reserve(new_basket([line("A", 3), line("A", 2)])).await.unwrap().value;
    assert_eq!(made.lines.len(), 1);
    assert_eq!(made.lines[0].quantity.units(), 5);
    let too_many = shop.core.reserve(new_basket([line("A", 10_000_000), line("A", 1)])).await;
    assert!(matches!(too_many, Err(Failure::Rejected(Rejection::LineTooLarge { .. }))), "{too_many:?}");
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_widest_basket_is_made_with_one_answer_and_given_back_whole() {
    let shop = Shop::new(clock()).await;
    let names: Vec<String> = (0..LINES_MAX).map(|number| format!("W{number:04}")).collect();
    join_all(names.iter().map(|name| shop.stock(name, 1))).await;
    let all = || new_basket(names.iter().map(|name| line(name, 1)));
    let answers = race(&shop, vec![all(), all()]).await;
    let winners: Vec<_> = answers.iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(winners[0].value.lines.len(), LINES_MAX);
    release(&shop, winners[0].value.id).await;
    let world = shop.audit().await;
    assert!(world.products().values().all(|product| product.holds_count() == 0));
    shop.close().await;
}

/// A sale that lets one customer in at a time is full because of a basket that then fails: who asks meanwhile waits, and is let
/// in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sale_is_not_full_because_of_a_basket_that_fails() {
    let (shop, doors) = last_units().await;
    let terms = SaleTerms {
        id: SaleId::new("spring").unwrap(),
        opens_at: Timestamp::default(),
        closes_at: None,
        paused: false,
        exclusive: false,
        per_customer: None,
        admits: Some(1),
        allotments: Vec::new(),
    };
    shop.core.adjust(sku("A"), moved(5, fresh_operation())).await.unwrap();
    shop.core.put_sale(sku("A"), terms, fresh_operation()).await.unwrap();
    let mut at_b = doors.stop(doors.owner(&shop, "B").await);
    let winner = begin_basket(&shop, &["B"]).await;
    at_b.reached().await;
    let failing = begin_basket(&shop, &["A", "B"]).await;
    shop.ping("A").await;
    let bob = Reserve { customer: CustomerId::new("bob").unwrap(), ..new_basket([line("A", 1)]) };
    let mut waiting = begin(shop.core.reserve(bob)).await;
    shop.ping("A").await;
    waiting.assert_unanswered();

    at_b.open();
    assert!(winner.answer("the winner").await.is_ok());
    assert!(is_short(&failing.answer("the failing basket").await));
    assert!(waiting.answer("who waited at the door").await.is_ok());
    let third = Reserve { customer: CustomerId::new("cleo").unwrap(), ..new_basket([line("A", 1)]) };
    let refused = within("a refusal", shop.core.reserve(third)).await;
    assert!(matches!(refused, Err(Failure::Rejected(Rejection::SaleFull { admits: 1, .. }))), "{refused:?}");
    shop.audit().await;
    shop.close().await;
}
