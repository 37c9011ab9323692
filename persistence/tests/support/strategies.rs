//! Any event whatever, for property tests.

use holdfast_engine::order::{
    LineUnits, OrderEvent, OrderLine, OrderPlaced, PaymentOutcome, PaymentStep, ReturnedUnits,
};
use holdfast_engine::product::{
    self, Allotment, Backorders, Component, Condition, FILLS_PER_EVENT, Fill, FromOffer, Fulfilment, HoldEnd,
    LotEvent, Matching, Origin, Piles, Policy, Preorder, PriorityClass, ProductDetails, ProductEvent,
    SaleTerms, Shortfall, Source, Sources, SourcingRules, Spread, Stamped, WaitingEvent, WaitingRules,
};
use holdfast_engine::reservation::{Bundle, Lowered, ReservationEvent};
use holdfast_engine::{
    Currency, CustomerId, Event, Fingerprint, HoldId, LineQuantity, LocationId, LotId, Millis, Operation,
    OperationId, OrderId, Quantity, ReservationId, SaleId, Sequence, Sku, SmolStr, Timestamp, UnitPrice,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A name's text: lengths around the 8 bytes that rkyv keeps in place, and letters of more than one byte.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9]{1,20}", "[a-zß中]([a-z ]{0,12}[0-9é])?"]
}

fn text() -> impl Strategy<Value = SmolStr> {
    prop_oneof!["[a-z]{0,10}", "\\PC{0,60}"].prop_map(SmolStr::from)
}

fn sku() -> impl Strategy<Value = Sku> {
    name().prop_map(|text| Sku::new(&text).unwrap())
}

fn location() -> impl Strategy<Value = LocationId> {
    prop_oneof![Just(LocationId::main()), name().prop_map(|text| LocationId::new(&text).unwrap())]
}

fn customer() -> impl Strategy<Value = CustomerId> {
    name().prop_map(|text| CustomerId::new(&text).unwrap())
}

fn at() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn units() -> impl Strategy<Value = LineQuantity> {
    (1..=LineQuantity::MAX).prop_map(|units| LineQuantity::new(units).unwrap())
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (0..=Quantity::MAX.units()).prop_map(|units| Quantity::new(units).unwrap())
}

fn operation() -> impl Strategy<Value = Operation> {
    (any::<u128>(), any::<u64>()).prop_map(|(id, fingerprint)| Operation {
        id: OperationId(id),
        fingerprint: Fingerprint(fingerprint),
    })
}

fn hold() -> impl Strategy<Value = HoldId> {
    (any::<u128>(), any::<u16>())
        .prop_map(|(reservation, line)| HoldId { reservation: ReservationId(reservation), line })
}

fn currency() -> impl Strategy<Value = Currency> {
    ("[A-Z]{3}", 0..=4_u8)
        .prop_map(|(code, exponent)| Currency::new(code.as_bytes().try_into().unwrap(), exponent).unwrap())
}

fn price() -> impl Strategy<Value = UnitPrice> {
    (0..=UnitPrice::TEN_THOUSANDTHS_MAX, currency())
        .prop_map(|(price, currency)| UnitPrice::new(price, currency).unwrap())
}

fn details() -> impl Strategy<Value = ProductDetails> {
    let backorders = prop_oneof![
        Just(Backorders::None),
        quantity().prop_map(Backorders::Capped),
        Just(Backorders::Unlimited),
    ];
    let preorder = (quantity(), at()).prop_map(|(quota, release_at)| Preorder { quota, release_at });
    let matching = prop_oneof![Just(Matching::Arrival), Just(Matching::FairShare)];
    let queueing = (backorders, option::of(preorder), matching);
    let spans = (any::<u64>(), any::<u64>());
    let lines = [units(), units(), units()];
    let flags = (any::<bool>(), any::<bool>(), option::of(any::<u64>()));
    let policy = (flags, quantity(), queueing, sourcing(), spans, lines).prop_map(
        |(
            (sellable, tracked, offer_ttl),
            safety_stock,
            (backorders, preorder, matching),
            sourcing,
            (default, max),
            lines,
        )| {
            Policy {
                sellable,
                safety_stock,
                backorders,
                preorder,
                matching,
                sourcing,
                hold_ttl_default: Millis(default),
                guest_hold_ttl_default: Some(Millis(default / 2)).filter(|_| sellable),
                hold_ttl_max: Millis(max),
                line_quantity_min: lines[0],
                line_quantity_max: lines[1],
                line_quantity_multiple: lines[2],
                tracked,
                waiting_list: offer_ttl.map(|ttl| WaitingRules { offer_ttl: Millis(ttl) }),
            }
        },
    );
    let parts = (text(), option::of(price()), policy, components());
    parts.prop_map(|(name, price, policy, components)| ProductDetails { name, price, policy, components })
}

fn components() -> impl Strategy<Value = Box<[Component]>> {
    let component = (sku(), units()).prop_map(|(sku, quantity)| Component { sku, quantity });
    vec(component, 0..4).prop_map(Vec::into_boxed_slice)
}

fn product_event() -> impl Strategy<Value = ProductEvent> {
    let end = prop_oneof![Just(HoldEnd::Released), Just(HoldEnd::Expired), Just(HoldEnd::Abandoned)];
    let fulfilment = (quantity(), quantity(), quantity(), quantity()).prop_map(
        |(shipped, cancelled, returned, damaged)| Fulfilment { shipped, cancelled, returned, damaged },
    );
    let condition =
        || prop_oneof![Just(Condition::Sellable), Just(Condition::Damaged), Just(Condition::QualityControl)];
    let stamped = (at(), option::of(any::<i64>())).prop_map(|(at, overtaken)| Stamped { at, overtaken });
    let timing = (any::<bool>(), option::of(stamped));
    let movement = (location(), condition(), any::<i64>(), option::of(condition()));
    prop_oneof![
        (details(), operation(), at()).prop_map(|(details, operation, at)| ProductEvent::Put {
            details: Box::new(details),
            operation,
            at
        }),
        (movement, text(), option::of(text()), option::of(text()), operation(), (at(), timing)).prop_map(
            |((location, condition, delta, became), reason, reference, actor, operation, (at, timing))| {
                let (is_count, stamped) = timing;
                ProductEvent::Adjusted {
                    location,
                    condition,
                    delta,
                    became,
                    reason,
                    reference,
                    actor,
                    operation,
                    at,
                    is_count,
                    stamped: stamped.map(Box::new),
                }
            }
        ),
        (hold(), sources(), units(), option::of(customer()), at(), option::of(from_offer())).prop_map(
            |(hold, sources, quantity, buyer, expires_at, offer)| ProductEvent::HoldOpened {
                hold,
                quantity,
                sources,
                buyer,
                expires_at,
                offer: offer.map(Box::new),
            }
        ),
        (hold(), sources(), units(), option::of(customer())).prop_map(|(hold, sources, quantity, buyer)| {
            ProductEvent::HoldChanged { hold, quantity, sources, buyer }
        }),
        (customer(), waiting_event())
            .prop_map(|(customer, what)| ProductEvent::Waiting { customer, what: Box::new(what) }),
        (sale(), operation(), at()).prop_map(|(terms, operation, at)| ProductEvent::SalePut {
            terms: Box::new(terms),
            operation,
            at
        }),
        (operation(), at()).prop_map(|(operation, at)| ProductEvent::SaleEnded { operation, at }),
        (hold(), option::of(at()))
            .prop_map(|(hold, expires_at)| ProductEvent::HoldMoved { hold, expires_at }),
        (hold(), quantity(), any::<u64>()).prop_map(|(hold, quantity, arrival)| {
            ProductEvent::HoldCommitted { hold, quantity, arrival: Sequence(arrival) }
        }),
        (hold(), end).prop_map(|(hold, why)| ProductEvent::HoldEnded { hold, why }),
        (hold(), location(), fulfilment, any::<bool>(), at()).prop_map(
            |(hold, location, by, counted, at)| {
                ProductEvent::AllocationAdvanced { hold, location, by, counted, at }
            }
        ),
        (hold(), units()).prop_map(|(hold, by)| ProductEvent::DemandLowered { hold, by }),
        (location(), vec((hold(), units()), 0..FILLS_PER_EVENT)).prop_map(|(location, fills)| {
            let fills = fills.into_iter().map(|(hold, units)| Fill { hold, units });
            ProductEvent::Filled { location, fills: fills.collect() }
        }),
        (location(), option::of(location()), [quantity(), quantity(), quantity()], text(), operation(), at())
            .prop_map(|(location, to, [sellable, damaged, quality_control], reason, operation, at)| {
                let units = Piles { sellable, damaged, quality_control };
                ProductEvent::LocationDeleted { location, to, units, reason, operation, at }
            }),
        (operation(), at()).prop_map(|(operation, at)| ProductEvent::Deleted { operation, at }),
        (any::<u128>(), lot_event(), operation(), at()).prop_map(|(lot, what, operation, at)| {
            ProductEvent::Lot { lot: LotId(lot), what: Box::new(what), operation, at }
        }),
    ]
}

fn some_sources() -> impl Strategy<Value = Vec<Source>> {
    vec((location(), units()).prop_map(|(location, units)| Source { location, units }), 0..20)
}

fn from_offer() -> impl Strategy<Value = FromOffer> {
    (customer(), some_sources()).prop_map(|(customer, units)| FromOffer { customer, units })
}

fn waiting_event() -> impl Strategy<Value = WaitingEvent> {
    prop_oneof![
        (units(), option::of(location()), any::<u8>(), any::<bool>(), operation(), at()).prop_map(
            |(quantity, location, class, keeps_place, operation, at)| WaitingEvent::Joined {
                quantity,
                location,
                class: PriorityClass(class),
                keeps_place,
                operation,
                at
            }
        ),
        (operation(), at()).prop_map(|(operation, at)| WaitingEvent::Left { operation, at }),
        (some_sources(), any::<bool>(), at()).prop_map(|(units, in_sale, expires_at)| {
            WaitingEvent::Offered { units, in_sale, expires_at }
        }),
        at().prop_map(|at| WaitingEvent::Lapsed { at }),
    ]
}

fn lot_event() -> impl Strategy<Value = LotEvent> {
    let condition =
        prop_oneof![Just(Condition::Sellable), Just(Condition::Damaged), Just(Condition::QualityControl)];
    let origin = prop_oneof![
        Just(Origin::Supplier),
        (location(), text()).prop_map(|(from, reason)| Origin::Transfer { from, reason }),
    ];
    let papers = || (option::of(text()), option::of(text()));
    let short = (quantity(), text()).prop_map(|(units, reason)| Shortfall { units, reason });
    prop_oneof![
        (origin, location(), units(), option::of(at()), papers()).prop_map(
            |(origin, location, units, expected_at, (reference, actor))| LotEvent::Announced {
                origin,
                location,
                units,
                expected_at,
                reference,
                actor
            }
        ),
        (location(), condition, quantity(), any::<bool>(), papers(), option::of(short)).prop_map(
            |(location, condition, units, is_transfer, (reference, actor), short)| LotEvent::Received {
                location,
                condition,
                units,
                is_transfer,
                reference,
                actor,
                short
            }
        ),
        (option::of(at()), option::of(text()))
            .prop_map(|(expected_at, actor)| LotEvent::Rescheduled { expected_at, actor }),
        (option::of(location()), quantity(), text(), papers()).prop_map(
            |(back_to, units, reason, (reference, actor))| LotEvent::Cancelled {
                back_to,
                units,
                reason,
                reference,
                actor
            }
        ),
    ]
}

fn sale() -> impl Strategy<Value = SaleTerms> {
    let allotment = (location(), quantity()).prop_map(|(location, units)| Allotment { location, units });
    let id = sku().prop_map(|name| SaleId::new(name.as_str()).unwrap());
    let window = (at(), option::of(at()), any::<bool>(), any::<bool>());
    (id, window, option::of(units()), vec(allotment, 0..4)).prop_map(
        |(id, (opens_at, closes_at, paused, exclusive), per_customer, allotments)| SaleTerms {
            id,
            opens_at,
            closes_at,
            paused,
            exclusive,
            per_customer,
            allotments,
        },
    )
}

fn sourcing() -> impl Strategy<Value = SourcingRules> {
    let strategy = prop_oneof![
        Just(product::Strategy::FewestShipments),
        Just(product::Strategy::Ranked),
        Just(product::Strategy::HighestStock),
        Just(product::Strategy::Nearest),
    ];
    (strategy, vec(location(), 0..4), vec(location(), 0..4))
        .prop_map(|(strategy, ranking, closed)| SourcingRules { strategy, ranking, closed })
}

fn sources() -> impl Strategy<Value = Sources> {
    let source = (location(), units()).prop_map(|(location, units)| Source { location, units });
    let spread = (option::of(location()), vec(source, 0..20), quantity(), any::<u8>()).prop_map(
        |(asked, filled, queued, class)| Spread { asked, filled, queued, class: PriorityClass(class) },
    );
    prop_oneof![
        2 => (location(), any::<bool>()).prop_map(|(location, asked)| Sources::At { location, asked }),
        1 => spread.prop_map(|spread| Sources::Spread(Box::new(spread))),
    ]
}

fn bundle() -> impl Strategy<Value = Bundle> {
    let parts = (sku(), option::of(location()), units(), components());
    parts.prop_map(|(sku, location, quantity, components)| Bundle { sku, location, quantity, components })
}

fn reservation_event() -> impl Strategy<Value = ReservationEvent> {
    let taken = option::of(vec(any::<u32>(), 0..20));
    let lowered = (any::<u16>(), any::<u32>()).prop_map(|(line, left)| Lowered { line, left });
    prop_oneof![
        (customer(), any::<u64>(), any::<u16>(), any::<u64>(), at(), text(), (any::<u16>(), any::<u16>()))
            .prop_map(|(customer, fingerprint, lines, ttl, at, metadata, (follow, bundles))| {
                ReservationEvent::Made {
                    customer,
                    fingerprint: Fingerprint(fingerprint),
                    lines,
                    ttl: Millis(ttl),
                    at,
                    metadata,
                    follow,
                    bundles,
                }
            }),
        (at(), operation(), at()).prop_map(|(expires_at, operation, at)| ReservationEvent::Extended {
            expires_at,
            operation,
            at
        }),
        (any::<u128>(), at()).prop_map(|(order, at)| ReservationEvent::Pinned { order: OrderId(order), at }),
        (at(), at()).prop_map(|(expires_at, at)| ReservationEvent::Unpinned { expires_at, at }),
        (taken, option::of(operation()), at())
            .prop_map(|(taken, operation, at)| ReservationEvent::Committed { taken, operation, at }),
        (option::of(operation()), at())
            .prop_map(|(operation, at)| ReservationEvent::Released { operation, at }),
        at().prop_map(|at| ReservationEvent::Expired { at }),
        (any::<u16>(), vec(bundle(), 0..4), at())
            .prop_map(|(first, bundles, at)| ReservationEvent::BundlesNoted { first, bundles, at }),
        (vec(lowered, 0..20), (any::<u16>(), any::<u16>()), at(), operation(), at()).prop_map(
            |(lowered, (raised, bundles), expires_at, operation, at)| ReservationEvent::Changed {
                lowered,
                raised,
                bundles,
                expires_at,
                operation,
                at
            }
        ),
    ]
}

fn step() -> impl Strategy<Value = PaymentStep> {
    prop_oneof![
        Just(PaymentStep::Authorise),
        Just(PaymentStep::Capture),
        Just(PaymentStep::Void),
        any::<u16>().prop_map(PaymentStep::Refund),
    ]
}

fn line_units() -> impl Strategy<Value = Vec<LineUnits>> {
    vec((any::<u16>(), units()).prop_map(|(line, units)| LineUnits { line, units }), 0..20)
}

fn placed() -> impl Strategy<Value = OrderPlaced> {
    let who = (customer(), any::<u64>(), any::<u128>(), any::<bool>(), currency());
    (who, text(), text(), text(), at()).prop_map(
        |(
            (customer, fingerprint, reservation, owns_reservation, currency),
            provider,
            method,
            ship_to,
            at,
        )| OrderPlaced {
            customer,
            fingerprint: Fingerprint(fingerprint),
            reservation: ReservationId(reservation),
            owns_reservation,
            currency,
            provider,
            method,
            ship_to,
            at,
        },
    )
}

fn order_event() -> impl Strategy<Value = OrderEvent> {
    let line = (any::<u16>(), sku(), option::of(location()), units(), any::<i64>()).prop_map(
        |(hold, sku, location, quantity, total_minor)| OrderLine {
            hold,
            sku,
            location,
            quantity,
            total_minor,
        },
    );
    let outcome = prop_oneof![
        text().prop_map(|reference| PaymentOutcome::Approved { reference }),
        text().prop_map(|reason| PaymentOutcome::Declined { reason }),
    ];
    prop_oneof![
        (any::<u16>(), vec(line, 0..20)).prop_map(|(first, lines)| OrderEvent::LinesAdded { first, lines }),
        placed().prop_map(OrderEvent::Placed),
        (step(), any::<u32>(), at()).prop_map(|(step, attempt, at)| OrderEvent::PaymentRequested {
            step,
            attempt,
            at
        }),
        (step(), at()).prop_map(|(step, at)| OrderEvent::PaymentUnknown { step, at }),
        (step(), outcome, at()).prop_map(|(step, outcome, at)| OrderEvent::PaymentSettled {
            step,
            outcome,
            at
        }),
        at().prop_map(|at| OrderEvent::StockCommitted { at }),
        at().prop_map(|at| OrderEvent::Compensated { at }),
        (text(), operation(), at()).prop_map(|(reason, operation, at)| OrderEvent::Cancelled {
            reason,
            operation,
            at
        }),
        (line_units(), operation(), at()).prop_map(|(lines, operation, at)| OrderEvent::ShipmentStarted {
            lines,
            operation,
            at
        }),
        (line_units(), at()).prop_map(|(lines, at)| OrderEvent::Shipped { lines, at }),
        (line_units(), any::<u32>(), text(), operation(), at()).prop_map(
            |(lines, damaged, reason, operation, at)| {
                let lines =
                    lines.into_iter().map(|LineUnits { line, units }| ReturnedUnits { line, units, damaged });
                OrderEvent::Returned { lines: lines.collect(), reason, operation, at }
            }
        ),
        (line_units(), text(), operation(), at()).prop_map(|(lines, reason, operation, at)| {
            OrderEvent::UnitsCancelled { lines, reason, operation, at }
        }),
        (any::<i64>(), text(), operation(), at()).prop_map(|(amount_minor, reason, operation, at)| {
            OrderEvent::RefundGranted { amount_minor, reason, operation, at }
        }),
        (text(), operation(), at()).prop_map(|(ship_to, operation, at)| OrderEvent::ShipToChanged {
            ship_to,
            operation,
            at
        }),
        (any::<u16>(), operation(), at()).prop_map(|(refund, operation, at)| OrderEvent::RefundRetried {
            refund,
            operation,
            at
        }),
    ]
}

/// Any event the engine's types allow.
pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (sku(), product_event()).prop_map(|(sku, event)| Event::Product(sku, event)),
        (any::<u128>(), reservation_event())
            .prop_map(|(id, event)| Event::Reservation(ReservationId(id), event)),
        (any::<u128>(), order_event()).prop_map(|(id, event)| Event::Order(OrderId(id), event)),
    ]
}
