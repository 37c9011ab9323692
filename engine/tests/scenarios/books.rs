//! The books: what was written stays, and every count is what its rows say.

use super::script::{check, run, sku};

#[test]
fn more_than_is_promised_cannot_be_called_off_and_what_is_promised_can() {
    check(
        "
        new cup price 1.00
        receive 5 cup
        order O1 for ann: 2 cup
        O1 finishes
        cancel O1: 5 cup    | refused: LineExceeded, 2 left
        cancel O1: 2 cup
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_line_of_the_books_stays_and_is_corrected_by_an_opposite_one() {
    let shop = run("
        new cup
        receive 5 cup
        remove 5 cup
        receive 4 cup
        sort 1 cup of sellable to damaged
        sort 1 cup of damaged to sellable
        ");
    assert_eq!(
        shop.books("cup"),
        [
            "main: +5 receive -",
            "main: -5 remove -",
            "main: +4 receive -",
            "main: -1 sort -",
            "main damaged: +1 sort -",
            "main damaged: -1 sort -",
            "main: +1 sort -",
        ]
    );
}

/// There is no counter beside the rows that could disagree with them: a start counts them anew, and each event is checked.
#[test]
fn held_promised_and_incoming_are_counted_from_their_rows_at_every_start() {
    let mut shop = run("
        new cup price 1.00 backorder unlimited
        receive 9 cup
        reserve A for ann: 2 cup
        order O1 for bob: 3 cup
        O1 finishes
        ship O1: 1 cup
        announce L 4 cup
        arrive L 1 cup
        ");
    let stands = "9 on hand, 2 held, 2 promised, 5 available, 3 incoming";
    assert_eq!(shop.describe("cup"), stands);
    shop.row("restart");
    assert_eq!(shop.describe("cup"), stands);
    shop.driver.product(&sku("cup")).check();
}
