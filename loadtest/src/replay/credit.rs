//! Goods that come back: orders called off, units returned, and what belongs to no order we know.

use std::collections::BTreeMap;

use tokio::sync::SetOnce;

use super::checkout::signed;
use super::context::{Context, Ended};
use super::stock::adjust;
use crate::client::{Kind, path_segment, wire};
use crate::goods::Sku;
use crate::ledger::{AdjustmentKind, Effect, Pending, Skipped};
use crate::plan::opening::StockRule;
use crate::plan::operation::{Credit, OperationIndex, OrderCredit};

const REASON_OF_RETURN: &str = "returned";
const REASON_OF_CANCELLATION: &str = "cancelled by the customer";
const REASON_WITHOUT_ORDER: &str = "return without order";

pub(super) async fn credit(
    context: &Context,
    ends: &[SetOnce<Ended>],
    invoice: &str,
    credit: &Credit,
) -> Ended {
    for part in &credit.orders {
        let units = part.units.iter().map(|(_, units)| units).sum();
        // The plan made this operation wait for the order, so its end is there.
        let placed = ends.get(part.order.0).and_then(SetOnce::get).copied();
        match placed {
            Some(Ended::Done) if part.cancels => cancel(context, invoice, part).await,
            Some(Ended::Done) => give_back(context, invoice, part).await,
            Some(Ended::Refused) => context.ledger.skipped(Skipped::OrderRefused, units),
            Some(Ended::Unknown) | None => context.ledger.skipped(Skipped::OrderUnknown, units),
        }
    }
    for (sku, units) in &credit.unmatched {
        let step = format!("back-{sku}");
        let kind = AdjustmentKind::ReturnWithoutOrder;
        adjust(context, invoice, &step, kind, sku, signed(*units), REASON_WITHOUT_ORDER).await;
    }
    Ended::Done
}

async fn cancel(context: &Context, invoice: &str, part: &OrderCredit) {
    let free = part.units.iter().map(|(sku, units)| (sku.clone(), signed(*units))).collect();
    let pending = Pending { kind: Kind::Cancel, effect: Effect::Order(part.order), free };
    let units = part.units.iter().map(|(_, units)| units).sum();
    let step = format!("cancel-{}", part.order.0);
    let asking = context.asking(invoice, &step, pending, units).await;
    let Some(path) = path_of(context, part.order, "cancel") else { return };
    let body = wire::Cancel { reason: REASON_OF_CANCELLATION };
    let answer = match context.client.post(Kind::Cancel, &path, &asking.who.key, &body).await {
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
        Ok(order) => context.ledger.order_cancelled(asking.id, part.order, order, answer.span),
        Err(why) => {
            asking.unanswered(&why);
        }
    }
}

/// Units come back of an order that has left, or leaves now.
async fn give_back(context: &Context, invoice: &str, part: &OrderCredit) {
    let wanted: u64 = part.units.iter().map(|(_, units)| units).sum();
    if context.ledger.units_shipped(part.order).is_none() {
        ship(context, part.order, invoice).await;
    }
    let shipped = context.ledger.units_shipped(part.order).unwrap_or_default();
    let has_left = |sku: &Sku| shipped.get(sku).is_some_and(|units| *units > 0);
    let coming: Vec<_> = part.units.iter().filter(|(sku, _)| has_left(sku)).cloned().collect();
    let units = coming.iter().map(|(_, units)| units).sum();
    if units < wanted {
        context.ledger.skipped(Skipped::NotShipped, wanted - units);
    }
    if !coming.is_empty() {
        take_back(context, invoice, part.order, &coming, units).await;
    }
}

async fn take_back(
    context: &Context,
    invoice: &str,
    order: OperationIndex,
    coming: &[(Sku, u64)],
    units: u64,
) {
    let free = coming.iter().map(|(sku, units)| (sku.clone(), signed(*units))).collect();
    let pending = Pending { kind: Kind::Return, effect: Effect::Order(order), free };
    let asking = context.asking(invoice, &format!("return-{}", order.0), pending, units).await;
    let Some(path) = path_of(context, order, "returns") else { return };
    let lines = coming.iter().map(|(sku, units)| wire::Units { sku: sku.as_str(), quantity: *units });
    let body = wire::Return { lines: lines.collect(), reason: REASON_OF_RETURN };
    let answer = match context.client.post(Kind::Return, &path, &asking.who.key, &body).await {
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
        Ok(answered) => context.ledger.order_returned(asking.id, order, coming, answered, answer.span),
        Err(why) => {
            asking.unanswered(&why);
        }
    }
}

/// Ships an order, as far as the shelf has it: a line that a write-off took from the shelf stays behind.
pub(super) async fn ship(context: &Context, order: OperationIndex, invoice: &str) {
    let pending = Pending { kind: Kind::Ship, effect: Effect::Order(order), free: BTreeMap::new() };
    let units = context.ledger.units_of(order);
    let asking = context.asking(invoice, &format!("ship-{}", order.0), pending, units).await;
    let Some(path) = path_of(context, order, "shipments") else { return };
    let answer = match context.client.post(Kind::Ship, &path, &asking.who.key, &wire::Empty {}).await {
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
    match answer.read::<wire::Order>() {
        Ok(answered) => {
            let left: u64 = answered.lines.iter().map(|line| line.shipped).sum();
            context.ledger.order_shipped(asking.id, order, answered);
            if left < units && context.rule == StockRule::Enough {
                context.ledger.shipped_short(asking.who, units - left);
            }
        }
        Err(why) => {
            asking.unanswered(&why);
        }
    }
}

fn path_of(context: &Context, order: OperationIndex, verb: &str) -> Option<String> {
    let id = context.ledger.id_of(order)?;
    Some(format!("/v1/orders/{}/{verb}", path_segment(&id)))
}
