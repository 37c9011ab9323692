//! From the request to a placed order: price it, hold its units, pin them, write it down.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_engine::order::{Order, OrderEvent, OrderLine, OrderPlaced, PlaceOrder};
use holdfast_engine::product::{Terms, TimeInForce};
use holdfast_engine::{Event, LineQuantity, LocationId, OrderId, Rejection, ReservationId, Sku, UnitPrice};

use super::actor::{Coordinator, Waiting};
use super::{OrderMessage, OrderRequestLine, OrderSource, OrderView, PlaceOrderRequest};
use crate::answer::{Answer, Failure, Reply, ReplyTo, Unavailable};
use crate::reservations::{Reserve, ReserveLine, reserve};
use crate::waiter::{Then, Waiter};

/// A checkout whose units are being held.
pub(super) struct Placing {
    request: PlaceOrderRequest,
    /// The order as it was priced when it was asked for: a price that changes meanwhile concerns the next one.
    order: PlaceOrder,
    waiting: Vec<Waiting>,
}

/// An order's units are all that it names, or it is not placed.
fn whole_or_nothing(terms: &Terms) -> Terms {
    let time_in_force = match terms.time_in_force {
        Some(TimeInForce::ImmediateOrCancel) => Some(TimeInForce::FillOrKill),
        other => other,
    };
    Terms { time_in_force, ..terms.clone() }
}

/// How often an order makes itself a new reservation because its last one lapsed before the order was written down.
/// That takes a crash and a retry later than the hold's time, each time.
const RESERVATION_TRIES_MAX: u16 = 16;

impl Coordinator {
    pub(super) fn place(
        &mut self,
        request: PlaceOrderRequest,
        mut caller: ReplyTo<Reply<OrderView>>,
        is_repeat: &AtomicBool,
    ) {
        let id = request.id;
        if let Some(entry) = self.orders.get_mut(&id) {
            is_repeat.store(true, Ordering::Relaxed);
            if entry.order.placed().fingerprint != request.fingerprint {
                return self.answer_durable(Err(Rejection::KeyReused.into()), caller);
            }
            match OrderView::outcome(&entry.order) {
                Some(view) => self.answer_durable(Ok(Answer::repeated(view)), caller),
                // It will not come to an end here, and those who waited for that have been told.
                None if self.shared.journal.is_failed() => {
                    caller.answer(Err(Unavailable::JournalFailed.into()))
                }
                None => {
                    caller.give_back_permit();
                    // Who polls for days leaves one behind at each time.
                    entry.waiting.retain(|waiting| !waiting.caller.is_gone());
                    entry.waiting.push(Waiting { caller, is_repeat: true });
                }
            }
            return;
        }
        if let Some(placing) = self.placing.get_mut(&id) {
            is_repeat.store(true, Ordering::Relaxed);
            if placing.request.fingerprint == request.fingerprint {
                placing.waiting.push(Waiting { caller, is_repeat: true });
            } else {
                self.answer_durable(Err(Rejection::KeyReused.into()), caller);
            }
            return;
        }
        // Whatever can be refused without touching a unit is refused first.
        let priced = self.price(&request).and_then(|order| order.check_total().map(|()| order));
        let order = match priced {
            Ok(order) => order,
            Err(rejection) => return self.answer_durable(Err(rejection.into()), caller),
        };
        let source = request.source.clone();
        self.placing
            .insert(id, Placing { request, order, waiting: vec![Waiting { caller, is_repeat: false }] });
        match source {
            OrderSource::Reservation(reservation) => self.held(id, reservation, 0, Ok(())),
            OrderSource::Lines(lines) => self.hold(id, &lines, 0),
        }
    }

    /// Makes the order a reservation of its own, under a number that follows from the order's.
    fn hold(&self, id: OrderId, lines: &[OrderRequestLine], try_number: u16) {
        let Some(placing) = self.placing.get(&id) else { return };
        let reservation = ReservationId(id.0.wrapping_add(u128::from(try_number)));
        // No longer than each of the products allows.
        let allowed = lines.iter().filter_map(|line| {
            let details = self.shared.directory.get(&line.sku)?.details()?;
            Some(details.details.policy.hold_ttl_max)
        });
        let ttl = allowed.fold(self.shared.config.order_hold_ttl, Ord::min);
        let lines = lines.iter().map(|line| ReserveLine {
            sku: line.sku.clone(),
            location: line.location.clone(),
            quantity: line.quantity,
        });
        let request = Reserve {
            id: reservation,
            fingerprint: placing.request.fingerprint,
            customer: placing.request.customer.clone(),
            guest: false,
            lines: lines.collect(),
            terms: whole_or_nothing(&placing.request.terms),
            ttl: Some(ttl),
            metadata: holdfast_engine::SmolStr::default(),
        };
        let (shared, myself) = (std::sync::Arc::clone(&self.shared), self.myself.clone());
        self.shared.runtime.spawn(async move {
            let outcome = reserve(&shared, None, request).await.map(|_| ());
            drop(myself.send_message(OrderMessage::Held { id, reservation, try_number, outcome }));
        });
    }

    /// The units are held (or were by the storefront): pin them and write the order down.
    pub(super) fn held(
        &mut self,
        id: OrderId,
        reservation: ReservationId,
        try_number: u16,
        outcome: Result<(), Failure>,
    ) {
        let Some(placing) = self.placing.get(&id) else { return };
        if let Err(failure) = outcome {
            return self.refuse(id, &failure);
        }
        match self.pin_and_place(id, reservation) {
            Ok(order) => {
                let mut waiting = self.placing.remove(&id).map(|placing| placing.waiting).unwrap_or_default();
                // From here on it may be the payment provider that everybody waits for.
                waiting.iter_mut().for_each(|waiting| waiting.caller.give_back_permit());
                self.insert(order, waiting);
                self.advance(id);
            }
            // Its own reservation of an earlier, cut-off try: make another.
            Err(Failure::Rejected(Rejection::ReservationExpired { .. }))
                if try_number < RESERVATION_TRIES_MAX
                    && let OrderSource::Lines(lines) = &placing.request.source =>
            {
                let lines = lines.clone();
                self.hold(id, &lines, try_number + 1);
            }
            Err(failure) => self.refuse(id, &failure),
        }
    }

    fn pin_and_place(&self, id: OrderId, reservation: ReservationId) -> Result<Order, Failure> {
        let Some(placing) = self.placing.get(&id) else { return Err(Unavailable::Restarting.into()) };
        let request = &placing.request;
        let mut place = placing.order.clone();
        place.placed.reservation = reservation;
        place.placed.at = self.shared.clock.now();
        let not_found = || Rejection::ReservationNotFound { reservation };
        let cell = self.shared.reservations.get(reservation).ok_or_else(not_found)?;
        let lines = &mut place.lines;
        cell.decide(
            &self.shared,
            |held, at| {
                let event = held.decide_pin(at, id, &request.customer)?;
                // It may have been changed since it was priced.
                PlaceOrder::take_over(lines, held)?;
                Ok(event)
            },
            Then::Nothing,
            |_, _| (),
        )?;
        let mut order = Order::place(id, place.lines.clone(), &place.placed);
        let events = place.events();
        let count = events.len() as u64;
        let first = self.shared.journal.append(
            events.into_iter().map(|event: OrderEvent| Event::Order(id, event)),
            Waiter::tell(Then::Nothing),
        );
        order.journaled(first.plus(count - 1));
        // The products learn that their holds cannot lapse now. Nobody waits for that: until they have heard it, they
        // ask the reservation at the deadline.
        crate::reservations::follow_all(&self.shared, &cell, Vec::new());
        Ok(order)
    }

    fn refuse(&mut self, id: OrderId, failure: &Failure) {
        if let Some(placing) = self.placing.remove(&id) {
            for Waiting { caller, .. } in placing.waiting {
                self.answer_durable(Err(failure.clone()), caller);
            }
        }
    }

    /// The order as it will be placed: lines merged, sorted and priced.
    fn price(&self, request: &PlaceOrderRequest) -> Result<PlaceOrder, Rejection> {
        let (reservation, owns_reservation, lines) = match &request.source {
            OrderSource::Reservation(reservation) => (*reservation, false, self.lines_of(*reservation)?),
            OrderSource::Lines(lines) => (ReservationId(request.id.0), true, lines.clone()),
        };
        let mut merged: BTreeMap<(Sku, Option<LocationId>), (LineQuantity, i64)> = BTreeMap::new();
        for line in lines {
            let price = self.unit_price(request, &line)?;
            let total = price.times(line.quantity).ok_or(Rejection::TotalTooLarge)?.minor();
            let key = (line.sku.clone(), line.location.clone());
            let sum = match merged.get(&key) {
                Some((quantity, minor)) => quantity.checked_add(line.quantity).zip(minor.checked_add(total)),
                None => Some((line.quantity, total)),
            };
            merged.insert(key, sum.ok_or(Rejection::TotalTooLarge)?);
        }
        let lines = merged.into_iter().map(|((sku, location), (quantity, total_minor))| OrderLine {
            // Which line of the reservation that is, is known once it is pinned.
            hold: 0,
            sku,
            location,
            quantity,
            total_minor,
        });
        Ok(PlaceOrder {
            placed: OrderPlaced {
                customer: request.customer.clone(),
                fingerprint: request.fingerprint,
                reservation,
                owns_reservation,
                currency: request.currency,
                provider: request.provider.clone(),
                method: request.method.clone(),
                ship_to: request.ship_to.clone(),
                at: self.shared.clock.now(),
            },
            lines: lines.collect(),
            expected_total: request.expected_total,
        })
    }

    fn lines_of(&self, reservation: ReservationId) -> Result<Vec<OrderRequestLine>, Rejection> {
        let cell = self.shared.reservations.get(reservation);
        let lines = cell.and_then(|cell| {
            cell.read(|reservation| {
                let lines = reservation.lines().iter().map(|line| OrderRequestLine {
                    sku: line.sku.clone(),
                    location: line.sources.asked().cloned(),
                    quantity: line.quantity,
                    unit_price: None,
                });
                lines.collect()
            })
        });
        lines.ok_or(Rejection::ReservationNotFound { reservation })
    }

    fn unit_price(
        &self,
        request: &PlaceOrderRequest,
        line: &OrderRequestLine,
    ) -> Result<UnitPrice, Rejection> {
        if let Some(price) = line.unit_price {
            return Ok(price);
        }
        let unknown = || Rejection::UnknownSku { sku: line.sku.clone() };
        let details =
            self.shared.directory.get(&line.sku).and_then(|cell| cell.details()).ok_or_else(unknown)?;
        let price = details.details.price.filter(|price| price.currency() == request.currency);
        price.ok_or_else(|| Rejection::NoPrice {
            sku: line.sku.clone(),
            currency: request.currency.code().to_owned(),
        })
    }
}
