//! The routes, one file per resource. Each handler is thin: read, check, ask the core, write.

pub(crate) mod batch;
pub(crate) mod customers;
pub(crate) mod docs;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod incoming;
pub(crate) mod locations;
pub(crate) mod orders;
pub(crate) mod products;
pub(crate) mod reservations;
pub(crate) mod sales;
pub(crate) mod sourcing;
pub(crate) mod stock;
pub(crate) mod stock_stream;
pub(crate) mod waiting;

use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::openapi;
use crate::problem::{Code, Problem};

/// All routes of the public listener, and their description.
fn described() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(products::list))
        .routes(routes!(products::put, products::get, products::delete))
        .routes(routes!(history::get))
        .routes(routes!(sales::put, sales::end))
        .routes(routes!(locations::delete))
        .routes(routes!(waiting::join))
        .routes(routes!(waiting::get, waiting::leave))
        .routes(routes!(stock::get))
        .routes(routes!(stock_stream::get))
        .routes(routes!(stock::adjust))
        .routes(routes!(incoming::announce, incoming::list))
        .routes(routes!(incoming::receive))
        .routes(routes!(incoming::reschedule))
        .routes(routes!(incoming::cancel))
        .routes(routes!(incoming::transfer))
        .routes(routes!(reservations::create, customers::list))
        .routes(routes!(customers::release))
        .routes(routes!(reservations::get))
        .routes(routes!(reservations::commit))
        .routes(routes!(reservations::release))
        .routes(routes!(reservations::change))
        .routes(routes!(reservations::extend))
        .routes(routes!(sourcing::explain))
        .routes(routes!(orders::place, orders::list))
        .routes(routes!(orders::get))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::edit))
        .routes(routes!(orders::ship))
        .routes(routes!(orders::return_units))
        .routes(routes!(orders::refund))
        .routes(routes!(orders::retry_refund))
        .routes(routes!(batch::batch))
        .routes(routes!(import::import))
}

/// The description alone.
pub(crate) fn description() -> OpenApi {
    openapi::finish(described().into_openapi())
}

/// The router of the public listener.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, description) = described().split_for_parts();
    router
        .merge(docs::router(&openapi::finish(description)))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

async fn not_found() -> Problem {
    Problem::new(Code::NotFound, "there is nothing at this address; /docs describes what there is")
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this address knows other methods; see the Allow header")
}
