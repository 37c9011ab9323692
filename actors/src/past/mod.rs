//! What happened to a product, and how it was then. The journal is the history: nothing is kept for this in memory, and
//! nothing is asked of a product's owner but that it has settled what it knows.
//!
//! ```text
//!   Core::history ─┐                  ┌─ page   some records, newest first, and where to go on
//!                  ├─▶ walks (few) ───┤
//!   Core::stock_as_of                 └─ as_of  all records up to there, applied in their order
//! ```
//!
//! A walk follows the product's trail through the journal (`persistence/src/trail.rs`) on a thread that may wait for the
//! disk. Invariants: only durable records are read; at most [`WALKS_AT_ONCE`] walks run, and [`WALKS_WAITING`] more wait;
//! each has an end, by the number of records and frames it may look at, and stops when nobody waits for it any more.
//!
//! How it fails: a record that cannot be read, or does not fit, is [`PastFailure::Unreadable`]. There is no answer then,
//! because one without that record would be wrong.

mod as_of;
mod page;
mod topic;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_engine::{Rejection, Sequence, Sku, Timestamp};
use holdfast_persistence::{JournalReader, TrailError, TrailHead};
use tokio::sync::Semaphore;

pub use as_of::{AsOf, StockAsOf, product_as_of};
pub use page::{HistoryEntry, HistoryPage, HistoryPlace, HistoryQuery};
pub use topic::Topic;

pub(crate) use as_of::stock_as_of;
pub(crate) use page::history;

use crate::answer::{Failure, Unavailable};
use crate::shared::{Gate, Shared};

/// How many walks run at a time. They share the disk with the journal's writer.
const WALKS_AT_ONCE: usize = 2;

/// How many more may wait for their turn; what comes then is turned away.
const WALKS_WAITING: usize = 64;

/// Why there is no answer about the past.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PastFailure {
    /// As of any other request.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The product was not in the catalogue then: not yet, or not any more.
    #[error("there was no product {sku} then")]
    AbsentThen {
        /// Which product.
        sku: Sku,
    },
    /// The journal has not come so far.
    #[error("the journal has not come to sequence {} yet: it is at {}", asked.0, last.0)]
    SequenceAhead {
        /// The position asked for.
        asked: Sequence,
        /// The last one that is durable.
        last: Sequence,
    },
    /// The instant is not over yet, so more may happen in it.
    #[error("the instant asked for is not over yet")]
    InstantAhead {
        /// The instant asked for.
        asked: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// More has happened to the product by then than one request may go through.
    #[error(
        "more than {records_max} things have happened to {sku} by then, or too far apart to go through them here"
    )]
    TooMuch {
        /// Which product.
        sku: Sku,
        /// Most records that are gone through.
        records_max: u64,
    },
    /// A record that the answer rests on is damaged or missing.
    #[error("the journal cannot be read at sequence {}", sequence.0)]
    Unreadable {
        /// Where.
        sequence: Sequence,
    },
}

impl From<Unavailable> for PastFailure {
    fn from(unavailable: Unavailable) -> Self {
        Self::Failed(unavailable.into())
    }
}

impl From<TrailError> for PastFailure {
    fn from(error: TrailError) -> Self {
        // Somebody has to hear of it, whatever becomes of the answer.
        tracing::error!(%error, "a product's trail could not be followed");
        Self::Unreadable { sequence: error.sequence() }
    }
}

/// Who may walk, and through what.
pub(crate) struct Walks {
    reader: Arc<dyn JournalReader>,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Walks {
    pub(crate) fn new(reader: Arc<dyn JournalReader>) -> Self {
        let admitted = Arc::new(Semaphore::new(WALKS_AT_ONCE + WALKS_WAITING));
        Self { reader, admitted, running: Arc::new(Semaphore::new(WALKS_AT_ONCE)) }
    }
}

/// Tells a walk that nobody waits for it any more.
#[derive(Debug, Clone, Default)]
struct Unwanted(Arc<AtomicBool>);

impl Unwanted {
    /// Ends a walk that nobody waits for.
    fn check(&self) -> Result<(), PastFailure> {
        // Relaxed: seen a little later, it costs a little more.
        if self.0.load(Ordering::Relaxed) { Err(Unavailable::Restarting.into()) } else { Ok(()) }
    }
}

/// Says so when it is dropped, as it is when the caller goes away.
struct Waiting(Unwanted);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Lets a walk run when it is its turn.
async fn walk<T: Send + 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce(&dyn JournalReader, &Unwanted) -> Result<T, PastFailure> + Send + 'static,
) -> Result<T, PastFailure> {
    let permit = Gate::enter(shared)?;
    let walks = &shared.walks;
    let Ok(admitted) = Arc::clone(&walks.admitted).try_acquire_owned() else {
        shared.counters.refused_overload.fetch_add(1, Ordering::Relaxed);
        return Err(Unavailable::Overloaded.into());
    };
    let turn = Arc::clone(&walks.running).acquire_owned().await.map_err(|_| shared.lost())?;
    let reader = Arc::clone(&walks.reader);
    let unwanted = Unwanted::default();
    let waiting = Waiting(unwanted.clone());
    let work = tokio::task::spawn_blocking(move || {
        // Held as long as the work lasts, also when its caller is gone.
        let _under_way = (permit, admitted, turn);
        work(&*reader, &unwanted)
    });
    let outcome = work.await;
    drop(waiting);
    outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "a walk through the journal died");
        Err(shared.lost().into())
    })
}

/// Where a product's trail ends among what is durable.
fn head(shared: &Shared, sku: &Sku) -> Result<TrailHead, PastFailure> {
    let cell = shared.directory.get(sku);
    let head = cell.map(|cell| {
        let shown = cell.shown();
        TrailHead { sequence: shown.stock.sequence, records: shown.stock.version }
    });
    // What was never put has a place here as soon as somebody has tried to put it.
    let head = head.filter(|head| head.records > 0);
    head.ok_or_else(|| Failure::Rejected(Rejection::UnknownSku { sku: sku.clone() }).into())
}
