//! A product as it was: its records up to then, applied in their order by the engine.
//!
//! The trail is walked back from its end to find the records, which takes eight bytes for each of them, and then read
//! forwards.

use std::ops::ControlFlow;
use std::sync::Arc;

use holdfast_engine::product::Product;
use holdfast_engine::{Rejection, Sequence, Sku, Timestamp};
use holdfast_persistence::{JournalReader, Trail, TrailHead, follow_trail, read_along};

use super::{PastFailure, Unwanted, head, walk};
use crate::answer::{Failure, ReplyTo};
use crate::product_actor::ProductMessage;
use crate::recovery::judged;
use crate::reservations::durable;
use crate::shared::{Gate, Shared};
use crate::view::StockView;

/// Most records that are gone through.
const RECORDS_MAX: u64 = 1_000_000;

/// Most frames that are read on the way back; as many are read forwards, at most.
const FRAMES_MAX: u64 = 50_000;

/// Which past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the record at this position of the journal, whatever that is about.
    Sequence(Sequence),
    /// After all that had been decided by then, at that very instant included.
    Instant(Timestamp),
}

/// A product's stock as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAsOf {
    /// The stock. Its version and sequence are those of the product's last record then.
    pub stock: StockView,
    /// The position asked for, or that of the product's last record by the instant asked for.
    pub sequence: Sequence,
    /// The instant asked for, or when the product's last record by then was decided. What only time brings, a sale's
    /// opening for example, is told for this instant.
    pub at: Timestamp,
}

pub(crate) async fn stock_as_of(
    shared: &Arc<Shared>,
    sku: Sku,
    as_of: AsOf,
) -> Result<StockAsOf, PastFailure> {
    match as_of {
        AsOf::Sequence(asked) => {
            let last = shared.journal.durable();
            if asked > last {
                return Err(PastFailure::SequenceAhead { asked, last });
            }
            // What is durable is shown a moment later; all of it is shown when this is heard.
            durable(shared, Some(Gate::enter(shared)?)).await?;
        }
        AsOf::Instant(asked) => {
            let now = shared.clock.now();
            if asked >= now {
                return Err(PastFailure::InstantAhead { asked, now });
            }
            settle(shared, &sku).await?;
        }
    }
    let head = head(shared, &sku)?;
    walk(shared, move |reader, unwanted| {
        let (product, decided) = replay(reader, unwanted, &sku, head, as_of)?;
        if product.details().is_none() {
            return Err(PastFailure::AbsentThen { sku });
        }
        if product.is_bundle() {
            // What there was of its components then would be several products' pasts.
            return Err(Failure::Rejected(Rejection::ProductIsBundle { sku }).into());
        }
        let (sequence, at) = match as_of {
            AsOf::Sequence(asked) => (asked, decided),
            AsOf::Instant(asked) => (product.sequence(), asked),
        };
        Ok(StockAsOf { stock: StockView::with_forecast(&product, at), sequence, at })
    })
    .await
}

/// Lets the product's owner settle what has lapsed, and waits until all that it has decided by now is durable: later it
/// decides nothing for an instant that is over.
async fn settle(shared: &Arc<Shared>, sku: &Sku) -> Result<(), Failure> {
    let permit = Gate::enter(shared)?;
    let cell = shared.directory.get(sku).ok_or(Rejection::UnknownSku { sku: sku.clone() })?;
    let (caller, answer) = ReplyTo::channel(Some(permit));
    cell.send(shared, ProductMessage::Read(Vec::new(), caller));
    answer.await.unwrap_or_else(|_| Err(shared.lost())).map(drop)
}

/// The state of a product as of then, with the instant at which its last record was decided, read from a journal in
/// which its trail ends at `head`. It is the state that the product had, to the byte of its digest.
///
/// # Errors
/// [`PastFailure`].
pub fn product_as_of(
    reader: &dyn JournalReader,
    sku: &Sku,
    head: TrailHead,
    as_of: AsOf,
) -> Result<(Product, Timestamp), PastFailure> {
    replay(reader, &Unwanted::default(), sku, head, as_of)
}

fn replay(
    reader: &dyn JournalReader,
    unwanted: &Unwanted,
    sku: &Sku,
    head: TrailHead,
    as_of: AsOf,
) -> Result<(Product, Timestamp), PastFailure> {
    let too_much = || PastFailure::TooMuch { sku: sku.clone(), records_max: RECORDS_MAX };
    let mut positions = Vec::new();
    let mut decided = None;
    follow_trail(reader, sku, head, |step| {
        unwanted.check()?;
        let Trail { at, .. } = step.trail;
        let is_by_then = match as_of {
            AsOf::Sequence(asked) => step.head.sequence <= asked,
            AsOf::Instant(asked) => at <= asked,
        };
        // A clock that was set back while the process was down may have given an older record a later instant.
        if decided.is_some() || is_by_then {
            decided = decided.or(Some(at));
            positions.push(step.head.sequence);
        }
        if head.records - step.head.records >= RECORDS_MAX || step.frames > FRAMES_MAX {
            return Err(too_much());
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let absent = || PastFailure::AbsentThen { sku: sku.clone() };
    let decided = decided.ok_or_else(absent)?;
    let mut product = Product::absent(sku.clone());
    read_along(reader, sku, positions.into_iter().rev(), |sequence, event| {
        unwanted.check()?;
        let applied = judged(|| {
            product.apply(&event);
            product.journaled(sequence);
        });
        applied.map_err(|error| {
            tracing::error!(%sku, sequence = sequence.0, %error, "a record does not fit those before it");
            PastFailure::Unreadable { sequence }
        })
    })?;
    Ok((product, decided))
}
