//! Deadlines: when a claim ends by itself, and what that gives back.

use holdfast_engine::product::{Claim, OpenHolds, ProductCommand, Terms};
use holdfast_engine::{CustomerId, LineQuantity, LocationId, Rejection, ReservationId};

use super::script::{check, run, sku};

#[test]
fn a_hold_lapses_at_the_very_instant_of_its_deadline() {
    check(
        "
        new cup
        receive 1 cup
        reserve A for ann lasting 1s: 1 cup
        wait 999ms
        reserve B for bob: 1 cup        | refused: InsufficientStock
        wait 1ms
        reserve B for bob: 1 cup
        ",
        "
        A: lapsed
        cup: 1 on hand, 1 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_lapsed_basket_cannot_be_committed_and_nothing_moves() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann lasting 1s: 3 cup
        wait 1s
        commit A    | refused: ReservationExpired
        release A   | refused: ReservationExpired
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        A: lapsed
        ",
    );
}

#[test]
fn one_millisecond_before_its_deadline_a_basket_can_be_committed() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann lasting 1s: 3 cup
        wait 999ms
        commit A
        wait 1h
        sweep
        ",
        "
        cup: 5 on hand, 0 held, 3 promised, 2 available
        A: committed
        ",
    );
}

#[test]
fn a_lapsed_hold_does_not_count_before_anybody_has_swept_it() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann lasting 1min: 5 cup
        wait 1min
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        A: lapsed
        ",
    );
}

#[test]
fn a_sweep_takes_the_lapsed_and_leaves_the_live() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann lasting 1min: 2 cup
        reserve B for bob lasting 2min: 2 cup
        wait 1min
        sweep
        sweep
        ",
        "
        A: lapsed
        B: held for 60000 ms
        cup: 5 on hand, 2 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn a_lapsed_hold_whose_units_were_sold_cannot_be_extended() {
    check(
        "
        new cup
        receive 2 cup
        reserve A for ann lasting 1min: 2 cup
        wait 1min
        reserve B for bob: 2 cup
        commit B
        extend A by 1h      | refused: ReservationExpired
        ",
        "
        A: lapsed
        cup: 2 on hand, 0 held, 2 promised, 0 available
        ",
    );
}

#[test]
fn a_lapsed_basket_that_nobody_has_swept_cannot_be_extended() {
    check(
        "
        new cup
        receive 2 cup
        reserve A for ann lasting 1min: 2 cup
        wait 1min
        extend A by 1h      | refused: ReservationExpired
        ",
        "
        A: lapsed
        cup: 2 on hand, 0 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn extending_one_basket_moves_no_other() {
    check(
        "
        new cup
        receive 4 cup
        reserve A for ann lasting 1min: 2 cup
        reserve B for bob lasting 1min: 2 cup
        wait 30s
        extend A by 1min
        wait 30s
        ",
        "
        A: held for 30000 ms
        B: lapsed
        cup: 4 on hand, 2 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn an_extension_counts_from_now_and_may_be_shorter() {
    check(
        "
        new cup
        receive 2 cup
        reserve A for ann lasting 1h: 2 cup
        wait 1min
        extend A by 1min
        wait 59s
        ",
        "
        A: held for 1000 ms
        ",
    );
}

#[test]
fn every_line_of_a_basket_lapses_together() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        reserve A for ann lasting 1min: 3 cup, 2 pot
        wait 1min
        reserve B for bob: 5 cup
        ",
        "
        A: lapsed
        pot: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_commit_that_came_in_time_stands_where_the_product_hears_of_it_late() {
    check(
        "
        new cup
        receive 3 cup
        reserve A for ann lasting 1min: 2 cup
        lag
        commit A
        wait 2min
        reserve B for bob: 2 cup    | refused: InsufficientStock, 1 available
        ",
        "
        cup: 3 on hand, 0 held, 2 promised, 1 available
        ",
    );
}

#[test]
fn an_extension_that_came_in_time_stands_where_the_product_hears_of_it_late() {
    check(
        "
        new cup
        receive 3 cup
        reserve A for ann lasting 1min: 2 cup
        lag
        extend A by 1h
        wait 2min
        reserve B for bob: 2 cup    | refused: InsufficientStock, 1 available
        ",
        "
        A: held for 3480000 ms
        cup: 3 on hand, 2 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn another_baskets_hold_is_in_the_way_until_it_ends() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 4 cup
        reserve B for bob: 3 cup    | refused: InsufficientStock, 1 available
        release A
        reserve B for bob: 3 cup
        ",
        "
        cup: 5 on hand, 3 held, 0 promised, 2 available
        ",
    );
}

/// What comes back elsewhere is of no use here.
#[test]
fn a_shortage_where_nobody_holds_anything_tells_no_deadline() {
    let mut shop = run("
        new cup
        count 0 cup at south
        receive 1 cup at north
        reserve A for ann lasting 1min: 1 cup at north
        ");
    let claim =
        Claim { location: Some(LocationId::new("south").unwrap()), quantity: LineQuantity::new(1).unwrap() };
    let open = OpenHolds {
        reservation: ReservationId(9),
        first_line: 0,
        claims: [claim].into_iter().collect(),
        terms: Terms::default(),
        customer: CustomerId::new("ann").unwrap(),
        expires_at: shop.driver.now,
    };
    let refusal = shop.driver.ask(&sku("cup"), &ProductCommand::Open(open)).unwrap_err();
    let Rejection::InsufficientStock(shortage) = refusal else { panic!("{refusal}") };
    assert_eq!((shortage.held.units(), shortage.next_expiry), (0, None));
}
