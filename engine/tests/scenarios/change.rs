//! Baskets that get other lines while they are held.

use holdfast_engine::order::{OrderLine, PlaceOrder};
use holdfast_engine::product::Terms;
use holdfast_engine::reservation::{LINES_MAX, Verdict};
use holdfast_engine::{Fingerprint, LineQuantity, Millis, Operation, OperationId, Rejection, ReservationId};

use super::driver::Change;
use super::script::{Shop, check, number, run, sku};

#[test]
fn a_basket_is_changed_to_just_the_lines_that_are_named() {
    check(
        "
        new cup
        new pot
        new tin
        receive 5 cup
        receive 5 pot
        receive 5 tin
        reserve A for ann: 3 cup, 2 pot
        change A: 1 cup, 4 tin
        ",
        "
        cup: 5 on hand, 1 held, 0 promised, 4 available
        pot: 5 on hand, 0 held, 0 promised, 5 available
        tin: 5 on hand, 4 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn what_a_basket_holds_is_not_in_the_way_of_its_getting_more() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 3 cup
        change A: 5 cup
        change A: 6 cup     | refused: InsufficientStock
        commit A
        ",
        "
        cup: 5 on hand, 0 held, 5 promised, 0 available
        ",
    );
}

#[test]
fn a_change_that_is_refused_leaves_every_line_as_it_was() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        reserve A for ann: 3 cup, 2 pot
        change A: 5 cup, 6 pot      | refused: InsufficientStock, pot
        change A: 1 cup, 6 pot      | refused: InsufficientStock, pot
        change A: 5 cup, 1 jar      | refused: UnknownSku
        commit A
        ",
        "
        cup: 5 on hand, 0 held, 3 promised, 2 available
        pot: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_line_that_is_taken_out_goes_back_and_the_others_stay() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        reserve A for ann: 3 cup, 2 pot
        change A: 2 pot
        reserve B for bob: 5 cup
        commit A: 2
        ",
        "
        cup: 5 on hand, 5 held, 0 promised, 0 available
        pot: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn what_a_basket_gives_back_goes_first_to_those_who_queue() {
    check(
        "
        new cup backorder 9
        receive 5 cup
        reserve A for ann: 5 cup
        reserve B for bob or-queue: 2 cup
        commit B
        change A: 4 cup
        reserve C for cleo or-kill: 1 cup    | refused: InsufficientStock
        ",
        "
        cup: 5 on hand, 4 held, 1 promised, 0 available, 1 queued
        ",
    );
}

#[test]
fn a_change_may_take_what_is_there_and_drop_the_rest() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        reserve A for ann: 3 cup
        change A or-drop: 9 cup, 1 pot
        change A or-drop: 1 pot             | refused: InsufficientStock
        commit A: 5
        ",
        "
        cup: 5 on hand, 0 held, 5 promised, 0 available
        ",
    );
}

#[test]
fn a_change_keeps_to_the_rules_about_quantities() {
    check(
        "
        new cup line-min 2 line-max 6 by 2
        receive 9 cup
        reserve A for ann: 4 cup
        change A: 8 cup     | refused: LineTooLarge
        change A: 5 cup     | refused: LineNotMultiple
        change A: 3 cup     | refused: LineNotMultiple
        change A: 6 cup
        ",
        "
        cup: 9 on hand, 6 held, 0 promised, 3 available
        ",
    );
}

#[test]
fn a_change_counts_in_the_limit_of_a_sale_once() {
    check(
        "
        new cup
        receive 9 cup
        sale cup spring limit 4
        reserve A for ann: 3 cup
        change A: 5 cup             | refused: CustomerLimit
        change A: 4 cup
        reserve B for ann: 1 cup    | refused: CustomerLimit
        change A: 2 cup
        reserve B for ann: 2 cup
        ",
        "
        cup: 9 on hand, 4 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_line_from_before_a_sale_counts_in_it_as_soon_as_it_gets_more() {
    check(
        "
        new cup
        new pot
        receive 9 cup
        reserve A for ann: 3 cup
        sale cup spring limit 4
        reserve B for ann: 4 cup
        change A: 4 cup             | refused: CustomerLimit
        release B
        change A: 5 cup             | refused: CustomerLimit
        change A: 4 cup, 1 pot      | refused: InsufficientStock, pot
        reserve C for ann: 4 cup
        release C
        change A: 4 cup
        reserve D for ann: 1 cup    | refused: CustomerLimit
        change A: 3 cup
        reserve D for ann: 4 cup
        ",
        "
        cup: 9 on hand, 7 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn a_change_keeps_the_time_of_the_basket_unless_it_is_given_another() {
    check(
        "
        new cup hold-max 1h
        receive 9 cup
        reserve A for ann lasting 10min: 3 cup
        change A: 4 cup
        wait 9min
        change A lasting 2h: 2 cup      | refused: HoldTimeOutOfRange
        change A lasting 10min: 5 cup
        wait 9min
        change A: 6 cup
        remove 4 cup
        change A lasting 10min: 5 cup   | refused: ProductShort
        change A: 5 cup
        wait 1min
        change A: 4 cup                 | refused: ReservationExpired
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_change_is_made_once_however_often_it_is_asked_for() {
    check(
        "
        new cup
        receive 9 cup
        reserve A for ann: 3 cup
        change A key k: 5 cup
        change A: 2 cup
        change A key k: 5 cup   | done before
        change A key k: 6 cup   | refused: KeyReused
        ",
        "
        cup: 9 on hand, 2 held, 0 promised, 7 available
        ",
    );
}

#[test]
fn a_change_of_what_is_over_is_refused() {
    check(
        "
        new cup price 1.00
        receive 9 cup
        change A: 1 cup     | refused: ReservationNotFound
        reserve A for ann: 3 cup
        release A
        change A: 1 cup     | refused: ReservationReleased
        reserve B for ann: 3 cup
        commit B
        change B: 1 cup     | refused: ReservationCommitted
        reserve C for ann: 3 cup
        order O1 for ann from C
        change C: 1 cup     | refused: ReservationInCheckout
        ",
        "
        cup: 9 on hand, 3 held, 3 promised, 3 available
        ",
    );
}

#[test]
fn an_order_of_a_changed_basket_ships_what_the_basket_had_last() {
    check(
        "
        new cup price 1.00
        new pot price 2.00
        new tin price 4.00
        receive 9 cup
        receive 9 pot
        receive 9 tin
        reserve A for ann: 3 cup, 2 pot
        change A: 1 pot, 5 tin
        order O1 for ann from A shown 22.00
        O1 finishes
        ship O1: 1 pot, 5 tin
        ",
        "
        cup: 9 on hand, 0 held, 0 promised, 9 available
        pot: 8 on hand, 0 held, 0 promised, 8 available
        tin: 4 on hand, 0 held, 0 promised, 4 available
        ",
    );
}

#[test]
fn a_line_that_gets_smaller_lets_go_of_what_queues_and_then_of_what_was_found_last() {
    let script = |left: u32| {
        format!(
            "
            new cup backorder 9
            receive 3 cup
            receive 2 cup at north
            reserve A for ann till 1h: 9 cup
            change A: {left} cup
            commit A
            "
        )
    };
    for (left, here, north, line) in [
        (7, 3, 2, "5 kept, 2 queued, 0 lapsed"),
        (5, 3, 2, "5 kept, 0 queued, 0 lapsed"),
        (4, 3, 1, "4 kept, 0 queued, 0 lapsed"),
        (2, 2, 0, "2 kept, 0 queued, 0 lapsed"),
    ] {
        let queued = if left == 7 { ", 2 queued" } else { "" };
        check(
            &script(left),
            &format!(
                "
                cup: 3 on hand, 0 held, {here} promised, {} available{queued}
                cup at north: 2 on hand, 0 held, {north} promised, {} available{queued}
                cup line A: {line}
                ",
                3 - here,
                2 - north
            ),
        );
    }
}

#[test]
fn a_changed_basket_still_knows_what_it_had_at_each_version() {
    let mut shop = run("
        new cup
        new pot
        new box: 1 cup, 1 pot
        receive 9 cup
        receive 9 pot
        reserve A for ann: 3 cup, 1 box
        change A: 2 pot
        extend A by 1h
        change A: 5 pot, 2 box
        ");
    let told = |shop: &Shop, version| {
        let reservation = shop.driver.reservation(ReservationId(number("A"))).unwrap();
        let lines = reservation.lines_at(version).iter();
        let lines = lines.map(|line| format!("{} {}", line.quantity.units(), line.sku)).collect::<Vec<_>>();
        let bundles = reservation.bundles_at(version);
        let bundles = bundles.iter().flat_map(|bundles| bundles.iter());
        let bundles = bundles.map(|bundle| bundle.quantity.units()).collect::<Vec<_>>();
        (lines.join(", "), bundles)
    };
    let expected = [
        (1, "4 cup, 1 pot", vec![1]),
        (2, "2 pot", vec![]),
        (3, "2 pot", vec![]),
        (4, "2 cup, 7 pot", vec![2]),
        // It has not come so far; what it has is all that is known.
        (5, "2 cup, 7 pot", vec![2]),
    ];
    for _ in 0..2 {
        for (version, lines, boxes) in &expected {
            assert_eq!(told(&shop, *version), ((*lines).to_owned(), boxes.clone()), "version {version}");
        }
        shop = shop.restarted_from(shop.driver.journal());
    }
}

#[test]
fn a_line_keeps_its_number_whatever_becomes_of_the_others() {
    let shop = run("
        new cup
        new pot
        new tin
        new jar
        receive 9 cup
        receive 9 pot
        receive 9 tin
        receive 9 jar
        reserve A for ann: 1 cup, 2 pot, 3 tin
        change A: 2 pot, 3 tin, 4 jar
        ");
    let reservation = shop.driver.reservation(ReservationId(number("A"))).unwrap();
    let line = |number| reservation.line(number).map(|line| (line.sku.as_str(), line.quantity.units()));
    assert_eq!(line(0), None, "the cups were taken out");
    assert_eq!(line(1), Some(("pot", 2)));
    assert_eq!(line(2), Some(("tin", 3)));
    assert_eq!(line(3), Some(("jar", 4)));
    assert_eq!(line(4), None);
}

#[test]
fn a_hold_is_released_by_a_change_and_abandoned_where_no_change_has_come_of_it() {
    let shop = run("
        new cup
        new pot
        receive 9 cup
        receive 9 pot
        reserve A for ann: 1 cup, 2 pot
        reserve B for bob: 1 cup, 2 pot
        change B: 2 pot
        change B: 1 pot
        ");
    let verdict = |basket: &str, line, name| {
        let reservation = shop.driver.reservation(ReservationId(number(basket))).unwrap();
        match reservation.verdict(line, &sku(name)) {
            Verdict::Open(Some(_), has) => format!("has {}", has.unwrap().quantity.units()),
            Verdict::End(why) => format!("{why:?}"),
            other => panic!("nothing else was decided: {other:?}"),
        }
    };
    assert_eq!(verdict("A", 1, "pot"), "has 2");
    assert_eq!(verdict("A", 1, "cup"), "Abandoned", "it was opened by another try");
    assert_eq!(verdict("A", 2, "cup"), "Abandoned", "it was opened for a change that did not come to be");
    assert_eq!(verdict("B", 0, "cup"), "Released", "it was taken out");
    assert_eq!(verdict("B", 1, "pot"), "has 1");
    assert_eq!(verdict("B", 1, "cup"), "Abandoned");
    assert_eq!(verdict("B", 2, "cup"), "Abandoned", "the next change has not come to be");
    assert_eq!(verdict("B", 3, "cup"), "Abandoned");
}

#[test]
fn late_news_of_a_change_takes_nothing_that_was_given_to_others_meanwhile() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann lasting 1min: 1 cup
        lag
        change A lasting 5min: 5 cup
        change A: 1 cup
        wait 1min
        reserve B for bob: 4 cup
        catch up
        ",
        "
        cup: 5 on hand, 5 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_crash_in_the_middle_of_a_change_leaves_the_basket_as_it_was() {
    let mut shop = run("
        new cup
        new pot
        receive 9 cup
        receive 9 pot
        reserve A for ann: 3 cup
        ");
    let before = shop.driver.journal().len();
    shop.row("change A: 5 cup, 4 pot");
    let journal = shop.driver.journal();
    assert!(journal.len() > before + 2, "it takes several events");
    for cut in before..journal.len() {
        let (world, _) = super::driver::restart_from(journal, cut, shop.driver.now);
        let units =
            |name| world.products()[&sku(name)].levels().map(|(_, level)| level.held.units()).sum::<u64>();
        assert_eq!((units("cup"), units("pot")), (3, 0), "after {} of its events", cut - before);
    }
}

#[test]
fn an_order_is_not_made_of_other_lines_than_it_was_priced_for() {
    let shop = run("
        new cup
        receive 9 cup
        reserve A for ann: 3 cup
        ");
    let reservation = ReservationId(number("A"));
    let held = shop.driver.reservation(reservation).unwrap();
    let line = |units| OrderLine {
        hold: 7,
        sku: sku("cup"),
        location: None,
        quantity: LineQuantity::new(units).unwrap(),
        total_minor: i64::from(units) * 100,
    };
    let mut lines = [line(3)];
    assert_eq!(PlaceOrder::take_over(&mut lines, held), Ok(()));
    assert_eq!(lines[0].hold, 0, "it is the first line of the reservation");
    assert_eq!(PlaceOrder::take_over(&mut [line(2)], held), Err(Rejection::ReservationChanged));
    assert_eq!(PlaceOrder::take_over(&mut [], held), Err(Rejection::ReservationChanged));
}

#[test]
fn lines_are_numbered_no_further_than_numbers_go() {
    let mut shop = run("
        new cup untracked
        new pot untracked
        reserve A for ann: 1 cup
        ");
    let id = ReservationId(number("A"));
    let mut change_to = |number: u128, name| {
        let change = Change {
            lines: vec![(sku(name), None, LineQuantity::new(1).unwrap())],
            ttl: Some(Millis(60_000)),
            terms: Terms::default(),
            operation: Operation { id: OperationId(number), fingerprint: Fingerprint(0) },
        };
        shop.driver.change(id, &change)
    };
    let left = usize::from(u16::MAX) - LINES_MAX - 1;
    for (number, name) in (1..).zip(["pot", "cup"].into_iter().cycle()).take(left) {
        change_to(number, name).unwrap();
    }
    assert_eq!(change_to(0, if left % 2 == 1 { "cup" } else { "pot" }), Err(Rejection::TooManyChanges));
}
