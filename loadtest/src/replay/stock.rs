//! Corrections of stock: what is written off, and what comes back without an order.

use std::collections::BTreeMap;

use super::checkout::signed;
use super::context::{Context, Ended};
use crate::client::{Kind, path_segment, wire};
use crate::goods::Sku;
use crate::ledger::{AdjustmentKind, Effect, Pending};
use crate::plan::operation::WriteOffRow;

pub(super) async fn write_off(context: &Context, invoice: &str, rows: &[WriteOffRow]) -> Ended {
    for (place, row) in rows.iter().enumerate() {
        let step = format!("write-off-{place}");
        let delta = -signed(row.units);
        adjust(context, invoice, &step, AdjustmentKind::WriteOff, &row.sku, delta, &row.reason).await;
    }
    Ended::Done
}

pub(super) async fn adjust(
    context: &Context,
    invoice: &str,
    step: &str,
    kind: AdjustmentKind,
    sku: &Sku,
    delta: i64,
    reason: &str,
) {
    let free = BTreeMap::from([(sku.clone(), delta)]);
    let pending = Pending { kind: Kind::Adjust, effect: Effect::Stock, free };
    let asking = context.asking(invoice, step, pending, delta.unsigned_abs()).await;
    let path = format!("/v1/stock/{}/adjustments", path_segment(sku.as_str()));
    let body = wire::Adjust { delta, reason, reference: invoice };
    let answer = match context.client.post(Kind::Adjust, &path, &asking.who.key, &body).await {
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
        Ok(adjustment) => context.ledger.adjusted(asking.id, kind, sku, &adjustment, answer.span),
        Err(why) => {
            asking.unanswered(&why);
        }
    }
}
