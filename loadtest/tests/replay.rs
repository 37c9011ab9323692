//! The first 3,000 invoices of the stream against a server in this process, with enough and with scarce stock.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, and says why"
)]

#[path = "support/stream.rs"]
mod stream;

use holdfast_loadtest::plan::Shipping;
use holdfast_loadtest::plan::opening::StockRule;
use holdfast_loadtest::replay::{Options, PaymentMix, Source, Stop, run};
use holdfast_loadtest::report::{ExitCode, Report};
use holdfast_loadtest::synth::{Synth, products};

use stream::Stream;

const INVOICES: usize = 3_000;

async fn replay(rule: StockRule, shipping: Shipping) -> Report {
    let Stream { rows, is_real } = stream::stream(INVOICES);
    let source = Source::Rows { rows, made_up: !is_real };
    let options = Options { limit_invoices: Some(INVOICES), shipping, ..Options::new(source, rule) };
    let report = run(options, &Stop::default()).await.unwrap();
    assert!(report.holds(), "{}", report.table());
    assert_eq!(report.exit_code(), ExitCode::Ok);
    assert_eq!(report.audit.as_ref().unwrap().oversold_units, 0);
    assert_eq!(report.operations_run, report.operations_planned);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn with_enough_stock_nothing_is_refused() {
    let report = replay(StockRule::Enough, Shipping::WhenReturned).await;
    assert_eq!((report.refused_for_stock(), report.refusals.len()), (0, 0), "{}", report.table());
    assert!(report.orders.cancelled > 0 && report.units.returned > 0, "{}", report.table());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_scarce_stock_some_orders_are_refused_and_none_oversold() {
    let report = replay(StockRule::Scarce, Shipping::WhenReturned).await;
    assert!(report.refused_for_stock() > 0, "{}", report.table());
    assert!(report.orders.confirmed > 0, "{}", report.table());
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_leave_at_once_add_up_too() {
    let report = replay(StockRule::Enough, Shipping::AtOnce).await;
    assert_eq!((report.orders.shipped, report.orders.cancelled), (report.orders.confirmed, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_whose_payment_takes_its_time_are_waited_for() {
    let rows = Synth { seed: 1, orders: 200 }.rows(&products(300));
    let payments = PaymentMix::SomeLate;
    let options = Options { payments, ..Options::new(Source::made_up(rows), StockRule::Enough) };
    let report = run(options, &Stop::default()).await.unwrap();
    assert!(report.holds(), "{}", report.table());
    assert_eq!(report.orders.confirmed, 200);
}
