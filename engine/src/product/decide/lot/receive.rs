//! Take units of a lot in. What arrives beyond what was expected is refused: it belongs to another paper, or a count was
//! wrong, and somebody has to look.

use smol_str::SmolStr;

use super::super::super::{LotEvent, Origin, Product, Receipt, Shortfall};
use crate::ids::LotId;
use crate::rejection::Rejection;

impl Product {
    pub(super) fn decide_receive(
        &self,
        id: LotId,
        receipt: &Receipt,
        actor: Option<SmolStr>,
    ) -> Result<LotEvent, Rejection> {
        let lot = self.open_lot(id)?;
        let Receipt { units, condition, close, reason } = receipt;
        let left = lot.left();
        let Some(missing) = left.checked_sub(*units) else {
            return Err(Rejection::LotExceeded { lot: id, requested: *units, left });
        };
        if units.is_zero() && !close {
            return Err(Rejection::ReceiptOfNothing);
        }
        let (location, reference) = (lot.location.clone(), lot.reference.clone());
        if self.level(&location).on_hand.checked_add(*units).is_none() {
            return Err(Rejection::StockAboveMaximum { sku: self.sku.clone(), location });
        }
        let (is_transfer, usual) = match lot.origin {
            Origin::Supplier => (false, "short delivery"),
            Origin::Transfer { .. } => (true, "lost in transit"),
        };
        let short = (*close && !missing.is_zero()).then(|| Shortfall {
            units: missing,
            reason: reason.clone().unwrap_or(SmolStr::new_static(usual)),
        });
        let (condition, units) = (*condition, *units);
        Ok(LotEvent::Received { location, condition, units, is_transfer, reference, actor, short })
    }
}
