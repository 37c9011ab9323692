//! Orders that are not paid in time: half an hour here.

use super::script::check;

#[test]
fn an_order_nobody_was_asked_to_pay_in_time_is_declined_and_gives_its_units_back() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        wait 30min
        O1 asks         | payment_pending; give held units back
        O1 steps        | payment_failed; rest
        reserve B for bob: 5 cup
        ",
        "
        O1 reason: not paid in time
        cup: 5 on hand, 5 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn the_deadline_itself_is_too_late_and_the_moment_before_is_not() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        order O2 for ann: 2 cup
        wait 1799999ms
        O1 asks         | payment_pending; authorise after 1
        wait 1ms
        O2 asks         | payment_pending; give held units back
        O1 approved     | payment_pending; take the units
        O1 finishes     | confirmed; rest
        ",
        "",
    );
}

#[test]
fn a_provider_that_fails_until_the_deadline_is_not_asked_again() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann lasting 1h: 2 cup
        order O1 for ann from A
        O1 asks
        O1 failing      | payment_pending; authorise after 1
        wait 10min
        O1 asks         | payment_pending; authorise after 2
        wait 20min
        O1 failing      | payment_pending; give held units back
        O1 steps        | payment_failed; rest
        order O2 for ann from A
        O2 finishes     | confirmed; rest
        ",
        "
        O1 reason: not paid in time
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_payment_whose_fate_is_unknown_is_never_given_up() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 5 cup
        O1 asks
        O1 unknown      | payment_unknown; ask about authorise
        wait 1d
        restart
        O1 failing      | payment_unknown; ask about authorise
        reserve B for bob: 1 cup            | refused: InsufficientStock, 0 available
        O1 asks         | payment_pending; authorise after 2
        O1 failing      | payment_pending; give held units back
        O1 steps        | payment_failed; rest
        ",
        "
        O1 reason: not paid in time
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn an_answer_that_comes_after_the_deadline_counts() {
    check(
        "
        new cup price 4.50
        receive 9 cup
        order O1 for ann: 2 cup
        order O2 for ann: 2 cup
        O1 asks
        O2 asks
        wait 1h
        O1 approved     | payment_pending; take the units
        O2 declined     | payment_pending; give held units back
        O1 finishes     | confirmed; rest
        O2 finishes     | payment_failed; rest
        ",
        "
        O2 reason: no funds
        ",
    );
}

#[test]
fn money_set_aside_in_time_is_asked_for_once_after_the_deadline_and_then_let_go() {
    check(
        "
        new cup price 4.50
        receive 9 cup
        order O1 for ann: 2 cup
        O1 asks
        O1 approved
        O1 steps        | payment_pending; capture
        wait 1h
        O1 asks         | payment_pending; capture after 1
        O1 failing      | payment_pending; void
        O1 asks         | payment_pending; void after 1
        O1 failing      | payment_pending; void after 1
        O1 approved     | payment_pending; give promised units back
        O1 steps        | payment_failed; rest
        ",
        "
        O1 reason: not paid in time
        cup: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn what_is_owed_back_has_no_deadline() {
    check(
        "
        new cup price 4.50
        receive 9 cup
        order O1 for ann: 2 cup
        O1 finishes
        wait 1d
        cancel O1
        O1 asks
        O1 failing      | cancelled; refund 1 after 1
        O1 asks         | cancelled; refund 1 after 2
        O1 approved     | cancelled; rest
        ",
        "
        O1 refunds: 9.00 paid
        ",
    );
}

#[test]
fn a_free_order_has_nothing_to_be_late_with() {
    check(
        "
        new sample price 0.00
        receive 9 sample
        order O1 for ann: 2 sample
        wait 1d
        O1 steps        | confirmed; rest
        ",
        "",
    );
}
