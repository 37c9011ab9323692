//! From the request to a placed order: price it, hold its units, pin them, write it down.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_engine::order::{Order, OrderEvent, OrderLine, OrderPlaced, PlaceOrder, Priced, order_lines};
use holdfast_engine::product::{Component, Terms, TimeInForce};
use holdfast_engine::reservation::{Bundle, Bundles, Unpacking, named};
use holdfast_engine::{
    Currency, Event, LineQuantity, LocationId, Money, OrderId, Rejection, ReservationId, Sku, UnitPrice,
};

use super::actor::{Coordinator, Waiting};
use super::{OrderMessage, OrderRequestLine, OrderSource, OrderView, PlaceOrderRequest};
use crate::answer::{Answer, Failure, Reply, ReplyTo, Unavailable};
use crate::bundles;
use crate::reservations::{Reserve, ReserveLine, reserve};
use crate::waiter::{Then, Waiter};

/// A checkout whose units are being held.
pub(super) struct Placing {
    request: PlaceOrderRequest,
    /// The order as it was priced when it was asked for: a price that changes meanwhile concerns the next one.
    order: PlaceOrder,
    /// What was asked for by its names, if some of that are bundles: what these are made of is known for good once they are held.
    priced: Vec<Priced>,
    /// The bundles that a reservation had when it was priced.
    bundles: Bundles,
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
        let priced = self.price(&request);
        let priced = priced.and_then(|priced| priced.0.check_total().map(|()| priced));
        let (order, priced, bundles) = match priced {
            Ok(priced) => priced,
            Err(rejection) => return self.answer_durable(Err(rejection.into()), caller),
        };
        let source = request.source.clone();
        let waiting = vec![Waiting { caller, is_repeat: false }];
        self.placing.insert(id, Placing { request, order, priced, bundles, waiting });
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
        let details = |sku: &Sku| self.shared.directory.get(sku)?.details();
        let ttl_max = |sku: &Sku| Some(details(sku)?.details.policy.hold_ttl_max);
        let allowed = lines.iter().flat_map(|line| {
            let shown = details(&line.sku);
            let components = shown.iter().flat_map(|shown| &shown.details.components);
            let components: Vec<_> = components.filter_map(|component| ttl_max(&component.sku)).collect();
            ttl_max(&line.sku).into_iter().chain(components)
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
            // While it was not pinned, whoever knew its number could end it as any other.
            Err(Failure::Rejected(
                Rejection::ReservationExpired { .. }
                | Rejection::ReservationReleased
                | Rejection::ReservationCommitted,
            )) if try_number < RESERVATION_TRIES_MAX
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
        let owns_reservation = place.placed.owns_reservation;
        let lines = &mut place.lines;
        cell.decide(
            &self.shared,
            |held, at| {
                let event = held.decide_pin(at, id, &request.customer)?;
                if !owns_reservation && held.bundles() != placing.bundles.as_deref() {
                    return Err(Rejection::ReservationChanged);
                }
                let bundles = held.bundles();
                if owns_reservation && (bundles.is_some() || placing.bundles.is_some()) {
                    // What they are made of may be something else than when they were priced; what they cost is the same.
                    let bundles = bundles.unwrap_or_default();
                    *lines = self.lines_of_priced(&placing.priced, bundles, request.currency)?;
                }
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

    /// The order as it will be placed: lines merged, sorted and priced; what was asked for by its names, and the bundles among that.
    fn price(&self, request: &PlaceOrderRequest) -> Result<(PlaceOrder, Vec<Priced>, Bundles), Rejection> {
        let (reservation, owns_reservation, (lines, bundles)) = match &request.source {
            OrderSource::Reservation(reservation) => (*reservation, false, self.lines_of(*reservation)?),
            OrderSource::Lines(lines) => {
                let bundles = self.bundles_of(lines, &request.terms)?;
                (ReservationId(request.id.0), true, (lines.clone(), bundles))
            }
        };
        let noted = bundles.as_deref().unwrap_or_default();
        let mut asked: Vec<(OrderRequestLine, Option<&Bundle>)> = Vec::with_capacity(lines.len());
        for line in lines {
            let bundle = named(noted, &line.sku, line.location.as_ref()).first().filter(|_| owns_reservation);
            asked.push((line, bundle));
        }
        if !owns_reservation {
            let line = |bundle: &Bundle| OrderRequestLine {
                sku: bundle.sku.clone(),
                location: bundle.location.clone(),
                quantity: bundle.quantity,
                unit_price: None,
            };
            asked.extend(noted.iter().map(|bundle| (line(bundle), Some(bundle))));
        }
        // A reservation may have units of a product beside bundles that had its name before.
        let mut merged: BTreeMap<(Sku, Option<LocationId>, bool), (LineQuantity, i64)> = BTreeMap::new();
        for (line, bundle) in asked {
            let total = self.line_total(request, &line, bundle)?;
            let is_loose = !owns_reservation && bundle.is_none();
            let key = (line.sku.clone(), line.location.clone(), is_loose);
            let sum = match merged.get(&key) {
                Some((quantity, minor)) => quantity.checked_add(line.quantity).zip(minor.checked_add(total)),
                None => Some((line.quantity, total)),
            };
            merged.insert(key, sum.ok_or(Rejection::TotalTooLarge)?);
        }
        let priced = merged.into_iter().map(|((sku, location, is_loose), (quantity, total_minor))| Priced {
            sku,
            location,
            is_loose,
            quantity,
            total_minor,
        });
        let priced: Vec<_> = priced.collect();
        let lines = self.lines_of_priced(&priced, noted, request.currency)?;
        let order = PlaceOrder {
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
            lines,
            expected_total: request.expected_total,
        };
        Ok((order, priced, bundles))
    }

    /// The lines of an order for what was asked, with these bundles in it.
    fn lines_of_priced(
        &self,
        priced: &[Priced],
        bundles: &[Bundle],
        currency: Currency,
    ) -> Result<Vec<OrderLine>, Rejection> {
        order_lines(priced, bundles, &|sku| self.list_price(sku, currency))
    }

    /// The bundles that lines name, as they are made up now.
    fn bundles_of(&self, lines: &[OrderRequestLine], terms: &Terms) -> Result<Bundles, Rejection> {
        let (mut unpacking, mut others) = (Unpacking::new(None), 0);
        for line in lines {
            let shown = self.shared.directory.get(&line.sku).and_then(|cell| cell.details());
            let details = shown.as_ref().map(|shown| &shown.details);
            if unpacking.concerns(&line.sku, details) {
                unpacking.add(&line.sku, line.location.as_ref(), line.quantity, details);
            } else {
                others += 1;
            }
        }
        let in_part = whole_or_nothing(terms).time_in_force.is_some_and(TimeInForce::may_drop);
        let unpacked = unpacking.finish(others, in_part, &|sku| bundles::is_bundle(&self.shared, sku))?;
        Ok(unpacked.bundles)
    }

    /// What a reservation has beside its bundles, and these.
    fn lines_of(&self, reservation: ReservationId) -> Result<(Vec<OrderRequestLine>, Bundles), Rejection> {
        let not_found = || Rejection::ReservationNotFound { reservation };
        let cell = self.shared.reservations.get(reservation).ok_or_else(not_found)?;
        let asked = cell.read(|held| {
            let bundles = held.bundles().unwrap_or_default();
            let mut in_bundles = HashMap::<_, u64>::new();
            for (bundle, part) in
                bundles.iter().flat_map(|bundle| bundle.components.iter().map(move |part| (bundle, part)))
            {
                let units = u64::from(bundle.quantity.units()) * u64::from(part.quantity.units());
                *in_bundles.entry((&part.sku, bundle.location.as_ref())).or_default() += units;
            }
            let lines = held.lines().iter().filter_map(|line| {
                let (sku, location) = line.name();
                let in_bundles = in_bundles.get(&(sku, location)).copied().unwrap_or_default();
                let in_bundles = u32::try_from(in_bundles).ok()?;
                // The rest was asked for by its own name.
                let quantity = LineQuantity::new(line.quantity.units().checked_sub(in_bundles)?)?;
                let (sku, location) = (sku.clone(), location.cloned());
                Some(OrderRequestLine { sku, location, quantity, unit_price: None })
            });
            (lines.collect(), held.bundles_at(held.version()))
        });
        asked.ok_or_else(not_found)
    }

    /// What a line comes to. A bundle that has no price of its own costs what its components do.
    fn line_total(
        &self,
        request: &PlaceOrderRequest,
        line: &OrderRequestLine,
        bundle: Option<&Bundle>,
    ) -> Result<i64, Rejection> {
        let total = |price: UnitPrice, quantity| {
            price.times(quantity).map(Money::minor).ok_or(Rejection::TotalTooLarge)
        };
        let (Some(bundle), Err(Rejection::NoPrice { .. } | Rejection::UnknownSku { .. })) =
            (bundle, self.unit_price(request, line))
        else {
            return total(self.unit_price(request, line)?, line.quantity);
        };
        let mut sum = 0_i64;
        for Component { sku, quantity } in &bundle.components {
            let units = quantity.units().checked_mul(line.quantity.units()).and_then(LineQuantity::new);
            let quantity = units.ok_or(Rejection::TotalTooLarge)?;
            let (sku, location) = (sku.clone(), bundle.location.clone());
            let part = OrderRequestLine { sku, location, quantity, unit_price: None };
            let part = total(self.unit_price(request, &part)?, quantity)?;
            sum = sum.checked_add(part).ok_or(Rejection::TotalTooLarge)?;
        }
        Ok(sum)
    }

    fn list_price(&self, sku: &Sku, currency: Currency) -> Option<UnitPrice> {
        let details = self.shared.directory.get(sku)?.details()?;
        details.details.price.filter(|price| price.currency() == currency)
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
