//! Expect a lot no more. What is left of a transfer lies again where it came from: nothing is lost by a change of mind.

use smol_str::SmolStr;

use super::super::super::{LotEvent, Origin, Product};
use crate::ids::LotId;
use crate::rejection::Rejection;

impl Product {
    pub(super) fn decide_cancel(
        &self,
        id: LotId,
        reason: &SmolStr,
        actor: Option<SmolStr>,
    ) -> Result<LotEvent, Rejection> {
        let lot = self.open_lot(id)?;
        let units = lot.left();
        let back_to = match &lot.origin {
            Origin::Supplier => None,
            Origin::Transfer { from, .. } => Some(from.clone()),
        };
        if let Some(location) = back_to.as_ref()
            && self.level(location).on_hand.checked_add(units).is_none()
        {
            return Err(Rejection::StockAboveMaximum { sku: self.sku.clone(), location: location.clone() });
        }
        let (reason, reference) = (reason.clone(), lot.reference.clone());
        Ok(LotEvent::Cancelled { back_to, units, reason, reference, actor })
    }
}
