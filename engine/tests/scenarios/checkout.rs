//! Checkouts: a basket or some lines become an order that is paid, or nothing at all.

use super::script::{check, run};

#[test]
fn a_checkout_sets_aside_takes_the_units_takes_the_money_and_is_confirmed() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann: 2 cup
        order O1 for ann from A shown 9.00
        O1 asks         | payment_pending; authorise after 1
        O1 approved     | payment_pending; take the units
        O1 steps        | payment_pending; capture
        O1 asks         | payment_pending; capture after 1
        O1 approved     | confirmed; rest
        ",
        "
        O1: confirmed; rest
        O1 total: 9.00
        A: committed
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn an_order_without_a_basket_claims_its_own_lines() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 3 cup, 3 cup      | refused: InsufficientStock, 6 asked for
        order O1 for ann: 3 cup, 1 cup
        wait 20min
        sweep
        O1 finishes                         | confirmed; rest
        ",
        "
        O1 total: 18.00
        cup: 5 on hand, 0 held, 4 promised, 1 available
        ",
    );
}

#[test]
fn a_free_order_asks_nobody_for_money() {
    check(
        "
        new sample price 0.00
        receive 5 sample
        order O1 for ann: 2 sample
        O1 steps        | confirmed; rest
        ",
        "
        sample: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn an_order_too_cheap_for_a_cent_is_free() {
    check(
        "
        new bead price 0.001
        receive 5 bead
        order O1 for ann: 4 bead
        O1 steps        | confirmed; rest
        ",
        "
        O1 total: 0.00
        ",
    );
}

#[test]
fn a_declined_payment_gives_the_basket_back_to_its_customer() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann lasting 10min: 2 cup
        wait 4min
        order O1 for ann from A
        O1 asks
        wait 1h
        O1 declined     | payment_pending; give held units back
        O1 steps        | payment_failed; rest
        order O2 for ann from A
        O2 finishes     | confirmed; rest
        ",
        "
        O1: payment_failed; rest
        A: committed
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn after_a_declined_payment_the_time_of_a_basket_runs_on_where_it_stood() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann lasting 10min: 2 cup
        wait 4min
        order O1 for ann from A
        O1 asks
        wait 1h
        O1 declined
        O1 steps
        wait 5min
        ",
        "
        A: held for 60000 ms
        ",
    );
}

#[test]
fn a_declined_order_gives_its_own_units_back_to_the_shelf() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 5 cup
        O1 asks
        O1 declined
        O1 steps                    | payment_failed; rest
        reserve B for bob: 5 cup
        ",
        "
        cup: 5 on hand, 5 held, 0 promised, 0 available
        O1 refunds: none
        ",
    );
}

#[test]
fn an_unknown_payment_keeps_the_units_until_the_provider_is_asked_and_then_goes_on() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann lasting 1min: 5 cup
        order O1 for ann from A
        O1 asks         | payment_pending; authorise after 1
        O1 unknown      | payment_unknown; ask about authorise
        wait 3d
        sweep
        reserve B for bob: 1 cup            | refused: InsufficientStock, 0 available
        O1 unknown      | payment_unknown; ask about authorise
        O1 approved     | payment_pending; take the units
        O1 steps        | payment_pending; capture
        O1 asks         | payment_pending; capture after 1
        O1 unknown      | payment_unknown; ask about capture
        cancel O1                           | refused: OrderState, payment_unknown
        O1 approved     | confirmed; rest
        ",
        "
        cup: 5 on hand, 0 held, 5 promised, 0 available
        ",
    );
}

#[test]
fn an_unknown_payment_that_turns_out_declined_gives_the_units_back() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 5 cup
        O1 asks
        O1 unknown      | payment_unknown; ask about authorise
        O1 declined     | payment_pending; give held units back
        O1 steps        | payment_failed; rest
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn an_unknown_payment_nobody_has_heard_of_is_asked_for_again() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 5 cup
        O1 asks         | payment_pending; authorise after 1
        O1 unknown      | payment_unknown; ask about authorise
        O1 asks         | payment_pending; authorise after 2
        O1 approved     | payment_pending; take the units
        ",
        "",
    );
}

#[test]
fn a_declined_capture_lets_the_money_go_and_then_the_promised_units() {
    check(
        "
        new cup price 4.50
        new pot price 1.00
        receive 5 cup
        receive 5 pot
        order O1 for ann: 2 cup, 1 pot
        O1 asks
        O1 approved
        O1 steps
        O1 asks
        O1 declined     | payment_pending; void
        O1 asks         | payment_pending; void after 1
        O1 unknown      | payment_pending; ask about void
        O1 approved     | payment_pending; give promised units back
        O1 steps        | payment_failed; rest
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        pot: 5 on hand, 0 held, 0 promised, 5 available
        O1 refunds: none
        ",
    );
}

#[test]
fn letting_go_that_the_provider_refuses_is_as_good_as_done() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 approved
        O1 steps
        O1 declined     | payment_pending; void
        O1 declined     | payment_pending; give promised units back
        O1 steps        | payment_failed; rest
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_provider_that_keeps_failing_is_given_up_after_four_tries() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 asks
        O1 failing      | payment_pending; authorise after 1
        O1 asks
        O1 failing      | payment_pending; authorise after 2
        O1 asks
        O1 failing      | payment_pending; authorise after 3
        O1 asks
        O1 failing      | payment_pending; give held units back
        O1 steps        | payment_failed; rest
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn placing_the_same_order_again_finds_it() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann: 2 cup
        order O1 for ann from A
        order O1 for ann from A         | done before
        O1 finishes
        order O1 for ann from A         | done before
        order O1 for ann: 2 cup         | refused: KeyReused
        ",
        "
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_basket_goes_into_one_order_and_of_its_own_customer() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann: 2 cup
        order O1 for bob from A         | refused: ReservationOfOther
        order O1 for ann from A
        order O2 for ann from A         | refused: ReservationInCheckout
        commit A                        | refused: ReservationInCheckout
        O1 finishes
        order O2 for ann from A         | refused: ReservationCommitted
        ",
        "",
    );
}

#[test]
fn another_buyers_hold_is_in_the_way_of_an_order_and_ones_own_is_not() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann: 3 cup
        reserve B for bob: 2 cup
        order O1 for cleo: 1 cup        | refused: InsufficientStock
        order O1 for ann from A
        O1 finishes                     | confirmed; rest
        ",
        "
        A: committed
        cup: 5 on hand, 2 held, 3 promised, 0 available
        ",
    );
}

#[test]
fn the_last_unit_goes_to_the_first_checkout_and_the_second_never_gets_as_far_as_paying() {
    check(
        "
        new cup price 4.50
        receive 1 cup
        order O1 for ann: 1 cup
        order O2 for bob: 1 cup         | refused: InsufficientStock, 0 available
        O1 finishes                     | confirmed; rest
        order O2 for bob: 1 cup         | refused: InsufficientStock, 0 available
        reserve B for bob: 1 cup        | refused: InsufficientStock
        ",
        "
        cup: 1 on hand, 0 held, 1 promised, 0 available
        ",
    );
}

#[test]
fn money_that_was_taken_or_let_go_is_not_asked_for_again() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        restart
        O1 asks         | confirmed; rest
        order O2 for ann: 2 cup
        O2 approved
        O2 steps
        O2 declined     | payment_pending; void
        O2 asks         | payment_pending; void after 1
        O2 approved     | payment_pending; give promised units back
        O2 asks         | payment_pending; give promised units back
        O2 approved     | payment_pending; give promised units back
        O2 steps        | payment_failed; rest
        O2 asks         | payment_failed; rest
        O2 approved     | payment_failed; rest
        ",
        "
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_lapsed_basket_cannot_be_ordered() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        reserve A for ann lasting 1min: 3 cup
        wait 1min
        order O1 for ann from A         | refused: ReservationExpired
        order O1 for ann from B         | refused: ReservationNotFound
        ",
        "",
    );
}

#[test]
fn a_replayed_notice_of_a_payment_changes_nothing() {
    check(
        "
        new cup price 4.50
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes     | confirmed; rest
        O1 approved     | confirmed; rest
        O1 declined     | confirmed; rest
        ",
        "
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn the_first_answer_of_a_checkout_is_kept_as_it_was() {
    let shop = run("
        new cup price 1.00
        receive 9 cup
        order O1 for ann: 4 cup
        O1 finishes
        ship O1 key parcel
        return O1: 1 cup
        order O2 for bob: 4 cup
        O2 declined
        O2 steps
        ");
    let orders: Vec<_> = shop.driver.orders().collect();
    let (paid, failed) = (orders[0], orders[1]);
    let outcome = paid.outcome().unwrap();
    assert_eq!((outcome.status.name(), outcome.reason.as_ref()), ("confirmed", None));
    assert!(outcome.version < paid.version() && outcome.sequence < paid.sequence());
    let outcome = failed.outcome().unwrap();
    assert_eq!((outcome.status.name(), outcome.reason.as_deref()), ("payment_failed", Some("no funds")));
    assert_eq!((outcome.version, outcome.sequence), (failed.version(), failed.sequence()));
    assert_eq!(failed.reason().map(|reason| reason.as_str()), Some("no funds"));
    assert_eq!(failed.payment_reference(), None);
    assert!(paid.payment_reference().is_some());
    let parcel = paid.operation(holdfast_engine::OperationId(super::script::number("parcel"))).unwrap();
    assert_eq!((parcel.result.status.name(), parcel.result.refunds.len()), ("shipped", 0));
}
