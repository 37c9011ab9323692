//! What a committed hold becomes.

use super::event::Fulfilment;
use crate::ids::LocationId;
use crate::quantity::Quantity;

/// Units promised out of one hold, and how far the promise has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// Where the units lie.
    pub location: LocationId,
    /// Units promised.
    pub committed: Quantity,
    /// What became of them.
    pub progress: Fulfilment,
}

impl Allocation {
    /// Units still promised: neither shipped nor cancelled.
    pub fn open(&self) -> Quantity {
        self.committed.floor_sub(self.progress.shipped).floor_sub(self.progress.cancelled)
    }
}
