//! Crashes at random moments: whatever was answered before is true after the restart, and nothing is there by half.
//!
//! A crash is a copy of what is synced at that moment, taken while clients are at work; each copy is then opened as the
//! next process would open it. `HOLDFAST_SEED` and `HOLDFAST_ROUNDS` run others and more; a seed repeats what is asked and
//! when it crashes, not how the threads meet.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use holdfast_actors::{Core, Failure, OrderView, Payments, ReservationView};
use holdfast_engine::order::OrderStatus;
use holdfast_engine::product::DeleteLocation;
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{LocationId, Operation, OrderId, Rejection, ReservationId, SmolStr};
use holdfast_persistence::MemoryDisk;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use support::ask::{
    basket, changed, fresh, fresh_operation, line, line_at, location, new_basket, operation, order,
    order_line, sku,
};
use support::seeds::{random, seeds};
use support::shop::{Shop, clock, config};
use support::within;

const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
const CLIENTS: usize = 6;
const CRASHES: usize = 8;

/// An answer that a client got.
#[derive(Debug, Clone)]
enum Told {
    /// A reservation as it was made or as an operation left it.
    Reservation(ReservationView, Option<(Deed, Operation)>),
    Order(OrderView),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Commit,
    Release,
    Extend,
    Change([u32; 2]),
}

impl Deed {
    async fn run(
        self,
        core: &Core,
        id: ReservationId,
        key: Operation,
    ) -> holdfast_actors::Reply<ReservationView> {
        match self {
            Self::Commit => core.commit(id, None, key).await,
            Self::Release => core.release(id, key).await,
            Self::Extend => core.extend(id, None, key).await,
            Self::Change([first, second]) => {
                let lines = [line(NAMES[0], first), line(NAMES[4], second)];
                core.change_reservation(changed(id, lines, key)).await
            }
        }
    }
}

/// What was answered, in the order of the answers, and the crashes that follow some of them.
struct Answers {
    told: Vec<Told>,
    /// After how many answers it crashes.
    moments: BTreeSet<usize>,
    /// What had been answered by then, and what was on the disk.
    crashes: Vec<(Vec<Told>, MemoryDisk)>,
    disk: MemoryDisk,
}

impl Answers {
    fn tell(&mut self, told: Told) {
        self.told.push(told);
        if self.moments.contains(&self.told.len()) {
            self.crashes.push((self.told.clone(), self.disk.fork()));
        }
    }
}

/// Reserves, ends what it reserved in one way or another, or orders; and notes each answer as soon as it has it.
async fn client(core: Core, answers: Arc<Mutex<Answers>>, mut random: ChaCha8Rng) {
    let tell = |told| answers.lock().unwrap().tell(told);
    for _ in 0..12 {
        let width = random.random_range(1..=NAMES.len());
        let mut wanted: Vec<&str> = NAMES.sample(&mut random, width).copied().collect();
        wanted.shuffle(&mut random);
        let id = fresh();
        if random.random_bool(0.3) {
            let lines = wanted.iter().map(|name| order_line(name, 1));
            let method = ["approve", "decline", "capture_decline"].choose(&mut random).unwrap();
            match core.place_order(order(id, lines, method)).await {
                Ok(answer) => tell(Told::Order(answer.value)),
                Err(Failure::Rejected(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
            continue;
        }
        match core.reserve(basket(id, wanted.iter().map(|name| line(name, 1)))).await {
            Ok(answer) => tell(Told::Reservation(answer.value, None)),
            Err(Failure::Rejected(_)) => continue,
            Err(other) => panic!("{other:?}"),
        }
        let change = Some(Deed::Change([random.random_range(1..4), random.random_range(1..4)]));
        let Some(deed) =
            [None, Some(Deed::Commit), Some(Deed::Release), Some(Deed::Release), Some(Deed::Extend), change]
                .choose(&mut random)
                .copied()
                .unwrap()
        else {
            continue;
        };
        let key = operation(id + 1, 1);
        match deed.run(&core, ReservationId(id), key).await {
            Ok(left) => tell(Told::Reservation(left.value, Some((deed, key)))),
            // What it wanted besides was not there.
            Err(Failure::Rejected(Rejection::InsufficientStock(_))) if Some(deed) == change => {}
            Err(other) => panic!("{deed:?}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_was_answered_before_a_crash_is_true_after_it() {
    let (mut crashes, mut answered) = (0, 0);
    for seed in seeds(20) {
        let mut random = random(seed);
        let shop = Shop::open(&MemoryDisk::new(), clock(), Payments::sandbox(), config()).await;
        for name in NAMES {
            shop.stock(name, 25).await;
        }
        let moments = (0..CRASHES).map(|_| random.random_range(1..CLIENTS * 10)).collect();
        let answers = Answers { told: Vec::new(), moments, crashes: Vec::new(), disk: shop.disk.clone() };
        let answers = Arc::new(Mutex::new(answers));
        let clients = (0..CLIENTS).map(|_| {
            let random = support::seeds::random(random.random());
            tokio::spawn(client(shop.core.clone(), Arc::clone(&answers), random))
        });
        let clients: Vec<_> = clients.collect();
        within("every client is served", join_all(clients)).await.into_iter().for_each(Result::unwrap);
        shop.audit().await;
        shop.close().await;
        let taken = std::mem::take(&mut answers.lock().unwrap().crashes);
        for (told, disk) in taken {
            answered += told.len();
            crashes += 1;
            let revived = Shop::new_on(&disk, clock()).await;
            assert_true(&revived, &told, seed).await;
            revived.all_rested().await;
            revived.audit().await;
            revived.close().await;
        }
    }
    println!("{crashes} crashes, {answered} answers compared");
    let rounds = support::seeds::rounds(20);
    assert!(crashes as u64 >= rounds * 5, "only {crashes} crashes in {rounds} rounds");
    assert!(answered > crashes, "only {answered} answers in {crashes} crashes");
}

/// Asks the next process about everything that was answered by the one before.
async fn assert_true(shop: &Shop, told: &[Told], seed: u64) {
    // What was answered last about a reservation is what stands.
    let mut last = HashMap::new();
    for told in told {
        match told {
            Told::Reservation(view, deed) => _ = last.insert(view.id, (view, deed)),
            Told::Order(view) => assert_order(shop, view, seed).await,
        }
    }
    for (id, (view, deed)) in last {
        let now = within("a reservation", shop.core.reservation(id)).await.unwrap();
        assert_eq!(now.customer, view.customer, "seed {seed}");
        match deed {
            // Nothing was answered after it was made; something may have been decided.
            None => assert!(now.version >= view.version, "seed {seed}: {now:?} after {view:?}"),
            Some((deed, key)) => {
                assert_eq!((now.state, now.version), (view.state, view.version), "seed {seed}");
                let again = within("a repeat", deed.run(&shop.core, id, *key)).await.unwrap();
                assert_eq!((&again.value, again.replayed), (view, true), "seed {seed}: {deed:?}");
            }
        }
        if matches!(now.state, ReservationState::Held { .. }) && now.version == view.version {
            assert_eq!(now.lines, view.lines, "seed {seed}");
        }
    }
}

async fn assert_order(shop: &Shop, view: &OrderView, seed: u64) {
    let now = within("an order", shop.core.order(OrderId(view.id.0))).await.unwrap();
    assert_eq!((now.status, &now.lines), (view.status, &view.lines), "seed {seed}");
    assert!(
        matches!(now.status, OrderStatus::Confirmed | OrderStatus::PaymentFailed),
        "seed {seed}: {now:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_location_that_was_given_up_is_gone_after_a_crash_and_its_units_are_not() {
    let time = clock();
    let shop = Shop::new(time.clone()).await;
    shop.stock("A", 2).await;
    let outlet = location("outlet");
    shop.count_at("A", &outlet, 3).await;
    let command = DeleteLocation {
        location: outlet.clone(),
        to: Some(LocationId::main()),
        reason: SmolStr::new_static("closed"),
        operation: fresh_operation(),
    };
    let first = shop.core.delete_location(sku("A"), command.clone()).await.unwrap();
    let again = shop.after_crash(time).await;
    let repeated = again.core.delete_location(sku("A"), command).await.unwrap();
    assert_eq!((first.replayed, repeated.replayed), (false, true));
    assert_eq!(repeated.value, first.value);
    let shown = again.shown("A").await;
    assert_eq!((shown.locations.len(), shown.totals().available), (1, 5));
    let refused = again.core.reserve(new_basket([line_at("A", &outlet, 1)])).await;
    assert!(matches!(refused, Err(Failure::Rejected(Rejection::UnknownLocation { .. }))), "{refused:?}");
    again.audit().await;
    again.close().await;
    shop.close().await;
}
