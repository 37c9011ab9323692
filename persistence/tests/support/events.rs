//! A fixed list of events in which every kind and every optional part occurs.

use holdfast_engine::order::{
    LineUnits, OrderEvent, OrderLine, OrderPlaced, PaymentOutcome, PaymentStep, ReturnedUnits,
};
use holdfast_engine::product::{
    Allotment, Backorders, Component, Condition, Fill, FromOffer, Fulfilment, HoldEnd, LotEvent, Matching,
    Origin, Piles, Policy, Preorder, PriorityClass, ProductDetails, ProductEvent, SaleTerms, Shortfall,
    Source, Sources, SourcingRules, Spread, Stamped, Strategy, WaitingEvent, WaitingRules,
};
use holdfast_engine::reservation::{Bundle, Lowered, ReservationEvent};
use holdfast_engine::{
    Currency, CustomerId, Event, Fingerprint, HoldId, LineQuantity, LocationId, LotId, Millis, Operation,
    OperationId, OrderId, Quantity, ReservationId, SaleId, Sequence, Sku, SmolStr, Timestamp, UnitPrice,
};

pub const RESERVATION: ReservationId = ReservationId(0x0190_a1b2_c3d4_7e5f_8091_a2b3_c4d5_e6f7);
pub const ORDER: OrderId = OrderId(0x0190_ffff_0000_7aaa_8bbb_cccc_dddd_eeee);

pub fn operation(number: u128) -> Operation {
    Operation { id: OperationId(number << 64 | 0xabcd), fingerprint: Fingerprint(0x1122_3344_5566_7788) }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_765_000_000_000 + millis)
}

fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

fn units(units: u32) -> LineQuantity {
    LineQuantity::new(units).unwrap()
}

fn quantity(units: u64) -> Quantity {
    Quantity::new(units).unwrap()
}

/// A hold opened, the commonest event there is. Distinct for distinct numbers.
pub fn hold_opened(number: u64) -> Event {
    let hold = HoldId { reservation: ReservationId(u128::from(number)), line: 0 };
    let event = ProductEvent::HoldOpened {
        hold,
        quantity: units(1),
        sources: Sources::At { location: LocationId::main(), asked: false },
        buyer: None,
        expires_at: at(900_000),
        offer: None,
    };
    Event::Product(sku("85123A"), event)
}

/// An event of about so many bytes of text.
pub fn wide(bytes: usize) -> Event {
    let event = ReservationEvent::Made {
        customer: CustomerId::new("customer").unwrap(),
        fingerprint: Fingerprint(1),
        lines: 1,
        ttl: Millis(1),
        at: at(0),
        metadata: SmolStr::new("m".repeat(bytes)),
        follow: 0,
        bundles: 0,
    };
    Event::Reservation(RESERVATION, event)
}

fn plain_details() -> ProductDetails {
    let policy = Policy::default();
    ProductDetails { name: SmolStr::default(), price: None, policy, components: Box::default() }
}

/// What a bundle is made of.
fn components() -> Box<[Component]> {
    let component = |sku, quantity| Component { sku: Sku::new(sku).unwrap(), quantity: units(quantity) };
    Box::new([component("85123A", 1), component("TEA/Größe", 1_000)])
}

fn product_events() -> Vec<ProductEvent> {
    let pounds = Currency::new(*b"GBP", 2).unwrap();
    let hold = HoldId { reservation: RESERVATION, line: 513 };
    let details = ProductDetails {
        name: SmolStr::new("WHITE HANGING HEART T-LIGHT HOLDER"),
        price: UnitPrice::new(25_500, pounds),
        policy: Policy {
            sellable: false,
            safety_stock: quantity(3),
            backorders: Backorders::Capped(quantity(1_000)),
            preorder: Some(Preorder { quota: quantity(50), release_at: at(86_400_000) }),
            matching: Matching::FairShare,
            sourcing: SourcingRules {
                strategy: Strategy::Ranked,
                ranking: vec![LocationId::main(), LocationId::new("Größenlager 2, Regal 17").unwrap()],
                closed: vec![LocationId::new("outlet").unwrap()],
            },
            hold_ttl_default: Millis(60_000),
            guest_hold_ttl_default: Some(Millis(30_000)),
            hold_ttl_max: Millis(3_600_000),
            line_quantity_min: units(6),
            line_quantity_max: units(80_995),
            line_quantity_multiple: units(3),
            tracked: false,
            waiting_list: Some(WaitingRules { offer_ttl: Millis(600_000) }),
        },
        components: Box::default(),
    };
    let bundle = ProductDetails { components: components(), ..plain_details() };
    let plain = plain_details();
    let mut events = vec![
        ProductEvent::Put { details: Box::new(details), operation: operation(1), at: at(1) },
        ProductEvent::Put { details: Box::new(plain), operation: operation(2), at: at(2) },
        ProductEvent::Put { details: Box::new(bundle), operation: operation(3), at: at(3) },
        ProductEvent::Adjusted {
            location: LocationId::new("Größenlager 2, Regal 17").unwrap(),
            condition: Condition::QualityControl,
            delta: -9_600,
            became: Some(Condition::Damaged),
            reason: SmolStr::new("damaged"),
            reference: Some(SmolStr::new("ticket 4711, 2 pallets")),
            actor: Some(SmolStr::new("R. Müller, night shift")),
            operation: operation(3),
            at: at(3),
            is_count: false,
            stamped: Some(Box::new(Stamped { at: at(-600_000), overtaken: Some(-9_600) })),
        },
        ProductEvent::Adjusted {
            location: LocationId::main(),
            condition: Condition::Sellable,
            delta: 0,
            became: None,
            reason: SmolStr::new("counted"),
            reference: None,
            actor: None,
            operation: operation(4),
            at: Timestamp::from_millis(-1),
            is_count: true,
            stamped: Some(Box::new(Stamped { at: Timestamp::from_millis(-2), overtaken: None })),
        },
        ProductEvent::Adjusted {
            location: LocationId::main(),
            condition: Condition::Sellable,
            delta: 120,
            became: None,
            reason: SmolStr::new("receipt"),
            reference: None,
            actor: None,
            operation: operation(6),
            at: at(6),
            is_count: false,
            stamped: None,
        },
        ProductEvent::HoldOpened {
            hold,
            quantity: units(12),
            sources: Sources::At { location: LocationId::main(), asked: true },
            buyer: None,
            expires_at: at(900_000),
            offer: None,
        },
        ProductEvent::HoldOpened {
            hold,
            quantity: units(2),
            sources: Sources::At { location: LocationId::main(), asked: false },
            buyer: Some(CustomerId::new("c-17850").unwrap()),
            expires_at: at(900_000),
            offer: None,
        },
        ProductEvent::HoldOpened {
            hold,
            quantity: units(12),
            sources: Sources::Spread(Box::new(Spread {
                asked: Some(LocationId::main()),
                filled: vec![
                    Source { location: LocationId::main(), units: units(4) },
                    Source { location: LocationId::new("outlet").unwrap(), units: units(2) },
                ],
                queued: quantity(6),
                class: PriorityClass(3),
            })),
            buyer: Some(CustomerId::new("c-17850").unwrap()),
            expires_at: at(900_000),
            offer: None,
        },
        ProductEvent::HoldMoved { hold, expires_at: Some(at(1_800_000)) },
        ProductEvent::HoldMoved { hold, expires_at: None },
        ProductEvent::HoldCommitted { hold, quantity: quantity(7), arrival: Sequence(77) },
        ProductEvent::AllocationAdvanced {
            hold,
            location: LocationId::main(),
            by: Fulfilment {
                shipped: quantity(5),
                cancelled: quantity(2),
                returned: quantity(3),
                damaged: quantity(1),
            },
            counted: true,
            at: at(7),
        },
    ];
    events.push(ProductEvent::Deleted { operation: operation(5), at: at(5) });
    let terms = SaleTerms {
        id: SaleId::new("black friday").unwrap(),
        opens_at: at(7),
        closes_at: Some(at(8)),
        paused: true,
        exclusive: true,
        per_customer: Some(units(2)),
        allotments: vec![Allotment { location: LocationId::main(), units: quantity(1_000) }],
    };
    events.push(ProductEvent::SalePut { terms: Box::new(terms), operation: operation(6), at: at(6) });
    events.push(ProductEvent::SaleEnded { operation: operation(7), at: at(7) });
    events.push(ProductEvent::HoldChanged {
        hold,
        quantity: units(3),
        sources: Sources::At { location: LocationId::main(), asked: false },
        buyer: Some(CustomerId::new("c-17850").unwrap()),
    });
    events.push(ProductEvent::HoldChanged {
        hold,
        quantity: units(2),
        sources: Sources::Spread(Box::new(Spread {
            asked: None,
            filled: vec![Source { location: LocationId::main(), units: units(1) }],
            queued: quantity(1),
            class: PriorityClass(7),
        })),
        buyer: None,
    });
    events.push(ProductEvent::DemandLowered { hold, by: units(2) });
    let fills =
        vec![Fill { hold, units: units(2) }, Fill { hold: HoldId { line: 2, ..hold }, units: units(9) }];
    events.push(ProductEvent::Filled { location: LocationId::main(), fills });
    events.extend(
        [HoldEnd::Released, HoldEnd::Expired, HoldEnd::Abandoned]
            .map(|why| ProductEvent::HoldEnded { hold, why }),
    );
    events.extend((0..).zip(lot_events()).map(|(number, what)| ProductEvent::Lot {
        lot: LotId(0x0190_eeee_0000_7aaa_8bbb_cccc_dddd_eeee),
        what: Box::new(what),
        operation: operation(40 + number),
        at: at(40),
    }));
    let customer = CustomerId::new("c-17850").unwrap();
    events.extend(
        waiting_events()
            .into_iter()
            .map(|what| ProductEvent::Waiting { customer: customer.clone(), what: Box::new(what) }),
    );
    let offered = vec![Source { location: LocationId::main(), units: units(2) }];
    let offer = Some(Box::new(FromOffer { customer: customer.clone(), units: offered.clone() }));
    let expires_at = at(900_000);
    events.push(ProductEvent::HoldOpened {
        hold,
        quantity: units(3),
        sources: Sources::At { location: LocationId::main(), asked: true },
        buyer: None,
        expires_at,
        offer: offer.clone(),
    });
    events.push(ProductEvent::HoldOpened {
        hold,
        quantity: units(3),
        sources: Sources::Spread(Box::new(Spread {
            asked: None,
            filled: offered,
            queued: quantity(1),
            class: PriorityClass(3),
        })),
        buyer: Some(customer),
        expires_at,
        offer,
    });
    events.push(ProductEvent::LocationDeleted {
        location: LocationId::new("outlet").unwrap(),
        to: Some(LocationId::new("Größenlager 2, Regal 17").unwrap()),
        units: Piles { sellable: quantity(7), damaged: quantity(2), quality_control: quantity(1) },
        reason: SmolStr::new("the lease has run out"),
        operation: operation(60),
        at: at(60),
    });
    events.push(ProductEvent::LocationDeleted {
        location: LocationId::main(),
        to: None,
        units: Piles::default(),
        reason: SmolStr::new("empty"),
        operation: operation(61),
        at: at(61),
    });
    events
}

fn waiting_events() -> Vec<WaitingEvent> {
    vec![
        WaitingEvent::Joined {
            quantity: units(3),
            location: Some(LocationId::new("Größenlager 2, Regal 17").unwrap()),
            class: PriorityClass(3),
            keeps_place: true,
            operation: operation(50),
            at: at(50),
        },
        WaitingEvent::Joined {
            quantity: units(2),
            location: None,
            class: PriorityClass(5),
            keeps_place: false,
            operation: operation(51),
            at: at(51),
        },
        WaitingEvent::Left { operation: operation(52), at: at(52) },
        WaitingEvent::Offered {
            units: vec![
                Source { location: LocationId::main(), units: units(2) },
                Source { location: LocationId::new("outlet").unwrap(), units: units(1) },
            ],
            in_sale: true,
            expires_at: at(600_053),
        },
        WaitingEvent::Lapsed { at: at(600_053) },
    ]
}

fn lot_events() -> Vec<LotEvent> {
    let (north, outlet) = (LocationId::main(), LocationId::new("outlet").unwrap());
    let (reference, actor) = (Some(SmolStr::new("PO-2031")), Some(SmolStr::new("R. Müller, dock 2")));
    vec![
        LotEvent::Announced {
            origin: Origin::Supplier,
            location: north.clone(),
            units: units(480),
            expected_at: Some(at(86_400_000)),
            reference: reference.clone(),
            actor: actor.clone(),
        },
        LotEvent::Announced {
            origin: Origin::Transfer { from: north.clone(), reason: SmolStr::new("rebalance") },
            location: outlet.clone(),
            units: units(12),
            expected_at: None,
            reference: None,
            actor: None,
        },
        LotEvent::Received {
            location: outlet,
            condition: Condition::Damaged,
            units: quantity(7),
            is_transfer: true,
            reference: reference.clone(),
            actor: actor.clone(),
            short: Some(Shortfall { units: quantity(5), reason: SmolStr::new("lost in transit") }),
        },
        LotEvent::Received {
            location: north.clone(),
            condition: Condition::Sellable,
            units: quantity(480),
            is_transfer: false,
            reference: None,
            actor: None,
            short: None,
        },
        LotEvent::Rescheduled { expected_at: Some(at(172_800_000)), actor: actor.clone() },
        LotEvent::Rescheduled { expected_at: None, actor: None },
        LotEvent::Cancelled {
            back_to: Some(north),
            units: quantity(12),
            reason: SmolStr::new("wrong pallet"),
            reference,
            actor,
        },
        LotEvent::Cancelled {
            back_to: None,
            units: quantity(3),
            reason: SmolStr::new("sold out at the supplier's"),
            reference: None,
            actor: None,
        },
    ]
}

fn reservation_events() -> Vec<ReservationEvent> {
    vec![
        ReservationEvent::Made {
            customer: CustomerId::new("guest:8f14e45fceea167a5a36dedd4bea2543").unwrap(),
            fingerprint: Fingerprint(u64::MAX),
            lines: 2_000,
            ttl: Millis(900_000),
            at: at(10),
            metadata: SmolStr::new(r#"{"basket":"b-1","channel":"web"}"#),
            follow: 1_999,
            bundles: 0,
        },
        ReservationEvent::Extended { expires_at: at(1_000_000), operation: operation(11), at: at(11) },
        ReservationEvent::Pinned { order: ORDER, at: at(12) },
        ReservationEvent::Unpinned { expires_at: at(1_000_000), at: at(13) },
        ReservationEvent::Committed { taken: None, operation: None, at: at(14) },
        ReservationEvent::Committed {
            taken: Some(vec![3, 0, 7]),
            operation: Some(operation(15)),
            at: at(15),
        },
        ReservationEvent::Released { operation: Some(operation(16)), at: at(16) },
        ReservationEvent::Released { operation: None, at: at(17) },
        ReservationEvent::Expired { at: at(18) },
        ReservationEvent::Changed {
            lowered: vec![Lowered { line: 0, left: 4 }, Lowered { line: 513, left: 0 }],
            raised: 2,
            bundles: 0,
            expires_at: at(900_000),
            operation: operation(19),
            at: at(19),
        },
        ReservationEvent::Changed {
            lowered: Vec::new(),
            raised: 1,
            bundles: 2,
            expires_at: at(900_000),
            operation: operation(20),
            at: at(20),
        },
        ReservationEvent::BundlesNoted {
            first: 7,
            bundles: vec![
                Bundle {
                    sku: Sku::new("GIFT-BOX").unwrap(),
                    location: Some(LocationId::new("Größenlager 2, Regal 17").unwrap()),
                    quantity: units(3),
                    components: components(),
                },
                Bundle {
                    sku: Sku::new("SET").unwrap(),
                    location: None,
                    quantity: units(1),
                    components: components(),
                },
            ],
            at: at(21),
        },
    ]
}

fn order_events() -> Vec<OrderEvent> {
    let line_units = |line, count| LineUnits { line, units: units(count) };
    let line = |name: &str, count, total_minor| OrderLine {
        hold: count as u16,
        sku: sku(name),
        location: (count == 6).then(LocationId::main),
        quantity: units(count),
        total_minor,
    };
    let mut events = vec![
        OrderEvent::LinesAdded {
            first: 128,
            lines: vec![line("85123A", 6, 1_530), line("a longer name than others", 1, 0)],
        },
        OrderEvent::Placed(OrderPlaced {
            customer: CustomerId::new("17850").unwrap(),
            fingerprint: Fingerprint(2),
            reservation: RESERVATION,
            owns_reservation: true,
            currency: Currency::new(*b"JPY", 0).unwrap(),
            provider: SmolStr::new("psp"),
            method: SmolStr::new("tok_visa_4242424242"),
            ship_to: SmolStr::new(r#"{"country":"GB"}"#),
            at: at(20),
        }),
        OrderEvent::PaymentUnknown { step: PaymentStep::Capture, at: at(22) },
        OrderEvent::PaymentSettled {
            step: PaymentStep::Authorise,
            outcome: PaymentOutcome::Approved { reference: SmolStr::new("ch_3OqA7rLkdIwHu7ix0abcdefg") },
            at: at(23),
        },
        OrderEvent::PaymentSettled {
            step: PaymentStep::Refund(3),
            outcome: PaymentOutcome::Declined { reason: SmolStr::new("expired") },
            at: at(24),
        },
        OrderEvent::StockCommitted { at: at(25) },
        OrderEvent::Compensated { at: at(26) },
        OrderEvent::Cancelled {
            reason: SmolStr::new("changed my mind"),
            operation: operation(27),
            at: at(27),
        },
        OrderEvent::ShipmentStarted { lines: vec![line_units(0, 6)], operation: operation(28), at: at(28) },
        OrderEvent::Shipped { lines: vec![line_units(0, 6), line_units(1, 1)], at: at(29) },
        OrderEvent::Shipped { lines: Vec::new(), at: at(30) },
        OrderEvent::Returned {
            lines: vec![ReturnedUnits { line: 1, units: units(3), damaged: 2 }],
            reason: SmolStr::new("too small"),
            operation: operation(31),
            at: at(31),
        },
    ];
    let steps = [PaymentStep::Authorise, PaymentStep::Capture, PaymentStep::Void, PaymentStep::Refund(0)];
    events.extend(steps.map(|step| OrderEvent::PaymentRequested { step, attempt: 2, at: at(32) }));
    events.push(OrderEvent::UnitsCancelled {
        lines: vec![line_units(0, 2), line_units(7, 1)],
        reason: SmolStr::new("one too many"),
        operation: operation(33),
        at: at(33),
    });
    events.push(OrderEvent::RefundGranted {
        amount_minor: 1_250,
        reason: SmolStr::new("arrived late"),
        operation: operation(34),
        at: at(34),
    });
    events.push(OrderEvent::RefundRetried { refund: 3, operation: operation(35), at: at(35) });
    events.push(OrderEvent::ShipToChanged {
        ship_to: SmolStr::new(r#"{"city":"Leeds","country":"GB"}"#),
        operation: operation(36),
        at: at(36),
    });
    events
}

/// All of them. The golden file of a format version holds exactly these, so an event that is new goes to the end of
/// its kind's list together with a new golden file.
pub fn every_event() -> Vec<Event> {
    let product = product_events().into_iter().map(|event| Event::Product(sku("85123A"), event));
    let reservation = reservation_events().into_iter().map(|event| Event::Reservation(RESERVATION, event));
    let order = order_events().into_iter().map(|event| Event::Order(ORDER, event));
    product.chain(reservation).chain(order).collect()
}

/// How many kinds [`kind`] tells apart.
pub const KINDS: usize = 16 + 9 + 15;

/// A number for each kind of event. Without a catch-all, so that a new event does not compile until it has one.
pub fn kind(event: &Event) -> usize {
    match event {
        Event::Product(_, event) => match event {
            ProductEvent::Put { .. } => 0,
            ProductEvent::Adjusted { .. } => 1,
            ProductEvent::HoldOpened { .. } => 2,
            ProductEvent::HoldMoved { .. } => 3,
            ProductEvent::HoldCommitted { .. } => 4,
            ProductEvent::HoldEnded { .. } => 5,
            ProductEvent::AllocationAdvanced { .. } => 6,
            ProductEvent::Deleted { .. } => 25,
            ProductEvent::DemandLowered { .. } => 26,
            ProductEvent::Filled { .. } => 27,
            ProductEvent::SalePut { .. } => 32,
            ProductEvent::SaleEnded { .. } => 33,
            ProductEvent::Lot { .. } => 34,
            ProductEvent::HoldChanged { .. } => 37,
            ProductEvent::Waiting { .. } => 35,
            ProductEvent::LocationDeleted { .. } => 36,
        },
        Event::Reservation(_, event) => match event {
            ReservationEvent::Made { .. } => 7,
            ReservationEvent::Extended { .. } => 8,
            ReservationEvent::Pinned { .. } => 9,
            ReservationEvent::Unpinned { .. } => 10,
            ReservationEvent::Committed { .. } => 11,
            ReservationEvent::Released { .. } => 12,
            ReservationEvent::Expired { .. } => 13,
            ReservationEvent::Changed { .. } => 38,
            ReservationEvent::BundlesNoted { .. } => 39,
        },
        Event::Order(_, event) => match event {
            OrderEvent::LinesAdded { .. } => 14,
            OrderEvent::Placed(_) => 15,
            OrderEvent::PaymentRequested { .. } => 16,
            OrderEvent::PaymentUnknown { .. } => 17,
            OrderEvent::PaymentSettled { .. } => 18,
            OrderEvent::StockCommitted { .. } => 19,
            OrderEvent::Compensated { .. } => 20,
            OrderEvent::Cancelled { .. } => 21,
            OrderEvent::ShipmentStarted { .. } => 22,
            OrderEvent::Shipped { .. } => 23,
            OrderEvent::Returned { .. } => 24,
            OrderEvent::UnitsCancelled { .. } => 28,
            OrderEvent::RefundGranted { .. } => 29,
            OrderEvent::RefundRetried { .. } => 30,
            OrderEvent::ShipToChanged { .. } => 31,
        },
    }
}
