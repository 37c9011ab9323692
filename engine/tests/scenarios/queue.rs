//! The demand book: who queues, on what terms, and who is served when units come.

use super::script::{check, run, sku};

#[test]
fn what_is_not_there_is_refused_dropped_or_queued_as_the_customer_wishes() {
    check(
        "
        new cup backorder unlimited
        receive 3 cup
        reserve A for ann or-kill: 5 cup    | refused: InsufficientStock, 5 asked for, 3 available
        reserve B for bob or-drop: 5 cup
        reserve C for cleo or-drop: 1 cup   | refused: InsufficientStock, 0 available
        reserve D for dan or-queue: 2 cup
        ",
        "
        cup: 3 on hand, 3 held, 0 promised, 0 available, 2 queued
        ",
    );
}

#[test]
fn a_dropped_line_makes_no_empty_one() {
    let shop = run("
        new cup
        new pot
        reserve A for ann or-drop: 2 cup, 2 pot   | refused: InsufficientStock, cup: 2 asked for, 0 available
        receive 1 pot
        reserve A for ann or-drop: 2 cup, 2 pot
        ");
    let basket = shop.driver.reservations().next().unwrap();
    let lines: Vec<_> =
        basket.lines().iter().map(|line| (line.sku.as_str(), line.quantity.units())).collect();
    assert_eq!(lines, [("pot", 1)]);
}

#[test]
fn without_backorders_nobody_may_queue() {
    check(
        "
        new cup
        receive 3 cup
        reserve A for ann or-queue: 5 cup   | refused: InsufficientStock
        reserve A for ann: 5 cup            | refused: InsufficientStock
        ",
        "
        cup: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn the_oversell_limit_counts_what_queues_and_not_what_is_there() {
    check(
        "
        new cup backorder 5
        receive 2 cup
        reserve A for ann: 8 cup    | refused: InsufficientStock
        reserve A for ann: 7 cup
        reserve B for bob: 1 cup    | refused: InsufficientStock
        ",
        "
        cup: 2 on hand, 2 held, 0 promised, 0 available, 5 queued
        ",
    );
}

#[test]
fn restocked_units_go_to_the_oldest_order_first() {
    check(
        "
        new cup backorder unlimited price 1.00
        order O1 for ann: 3 cup
        O1 finishes
        order O2 for bob: 3 cup
        O2 finishes
        receive 4 cup
        ship O2: 2 cup      | refused: NotOnShelf, 2 to ship, 1 there for it
        ship O1: 3 cup
        ship O2: 1 cup
        ",
        "
        O1: shipped; rest
        O2: partially_shipped; rest
        cup: 0 on hand, 0 held, 0 promised, 0 available, 2 queued
        ",
    );
}

#[test]
fn who_promised_first_is_served_first_whoever_filled_his_basket_first() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 1 cup
        reserve B for bob: 1 cup
        commit B
        commit A
        receive 1 cup
        ",
        "
        cup: 1 on hand, 0 held, 1 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn a_basket_that_is_not_paid_gets_nothing_of_a_restock() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 2 cup
        receive 5 cup
        reserve B for bob: 5 cup
        ",
        "
        cup: 5 on hand, 5 held, 0 promised, 0 available, 2 queued
        ",
    );
}

#[test]
fn the_public_sees_a_unit_only_when_nobody_queues_for_it() {
    check(
        "
        new cup backorder unlimited
        receive 2 cup
        reserve A for ann: 2 cup
        reserve B for bob: 3 cup
        commit B
        release A
        reserve C for cleo or-kill: 1 cup   | refused: InsufficientStock
        receive 2 cup
        ",
        "
        cup: 4 on hand, 0 held, 3 promised, 1 available
        ",
    );
}

#[test]
fn a_lapsed_hold_feeds_the_queue_at_its_deadline() {
    check(
        "
        new cup backorder unlimited
        receive 2 cup
        reserve A for ann lasting 1min: 2 cup
        reserve B for bob: 1 cup
        commit B
        wait 1min
        ",
        "
        A: lapsed
        cup: 2 on hand, 0 held, 1 promised, 1 available
        ",
    );
}

#[test]
fn lowered_demand_fills_nobody_elses() {
    check(
        "
        new cup backorder unlimited price 1.00
        order O1 for ann: 3 cup
        O1 finishes
        order O2 for bob: 3 cup
        O2 finishes
        cancel O1
        ",
        "
        cup: 0 on hand, 0 held, 0 promised, 0 available, 3 queued
        ",
    );
}

#[test]
fn a_cancelled_order_gives_up_its_queue_and_its_units_go_to_the_next() {
    check(
        "
        new cup backorder unlimited price 1.00
        receive 2 cup
        order O1 for ann: 5 cup
        O1 finishes
        order O2 for bob: 3 cup
        O2 finishes
        cancel O1
        ",
        "
        O1: cancelled; refund 1
        cup: 2 on hand, 0 held, 2 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn a_returned_unit_goes_to_the_queue_and_a_damaged_one_to_nobody() {
    check(
        "
        new cup backorder unlimited price 1.00
        receive 2 cup
        order O1 for ann: 2 cup
        O1 finishes
        ship O1
        order O2 for bob: 3 cup
        O2 finishes
        return-damaged O1: 1 cup
        return O1: 1 cup
        ",
        "
        cup: 2 on hand (1 damaged), 0 held, 1 promised, 0 available, 2 queued
        ",
    );
}

#[test]
fn a_better_class_is_served_before_whoever_came_first() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann class 2: 2 cup
        commit A
        reserve B for bob class 1: 2 cup
        commit B
        receive 3 cup
        commit A     | refused: ReservationCommitted
        ",
        "
        cup: 3 on hand, 0 held, 3 promised, 0 available, 1 queued
        ",
    );
    let shop = run("
        new cup backorder unlimited
        reserve A for ann class 2: 2 cup
        commit A
        reserve B for bob class 1: 2 cup
        commit B
        receive 3 cup
        ");
    assert_eq!(queued_of(&shop, "A"), 1);
    assert_eq!(queued_of(&shop, "B"), 0);
}

#[test]
fn fair_shares_go_to_those_who_have_least() {
    for (fair, left) in [("", [0, 1, 4]), ("fair", [2, 2, 1])] {
        let shop = run(&format!(
            "
            new cup backorder unlimited {fair}
            reserve A for ann: 5 cup
            commit A
            reserve B for bob: 5 cup
            commit B
            receive 3 cup
            reserve C for cleo: 4 cup
            commit C
            receive 6 cup
            "
        ));
        assert_eq!(["A", "B", "C"].map(|basket| queued_of(&shop, basket)), left, "{fair}");
    }
}

#[test]
fn demand_for_one_location_is_not_served_from_another() {
    check(
        "
        new cup backorder unlimited
        count 0 cup at north
        reserve A for ann: 2 cup at north
        commit A
        reserve B for bob: 1 cup
        commit B
        receive 4 cup at south
        receive 1 cup at north
        ",
        "
        cup at north: 1 on hand, 0 held, 1 promised, 0 available, 1 queued
        cup at south: 4 on hand, 0 held, 1 promised, 3 available, 1 queued
        ",
    );
}

#[test]
fn a_place_in_the_queue_can_be_told() {
    let shop = run("
        new cup backorder unlimited
        count 0 cup at north
        count 0 cup at south
        reserve A for ann: 2 cup at north
        commit A
        reserve B for bob: 1 cup
        commit B
        reserve C for cleo: 1 cup at south
        commit C
        reserve D for dan class 6: 1 cup
        commit D
        ");
    let product = shop.driver.product(&sku("cup"));
    let position = |name| product.queue_position(hold(name));
    // Who asked for the south competes with nobody who asked for the north.
    assert_eq!(["A", "B", "C", "D"].map(position), [Some(0), Some(1), Some(1), Some(3)]);
    assert_eq!(position("E"), None);
}

#[test]
fn before_its_release_a_product_is_only_queued_for() {
    check(
        "
        new cup preorder 3 release 1h
        receive 5 cup
        reserve A for ann or-kill: 1 cup    | refused: InsufficientStock, 0 available
        reserve A for ann: 2 cup
        commit A
        reserve B for bob: 2 cup            | refused: InsufficientStock
        wait 59min
        reserve B for bob: 1 cup
        commit B
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 0 available, 3 queued
        ",
    );
    check(
        "
        new cup preorder 3 release 1h
        receive 5 cup
        reserve A for ann: 2 cup
        commit A
        wait 1h
        reserve C for cleo: 3 cup
        reserve D for dan: 1 cup            | refused: InsufficientStock
        ",
        "
        cup: 5 on hand, 3 held, 2 promised, 0 available
        ",
    );
}

#[test]
fn less_is_committed_than_is_there_and_the_rest_stops_queueing() {
    check(
        "
        new cup backorder unlimited
        receive 4 cup
        reserve A for ann: 6 cup
        commit A: 3
        ",
        "
        cup: 4 on hand, 0 held, 3 promised, 1 available
        ",
    );
}

#[test]
fn a_product_somebody_queues_for_cannot_be_deleted() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 1 cup
        delete cup      | refused: ProductInUse, 1 queued for
        commit A
        delete cup      | refused: ProductInUse, 1 queued for
        ",
        "
        A: committed
        ",
    );
}

#[test]
fn raising_the_cap_lets_more_queue_and_lowering_it_sends_nobody_away() {
    check(
        "
        new cup backorder 1
        reserve A for ann: 2 cup    | refused: InsufficientStock
        new cup backorder 2
        reserve A for ann: 2 cup
        new cup
        commit A
        receive 1 cup
        ",
        "
        cup: 1 on hand, 0 held, 1 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn lowered_safety_stock_feeds_the_queue() {
    check(
        "
        new cup backorder unlimited safety 3
        receive 3 cup
        reserve A for ann: 2 cup
        commit A
        new cup backorder unlimited safety 2
        ",
        "
        cup: 3 on hand, 0 held, 1 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn a_cap_has_no_effect_while_backorders_are_off_and_counts_beyond_the_shelf_while_they_are_on() {
    check(
        "
        new cup
        receive 8 cup
        reserve A for ann: 9 cup    | refused: InsufficientStock, 8 available
        new cup backorder 4
        reserve A for ann: 13 cup   | refused: InsufficientStock, 8 available
        reserve A for ann: 12 cup
        commit A
        reserve B for bob: 1 cup    | refused: InsufficientStock, 0 available
        ",
        "
        cup: 8 on hand, 0 held, 8 promised, 0 available, 4 queued
        ",
    );
}

#[test]
fn a_cap_of_nothing_lets_nobody_queue() {
    check(
        "
        new cup backorder 0
        receive 2 cup
        reserve A for ann: 3 cup            | refused: InsufficientStock
        reserve A for ann or-queue: 3 cup   | refused: InsufficientStock
        reserve A for ann: 2 cup
        ",
        "
        cup: 2 on hand, 2 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn an_order_that_is_still_being_paid_gets_nothing_of_a_restock() {
    check(
        "
        new cup backorder unlimited price 1.00
        order O1 for ann: 2 cup
        O1 asks         | payment_pending; authorise after 1
        order O2 for bob: 2 cup
        O2 finishes
        receive 2 cup
        O1 approved
        O1 finishes
        receive 1 cup
        ship O1: 2 cup  | refused: NotOnShelf, 2 to ship, 1 there for it
        ship O2: 2 cup
        ",
        "
        O2: shipped; rest
        cup: 1 on hand, 0 held, 1 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn a_product_taken_off_sale_still_serves_those_who_queue() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 2 cup
        commit A
        new cup backorder unlimited unsellable
        receive 3 cup
        reserve B for bob: 1 cup    | refused: NotSellable
        ",
        "
        cup: 3 on hand, 0 held, 2 promised, 0 available
        ",
    );
}

fn queued_of(shop: &super::script::Shop, basket: &str) -> u64 {
    let product = shop.driver.product(&sku("cup"));
    product.allocation(hold(basket)).unwrap().queued.units()
}

fn hold(basket: &str) -> holdfast_engine::HoldId {
    let reservation = holdfast_engine::ReservationId(super::script::number(basket));
    holdfast_engine::HoldId { reservation, line: 0 }
}

#[test]
fn who_asks_for_one_location_and_who_takes_any_stand_in_one_line_there() {
    for (first, second) in [("", " at north"), (" at north", "")] {
        let script = format!(
            "
            new cup backorder 9
            receive 1 cup at north
            remove 1 cup at north
            reserve A for ann: 2 cup{first}
            commit A
            reserve B for bob: 2 cup{second}
            commit B
            reserve C for cleo: 2 cup{first}
            commit C
            receive 3 cup at north
            "
        );
        check(
            &script,
            "
            cup line A: 2 kept, 0 queued, 0 lapsed
            cup line B: 1 kept, 1 queued, 0 lapsed
            cup line C: 0 kept, 2 queued, 0 lapsed
            ",
        );
    }
}

#[test]
fn who_takes_what_there_is_keeps_to_the_rules_about_quantities() {
    check(
        "
        new cup line-min 6 by 6
        receive 8 cup
        receive 3 cup at north
        reserve A for ann or-drop: 12 cup
        reserve B for bob or-drop: 6 cup    | refused: InsufficientStock
        ",
        "
        cup: 8 on hand, 6 held, 0 promised, 2 available
        cup at north: 3 on hand, 0 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn a_location_the_product_has_never_been_at_is_not_queued_for() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve A for ann: 1 cup at nroth   | refused: UnknownLocation, cup has never been at nroth
        ",
        "
        cup: 1 on hand, 0 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn trying_again_helps_exactly_where_live_holds_are_in_the_way() {
    let retryable = |script: &str, lines: &str| {
        let mut shop = run(script);
        match shop.refusal(lines) {
            holdfast_engine::Rejection::InsufficientStock(shortage) => shortage.may_pass,
            other => panic!("{other}"),
        }
    };
    // Somebody holds enough.
    assert!(retryable("new cup\nreceive 2 cup\nreserve A for ann: 2 cup", "2 cup"));
    assert!(!retryable("new cup\nreceive 2 cup\nreserve A for ann: 2 cup", "3 cup"));
    // What he lets go of is for those that queue.
    let queue =
        "new cup backorder 3\nreceive 2 cup\nreserve A for ann: 2 cup\nreserve B for bob: 3 cup\ncommit B";
    assert!(retryable(queue, "2 cup"), "two are served, and two may queue");
    assert!(!retryable(queue, "3 cup"));
    // One may come from the shelf and one queue.
    assert!(retryable("new cup backorder 1\nreceive 1 cup\nreserve A for ann: 1 cup", "2 cup"));
    // A count found less than is held.
    assert!(!retryable("new cup\nreceive 5 cup\nreserve A for ann: 5 cup\ncount 1 cup", "2 cup"));
}
