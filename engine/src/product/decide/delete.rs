//! Take a product out of the catalogue. Nothing may lie there, be held or be promised: what the merchant forgets about
//! here, nobody would look for again.

use super::super::{Product, ProductEvent, StockLevel};
use crate::operation::{Lookup, Operation};
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_delete(
        &self,
        at: Timestamp,
        operation: Operation,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.look_up(operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        }
        let sum = |units: fn(&StockLevel) -> Quantity| {
            let counts = self.levels().map(|(_, level)| units(level));
            counts.fold(Quantity::ZERO, |sum, count| sum.checked_add(count).unwrap_or(Quantity::MAX))
        };
        let (on_hand, held, allocated) =
            (sum(|level| level.on_hand), sum(|level| level.held), sum(|level| level.allocated));
        let (queued, incoming) = (self.queued, self.incoming_total());
        let counts = [on_hand, held, allocated, queued, incoming];
        if counts.iter().any(|count| !count.is_zero()) {
            let sku = self.sku.clone();
            return Err(Rejection::ProductInUse { sku, on_hand, held, allocated, queued, incoming });
        }
        Ok(Some(ProductEvent::Deleted { operation, at }))
    }
}
