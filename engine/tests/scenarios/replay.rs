//! The journal and the state it tells of: a replay believes no torn journal, and its digest tells any two states apart.

use holdfast_engine::order::OrderEvent;
use holdfast_engine::product::{
    Condition, Fulfilment, Note, Policy, PriorityClass, ProductDetails, ProductEvent, WaitingEvent,
};
use holdfast_engine::reservation::ReservationEvent;
use holdfast_engine::world::World;
use holdfast_engine::{
    CustomerId, Event, Fingerprint, HoldId, LineQuantity, LocationId, Millis, Operation, OperationId,
    OrderId, Quantity, ReservationId, Sequence, SmolStr, Timestamp,
};

use super::driver::replay;
use super::script::{Shop, number, run, sku};

#[test]
fn the_digest_tells_any_two_states_apart() {
    let base = "
        new cup price 1.00
        receive 9 cup
        reserve A for ann: 1 cup
        order O1 for bob: 2 cup
        ";
    let digests = [
        "",
        "receive 1 cup",
        "receive 1 cup at north",
        "new cup price 2.00",
        "new pot",
        "announce L 1 cup",
        "announce L 1 cup at north",
        "announce L 1 cup in 1h",
        "reserve B for ann: 1 cup",
        "reserve B for bob: 1 cup",
        "commit A",
        "release A",
        "extend A by 1h",
        "pin A to O9 for ann",
        "O1 asks",
        "O1 unknown",
        "O1 approved",
        "O1 declined",
    ]
    .map(|more| run(&format!("{base}\n{more}")).driver.world().digest());
    assert_distinct(&digests);
}

#[test]
fn the_digest_sees_a_lot_when_nobody_remembers_its_announcement_any_more() {
    let digests = ["in 9d", "in 10d", ""].map(|expected| {
        let script = format!("new cup\nannounce L 5 cup {expected}\nwait 4d\nreceive 1 cup");
        run(&script).driver.world().digest()
    });
    assert_distinct(&digests);
}

#[test]
fn the_digest_sees_a_sale_when_nobody_remembers_its_beginning_any_more() {
    let digests = ["", "limit 3", "admits 3", "exclusive", "aside 2 main"].map(|terms| {
        let script = format!("new cup\nreceive 5 cup\nsale cup spring {terms}\nwait 4d\nreceive 1 cup");
        run(&script).driver.world().digest()
    });
    assert_distinct(&digests);
}

/// What a product knows of itself alone, each told apart where nothing else differs.
#[test]
fn the_digest_sees_every_part_of_a_product() {
    let shop = run("
        new cup price 1.00
        receive 9 cup
        reserve A for ann: 4 cup
        commit A
        reserve B for bob: 1 cup
        ");
    let hold = |name| HoldId { reservation: ReservationId(number(name)), line: 0 };
    let moved = |shipped, cancelled, returned| ProductEvent::AllocationAdvanced {
        hold: hold("A"),
        location: LocationId::main(),
        by: Fulfilment {
            shipped: units(shipped),
            cancelled: units(cancelled),
            returned: units(returned),
            damaged: Quantity::ZERO,
        },
        counted: true,
        at: Timestamp::from_millis(1),
    };
    let until =
        |at| ProductEvent::HoldMoved { hold: hold("B"), expires_at: Some(Timestamp::from_millis(at)) };
    let counted = |fingerprint, at| ProductEvent::Adjusted {
        location: LocationId::main(),
        condition: Condition::Sellable,
        delta: 0,
        became: None,
        note: Box::new(Note::why(SmolStr::default())),
        operation: Operation { id: OperationId(9), fingerprint: Fingerprint(fingerprint) },
        at: Timestamp::from_millis(at),
        is_count: true,
        stamped: None,
    };
    let put = |name, at| ProductEvent::Put {
        details: Box::new(ProductDetails {
            name: SmolStr::new(name),
            price: None,
            policy: Policy::default(),
            components: Box::default(),
        }),
        operation: Operation { id: OperationId(9), fingerprint: Fingerprint(9) },
        at: Timestamp::from_millis(at),
    };
    let waits = |units| ProductEvent::Waiting {
        customer: CustomerId::new("cleo").unwrap(),
        what: Box::new(WaitingEvent::Joined {
            quantity: LineQuantity::new(units).unwrap(),
            location: None,
            class: PriorityClass::USUAL,
            keeps_place: false,
            operation: Operation { id: OperationId(9), fingerprint: Fingerprint(9) },
            at: Timestamp::from_millis(1),
        }),
    };
    let digests = [
        moved(1, 0, 1),
        moved(0, 1, 0),
        until(1),
        until(2),
        counted(1, 1),
        counted(2, 1),
        counted(1, 2),
        put("cup", 1),
        put("mug", 1),
        put("cup", 2),
        waits(1),
        waits(2),
    ]
    .map(|event| {
        let mut world = shop.driver.world().clone();
        world.apply(world.sequence().plus(1), &Event::Product(sku("cup"), event));
        world.digest()
    });
    assert_distinct(&digests);
}

fn assert_distinct(digests: &[u64]) {
    for (position, digest) in digests.iter().enumerate() {
        let first = digests.iter().position(|other| other == digest);
        assert_eq!(first, Some(position), "two different states have the same digest");
    }
}

fn units(units: u64) -> Quantity {
    Quantity::new(units).unwrap()
}

#[test]
fn a_journal_with_a_gap_or_a_fact_out_of_place_is_not_believed() {
    let shop = run("
        new cup price 1.00
        receive 9 cup
        reserve A for ann: 1 cup
        order O1 for bob: 2 cup
        ");
    let journal = shop.driver.journal();
    let believes = |journal: &[Event]| std::panic::catch_unwind(|| replay(journal)).is_ok();
    assert!(believes(journal));
    for missing in 0..journal.len() {
        let mut torn = journal.to_vec();
        let event = torn.remove(missing);
        let rests = match &event {
            // Where a deadline was is told by nothing that comes after.
            Event::Product(_, ProductEvent::HoldMoved { .. }) => false,
            // Without it, the basket of nobody's order is one that never was complete.
            Event::Reservation(id, ReservationEvent::Made { .. }) => *id != ReservationId(number("A")),
            Event::Reservation(_, ReservationEvent::Pinned { .. }) => false,
            // How many lines an order has is told by the lines alone.
            Event::Order(_, OrderEvent::LinesAdded { .. }) => false,
            _ => missing + 1 < journal.len(),
        };
        assert_eq!(believes(&torn), !rests, "without {event:?}");
    }
    let gap = std::panic::catch_unwind(|| {
        let mut world = World::default();
        world.apply(Sequence(2), &journal[0]);
    });
    assert!(gap.is_err(), "I6: a journal begins with 1 and has no gaps");
    for event in journal {
        let twice: Vec<_> = journal.iter().chain([event]).cloned().collect();
        let harmless = matches!(
            event,
            Event::Product(
                _,
                ProductEvent::Put { .. } | ProductEvent::Adjusted { .. } | ProductEvent::HoldMoved { .. }
            )
        ) || matches!(event, Event::Order(_, OrderEvent::LinesAdded { .. }));
        assert_eq!(believes(&twice), harmless, "{event:?} said twice");
    }
}

#[test]
fn a_world_taken_apart_gives_all_of_it() {
    let shop = run("
        new cup price 1.00
        receive 9 cup
        reserve A for ann: 1 cup
        order O1 for bob: 2 cup
        ");
    let world = shop.driver.world().clone();
    assert_eq!(world.sequence(), Sequence(shop.driver.journal().len() as u64));
    let (products, reservations, orders) = world.into_parts();
    assert_eq!((products.count(), reservations.count(), orders.count()), (1, 2, 1));
}

#[test]
fn a_world_in_which_somebody_queues_for_what_lies_there_is_not_settled() {
    let shop = run("
        new cup backorder 5
        reserve A for ann: 2 cup
        commit A
        ");
    let (mut world, now) = (shop.driver.world().clone(), shop.driver.now);
    world.check_settled(now);
    let arrived = ProductEvent::Adjusted {
        location: LocationId::main(),
        condition: Condition::Sellable,
        delta: 1,
        became: None,
        note: Box::new(Note::why(SmolStr::default())),
        operation: Operation { id: OperationId(9), fingerprint: Fingerprint(9) },
        at: now,
        is_count: false,
        stamped: None,
    };
    world.apply(world.sequence().plus(1), &Event::Product(sku("cup"), arrived));
    let checked = std::panic::catch_unwind(|| world.check_settled(now));
    assert!(checked.is_err(), "nobody was served what came");
}

#[test]
fn a_world_in_which_somebody_waits_for_what_lies_free_is_not_settled() {
    let shop = run("
        new cup waiting 10min
        join for ann: 2 cup
        ");
    let (mut world, now) = (shop.driver.world().clone(), shop.driver.now);
    world.check_settled(now);
    let details = world.products()[&sku("cup")].details().unwrap().clone();
    let operation = Operation { id: OperationId(9), fingerprint: Fingerprint(9) };
    let arrived = ProductEvent::Adjusted {
        location: LocationId::main(),
        condition: Condition::Sellable,
        delta: 1,
        became: None,
        note: Box::new(Note::why(SmolStr::default())),
        operation,
        at: now,
        is_count: false,
        stamped: None,
    };
    let put = ProductEvent::Put { details: Box::new(details), operation, at: now };
    let mut apply = |event| world.apply(world.sequence().plus(1), &Event::Product(sku("cup"), event));
    apply(put);
    apply(arrived);
    let checked = std::panic::catch_unwind(|| world.check_settled(now));
    assert!(checked.is_err(), "nobody was offered what came");
}

#[test]
fn a_world_in_which_an_order_has_not_heard_of_what_lapsed_is_not_settled() {
    let mut shop = run("
        new cup price 1.00 backorder 5
        receive 1 cup
        order O1 for ann till 1h: 3 cup
        O1 finishes
        ");
    let mut world = shop.driver.world().clone();
    shop.row("wait 1h");
    world.check_settled(shop.driver.now.minus(Millis(1)));
    let hold = *world.products()[&sku("cup")].allocations().next().unwrap().0;
    let lapsed = ProductEvent::DemandLapsed { hold, by: LineQuantity::new(2).unwrap(), at: shop.driver.now };
    world.apply(world.sequence().plus(1), &Event::Product(sku("cup"), lapsed));
    let checked = std::panic::catch_unwind(|| world.check_settled(shop.driver.now));
    assert!(checked.is_err(), "the order was not told");
    world.reconcile(shop.driver.now, &mut |world, _| world.sequence().plus(1));
    world.check_settled(shop.driver.now);
}

#[test]
fn what_a_try_had_noted_of_its_bundles_is_none_of_a_basket_without_any() {
    let before = run("
        new cup
        new box: 2 cup
        receive 9 cup
        reserve A for ann: 1 box
        ");
    let is_noted =
        |event: &Event| matches!(event, Event::Reservation(_, ReservationEvent::BundlesNoted { .. }));
    let noted = before.driver.journal().iter().position(is_noted).unwrap();
    // A crash comes before the basket is made, and whoever tries again wants no box any more.
    let mut shop = before.restarted_from(&before.driver.journal()[..=noted]);
    shop.row("reserve A for ann: 3 cup");
    shop.driver.check();
    // What the first try noted still stands in the journal, and the next start comes upon it again.
    for shop in [&shop, &shop.restarted_from(shop.driver.journal())] {
        let reservation = shop.driver.world().reservation(ReservationId(number("A"))).unwrap();
        assert_eq!(reservation.bundles(), None);
        assert_eq!(reservation.lines().len(), 1);
    }
}

#[test]
fn who_joins_a_waiting_list_or_leaves_it_does_so_at_an_instant_and_an_offer_has_only_an_end() {
    let shop = run("
        new cup waiting 10min
        join for ann: 1 cup
        join for bob: 1 cup
        receive 1 cup
        wait 1min
        leave cup for ann
        wait 10min
        ");
    let start = shop.driver.now.minus(Millis(11 * 60_000));
    let told = shop.driver.journal().iter().filter_map(|event| {
        let Event::Product(_, ProductEvent::Waiting { what, .. }) = event else { return None };
        let name = match **what {
            WaitingEvent::Joined { .. } => "joined",
            WaitingEvent::Left { .. } => "left",
            WaitingEvent::Offered { .. } => "offered",
            WaitingEvent::Lapsed { .. } => "lapsed",
        };
        Some((name, event.at().map(|at| at.since(start).0 / 60_000)))
    });
    let expected = [
        ("joined", Some(0)),
        ("joined", Some(0)),
        ("offered", None),
        ("left", Some(1)),
        ("offered", None),
        ("lapsed", None),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn an_order_says_when_each_thing_happened_to_it_and_where_it_was_placed() {
    let mut shop = run("
        new cup price 1.00 backorder 5
        receive 5 cup
        order O1 for ann till 2h: 8 cup
        ");
    let order = |shop: &Shop| shop.driver.order(OrderId(number("O1"))).unwrap().clone();
    let is_placing = |event: &Event| matches!(event, Event::Order(_, OrderEvent::Placed(_)));
    let placed = shop.driver.journal().iter().position(is_placing).unwrap();
    for row in [
        "O1 asks",
        "O1 unknown",
        "O1 approved",
        "O1 steps",
        "O1 asks",
        "O1 approved",
        "readdress O1 to leeds",
        "cancel O1: 1 cup",
        "O1 asks",
        "O1 declined",
        "retry O1 refund 1",
        "start O1: 2 cup",
        "end O1",
        "return O1: 1 cup",
        "refund O1 of 0.01",
    ] {
        shop.row("wait 1min");
        let before = shop.driver.journal().len();
        shop.row(&format!("{row} | {}", if row.starts_with("O1") { "done" } else { "" }));
        let told = shop.driver.journal()[before..].iter().filter(|event| matches!(event, Event::Order(..)));
        let told: Vec<_> = told.map(Event::at).collect();
        assert!(!told.is_empty() && told.iter().all(|at| *at == Some(shop.driver.now)), "{row}: {told:?}");
        assert_eq!(order(&shop).updated_at(), shop.driver.now, "{row}");
        assert_eq!(order(&shop).placed_sequence(), Sequence(placed as u64 + 1), "{row}");
        assert!(order(&shop).sequence() > order(&shop).placed_sequence(), "{row}");
    }
    shop.row("wait 3h");
    shop.driver.settle_all();
    assert_eq!(order(&shop).updated_at(), shop.driver.now, "it hears of what lapsed");
}

/// The clock is kept from standing before these instants.
#[test]
fn an_event_says_when_it_happened() {
    let shop = run("
        new cup price 1.00
        wait 1h
        receive 9 cup
        reserve A for ann: 1 cup
        wait 1h
        order O1 for bob: 2 cup
        O1 finishes
        sale cup spring
        end-sale cup spring
        ");
    let start = shop.driver.now.minus(Millis(2 * 3_600_000));
    let told = shop.driver.journal().iter().filter_map(Event::at);
    let hours: Vec<_> = told.map(|at| at.since(start).0 / 3_600_000).collect();
    assert!(hours.is_sorted(), "{hours:?}");
    for hour in 0..=2 {
        assert!(hours.contains(&hour), "something happened in hour {hour}: {hours:?}");
    }
}
