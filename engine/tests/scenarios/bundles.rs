//! Bundles: products made of units of others.

use holdfast_engine::product::Component;
use holdfast_engine::reservation::ReservationEvent;
use holdfast_engine::{Event, LineQuantity, Rejection};

use super::script::{Shop, check, number, run, sku};

#[test]
fn a_bundle_has_no_stock_of_its_own() {
    run("
        new cup
        new box: 1 cup, 2 tea
        receive 1 box                       | refused: ProductIsBundle
        count 0 box                         | refused: ProductIsBundle
        announce L 5 box                    | refused: ProductIsBundle
        transfer T 5 box from main to north | refused: ProductIsBundle
        sale box spring                     | refused: ProductIsBundle
        drop box at main                    | refused: ProductIsBundle
        join for ann: 1 box                 | refused: ProductIsBundle
        ");
}

#[test]
fn a_product_with_anything_left_of_it_cannot_become_a_bundle() {
    run("
        new box price 1.00 backorder unlimited waiting 10min
        receive 3 box
        new box: 1 cup                      | refused: StockInTheWay, 3 on hand
        order O for ann: 3 box
        O finishes
        ship O: 2 box
        new box: 1 cup                      | refused: StockInTheWay, 1 on hand, 0 held, 1 allocated
        ship O
        reserve A for bob: 2 box
        new box: 1 cup                      | refused: StockInTheWay, 2 queued for
        release A
        announce L 5 box
        new box: 1 cup                      | refused: StockInTheWay, 5 incoming
        call off L box
        join for cleo: 1 box
        new box: 1 cup                      | refused: StockInTheWay, 1 customers waiting
        leave box for cleo
        sale box spring
        new box: 1 cup                      | refused: StockInTheWay, sale spring
        end-sale box spring
        new box: 1 cup
        ");
}

#[test]
fn what_was_done_before_it_became_a_bundle_is_still_known_by_its_key() {
    run("
        new box
        receive 1 box key k
        remove 1 box
        new box: 1 cup
        receive 1 box key k                 | done before
        receive 2 box key k                 | refused: KeyReused
        receive 1 box                       | refused: ProductIsBundle
        ");
}

#[test]
fn a_bundle_becomes_a_usual_product_at_any_time() {
    check(
        "
        new box: 1 cup
        new box
        receive 2 box
        reserve A for ann: 1 box
        ",
        "
        box: 2 on hand, 1 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn units_that_come_back_once_it_is_a_bundle_lie_there_and_nobody_gets_them() {
    check(
        "
        new cup
        new box price 1.00
        receive 1 box
        order O for ann: 1 box
        O finishes
        ship O
        new box price 1.00: 1 cup
        return O: 1 box
        ",
        "
        box: 1 on hand, 0 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn a_bundle_is_made_of_other_products_each_named_once() {
    let mut shop = Shop::open();
    shop.row("new box: 1 box | refused: PolicyContradiction");
    shop.row("new box: 1 cup, 2 cup | refused: PolicyContradiction");
    shop.row("new box: 1000 cup");
    shop.row("new box: 1001 cup | refused: PolicyContradiction");
    let of = |count: usize| {
        let names: Vec<_> = (0..count).map(|number| format!("1 cup-{number}")).collect();
        format!("new box: {}", names.join(", "))
    };
    shop.row(&of(Component::COUNT_MAX));
    shop.row(&format!("{} | refused: PolicyContradiction", of(Component::COUNT_MAX + 1)));
}

#[test]
fn what_a_policy_says_of_stock_is_refused_of_a_bundle() {
    for said in [
        "safety 1",
        "backorder 1",
        "untracked",
        "preorder 1 release 1h",
        "fair",
        "waiting 10min",
        "source ranked",
        "closed main",
    ] {
        run(&format!("new box {said}: 1 cup | refused: PolicyContradiction"));
    }
    run(
        "new box unsellable price 2.00 line-min 2 line-max 6 by 2 hold-default 1min guest-hold 1min hold-max 1h: 1 cup",
    );
}

#[test]
fn no_claim_takes_units_of_a_bundle_itself() {
    use holdfast_engine::product::{Claim, OpenHolds, ProductCommand, Terms};
    let mut shop = Shop::open();
    shop.row("new box: 1 cup");
    let open = OpenHolds {
        reservation: holdfast_engine::ReservationId(1),
        first_line: 0,
        claims: vec![Claim { location: None, quantity: LineQuantity::ONE }].into(),
        terms: Terms::default(),
        customer: holdfast_engine::CustomerId::new("ann").unwrap(),
        expires_at: shop.driver.now,
    };
    let refused = shop.driver.ask(&sku("box"), &ProductCommand::Open(open));
    assert_eq!(refused, Err(Rejection::ProductIsBundle { sku: sku("box") }));
}

#[test]
fn a_basket_claims_what_a_bundle_is_made_of() {
    check(
        "
        new cup
        new tea
        new box: 1 cup, 2 tea
        receive 5 cup
        receive 9 tea
        reserve A for ann: 2 box, 1 tea
        reserve B for bob: 3 box            | refused: InBundle, tea: 6 asked for, 4 available (a component of box)
        reserve B for bob: 2 box
        reserve C for cleo: 1 cup
        ",
        "
        A: held for 900000 ms
        B: held for 900000 ms
        cup: 5 on hand, 5 held, 0 promised, 0 available
        tea: 9 on hand, 9 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn all_of_a_bundle_comes_from_the_location_it_is_asked_from() {
    run("
        new cup
        new tea
        new box: 1 cup, 1 tea
        receive 5 cup at north
        receive 5 tea
        receive 1 tea at north
        reserve A for ann: 2 box at north   | refused: InBundle, tea at north: 2 asked for, 1 available (a component of box at north)
        reserve A for ann: 1 box at north
        reserve B for bob: 3 box
        ");
}

#[test]
fn the_rules_of_a_bundle_are_about_its_units_and_those_of_a_component_about_all_of_its() {
    run("
        new cup line-max 4
        new box line-max 3 line-min 2: 1 cup
        receive 9 cup
        reserve A for ann: 1 box            | refused: LineTooSmall, box
        reserve A for ann: 2 box, 2 box at main     | refused: LineTooLarge, box
        reserve A for ann: 3 box, 2 cup     | refused: InBundle, cup: 5 in one line
        reserve A for ann: 3 box, 1 cup
        new box unsellable: 1 cup
        reserve B for bob: 1 box            | refused: NotSellable, box
        ");
}

#[test]
fn a_bundle_is_had_whole_or_not_at_all() {
    check(
        "
        new cup
        new tea backorder unlimited
        new box: 1 cup, 2 tea
        receive 5 cup
        receive 1 tea
        reserve A for ann or-drop: 1 box    | refused: BundleInPart
        reserve A for ann till 1h: 1 box    | refused: BundleInPart
        reserve A for ann or-kill: 1 box    | refused: InBundle
        reserve A for ann: 1 box
        reserve B for bob: 5 box            | refused: InBundle
        ",
        "
        tea: 1 on hand, 1 held, 0 promised, 0 available, 1 queued
        cup: 5 on hand, 1 held, 0 promised, 4 available
        ",
    );
}

#[test]
fn bundles_that_come_to_more_lines_than_a_basket_may_have_are_refused() {
    let mut shop = Shop::open();
    let names = |bundle: usize| (0..50).map(move |part| format!("1 cup-{bundle}-{part}")).collect::<Vec<_>>();
    for bundle in 0..41 {
        shop.row(&format!("new box-{bundle}: {}", names(bundle).join(", ")));
    }
    let boxes = |count| (0..count).map(|bundle| format!("1 box-{bundle}")).collect::<Vec<_>>().join(", ");
    let refused = |lines| Rejection::TooManyLines { lines, max: 2_000 };
    assert_eq!(shop.refusal(&boxes(41)), refused(2_050));
    assert_eq!(shop.refusal(&format!("{}, 1 cup-0-0", boxes(40))), refused(2_001));
    assert!(matches!(shop.refusal(&boxes(40)), Rejection::InBundle(_)), "the components are not there");
}

#[test]
fn a_reservation_keeps_the_bundles_it_was_made_of() {
    let mut shop = Shop::open();
    for row in [
        "new cup",
        "new tea",
        "new box: 1 cup, 2 tea",
        "receive 9 cup",
        "receive 9 tea",
        "reserve A for ann: 1 box",
        "new box: 2 cup",
        // What it has stays what it was, what comes to it is what it is now.
        "change A: 3 box",
    ] {
        shop.row(row);
    }
    let bundles = |shop: &Shop| {
        let reservation = shop.driver.reservation(holdfast_engine::ReservationId(number("A"))).unwrap();
        let bundles = reservation.bundles().unwrap_or_default().iter();
        let told = bundles.map(|bundle| {
            let parts = bundle.components.iter();
            let parts = parts.map(|part| format!("{} {}", part.quantity.units(), part.sku));
            format!("{} of {}", bundle.quantity.units(), parts.collect::<Vec<_>>().join(" and "))
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(bundles(&shop), ["1 of 1 cup and 2 tea", "2 of 2 cup"]);
    shop.row("change A: 2 box");
    assert_eq!(bundles(&shop), ["1 of 1 cup and 2 tea", "1 of 2 cup"]);
    shop.row("new box unsellable");
    shop.row("change A: 1 box, 1 tea");
    assert_eq!(bundles(&shop), ["1 of 1 cup and 2 tea"]);
    let reservation = shop.driver.reservation(holdfast_engine::ReservationId(number("A"))).unwrap();
    let lines: Vec<_> =
        reservation.lines().iter().map(|line| (line.sku.as_str(), line.quantity.units())).collect();
    assert_eq!(lines, [("cup", 1), ("tea", 3)]);
    shop.row("change A: 1 tea");
    assert_eq!(bundles(&shop), [""; 0]);
    let restarted = shop.restarted_from(shop.driver.journal());
    assert_eq!(bundles(&restarted), bundles(&shop));
}

#[test]
fn what_a_reservation_has_as_bundles_is_found_again_after_any_crash() {
    // The script restarts from every cut of its journal, and compares what is there.
    let lines: Vec<_> = (0..8).map(|bundle| format!("1 box-{bundle}")).collect();
    let mut rows = vec![];
    for bundle in 0..8 {
        let parts: Vec<_> = (0..30).map(|part| format!("1 cup-{part}")).collect();
        rows.push(format!("new box-{bundle}: {}", parts.join(", ")));
    }
    for part in 0..30 {
        rows.push(format!("new cup-{part}"));
        rows.push(format!("receive 9 cup-{part}"));
    }
    rows.push(format!("reserve A for ann: {}", lines.join(", ")));
    let shop = run(&rows.join("\n"));
    let noted = shop
        .driver
        .journal()
        .iter()
        .filter(|event| matches!(event, Event::Reservation(_, ReservationEvent::BundlesNoted { .. })));
    assert_eq!(noted.count(), 2, "eight bundles of thirty parts need two records");
    let reservation = shop.driver.world().reservation(holdfast_engine::ReservationId(number("A"))).unwrap();
    assert_eq!(reservation.bundles().unwrap().len(), 8);
}

#[test]
fn too_many_units_of_a_component_are_refused() {
    run("
        new cup
        new box: 1000 cup
        reserve A for ann: 10001 box        | refused: InBundle, cup
        reserve A for ann: 10000 box        | refused: InBundle, 0 available
        ");
}

#[test]
fn what_became_a_bundle_is_no_component_any_more() {
    run("
        new cup
        new box: 1 cup
        new cup: 1 clay
        reserve A for ann: 1 box            | refused: ComponentIsBundle
        delete cup
        reserve A for ann: 1 box            | refused: InBundle, there is no product cup
        ");
}
