//! Everything a journal tells, put together: replay and what a crash left unfinished.
//!
//! Invariant: *every prefix of the journal is a state that can be taken up again.* A crash may cut the journal after
//! any event, so [`World::reconcile`] finishes whatever was under way there: holds whose reservation never came to be
//! are given back, and what a reservation or an order has decided is carried out on the products that have not heard
//! of it yet. The same comparison mends one product alone after its actor died ([`mend_product`]).

use std::collections::{BTreeMap, HashMap};

use crate::event::Event;
use crate::ids::{HoldId, OrderId, ReservationId, Sku};
use crate::order::{Order, OrderEvent, OrderLine};
use crate::product::{Fulfilment, HoldEnd, Kept, Product, ProductCommand, ProductEvent};
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::reservation::{
    Bundle, Bundles, Reservation, ReservationEvent, ReservationLine, ReservationState, Verdict,
};
use crate::time::{Sequence, Timestamp};

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Puts an event that follows from this world into the journal, and answers where it stands there.
pub type Append<'a> = dyn FnMut(&World, &Event) -> Sequence + 'a;

/// The state of a whole partition as its journal tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    products: BTreeMap<Sku, Product>,
    reservations: Map<ReservationId, Reservation>,
    orders: Map<OrderId, Order>,
    /// Holds of reservations that are not made yet, by line.
    forming: Map<ReservationId, BTreeMap<u16, ReservationLine>>,
    /// Reservations that are made together with others, as long as the record of the last of them is missing.
    together: Vec<(ReservationId, Sequence, ReservationEvent)>,
    /// Bundles of reservations that are about to be made or changed.
    noted: Map<ReservationId, Vec<Bundle>>,
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
        if !self.together.is_empty() && !self.continues_together(event) {
            // A crash came before its last record: none of it was made.
            self.together.clear();
        }
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

    /// Finishes what the end of the journal left under way. Each event is handed to `append` with the world before it,
    /// which says where in the journal it stands, and is then applied. Afterwards a second call finds nothing to do.
    pub fn reconcile(&mut self, at: Timestamp, append: &mut Append<'_>) {
        self.placing.clear();
        self.noted.clear();
        self.together.clear();
        for event in self.unpin_lost_orders(at) {
            self.append_and_apply(&event, append);
        }
        for event in self.mend_holds() {
            self.append_and_apply(&event, append);
        }
        self.serve(at, append);
        let mut orders: Vec<_> =
            self.orders.values().filter(|order| order.has_committed_stock()).map(Order::id).collect();
        orders.sort_unstable();
        // What was decided reaches the shelves first; then the shipments, one by one, because they may ask for the same
        // units.
        for id in &orders {
            self.mend_allocations(at, *id, append);
        }
        for id in orders {
            self.finish_shipment(at, id, append);
        }
        self.serve(at, append);
        assert!(self.forming.is_empty(), "every reservation is made or given back");
    }

    /// Gives what is free to those that queue for it, as of the first deadline that is not settled yet: what lapsed
    /// before is settled first.
    fn serve(&mut self, at: Timestamp, append: &mut Append<'_>) {
        let skus: Vec<_> = self.products.keys().cloned().collect();
        for sku in skus {
            while let Some(events) =
                self.products.get(&sku).map(|product| product.decide_fills_until(settled_until(product, at)))
                && !events.is_empty()
            {
                for event in events {
                    self.append_and_apply(&Event::Product(sku.clone(), event), append);
                }
            }
            self.offer(&sku, at, append);
        }
    }

    /// Offers what is free to those that wait, unless something has lapsed that is still to be settled: who queues for
    /// that is served first.
    fn offer(&mut self, sku: &Sku, at: Timestamp, append: &mut Append<'_>) {
        while let Some(product) = self.products.get(sku).filter(|product| settled_until(product, at) == at) {
            let mut events = product.decide_fills_until(at);
            if events.is_empty() {
                events = product.decide_offers(at);
            }
            if events.is_empty() {
                return;
            }
            for event in events {
                self.append_and_apply(&Event::Product(sku.clone(), event), append);
            }
        }
    }

    fn append_and_apply(&mut self, event: &Event, append: &mut Append<'_>) {
        let sequence = append(self, event);
        self.apply(sequence, event);
    }

    /// Keeps the lines of reservations that are not made yet.
    fn note_forming(&mut self, sku: &Sku, event: &ProductEvent) {
        match event {
            ProductEvent::HoldOpened { hold, quantity, sources, .. }
            | ProductEvent::HoldChanged { hold, quantity, sources, .. } => {
                // What has less than before follows what its reservation has decided; nothing is about to come of that.
                let live = self.products.get(sku).and_then(|product| product.hold(*hold));
                if live.is_some_and(|live| *quantity < live.quantity) {
                    return self.forget_forming(*hold);
                }
                let (number, sku, quantity, sources) = (hold.line, sku.clone(), *quantity, sources.clone());
                let line = ReservationLine { number, sku, quantity, sources };
                self.forming.entry(hold.reservation).or_default().insert(hold.line, line);
            }
            ProductEvent::HoldEnded { hold, .. } | ProductEvent::HoldCommitted { hold, .. } => {
                self.forget_forming(*hold);
            }
            ProductEvent::Put { .. }
            | ProductEvent::Adjusted { .. }
            | ProductEvent::Deleted { .. }
            | ProductEvent::HoldMoved { .. }
            | ProductEvent::AllocationAdvanced { .. }
            | ProductEvent::DemandLowered { .. }
            | ProductEvent::Filled { .. }
            | ProductEvent::SalePut { .. }
            | ProductEvent::SaleEnded { .. }
            | ProductEvent::Waiting { .. }
            | ProductEvent::LocationDeleted { .. }
            | ProductEvent::Lot { .. } => {}
        }
    }

    fn forget_forming(&mut self, hold: HoldId) {
        if let Some(lines) = self.forming.get_mut(&hold.reservation) {
            lines.remove(&hold.line);
            if lines.is_empty() {
                self.forming.remove(&hold.reservation);
            }
        }
    }

    fn apply_reservation(&mut self, id: ReservationId, sequence: Sequence, event: &ReservationEvent) {
        match event {
            ReservationEvent::Made { follow: 0, .. } => {
                for (id, sequence, event) in std::mem::take(&mut self.together) {
                    self.make(id, sequence, &event);
                }
                self.make(id, sequence, event);
            }
            ReservationEvent::Made { .. } => self.together.push((id, sequence, event.clone())),
            ReservationEvent::BundlesNoted { first, bundles, at: _ } => {
                let noted = self.noted.entry(id).or_default();
                noted.truncate(usize::from(*first));
                assert_eq!(noted.len(), usize::from(*first), "{id:?} notes its bundles in order");
                noted.extend_from_slice(bundles);
            }
            event => {
                let (raised, bundles) = match event {
                    ReservationEvent::Changed { bundles, .. } => {
                        (self.forming.remove(&id), self.take_noted(id, *bundles))
                    }
                    _ => (None, None),
                };
                let Some(reservation) = self.reservations.get_mut(&id) else {
                    panic!("{id:?} is made before {event:?}")
                };
                match event {
                    ReservationEvent::Changed { .. } => {
                        reservation.change(raised.unwrap_or_default().into_values(), bundles, event);
                    }
                    _ => reservation.apply(event),
                }
                reservation.journaled(sequence);
            }
        }
    }

    fn make(&mut self, id: ReservationId, sequence: Sequence, event: &ReservationEvent) {
        let lines = self.forming.remove(&id).unwrap_or_default().into_values();
        let bundles = match event {
            ReservationEvent::Made { bundles, .. } => self.take_noted(id, *bundles),
            _ => None,
        };
        let mut reservation = Reservation::make(id, lines, bundles, event);
        reservation.journaled(sequence);
        let before = self.reservations.insert(id, reservation);
        assert!(before.is_none(), "I4: {id:?} is made once");
    }

    /// The bundles that were noted for a reservation. What a try left behind that a crash cut short is not what is asked for by one
    /// that asks for none.
    fn take_noted(&mut self, id: ReservationId, count: u16) -> Bundles {
        self.noted.remove(&id).filter(|_| count > 0).map(Into::into)
    }

    /// Whether an event is the next one of the reservations that are being made together.
    fn continues_together(&self, event: &Event) -> bool {
        let Some((_, _, ReservationEvent::Made { follow: before, .. })) = self.together.last() else {
            return false;
        };
        matches!(event, Event::Reservation(_, ReservationEvent::Made { follow, .. }) if follow.checked_add(1) == Some(*before))
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
    fn mend_allocations(&mut self, at: Timestamp, id: OrderId, append: &mut Append<'_>) {
        for line in 0..self.line_count(id) {
            let events = self.orders.get(&id).and_then(|order| {
                let state = order.lines().get(usize::from(line))?;
                let allocation = self.products.get(&state.ordered.sku)?.allocation(order.hold(line))?;
                let shipped = allocation.progress.shipped;
                self.advance(at, order, line, Fulfilment { shipped, ..state.progress }).ok()
            });
            events.into_iter().flatten().for_each(|event| self.append_and_apply(&event, append));
        }
    }

    /// Asks the shelves for a shipment under way, line by line, and ends it with what they give.
    fn finish_shipment(&mut self, at: Timestamp, id: OrderId, append: &mut Append<'_>) {
        let asked = self.orders.get(&id).and_then(Order::shipping).map(|shipping| shipping.lines.clone());
        let Some(asked) = asked else { return };
        let mut given = Vec::new();
        for units in asked {
            let moved = self.orders.get(&id).and_then(|order| {
                let state = order.lines().get(usize::from(units.line))?;
                let shipped = state.progress.shipped.checked_add(units.units.into()).unwrap_or(Quantity::MAX);
                self.advance(at, order, units.line, Fulfilment { shipped, ..state.progress }).ok()
            });
            if let Some(events) = moved {
                events.iter().for_each(|event| self.append_and_apply(event, append));
                given.push(units);
            }
        }
        if let Some(shipped) = self.orders.get(&id).map(|order| order.decide_shipped(at, given)) {
            self.append_and_apply(&Event::Order(id, shipped), append);
        }
    }

    fn line_count(&self, id: OrderId) -> u16 {
        // Orders have at most as many lines as reservations, which are counted in 16 bits.
        self.orders.get(&id).map_or(0, |order| u16::try_from(order.lines().len()).unwrap_or(u16::MAX))
    }

    fn advance(
        &self,
        at: Timestamp,
        order: &Order,
        line: u16,
        to: Fulfilment,
    ) -> Result<Vec<Event>, Rejection> {
        let hold = order.hold(line);
        let sku = &order.lines().get(usize::from(line)).ok_or(Rejection::HoldNotFound { hold })?.ordered.sku;
        let product = self.products.get(sku).ok_or(Rejection::HoldNotFound { hold })?;
        let events = product.decide(at, &ProductCommand::Advance { hold, to })?;
        Ok(events.into_iter().map(|event| Event::Product(sku.clone(), event)).collect())
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

    /// Checks what holds between the parts when nothing is under way at this instant: each reservation's holds are live
    /// exactly while it is, what was committed is what was allocated, and nobody queues for what lies there free.
    ///
    /// # Panics
    /// If it does not hold: that is an error in this program.
    pub fn check_settled(&self, at: Timestamp) {
        self.check();
        for product in self.products.values() {
            let settled = settled_until(product, at);
            product.check_served(settled);
            if settled == at {
                product.check_offered(at);
            }
        }
        let live: usize = self.products.values().map(|product| product.holds_count()).sum();
        let mut expected = 0;
        for reservation in self.reservations.values() {
            for (position, line) in reservation.lines().iter().enumerate() {
                let hold = reservation.hold(position);
                let Some(product) = self.products.get(&line.sku) else {
                    panic!("{hold:?} is of a known product")
                };
                let verdict = reservation.verdict(hold.line, &line.sku);
                let (live, is_open) = (product.hold(hold), matches!(verdict, Verdict::Open(..)));
                assert_eq!(live.is_some(), is_open, "I3: {hold:?}: {verdict:?}");
                assert!(
                    live.is_none_or(|live| line.has(live.quantity, &live.sources)),
                    "I3: {hold:?} has what its reservation has"
                );
                if let Verdict::Commit(units, _) = verdict {
                    let committed = product.allocation(hold).map(|allocation| allocation.committed);
                    assert_eq!(committed, Some(units), "I3: {hold:?} became what was committed");
                }
                expected += usize::from(is_open);
            }
        }
        assert_eq!(live, expected, "I3: every live hold belongs to a live reservation");
    }
}

/// The instant up to which everything a product knows of is settled.
fn settled_until(product: &Product, at: Timestamp) -> Timestamp {
    product.next_deadline().map_or(at, |deadline| deadline.min(at))
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
            Verdict::Open(expires_at, has) => {
                if expires_at != hold.expires_at {
                    events.push(ProductEvent::HoldMoved { hold: id, expires_at });
                }
                if let Some(Kept { quantity, sources }) = has.map(|has| *has).filter(|has| !has.is_of(&hold))
                {
                    events.push(ProductEvent::HoldChanged { hold: id, quantity, sources, buyer: None });
                }
            }
            Verdict::Commit(quantity, arrival) => {
                events.push(ProductEvent::HoldCommitted { hold: id, quantity, arrival });
            }
            Verdict::End(why) => events.push(ProductEvent::HoldEnded { hold: id, why }),
        }
    }
    events
}
