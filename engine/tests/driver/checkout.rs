//! Orders: what the coordinator does with each step of a checkout and of what comes after it.

use holdfast_engine::order::{
    LineUnits, Order, OrderEvent, OrderLine, OrderPlaced, PAYMENT_ATTEMPTS_MAX, PaymentOutcome, PlaceOrder,
    ReturnLine, Step,
};
use holdfast_engine::product::{Fulfilment, ProductCommand, Terms};
use holdfast_engine::reservation::ReservationLine;
use holdfast_engine::{
    Currency, CustomerId, Event, Fingerprint, Millis, Money, Operation, OrderId, Quantity, Rejection,
    ReservationId, SmolStr,
};

use super::{Answer, Basket, Driver, Effect, Wanted, merge};

/// A checkout as it arrives.
#[derive(Debug, Clone)]
pub(crate) struct PlaceRequest {
    pub(crate) id: OrderId,
    pub(crate) customer: CustomerId,
    pub(crate) fingerprint: Fingerprint,
    /// The basket it takes over, or `None` for one that claims `lines` itself.
    pub(crate) basket: Option<ReservationId>,
    pub(crate) lines: Vec<Wanted>,
    pub(crate) currency: Currency,
    pub(crate) expected_total: Option<Money>,
    pub(crate) terms: Terms,
}

/// What a call to the payment provider led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payment {
    Approved,
    Declined,
    /// No answer came.
    Unknown,
    /// The provider says that it cannot answer, and that nothing was done.
    Failing,
}

/// How long an order's own claim lasts until it is pinned.
const ORDER_HOLD_TTL: Millis = Millis(60_000);

/// How long after its placing an order's payment must be decided.
const PAYMENT_DEADLINE: Millis = Millis(30 * 60_000);

impl Driver {
    /// Places an order: price the lines, claim the units, keep the claim from lapsing, write the order down.
    pub(crate) fn place(&mut self, request: &PlaceRequest) -> Answer {
        if let Some(order) = self.orders.get(&request.id) {
            let same = order.placed().fingerprint == request.fingerprint;
            return if same { Ok(Effect::Already) } else { Err(Rejection::KeyReused) };
        }
        let own = ReservationId(request.id.0);
        let reservation = request.basket.unwrap_or(own);
        let lines: Vec<Wanted> = match request.basket {
            Some(basket) => self.known(basket)?.lines().iter().map(wanted).collect(),
            None => {
                let lines = merge(&request.lines).into_iter().flat_map(|(sku, claims)| {
                    claims.into_iter().map(move |claim| (sku.clone(), claim.location, claim.quantity))
                });
                lines.collect()
            }
        };
        let place = PlaceOrder {
            placed: OrderPlaced {
                customer: request.customer.clone(),
                fingerprint: request.fingerprint,
                reservation,
                owns_reservation: request.basket.is_none(),
                currency: request.currency,
                provider: SmolStr::new_static("bank"),
                method: SmolStr::new_static("token"),
                ship_to: SmolStr::default(),
                at: self.now,
            },
            lines: lines
                .iter()
                .map(|line| self.price(line, request.currency))
                .collect::<Result<Vec<_>, _>>()?,
            expected_total: request.expected_total,
        };
        place.check_total()?;
        if request.basket.is_none() {
            self.reserve(&Basket {
                id: own,
                customer: request.customer.clone(),
                fingerprint: request.fingerprint,
                lines: request.lines.clone(),
                ttl: ORDER_HOLD_TTL,
                terms: request.terms.clone(),
            })?;
        }
        self.pin(reservation, request.id, &request.customer)?;
        let mut place = place;
        PlaceOrder::take_over(&mut place.lines, self.known(reservation)?)?;
        for event in place.events() {
            let sequence = self.append(Event::Order(request.id, event.clone()));
            if let OrderEvent::Placed(placed) = &event {
                let mut order = Order::place(request.id, place.lines.clone(), placed);
                order.journaled(sequence);
                self.orders.insert(request.id, order);
            }
        }
        Ok(Effect::Done)
    }

    fn price(&self, (sku, location, quantity): &Wanted, currency: Currency) -> Result<OrderLine, Rejection> {
        let product = self.products.get(sku).and_then(|product| product.details());
        let details = product.ok_or_else(|| Rejection::UnknownSku { sku: sku.clone() })?;
        let price = details.price.filter(|price| price.currency() == currency);
        let price = price
            .ok_or_else(|| Rejection::NoPrice { sku: sku.clone(), currency: currency.code().to_owned() })?;
        let total = price.times(*quantity).ok_or(Rejection::TotalTooLarge)?;
        Ok(OrderLine {
            hold: 0,
            sku: sku.clone(),
            location: location.clone(),
            quantity: *quantity,
            total_minor: total.minor(),
        })
    }

    /// Writes down that the payment call the order waits for is about to be made, or that it is too late for one.
    pub(crate) fn request_payment(&mut self, id: OrderId) {
        if self.end_overdue(id) {
            return;
        }
        if let Step::Pay(step, attempt) = self.orders[&id].next_step() {
            let at = self.now;
            self.write(id, &OrderEvent::PaymentRequested { step, attempt: attempt.tries + 1, at });
        }
    }

    fn end_overdue(&mut self, id: OrderId) -> bool {
        let overdue = self.orders[&id].decide_overdue(self.now, PAYMENT_DEADLINE);
        if let Some(event) = &overdue {
            self.write(id, event);
        }
        overdue.is_some()
    }

    /// Writes down what became of the payment call the order waits for.
    pub(crate) fn hear_payment(&mut self, id: OrderId, payment: Payment) -> Effect {
        let Step::Pay(step, attempt) = self.orders[&id].next_step() else { return Effect::Already };
        let at = self.now;
        let outcome = match payment {
            Payment::Approved => {
                PaymentOutcome::Approved { reference: SmolStr::new(format!("{step:?}-{}", { id.0 })) }
            }
            Payment::Declined => PaymentOutcome::Declined { reason: SmolStr::new_static("no funds") },
            Payment::Unknown if attempt.unknown => return Effect::Already,
            Payment::Unknown => {
                self.write(id, &OrderEvent::PaymentUnknown { step, at });
                return Effect::Done;
            }
            Payment::Failing if attempt.tries < PAYMENT_ATTEMPTS_MAX => {
                return if self.end_overdue(id) { Effect::Done } else { Effect::Already };
            }
            Payment::Failing => PaymentOutcome::Declined { reason: SmolStr::new_static("provider failing") },
        };
        self.write(id, &OrderEvent::PaymentSettled { step, outcome, at });
        Effect::Done
    }

    /// Makes the payment call the order waits for, or asks what became of it, and writes down the answer.
    pub(crate) fn pay(&mut self, id: OrderId, payment: Payment) -> Effect {
        let Step::Pay(_, attempt) = self.orders[&id].next_step() else { return Effect::Already };
        if self.end_overdue(id) {
            return Effect::Done;
        }
        if !attempt.unknown {
            self.request_payment(id);
        }
        self.hear_payment(id, payment)
    }

    /// Does the next step of an order that is not a payment.
    pub(crate) fn step(&mut self, id: OrderId) -> Effect {
        let order = self.orders[&id].clone();
        let reservation = order.placed().reservation;
        let at = self.now;
        match order.next_step() {
            Step::Pay(..) | Step::Rest => return Effect::Already,
            Step::CommitStock => {
                self.commit_pinned(reservation, id).unwrap();
                self.write(id, &OrderEvent::StockCommitted { at });
            }
            Step::ReturnStock { committed: true } => {
                for (number, line) in (0..).zip(order.lines()) {
                    let to = Fulfilment { cancelled: line.ordered.quantity.into(), ..line.progress };
                    let advance = ProductCommand::Advance { hold: order.hold(number), to };
                    self.ask(&line.ordered.sku, &advance).unwrap();
                }
                self.write(id, &OrderEvent::Compensated { at });
            }
            Step::ReturnStock { committed: false } => {
                if order.placed().owns_reservation {
                    self.release_pinned(reservation, id).unwrap();
                } else {
                    self.unpin(reservation, id).unwrap();
                }
                self.write(id, &OrderEvent::Compensated { at });
            }
        }
        Effect::Done
    }

    /// Brings an order to rest with a provider that approves of everything.
    pub(crate) fn finish(&mut self, id: OrderId) {
        for _ in 0..100 {
            match self.orders[&id].next_step() {
                Step::Rest => return,
                Step::Pay(..) => self.pay(id, Payment::Approved),
                Step::CommitStock | Step::ReturnStock { .. } => self.step(id),
            };
        }
        panic!("{id:?} never comes to rest: {:?}", self.orders[&id].next_step());
    }

    /// Calls open units off: the named ones, or all.
    pub(crate) fn cancel(&mut self, id: OrderId, units: &[Wanted], operation: Operation) -> Answer {
        let reason = SmolStr::new_static("wish");
        let event = self.order_known(id)?.decide_cancel(self.now, units, &reason, operation)?;
        Ok(self.order_decided(id, event))
    }

    pub(crate) fn take_back(&mut self, id: OrderId, units: &[ReturnLine], operation: Operation) -> Answer {
        let reason = SmolStr::new_static("wrong size");
        let event = self.order_known(id)?.decide_return(self.now, units, &reason, operation)?;
        Ok(self.order_decided(id, event))
    }

    /// Grants a refund.
    pub(crate) fn refund(&mut self, id: OrderId, amount: Money, operation: Operation) -> Answer {
        let reason = SmolStr::new_static("goodwill");
        let event = self.order_known(id)?.decide_refund(self.now, amount, &reason, operation)?;
        Ok(self.order_noted(id, event))
    }

    /// Has a failed refund tried again.
    pub(crate) fn retry_refund(&mut self, id: OrderId, refund: u16, operation: Operation) -> Answer {
        let event = self.order_known(id)?.decide_retry(self.now, refund, operation)?;
        Ok(self.order_noted(id, event))
    }

    /// Sends an order somewhere else.
    pub(crate) fn readdress(&mut self, id: OrderId, ship_to: &str, operation: Operation) -> Answer {
        let event = self.order_known(id)?.decide_ship_to(self.now, &SmolStr::new(ship_to), operation)?;
        Ok(self.order_noted(id, event))
    }

    /// Ships units: the intention first, then every shelf, then what the shelves gave.
    pub(crate) fn ship(&mut self, id: OrderId, units: &[Wanted], operation: Operation) -> Answer {
        match self.start_shipment(id, units, operation)? {
            Effect::Done => self.finish_shipment(id),
            Effect::Already => Ok(Effect::Already),
        }
    }

    /// Writes down that a shipment was asked for.
    pub(crate) fn start_shipment(&mut self, id: OrderId, units: &[Wanted], operation: Operation) -> Answer {
        let event = self.order_known(id)?.decide_shipment(self.now, units, operation)?;
        let Some(event) = event else { return Ok(Effect::Already) };
        self.write(id, &event);
        Ok(Effect::Done)
    }

    /// Asks the shelves for the shipment under way. Refused if they gave nothing.
    pub(crate) fn finish_shipment(&mut self, id: OrderId) -> Answer {
        let order = self.order_known(id)?.clone();
        let Some(shipping) = order.shipping() else { return Ok(Effect::Already) };
        let mut given = Vec::new();
        let mut refusals = Vec::new();
        for units in &shipping.lines {
            let (sku, command) = shipment(&order, *units);
            match self.ask(&sku, &command) {
                Ok(_) => given.push(*units),
                Err(refusal) => refusals.push(refusal),
            }
        }
        let nothing = given.is_empty();
        self.write(id, &order.decide_shipped(self.now, given));
        match refusals.into_iter().next() {
            Some(refusal) if nothing => Err(refusal),
            _ => Ok(Effect::Done),
        }
    }

    fn order_known(&self, id: OrderId) -> Result<&Order, Rejection> {
        self.orders.get(&id).ok_or(Rejection::OrderNotFound { order: id })
    }

    /// Writes down what moves no units.
    fn order_noted(&mut self, id: OrderId, event: Option<OrderEvent>) -> Effect {
        let Some(event) = event else { return Effect::Already };
        self.write(id, &event);
        Effect::Done
    }

    fn order_decided(&mut self, id: OrderId, event: Option<OrderEvent>) -> Effect {
        let Some(event) = event else { return Effect::Already };
        self.write(id, &event);
        let order = &self.orders[&id];
        let moves: Vec<_> = (0..)
            .zip(order.lines())
            .map(|(number, line)| {
                let advance = ProductCommand::Advance { hold: order.hold(number), to: line.goal() };
                (line.ordered.sku.clone(), advance)
            })
            .collect();
        for (sku, command) in moves {
            self.tell(&sku, command);
        }
        Effect::Done
    }

    pub(super) fn write(&mut self, id: OrderId, event: &OrderEvent) {
        let sequence = self.append(Event::Order(id, event.clone()));
        let order = self.orders.get_mut(&id).unwrap();
        order.apply(event);
        order.journaled(sequence);
        // Until it is confirmed it does not hear of what lapses.
        if order.outcome().is_some_and(|outcome| outcome.version == order.version()) {
            self.hear_lapsed(id);
        }
    }

    /// Tells the orders what has lapsed of them.
    pub(super) fn tell_lapsed(&mut self) {
        let unheard = std::mem::take(&mut self.unheard);
        let concerned = self.orders.values().filter(|order| unheard.contains(&order.placed().reservation));
        let concerned: Vec<_> = concerned.map(Order::id).collect();
        concerned.into_iter().for_each(|id| self.hear_lapsed(id));
    }

    /// Asks the products of an order what of it has lapsed.
    fn hear_lapsed(&mut self, id: OrderId) {
        let order = self.orders[&id].clone();
        let mut gone = Vec::new();
        for (line, state) in (0..).zip(order.lines()) {
            let sku = &state.ordered.sku;
            self.read_mail(sku);
            self.settle(sku);
            let allocation = self.products[sku].allocation(order.hold(line));
            gone.extend(allocation.map(|allocation| (line, allocation.gone())));
        }
        if let Some(event) = self.orders[&id].decide_lapsed(self.now, &gone) {
            self.write(id, &event);
        }
    }
}

fn shipment(order: &Order, units: LineUnits) -> (holdfast_engine::Sku, ProductCommand) {
    let line = &order.lines()[usize::from(units.line)];
    let shipped = line.progress.shipped.checked_add(Quantity::from(units.units)).unwrap();
    let to = Fulfilment { shipped, ..line.goal() };
    (line.ordered.sku.clone(), ProductCommand::Advance { hold: order.hold(units.line), to })
}

fn wanted(line: &ReservationLine) -> Wanted {
    (line.sku.clone(), line.sources.asked().cloned(), line.quantity)
}
