//! Orders after their checkout: what is called off, what leaves, and what comes back.

use super::script::check;

// Cancel.

#[test]
fn a_cancelled_order_gives_its_units_back_and_owes_all_of_its_price() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        cancel O1 key stop
        cancel O1 key stop      | done before
        cancel O1               | refused: OrderState, the order is cancelled
        reserve B for bob: 5 cup
        O1 asks                 | cancelled; refund 1 after 1
        O1 unknown              | cancelled; ask about refund 1
        O1 approved             | cancelled; rest
        ",
        "
        O1 refunds: 9.00 paid
        cup: 5 on hand, 5 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_refund_that_the_provider_refuses_waits_for_somebody_to_look() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        cancel O1
        O1 asks
        O1 declined             | cancelled; rest
        ",
        "
        O1 refunds: 9.00 failed
        ",
    );
}

#[test]
fn a_cancelled_free_order_owes_nothing() {
    check(
        "
        new sample price 0.00
        receive 5 sample
        order O1 for ann: 2 sample
        O1 finishes
        cancel O1
        ",
        "
        O1: cancelled; rest
        O1 refunds: none
        sample: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn an_order_that_took_nothing_has_nothing_to_cancel() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        cancel O1               | refused: OrderState, payment_pending
        O1 declined
        O1 steps
        cancel O1               | refused: OrderState, payment_failed
        cancel O2               | refused: OrderNotFound
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn an_order_cannot_be_cancelled_while_a_shipment_is_under_way() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        start O1: 1 cup
        cancel O1               | refused: OrderState, it cannot be cancelled
        start O1: 1 cup         | refused: OrderState, it cannot be shipped
        end O1
        end O1                  | done before
        ",
        "
        O1: partially_shipped; rest
        cup: 4 on hand, 0 held, 1 promised, 3 available
        ",
    );
}

// Ship.

#[test]
fn what_is_not_on_the_shelf_ships_when_it_is() {
    check(
        "
        new cup price 1.00
        receive 8 cup
        order O1 for ann: 8 cup
        O1 finishes
        count 3 cup
        ship O1                 | refused: NotOnShelf, 8 to ship, 3 there for it
        ship O1: 3 cup
        count 10 cup
        ship O1
        ",
        "
        O1: shipped; rest
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn an_empty_shelf_is_counted_before_anything_is_shipped_from_it() {
    check(
        "
        new cup price 1.00
        receive 2 cup
        order O1 for ann: 2 cup
        O1 finishes
        count 0 cup
        ship O1                 | refused: NotOnShelf, 2 to ship, 0 there for it
        count 2 cup
        ship O1
        ",
        "
        O1: shipped; rest
        cup: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_shipment_sends_what_the_shelves_have() {
    check(
        "
        new cup price 1.00
        new pot price 1.00
        receive 2 cup
        receive 2 pot
        order O1 for ann: 2 cup, 2 pot
        O1 finishes
        count 1 pot
        ship O1 key first
        ship O1 key first       | done before
        count 2 pot
        ship O1 key second
        ",
        "
        O1: shipped; rest
        cup: 0 on hand, 0 held, 0 promised, 0 available
        pot: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_shipment_of_nothing_leaves_its_key_unused() {
    check(
        "
        new cup price 1.00
        receive 2 cup
        order O1 for ann: 2 cup
        O1 finishes
        count 0 cup
        ship O1 key parcel      | refused: NotOnShelf
        count 2 cup
        ship O1 key parcel
        ship O1 key parcel      | done before
        ship O1: 1 cup key parcel   | refused: KeyReused
        ",
        "
        O1: shipped; rest
        ",
    );
}

#[test]
fn units_are_shipped_once() {
    check(
        "
        new cup price 1.00
        new pot price 1.00
        receive 9 cup
        receive 9 pot
        order O1 for ann: 3 cup, 1 pot
        O1 finishes
        ship O1: 2 cup, 1 pot
        ship O1: 2 cup          | refused: LineExceeded, 2 to be shipped, 1 left
        ship O1: 1 pot          | refused: LineExceeded, 0 left
        ship O1: 1 cup, 1 cup   | refused: LineExceeded, 2 to be shipped, 1 left
        ship O1: 1 cup
        ship O1                 | refused: OrderState, shipped
        ship O1: 1 cup          | refused: LineExceeded
        ",
        "
        O1: shipped; rest
        cup: 6 on hand, 0 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn only_lines_of_the_order_are_shipped_or_come_back() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        receive 9 cup at north
        order O1 for ann: 3 cup
        O1 finishes
        ship O1: 1 pot              | refused: NoSuchLine, no line for pot
        ship O1: 1 cup at north     | refused: NoSuchLine, cup at north
        ship O1
        return O1: 1 cup at north   | refused: NoSuchLine
        ",
        "
        cup at north: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn nothing_leaves_before_it_is_paid() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 3 cup
        ship O1         | refused: OrderState, payment_pending: it cannot be shipped
        O1 approved
        ship O1         | refused: OrderState
        O1 steps
        ship O1         | refused: OrderState
        return O1: 1 cup    | refused: OrderState, it cannot be returned
        O1 declined
        ship O1         | refused: OrderState
        O1 finishes
        ship O1         | refused: OrderState, payment_failed
        ship O2         | refused: OrderNotFound
        ",
        "
        cup: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn backordered_units_ship_when_they_have_come() {
    check(
        "
        new cup price 1.00 backorder 5
        receive 2 cup
        order O1 for ann: 6 cup
        O1 finishes         | confirmed; rest
        ship O1: 2 cup
        ship O1             | refused: NotOnShelf, 4 to ship, 0 there for it
        receive 10 cup
        ship O1
        ",
        "
        O1: shipped; rest
        cup: 6 on hand, 0 held, 0 promised, 6 available
        ",
    );
}

// Send somewhere else.

#[test]
fn an_order_goes_somewhere_else_as_long_as_nothing_of_it_has_left() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 4 cup
        readdress O1 to leeds           | refused: OrderState, payment_pending: it cannot be edited
        O1 finishes
        readdress O1 to leeds key k
        readdress O1 to leeds key k     | done before
        readdress O1 to york key k      | refused: KeyReused
        cancel O1: 1 cup
        readdress O1 to york            | done
        restart
        start O1: 1 cup
        readdress O1 to hull            | refused: OrderState
        end O1
        readdress O1 to hull            | refused: OrderState, partially_shipped
        cancel O1
        readdress O1 to hull            | refused: OrderState, shipped
        order O2 for ann: 1 cup
        O2 finishes
        cancel O2
        readdress O2 to hull            | refused: OrderState, cancelled
        readdress O3 to hull            | refused: OrderNotFound
        ",
        "
        O1 address: york
        ",
    );
}

// Take back.

#[test]
fn no_more_comes_back_than_is_with_the_customer() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 5 cup
        O1 finishes
        return O1: 1 cup        | refused: LineExceeded, 1 to be returned, 0 left
        ship O1: 3 cup
        return O1: 4 cup        | refused: LineExceeded, 3 left
        return O1: 2 cup, 2 cup | refused: LineExceeded, 4 to be returned
        return O1: 3 cup
        return O1: 1 cup        | refused: LineExceeded, 0 left
        ship O1
        return O1: 2 cup
        ",
        "
        O1: returned; refund 1
        O1 refunds: 3.00 owed, 2.00 owed
        cup: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn the_same_return_counts_and_pays_once() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 5 cup
        O1 finishes
        ship O1
        return O1: 2 cup key slip
        return O1: 2 cup key slip   | done before
        return O1: 3 cup key slip   | refused: KeyReused
        O1 finishes
        ",
        "
        O1: partially_returned; rest
        O1 refunds: 2.00 paid
        cup: 6 on hand, 0 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn refunds_are_paid_one_after_the_other() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 5 cup
        O1 finishes
        ship O1
        return O1: 2 cup
        return O1: 1 cup
        O1 asks         | partially_returned; refund 1 after 1
        O1 declined     | partially_returned; refund 2
        O1 asks         | partially_returned; refund 2 after 1
        O1 approved     | partially_returned; rest
        ",
        "
        O1 refunds: 2.00 failed, 1.00 paid
        ",
    );
}

#[test]
fn the_status_of_an_order_says_how_far_it_has_come() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 4 cup
        O1 finishes         | confirmed; rest
        ship O1: 1 cup
        O1 finishes         | partially_shipped; rest
        return O1: 1 cup
        O1 finishes         | partially_returned; rest
        ship O1
        O1 finishes         | partially_returned; rest
        return O1: 3 cup
        O1 finishes         | returned; rest
        ",
        "
        O1 refunds: 1.00 paid, 3.00 paid
        ",
    );
}
