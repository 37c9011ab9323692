//! One product: what lies where, who holds it, and to whom it is promised.
//!
//! ```text
//!   on_hand ──┬── held        live holds, each with a deadline
//!             ├── allocated   promised: committed, not yet shipped or cancelled
//!             ├── damaged, quality_control, safety_stock
//!             └── available   what is left; computed, never stored
//! ```
//!
//! [`Product::decide`] answers a command with the events that would carry it out, or a [`Rejection`](crate::Rejection); it changes
//! nothing. [`Product::apply`] takes an event in; it never fails and never decides. One decides, journals and applies
//! in that order without a pause between, from one place at a time: that is what makes the check and the taking one step.
//!
//! Deadlines: a hold whose deadline has come counts as lapsed at that very instant. A hold belongs to a reservation,
//! and a reservation ends once for all of its holds, so this module does not end lapsed holds by itself: the caller
//! lists them with [`Product::lapsed`], asks the reservation, and sends [`ProductCommand::End`] before anything else.
//!
//! Invariants, checked on each applied event in all builds ([`StockLevel::check`]) and in full in tests
//! ([`Product::check`]): I1 no oversell, I2 conservation, I3 a hold ends exactly once.

mod allocation;
mod apply;
mod command;
mod decide;
mod event;
mod hold;
mod holds;
mod policy;
mod stock;

use std::collections::{BTreeMap, BTreeSet};

pub use allocation::Allocation;
pub use command::{Adjustment, OpenHold, ProductCommand, StockChange};
pub use event::{Fulfilment, HoldEnd, ProductEvent};
pub use hold::Hold;
pub use policy::{Contradiction, Policy, ProductDetails};
pub use stock::{Condition, StockLevel};

use holds::{Held, Holds, LocationNumber};

use crate::ids::{HoldId, LocationId, OperationId, Sku};
use crate::operation::{Lookup, Operation, OperationLog};
use crate::quantity::Quantity;
use crate::time::{Sequence, Timestamp};

/// The state of one product. Created empty; it exists for callers once it was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    sku: Sku,
    details: Option<ProductDetails>,
    details_version: u64,
    details_sequence: Sequence,
    /// The version that the last put made.
    details_at: u64,
    version: u64,
    sequence: Sequence,
    created_at: Timestamp,
    updated_at: Timestamp,
    shelves: BTreeMap<LocationId, Shelf>,
    /// The locations by number.
    locations: Vec<LocationId>,
    holds: Holds,
    deadlines: BTreeSet<(Timestamp, HoldId)>,
    allocations: BTreeMap<HoldId, Allocation>,
    operations: OperationLog<ProductResult>,
}

/// One location of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shelf {
    number: LocationNumber,
    level: StockLevel,
}

/// What a keyed operation on a product left behind for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProductResult {
    /// The details were put.
    Put {
        /// How often the details had been put then, this time included.
        details_version: u64,
        /// Whether the product was not in the catalogue before.
        created: bool,
    },
    /// It was deleted.
    Deleted,
    /// Stock was adjusted.
    Adjusted {
        /// Where.
        location: LocationId,
        /// Which of the units there.
        condition: Condition,
        /// By how many of these.
        delta: i64,
        /// The counts there afterwards.
        level: StockLevel,
    },
}

impl Product {
    /// A product nobody has put yet.
    pub fn absent(sku: Sku) -> Self {
        Self {
            sku,
            details: None,
            details_version: 0,
            details_sequence: Sequence::default(),
            details_at: 0,
            version: 0,
            sequence: Sequence::default(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            shelves: BTreeMap::new(),
            locations: Vec::new(),
            holds: Holds::default(),
            deadlines: BTreeSet::new(),
            allocations: BTreeMap::new(),
            operations: OperationLog::default(),
        }
    }

    /// Its SKU.
    pub fn sku(&self) -> &Sku {
        &self.sku
    }

    /// Its details, once it was put.
    pub fn details(&self) -> Option<&ProductDetails> {
        self.details.as_ref()
    }

    /// How often its details were put.
    pub fn details_version(&self) -> u64 {
        self.details_version
    }

    /// Journal position of the event that last put its details.
    pub fn details_sequence(&self) -> Sequence {
        self.details_sequence
    }

    /// How many events have been applied to it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Journal position of the last event applied to it.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// When it was first put.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When its details were last put.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Its stock by location, in the order of the locations' names.
    pub fn levels(&self) -> impl ExactSizeIterator<Item = (&LocationId, &StockLevel)> {
        self.shelves.iter().map(|(location, shelf)| (location, &shelf.level))
    }

    /// Its stock at one location.
    pub fn level(&self, location: &LocationId) -> StockLevel {
        self.shelves.get(location).map(|shelf| shelf.level).unwrap_or_default()
    }

    /// A live hold.
    pub fn hold(&self, id: HoldId) -> Option<Hold> {
        self.holds.get(id).map(|held| self.told(held))
    }

    /// All live holds, in no particular order.
    pub fn holds(&self) -> impl Iterator<Item = (HoldId, Hold)> {
        self.holds.iter().map(|(id, held)| (id, self.told(held)))
    }

    /// How many live holds there are.
    pub fn holds_count(&self) -> usize {
        self.holds.len()
    }

    fn told(&self, held: &Held) -> Hold {
        let location = self.location(held.location).clone();
        Hold { location, quantity: held.quantity, expires_at: held.expires_at() }
    }

    fn location(&self, number: LocationNumber) -> &LocationId {
        match self.locations.get(number.0 as usize) {
            Some(location) => location,
            None => panic!("{}: {number:?} was given to a location", self.sku),
        }
    }

    /// What a committed hold has become.
    pub fn allocation(&self, id: HoldId) -> Option<&Allocation> {
        self.allocations.get(&id)
    }

    /// All allocations, open and finished.
    pub fn allocations(&self) -> impl ExactSizeIterator<Item = (&HoldId, &Allocation)> {
        self.allocations.iter()
    }

    /// Units at this location that a new hold could take now.
    pub fn available(&self, location: &LocationId) -> Quantity {
        match &self.details {
            Some(details) if details.policy.sellable => self.level(location).available(&details.policy),
            _ => Quantity::ZERO,
        }
    }

    /// Whether more is promised somewhere than its rules allow, as after a count that found less.
    pub fn is_short(&self) -> bool {
        let policy = self.policy();
        self.shelves.values().any(|shelf| shelf.level.is_short(&policy))
    }

    /// The earliest deadline among its holds.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Holds whose deadline has come, earliest first. The instant of the deadline counts.
    pub fn lapsed(&self, at: Timestamp) -> impl Iterator<Item = HoldId> {
        self.deadlines.iter().take_while(move |(deadline, _)| *deadline <= at).map(|(_, hold)| *hold)
    }

    /// Whether this operation was carried out on this product before.
    pub fn look_up(&self, operation: Operation) -> Lookup<'_, ProductResult> {
        self.operations.look_up(operation)
    }

    /// What an operation that was carried out left behind.
    pub fn operation(&self, id: OperationId) -> Option<&crate::operation::OperationRecord<ProductResult>> {
        self.operations.get(id)
    }

    pub(crate) fn operation_log(&self) -> &OperationLog<ProductResult> {
        &self.operations
    }

    fn policy(&self) -> Policy {
        self.details.as_ref().map(|details| details.policy.clone()).unwrap_or_default()
    }

    /// Checks I1 (as far as counts may not go below zero), I2 and the indexes over the whole product.
    ///
    /// # Panics
    /// If one does not hold: that is an error in this program.
    pub fn check(&self) {
        let mut held: BTreeMap<&LocationId, u64> = BTreeMap::new();
        for (_, hold) in self.holds.iter() {
            *held.entry(self.location(hold.location)).or_default() += hold.quantity.quantity().units();
        }
        let mut allocated: BTreeMap<&LocationId, u64> = BTreeMap::new();
        for allocation in self.allocations.values() {
            *allocated.entry(&allocation.location).or_default() += allocation.open().units();
        }
        for (location, level) in self.levels() {
            level.check();
            assert_eq!(
                level.held.units(),
                held.remove(location).unwrap_or(0),
                "I2: {} at {location}: held is the sum of live holds",
                self.sku
            );
            assert_eq!(
                level.allocated.units(),
                allocated.remove(location).unwrap_or(0),
                "I2: {} at {location}: allocated is the sum of open allocations",
                self.sku
            );
        }
        assert!(held.is_empty(), "I2: {}: holds lie at known locations", self.sku);
        assert!(
            allocated.values().all(|units| *units == 0),
            "I2: {}: allocations lie at known locations",
            self.sku
        );
        let deadlines: BTreeSet<_> =
            self.holds.iter().filter_map(|(id, hold)| Some((hold.expires_at()?, id))).collect();
        assert_eq!(deadlines, self.deadlines, "{}: every deadline is indexed once", self.sku);
    }
}
