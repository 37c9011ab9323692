//! `/v1/products/{sku}/waiting-list`: customers who wait for units that come free.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use holdfast_actors::{Answer, Failure, WaitingView};
use holdfast_engine::Rejection;
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::openapi::{OptionalKey, Refusals, RequiredKey, WriteRefusals};
use crate::path::{SkuPath, WaitingPath};
use crate::problem::{Problem, in_path};
use crate::wire::decode::decode;
use crate::wire::waiting::{WaitingBody, WaitingRequest};

/// Wait for units of a product that come free
///
/// Nothing is promised and nothing is paid. Units that no committed demand queues for are offered to those who wait, by
/// priority and then in the order they came, and are kept for them for the time of the product's policy; a reservation
/// or an order of the customer takes them first. A customer has one place for each product: joining again for less keeps
/// it, and anything else is a new place behind the others. A repeat is answered with where the customer stands now.
#[utoipa::path(
    post, path = "/v1/products/{sku}/waiting-list", operation_id = "joinWaitingList", tag = "waiting list",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"), RequiredKey),
    request_body(content = WaitingRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "Where the customer stands", body = WaitingBody,
            headers(("Idempotent-Replayed", description = "`true` if this request was carried out before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn join(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: WaitingRequest<'_> = decode(command.body())?;
    let operation = command.operation(&app, &command.key()?, fingerprint(&request));
    let joined = app.core.join_waiting_list(sku, request.check(operation)?).await.map_err(refused)?;
    changed(&app, StatusCode::CREATED, &joined)
}

/// Read where a customer stands who waits
#[utoipa::path(
    get, path = "/v1/products/{sku}/waiting-list/{customer}", operation_id = "getWaiting", tag = "waiting list",
    params(("sku" = String, Path, description = "The product", example = "85123A"),
           ("customer" = String, Path, description = "The customer, percent-encoded", example = "c-17850")),
    responses((status = 200, description = "Where the customer stands", body = WaitingBody), Refusals)
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    WaitingPath(sku, customer): WaitingPath,
) -> Result<Response, Problem> {
    let view = app.core.waiting(&sku, customer).await.map_err(in_path)?;
    answer::json(StatusCode::OK, &WaitingBody::new(&view, app.core.now()), 512)
}

/// Wait no more
///
/// What is on offer to the customer goes to the next in line.
#[utoipa::path(
    delete, path = "/v1/products/{sku}/waiting-list/{customer}", operation_id = "leaveWaitingList", tag = "waiting list",
    params(("sku" = String, Path, description = "The product", example = "85123A"),
           ("customer" = String, Path, description = "The customer, percent-encoded", example = "c-17850"), OptionalKey),
    responses(
        (status = 200, description = "The place that was given up", body = WaitingBody,
            headers(("Idempotent-Replayed", description = "`true` if this request was carried out before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn leave(
    State(app): State<Arc<App>>,
    WaitingPath(sku, customer): WaitingPath,
    command: Command,
) -> Result<Response, Problem> {
    let operation = command.operation_or_fresh(&app, fingerprint(&()))?;
    let left = app.core.leave_waiting_list(sku, customer, operation).await.map_err(in_path)?;
    changed(&app, StatusCode::OK, &left)
}

fn changed(app: &App, status: StatusCode, done: &Answer<WaitingView>) -> Result<Response, Problem> {
    let body = answer::json(status, &WaitingBody::new(&done.value, app.core.now()), 512)?;
    Ok(answer::replayed(body, done.replayed))
}

/// A refusal that is about a member of the body says which.
fn refused(failure: Failure) -> Problem {
    let member = match &failure {
        Failure::Rejected(Rejection::UnknownLocation { .. }) => Some("/location"),
        Failure::Rejected(
            Rejection::LineTooLarge { .. }
            | Rejection::LineTooSmall { .. }
            | Rejection::LineNotMultiple { .. },
        ) => Some("/quantity"),
        _ => None,
    };
    let problem = in_path(failure);
    match member {
        Some(member) => problem.at(member),
        None => problem,
    }
}
