//! What a crash leaves: the journal, cut after any event.

use std::collections::BTreeMap;

use holdfast_engine::order::OrderStatus;
use holdfast_engine::product::{Condition, Fulfilment, Movement, Origin, Sources, Whereabouts};
use holdfast_engine::reservation::{ReservationEvent, ReservationState};
use holdfast_engine::world::World;
use holdfast_engine::{Event, LocationId, Sku};

use super::driver::{Driver, restart_from};
use super::names;
use super::reference::Number;
use super::walk::Walk;

/// Restarts from the first `cut` events of a history and checks that nothing is lost, torn or counted twice.
pub(crate) fn check_cut(walk: &Walk, cut: usize) {
    let prefix = &walk.driver.journal()[..cut];
    let (world, journal) = restart_from(walk.driver.journal(), cut, walk.now());
    check_baskets_whole(walk, prefix, &world);
    check_units_conserved(&journal, &world);
    check_orders_match_shelves(&world);
    check_orders_come_to_rest(walk, &journal);
}

/// A basket that was made is there with all its lines, those of its last change; one that was not has left nothing.
fn check_baskets_whole(walk: &Walk, prefix: &[Event], world: &World) {
    let made: Vec<_> = prefix
        .iter()
        .enumerate()
        .filter_map(|(position, event)| match event {
            Event::Reservation(id, ReservationEvent::Made { follow, .. })
                if ends_with_the_last(&prefix[position..], *follow) =>
            {
                Some(*id)
            }
            _ => None,
        })
        .collect();
    assert_eq!(world.reservations().len(), made.len());
    for id in made {
        let reservation = world.reservation(id).unwrap();
        let lines: Vec<_> = reservation
            .lines()
            .iter()
            .map(|line| (line.sku.clone(), line.sources.asked().cloned(), line.quantity))
            .collect();
        let is_change = |event: &&Event| matches!(event, Event::Reservation(of, ReservationEvent::Changed { .. }) if *of == id);
        let changes = prefix.iter().filter(is_change).count();
        let asked = walk.paper.lines_after(Number::try_from(id.0).unwrap(), changes);
        assert_eq!(lines, names::wanted(&asked), "{id:?} has the lines it was made or changed to have");
        for (position, line) in reservation.lines().iter().enumerate() {
            let product = &world.products()[&line.sku];
            let hold = reservation.hold(position);
            match reservation.state() {
                ReservationState::Held { .. } | ReservationState::Pinned { .. } => {
                    let live = product.hold(hold).unwrap();
                    let sources = |sources: &Sources| {
                        let filled = sources.filled(line.quantity);
                        let filled = filled.map(|(location, units)| (location.clone(), units));
                        (filled.collect::<Vec<_>>(), sources.queued())
                    };
                    assert_eq!(live.quantity, line.quantity);
                    assert_eq!(sources(&live.sources), sources(&line.sources));
                }
                ReservationState::Committed { .. } => {
                    assert_eq!(product.allocation(hold).unwrap().committed, reservation.taken(position));
                }
                ReservationState::Released { .. } | ReservationState::Expired { .. } => {
                    assert!(product.hold(hold).is_none() && product.allocation(hold).is_none());
                }
            }
        }
    }
}

/// Whether the reservations that are made with the first event follow it to the last.
fn ends_with_the_last(journal: &[Event], follow: u16) -> bool {
    (0..=follow).all(|after| {
        let event = journal.get(usize::from(after));
        let left = event.and_then(|event| match event {
            Event::Reservation(_, ReservationEvent::Made { follow, .. }) => Some(*follow),
            _ => None,
        });
        left == Some(follow - after)
    })
}

/// Units in one condition at one location, or, where it is none, between two.
type Pile<'a> = Option<(&'a LocationId, &'a str)>;

/// Every unit that is on a shelf came there by a movement of the journal, and so did those between two shelves (I2).
fn check_units_conserved(journal: &[Event], world: &World) {
    let mut moved: BTreeMap<(&Sku, Pile<'_>), i128> = BTreeMap::new();
    for event in journal {
        let Event::Product(sku, event) = event else { continue };
        for Movement { place, delta, .. } in event.movements() {
            let place = match place {
                Whereabouts::Shelf(location, condition) => Some((location, condition.name())),
                Whereabouts::Transit => None,
            };
            *moved.entry((sku, place)).or_default() += i128::from(delta);
        }
    }
    for (sku, product) in world.products() {
        let mut there = |place| moved.remove(&(sku, place)).unwrap_or(0);
        for (location, level) in product.levels() {
            for condition in [Condition::Sellable, Condition::Damaged, Condition::QualityControl] {
                let movements = there(Some((location, condition.name())));
                let pile = i128::from(level.pile(condition).units());
                assert_eq!(pile, movements, "I2: {sku} at {location}, {condition:?}");
            }
        }
        let transfers = product.lots().filter(|(_, lot)| matches!(lot.origin, Origin::Transfer { .. }));
        let travelling: u64 = transfers.map(|(_, lot)| lot.left().units()).sum();
        assert_eq!(i128::from(travelling), there(None), "I2: {sku} between its locations");
    }
}

/// An order and the shelves have the same idea of what left and what came back.
fn check_orders_match_shelves(world: &World) {
    for order in world.orders() {
        for (line, state) in (0..).zip(order.lines()) {
            let allocation = world.products()[&state.ordered.sku].allocation(order.hold(line));
            match allocation.filter(|_| order.has_committed_stock()) {
                Some(allocation) if order.status().is_under_way() => {
                    // Giving units back after a failed capture tells the shelves first, and what lapses meanwhile is told
                    // once it is paid.
                    assert!(allocation.progress.shipped.is_zero());
                }
                Some(allocation) => {
                    let goal = state.goal();
                    assert_eq!(
                        (allocation.progress.shipped, allocation.gone()),
                        (goal.shipped, goal.cancelled),
                        "{:?} line {line}",
                        order.id()
                    );
                    let back = |of: &Fulfilment| (of.returned, of.damaged);
                    assert_eq!(back(&allocation.progress), back(&goal), "{:?} line {line}", order.id());
                }
                None => assert!(state.progress.shipped.is_zero(), "I7: {:?} line {line}", order.id()),
            }
        }
    }
}

/// Whatever an order was doing, it can be taken up again and ends.
fn check_orders_come_to_rest(walk: &Walk, journal: &[Event]) {
    let mut driver = Driver::recover(journal, walk.now());
    let orders: Vec<_> = driver.orders().map(holdfast_engine::order::Order::id).collect();
    for id in orders {
        driver.finish(id);
        let order = driver.order(id).unwrap().clone();
        assert!(!order.status().is_under_way(), "{id:?} has come to rest as {:?}", order.status());
        if order.status() == OrderStatus::PaymentFailed {
            for (line, state) in (0..).zip(order.lines()) {
                let product = driver.product(&state.ordered.sku);
                let open =
                    product.allocation(order.hold(line)).map(holdfast_engine::product::Allocation::open);
                assert!(
                    !order.placed().owns_reservation || open.is_none_or(|open| open.is_zero()),
                    "{id:?} failed and keeps nothing"
                );
            }
        }
    }
    driver.check();
    driver.world().check_settled(walk.now());
}
