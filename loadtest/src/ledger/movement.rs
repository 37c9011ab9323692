//! Units that became free or stopped being free, with the time in which it happened.

use crate::client::Span;
use crate::goods::Sku;

/// Which way units went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Promised to an order or a reservation.
    Granted,
    /// Taken off the shelf, promised or not.
    WrittenOff,
    /// Free again, or new.
    Back,
}

/// Units of one product that went one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Which product.
    pub sku: Sku,
    /// How many, never zero.
    pub units: u64,
    /// Which way.
    pub direction: Direction,
    /// When: somewhere in between.
    pub span: Span,
}
