//! Products whose units nobody counts.

use super::script::{check, run};

const FREE: &str = "1000000000000";

#[test]
fn of_a_product_that_is_not_tracked_everybody_gets_what_he_asks_for_and_a_hold_says_so() {
    check(
        "
        new voucher untracked
        count 0 voucher
        count 0 voucher at shop
        reserve A for ann: 5 voucher
        reserve B for bob: 10000000 voucher at shop
        reserve C for cleo or-drop: 3 voucher
        commit A
        release C
        ",
        "
        A: committed
        B: held for 900000 ms
        voucher: 0 on hand, 0 held, 5 promised, 999999999995 available
        voucher at shop: 0 on hand, 10000000 held, 0 promised, 999990000000 available
        ",
    );
}

#[test]
fn the_other_rules_hold_for_it_all_the_same() {
    check(
        "
        new voucher untracked unsellable
        reserve A for ann: 1 voucher                | refused: NotSellable
        new voucher untracked line-max 2 by 2
        reserve A for ann: 4 voucher                | refused: LineTooLarge
        reserve A for ann: 1 voucher                | refused: LineNotMultiple
        reserve A for ann: 2 voucher at shop        | refused: UnknownLocation, never been at shop
        count 0 voucher at shop
        new voucher untracked closed main,shop
        reserve A for ann: 1 voucher at shop        | refused: InsufficientStock, 0 available
        reserve A for ann: 1 voucher                | refused: InsufficientStock, 0 available
        new voucher untracked preorder 3 release 1h | refused: PolicyContradiction, nothing of it queues
        ",
        "",
    );
}

#[test]
fn units_come_from_the_best_place_the_merchant_has_it_at() {
    check(
        "
        new voucher untracked rank south,north closed south
        receive 1 voucher at north
        receive 1 voucher at south
        receive 1 voucher at east
        reserve A for ann: 3 voucher
        reserve B for bob near east: 3 voucher
        ",
        "
        voucher at north: 1 on hand, 3 held, 0 promised, 999999999997 available
        voucher at east: 1 on hand, 3 held, 0 promised, 999999999997 available
        ",
    );
}

#[test]
fn its_shipments_take_nothing_from_the_shelf_and_its_returns_add_nothing() {
    let shop = run("
        new voucher untracked price 5.00
        receive 1 voucher
        order O1 for ann: 3 voucher
        O1 finishes
        ship O1
        return O1: 1 voucher
        return-damaged O1: 1 voucher
        ");
    assert_eq!(shop.describe("voucher"), format!("1 on hand, 0 held, 0 promised, {FREE} available"));
    assert_eq!(shop.books("voucher"), ["main: +1 receive -"]);
}

#[test]
fn what_comes_back_to_a_place_the_merchant_has_nothing_at_makes_it_none_to_ask_for() {
    check(
        "
        new voucher untracked price 5.00
        order O1 for ann: 1 voucher
        O1 finishes
        ship O1
        return O1: 1 voucher
        reserve A for ann: 1 voucher at main    | refused: UnknownLocation, never been at main
        reserve A for ann: 1 voucher
        ",
        "
        A: held for 900000 ms
        ",
    );
}

#[test]
fn what_comes_back_and_is_counted_can_be_asked_for_where_it_lies() {
    check(
        "
        new cup untracked price 1.00
        order O1 for ann: 1 cup
        O1 finishes
        ship O1
        new cup price 1.00
        return O1: 1 cup
        reserve A for ann: 1 cup at main
        ",
        "
        A: held for 900000 ms
        cup: 1 on hand, 1 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn tracked_again_with_more_promised_than_is_there_it_is_short_and_nothing_breaks() {
    check(
        "
        new cup untracked price 1.00
        receive 2 cup
        order O1 for ann: 3 cup
        O1 finishes
        reserve A for ann: 2 cup
        extend A by 1h
        new cup price 1.00
        reserve B for bob: 1 cup    | refused: InsufficientStock, 0 available
        extend A by 1h              | refused: ProductShort
        ship O1                     | refused: NotOnShelf, 3 to ship, 2 there for it
        receive 3 cup
        extend A by 1h
        ship O1
        ",
        "
        O1: shipped; rest
        cup: 2 on hand, 2 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn whoever_queued_is_served_when_nobody_counts_any_more() {
    check(
        "
        new cup backorder unlimited closed outlet
        count 0 cup
        count 0 cup at north
        count 0 cup at outlet
        reserve A for ann: 3 cup
        commit A
        reserve B for bob: 2 cup at north
        commit B
        reserve C for cleo: 1 cup at outlet
        commit C
        new cup untracked closed outlet
        ",
        "
        cup: 0 on hand, 0 held, 3 promised, 999999999997 available, 1 queued
        cup at north: 0 on hand, 0 held, 2 promised, 999999999998 available, 1 queued
        ",
    );
}
