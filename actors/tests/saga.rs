//! Checkouts: whatever the payment provider does, and wherever the process dies, the goods and the money add up.

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
use std::time::Duration;

use holdfast_actors::{
    CoreConfig, Failure, ManualClock, OrderSource, OrderView, Payments, PlaceOrderRequest, RefundStatus,
    Reply,
};
use holdfast_engine::order::{OrderEvent, OrderStatus, PaymentStep};
use holdfast_engine::product::Policy;
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{CustomerId, Event, Millis, OrderId, Rejection, ReservationId, SmolStr, UnitPrice};
use holdfast_persistence::MemoryDisk;
use rand::RngExt;

use support::ask::{
    PRICE_MINOR, TTL, basket, checkout, eur, euros, fresh, fresh_operation, line, new_basket, operation,
    order, order_line, order_of, order_units, sku,
};
use support::bank::{Account, Act, BANK, Bank, Contact, Doubt, GOODWILL};
use support::doors::DoorClock;
use support::seeds::{random, seeds};
use support::shop::{START, Shop, clock, config, impatient};
use support::{begin, eventually, journal, within};

const BASKET: ReservationId = ReservationId(11);
const ORDER: u128 = 21;
const SHELF: u64 = 100;

/// A shop with a hundred each of A and B, two of A and one of B in a basket, that pays at this bank.
async fn shop_at(bank: &Bank, time: Arc<ManualClock>, config: CoreConfig) -> Shop {
    let shop = Shop::open(&MemoryDisk::new(), time, bank.payments(), config).await;
    stock_up(&shop).await;
    shop
}

async fn stock_up(shop: &Shop) {
    shop.stock("A", SHELF).await;
    shop.stock("B", SHELF).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 2), line("B", 1)])).await.unwrap();
}

/// Where an order's units come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Lines,
    Basket,
}

impl From {
    const BOTH: [Self; 2] = [Self::Lines, Self::Basket];

    /// An order of two A and one B.
    fn order(self) -> PlaceOrderRequest {
        let source = match self {
            Self::Lines => OrderSource::Lines(vec![order_line("B", 1), order_line("A", 2)]),
            Self::Basket => OrderSource::Reservation(BASKET),
        };
        checkout(ORDER, source, BANK, "card")
    }

    /// What is held beside the order: the basket, unless the order took its units. An order that failed after that gave
    /// them back to the shelf.
    fn held(self, view: &OrderView) -> (u64, u64) {
        let took = view.lines.iter().any(|line| !line.cancelled.is_zero());
        match self {
            Self::Basket if took || view.status != OrderStatus::PaymentFailed => (0, 0),
            Self::Lines | Self::Basket => (2, 1),
        }
    }
}

async fn place(shop: &Shop, request: PlaceOrderRequest) -> OrderView {
    within("a checkout", shop.core.place_order(request)).await.unwrap().value
}

/// Checks the order's goods and money, once it has come to rest.
async fn check(shop: &Shop, bank: &Bank, from: From) -> OrderView {
    let view = shop.rested(ORDER).await;
    bank.assert_agrees(&view);
    shop.audit().await;
    let (held_a, held_b) = from.held(&view);
    for (name, held) in [("A", held_a), ("B", held_b)] {
        let line = view.lines.iter().find(|line| line.sku == sku(name)).unwrap();
        let (shipped, returned) = (line.shipped.units(), line.returned.units());
        let open = match view.status {
            OrderStatus::PaymentFailed => 0,
            _ => u64::from(line.quantity.units()) - shipped - line.cancelled.units(),
        };
        let counts = shop.counts(name).await;
        assert_eq!(
            (counts.on_hand, counts.held, counts.allocated),
            (SHELF - shipped + returned, held, open),
            "{name}: {view:?}"
        );
    }
    view
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_method_of_the_sandbox_ends_as_it_says() {
    let config = CoreConfig { payment_timeout: Duration::from_millis(700), ..config() };
    let shop = Shop::open(&MemoryDisk::new(), clock(), Payments::sandbox(), config).await;
    stock_up(&shop).await;
    let methods = ["approve", "decline", "late", "timeout", "fail", "capture_decline", "refund_decline"];
    let orders = (1..).zip(methods).map(|(id, method)| {
        let core = shop.core.clone();
        tokio::spawn(async move { core.place_order(order(id, [order_line("A", 2)], method)).await })
    });
    let mut confirmed = 0;
    for (handle, method) in orders.collect::<Vec<_>>().into_iter().zip(methods) {
        assert!(shop.core.accepts_payment("sandbox", method));
        let view = within(method, handle).await.unwrap().unwrap().value;
        let expected = match method {
            "decline" => (OrderStatus::PaymentFailed, Some("the card was declined")),
            "fail" => (OrderStatus::PaymentFailed, Some("the provider is not available")),
            "capture_decline" => (OrderStatus::PaymentFailed, Some("the card's limit is used up")),
            _ => (OrderStatus::Confirmed, None),
        };
        assert_eq!((view.status, view.reason.as_deref()), expected, "{method}");
        confirmed += u64::from(view.status == OrderStatus::Confirmed);
    }
    assert!(!shop.core.accepts_payment("sandbox", "cash"));
    assert!(!shop.core.accepts_payment("nobody", "approve"));
    shop.audit().await;
    let counts = shop.counts("A").await;
    assert_eq!((counts.held, counts.allocated), (2, 2 * confirmed));
    shop.close().await;
}

/// A step, what the bank does at it, and how the order ends. Whatever comes after a lost answer, the order waits until
/// the bank has told.
const FAULTS: &[(&str, &[Act], bool)] = &[
    ("authorise", &[Act::Approve], true),
    ("authorise", &[Act::Decline], false),
    ("authorise", &[Act::Fail; 3], true),
    ("authorise", &[Act::Fail; 4], false),
    ("authorise", &[Act::LoseAfter], true),
    ("authorise", &[Act::LoseRefusal], false),
    ("authorise", &[Act::LoseBefore], true),
    ("authorise", &[Act::LoseBefore; 7], true),
    ("authorise", &[Act::LoseAndCarryOutLate], true),
    ("authorise", &[Act::HangAfter], true),
    ("authorise", &[Act::HangBefore; 2], true),
    ("authorise", &[Act::PanicAfter], true),
    ("authorise", &[Act::PanicBefore], true),
    ("authorise", &[Act::Fail, Act::LoseBefore, Act::Fail, Act::LoseBefore, Act::Fail, Act::LoseAfter], true),
    ("authorise", &[Act::Fail, Act::LoseBefore, Act::Fail, Act::Fail, Act::LoseBefore, Act::Fail], false),
    ("capture", &[Act::Decline], false),
    ("capture", &[Act::Fail; 3], true),
    ("capture", &[Act::Fail; 4], false),
    ("capture", &[Act::LoseAfter], true),
    ("capture", &[Act::LoseRefusal], false),
    ("capture", &[Act::LoseBefore], true),
    ("capture", &[Act::LoseAndCarryOutLate], true),
    ("capture", &[Act::HangAfter], true),
    ("capture", &[Act::HangBefore], true),
    ("capture", &[Act::PanicAfter], true),
    ("capture", &[Act::PanicBefore], true),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fault_of_the_bank_takes_money_without_goods_or_twice() {
    for (step, acts, confirmed) in FAULTS {
        for from in From::BOTH {
            let bank = Bank::new().script(step, acts.iter().copied());
            let shop = shop_at(&bank, clock(), impatient()).await;
            let answer = place(&shop, from.order()).await;
            let view = check(&shop, &bank, from).await;
            let status = if *confirmed { OrderStatus::Confirmed } else { OrderStatus::PaymentFailed };
            assert_eq!((answer.status, view.status), (status, status), "{step} {acts:?} from {from:?}");
            shop.close().await;
        }
    }
}

/// Letting go of what was set aside, and paying back, are owed: they are tried until they are done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_owed_is_tried_until_it_is_done() {
    let owed: &[&[Act]] = &[
        &[Act::Approve],
        &[Act::Fail; 6],
        &[Act::LoseAfter],
        &[Act::LoseBefore; 3],
        &[Act::LoseAndCarryOutLate],
        &[Act::HangAfter],
        &[Act::HangBefore],
        &[Act::PanicAfter],
        &[Act::PanicBefore],
        &[Act::Fail, Act::LoseBefore, Act::Fail, Act::LoseAfter],
        &[Act::Decline],
        &[Act::LoseRefusal],
    ];
    for acts in owed {
        for from in From::BOTH {
            let bank = Bank::new().script("capture", [Act::Decline]).script("void", acts.iter().copied());
            let shop = shop_at(&bank, clock(), impatient()).await;
            assert_eq!(place(&shop, from.order()).await.status, OrderStatus::PaymentFailed, "{acts:?}");
            check(&shop, &bank, from).await;
            shop.close().await;

            let bank = Bank::new().script("refund", acts.iter().copied());
            let shop = shop_at(&bank, clock(), impatient()).await;
            assert_eq!(place(&shop, from.order()).await.status, OrderStatus::Confirmed);
            let reason = SmolStr::new_static("changed my mind");
            let cancelled =
                shop.core.cancel_order(OrderId(ORDER), reason, fresh_operation()).await.unwrap().value;
            assert_eq!(cancelled.status, OrderStatus::Cancelled);
            let view = check(&shop, &bank, from).await;
            let refused = acts.contains(&Act::Decline) || acts.contains(&Act::LoseRefusal);
            let status = if refused { RefundStatus::Failed } else { RefundStatus::Done };
            assert_eq!(view.refunds.len(), 1, "{acts:?}");
            assert_eq!((view.refunds[0].amount, view.refunds[0].status), (view.total, status), "{acts:?}");
            shop.close().await;
        }
    }
}

/// A bank that cannot say what became of a call leaves the order in the open, with its units held, until it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_decided_while_the_bank_cannot_say() {
    let doubts = [
        vec![Doubt::Pending; 6],
        vec![Doubt::Hang],
        vec![Doubt::Panic; 2],
        vec![Doubt::Pending, Doubt::Panic, Doubt::Hang, Doubt::Pending],
    ];
    for doubts in doubts {
        for (act, status) in [
            (Act::LoseAfter, OrderStatus::Confirmed),
            (Act::LoseBefore, OrderStatus::Confirmed),
            (Act::LoseRefusal, OrderStatus::PaymentFailed),
        ] {
            let bank = Bank::new().script("authorise", [act]).doubt(doubts.clone());
            let shop = shop_at(&bank, clock(), impatient()).await;
            assert_eq!(place(&shop, From::Lines.order()).await.status, status, "{act:?} {doubts:?}");
            check(&shop, &bank, From::Lines).await;
            let asked = bank.log().iter().filter(|(contact, _)| *contact == Contact::Question).count();
            assert_eq!(asked, doubts.len() + 1, "{act:?} {doubts:?}");
            shop.close().await;
        }
    }
}

/// The two ledgers, ours and the bank's, after many orders with a bank in a bad mood: equal to the cent, nothing left
/// undecided.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_books_agree_after_many_orders_with_a_moody_bank() {
    for seed in seeds(3) {
        let mut random = random(seed);
        let bank = Bank::new().moody(seed);
        let shop = shop_at(&bank, clock(), impatient()).await;
        shop.count("A", 100_000).await;
        shop.count("B", 100_000).await;
        let mut clients = tokio::task::JoinSet::new();
        for id in 1_000..1_150 {
            let core = shop.core.clone();
            let (a, b) = (random.random_range(1..9), random.random_range(1..9));
            let (then, lines) = (random.random_range(0..6), vec![order_line("A", a), order_line("B", b)]);
            clients.spawn(async move {
                let request = checkout(id, OrderSource::Lines(lines), BANK, "card");
                let view = core.place_order(request).await.unwrap().value;
                if view.status != OrderStatus::Confirmed {
                    assert_eq!(view.status, OrderStatus::PaymentFailed, "{view:?}");
                    return;
                }
                let id = OrderId(id);
                match then {
                    0 => drop(core.cancel_order(id, SmolStr::default(), fresh_operation()).await.unwrap()),
                    1 => drop(core.ship(id, vec![], fresh_operation()).await.unwrap()),
                    2 => {
                        core.ship(id, vec![order_units("A", a)], fresh_operation()).await.unwrap();
                        for _ in 0..a {
                            let one = vec![order_units("A", 1)];
                            core.return_units(id, one, false, SmolStr::default(), fresh_operation())
                                .await
                                .unwrap();
                        }
                    }
                    3 => {
                        for _ in 0..a {
                            let (one, reason) = (vec![order_units("A", 1)], SmolStr::default());
                            core.cancel_units(id, one, reason, fresh_operation()).await.unwrap();
                        }
                        core.ship(id, vec![], fresh_operation()).await.unwrap();
                    }
                    4 => drop(core.refund(id, euros(100), GOODWILL, fresh_operation()).await.unwrap()),
                    _ => {}
                }
            });
        }
        within("every client is served", clients.join_all()).await;
        // The bank has refused some refunds for good. In a better mood it pays them all.
        bank.calm();
        for view in shop.all_rested().await {
            for (number, refund) in (0..).zip(&view.refunds) {
                if refund.status == RefundStatus::Failed {
                    shop.core.retry_refund(view.id, number, fresh_operation()).await.unwrap();
                }
            }
        }
        let orders = shop.all_rested().await;
        assert_eq!(orders.len(), 150);
        assert!(
            orders.iter().all(|view| view.refunds.iter().all(|refund| refund.status == RefundStatus::Done))
        );
        let mut expected = [(100_000, 0), (100_000, 0)];
        for view in &orders {
            bank.assert_agrees(view);
            for (line, (on_hand, allocated)) in view.lines.iter().zip(&mut expected) {
                *on_hand = *on_hand + line.returned.units() - line.shipped.units();
                if view.status != OrderStatus::PaymentFailed {
                    *allocated +=
                        u64::from(line.quantity.units()) - line.shipped.units() - line.cancelled.units();
                }
            }
        }
        let failed = orders.iter().filter(|view| view.status == OrderStatus::PaymentFailed).count();
        assert!((5..100).contains(&failed), "seed {seed}: {failed} orders failed");
        for (name, expected) in ["A", "B"].into_iter().zip(expected) {
            let counts = shop.counts(name).await;
            assert_eq!((counts.on_hand, counts.allocated), expected, "seed {seed}: {name}");
        }
        shop.audit().await;
        shop.close().await;
    }
}

/// What a client does with an order, each request under a key of its own.
#[derive(Debug, Clone, Copy)]
enum Story {
    Place,
    PlaceAndCancel,
    PlaceShipAndReturn,
    PlaceShipSomeAndCancelTheRest,
    PlaceAndRefundTwice,
}

impl Story {
    /// Does all of it, or does it again.
    async fn tell(self, shop: &Shop, from: From) {
        let placed = place(shop, from.order()).await;
        if placed.status != OrderStatus::Confirmed {
            return;
        }
        let (core, id) = (&shop.core, OrderId(ORDER));
        match self {
            Self::Place => {}
            Self::PlaceAndCancel => {
                let reason = SmolStr::new_static("changed my mind");
                within("a cancellation", core.cancel_order(id, reason, operation(1, 1))).await.unwrap();
            }
            Self::PlaceShipAndReturn => {
                let first = vec![order_units("A", 1), order_units("B", 1)];
                within("a shipment", core.ship(id, first, operation(2, 1))).await.unwrap();
                within("the rest", core.ship(id, vec![], operation(3, 1))).await.unwrap();
                let back = vec![order_units("A", 2)];
                let back = core.return_units(id, back, false, SmolStr::default(), operation(4, 1));
                within("a return", back).await.unwrap();
            }
            Self::PlaceShipSomeAndCancelTheRest => {
                let reason = SmolStr::new_static("one too many");
                let one = core.cancel_units(id, vec![order_units("A", 1)], reason.clone(), operation(5, 1));
                within("a cancellation", one).await.unwrap();
                let first = core.ship(id, vec![order_units("B", 1)], operation(6, 1));
                within("a shipment", first).await.unwrap();
                let rest = core.cancel_order(id, reason, operation(7, 1));
                within("the rest", rest).await.unwrap();
            }
            Self::PlaceAndRefundTwice => {
                let granted = core.refund(id, euros(100), GOODWILL, operation(8, 1));
                within("a refund", granted).await.unwrap();
                shop.rested(ORDER).await;
                let again = within("the same again", core.retry_refund(id, 0, operation(9, 1))).await;
                // The bank refuses it once, or, where its refusal never came about, not at all.
                let unneeded = Err(Rejection::RefundNotFailed { refund: 0, done: true }.into());
                assert!(again.is_ok() || again == unneeded, "{again:?}");
                assert_eq!(shop.rested(ORDER).await.refunds[0].status, RefundStatus::Done);
            }
        }
    }
}

/// Runs a story to its end, then once more for every record of it: the process dies right after that record, the next
/// one takes the order up, and the client repeats what it had asked for. A payment that was asked for and not told yet
/// has reached the bank or not.
async fn die_after_every_record(story: Story, from: From, bank: impl Fn() -> Bank) {
    let (first_bank, time) = (bank(), clock());
    let shop = shop_at(&first_bank, time.clone(), impatient()).await;
    let begins = journal::events(&shop.disk).len();
    story.tell(&shop, from).await;
    let whole = check(&shop, &first_bank, from).await;
    let events = journal::events(&shop.disk);
    shop.close().await;

    let label = format!("{story:?} from {from:?}");
    for cut in begins..=events.len() {
        let asked = first_bank.carried_out();
        let known: Vec<String> = keys(&events[..cut], true);
        let doubtful: Vec<String> = keys(&events[..cut], false)
            .into_iter()
            .filter(|key| !known.contains(key) && asked.contains(key))
            .collect();
        for arrived in [true, false] {
            if arrived && doubtful.is_empty() {
                continue;
            }
            let label = format!("{label}, dead after {cut} ({:?}), arrived: {arrived}", events[cut - 1]);
            let bank = first_bank.with_entries(|key| {
                known.iter().any(|known| known == key)
                    || (arrived && doubtful.iter().any(|doubtful| doubtful == key))
            });
            let disk = journal::disk_of(&events[..cut]);
            let revived = Shop::open(&disk, time.clone(), bank.payments(), impatient()).await;
            story.tell(&revived, from).await;
            let view = check(&revived, &bank, from).await;
            if whole.status != OrderStatus::PaymentFailed {
                assert_eq!((view.status, &view.lines), (whole.status, &whole.lines), "{label}");
            }
            if let Event::Order(_, OrderEvent::PaymentRequested { .. }) = &events[cut - 1] {
                assert_eq!(bank.log()[0].0, Contact::Question, "{label}: asks before it calls again");
            }

            let ended = journal::events(&disk);
            let again = Shop::open(&disk.fork(), time.clone(), bank.payments(), impatient()).await;
            again.audit().await;
            assert_eq!(journal::events(&again.disk), ended, "{label}: nothing is left to be done");
            for name in ["A", "B"] {
                assert_eq!(again.counts(name).await, revived.counts(name).await, "{label}");
            }
            again.close().await;
            revived.close().await;
        }
    }
}

/// Keys of the payment calls that these events tell of: those that were asked for, or those whose end is told.
fn keys(events: &[Event], settled: bool) -> Vec<String> {
    let mut attempts = std::collections::HashMap::new();
    let mut asked = Vec::new();
    let mut told = Vec::new();
    for event in events {
        match event {
            Event::Order(id, OrderEvent::PaymentRequested { step, attempt, .. }) => {
                let step_name = match step {
                    PaymentStep::Authorise => "authorise".to_owned(),
                    PaymentStep::Capture => "capture".to_owned(),
                    PaymentStep::Void => "void".to_owned(),
                    PaymentStep::Refund(number) => format!("refund-{number}"),
                };
                let key = format!("{:032x}-{step_name}-{attempt}", { id.0 });
                attempts.insert(*step, key.clone());
                asked.push(key);
            }
            Event::Order(_, OrderEvent::PaymentSettled { step, .. }) => told.push(attempts[step].clone()),
            _ => {}
        }
    }
    if settled { told } else { asked }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_paid_order_survives_a_death_after_every_record() {
    for from in From::BOTH {
        die_after_every_record(Story::Place, from, Bank::new).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancelled_order_survives_a_death_after_every_record() {
    for from in From::BOTH {
        die_after_every_record(Story::PlaceAndCancel, from, Bank::new).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shipped_and_returned_order_survives_a_death_after_every_record() {
    for from in From::BOTH {
        die_after_every_record(Story::PlaceShipAndReturn, from, Bank::new).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_called_off_line_by_line_survives_a_death_after_every_record() {
    for from in From::BOTH {
        die_after_every_record(Story::PlaceShipSomeAndCancelTheRest, from, Bank::new).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_refund_that_is_tried_again_survives_a_death_after_every_record() {
    for first in [&[Act::Decline][..], &[Act::LoseRefusal], &[Act::Fail, Act::LoseRefusal]] {
        let bank = || Bank::new().script("refund", first.iter().copied());
        die_after_every_record(Story::PlaceAndRefundTwice, From::Lines, bank).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_in_trouble_survives_a_death_after_every_record() {
    let troubles: &[&[(&'static str, &[Act])]] = &[
        &[("authorise", &[Act::Decline])],
        &[("authorise", &[Act::Fail; 4])],
        &[("authorise", &[Act::Fail, Act::LoseAfter])],
        &[("authorise", &[Act::LoseBefore, Act::LoseAfter])],
        &[("capture", &[Act::LoseAfter])],
        &[("capture", &[Act::Decline])],
        &[("capture", &[Act::Fail; 4]), ("void", &[Act::Fail, Act::LoseBefore])],
        &[("capture", &[Act::LoseRefusal]), ("void", &[Act::LoseAfter])],
    ];
    for trouble in troubles {
        for from in From::BOTH {
            let bank = || {
                trouble.iter().fold(Bank::new(), |bank, (step, acts)| bank.script(step, acts.iter().copied()))
            };
            die_after_every_record(Story::Place, from, bank).await;
        }
    }
    let bank = || Bank::new().script("refund", [Act::Fail, Act::LoseBefore, Act::LoseAfter]);
    die_after_every_record(Story::PlaceAndCancel, From::Lines, bank).await;
    die_after_every_record(Story::PlaceShipAndReturn, From::Lines, bank).await;
}

fn in_checkout<T>(reply: &Reply<T>) -> bool {
    matches!(reply, Err(Failure::Rejected(Rejection::ReservationInCheckout { order })) if *order == OrderId(ORDER))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_that_is_being_paid_belongs_to_its_order() {
    for act in [Act::Wait, Act::WaitAndDecline] {
        let (bank, time) = (Bank::new().script("authorise", [act]), clock());
        let shop = shop_at(&bank, time.clone(), config()).await;
        time.advance(Millis(20_000));
        let paying = begin(shop.core.place_order(From::Basket.order())).await;
        eventually("the bank is asked", async || !bank.calls().is_empty()).await;

        // Its deadline passes, and much more.
        time.advance(Millis(TTL.0 * 10));
        shop.settle().await;
        let pinned = ReservationState::Pinned { order: OrderId(ORDER), remaining: Millis(TTL.0 - 20_000) };
        let view = shop.core.reservation(BASKET).await.unwrap();
        assert_eq!((view.state, view.expires_at), (pinned, None));
        assert_eq!(shop.counts("A").await.held, 2);
        assert!(in_checkout(&shop.core.commit(BASKET, None, fresh_operation()).await));
        assert!(in_checkout(&shop.core.release(BASKET, fresh_operation()).await));
        assert!(in_checkout(&shop.core.extend(BASKET, None, fresh_operation()).await));
        let other = checkout(fresh(), OrderSource::Reservation(BASKET), BANK, "card");
        assert!(in_checkout(&shop.core.place_order(other).await));
        let pending = shop.core.order(OrderId(ORDER)).await.unwrap();
        assert_eq!(pending.status, OrderStatus::PaymentPending);
        let early = shop.core.cancel_order(OrderId(ORDER), SmolStr::default(), fresh_operation()).await;
        assert!(matches!(early, Err(Failure::Rejected(Rejection::OrderState { .. }))), "{early:?}");
        let early = shop.core.ship(OrderId(ORDER), vec![], fresh_operation()).await;
        assert!(matches!(early, Err(Failure::Rejected(Rejection::OrderState { .. }))), "{early:?}");

        bank.let_go();
        let view = paying.answer("the checkout").await.unwrap().value;
        check(&shop, &bank, From::Basket).await;
        let state = shop.core.reservation(BASKET).await.unwrap();
        if act == Act::Wait {
            assert_eq!(view.status, OrderStatus::Confirmed);
            assert!(matches!(state.state, ReservationState::Committed { .. }), "{state:?}");
        } else {
            assert_eq!(view.status, OrderStatus::PaymentFailed);
            // Back in the basket, with the time that was left of it.
            assert_eq!(state.expires_in, Some(Millis(TTL.0 - 20_000)));
            assert_eq!(state.expires_at, Some(START.plus(Millis(20_000 + TTL.0 * 10 + TTL.0 - 20_000))));
            time.advance(Millis(TTL.0 - 20_001));
            assert!(!matches!(
                shop.core.reservation(BASKET).await.unwrap().state,
                ReservationState::Expired { .. }
            ));
            time.advance(Millis(1));
            eventually("it lapses", async || shop.core.stats().expired_holds == 1).await;
            assert_eq!(shop.counts("A").await.held, 0);
        }
        shop.audit().await;
        shop.close().await;
    }
}

/// The process dies while the payment is under way, and stays dead for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_that_is_being_paid_does_not_lapse_in_a_crash() {
    for arrived in [true, false] {
        let (bank, time) = (Bank::new().script("authorise", [Act::Wait]), clock());
        let shop = shop_at(&bank, time.clone(), config()).await;
        let paying = begin(shop.core.place_order(From::Basket.order())).await;
        eventually("the bank is asked", async || !bank.calls().is_empty()).await;
        let disk = shop.disk.fork();
        time.advance(Millis(TTL.0 * 10));
        let next_bank = bank.with_entries(|_| arrived);
        let revived = Shop::open(&disk, time.clone(), next_bank.payments(), impatient()).await;
        let view = check(&revived, &next_bank, From::Basket).await;
        assert_eq!(view.status, OrderStatus::Confirmed);
        assert_eq!(
            next_bank.calls().contains(&bank.calls()[0]),
            !arrived,
            "called again only if it never arrived"
        );
        revived.close().await;
        bank.let_go();
        paying.answer("the checkout").await.unwrap();
        shop.close().await;
    }
}

/// The client was told that its order is being paid. When the bank has said no, its units are there for others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_is_declined_after_its_client_was_answered_gives_its_units_back() {
    for from in From::BOTH {
        let bank = Bank::new().script("authorise", [Act::WaitAndDecline]);
        let config = CoreConfig { checkout_wait: Duration::from_millis(5), ..config() };
        let shop = shop_at(&bank, clock(), config).await;
        let free = shop.counts("A").await.available;
        assert_eq!(place(&shop, from.order()).await.status, OrderStatus::PaymentPending);
        bank.let_go();
        assert_eq!(check(&shop, &bank, from).await.status, OrderStatus::PaymentFailed);
        shop.settle().await;
        assert_eq!(shop.counts("A").await.available, free);
        shop.close().await;
    }
}

/// A deadline that comes before the basket beside the order lapses.
const DEADLINE: Millis = Millis(20_000);

fn in_a_hurry() -> CoreConfig {
    CoreConfig { order_payment_deadline: DEADLINE, ..impatient() }
}

/// The bank fails, and before it is asked again the order is out of time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_is_not_paid_in_time_is_declined_and_gives_its_units_back() {
    let patient = CoreConfig { payment_timeout: Duration::from_secs(30), ..in_a_hurry() };
    for step in ["authorise", "capture"] {
        for from in From::BOTH {
            let (bank, time) = (Bank::new().script(step, [Act::WaitAndFail]), clock());
            let shop = shop_at(&bank, time.clone(), patient.clone()).await;
            let paying = begin(shop.core.place_order(from.order())).await;
            let asked = |bank: &Bank| bank.calls().iter().filter(|key| key.contains(step)).count();
            eventually("the bank is asked", async || asked(&bank) == 1).await;
            time.advance(DEADLINE);
            shop.settle().await;
            let view = shop.core.order(OrderId(ORDER)).await.unwrap();
            assert_eq!(view.status, OrderStatus::PaymentPending, "a call under way is waited for");
            bank.let_go();
            let view = paying.answer("the checkout").await.unwrap().value;
            let expected = (OrderStatus::PaymentFailed, Some("not paid in time"));
            assert_eq!((view.status, view.reason.as_deref()), expected, "{step} from {from:?}");
            assert_eq!(asked(&bank), 1, "{step}: no other try");
            check(&shop, &bank, from).await;
            shop.close().await;
        }
    }
}

/// Money may be set aside at the bank, so its word is waited for, however late it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_whose_payment_is_unknown_outlives_its_deadline() {
    for (act, status) in [
        (Act::LoseAfter, OrderStatus::Confirmed),
        (Act::LoseAndCarryOutLate, OrderStatus::Confirmed),
        (Act::LoseRefusal, OrderStatus::PaymentFailed),
    ] {
        let bank = Bank::new().script("authorise", [act]).doubt(vec![Doubt::Pending; 100_000]);
        let (time, config) =
            (clock(), CoreConfig { checkout_wait: Duration::from_millis(5), ..in_a_hurry() });
        let shop = shop_at(&bank, time.clone(), config).await;
        place(&shop, From::Lines.order()).await;
        time.advance(Millis(DEADLINE.0 + 10_000));
        let before = bank.log().len();
        eventually("the bank is asked again and again", async || bank.log().len() > before + 2).await;
        assert_eq!(shop.core.order(OrderId(ORDER)).await.unwrap().status, OrderStatus::PaymentUnknown);
        assert_eq!(shop.counts("A").await.held, 4, "its units stay held");
        bank.calm();
        assert_eq!(check(&shop, &bank, From::Lines).await.status, status, "{act:?}");
        shop.close().await;
    }
}

/// The process dies before the bank was asked, and the next one starts around the deadline.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_deadline_of_a_payment_holds_over_a_restart() {
    let shop = shop_at(&Bank::new(), clock(), config()).await;
    place(&shop, From::Lines.order()).await;
    let events = journal::events(&shop.disk);
    shop.close().await;
    let placed =
        events.iter().position(|event| matches!(event, Event::Order(_, OrderEvent::Placed(_)))).unwrap();
    for (down, status) in
        [(Millis(DEADLINE.0 - 1), OrderStatus::Confirmed), (DEADLINE, OrderStatus::PaymentFailed)]
    {
        let (bank, time) = (Bank::new(), clock());
        time.advance(down);
        let disk = journal::disk_of(&events[..=placed]);
        let revived = Shop::open(&disk, time, bank.payments(), in_a_hurry()).await;
        assert_eq!(check(&revived, &bank, From::Lines).await.status, status, "down for {down:?}");
        assert_eq!(bank.log().is_empty(), status == OrderStatus::PaymentFailed);
        revived.close().await;
    }
}

/// A basket whose payment failed can be paid again, by another order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_basket_whose_payment_failed_can_be_checked_out_again() {
    let bank =
        Bank::new().script("authorise", [Act::Decline]).script("capture", [Act::Decline, Act::Approve]);
    let shop = shop_at(&bank, clock(), impatient()).await;
    let mut expected = [OrderStatus::PaymentFailed, OrderStatus::Confirmed].into_iter();
    // The first is declined before its units are promised, so the basket gets them back.
    let first = place(&shop, checkout(1, OrderSource::Reservation(BASKET), BANK, "card")).await;
    assert_eq!(Some(first.status), expected.next());
    assert!(matches!(shop.core.reservation(BASKET).await.unwrap().state, ReservationState::Held { .. }));
    shop.core.extend(BASKET, None, fresh_operation()).await.unwrap();
    // The second is declined when its units are promised already: they go back to the shelf, and the basket is over.
    let second = place(&shop, checkout(2, OrderSource::Reservation(BASKET), BANK, "card")).await;
    assert_eq!(second.status, OrderStatus::PaymentFailed);
    assert_eq!((shop.counts("A").await.held, shop.counts("A").await.allocated), (0, 0));
    let third = shop.core.place_order(checkout(3, OrderSource::Reservation(BASKET), BANK, "card")).await;
    assert_eq!(third, Err(Rejection::ReservationCommitted.into()));
    let fourth = checkout(4, OrderSource::Lines(vec![order_line("A", 1)]), BANK, "card");
    assert_eq!(Some(place(&shop, fourth).await.status), expected.next());
    for view in shop.all_rested().await {
        bank.assert_agrees(&view);
    }
    shop.audit().await;
    shop.close().await;
}

/// A checkout that takes longer than the client is made to wait is answered as it stands, and ends nonetheless.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_payment_is_answered_as_it_stands() {
    let config = CoreConfig { checkout_wait: Duration::from_millis(5), ..config() };
    for act in [Act::Wait, Act::WaitAndDecline] {
        let bank = Bank::new().script("authorise", [act]);
        let shop = shop_at(&bank, clock(), config.clone()).await;
        let answer = within("a slow checkout", shop.core.place_order(From::Lines.order())).await.unwrap();
        assert_eq!((answer.value.status, answer.replayed), (OrderStatus::PaymentPending, false));
        assert_eq!(shop.core.stats().in_flight, 0);
        bank.let_go();
        let view = check(&shop, &bank, From::Lines).await;
        assert_ne!(view.status, OrderStatus::PaymentPending);
        let again = within("a repeat", shop.core.place_order(From::Lines.order())).await.unwrap();
        assert_eq!((again.value, again.replayed), (view, true));
        shop.close().await;
    }

    let bank = Bank::new().script("authorise", [Act::HangAfter]).doubt(vec![Doubt::Pending; 100_000]);
    let config = CoreConfig { payment_timeout: Duration::from_millis(1), ..config };
    let shop = shop_at(&bank, clock(), config).await;
    within("a hopeless checkout", shop.core.place_order(From::Lines.order())).await.unwrap();
    eventually("its fate is unknown", async || {
        shop.core.order(OrderId(ORDER)).await.unwrap().status == OrderStatus::PaymentUnknown
    })
    .await;
    assert_eq!(shop.counts("A").await.held, 4, "its units stay held");
    bank.calm();
    assert_eq!(check(&shop, &bank, From::Lines).await.status, OrderStatus::Confirmed);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_costs_nothing_needs_no_payment() {
    let bank = Bank::new();
    let shop = shop_at(&bank, clock(), config()).await;
    let mut request = From::Lines.order();
    if let OrderSource::Lines(lines) = &mut request.source {
        for line in lines {
            line.unit_price = UnitPrice::new(0, eur());
        }
    }
    let view = place(&shop, request.clone()).await;
    assert_eq!((view.status, view.total.minor()), (OrderStatus::Confirmed, 0));
    let cancelled =
        shop.core.cancel_order(OrderId(ORDER), SmolStr::default(), fresh_operation()).await.unwrap().value;
    assert!(cancelled.refunds.is_empty());
    assert!(bank.log().is_empty());
    check(&shop, &bank, From::Lines).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_that_cannot_be_placed_leaves_nothing_behind() {
    let (bank, time) = (Bank::new(), clock());
    let shop = shop_at(&bank, time.clone(), config()).await;
    let before = (shop.counts("A").await, shop.counts("B").await);
    let core = &shop.core;

    let mut of_another = From::Basket.order();
    of_another.customer = CustomerId::new("somebody else").unwrap();
    let answer = core.place_order(of_another).await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::ReservationOfOther { .. }))), "{answer:?}");
    let answer = core.place_order(order_of(1, ReservationId(404), "approve")).await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::ReservationNotFound { .. }))), "{answer:?}");
    let answer = core.place_order(order(2, [order_line("Z", 1)], "approve")).await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::UnknownSku { .. }))), "{answer:?}");
    let mut in_yen = order(3, [order_line("A", 1)], "approve");
    in_yen.currency = holdfast_engine::Currency::new(*b"JPY", 0).unwrap();
    let answer = core.place_order(in_yen).await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::NoPrice { .. }))), "{answer:?}");
    let too_many = u32::try_from(SHELF).unwrap();
    let answer = core.place_order(order(4, [order_line("A", 1), order_line("B", too_many)], "approve")).await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::InsufficientStock(_)))), "{answer:?}");
    shop.settle().await;
    assert_eq!((shop.counts("A").await, shop.counts("B").await), before);
    assert_eq!((shop.orders().await.len(), shop.core.stats().orders), (0, 0));

    time.advance(TTL);
    let answer = core.place_order(From::Basket.order()).await;
    assert!(matches!(answer, Err(Failure::Rejected(Rejection::ReservationExpired { .. }))), "{answer:?}");
    assert!(bank.log().is_empty());
    shop.audit().await;
    shop.close().await;
}

/// A product may allow only short holds. The order needs no longer one than that.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_of_a_product_with_short_holds_can_be_placed() {
    let bank = Bank::new();
    let shop = shop_at(&bank, clock(), config()).await;
    let short = Policy { hold_ttl_default: Millis(1_000), hold_ttl_max: Millis(1_000), ..Policy::default() };
    shop.stock_with("A", SHELF, short).await;
    assert!(config().order_hold_ttl > Millis(1_000));
    let view = place(&shop, From::Lines.order()).await;
    assert_eq!((view.status, view.total.minor()), (OrderStatus::Confirmed, 3 * PRICE_MINOR));
    assert_eq!(bank.account(ORDER), Account { taken: 3 * PRICE_MINOR, ..Account::default() });
    check(&shop, &bank, From::Lines).await;
    shop.close().await;
}

/// Two shipments and a cancellation while the shelf is still busy with the first shipment: the units leave once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_during_a_shipment_waits_for_it() {
    let (bank, doors) = (Bank::new(), DoorClock::new());
    let shop = Shop::open(&MemoryDisk::new(), doors.clone(), bank.payments(), config()).await;
    stock_up(&shop).await;
    place(&shop, From::Lines.order()).await;
    let (core, id) = (&shop.core, OrderId(ORDER));
    let mut at_a = doors.stop(doors.owner(&shop, "A").await);
    let first = begin(core.ship(id, vec![], operation(1, 1))).await;
    at_a.reached().await;
    let again = begin(core.ship(id, vec![], operation(1, 1))).await;
    let second = begin(core.ship(id, vec![order_units("A", 1)], operation(2, 1))).await;
    let cancel = begin(core.cancel_order(id, SmolStr::default(), operation(3, 1))).await;
    let back =
        begin(core.return_units(id, vec![order_units("A", 2)], false, SmolStr::default(), operation(4, 1)))
            .await;
    eventually("the intention is durable", async || {
        let events = journal::events(&shop.disk);
        events.iter().any(|event| matches!(event, Event::Order(_, OrderEvent::ShipmentStarted { .. })))
    })
    .await;
    // A crash here: the next process ends the shipment.
    let revived = Shop::open(&shop.disk.fork(), clock(), bank.payments(), config()).await;
    assert_eq!(check(&revived, &bank, From::Lines).await.status, OrderStatus::Shipped);
    assert!(revived.core.ship(id, vec![], operation(1, 1)).await.unwrap().replayed);
    revived.close().await;

    at_a.open();
    assert_eq!(first.answer("the first shipment").await.unwrap().value.status, OrderStatus::Shipped);
    assert!(again.answer("its repeat").await.unwrap().replayed);
    assert!(second.answer("the second shipment").await.is_err());
    assert!(cancel.answer("the cancellation").await.is_err());
    assert_eq!(back.answer("the return").await.unwrap().value.status, OrderStatus::PartiallyReturned);
    check(&shop, &bank, From::Lines).await;
    shop.close().await;
}

/// The units of an order are held under its own number. When an earlier, cut-off try of it has left a reservation that
/// has lapsed since, it takes another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_checkout_cut_off_before_it_was_placed_is_placed_later() {
    let (bank, time) = (Bank::new(), clock());
    let shop = shop_at(&bank, time.clone(), config()).await;
    place(&shop, From::Lines.order()).await;
    let events = journal::events(&shop.disk);
    shop.close().await;
    let placed = events
        .iter()
        .position(|event| matches!(event, Event::Order(_, OrderEvent::LinesAdded { .. })))
        .unwrap();
    for (wait, reservation) in [(Millis(1), ORDER), (config().order_hold_ttl, ORDER + 1)] {
        let (bank, time) = (Bank::new(), clock());
        // The reservation is made, and the order is not.
        let disk = journal::disk_of(&events[..placed]);
        let revived = Shop::open(&disk, time.clone(), bank.payments(), config()).await;
        assert!(revived.core.order(OrderId(ORDER)).await.is_err());
        time.advance(wait);
        let view = place(&revived, From::Lines.order()).await;
        assert_eq!((view.status, view.reservation), (OrderStatus::Confirmed, ReservationId(reservation)));
        check(&revived, &bank, From::Lines).await;
        revived.close().await;
    }
}

/// Orders of one customer, oldest first, in pages, before and after a crash.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_finds_all_orders_in_the_order_they_were_placed() {
    let (bank, time) = (Bank::new(), clock());
    let shop = shop_at(&bank, time.clone(), config()).await;
    let ids = [77, 13, 42, 5, 99];
    for id in ids {
        place(&shop, checkout(id, OrderSource::Lines(vec![order_line("A", 1)]), BANK, "card")).await;
    }
    let mut stranger = checkout(1, OrderSource::Lines(vec![order_line("A", 1)]), BANK, "card");
    stranger.customer = CustomerId::new("somebody else").unwrap();
    place(&shop, stranger).await;
    let revived = Shop::open(&shop.disk.fork(), time.clone(), bank.payments(), config()).await;
    for shop in [&shop, &revived] {
        let mut found = Vec::new();
        loop {
            let after = found.last().copied();
            let page = shop.core.orders(&support::ask::buyer(), after, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page.iter().map(|view| view.id));
        }
        assert_eq!(found, ids.map(OrderId));
    }
    revived.close().await;
    shop.core.reserve(new_basket([line("A", 1)])).await.unwrap();
    shop.close().await;
}
