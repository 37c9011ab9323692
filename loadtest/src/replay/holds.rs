//! Plain reservations beside the orders: baskets that are held, and then taken, taken in part, given back, or left.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use smol_str::SmolStr;

use super::checkout::signed;
use super::context::Context;
use super::drive::{DriveError, Stop};
use crate::client::{Kind, path_segment, wire};
use crate::goods::Sku;
use crate::ledger::{Effect, Pending};

/// One basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// Its name: idempotency keys are derived from it.
    pub name: SmolStr,
    /// Whose it is.
    pub customer: SmolStr,
    /// What is in it; a product may be named twice.
    pub lines: Vec<(Sku, u64)>,
    /// What becomes of it.
    pub ending: Ending,
}

/// What becomes of a basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It stays held.
    Held,
    /// All of it is taken.
    Taken,
    /// Half of every product is taken (rounded up) and the rest is free again.
    HalfTaken,
    /// All of it is given back.
    Released,
}

/// Longest hold the server grants without being told otherwise: a day. Nothing lapses while a test runs.
const TTL_MS: u64 = 24 * 60 * 60 * 1_000;

/// Makes and ends all baskets, `in_flight` at once, and gives back how many.
///
/// # Errors
/// If one of them ended in a panic.
pub async fn drive_baskets(
    context: &Arc<Context>,
    baskets: Vec<Basket>,
    in_flight: usize,
    stop: &Stop,
) -> Result<u64, DriveError> {
    stream::iter(baskets.into_iter().enumerate())
        .take_while(|_| std::future::ready(!stop.is_asked()))
        .map(|(number, basket)| {
            let context = Arc::clone(context);
            tokio::spawn(async move { hold(&context, number, &basket).await })
        })
        .buffer_unordered(in_flight.max(1))
        .map_err(DriveError::from)
        .try_fold(0, async |done, ()| Ok(done + 1))
        .await
}

async fn hold(context: &Context, number: usize, basket: &Basket) {
    let mut asked: BTreeMap<Sku, u64> = BTreeMap::new();
    for (sku, units) in &basket.lines {
        *asked.entry(sku.clone()).or_default() += units;
    }
    let Some(id) = reserve(context, number, basket, &asked).await else { return };
    match basket.ending {
        Ending::Held => {}
        Ending::Taken => end(context, number, basket, &id, BTreeMap::new(), Kind::Commit, None).await,
        Ending::HalfTaken => {
            let rest = asked.iter().map(|(sku, units)| (sku.clone(), signed(units / 2))).collect();
            let taken = asked.iter().map(|(sku, units)| units_of(sku, units.div_ceil(2))).collect();
            end(context, number, basket, &id, rest, Kind::Commit, Some(taken)).await;
        }
        Ending::Released => {
            let rest = asked.iter().map(|(sku, units)| (sku.clone(), signed(*units))).collect();
            end(context, number, basket, &id, rest, Kind::Release, None).await;
        }
    }
}

async fn reserve(
    context: &Context,
    number: usize,
    basket: &Basket,
    asked: &BTreeMap<Sku, u64>,
) -> Option<String> {
    let free = asked.iter().map(|(sku, units)| (sku.clone(), -signed(*units))).collect();
    let pending = Pending { kind: Kind::Reserve, effect: Effect::Reservation(number), free };
    let asking = context.asking(&basket.name, "reserve", pending, asked.values().sum()).await;
    let lines = basket.lines.iter().map(|(sku, units)| units_of(sku, *units)).collect();
    let body = wire::Reserve { customer: &basket.customer, lines, ttl_ms: Some(TTL_MS) };
    let answer = match context.client.post(Kind::Reserve, "/v1/reservations", &asking.who.key, &body).await {
        Ok(answer) => answer,
        Err(why) => {
            asking.unanswered(&why);
            return None;
        }
    };
    if !answer.is_success() {
        asking.refused(&answer);
        return None;
    }
    match answer.read::<wire::Reservation>() {
        Ok(reservation) => {
            let id = reservation.id.clone();
            context.ledger.reserved(asking.id, number, asked.clone(), reservation, answer.span);
            Some(id)
        }
        Err(why) => {
            asking.unanswered(&why);
            None
        }
    }
}

/// Ends a basket: `freed` is what is free again afterwards, `taken` what is taken of it (`None` for everything there
/// is to take or release).
async fn end(
    context: &Context,
    number: usize,
    basket: &Basket,
    id: &str,
    freed: BTreeMap<Sku, i64>,
    kind: Kind,
    taken: Option<Vec<wire::Units<'_>>>,
) {
    let verb = if kind == Kind::Commit { "commit" } else { "release" };
    let units = basket.lines.iter().map(|(_, units)| units).sum();
    let pending = Pending { kind, effect: Effect::Reservation(number), free: freed };
    let asking = context.asking(&basket.name, verb, pending, units).await;
    let path = format!("/v1/reservations/{}/{verb}", path_segment(id));
    let answer = match context.client.post(kind, &path, &asking.who.key, &wire::Commit { lines: taken }).await
    {
        Ok(answer) => answer,
        Err(why) => {
            asking.unanswered(&why);
            return;
        }
    };
    if !answer.is_success() {
        asking.refused(&answer);
        return;
    }
    match answer.read() {
        Ok(reservation) => {
            context.ledger.reservation_ended(asking.id, number, reservation, answer.span);
        }
        Err(why) => {
            asking.unanswered(&why);
        }
    }
}

fn units_of(sku: &Sku, units: u64) -> wire::Units<'_> {
    wire::Units { sku: sku.as_str(), quantity: units }
}
