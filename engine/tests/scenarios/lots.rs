//! Units expected from suppliers: announced, received in parts or short, expected later, called off.

use holdfast_engine::product::LotStatus;

use super::script::{check, run};

#[test]
fn units_on_their_way_are_incoming_and_nobodys_until_they_arrive() {
    check(
        "
        new cup
        announce L 5 cup at north in 3d
        announce M 2 cup
        reserve A for ann: 1 cup    | refused: InsufficientStock, 0 available
        arrive L 5 cup
        reserve A for ann: 1 cup
        ",
        "
        cup at north: 5 on hand, 1 held, 0 promised, 4 available
        cup: 0 on hand, 0 held, 0 promised, 0 available, 2 incoming
        ",
    );
}

#[test]
fn what_arrives_goes_to_the_queue_before_the_public_sees_a_unit() {
    check(
        "
        new cup backorder unlimited
        reserve A for ann: 3 cup
        commit A
        announce L 5 cup in 3d
        arrive L 2 cup
        reserve B for bob or-kill: 1 cup    | refused: InsufficientStock
        arrive L 3 cup
        reserve B for bob or-kill: 1 cup
        ",
        "
        cup: 5 on hand, 1 held, 3 promised, 1 available
        ",
    );
}

#[test]
fn what_became_of_a_lot_is_known_after_others_have_ended_and_is_forgotten_in_the_end() {
    let mut shop = run("
        new cup
        announce L 5 cup
        announce M 5 cup
        announce N 5 cup
        arrive L 5 cup
        arrive M 1 cup close because stolen
        call off N cup
        arrive L 1 cup          | refused: LotEnded, has been received
        arrive M 1 cup          | refused: LotEnded, has been closed with less than was expected
        arrive N 1 cup          | refused: LotEnded, has been cancelled
        ");
    for number in 0..254 {
        shop.row(&format!("announce X{number} 1 cup"));
        shop.row(&format!("call off X{number} cup"));
    }
    shop.row("arrive L 1 cup    | refused: LotNotFound");
    shop.row("arrive M 1 cup    | refused: LotEnded");
    shop.row("arrive N 1 cup    | refused: LotEnded");
}

#[test]
fn each_word_for_a_lot_is_another() {
    let all = [LotStatus::Open, LotStatus::Received, LotStatus::Short, LotStatus::Cancelled];
    assert_eq!(all.map(LotStatus::name), ["open", "received", "short", "cancelled"]);
}

#[test]
fn a_lot_arrives_in_parts_and_ends_with_the_last_unit() {
    let shop = run("
        new cup
        announce L 5 cup
        arrive L 2 cup
        arrive L 4 cup          | refused: LotExceeded, 4 to be received, 3 left of the lot
        arrive L 0 cup          | refused: ReceiptOfNothing
        arrive L 3 cup of damaged
        arrive L 1 cup          | refused: LotEnded, has been received
        expect L cup in 1d      | refused: LotEnded
        call off L cup          | refused: LotEnded
        arrive N 1 cup          | refused: LotNotFound
        ");
    assert_eq!(shop.describe("cup"), "5 on hand (3 damaged), 0 held, 0 promised, 2 available");
    assert_eq!(shop.books("cup"), ["main: +2 receipt L", "main damaged: +3 receipt L"]);
}

#[test]
fn a_short_receipt_ends_the_lot_and_nothing_more_is_expected() {
    let shop = run("
        new cup
        announce L 5 cup
        announce M 5 cup
        arrive L 3 cup close
        arrive L 2 cup          | refused: LotEnded, has been closed with less
        arrive M 0 cup close
        ");
    assert_eq!(shop.describe("cup"), "3 on hand, 0 held, 0 promised, 3 available");
    // What a supplier never sent was never there.
    assert_eq!(shop.books("cup"), ["main: +3 receipt L"]);
}

#[test]
fn closing_with_all_of_it_is_an_ordinary_receipt() {
    check(
        "
        new cup
        announce L 5 cup
        arrive L 5 cup close
        arrive L 1 cup          | refused: LotEnded, has been received
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_lot_that_is_called_off_brings_nothing() {
    check(
        "
        new cup
        announce L 5 cup
        arrive L 2 cup
        call off L cup
        arrive L 1 cup          | refused: LotEnded, has been cancelled
        ",
        "
        cup: 2 on hand, 0 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn each_thing_done_to_a_lot_is_done_once_under_its_key() {
    check(
        "
        new cup
        announce L 5 cup key a
        announce L 5 cup key a      | done before
        announce M 5 cup key a      | refused: KeyReused
        announce L 5 cup            | refused: KeyReused
        arrive L 2 cup key b
        arrive L 2 cup key b        | done before
        arrive L 3 cup key b        | refused: KeyReused
        expect L cup in 2d key c
        expect L cup in 2d key c    | done before
        call off L cup key d
        call off L cup key d        | done before
        arrive L 2 cup key b        | done before
        announce L 5 cup            | refused: KeyReused
        ",
        "
        cup: 2 on hand, 0 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn a_product_has_at_most_so_many_open_lots() {
    let mut script = String::from("new cup\n");
    for lot in 0..256 {
        script += &format!("announce L{lot} 1 cup\n");
    }
    script += "
        announce M 1 cup        | refused: TooManyLots, 256 open lots
        arrive L7 1 cup
        announce M 1 cup
        ";
    let mut shop = super::script::Shop::open();
    script.lines().map(str::trim).filter(|row| !row.is_empty()).for_each(|row| shop.row(row));
    assert_eq!(shop.describe("cup"), "1 on hand, 0 held, 0 promised, 1 available, 256 incoming");
}

#[test]
fn a_product_with_something_on_its_way_is_not_deleted_and_one_nobody_put_expects_nothing() {
    check(
        "
        announce L 1 cup        | refused: UnknownSku
        new cup
        announce L 1 cup
        delete cup              | refused: ProductInUse, 1 incoming
        call off L cup
        delete cup
        ",
        "",
    );
}

#[test]
fn a_shelf_takes_no_more_than_a_count_can_say() {
    check(
        "
        new cup
        count 1000000000000 cup
        announce L 2 cup
        arrive L 1 cup          | refused: StockAboveMaximum
        ",
        "
        cup: 1000000000000 on hand, 0 held, 0 promised, 1000000000000 available, 2 incoming
        ",
    );
}
