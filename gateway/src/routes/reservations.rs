//! `/v1/reservations`: units claimed for a while.
//!
//! [`reserve`] is the hot path: one parse that borrows from the body, one call to the core, one write into a buffer
//! of about the right size. The edge calls it directly, past the router and its boxed futures.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use holdfast_actors::{Answer, Failure, ReservationView};
use holdfast_engine::{LocationId, Operation, ReservationId, Sku};
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::ids::IdText;
use crate::openapi::{OptionalKey, Refusals, RequiredKey, WriteRefusals};
use crate::path::ReservationPath;
use crate::problem::{Problem, in_body, in_path};
use crate::wire::decode::decode;
use crate::wire::lines::{self, LineRequest};
use crate::wire::object::Object;
use crate::wire::reservation::{
    ChangeRequest, CommitRequest, ExtendRequest, ReleaseRequest, ReservationBody, ReserveRequest,
};

/// The path of [`create`].
pub(crate) const PATH: &str = "/v1/reservations";

/// Bytes of an answer without lines, and of one line.
pub(super) const ANSWER_BYTES: usize = 384;
pub(super) const LINE_BYTES: usize = 96;

/// Reserve units
///
/// All lines or none: the units are claimed until `expires_at`, then they are free again. When too few are left the
/// answer is 409 `insufficient_stock`; that has no effect and does not use up the key.
#[utoipa::path(
    post, path = "/v1/reservations", operation_id = "createReservation", tag = "reservations",
    params(RequiredKey),
    request_body(content = ReserveRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "Held", body = ReservationBody,
            headers(("Location", description = "Path of the reservation"),
                    ("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn create(State(app): State<Arc<App>>, command: Command) -> Result<Response, Problem> {
    reserve(&app, command).await
}

/// Reserves.
pub(crate) async fn reserve<B: From<Bytes>>(
    app: &App,
    command: Command,
) -> Result<hyper::Response<B>, Problem> {
    let id = command.reservation_id(app, &command.key()?);
    let body = command.into_body();
    let request: ReserveRequest<'_> = decode(&body)?;
    make(app, id, &request).await
}

/// Makes the reservation of this id.
pub(crate) async fn make<B: From<Bytes>>(
    app: &App,
    id: ReservationId,
    request: &ReserveRequest<'_>,
) -> Result<hyper::Response<B>, Problem> {
    let checked = request.check(id, fingerprint(request))?;
    match app.core.reserve(checked).await {
        Ok(made) => made_body(&made),
        Err(failure) => Err(not_made(failure, request)),
    }
}

/// The answer to a request that made a reservation.
pub(crate) fn made_body<B: From<Bytes>>(
    made: &Answer<ReservationView>,
) -> Result<hyper::Response<B>, Problem> {
    let response = answer::json(
        StatusCode::CREATED,
        &ReservationBody::new(&made.value),
        ANSWER_BYTES + LINE_BYTES * made.value.lines.len(),
    )?;
    let path = format!("{PATH}/{}", IdText::reservation(made.value.id));
    Ok(answer::replayed(answer::located(response, &path), made.replayed))
}

/// The refusal of a request that made none.
pub(crate) fn not_made(failure: Failure, request: &ReserveRequest<'_>) -> Problem {
    in_body(failure, &|sku, location| line_of(&request.lines, sku, location))
}

fn line_of(requests: &[Object<LineRequest<'_>>], sku: &Sku, location: Option<&LocationId>) -> Option<usize> {
    lines::find(requests.iter().map(|line| (&line.sku, line.location.as_ref())), sku, location)
}

/// Read a reservation
#[utoipa::path(
    get, path = "/v1/reservations/{id}", operation_id = "getReservation", tag = "reservations",
    params(("id" = String, Path, description = "The reservation's id", example = "rsv_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "The reservation", body = ReservationBody), Refusals)
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    ReservationPath(id): ReservationPath,
) -> Result<Response, Problem> {
    let view = app.core.reservation(id).await.map_err(in_path)?;
    body(&view)
}

/// Change the lines of a held reservation
///
/// Afterwards it has just these lines: more here, fewer there, some out, others in, all in one step. What it holds is not in
/// the way of its getting more, and nothing of it is free for others meanwhile. Refused, its lines are what they were. Its id,
/// its deadline and its place in a queue stay.
#[utoipa::path(
    put, path = "/v1/reservations/{id}/lines", operation_id = "changeReservation", tag = "reservations",
    params(("id" = String, Path, description = "The reservation's id", example = "rsv_01h455vb4pex5vsknk084sn02q"), OptionalKey),
    request_body(content = ChangeRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Changed", body = ReservationBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    ReservationPath(id): ReservationPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: ChangeRequest<'_> = decode(command.body())?;
    let operation = command.operation_or_fresh(&app, fingerprint(&request))?;
    let checked = request.check(id, operation)?;
    let done = app
        .core
        .change_reservation(checked)
        .await
        .map_err(|failure| in_body(failure, &|sku, location| line_of(&request.lines, sku, location)))?;
    done_body(&done)
}

/// Take held units for good
///
/// All of them, or so many of each line; the rest is given back. A reservation is committed once.
#[utoipa::path(
    post, path = "/v1/reservations/{id}/commit", operation_id = "commitReservation", tag = "reservations",
    params(("id" = String, Path, description = "The reservation's id", example = "rsv_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = CommitRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Committed", body = ReservationBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn commit(
    State(app): State<Arc<App>>,
    ReservationPath(id): ReservationPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: CommitRequest<'_> = decode(command.body())?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    commit_with(&app, id, operation, &request).await
}

/// Commits, as this operation.
pub(crate) async fn commit_with<B: From<Bytes>>(
    app: &App,
    id: ReservationId,
    operation: Operation,
    request: &CommitRequest<'_>,
) -> Result<hyper::Response<B>, Problem> {
    let taken = request.check()?;
    let done = app.core.commit(id, taken, operation).await.map_err(|failure| {
        in_body(failure, &|sku, location| {
            let lines = request.lines.iter().flatten();
            lines::find(lines.map(|line| (&line.sku, line.location.as_ref())), sku, location)
        })
    })?;
    done_body(&done)
}

/// Give held units back
#[utoipa::path(
    post, path = "/v1/reservations/{id}/release", operation_id = "releaseReservation", tag = "reservations",
    params(("id" = String, Path, description = "The reservation's id", example = "rsv_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = Option<ReleaseRequest>, content_type = "application/json"),
    responses(
        (status = 200, description = "Released", body = ReservationBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    ReservationPath(id): ReservationPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: ReleaseRequest =
        if command.body().is_empty() { ReleaseRequest::default() } else { decode(command.body())? };
    release_with(&app, id, command.operation(&app, &key, fingerprint(&request))).await
}

/// Releases, as this operation.
pub(crate) async fn release_with<B: From<Bytes>>(
    app: &App,
    id: ReservationId,
    operation: Operation,
) -> Result<hyper::Response<B>, Problem> {
    done_body(&app.core.release(id, operation).await.map_err(in_path)?)
}

/// Hold units longer
///
/// The new deadline is `ttl_ms` from now, earlier or later than it was.
#[utoipa::path(
    post, path = "/v1/reservations/{id}/extend", operation_id = "extendReservation", tag = "reservations",
    params(("id" = String, Path, description = "The reservation's id", example = "rsv_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = ExtendRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Extended", body = ReservationBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn extend(
    State(app): State<Arc<App>>,
    ReservationPath(id): ReservationPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: ExtendRequest = decode(command.body())?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    extend_with(&app, id, operation, &request).await
}

/// Extends, as this operation.
pub(crate) async fn extend_with<B: From<Bytes>>(
    app: &App,
    id: ReservationId,
    operation: Operation,
    request: &ExtendRequest,
) -> Result<hyper::Response<B>, Problem> {
    let ttl = request.check()?;
    done_body(&app.core.extend(id, ttl, operation).await.map_err(in_path)?)
}

fn body<B: From<Bytes>>(view: &ReservationView) -> Result<hyper::Response<B>, Problem> {
    let capacity = ANSWER_BYTES + LINE_BYTES * view.lines.len();
    answer::json(StatusCode::OK, &ReservationBody::new(view), capacity)
}

fn done_body<B: From<Bytes>>(done: &Answer<ReservationView>) -> Result<hyper::Response<B>, Problem> {
    Ok(answer::replayed(body(&done.value)?, done.replayed))
}
