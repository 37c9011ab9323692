//! Units sent from one location to another.

use super::script::{check, run};

#[test]
fn units_that_are_promised_stay_where_they_are_when_others_move() {
    check(
        "
        new cup
        receive 8 cup at north
        receive 1 cup at south
        reserve A for ann: 3 cup at north
        commit A
        transfer T 6 cup from north to south    | refused: TransferExceeded, 5 fit for sale and nobody's
        transfer T 5 cup from north to south
        arrive T 5 cup
        ",
        "
        cup at north: 3 on hand, 0 held, 3 promised, 0 available
        cup at south: 6 on hand, 0 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn an_unknown_source_an_unknown_destination_itself_and_too_many_are_each_refused_in_their_own_way() {
    check(
        "
        new cup backorder unlimited
        receive 5 cup at north
        reserve A for ann: 1 cup at east        | refused: UnknownLocation
        transfer T 1 cup from west to north     | refused: UnknownSource, cup has never been at west
        transfer T 1 cup from north to south    | refused: UnknownDestination, cup has never been at south
        transfer T 1 cup from north to east     | refused: UnknownDestination, cup has never been at east
        transfer T 1 cup from north to north    | refused: TransferToSelf
        transfer T 6 cup from north to south new  | refused: TransferExceeded, 5 fit
        transfer T 2 cup from north to south new
        transfer U 1 cup from north to south
        transfer V 1 cup from south to north    | refused: TransferExceeded, 0 fit
        ",
        "
        cup at north: 2 on hand, 0 held, 0 promised, 2 available
        cup at south: 0 on hand, 0 held, 0 promised, 0 available, 3 incoming
        ",
    );
}

#[test]
fn held_damaged_and_unseen_units_do_not_travel() {
    check(
        "
        new cup safety 1
        receive 6 cup at north
        receive 1 cup of damaged at north
        receive 1 cup of unseen at north
        reserve A for ann: 2 cup at north
        transfer T 5 cup from north to south new    | refused: TransferExceeded, 4 fit
        transfer T 4 cup from north to south new
        ",
        "
        cup at north: 4 on hand (1 damaged) (1 unseen), 2 held, 0 promised, 0 available
        cup at south: 0 on hand, 0 held, 0 promised, 0 available, 4 incoming
        ",
    );
}

#[test]
fn what_is_lost_on_the_way_is_written_off_with_its_reason() {
    let shop = run("
        new cup
        receive 8 cup at north
        transfer T 5 cup from north to south new in 1d
        arrive T 2 cup
        arrive T 1 cup of damaged close
        arrive T 1 cup      | refused: LotEnded, closed with less
        ");
    assert_eq!(shop.describe("cup at south"), "3 on hand (1 damaged), 0 held, 0 promised, 2 available");
    assert_eq!(
        shop.books("cup"),
        [
            "north: +8 receive -",
            "north: -5 rebalance T",
            "in transit: +5 rebalance T",
            "in transit: -2 receipt T",
            "south: +2 receipt T",
            "in transit: -1 receipt T",
            "in transit: -2 lost in transit T",
            "south damaged: +1 receipt T",
        ]
    );
}

#[test]
fn a_loss_on_the_way_may_have_a_reason_of_its_own_and_be_all_there_was() {
    let shop = run("
        new cup
        receive 8 cup at north
        transfer T 5 cup from north to south new
        arrive T 0 cup close because stolen
        ");
    assert_eq!(shop.describe("cup at south"), "0 on hand, 0 held, 0 promised, 0 available");
    assert_eq!(shop.books("cup").last().unwrap(), "in transit: -5 stolen T");
}

#[test]
fn a_transfer_that_is_called_off_puts_what_is_left_of_it_back() {
    let shop = run("
        new cup backorder unlimited
        receive 5 cup at north
        transfer T 5 cup from north to south new
        reserve A for ann: 2 cup at north
        commit A
        arrive T 1 cup
        call off T cup key k
        call off T cup key k    | done before
        ");
    // Whoever queues at the source gets what comes back.
    assert_eq!(shop.describe("cup at north"), "4 on hand, 0 held, 2 promised, 2 available");
    assert_eq!(shop.describe("cup at south"), "1 on hand, 0 held, 0 promised, 1 available");
    assert_eq!(shop.books("cup").last().unwrap(), "north: +4 called off T");
}

#[test]
fn a_transfer_serves_those_who_queue_where_it_arrives() {
    check(
        "
        new cup backorder unlimited
        receive 5 cup at north
        count 0 cup at south
        reserve A for ann: 2 cup at south
        commit A
        transfer T 3 cup from north to south new
        arrive T 3 cup
        ",
        "
        cup at north: 2 on hand, 0 held, 0 promised, 2 available
        cup at south: 3 on hand, 0 held, 2 promised, 1 available
        ",
    );
}
