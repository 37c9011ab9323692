//! `/v1/products/{sku}/locations/{location}`: give a location of a product up.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use holdfast_actors::Failure;
use holdfast_engine::Rejection;
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::openapi::{OptionalKey, WriteRefusals};
use crate::path::LocationPath;
use crate::problem::{Code, Problem, in_path};
use crate::query::Query;
use crate::wire::location::{DeleteLocationQuery, DeletedLocationBody};

/// Give a location of a product up
///
/// What lies there, in whatever condition, goes to the location `to`, and so does what was shipped from there and comes back.
/// Refused while something is held, promised or set aside there, is on its way to it, or is queued or waited for by its name;
/// and if it is the product's last. Afterwards the location is as one that the product has never been at; a count or a
/// delivery there begins it anew.
#[utoipa::path(
    delete, path = "/v1/products/{sku}/locations/{location}", operation_id = "deleteLocation", tag = "stock",
    params(("sku" = String, Path, description = "The product", example = "85123A"),
           ("location" = String, Path, description = "The location, percent-encoded",
            min_length = 1, max_length = 64, example = "outlet"),
           ("to" = Option<String>, Query, description = "Where what lies there goes; not needed if nothing does"),
           ("reason" = Option<String>, Query, description = "Why, up to 200 bytes; `location deleted` unless given"),
           OptionalKey),
    responses(
        (status = 200, description = "Given up", body = DeletedLocationBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    LocationPath(sku, location): LocationPath,
    Query(query): Query<DeleteLocationQuery>,
    command: Command,
) -> Result<Response, Problem> {
    let operation = command.operation_or_fresh(&app, fingerprint(&query))?;
    let asked = query.check(location, operation)?;
    let deleted = app.core.delete_location(sku, asked).await.map_err(refused)?;
    let body = answer::json(StatusCode::OK, &DeletedLocationBody::new(&deleted.value), 256)?;
    Ok(answer::replayed(body, deleted.replayed))
}

/// The location stands in the path and the other one in the query, so no member of a body is to blame.
fn refused(failure: Failure) -> Problem {
    match &failure {
        Failure::Rejected(rejection @ Rejection::UnknownLocation { .. }) => {
            Problem::new(Code::LocationNotFound, rejection.to_string())
        }
        Failure::Rejected(rejection @ Rejection::TransferToSelf { .. }) => {
            Problem::new(Code::TransferToSelf, rejection.to_string())
        }
        Failure::Rejected(rejection @ Rejection::UnknownDestination { .. }) => {
            Problem::new(Code::UnknownDestination, rejection.to_string())
        }
        _ => in_path(failure),
    }
}
