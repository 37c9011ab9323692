//! The face of the runtime: start it, ask it, end it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use holdfast_engine::order::{OrderStatus, ReturnLine};
use holdfast_engine::product::{
    Adjustment, DeleteLocation, JoinWaiting, LotCommand, ProductDetails, SaleTerms,
};
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{
    CustomerId, HoldId, LineQuantity, LocationId, Millis, Money, Operation, OrderId, Rejection,
    ReservationId, SaleId, Sequence, Sku, SmolStr, Timestamp,
};
use holdfast_persistence::{
    AppendError, CloseError, GroupCommit, GroupObserver, Hooks, Journal, JournalReader, JournalStore,
    MemoryDisk, OpenError, Opened, Options, Partition, Rebuild, SyncedGroup,
};
use parking_lot::Mutex;
use ractor::ActorRef;

use crate::answer::{Answer, Failure, Reply, ReplyTo, Unavailable};
use crate::bundle_stock::bundle_stock;
use crate::bundles;
use crate::change::{self, ChangeReservation};
use crate::clock::Clock;
use crate::config::CoreConfig;
use crate::customer_index::Age;
use crate::customer_reservations::{self, Claimed, ReleasedAll};
use crate::directory::Directory;
use crate::expiry::{self, Expiry};
use crate::explain::{self, ExplainRequest, ProductExplanation};
use crate::lot_view::{LotAnswer, LotsView};
use crate::orders::{self, OrderMessage, OrderRequest, OrderUnits, OrderView, PlaceOrderRequest};
use crate::past::{self, AsOf, HistoryPage, HistoryQuery, PastFailure, StockAsOf, Walks};
use crate::payment::Payments;
use crate::product_actor::ProductMessage;
use crate::product_cell::{ProductCell, next_change};
use crate::promises;
use crate::recovery::{Recovered, Recovery};
use crate::reservation_cell::Reservations;
use crate::reservation_view::ReservationView;
use crate::reservations::{self, Reserve, TakenLine};
use crate::shared::{Counters, Gate, Permit, Shared};
use crate::stock_watch::{StockWatch, WATCHED_MAX};
use crate::supervisor;
use crate::together::{self, NotTogether};
use crate::view::{
    AdjustAnswer, DeleteAnswer, LocationDeleteAnswer, ProductView, PutAnswer, SaleAnswer, StockView,
};
use crate::waiter::Waiter;
use crate::waiting_view::WaitingView;

/// A running core. Clones are the same one.
#[derive(Clone)]
pub struct Core {
    shared: Arc<Shared>,
    held: Arc<Held>,
}

/// What is let go of at the end.
struct Held {
    secret: [u8; 32],
    journal: Mutex<Option<Close>>,
    supervisor: ActorRef<()>,
    timer: tokio::task::JoinHandle<()>,
}

/// Ends the journal. Blocks until everything is durable.
type Close = Box<dyn FnOnce() -> Result<(), CloseError> + Send>;

/// A journal that was replayed and is open.
struct OpenJournal {
    appender: GroupCommit<Waiter>,
    reader: Arc<dyn JournalReader>,
    secret: [u8; 32],
    close: Close,
}

/// Why the process must end. Nothing acknowledged is lost, and the next start takes up what was under way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fatal {
    /// The journal cannot be written any more: the disk, or its space.
    #[error("the journal failed: {0}")]
    Journal(String),
    /// A part of the runtime died that cannot be replaced while it runs: a defect.
    #[error("{0}")]
    Runtime(String),
}

/// Who hears that the process must end, and why. Called at most a few times, from any thread.
pub type OnFatal = Box<dyn Fn(Fatal) + Send + Sync>;

/// Numbers for people who watch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoreStats {
    /// Products known.
    pub products: u64,
    /// Products with a living owner.
    pub active_products: u64,
    /// Reservations known, ended ones included.
    pub reservations: u64,
    /// Orders known, ended ones included.
    pub orders: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// Requests refused because too many were under way.
    pub refused_overload: u64,
    /// Reservations whose time ran out since the start.
    pub expired_holds: u64,
    /// Owners rebuilt after a panic since the start.
    pub actor_restarts: u64,
    /// Last position given to an event.
    pub journal_appended: u64,
    /// Last durable position.
    pub journal_durable: u64,
}

impl Core {
    /// Opens the data directory or makes a new one, replays its journal, finishes what the last process left under way,
    /// and starts. `on_fatal` hears when nothing can be promised any more: the process should then end.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the directory and what to do.
    pub async fn open(
        dir: &Path,
        config: CoreConfig,
        clock: Arc<dyn Clock>,
        payments: Payments,
        observer: Option<Box<dyn GroupObserver>>,
        on_fatal: OnFatal,
    ) -> Result<Self, OpenError> {
        let on_fatal = Arc::new(on_fatal);
        let fatal = Arc::clone(&on_fatal);
        let hooks = Hooks {
            observer: observer.unwrap_or_else(|| Box::new(|_: &SyncedGroup| {})),
            on_failure: Box::new(move |error| fatal(Fatal::Journal(error.to_string()))),
        };
        let path = dir.to_path_buf();
        let read = tokio::task::spawn_blocking(move || read(&path, hooks, clock)).await;
        let (recovered, journal) =
            read.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        let started = Self::start(recovered, journal, config, payments, on_fatal).await;
        started.map_err(|error| OpenError::Io {
            doing: "starting the actors for",
            path: dir.to_path_buf(),
            source: std::io::Error::other(error.to_string()),
        })
    }

    /// Starts over a journal in memory, for tests and measurements: everything but the disk is real.
    ///
    /// # Errors
    /// The journal's or the runtime's own.
    pub async fn open_memory(
        disk: &MemoryDisk,
        config: CoreConfig,
        clock: Arc<dyn Clock>,
        payments: Payments,
        on_fatal: OnFatal,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let on_fatal = Arc::new(on_fatal);
        let fatal = Arc::clone(&on_fatal);
        let mut store = disk.open(Partition(0));
        let mut recovery = Recovery::new(clock);
        let tail = store.replay(Sequence(1), &mut |sequence, event| recovery.event(sequence, event))?;
        recovery.end()?;
        let reader = store.reader()?;
        let observer = Box::new(|_: &SyncedGroup| {});
        let on_failure = Box::new(move |error: &AppendError| fatal(Fatal::Journal(error.to_string())));
        let (appender, writer) = GroupCommit::start(store, tail.epoch.next(), &tail, observer, on_failure)?;
        let recovered = recovery.finish(&appender);
        let close = Box::new(move || Ok(writer.close().map(drop)?));
        let journal = OpenJournal { appender, reader, secret: [7; 32], close };
        Self::start(recovered, journal, config, payments, on_fatal).await
    }

    async fn start(
        Recovered { world, clock }: Recovered,
        journal: OpenJournal,
        config: CoreConfig,
        payments: Payments,
        on_fatal: Arc<OnFatal>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let OpenJournal { appender, reader, secret, close } = journal;
        let (expiry, deadlines) = Expiry::new();
        let shared = Arc::new(Shared {
            config,
            clock: Arc::clone(&clock),
            journal: appender,
            payments,
            directory: Directory::default(),
            reservations: Reservations::default(),
            expiry,
            walks: Walks::new(Arc::clone(&reader)),
            owners: DashMap::new(),
            counters: Counters::default(),
            supervisor: OnceLock::new(),
            orders: OnceLock::new(),
            runtime: tokio::runtime::Handle::current(),
            gate: Gate::default(),
            ending: AtomicBool::new(false),
        });
        let (products, all_reservations, all_orders) = world.into_parts();
        shared.reservations.insert_all(all_reservations);
        for product in products {
            let (sku, now) = (product.sku().clone(), clock.now());
            let next = next_change(&product, now);
            shared.directory.insert(product, now);
            if let (Some(next), Some(cell)) = (next, shared.directory.get(&sku)) {
                shared.expiry.arm(next, &cell);
            }
        }
        let duties = supervisor::Duties {
            shared: Arc::downgrade(&shared),
            reader,
            on_fatal: Arc::new(move |why| on_fatal(Fatal::Runtime(why))),
        };
        let supervisor = supervisor::spawn(duties).await?;
        drop(shared.supervisor.set(supervisor.get_cell()));
        let coordinator = orders::spawn(&shared, all_orders.collect(), supervisor.get_cell()).await?;
        drop(coordinator.send_message(OrderMessage::Resume));
        drop(shared.orders.set(coordinator));
        let timer = tokio::spawn(expiry::run(Arc::downgrade(&shared), clock, deadlines));
        // What recovery has mended is shown from here on, so it must be durable first.
        reservations::durable(&shared, None)
            .await
            .map_err(|_| "the journal failed before the doors were opened")?;
        let held = Held { secret, journal: Mutex::new(Some(close)), supervisor, timer };
        Ok(Self { shared, held: Arc::new(held) })
    }

    /// What ids are derived from: known to this data directory alone.
    pub fn id_secret(&self) -> [u8; 32] {
        self.held.secret
    }

    /// The present instant, by the core's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Whether a payment can be asked of this provider with this method.
    pub fn accepts_payment(&self, provider: &str, method: &str) -> bool {
        self.shared.payments.accepts(provider, method)
    }

    /// Creates a product or replaces its details.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn put_product(
        &self,
        sku: Sku,
        details: ProductDetails,
        operation: Operation,
    ) -> Reply<PutAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get_or_create(&sku, self.now());
        self.ask(&cell, permit, |caller| ProductMessage::Put(Box::new(details), operation, caller)).await
    }

    /// Takes a product out of the catalogue, if nothing of it lies anywhere or is held or promised. It may be put again.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::ProductInUse`] while something is left of it.
    pub async fn delete_product(&self, sku: Sku, operation: Operation) -> Reply<DeleteAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::Delete(operation, caller)).await
    }

    /// Puts a sale of a product, or changes the one there is.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::OtherSale`] while another one is not closed.
    pub async fn put_sale(&self, sku: Sku, terms: SaleTerms, operation: Operation) -> Reply<SaleAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::PutSale(Box::new(terms), operation, caller)).await
    }

    /// Ends a sale of a product: what was set aside and not sold is for the public again.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::SaleNotFound`] if the product has another one or none.
    pub async fn end_sale(&self, sku: Sku, sale: SaleId, operation: Operation) -> Reply<SaleAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::EndSale(sale, operation, caller)).await
    }

    /// A product as it was last put.
    ///
    /// # Errors
    /// [`Rejection::UnknownSku`] if it was not.
    pub async fn product(&self, sku: &Sku) -> Result<ProductView, Failure> {
        let details = self.shared.directory.get(sku).and_then(|cell| cell.details());
        details.map(|view| (*view).clone()).ok_or_else(|| Rejection::UnknownSku { sku: sku.clone() }.into())
    }

    /// Products in the order of their SKUs, after this one.
    ///
    /// # Errors
    /// None at present.
    pub async fn products(&self, after: Option<&Sku>, limit: usize) -> Result<Vec<ProductView>, Failure> {
        let views = self.shared.directory.after(after).filter_map(|cell| cell.details());
        Ok(views.map(|view| (*view).clone()).take(limit).collect())
    }

    /// A bundle as it is now, with its own view; `None` of a product that is none.
    fn bundle(&self, sku: &Sku) -> Option<(Arc<ProductView>, StockView)> {
        let cell = self.shared.directory.get(sku)?;
        let shown = cell.shown();
        let details = shown.details.as_ref().filter(|view| view.details.is_bundle())?;
        Some((Arc::clone(details), shown.stock.clone()))
    }

    /// The stock of a bundle, of views that are read one after the other.
    async fn stock_of_bundle(
        &self,
        (bundle, own): (Arc<ProductView>, StockView),
        reservation: Option<ReservationId>,
    ) -> Result<StockView, Failure> {
        let mut components = Vec::with_capacity(bundle.details.components.len());
        for component in &bundle.details.components {
            let read = match reservation {
                None => self.own_stock(&component.sku).await,
                Some(reservation) => self.own_stock_to(&component.sku, reservation).await,
            };
            components.push(match read {
                Ok(stock) => Some(stock),
                Err(Failure::Rejected(Rejection::UnknownSku { .. })) => None,
                Err(failure) => return Err(failure),
            });
        }
        Ok(bundle_stock(&bundle, own, &components))
    }

    /// A product's stock. Everything in it is durable, and everything acknowledged before is in it; what has lapsed by
    /// now counts as lapsed. That of a bundle is made of the views of its components.
    ///
    /// # Errors
    /// [`Rejection::UnknownSku`] if there is no such product.
    pub async fn stock(&self, sku: &Sku) -> Result<StockView, Failure> {
        match self.bundle(sku) {
            Some(bundle) => self.stock_of_bundle(bundle, None).await,
            None => self.own_stock(sku).await,
        }
    }

    async fn own_stock(&self, sku: &Sku) -> Result<StockView, Failure> {
        let unknown = || Failure::Rejected(Rejection::UnknownSku { sku: sku.clone() });
        let cell = self.shared.directory.get(sku).ok_or_else(unknown)?;
        {
            let shown = cell.shown();
            if shown.details.is_none() {
                return Err(unknown());
            }
            // What is to be expected is not shown, because it takes a walk through the queue: the product itself tells it.
            if !shown.is_out_of_date(self.shared.clock.now()) && !shown.may_expect(self.shared.clock.now()) {
                return Ok(shown.stock.clone());
            }
        }
        let read = |caller| ProductMessage::Read(Vec::new(), caller);
        self.ask(&cell, Gate::enter(&self.shared)?, read).await
    }

    /// A product's stock as it is to whoever has a reservation: what that holds counts as available, so it may be changed to
    /// have all of it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn stock_to(&self, sku: &Sku, reservation: ReservationId) -> Result<StockView, Failure> {
        match self.bundle(sku) {
            Some(bundle) => self.stock_of_bundle(bundle, Some(reservation)).await,
            None => self.own_stock_to(sku, reservation).await,
        }
    }

    async fn own_stock_to(&self, sku: &Sku, reservation: ReservationId) -> Result<StockView, Failure> {
        let unknown = || Rejection::UnknownSku { sku: sku.clone() };
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(sku).ok_or_else(unknown)?;
        if cell.shown().details.is_none() {
            return Err(unknown().into());
        }
        let not_found = || Rejection::ReservationNotFound { reservation };
        let own = self.shared.reservations.get(reservation).ok_or_else(not_found)?;
        let own = own.read(|made| {
            let lines = made.lines().iter().filter(|line| line.sku == *sku);
            lines.map(|line| HoldId { reservation, line: line.number }).collect::<Vec<_>>()
        });
        let own = own.ok_or_else(not_found)?;
        self.ask(&cell, permit, |caller| ProductMessage::Read(own, caller)).await
    }

    /// Watches what is shown of some products, at most [`WATCHED_MAX`](crate::WATCHED_MAX): their counts now, or those that are newer
    /// than what was `seen` in an earlier watch, and then whatever changes.
    ///
    /// # Errors
    /// [`Rejection::UnknownSku`] if there is no such product.
    pub fn watch_stock(&self, skus: &[Sku], seen: Option<Sequence>) -> Result<StockWatch, Failure> {
        let cell = |sku: &Sku| {
            let cell = self.shared.directory.get(sku).filter(|cell| cell.shown().details.is_some());
            // How many bundles there are is said of their components, which can be watched.
            if bundles::is_bundle(&self.shared, sku) {
                return Err(Rejection::ProductIsBundle { sku: sku.clone() });
            }
            cell.ok_or_else(|| Rejection::UnknownSku { sku: sku.clone() })
        };
        let cells = skus.iter().take(WATCHED_MAX).map(cell).collect::<Result<_, _>>()?;
        // A position that is still to come was seen in another journal.
        let seen = seen.filter(|seen| *seen <= self.shared.journal.durable()).unwrap_or_default();
        Ok(StockWatch::new(cells, seen))
    }

    /// A part of what happened to a product, newest first. It outlives the product.
    ///
    /// # Errors
    /// [`PastFailure`].
    pub async fn history(&self, sku: Sku, query: HistoryQuery) -> Result<HistoryPage, PastFailure> {
        past::history(&self.shared, sku, query).await
    }

    /// A product's stock as it was.
    ///
    /// # Errors
    /// [`PastFailure`].
    pub async fn stock_as_of(&self, sku: Sku, as_of: AsOf) -> Result<StockAsOf, PastFailure> {
        past::stock_as_of(&self.shared, sku, as_of).await
    }

    /// Changes a count.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn adjust(&self, sku: Sku, adjustment: Adjustment) -> Reply<AdjustAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::Adjust(Box::new(adjustment), caller)).await
    }

    /// Gives a location of a product up; what lies there goes to another one.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::LocationInUse`] while somebody has a claim there, [`Rejection::LastLocation`] if there is no
    /// other.
    pub async fn delete_location(&self, sku: Sku, command: DeleteLocation) -> Reply<LocationDeleteAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::DeleteLocation(Box::new(command), caller)).await
    }

    /// Does something about units on their way: expects, sends, receives or reschedules them, or calls them off.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn change_lot(&self, sku: Sku, command: LotCommand) -> Reply<LotAnswer> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::Lot(Box::new(command), caller)).await
    }

    /// A product's open lots.
    ///
    /// # Errors
    /// [`Rejection::UnknownSku`] if there is no such product.
    pub async fn lots(&self, sku: &Sku) -> Result<LotsView, Failure> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(sku).ok_or(Rejection::UnknownSku { sku: sku.clone() })?;
        self.ask(&cell, permit, ProductMessage::ReadLots).await
    }

    /// Lets a customer wait for units of a product that come free, or want something else than before. A repeat is
    /// answered with where the customer stands now.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::NoWaitingList`] if the product's policy has none.
    pub async fn join_waiting_list(&self, sku: Sku, join: JoinWaiting) -> Reply<WaitingView> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::Join(Box::new(join), caller)).await
    }

    /// Lets a customer wait no more; what is on offer is for the next in line.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::NotWaiting`] if the customer does not wait.
    pub async fn leave_waiting_list(
        &self,
        sku: Sku,
        customer: CustomerId,
        operation: Operation,
    ) -> Reply<WaitingView> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(&sku).ok_or(Rejection::UnknownSku { sku })?;
        self.ask(&cell, permit, |caller| ProductMessage::Leave(customer, operation, caller)).await
    }

    /// Where a customer stands who joined the waiting list of a product, the last time if that was often.
    ///
    /// # Errors
    /// [`Rejection::UnknownSku`]; [`Rejection::NotWaiting`] if the customer never joined.
    pub async fn waiting(&self, sku: &Sku, customer: CustomerId) -> Result<WaitingView, Failure> {
        let permit = Gate::enter(&self.shared)?;
        let cell = self.shared.directory.get(sku).ok_or(Rejection::UnknownSku { sku: sku.clone() })?;
        self.ask(&cell, permit, |caller| ProductMessage::ReadWaiting(customer, caller)).await
    }

    /// Makes a reservation: all of it, or nothing.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn reserve(&self, request: Reserve) -> Reply<ReservationView> {
        reservations::reserve(&self.shared, Some(Gate::enter(&self.shared)?), request).await
    }

    /// What a basket would get now, and why: product by product, in the order of their SKUs. Nothing is taken.
    ///
    /// # Errors
    /// [`Rejection::UnknownSku`] if one of them is no product; other refusals are in the answer.
    pub async fn explain(&self, request: ExplainRequest) -> Result<Vec<ProductExplanation>, Failure> {
        explain::explain(&self.shared, Gate::enter(&self.shared)?, request).await
    }

    /// Makes reservations, all of them or none. They are claimed of each product in their order. One that was made before
    /// counts as done. None of them may take less than it asks for, and all together have at most
    /// [`LINES_MAX`](holdfast_engine::reservation::LINES_MAX) lines.
    ///
    /// # Errors
    /// Which of them could not be made, and its [`Failure`].
    pub async fn reserve_together(
        &self,
        requests: Vec<Reserve>,
    ) -> Result<Vec<Answer<ReservationView>>, NotTogether> {
        let permit = Gate::enter(&self.shared).map_err(|busy| (0, busy.into()))?;
        together::reserve_together(&self.shared, permit, requests).await
    }

    /// A reservation as it is now.
    ///
    /// # Errors
    /// [`Rejection::ReservationNotFound`] if there is none.
    pub async fn reservation(&self, id: ReservationId) -> Result<ReservationView, Failure> {
        let now = self.shared.clock.now();
        let cell = self.shared.reservations.get(id);
        let view = cell.and_then(|cell| cell.read(|reservation| ReservationView::now(reservation, now)));
        let mut view = view.ok_or(Rejection::ReservationNotFound { reservation: id })?;
        if view.sequence > self.shared.journal.durable() {
            reservations::durable(&self.shared, Some(Gate::enter(&self.shared)?)).await?;
        }
        if matches!(view.state, ReservationState::Committed { .. }) {
            promises::bring_up_to_date(&self.shared, &mut view).await?;
        }
        Ok(view)
    }

    /// The products of a reservation, each once or more; none if it is not made. A look, not an answer: what it says may
    /// not be durable yet.
    pub fn products_of(&self, id: ReservationId) -> Vec<Sku> {
        let cell = self.shared.reservations.get(id);
        let skus = cell.and_then(|cell| {
            cell.read(|reservation| reservation.lines().iter().map(|line| line.sku.clone()).collect())
        });
        skus.unwrap_or_default()
    }

    /// What a product is made of, as it is now, if it is a bundle.
    pub fn components_of(&self, sku: &Sku) -> Vec<Sku> {
        let shown = self.shared.directory.get(sku).and_then(|cell| cell.details());
        let components = shown.iter().flat_map(|shown| &shown.details.components);
        components.map(|component| component.sku.clone()).collect()
    }

    /// Commits a reservation: all of it, or the units named.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn commit(
        &self,
        id: ReservationId,
        taken: Option<Vec<TakenLine>>,
        operation: Operation,
    ) -> Reply<ReservationView> {
        reservations::commit(&self.shared, Gate::enter(&self.shared)?.into(), id, taken, operation).await
    }

    /// Gives a reservation back.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn release(&self, id: ReservationId, operation: Operation) -> Reply<ReservationView> {
        reservations::release(&self.shared, Gate::enter(&self.shared)?.into(), id, operation).await
    }

    /// A customer's reservations that have not ended, the newest first: all of them or those that stand so, of those older than
    /// the one given.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn reservations(
        &self,
        customer: &CustomerId,
        only: Option<Claimed>,
        before: Option<Age>,
        limit: usize,
    ) -> Result<Vec<ReservationView>, Failure> {
        let permit = Gate::enter(&self.shared)?;
        customer_reservations::list(&self.shared, permit, customer, only, before, limit).await
    }

    /// Gives back all of a customer's reservations that are held, at most
    /// [`RELEASES_MAX`](crate::RELEASES_MAX) of them: each as the operation that `operation_of` derives for it, always the same
    /// for one request. A repeat gives back nothing that was made after the first time.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; some of them may have been given back, and a repeat finds out.
    pub async fn release_all(
        &self,
        customer: &CustomerId,
        operation_of: impl Fn(ReservationId) -> Operation,
    ) -> Result<ReleasedAll, Failure> {
        let permit = Gate::enter(&self.shared)?;
        customer_reservations::release_all(&self.shared, permit, customer, operation_of).await
    }

    /// Moves a reservation's deadline to `ttl` from now; to as long as it was made for if not given.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn extend(
        &self,
        id: ReservationId,
        ttl: Option<Millis>,
        operation: Operation,
    ) -> Reply<ReservationView> {
        reservations::extend(&self.shared, Gate::enter(&self.shared)?.into(), id, ttl, operation).await
    }

    /// Changes the lines of a reservation that is held: more here, fewer there, some out, others in, in one step. What it holds
    /// is not in the way of its getting more.
    ///
    /// # Errors
    /// [`Failure`]; after a refusal its lines are what they were.
    pub async fn change_reservation(&self, request: ChangeReservation) -> Reply<ReservationView> {
        change::change(&self.shared, Gate::enter(&self.shared)?, request).await
    }

    /// Checks out: holds or takes over the units, pays, and promises them. Answers when that has ended, or with the
    /// order as it stands after [`CoreConfig::checkout_wait`]. An order whose payment failed is an answer, not a failure.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn place_order(&self, request: PlaceOrderRequest) -> Reply<OrderView> {
        // Its share goes back when the order is written down; this one when its caller has an answer, or does not want it.
        let permit = Arc::new(Gate::enter(&self.shared)?);
        let id = request.id;
        let (caller, mut answer) = ReplyTo::channel_with_share(&permit);
        let is_repeat = Arc::new(AtomicBool::new(false));
        let place =
            OrderMessage::Place { request: Box::new(request), caller, is_repeat: Arc::clone(&is_repeat) };
        self.tell_orders(place)?;
        loop {
            let wait = tokio::time::timeout(self.shared.config.checkout_wait, &mut answer).await;
            if let Ok(answer) = wait {
                let mut answer = answer.unwrap_or_else(|_| Err(self.shared.lost()))?;
                self.show_sources(&mut answer.value);
                return Ok(answer);
            }
            match self.ask_orders(None, |caller| OrderMessage::Read(id, caller)).await {
                Ok(mut view) if view.is_being_paid() => {
                    self.show_sources(&mut view);
                    // Set before the order could be read.
                    return Ok(Answer { value: view, replayed: is_repeat.load(Ordering::Relaxed) });
                }
                // Decided by now, or not placed yet: either way its answer comes before long.
                Ok(_) | Err(Failure::Rejected(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// An order as it is now.
    ///
    /// # Errors
    /// [`Rejection::OrderNotFound`] if there is none.
    pub async fn order(&self, id: OrderId) -> Result<OrderView, Failure> {
        let permit = Gate::enter(&self.shared)?;
        let mut view = self.ask_orders(Some(permit), |caller| OrderMessage::Read(id, caller)).await?;
        if view.status == OrderStatus::PaymentFailed {
            // Its units are somebody else's now, or nobody's.
            return Ok(view);
        }
        let reservation = self.reservation(view.reservation).await?;
        view.bundles = reservation.bundles;
        for (line, held) in view.lines.iter_mut().zip(reservation.lines) {
            (line.sources, line.ahead) = (Some(held.sources), held.ahead);
            line.promised_at = held.promised_at;
        }
        Ok(view)
    }

    /// Shows where the units of an order were when they were claimed.
    fn show_sources(&self, view: &mut OrderView) {
        if view.status == OrderStatus::PaymentFailed {
            return;
        }
        let cell = self.shared.reservations.get(view.reservation);
        let sources = cell.and_then(|cell| {
            cell.read(|reservation| {
                let sources = reservation.lines().iter().map(|line| line.sources.clone());
                (sources.collect::<Vec<_>>(), reservation.bundles_at(reservation.version()))
            })
        });
        let (sources, bundles) = sources.unwrap_or_default();
        view.bundles = bundles;
        for (line, sources) in view.lines.iter_mut().zip(sources) {
            line.sources = Some(sources);
        }
    }

    /// A customer's orders after this one, oldest first.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn orders(
        &self,
        customer: &CustomerId,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<OrderView>, Failure> {
        let permit = Gate::enter(&self.shared)?;
        let list = |caller| OrderMessage::List(customer.clone(), after, limit, caller);
        self.ask_orders(Some(permit), list).await
    }

    /// Calls off all of an order that has not left; what was paid for that is paid back.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn cancel_order(&self, id: OrderId, reason: SmolStr, operation: Operation) -> Reply<OrderView> {
        self.cancel_units(id, Vec::new(), reason, operation).await
    }

    /// Calls off units of an order that have not left: those named, or all of them. Their price is paid back.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn cancel_units(
        &self,
        id: OrderId,
        lines: Vec<OrderUnits>,
        reason: SmolStr,
        operation: Operation,
    ) -> Reply<OrderView> {
        self.operate(id, OrderRequest::Cancel { lines: units(lines), reason }, operation).await
    }

    /// Ships units of an order: those named, or all that are left.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ship(&self, id: OrderId, lines: Vec<OrderUnits>, operation: Operation) -> Reply<OrderView> {
        self.operate(id, OrderRequest::Ship { lines: units(lines) }, operation).await
    }

    /// Takes shipped units back to the shelf, where they are sold again unless they are `damaged`; their price is paid
    /// back.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn return_units(
        &self,
        id: OrderId,
        lines: Vec<OrderUnits>,
        damaged: bool,
        reason: SmolStr,
        operation: Operation,
    ) -> Reply<OrderView> {
        let lines = lines.into_iter().map(|OrderUnits { sku, location, quantity }| ReturnLine {
            sku,
            location,
            quantity,
            damaged,
        });
        self.operate(id, OrderRequest::Return { lines: lines.collect(), reason }, operation).await
    }

    /// Sends a confirmed order somewhere else (JSON text), before anything of it has left.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn change_ship_to(
        &self,
        id: OrderId,
        ship_to: SmolStr,
        operation: Operation,
    ) -> Reply<OrderView> {
        self.operate(id, OrderRequest::ShipTo { ship_to }, operation).await
    }

    /// Grants a refund of a paid order, beside what cancelled and returned units owe.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::RefundAbovePaid`] if less than that is left of what was paid.
    pub async fn refund(
        &self,
        id: OrderId,
        amount: Money,
        reason: SmolStr,
        operation: Operation,
    ) -> Reply<OrderView> {
        self.operate(id, OrderRequest::Refund { amount, reason }, operation).await
    }

    /// Tries a failed refund, by its number from 0, again.
    ///
    /// # Errors
    /// [`Failure`]; [`Rejection::RefundNotFailed`] if it is under way or paid.
    pub async fn retry_refund(&self, id: OrderId, refund: u16, operation: Operation) -> Reply<OrderView> {
        self.operate(id, OrderRequest::RetryRefund { refund }, operation).await
    }

    /// Numbers for people who watch.
    pub fn stats(&self) -> CoreStats {
        let shared = &self.shared;
        CoreStats {
            products: shared.directory.len() as u64,
            active_products: shared.owners.len() as u64,
            reservations: shared.reservations.len() as u64,
            orders: shared.counters.orders.load(Ordering::Relaxed),
            in_flight: shared.gate.under_way() as u64,
            refused_overload: shared.counters.refused_overload.load(Ordering::Relaxed),
            expired_holds: shared.counters.expired.load(Ordering::Relaxed),
            actor_restarts: shared.counters.restarts.load(Ordering::Relaxed),
            journal_appended: shared.journal.appended().0,
            journal_durable: shared.journal.durable().0,
        }
    }

    /// Whether requests can be answered: the journal is sound and the process is not ending.
    pub fn is_ready(&self) -> bool {
        !self.shared.gate.is_closed() && !self.shared.journal.is_failed()
    }

    /// Ends: lets nobody begin, waits for what is under way, makes everything durable and seals the data directory.
    /// Checkouts that wait for a payment provider are taken up by the next start. A second call does nothing.
    ///
    /// # Errors
    /// [`CloseError`] if the directory could not be sealed; nothing acknowledged is lost.
    pub async fn shutdown(&self) -> Result<(), CloseError> {
        self.shared.gate.close().await;
        self.shared.ending.store(true, Ordering::SeqCst);
        self.held.timer.abort();
        if let Some(orders) = self.shared.orders.get() {
            drop(orders.stop_and_wait(None, None).await);
        }
        self.held.supervisor.stop_children_and_wait(None, None).await;
        drop(self.held.supervisor.stop_and_wait(None, None).await);
        let Some(close) = self.held.journal.lock().take() else { return Ok(()) };
        let closed = tokio::task::spawn_blocking(close).await;
        closed.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    async fn operate(&self, id: OrderId, request: OrderRequest, operation: Operation) -> Reply<OrderView> {
        let permit = Gate::enter(&self.shared)?;
        self.ask_orders(Some(permit), |caller| OrderMessage::Operate(id, request, operation, caller)).await
    }

    async fn ask_orders<T>(
        &self,
        permit: Option<Permit>,
        message: impl FnOnce(ReplyTo<Result<T, Failure>>) -> OrderMessage,
    ) -> Result<T, Failure> {
        let (caller, answer) = ReplyTo::channel(permit);
        self.tell_orders(message(caller))?;
        answer.await.unwrap_or_else(|_| Err(self.shared.lost()))
    }

    fn tell_orders(&self, message: OrderMessage) -> Result<(), Failure> {
        let gone = || match self.shared.gate.is_closed() {
            true => Failure::Unavailable(Unavailable::ShuttingDown),
            false => self.shared.lost(),
        };
        let orders = self.shared.orders.get().ok_or_else(gone)?;
        orders.send_message(message).map_err(|_| gone())
    }

    async fn ask<T>(
        &self,
        cell: &Arc<ProductCell>,
        permit: Permit,
        message: impl FnOnce(ReplyTo<Result<T, Failure>>) -> ProductMessage,
    ) -> Result<T, Failure> {
        let (caller, answer) = ReplyTo::channel(Some(permit));
        cell.send(&self.shared, message(caller));
        answer.await.unwrap_or_else(|_| Err(self.shared.lost()))
    }
}

fn read(path: &Path, hooks: Hooks, clock: Arc<dyn Clock>) -> Result<(Recovered, OpenJournal), OpenError> {
    let mut recovery = Recovery::new(clock);
    let opened: Opened<Waiter> = Journal::open(path, &Options::default(), hooks, &mut recovery)?;
    let journal = opened.journal;
    let recovered = recovery.finish(journal.appender());
    let open = OpenJournal {
        appender: journal.appender().clone(),
        reader: journal.reader(),
        secret: *journal.secret().bytes(),
        close: Box::new(move || journal.close()),
    };
    Ok((recovered, open))
}

fn units(lines: Vec<OrderUnits>) -> Vec<(Sku, Option<LocationId>, LineQuantity)> {
    lines.into_iter().map(|line| (line.sku, line.location, line.quantity)).collect()
}
