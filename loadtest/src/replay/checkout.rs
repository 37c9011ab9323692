//! Placing an order and seeing it decided.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::{Asking, Context, Ended};
use super::credit::ship;
use crate::client::{Answer, Kind, Span, Unanswered, path_segment, wire};
use crate::ledger::{Asked, Effect, Pending};
use crate::money::{CURRENCY, line_total_pence};
use crate::plan::Shipping;
use crate::plan::operation::{Checkout, OperationIndex};

/// First pause between two looks at an order whose payment is under way; it doubles up to the second.
const POLL_FIRST: Duration = Duration::from_millis(5);
const POLL_MAX: Duration = Duration::from_millis(250);

const ACCEPTED: u16 = 202;

pub(super) async fn checkout(
    context: &Context,
    index: OperationIndex,
    invoice: &str,
    checkout: &Checkout,
) -> Ended {
    let asked = asked(invoice, checkout);
    let free = asked.lines.iter().map(|(sku, (units, _))| (sku.clone(), -signed(*units))).collect();
    let pending = Pending { kind: Kind::Checkout, effect: Effect::Order(index), free };
    let asking = context.asking(invoice, "order", pending, asked.units()).await;
    let body = body(checkout, context.payments.method(index));
    let ended = match context.client.post(Kind::Checkout, "/v1/orders", &asking.who.key, &body).await {
        Err(why) => asking.unanswered(&why),
        Ok(answer) if !answer.is_success() => asking.refused(&answer),
        Ok(answer) => match decided(context, &answer).await {
            Ok((order, span)) => confirmed(asking, index, asked, order, span),
            Err(why) => asking.unanswered(&why),
        },
    };
    if ended == Ended::Done && context.shipping == Shipping::AtOnce {
        // An order that cannot leave is confirmed all the same: whoever waits for it waits for that.
        ship(context, index, invoice).await;
    }
    ended
}

fn confirmed(
    asking: Asking<'_>,
    index: OperationIndex,
    asked: Asked,
    order: wire::Order,
    span: Span,
) -> Ended {
    if order.status != "confirmed" {
        let detail = format!("order {} is {}", order.id, order.status);
        return asking.unanswered(&Unanswered::Unexpected {
            status: 201,
            code: "not_confirmed".to_owned(),
            detail,
        });
    }
    asking.context.ledger.order_confirmed(asking.id, index, asked, order, span);
    Ended::Done
}

/// The order once its payment is decided, which it mostly is at once.
async fn decided(context: &Context, answer: &Answer) -> Result<(wire::Order, Span), Unanswered> {
    let mut order: wire::Order = answer.read()?;
    if answer.status != ACCEPTED {
        return Ok((order, answer.span));
    }
    let patience = context.client.retry_policy().total;
    let path = format!("/v1/orders/{}", path_segment(&order.id));
    let (mut waited, mut pause, mut looks) = (Duration::ZERO, POLL_FIRST, 1);
    while order.is_undecided() {
        if waited > patience {
            let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            let last = format!("order {} is {}", order.id, order.status);
            return Err(Unanswered::GaveUp { attempts: looks, waited_ms, last });
        }
        tokio::time::sleep(pause).await;
        waited += pause;
        pause = (pause * 2).min(POLL_MAX);
        looks += 1;
        order = context.client.get(Kind::ReadOrder, &path).await?.read()?;
    }
    let span = Span { answered_ns: context.client.now_ns(), ..answer.span };
    context.client.record(Kind::Checkout, span);
    Ok((order, span))
}

fn body<'a>(checkout: &'a Checkout, method: &'static str) -> wire::PlaceOrder<'a> {
    let lines = checkout.lines.iter().map(|line| wire::PlaceLine {
        sku: line.sku.as_str(),
        quantity: line.units,
        unit_price: line.unit_price.to_string(),
    });
    wire::PlaceOrder {
        customer: &checkout.customer,
        lines: lines.collect(),
        currency: CURRENCY,
        payment: wire::Payment { provider: "sandbox", method },
    }
}

/// What the order must come to: rows of one product are summed after each was rounded.
fn asked(invoice: &str, checkout: &Checkout) -> Asked {
    let mut lines: BTreeMap<_, (u64, i64)> = BTreeMap::new();
    for line in &checkout.lines {
        let (units, pence) = lines.entry(line.sku.clone()).or_default();
        *units += line.units;
        *pence += line_total_pence(line.unit_price, line.units).unwrap_or_default();
    }
    Asked { invoice: invoice.into(), lines, rows: checkout.lines.len() as u64 }
}

pub(super) fn signed(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goods::Sku;
    use crate::plan::operation::CheckoutLine;

    #[test]
    fn rows_are_rounded_before_they_are_summed() {
        let line =
            |units| CheckoutLine { sku: Sku::as_named("11111"), units, unit_price: "0.005".parse().unwrap() };
        let checkout = Checkout { customer: "7".into(), lines: vec![line(1), line(1), line(3)] };
        let asked = asked("536365", &checkout);
        assert_eq!(asked.lines[&Sku::as_named("11111")], (5, 2), "0.00 + 0.00 + 0.02, and not 0.025");
        assert_eq!((asked.rows, asked.units()), (3, 5));
    }
}
