//! A basket of several products on its way: claimed here and there, and neither made nor given up yet.
//!
//! Nobody may be refused for units that such a basket holds, because it may fail and give them back. Whoever would
//! be, waits for the flight to end. Baskets visit products in the order of their SKUs, so a basket only ever waits for
//! one that is further on than itself, and no circle of waiting can close.
//!
//! A flight that has failed still counts at a product until word of that has arrived there: its units are not free yet,
//! but on their way back.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::product_cell::ProductCell;

pub(crate) struct Flight {
    outcome: Mutex<Outcome>,
}

enum Outcome {
    /// On its way; products where somebody waits for the end.
    Travelling(Vec<Arc<ProductCell>>),
    /// The reservation is made: what it claimed is taken.
    Arrived,
    /// The reservation is not made: every product that it claimed something of is sent word.
    Failed,
}

impl Flight {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { outcome: Mutex::new(Outcome::Travelling(Vec::new())) })
    }

    /// Whether what it claimed is taken for good.
    pub(crate) fn has_arrived(&self) -> bool {
        matches!(*self.outcome.lock(), Outcome::Arrived)
    }

    /// Whether it has not ended.
    pub(crate) fn is_travelling(&self) -> bool {
        matches!(*self.outcome.lock(), Outcome::Travelling(_))
    }

    /// Whether what it claimed goes back.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(*self.outcome.lock(), Outcome::Failed)
    }

    /// Asks to be told at this product, where it has claimed something, when its units come back or are taken. False if
    /// they are taken already.
    pub(crate) fn tell(&self, cell: &Arc<ProductCell>) -> bool {
        match &mut *self.outcome.lock() {
            Outcome::Travelling(waiting) => {
                if !waiting.iter().any(|known| Arc::ptr_eq(known, cell)) {
                    waiting.push(Arc::clone(cell));
                }
                true
            }
            Outcome::Failed => true,
            Outcome::Arrived => false,
        }
    }

    /// Ends it; what it claimed is taken. Returns the products where somebody waits.
    pub(crate) fn arrive(&self) -> Vec<Arc<ProductCell>> {
        self.end(Outcome::Arrived)
    }

    /// Ends it; the caller sends word that its units are free to every product it claimed something of. Returns the
    /// products where somebody waits.
    pub(crate) fn fail(&self) -> Vec<Arc<ProductCell>> {
        self.end(Outcome::Failed)
    }

    fn end(&self, end: Outcome) -> Vec<Arc<ProductCell>> {
        match std::mem::replace(&mut *self.outcome.lock(), end) {
            Outcome::Travelling(waiting) => waiting,
            Outcome::Arrived | Outcome::Failed => Vec::new(),
        }
    }
}
