//! Counts and movements that are told after they happened.

use super::script::{check, run};

#[test]
fn a_late_sale_from_before_the_count_changes_nothing_and_a_later_loss_does() {
    // Half past one; the count finds 95.
    let shop = run("
        new cup
        receive 100 cup
        wait 90min
        count 95 cup
        wait 5min
        remove 2 cup back 15min
        wait 6min
        remove 2 cup back 1min
        ");
    assert_eq!(shop.describe("cup"), "93 on hand, 0 held, 0 promised, 93 available");
    // The late sale has its line, of no units: its key has to be remembered.
    assert_eq!(shop.movements("cup"), [100, -5, 0, -2]);
}

#[test]
fn a_late_sale_from_after_the_count_is_taken_off_and_one_of_its_very_instant_is_in_it() {
    check(
        "
        new cup
        receive 100 cup
        wait 1h
        count 95 cup
        wait 10min
        remove 2 cup back 5min
        remove 3 cup back 10min
        ",
        "
        cup: 93 on hand, 0 held, 0 promised, 93 available
        ",
    );
}

#[test]
fn a_count_told_later_keeps_what_was_sold_received_sent_and_sorted_since() {
    check(
        "
        new cup price 1.00
        receive 20 cup
        wait 1h
        order O1 for ann: 3 cup
        O1 finishes
        ship O1
        return O1: 1 cup
        announce L 4 cup
        arrive L 4 cup
        transfer T 2 cup from main to south new
        sort 1 cup of sellable to damaged
        count 15 cup back 30min
        ",
        "
        cup: 15 on hand (1 damaged), 0 held, 0 promised, 14 available
        ",
    );
}

#[test]
fn of_two_counts_the_one_taken_last_holds_whenever_it_is_told() {
    let shop = run("
        new cup
        receive 10 cup
        wait 1h
        count 8 cup
        count 5 cup back 30min
        remove 1 cup back 10min
        ");
    assert_eq!(shop.describe("cup"), "8 on hand, 0 held, 0 promised, 8 available");
    assert_eq!(shop.movements("cup"), [10, -2, 0, 0]);
}

#[test]
fn a_recount_of_the_same_instant_corrects_the_first() {
    check(
        "
        new cup
        receive 10 cup
        wait 1h
        remove 2 cup
        count 9 cup back 30min
        count 8 cup back 30min
        ",
        "
        cup: 6 on hand, 0 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn each_place_and_each_condition_has_a_count_of_its_own() {
    check(
        "
        new cup
        receive 10 cup
        receive 4 cup of damaged
        receive 10 cup at south
        wait 1h
        count 10 cup
        remove 1 cup back 30min
        remove 1 cup of damaged back 30min
        remove 1 cup at south back 30min
        ",
        "
        cup: 13 on hand (3 damaged), 0 held, 0 promised, 10 available
        cup at south: 9 on hand, 0 held, 0 promised, 9 available
        ",
    );
}

#[test]
fn what_is_told_now_happened_today_and_not_tomorrow() {
    let mut shop = run("
        new cup
        receive 10 cup
        wait 3d
        remove 1 cup back 1441min   | refused: StampOutOfRange, in the last 1440 minutes
        count 9 cup back 1441min    | refused: StampOutOfRange
        remove 1 cup back 24h
        count 8 cup back 24h
        ");
    assert_eq!(shop.describe("cup"), "8 on hand, 0 held, 0 promised, 8 available");
    let now = shop.driver.now;
    shop.driver.now = now.minus(holdfast_engine::Millis(1));
    shop.row("count 8 cup back 0ms");
    let later = holdfast_engine::product::StockChange::ToAt(super::script::quantity("8"), now);
    let refused = shop.tell("cup", later);
    assert!(matches!(refused, Err(holdfast_engine::Rejection::StampOutOfRange { .. })), "{refused:?}");
}

#[test]
fn a_count_that_leaves_less_than_was_sold_since_is_refused() {
    check(
        "
        new cup
        receive 10 cup
        wait 1h
        remove 5 cup
        count 4 cup back 30min  | refused: StockBelowZero
        count 5 cup back 30min
        ",
        "
        cup: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn what_a_late_count_finds_goes_to_those_who_queue() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 2 cup
        commit A
        wait 1h
        count 3 cup back 30min
        ",
        "
        cup: 3 on hand, 0 held, 2 promised, 1 available
        ",
    );
}
