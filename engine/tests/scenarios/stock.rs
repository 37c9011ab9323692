//! What lies on the shelves, what of it can be promised, and how counts change.

use holdfast_engine::product::{Claim, OpenHolds, ProductCommand, Terms};
use holdfast_engine::{CustomerId, LineQuantity, LocationId, Quantity, Rejection, ReservationId};

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
        reserve C for cleo: 1 cup                          | refused: InsufficientStock, cup: 1 asked for, 0 available
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
        reserve A for ann: 8 cup    | refused: InsufficientStock, 2 available
        reserve A for ann: 7 cup
        commit A
        reserve B for bob: 1 cup    | refused: InsufficientStock, 0 available
        receive 1 cup
        reserve B for bob: 1 cup
        ",
        "
        cup: 3 on hand, 0 held, 3 promised, 0 available, 5 queued
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
    assert_eq!(shop.driver.product(&sku("cup")).queued(), Quantity::new(5).unwrap());
    assert!(!shop.driver.product(&sku("cup")).is_short(), "backorders are no shortage");
}

#[test]
fn safety_stock_is_kept_before_backorders_are_taken() {
    check(
        "
        new cup safety 2 backorder 3
        receive 5 cup
        reserve A for ann: 7 cup    | refused: InsufficientStock, 3 available
        reserve A for ann: 6 cup
        ",
        "
        cup: 5 on hand, 3 held, 0 promised, 0 available, 3 queued
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

/// A minimum of seven, a maximum of six, steps of three: what each of them lets through.
#[test]
fn one_line_keeps_to_the_least_the_most_and_the_step_of_its_product() {
    check(
        "
        new cup line-min 7
        new pot line-max 6
        new tin by 3
        receive 50 cup
        receive 50 pot
        receive 50 tin
        reserve A for ann: 1 cup             | refused: LineTooSmall, at least 7
        reserve A for ann: 3 cup, 3 cup      | refused: LineTooSmall, 6 in one line
        reserve A for ann: 7 cup
        reserve B for ann: 7 pot             | refused: LineTooLarge
        reserve B for ann: 1 tin             | refused: LineNotMultiple, sold by 3
        reserve B for ann: 3 tin
        reserve C for ann: 6 tin
        commit C: 4
        new jar line-min 4 line-max 5 by 3   | refused: PolicyContradiction, no quantity
        new jar line-min 4 line-max 6 by 3
        ",
        "
        cup: 50 on hand, 7 held, 0 promised, 43 available
        tin: 50 on hand, 3 held, 4 promised, 43 available
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
        count 12 cup if 10  | refused: StockChanged, 15 sellable there, not 10
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
        remove 3 cup                        | refused: StockBelowZero, 2 sellable there cannot change by -3
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
fn a_shortage_says_what_is_missing_and_when_some_may_come_back() {
    let mut shop = run("
        new cup
        receive 5 cup
        reserve A for ann lasting 10min: 3 cup
        reserve B for bob lasting 5min: 1 cup
        ");
    let claim = Claim { location: Some(LocationId::main()), quantity: LineQuantity::new(2).unwrap() };
    let open = OpenHolds {
        reservation: ReservationId(9),
        first_line: 0,
        claims: [claim].into_iter().collect(),
        terms: Terms::default(),
        customer: CustomerId::new("ann").unwrap(),
        expires_at: shop.driver.now,
    };
    let refusal = shop.driver.ask(&sku("cup"), &ProductCommand::Open(open)).unwrap_err();
    let Rejection::InsufficientStock(shortage) = refusal else { panic!("{refusal}") };
    assert_eq!((shortage.available.units(), shortage.held.units()), (1, 4));
    assert_eq!(shortage.next_expiry.map(|end| end.since(shop.driver.now).0), Some(5 * 60 * 1000));
}

#[test]
fn a_product_is_deleted_when_nothing_is_left_of_it_and_may_come_back() {
    check(
        "
        delete cup                          | refused: UnknownSku
        new cup price 2.00
        receive 2 cup
        receive 1 cup of damaged
        reserve A for ann: 1 cup
        order O1 for ann: 1 cup
        O1 finishes
        delete cup                          | refused: ProductInUse, 3 on hand, 1 held, 1 allocated
        release A
        ship O1
        remove 1 cup
        delete cup                          | refused: ProductInUse, 1 on hand, 0 held, 0 allocated
        remove 1 cup of damaged
        delete cup key k
        delete cup key k                    | done before
        delete cup                          | refused: UnknownSku
        receive 1 cup                       | refused: UnknownSku
        reserve B for bob: 1 cup            | refused: UnknownSku
        return O1: 1 cup
        new cup
        reserve B for bob: 1 cup
        ",
        "
        cup: 1 on hand, 1 held, 0 promised, 0 available
        ",
    );
}
