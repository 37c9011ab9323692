//! `/v1/sourcing`: why units come from where they come from, without taking any.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::openapi::WriteRefusals;
use crate::problem::{Problem, in_body};
use crate::wire::decode::decode;
use crate::wire::lines;
use crate::wire::sourcing::{SourcingBody, SourcingQuestion};

/// Ask where units would come from
///
/// What a reservation of these lines would get now, and why: which locations are asked, in which order, what is free at each, what
/// would be taken, and why a location is passed over. Nothing is taken, so it needs no key; somebody else may be quicker. Each
/// product answers for itself: should one of them refuse, a reservation of all would be refused.
#[utoipa::path(
    post, path = "/v1/sourcing", operation_id = "explainSourcing", tag = "reservations",
    request_body(content = SourcingQuestion, content_type = "application/json"),
    responses((status = 200, description = "Line by line", body = SourcingBody), WriteRefusals)
)]
pub(crate) async fn explain(State(app): State<Arc<App>>, command: Command) -> Result<Response, Problem> {
    let request: SourcingQuestion<'_> = decode(command.body())?;
    let products = app.core.explain(request.check()?).await.map_err(|failure| {
        in_body(failure, &|sku, location| {
            lines::find(request.lines.iter().map(|line| (&line.sku, line.location.as_ref())), sku, location)
        })
    })?;
    let body = SourcingBody::new(&products);
    answer::json(StatusCode::OK, &body, 1024)
}
