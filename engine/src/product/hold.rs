//! A live hold.

use crate::ids::LocationId;
use crate::quantity::LineQuantity;
use crate::time::Timestamp;

/// Units of one product claimed for one line of a reservation. Exists while the claim is live; how it ended is
/// told by its reservation, which remembers longer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hold {
    /// Where the units lie.
    pub location: LocationId,
    /// How many.
    pub quantity: LineQuantity,
    /// When the claim lapses; `None` while a payment keeps it from lapsing.
    pub expires_at: Option<Timestamp>,
}
