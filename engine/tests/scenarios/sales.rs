//! Sales: a window in time, units set aside, a limit for each customer.

use super::script::{check, run, sku};

#[test]
fn a_sale_sells_what_was_set_aside_and_not_one_unit_more() {
    check(
        "
        new cup
        receive 10 cup
        sale cup spring for 1h aside 3 main
        reserve A for ann: 2 cup
        reserve B for bob: 2 cup    | refused: InsufficientStock, 2 asked for, 1 available
        reserve B for bob: 1 cup
        reserve C for cleo: 1 cup   | refused: InsufficientStock, 0 available
        ",
        "
        cup: 10 on hand, 3 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn sold_out_ends_at_the_instant_a_unit_comes_back() {
    check(
        "
        new cup
        receive 10 cup
        sale cup spring aside 1 main
        reserve A for ann lasting 1min: 1 cup
        reserve B for bob: 1 cup    | refused: InsufficientStock
        wait 1min
        reserve B for bob: 1 cup
        commit B
        reserve C for cleo: 1 cup   | refused: InsufficientStock
        ",
        "
        cup: 10 on hand, 0 held, 1 promised, 0 available
        ",
    );
}

#[test]
fn what_is_set_aside_is_not_for_the_public_before_and_what_is_left_of_it_is_afterwards() {
    check(
        "
        new cup
        receive 10 cup
        sale cup spring in 1h for 1h aside 4 main
        reserve A for ann: 7 cup    | refused: InsufficientStock, 6 available
        reserve A for ann lasting 5h: 6 cup
        wait 1h
        reserve B for bob lasting 5h: 1 cup
        reserve C for cleo lasting 5h: 4 cup   | refused: InsufficientStock, 3 available
        wait 1h
        reserve C for cleo: 3 cup
        ",
        "
        cup: 10 on hand, 10 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn the_end_of_a_sale_serves_those_that_queue() {
    check(
        "
        new cup backorder unlimited
        receive 5 cup
        sale cup spring in 1h for 1h aside 5 main
        reserve A for ann: 2 cup
        commit A
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 0 available, 2 queued
        ",
    );
    check(
        "
        new cup backorder unlimited
        receive 5 cup
        sale cup spring in 1h for 1h aside 5 main
        reserve A for ann: 2 cup
        commit A
        wait 2h
        ",
        "
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn what_the_release_frees_is_given_before_what_the_end_of_a_sale_frees_however_late_anybody_looks() {
    let script = |waits: &str| {
        format!(
            "
            new cup preorder 9 release 1h
            receive 2 cup
            receive 2 cup at north
            sale cup spring in 90min for 30min aside 2 main
            reserve A for ann: 2 cup
            commit A
            reserve B for bob: 2 cup at north
            commit B
            {waits}
            "
        )
    };
    // Ann has what lies free in the north as soon as it is released, so there is nothing left there for bob.
    let expected = "
        cup: 2 on hand, 0 held, 0 promised, 2 available, 2 queued
        cup at north: 2 on hand, 0 held, 2 promised, 0 available, 2 queued
        cup line A: 2 kept, 0 queued, 0 lapsed
        cup line B: 0 kept, 2 queued, 0 lapsed
        ";
    check(&script("wait 3h"), expected);
    check(&script("wait 1h\nsweep\nreceive 0 cup\nwait 2h"), expected);
}

#[test]
fn a_customer_has_no_more_than_the_limit_over_all_baskets_and_orders() {
    check(
        "
        new cup price 1.00
        receive 20 cup
        sale cup spring limit 3
        reserve A for ann: 2 cup
        reserve B for ann: 2 cup    | refused: CustomerLimit, 3 for each customer in the sale spring, 2 bought
        reserve C for bob: 3 cup
        order O1 for ann: 1 cup
        O1 finishes
        reserve D for ann: 1 cup    | refused: CustomerLimit
        release A
        reserve D for ann: 2 cup
        commit D: 1
        reserve E for ann: 1 cup
        cancel O1
        reserve F for ann: 1 cup
        reserve G for ann: 1 cup    | refused: CustomerLimit
        ",
        "
        cup: 20 on hand, 5 held, 1 promised, 14 available
        ",
    );
}

#[test]
fn what_was_shipped_stays_bought_when_it_comes_back() {
    check(
        "
        new cup price 1.00
        receive 20 cup
        sale cup spring limit 2 aside 5 main
        order O1 for ann: 2 cup
        O1 finishes
        ship O1
        return O1: 2 cup
        reserve A for ann: 1 cup    | refused: CustomerLimit
        reserve B for bob: 2 cup
        reserve C for cleo: 2 cup   | refused: InsufficientStock, 1 available
        ",
        "
        O1: returned; refund 1
        ",
    );
}

#[test]
fn a_sale_that_is_not_open_sells_nothing_where_that_is_wished() {
    check(
        "
        new cup
        receive 5 cup
        sale cup spring in 1h exclusive
        reserve A for ann: 1 cup    | refused: SaleNotOpen, the sale spring is scheduled
        wait 1h
        reserve A for ann: 1 cup
        sale cup spring paused
        reserve B for bob: 1 cup    | refused: SaleNotOpen, paused
        sale cup spring
        reserve B for bob: 1 cup
        end-sale cup spring
        reserve C for cleo: 1 cup
        ",
        "
        cup: 5 on hand, 3 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn one_sale_follows_the_other_and_its_limits_begin_anew() {
    check(
        "
        new cup
        receive 5 cup
        sale cup spring limit 1
        reserve A for ann: 1 cup
        sale cup summer limit 1             | refused: OtherSale, spring
        end-sale cup summer                 | refused: SaleNotFound
        end-sale cup spring key end
        end-sale cup spring key end         | done before
        sale cup spring limit 2             | refused: OtherSale
        sale cup summer limit 1
        reserve B for ann: 1 cup
        release A
        reserve C for ann: 1 cup            | refused: CustomerLimit
        sale cup summer in 2h for 0s        | refused: SaleContradiction
        ",
        "
        cup: 5 on hand, 1 held, 0 promised, 4 available
        ",
    );
}

#[test]
fn what_a_sale_sells_is_told() {
    let shop = run("
        new cup
        receive 9 cup
        sale cup spring limit 3 aside 5 main
        reserve A for ann: 2 cup
        reserve B for bob: 1 cup
        commit B
        ");
    let product = shop.driver.product(&sku("cup"));
    let sale = product.sale().unwrap();
    let ann = holdfast_engine::CustomerId::new("ann").unwrap();
    assert_eq!((sale.sold().units(), sale.bought_by(&ann).units()), (3, 2));
}

#[test]
fn a_sale_lets_in_so_many_customers_at_a_time_and_who_is_in_may_take_more() {
    check(
        "
        new cup price 1.00
        receive 20 cup
        sale cup spring admits 2
        reserve A for ann lasting 10min: 1 cup
        reserve B for bob: 1 cup
        reserve C for cleo: 1 cup   | refused: SaleFull, admits 2 customers at a time
        reserve D for ann: 3 cup
        release A
        reserve C for cleo: 1 cup   | refused: SaleFull
        release D
        reserve C for cleo: 1 cup
        reserve E for dan: 1 cup    | refused: SaleFull
        commit B
        reserve E for dan: 1 cup
        reserve F for bob: 1 cup    | refused: SaleFull
        wait 1h
        reserve F for bob: 1 cup
        ",
        "
        cup: 20 on hand, 1 held, 1 promised, 18 available
        ",
    );
}

#[test]
fn a_sale_that_admits_nobody_lets_those_go_on_who_are_in() {
    check(
        "
        new cup price 1.00
        receive 20 cup
        sale cup spring
        reserve A for ann: 1 cup
        sale cup spring admits 0
        reserve B for bob: 1 cup    | refused: SaleFull
        change A: 2 cup
        reserve C for ann: 1 cup
        order O1 for ann: 1 cup
        O1 finishes
        release C
        release A
        reserve D for ann: 1 cup    | refused: SaleFull
        sale cup spring
        reserve B for bob: 1 cup
        ",
        "
        cup: 20 on hand, 1 held, 1 promised, 18 available
        ",
    );
}
