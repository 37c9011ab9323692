//! Sourcing: which locations a line is served from, and that the units that were checked are those that are taken.

use super::script::{check, run};

#[test]
fn ranked_sources_are_emptied_in_their_order_and_no_more_is_sold_than_they_have() {
    check(
        "
        new cup source ranked rank north,south
        receive 5 cup at north
        receive 3 cup at south
        reserve A for ann: 15 cup   | refused: InsufficientStock, 8 available
        reserve A for ann: 7 cup
        ",
        "
        cup at north: 5 on hand, 5 held, 0 promised, 0 available
        cup at south: 3 on hand, 2 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn one_location_that_covers_the_line_is_used_alone() {
    check(
        "
        new cup
        receive 10 cup at north
        receive 15 cup at south
        reserve A for ann: 13 cup
        ",
        "
        cup at north: 10 on hand, 0 held, 0 promised, 10 available
        cup at south: 15 on hand, 13 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn ten_and_three_are_taken_never_ten_and_thirteen() {
    check(
        "
        new cup source ranked
        receive 10 cup at north
        receive 15 cup at south
        reserve A for ann: 13 cup
        ",
        "
        cup at north: 10 on hand, 10 held, 0 promised, 0 available
        cup at south: 15 on hand, 3 held, 0 promised, 12 available
        ",
    );
}

#[test]
fn the_fullest_goes_first_if_that_is_the_way() {
    check(
        "
        new cup
        receive 10 cup at north
        receive 15 cup at south
        reserve A for ann source fullest: 2 cup
        ",
        "
        cup at south: 15 on hand, 2 held, 0 promised, 13 available
        ",
    );
}

#[test]
fn the_nearest_goes_first_and_then_the_merchants_favourite() {
    check(
        "
        new cup rank south,north
        receive 2 cup at east
        receive 2 cup at north
        receive 2 cup at south
        reserve A for ann source nearest near east: 3 cup
        ",
        "
        cup at east: 2 on hand, 2 held, 0 promised, 0 available
        cup at north: 2 on hand, 0 held, 0 promised, 2 available
        cup at south: 2 on hand, 1 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn a_closed_location_is_never_used() {
    check(
        "
        new cup closed north backorder unlimited
        receive 5 cup at north
        receive 1 cup at south
        reserve A for ann or-kill: 2 cup            | refused: InsufficientStock, 1 available
        reserve A for ann or-kill: 1 cup at north   | refused: InsufficientStock, cup at north: 1 asked for, 0 available
        reserve A for ann: 2 cup
        commit A
        ",
        "
        cup at north: 5 on hand, 0 held, 0 promised, 0 available, 1 queued
        cup at south: 1 on hand, 0 held, 1 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn where_all_locations_together_are_short_nothing_is_taken() {
    check(
        "
        new cup
        new pot
        receive 2 cup at north
        receive 2 cup at south
        receive 1 pot
        reserve A for ann: 4 cup, 2 pot     | refused: InsufficientStock, pot
        ",
        "
        cup at north: 2 on hand, 0 held, 0 promised, 2 available
        cup at south: 2 on hand, 0 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn lines_of_one_product_do_not_take_the_same_unit_twice() {
    check(
        "
        new cup
        receive 3 cup at north
        receive 1 cup at south
        reserve A for ann: 2 cup, 3 cup at north    | refused: InsufficientStock, cup: 2 asked for, 1 available
        reserve A for ann: 1 cup, 3 cup at north
        ",
        "
        cup at north: 3 on hand, 3 held, 0 promised, 0 available
        cup at south: 1 on hand, 1 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn units_of_several_locations_ship_and_come_back_where_they_lay() {
    check(
        "
        new cup price 1.00
        receive 2 cup at north
        receive 3 cup at south
        order O1 for ann: 5 cup
        O1 finishes
        ship O1: 4 cup
        return O1: 4 cup
        ",
        "
        cup at north: 2 on hand, 0 held, 1 promised, 1 available
        cup at south: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn it_can_be_told_where_the_units_of_a_line_come_from() {
    let shop = run("
        new cup backorder unlimited
        receive 2 cup at north
        receive 3 cup at south
        reserve A for ann: 6 cup
        ");
    let basket = shop.driver.reservations().next().unwrap();
    let line = &basket.lines()[0];
    let filled: Vec<_> = line
        .sources
        .filled(line.quantity)
        .map(|(location, units)| (location.as_str(), units.units()))
        .collect();
    assert_eq!(filled, [("south", 3), ("north", 2)]);
    assert_eq!(line.sources.queued().units(), 1);
    assert_eq!(line.sources.asked(), None);
}

#[test]
fn seven_units_that_lie_in_two_places_are_sold_as_seven() {
    check(
        "
        new cup
        receive 4 cup at north
        receive 3 cup at south
        reserve A for ann: 8 cup    | refused: InsufficientStock, 8 asked for, 7 available
        reserve A for ann: 7 cup
        ",
        "
        cup at north: 4 on hand, 4 held, 0 promised, 0 available
        cup at south: 3 on hand, 3 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn nothing_is_queued_for_while_all_places_together_have_enough() {
    check(
        "
        new cup backorder unlimited
        receive 2 cup at east
        receive 4 cup at north
        receive 3 cup at south
        reserve A for ann: 9 cup
        ",
        "
        cup at east: 2 on hand, 2 held, 0 promised, 0 available
        cup at north: 4 on hand, 4 held, 0 promised, 0 available
        cup at south: 3 on hand, 3 held, 0 promised, 0 available
        ",
    );
}
