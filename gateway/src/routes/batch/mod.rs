//! `POST /v1/batch`: many operations in one request, each answered as its own route would have answered it.
//!
//! ```text
//!   body ──▶ operations, read one by one ──▶ plan: who waits for whom ──▶ up to 512 under way ──▶ outcomes in order
//! ```
//!
//! Operations that have nothing to do with each other run at once, so a batch costs few syncs, however long it is. Those that
//! concern the same reservation or the same product run in their order, with two exceptions that keep a hot product fast
//! (see [`plan`]).
//!
//! A batch that is `atomic` is another thing: its reservations are made together or not at all (see [`atomic`]).
//!
//! The batch itself leaves nothing behind: its operations do, each under a key of its own. So a batch that broke off is
//! simply sent again.

mod atomic;
mod one;
mod plan;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hyper::StatusCode;
use hyper::header::HeaderValue;

use crate::app::App;
use crate::command::Command;
use crate::idempotency::Key;
use crate::limits::{BATCH_BYTES_MAX, BATCH_OPERATIONS_IN_FLIGHT};
use crate::openapi::{RequiredKey, WriteRefusals};
use crate::problem::Problem;
use crate::wire::batch::{BatchBody, BatchItem, BatchRequest};
use crate::wire::decode::decode;
use one::Outcome;
use plan::Plan;

/// The path of [`batch`].
pub(crate) const PATH: &str = "/v1/batch";

/// The name of the request, for the refusals in the answer.
#[derive(Clone)]
pub(crate) struct RequestName(pub(crate) HeaderValue);

/// Do many things at once
///
/// Each operation is answered as its own route would have answered it, in the order of the request; the batch as a whole is
/// answered 200 once it has begun, whatever becomes of them. Operations on the same reservation or the same product run in
/// their order; reservations of the same product are sent off in their order and run at once, and so do the ends of
/// several reservations of it. All others run at once.
///
/// An operation without a `key` of its own gets one made of the batch's `Idempotency-Key` and its position. Under a key of
/// its own it is the same request as the one its own route would have got under that key. Sending a batch again under the
/// same key repeats what was done and does what was not.
///
/// With `atomic`, all operations are carried out or none: the batch is answered 200, or refused with the problem of the
/// first operation found that cannot be, whose position it names as `operation`. Only reservations can be atomic, with at
/// most 2,000 lines over all, and none that takes what there is (`immediate_or_cancel`); any other is refused with
/// `atomic_unsupported`. One that was made before, under a key of its own, counts as done.
#[utoipa::path(
    post, path = "/v1/batch", operation_id = "batch", tag = "batch",
    params(RequiredKey),
    request_body(content = BatchRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "What became of each operation", body = BatchBody),
        WriteRefusals,
    )
)]
pub(crate) async fn batch(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let name = head.extensions.get::<RequestName>().cloned();
    let command = Command::read_up_to(BATCH_BYTES_MAX, head, body).await?;
    let key = command.key()?;
    let request: BatchRequest<'_> = decode(command.body())?;
    request.check()?;
    let items: Vec<_> = request.operations.iter().map(|text| BatchItem::read(text)).collect();
    if request.atomic {
        return answer(&atomic::run(&app, &key, items).await?);
    }
    let name = name.as_ref().and_then(|RequestName(name)| name.to_str().ok()).unwrap_or_default();
    answer(&run(&app, &key, name, &items).await)
}

fn answer(outcomes: &[Outcome]) -> Result<Response, Problem> {
    let succeeded = outcomes.iter().filter(|outcome| outcome.is_success()).count();
    let capacity = 128 + outcomes.iter().map(|outcome| 64 + outcome.len()).sum::<usize>();
    let body = BatchBody {
        succeeded,
        refused: outcomes.len() - succeeded,
        outcomes: outcomes.iter().map(Outcome::body).collect(),
    };
    crate::answer::json(StatusCode::OK, &body, capacity)
}

/// Carries the operations out, each as soon as those it waits for are done.
async fn run(app: &App, key: &Key, name: &str, items: &[Result<BatchItem<'_>, Problem>]) -> Vec<Outcome> {
    let mut plan = Plan::new(
        items.iter().map(|item| item.as_ref().map_or_else(|_| Vec::new(), |item| one::uses(app, item))),
    );
    let mut outcomes: Vec<Option<Outcome>> = items.iter().map(|_| None).collect();
    let mut under_way = FuturesUnordered::new();
    loop {
        // Begun in their order: what is new in the set is polled in the order it came.
        while under_way.len() < BATCH_OPERATIONS_IN_FLIGHT
            && let Some(position) = plan.next()
        {
            if let Some(item) = items.get(position) {
                under_way.push(one::carry_out(app, key, name, position, item));
            }
        }
        let Some((position, outcome)) = under_way.next().await else { break };
        plan.done(position);
        if let Some(slot) = outcomes.get_mut(position) {
            *slot = Some(outcome);
        }
    }
    // Every operation was carried out: whoever waits, waits for earlier ones only.
    outcomes.into_iter().flatten().collect()
}
