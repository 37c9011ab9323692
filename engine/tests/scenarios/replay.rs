//! The journal and the state it tells of: a replay believes no torn journal, and its digest tells any two states apart.

use holdfast_engine::order::OrderEvent;
use holdfast_engine::product::{
    Condition, Fulfilment, Note, Policy, PriorityClass, ProductDetails, ProductEvent, WaitingEvent,
};
use holdfast_engine::reservation::ReservationEvent;
use holdfast_engine::world::World;
use holdfast_engine::{
    CustomerId, Event, Fingerprint, HoldId, LineQuantity, LocationId, Millis, Operation, OperationId,
    Quantity, ReservationId, Sequence, SmolStr, Timestamp,
};

use super::driver::replay;
use super::script::{number, run, sku};

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
