//! The proof of a data directory: what it comes to, and what does not fit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where and stop"
)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use holdfast_actors::{
    Clock as _, Core, CoreConfig, Fatal, Payments, StateSummary, SystemClock, Verified, verify,
};
use holdfast_engine::product::{HoldEnd, ProductEvent};
use holdfast_engine::{Event, HoldId, LocationId, ReservationId, Sequence};
use holdfast_persistence::{Ack, Hooks, Journal, Opened, Options, SyncedGroup};
use support::ask::{counted, fresh, fresh_operation, line, new_basket, order, order_line, plain, sku};

async fn open(dir: &Path) -> Core {
    let (clock, fatal) = (Arc::new(SystemClock::default()), Box::new(|why: Fatal| panic!("{why}")));
    Core::open(dir, CoreConfig::default(), clock, Payments::sandbox(), None, fatal).await.unwrap()
}

/// A shop with ten cups, of which two are held and three are promised.
async fn trade(dir: &Path) -> Core {
    let core = open(dir).await;
    core.put_product(sku("cup"), plain(), fresh_operation()).await.unwrap();
    core.adjust(sku("cup"), counted(&LocationId::main(), 10, fresh_operation())).await.unwrap();
    core.reserve(new_basket([line("cup", 2)])).await.unwrap();
    core.place_order(order(fresh(), [order_line("cup", 3)], "approve")).await.unwrap();
    core
}

fn check(dir: &Path) -> Verified {
    verify(dir, &mut |_, _| {}).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_directory_says_what_it_comes_to_whenever_it_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    trade(dir.path()).await.shutdown().await.unwrap();
    let mut events = 0;
    let Verified { examined, state } = verify(dir.path(), &mut |_, _| events += 1).unwrap();
    assert_eq!((examined.sealed, &examined.damage), (true, &None));
    assert_eq!(examined.tail.unwrap().events, events);
    let state = state.unwrap();
    let expected = StateSummary {
        digest: state.digest,
        products: 1,
        reservations: 2,
        orders: 1,
        on_hand: 10,
        held: 2,
        allocated: 3,
        queued: 0,
        unfinished: 0,
    };
    assert_eq!(state, expected);
    assert_eq!(check(dir.path()).state, Some(state), "nothing is changed by looking");

    open(dir.path()).await.shutdown().await.unwrap();
    assert_eq!(check(dir.path()).state, Some(state), "nor by a start without requests");
}

struct Tell(Sender<Sequence>);

impl Ack for Tell {
    fn durable(self, first: Sequence) {
        self.0.send(first).unwrap();
    }

    fn failed(self) {}
}

/// Writes an event past all checks, as a defect would.
fn smuggle(dir: &Path, event: Event) -> Sequence {
    let hooks =
        Hooks { observer: Box::new(|_: &SyncedGroup| {}), on_failure: Box::new(|why| panic!("{why}")) };
    let ignore = &mut |_: Sequence, _: Event| Ok(());
    let Opened { journal, .. } = Journal::open(dir, &Options::default(), hooks, ignore).unwrap();
    let (tell, told) = channel();
    journal.appender().append([event], Tell(tell));
    let sequence = told.recv().unwrap();
    journal.close().unwrap();
    sequence
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_have_happened_is_found_although_its_bytes_are_right() {
    let dir = tempfile::tempdir().unwrap();
    trade(dir.path()).await.shutdown().await.unwrap();
    let hold = HoldId { reservation: ReservationId(1), line: 0 };
    let ended = ProductEvent::HoldEnded { hold, why: HoldEnd::Released };
    let sequence = smuggle(dir.path(), Event::Product(sku("cup"), ended));
    let Verified { examined, state } = check(dir.path());
    let damage = examined.damage.unwrap();
    assert_eq!((damage.sequence, state), (Some(sequence), None));
    assert!(damage.detail.contains("I3"), "{}", damage.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_next_start_has_to_finish_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    trade(dir.path()).await.shutdown().await.unwrap();
    // A claim whose reservation was never made.
    let opened = ProductEvent::HoldOpened {
        hold: HoldId { reservation: ReservationId(1), line: 0 },
        quantity: support::ask::units(4),
        sources: holdfast_engine::product::Sources::At { location: LocationId::main(), asked: false },
        buyer: None,
        expires_at: SystemClock::default().now().plus(support::ask::TTL),
        offer: None,
    };
    smuggle(dir.path(), Event::Product(sku("cup"), opened));
    let state = check(dir.path()).state.unwrap();
    assert_eq!((state.held, state.unfinished), (6, 1));
    open(dir.path()).await.shutdown().await.unwrap();
    let state = check(dir.path()).state.unwrap();
    assert_eq!((state.held, state.unfinished), (2, 0));
}
