//! Units that are there and cannot be sold: damaged ones, and those that nobody has looked at yet.

use super::script::check;

#[test]
fn what_is_damaged_or_not_inspected_yet_is_there_and_not_for_sale() {
    check(
        "
        new cup
        receive 10 cup
        receive 4 cup of unseen
        receive 1 cup of damaged
        reserve A for ann: 11 cup  | refused: InsufficientStock, 10 available
        reserve A for ann: 10 cup
        ",
        "
        cup: 15 on hand (1 damaged) (4 unseen), 10 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_damaged_receipt_does_not_raise_what_can_be_sold() {
    check(
        "
        new cup
        receive 5 cup of damaged
        reserve A for ann: 1 cup  | refused: InsufficientStock, 0 available
        ",
        "
        cup: 5 on hand (5 damaged), 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn inspection_moves_units_to_sale_or_aside_and_none_leave_the_shelf() {
    check(
        "
        new cup
        receive 6 cup of unseen
        sort 4 cup of unseen to sellable
        sort 2 cup of unseen to damaged
        sort 1 cup of unseen to sellable  | refused: StockBelowZero, 0 uninspected there cannot change by -1
        sort 1 cup of damaged to unseen
        ",
        "
        cup: 6 on hand (1 damaged) (1 unseen), 0 held, 0 promised, 4 available
        ",
    );
}

#[test]
fn units_found_broken_on_the_shelf_are_not_sold_and_what_was_promised_stays_promised() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 3 cup
        sort 4 cup of sellable to damaged
        reserve B for bob: 1 cup  | refused: InsufficientStock, 0 available
        extend A by 1min          | refused: ProductShort
        sort 2 cup of damaged to sellable
        extend A by 1min
        ",
        "
        cup: 5 on hand (2 damaged), 3 held, 0 promised, 0 available
        A: held for 60000 ms
        ",
    );
}

#[test]
fn each_condition_is_counted_for_itself() {
    check(
        "
        new cup
        receive 5 cup
        receive 3 cup of damaged
        count 9 cup if 5
        count 2 cup of damaged if 5  | refused: StockChanged, 3 damaged there, not 5
        count 2 cup of damaged if 3
        remove 3 cup of damaged      | refused: StockBelowZero, 2 damaged there cannot change by -3
        remove 2 cup of damaged
        remove 10 cup                | refused: StockBelowZero, 9 sellable there cannot change by -10
        ",
        "
        cup: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn only_units_fit_for_sale_are_shipped() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 5 cup
        O1 finishes
        sort 2 cup of sellable to unseen
        ship O1           | refused: NotOnShelf, 5 to ship, 3 there for it
        ship O1: 3 cup
        sort 2 cup of unseen to sellable
        ship O1
        ",
        "
        cup: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn what_comes_back_damaged_is_paid_back_and_not_sold_again() {
    check(
        "
        new cup price 4.50
        receive 4 cup
        order O1 for ann: 4 cup
        O1 finishes
        ship O1
        return O1: 1 cup
        return-damaged O1: 2 cup
        return-damaged O1: 2 cup  | refused: LineExceeded
        ",
        "
        cup: 3 on hand (2 damaged), 0 held, 0 promised, 1 available
        O1 refunds: 4.50 owed, 9.00 owed
        ",
    );
}

#[test]
fn sorting_twice_under_one_key_sorts_once() {
    check(
        "
        new cup
        receive 5 cup
        sort 2 cup of sellable to damaged key k
        sort 2 cup of sellable to damaged key k  | done before
        sort 3 cup of sellable to damaged key k  | refused: KeyReused
        ",
        "
        cup: 5 on hand (2 damaged), 0 held, 0 promised, 3 available
        ",
    );
}
