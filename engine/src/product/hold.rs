//! A live hold.

use super::claim::Sources;
use crate::quantity::LineQuantity;
use crate::time::Timestamp;

/// Units of one product claimed for one line of a reservation. Exists while the claim is live; how it ended is
/// told by its reservation, which remembers longer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hold {
    /// How many.
    pub quantity: LineQuantity,
    /// Where they are.
    pub sources: Sources,
    /// When the claim lapses; `None` while a payment keeps it from lapsing.
    pub expires_at: Option<Timestamp>,
}
