//! The journal: how facts get into it, and what a restart makes of it.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_engine::product::{Events, Product, ProductEvent};
use holdfast_engine::reservation::ReservationEvent;
use holdfast_engine::world::World;
use holdfast_engine::{Event, ReservationId, Sequence, Sku, Timestamp};

use super::Driver;

impl Driver {
    /// What a restart finds: a world from the journal, put in order, and taken apart again.
    pub(crate) fn recover(journal: &[Event], now: Timestamp) -> Self {
        let (world, journal) = recovered_world(journal, now);
        let (products, reservations, orders) = world.clone().into_parts();
        Self {
            now,
            lagging: false,
            claims_bundles: false,
            settling: false,
            products: products.map(|product| (product.sku().clone(), product)).collect(),
            reservations: reservations.map(|reservation| (reservation.id(), reservation)).collect(),
            orders: orders.map(|order| (order.id(), order)).collect(),
            mail: BTreeMap::new(),
            journal,
            world,
            pasts: Default::default(),
        }
    }

    /// Checks that the parts are what the journal says they are, and the invariants of every part.
    pub(crate) fn check(&self) {
        self.world.check();
        assert_eq!(
            self.world.products().keys().collect::<BTreeSet<_>>(),
            self.products.keys().collect::<BTreeSet<_>>()
        );
        for product in self.products.values() {
            assert_eq!(
                self.world.products().get(product.sku()),
                Some(product),
                "I6: as the journal tells it"
            );
        }
        assert_eq!(self.world.reservations().len(), self.reservations.len());
        for reservation in self.reservations.values() {
            assert_eq!(
                self.world.reservation(reservation.id()),
                Some(reservation),
                "I6: as the journal tells"
            );
        }
        assert_eq!(self.world.orders().len(), self.orders.len());
        for order in self.orders.values() {
            assert_eq!(self.world.order(order.id()), Some(order), "I6: as the journal tells it");
        }
    }

    pub(super) fn append(&mut self, event: Event) -> Sequence {
        let sequence = Sequence(u64::try_from(self.journal.len()).unwrap() + 1);
        self.world.apply(sequence, &event);
        self.journal.push(event);
        sequence
    }

    /// Journals and applies events of one product, and what they give to those that queue.
    pub(super) fn append_to_product(&mut self, sku: &Sku, events: Events, at: Timestamp) {
        for event in events {
            self.append_one(sku, &event);
        }
        while let Some(fills) = self.products.get(sku).map(|product| product.decide_fills(at))
            && !fills.is_empty()
        {
            for event in fills {
                self.append_one(sku, &event);
            }
        }
        if !self.settling {
            self.offer(sku);
        }
    }

    /// Does what is to be done now for those that wait, once those that queue are served.
    pub(super) fn offer(&mut self, sku: &Sku) {
        while let Some(events) = self.products.get(sku).map(|product| product.decide_offers(self.now))
            && !events.is_empty()
        {
            for event in events {
                self.append_one(sku, &event);
            }
            self.serve_until(sku, self.now);
        }
    }

    /// Gives those that queue what time has brought by then.
    pub(super) fn serve_until(&mut self, sku: &Sku, at: Timestamp) {
        while let Some(fills) = self.products.get(sku).map(|product| product.decide_fills_until(at))
            && !fills.is_empty()
        {
            for event in fills {
                self.append_one(sku, &event);
            }
        }
    }

    fn append_one(&mut self, sku: &Sku, event: &ProductEvent) {
        let sequence = self.append(Event::Product(sku.clone(), event.clone()));
        let product = self.products.entry(sku.clone()).or_insert_with(|| Product::absent(sku.clone()));
        product.apply(event);
        product.journaled(sequence);
        product.check();
        self.pasts.note(sequence, product);
    }

    pub(super) fn append_to_reservation(&mut self, id: ReservationId, event: &ReservationEvent) {
        let sequence = self.append(Event::Reservation(id, event.clone()));
        let reservation = self.reservations.get_mut(&id).unwrap();
        reservation.apply(event);
        reservation.journaled(sequence);
    }
}

/// The world a journal tells of.
pub(crate) fn replay(journal: &[Event]) -> World {
    let mut world = World::default();
    for (sequence, event) in (1..).zip(journal) {
        world.apply(Sequence(sequence), event);
    }
    world
}

/// The world after a restart, and the journal with what the restart added.
pub(crate) fn recovered_world(journal: &[Event], now: Timestamp) -> (World, Vec<Event>) {
    let mut world = replay(journal);
    let mut journal = journal.to_vec();
    world.reconcile(now, &mut |_, event| {
        journal.push(event.clone());
        Sequence(u64::try_from(journal.len()).unwrap())
    });
    (world, journal)
}

/// Cuts a journal after so many events, as a crash would, restarts, and checks that all fits together and that a
/// second restart finds nothing to do. Returns what the restart made of it.
pub(crate) fn restart_from(journal: &[Event], cut: usize, now: Timestamp) -> (World, Vec<Event>) {
    let prefix = &journal[..cut];
    let (world, journal) = recovered_world(prefix, now);
    world.check_settled(now);
    assert_eq!(journal[..cut], *prefix, "a restart only adds");
    assert_eq!(
        replay(&journal).digest(),
        world.digest(),
        "I6: what a restart added replays to the same state"
    );
    let mut again = world.clone();
    again.reconcile(now, &mut |_, event| panic!("a second restart finds {event:?} to do"));
    (world, journal)
}
