//! Every way to say no, said at least once, and which of them are worth a second try.

use std::collections::BTreeSet;

use holdfast_engine::order::OrderStatus;
use holdfast_engine::product::{Condition, Contradiction, LotStatus, ProductCommand, SaleStatus};
use holdfast_engine::{HoldId, InBundle, LocationId, LocationUse, LotId, Rejection, ReservationId, Sequence};

use super::script::{Shop, check, run, sku};

/// A day on which everything is refused once.
const DAY: &str = "
    new cup price 1.00
    new cup price 1.00 hold-default 1ms         | refused: PolicyContradiction
    new cup price 1.00 guest-hold 25h           | refused: PolicyContradiction
    new pot line-max 2 hold-default 1min hold-max 1h
    new tin unsellable
    receive 9 cup key delivery
    receive 8 cup key delivery                  | refused: KeyReused
    receive 9 pot
    receive 1 jar                               | refused: UnknownSku
    count 1 cup if 1                            | refused: StockChanged
    remove 10 cup                               | refused: StockBelowZero
    receive 1000000000000 cup                   | refused: StockAboveMaximum
    reserve A for ann: 10 cup                   | refused: InsufficientStock
    reserve A for ann: 1 tin                    | refused: NotSellable
    reserve A for ann till 0s: 1 cup            | refused: GoodTilOutOfRange
    reserve A for ann till 733d: 1 cup          | refused: GoodTilOutOfRange
    reserve A for ann: 1 cup at nroth           | refused: UnknownLocation
    reserve A for ann: 3 pot                    | refused: LineTooLarge
    new mug line-min 4 by 2
    reserve A for ann: 2 mug                    | refused: LineTooSmall
    reserve A for ann: 5 mug                    | refused: LineNotMultiple
    reserve A for ann lasting 2h: 1 pot         | refused: HoldTimeOutOfRange
    new box: 1 mug
    receive 1 box                               | refused: ProductIsBundle
    new set: 1 box                              | refused: ComponentIsBundle
    reserve A for ann: 1 box                    | refused: InBundle
    reserve A for ann or-drop: 1 box            | refused: BundleInPart
    new cup: 1 mug                              | refused: StockInTheWay
    sale mug spring for 0s                      | refused: SaleContradiction
    sale mug spring in 1h exclusive limit 4
    sale mug summer                             | refused: OtherSale
    end-sale mug summer                         | refused: SaleNotFound
    reserve A for ann: 4 mug                    | refused: SaleNotOpen
    sale mug spring limit 4
    reserve A for ann: 6 mug                    | refused: CustomerLimit
    sale mug spring admits 0
    reserve A for ann: 4 mug                    | refused: SaleFull
    sale mug spring limit 4
    reserve A for ann: 2 cup
    commit A: 3                                 | refused: CommitAboveHold
    commit A: 0                                 | refused: CommitMismatch
    commit Z                                    | refused: ReservationNotFound
    delete cup                                  | refused: ProductInUse
    remove 8 cup
    extend A by 1h                              | refused: ProductShort
    receive 8 cup
    order O1 for bob from A                     | refused: ReservationOfOther
    order O1 for ann: 1 pot                     | refused: NoPrice
    order O1 for ann from A shown 1.00          | refused: TotalChanged
    order O1 for ann from A
    commit A                                    | refused: ReservationInCheckout
    cancel O1                                   | refused: OrderState
    cancel O2                                   | refused: OrderNotFound
    refund O1 of 1.00                           | refused: OrderState
    O1 finishes
    commit A                                    | refused: ReservationCommitted
    refund O1 of 0.00                           | refused: RefundOfNothing
    refund O1 of 2.01                           | refused: RefundAbovePaid
    retry O1 refund 1                           | refused: RefundNotFound
    refund O1 of 1.00
    retry O1 refund 1                           | refused: RefundNotFailed
    ship O1: 1 pot                              | refused: NoSuchLine
    ship O1: 3 cup                              | refused: LineExceeded
    count 1 cup
    ship O1                                     | refused: NotOnShelf
    reserve B for bob lasting 1min: 1 pot
    release B
    release B                                   | refused: ReservationReleased
    reserve C for cleo lasting 1min: 1 pot
    wait 1min
    release C                                   | refused: ReservationExpired
    announce L 2 pot
    remove 1 pot back 25h                       | refused: StampOutOfRange
    arrive L 3 pot                              | refused: LotExceeded
    arrive L 0 pot                              | refused: ReceiptOfNothing
    arrive L 2 pot
    arrive L 2 pot                              | refused: LotEnded
    arrive M 2 pot                              | refused: LotNotFound
    transfer M 2 pot from main to main          | refused: TransferToSelf
    transfer M 2 pot from east to main          | refused: UnknownSource
    transfer M 2 pot from main to east          | refused: UnknownDestination
    transfer M 99 pot from main to east new     | refused: TransferExceeded
    drop pot at main                            | refused: LastLocation
    count 1 pot at side
    drop pot at side                            | refused: LocationNotEmpty
    reserve Z for ann: 1 pot at side
    drop pot at side to main                    | refused: LocationInUse
    join for ann: 1 pot                         | refused: NoWaitingList
    leave pot for ann                           | refused: NotWaiting
    ";

/// Said by the engine where no shop's day leads: the products hear of what orders have decided, sums of prices are
/// checked before, nobody is paid back a thousand times, nobody expects hundreds of lots of one thing or changes a basket
/// for days, nobody changes one while an order is made of it, no hundred thousand wait for one thing, and
/// no basket has thousands of lines.
const BEHIND_THE_SCENES: [&str; 9] = [
    "HoldNotFound",
    "FulfilmentAboveAllocation",
    "TotalTooLarge",
    "TooManyRefunds",
    "TooManyLots",
    "TooManyChanges",
    "ReservationChanged",
    "WaitingListFull",
    "TooManyLines",
];

#[test]
fn every_refusal_is_said_somewhere() {
    let mut shop = Shop::open();
    let mut said: BTreeSet<String> = BEHIND_THE_SCENES.iter().map(|name| (*name).to_owned()).collect();
    for row in DAY.lines().map(str::trim).filter(|row| !row.is_empty()) {
        shop.row(row);
        said.extend(row.split_once("refused: ").map(|(_, name)| name.to_owned()));
    }
    let all: BTreeSet<String> = every_refusal().iter().map(name).collect();
    assert_eq!(said, all, "every refusal is said by some row");
}

#[test]
fn a_refusal_changes_nothing() {
    let mut shop = Shop::open();
    for row in DAY.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (events, version) = (shop.driver.journal().len(), shop.driver.world().digest());
        shop.row(row);
        // A refused shipment leaves the record that it was tried; a refused basket may settle what has lapsed.
        if row.contains("refused") && !row.starts_with("ship") {
            assert_eq!(shop.driver.journal().len(), events, "{row}");
            assert_eq!(shop.driver.world().digest(), version, "{row}");
        }
    }
}

#[test]
fn waiting_helps_only_where_others_may_give_back_what_is_missing() {
    for refusal in every_refusal() {
        let may_pass = matches!(
            name(&refusal).as_str(),
            "InsufficientStock"
                | "NotSellable"
                | "SaleNotOpen"
                | "SaleFull"
                | "NotOnShelf"
                | "ReservationInCheckout"
                | "ProductShort"
                | "WaitingListFull"
                | "TransferExceeded"
        );
        assert_eq!(refusal.is_transient(), may_pass, "{refusal:?}");
    }
    for (status, under_way) in [
        (OrderStatus::PaymentPending, true),
        (OrderStatus::PaymentUnknown, true),
        (OrderStatus::Confirmed, false),
        (OrderStatus::Shipped, false),
        (OrderStatus::Cancelled, false),
        (OrderStatus::PaymentFailed, false),
    ] {
        let refusal = Rejection::OrderState { status, verb: "cancelled" };
        assert_eq!(refusal.is_transient(), under_way, "{refusal}");
    }
}

#[test]
fn a_refusal_of_lines_says_of_which() {
    let mut shop = run("
        new cup
        new tin unsellable
        receive 1 cup
        receive 1 cup at north
        ");
    let (cup, tin, north) = (sku("cup"), sku("tin"), LocationId::new("north").unwrap());
    let nroth = LocationId::new("nroth").unwrap();
    for (lines, refused) in [
        ("1 cup at nroth", (&cup, Some(Some(&nroth)))),
        ("2 cup at north", (&cup, Some(Some(&north)))),
        ("3 cup", (&cup, Some(None))),
        ("1 tin", (&tin, None)),
    ] {
        assert_eq!(shop.refusal(lines).line_refused(), Some(refused), "{lines}");
    }
    assert_eq!(Rejection::KeyReused.line_refused(), None);
}

#[test]
fn a_hold_that_is_gone_is_not_found() {
    let mut shop = run("
        new cup
        receive 5 cup
        reserve A for ann: 1 cup
        release A
        ");
    let hold = HoldId { reservation: ReservationId(super::script::number("A")), line: 0 };
    let (quantity, arrival, at) = (super::script::quantity("1"), Sequence(9), shop.driver.now);
    let keep = ProductCommand::Keep { hold, expires_at: None, has: None };
    for command in [keep, ProductCommand::Commit { hold, quantity, arrival, at }] {
        let refusal = shop.driver.ask(&sku("cup"), &command);
        assert_eq!(refusal, Err(Rejection::HoldNotFound { hold }), "{command:?}");
    }
}

#[test]
fn a_product_commits_no_more_than_it_holds() {
    let mut shop = run("
        new cup
        receive 5 cup
        reserve A for ann: 2 cup
        ");
    let hold = HoldId { reservation: ReservationId(super::script::number("A")), line: 0 };
    let quantity = super::script::quantity("3");
    let at = shop.driver.now;
    let command = ProductCommand::Commit { hold, quantity, arrival: Sequence(9), at };
    let refusal = shop.driver.ask(&sku("cup"), &command);
    assert!(matches!(refusal, Err(Rejection::CommitAboveHold { line: 0, .. })), "{refusal:?}");
    assert_eq!(shop.driver.product(&sku("cup")).level(&LocationId::main()).held.units(), 2);
}

#[test]
fn the_first_rule_that_is_broken_is_named() {
    check(
        "
        new tin unsellable line-max 2
        reserve A for ann: 3 tin            | refused: NotSellable
        new tin line-max 2
        reserve A for ann: 3 tin            | refused: LineTooLarge
        reserve A for ann: 2 tin            | refused: InsufficientStock
        reserve A for ann: 2 jar, 2 tin     | refused: UnknownSku
        receive 1 tin key k
        receive 2 jar key k                 | refused: UnknownSku
        count 9 tin if 5 key k              | refused: KeyReused
        remove 9 tin if 5                   | refused: StockChanged
        ",
        "",
    );
}

fn name(refusal: &Rejection) -> String {
    let debug = format!("{refusal:?}");
    debug.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

/// One of each. A new one does not compile here until it has been thought of.
fn every_refusal() -> Vec<Rejection> {
    use holdfast_engine::{CustomerId, LineQuantity, Millis, Money, OrderId, Quantity, Shortage, Timestamp};
    let (sku, location, lot) = (sku("cup"), LocationId::main(), LotId(1));
    let (units, at) = (LineQuantity::new(1).unwrap(), Timestamp::from_millis(0));
    let (hold, order) = (HoldId { reservation: ReservationId(1), line: 0 }, OrderId(1));
    let (none, euros) = (Quantity::ZERO, Money::zero(super::script::currency("EUR")));
    let sale = holdfast_engine::SaleId::new("spring").unwrap();
    let shortage = Shortage {
        sku: sku.clone(),
        location: Some(location.clone()),
        requested: units,
        available: none,
        held: Quantity::new(1).unwrap(),
        queued: none,
        queueable: none,
        next_expiry: None,
        may_pass: true,
    };
    let all = vec![
        Rejection::KeyReused,
        Rejection::UnknownSku { sku: sku.clone() },
        Rejection::NotSellable { sku: sku.clone() },
        Rejection::UnknownLocation { sku: sku.clone(), location: location.clone() },
        Rejection::SaleNotOpen {
            sku: sku.clone(),
            sale: sale.clone(),
            status: SaleStatus::Paused,
            opens_at: None,
        },
        Rejection::CustomerLimit {
            sku: sku.clone(),
            sale: sale.clone(),
            limit: units,
            bought: none,
            requested: none,
        },
        Rejection::SaleFull { sku: sku.clone(), sale: sale.clone(), admits: 1, next_expiry: None },
        Rejection::OtherSale { sku: sku.clone(), sale: sale.clone() },
        Rejection::SaleNotFound { sku: sku.clone(), sale },
        Rejection::SaleContradiction { sku: sku.clone() },
        Rejection::ProductInUse {
            sku: sku.clone(),
            on_hand: none,
            held: none,
            allocated: none,
            queued: none,
            incoming: none,
        },
        Rejection::ProductIsBundle { sku: sku.clone() },
        Rejection::StockInTheWay { sku: sku.clone(), uses: Box::default() },
        Rejection::ComponentIsBundle { sku: sku.clone(), component: sku.clone() },
        Rejection::InBundle(Box::new(InBundle {
            bundles: vec![(sku.clone(), None)],
            because: Rejection::UnknownSku { sku: sku.clone() },
        })),
        Rejection::BundleInPart { sku: sku.clone() },
        Rejection::TooManyLines { lines: 2, max: 1 },
        Rejection::LastLocation { sku: sku.clone(), location: location.clone() },
        Rejection::LocationInUse {
            sku: sku.clone(),
            location: location.clone(),
            uses: Box::new(LocationUse { held: none, ..LocationUse::default() }),
        },
        Rejection::LocationNotEmpty { sku: sku.clone(), location: location.clone(), on_hand: none },
        Rejection::NoWaitingList { sku: sku.clone() },
        Rejection::NotWaiting { sku: sku.clone(), customer: CustomerId::new("ann").unwrap() },
        Rejection::WaitingListFull { sku: sku.clone(), max: 1 },
        Rejection::PolicyContradiction { sku: sku.clone(), contradiction: Contradiction::HoldTimes },
        Rejection::InsufficientStock(Box::new(shortage)),
        Rejection::LineTooLarge { sku: sku.clone(), requested: units, max: units },
        Rejection::LineTooSmall { sku: sku.clone(), requested: units, min: units },
        Rejection::LineNotMultiple { sku: sku.clone(), requested: units, multiple: units },
        Rejection::StockChanged {
            sku: sku.clone(),
            location: location.clone(),
            condition: Condition::Sellable,
            expected: none,
            actual: none,
        },
        Rejection::StockBelowZero {
            sku: sku.clone(),
            location: location.clone(),
            condition: Condition::Sellable,
            actual: none,
            delta: -1,
        },
        Rejection::StockAboveMaximum { sku: sku.clone(), location: location.clone() },
        Rejection::NotOnShelf { sku: sku.clone(), requested: none, sellable: none },
        Rejection::HoldNotFound { hold },
        Rejection::CommitAboveHold { line: 0, held: units, requested: none },
        Rejection::CommitMismatch,
        Rejection::FulfilmentAboveAllocation { line: 0, committed: none },
        Rejection::HoldTimeOutOfRange { requested: Millis(1), min: Millis(2), max: Millis(3) },
        Rejection::GoodTilOutOfRange {
            requested: Timestamp::from_millis(1),
            latest: Timestamp::from_millis(2),
        },
        Rejection::ReservationNotFound { reservation: ReservationId(1) },
        Rejection::ReservationExpired { expired_at: at },
        Rejection::ReservationCommitted,
        Rejection::ReservationReleased,
        Rejection::ReservationInCheckout { order },
        Rejection::ReservationOfOther { customer: CustomerId::new("ann").unwrap() },
        Rejection::ReservationChanged,
        Rejection::TooManyChanges,
        Rejection::ProductShort { sku: sku.clone() },
        Rejection::NoPrice { sku: sku.clone(), currency: "EUR".to_owned() },
        Rejection::TotalChanged { expected: euros, actual: euros },
        Rejection::TotalTooLarge,
        Rejection::OrderNotFound { order },
        Rejection::OrderState { status: OrderStatus::Confirmed, verb: "cancelled" },
        Rejection::NoSuchLine { sku: sku.clone(), location: None },
        Rejection::LineExceeded {
            sku: sku.clone(),
            location: Some(location.clone()),
            requested: units,
            left: none,
            verb: "shipped",
        },
        Rejection::RefundOfNothing,
        Rejection::RefundAbovePaid { requested: euros, left: euros },
        Rejection::TooManyRefunds { max: 1 },
        Rejection::RefundNotFound { refund: 0 },
        Rejection::RefundNotFailed { refund: 0, done: true },
        Rejection::StampOutOfRange {
            sku: sku.clone(),
            location: location.clone(),
            given: at,
            earliest: at,
            latest: at,
        },
        Rejection::LotNotFound { lot },
        Rejection::LotEnded { lot, status: LotStatus::Short },
        Rejection::LotExceeded { lot, requested: none, left: none },
        Rejection::ReceiptOfNothing,
        Rejection::TooManyLots { sku: sku.clone(), max: 1 },
        Rejection::TransferToSelf { sku: sku.clone(), location: location.clone() },
        Rejection::UnknownSource { sku: sku.clone(), location: location.clone() },
        Rejection::UnknownDestination { sku: sku.clone(), location: location.clone() },
        Rejection::TransferExceeded { sku, location, requested: units, movable: none },
    ];
    for refusal in &all {
        match refusal {
            Rejection::KeyReused
            | Rejection::SaleNotOpen { .. }
            | Rejection::CustomerLimit { .. }
            | Rejection::SaleFull { .. }
            | Rejection::UnknownLocation { .. }
            | Rejection::OtherSale { .. }
            | Rejection::SaleNotFound { .. }
            | Rejection::SaleContradiction { .. }
            | Rejection::UnknownSku { .. }
            | Rejection::NotSellable { .. }
            | Rejection::ProductInUse { .. }
            | Rejection::ProductIsBundle { .. }
            | Rejection::StockInTheWay { .. }
            | Rejection::ComponentIsBundle { .. }
            | Rejection::InBundle(_)
            | Rejection::BundleInPart { .. }
            | Rejection::TooManyLines { .. }
            | Rejection::LastLocation { .. }
            | Rejection::LocationInUse { .. }
            | Rejection::LocationNotEmpty { .. }
            | Rejection::NoWaitingList { .. }
            | Rejection::NotWaiting { .. }
            | Rejection::WaitingListFull { .. }
            | Rejection::PolicyContradiction { .. }
            | Rejection::InsufficientStock(_)
            | Rejection::LineTooLarge { .. }
            | Rejection::LineTooSmall { .. }
            | Rejection::LineNotMultiple { .. }
            | Rejection::StockChanged { .. }
            | Rejection::StockBelowZero { .. }
            | Rejection::StockAboveMaximum { .. }
            | Rejection::NotOnShelf { .. }
            | Rejection::HoldNotFound { .. }
            | Rejection::CommitAboveHold { .. }
            | Rejection::CommitMismatch
            | Rejection::FulfilmentAboveAllocation { .. }
            | Rejection::HoldTimeOutOfRange { .. }
            | Rejection::GoodTilOutOfRange { .. }
            | Rejection::ReservationNotFound { .. }
            | Rejection::ReservationExpired { .. }
            | Rejection::ReservationCommitted
            | Rejection::ReservationReleased
            | Rejection::ReservationInCheckout { .. }
            | Rejection::ReservationOfOther { .. }
            | Rejection::ReservationChanged
            | Rejection::TooManyChanges
            | Rejection::ProductShort { .. }
            | Rejection::NoPrice { .. }
            | Rejection::TotalChanged { .. }
            | Rejection::TotalTooLarge
            | Rejection::OrderNotFound { .. }
            | Rejection::OrderState { .. }
            | Rejection::NoSuchLine { .. }
            | Rejection::LineExceeded { .. }
            | Rejection::RefundOfNothing
            | Rejection::RefundAbovePaid { .. }
            | Rejection::TooManyRefunds { .. }
            | Rejection::RefundNotFound { .. }
            | Rejection::RefundNotFailed { .. }
            | Rejection::StampOutOfRange { .. }
            | Rejection::LotNotFound { .. }
            | Rejection::LotEnded { .. }
            | Rejection::LotExceeded { .. }
            | Rejection::ReceiptOfNothing
            | Rejection::TooManyLots { .. }
            | Rejection::TransferToSelf { .. }
            | Rejection::UnknownSource { .. }
            | Rejection::UnknownDestination { .. }
            | Rejection::TransferExceeded { .. } => {}
        }
    }
    all
}
