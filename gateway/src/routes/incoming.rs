//! `/v1/stock/{sku}/incoming` and `/transfers`: units on their way, from suppliers and between locations.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use holdfast_engine::product::LotCommand;
use holdfast_engine::{Fingerprint, LotId, Sku};
use hyper::StatusCode;
use serde::Serialize;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::openapi::{Refusals, RequiredKey, WriteRefusals};
use crate::path::{LotPath, SkuPath};
use crate::problem::{Problem, in_path};
use crate::wire::decode::decode;
use crate::wire::lot::{
    Asked, CancelLotRequest, IncomingBody, IncomingRequest, LotAnswerBody, ReceiptRequest, RescheduleRequest,
    TransferRequest,
};

/// Expect units from a supplier
///
/// They are shown as `incoming`, and promises to those who queue are dated by when they are expected. They become stock
/// when they are received.
#[utoipa::path(
    post, path = "/v1/stock/{sku}/incoming", operation_id = "announceLot", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"), RequiredKey),
    request_body(content = IncomingRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "Expected", body = LotAnswerBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn announce(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: IncomingRequest<'_> = decode(command.body())?;
    begin(&app, sku, &command, &request, request.check()?).await
}

/// List the units on their way
///
/// Open lots only: what has arrived is stock, and what was called off is nothing.
#[utoipa::path(
    get, path = "/v1/stock/{sku}/incoming", operation_id = "listLots", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A")),
    responses((status = 200, description = "The open lots", body = IncomingBody), Refusals)
)]
pub(crate) async fn list(State(app): State<Arc<App>>, SkuPath(sku): SkuPath) -> Result<Response, Problem> {
    let view = app.core.lots(&sku).await.map_err(in_path)?;
    answer::json(StatusCode::OK, &IncomingBody::new(&view), 256 * (1 + view.lots.len()))
}

/// Receive units of a lot
///
/// They are on hand at once, and whoever queues for them gets them before anybody else sees them. More than is left of
/// the lot is refused. With `close` the lot ends, however much is missing: a supplier still owes it, or a transfer has
/// lost it on the way.
#[utoipa::path(
    post, path = "/v1/stock/{sku}/incoming/{id}/receive", operation_id = "receiveLot", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"),
           ("id" = String, Path, description = "The lot's id", example = "lot_01h455vb4pex5vsknk084sn02q"),
           RequiredKey),
    request_body(content = ReceiptRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Received", body = LotAnswerBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    path: LotPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: ReceiptRequest<'_> = decode(command.body())?;
    go_on(&app, path, &command, &request, request.check()?).await
}

/// Expect a lot at another time
///
/// Promises that rest on it are dated anew.
#[utoipa::path(
    post, path = "/v1/stock/{sku}/incoming/{id}/reschedule", operation_id = "rescheduleLot", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"),
           ("id" = String, Path, description = "The lot's id", example = "lot_01h455vb4pex5vsknk084sn02q"),
           RequiredKey),
    request_body(content = RescheduleRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Expected then", body = LotAnswerBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn reschedule(
    State(app): State<Arc<App>>,
    path: LotPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: RescheduleRequest<'_> = decode(command.body())?;
    go_on(&app, path, &command, &request, request.check()?).await
}

/// Expect a lot no more
///
/// What is left of a transfer lies again where it came from.
#[utoipa::path(
    post, path = "/v1/stock/{sku}/incoming/{id}/cancel", operation_id = "cancelLot", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"),
           ("id" = String, Path, description = "The lot's id", example = "lot_01h455vb4pex5vsknk084sn02q"),
           RequiredKey),
    request_body(content = CancelLotRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Called off", body = LotAnswerBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    path: LotPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: CancelLotRequest<'_> = decode(command.body())?;
    go_on(&app, path, &command, &request, request.check()?).await
}

/// Send units from one location to another
///
/// They leave the one shelf at once and are `incoming` at the other, where they are received like any other lot. Units
/// that are held, promised, damaged or in quality control stay.
#[utoipa::path(
    post, path = "/v1/stock/{sku}/transfers", operation_id = "transferStock", tag = "stock",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"), RequiredKey),
    request_body(content = TransferRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "On their way", body = LotAnswerBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn transfer(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: TransferRequest<'_> = decode(command.body())?;
    begin(&app, sku, &command, &request, request.check()?).await
}

/// Makes a lot.
async fn begin(
    app: &App,
    sku: Sku,
    command: &Command,
    request: &impl Serialize,
    asked: Asked,
) -> Result<Response, Problem> {
    let lot = command.lot_id(app, &command.key()?);
    change(app, (sku, lot), command, fingerprint(request), asked, StatusCode::CREATED).await
}

/// Does something about a lot that is there.
async fn go_on(
    app: &App,
    LotPath(sku, lot): LotPath,
    command: &Command,
    request: &impl Serialize,
    asked: Asked,
) -> Result<Response, Problem> {
    change(app, (sku, lot), command, fingerprint(request), asked, StatusCode::OK).await
}

async fn change(
    app: &App,
    (sku, lot): (Sku, LotId),
    command: &Command,
    fingerprint: Fingerprint,
    (action, actor): Asked,
    status: StatusCode,
) -> Result<Response, Problem> {
    let operation = command.operation(app, &command.key()?, fingerprint);
    let done =
        app.core.change_lot(sku, LotCommand { lot, action, actor, operation }).await.map_err(in_path)?;
    let body = answer::json(status, &LotAnswerBody::new(&done.value), 512)?;
    Ok(answer::replayed(body, done.replayed))
}
