//! `/v1/stock/stream`: stock as it changes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use holdfast_actors::{StockNews, StockWatch};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::openapi::Refusals;
use crate::problem::{Code, Problem, in_path};
use crate::query::Query;
use crate::wire::stock_news::{self, StockEventBody};

/// Tells proxies that would gather an answer first to pass it on as it comes.
static X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Watch stock
///
/// Server-sent events: first `stock`, the counts of each product now; then `stock` whenever they change, `sold_out` when the last
/// available unit was taken, and `back_in_stock` when there is one again. What is told is durable. Who reads slowly gets the newest
/// counts and none in between, but every `sold_out` and `back_in_stock`, up to 64 of them for each product; `missed` says how many
/// more there were. With `Last-Event-ID` only what is newer comes first. A product whose SKU is `stream` is read at
/// `/v1/stock/%73tream`.
#[utoipa::path(
    get, path = "/v1/stock/stream", operation_id = "streamStock", tag = "stock",
    params(
        ("sku" = Vec<String>, Query, explode, description = "Which products: once for each, 100 at most", example = "85123A"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The `id` of the last event seen, to go on from there"),
    ),
    responses(
        (status = 200, description = "The stream", body = StockEventBody, content_type = "text/event-stream"),
        Refusals,
    )
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let skus = stock_news::products(&query)?;
    let seen = stock_news::last_event(&headers)?;
    let watch = app.core.watch_stock(&skus, seen).map_err(in_path)?;
    if app.is_draining() {
        return Err(Problem::new(Code::Draining, "the server is shutting down"));
    }
    let place = Arc::clone(&app.streams.places).try_acquire_owned().map_err(|_| {
        Problem::new(Code::TooManyStreams, "as many streams are open as may be; read the stock instead")
    })?;
    let told = Told { watch, news: VecDeque::new(), end: app.streams.end.clone(), _place: place };
    let kept_alive = Sse::new(told.events()).keep_alive(KeepAlive::new().interval(app.streams.keep_alive));
    let mut response = kept_alive.into_response();
    response.headers_mut().insert(&X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// A stream that is open.
struct Told {
    watch: StockWatch,
    /// What is to be told next.
    news: VecDeque<StockNews>,
    end: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Told {
    /// Its events, until the server stops.
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut told| async move {
            while told.news.is_empty() {
                told.news = tokio::select! {
                    biased;
                    () = told.end.cancelled() => return None,
                    news = told.watch.next() => news.into(),
                };
            }
            let event = stock_news::event(&told.news.pop_front()?);
            Some((Ok(event), told))
        })
    }
}
