//! The place of one product: who owns its state now, and what everybody may see of it.
//!
//! A product's state is owned by exactly one at a time: it rests here while nobody uses it, an actor has it from the
//! first use on, and while a dead actor is replaced nobody has it and messages wait here.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use holdfast_engine::product::Product;
use holdfast_engine::{LocationId, Sequence, Sku, Timestamp};
use parking_lot::{Mutex, RwLock};
use ractor::ActorRef;
use tokio::sync::watch;

use crate::product_actor::{self, ProductMessage};
use crate::shared::Shared;
use crate::stock_watch::Watched;
use crate::view::{ProductView, StockView};

/// One product's place in the directory.
pub(crate) struct ProductCell {
    sku: Sku,
    seat: Mutex<Seat>,
    shown: RwLock<Shown>,
    /// What those see that watch; there once somebody has.
    watched: OnceLock<watch::Sender<Watched>>,
    deaths: AtomicU32,
}

/// Who owns the product's state.
enum Seat {
    /// Nobody has used it since the start.
    Resting(Box<Product>),
    /// This actor.
    Taken(ActorRef<ProductMessage>),
    /// Nobody: its actor died, and what comes in the meantime waits.
    Vacant(VecDeque<ProductMessage>),
    /// Nobody, ever again: the journal has failed, or the process ends. What comes is dropped, and whoever waits for its
    /// answer hears that there will be none.
    Forsaken,
}

/// What is shown: durable facts only.
#[derive(Clone)]
pub(crate) struct Shown {
    /// Its details; `None` until it was put.
    pub(crate) details: Option<Arc<ProductView>>,
    /// Its counts.
    pub(crate) stock: StockView,
    /// Units in baskets that may yet fail. May be too high, never too low: it only ever makes somebody ask.
    pub(crate) pending: u64,
    /// From then on the counts may be out of date.
    pub(crate) next_change: Option<Timestamp>,
    /// The earliest deadline among its holds.
    pub(crate) next_deadline: Option<Timestamp>,
    /// Whether more is promised somewhere than there is.
    pub(crate) short: bool,
    /// Whether time alone may have changed the counts since their last event.
    pub(crate) by_time: bool,
}

/// The next instant at which something about a product changes by itself: a hold lapses, it is
/// released, its sale opens or closes, or an offer to one who waits lapses.
pub(crate) fn next_change(product: &Product, now: Timestamp) -> Option<Timestamp> {
    [product.next_deadline(), product.next_change(now)].into_iter().flatten().min()
}

/// New state to be shown when its record is durable.
pub(crate) struct Publication {
    /// The details, if they changed; `Some(None)` takes them away.
    pub(crate) details: Option<Option<Box<ProductView>>>,
    /// How many records it comes with; none if only time has passed.
    pub(crate) events: u64,
    pub(crate) stock: StockView,
    pub(crate) pending: u64,
    pub(crate) next_change: Option<Timestamp>,
    pub(crate) next_deadline: Option<Timestamp>,
    pub(crate) short: bool,
}

impl Publication {
    /// What is to be shown of a product of which no basket under way has anything.
    pub(crate) fn of(product: &Product, now: Timestamp) -> Self {
        Self {
            details: None,
            events: 1,
            stock: StockView::of(product, now),
            pending: 0,
            next_change: next_change(product, now),
            next_deadline: product.next_deadline(),
            short: product.is_short(),
        }
    }
}

impl ProductCell {
    /// A place for this product, whose state is durable as it is.
    pub(crate) fn new(product: Product, now: Timestamp) -> Self {
        let Publication { stock, pending, next_change, next_deadline, short, .. } =
            Publication::of(&product, now);
        let details = ProductView::of(&product).map(Arc::new);
        let shown = Shown { details, stock, pending, next_change, next_deadline, short, by_time: true };
        Self {
            sku: product.sku().clone(),
            seat: Mutex::new(Seat::Resting(Box::new(product))),
            shown: RwLock::new(shown),
            watched: OnceLock::new(),
            deaths: AtomicU32::new(0),
        }
    }

    pub(crate) fn sku(&self) -> &Sku {
        &self.sku
    }

    /// Hands a message to the product's owner, waking one if it rests.
    pub(crate) fn send(self: &Arc<Self>, shared: &Arc<Shared>, message: ProductMessage) {
        let mut seat = self.seat.lock();
        if let Seat::Resting(_) = &*seat
            && let Seat::Resting(product) = std::mem::replace(&mut *seat, Seat::Vacant(VecDeque::new()))
        {
            self.seat_actor(shared, &mut seat, product);
        }
        let mut undelivered = None;
        match &mut *seat {
            Seat::Taken(actor) => {
                if let Err(ractor::MessagingErr::SendErr(message)) = actor.send_message(message) {
                    // It just died; its supervisor is about to hear.
                    *seat = Seat::Vacant(VecDeque::from([message]));
                }
            }
            Seat::Vacant(waiting) => waiting.push_back(message),
            Seat::Forsaken => undelivered = Some(message),
            // Replaced above.
            Seat::Resting(_) => {}
        }
        // A basket that is dropped sends messages, here perhaps, so the seat must be free.
        drop(seat);
        drop(undelivered);
    }

    /// How often its owner died.
    pub(crate) fn deaths(&self) -> u32 {
        self.deaths.load(Ordering::Relaxed)
    }

    /// Notes that the actor died, so that messages wait.
    pub(crate) fn vacate(&self) {
        self.deaths.fetch_add(1, Ordering::Relaxed);
        let mut seat = self.seat.lock();
        if let Seat::Taken(_) = &*seat {
            *seat = Seat::Vacant(VecDeque::new());
        }
    }

    /// Gives the rebuilt state to a new actor, which gets what has waited.
    pub(crate) fn reseat(self: &Arc<Self>, shared: &Arc<Shared>, product: Box<Product>) {
        let mut undelivered = VecDeque::new();
        let mut seat = self.seat.lock();
        if let Seat::Vacant(waiting) = &mut *seat {
            undelivered = std::mem::take(waiting);
            self.seat_actor(shared, &mut seat, product);
            if let Seat::Taken(actor) = &*seat {
                undelivered = undelivered
                    .into_iter()
                    .filter_map(|message| match actor.send_message(message) {
                        Err(ractor::MessagingErr::SendErr(message)) => Some(message),
                        _ => None,
                    })
                    .collect();
            }
        }
        // A basket that is dropped sends messages, here perhaps, so the seat must be free.
        drop(seat);
        drop(undelivered);
    }

    /// Gives up: nobody will own the product again. What has waited is dropped.
    pub(crate) fn forsake(&self) {
        let waiting = std::mem::replace(&mut *self.seat.lock(), Seat::Forsaken);
        // A basket that is dropped sends messages, here perhaps, so the seat must be free.
        drop(waiting);
    }

    /// Whether nobody will ever own the product again in this process.
    pub(crate) fn is_forsaken(&self) -> bool {
        matches!(*self.seat.lock(), Seat::Forsaken)
    }

    fn seat_actor(self: &Arc<Self>, shared: &Arc<Shared>, seat: &mut Seat, product: Box<Product>) {
        match product_actor::spawn(Arc::clone(self), shared, product) {
            Some(actor) => *seat = Seat::Taken(actor),
            // Only while the process ends.
            None => *seat = Seat::Forsaken,
        }
    }

    /// Shows new state. `first` is where its first record stands.
    pub(crate) fn publish(&self, publication: Publication, first: Sequence) {
        let Publication { details, events, mut stock, pending, next_change, next_deadline, short } =
            publication;
        if let Some(after) = events.checked_sub(1) {
            stock.sequence = first.plus(after);
        }
        let mut shown = self.shown.write();
        if let Some(details) = details {
            let sequence = first;
            shown.details = details.map(|details| Arc::new(ProductView { sequence, ..*details }));
        }
        shown.stock = stock;
        shown.pending = pending;
        shown.next_change = next_change;
        shown.next_deadline = next_deadline;
        shown.short = short;
        shown.by_time = events == 0;
        if let Some(watched) = self.watched.get()
            && watched.receiver_count() > 0
        {
            watched.send_if_modified(|watched| watched.show(&shown.stock, shown.by_time));
        }
    }

    /// Lets somebody see what is shown, as it changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Watched> {
        // Nothing is shown meanwhile.
        let shown = self.shown.write();
        let now = || Watched::new(&shown.stock, shown.by_time);
        let watched = self.watched.get_or_init(|| watch::Sender::new(now()));
        if watched.receiver_count() == 0 {
            // While nobody watched, nothing was noted.
            watched.send_replace(now());
        }
        watched.subscribe()
    }

    /// Shows how many units baskets may still give back. Called from the journal, in the order of its records.
    pub(crate) fn show_pending(&self, pending: u64) {
        self.shown.write().pending = pending;
    }

    /// What is shown now.
    pub(crate) fn shown(&self) -> parking_lot::RwLockReadGuard<'_, Shown> {
        self.shown.read()
    }

    /// The product's details, if it was put.
    pub(crate) fn details(&self) -> Option<Arc<ProductView>> {
        self.shown.read().details.clone()
    }
}

impl Shown {
    /// Whether time may have changed what is shown.
    pub(crate) fn is_out_of_date(&self, now: Timestamp) -> bool {
        self.next_change.is_some_and(|next| next <= now)
    }

    /// Whether units are on their way, or kept back until a release.
    pub(crate) fn may_expect(&self, now: Timestamp) -> bool {
        let is_before_release =
            || self.details.as_ref().is_some_and(|details| details.details.policy.is_before_release(now));
        self.stock.totals().incoming > 0 || is_before_release()
    }

    /// Whether so many units at this location, or anywhere, may be free now. Errs towards yes: units of baskets under way
    /// and of lapsed holds may come back, and units on offer may be on offer to whoever asks.
    pub(crate) fn may_have(&self, asked: Option<&LocationId>, units: u64, now: Timestamp) -> bool {
        !self.stock.tracked
            || self.stock.counts_at(asked).available + self.pending + self.stock.offered >= units
            || self.next_change.is_some_and(|next| next <= now)
    }
}
