//! `/v1/products/{sku}/history`: what happened to a product.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::openapi::Refusals;
use crate::path::SkuPath;
use crate::problem::{Problem, in_past};
use crate::query::Query;
use crate::wire::history::HistoryEntryBody;
use crate::wire::history_query::{HistoryQuery, TopicWord};
use crate::wire::page::Page;

/// Read what happened to a product, newest first
///
/// Movements, holds, promises and who was served, lots, sales and policies, as they stand in the journal. It is there for
/// deleted products, too. A page may have fewer entries than asked for, or none, and more behind it: go on while
/// `has_more`.
#[utoipa::path(
    get, path = "/v1/products/{sku}/history", operation_id = "getProductHistory", tag = "products",
    params(
        ("sku" = String, Path, description = "The merchant's own name of the product, percent-encoded",
            min_length = 1, max_length = 64, example = "85123A"),
        ("kind" = inline(Option<TopicWord>), Query, description = "Only entries about this"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page; 50 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page", body = Page<HistoryEntryBody<'static>>), Refusals)
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    SkuPath(sku): SkuPath,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let asked = query.check(&app.secret, &sku)?;
    let page = app.core.history(sku.clone(), asked).await.map_err(in_past)?;
    let next_cursor = page.next.map(|place| HistoryQuery::cursor(&app.secret, &sku, place));
    let page = Page {
        data: page.entries.iter().map(HistoryEntryBody::new).collect(),
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    answer::json(StatusCode::OK, &page, 512 * (1 + page.data.len()))
}
