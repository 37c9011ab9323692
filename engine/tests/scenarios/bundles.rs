//! Bundles: products made of units of others.

use holdfast_engine::product::Component;
use holdfast_engine::{LineQuantity, Rejection};

use super::script::{Shop, check, run, sku};

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
    run("new box unsellable price 2.00 line-min 2 line-max 6 by 2 hold-default 1min hold-max 1h: 1 cup");
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
