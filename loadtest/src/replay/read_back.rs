//! Asking the server what it has, product by product and order by order.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::context::Context;
use crate::audit::ReadBack;
use crate::client::{Kind, Unanswered, path_segment, wire};
use crate::goods::Sku;
use crate::ledger::Book;

/// Why a run cannot begin on a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotFresh {
    /// It did not answer.
    #[error("the stock could not be read")]
    Unanswered(#[from] Unanswered),
    /// It has something else than was just imported.
    #[error(
        "the server is not fresh: {sku} has {on_hand} on hand, {held} held, {allocated} allocated, and not just the \
         {opening} imported; begin with an empty data directory"
    )]
    Used {
        /// Which product.
        sku: Sku,
        /// Units imported.
        opening: u64,
        /// Units counted.
        on_hand: u64,
        /// Units in holds.
        held: u64,
        /// Units promised.
        allocated: u64,
    },
}

/// Checks that there is just what was imported: nothing held, nothing promised. What others had promised before would
/// look like a fault of this run.
///
/// # Errors
/// If there is anything else.
pub async fn check_fresh(context: &Context, in_flight: usize) -> Result<(), NotFresh> {
    let stock = read_stock(context, in_flight).await?;
    for (sku, opening) in context.ledger.opening() {
        let found = stock.get(sku);
        let (on_hand, held, allocated) =
            found.map_or((0, 0, 0), |found| (found.on_hand, found.held, found.allocated));
        if (on_hand, held, allocated) != (*opening, 0, 0) {
            return Err(NotFresh::Used { sku: sku.clone(), opening: *opening, on_hand, held, allocated });
        }
    }
    Ok(())
}

/// Reads everything the book speaks of.
///
/// # Errors
/// If the server does not answer; a thing it does not know is left out.
pub async fn read_all(context: &Context, book: &Book, in_flight: usize) -> Result<ReadBack, Unanswered> {
    let orders = book.orders.iter().map(|(index, record)| (*index, record.answered.id.as_str()));
    let reservations =
        book.reservations.iter().map(|(number, record)| (*number, record.answered.id.as_str()));
    Ok(ReadBack {
        stock: read_stock(context, in_flight).await?,
        orders: read_orders(context, orders, in_flight).await?,
        reservations: read_reservations(context, reservations, in_flight).await?,
    })
}

/// Reads the stock of every product of the run.
///
/// # Errors
/// If the server does not answer.
pub async fn read_stock(
    context: &Context,
    in_flight: usize,
) -> Result<BTreeMap<Sku, wire::Stock>, Unanswered> {
    let read = context.ledger.opening().keys().map(async |sku| {
        let path = format!("/v1/stock/{}", path_segment(sku.as_str()));
        let found = read_one(context, Kind::ReadStock, &path).await?;
        Ok(found.map(|stock| (sku.clone(), stock)))
    });
    gather(read, in_flight).await
}

/// Reads these orders.
///
/// # Errors
/// If the server does not answer.
pub async fn read_orders<'a, I: Ord + Copy>(
    context: &Context,
    ids: impl Iterator<Item = (I, &'a str)>,
    in_flight: usize,
) -> Result<BTreeMap<I, wire::Order>, Unanswered> {
    let read = ids.map(async |(index, id)| {
        let path = format!("/v1/orders/{}", path_segment(id));
        let found = read_one(context, Kind::ReadOrder, &path).await?;
        Ok(found.map(|order| (index, order)))
    });
    gather(read, in_flight).await
}

/// Reads these reservations.
///
/// # Errors
/// If the server does not answer.
pub async fn read_reservations<'a, I: Ord + Copy>(
    context: &Context,
    ids: impl Iterator<Item = (I, &'a str)>,
    in_flight: usize,
) -> Result<BTreeMap<I, wire::Reservation>, Unanswered> {
    let read = ids.map(async |(number, id)| {
        let path = format!("/v1/reservations/{}", path_segment(id));
        let found = read_one(context, Kind::ReadReservation, &path).await?;
        Ok(found.map(|reservation| (number, reservation)))
    });
    gather(read, in_flight).await
}

async fn gather<K: Ord, V>(
    read: impl Iterator<Item = impl Future<Output = Result<Option<(K, V)>, Unanswered>>>,
    in_flight: usize,
) -> Result<BTreeMap<K, V>, Unanswered> {
    let found = stream::iter(read).buffer_unordered(in_flight.max(1));
    found.try_filter_map(|entry| std::future::ready(Ok(entry))).try_collect().await
}

async fn read_one<T: serde::de::DeserializeOwned>(
    context: &Context,
    kind: Kind,
    path: &str,
) -> Result<Option<T>, Unanswered> {
    const NOT_FOUND: u16 = 404;
    let answer = context.client.get(kind, path).await?;
    if answer.status == NOT_FOUND { Ok(None) } else { answer.read().map(Some) }
}
