//! What lies on the shelves, what of it can be promised, and how counts change.

use holdfast_engine::product::{
    Fulfilment, HoldEnd, OpenHold, Policy, Product, ProductCommand, ProductDetails, ProductEvent,
    ProductResult,
};
use holdfast_engine::{
    Fingerprint, HoldId, LineQuantity, LocationId, Lookup, Operation, OperationId, Quantity, Rejection,
    ReservationId, Sequence, SmolStr, Timestamp,
};

use super::script::{check, run, sku};

#[test]
fn ten_buyers_of_five_units_get_five() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 1 cup
        reserve B for bob: 1 cup
        reserve C for cleo: 1 cup
        reserve D for dan: 1 cup
        reserve E for eve: 1 cup
        reserve F for fay: 1 cup        | refused: InsufficientStock, 0 available
        reserve G for gus: 1 cup        | refused: InsufficientStock
        reserve H for hal: 1 cup        | refused: InsufficientStock
        reserve I for ida: 1 cup        | refused: InsufficientStock
        reserve J for joe: 1 cup        | refused: InsufficientStock
        ",
        "
        cup: 5 on hand, 5 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn seven_units_in_two_places_give_seven_and_not_eight() {
    check(
        "
        new cup
        receive 4 cup at north
        receive 3 cup at south
        reserve A for ann: 4 cup at north, 4 cup at south  | refused: InsufficientStock, cup at south: 4 asked for, 3 available
        reserve A for ann: 4 cup at north, 3 cup at south
        reserve B for bob: 1 cup at north                  | refused: InsufficientStock
        reserve C for cleo: 1 cup                          | refused: InsufficientStock, cup at main
        ",
        "
        cup at north: 4 on hand, 4 held, 0 promised, 0 available
        cup at south: 3 on hand, 3 held, 0 promised, 0 available
        cup at main: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn safety_stock_is_never_promised() {
    check(
        "
        new cup safety 2
        receive 5 cup
        reserve A for ann: 4 cup    | refused: InsufficientStock, 3 available
        reserve A for ann: 3 cup
        commit A
        reserve B for bob: 1 cup    | refused: InsufficientStock
        ",
        "
        cup: 5 on hand, 0 held, 3 promised, 0 available
        ",
    );
}

#[test]
fn a_raised_safety_stock_leaves_old_promises_alone() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 5 cup
        new cup safety 3
        extend A by 1h
        commit A
        ",
        "
        A: committed
        cup: 5 on hand, 0 held, 5 promised, 0 available
        ",
    );
}

#[test]
fn backorders_sell_so_many_beyond_the_shelf_and_no_more() {
    check(
        "
        new cup backorder 5
        receive 2 cup
        reserve A for ann: 8 cup    | refused: InsufficientStock, 7 available
        reserve A for ann: 7 cup
        commit A
        reserve B for bob: 1 cup    | refused: InsufficientStock, 0 available
        receive 1 cup
        reserve B for bob: 1 cup
        ",
        "
        cup: 3 on hand, 1 held, 7 promised, 0 available
        ",
    );
}

#[test]
fn a_backordered_basket_shows_how_many_are_still_to_come() {
    let shop = run("
        new cup backorder 10
        receive 5 cup
        reserve A for ann: 10 cup
        ");
    let level = shop.driver.product(&sku("cup")).level(&LocationId::main());
    assert_eq!(level.backordered(), Quantity::new(5).unwrap());
    assert!(!shop.driver.product(&sku("cup")).is_short(), "backorders are no shortage");
}

#[test]
fn safety_stock_is_kept_before_backorders_are_taken() {
    check(
        "
        new cup safety 2 backorder 3
        receive 5 cup
        reserve A for ann: 7 cup    | refused: InsufficientStock, 6 available
        reserve A for ann: 6 cup
        ",
        "
        cup: 5 on hand, 6 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_product_taken_off_sale_keeps_what_it_promised() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 1 cup
        reserve B for bob: 1 cup
        new cup unsellable
        reserve C for cleo: 1 cup   | refused: NotSellable
        commit A
        extend B by 1h
        ",
        "
        cup: 5 on hand, 1 held, 1 promised, 0 available
        A: committed
        ",
    );
}

#[test]
fn one_line_takes_at_most_what_the_product_allows() {
    check(
        "
        new cup line-max 6
        receive 50 cup
        reserve A for ann: 7 cup            | refused: LineTooLarge, at most 6
        reserve A for ann: 4 cup, 3 cup     | refused: LineTooLarge, 7 in one line
        reserve A for ann: 6 cup
        ",
        "
        cup: 50 on hand, 6 held, 0 promised, 44 available
        ",
    );
}

#[test]
fn a_lowered_count_shows_zero_available_and_keeps_the_holds() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 3 cup
        reserve B for bob: 2 cup
        count 2 cup
        ",
        "
        cup: 2 on hand, 5 held, 0 promised, 0 available
        A: held for 900000 ms
        B: held for 900000 ms
        ",
    );
}

#[test]
fn nothing_is_promised_until_a_shortage_is_gone() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 5 cup
        count 2 cup
        reserve B for bob: 1 cup    | refused: InsufficientStock, 0 available
        receive 3 cup
        reserve B for bob: 1 cup    | refused: InsufficientStock, 0 available
        receive 1 cup
        reserve B for bob: 1 cup
        ",
        "
        cup: 6 on hand, 6 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_count_that_finds_what_is_there_moves_nothing() {
    let shop = run("
        new cup
        receive 5 cup
        count 5 cup
        count 7 cup
        count 4 cup
        ");
    // The count is written down, because its key has to be remembered; the units of its movement are zero.
    assert_eq!(shop.movements("cup"), [5, 0, 2, -3]);
}

#[test]
fn on_hand_is_the_sum_of_its_movements() {
    let shop = run("
        new cup
        receive 10 cup
        remove 4 cup
        count 9 cup
        remove 20 cup   | refused: StockBelowZero
        receive 1 cup
        ");
    assert_eq!(shop.movements("cup").iter().sum::<i64>(), 10);
    assert_eq!(shop.describe("cup"), "10 on hand, 0 held, 0 promised, 10 available");
}

#[test]
fn two_callers_who_each_add_five_to_ten_make_twenty() {
    check(
        "
        new cup
        receive 10 cup
        receive 5 cup key first
        receive 5 cup key second
        ",
        "
        cup: 20 on hand, 0 held, 0 promised, 20 available
        ",
    );
}

#[test]
fn of_two_counts_that_believe_in_ten_only_the_first_counts() {
    check(
        "
        new cup
        receive 10 cup
        count 15 cup if 10
        count 12 cup if 10  | refused: StockChanged, 15 on hand, not 10
        ",
        "
        cup: 15 on hand, 0 held, 0 promised, 15 available
        ",
    );
}

#[test]
fn a_shelf_holds_no_less_than_nothing_and_no_more_than_a_count_can_say() {
    check(
        "
        new cup
        receive 2 cup
        remove 3 cup                        | refused: StockBelowZero, 2 on hand cannot change by -3
        count 1000000000000 cup
        receive 1 cup                       | refused: StockAboveMaximum
        remove 9223372036854775807 cup      | refused: StockBelowZero
        receive 9223372036854775807 cup     | refused: StockAboveMaximum
        ",
        "
        cup: 1000000000000 on hand, 0 held, 0 promised, 1000000000000 available
        ",
    );
}

#[test]
fn what_nobody_put_is_no_product() {
    check(
        "
        receive 1 cup               | refused: UnknownSku, there is no product cup
        reserve A for ann: 1 cup    | refused: UnknownSku
        new cup
        receive 1 cup
        reserve A for ann: 1 cup
        ",
        "
        cup: 1 on hand, 1 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn hold_times_must_fit_each_other() {
    check(
        "
        new cup hold-default 99ms                       | refused: PolicyContradiction
        new cup hold-default 2min hold-max 1min         | refused: PolicyContradiction
        new cup hold-default 1min hold-max 721h         | refused: PolicyContradiction
        new cup hold-default 50ms hold-max 50ms         | refused: PolicyContradiction
        new cup hold-default 100ms hold-max 100ms
        new cup hold-default 30d hold-max 30d
        ",
        "",
    );
}

#[test]
fn a_repeated_request_counts_once() {
    check(
        "
        new cup key create
        new cup key create          | done before
        receive 5 cup key delivery
        receive 5 cup key delivery  | done before
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_key_used_for_something_else_is_refused_and_the_first_stays() {
    check(
        "
        new cup
        receive 5 cup key delivery
        receive 50 cup key delivery     | refused: KeyReused
        new cup unsellable key delivery | refused: KeyReused
        receive 5 cup key delivery      | done before
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_refusal_leaves_its_key_unused() {
    check(
        "
        new cup
        receive 1 cup
        remove 2 cup key loss   | refused: StockBelowZero
        remove 1 cup key loss
        remove 1 cup key loss   | done before
        ",
        "
        cup: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_key_is_remembered_for_three_days_to_the_millisecond() {
    check(
        "
        new cup key a
        wait 3d
        receive 1 cup key b
        new cup key a           | done before
        wait 1ms
        receive 1 cup key c
        receive 1 cup key b     | done before
        new cup key a
        new cup key a           | done before
        ",
        "
        cup: 2 on hand, 0 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn a_repeat_finds_what_the_first_one_left() {
    let mut product = Product::absent(sku("cup"));
    let operation = |id| Operation { id: OperationId(id), fingerprint: Fingerprint(7) };
    let put = |id| ProductCommand::Put { details: plain(), operation: operation(id) };
    for id in 1..=2 {
        let event = product.decide(at(id), &put(id.unsigned_abs().into())).unwrap().unwrap();
        product.apply(&event);
        product.journaled(Sequence(40 + id.unsigned_abs()));
    }
    let Lookup::Repeat(first) = product.look_up(operation(1)) else { panic!("the first put is remembered") };
    assert_eq!((first.at, first.version, first.sequence), (at(1), 1, Sequence(41)));
    assert_eq!(first.result, ProductResult::Put { details_version: 1 });
    assert_eq!(product.operation(OperationId(2)).unwrap().sequence, Sequence(42));
    assert_eq!((product.created_at(), product.updated_at()), (at(1), at(2)));
    assert_eq!((product.version(), product.sequence()), (2, Sequence(42)));
    let other = Operation { id: OperationId(1), fingerprint: Fingerprint(8) };
    assert_eq!(product.look_up(other), Lookup::Reused);
}

#[test]
fn a_shortage_says_what_is_missing_and_when_some_may_come_back() {
    let mut shop = run("
        new cup
        receive 5 cup
        reserve A for ann lasting 10min: 3 cup
        reserve B for bob lasting 5min: 1 cup
        ");
    let open = OpenHold {
        hold: hold(9),
        location: LocationId::main(),
        quantity: LineQuantity::new(2).unwrap(),
        expires_at: shop.driver.now,
    };
    let refusal = shop.driver.ask(&sku("cup"), &ProductCommand::Open(open)).unwrap_err();
    let Rejection::InsufficientStock(shortage) = refusal else { panic!("{refusal}") };
    assert_eq!((shortage.available.units(), shortage.held.units()), (1, 4));
    assert_eq!(shortage.next_expiry.map(|end| end.since(shop.driver.now).0), Some(5 * 60 * 1000));
}

// What was promised leaves the shelf, is given up, or comes back.

#[test]
fn units_are_counted_from_the_beginning_so_that_saying_it_twice_does_it_once() {
    let mut product = promised(5, 5);
    for (to, moved, on_hand, open) in [
        (done(2, 0, 0), true, 3, 3),
        (done(2, 0, 0), false, 3, 3),
        (done(1, 0, 0), false, 3, 3),
        (done(2, 1, 0), true, 3, 2),
        (done(4, 0, 1), true, 2, 0),
        (done(4, 1, 1), false, 2, 0),
        (done(0, 0, 4), true, 5, 0),
    ] {
        assert_eq!(advance(&mut product, to), Ok(moved), "{to:?}");
        let level = product.level(&LocationId::main());
        assert_eq!((level.on_hand.units(), level.allocated.units()), (on_hand, open), "{to:?}");
    }
}

#[test]
fn no_more_leaves_or_comes_back_than_was_promised() {
    let above = |product: &mut Product, to| {
        assert!(matches!(advance(product, to), Err(Rejection::FulfilmentAboveAllocation { .. })), "{to:?}");
    };
    let mut product = promised(9, 5);
    for to in [done(6, 0, 0), done(0, 6, 0), done(3, 3, 0), done(0, 0, 1), done(2, 0, 3)] {
        above(&mut product, to);
    }
    advance(&mut product, done(3, 0, 0)).unwrap();
    for to in [done(0, 3, 0), done(3, 0, 4), done(6, 0, 0)] {
        above(&mut product, to);
    }
    advance(&mut product, done(0, 2, 0)).unwrap();
    above(&mut product, done(4, 0, 0));
}

#[test]
fn what_is_not_on_the_shelf_cannot_leave_it() {
    let mut product = promised(8, 8);
    adjust(&mut product, -5);
    let refusal = advance(&mut product, done(8, 0, 0));
    assert!(matches!(refusal, Err(Rejection::NotOnShelf { .. })), "{refusal:?}");
    assert_eq!(advance(&mut product, done(3, 0, 0)), Ok(true));
    adjust(&mut product, 10);
    assert_eq!(advance(&mut product, done(8, 0, 0)), Ok(true));
    assert_eq!(product.level(&LocationId::main()).on_hand.units(), 5);
}

#[test]
fn a_full_shelf_takes_nothing_back() {
    let mut product = promised(1, 1);
    advance(&mut product, done(1, 0, 0)).unwrap();
    adjust(&mut product, Quantity::MAX.units().cast_signed());
    let refusal = advance(&mut product, done(1, 0, 1));
    assert!(matches!(refusal, Err(Rejection::StockAboveMaximum { .. })), "{refusal:?}");
}

#[test]
fn what_was_never_promised_has_nothing_to_ship() {
    let product = promised(1, 1);
    let advance = ProductCommand::Advance { hold: hold(2), to: done(1, 0, 0) };
    assert_eq!(product.decide(at(9), &advance), Err(Rejection::HoldNotFound { hold: hold(2) }));
}

#[test]
fn a_hold_is_opened_once() {
    let product = promised(5, 1);
    let open = OpenHold {
        hold: hold(1),
        location: LocationId::main(),
        quantity: LineQuantity::new(1).unwrap(),
        expires_at: at(99),
    };
    let opened = std::panic::catch_unwind(|| product.decide(at(9), &ProductCommand::Open(open)));
    assert!(opened.is_err(), "I3: a promised hold cannot be opened again");
}

#[test]
fn events_that_do_not_fit_stop_the_product() {
    let level_one = ProductEvent::HoldOpened {
        hold: hold(2),
        location: LocationId::main(),
        quantity: LineQuantity::new(1).unwrap(),
        expires_at: at(99),
    };
    let too_many = ProductEvent::HoldOpened {
        hold: hold(3),
        location: LocationId::main(),
        quantity: LineQuantity::new(5).unwrap(),
        expires_at: at(99),
    };
    let mut product = promised(5, 1);
    product.apply(&level_one);
    for (event, why) in [
        (level_one, "opened twice"),
        (too_many, "granted more than can be claimed"),
        (
            ProductEvent::HoldCommitted { hold: hold(2), quantity: Quantity::new(2).unwrap() },
            "committed above",
        ),
        (ProductEvent::HoldEnded { hold: hold(1), why: HoldEnd::Released }, "ended twice"),
        (ProductEvent::HoldMoved { hold: hold(1), expires_at: None }, "moved after its end"),
        (ProductEvent::AllocationAdvanced { hold: hold(2), to: done(1, 0, 0) }, "shipped before its commit"),
        (
            ProductEvent::AllocationAdvanced { hold: hold(1), to: done(9, 0, 0) },
            "shipped more than was there",
        ),
        (
            ProductEvent::Adjusted {
                location: LocationId::main(),
                delta: -6,
                reason: SmolStr::default(),
                reference: None,
                operation: Operation { id: OperationId(5), fingerprint: Fingerprint(5) },
                at: at(9),
            },
            "counted below zero",
        ),
    ] {
        let mut product = product.clone();
        let outcome = std::panic::catch_unwind(move || product.apply(&event));
        assert!(outcome.is_err(), "a product that has {why} goes no further");
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn plain() -> ProductDetails {
    ProductDetails { name: SmolStr::default(), price: None, policy: Policy::default() }
}

fn hold(number: u128) -> HoldId {
    HoldId { reservation: ReservationId(number), line: 0 }
}

fn done(shipped: u64, cancelled: u64, returned: u64) -> Fulfilment {
    let [shipped, cancelled, returned] =
        [shipped, cancelled, returned].map(|units| Quantity::new(units).unwrap());
    Fulfilment { shipped, cancelled, returned }
}

/// A product with so many units on the shelf, so many of them promised.
fn promised(on_hand: i64, units: u32) -> Product {
    let mut product = Product::absent(sku("cup"));
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    product.apply(&ProductEvent::Put { details: plain(), operation, at: at(1) });
    adjust(&mut product, on_hand);
    let quantity = LineQuantity::new(units).unwrap();
    let (hold, location, expires_at) = (hold(1), LocationId::main(), at(99));
    product.apply(&ProductEvent::HoldOpened { hold, location, quantity, expires_at });
    product.apply(&ProductEvent::HoldCommitted { hold, quantity: quantity.into() });
    product.check();
    product
}

fn adjust(product: &mut Product, delta: i64) {
    product.apply(&ProductEvent::Adjusted {
        location: LocationId::main(),
        delta,
        reason: SmolStr::new_static("count"),
        reference: None,
        operation: Operation { id: OperationId(2), fingerprint: Fingerprint(2) },
        at: at(2),
    });
}

fn advance(product: &mut Product, to: Fulfilment) -> Result<bool, Rejection> {
    let event = product.decide(at(9), &ProductCommand::Advance { hold: hold(1), to })?;
    if let Some(event) = &event {
        product.apply(event);
        product.check();
    }
    Ok(event.is_some())
}
