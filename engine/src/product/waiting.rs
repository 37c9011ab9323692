//! Who waits for units that come free: customers who have promised nothing and to whom nothing is promised.
//!
//! ```text
//!   joined ──▶ waiting ◀────────────────────── all of it taken, more wanted
//!                │  ▲                              │
//!         offered│  │the claim never came to be    │
//!                ▼  │                              │
//!              offered ──taken by a claim of the customer──▶ claimed, when nothing more is wanted
//!                │ └──its time was over──▶ lapsed
//!                └────(and waiting) left──▶ left
//! ```
//!
//! A place is a priority class and, within a class, the order in which customers joined. Who queues with a promise is
//! served first, always; what those cannot take is offered here before the public sees it. Units on offer are *held*:
//! they are in `held` of their location, and in an open sale they count as the customer's.
//!
//! Only the last entry of a customer is kept.
//!
//! Invariants: an entry stands in the queue exactly while it is open and wants more than is on offer; its deadline is
//! known exactly while something is.

use std::collections::{BTreeMap, BTreeSet};

use super::terms::PriorityClass;
use crate::ids::{CustomerId, HoldId, LocationId};
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

/// Most customers that may wait for one product.
pub const WAITING_MAX: usize = 100_000;

/// Where a customer stands who joined a waiting list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitingStatus {
    /// Nothing has come free yet, or all of what was offered is taken and more is wanted.
    Waiting,
    /// Units are kept for the customer, who may take them.
    Offered,
    /// The customer has taken all that was wanted.
    Claimed,
    /// The customer let an offer lapse.
    Lapsed,
    /// The customer left.
    Left,
}

impl WaitingStatus {
    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::Claimed => "claimed",
            Self::Lapsed => "lapsed",
            Self::Left => "left",
        }
    }

    /// Whether units may still be offered or taken.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Offered)
    }
}

/// A place on a waiting list: the smallest is served first.
pub(super) type Place = (PriorityClass, u64);

/// One customer's wish.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WaitingEntry {
    /// Where it stands.
    pub status: WaitingStatus,
    /// Units that are still wanted, those on offer included.
    pub wanted: Quantity,
    /// The one location they may be at; anywhere if not said.
    pub location: Option<LocationId>,
    /// How urgent it is.
    pub class: PriorityClass,
    /// When the customer joined.
    pub joined_at: Timestamp,
    /// Until when what is on offer is; `None` if nothing is.
    pub expires_at: Option<Timestamp>,
    /// Which version of the product its place is from: who joined earlier has a smaller one.
    pub(super) since: u64,
    pub(super) parts: Vec<Part>,
}

/// Units on offer at one location.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) location: LocationId,
    pub(super) units: LineQuantity,
    /// Whether they count in the sale.
    pub(super) in_sale: bool,
}

impl WaitingEntry {
    /// Units on offer.
    pub fn offered(&self) -> Quantity {
        let sum = self.parts.iter().map(|part| u64::from(part.units.units())).sum();
        Quantity::new(sum).unwrap_or(Quantity::MAX)
    }

    /// Where these lie, and how many.
    pub fn offered_at(&self) -> impl Iterator<Item = (&LocationId, LineQuantity)> {
        self.parts.iter().map(|part| (&part.location, part.units))
    }

    pub(super) fn place(&self) -> Place {
        (self.class, self.since)
    }

    /// Units wanted beyond those on offer.
    pub(super) fn lacks(&self) -> Quantity {
        self.wanted.floor_sub(self.offered())
    }

    fn is_queued(&self) -> bool {
        self.status.is_open() && !self.lacks().is_zero()
    }
}

/// Units that a live claim took from an offer: if it never comes to be, they are on offer again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Taken {
    pub(super) customer: CustomerId,
    pub(super) since: u64,
    pub(super) parts: Vec<Part>,
    pub(super) expires_at: Timestamp,
}

/// Who waits for a product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct WaitingList {
    entries: BTreeMap<CustomerId, WaitingEntry>,
    queue: BTreeMap<Place, CustomerId>,
    deadlines: BTreeSet<(Timestamp, CustomerId)>,
    pub(super) taken: BTreeMap<HoldId, Taken>,
    /// Entries that are open.
    open: usize,
    /// Units on offer, over all of them: shown with every change of the product, however many offers there are.
    units: Quantity,
}

impl WaitingList {
    pub(super) fn entry(&self, customer: &CustomerId) -> Option<&WaitingEntry> {
        self.entries.get(customer)
    }

    pub(super) fn is_full(&self) -> bool {
        self.open >= WAITING_MAX
    }

    /// Those who want more than is on offer to them, in order.
    pub(super) fn queue(&self) -> impl Iterator<Item = (&CustomerId, &WaitingEntry)> {
        self.queue.values().filter_map(|customer| Some((customer, self.entries.get(customer)?)))
    }

    pub(super) fn is_queue_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many stand before an entry among those it competes with; `None` if all it wants is on offer to it.
    pub(super) fn ahead(&self, entry: &WaitingEntry) -> Option<usize> {
        let competes = |customer: &&CustomerId| {
            let other = self.entries.get(*customer).and_then(|other| other.location.as_ref());
            entry.location.is_none() || other.is_none() || other == entry.location.as_ref()
        };
        entry.is_queued().then(|| {
            let before = self.queue.range(..entry.place()).map(|(_, customer)| customer);
            before.filter(competes).count()
        })
    }

    /// When the next offer lapses.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Offers whose time is over, earliest first. The instant of the deadline counts.
    pub(super) fn lapsed(&self, at: Timestamp) -> impl Iterator<Item = &(Timestamp, CustomerId)> {
        self.deadlines.iter().take_while(move |(deadline, _)| *deadline <= at)
    }

    /// How many units are on offer, over all customers.
    pub(super) fn units_offered(&self) -> Quantity {
        self.units
    }

    /// All units on offer.
    pub(super) fn offered(&self) -> impl Iterator<Item = &Part> {
        let customers = self.deadlines.iter().filter_map(|(_, customer)| self.entries.get(customer));
        customers.flat_map(|entry| &entry.parts)
    }

    /// The last entry of everybody who ever joined, in the order of the customers' names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&CustomerId, &WaitingEntry)> {
        self.entries.iter()
    }

    /// Changes an entry and keeps the queue, the deadlines and the count of open ones in step with it.
    pub(super) fn change<T>(
        &mut self,
        customer: &CustomerId,
        change: impl FnOnce(&mut WaitingEntry) -> T,
    ) -> Option<T> {
        let mut entry = self.entries.remove(customer)?;
        self.unlist(customer, &entry);
        let result = change(&mut entry);
        self.insert(customer, entry);
        Some(result)
    }

    /// Puts an entry in, in place of the one the customer had.
    pub(super) fn insert(&mut self, customer: &CustomerId, entry: WaitingEntry) {
        if let Some(before) = self.entries.remove(customer) {
            self.unlist(customer, &before);
        }
        if entry.is_queued() {
            self.queue.insert(entry.place(), customer.clone());
        }
        if let Some(deadline) = entry.expires_at {
            self.deadlines.insert((deadline, customer.clone()));
        }
        self.open += usize::from(entry.status.is_open());
        self.units = self.units.checked_add(entry.offered()).unwrap_or(Quantity::MAX);
        self.entries.insert(customer.clone(), entry);
    }

    fn unlist(&mut self, customer: &CustomerId, entry: &WaitingEntry) {
        self.queue.remove(&entry.place());
        if let Some(deadline) = entry.expires_at {
            self.deadlines.remove(&(deadline, customer.clone()));
        }
        self.open -= usize::from(entry.status.is_open());
        self.units = self.units.floor_sub(entry.offered());
    }

    /// Another sale has begun: what counted in the last one counts in none.
    pub(super) fn forget_sale(&mut self) {
        let parts = self.entries.values_mut().flat_map(|entry| &mut entry.parts);
        let taken = self.taken.values_mut().flat_map(|taken| &mut taken.parts);
        parts.chain(taken).for_each(|part| part.in_sale = false);
    }

    /// Checks the indexes.
    ///
    /// # Panics
    /// If one is wrong: that is an error in this program.
    pub(super) fn check(&self) {
        let queue: BTreeMap<_, _> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.is_queued())
            .map(|(customer, entry)| (entry.place(), customer.clone()))
            .collect();
        assert_eq!(queue, self.queue, "who wants more than is offered stands in the queue once");
        let mut deadlines = BTreeSet::new();
        for (customer, entry) in &self.entries {
            let offers = entry.status == WaitingStatus::Offered;
            assert_eq!(offers, !entry.parts.is_empty(), "{customer}: offered is who has an offer");
            assert_eq!(offers, entry.expires_at.is_some(), "{customer}: an offer has a deadline");
            assert!(entry.offered() <= entry.wanted, "{customer} is offered at most what is wanted");
            assert!(
                entry.status != WaitingStatus::Claimed || entry.wanted.is_zero(),
                "{customer} has it all"
            );
            deadlines.extend(entry.expires_at.map(|deadline| (deadline, customer.clone())));
        }
        assert_eq!(deadlines, self.deadlines, "the deadline of every offer is known");
        let open = self.entries.values().filter(|entry| entry.status.is_open()).count();
        assert_eq!(open, self.open, "who waits is counted");
        let units: u64 = self.offered().map(|part| u64::from(part.units.units())).sum();
        assert_eq!(units, self.units.units(), "what is on offer is counted");
    }
}
