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
        let (level, condition) = (self.level(&adjustment.location), adjustment.condition);
        let pile = level.pile(condition);
        if let Some(expected) = adjustment.expected
            && expected != pile
        {
            return Err(Rejection::StockChanged {
                sku: self.sku.clone(),
                location: adjustment.location.clone(),
                condition,
                expected,
                actual: pile,
            });
        }
        let (delta, became) = match adjustment.change {
            StockChange::By(delta) => (delta, None),
            // Both counts are at most `Quantity::MAX`, so the difference fits.
            StockChange::To(count) => (count.units().cast_signed() - pile.units().cast_signed(), None),
            StockChange::Become(other, units) => (-i64::from(units.units()), Some(other)),
        };
        // Units that only change their condition were on the shelf before, so nothing else can overflow.
        if level.changed(condition, delta).is_none() {
            return Err(if delta < 0 {
                Rejection::StockBelowZero {
                    sku: self.sku.clone(),
                    location: adjustment.location.clone(),
                    condition,
                    actual: pile,
                    delta,
                }
            } else {
                Rejection::StockAboveMaximum { sku: self.sku.clone(), location: adjustment.location.clone() }
            });
        }
        Ok(Some(ProductEvent::Adjusted {
            location: adjustment.location.clone(),
            condition,
            delta,
            became,
            reason: adjustment.reason.clone(),
            reference: adjustment.reference.clone(),
            actor: adjustment.actor.clone(),
            operation: adjustment.operation,
            at,
        }))
    }
}
