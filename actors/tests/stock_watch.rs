//! Watching stock: who hears what, when, and how often.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use holdfast_actors::{NewsKind, StockNews, StockWatch, TURNS_KEPT, Turn};
use holdfast_engine::product::{Policy, Preorder};
use holdfast_engine::{Millis, Quantity, ReservationId, Sequence};

use support::ask::{basket, details, fresh_operation, line, new_basket, sku};
use support::shop::{START, Shop, clock};
use support::{begin, within};

/// What is told, in short: the product, what about it, and how many are available.
type Told<'a> = (&'a str, &'a str, u64);

fn told(news: &[StockNews]) -> Vec<Told<'_>> {
    let word = |kind| match kind {
        NewsKind::State => "state",
        NewsKind::Turned(Turn::SoldOut) => "sold out",
        NewsKind::Turned(Turn::BackInStock) => "back",
    };
    news.iter().map(|news| (news.sku.as_str(), word(news.kind), news.counts.available)).collect()
}

async fn next(watch: &mut StockWatch) -> Vec<StockNews> {
    within("something new", watch.next()).await
}

async fn shop(units: u64) -> Shop {
    let shop = Shop::new(clock()).await;
    shop.stock("A", units).await;
    shop.stock("B", units).await;
    shop
}

fn watch(shop: &Shop, names: &[&str], seen: Option<Sequence>) -> StockWatch {
    let skus: Vec<_> = names.iter().map(|name| sku(name)).collect();
    shop.core.watch_stock(&skus, seen).unwrap()
}

async fn take(shop: &Shop, id: u128, units: u32) {
    shop.core.reserve(basket(id, [line("A", units)])).await.unwrap();
}

async fn give_back(shop: &Shop, id: u128) {
    shop.core.release(ReservationId(id), fresh_operation()).await.unwrap();
}

#[tokio::test]
async fn the_last_unit_taken_is_told_once_and_one_of_several_is_not() {
    let shop = shop(2).await;
    let mut watch = watch(&shop, &["A"], None);
    assert_eq!(told(&next(&mut watch).await), [("A", "state", 2)]);
    take(&shop, 1, 1).await;
    assert_eq!(told(&next(&mut watch).await), [("A", "state", 1)]);
    take(&shop, 2, 1).await;
    let news = next(&mut watch).await;
    assert_eq!(told(&news), [("A", "sold out", 0), ("A", "state", 0)]);
    let shown = shop.shown("A").await;
    assert!(news.iter().all(|news| news.counts.sequence == shown.sequence), "{news:?}");
    // What is not there cannot be taken, which changes nothing.
    let refused = basket(3, [line("A", 1)]);
    assert!(shop.core.reserve(refused).await.is_err());
    give_back(&shop, 1).await;
    assert_eq!(told(&next(&mut watch).await), [("A", "back", 1), ("A", "state", 1)]);
    give_back(&shop, 2).await;
    assert_eq!(told(&next(&mut watch).await), [("A", "state", 2)]);
    shop.close().await;
}

#[tokio::test]
async fn a_slow_watcher_hears_of_every_turn_and_of_the_newest_counts_only() {
    let shop = shop(1).await;
    let mut watch = watch(&shop, &["A"], None);
    next(&mut watch).await;
    for id in 1..=2 {
        take(&shop, id, 1).await;
        give_back(&shop, id).await;
    }
    shop.count("A", 5).await;
    let news = next(&mut watch).await;
    let turns = [("A", "sold out", 0), ("A", "back", 1)];
    assert_eq!(told(&news), [turns[0], turns[1], turns[0], turns[1], ("A", "state", 5)]);
    assert!(news.iter().all(|news| news.missed_turns == 0));
    shop.close().await;
}

#[tokio::test]
async fn turns_beyond_those_kept_are_counted() {
    let shop = shop(1).await;
    let mut watch = watch(&shop, &["A"], None);
    next(&mut watch).await;
    let times = TURNS_KEPT as u128 / 2 + 3;
    for id in 1..=times {
        take(&shop, id, 1).await;
        give_back(&shop, id).await;
    }
    let news = next(&mut watch).await;
    assert_eq!(news.len(), TURNS_KEPT, "the counts are what they were");
    let missed: Vec<_> = news.iter().map(|news| news.missed_turns).filter(|missed| *missed > 0).collect();
    assert_eq!((missed.as_slice(), news[0].missed_turns), ([6].as_slice(), 6));
    take(&shop, 1_000, 1).await;
    assert_eq!(told(&next(&mut watch).await), [("A", "sold out", 0), ("A", "state", 0)]);
    shop.close().await;
}

#[tokio::test]
async fn who_comes_back_is_told_what_is_newer_and_nothing_else() {
    let shop = shop(2).await;
    let mut first = watch(&shop, &["A", "B"], None);
    let news = next(&mut first).await;
    assert_eq!(told(&news), [("A", "state", 2), ("B", "state", 2)]);
    let seen = news.last().unwrap().counts.sequence;
    drop(first);
    take(&shop, 1, 2).await;
    let mut again = watch(&shop, &["A", "B"], Some(seen));
    // It sold out while nobody watched: that is to be seen in the counts.
    let news = next(&mut again).await;
    assert_eq!(told(&news), [("A", "state", 0)]);
    let mut up_to_date = watch(&shop, &["A", "B"], Some(news[0].counts.sequence));
    let waiting = begin(up_to_date.next()).await;
    give_back(&shop, 1).await;
    let news = waiting.answer("what is new").await;
    assert_eq!(told(&news), [("A", "back", 2), ("A", "state", 2)]);
    // A position that is still to come is one of another journal.
    let mut stranger = watch(&shop, &["A"], Some(Sequence(1_000_000)));
    assert_eq!(told(&next(&mut stranger).await), [("A", "state", 2)]);
    shop.close().await;
}

#[tokio::test]
async fn a_product_is_back_the_instant_it_is_released() {
    let clock = clock();
    let shop = Shop::new(clock.clone()).await;
    let preorder = Preorder { quota: Quantity::ZERO, release_at: START.plus(Millis(1_000)) };
    shop.stock_with("A", 3, Policy { preorder: Some(preorder), ..Policy::default() }).await;
    let mut first = watch(&shop, &["A"], None);
    let news = next(&mut first).await;
    assert_eq!(told(&news), [("A", "state", 0)]);
    clock.advance(Millis(1_000));
    assert_eq!(told(&next(&mut first).await), [("A", "back", 3), ("A", "state", 3)]);
    // Time has no position of its own, and a watch goes back to none.
    shop.stock("B", 1).await;
    let (earlier, later) = (shop.shown("A").await.sequence, shop.shown("B").await.sequence);
    let mut both = watch(&shop, &["A", "B"], Some(later));
    let news_of_both = next(&mut both).await;
    assert_eq!(told(&news_of_both), [("A", "state", 3)]);
    assert_eq!((news_of_both[0].counts.sequence, news_of_both[0].position), (earlier, later));
    // Who saw its last position may have seen it before.
    let mut again = watch(&shop, &["A"], Some(news[0].counts.sequence));
    assert_eq!(told(&next(&mut again).await), [("A", "state", 3)]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn positions_only_grow_and_the_last_counts_are_the_true_ones() {
    let shop = shop(40).await;
    let mut watch = watch(&shop, &["A", "B"], None);
    let core = shop.core.clone();
    let buying = tokio::spawn(async move {
        let buy = |_| core.reserve(new_basket([line("A", 1), line("B", 1)]));
        futures::future::join_all((0..60).map(buy)).await.into_iter().filter(Result::is_ok).count()
    });
    let (mut last, mut available) = (Sequence::default(), [u64::MAX; 2]);
    let mut sold_out = [0; 2];
    while available != [0, 0] {
        for news in next(&mut watch).await {
            assert_eq!(news.position, news.counts.sequence, "every change has a position here");
            assert!(news.position >= last, "{news:?} after {last:?}");
            last = news.position;
            let product = usize::from(news.sku.as_str() == "B");
            match news.kind {
                NewsKind::State => available[product] = news.counts.available,
                NewsKind::Turned(Turn::SoldOut) => sold_out[product] += 1,
                NewsKind::Turned(Turn::BackInStock) => sold_out[product] -= 1,
            }
        }
    }
    assert_eq!(within("the buyers", buying).await.unwrap(), 40);
    assert_eq!(sold_out, [1, 1]);
    shop.close().await;
}

#[tokio::test]
async fn what_nobody_sells_cannot_be_watched() {
    let shop = shop(1).await;
    assert!(shop.core.watch_stock(&[sku("A"), sku("NOPE")], None).is_err());
    shop.core.put_product(sku("C"), details(Policy::default()), fresh_operation()).await.unwrap();
    shop.core.delete_product(sku("C"), fresh_operation()).await.unwrap();
    assert!(shop.core.watch_stock(&[sku("C")], None).is_err());
    shop.close().await;
}
