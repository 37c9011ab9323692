//! What callers see of units on their way.

use holdfast_engine::product::{Lot, Product};
use holdfast_engine::{LotId, Sequence, Sku, Timestamp};

/// The answer to a request about a lot: how it left the lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotAnswer {
    /// Of which product.
    pub sku: Sku,
    /// Which lot.
    pub id: LotId,
    /// The lot afterwards.
    pub lot: Lot,
    /// When that was.
    pub at: Timestamp,
    /// The product's version afterwards.
    pub version: u64,
    /// Journal position of the change.
    pub sequence: Sequence,
}

/// The open lots of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotsView {
    /// Which product.
    pub sku: Sku,
    /// Its open lots, those expected first in front, and those of which nobody knows when they come last.
    pub lots: Vec<(LotId, Lot)>,
    /// How many facts it rests on.
    pub version: u64,
    /// Journal position of the last of them.
    pub sequence: Sequence,
}

impl LotsView {
    pub(crate) fn of(product: &Product) -> Self {
        let mut lots: Vec<_> = product.lots().map(|(id, lot)| (id, lot.clone())).collect();
        lots.sort_by_key(|(id, lot)| (lot.expected_at.is_none(), lot.expected_at, *id));
        Self { sku: product.sku().clone(), lots, version: product.version(), sequence: product.sequence() }
    }
}
