//! Demand that queues up to a date: dropped then though nobody asks, told to the order it is of, and paid back once, also
//! after a crash or a death between the product's word and the order's.

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
    Failure, ManualClock, OrderSource, OrderView, PlaceOrderRequest, ReservationLineView, Reserve,
};
use holdfast_engine::order::{NOT_THERE_IN_TIME, OrderEvent, OrderStatus};
use holdfast_engine::product::{Backorders, Policy, ProductEvent, Terms, TimeInForce};
use holdfast_engine::{Event, Millis, OrderId, Rejection, ReservationId, Timestamp};
use holdfast_persistence::MemoryDisk;

use support::ask::{
    PRICE_MINOR, changed, checkout, fresh, fresh_operation, line, moved, new_basket, operation, order_line,
    order_units, sku,
};
use support::bank::{Act, BANK, Bank};
use support::doors::DoorClock;
use support::shop::{START, Shop, clock, config};
use support::{eventually, journal, within};

const ORDER: u128 = 21;
const HOUR: Millis = Millis(60 * 60 * 1000);
/// Longer than the pause after which a deadline is looked at that has come while its owner was at work.
const A_WHILE: Millis = Millis(10);

fn backordered() -> Policy {
    Policy { backorders: Backorders::Unlimited, ..Policy::default() }
}

fn till(date: Timestamp) -> Terms {
    Terms { time_in_force: Some(TimeInForce::GoodTilDate(date)), ..Terms::default() }
}

fn dated(count: u32) -> Reserve {
    Reserve { terms: till(START.plus(HOUR)), ..new_basket([line("A", count)]) }
}

/// An order of three A and one B, until an hour from the start.
fn dated_order() -> PlaceOrderRequest {
    let lines = OrderSource::Lines(vec![order_line("A", 3), order_line("B", 1)]);
    PlaceOrderRequest { terms: till(START.plus(HOUR)), ..checkout(ORDER, lines, BANK, "card") }
}

/// A shop with one A and no B, of which any number may queue.
async fn stocked(shop: &Shop) {
    shop.stock_with("A", 1, backordered()).await;
    shop.stock_with("B", 0, backordered()).await;
}

async fn shop() -> (Shop, Arc<ManualClock>) {
    let time = clock();
    let shop = Shop::new(time.clone()).await;
    stocked(&shop).await;
    (shop, time)
}

async fn shop_at(bank: &Bank) -> (Shop, Arc<ManualClock>) {
    let time = clock();
    let shop = Shop::open(&MemoryDisk::new(), time.clone(), bank.payments(), config()).await;
    stocked(&shop).await;
    (shop, time)
}

impl Shop {
    async fn line_of(&self, id: ReservationId) -> ReservationLineView {
        within("reading", self.core.reservation(id)).await.unwrap().lines[0].clone()
    }

    /// The order, once it has heard of what lapsed and has paid that back.
    async fn heard(&self) -> OrderView {
        eventually("the order hears of it", async || {
            // An owner may be dying over it.
            let view = self.core.order(OrderId(ORDER)).await;
            view.is_ok_and(|view| view.lines.iter().any(|line| !line.lapsed.is_zero()))
        })
        .await;
        self.rested(ORDER).await
    }
}

fn lapsed(view: &OrderView) -> Vec<u64> {
    view.lines.iter().map(|line| line.lapsed.units()).collect()
}

fn count(events: &[Event], is: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| is(event)).count()
}

fn is_drop(event: &Event) -> bool {
    matches!(event, Event::Product(_, ProductEvent::DemandLapsed { .. }))
}

fn is_heard(event: &Event) -> bool {
    matches!(event, Event::Order(_, OrderEvent::UnitsLapsed { .. }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_queues_is_dropped_at_its_instant_though_nobody_asks() {
    let (shop, time) = shop().await;
    let id = shop.core.reserve(dated(3)).await.unwrap().value.id;
    shop.core.commit(id, None, fresh_operation()).await.unwrap();
    time.advance(Millis(HOUR.0 - A_WHILE.0));
    let line = shop.line_of(id).await;
    assert_eq!((line.sources.queued().units(), line.lapsed.units()), (2, 0));
    assert!(!journal::events(&shop.disk).iter().any(is_drop));
    time.advance(A_WHILE);
    // Nothing is asked of the product meanwhile: the timer has woken its owner.
    eventually("the timer drops it", async || journal::events(&shop.disk).iter().any(is_drop)).await;
    let line = shop.line_of(id).await;
    assert_eq!((line.committed.units(), line.sources.queued().units(), line.lapsed.units()), (3, 0, 2));
    assert_eq!(line.sources.good_til(), None);
    // What comes now is for others.
    shop.core.adjust(sku("A"), moved(5, fresh_operation())).await.unwrap();
    assert_eq!(shop.counts("A").await.available, 5);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_committed_at_its_date_says_at_once_what_was_dropped() {
    let (shop, time) = shop().await;
    let request = Reserve { ttl: Some(Millis(2 * HOUR.0)), ..dated(4) };
    let id = shop.core.reserve(request).await.unwrap().value.id;
    time.advance(HOUR);
    assert_eq!(shop.line_of(id).await.sources.queued().units(), 3, "what is only held is not touched");
    let taken = vec![support::ask::taken("A", 3)];
    let answer = shop.core.commit(id, Some(taken), fresh_operation()).await.unwrap().value;
    let line = &answer.lines[0];
    assert_eq!((line.committed.units(), line.sources.queued().units(), line.lapsed.units()), (3, 0, 2));
    assert_eq!(shop.line_of(id).await.lapsed.units(), 2);
    let world = shop.audit().await;
    let (_, allocation) = world.products()[&sku("A")].allocations().next().unwrap();
    assert_eq!((allocation.open().units(), allocation.lapsed.units()), (1, 2));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_date_that_is_over_is_refused_but_its_request_may_be_repeated() {
    let (shop, time) = shop().await;
    let request = Reserve { ttl: Some(Millis(2 * HOUR.0)), ..dated(2) };
    let made = shop.core.reserve(request.clone()).await.unwrap().value;
    let (key, all) = (operation(fresh(), 1), [line("A", 3)]);
    let change = holdfast_actors::ChangeReservation {
        terms: till(START.plus(HOUR)),
        ..changed(made.id, all.clone(), key)
    };
    let changed_once = shop.core.change_reservation(change.clone()).await.unwrap().value;
    time.advance(HOUR);
    let again = shop.core.reserve(request).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.value, made);
    assert_eq!(shop.core.change_reservation(change.clone()).await.unwrap().value, changed_once);
    let is_over = |refused: Failure| {
        assert!(matches!(refused, Failure::Rejected(Rejection::GoodTilOutOfRange { .. })), "{refused:?}");
    };
    is_over(shop.core.reserve(dated(1)).await.unwrap_err());
    is_over(shop.core.place_order(dated_order()).await.unwrap_err());
    // Also where nothing is claimed besides.
    let less = holdfast_actors::ChangeReservation {
        lines: vec![line("A", 1)],
        operation: fresh_operation(),
        ..change
    };
    is_over(shop.core.change_reservation(less).await.unwrap_err());
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_hears_of_all_its_lines_at_once_and_pays_back_once() {
    let bank = Bank::new();
    let (shop, time) = shop_at(&bank).await;
    shop.core.place_order(dated_order()).await.unwrap();
    // It asks what had lapsed when it was confirmed: nothing.
    shop.settle().await;
    time.advance(HOUR);
    let view = shop.heard().await;
    assert_eq!((lapsed(&view), view.status), (vec![2, 1], OrderStatus::Confirmed));
    let refunds: Vec<_> = view.refunds.iter().map(|refund| (refund.amount.minor(), &refund.reason)).collect();
    assert_eq!(refunds, [(3 * PRICE_MINOR, &NOT_THERE_IN_TIME)]);
    assert_eq!(bank.account(ORDER).paid_back, 3 * PRICE_MINOR);
    let shipped = shop.core.ship(OrderId(ORDER), vec![], fresh_operation()).await.unwrap().value;
    assert_eq!((shipped.status, lapsed(&shipped)), (OrderStatus::Shipped, vec![2, 1]));
    let events = journal::events(&shop.disk);
    assert_eq!((count(&events, is_drop), count(&events, is_heard)), (2, 1));
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_is_paid_after_the_date_hears_of_it_then() {
    let bank = Bank::new().script("capture", [Act::Wait]);
    let (shop, time) = shop_at(&bank).await;
    let core = shop.core.clone();
    let placing = tokio::spawn(async move { core.place_order(dated_order()).await });
    eventually("its units are promised", async || {
        let events = journal::events(&shop.disk);
        events.iter().any(|event| matches!(event, Event::Order(_, OrderEvent::StockCommitted { .. })))
    })
    .await;
    time.advance(HOUR);
    eventually("both are dropped", async || count(&journal::events(&shop.disk), is_drop) == 2).await;
    assert_eq!(count(&journal::events(&shop.disk), is_heard), 0, "it is not paid yet");
    bank.let_go();
    within("a checkout", placing).await.unwrap().unwrap();
    let view = shop.heard().await;
    assert_eq!(lapsed(&view), [2, 1]);
    assert_eq!(bank.account(ORDER).paid_back, 3 * PRICE_MINOR);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn units_called_off_after_the_date_are_paid_back_once() {
    let bank = Bank::new();
    let (shop, time) = shop_at(&bank).await;
    shop.core.place_order(dated_order()).await.unwrap();
    // It asks what had lapsed when it was confirmed: nothing.
    shop.settle().await;
    time.advance(HOUR);
    // Whether the order has heard of it or not: two of A and the one B are gone one way or the other.
    let cancelled = shop
        .core
        .cancel_units(OrderId(ORDER), vec![order_units("A", 1)], "wish".into(), fresh_operation())
        .await;
    cancelled.unwrap();
    eventually("it has heard of it", async || {
        let view = shop.core.order(OrderId(ORDER)).await.unwrap();
        !view.lines[1].lapsed.is_zero()
    })
    .await;
    let view = shop.rested(ORDER).await;
    let gone = view.lines[0].lapsed.units() + view.lines[0].cancelled.units();
    let world = shop.audit().await;
    let order = world.order(OrderId(ORDER)).unwrap();
    let allocation = world.products()[&sku("A")].allocation(order.hold(0)).unwrap();
    assert_eq!(allocation.gone().units(), gone);
    let back = i64::try_from(gone + 1).unwrap() * PRICE_MINOR;
    assert_eq!(bank.account(ORDER).paid_back, back);
    shop.close().await;
}

/// Wherever the process dies between the drop of the first line and the end of the refund, the next one makes it whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_anywhere_between_the_products_and_the_order_is_made_up_for() {
    let bank = Bank::new();
    let (shop, time) = shop_at(&bank).await;
    shop.core.place_order(dated_order()).await.unwrap();
    // It asks what had lapsed when it was confirmed: nothing.
    shop.settle().await;
    time.advance(HOUR);
    shop.heard().await;
    shop.audit().await;
    let events = journal::events(&shop.disk);
    let from = events.iter().position(is_drop).unwrap();
    let heard = events.iter().position(is_heard).unwrap();
    assert!(from < heard, "the product decides first");
    shop.close().await;
    for cut in from..=events.len() {
        let later = clock();
        later.advance(Millis(HOUR.0 + 5));
        let bank = bank.with_entries(|_| true);
        let disk = journal::disk_of(&events[..cut]);
        let shop = Shop::open(&disk, later, bank.payments(), config()).await;
        let view = shop.heard().await;
        assert_eq!(lapsed(&view), [2, 1], "cut after {cut} of {}", events.len());
        let owed: Vec<_> = view.refunds.iter().map(|refund| refund.amount.minor()).collect();
        assert_eq!(owed, [3 * PRICE_MINOR], "cut after {cut} of {}", events.len());
        let events = journal::events(&shop.disk);
        assert_eq!((count(&events, is_drop), count(&events, is_heard)), (2, 1));
        shop.audit().await;
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_owner_that_dies_before_it_has_told_the_order_tells_it_when_it_is_back() {
    let doors = DoorClock::new();
    let shop = Shop::new(doors.clone()).await;
    stocked(&shop).await;
    let lines = OrderSource::Lines(vec![order_line("A", 3), order_line("B", 1)]);
    let request = PlaceOrderRequest {
        terms: till(shop.core.now().plus(HOUR)),
        ..checkout(ORDER, lines, "sandbox", "approve")
    };
    shop.core.place_order(request).await.unwrap();
    shop.settle().await;
    // It lives to drop what queues, and dies over the question what that was.
    doors.kill_later(doors.owner(&shop, "A").await, 1);
    doors.advance(HOUR);
    let view = shop.heard().await;
    assert_eq!(shop.core.stats().actor_restarts, 1);
    assert_eq!(lapsed(&view), [2, 1]);
    shop.audit().await;
    shop.close().await;
}
