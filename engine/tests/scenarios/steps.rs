//! The saga's one transition function: which event fits where, and that everything else stops the order.

use std::panic::{AssertUnwindSafe, catch_unwind};

use holdfast_engine::order::{
    LINES_PER_EVENT, LineUnits, Order, OrderEvent, OrderLine, OrderPlaced, PaymentOutcome, PaymentStep,
    PlaceOrder, ReturnedUnits,
};
use holdfast_engine::{
    CustomerId, Event, Fingerprint, LineQuantity, Operation, OperationId, OrderId, ReservationId, Sequence,
    SmolStr, Timestamp, world::World,
};

use super::script::{currency, order_in_words, sku};

/// How an order gets somewhere, by the names of [`events`].
const PLACES: [(&str, &str); 15] = [
    ("authorising", ""),
    ("taking units", "authorise approved"),
    ("capturing", "authorise approved, taken"),
    ("voiding", "authorise approved, taken, capture declined"),
    ("giving held units back", "authorise declined"),
    ("giving promised units back", "authorise approved, taken, capture declined, void declined"),
    ("failed", "authorise declined, compensated"),
    ("confirmed", "authorise approved, taken, capture approved"),
    ("shipping", "authorise approved, taken, capture approved, shipment started"),
    ("shipped", "authorise approved, taken, capture approved, shipment started, shipped"),
    (
        "returned",
        "authorise approved, taken, capture approved, shipment started, shipped, returned, refund approved",
    ),
    ("partly cancelled", "authorise approved, taken, capture approved, unit cancelled"),
    ("cancelled", "authorise approved, taken, capture approved, cancelled"),
    (
        "cancelled and not paid back",
        "authorise approved, taken, capture approved, cancelled, refund declined",
    ),
    (
        "cancelled and paid back",
        "authorise approved, taken, capture approved, cancelled, refund declined, retried, refund approved",
    ),
];

/// What fits where. A call that is asked for, not answered, approved or declined is written as the call alone.
const FITS: [(&str, &str); 15] = [
    ("authorising", "authorise"),
    ("taking units", "taken"),
    ("capturing", "capture"),
    ("voiding", "void"),
    ("giving held units back", "compensated"),
    ("giving promised units back", "compensated"),
    ("failed", ""),
    ("confirmed", "cancelled, unit cancelled, shipment started, granted, readdressed"),
    ("shipping", "shipped, nothing shipped, granted"),
    ("shipped", "returned, shipment started, granted"),
    ("returned", "shipment started"),
    ("partly cancelled", "cancelled, shipment started, refund, granted, readdressed"),
    ("cancelled", "refund"),
    ("cancelled and not paid back", "retried, granted"),
    ("cancelled and paid back", ""),
];

#[test]
fn an_event_in_the_wrong_place_stops_the_order() {
    for ((place, fits), (also_place, _)) in FITS.into_iter().zip(PLACES) {
        assert_eq!(place, also_place, "both tables go through the same places");
        let order = order_at(place);
        for (name, event) in events() {
            let call = name.split(' ').next().unwrap();
            let expected = fits.split(", ").any(|fit| fit == name || fit == call);
            assert_eq!(takes(&order, &event), expected, "an order that is {place} takes {name:?}");
        }
    }
}

#[test]
fn what_to_do_next_follows_from_the_place_alone() {
    for (place, words) in [
        ("authorising", "payment_pending; authorise"),
        ("taking units", "payment_pending; take the units"),
        ("capturing", "payment_pending; capture"),
        ("voiding", "payment_pending; void"),
        ("giving held units back", "payment_pending; give held units back"),
        ("giving promised units back", "payment_pending; give promised units back"),
        ("failed", "payment_failed; rest"),
        ("confirmed", "confirmed; rest"),
        ("shipping", "confirmed; rest"),
        ("shipped", "shipped; rest"),
        ("returned", "returned; rest"),
        ("partly cancelled", "confirmed; refund 1"),
        ("cancelled", "cancelled; refund 1"),
        ("cancelled and not paid back", "cancelled; rest"),
        ("cancelled and paid back", "cancelled; rest"),
    ] {
        assert_eq!(order_in_words(&order_at(place)), words, "an order that is {place}");
    }
}

#[test]
fn only_an_order_that_holds_promised_units_says_so() {
    for (place, _) in PLACES {
        let promised = !matches!(place, "authorising" | "taking units" | "giving held units back" | "failed");
        assert_eq!(order_at(place).has_committed_stock(), promised, "an order that is {place}");
    }
}

#[test]
fn more_units_than_a_line_has_stop_the_order() {
    let over = vec![LineUnits { line: 0, units: LineQuantity::new(3).unwrap() }];
    let no_line = vec![LineUnits { line: 1, units: LineQuantity::new(1).unwrap() }];
    for lines in [over, no_line] {
        assert!(!takes(&order_at("shipping"), &OrderEvent::Shipped { lines: lines.clone(), at: at() }));
        let cancelled = OrderEvent::UnitsCancelled {
            lines: lines.clone(),
            reason: SmolStr::default(),
            operation: operation(),
            at: at(),
        };
        assert!(!takes(&order_at("confirmed"), &cancelled));
        let lines = back(lines);
        let returned =
            OrderEvent::Returned { lines, reason: SmolStr::default(), operation: operation(), at: at() };
        assert!(!takes(&order_at("shipped"), &returned));
    }
}

#[test]
fn a_refund_of_nothing_stops_the_order() {
    let granted = |amount_minor| OrderEvent::RefundGranted {
        amount_minor,
        reason: SmolStr::default(),
        operation: operation(),
        at: at(),
    };
    assert!(takes(&order_at("confirmed"), &granted(1)));
    for nothing in [0, -1] {
        assert!(!takes(&order_at("confirmed"), &granted(nothing)), "{nothing} is no refund");
    }
}

#[test]
fn a_wide_order_is_placed_in_several_events_and_is_whole_or_not_there() {
    let place = placed(LINES_PER_EVENT * 2 + 1);
    let events = place.events();
    assert_eq!(events.len(), 4, "two full events of lines, one of the rest, and the order");
    let mut world = World::default();
    let mut sequence = 0;
    let mut apply = |world: &mut World, event: &OrderEvent| {
        sequence += 1;
        world.apply(Sequence(sequence), &Event::Order(OrderId(1), event.clone()));
    };
    // A try that a crash cut short is overwritten by the next one.
    apply(&mut world, &events[0]);
    apply(&mut world, &events[1]);
    assert!(world.order(OrderId(1)).is_none());
    events.iter().for_each(|event| apply(&mut world, event));
    let order = world.order(OrderId(1)).unwrap();
    assert_eq!(order.lines().len(), LINES_PER_EVENT * 2 + 1);
    assert_eq!(order.total().minor(), i64::try_from(LINES_PER_EVENT * 2 + 1).unwrap() * 200);
    let last = order.lines().last().unwrap();
    assert_eq!(Some(&last.ordered), place.lines.last());
}

fn takes(order: &Order, event: &OrderEvent) -> bool {
    let mut order = order.clone();
    catch_unwind(AssertUnwindSafe(move || order.apply(event))).is_ok()
}

fn order_at(place: &str) -> Order {
    let (_, way) = PLACES.into_iter().find(|(name, _)| *name == place).unwrap();
    let placed = placed(1);
    let mut order = Order::place(OrderId(1), placed.lines, &placed.placed);
    let events = events();
    for name in way.split(", ").filter(|name| !name.is_empty()) {
        let (_, event) = events.iter().find(|(event, _)| *event == name).unwrap();
        order.apply(event);
    }
    order
}

/// Every event there is, by name. The order has one line of two units.
fn events() -> Vec<(&'static str, OrderEvent)> {
    let at = at();
    let lines_of = |units| vec![LineUnits { line: 0, units: LineQuantity::new(units).unwrap() }];
    let lines = || lines_of(2);
    let placed = placed(1);
    let approved = || PaymentOutcome::Approved { reference: SmolStr::new_static("ref") };
    let declined = || PaymentOutcome::Declined { reason: SmolStr::new_static("no funds") };
    let calls = [
        (
            PaymentStep::Authorise,
            ["authorise asked", "authorise unknown", "authorise approved", "authorise declined"],
        ),
        (PaymentStep::Capture, ["capture asked", "capture unknown", "capture approved", "capture declined"]),
        (PaymentStep::Void, ["void asked", "void unknown", "void approved", "void declined"]),
        (PaymentStep::Refund(0), ["refund asked", "refund unknown", "refund approved", "refund declined"]),
    ];
    let mut events = Vec::new();
    for (step, [asked, unknown, yes, no]) in calls {
        events.push((asked, OrderEvent::PaymentRequested { step, attempt: 1, at }));
        events.push((unknown, OrderEvent::PaymentUnknown { step, at }));
        events.push((yes, OrderEvent::PaymentSettled { step, outcome: approved(), at }));
        events.push((no, OrderEvent::PaymentSettled { step, outcome: declined(), at }));
    }
    let reason = SmolStr::new_static("wish");
    let operation = operation();
    events.extend([
        ("placed", OrderEvent::Placed(placed.placed.clone())),
        ("lines", OrderEvent::LinesAdded { first: 0, lines: placed.lines }),
        ("taken", OrderEvent::StockCommitted { at }),
        ("compensated", OrderEvent::Compensated { at }),
        ("cancelled", OrderEvent::Cancelled { reason: reason.clone(), operation, at }),
        (
            "unit cancelled",
            OrderEvent::UnitsCancelled { lines: lines_of(1), reason: reason.clone(), operation, at },
        ),
        ("granted", OrderEvent::RefundGranted { amount_minor: 50, reason: reason.clone(), operation, at }),
        ("readdressed", OrderEvent::ShipToChanged { ship_to: SmolStr::new_static("leeds"), operation, at }),
        ("retried", OrderEvent::RefundRetried { refund: 0, operation, at }),
        ("shipment started", OrderEvent::ShipmentStarted { lines: lines(), operation, at }),
        ("shipped", OrderEvent::Shipped { lines: lines(), at }),
        ("nothing shipped", OrderEvent::Shipped { lines: Vec::new(), at }),
        ("returned", OrderEvent::Returned { lines: back(lines()), reason, operation, at }),
    ]);
    events
}

fn at() -> Timestamp {
    Timestamp::from_millis(1)
}

fn operation() -> Operation {
    Operation { id: OperationId(1), fingerprint: Fingerprint(1) }
}

fn placed(lines: usize) -> PlaceOrder {
    let line = |number: usize| OrderLine {
        hold: number as u16,
        sku: sku(&format!("line-{number:04}")),
        location: None,
        quantity: LineQuantity::new(2).unwrap(),
        total_minor: 200,
    };
    PlaceOrder {
        placed: OrderPlaced {
            customer: CustomerId::new("ann").unwrap(),
            fingerprint: Fingerprint(1),
            reservation: ReservationId(1),
            owns_reservation: true,
            currency: currency("EUR"),
            provider: SmolStr::new_static("bank"),
            method: SmolStr::new_static("token"),
            ship_to: SmolStr::default(),
            at: at(),
        },
        lines: (0..lines).map(line).collect(),
        expected_total: None,
    }
}

fn back(lines: Vec<LineUnits>) -> Vec<ReturnedUnits> {
    lines.into_iter().map(|LineUnits { line, units }| ReturnedUnits { line, units, damaged: 0 }).collect()
}
