//! What a customer has claimed as a whole: listed, and given back in one go.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use holdfast_engine::ReservationId;
use hyper::{Method, StatusCode};

use super::reservations::{ANSWER_BYTES, LINE_BYTES, PATH};
use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::ids::IdText;
use crate::openapi::{Refusals, RequiredKey, WriteRefusals};
use crate::problem::{Problem, in_path};
use crate::query::Query;
use crate::wire::customer::{ReleaseAllRequest, ReleasedAllBody, ReservationsQuery, encode_cursor};
use crate::wire::decode::decode;
use crate::wire::page::Page;
use crate::wire::reservation::{ReleaseRequest, ReservationBody};

/// List a customer's reservations, newest first
///
/// Those that have not ended: held, or in checkout. What has ended is read by its id, and what was paid for is an order.
#[utoipa::path(
    get, path = "/v1/reservations", operation_id = "listReservations", tag = "reservations",
    params(
        ("customer" = String, Query, description = "Whose", min_length = 1, max_length = 128, example = "c-17850"),
        ("status" = Option<String>, Query, description = "Only those that are `held`, or only those `in_checkout`"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page; 50 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page", body = Page<ReservationBody>), Refusals)
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<ReservationsQuery>,
) -> Result<Response, Problem> {
    let which = query.check()?;
    // One more than asked for tells whether there are more.
    let listed = app.core.reservations(&which.customer, which.only, which.before, which.limit + 1);
    let mut views = listed.await.map_err(in_path)?;
    let has_more = views.len() > which.limit;
    views.truncate(which.limit);
    let next_cursor = views.last().filter(|_| has_more).map(encode_cursor);
    let page = Page { data: views.iter().map(ReservationBody::new).collect(), has_more, next_cursor };
    answer::json(StatusCode::OK, &page, 512 * (1 + page.data.len()))
}

/// Give back all of a customer's reservations
///
/// All that are held, at most 1000 of them, each as if it were given back alone. That there are none is a success with nothing to
/// tell. A repeat under the same key finishes what is left and answers the same; what was reserved since stays. The key belongs to
/// the customer: for another one it is another request.
#[utoipa::path(
    post, path = "/v1/reservations/release", operation_id = "releaseAllReservations", tag = "reservations",
    params(RequiredKey),
    request_body(content = ReleaseAllRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Which were given back, and which could not be", body = ReleasedAllBody,
            headers(("Idempotent-Replayed", description = "`true` if all of it was done before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn release(State(app): State<Arc<App>>, command: Command) -> Result<Response, Problem> {
    let key = command.key()?.part("release");
    let request: ReleaseAllRequest<'_> = decode(command.body())?;
    let customer = request.check()?;
    let meaning = fingerprint(&ReleaseRequest::default());
    let operation_of = |id: ReservationId| {
        let path = format!("{PATH}/{}/release", IdText::reservation(id));
        key.operation(&app.secret, &Method::POST, &path, meaning)
    };
    let done = app.core.release_all(&customer, operation_of).await.map_err(in_path)?;
    let replayed = !done.released.is_empty() && done.released.iter().all(|released| released.replayed);
    let lines: usize = done.released.iter().map(|released| released.value.lines.len()).sum();
    let capacity = ANSWER_BYTES * (1 + done.released.len() + done.kept.len()) + LINE_BYTES * lines;
    let response = answer::json(StatusCode::OK, &ReleasedAllBody::new(&customer, &done), capacity)?;
    Ok(answer::replayed(response, replayed))
}
