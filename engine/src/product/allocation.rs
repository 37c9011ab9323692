//! What a committed hold becomes.

use smallvec::SmallVec;

use super::book::Rank;
use super::event::Fulfilment;
use super::holds::LocationNumber;
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// Units promised out of one hold, and how far the promise has come.
///
/// ```text
///   committed ─┬─ queued      for units that are not there
///              ├─ open        on a shelf, kept for it
///              └─ shipped, cancelled, or lapsed: still queued on the date up to which they might
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// Units promised.
    pub committed: Quantity,
    /// Of these, units that queue for what is not there yet.
    pub queued: Quantity,
    /// Units that were dropped because they still queued on their date.
    pub lapsed: Quantity,
    /// Until when its queued units queue; the instant itself is too late. None if that has no end, or none ever queued.
    pub good_til: Option<Timestamp>,
    /// What became of the others.
    pub progress: Fulfilment,
    /// Its place among those that queue.
    pub(super) rank: Rank,
    /// The one location its queued units may come from, if it asked for one.
    pub(super) asked: Option<LocationNumber>,
    /// Its units by location, in the order they are used.
    pub(super) parts: SmallVec<[Part; 1]>,
}

/// Units of an allocation that lie, or lay, at one location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) location: LocationNumber,
    /// Units kept there for it.
    pub(super) open: Quantity,
    /// Units that left from there and did not come back.
    pub(super) away: Quantity,
}

impl Allocation {
    /// Units still promised: neither shipped nor given up.
    pub fn open(&self) -> Quantity {
        self.committed.floor_sub(self.progress.shipped).floor_sub(self.gone())
    }

    /// Units that were given up before they left: cancelled or lapsed.
    pub fn gone(&self) -> Quantity {
        self.progress.cancelled.checked_add(self.lapsed).unwrap_or(Quantity::MAX)
    }

    /// Units that have a shelf, or had one: everything but what queues or was given up.
    pub(super) fn filled(&self) -> Quantity {
        self.committed.floor_sub(self.queued).floor_sub(self.gone())
    }
}
