//! Units on their way to a location: from a supplier, or from another location.
//!
//! ```text
//!   announced ──▶ open ──┬── received   all of it arrived, in one receipt or several
//!                        ├── short      less arrived, and no more will come
//!                        └── cancelled  no more is expected; what is left of a transfer went back
//! ```
//!
//! Units on their way are on no shelf: nobody can hold them, and what a transfer has taken from a shelf is not on hand
//! anywhere until it arrives. An open lot is kept until it ends; of those that have ended, the last ones are known by how
//! they ended, so that whoever comes late with a receipt hears why it is refused.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use smol_str::SmolStr;

use super::Product;
use crate::ids::{LocationId, LotId};
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

/// Most lots of one product that are open at a time.
pub const LOTS_OPEN_MAX: usize = 256;

/// How many lots are remembered after their end.
const LOTS_ENDED_KEPT: usize = 256;

/// Units of one product that travel together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lot {
    /// Where they come from.
    pub origin: Origin,
    /// Where they will arrive.
    pub location: LocationId,
    /// How many there were in the beginning.
    pub units: LineQuantity,
    /// How many of them have arrived.
    pub received: Quantity,
    /// When the others are expected; `None` if nobody knows.
    pub expected_at: Option<Timestamp>,
    /// The paper behind it.
    pub reference: Option<SmolStr>,
    /// How far it is.
    pub status: LotStatus,
}

/// Where the units of a lot come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// From outside: they are the merchant's once they arrive.
    Supplier,
    /// From another of the merchant's locations.
    Transfer {
        /// Which.
        from: LocationId,
        /// Why, in the merchant's words.
        reason: SmolStr,
    },
}

/// How far a lot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LotStatus {
    /// Some of it is still to come.
    Open,
    /// All of it arrived.
    Received,
    /// Less than all of it arrived, and no more will.
    Short,
    /// No more of it was expected to come.
    Cancelled,
}

impl LotStatus {
    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Received => "received",
            Self::Short => "short",
            Self::Cancelled => "cancelled",
        }
    }

    /// What may be said of such a lot.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "is open",
            Self::Received => "has been received",
            Self::Short => "has been closed with less than was expected",
            Self::Cancelled => "has been cancelled",
        }
    }
}

impl Lot {
    /// Units that are still to come.
    pub fn left(&self) -> Quantity {
        match self.status {
            LotStatus::Open => Quantity::from(self.units).floor_sub(self.received),
            LotStatus::Received | LotStatus::Short | LotStatus::Cancelled => Quantity::ZERO,
        }
    }
}

/// The lots of one product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Lots {
    open: BTreeMap<LotId, Lot>,
    /// How the last ones ended, oldest first.
    ended: VecDeque<(LotId, LotStatus)>,
}

impl Lots {
    /// Answers what was kept under that number before.
    pub(super) fn open(&mut self, id: LotId, lot: Lot) -> Option<Lot> {
        self.open.insert(id, lot)
    }

    pub(super) fn get_mut(&mut self, id: LotId) -> Option<&mut Lot> {
        self.open.get_mut(&id)
    }

    /// Puts a lot that is not open any more among those that have ended.
    pub(super) fn end(&mut self, id: LotId, status: LotStatus) {
        self.open.remove(&id);
        if self.ended.len() == LOTS_ENDED_KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back((id, status));
    }
}

impl Product {
    /// Its open lots, in the order of their numbers.
    pub fn lots(&self) -> impl Iterator<Item = (LotId, &Lot)> {
        self.lots.iter().flat_map(|lots| &lots.open).map(|(id, lot)| (*id, lot))
    }

    /// An open lot.
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.as_ref()?.open.get(&id)
    }

    /// How a lot is that is known, open or not.
    pub(super) fn lot_status(&self, id: LotId) -> Option<LotStatus> {
        let lots = self.lots.as_ref()?;
        let ended = || lots.ended.iter().rev().find(|(ended, _)| *ended == id).map(|(_, status)| *status);
        lots.open.get(&id).map(|lot| lot.status).or_else(ended)
    }

    pub(super) fn lots_open(&self) -> usize {
        self.lots.as_ref().map_or(0, |lots| lots.open.len())
    }

    /// Units that are still to come, over all locations.
    pub fn incoming_total(&self) -> Quantity {
        let left = self.lots().map(|(_, lot)| lot.left());
        left.fold(Quantity::ZERO, |sum, left| sum.checked_add(left).unwrap_or(Quantity::MAX))
    }

    pub(crate) fn hash_lots<H: Hasher>(&self, state: &mut H) {
        self.lots.hash(state);
    }

    /// Checks that what is said to be coming to each location is what its open lots bring.
    pub(super) fn check_lots(&self) {
        let mut coming = BTreeMap::<_, u64>::new();
        for (id, lot) in self.lots() {
            assert_eq!(lot.status, LotStatus::Open, "{id:?} is kept while it is open");
            assert!(!lot.left().is_zero(), "I2: {id:?} is open while something of it is to come");
            *coming.entry(&lot.location).or_default() += lot.left().units();
        }
        for shelf in &self.shelves {
            let coming = coming.remove(&shelf.location).unwrap_or(0);
            assert_eq!(
                shelf.incoming.units(),
                coming,
                "I2: {} at {}: incoming is the sum of open lots",
                self.sku,
                shelf.location
            );
        }
        assert!(coming.is_empty(), "I2: {}: lots come to known locations", self.sku);
    }
}
