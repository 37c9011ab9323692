//! Promise dates: when those who queue will be served from what is on its way.

use super::script::check;

#[test]
fn a_promise_is_dated_by_the_lot_that_brings_its_last_unit() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 3 cup
        commit A
        reserve B for bob: 3 cup
        commit B
        reserve C for cleo: 1 cup
        commit C
        announce L 4 cup in 1h
        announce M 2 cup in 2h
        announce N 9 cup
        ",
        "
        cup promised A: in 60 min
        cup promised B: in 120 min
        cup promised C: nobody knows
        cup next: nobody knows
        ",
    );
}

#[test]
fn dates_follow_the_lots_when_they_are_expected_later_arrive_short_or_are_called_off() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 2 cup
        commit A
        announce L 2 cup in 1h
        announce M 3 cup in 2h
        expect L cup in 3h
        ",
        "
        cup promised A: in 120 min
        cup next: in 120 min
        ",
    );
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 2 cup
        commit A
        announce L 2 cup in 1h
        announce M 3 cup in 2h
        arrive L 1 cup close
        call off M cup
        ",
        "
        cup promised A: nobody knows
        ",
    );
}

#[test]
fn only_lots_for_the_place_that_was_asked_for_count() {
    check(
        "
        new cup backorder unlimited closed outlet
        count 0 cup at north
        count 0 cup at south
        reserve A for ann: 1 cup at north
        commit A
        reserve B for bob: 1 cup
        commit B
        announce K 9 cup at outlet in 1min
        announce L 1 cup at south in 1h
        announce M 2 cup at north in 2h
        ",
        "
        cup promised A: in 120 min
        cup promised B: in 60 min
        cup next: in 120 min
        ",
    );
}

#[test]
fn what_a_shelf_lacks_is_made_up_before_anybody_is_promised_a_unit() {
    check(
        "
        new cup backorder unlimited safety 1
        receive 3 cup
        reserve A for ann: 2 cup
        commit A
        reserve B for bob: 1 cup
        commit B
        count 0 cup
        announce L 3 cup in 1h
        announce M 1 cup in 2h
        ",
        "
        cup promised B: in 120 min
        ",
    );
}

#[test]
fn a_fair_share_is_dated_by_when_it_is_whole() {
    check(
        "
        new cup backorder unlimited fair
        reserve A for ann: 4 cup
        commit A
        reserve B for bob: 1 cup
        commit B
        announce L 2 cup in 1h
        announce M 3 cup in 2h
        ",
        "
        cup promised A: in 120 min
        cup promised B: in 60 min
        ",
    );
}

#[test]
fn a_fair_share_of_a_lot_counts_what_the_lots_before_it_bring() {
    check(
        "
        new cup backorder unlimited fair
        reserve A for ann: 2 cup
        commit A
        reserve B for bob: 1 cup
        commit B
        announce L 1 cup in 1h
        announce M 1 cup in 2h
        announce N 1 cup in 3h
        ",
        "
        cup promised A: in 180 min
        cup promised B: in 120 min
        ",
    );
}

#[test]
fn a_release_dates_what_lies_there_though_nothing_is_on_its_way() {
    check(
        "
        new cup preorder 10 release 3h
        receive 2 cup
        reserve A for ann: 1 cup
        commit A
        ",
        "
        cup promised A: in 180 min
        cup next: in 180 min
        ",
    );
}

#[test]
fn a_release_that_has_come_dates_nothing() {
    check(
        "
        new cup preorder 10 release 1h
        receive 2 cup
        announce L 5 cup in 3h
        wait 1h
        ",
        "
        cup: 2 on hand, 0 held, 0 promised, 2 available, 5 incoming
        cup next: in 120 min
        ",
    );
}

#[test]
fn a_lot_that_comes_at_the_very_date_up_to_which_somebody_queues_is_not_for_him() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann till 1h: 1 cup
        commit A
        reserve B for bob till 3600001ms: 1 cup
        commit B
        announce L 1 cup in 1h
        ",
        "
        cup promised A: nobody knows
        cup promised B: in 60 min
        ",
    );
}

#[test]
fn nothing_is_dated_of_what_nobody_counts() {
    check(
        "
        new cup untracked
        announce L 5 cup in 1h
        ",
        "
        cup next: nobody knows
        ",
    );
}

#[test]
fn before_its_release_everything_is_dated_by_it() {
    check(
        "
        new cup preorder 10 release 3h
        receive 2 cup
        announce L 2 cup in 1h
        announce M 2 cup in 4h
        reserve A for ann: 4 cup
        commit A
        reserve B for bob: 1 cup
        commit B
        ",
        "
        cup promised A: in 180 min
        cup promised B: in 240 min
        cup next: in 240 min
        ",
    );
}

#[test]
fn a_lot_that_is_late_still_says_when_it_was_expected() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 1 cup
        commit A
        announce L 1 cup in 1h
        wait 2h
        ",
        "
        cup promised A: in -60 min
        ",
    );
}

#[test]
fn a_basket_that_nobody_has_paid_for_is_promised_nothing() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 1 cup
        announce L 1 cup in 1h
        ",
        "
        cup promised A: nobody knows
        cup next: in 60 min
        ",
    );
}
