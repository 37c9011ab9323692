//! A basket of several products on its way: claimed here and there, and neither made nor given up yet.
//!
//! Nobody may be refused for units that such a basket holds, because it may fail and give them back. Whoever would
//! be, waits for the flight to end. Baskets visit products in the order of their SKUs, so a basket only ever waits for
//! one that is further on than itself, and no circle of waiting can close.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::product_cell::ProductCell;

pub(crate) struct Flight {
    /// Products where somebody waits for the end; `None` once it has come.
    waiting: Mutex<Option<Vec<Arc<ProductCell>>>>,
}

impl Flight {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::new(Some(Vec::new())) })
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.waiting.lock().is_some()
    }

    /// Asks to be told at this product when the flight is over. False if it is over already.
    pub(crate) fn tell(&self, cell: &Arc<ProductCell>) -> bool {
        match &mut *self.waiting.lock() {
            Some(waiting) => {
                if !waiting.iter().any(|known| Arc::ptr_eq(known, cell)) {
                    waiting.push(Arc::clone(cell));
                }
                true
            }
            None => false,
        }
    }

    /// Ends it. Returns the products where somebody waits.
    pub(crate) fn end(&self) -> Vec<Arc<ProductCell>> {
        self.waiting.lock().take().unwrap_or_default()
    }
}
