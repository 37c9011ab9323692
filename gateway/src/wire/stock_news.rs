//! Live stock on the wire: server-sent events.
//!
//! ```text
//!   id: 4711
//!   event: stock
//!   data: {"sku":"85123A","available":3, …}
//! ```

use axum::response::sse::Event;
use holdfast_actors::{NewsKind, StockNews, Turn, WATCHED_MAX};
use holdfast_engine::{Sequence, Sku};
use hyper::header::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::page::malformed;
use crate::problem::{Code, Problem};

/// What each event of the stream carries. `event: stock` are the counts now; `event: sold_out` comes with the commit that took the
/// last available unit, and `event: back_in_stock` with the one that made a unit available again.
#[derive(Serialize, ToSchema)]
#[schema(as = StockEvent)]
pub(crate) struct StockEventBody<'a> {
    /// Which product.
    #[schema(value_type = String)]
    sku: &'a str,
    /// Units a new hold could take.
    available: u64,
    /// Units physically there, all locations together, in whatever condition.
    on_hand: u64,
    /// Units in live holds, or on offer to customers who wait.
    held: u64,
    /// Units promised to orders, not yet shipped.
    allocated: u64,
    /// Units that somebody queues for.
    backordered: u64,
    /// How often it sold out or came back without this stream having told of it, because it was read too slowly.
    missed: u64,
    /// How many changes the product has seen.
    version: u64,
    /// Position of the last one in the journal. The event's `id` is this, or higher where another product of the stream has been told
    /// of since and time alone has changed this one.
    sequence: u64,
}

impl<'a> StockEventBody<'a> {
    fn new(news: &'a StockNews) -> Self {
        let counts = &news.counts;
        Self {
            sku: news.sku.as_str(),
            available: counts.available,
            on_hand: counts.on_hand,
            held: counts.held,
            allocated: counts.allocated,
            backordered: counts.backordered,
            missed: news.missed_turns,
            version: counts.version,
            sequence: counts.sequence.0,
        }
    }
}

/// One event.
pub(crate) fn event(news: &StockNews) -> Event {
    let name = match news.kind {
        NewsKind::State => "stock",
        NewsKind::Turned(Turn::SoldOut) => "sold_out",
        NewsKind::Turned(Turn::BackInStock) => "back_in_stock",
    };
    // Plain data; see `openapi::to_json`. JSON in one line, so it is one line of data.
    let data = serde_json::to_string(&StockEventBody::new(news)).unwrap_or_default();
    Event::default().id(news.position.0.to_string()).event(name).data(data)
}

/// The products that a query names, each once.
pub(crate) fn products(query: &[(String, String)]) -> Result<Vec<Sku>, Problem> {
    let mut skus = Vec::with_capacity(query.len());
    for (name, value) in query {
        if name != "sku" {
            return Err(malformed(format!("{name}: there is no such parameter")));
        }
        skus.push(Sku::new(value).map_err(|error| malformed(format!("sku: {error}")))?);
    }
    skus.sort();
    skus.dedup();
    if !(1..=WATCHED_MAX).contains(&skus.len()) {
        return Err(malformed(format!(
            "sku: must be given from 1 to {WATCHED_MAX} times, once for each product"
        )));
    }
    Ok(skus)
}

/// How far a client has seen that comes back: the header of its browser's own making.
pub(crate) fn last_event(headers: &HeaderMap) -> Result<Option<Sequence>, Problem> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let malformed = || Problem::new(Code::BadRequest, "Last-Event-ID: not an id that this stream has given");
    number.map(|number| Some(Sequence(number))).ok_or_else(malformed)
}
