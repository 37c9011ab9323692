//! Which reservations a customer has: those that are alive, and of late those that were given back.
//!
//! An entry is put in by whoever sends the basket on its way, before any product is asked, and taken out when the reservation has
//! ended or its basket has failed: neither an owner making it nor the journal's thread does anything for it. So there may be
//! entries of baskets that are still under way, and whoever reads an entry asks the reservation itself.
//!
//! Reservations that were given back are remembered up to [`RELEASED_MAX`] for each table, the latest of them, so that a
//! repeated request to give back all of a customer's finds what it did. At a start both are made anew from the journal's state.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;

use holdfast_engine::reservation::{Reservation, ReservationState};
use holdfast_engine::{CustomerId, ReservationId, Timestamp};
use parking_lot::Mutex;

/// How many tables the customers are spread over.
const TABLES: usize = 256;

/// Most reservations that were given back and are remembered in one table.
const RELEASED_MAX: usize = 1_024;

/// A reservation by its customer and age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    customer: CustomerId,
    age: Age,
}

/// When a reservation was made, and which one it is: the order in which a customer's reservations are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age {
    /// When it was made.
    pub made_at: Timestamp,
    /// Its number, which decides among those of one instant.
    pub id: ReservationId,
}

impl Age {
    const FIRST: Self = Self { made_at: Timestamp::from_millis(i64::MIN), id: ReservationId(0) };
    const LAST: Self = Self { made_at: Timestamp::from_millis(i64::MAX), id: ReservationId(u128::MAX) };

    pub(crate) fn of(reservation: &Reservation) -> Self {
        Self { made_at: reservation.made().at, id: reservation.id() }
    }
}

#[derive(Default)]
struct Table {
    alive: BTreeSet<Entry>,
    released: BTreeSet<Entry>,
    /// The released ones, in the order in which they were.
    order: VecDeque<Entry>,
}

pub(crate) struct CustomerIndex {
    tables: Box<[Mutex<Table>]>,
    hasher: RandomState,
}

impl Default for CustomerIndex {
    fn default() -> Self {
        Self { tables: (0..TABLES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl CustomerIndex {
    /// Notes a reservation that is about to be made.
    pub(crate) fn add(&self, customer: &CustomerId, age: Age) {
        self.with(customer, |table| table.alive.insert(Entry { customer: customer.clone(), age }));
    }

    /// Forgets one that was not made.
    pub(crate) fn remove(&self, customer: &CustomerId, age: Age) {
        self.with(customer, |table| table.alive.remove(&Entry { customer: customer.clone(), age }));
    }

    /// Notes where a reservation stands, now that something was decided about it.
    pub(crate) fn note(&self, reservation: &Reservation) {
        let released = match reservation.state() {
            ReservationState::Held { .. } | ReservationState::Pinned { .. } => return,
            ReservationState::Committed { .. } | ReservationState::Expired { .. } => false,
            ReservationState::Released { .. } => true,
        };
        let customer = &reservation.made().customer;
        let entry = Entry { customer: customer.clone(), age: Age::of(reservation) };
        self.with(customer, |table| {
            table.alive.remove(&entry);
            if released {
                table.remember(entry);
            }
        });
    }

    /// A customer's reservations that are alive or about to be made and older than this one, the newest first; at most so
    /// many.
    pub(crate) fn alive_before(&self, customer: &CustomerId, before: Option<Age>, max: usize) -> Vec<Age> {
        let entry = |age| Entry { customer: customer.clone(), age };
        let (first, end) = (entry(Age::FIRST), entry(before.unwrap_or(Age::LAST)));
        self.with(customer, |table| {
            table.alive.range(first..end).rev().take(max).map(|entry| entry.age).collect()
        })
    }

    /// A customer's reservations that are alive or about to be made and younger than this one, the oldest first; at most so
    /// many.
    pub(crate) fn alive_after(&self, customer: &CustomerId, after: Option<Age>, max: usize) -> Vec<Age> {
        let entry = |age| Entry { customer: customer.clone(), age };
        let first = after.map_or(Bound::Included(entry(Age::FIRST)), |age| Bound::Excluded(entry(age)));
        let rest = (first, Bound::Included(entry(Age::LAST)));
        self.with(customer, |table| table.alive.range(rest).take(max).map(|entry| entry.age).collect())
    }

    /// A customer's reservations that are remembered as given back, the oldest first.
    pub(crate) fn released(&self, customer: &CustomerId) -> Vec<Age> {
        let entry = |age| Entry { customer: customer.clone(), age };
        let all = entry(Age::FIRST)..=entry(Age::LAST);
        self.with(customer, |table| table.released.range(all).map(|entry| entry.age).collect())
    }

    fn with<T>(&self, customer: &CustomerId, work: impl FnOnce(&mut Table) -> T) -> T {
        let hash = self.hasher.hash_one(customer);
        // The remainder is a position in the list.
        let position = usize::try_from(hash % TABLES as u64).unwrap_or_default();
        match self.tables.get(position) {
            Some(table) => work(&mut table.lock()),
            None => work(&mut Table::default()),
        }
    }
}

impl Table {
    fn remember(&mut self, entry: Entry) {
        if self.order.len() >= RELEASED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.released.remove(&oldest);
        }
        self.released.insert(entry.clone());
        self.order.push_back(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(at: i64) -> Age {
        Age { made_at: Timestamp::from_millis(at), id: ReservationId(u128::from(at.unsigned_abs())) }
    }

    fn customer(name: &str) -> CustomerId {
        CustomerId::new(name).unwrap()
    }

    #[test]
    fn a_customers_reservations_come_newest_first_and_nobody_elses_among_them() {
        let index = CustomerIndex::default();
        let (ann, bob) = (customer("ann"), customer("bob"));
        [1, 3, 2].into_iter().for_each(|at| index.add(&ann, age(at)));
        index.add(&bob, age(9));
        assert_eq!(index.alive_before(&ann, None, 9), [age(3), age(2), age(1)]);
        assert_eq!(index.alive_before(&ann, Some(age(3)), 1), [age(2)]);
        assert_eq!(index.alive_after(&ann, None, 2), [age(1), age(2)]);
        assert_eq!(index.alive_after(&ann, Some(age(2)), 2), [age(3)]);
        index.remove(&ann, age(2));
        assert_eq!(index.alive_before(&ann, Some(age(3)), 9), [age(1)]);
    }

    #[test]
    fn of_those_given_back_the_latest_are_remembered() {
        let mut table = Table::default();
        let entry = |at| Entry { customer: customer("ann"), age: age(at) };
        let count = i64::try_from(RELEASED_MAX).unwrap();
        (0..count + 2).for_each(|at| table.remember(entry(at)));
        assert_eq!((table.released.len(), table.order.len()), (RELEASED_MAX, RELEASED_MAX));
        assert_eq!(table.released.first(), Some(&entry(2)));
    }
}
