//! The audit must catch a lie: a book that adds up, and servers that say something else.

use super::*;
use crate::client::{Kind, Span, wire};
use crate::ledger::{AdjustmentKind, Asked, Effect, Ledger, Pending, PendingId};

const ID: OperationIndex = OperationIndex(0);

fn sku(name: &str) -> Sku {
    Sku::as_named(name)
}

fn span(at: u64) -> Span {
    Span { sent_ns: at, answered_ns: at + 1 }
}

fn begin(ledger: &Ledger, effect: Effect) -> PendingId {
    ledger.begin(Pending { kind: Kind::Checkout, effect, free: BTreeMap::new() })
}

fn line(sku: &str, quantity: u64, total: &str, shipped: u64, returned: u64) -> wire::OrderLine {
    wire::OrderLine { sku: sku.into(), quantity, total: total.into(), shipped, cancelled: 0, returned }
}

fn order(status: &str, lines: Vec<wire::OrderLine>, refunds: &[&str]) -> wire::Order {
    wire::Order {
        id: "ord_1".to_owned(),
        status: status.into(),
        total: "20.35".into(),
        lines,
        refunds: refunds.iter().map(|amount| wire::Refund { amount: (*amount).into() }).collect(),
    }
}

fn stock(name: &str, on_hand: u64, held: u64, allocated: u64) -> (Sku, wire::Stock) {
    let available = on_hand.saturating_sub(held + allocated);
    (sku(name), wire::Stock { sku: name.into(), on_hand, held, allocated, available })
}

/// An order over two products, shipped, one unit of it back; a write-off; and a reservation.
fn story() -> (Ledger, ReadBack) {
    let ledger = Ledger::new(BTreeMap::from([(sku("11111"), 20), (sku("22222"), 5)]));
    let asked = Asked {
        invoice: "536365".into(),
        lines: BTreeMap::from([(sku("11111"), (6, 1530)), (sku("22222"), (1, 505))]),
        rows: 2,
    };
    let lines = |shipped, returned| {
        vec![line("11111", 6, "15.30", shipped * 6, returned), line("22222", 1, "5.05", shipped, 0)]
    };
    let id = begin(&ledger, Effect::Order(ID));
    ledger.order_confirmed(id, ID, asked, order("confirmed", lines(0, 0), &[]), span(1));
    let id = begin(&ledger, Effect::Order(ID));
    ledger.order_shipped(id, ID, order("shipped", lines(1, 0), &[]));
    let id = begin(&ledger, Effect::Order(ID));
    let last = order("partially_returned", lines(1, 1), &["2.55"]);
    ledger.order_returned(id, ID, &[(sku("11111"), 1)], last.clone(), span(5));
    let id = begin(&ledger, Effect::Stock);
    let answer = wire::Adjustment { delta: -2 };
    ledger.adjusted(id, AdjustmentKind::WriteOff, &sku("22222"), &answer, span(7));
    let id = begin(&ledger, Effect::Reservation(0));
    let reservation = wire::Reservation {
        id: "rsv_1".to_owned(),
        status: "held".into(),
        lines: vec![wire::ReservationLine { sku: "11111".into(), quantity: 3, committed: 0 }],
    };
    ledger.reserved(id, 0, BTreeMap::from([(sku("11111"), 3)]), reservation.clone(), span(9));
    let found = ReadBack {
        stock: BTreeMap::from([stock("11111", 15, 3, 0), stock("22222", 2, 0, 0)]),
        orders: BTreeMap::from([(ID, last)]),
        reservations: BTreeMap::from([(0, reservation)]),
    };
    (ledger, found)
}

fn audit_of(ledger: &Ledger, found: &ReadBack) -> Audit {
    audit(&ledger.snapshot(), ledger.opening(), found)
}

/// Tells the story, has the server lie about one thing, and expects the audit to name it.
fn caught(named: &str, lie: impl FnOnce(&mut ReadBack)) {
    let (ledger, mut found) = story();
    lie(&mut found);
    let audit = audit_of(&ledger, &found);
    assert!(!audit.holds, "the audit believed a lie about {named}");
    assert!(
        audit.differences.iter().any(|difference| difference.what.contains(named)),
        "{named} is not among {:#?}",
        audit.differences
    );
}

#[test]
fn the_truth_adds_up() {
    let (ledger, found) = story();
    let audit = audit_of(&ledger, &found);
    assert_eq!(audit.differences, []);
    assert!(audit.holds);
    assert_eq!((audit.oversold_units, audit.short_units, audit.total_pence), (0, 0, 2_035));
}

#[test]
fn a_unit_too_few_or_too_many_is_seen() {
    caught("on_hand of 11111", |found| found.stock.get_mut(&sku("11111")).unwrap().on_hand += 1);
    caught("on_hand of 22222", |found| found.stock.get_mut(&sku("22222")).unwrap().on_hand -= 1);
    caught("available of 22222", |found| found.stock.get_mut(&sku("22222")).unwrap().available += 1);
}

#[test]
fn a_hold_without_a_reservation_is_seen() {
    caught("held of 22222", |found| found.stock.get_mut(&sku("22222")).unwrap().held += 1);
    caught("held of 11111", |found| found.stock.get_mut(&sku("11111")).unwrap().held -= 3);
}

#[test]
fn units_counted_twice_are_seen() {
    caught("allocated of 11111", |found| found.stock.get_mut(&sku("11111")).unwrap().allocated += 6);
}

#[test]
fn a_product_or_order_or_reservation_that_is_gone_is_seen() {
    caught("stock of 22222", |found| found.stock.retain(|sku, _| sku.as_str() != "22222"));
    caught("order ord_1", |found| found.orders.clear());
    caught("reservation rsv_1", |found| found.reservations.clear());
}

#[test]
fn an_order_that_says_something_else_later_is_seen() {
    let first = |found: &mut ReadBack, change: fn(&mut wire::Order)| {
        change(found.orders.get_mut(&ID).unwrap());
    };
    caught("status of order", |found| first(found, |order| order.status = "shipped".into()));
    caught("total of order", |found| first(found, |order| order.total = "20.36".into()));
    caught("lines of order", |found| first(found, |order| order.lines[0].returned = 0));
    caught("refunds of order", |found| first(found, |order| order.refunds.clear()));
    caught("status of reservation", |found| {
        found.reservations.get_mut(&0).unwrap().status = "released".into();
    });
}

/// A server that confirms an order, but not the one that was asked for.
fn confirmed_instead(named: &str, change: impl FnOnce(&mut wire::Order)) {
    let ledger = Ledger::new(BTreeMap::from([(sku("11111"), 20)]));
    let asked = Asked { lines: BTreeMap::from([(sku("11111"), (6, 2_035))]), ..Asked::default() };
    let mut answered = order("confirmed", vec![line("11111", 6, "20.35", 0, 0)], &[]);
    change(&mut answered);
    let allocated = answered.lines.iter().map(|line| line.quantity).sum();
    let id = begin(&ledger, Effect::Order(ID));
    ledger.order_confirmed(id, ID, asked, answered.clone(), span(1));
    let found = ReadBack {
        stock: BTreeMap::from([stock("11111", 20, 0, allocated)]),
        orders: BTreeMap::from([(ID, answered)]),
        ..ReadBack::default()
    };
    let audit = audit_of(&ledger, &found);
    assert!(!audit.holds, "the audit took an order with other {named} for what was asked");
    assert!(audit.differences.iter().any(|difference| difference.what.contains(named)), "{audit:#?}");
}

#[test]
fn an_answer_that_is_not_what_was_asked_is_seen() {
    confirmed_instead("units of line", |order| order.lines[0].quantity = 12);
    confirmed_instead("total of order", |order| order.total = "20.36".into());
    confirmed_instead("total of line", |order| order.lines[0].total = "20.355".into());
    confirmed_instead("status of order", |order| order.status = "payment_failed".into());
    confirmed_instead("number of lines", |order| order.lines.push(order.lines[0].clone()));
}

#[test]
fn selling_more_than_there_was_is_seen_even_if_the_counts_agree() {
    let ledger = Ledger::new(BTreeMap::from([(sku("11111"), 5)]));
    let mut found = ReadBack { stock: BTreeMap::from([stock("11111", 5, 0, 6)]), ..ReadBack::default() };
    for (place, units) in [(0, 4), (1, 2)] {
        let index = OperationIndex(place);
        let asked = Asked { lines: BTreeMap::from([(sku("11111"), (units, 2_035))]), ..Asked::default() };
        let answered = order("confirmed", vec![line("11111", units, "20.35", 0, 0)], &[]);
        let id = begin(&ledger, Effect::Order(index));
        ledger.order_confirmed(id, index, asked, answered.clone(), span(1));
        found.orders.insert(index, answered);
    }
    let audit = audit_of(&ledger, &found);
    assert_eq!((audit.differences.len(), audit.oversold_units, audit.holds), (0, 1, false));
}

#[test]
fn a_request_without_an_answer_fails_the_audit() {
    let (ledger, found) = story();
    begin(&ledger, Effect::Stock);
    let audit = audit_of(&ledger, &found);
    assert_eq!((audit.holds, audit.unanswered), (false, 1));
}

fn refuse(ledger: &Ledger, units: i64, is_expected: bool) {
    let free = BTreeMap::from([(sku("11111"), -units)]);
    let id = ledger.begin(Pending { kind: Kind::Checkout, effect: Effect::Order(OperationIndex(7)), free });
    let who = crate::ledger::Who { invoice: "536366".into(), key: "k".to_owned() };
    let refusal = crate::ledger::Refusal {
        code: "insufficient_stock",
        detail: "",
        units: units.unsigned_abs(),
        span: span(20),
    };
    ledger.refused(id, Kind::Checkout, who, &refusal, is_expected);
}

#[test]
fn a_refusal_where_there_is_enough_fails_the_audit() {
    let (ledger, found) = story();
    refuse(&ledger, 1_000, false);
    let audit = audit_of(&ledger, &found);
    assert_eq!((audit.holds, audit.troubles.len()), (false, 1));
}

#[test]
fn a_refusal_of_what_was_there_fails_the_audit_and_one_of_what_was_not_does_not() {
    let (ledger, found) = story();
    refuse(&ledger, 13, true);
    assert!(audit_of(&ledger, &found).holds);
    refuse(&ledger, 12, true);
    let audit = audit_of(&ledger, &found);
    assert_eq!((audit.holds, audit.needless_refusals), (false, 1));
}
