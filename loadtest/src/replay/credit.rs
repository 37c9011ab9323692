//! Goods that come back: orders called off, units returned, and what belongs to no order we know.

use std::collections::BTreeMap;

use tokio::sync::SetOnce;

use super::checkout::signed;
use super::context::{Context, Ended};
use super::stock::adjust;
use crate::client::{Kind, path_segment, wire};
use crate::ledger::{AdjustmentKind, Effect, Pending, Skipped};
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
    let asking = context.asking(invoice, &step, pending, units);
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
    let units = part.units.iter().map(|(_, units)| units).sum();
    let has_left = context.ledger.has_left(part.order);
    if !has_left && ship(context, part.order, invoice).await != Ended::Done {
        context.ledger.skipped(Skipped::NotShipped, units);
        return;
    }
    let free = part.units.iter().map(|(sku, units)| (sku.clone(), signed(*units))).collect();
    let pending = Pending { kind: Kind::Return, effect: Effect::Order(part.order), free };
    let asking = context.asking(invoice, &format!("return-{}", part.order.0), pending, units);
    let Some(path) = path_of(context, part.order, "returns") else { return };
    let lines = part.units.iter().map(|(sku, units)| wire::Units { sku: sku.as_str(), quantity: *units });
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
        Ok(order) => context.ledger.order_returned(asking.id, part.order, &part.units, order, answer.span),
        Err(why) => {
            asking.unanswered(&why);
        }
    }
}

/// Ships all of an order.
pub(super) async fn ship(context: &Context, order: OperationIndex, invoice: &str) -> Ended {
    let pending = Pending { kind: Kind::Ship, effect: Effect::Order(order), free: BTreeMap::new() };
    let units = context.ledger.units_of(order);
    let asking = context.asking(invoice, &format!("ship-{}", order.0), pending, units);
    let Some(path) = path_of(context, order, "shipments") else { return Ended::Unknown };
    let answer = match context.client.post(Kind::Ship, &path, &asking.who.key, &wire::Empty {}).await {
        Ok(answer) => answer,
        Err(why) => return asking.unanswered(&why),
    };
    if !answer.is_success() {
        return asking.refused(&answer);
    }
    match answer.read() {
        Ok(answered) => {
            context.ledger.order_shipped(asking.id, order, answered);
            Ended::Done
        }
        Err(why) => asking.unanswered(&why),
    }
}

fn path_of(context: &Context, order: OperationIndex, verb: &str) -> Option<String> {
    let id = context.ledger.id_of(order)?;
    Some(format!("/v1/orders/{}/{verb}", path_segment(&id)))
}
