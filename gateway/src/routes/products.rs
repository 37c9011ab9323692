//! `/v1/products`: what is sold, and how.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_actors::ProductView;
use holdfast_engine::{Operation, Sku};
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::openapi::{OptionalKey, Refusals, WriteRefusals};
use crate::path::SkuPath;
use crate::problem::{Problem, in_path};
use crate::query::Query;
use crate::wire::decode::decode;
use crate::wire::page::{Page, ProductsQuery, encode_cursor};
use crate::wire::product::{ProductBody, ProductRequest};

/// Create a product or replace what is said of it
///
/// Stock is not touched. Members that are not given take their defaults.
#[utoipa::path(
    put, path = "/v1/products/{sku}", operation_id = "putProduct", tag = "products",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"), OptionalKey),
    request_body(content = ProductRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Replaced", body = ProductBody,
            headers(("ETag", description = "The product's version"), ("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        (status = 201, description = "Created", body = ProductBody,
            headers(("ETag", description = "The product's version"), ("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    command: Command,
) -> Result<Response, Problem> {
    let request: ProductRequest<'_> = decode(command.body())?;
    let operation = command.operation_or_fresh(&app, fingerprint(&request))?;
    put_with(&app, sku, operation, &request).await
}

/// Puts a product, as this operation.
pub(crate) async fn put_with<B: From<Bytes>>(
    app: &App,
    sku: Sku,
    operation: Operation,
    request: &ProductRequest<'_>,
) -> Result<hyper::Response<B>, Problem> {
    let details = request.check()?;
    let put = app.core.put_product(sku, details, operation).await;
    let put = put.map_err(|failure| request.refused(failure))?;
    let status = if put.value.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer::replayed(product(status, &put.value.product)?, put.replayed))
}

/// Delete a product
///
/// Refused while anything of it lies on a shelf or is held or promised. Its history stays, and it may be put again.
#[utoipa::path(
    delete, path = "/v1/products/{sku}", operation_id = "deleteProduct", tag = "products",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"), OptionalKey),
    responses(
        (status = 204, description = "Deleted",
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    command: Command,
) -> Result<Response, Problem> {
    let operation = command.operation_or_fresh(&app, fingerprint(&()))?;
    let deleted = app.core.delete_product(sku, operation).await.map_err(in_path)?;
    Ok(answer::replayed(StatusCode::NO_CONTENT.into_response(), deleted.replayed))
}

/// Read a product
#[utoipa::path(
    get, path = "/v1/products/{sku}", operation_id = "getProduct", tag = "products",
    params(("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A")),
    responses(
        (status = 200, description = "The product", body = ProductBody,
            headers(("ETag", description = "The product's version"))),
        Refusals,
    )
)]
pub(crate) async fn get(State(app): State<Arc<App>>, SkuPath(sku): SkuPath) -> Result<Response, Problem> {
    let view = app.core.product(&sku).await.map_err(in_path)?;
    product(StatusCode::OK, &view)
}

/// List the products, by SKU
#[utoipa::path(
    get, path = "/v1/products", operation_id = "listProducts", tag = "products",
    params(
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page; 50 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page", body = Page<ProductBody>), Refusals)
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<ProductsQuery>,
) -> Result<Response, Problem> {
    let (after, limit) = (query.after()?, query.limit()?);
    // One more than asked for tells whether there are more.
    let mut views = app.core.products(after.as_ref(), limit + 1).await.map_err(in_path)?;
    let has_more = views.len() > limit;
    views.truncate(limit);
    let next_cursor = views.last().filter(|_| has_more).map(|last| encode_cursor(&last.sku));
    let page = Page { data: views.iter().map(ProductBody::new).collect(), has_more, next_cursor };
    answer::json(StatusCode::OK, &page, 512 * (1 + page.data.len()))
}

fn product<B: From<Bytes>>(status: StatusCode, view: &ProductView) -> Result<hyper::Response<B>, Problem> {
    Ok(answer::tagged(answer::json(status, &ProductBody::new(view), 1024)?, view.version))
}
