//! One product alone, without a script: what was promised leaves the shelf, is given up, or comes back, and what no
//! order would ever ask of it is refused.

use holdfast_engine::product::{
    Claim, Condition, FromOffer, Fulfilment, HoldEnd, Note, OpenHolds, Policy, PriorityClass, Product,
    ProductCommand, ProductDetails, ProductEvent, ProductResult, SaleTerms, Source, Sources, Spread, Terms,
};
use holdfast_engine::{
    CustomerId, Fingerprint, HoldId, LineQuantity, LocationId, Lookup, Millis, Operation, OperationId,
    Quantity, Rejection, ReservationId, SaleId, Sequence, SmolStr, Timestamp,
};

use super::script::{run, sku};

#[test]
fn units_are_counted_from_the_beginning_so_that_saying_it_twice_does_it_once() {
    let mut product = promised(5, 5);
    for (to, moved, on_hand, open) in [
        (done(2, 0, 0), true, 3, 3),
        (done(2, 0, 0), false, 3, 3),
        (done(1, 0, 0), false, 3, 3),
        (done(2, 1, 0), true, 3, 2),
        (done(4, 0, 1), true, 2, 0),
        (done(4, 1, 1), false, 2, 0),
        (done(0, 0, 4), true, 5, 0),
    ] {
        assert_eq!(advance(&mut product, to), Ok(moved), "{to:?}");
        let level = product.level(&LocationId::main());
        assert_eq!((level.on_hand.units(), level.allocated.units()), (on_hand, open), "{to:?}");
    }
}

#[test]
fn no_more_leaves_or_comes_back_than_was_promised() {
    let above = |product: &mut Product, to| {
        assert!(matches!(advance(product, to), Err(Rejection::FulfilmentAboveAllocation { .. })), "{to:?}");
    };
    let mut product = promised(9, 5);
    for to in [done(6, 0, 0), done(0, 6, 0), done(3, 3, 0), done(0, 0, 1), done(2, 0, 3)] {
        above(&mut product, to);
    }
    advance(&mut product, done(3, 0, 0)).unwrap();
    for to in [done(0, 3, 0), done(3, 0, 4), done(6, 0, 0)] {
        above(&mut product, to);
    }
    advance(&mut product, done(0, 2, 0)).unwrap();
    above(&mut product, done(4, 0, 0));
}

#[test]
fn what_is_not_on_the_shelf_cannot_leave_it() {
    let mut product = promised(8, 8);
    adjust(&mut product, -5);
    let refusal = advance(&mut product, done(8, 0, 0));
    assert!(matches!(refusal, Err(Rejection::NotOnShelf { .. })), "{refusal:?}");
    assert_eq!(advance(&mut product, done(3, 0, 0)), Ok(true));
    adjust(&mut product, 10);
    assert_eq!(advance(&mut product, done(8, 0, 0)), Ok(true));
    assert_eq!(product.level(&LocationId::main()).on_hand.units(), 5);
}

#[test]
fn a_full_shelf_takes_nothing_back() {
    let mut product = promised(1, 1);
    advance(&mut product, done(1, 0, 0)).unwrap();
    adjust(&mut product, Quantity::MAX.units().cast_signed());
    let refusal = advance(&mut product, done(1, 0, 1));
    assert!(matches!(refusal, Err(Rejection::StockAboveMaximum { .. })), "{refusal:?}");
}

#[test]
fn what_was_never_promised_has_nothing_to_ship() {
    let product = promised(1, 1);
    let advance = ProductCommand::Advance { hold: hold(2), to: done(1, 0, 0) };
    assert_eq!(product.decide(at(9), &advance), Err(Rejection::HoldNotFound { hold: hold(2) }));
}

#[test]
fn a_repeat_finds_what_the_first_one_left() {
    let mut product = Product::absent(sku("cup"));
    let operation = |id| Operation { id: OperationId(id), fingerprint: Fingerprint(7) };
    let put = |id| ProductCommand::Put { details: Box::new(plain()), operation: operation(id) };
    for id in 1..=2 {
        let events = product.decide(at(id), &put(id.unsigned_abs().into())).unwrap();
        events.iter().for_each(|event| product.apply(event));
        product.journaled(Sequence(40 + id.unsigned_abs()));
    }
    let Lookup::Repeat(first) = product.look_up(operation(1)) else { panic!("the first put is remembered") };
    assert_eq!((first.at, first.version, first.sequence), (at(1), 1, Sequence(41)));
    assert_eq!(first.result, ProductResult::Put { details_version: 1, created: true });
    assert_eq!(product.operation(OperationId(2)).unwrap().sequence, Sequence(42));
    assert_eq!((product.created_at(), product.updated_at()), (at(1), at(2)));
    assert_eq!((product.version(), product.sequence()), (2, Sequence(42)));
    let other = Operation { id: OperationId(1), fingerprint: Fingerprint(8) };
    assert_eq!(product.look_up(other), Lookup::Reused);
}

#[test]
fn events_that_are_journaled_together_stand_there_one_after_the_other() {
    let mut product = Product::absent(sku("cup"));
    let put = |id| {
        let operation = Operation { id: OperationId(id), fingerprint: Fingerprint(7) };
        ProductEvent::Put { details: Box::new(plain()), operation, at: at(1) }
    };
    let position = |product: &Product, id| product.operation(OperationId(id)).unwrap().sequence;
    let one = LineQuantity::new(1).unwrap();
    let ended = || ProductEvent::HoldEnded { hold: hold(1), why: HoldEnd::Released };
    product.apply(&put(1));
    product.journaled(Sequence(40));
    adjust(&mut product, 5);
    product.journaled(Sequence(41));
    // The first of three is about the details, then the one in the middle.
    for event in [put(3), opened(one, in_main(), None), ended()] {
        product.apply(&event);
    }
    product.journaled_together(Sequence(50), 3);
    assert_eq!((product.sequence(), product.details_sequence()), (Sequence(52), Sequence(50)));
    assert_eq!(position(&product, 3), Sequence(50));
    for event in [opened(one, in_main(), None), put(4), ended()] {
        product.apply(&event);
    }
    product.journaled_together(Sequence(70), 3);
    assert_eq!((product.sequence(), product.details_sequence()), (Sequence(72), Sequence(71)));
    assert_eq!([1, 3, 4].map(|id| position(&product, id)), [Sequence(40), Sequence(50), Sequence(71)]);
    assert_eq!((product.version(), product.details_version()), (8, 3));
    // Nothing was journaled.
    product.journaled_together(Sequence(90), 0);
    assert_eq!((product.sequence(), product.details_sequence()), (Sequence(72), Sequence(71)));
}

#[test]
fn what_is_not_put_anew_leaves_the_details_where_they_stood() {
    let mut product = Product::absent(sku("cup"));
    assert_eq!((product.details_version(), product.details_sequence()), (0, Sequence::default()));
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(7) };
    product.apply(&ProductEvent::Put { details: Box::new(plain()), operation, at: at(1) });
    product.journaled(Sequence(3));
    adjust(&mut product, 5);
    product.journaled(Sequence(4));
    assert_eq!((product.details_version(), product.details_sequence()), (1, Sequence(3)));
    assert_eq!((product.version(), product.sequence()), (2, Sequence(4)));
}

#[test]
fn a_hold_is_opened_once() {
    let mut product = promised(5, 1);
    let claim = Claim { location: None, quantity: LineQuantity::new(1).unwrap() };
    let open = OpenHolds {
        reservation: hold(1).reservation,
        first_line: 0,
        claims: [claim].into_iter().collect(),
        terms: Terms::default(),
        customer: CustomerId::new("ann").unwrap(),
        expires_at: at(99),
    };
    let events = product.decide(at(9), &ProductCommand::Open(open)).unwrap();
    let opened = std::panic::catch_unwind(move || events.iter().for_each(|event| product.apply(event)));
    assert!(opened.is_err(), "I3: a promised hold cannot be opened again");
}

#[test]
fn events_that_do_not_fit_stop_the_product() {
    let level_one = ProductEvent::HoldOpened {
        hold: hold(2),
        buyer: None,
        sources: in_main(),
        quantity: LineQuantity::new(1).unwrap(),
        expires_at: at(99),
        offer: None,
    };
    let too_many = ProductEvent::HoldOpened {
        hold: hold(3),
        buyer: None,
        sources: in_main(),
        quantity: LineQuantity::new(5).unwrap(),
        expires_at: at(99),
        offer: None,
    };
    let mut product = promised(5, 1);
    product.apply(&level_one);
    for (event, why) in [
        (level_one, "opened twice"),
        (too_many, "granted more than can be claimed"),
        (
            ProductEvent::HoldCommitted {
                hold: hold(2),
                quantity: Quantity::new(2).unwrap(),
                arrival: Sequence(1),
                at: at(9),
            },
            "committed above",
        ),
        (ProductEvent::HoldEnded { hold: hold(1), why: HoldEnd::Released }, "ended twice"),
        (ProductEvent::HoldMoved { hold: hold(1), expires_at: None }, "moved after its end"),
        (moved(2, done(1, 0, 0)), "shipped before its commit"),
        (moved(1, done(9, 0, 0)), "shipped more than was there"),
        (
            ProductEvent::Adjusted {
                location: LocationId::main(),
                condition: Condition::Sellable,
                delta: -6,
                became: None,
                note: Box::new(Note::why(SmolStr::default())),
                operation: Operation { id: OperationId(5), fingerprint: Fingerprint(5) },
                at: at(9),
                is_count: false,
                stamped: None,
            },
            "counted below zero",
        ),
    ] {
        let mut product = product.clone();
        let outcome = std::panic::catch_unwind(move || product.apply(&event));
        assert!(outcome.is_err(), "a product that has {why} goes no further");
    }
}

/// Five cups lie at `main` and five in the north, and a hold has so many of each.
fn held_at_both(main: u32, north: u32) -> Product {
    let mut product = Product::absent(sku("cup"));
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    product.apply(&ProductEvent::Put { details: Box::new(plain()), operation, at: at(1) });
    adjust_at(&mut product, &LocationId::main(), 5);
    adjust_at(&mut product, &north_of_main(), 5);
    let sources = at_both(main, north);
    let quantity = LineQuantity::new(main + north).unwrap();
    product.apply(&opened(quantity, sources, None));
    product
}

fn opened(quantity: LineQuantity, sources: Sources, buyer: Option<&str>) -> ProductEvent {
    let buyer = buyer.map(|name| CustomerId::new(name).unwrap());
    ProductEvent::HoldOpened { hold: hold(1), quantity, sources, buyer, expires_at: at(99), offer: None }
}

/// The hold has so many at `main` and in the north from now on.
fn changed(main: u32, north: u32) -> ProductEvent {
    let quantity = LineQuantity::new(main + north).unwrap();
    ProductEvent::HoldChanged { hold: hold(1), quantity, sources: at_both(main, north), buyer: None }
}

fn at_both(main: u32, north: u32) -> Sources {
    let source = |location, units| Source { location, units: LineQuantity::new(units).unwrap() };
    Sources::Spread(Box::new(Spread {
        asked: None,
        filled: vec![source(LocationId::main(), main), source(north_of_main(), north)],
        queued: Quantity::ZERO,
        class: PriorityClass::USUAL,
        good_til: None,
    }))
}

fn north_of_main() -> LocationId {
    LocationId::new("north").unwrap()
}

fn held(product: &Product) -> (u64, u64) {
    let held = |location| product.level(&location).held.units();
    (held(LocationId::main()), held(north_of_main()))
}

#[test]
#[should_panic(expected = "I1")]
fn a_hold_of_more_than_may_be_claimed_stops_the_product() {
    let mut product = held_at_both(1, 1);
    product.apply(&ProductEvent::HoldEnded { hold: hold(1), why: HoldEnd::Released });
    product.apply(&opened(LineQuantity::new(6).unwrap(), in_main(), None));
}

#[test]
#[should_panic(expected = "I1")]
fn a_hold_that_is_changed_to_more_than_may_be_claimed_stops_the_product() {
    held_at_both(2, 4).apply(&changed(2, 6));
}

#[test]
#[should_panic(expected = "I1")]
fn a_hold_that_is_changed_to_a_place_where_nothing_is_left_stops_the_product() {
    let mut product = held_at_both(2, 4);
    adjust_at(&mut product, &north_of_main(), -4);
    let quantity = LineQuantity::new(2).unwrap();
    let in_the_north = Sources::At { location: north_of_main(), asked: false };
    product.apply(&ProductEvent::HoldEnded { hold: hold(1), why: HoldEnd::Released });
    product.apply(&opened(quantity, in_main(), None));
    product.apply(&ProductEvent::HoldChanged { hold: hold(1), quantity, sources: in_the_north, buyer: None });
}

#[test]
fn a_hold_gets_fewer_or_keeps_what_it_has_where_a_count_found_less_than_is_held() {
    let mut product = held_at_both(4, 2);
    adjust_at(&mut product, &LocationId::main(), -4);
    product.apply(&changed(4, 3));
    assert_eq!(held(&product), (4, 3), "what it has at main it keeps");
    product.apply(&changed(3, 3));
    assert_eq!(held(&product), (3, 3), "what it has less at main is a step in the right direction");
    product.check();
}

#[test]
#[should_panic(expected = "I1")]
fn a_hold_of_more_than_may_be_claimed_stops_the_product_where_only_some_of_it_was_offered() {
    let shop = run("
        new cup waiting 10min
        join for ann: 1 cup
        receive 5 cup
        reserve A for bob: 4 cup
        ");
    let (customer, location) = (CustomerId::new("ann").unwrap(), LocationId::main());
    let offered =
        FromOffer { customer, units: vec![Source { location, units: LineQuantity::new(1).unwrap() }] };
    let ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, .. } =
        opened(LineQuantity::new(2).unwrap(), in_main(), None)
    else {
        unreachable!("it is just that")
    };
    let offer = Some(Box::new(offered));
    let mut cup = shop.driver.product(&sku("cup"));
    cup.apply(&ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, offer });
}

#[test]
#[should_panic(expected = "I5")]
fn a_hold_of_more_than_a_customer_may_have_of_a_sale_stops_the_product() {
    let mut product = promised(5, 1);
    let terms = SaleTerms {
        id: SaleId::new("spring").unwrap(),
        opens_at: at(2),
        closes_at: None,
        paused: false,
        exclusive: false,
        per_customer: LineQuantity::new(2),
        admits: None,
        allotments: Vec::new(),
    };
    let operation = Operation { id: OperationId(8), fingerprint: Fingerprint(1) };
    product.apply(&ProductEvent::SalePut { terms: Box::new(terms), operation, at: at(3) });
    let open = |number, units| {
        let quantity = LineQuantity::new(units).unwrap();
        let ProductEvent::HoldOpened { sources, buyer, expires_at, .. } =
            opened(quantity, in_main(), Some("ann"))
        else {
            unreachable!("it is just that")
        };
        ProductEvent::HoldOpened { hold: hold(number), quantity, sources, buyer, expires_at, offer: None }
    };
    product.apply(&open(2, 2));
    product.apply(&open(3, 1));
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn plain() -> ProductDetails {
    ProductDetails {
        name: SmolStr::default(),
        price: None,
        policy: Policy::default(),
        components: Box::default(),
    }
}

fn hold(number: u128) -> HoldId {
    HoldId { reservation: ReservationId(number), line: 0 }
}

fn done(shipped: u64, cancelled: u64, returned: u64) -> Fulfilment {
    let [shipped, cancelled, returned] =
        [shipped, cancelled, returned].map(|units| Quantity::new(units).unwrap());
    Fulfilment { shipped, cancelled, returned, damaged: Quantity::ZERO }
}

fn in_main() -> Sources {
    Sources::At { location: LocationId::main(), asked: false }
}

fn moved(number: u128, by: Fulfilment) -> ProductEvent {
    ProductEvent::AllocationAdvanced {
        hold: hold(number),
        location: LocationId::main(),
        by,
        counted: true,
        at: at(9),
    }
}

/// A product with so many units on the shelf, so many of them promised.
fn promised(on_hand: i64, units: u32) -> Product {
    let mut product = Product::absent(sku("cup"));
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    product.apply(&ProductEvent::Put { details: Box::new(plain()), operation, at: at(1) });
    adjust(&mut product, on_hand);
    let quantity = LineQuantity::new(units).unwrap();
    let (hold, sources, expires_at) = (hold(1), in_main(), at(99));
    product.apply(&ProductEvent::HoldOpened {
        hold,
        quantity,
        sources,
        buyer: None,
        expires_at,
        offer: None,
    });
    product.apply(&ProductEvent::HoldCommitted {
        hold,
        quantity: quantity.into(),
        arrival: Sequence(1),
        at: at(9),
    });
    product.check();
    product
}

fn adjust(product: &mut Product, delta: i64) {
    adjust_at(product, &LocationId::main(), delta);
}

fn adjust_at(product: &mut Product, location: &LocationId, delta: i64) {
    product.apply(&ProductEvent::Adjusted {
        location: location.clone(),
        condition: Condition::Sellable,
        delta,
        became: None,
        note: Box::new(Note::why(SmolStr::new_static("count"))),
        operation: Operation { id: OperationId(2), fingerprint: Fingerprint(2) },
        at: at(2),
        is_count: false,
        stamped: None,
    });
}

fn advance(product: &mut Product, to: Fulfilment) -> Result<bool, Rejection> {
    let events = product.decide(at(9), &ProductCommand::Advance { hold: hold(1), to })?;
    for event in &events {
        product.apply(event);
        product.check();
    }
    Ok(!events.is_empty())
}

#[test]
fn it_says_when_its_counts_change_next_without_anything_being_done() {
    let shop = run("
        new cup preorder 5 release 1h
        sale cup spring in 2h for 3h
        ");
    let cup = shop.driver.product(&sku("cup"));
    let hour = |hours: i64| shop.driver.now.plus(Millis(hours.unsigned_abs() * 3_600_000));
    for (now, next) in [(0, Some(1)), (1, Some(2)), (2, Some(5)), (4, Some(5)), (5, None)] {
        assert_eq!(cup.next_change(hour(now)), next.map(hour), "{now} h");
    }
}
