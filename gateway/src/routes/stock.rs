//! `/v1/stock`: how many units lie where, and what becomes of them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use holdfast_engine::{Operation, Sku};
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::openapi::{Refusals, RequiredKey, WriteRefusals};
use crate::path::SkuPath;
use crate::problem::{Problem, ProblemSchema, in_past, in_path};
use crate::query::Query;
use crate::wire::as_of::{StockQuery, Which};
use crate::wire::decode::decode;
use crate::wire::stock::{AdjustBody, AdjustRequest, StockBody};

/// Read a product's stock
///
/// What was acknowledged before is in it. With `as_of` or `as_of_sequence` it is the stock as it was then, made anew from
/// everything that had happened to the product: that takes longer.
#[utoipa::path(
    get, path = "/v1/stock/{sku}", operation_id = "getStock", tag = "stock",
    params(
        ("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"),
        ("reservation" = Option<String>, Query,
            description = "The stock to whoever has this reservation: what it holds counts as available, so that it may be \
                changed to have all of it"),
        ("as_of_sequence" = Option<u64>, Query,
            description = "The stock after this position of the journal, whatever that is about"),
        ("as_of" = Option<String>, Query,
            description = "The stock after all that had been decided by this instant, RFC 3339, which must be over"),
    ),
    responses(
        (status = 200, description = "The stock", body = StockBody),
        (status = 422, description = "Too much has happened to go through it (`too_much_history`)",
            body = ProblemSchema, content_type = "application/problem+json"),
        Refusals,
    )
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    Query(query): Query<StockQuery>,
) -> Result<Response, Problem> {
    let view = match query.check()? {
        Which::Now => app.core.stock(&sku).await.map_err(in_path)?,
        Which::To(reservation) => app.core.stock_to(&sku, reservation).await.map_err(in_path)?,
        Which::Then(as_of) => {
            let then = app.core.stock_as_of(sku, as_of).await.map_err(in_past)?;
            return answer::json(StatusCode::OK, &StockBody::as_of(&then), 640);
        }
    };
    answer::json(StatusCode::OK, &StockBody::new(&view), 512)
}

/// Change a count
///
/// A receipt, a count, damage, a correction: either by so many units (`delta`) or to what a count found (`set`). With
/// `expected` the change is made only if the count is what the caller believes.
#[utoipa::path(
    post, path = "/v1/stock/{sku}/adjustments", operation_id = "adjustStock", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"), RequiredKey),
    request_body(content = AdjustRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "Changed", body = AdjustBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn adjust(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: AdjustRequest<'_> = decode(command.body())?;
    adjust_with(&app, sku, command.operation(&app, &key, fingerprint(&request)), &request).await
}

/// Changes a count, as this operation.
pub(crate) async fn adjust_with<B: From<Bytes>>(
    app: &App,
    sku: Sku,
    operation: Operation,
    request: &AdjustRequest<'_>,
) -> Result<hyper::Response<B>, Problem> {
    let adjustment = request.check(operation)?;
    let note = adjustment.note.clone();
    let done = app.core.adjust(sku, adjustment).await.map_err(in_path)?;
    let body = AdjustBody::new(&done.value, &note);
    Ok(answer::replayed(answer::json(StatusCode::CREATED, &body, 512)?, done.replayed))
}
