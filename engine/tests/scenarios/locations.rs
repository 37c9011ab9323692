//! Giving a location up: what lies there goes elsewhere, and nobody's claim is lost.

use super::script::{check, run};

#[test]
fn what_lies_there_goes_to_the_other_as_it_is() {
    let shop = run("
        new cup
        receive 4 cup at north
        receive 2 cup of damaged at north
        receive 1 cup of unseen at north
        receive 3 cup at south
        drop cup at north to south
        drop cup at north to south           | refused: UnknownLocation
        reserve A for ann: 1 cup at north    | refused: UnknownLocation
        reserve A for ann: 7 cup at south
        ");
    assert_eq!(
        shop.describe("cup at south"),
        "10 on hand (2 damaged) (1 unseen), 7 held, 0 promised, 0 available"
    );
    let product = shop.driver.product(&super::script::sku("cup"));
    let names: Vec<_> = product.levels().map(|(location, _)| location.as_str()).collect();
    assert_eq!(names, ["south"]);
}

#[test]
fn an_empty_one_needs_no_other_and_a_full_one_does() {
    check(
        "
        new cup
        receive 1 cup at north
        count 0 cup at south
        drop cup at south
        count 0 cup at south
        drop cup at north                    | refused: LocationNotEmpty
        drop cup at north to north           | refused: TransferToSelf
        drop cup at north to east            | refused: UnknownDestination
        drop cup at east to north            | refused: UnknownLocation
        drop cup at south
        drop cup at north                    | refused: LastLocation
        ",
        "cup at north: 1 on hand, 0 held, 0 promised, 1 available",
    );
}

#[test]
fn a_location_in_use_is_not_given_up() {
    check(
        "
        new cup backorder unlimited waiting 10min
        count 0 cup at north
        receive 1 cup at south
        reserve A for ann: 1 cup at north
        drop cup at north                    | refused: LocationInUse, 1 queued for
        commit A
        drop cup at north                    | refused: LocationInUse, 1 queued for
        receive 1 cup at north
        drop cup at north to south           | refused: LocationInUse, 1 allocated
        reserve B for bob: 1 cup at south
        drop cup at south to north           | refused: LocationInUse, 1 held
        announce L 5 cup at south
        drop cup at south to north           | refused: LocationInUse, 5 on their way
        count 0 cup at east
        join for ann: 2 cup at east
        drop cup at east                     | refused: LocationInUse, 2 waited for
        leave cup for ann
        sale cup spring in 1h for 1h aside 5 east
        drop cup at east                     | refused: LocationInUse, 5 set aside
        wait 2h
        drop cup at east
        ",
        "B: lapsed",
    );
}

#[test]
fn what_was_shipped_from_there_comes_back_to_where_its_units_went() {
    check(
        "
        new cup price 1.00
        receive 2 cup at north
        receive 1 cup at south
        order O for ann: 3 cup
        O finishes
        ship O
        drop cup at north to south
        return O: 3 cup
        ",
        "cup at south: 3 on hand, 0 held, 0 promised, 3 available",
    );
}

#[test]
fn one_that_was_given_up_without_another_is_there_again_when_something_comes_back() {
    check(
        "
        new cup price 1.00
        receive 2 cup at north
        count 0 cup at south
        order O for ann: 2 cup
        O finishes
        ship O
        drop cup at north
        return O: 1 cup
        reserve A for bob: 1 cup at north
        ",
        "cup at north: 1 on hand, 1 held, 0 promised, 0 available",
    );
}

#[test]
fn units_that_come_to_an_open_location_serve_who_queues() {
    check(
        "
        new cup backorder unlimited closed north
        receive 2 cup at north
        count 0 cup at south
        reserve A for ann: 1 cup
        commit A
        drop cup at north to south
        ",
        "cup at south: 2 on hand, 0 held, 1 promised, 1 available",
    );
}

#[test]
fn it_is_done_once_under_one_key() {
    check(
        "
        new cup
        receive 2 cup at north
        receive 1 cup at south
        drop cup at north to south key k
        drop cup at north to south key k     | done before
        drop cup at south to north key k     | refused: KeyReused
        ",
        "cup at south: 3 on hand, 0 held, 0 promised, 3 available",
    );
}

#[test]
fn a_count_that_is_told_late_knows_what_left_when_the_location_was_given_up() {
    check(
        "
        new cup
        receive 5 cup at north
        count 0 cup at south
        wait 10min
        drop cup at north to south
        wait 10min
        count 7 cup at north back 15min
        count 4 cup at north back 15min      | refused: StockBelowZero
        ",
        "
        cup at north: 2 on hand, 0 held, 0 promised, 2 available
        cup at south: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}
