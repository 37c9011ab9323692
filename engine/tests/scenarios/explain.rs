//! Why this location: what is said about each place that could serve a line, and that it is what is then done.

use holdfast_engine::product::{Considered, PassedOver, SourceOutcome};
use holdfast_engine::{LineQuantity, LocationId, Quantity};

use super::script::Shop;

/// A day in the shop, then what is said about a request, line by line.
#[track_caller]
fn explained(script: &str, request: &str, expected: &str) {
    let mut shop = Shop::open();
    for row in script.lines().map(str::trim).filter(|row| !row.is_empty()) {
        shop.row(row);
    }
    let said = shop.explain("cup", request);
    let expected: Vec<_> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(said, expected, "what is said about {request:?}");
    // Asking changes nothing, and what is said is what is done.
    assert_eq!(shop.explain("cup", request), expected);
    let refused = expected.iter().find_map(|line| line.strip_prefix("refused: "));
    let answer = refused.map_or(String::new(), |why| format!("| refused: {why}"));
    shop.row(&format!("reserve {request} {answer}"));
    for line in expected.iter().filter(|line| line.ends_with(" taken")) {
        let (place, said) = line.split_once(": ").unwrap();
        let taken: u64 = said.split(' ').rev().nth(1).unwrap().parse().unwrap();
        let free: u64 = said.split(' ').next().unwrap().parse().unwrap();
        assert!(taken <= free, "{line}");
        let left = free - taken;
        let now = shop.explain("cup", request);
        assert!(
            now.iter().any(|line| line.starts_with(&format!("{place}: {left} free"))),
            "{line}, then {now:?}"
        );
    }
}

const SHELVES: &str = "
    new cup rank east,north
    receive 4 cup at north
    receive 9 cup at south
    receive 6 cup at east
";

#[test]
fn the_fewest_shipments_take_a_place_that_has_it_all_and_the_best_ranked_of_those() {
    explained(
        SHELVES,
        "A for ann source fewest: 5 cup",
        "
        east: 6 free, 5 taken
        south: 9 free, not_needed
        north: 4 free, not_needed
        ",
    );
    explained(
        SHELVES,
        "A for ann source fewest: 12 cup",
        "
        south: 9 free, 9 taken
        east: 6 free, 3 taken
        north: 4 free, not_needed
        ",
    );
}

#[test]
fn the_ranked_are_asked_in_the_merchants_order() {
    explained(
        SHELVES,
        "A for ann source ranked: 8 cup",
        "
        east: 6 free, 6 taken
        north: 4 free, 2 taken
        south: 9 free, not_needed
        ",
    );
    explained(
        SHELVES,
        "A for ann source ranked: 12 cup",
        "
        east: 6 free, 6 taken
        north: 4 free, 4 taken
        south: 9 free, 2 taken
        ",
    );
}

#[test]
fn the_fullest_are_asked_by_what_they_have() {
    explained(
        SHELVES,
        "A for ann source fullest: 2 cup",
        "
        south: 9 free, 2 taken
        east: 6 free, not_needed
        north: 4 free, not_needed
        ",
    );
}

#[test]
fn the_nearest_leave_out_what_is_too_far_and_what_nobody_knows_the_way_to() {
    explained(
        SHELVES,
        "A for ann source nearest near south,north: 3 cup",
        "
        south: 9 free, 3 taken
        north: 4 free, too_far
        east: 6 free, distance_unknown
        ",
    );
}

#[test]
fn a_line_for_one_place_asks_no_other() {
    explained(
        SHELVES,
        "A for ann: 3 cup at north",
        "
        north: 4 free, 3 taken
        east: 6 free, not_asked_for
        south: 9 free, not_asked_for
        ",
    );
}

#[test]
fn a_line_for_anywhere_sees_what_the_lines_before_it_leave() {
    let mut shop = Shop::open();
    SHELVES.lines().map(str::trim).filter(|row| !row.is_empty()).for_each(|row| shop.row(row));
    assert_eq!(
        shop.explain("cup", "A for ann source ranked: 2 cup, 5 cup at east"),
        [
            "east: 1 free, 1 taken",
            "north: 4 free, 1 taken",
            "south: 9 free, not_needed",
            "east: 6 free, 5 taken",
            "north: 4 free, not_asked_for",
            "south: 9 free, not_asked_for",
        ]
    );
}

#[test]
fn a_closed_place_is_not_asked_and_an_empty_one_has_nothing() {
    explained(
        "
        new cup closed south
        receive 9 cup at south
        receive 2 cup at north
        receive 1 cup at east
        reserve B for bob: 1 cup at east
        ",
        "A for ann: 2 cup",
        "
        north: 2 free, 2 taken
        east: 0 free, nothing_free
        south: 0 free, closed
        ",
    );
}

#[test]
fn what_is_set_aside_is_not_for_the_public_and_what_is_not_is_not_in_the_sale() {
    let shelves = "
        new cup
        receive 3 cup at north
        receive 2 cup at south
    ";
    explained(
        &format!("{shelves}\nsale cup spring in 1h for 1h aside 3 north"),
        "A for ann: 1 cup",
        "
        south: 2 free, 1 taken
        north: 0 free, set_aside
        ",
    );
    explained(
        &format!("{shelves}\nsale cup spring in 0s for 1h aside 3 north"),
        "A for ann: 1 cup",
        "
        north: 3 free, 1 taken
        south: 0 free, not_in_sale
        ",
    );
    explained(
        &format!("{shelves}\nsale cup spring in 1h for 1h exclusive"),
        "A for ann: 1 cup",
        "
        north: 0 free, sale_not_open
        south: 0 free, sale_not_open
        refused: SaleNotOpen
        ",
    );
}

#[test]
fn what_is_not_there_queues_and_before_a_release_all_of_it_does() {
    explained(
        "
        new cup backorder 5
        receive 2 cup at north
        ",
        "A for ann: 3 cup",
        "
        north: 2 free, 2 taken
        1 queued
        ",
    );
    explained(
        "
        new cup preorder 10 release 1h
        receive 2 cup at north
        ",
        "A for ann: 3 cup",
        "
        north: 0 free, before_release
        3 queued
        ",
    );
}

#[test]
fn units_that_would_not_fill_another_box_are_left() {
    explained(
        "
        new cup by 6 source ranked rank north,south
        receive 6 cup at north
        receive 3 cup at south
        ",
        "A for ann or-drop: 12 cup",
        "
        north: 6 free, 6 taken
        south: 3 free, not_whole
        ",
    );
}

#[test]
fn of_a_refused_request_every_place_says_what_it_had() {
    explained(
        SHELVES,
        "A for ann source ranked or-kill: 20 cup",
        "
        east: 6 free, refused
        north: 4 free, refused
        south: 9 free, refused
        refused: InsufficientStock
        ",
    );
}

#[test]
fn what_is_on_offer_to_the_customer_is_free_for_that_customer_alone() {
    let day = "
        new cup waiting 10min
        join for ann: 2 cup
        receive 3 cup at north
    ";
    explained(day, "A for ann: 3 cup", "north: 3 free, 3 taken");
    explained(day, "B for bob: 1 cup", "north: 1 free, 1 taken");
}

#[test]
fn only_a_place_that_is_not_passed_over_gives_units() {
    let free = Quantity::new(5).unwrap();
    let of = |outcome| Considered { location: LocationId::main(), free, outcome }.taken().units();
    assert_eq!(of(SourceOutcome::Taken(LineQuantity::new(3).unwrap())), 3);
    for why in PassedOver::ALL {
        assert_eq!(of(SourceOutcome::PassedOver(why)), 0, "{why:?}");
    }
}
