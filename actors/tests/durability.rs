//! Nothing is said before it is durable, and nothing after the journal has failed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::fmt::Debug;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join_all};
use holdfast_actors::{Core, Failure, OrderSource, Reply, Unavailable};
use holdfast_engine::{Millis, OrderId, Rejection, ReservationId, SmolStr};
use holdfast_persistence::{MemoryDisk, SyncGate};

use support::ask::{
    TTL, basket, buyer, checkout, euros, fresh, fresh_operation, line, moved, new_basket, order, order_line,
    order_of, order_units, plain, sku,
};
use support::bank::{Act, BANK, Bank};
use support::shop::{Shop, clock, config};
use support::{Begun, begin, eventually, journal, within};

const BASKET: ReservationId = ReservationId(11);
const ORDER: OrderId = OrderId(21);

fn held(gate: &SyncGate) {
    tokio::task::block_in_place(|| gate.wait_until_held());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_is_neither_told_nor_shown_before_it_is_durable() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    let gate = shop.disk.hold_syncs();
    let mut granted = begin(shop.core.reserve(basket(BASKET.0, [line("A", 1)]))).await;
    held(&gate);
    let mut refused = begin(shop.core.reserve(new_basket([line("A", 1)]))).await;
    let mut repeated = begin(shop.core.reserve(basket(BASKET.0, [line("A", 1)]))).await;
    let mut read = begin(shop.core.reservation(BASKET)).await;
    let mut other = begin(shop.core.adjust(sku("A"), moved(-5, fresh_operation()))).await;
    assert_eq!((shop.counts("A").await.held, shop.counts("A").await.available), (0, 1), "durable facts only");
    granted.assert_unanswered();
    refused.assert_unanswered();
    repeated.assert_unanswered();
    read.assert_unanswered();
    other.assert_unanswered();

    gate.release_one();
    assert!(!granted.answer("the grant").await.unwrap().replayed);
    assert_eq!(
        (shop.counts("A").await.held, shop.counts("A").await.available),
        (1, 0),
        "shown with the answer"
    );
    assert!(refused.answer("the refusal that rests on it").await.is_err());
    assert!(repeated.answer("the repeat").await.unwrap().replayed);
    assert_eq!(read.answer("the reading").await.unwrap().id, BASKET);
    assert!(other.answer("a refused count").await.is_err());
    drop(gate);
    shop.audit().await;
    shop.close().await;
}

/// A basket of several products is told with one sync, and none of it is shown before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wide_basket_is_durable_with_one_sync() {
    let shop = Shop::new(clock()).await;
    let names: Vec<String> = (0..100).map(|number| format!("P{number:02}")).collect();
    for name in &names {
        shop.stock(name, 1).await;
    }
    // Nobody's first message: waking an owner is not part of the way.
    shop.settle().await;
    let gate = shop.disk.hold_syncs();
    let mut blocking = begin(shop.core.adjust(sku("P00"), moved(1, fresh_operation()))).await;
    held(&gate);
    let mut made = begin(shop.core.reserve(new_basket(names.iter().map(|name| line(name, 1))))).await;
    // All its claims are handed to the journal while the sync before them waits.
    let appended = shop.core.stats().journal_durable + 1 + 100 + 1;
    eventually("the basket is on its way to the disk", async || {
        shop.core.stats().journal_appended == appended
    })
    .await;
    blocking.assert_unanswered();
    made.assert_unanswered();

    gate.release_one();
    blocking.answer("the count before").await.unwrap();
    held(&gate);
    made.assert_unanswered();
    for name in &names {
        assert_eq!(shop.counts(name).await.held, 0);
    }
    gate.release_one();
    made.answer("the basket").await.unwrap();
    for name in &names {
        assert_eq!(shop.counts(name).await.held, 1);
    }
    drop(gate);
    shop.audit().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_reads_its_own_writes() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1_000).await;
    for count in 1..=300_u64 {
        let made = shop.core.reserve(new_basket([line("A", 1)])).await.unwrap().value;
        let shown = shop.shown("A").await;
        assert_eq!(shown.totals().held, 1);
        // The hold stands right before the reservation in the journal.
        assert_eq!(shown.sequence.plus(1), made.sequence);
        assert_eq!(shop.core.reservation(made.id).await.unwrap(), made);
        shop.core.commit(made.id, None, fresh_operation()).await.unwrap();
        assert_eq!((shop.counts("A").await.held, shop.counts("A").await.allocated), (0, count));
    }
    shop.audit().await;
    shop.close().await;
}

/// A reading that has to ask the owner, because a deadline has come, shows what the owner has decided: so it waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reading_waits_for_the_expiry_it_shows() {
    let time = clock();
    let shop = Shop::new(time.clone()).await;
    shop.stock("A", 1).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 1)])).await.unwrap();
    let gate = shop.disk.hold_syncs();
    time.advance(TTL);
    let name = sku("A");
    let mut stock = begin(shop.core.stock(&name)).await;
    held(&gate);
    stock.assert_unanswered();
    drop(gate);
    let shown = stock.answer("the reading").await.unwrap().totals();
    assert_eq!((shown.held, shown.available), (0, 1));
    shop.audit().await;
    shop.close().await;
}

/// What ends a reservation of two products is told when both have followed durably.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_end_is_told_when_every_product_has_followed() {
    for commit in [true, false] {
        let shop = Shop::new(clock()).await;
        shop.stock("A", 1).await;
        shop.stock("B", 1).await;
        shop.core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await.unwrap();
        let gate = shop.disk.hold_syncs();
        let operation = fresh_operation();
        let core = &shop.core;
        let end = || {
            let end = if commit {
                core.commit(BASKET, None, operation).boxed()
            } else {
                core.release(BASKET, operation).boxed()
            };
            begin(end)
        };
        let mut ended = end().await;
        held(&gate);
        let mut again = end().await;
        ended.assert_unanswered();
        again.assert_unanswered();
        assert_eq!(shop.counts("A").await.held, 1);
        drop(gate);
        assert!(!ended.answer("the end").await.unwrap().replayed);
        let allocated = u64::from(commit);
        for name in ["A", "B"] {
            assert_eq!((shop.counts(name).await.held, shop.counts(name).await.allocated), (0, allocated));
        }
        assert!(again.answer("the repeat").await.unwrap().replayed);
        shop.audit().await;
        shop.close().await;
    }
}

/// A shop with ten of A and B, a basket, an order, and a second order that waits for the bank.
async fn busy_shop(bank: &Bank) -> Shop {
    let payments = bank.payments().with("sandbox", Arc::new(holdfast_actors::Sandbox::default()));
    let shop = Shop::open(&MemoryDisk::new(), clock(), payments, config()).await;
    for name in ["A", "B"] {
        shop.stock(name, 100).await;
    }
    shop.core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await.unwrap();
    shop.core.reserve(basket(BASKET.0 + 1, [line("A", 1)])).await.unwrap();
    shop.core.place_order(order(ORDER.0, [order_line("A", 5), order_line("B", 5)], "approve")).await.unwrap();
    shop
}

fn told<T: Debug>(reply: Reply<T>) -> Result<String, Failure> {
    reply.map(|answer| format!("{:?}", answer.value))
}

type Request<'a> = (&'static str, BoxFuture<'a, Result<String, Failure>>);

/// One request of every kind that changes something, none of which hinders another.
fn every_request(core: &Core) -> Vec<Request<'_>> {
    let lines = || [order_line("A", 1), order_line("B", 1)];
    let both = || [line("A", 1), line("B", 1)];
    let second = ReservationId(BASKET.0 + 1);
    vec![
        ("put", async move { told(core.put_product(sku("C"), plain(), fresh_operation()).await) }.boxed()),
        ("adjust", async move { told(core.adjust(sku("B"), moved(1, fresh_operation())).await) }.boxed()),
        ("reserve", async move { told(core.reserve(new_basket([line("A", 1)])).await) }.boxed()),
        ("reserve two", async move { told(core.reserve(new_basket(both())).await) }.boxed()),
        (
            "reserve again",
            async move { told(core.reserve(basket(BASKET.0, [line("A", 1), line("B", 1)])).await) }.boxed(),
        ),
        ("key reused", async move { told(core.reserve(basket(BASKET.0, [line("A", 9)])).await) }.boxed()),
        ("commit", async move { told(core.commit(BASKET, None, fresh_operation()).await) }.boxed()),
        ("extend", async move { told(core.extend(second, None, fresh_operation()).await) }.boxed()),
        ("release", async move { told(core.release(second, fresh_operation()).await) }.boxed()),
        ("order", async move { told(core.place_order(order(fresh(), lines(), "approve")).await) }.boxed()),
        (
            "order of basket",
            async move { told(core.place_order(order_of(fresh(), second, "approve")).await) }.boxed(),
        ),
        (
            "ship",
            async move { told(core.ship(ORDER, vec![order_units("A", 1)], fresh_operation()).await) }.boxed(),
        ),
        (
            "ship again",
            async move { told(core.ship(ORDER, vec![order_units("A", 1)], fresh_operation()).await) }.boxed(),
        ),
        (
            "return",
            async move {
                let back = vec![order_units("A", 1)];
                told(core.return_units(ORDER, back, false, SmolStr::default(), fresh_operation()).await)
            }
            .boxed(),
        ),
        (
            "refund",
            async move { told(core.refund(ORDER, euros(1), SmolStr::default(), fresh_operation()).await) }
                .boxed(),
        ),
        (
            "cancel units",
            async move {
                let lines = vec![order_units("B", 1)];
                told(core.cancel_units(ORDER, lines, SmolStr::default(), fresh_operation()).await)
            }
            .boxed(),
        ),
        (
            "cancel",
            async move { told(core.cancel_order(ORDER, SmolStr::default(), fresh_operation()).await) }
                .boxed(),
        ),
    ]
}

const FAILED: Failure = Failure::Unavailable(Unavailable::JournalFailed);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_journal_ends_every_promise() {
    let bank = Bank::new().script("authorise", [Act::Wait]);
    let shop = busy_shop(&bank).await;
    let at_the_bank = checkout(99, OrderSource::Lines(vec![order_line("A", 1)]), BANK, "card");
    let at_the_bank = begin(shop.core.place_order(at_the_bank)).await;
    eventually("the bank is asked", async || !bank.calls().is_empty()).await;
    let durable = journal::events(&shop.disk).len();

    let gate = shop.disk.hold_syncs();
    shop.disk.fail_append(1);
    // Something for the writer to fail on.
    let mut waiting: Vec<(&str, Begun<'_, Result<String, Failure>>)> = Vec::new();
    let (_, first) = every_request(&shop.core).remove(0);
    waiting.push(("the first", begin(first).await));
    held(&gate);
    for (name, request) in every_request(&shop.core) {
        waiting.push((name, begin(request).await));
    }
    let mut reading = begin(shop.core.order(ORDER)).await;
    let customer = buyer();
    let mut listing = begin(shop.core.orders(&customer, None, 10)).await;
    for (_, begun) in &mut waiting {
        begun.assert_unanswered();
    }
    reading.assert_unanswered();
    listing.assert_unanswered();
    assert!(shop.core.is_ready());
    assert_eq!(*shop.fatal.lock().unwrap(), vec![]);

    drop(gate);
    for (name, begun) in waiting {
        assert_eq!(begun.answer(name).await, Err(FAILED), "{name}");
    }
    assert_eq!(reading.answer("an order is read").await, Err(FAILED));
    assert_eq!(listing.answer("orders are listed").await, Err(FAILED));
    bank.let_go();
    assert_eq!(told(at_the_bank.answer("who waits for the bank").await), Err(FAILED));
    eventually("somebody is told", async || !shop.fatal.lock().unwrap().is_empty()).await;
    assert!(!shop.core.is_ready());

    for (name, request) in every_request(&shop.core) {
        assert_eq!(within(name, request).await, Err(FAILED), "{name}, later");
    }
    assert_eq!(within("an order is read", shop.core.order(ORDER)).await, Err(FAILED));
    assert_eq!(shop.counts("A").await.held, 3, "what was durable is still shown");
    assert_eq!(shop.fatal.lock().unwrap().len(), 1, "told once");
    assert_eq!(journal::events(&shop.disk).len(), durable);

    let revived = shop.after_crash(clock()).await;
    assert!(within("shutdown", shop.core.shutdown()).await.is_err(), "nothing is sealed");
    assert!(within("a second shutdown", shop.core.shutdown()).await.is_ok());
    revived.rested(ORDER.0).await;
    revived.audit().await;
    revived.close().await;
}

/// Whichever sync it is that fails: everybody is answered, and whoever was told of something finds it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whichever_sync_fails_nobody_waits_and_nothing_told_is_lost() {
    let mut failures = 0;
    for nth in 1..=40 {
        let shop = busy_shop(&Bank::new()).await;
        shop.disk.fail_append(nth);
        let requests: Vec<_> = every_request(&shop.core).into_iter().map(|(_, request)| request).collect();
        let answers = within("every request is answered", join_all(requests)).await;
        failures += usize::from(answers.contains(&Err(FAILED)));
        for answer in &answers {
            let expected = match answer {
                Ok(_) | Err(Failure::Rejected(_)) => true,
                Err(Failure::Unavailable(why)) => *why == Unavailable::JournalFailed,
            };
            assert!(expected, "sync {nth}: {answer:?}");
        }
        let revived = shop.after_crash(clock()).await;
        revived.all_rested().await;
        let world = revived.audit().await;
        // Sequences are never given twice, so whoever was told one finds the thing at least that far.
        let told: Vec<_> = answers.iter().flatten().collect();
        for told in told {
            let sequence = told.rsplit("sequence: Sequence(").next().unwrap();
            let sequence: u64 = sequence.split(')').next().unwrap().parse().unwrap();
            assert!(sequence <= world.sequence().0, "sync {nth}: {told}");
        }
        revived.close().await;
        drop(within("shutdown", shop.core.shutdown()).await);
    }
    assert!(failures > 5, "only {failures} of the syncs failed anybody");
}

/// A refusal that rests on durable facts alone needs no sync.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sold_out_answer_needs_no_sync() {
    let shop = Shop::new(clock()).await;
    shop.stock("A", 1).await;
    shop.core.reserve(basket(BASKET.0, [line("A", 1)])).await.unwrap();
    let gate = shop.disk.hold_syncs();
    let blocked = begin(shop.core.extend(BASKET, Some(Millis(90_000)), fresh_operation())).await;
    held(&gate);
    let refused = within("a sold-out answer", shop.core.reserve(new_basket([line("A", 1)]))).await;
    let Err(Failure::Rejected(Rejection::InsufficientStock(shortage))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((shortage.available.units(), shortage.held.units()), (0, 1));
    assert_eq!(
        shortage.next_expiry,
        Some(support::shop::START.plus(TTL)),
        "the new deadline is not durable yet"
    );
    drop(gate);
    blocked.answer("the extension").await.unwrap();
    shop.audit().await;
    shop.close().await;
}
