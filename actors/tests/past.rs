//! What happened to a product, and how it was then: both are what the journal says, to the byte, and nothing is left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures::future::join_all;
use holdfast_actors::{
    AsOf, Clock as _, Failure, HistoryEntry, HistoryPage, HistoryPlace, HistoryQuery, ManualClock,
    PastFailure, StockView, Topic, Unavailable, product_as_of,
};
use holdfast_engine::product::{
    Announcement, Backorders, Condition, LotAction, LotCommand, Policy, Product, ProductEvent, Receipt,
};
use holdfast_engine::{Event, LocationId, LotId, Millis, Rejection, ReservationId, Sequence, Sku};
use holdfast_persistence::{JournalStore as _, Partition, TrailHead};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use support::ask::{
    TTL, basket, details, fresh, fresh_operation, line, moved, order, order_line, plain, quantity, sku, units,
};
use support::seeds::{random, seeds};
use support::shop::{START, Shop, clock};
use support::{begin, eventually, journal, within};

const NAMES: [&str; 3] = ["A", "B", "C"];

const ALL: HistoryQuery = HistoryQuery { from: None, limit: usize::MAX, topic: None };

async fn page(shop: &Shop, name: &str, query: HistoryQuery) -> HistoryPage {
    within("a page of history", shop.core.history(sku(name), query)).await.unwrap()
}

async fn as_of(shop: &Shop, name: &str, as_of: AsOf) -> Result<StockView, PastFailure> {
    within("stock as it was", shop.core.stock_as_of(sku(name), as_of)).await.map(|then| then.stock)
}

/// All events about a product, newest first, each with its position and the version that it made.
fn scanned(shop: &Shop, name: &str) -> Vec<(Sequence, u64, ProductEvent)> {
    let mut found = Vec::new();
    for (sequence, event) in (1..).zip(journal::events(&shop.disk)) {
        if let Event::Product(of, event) = event
            && of == sku(name)
        {
            found.push((Sequence(sequence), found.len() as u64 + 1, event));
        }
    }
    found.reverse();
    found
}

fn told(entries: Vec<HistoryEntry>) -> Vec<(Sequence, u64, ProductEvent)> {
    entries.into_iter().map(|entry| (entry.sequence, entry.version, entry.event)).collect()
}

fn digest(product: &Product) -> u64 {
    let mut hasher = DefaultHasher::new();
    product.hash(&mut hasher);
    hasher.finish()
}

/// Does something with the shop, whatever comes of it.
async fn deed(shop: &Shop, clock: &ManualClock, random: &mut ChaCha8Rng, held: &mut Vec<ReservationId>) {
    let name = *NAMES.choose(random).unwrap();
    let lines = || NAMES.iter().map(|name| line(name, 2));
    let reservation = held.choose(random).copied();
    match random.random_range(0..12) {
        0 => {
            let limit = quantity(random.random_range(1..30));
            let policy = Policy { backorders: Backorders::Capped(limit), ..Policy::default() };
            drop(shop.core.put_product(sku(name), details(policy), fresh_operation()).await);
        }
        1 | 2 => {
            let delta = [-3, 4, 8].choose(random).copied().unwrap();
            drop(shop.core.adjust(sku(name), moved(delta, fresh_operation())).await);
        }
        3..=5 => {
            let id = fresh();
            let wanted: Vec<_> = lines().take(random.random_range(1..=3)).collect();
            if shop.core.reserve(basket(id, wanted)).await.is_ok() {
                held.push(ReservationId(id));
            }
        }
        6 => {
            if let Some(id) = reservation {
                drop(shop.core.commit(id, None, fresh_operation()).await);
            }
        }
        7 => {
            if let Some(id) = reservation {
                drop(shop.core.release(id, fresh_operation()).await);
            }
        }
        8 => {
            if let Some(id) = reservation {
                drop(shop.core.extend(id, None, fresh_operation()).await);
            }
        }
        9 => {
            let method = *["approve", "decline"].choose(random).unwrap();
            let id = fresh();
            let placed = shop.core.place_order(order(id, [order_line(name, 1)], method)).await;
            if let Ok(placed) = placed
                && placed.value.status == holdfast_engine::order::OrderStatus::Confirmed
            {
                drop(shop.core.ship(placed.value.id, Vec::new(), fresh_operation()).await);
            }
        }
        10 => clock.advance(Millis(TTL.0 / random.random_range(1..4))),
        _ => drop(shop.core.delete_product(sku(name), fresh_operation()).await),
    }
    clock.advance(Millis(1));
}

/// Whatever happened, and through crashes: history is a reading of the whole journal, and the state as of any record is the
/// one the product had, byte by byte, and the one that was shown when it had it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_history_is_told_whole_and_every_state_in_it_is_the_one_there_was() {
    let (mut seen, mut compared) = (0, 0);
    for seed in seeds(12) {
        let (clock, mut random, mut held) = (clock(), random(seed), Vec::new());
        let mut shop = Shop::new(clock.clone()).await;
        for name in NAMES {
            shop.stock(name, 20).await;
        }
        let mut shown: BTreeMap<(&str, Sequence), StockView> = BTreeMap::new();
        for step in 0..60 {
            deed(&shop, &clock, &mut random, &mut held).await;
            shop.settle().await;
            for name in NAMES {
                match shop.core.stock(&sku(name)).await {
                    Ok(view) => _ = shown.insert((name, view.sequence), view),
                    Err(Failure::Rejected(Rejection::UnknownSku { .. })) => {}
                    Err(other) => panic!("seed {seed}: {other:?}"),
                }
            }
            if step % 25 == 24 {
                let next = shop.after_crash(clock.clone()).await;
                shop.close().await;
                shop = next;
            }
        }
        shop.audit().await;
        let reader = shop.disk.fork().open(Partition(0)).reader().unwrap();
        for name in NAMES {
            let mut expected = scanned(&shop, name);
            assert_eq!(told(page(&shop, name, ALL).await.entries), expected, "seed {seed}: {name}");
            let (last, records, _) = expected.first().unwrap().clone();
            expected.reverse();
            let mut live = Product::absent(sku(name));
            for (sequence, _, event) in expected {
                live.apply(&event);
                live.journaled(sequence);
                let head = TrailHead { sequence: last, records };
                let then = product_as_of(&*reader, &sku(name), head, AsOf::Sequence(sequence)).unwrap().0;
                assert_eq!(digest(&then), digest(&live), "seed {seed}: {name} at {sequence:?}");
                assert_eq!(then, live);
                seen += 1;
            }
        }
        for ((name, sequence), view) in shown {
            let then = as_of(&shop, name, AsOf::Sequence(sequence)).await.unwrap();
            assert_eq!(then, view, "seed {seed}: {name} at {sequence:?}");
            compared += 1;
        }
        shop.close().await;
    }
    println!("{seen} states, {compared} of them as shown");
    let rounds = support::seeds::rounds(12);
    assert!(seen > rounds * 50 && compared > rounds * 30, "{seen} states, {compared} shown");
}

#[tokio::test]
async fn pages_follow_on_one_another_and_what_is_new_does_not_shift_them() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    for _ in 0..20 {
        shop.core.adjust(sku("A"), moved(1, fresh_operation())).await.unwrap();
    }
    let expected = scanned(&shop, "A");
    assert_eq!(expected.len(), 22);
    let mut entries = Vec::new();
    let mut query = HistoryQuery { limit: 5, ..ALL };
    loop {
        let page = page(&shop, "A", query).await;
        assert!(page.entries.len() == 5 || page.next.is_none());
        entries.extend(page.entries);
        // What happens between two pages is newer than both.
        shop.core.adjust(sku("A"), moved(1, fresh_operation())).await.unwrap();
        query.from = page.next;
        if query.from.is_none() {
            break;
        }
    }
    assert_eq!(told(entries), expected);
    assert_eq!(page(&shop, "A", HistoryQuery { limit: 27, ..ALL }).await.next, None, "the last page is told");
    shop.close().await;
}

#[tokio::test]
async fn a_topic_leaves_out_everything_else_and_what_moves_stock_is_a_movement_whatever_it_is() {
    let shop = Shop::new(clock()).await;
    let policy = Policy { backorders: Backorders::Unlimited, ..Policy::default() };
    shop.stock_with("A", 2, policy).await;
    let placed = shop.core.place_order(order(fresh(), [order_line("A", 3)], "approve")).await.unwrap();
    let lot = LotId(7);
    for action in [
        LotAction::Announce(Announcement {
            location: LocationId::main(),
            units: units(4),
            expected_at: None,
            reference: None,
        }),
        LotAction::Receive(Receipt {
            units: quantity(4),
            condition: Condition::Sellable,
            close: false,
            reason: None,
        }),
    ] {
        let command = LotCommand { lot, action, actor: None, operation: fresh_operation() };
        shop.core.change_lot(sku("A"), command).await.unwrap();
    }
    shop.core.ship(placed.value.id, Vec::new(), fresh_operation()).await.unwrap();
    let all = page(&shop, "A", ALL).await.entries;
    let of = async |topic| {
        let found = page(&shop, "A", HistoryQuery { topic: Some(topic), ..ALL }).await;
        assert_eq!(found.next, None);
        let expected: Vec<_> = all.iter().filter(|entry| topic.covers(&entry.event)).cloned().collect();
        assert_eq!(found.entries, expected, "{topic:?}");
        found.entries.len()
    };
    assert_eq!(of(Topic::Policy).await, 1);
    assert_eq!(of(Topic::Hold).await, 3, "opened, pinned, committed");
    assert_eq!(of(Topic::Match).await, 1, "what queued was served of the lot");
    assert_eq!(of(Topic::Lot).await, 2, "announced, received");
    assert_eq!(of(Topic::Sale).await, 0);
    let shipped = of(Topic::Allocation).await;
    assert_eq!(of(Topic::Movement).await, 2 + shipped, "counted, received, shipped");
    assert_eq!(1 + 3 + 1 + 2 + shipped + 1, all.len(), "each has its topic");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_that_finds_nothing_for_long_ends_and_can_be_gone_on_from() {
    const CHANGES: usize = 10_050;
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    // Held back, so that they gather and stand in few frames: what ends the page is their number.
    let gate = shop.disk.hold_syncs();
    let core = shop.core.clone();
    let changes = tokio::spawn(async move {
        join_all((0..CHANGES).map(|_| core.adjust(sku("A"), moved(1, fresh_operation())))).await
    });
    eventually("all of them are decided", async || shop.core.stats().journal_appended == CHANGES as u64 + 2)
        .await;
    drop(gate);
    within("many changes", changes).await.unwrap().into_iter().for_each(|change| drop(change.unwrap()));
    let first = page(&shop, "A", HistoryQuery { topic: Some(Topic::Policy), limit: 3, from: None }).await;
    assert_eq!(first.entries, []);
    let from = first.next.expect("there is more to look through");
    assert_eq!(from.version, CHANGES as u64 + 2 - 10_000);
    let query = HistoryQuery { from: Some(from), limit: 3, topic: Some(Topic::Policy) };
    let second = page(&shop, "A", query).await;
    assert!(matches!(second.entries.as_slice(), [put] if put.version == 1 && put.at == START));
    assert_eq!(second.next, None);
    shop.close().await;
}

#[tokio::test]
async fn what_happened_outlives_the_product_and_the_process() {
    let clock = clock();
    let shop = Shop::new(clock.clone()).await;
    shop.stock("A", 1).await;
    shop.core.adjust(sku("A"), moved(-1, fresh_operation())).await.unwrap();
    let before = shop.shown("A").await;
    shop.core.delete_product(sku("A"), fresh_operation()).await.unwrap();
    let revived = shop.after_crash(clock.clone()).await;
    shop.close().await;
    let expected = scanned(&revived, "A");
    assert_eq!(told(page(&revived, "A", ALL).await.entries), expected);
    assert!(matches!(expected.as_slice(), [(_, 4, ProductEvent::Deleted { .. }), _, _, _]));
    let then = as_of(&revived, "A", AsOf::Sequence(before.sequence)).await.unwrap();
    assert_eq!(then, before);
    let deleted = as_of(&revived, "A", AsOf::Sequence(before.sequence.plus(1))).await;
    assert_eq!(deleted, Err(PastFailure::AbsentThen { sku: sku("A") }));
    revived.close().await;
}

#[tokio::test]
async fn a_past_that_is_none_has_its_own_answer() {
    let clock = clock();
    let shop = Shop::new(clock.clone()).await;
    shop.stock("A", 1).await;
    shop.stock("B", 1).await;
    let last = shop.shown("B").await.sequence;
    let unknown = PastFailure::Failed(Rejection::UnknownSku { sku: sku("C") }.into());
    assert_eq!(shop.core.history(sku("C"), ALL).await, Err(unknown.clone()));
    assert_eq!(as_of(&shop, "C", AsOf::Sequence(last)).await, Err(unknown.clone()));
    clock.advance(Millis(1));
    assert_eq!(as_of(&shop, "C", AsOf::Instant(START)).await, Err(unknown));
    let absent = Err(PastFailure::AbsentThen { sku: sku("B") });
    assert_eq!(as_of(&shop, "B", AsOf::Sequence(Sequence(2))).await, absent, "A alone had been put");
    assert_eq!(as_of(&shop, "B", AsOf::Instant(START.minus(Millis(1)))).await, absent);
    let asked = last.plus(1);
    let ahead = Err(PastFailure::SequenceAhead { asked, last });
    assert_eq!(as_of(&shop, "A", AsOf::Sequence(asked)).await, ahead);
    let from = Some(HistoryPlace { sequence: asked, version: 3 });
    let ahead = shop.core.history(sku("A"), HistoryQuery { from, ..ALL }).await;
    assert_eq!(ahead, Err(PastFailure::SequenceAhead { asked, last }));
    let now = clock.now();
    let ahead = Err(PastFailure::InstantAhead { asked: now, now });
    assert_eq!(as_of(&shop, "A", AsOf::Instant(now)).await, ahead, "more may happen in this instant");
    shop.close().await;
}

/// An instant that is over stands for one state for ever: what had been decided in it or before.
#[tokio::test]
async fn the_state_as_of_an_instant_is_the_last_one_decided_by_then() {
    let clock: Arc<ManualClock> = clock();
    let shop = Shop::new(clock.clone()).await;
    shop.stock("A", 10).await;
    let mut states = vec![(clock.now(), shop.shown("A").await)];
    for _ in 0..5 {
        clock.advance(Millis(1_000));
        for _ in 0..3 {
            shop.core.adjust(sku("A"), moved(1, fresh_operation())).await.unwrap();
        }
        shop.core.reserve(basket(fresh(), [line("A", 1)])).await.unwrap();
        states.push((clock.now(), shop.shown("A").await));
    }
    // What lapses meanwhile lapses when it is settled, and is settled before the question is answered.
    clock.advance(Millis(TTL.0 + 10_000));
    let lapsed = clock.now();
    clock.advance(Millis(1));
    assert_eq!(as_of(&shop, "A", AsOf::Instant(lapsed)).await.unwrap().totals().held, 5, "not settled then");
    for (at, view) in &states {
        for late in [0, 1, 999] {
            let then = as_of(&shop, "A", AsOf::Instant(at.plus(Millis(late)))).await.unwrap();
            assert_eq!(then, *view, "{late} ms after {at:?}");
        }
    }
    clock.advance(Millis(1));
    let settled = as_of(&shop, "A", AsOf::Instant(lapsed.plus(Millis(1)))).await.unwrap();
    assert_eq!((settled.totals().held, settled), (0, shop.shown("A").await));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_durable_has_not_happened() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    let last = shop.shown("A").await.sequence;
    let gate = shop.disk.hold_syncs();
    let change = begin(shop.core.adjust(sku("A"), moved(1, fresh_operation()))).await;
    tokio::task::block_in_place(|| gate.wait_until_held());
    assert_eq!(page(&shop, "A", ALL).await.entries.len(), 2);
    let asked = last.plus(1);
    let ahead = Err(PastFailure::SequenceAhead { asked, last });
    assert_eq!(as_of(&shop, "A", AsOf::Sequence(asked)).await, ahead);
    drop(gate);
    let changed = change.answer("the change").await.unwrap().value;
    assert_eq!(changed.sequence, asked);
    assert_eq!(page(&shop, "A", ALL).await.entries[0].sequence, asked, "whoever has an answer finds it");
    assert_eq!(as_of(&shop, "A", AsOf::Sequence(asked)).await.unwrap().totals().on_hand, 2);
    shop.close().await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_no_gap_but_no_answer() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    shop.stock("B", 1).await;
    for _ in 0..3 {
        shop.core.adjust(sku("A"), moved(1, fresh_operation())).await.unwrap();
    }
    let whole = scanned(&shop, "A");
    let (bad, newest) = (whole[1].0, whole[0].0);
    shop.disk.damage(|frames| *frames.get_mut(&bad).unwrap().last_mut().unwrap() ^= 1);
    let unreadable = PastFailure::Unreadable { sequence: bad };
    assert_eq!(shop.core.history(sku("A"), ALL).await, Err(unreadable.clone()));
    assert_eq!(as_of(&shop, "A", AsOf::Sequence(newest)).await, Err(unreadable.clone()));
    let first = as_of(&shop, "A", AsOf::Sequence(whole[3].0)).await;
    assert_eq!(first, Err(unreadable), "the way there leads through it");
    let page_before = page(&shop, "A", HistoryQuery { limit: 1, ..ALL }).await;
    assert_eq!(page_before.entries.len(), 1, "what lies before it can be read");
    let all: Vec<Sku> = vec![sku("B")];
    for other in all {
        assert_eq!(shop.core.history(other, ALL).await.unwrap().entries.len(), 2, "others are not concerned");
    }
    shop.disk.damage(|frames| drop(frames.remove(&bad)));
    let missing = PastFailure::Unreadable { sequence: bad };
    assert_eq!(shop.core.history(sku("A"), ALL).await, Err(missing));
    shop.close().await;
}

/// What reads the journal is bounded, apart from everything else that is under way: readers cannot keep buyers out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_so_many_walk_or_wait_and_who_goes_away_makes_room() {
    const WALKS: usize = 2 + 64;
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    // A disk that does not answer for a while.
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (stuck, is_stuck) = std::sync::mpsc::channel();
    let disk = shop.disk.clone();
    let slow = std::thread::spawn(move || {
        disk.damage(|_| {
            stuck.send(()).unwrap();
            released.recv().unwrap();
        });
    });
    tokio::task::block_in_place(|| is_stuck.recv().unwrap());
    let read = || shop.core.history(sku("A"), ALL);
    let mut walks = Vec::new();
    for _ in 0..WALKS {
        walks.push(begin(read()).await);
    }
    let overloaded = Err(PastFailure::Failed(Unavailable::Overloaded.into()));
    assert_eq!(within("one too many", read()).await, overloaded);
    assert_eq!(shop.core.stats().refused_overload, 1);
    assert_eq!(shop.counts("A").await.available, 1, "others are served");
    drop(walks.pop());
    walks.push(begin(read()).await);
    assert_eq!(within("one too many again", read()).await, overloaded);
    release.send(()).unwrap();
    slow.join().unwrap();
    for walk in walks {
        assert_eq!(walk.answer("a walk").await.unwrap().entries.len(), 2);
    }
    assert_eq!(page(&shop, "A", ALL).await.entries.len(), 2, "there is room again");
    shop.close().await;
}

#[tokio::test]
async fn a_product_that_nobody_could_put_has_no_history() {
    let shop = Shop::new(clock()).await;
    let policy = Policy { hold_ttl_default: Millis(2), hold_ttl_max: Millis(1), ..Policy::default() };
    assert!(shop.core.put_product(sku("A"), details(policy), fresh_operation()).await.is_err());
    let unknown = PastFailure::Failed(Rejection::UnknownSku { sku: sku("A") }.into());
    assert_eq!(shop.core.history(sku("A"), ALL).await, Err(unknown));
    shop.core.put_product(sku("A"), plain(), fresh_operation()).await.unwrap();
    assert_eq!(page(&shop, "A", ALL).await.entries.len(), 1);
    shop.close().await;
}
