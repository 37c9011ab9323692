//! Money that goes back: refunds that are granted beside cancellations and returns, what is left for them, and failed ones
//! that are tried again.

use holdfast_engine::order::REFUNDS_MAX;
use holdfast_engine::{Fingerprint, Money, Operation, OperationId, OrderId, Rejection};

use super::script::{check, currency, number, run};

#[test]
fn a_granted_refund_is_paid_and_no_unit_moves() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        refund O1 of 1.50 key sorry         | done
        refund O1 of 1.50 key sorry         | done before
        refund O1 of 1.60 key sorry         | refused: KeyReused
        O1 asks                             | confirmed; refund 1 after 1
        O1 approved                         | confirmed; rest
        ",
        "
        O1 refunds: 1.50 paid
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn all_refunds_together_come_to_at_most_what_was_paid() {
    check(
        "
        new cup price 100.00
        receive 1 cup
        order O1 for ann: 1 cup
        O1 finishes
        refund O1 of 50.00
        refund O1 of 60.00          | refused: RefundAbovePaid, 60.00 to be paid back, 50.00 left
        O1 finishes
        refund O1 of 60.00          | refused: RefundAbovePaid, 50.00 left
        refund O1 of 50.00
        refund O1 of 0.01           | refused: RefundAbovePaid, 0.00 left
        refund O1 of 0.00           | refused: RefundOfNothing
        ",
        "
        O1 refunds: 50.00 paid, 50.00 owed
        ",
    );
}

#[test]
fn units_that_were_refunded_already_are_not_refunded_again_when_they_come_back() {
    check(
        "
        new cup price 10.00
        receive 3 cup
        order O1 for ann: 3 cup
        O1 finishes
        ship O1: 2 cup
        refund O1 of 15.00
        return O1: 2 cup
        cancel O1: 1 cup
        O1 finishes                 | returned; rest
        ",
        "
        O1 refunds: 15.00 paid, 15.00 paid
        cup: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn a_line_refunded_in_full_cannot_be_refunded_again() {
    check(
        "
        new cup price 10.00
        receive 3 cup
        order O1 for ann: 3 cup
        O1 finishes
        cancel O1
        refund O1 of 10.00          | refused: RefundAbovePaid, 0.00 left
        O1 finishes
        refund O1 of 10.00          | refused: RefundAbovePaid, 0.00 left
        ",
        "
        O1: cancelled; rest
        O1 refunds: 30.00 paid
        ",
    );
}

#[test]
fn only_a_paid_order_has_something_to_be_paid_back() {
    check(
        "
        new cup price 10.00
        new sample price 0.00
        receive 3 cup
        receive 3 sample
        order O1 for ann: 1 cup
        refund O1 of 1.00           | refused: OrderState, payment_pending: it cannot be refunded
        O1 approved
        O1 steps
        refund O1 of 1.00           | refused: OrderState
        O1 declined
        O1 finishes                 | payment_failed; rest
        refund O1 of 1.00           | refused: OrderState
        order O2 for ann: 1 sample
        O2 finishes
        refund O2 of 0.01           | refused: RefundAbovePaid, 0.00 left
        refund O3 of 1.00           | refused: OrderNotFound
        ",
        "
        O1 refunds: none
        O2 refunds: none
        ",
    );
}

#[test]
fn a_failed_refund_is_tried_again_and_settles_once() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        cancel O1
        retry O1 refund 1           | refused: RefundNotFailed, refund 1 is under way
        O1 asks
        O1 declined                 | cancelled; rest
        retry O1 refund 2           | refused: RefundNotFound, no refund 2
        retry O1 refund 1 key more
        retry O1 refund 1 key more  | done before
        retry O1 refund 1           | refused: RefundNotFailed
        O1 asks                     | cancelled; refund 1 after 2
        O1 unknown                  | cancelled; ask about refund 1
        O1 approved                 | cancelled; rest
        O1 declined                 | cancelled; rest
        retry O1 refund 1           | refused: RefundNotFailed, refund 1 is paid
        retry O1 refund 1 key more  | done before
        ",
        "
        O1 refunds: 9.00 paid
        ",
    );
}

#[test]
fn a_refund_may_fail_and_be_tried_again_as_often_as_needed() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        cancel O1
        O1 asks
        O1 declined
        retry O1 refund 1
        O1 asks                     | cancelled; refund 1 after 2
        O1 declined
        restart
        retry O1 refund 1           | done
        restart
        O1 asks                     | cancelled; refund 1 after 3
        restart
        O1 approved                 | cancelled; rest
        ",
        "
        O1 refunds: 9.00 paid
        ",
    );
}

#[test]
fn a_failed_refund_leaves_room_for_another_and_is_not_tried_again_beyond_it() {
    check(
        "
        new cup price 10.00
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        ship O1
        return O1: 1 cup
        O1 declined                 | partially_returned; rest
        refund O1 of 15.00
        O1 finishes
        retry O1 refund 1           | refused: RefundAbovePaid, 10.00 to be paid back, 5.00 left
        return O1: 1 cup
        O1 finishes                 | returned; rest
        retry O1 refund 1           | refused: RefundAbovePaid, 0.00 left
        ",
        "
        O1 refunds: 10.00 failed, 15.00 paid, 5.00 paid
        ",
    );
}

#[test]
fn a_refund_tried_again_waits_until_the_one_under_way_has_ended() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 5 cup
        O1 finishes
        refund O1 of 2.00
        O1 asks
        O1 declined
        refund O1 of 1.00
        O1 asks                     | confirmed; refund 2 after 1
        retry O1 refund 1
        O1 unknown                  | confirmed; ask about refund 2
        O1 approved                 | confirmed; refund 1 after 1
        O1 asks                     | confirmed; refund 1 after 2
        O1 approved                 | confirmed; rest
        ",
        "
        O1 refunds: 2.00 paid, 1.00 paid
        ",
    );
}

#[test]
fn the_number_of_refunds_has_an_end_and_what_would_owe_one_more_is_refused() {
    let mut shop = run("
        new cup price 100.00
        receive 2 cup
        order O1 for ann: 2 cup
        O1 finishes
        ship O1: 1 cup
        ");
    let (id, cent) = (OrderId(number("O1")), Money::from_minor(1, currency("EUR")).unwrap());
    let operation = |id| Operation { id: OperationId(id), fingerprint: Fingerprint(0) };
    for refund in 0..REFUNDS_MAX {
        shop.driver.refund(id, cent, operation(refund as u128)).unwrap();
    }
    let above = shop.driver.refund(id, cent, operation(u128::MAX));
    assert_eq!(above, Err(Rejection::TooManyRefunds { max: REFUNDS_MAX }));
    shop.row("cancel O1: 1 cup      | refused: TooManyRefunds");
    shop.row("return O1: 1 cup      | refused: TooManyRefunds");
    shop.row("ship O1");
}
