//! Requests in few words.

use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_actors::{
    ChangeReservation, OrderRequestLine, OrderSource, OrderUnits, PlaceOrderRequest, Reserve, ReserveLine,
    TakenLine,
};
use holdfast_engine::product::{Adjustment, Condition, Note, Policy, ProductDetails, StockChange, Terms};
use holdfast_engine::{
    Currency, CustomerId, Fingerprint, LineQuantity, LocationId, Millis, Money, Operation, OperationId,
    OrderId, Quantity, ReservationId, Sku, SmolStr, UnitPrice,
};

/// The time a hold lasts here unless a test says otherwise.
pub const TTL: Millis = Millis(60_000);

/// What every unit costs, in cents.
pub const PRICE_MINOR: i64 = 250;

static NEXT: AtomicU64 = AtomicU64::new(1 << 32);

/// A number nobody else in this process gets.
pub fn fresh() -> u128 {
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) << 64
}

/// An operation nobody did before.
pub fn fresh_operation() -> Operation {
    operation(fresh(), 0)
}

/// This operation, asked with this fingerprint.
pub fn operation(id: u128, fingerprint: u64) -> Operation {
    Operation { id: OperationId(id), fingerprint: Fingerprint(fingerprint) }
}

pub fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

pub fn location(name: &str) -> LocationId {
    LocationId::new(name).unwrap()
}

pub fn buyer() -> CustomerId {
    CustomerId::new("buyer").unwrap()
}

pub fn units(units: u32) -> LineQuantity {
    LineQuantity::new(units).unwrap()
}

pub fn quantity(units: u64) -> Quantity {
    Quantity::new(units).unwrap()
}

pub fn eur() -> Currency {
    Currency::new(*b"EUR", 2).unwrap()
}

pub fn euros(minor: i64) -> Money {
    Money::from_minor(minor, eur()).unwrap()
}

/// Details with this policy and the usual price.
pub fn details(policy: Policy) -> ProductDetails {
    let price = UnitPrice::new(PRICE_MINOR * 100, eur());
    ProductDetails { name: SmolStr::new_static("a thing"), price, policy, components: Box::default() }
}

pub fn plain() -> ProductDetails {
    details(Policy::default())
}

/// A count found at a place.
pub fn counted(place: &LocationId, count: u64, operation: Operation) -> Adjustment {
    change(place, StockChange::To(quantity(count)), operation)
}

/// So many units more or less at the main place.
pub fn moved(delta: i64, operation: Operation) -> Adjustment {
    change(&LocationId::main(), StockChange::By(delta), operation)
}

fn change(place: &LocationId, change: StockChange, operation: Operation) -> Adjustment {
    let reason = SmolStr::new_static("counted");
    let (condition, location) = (Condition::Sellable, place.clone());
    Adjustment { location, condition, change, expected: None, note: Note::why(reason), operation }
}

/// A change that is refused by the product itself, whatever it is: it has no effect, but it passes through the
/// owner's mailbox and its answer waits for whatever was decided before.
pub fn refused_change() -> Adjustment {
    Adjustment { expected: Some(Quantity::MAX), ..moved(1, fresh_operation()) }
}

pub fn line(name: &str, count: u32) -> ReserveLine {
    ReserveLine { sku: sku(name), location: None, quantity: units(count) }
}

pub fn line_at(name: &str, place: &LocationId, count: u32) -> ReserveLine {
    ReserveLine { location: Some(place.clone()), ..line(name, count) }
}

/// A reservation of these lines under this number.
pub fn basket(id: u128, lines: impl IntoIterator<Item = ReserveLine>) -> Reserve {
    Reserve {
        id: ReservationId(id),
        fingerprint: Fingerprint(1),
        customer: buyer(),
        guest: false,
        lines: lines.into_iter().collect(),
        terms: Terms::default(),
        ttl: Some(TTL),
        metadata: SmolStr::new_static(r#"{"channel":"web"}"#),
    }
}

/// A reservation of these lines under a number of its own.
pub fn new_basket(lines: impl IntoIterator<Item = ReserveLine>) -> Reserve {
    basket(fresh(), lines)
}

/// These lines for a reservation that there is.
pub fn changed(
    id: ReservationId,
    lines: impl IntoIterator<Item = ReserveLine>,
    operation: Operation,
) -> ChangeReservation {
    ChangeReservation {
        id,
        lines: lines.into_iter().collect(),
        terms: Terms::default(),
        ttl: None,
        operation,
    }
}

pub fn taken(name: &str, count: u32) -> TakenLine {
    TakenLine { sku: sku(name), location: None, units: count }
}

pub fn order_line(name: &str, count: u32) -> OrderRequestLine {
    OrderRequestLine { sku: sku(name), location: None, quantity: units(count), unit_price: None }
}

/// An order of these lines, paid at the sandbox with this method.
pub fn order(id: u128, lines: impl IntoIterator<Item = OrderRequestLine>, method: &str) -> PlaceOrderRequest {
    checkout(id, OrderSource::Lines(lines.into_iter().collect()), "sandbox", method)
}

/// An order of what is reserved, paid at the sandbox with this method.
pub fn order_of(id: u128, reservation: ReservationId, method: &str) -> PlaceOrderRequest {
    checkout(id, OrderSource::Reservation(reservation), "sandbox", method)
}

pub fn checkout(id: u128, source: OrderSource, provider: &str, method: &str) -> PlaceOrderRequest {
    PlaceOrderRequest {
        id: OrderId(id),
        fingerprint: Fingerprint(1),
        customer: buyer(),
        source,
        terms: Terms::default(),
        currency: eur(),
        expected_total: None,
        provider: SmolStr::new(provider),
        method: SmolStr::new(method),
        ship_to: SmolStr::new_static("{}"),
    }
}

pub fn order_units(name: &str, count: u32) -> OrderUnits {
    OrderUnits { sku: sku(name), location: None, quantity: units(count) }
}
