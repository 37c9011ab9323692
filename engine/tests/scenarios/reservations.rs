//! Baskets: holds that stand or fall together, and each ends once.

use holdfast_engine::product::{
    Backorders, Component, HoldEnd, Kept, Policy, ProductDetails, Sources, Terms,
};
use holdfast_engine::reservation::{
    Bundle, Bundles, LINES_MAX, Reservation, ReservationEvent, ReservationLine, Verdict,
};
use holdfast_engine::{
    CustomerId, Fingerprint, LineQuantity, LocationId, Millis, Operation, OperationId, OrderId, Quantity,
    Rejection, ReservationId, Sequence, Sku, SmolStr, Timestamp,
};

use super::driver::{Basket, Driver, Effect, restart_from};
use super::script::{check, run, sku};

#[test]
fn two_lines_of_the_same_product_are_summed_before_they_are_checked() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 3 cup, 3 cup     | refused: InsufficientStock, 6 asked for, 5 available
        reserve A for ann: 3 cup, 2 cup
        commit A: 4
        ",
        "
        cup: 5 on hand, 0 held, 4 promised, 1 available
        ",
    );
}

#[test]
fn if_one_line_cannot_be_met_no_line_takes_stock() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        receive 1 pot
        reserve A for ann: 3 cup, 2 pot     | refused: InsufficientStock, pot
        ",
        "
        cup: 5 on hand, 0 held, 0 promised, 5 available
        pot: 1 on hand, 0 held, 0 promised, 1 available
        ",
    );
}

#[test]
fn what_a_refused_basket_had_taken_is_there_for_the_next() {
    check(
        "
        new cup
        new pot
        receive 20 cup
        reserve A for ann: 15 cup, 1 pot    | refused: InsufficientStock, pot
        reserve B for bob: 15 cup
        ",
        "
        cup: 20 on hand, 15 held, 0 promised, 5 available
        ",
    );
}

#[test]
fn a_refused_basket_may_be_tried_again_under_its_number_with_other_lines() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        reserve A for ann: 3 cup, 2 pot     | refused: InsufficientStock
        reserve A for ann: 2 cup
        commit A
        ",
        "
        cup: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_basket_is_made_once_however_often_it_is_asked_for() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 3 cup
        reserve A for ann: 3 cup    | done before
        reserve A for ann: 2 cup    | refused: KeyReused
        ",
        "
        cup: 5 on hand, 3 held, 0 promised, 2 available
        ",
    );
}

#[test]
fn a_commit_promises_all_of_it() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        reserve A for ann: 3 cup, 2 pot
        commit A
        ",
        "
        cup: 5 on hand, 0 held, 3 promised, 2 available
        pot: 5 on hand, 0 held, 2 promised, 3 available
        ",
    );
}

#[test]
fn a_commit_of_a_part_gives_the_rest_back() {
    check(
        "
        new cup
        new pot
        receive 5 cup
        receive 5 pot
        reserve A for ann: 3 cup, 2 pot
        commit A: 1, 0
        reserve B for bob: 4 cup, 5 pot
        ",
        "
        A: committed
        cup: 5 on hand, 4 held, 1 promised, 0 available
        pot: 5 on hand, 5 held, 0 promised, 0 available
        ",
    );
}

#[test]
fn no_more_than_was_held_can_be_committed() {
    check(
        "
        new cup
        new pot
        receive 9 cup
        receive 9 pot
        reserve A for ann: 3 cup, 2 pot
        commit A: 4, 1      | refused: CommitAboveHold, line 0: 3 held, 4 to commit
        commit A: 3, 3      | refused: CommitAboveHold, line 1
        ",
        "
        A: held for 900000 ms
        cup: 9 on hand, 3 held, 0 promised, 6 available
        ",
    );
}

#[test]
fn a_commit_names_the_lines_there_are_and_takes_something() {
    check(
        "
        new cup
        new pot
        receive 9 cup
        receive 9 pot
        reserve A for ann: 3 cup, 2 pot
        commit A: 1         | refused: CommitMismatch
        commit A: 1, 1, 1   | refused: CommitMismatch
        commit A: 0, 0      | refused: CommitMismatch
        ",
        "
        A: held for 900000 ms
        ",
    );
}

#[test]
fn each_way_to_end_refuses_the_others_by_its_own_name() {
    check(
        "
        new cup
        receive 9 cup
        reserve A for ann: 1 cup
        commit A
        commit A            | refused: ReservationCommitted
        release A           | refused: ReservationCommitted
        extend A by 1h      | refused: ReservationCommitted
        reserve B for bob: 1 cup
        release B
        commit B            | refused: ReservationReleased
        release B           | refused: ReservationReleased
        extend B by 1h      | refused: ReservationReleased
        reserve C for cleo lasting 1s: 1 cup
        wait 1s
        sweep
        commit C            | refused: ReservationExpired
        release C           | refused: ReservationExpired
        extend C by 1h      | refused: ReservationExpired
        commit D            | refused: ReservationNotFound
        release D           | refused: ReservationNotFound
        extend D by 1h      | refused: ReservationNotFound
        ",
        "
        cup: 9 on hand, 0 held, 1 promised, 8 available
        ",
    );
}

#[test]
fn repeated_requests_to_a_basket_do_it_once() {
    check(
        "
        new cup
        receive 9 cup
        reserve A for ann lasting 1min: 2 cup
        extend A by 2min key longer
        wait 1min
        extend A by 2min key longer     | done before
        commit A: 1 key take
        commit A: 1 key take            | done before
        commit A: 2 key take            | refused: KeyReused
        reserve B for bob: 2 cup
        release B key back
        release B key back              | done before
        commit B key back               | refused: KeyReused
        ",
        "
        A: committed
        B: released
        cup: 9 on hand, 0 held, 1 promised, 8 available
        ",
    );
}

#[test]
fn a_hold_time_is_what_every_product_of_the_basket_allows() {
    check(
        "
        new cup
        new pot hold-default 1min hold-max 10min
        receive 9 cup
        receive 9 pot
        reserve A for ann lasting 99ms: 1 cup           | refused: HoldTimeOutOfRange, from 100 ms
        reserve A for ann lasting 11min: 1 cup, 1 pot   | refused: HoldTimeOutOfRange, to 600000 ms
        reserve A for ann lasting 10min: 1 cup, 1 pot
        extend A by 11min                               | refused: HoldTimeOutOfRange
        extend A by 10min
        ",
        "
        A: held for 600000 ms
        ",
    );
}

#[test]
fn holds_of_a_product_with_less_than_is_promised_are_not_prolonged() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 5 cup
        remove 1 cup
        extend A by 1h      | refused: ProductShort
        receive 1 cup
        extend A by 1h
        ",
        "
        A: held for 3600000 ms
        ",
    );
}

// While an order is paid.

#[test]
fn a_pinned_basket_does_not_lapse_and_its_time_runs_on_afterwards() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann lasting 10min: 5 cup
        wait 4min
        pin A to O1 for ann
        wait 3d
        sweep
        reserve B for bob: 1 cup    | refused: InsufficientStock
        unpin A from O1
        wait 359999ms
        reserve B for bob: 1 cup    | refused: InsufficientStock
        wait 1ms
        reserve B for bob: 1 cup
        ",
        "
        A: lapsed
        cup: 5 on hand, 1 held, 0 promised, 4 available
        ",
    );
}

#[test]
fn only_its_order_ends_a_pinned_basket() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 5 cup
        pin A to O1 for ann
        commit A                    | refused: ReservationInCheckout
        release A                   | refused: ReservationInCheckout
        extend A by 1h              | refused: ReservationInCheckout
        pin A to O2 for ann         | refused: ReservationInCheckout
        pin A to O1 for ann         | done before
        unpin A from O2             | done before
        ",
        "
        A: in checkout, 900000 ms left
        ",
    );
}

#[test]
fn only_its_customer_takes_a_basket_to_checkout() {
    check(
        "
        new cup
        receive 5 cup
        reserve A for ann: 5 cup
        pin A to O1 for bob     | refused: ReservationOfOther
        release A
        pin A to O1 for ann     | refused: ReservationReleased
        ",
        "
        A: released
        ",
    );
}

#[test]
fn the_order_that_pinned_a_basket_commits_or_releases_it_once() {
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    let (order, other) = (OrderId(1), OrderId(2));
    for commit in [true, false] {
        let mut basket = basket_of([3, 2]);
        assert_eq!(basket.decide_commit_pinned(at(1), order), None, "not pinned yet");
        assert_eq!(basket.decide_release_pinned(at(1), order), None, "not pinned yet");
        basket.apply(&ReservationEvent::Pinned { order, at: at(1) });
        assert_eq!(basket.decide_expire(at(1_000_000)), None, "pinned");
        assert_eq!(basket.decide_commit_pinned(at(2), other), None, "pinned by another");
        assert_eq!(basket.decide_release_pinned(at(2), other), None, "pinned by another");
        let end = if commit {
            basket.decide_commit_pinned(at(2), order)
        } else {
            basket.decide_release_pinned(at(2), order)
        };
        basket.apply(&end.unwrap());
        assert_eq!(basket.decide_commit_pinned(at(3), order), None, "over");
        assert_eq!(basket.decide_release_pinned(at(3), order), None, "over");
        assert_eq!(basket.decide_unpin(at(3), order), None, "over");
        assert!(basket.decide_commit(at(3), None, operation).is_err());
        let verdict = match commit {
            true => {
                Verdict::Commit { units: Quantity::new(3).unwrap(), arrival: basket.sequence(), at: at(2) }
            }
            false => Verdict::End(HoldEnd::Released),
        };
        assert_eq!(basket.verdict(0, &sku("line-0")), verdict);
    }
}

#[test]
fn naming_every_unit_is_taking_all() {
    let basket = basket_of([3, 2]);
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    for taken in [None, Some([3, 2].as_slice())] {
        let event = basket.decide_commit(at(1), taken, operation).unwrap().unwrap();
        assert!(matches!(event, ReservationEvent::Committed { taken: None, .. }), "{event:?}");
    }
}

#[test]
fn a_hold_that_is_none_of_its_lines_is_to_be_given_back() {
    let basket = basket_of([3, 2]);
    let sources = Sources::At { location: LocationId::main(), asked: false };
    let has = Kept { quantity: LineQuantity::new(3).unwrap(), sources };
    let open = Verdict::Open(Some(at(100)), Some(Box::new(has)));
    assert_eq!(basket.verdict(0, &sku("line-0")), open);
    assert_eq!(basket.verdict(0, &sku("line-1")), Verdict::End(HoldEnd::Abandoned));
    assert_eq!(basket.verdict(2, &sku("line-1")), Verdict::End(HoldEnd::Abandoned));
}

#[test]
fn a_repeat_finds_the_version_and_place_of_the_first() {
    let mut basket = basket_of([3, 2]);
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    let event = basket.decide_extend(at(5), Millis(500), operation).unwrap().unwrap();
    basket.apply(&event);
    basket.journaled(Sequence(8));
    basket.apply(&ReservationEvent::Pinned { order: OrderId(1), at: at(6) });
    basket.journaled(Sequence(9));
    let record = basket.operation(OperationId(1)).unwrap();
    assert_eq!((record.at, record.version, record.sequence), (at(5), 2, Sequence(8)));
    assert_eq!(basket.decide_extend(at(7), Millis(500), operation), Ok(None));
    assert_eq!((basket.version(), basket.sequence()), (3, Sequence(9)));
    let other = Operation { fingerprint: Fingerprint(2), ..operation };
    assert_eq!(basket.decide_extend(at(7), Millis(500), other), Err(Rejection::KeyReused));
}

#[test]
fn events_that_do_not_fit_stop_the_basket() {
    let held = basket_of([3, 2]);
    let operation = Operation { id: OperationId(1), fingerprint: Fingerprint(1) };
    let made = ReservationEvent::Made {
        customer: CustomerId::new("ann").unwrap(),
        fingerprint: Fingerprint(1),
        lines: 2,
        ttl: Millis(1),
        at: at(0),
        metadata: SmolStr::default(),
        follow: 0,
        bundles: 0,
    };
    let extended = ReservationEvent::Extended { expires_at: at(9), operation, at: at(1) };
    let pinned = ReservationEvent::Pinned { order: OrderId(1), at: at(1) };
    let unpinned = ReservationEvent::Unpinned { expires_at: at(9), at: at(1) };
    let committed = ReservationEvent::Committed { taken: None, operation: None, at: at(1) };
    let released = ReservationEvent::Released { operation: None, at: at(1) };
    let expired = ReservationEvent::Expired { at: at(1) };
    let all = [&made, &extended, &pinned, &unpinned, &committed, &released, &expired];
    let states: [(&str, &[&ReservationEvent], [bool; 7]); 5] = [
        ("held", &[], [false, true, true, false, true, true, true]),
        ("pinned", &[&pinned], [false, false, false, true, true, true, false]),
        ("committed", &[&committed], [false; 7]),
        ("released", &[&released], [false; 7]),
        ("lapsed", &[&expired], [false; 7]),
    ];
    for (name, history, fits) in states {
        let mut basket = held.clone();
        history.iter().for_each(|event| basket.apply(event));
        for (event, fits) in all.iter().zip(fits) {
            let mut basket = basket.clone();
            let outcome = std::panic::catch_unwind(move || basket.apply(event));
            assert_eq!(outcome.is_ok(), fits, "{name} basket takes {event:?}");
        }
    }
}

#[test]
fn a_basket_is_made_and_changed_with_just_the_bundles_that_were_noted() {
    let box_of_one = Bundle {
        sku: sku("box"),
        location: None,
        quantity: LineQuantity::ONE,
        components: vec![Component { sku: sku("cup"), quantity: LineQuantity::ONE }].into(),
    };
    let noted: Bundles = Some(vec![box_of_one].into());
    let source = || Sources::At { location: LocationId::main(), asked: false };
    let line =
        || ReservationLine { number: 0, sku: sku("cup"), quantity: LineQuantity::ONE, sources: source() };
    let made = |bundles| ReservationEvent::Made {
        customer: CustomerId::new("ann").unwrap(),
        fingerprint: Fingerprint(1),
        lines: 1,
        ttl: Millis(1),
        at: at(0),
        metadata: SmolStr::default(),
        follow: 0,
        bundles,
    };
    let changed = |bundles| ReservationEvent::Changed {
        lowered: Vec::new(),
        raised: 0,
        bundles,
        expires_at: at(9),
        operation: Operation { id: OperationId(1), fingerprint: Fingerprint(1) },
        at: at(1),
    };
    for (bundles, count, fits) in [(&noted, 1, true), (&None, 0, true), (&noted, 0, false), (&None, 1, false)]
    {
        let make = |count| Reservation::make(ReservationId(1), [line()], bundles.clone(), &made(count));
        let outcome = std::panic::catch_unwind(|| make(count));
        assert_eq!(outcome.is_ok(), fits, "made with {bundles:?} where {count} were noted");
        let outcome = std::panic::catch_unwind(|| {
            let mut basket = Reservation::make(ReservationId(1), [line()], None, &made(0));
            basket.change([], bundles.clone(), &changed(count));
        });
        assert_eq!(outcome.is_ok(), fits, "changed with {bundles:?} where {count} were noted");
    }
}

#[test]
fn the_widest_basket_is_one_thing() {
    let mut driver = Driver::new(at(0));
    let names: Vec<Sku> = (0..LINES_MAX).map(|number| sku(&format!("sku-{number:04}"))).collect();
    let operation = |id: usize| Operation { id: OperationId(id as u128), fingerprint: Fingerprint(0) };
    for (number, name) in names.iter().enumerate() {
        let backorders = Backorders::Capped(Quantity::new(1).unwrap());
        let policy = Policy { backorders, ..Policy::default() };
        let details =
            ProductDetails { name: SmolStr::default(), price: None, policy, components: Box::default() };
        driver.put(name, details, operation(number)).unwrap();
    }
    let basket = |id, extra: Option<&Sku>| Basket {
        id: ReservationId(id),
        customer: CustomerId::new("ann").unwrap(),
        fingerprint: Fingerprint(0),
        lines: names
            .iter()
            .chain(extra)
            .map(|name| (name.clone(), None, LineQuantity::new(1).unwrap()))
            .collect(),
        ttl: Millis(60_000),
        terms: Terms::default(),
    };
    let last = names.last().unwrap();
    let refused = driver.reserve(&basket(1, Some(last)));
    assert!(matches!(refused, Err(Rejection::InsufficientStock(_))), "the last line is one too many");
    assert_eq!(driver.product(&names[0]).holds_count(), 0, "the first line is free again");
    assert_eq!(driver.reserve(&basket(1, None)), Ok(Effect::Done));
    let whole = driver.journal().len();
    for cut in [whole - 1, whole - LINES_MAX / 2] {
        let (world, _) = restart_from(driver.journal(), cut, driver.now);
        assert_eq!(world.reservations().len(), 0, "cut after {cut} of {whole} events, it never was");
    }
    let (world, _) = restart_from(driver.journal(), whole, driver.now);
    assert_eq!(world.reservation(ReservationId(1)).unwrap().lines().len(), LINES_MAX);
}

#[test]
fn the_notes_and_the_customer_of_a_basket_stay_with_it() {
    let shop = run("
        new cup
        receive 5 cup
        reserve A for ann lasting 10min: 2 cup
        ");
    let basket = shop.driver.reservations().next().unwrap();
    let made = basket.made();
    assert_eq!((made.customer.as_str(), made.ttl), ("ann", Millis(600_000)));
    assert_eq!((made.at, made.sequence), (shop.driver.now, basket.sequence()));
    assert_eq!(basket.sequence(), Sequence(shop.driver.journal().len() as u64));
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A basket of `line-0`, `line-1` and so on, that lapses at 100.
fn basket_of(units: [u32; 2]) -> Reservation {
    let line = |(number, units): (usize, u32)| ReservationLine {
        number: number as u16,
        sku: sku(&format!("line-{number}")),
        quantity: LineQuantity::new(units).unwrap(),
        sources: Sources::At { location: LocationId::main(), asked: false },
    };
    let made = ReservationEvent::Made {
        customer: CustomerId::new("ann").unwrap(),
        fingerprint: Fingerprint(1),
        lines: 2,
        ttl: Millis(100),
        at: at(0),
        metadata: SmolStr::default(),
        follow: 0,
        bundles: 0,
    };
    Reservation::make(ReservationId(1), units.into_iter().enumerate().map(line), None, &made)
}
