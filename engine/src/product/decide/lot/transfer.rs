//! Send units from one location to another. They leave the one shelf now and reach the other when they are received;
//! only units that nobody has a claim to are sent, so whatever was promised there can still leave from there.

use smol_str::SmolStr;

use super::super::super::{Condition, LotEvent, Origin, Product, Shelf, Transfer};
use crate::ids::{LocationId, LotId};
use crate::quantity::Quantity;
use crate::rejection::Rejection;

impl Product {
    pub(super) fn decide_transfer(
        &self,
        lot: LotId,
        transfer: &Transfer,
        actor: Option<SmolStr>,
    ) -> Result<LotEvent, Rejection> {
        self.check_new_lot(lot)?;
        let Transfer { from, to, create, units, expected_at, reason, reference } = transfer.clone();
        let sku = || self.sku.clone();
        if from == to {
            return Err(Rejection::TransferToSelf { sku: sku(), location: from });
        }
        let Some(source) = self.stocked_shelf(&from) else {
            return Err(Rejection::UnknownSource { sku: sku(), location: from });
        };
        if !create && self.stocked_shelf(&to).is_none() {
            return Err(Rejection::UnknownDestination { sku: sku(), location: to });
        }
        let movable = source.level.pile(Condition::Sellable).floor_sub(source.level.claimed());
        if Quantity::from(units) > movable {
            let (sku, location) = (sku(), from);
            return Err(Rejection::TransferExceeded { sku, location, requested: units, movable });
        }
        let origin = Origin::Transfer { from, reason };
        Ok(LotEvent::Announced { origin, location: to, units, expected_at, reference, actor })
    }

    /// A shelf at which the merchant has counted or expected units.
    fn stocked_shelf(&self, location: &LocationId) -> Option<&Shelf> {
        self.number(location).map(|number| self.shelf(number)).filter(|shelf| shelf.is_stocked)
    }
}
