//! What a customer has claimed, as a whole: listed, and given back in one go.

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

use holdfast_actors::{
    Age, Claimed, ManualClock, OrderRequestLine, OrderSource, ReleasedAll, ReservationView, Reserve,
};
use holdfast_engine::order::OrderStatus;
use holdfast_engine::{CustomerId, Millis, Operation, Rejection, ReservationId};
use holdfast_persistence::MemoryDisk;

use support::ask::{
    TTL, basket, buyer, checkout, fresh, fresh_operation, line, operation, order_of, sku, units,
};
use support::bank::{Act, BANK, Bank};
use support::shop::{Shop, clock, config};
use support::{begin, eventually, within};

/// The operation of a request under this key for a reservation, as whoever asks derives it.
fn derived(key: u128) -> impl Fn(ReservationId) -> Operation {
    move |id| operation(key ^ { id.0 }, 0)
}

fn customer(name: &str) -> CustomerId {
    CustomerId::new(name).unwrap()
}

fn of(customer: &str, id: u128, units: u32) -> Reserve {
    Reserve { customer: self::customer(customer), ..basket(id, [line("A", units)]) }
}

async fn listed(shop: &Shop, customer: &str) -> Vec<u128> {
    ids(&within("a list", shop.core.reservations(&self::customer(customer), None, None, 99)).await.unwrap())
}

fn ids(views: &[ReservationView]) -> Vec<u128> {
    views.iter().map(|view| view.id.0).collect()
}

async fn release_all(shop: &Shop, customer: &str, key: u128) -> ReleasedAll {
    let customer = self::customer(customer);
    within("giving all back", shop.core.release_all(&customer, derived(key))).await.unwrap()
}

/// Who was given back, and whether that had been told before.
fn told(answer: &ReleasedAll) -> Vec<(u128, bool)> {
    answer.released.iter().map(|released| (released.value.id.0, released.replayed)).collect()
}

/// A shop in which ann made 1, 2 and 3 and bob 4, one after the other.
async fn shop() -> (Shop, Arc<ManualClock>) {
    let clock = clock();
    let shop = Shop::new(clock.clone()).await;
    shop.stock("A", 100).await;
    for (name, id) in [("ann", 1), ("ann", 2), ("ann", 3), ("bob", 4)] {
        clock.advance(Millis(1));
        shop.core.reserve(of(name, id, 1)).await.unwrap();
    }
    (shop, clock)
}

#[tokio::test]
async fn a_customers_live_reservations_are_listed_newest_first_page_by_page() {
    let (shop, _) = shop().await;
    let first = shop.core.reservations(&customer("ann"), None, None, 2).await.unwrap();
    assert_eq!(ids(&first), [3, 2]);
    let last = first.last().unwrap();
    let after = Age { made_at: last.created_at, id: last.id };
    let rest = shop.core.reservations(&customer("ann"), Some(Claimed::Held), Some(after), 2).await.unwrap();
    assert_eq!(ids(&rest), [1]);
    let paid_for = shop.core.reservations(&customer("ann"), Some(Claimed::InCheckout), None, 2).await;
    assert_eq!(paid_for.unwrap(), []);
    assert_eq!(listed(&shop, "cleo").await.len(), 0);
    shop.close().await;
}

#[tokio::test]
async fn what_has_ended_or_never_came_to_be_is_not_listed_before_or_after_a_restart() {
    let (shop, clock) = shop().await;
    shop.core.commit(ReservationId(1), None, fresh_operation()).await.unwrap();
    shop.core.release(ReservationId(2), fresh_operation()).await.unwrap();
    assert!(shop.core.reserve(of("ann", 5, 1_000)).await.is_err());
    let mut lapsing = of("ann", 6, 1);
    lapsing.ttl = Some(Millis(500));
    shop.core.reserve(lapsing).await.unwrap();
    // Nobody need have noticed.
    clock.advance(Millis(500));
    assert_eq!(listed(&shop, "ann").await, [3]);
    let again = shop.after_crash(clock.clone()).await;
    assert_eq!(listed(&again, "ann").await, [3]);
    assert_eq!(listed(&again, "bob").await, [4]);
    clock.advance(TTL);
    assert_eq!(listed(&again, "bob").await.len(), 0);
}

#[tokio::test]
async fn a_basket_refused_by_its_last_product_is_nobodys() {
    let (shop, _) = shop().await;
    shop.stock("B", 1).await;
    let refused = Reserve { customer: customer("ann"), ..basket(7, [line("A", 1), line("B", 2)]) };
    assert!(shop.core.reserve(refused.clone()).await.is_err());
    assert_eq!(listed(&shop, "ann").await, [3, 2, 1]);
    // Under the same number, once there is enough.
    shop.count("B", 2).await;
    shop.core.reserve(refused).await.unwrap();
    assert!(listed(&shop, "ann").await.contains(&7));
    shop.audit().await;
}

#[tokio::test]
async fn those_made_together_are_listed_like_any_other() {
    let (shop, _) = shop().await;
    shop.core.reserve_together(vec![of("dan", 8, 1), of("dan", 9, 1)]).await.unwrap();
    assert_eq!(listed(&shop, "dan").await, [9, 8]);
    shop.close().await;
}

#[tokio::test]
async fn giving_all_back_frees_every_unit_of_the_customer_and_of_nobody_else() {
    let (shop, _) = shop().await;
    let answer = release_all(&shop, "ann", 77).await;
    assert_eq!(told(&answer), [(1, false), (2, false), (3, false)]);
    assert_eq!((answer.kept.len(), answer.has_more), (0, false));
    assert_eq!(shop.counts("A").await.held, 1);
    assert_eq!((listed(&shop, "ann").await, listed(&shop, "bob").await), (vec![], vec![4]));
    shop.audit().await;
}

#[tokio::test]
async fn who_has_nothing_gives_nothing_back_and_is_told_so() {
    let (shop, _) = shop().await;
    let before = shop.core.stats().journal_appended;
    for _ in 0..2 {
        let answer = release_all(&shop, "cleo", 77).await;
        assert_eq!((answer.released.len(), answer.kept.len()), (0, 0));
    }
    assert_eq!(shop.core.stats().journal_appended, before, "nothing is written down");
    shop.close().await;
}

#[tokio::test]
async fn a_repeat_tells_the_same_and_leaves_what_was_made_since() {
    let (shop, clock) = shop().await;
    let first = release_all(&shop, "ann", 77).await;
    clock.advance(Millis(1));
    shop.core.reserve(of("ann", 10, 1)).await.unwrap();
    let shop = shop.after_crash(clock.clone()).await;
    let again = release_all(&shop, "ann", 77).await;
    assert_eq!(told(&again), [(1, true), (2, true), (3, true)]);
    let values = |answer: &ReleasedAll| -> Vec<_> {
        answer.released.iter().map(|released| released.value.clone()).collect()
    };
    assert_eq!(values(&again), values(&first));
    assert_eq!(listed(&shop, "ann").await, [10]);
    // Another request means the new one, too.
    assert_eq!(told(&release_all(&shop, "ann", 78).await), [(10, false)]);
}

#[tokio::test]
async fn a_repeat_finishes_what_a_crash_cut_short() {
    let (shop, clock) = shop().await;
    // The process ended after the second of three.
    shop.core.release(ReservationId(2), derived(77)(ReservationId(2))).await.unwrap();
    clock.advance(Millis(1));
    shop.core.reserve(of("ann", 10, 1)).await.unwrap();
    let shop = shop.after_crash(clock.clone()).await;
    let answer = release_all(&shop, "ann", 77).await;
    assert_eq!(told(&answer), [(1, false), (2, true), (3, false)]);
    assert_eq!(listed(&shop, "ann").await, [10]);
    shop.audit().await;
}

#[tokio::test]
async fn what_is_being_paid_for_stays_and_says_for_which_order() {
    let bank = Bank::new().script("authorise", [Act::Wait]);
    let shop = Shop::open(&MemoryDisk::new(), clock(), bank.payments(), config()).await;
    shop.stock("A", 10).await;
    let [paid, held] = [fresh(), fresh()];
    for id in [paid, held] {
        shop.core.reserve(basket(id, [line("A", 1)])).await.unwrap();
    }
    let mut order = order_of(1, ReservationId(paid), "card");
    order.provider = BANK.into();
    let paying = begin(shop.core.place_order(order)).await;
    eventually("the bank is asked", async || !bank.calls().is_empty()).await;
    let in_checkout = shop.core.reservations(&buyer(), Some(Claimed::InCheckout), None, 9).await.unwrap();
    assert_eq!(ids(&in_checkout), [paid]);
    let answer = within("giving all back", shop.core.release_all(&buyer(), derived(77))).await.unwrap();
    assert_eq!(told(&answer), [(held, false)]);
    assert!(
        matches!(answer.kept.as_slice(), [(id, Rejection::ReservationInCheckout { .. })] if id.0 == paid),
        "{:?}",
        answer.kept
    );
    bank.let_go();
    paying.answer("the checkout").await.unwrap();
    assert_eq!(shop.core.reservations(&buyer(), None, None, 9).await.unwrap(), []);
    shop.audit().await;
}

/// Between its claim and its first record an order's own reservation is one like any other. Whoever ends it then does not end the
/// order: it claims anew.
#[tokio::test]
async fn an_order_whose_own_claim_was_given_back_under_it_claims_anew() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 10).await;
    let lines =
        vec![OrderRequestLine { sku: sku("A"), location: None, quantity: units(2), unit_price: None }];
    let order = checkout(fresh(), OrderSource::Lines(lines), "sandbox", "approve");
    // As a process leaves it behind that ends just then.
    let own = Reserve { fingerprint: order.fingerprint, ..basket(order.id.0, [line("A", 2)]) };
    shop.core.reserve(own).await.unwrap();
    let answer = within("giving all back", shop.core.release_all(&buyer(), derived(77))).await.unwrap();
    assert_eq!(told(&answer), [(order.id.0, false)]);
    let placed = within("an order", shop.core.place_order(order)).await.unwrap();
    assert_eq!(placed.value.status, OrderStatus::Confirmed);
    assert_eq!(ids(&shop.core.reservations(&buyer(), None, None, 9).await.unwrap()), Vec::<u128>::new());
    shop.audit().await;
    shop.close().await;
}
