//! Everything a journal tells, put together: replay and what a crash left unfinished.
//!
//! Invariant: *every prefix of the journal is a state that can be taken up again.* A crash may cut the journal after
//! any event, so [`World::reconcile`] finishes whatever was under way there: holds whose reservation never came to be
//! are given back, and what a reservation or an order has decided is carried out on the products that have not heard
//! of it yet. The same comparison mends one product alone after its actor died ([`mend_product`]).

use std::collections::{BTreeMap, HashMap};

use crate::event::Event;
use crate::ids::{OrderId, ReservationId, Sku};
use crate::order::{Order, OrderEvent, OrderLine};
use crate::product::{Fulfilment, HoldEnd, Product, ProductCommand, ProductEvent};
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::reservation::{Reservation, ReservationEvent, ReservationLine, ReservationState, Verdict};
use crate::time::{Sequence, Timestamp};

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// The state of a whole partition as its journal tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    products: BTreeMap<Sku, Product>,
    reservations: Map<ReservationId, Reservation>,
    orders: Map<OrderId, Order>,
    /// Holds of reservations that are not made yet, by line.
    forming: Map<ReservationId, BTreeMap<u16, ReservationLine>>,
    /// Lines of orders that are not placed yet.
    placing: Map<OrderId, Vec<OrderLine>>,
    sequence: Sequence,
}

impl World {
    /// Takes one event in, found or put at this position of the journal.
    ///
    /// # Panics
    /// If the event does not fit: that is an error in this program or a damaged journal.
    pub fn apply(&mut self, sequence: Sequence, event: &Event) {
        assert_eq!(sequence, self.sequence.plus(1), "I6: the journal is applied without gaps");
        self.sequence = sequence;
        match event {
            Event::Product(sku, event) => {
                self.note_forming(sku, event);
                let product =
                    self.products.entry(sku.clone()).or_insert_with(|| Product::absent(sku.clone()));
                product.apply(event);
                product.journaled(sequence);
            }
            Event::Reservation(id, event) => self.apply_reservation(*id, sequence, event),
            Event::Order(id, event) => self.apply_order(*id, sequence, event),
        }
    }

    /// Products by SKU.
    pub fn products(&self) -> &BTreeMap<Sku, Product> {
        &self.products
    }

    /// A reservation.
    pub fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.reservations.get(&id)
    }

    /// All reservations, in no particular order.
    pub fn reservations(&self) -> impl ExactSizeIterator<Item = &Reservation> {
        self.reservations.values()
    }

    /// An order.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// All orders, in no particular order.
    pub fn orders(&self) -> impl ExactSizeIterator<Item = &Order> {
        self.orders.values()
    }

    /// Position of the last event applied.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Takes the world apart: products, reservations, orders.
    pub fn into_parts(
        self,
    ) -> (impl Iterator<Item = Product>, impl Iterator<Item = Reservation>, impl Iterator<Item = Order>) {
        (self.products.into_values(), self.reservations.into_values(), self.orders.into_values())
    }

    /// Finishes what the end of the journal left under way. Each event is handed to `append`, which says where in the
    /// journal it stands, and is then applied. Afterwards a second call finds nothing to do.
    pub fn reconcile(&mut self, at: Timestamp, append: &mut dyn FnMut(&Event) -> Sequence) {
        self.placing.clear();
        for event in self.unpin_lost_orders(at) {
            self.append_and_apply(&event, append);
        }
        for event in self.mend_holds() {
            self.append_and_apply(&event, append);
        }
        let mut orders: Vec<_> =
            self.orders.values().filter(|order| order.has_committed_stock()).map(Order::id).collect();
        orders.sort_unstable();
        // What was decided reaches the shelves first; then the shipments, one by one, because they may ask for the same
        // units.
        for id in &orders {
            for event in self.mend_allocations(at, *id) {
                self.append_and_apply(&event, append);
            }
        }
        for id in orders {
            for event in self.finish_shipment(at, id) {
                self.append_and_apply(&event, append);
            }
        }
        assert!(self.forming.is_empty(), "every reservation is made or given back");
    }

    fn append_and_apply(&mut self, event: &Event, append: &mut dyn FnMut(&Event) -> Sequence) {
        let sequence = append(event);
        self.apply(sequence, event);
    }

    /// Keeps the lines of reservations that are not made yet. An abandoned line may be followed by one of the same
    /// position from a later try with other lines, so it only goes if it is this product's.
    fn note_forming(&mut self, sku: &Sku, event: &ProductEvent) {
        match event {
            ProductEvent::HoldOpened { hold, location, quantity, .. } => {
                let line =
                    ReservationLine { sku: sku.clone(), location: location.clone(), quantity: *quantity };
                self.forming.entry(hold.reservation).or_default().insert(hold.line, line);
            }
            ProductEvent::HoldEnded { hold, why: HoldEnd::Abandoned } => {
                if let Some(lines) = self.forming.get_mut(&hold.reservation) {
                    if lines.get(&hold.line).is_some_and(|line| line.sku == *sku) {
                        lines.remove(&hold.line);
                    }
                    if lines.is_empty() {
                        self.forming.remove(&hold.reservation);
                    }
                }
            }
            ProductEvent::Put { .. }
            | ProductEvent::Adjusted { .. }
            | ProductEvent::Deleted { .. }
            | ProductEvent::HoldMoved { .. }
            | ProductEvent::HoldCommitted { .. }
            | ProductEvent::HoldEnded { why: HoldEnd::Released | HoldEnd::Expired, .. }
            | ProductEvent::AllocationAdvanced { .. } => {}
        }
    }

    fn apply_reservation(&mut self, id: ReservationId, sequence: Sequence, event: &ReservationEvent) {
        if let ReservationEvent::Made { lines: count, .. } = event {
            // A refused try under the same number may have had more lines, whose end is still to come.
            let forming = self.forming.remove(&id).unwrap_or_default();
            let lines = forming.into_iter().filter(|(line, _)| line < count).map(|(_, line)| line);
            let before = self.reservations.insert(id, Reservation::make(id, lines, event));
            assert!(before.is_none(), "I4: {id:?} is made once");
        } else {
            match self.reservations.get_mut(&id) {
                Some(reservation) => reservation.apply(event),
                None => panic!("{id:?} is made before {event:?}"),
            }
        }
        if let Some(reservation) = self.reservations.get_mut(&id) {
            reservation.journaled(sequence);
        }
    }

    fn apply_order(&mut self, id: OrderId, sequence: Sequence, event: &OrderEvent) {
        match event {
            OrderEvent::LinesAdded { first, lines } => {
                let placing = self.placing.entry(id).or_default();
                placing.truncate(usize::from(*first));
                assert_eq!(placing.len(), usize::from(*first), "{id:?} adds its lines in order");
                placing.extend_from_slice(lines);
                return;
            }
            OrderEvent::Placed(placed) => {
                let lines = self.placing.remove(&id).unwrap_or_default();
                let before = self.orders.insert(id, Order::place(id, lines, placed));
                assert!(before.is_none(), "I4: {id:?} is placed once");
            }
            event => match self.orders.get_mut(&id) {
                Some(order) => order.apply(event),
                None => panic!("{id:?} is placed before {event:?}"),
            },
        }
        if let Some(order) = self.orders.get_mut(&id) {
            order.journaled(sequence);
        }
    }

    /// A crash between the pin and the order's own record leaves a reservation pinned for nobody.
    fn unpin_lost_orders(&self, at: Timestamp) -> Vec<Event> {
        let mut lost: Vec<_> = self
            .reservations
            .values()
            .filter_map(|reservation| match reservation.state() {
                ReservationState::Pinned { order, .. } if !self.orders.contains_key(&order) => {
                    Some(Event::Reservation(reservation.id(), reservation.decide_unpin(at, order)?))
                }
                _ => None,
            })
            .collect();
        lost.sort_by_key(|event| match event {
            Event::Reservation(id, _) => Some(*id),
            Event::Product(..) | Event::Order(..) => None,
        });
        lost
    }

    fn mend_holds(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for product in self.products.values() {
            let mended = mend_product(product, &|id, line, sku| {
                self.reservations.get(&id).map(|reservation| reservation.verdict(line, sku))
            });
            events.extend(mended.into_iter().map(|event| Event::Product(product.sku().clone(), event)));
        }
        events
    }

    /// Brings the allocations of an order to where the order has decided they are. What left the shelf for a shipment
    /// under way has left.
    fn mend_allocations(&self, at: Timestamp, id: OrderId) -> Vec<Event> {
        let Some(order) = self.orders.get(&id) else { return Vec::new() };
        let lines = (0..).zip(order.lines());
        let advanced = lines.filter_map(|(line, state)| {
            let shipped =
                self.products.get(&state.ordered.sku)?.allocation(order.hold(line))?.progress.shipped;
            self.advance(at, order, line, Fulfilment { shipped, ..state.progress }).ok()?
        });
        advanced.collect()
    }

    /// Asks the shelves for a shipment under way and ends it with what they give.
    fn finish_shipment(&self, at: Timestamp, id: OrderId) -> Vec<Event> {
        let Some((order, shipping)) = self.orders.get(&id).and_then(|order| Some((order, order.shipping()?)))
        else {
            return Vec::new();
        };
        let (mut events, mut given) = (Vec::new(), Vec::new());
        for asked in &shipping.lines {
            let Some(state) = order.lines().get(usize::from(asked.line)) else { continue };
            let shipped = state.progress.shipped.checked_add(asked.units.into()).unwrap_or(Quantity::MAX);
            if let Ok(event) = self.advance(at, order, asked.line, Fulfilment { shipped, ..state.progress }) {
                events.extend(event);
                given.push(*asked);
            }
        }
        events.push(Event::Order(id, order.decide_shipped(at, given)));
        events
    }

    fn advance(
        &self,
        at: Timestamp,
        order: &Order,
        line: u16,
        to: Fulfilment,
    ) -> Result<Option<Event>, Rejection> {
        let hold = order.hold(line);
        let sku = &order.lines().get(usize::from(line)).ok_or(Rejection::HoldNotFound { hold })?.ordered.sku;
        let product = self.products.get(sku).ok_or(Rejection::HoldNotFound { hold })?;
        let event = product.decide(at, &ProductCommand::Advance { hold, to })?;
        Ok(event.map(|event| Event::Product(sku.clone(), event)))
    }

    /// Checks the invariants of every part and between them.
    ///
    /// # Panics
    /// If one does not hold: that is an error in this program.
    pub fn check(&self) {
        for product in self.products.values() {
            product.check();
        }
    }

    /// Checks what holds between the parts when nothing is under way: each reservation's holds are live exactly while
    /// it is, and what was committed is what was allocated.
    ///
    /// # Panics
    /// If it does not hold: that is an error in this program.
    pub fn check_settled(&self) {
        self.check();
        let live: usize = self.products.values().map(|product| product.holds_count()).sum();
        let mut expected = 0;
        for reservation in self.reservations.values() {
            for (position, line) in reservation.lines().iter().enumerate() {
                let hold = reservation.hold(position);
                let Some(product) = self.products.get(&line.sku) else {
                    panic!("{hold:?} is of a known product")
                };
                let verdict = reservation.verdict(hold.line, &line.sku);
                assert_eq!(
                    product.hold(hold).is_some(),
                    matches!(verdict, Verdict::Open(_)),
                    "I3: {hold:?}: {verdict:?}"
                );
                if let Verdict::Commit(units) = verdict {
                    let committed = product.allocation(hold).map(|allocation| allocation.committed);
                    assert_eq!(committed, Some(units), "I3: {hold:?} became what was committed");
                }
                expected += usize::from(matches!(verdict, Verdict::Open(_)));
            }
        }
        assert_eq!(live, expected, "I3: every live hold belongs to a live reservation");
    }
}

/// What is to be done to a product's holds so that they are as their reservations have decided. `verdict` answers for
/// a reservation, a line, and this product; `None` where there is no such reservation.
pub fn mend_product(
    product: &Product,
    verdict: &dyn Fn(ReservationId, u16, &Sku) -> Option<Verdict>,
) -> Vec<ProductEvent> {
    let mut holds: Vec<_> = product.holds().collect();
    holds.sort_by_key(|(id, _)| *id);
    let mut events = Vec::new();
    for (id, hold) in holds {
        let verdict =
            verdict(id.reservation, id.line, product.sku()).unwrap_or(Verdict::End(HoldEnd::Abandoned));
        match verdict {
            Verdict::Open(deadline) if deadline == hold.expires_at => {}
            Verdict::Open(deadline) => {
                events.push(ProductEvent::HoldMoved { hold: id, expires_at: deadline })
            }
            Verdict::Commit(quantity) => events.push(ProductEvent::HoldCommitted { hold: id, quantity }),
            Verdict::End(why) => events.push(ProductEvent::HoldEnded { hold: id, why }),
        }
    }
    events
}
