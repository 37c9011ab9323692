//! Runs the operations of a plan, so many at once, in file order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::SetOnce;

use super::context::{Context, Ended};
use super::progress::Progress;
use super::{checkout, credit, stock};
use crate::plan::operation::{Action, OperationIndex};

/// A wish to end early: what is in flight is finished, nothing more is begun.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Makes the wish.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody made it. Nothing else hangs on the order of loads and stores here.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// An operation ended in a panic: a bug of ours.
#[derive(Debug, thiserror::Error)]
#[error("an operation of the replay failed")]
pub struct DriveError(#[from] tokio::task::JoinError);

/// Runs all operations, `in_flight` at once, and gives back how many were run. It ends early if that is wished, and when a
/// request stays without an answer: the server is gone or broken, and every further operation would wait as long.
///
/// Places are given in the order of the plan, and an operation that has its place waits in it until those it must come
/// after have ended; the module documentation of [`crate::plan`] shows that this ends.
///
/// # Errors
/// If an operation panicked.
pub async fn drive(
    context: &Arc<Context>,
    in_flight: usize,
    stop: &Stop,
    progress: &Progress,
) -> Result<u64, DriveError> {
    let count = context.plan.operations.len();
    let ends: Arc<Vec<SetOnce<Ended>>> = Arc::new((0..count).map(|_| SetOnce::new()).collect());
    stream::iter((0..count).map(OperationIndex))
        .take_while(|_| std::future::ready(!stop.is_asked() && !context.ledger.has_unanswered()))
        .map(|index| tokio::spawn(operate(Arc::clone(context), Arc::clone(&ends), index)))
        .buffer_unordered(in_flight.max(1))
        .map_err(DriveError::from)
        .try_fold(0, async |done, ()| {
            progress.advance();
            Ok(done + 1)
        })
        .await
}

async fn operate(context: Arc<Context>, ends: Arc<Vec<SetOnce<Ended>>>, index: OperationIndex) {
    let Some(operation) = context.plan.operations.get(index.0) else { return };
    for earlier in &operation.after {
        if let Some(end) = ends.get(earlier.0) {
            end.wait().await;
        }
    }
    let invoice = operation.invoice.as_str();
    let end = match &operation.action {
        Action::Checkout(checkout) => checkout::checkout(&context, index, invoice, checkout).await,
        Action::WriteOff(rows) => stock::write_off(&context, invoice, rows).await,
        Action::Credit(credit) => credit::credit(&context, &ends, invoice, credit).await,
    };
    if let Some(place) = ends.get(index.0) {
        // Only this task sets this place, so it cannot be taken.
        let _: Result<(), _> = place.set(end);
    }
}
