//! Orders called off line by line: which units can still be called off, what they give back, and what the order is then.

use super::script::check;

#[test]
fn units_called_off_are_free_again_and_their_price_is_owed_back() {
    check(
        "
        new cup price 4.50
        new pot price 1.00
        receive 5 cup
        receive 5 pot
        order O1 for ann: 3 cup, 2 pot
        O1 finishes
        cancel O1: 1 cup, 2 pot
        O1 finishes                 | confirmed; rest
        reserve B for bob: 3 cup, 5 pot
        ship O1
        ",
        "
        O1: shipped; rest
        O1 refunds: 6.50 paid
        cup: 3 on hand, 3 held, 0 promised, 0 available
        pot: 5 on hand, 5 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn the_rest_of_a_partly_shipped_order_is_called_off_and_the_order_is_shipped() {
    check(
        "
        new cup price 4.50
        receive 10 cup
        order O1 for ann: 10 cup
        O1 finishes
        ship O1: 7 cup
        cancel O1
        O1 finishes                 | shipped; rest
        cancel O1                   | refused: OrderState, shipped: it cannot be cancelled
        cancel O1: 1 cup            | refused: LineExceeded, 1 to be cancelled, 0 left
        ship O1: 1 cup              | refused: LineExceeded, 0 left
        return O1: 7 cup
        O1 finishes                 | returned; rest
        cancel O1                   | refused: OrderState, returned
        ",
        "
        O1 refunds: 13.50 paid, 31.50 paid
        cup: 10 on hand, 0 held, 0 promised, 10 available
        ",
    );
}

#[test]
fn cancelling_after_a_part_has_left_frees_only_what_is_still_here() {
    check(
        "
        new cup price 1.00
        receive 10 cup
        order O1 for ann: 10 cup
        O1 finishes
        ship O1: 7 cup
        cancel O1: 4 cup            | refused: LineExceeded, 4 to be cancelled, 3 left
        cancel O1
        ",
        "
        cup: 3 on hand, 0 held, 0 promised, 3 available
        O1 refunds: 3.00 owed
        ",
    );
}

#[test]
fn an_order_called_off_in_parts_is_cancelled_with_the_last_of_them() {
    check(
        "
        new cup price 3.3333
        receive 3 cup
        order O1 for ann: 3 cup
        O1 finishes
        cancel O1: 1 cup
        O1 finishes                 | confirmed; rest
        cancel O1: 1 cup
        O1 finishes                 | confirmed; rest
        cancel O1: 1 cup
        O1 finishes                 | cancelled; rest
        cancel O1: 1 cup            | refused: OrderState, cancelled
        cancel O1                   | refused: OrderState, cancelled
        ship O1                     | refused: OrderState, cancelled
        ",
        "
        O1 total: 10.00
        O1 refunds: 3.33 paid, 3.34 paid, 3.33 paid
        cup: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn called_off_and_returned_units_owe_the_price_of_their_line_together() {
    check(
        "
        new cup price 3.3333
        receive 3 cup
        order O1 for ann: 3 cup
        O1 finishes
        ship O1: 1 cup
        return O1: 1 cup
        cancel O1: 1 cup
        ship O1
        return O1: 1 cup
        O1 finishes                 | returned; rest
        ",
        "
        O1 total: 10.00
        O1 refunds: 3.33 paid, 3.34 paid, 3.33 paid
        cup: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn what_came_back_stays_back_when_the_rest_is_called_off() {
    check(
        "
        new cup price 1.00
        receive 5 cup
        order O1 for ann: 5 cup
        O1 finishes
        ship O1: 2 cup
        return O1: 1 cup
        cancel O1: 3 cup
        O1 finishes                 | partially_returned; rest
        return O1: 1 cup
        O1 finishes                 | returned; rest
        ",
        "
        O1 refunds: 1.00 paid, 3.00 paid, 1.00 paid
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn only_open_units_of_the_order_are_called_off_and_each_once() {
    check(
        "
        new cup price 1.00
        new pot price 1.00
        receive 5 cup
        receive 5 pot
        order O1 for ann: 3 cup
        O1 finishes
        cancel O1: 1 pot                    | refused: NoSuchLine, no line for pot
        cancel O1: 1 cup at north           | refused: NoSuchLine, cup at north
        cancel O1: 2 cup, 2 cup             | refused: LineExceeded, 4 to be cancelled, 3 left
        cancel O1: 1 cup, 1 cup key some
        cancel O1: 1 cup, 1 cup key some    | done before
        cancel O1: 1 cup key some           | refused: KeyReused
        cancel O1: 2 cup                    | refused: LineExceeded, 1 left
        ",
        "
        O1: confirmed; refund 1
        O1 refunds: 2.00 owed
        cup: 5 on hand, 0 held, 1 promised, 4 available
        ",
    );
}

#[test]
fn backordered_units_can_be_called_off() {
    check(
        "
        new cup price 1.00 backorder 5
        receive 2 cup
        order O1 for ann: 6 cup
        O1 finishes
        ship O1: 2 cup
        cancel O1
        O1 finishes                 | shipped; rest
        ",
        "
        O1 refunds: 4.00 paid
        cup: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn units_are_called_off_also_where_the_shelf_hears_of_it_late() {
    check(
        "
        new cup price 1.00
        receive 5 cup
        order O1 for ann: 5 cup
        O1 finishes
        lag
        cancel O1: 2 cup
        cancel O1: 1 cup
        restart
        ship O1
        ",
        "
        O1: shipped; refund 1
        cup: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}
