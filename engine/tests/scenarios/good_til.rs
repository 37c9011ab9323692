//! Demand that queues up to a date: what is dropped then, who hears of it, and what is paid back.

use holdfast_engine::order::OrderEvent;
use holdfast_engine::product::ProductEvent;
use holdfast_engine::reservation::ReservationEvent;
use holdfast_engine::{Event, OperationId, OrderId};

use super::driver::restart_from;
use super::script::{check, number, run, sku};

#[test]
fn what_still_queues_at_its_date_is_dropped_and_what_is_there_stays() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve A for ann till 1h: 4 cup
        commit A
        receive 1 cup
        wait 3599999ms
        ",
        "
        cup: 2 on hand, 0 held, 2 promised, 0 available, 2 queued
        cup line A: 2 kept, 2 queued, 0 lapsed
        ",
    );
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve A for ann till 1h: 4 cup
        commit A
        receive 1 cup
        wait 1h
        receive 5 cup
        ",
        "
        cup: 7 on hand, 0 held, 2 promised, 5 available
        cup line A: 2 kept, 0 queued, 2 lapsed
        A: committed
        ",
    );
}

#[test]
fn a_unit_that_comes_at_the_very_date_comes_too_late() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann till 1min: 1 cup
        commit A
        reserve B for bob: 1 cup
        commit B
        reserve C for cleo lasting 1min: 1 cup
        wait 1min
        receive 1 cup
        ",
        "
        cup line A: 0 kept, 0 queued, 1 lapsed
        cup line B: 1 kept, 0 queued, 0 lapsed
        ",
    );
}

#[test]
fn a_hold_that_lapses_at_the_date_gives_its_units_to_the_next() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve C for cleo lasting 1min: 1 cup
        reserve A for ann till 1min: 1 cup
        commit A
        reserve B for bob: 1 cup
        commit B
        wait 2min
        ",
        "
        cup line A: 0 kept, 0 queued, 1 lapsed
        cup line B: 1 kept, 0 queued, 0 lapsed
        ",
    );
}

#[test]
fn a_hold_that_lapses_before_the_date_serves_it_however_late_anybody_looks() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve C for cleo lasting 1min: 1 cup
        reserve A for ann till 61s: 2 cup
        commit A
        wait 3h
        ",
        "
        cup line A: 1 kept, 0 queued, 1 lapsed
        ",
    );
}

#[test]
fn a_release_before_the_date_serves_it_and_one_at_the_date_does_not() {
    for (date, line) in [("61s", "1 kept, 0 queued, 0 lapsed"), ("60s", "0 kept, 0 queued, 1 lapsed")] {
        let script = format!(
            "
            new cup preorder 5 release 1min
            receive 1 cup
            reserve A for ann till {date}: 1 cup
            commit A
            wait 3h
            "
        );
        check(&script, &format!("cup line A: {line}"));
    }
}

#[test]
fn units_that_are_called_off_after_others_lapsed_are_other_units() {
    check(
        "
        new cup price 1.00 backorder unlimited
        receive 3 cup
        order O1 for ann till 1h: 5 cup
        O1 finishes
        wait 1h
        cancel O1: 1 cup
        O1 finishes
        ",
        "
        cup: 3 on hand, 0 held, 2 promised, 1 available
        cup line O1: 2 kept, 0 queued, 2 lapsed
        O1 refunds: 2.00 paid, 1.00 paid
        ",
    );
}

#[test]
fn what_a_key_left_of_an_order_tells_what_had_lapsed_if_anything_had() {
    let shop = run("
        new cup price 1.00 backorder unlimited
        receive 3 cup
        order O1 for ann till 1h: 5 cup
        O1 finishes
        readdress O1 to leeds key early
        wait 1h
        readdress O1 to york key late
        ");
    let order = shop.driver.order(OrderId(number("O1"))).unwrap();
    let lapsed = |key| order.operation(OperationId(number(key))).unwrap().result.lapsed.clone();
    assert_eq!(lapsed("early"), []);
    assert_eq!(lapsed("late"), [super::script::quantity("2")]);
}

#[test]
fn several_dates_come_one_after_the_other() {
    check(
        "
        new cup backorder 9
        reserve A for ann till 3h: 1 cup
        reserve B for bob till 1h: 2 cup
        reserve C for cleo till 2h: 4 cup
        commit A
        commit B
        commit C
        wait 2h
        ",
        "
        cup line A: 0 kept, 1 queued, 0 lapsed
        cup line B: 0 kept, 0 queued, 2 lapsed
        cup line C: 0 kept, 0 queued, 4 lapsed
        cup: 0 on hand, 0 held, 0 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn what_lapses_makes_room_for_others_to_queue_and_is_no_supply() {
    check(
        "
        new cup backorder 3
        reserve A for ann till 1min: 2 cup
        commit A
        reserve B for bob: 2 cup            | refused: InsufficientStock, 0 available
        wait 1min
        reserve B for bob: 3 cup
        commit B
        ",
        "
        cup: 0 on hand, 0 held, 0 promised, 0 available, 3 queued
        ",
    );
}

#[test]
fn a_basket_that_is_only_held_is_not_touched_by_the_date() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve A for ann till 1min lasting 10min: 3 cup
        wait 5min
        ",
        "
        A: held for 300000 ms
        cup: 1 on hand, 1 held, 0 promised, 0 available, 2 queued
        ",
    );
}

#[test]
fn a_commit_at_or_after_the_date_drops_what_queues_even_if_units_are_free() {
    for late in ["1min", "5min"] {
        let script = format!(
            "
            new cup backorder unlimited
            receive 1 cup
            reserve A for ann till 1min: 3 cup
            receive 1 cup
            wait {late}
            commit A
            "
        );
        check(
            &script,
            "
            cup: 2 on hand, 0 held, 1 promised, 1 available
            cup line A: 1 kept, 0 queued, 2 lapsed
            ",
        );
    }
}

#[test]
fn a_commit_before_the_date_takes_what_is_free_also_if_the_shelf_hears_of_it_later() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve A for ann till 1min: 3 cup
        receive 1 cup
        lag
        commit A
        wait 2min
        catch up
        ",
        "
        cup line A: 2 kept, 0 queued, 1 lapsed
        ",
    );
}

#[test]
fn a_restart_serves_what_was_committed_in_time_before_it_drops_the_rest() {
    let mut shop = run("
        new cup backorder unlimited
        reserve A for ann till 1min: 3 cup
        receive 2 cup
        commit A
        ");
    let decided = |event: &Event| matches!(event, Event::Reservation(_, ReservationEvent::Committed { .. }));
    let cut = shop.driver.journal().iter().position(decided).unwrap() + 1;
    shop.row("wait 1h");
    let (world, _) = restart_from(shop.driver.journal(), cut, shop.driver.now);
    let (_, line) = world.products()[&sku("cup")].allocations().next().unwrap();
    let kept = line.open().units();
    assert_eq!((kept, line.queued.units(), line.lapsed.units()), (2, 0, 1));
}

#[test]
fn the_date_must_lie_ahead_and_not_too_far() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann till 0s: 1 cup        | refused: GoodTilOutOfRange
        reserve A for ann till 733d: 1 cup      | refused: GoodTilOutOfRange
        reserve A for ann till 732d: 1 cup
        change A till 0s: 2 cup                 | refused: GoodTilOutOfRange
        ",
        "
        cup: 0 on hand, 0 held, 0 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn a_line_that_queues_keeps_its_date_when_it_gets_more() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann till 2min: 1 cup
        reserve B for bob: 1 cup
        change A till 1min: 2 cup
        change B till 1min: 2 cup
        commit A
        commit B
        wait 1min
        ",
        "
        cup line A: 0 kept, 2 queued, 0 lapsed
        cup line B: 0 kept, 2 queued, 0 lapsed
        ",
    );
}

#[test]
fn a_line_that_queues_only_since_it_got_more_has_the_date_of_that() {
    check(
        "
        new cup backorder unlimited
        receive 1 cup
        reserve A for ann: 1 cup
        change A till 1min: 3 cup
        commit A
        wait 1min
        ",
        "
        cup line A: 1 kept, 0 queued, 2 lapsed
        ",
    );
}

#[test]
fn a_line_that_the_lots_reach_only_after_its_date_is_promised_nothing() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann till 1h: 2 cup
        commit A
        reserve B for bob till 121min: 2 cup
        commit B
        announce L 1 cup in 30min
        announce M 3 cup in 2h
        ",
        "
        cup promised A: nobody knows
        cup promised B: in 120 min
        cup next: in 120 min
        ",
    );
}

#[test]
fn in_a_sale_what_lapses_is_bought_no_more() {
    check(
        "
        new cup backorder unlimited
        sale cup spring for 9h limit 2
        reserve A for ann till 1min: 2 cup
        commit A
        reserve B for ann: 1 cup                | refused: CustomerLimit
        wait 1min
        reserve B for ann: 2 cup
        commit B
        reserve C for cleo till 1min: 2 cup
        wait 2min
        commit C
        reserve D for cleo: 2 cup
        ",
        "
        cup line C: 0 kept, 0 queued, 2 lapsed
        ",
    );
}

#[test]
fn what_lapses_of_an_order_is_paid_back_and_the_rest_ships() {
    check(
        "
        new cup price 5.00 backorder unlimited
        receive 2 cup
        order O1 for ann till 1h: 5 cup
        O1 finishes                             | confirmed; rest
        wait 1h
        O1 asks                                 | confirmed; refund 1 after 1
        O1 approved                             | confirmed; rest
        ship O1
        ",
        "
        O1: shipped; rest
        O1 refunds: 15.00 paid
        O1 reason: none
        cup: 0 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn an_order_of_which_nothing_was_there_in_time_is_over() {
    check(
        "
        new cup price 5.00 backorder unlimited
        new pot price 2.50 backorder unlimited
        order O1 for ann till 1h: 2 cup, 1 pot
        O1 finishes
        wait 1h
        cancel O1                               | refused: OrderState
        O1 finishes
        ",
        "
        O1: cancelled; rest
        O1 reason: not there in time
        O1 refunds: 12.50 paid
        ",
    );
}

#[test]
fn an_order_that_is_paid_after_its_date_is_paid_back_what_lapsed() {
    check(
        "
        new cup price 5.00 backorder unlimited
        receive 1 cup
        order O1 for ann till 1min: 3 cup
        O1 asks
        O1 approved
        O1 steps                                | payment_pending; capture
        wait 1min
        ",
        "
        O1: payment_pending; capture
        O1 refunds: none
        cup line O1: 1 kept, 0 queued, 2 lapsed
        ",
    );
    check(
        "
        new cup price 5.00 backorder unlimited
        receive 1 cup
        order O1 for ann till 1min: 3 cup
        O1 asks
        O1 approved
        wait 1min
        O1 steps                                | payment_pending; capture
        O1 asks
        O1 approved                             | confirmed; refund 1
        ",
        "
        O1 refunds: 10.00 owed
        cup line O1: 1 kept, 0 queued, 2 lapsed
        ",
    );
}

#[test]
fn an_order_that_fails_after_its_date_gives_back_what_is_left() {
    check(
        "
        new cup price 5.00 backorder unlimited
        receive 1 cup
        order O1 for ann till 1min: 3 cup
        O1 asks
        O1 approved
        O1 steps
        wait 1min
        O1 asks
        O1 declined                             | payment_pending; void
        O1 finishes
        ",
        "
        O1: payment_failed; rest
        O1 refunds: none
        cup: 1 on hand, 0 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn units_that_were_called_off_before_they_lapsed_are_paid_back_once() {
    check(
        "
        new cup price 5.00 backorder unlimited
        receive 1 cup
        order O1 for ann till 1h: 4 cup
        O1 finishes
        cancel O1: 1 cup
        wait 1h
        cancel O1: 2 cup                        | refused: LineExceeded
        O1 finishes
        ",
        "
        O1 refunds: 5.00 paid, 10.00 paid
        cup line O1: 1 kept, 0 queued, 2 lapsed
        ",
    );
}

#[test]
fn units_that_are_called_off_after_they_lapsed_unheard_of_are_the_same_units() {
    let mut shop = run("
        new cup price 5.00 backorder unlimited
        receive 1 cup
        order O1 for ann till 1h: 4 cup
        O1 finishes
        wait 1h
        ");
    let heard = |event: &Event| matches!(event, Event::Order(_, OrderEvent::UnitsLapsed { .. }));
    let journal = shop.driver.journal().to_vec();
    let at = journal.iter().position(heard).unwrap();
    let dropped = |event: &Event| matches!(event, Event::Product(_, ProductEvent::DemandLapsed { .. }));
    assert!(journal[..at].iter().any(dropped), "the product decides first");
    // What the order hears counts what is gone altogether, so what was called off meanwhile is in it.
    shop.row("cancel O1: 1 cup");
    let order = shop.driver.orders().next().unwrap();
    let line = &order.lines()[0];
    let gone = line.gone();
    assert_eq!((line.progress.cancelled.units(), line.lapsed.units()), (1, 3));
    assert_eq!(order.decide_lapsed(shop.driver.now, &[(0, gone)]), None, "that is no news");
    let late = super::script::quantity("3");
    assert_eq!(order.decide_lapsed(shop.driver.now, &[(0, late)]), None, "and neither is what was so before");
}

#[test]
fn a_crash_between_the_product_and_the_order_is_mended() {
    let shop = run("
        new cup price 5.00 backorder unlimited
        new pot price 2.00 backorder unlimited
        receive 1 cup
        order O1 for ann till 1h: 3 cup, 1 pot
        O1 finishes
        wait 1h
        ");
    let journal = shop.driver.journal();
    let heard = |event: &Event| matches!(event, Event::Order(_, OrderEvent::UnitsLapsed { .. }));
    let at = journal.iter().position(heard).unwrap();
    let (world, mended) = restart_from(journal, at, shop.driver.now);
    assert_eq!(mended[at..].iter().filter(|event| heard(event)).count(), 1, "it is told of both at once");
    let order = world.orders().next().unwrap();
    let lapsed: Vec<_> = order.lines().iter().map(|line| line.lapsed.units()).collect();
    assert_eq!(lapsed, [2, 1]);
    let owed: Vec<_> = order.refunds().iter().map(|refund| refund.amount.minor()).collect();
    assert_eq!(owed, [1200]);
}

#[test]
fn nothing_comes_to_queue_up_to_a_date_that_is_over() {
    let begun = "
        new cup backorder unlimited
        reserve A for ann till 5min lasting 1h: 2 cup
        wait 10min
        ";
    check(
        &format!("{begun} change A: 3 cup\n commit A"),
        "
        cup line A: 0 kept, 3 queued, 0 lapsed
        ",
    );
    check(
        &format!("{begun} change A till 20min: 3 cup\n commit A\n wait 20min"),
        "
        cup line A: 0 kept, 0 queued, 3 lapsed
        ",
    );
    // What is there does not queue, so the date stays as it was.
    check(
        &format!("{begun} receive 1 cup\n change A: 3 cup\n commit A"),
        "
        cup line A: 1 kept, 0 queued, 2 lapsed
        ",
    );
}
