//! A running core over a disk in memory, with what a test asks of it again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast_actors::{
    Clock, Core, CoreConfig, Failure, Fatal, LocationCounts, ManualClock, OrderView, Payments, StockView,
    Unavailable,
};
use holdfast_engine::order::OrderStatus;
use holdfast_engine::product::Policy;
use holdfast_engine::world::World;
use holdfast_engine::{LocationId, Millis, OrderId, Rejection, Timestamp};
use holdfast_persistence::MemoryDisk;

use super::ask::{buyer, counted, details, fresh_operation, refused_change, sku};
use super::{eventually, journal, within};

/// When every test begins.
pub const START: Timestamp = Timestamp::from_millis(1_765_000_000_000);

pub struct Shop {
    pub disk: MemoryDisk,
    pub core: Core,
    /// What the core called fatal.
    pub fatal: Arc<Mutex<Vec<Fatal>>>,
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(START))
}

/// A bank that does not answer is asked again soon.
pub fn impatient() -> CoreConfig {
    CoreConfig { payment_timeout: Duration::from_millis(10), ..config() }
}

/// The settings of most tests: nobody is turned away, and nobody waits for long.
pub fn config() -> CoreConfig {
    CoreConfig {
        in_flight_max: 1 << 20,
        payment_timeout: Duration::from_secs(30),
        checkout_wait: Duration::from_secs(50),
        probe_backoff: Duration::from_millis(1),
        order_hold_ttl: Millis(30_000),
        order_payment_deadline: Millis(30 * 60_000),
    }
}

impl Shop {
    /// An empty shop.
    pub async fn new(clock: Arc<dyn Clock>) -> Self {
        Self::new_on(&MemoryDisk::new(), clock).await
    }

    /// The shop that this disk tells of, with the sandbox to pay at.
    pub async fn new_on(disk: &MemoryDisk, clock: Arc<dyn Clock>) -> Self {
        Self::open(disk, clock, Payments::sandbox(), config()).await
    }

    /// The shop that this disk tells of.
    pub async fn open(
        disk: &MemoryDisk,
        clock: Arc<dyn Clock>,
        payments: Payments,
        config: CoreConfig,
    ) -> Self {
        let fatal = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&fatal);
        let on_fatal = Box::new(move |why: Fatal| told.lock().unwrap().push(why));
        let opened = Core::open_memory(disk, config, clock, payments, on_fatal);
        let core = within("opening", opened).await.expect("memory opens");
        Self { disk: disk.clone(), core, fatal }
    }

    /// A second shop, as a process finds it that starts after a crash at this moment.
    pub async fn after_crash(&self, clock: Arc<dyn Clock>) -> Self {
        Self::new_on(&self.disk.fork(), clock).await
    }

    /// Puts a product and lays so many units of it on the shelf.
    pub async fn stock(&self, name: &str, count: u64) {
        self.stock_with(name, count, Policy::default()).await;
    }

    pub async fn stock_with(&self, name: &str, count: u64, policy: Policy) {
        let put = self.core.put_product(sku(name), details(policy), fresh_operation());
        within("putting a product", put).await.unwrap();
        self.count(name, count).await;
    }

    /// Sets the count at the main place.
    pub async fn count(&self, name: &str, count: u64) {
        self.count_at(name, &LocationId::main(), count).await;
    }

    pub async fn count_at(&self, name: &str, place: &LocationId, count: u64) {
        let adjusted = self.core.adjust(sku(name), counted(place, count, fresh_operation()));
        within("a count", adjusted).await.unwrap();
    }

    pub async fn shown(&self, name: &str) -> StockView {
        within("reading stock", self.core.stock(&sku(name))).await.unwrap()
    }

    /// What is shown of a product, over all places.
    pub async fn counts(&self, name: &str) -> LocationCounts {
        self.shown(name).await.totals()
    }

    /// Passes through the mailbox of a product's owner without any effect. Afterwards everything that was sent to the
    /// owner before has been dealt with and is durable.
    pub async fn ping(&self, name: &str) {
        loop {
            let answer = within("a ping", self.core.adjust(sku(name), refused_change())).await;
            match answer {
                Err(Failure::Rejected(
                    Rejection::StockChanged { .. } | Rejection::ProductIsBundle { .. },
                )) => return,
                // The owner died, or had died and was about to be missed.
                Err(Failure::Unavailable(Unavailable::Restarting)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub async fn names(&self) -> Vec<String> {
        let products = self.core.products(None, usize::MAX).await.unwrap();
        products.iter().map(|product| product.sku.as_str().to_owned()).collect()
    }

    /// Lets every owner deal with what was sent to it.
    pub async fn settle(&self) {
        for name in self.names().await {
            self.ping(&name).await;
        }
    }

    /// The order, once its checkout has ended and what it owes is paid back.
    pub async fn rested(&self, id: u128) -> OrderView {
        let mut view = self.core.order(OrderId(id)).await.unwrap();
        eventually("an order comes to rest", async || {
            view = self.core.order(OrderId(id)).await.unwrap();
            is_at_rest(&view)
        })
        .await;
        view
    }

    pub async fn orders(&self) -> Vec<OrderView> {
        within("listing orders", self.core.orders(&buyer(), None, usize::MAX)).await.unwrap()
    }

    /// All orders, once every one of them has come to rest.
    pub async fn all_rested(&self) -> Vec<OrderView> {
        let mut orders = Vec::new();
        eventually("all orders come to rest", async || {
            orders = self.orders().await;
            orders.iter().all(is_at_rest)
        })
        .await;
        orders
    }

    /// Lets every owner deal with what was sent to it, and checks that nothing is lost and nothing left over: every
    /// hold belongs to a live reservation, every allocation to a commit, and what is shown is what the journal says.
    pub async fn audit(&self) -> World {
        self.settle().await;
        journal::check_trails(&self.disk);
        let world = journal::world(&self.disk);
        let now = self.core.now();
        world.check_settled(now);
        for (sku, product) in world.products() {
            if product.is_bundle() {
                // What is shown of it is made of what is shown of others.
                continue;
            }
            let shown = self.shown(sku.as_str()).await;
            let told: BTreeMap<_, _> = product.levels().collect();
            assert_eq!(shown.locations.len(), told.len(), "{sku}: the places that are shown");
            for view in &shown.locations {
                let level = told[&view.location];
                let counts = LocationCounts {
                    on_hand: level.on_hand.units(),
                    damaged: level.damaged.units(),
                    quality_control: level.quality_control.units(),
                    held: level.held.units(),
                    allocated: level.allocated.units(),
                    available: product.available(&view.location, now).units(),
                    incoming: product.incoming(&view.location).units(),
                };
                assert_eq!(view.counts, counts, "{sku} at {}", view.location);
            }
            assert_eq!(shown.queued, product.queued().units(), "{sku}");
            assert_eq!((shown.version, shown.sequence), (product.version(), product.sequence()), "{sku}");
        }
        assert_eq!(*self.fatal.lock().unwrap(), Vec::<Fatal>::new());
        world
    }

    pub async fn close(self) {
        within("shutdown", self.core.shutdown()).await.expect("memory seals");
    }
}

/// Whether nothing more happens to an order unless somebody asks.
pub fn is_at_rest(view: &OrderView) -> bool {
    let over = !matches!(view.status, OrderStatus::PaymentPending | OrderStatus::PaymentUnknown);
    over && view.refunds.iter().all(|refund| refund.status != holdfast_actors::RefundStatus::Pending)
}
