//! The waiting list at work: an offer is made in the step that frees its units, ends though nobody asks, is nobody else's
//! while it lasts, and is there after a crash or a death.

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

use holdfast_actors::{Failure, ManualClock, Reserve, WaitingView};
use holdfast_engine::product::{JoinWaiting, Policy, PriorityClass, WaitingRules, WaitingStatus};
use holdfast_engine::{CustomerId, Millis, Rejection};

use support::ask::{fresh_operation, line, moved, new_basket, sku, units};
use support::shop::{Shop, clock};
use support::{eventually, within};

const OFFER: Millis = Millis(60_000);
const ONE: Millis = Millis(1);

fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

fn policy() -> Policy {
    Policy { waiting_list: Some(WaitingRules { offer_ttl: OFFER }), ..Policy::default() }
}

fn basket_of(name: &str, count: u32) -> Reserve {
    Reserve { customer: customer(name), ..new_basket([line("A", count)]) }
}

impl Shop {
    async fn join(&self, name: &str, count: u32) -> WaitingView {
        let join = JoinWaiting {
            customer: customer(name),
            quantity: units(count),
            location: None,
            class: PriorityClass::default(),
            operation: fresh_operation(),
        };
        within("joining", self.core.join_waiting_list(sku("A"), join)).await.unwrap().value
    }

    async fn waits(&self, name: &str) -> (WaitingStatus, u64) {
        let view = within("reading", self.core.waiting(&sku("A"), customer(name))).await.unwrap();
        (view.status, view.offered.iter().map(|(_, units)| units).sum())
    }

    async fn receive(&self, count: i64) {
        within("a receipt", self.core.adjust(sku("A"), moved(count, fresh_operation()))).await.unwrap();
    }

    async fn is_sold_out_for(&self, name: &str) -> bool {
        let refused = within("a basket", self.core.reserve(basket_of(name, 1))).await;
        matches!(refused, Err(Failure::Rejected(Rejection::InsufficientStock(_))))
    }
}

async fn waited_for() -> (Shop, Arc<ManualClock>) {
    let time = clock();
    let shop = Shop::new(time.clone()).await;
    shop.stock_with("A", 0, policy()).await;
    (shop, time)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_offer_ends_at_its_instant_though_nobody_asks_and_the_next_has_it() {
    let (shop, time) = waited_for().await;
    shop.join("ann", 1).await;
    shop.join("bob", 1).await;
    shop.receive(1).await;
    assert_eq!(shop.waits("ann").await, (WaitingStatus::Offered, 1));
    assert!(shop.is_sold_out_for("bob").await);
    time.advance(Millis(OFFER.0 - 1));
    assert_eq!(shop.waits("ann").await, (WaitingStatus::Offered, 1));
    let appended = shop.core.stats().journal_appended;
    time.advance(ONE);
    // Nothing is asked of the product meanwhile: the timer has woken its owner.
    eventually("the timer ends the offer", async || shop.core.stats().journal_appended > appended).await;
    assert_eq!(shop.waits("ann").await, (WaitingStatus::Lapsed, 0));
    assert_eq!(shop.waits("bob").await, (WaitingStatus::Offered, 1));
    assert!(shop.is_sold_out_for("ann").await);
    within("a basket", shop.core.reserve(basket_of("bob", 1))).await.unwrap();
    assert_eq!(shop.waits("bob").await, (WaitingStatus::Claimed, 0));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_basket_gives_back_is_offered_before_anybody_sees_it() {
    let (shop, _) = waited_for().await;
    shop.receive(1).await;
    let held = shop.core.reserve(basket_of("cleo", 1)).await.unwrap().value;
    shop.join("ann", 1).await;
    shop.core.release(held.id, fresh_operation()).await.unwrap();
    let shown = shop.shown("A").await;
    assert_eq!((shown.totals().available, shown.totals().held, shown.offered), (0, 1, 1));
    assert!(shop.is_sold_out_for("cleo").await);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_that_fails_elsewhere_leaves_the_offer_for_its_customer() {
    let (shop, _) = waited_for().await;
    shop.stock("B", 0).await;
    shop.join("ann", 1).await;
    shop.receive(1).await;
    let wide = Reserve { customer: customer("ann"), ..new_basket([line("A", 1), line("B", 1)]) };
    assert!(shop.core.reserve(wide).await.is_err());
    shop.settle().await;
    assert_eq!(shop.waits("ann").await, (WaitingStatus::Offered, 1));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_offer_is_there_after_a_crash_at_any_moment() {
    let (shop, time) = waited_for().await;
    shop.join("ann", 2).await;
    shop.join("bob", 1).await;
    shop.receive(2).await;
    let again = shop.after_crash(time.clone()).await;
    assert_eq!(again.waits("ann").await, (WaitingStatus::Offered, 2));
    assert_eq!(again.waits("bob").await, (WaitingStatus::Waiting, 0));
    again.audit().await;
    again.close().await;
    // Down until the offer is over: it goes to the next, for the full time from then on.
    time.advance(Millis(OFFER.0 * 10));
    let later = shop.after_crash(time.clone()).await;
    assert_eq!(later.waits("ann").await, (WaitingStatus::Lapsed, 0));
    let bob = later.core.waiting(&sku("A"), customer("bob")).await.unwrap();
    assert_eq!(bob.expires_at, Some(later.core.now().plus(OFFER)));
    assert_eq!(later.counts("A").await.available, 1);
    later.audit().await;
    later.close().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_wait_and_many_that_buy_at_once_get_each_unit_once() {
    let (shop, _) = waited_for().await;
    let names: Vec<String> = (0..24).map(|number| format!("c{number}")).collect();
    let waiting = names.iter().map(|name| shop.join(name, 1));
    futures::future::join_all(waiting).await;
    let buyers: Vec<String> = (0..24).map(|number| format!("b{number}")).collect();
    let buying = futures::future::join_all(
        names.iter().chain(&buyers).map(|name| shop.core.reserve(basket_of(name, 1))),
    );
    let receiving = async {
        for _ in 0..12 {
            shop.receive(1).await;
        }
    };
    let (bought, ()) = within("a crowd", futures::future::join(buying, receiving)).await;
    let granted = bought.iter().filter(|answer| answer.is_ok()).count();
    // Nobody who has not waited has a unit while two dozen wait for twelve.
    assert!(bought[names.len()..].iter().all(Result::is_err));
    let shown = shop.shown("A").await;
    assert_eq!((shown.totals().held, shown.totals().available), (12, 0));
    assert_eq!(shown.offered as usize + granted, 12);
    shop.audit().await;
    shop.close().await;
}
