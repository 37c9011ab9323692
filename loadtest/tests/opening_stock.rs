//! The opening stock of the whole stream, against the figures its description gives.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, and says why"
)]

#[path = "support/stream.rs"]
mod stream;

use std::collections::BTreeMap;

use holdfast_loadtest::goods::goods;
use holdfast_loadtest::plan::opening::{OpeningTotals, StockRule};
use holdfast_loadtest::plan::operation::Action;
use holdfast_loadtest::plan::{Plan, Shipping};

#[test]
fn the_highest_running_totals_are_those_published() {
    let stream = stream::stream(3_000);
    let plan = Plan::build(&stream.rows, Shipping::WhenReturned);
    let totals = plan.opening.totals();
    if stream.is_real {
        let published = OpeningTotals {
            products: 3_744,
            units_by_file: 3_667_004,
            units_enough: 3_865_140,
            units_scarce: 2_198_789,
        };
        assert_eq!(totals, published);
    }
    // The same rule in other words, for whatever stream it is: after any prefix, sales less what came back.
    let mut running: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for row in &stream.rows {
        if let Ok(sku) = goods(row) {
            let (total, highest) = running.entry(sku).or_default();
            *total += row.quantity;
            *highest = (*highest).max(*total);
        }
    }
    let units: i64 = running.values().map(|(_, highest)| highest).sum();
    assert_eq!(totals.units_by_file, u64::try_from(units).unwrap());
}

#[test]
fn under_enough_the_plan_never_runs_out_in_its_own_order() {
    let plan = Plan::build(&stream::stream(3_000).rows, Shipping::WhenReturned);
    let opening = plan.opening.opening(StockRule::Enough);
    let mut shelf: BTreeMap<_, i64> =
        opening.into_iter().map(|(sku, units)| (sku, i64::try_from(units).unwrap())).collect();
    let mut take = |sku: &holdfast_loadtest::goods::Sku, units: i64| {
        let left = shelf.get_mut(sku).unwrap();
        *left -= units;
        assert!(*left >= 0, "{sku} runs out");
    };
    let signed = |units: u64| i64::try_from(units).unwrap();
    for operation in &plan.operations {
        match &operation.action {
            Action::Checkout(checkout) => {
                checkout.lines.iter().for_each(|line| take(&line.sku, signed(line.units)));
            }
            Action::WriteOff(rows) => rows.iter().for_each(|row| take(&row.sku, signed(row.units))),
            Action::Credit(credit) => {
                let found = credit.orders.iter().flat_map(|order| &order.units);
                found.chain(&credit.unmatched).for_each(|(sku, units)| take(sku, -signed(*units)));
            }
        }
    }
}

#[test]
fn the_whole_stream_is_read_as_described() {
    let stream = stream::stream(3_000);
    let plan = Plan::build(&stream.rows, Shipping::WhenReturned);
    let orders = plan.operations.iter().filter(|operation| matches!(operation.action, Action::Checkout(_)));
    let (orders, intake) = (orders.count(), &plan.intake);
    assert_eq!(intake.goods_rows + intake.left_out.values().sum::<u64>(), intake.rows);
    if stream.is_real {
        assert_eq!((intake.rows, intake.invoices, intake.interrupted_invoices), (355_579, 18_094, 1));
        assert_eq!(orders, 14_188);
    }
}
