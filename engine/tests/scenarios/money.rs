//! Prices, totals, and what comes back of them.

use holdfast_engine::order::{
    LineUnits, Order, OrderEvent, OrderLine, OrderPlaced, PaymentOutcome, PaymentStep, PlaceOrder,
    ReturnLine, ReturnedUnits,
};
use holdfast_engine::{
    CustomerId, Fingerprint, LineQuantity, Money, Operation, OperationId, OrderId, Rejection, ReservationId,
    SmolStr, Timestamp, UnitPrice,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::script::{check, currency, sku};

#[test]
fn a_total_is_the_sum_of_lines_rounded_one_by_one() {
    check(
        "
        new bead price 0.001
        new stud price 0.005
        new cup price 2.55
        receive 9000 bead
        receive 9000 stud
        receive 9000 cup
        order O1 for ann: 15 bead
        order O2 for ann: 25 bead
        order O3 for ann: 15 bead, 1 stud, 6 cup
        order O4 for ann: 1 bead
        ",
        "
        O1 total: 0.02
        O2 total: 0.02
        O3 total: 15.32
        O4 total: 0.00
        ",
    );
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    check(
        "
        new cup price 150 in JPY
        new pot price 0.2505 in KWD
        receive 9 cup
        receive 9 pot
        order O1 for ann in JPY: 3 cup
        order O2 for ann in KWD: 1 pot
        order O3 for ann in EUR: 1 cup      | refused: NoPrice, cup has no price in EUR
        order O4 for ann in JPY: 1 cup, 1 pot   | refused: NoPrice, pot has no price in JPY
        ",
        "
        O1 total: 450
        O2 total: 0.250
        cup: 9 on hand, 3 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn an_order_that_costs_something_else_than_was_shown_is_refused_and_takes_nothing() {
    check(
        "
        new cup price 4.50
        receive 9 cup
        reserve A for ann: 2 cup
        new cup price 5.00
        order O1 for ann from A shown 9.00              | refused: TotalChanged, the order comes to 10.00, not 9.00
        order O1 for ann shown 9.00: 2 cup              | refused: TotalChanged
        order O1 for ann shown 10.00 in EUR: 2 cup
        ",
        "
        A: held for 900000 ms
        O1: payment_pending; authorise
        cup: 9 on hand, 4 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_total_shown_in_another_currency_is_another_total() {
    let place = place([450], Some(("USD", 450)));
    assert!(matches!(place.check_total(), Err(Rejection::TotalChanged { .. })));
    place_ok(&self::place([450], Some(("EUR", 450))));
    place_ok(&self::place([450], None));
}

#[test]
fn a_total_beyond_an_amount_is_refused() {
    let too_much = place([i64::MAX, 1], None);
    assert_eq!(too_much.check_total(), Err(Rejection::TotalTooLarge));
    place_ok(&place([i64::MAX - 1, 1], None));
}

#[test]
fn a_currency_is_three_capitals_and_up_to_four_decimals() {
    use holdfast_engine::Currency;
    assert!(Currency::new(*b"EUR", 4).is_some());
    assert!(Currency::new(*b"EUR", 5).is_none());
    assert!(Currency::new(*b"eur", 2).is_none());
    assert!(Currency::new(*b"E R", 2).is_none());
    assert_eq!(currency("KWD").code(), "KWD");
    assert_eq!((currency("KWD").exponent(), currency("KWD").code_bytes()), (3, *b"KWD"));
}

#[test]
fn amounts_of_different_currencies_do_not_mix_and_none_is_negative() {
    let money = |code, minor| Money::from_minor(minor, currency(code)).unwrap();
    assert_eq!(money("EUR", 5).checked_add(money("USD", 5)), None);
    assert_eq!(money("EUR", 5).checked_sub(money("USD", 5)), None);
    assert_eq!(money("EUR", 5).checked_sub(money("EUR", 6)), None);
    assert_eq!(money("EUR", 5).checked_sub(money("EUR", 5)), Some(Money::zero(currency("EUR"))));
    assert_eq!(money("EUR", 5).checked_add(money("EUR", 6)), Some(money("EUR", 11)));
    assert_eq!(money("EUR", i64::MAX).checked_add(money("EUR", 1)), None);
    assert_eq!(Money::from_minor(-1, currency("EUR")), None);
    assert_eq!(UnitPrice::new(-1, currency("EUR")), None);
    assert!(UnitPrice::new(UnitPrice::TEN_THOUSANDTHS_MAX, currency("EUR")).is_some());
    assert_eq!(UnitPrice::new(UnitPrice::TEN_THOUSANDTHS_MAX + 1, currency("EUR")), None);
}

#[test]
fn returned_units_bring_back_their_shares_and_all_of_them_the_whole_line() {
    check(
        "
        new cup price 3.3333
        receive 9 cup
        order O1 for ann: 3 cup
        O1 finishes
        ship O1
        return O1: 1 cup
        O1 finishes
        return O1: 1 cup
        O1 finishes
        return O1: 1 cup
        O1 finishes
        return O1: 1 cup    | refused: LineExceeded, 0 left
        ",
        "
        O1 total: 10.00
        O1 refunds: 3.33 paid, 3.34 paid, 3.33 paid
        O1: returned; rest
        cup: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn several_lines_of_one_return_make_one_refund() {
    check(
        "
        new cup price 1.00
        new pot price 2.50
        receive 9 cup
        receive 9 pot
        order O1 for ann: 3 cup, 2 pot
        O1 finishes
        ship O1
        return O1: 2 cup, 1 pot
        ",
        "
        O1 refunds: 4.50 owed
        O1: partially_returned; refund 1
        ",
    );
}

#[test]
fn free_units_that_come_back_owe_nothing() {
    check(
        "
        new sample price 0.00
        receive 9 sample
        order O1 for ann: 2 sample
        O1 finishes
        ship O1
        return O1: 2 sample
        ",
        "
        O1 refunds: none
        O1: returned; rest
        sample: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(20_261_121), ..Config::default() })]

    /// However a line comes back, its shares are never negative and add up to its price to the cent.
    #[test]
    fn shares_of_a_line_add_up_to_its_total(
        total in prop_oneof![0..500_i64, 0..i64::MAX],
        returns in prop::collection::vec(prop_oneof![4 => 1..4_u32, 1 => 1..1_000_000_u32], 1..10),
    ) {
        let quantity: u32 = returns.iter().sum();
        let mut order = shipped(total, quantity);
        for units in returns {
            order.apply(&OrderEvent::Returned {
                lines: vec![ReturnedUnits { line: 0, units: LineQuantity::new(units).unwrap(), damaged: 0 }],
                reason: SmolStr::default(),
                operation: operation(),
                at: at(),
            });
            let owed: i64 = order.refunds().iter().map(|refund| refund.amount.minor()).sum();
            prop_assert!(order.refunds().iter().all(|refund| refund.amount.minor() > 0));
            // Half a cent beside the exact share at most.
            let back = i128::from(order.lines()[0].progress.returned.units());
            let (exact, whole) = (i128::from(total) * back, i128::from(quantity));
            prop_assert!((2 * (i128::from(owed) * whole - exact)).abs() <= whole, "{owed} of {total}");
        }
        let owed: i64 = order.refunds().iter().map(|refund| refund.amount.minor()).sum();
        prop_assert_eq!(owed, total);
    }
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(20_261_121), ..Config::default() })]

    /// Units of a line are called off, or leave and come back, in any order: what is owed never strays from the exact
    /// share by more than half a cent, and comes to the line's price.
    #[test]
    fn shares_add_up_whatever_becomes_of_the_units(
        total in prop_oneof![0..500_i64, 0..i64::MAX],
        moves in prop::collection::vec((prop_oneof![4 => 1..4_u32, 1 => 1..1_000_000_u32], any::<bool>()), 1..10),
    ) {
        let quantity: u32 = moves.iter().map(|(units, _)| units).sum();
        let mut order = paid(total, quantity);
        let mut gone = 0_u64;
        for (number, (units, called_off)) in (0..).zip(moves) {
            let units_of_line = [(sku("line-0"), None, LineQuantity::new(units).unwrap())];
            if called_off {
                take(&mut order, |order| order.decide_cancel(at(), &units_of_line, &SmolStr::default(), key(3 * number)));
            } else {
                take(&mut order, |order| order.decide_shipment(at(), &units_of_line, key(3 * number + 1)));
                let left = order.shipping().unwrap().lines.clone();
                let shipped = order.decide_shipped(at(), left);
                order.apply(&shipped);
                let [(sku, location, quantity)] = units_of_line;
                let back = [ReturnLine { sku, location, quantity, damaged: false }];
                take(&mut order, |order| order.decide_return(at(), &back, &SmolStr::default(), key(3 * number + 2)));
            }
            gone += u64::from(units);
            let owed: i64 = order.refunds().iter().map(|refund| refund.amount.minor()).sum();
            let (exact, whole) = (i128::from(total) * i128::from(gone), i128::from(quantity));
            prop_assert!((2 * (i128::from(owed) * whole - exact)).abs() <= whole, "{owed} of {total}");
        }
        let owed: i64 = order.refunds().iter().map(|refund| refund.amount.minor()).sum();
        prop_assert_eq!(owed, total);
    }
}

fn take(order: &mut Order, decide: impl FnOnce(&Order) -> Result<Option<OrderEvent>, Rejection>) {
    let event = decide(order).unwrap().unwrap();
    order.apply(&event);
}

fn key(id: u128) -> Operation {
    Operation { id: OperationId(id), fingerprint: Fingerprint(1) }
}

fn at() -> Timestamp {
    Timestamp::from_millis(1)
}

fn operation() -> Operation {
    Operation { id: OperationId(1), fingerprint: Fingerprint(1) }
}

fn place<const N: usize>(totals: [i64; N], shown: Option<(&str, i64)>) -> PlaceOrder {
    let line = |(number, total_minor): (usize, i64)| OrderLine {
        hold: number as u16,
        sku: sku(&format!("line-{number}")),
        location: None,
        quantity: LineQuantity::new(1).unwrap(),
        total_minor,
    };
    PlaceOrder {
        placed: OrderPlaced {
            customer: CustomerId::new("ann").unwrap(),
            fingerprint: Fingerprint(1),
            reservation: ReservationId(1),
            owns_reservation: true,
            currency: currency("EUR"),
            provider: SmolStr::new_static("bank"),
            method: SmolStr::new_static("token"),
            ship_to: SmolStr::default(),
            at: at(),
        },
        lines: totals.into_iter().enumerate().map(line).collect(),
        expected_total: shown.map(|(code, minor)| Money::from_minor(minor, currency(code)).unwrap()),
    }
}

fn place_ok(place: &PlaceOrder) {
    assert_eq!(place.check_total(), Ok(()));
}

/// An order of one line, paid and shipped.
fn shipped(total: i64, quantity: u32) -> Order {
    let mut order = paid(total, quantity);
    let lines = vec![LineUnits { line: 0, units: LineQuantity::new(quantity).unwrap() }];
    order.apply(&OrderEvent::ShipmentStarted { lines: lines.clone(), operation: operation(), at: at() });
    order.apply(&OrderEvent::Shipped { lines, at: at() });
    order
}

/// An order of one line, paid.
fn paid(total: i64, quantity: u32) -> Order {
    let place = place([total], None);
    let quantity = LineQuantity::new(quantity).unwrap();
    let lines: Vec<_> = place.lines.into_iter().map(|line| OrderLine { quantity, ..line }).collect();
    let mut order = Order::place(OrderId(1), lines, &place.placed);
    let approved = || PaymentOutcome::Approved { reference: SmolStr::default() };
    if total > 0 {
        order.apply(&OrderEvent::PaymentSettled {
            step: PaymentStep::Authorise,
            outcome: approved(),
            at: at(),
        });
    }
    order.apply(&OrderEvent::StockCommitted { at: at() });
    if total > 0 {
        order.apply(&OrderEvent::PaymentSettled {
            step: PaymentStep::Capture,
            outcome: approved(),
            at: at(),
        });
    }
    order
}
