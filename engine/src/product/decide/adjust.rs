//! Change the count at a location. A count may be lowered below what is promised, because the shelf is what it is;
//! the shortage then shows, and nothing more is promised until it is gone.

use super::super::{Adjustment, Product, ProductEvent, StockChange};
use crate::operation::Lookup;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_adjust(
        &self,
        at: Timestamp,
        adjustment: &Adjustment,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.look_up(adjustment.operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        }
        let on_hand = self.level(&adjustment.location).on_hand;
        if let Some(expected) = adjustment.expected
            && expected != on_hand
        {
            return Err(Rejection::StockChanged {
                sku: self.sku.clone(),
                location: adjustment.location.clone(),
                expected,
                on_hand,
            });
        }
        let delta = match adjustment.change {
            StockChange::By(delta) => delta,
            // Both counts are at most `Quantity::MAX`, so the difference fits.
            StockChange::To(count) => count.units().cast_signed() - on_hand.units().cast_signed(),
        };
        if on_hand.checked_change(delta).is_none() {
            return Err(if delta < 0 {
                Rejection::StockBelowZero {
                    sku: self.sku.clone(),
                    location: adjustment.location.clone(),
                    on_hand,
                    delta,
                }
            } else {
                Rejection::StockAboveMaximum { sku: self.sku.clone(), location: adjustment.location.clone() }
            });
        }
        Ok(Some(ProductEvent::Adjusted {
            location: adjustment.location.clone(),
            delta,
            reason: adjustment.reason.clone(),
            reference: adjustment.reference.clone(),
            operation: adjustment.operation,
            at,
        }))
    }
}
