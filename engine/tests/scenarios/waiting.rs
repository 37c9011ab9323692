//! The waiting list: customers who have promised nothing, and what comes free.

use super::script::{check, run, sku};

#[test]
fn joining_again_with_less_keeps_the_place_and_with_more_loses_it() {
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup
        join for bob: 2 cup
        join for ann: 2 cup
        receive 1 cup
        ",
        "
        cup waiter ann: offered, 2 wanted, 1 offered at main for 600000 ms, 0 ahead
        cup waiter bob: waiting, 2 wanted, 1 ahead
        ",
    );
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup
        join for bob: 2 cup
        join for ann: 4 cup
        receive 1 cup
        ",
        "
        cup waiter ann: waiting, 4 wanted, 1 ahead
        cup waiter bob: offered, 2 wanted, 1 offered at main for 600000 ms, 0 ahead
        ",
    );
}

#[test]
fn wanting_less_than_is_offered_gives_the_rest_to_the_next() {
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup
        join for bob: 5 cup
        receive 3 cup
        wait 1min
        join for ann: 1 cup
        ",
        "
        cup waiter ann: offered, 1 wanted, 1 offered at main for 540000 ms
        cup waiter bob: offered, 5 wanted, 2 offered at main for 600000 ms, 0 ahead
        cup: 3 on hand, 3 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn what_is_on_offer_is_told_over_all_who_wait() {
    let offered = |script: &str| {
        let shop = run(script);
        shop.driver.product(&sku("cup")).offered().units()
    };
    let two_wait = "new cup waiting 10min\njoin for ann: 3 cup\njoin for bob: 2 cup";
    assert_eq!(offered("new cup"), 0);
    assert_eq!(offered(two_wait), 0);
    assert_eq!(offered(&format!("{two_wait}\nreceive 4 cup")), 4);
    assert_eq!(offered(&format!("{two_wait}\nreceive 9 cup\nleave cup for bob")), 3);
    assert_eq!(offered(&format!("{two_wait}\nreceive 9 cup\nreserve A for ann: 3 cup")), 2);
}

#[test]
fn what_a_later_count_has_found_of_an_offer_may_be_taken() {
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup
        receive 3 cup
        count 1 cup
        reserve A for ann: 2 cup    | refused: InsufficientStock, 1 available
        reserve A for ann: 1 cup
        ",
        "
        A: held for 900000 ms
        cup: 1 on hand, 3 held, 0 promised, 0 available
        cup waiter ann: offered, 2 wanted, 2 offered at main for 600000 ms
        ",
    );
}

#[test]
fn a_key_does_it_once_and_a_reused_one_is_refused() {
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup key k
        join for bob: 1 cup
        join for ann: 3 cup key k       | done before
        leave cup for bob key l
        leave cup for bob key l         | done before
        leave cup for ann key k         | refused: KeyReused
        leave cup for bob               | refused: NotWaiting
        ",
        "
        cup waiter ann: waiting, 3 wanted, 0 ahead
        cup waiter bob: left, 1 wanted
        cup waiter cleo: never waited
        ",
    );
}

#[test]
fn who_leaves_gives_the_offer_to_the_next() {
    check(
        "
        new cup waiting 10min
        receive 2 cup
        join for ann: 2 cup
        join for bob: 1 cup
        leave cup for ann
        ",
        "
        cup waiter ann: left, 2 wanted
        cup waiter bob: offered, 1 wanted, 1 offered at main for 600000 ms
        cup: 2 on hand, 1 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn more_that_comes_is_added_and_the_time_begins_anew() {
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup
        receive 1 cup
        wait 9min
        receive 1 cup
        wait 9min
        ",
        "
        cup waiter ann: offered, 3 wanted, 2 offered at main for 60000 ms, 0 ahead
        ",
    );
}

#[test]
fn the_offer_ends_at_the_instant_of_its_deadline() {
    check(
        "
        new cup waiting 10min
        join for ann: 1 cup
        receive 1 cup
        wait 600s
        reserve A for ann: 1 cup
        ",
        "
        cup waiter ann: lapsed, 1 wanted
        A: held for 900000 ms
        ",
    );
    check(
        "
        new cup waiting 10min
        join for ann: 1 cup
        join for bob: 1 cup
        receive 1 cup
        wait 600s
        reserve A for ann: 1 cup        | refused: InsufficientStock, 0 available
        ",
        "
        cup waiter bob: offered, 1 wanted, 1 offered at main for 600000 ms
        ",
    );
}

#[test]
fn a_basket_that_is_refused_elsewhere_leaves_the_offer_as_it_was() {
    check(
        "
        new cup waiting 10min
        new pot
        join for ann: 2 cup
        join for bob: 2 cup
        receive 2 cup
        reserve A for ann: 2 cup, 1 pot     | refused: InsufficientStock
        ",
        "
        cup waiter ann: offered, 2 wanted, 2 offered at main for 600000 ms
        cup waiter bob: waiting, 2 wanted, 0 ahead
        ",
    );
}

#[test]
fn what_a_basket_lets_go_of_goes_to_the_next_in_line() {
    check(
        "
        new cup waiting 10min
        join for ann: 2 cup
        join for bob: 2 cup
        receive 2 cup
        reserve A for ann lasting 1min: 2 cup
        wait 1min
        ",
        "
        A: lapsed
        cup waiter ann: claimed, 0 wanted
        cup waiter bob: offered, 2 wanted, 2 offered at main for 600000 ms
        ",
    );
}

#[test]
fn who_took_all_that_was_offered_waits_on_for_the_rest() {
    check(
        "
        new cup waiting 10min
        join for ann: 3 cup
        join for bob: 3 cup
        receive 2 cup
        reserve A for ann: 2 cup
        receive 2 cup
        ",
        "
        cup waiter ann: offered, 1 wanted, 1 offered at main for 600000 ms
        cup waiter bob: offered, 3 wanted, 1 offered at main for 600000 ms, 0 ahead
        ",
    );
}

#[test]
fn a_claim_takes_what_is_offered_first_and_the_rest_from_what_is_free() {
    check(
        "
        new cup waiting 10min rank north,south
        count 0 cup at north
        count 0 cup at south
        join for ann: 2 cup at south
        receive 2 cup at south
        receive 5 cup at north
        reserve A for ann: 3 cup
        ",
        "
        cup waiter ann: claimed, 0 wanted
        cup at south: 2 on hand, 2 held, 0 promised, 0 available
        cup at north: 5 on hand, 1 held, 0 promised, 4 available
        ",
    );
}

#[test]
fn who_waits_for_one_location_is_offered_nothing_elsewhere() {
    check(
        "
        new cup waiting 10min
        join for ann: 2 cup at south    | refused: UnknownLocation
        count 0 cup at south
        join for ann: 2 cup at south
        receive 2 cup at north
        join for bob: 1 cup
        ",
        "
        cup waiter ann: waiting, 2 wanted, 0 ahead
        cup waiter bob: offered, 1 wanted, 1 offered at north for 600000 ms
        cup at north: 2 on hand, 1 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn boxes_of_six_are_offered_by_six() {
    check(
        "
        new cup waiting 10min by 6
        join for ann: 5 cup             | refused: LineNotMultiple
        join for ann: 12 cup
        receive 4 cup at north
        receive 5 cup at south
        ",
        "
        cup waiter ann: offered, 12 wanted, 1 offered at north, 5 offered at south for 600000 ms, 0 ahead
        cup at north: 4 on hand, 1 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn a_better_class_is_offered_first() {
    check(
        "
        new cup waiting 10min
        join for ann: 1 cup
        join for bob class 1: 1 cup
        receive 1 cup
        ",
        "
        cup waiter ann: waiting, 1 wanted, 0 ahead
        cup waiter bob: offered, 1 wanted, 1 offered at main for 600000 ms
        ",
    );
}

#[test]
fn an_offer_counts_in_the_sale_and_what_it_is_taken_for_counts_once() {
    check(
        "
        new cup waiting 10min
        receive 3 cup
        sale cup spring for 1h limit 2 aside 3 main
        reserve A for ann lasting 5h: 1 cup
        join for ann: 5 cup
        reserve B for ann: 2 cup        | refused: CustomerLimit, 1 bought
        reserve B for ann lasting 5h: 1 cup
        reserve C for ann: 1 cup        | refused: CustomerLimit, 2 bought
        ",
        "
        cup waiter ann: waiting, 4 wanted, 0 ahead
        cup: 3 on hand, 2 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn what_was_offered_before_a_sale_counts_once_it_is_taken_in_it() {
    check(
        "
        new cup waiting 10min
        receive 3 cup
        join for ann: 3 cup
        sale cup spring for 1h limit 2
        reserve A for ann: 3 cup        | refused: CustomerLimit, 0 bought
        reserve A for ann lasting 5h: 2 cup
        reserve B for ann: 1 cup        | refused: CustomerLimit, 2 bought
        wait 10min
        ",
        "
        cup waiter ann: lapsed, 1 wanted
        cup: 3 on hand, 2 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn a_sale_is_sold_out_by_what_it_offers() {
    check(
        "
        new cup waiting 10min
        receive 5 cup
        sale cup spring for 1h aside 2 main
        join for ann: 4 cup
        reserve B for bob: 1 cup        | refused: InsufficientStock, 0 available
        wait 1h
        ",
        "
        cup waiter ann: lapsed, 4 wanted
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_product_without_a_list_offers_nothing_and_lets_nobody_join() {
    check(
        "
        new cup waiting 10min
        join for ann: 1 cup
        new cup
        receive 1 cup
        join for bob: 1 cup             | refused: NoWaitingList
        leave cup for ann
        ",
        "
        cup waiter ann: left, 1 wanted
        cup: 1 on hand, 0 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn what_cannot_be_sold_is_not_offered() {
    check(
        "
        new cup waiting 10min safety 1 preorder 0 release 1h
        join for ann: 5 cup
        receive 2 cup of damaged
        receive 3 cup
        wait 59min
        ",
        "
        cup waiter ann: waiting, 5 wanted, 0 ahead
        ",
    );
    check(
        "
        new cup waiting 10min safety 1 preorder 0 release 1h
        join for ann: 5 cup
        receive 2 cup of damaged
        receive 3 cup
        wait 1h
        ",
        "
        cup waiter ann: offered, 5 wanted, 2 offered at main for 600000 ms, 0 ahead
        ",
    );
}

#[test]
fn after_a_long_silence_an_offer_has_its_full_time() {
    let mut shop = run("
        new cup waiting 10min
        join for ann: 1 cup
        join for bob: 1 cup
        receive 1 cup
        ");
    // Nobody looks for an hour: the process was down.
    shop.driver.now = shop.driver.now.plus(holdfast_engine::Millis(3_600_000));
    shop.row("restart");
    let product = shop.driver.raw_product(&sku("cup")).unwrap();
    assert!(
        product.waiting_entries().all(|(_, entry)| entry.expires_at.is_none_or(|at| at > shop.driver.now))
    );
    assert_eq!(
        shop.describe("cup waiter bob"),
        "offered, 1 wanted, 1 offered at main for 600000 ms",
        "the offer begins when it can be seen"
    );
}
