//! What the parts of the runtime share.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use holdfast_engine::ReservationId;
use holdfast_persistence::GroupCommit;
use ractor::{ActorCell, ActorId, ActorRef};
use tokio::sync::Notify;

use crate::answer::{Failure, Unavailable};
use crate::clock::Clock;
use crate::config::CoreConfig;
use crate::directory::Directory;
use crate::expiry::Expiry;
use crate::orders::OrderMessage;
use crate::past::Walks;
use crate::payment::Payments;
use crate::product_cell::ProductCell;
use crate::reservation_cell::Reservations;
use crate::waiter::Waiter;

pub(crate) struct Shared {
    pub(crate) config: CoreConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: GroupCommit<Waiter>,
    pub(crate) payments: Payments,
    pub(crate) directory: Directory,
    pub(crate) reservations: Reservations,
    pub(crate) expiry: Expiry,
    pub(crate) walks: Walks,
    /// Which product each living actor owns, for the supervisor.
    pub(crate) owners: DashMap<ActorId, Arc<ProductCell>>,
    pub(crate) counters: Counters,
    pub(crate) supervisor: OnceLock<ActorCell>,
    pub(crate) orders: OnceLock<ActorRef<OrderMessage>>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) gate: Gate,
    /// Whether actors end because the process does. Nothing that somebody waits for is under way then.
    pub(crate) ending: AtomicBool,
}

impl Shared {
    /// Tells the orders that something of these reservations has lapsed.
    pub(crate) fn tell_of_lapses(&self, reservations: impl IntoIterator<Item = ReservationId>) {
        for reservation in reservations {
            if let Some(orders) = self.orders.get() {
                // Without a coordinator the process is ending, and the next start tells it.
                drop(orders.send_message(OrderMessage::Lapsed(reservation)));
            }
        }
    }

    pub(crate) fn supervisor(&self) -> Option<ActorCell> {
        self.supervisor.get().cloned()
    }

    /// Why an answer that was promised will not come: whoever was to give it is gone.
    pub(crate) fn lost(&self) -> Failure {
        let why = if self.journal.is_failed() { Unavailable::JournalFailed } else { Unavailable::Restarting };
        why.into()
    }
}

/// Things counted since the start.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) expired: AtomicU64,
    pub(crate) refused_overload: AtomicU64,
    pub(crate) restarts: AtomicU64,
    pub(crate) orders: AtomicU64,
}

/// Who may begin: bounds what is under way, and closes for shutdown.
#[derive(Default)]
pub(crate) struct Gate {
    under_way: AtomicUsize,
    closed: AtomicBool,
    emptied: Notify,
}

impl Gate {
    /// Lets a request begin, unless the gate is closed or `max` are under way.
    pub(crate) fn enter(shared: &Arc<Shared>) -> Result<Permit, Unavailable> {
        let gate = &shared.gate;
        // SeqCst here and in `close`: one of the two comes first for everybody, so a request is either counted before
        // `close` looks, or sees the gate closed.
        let before = gate.under_way.fetch_add(1, Ordering::SeqCst);
        let permit = Permit { shared: Arc::clone(shared) };
        if gate.closed.load(Ordering::SeqCst) {
            return Err(Unavailable::ShuttingDown);
        }
        if before >= shared.config.in_flight_max {
            shared.counters.refused_overload.fetch_add(1, Ordering::Relaxed);
            return Err(Unavailable::Overloaded);
        }
        Ok(permit)
    }

    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Lets nobody begin any more and waits until nothing is under way.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        loop {
            let emptied = self.emptied.notified();
            if self.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// The right to be under way; given back when dropped, also when the caller goes away.
pub(crate) struct Permit {
    shared: Arc<Shared>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let gate = &self.shared.gate;
        if gate.under_way.fetch_sub(1, Ordering::SeqCst) == 1 && gate.is_closed() {
            gate.emptied.notify_waiters();
        }
    }
}
