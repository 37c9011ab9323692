//! `/v1/products/{sku}/sales`: windows in time, units set aside, limits for each customer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use holdfast_actors::{Answer, SaleAnswer};
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::openapi::{OptionalKey, WriteRefusals};
use crate::path::SalePath;
use crate::problem::{Problem, in_path};
use crate::wire::decode::decode;
use crate::wire::sale::{SaleBody, SaleRequest};

/// Put a sale of a product, or change it
///
/// While it is open, whatever is claimed of the product is claimed in it: from what was set aside, and within the limit of
/// the customer. A product has one sale at a time; another may be put once it is closed.
#[utoipa::path(
    put, path = "/v1/products/{sku}/sales/{sale}", operation_id = "putSale", tag = "sales",
    params(("sku" = String, Path, description = "The product", example = "85123A"),
           ("sale" = String, Path, description = "The merchant's own name of the sale, percent-encoded",
            min_length = 1, max_length = 64, example = "black-friday"), OptionalKey),
    request_body(content = SaleRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "The sale", body = SaleBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    SalePath(sku, sale): SalePath,
    command: Command,
) -> Result<Response, Problem> {
    let request: SaleRequest = decode(command.body())?;
    let terms = request.check(sale)?;
    let operation = command.operation_or_fresh(&app, fingerprint(&request))?;
    body(&app.core.put_sale(sku, terms, operation).await.map_err(in_path)?)
}

/// End a sale of a product
///
/// What was set aside for it and not sold is for the public again. A sale that is over does not begin again.
#[utoipa::path(
    delete, path = "/v1/products/{sku}/sales/{sale}", operation_id = "endSale", tag = "sales",
    params(("sku" = String, Path, description = "The product", example = "85123A"),
           ("sale" = String, Path, description = "The merchant's own name of the sale, percent-encoded",
            min_length = 1, max_length = 64, example = "black-friday"), OptionalKey),
    responses(
        (status = 200, description = "The sale, closed", body = SaleBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    SalePath(sku, sale): SalePath,
    command: Command,
) -> Result<Response, Problem> {
    let operation = command.operation_or_fresh(&app, fingerprint(&()))?;
    body(&app.core.end_sale(sku, sale, operation).await.map_err(in_path)?)
}

fn body(answer: &Answer<SaleAnswer>) -> Result<Response, Problem> {
    let sale = answer::json(StatusCode::OK, &SaleBody::new(&answer.value), 512)?;
    Ok(answer::replayed(sale, answer.replayed))
}
