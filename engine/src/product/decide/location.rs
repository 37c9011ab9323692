//! Give a location of a product up. Nothing may be claimed there, wait for it by its name, be set aside there or be on its
//! way to it; what lies there goes to another location as it is.

use super::super::{DeleteLocation, Left, Piles, Product, ProductEvent, SaleStatus};
use crate::ids::LocationId;
use crate::operation::Lookup;
use crate::quantity::Quantity;
use crate::rejection::{LocationUse, Rejection};
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_delete_location(
        &self,
        at: Timestamp,
        command: &DeleteLocation,
    ) -> Result<Option<ProductEvent>, Rejection> {
        let DeleteLocation { location, to, reason, operation } = command.clone();
        match self.look_up(operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        let sku = || self.sku.clone();
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: sku() });
        }
        self.check_has_stock()?;
        self.known(&location)?;
        if to.as_ref() == Some(&location) {
            return Err(Rejection::TransferToSelf { sku: sku(), location });
        }
        if let Some(to) = to.as_ref().filter(|to| self.known(to).is_err()) {
            return Err(Rejection::UnknownDestination { sku: sku(), location: to.clone() });
        }
        if self.numbers().filter(|number| self.shelf(*number).is_stocked).count() == 1 {
            return Err(Rejection::LastLocation { sku: sku(), location });
        }
        let uses = self.uses_of(&location, at);
        if uses != LocationUse::default() {
            return Err(Rejection::LocationInUse { sku: sku(), location, uses: Box::new(uses) });
        }
        let level = self.level(&location);
        match &to {
            None if !level.on_hand.is_zero() => {
                return Err(Rejection::LocationNotEmpty { sku: sku(), location, on_hand: level.on_hand });
            }
            Some(to) if self.level(to).on_hand.checked_add(level.on_hand).is_none() => {
                return Err(Rejection::StockAboveMaximum { sku: sku(), location: to.clone() });
            }
            None | Some(_) => {}
        }
        let units = Piles::of(&level);
        Ok(Some(ProductEvent::LocationDeleted {
            location,
            to,
            left: Box::new(Left { units, reason }),
            operation,
            at,
        }))
    }

    /// What keeps a location from being given up.
    fn uses_of(&self, location: &LocationId, at: Timestamp) -> LocationUse {
        let sum = |units: Quantity, more| units.checked_add(more).unwrap_or(Quantity::MAX);
        let Some(number) = self.number(location) else { return LocationUse::default() };
        let shelf = self.shelf(number);
        let in_baskets = self.spread.values().filter(|spread| spread.asked == Some(number));
        let in_baskets = in_baskets.map(|spread| spread.queued).fold(Quantity::ZERO, sum);
        let promised = self.book.iter().filter(|(_, asked, _)| *asked == Some(number));
        let promised = promised.filter_map(|(.., hold)| Some(self.allocations.get(&hold)?.queued));
        let waiting = self
            .waiting_entries()
            .filter(|(_, entry)| entry.status.is_open() && entry.location.as_ref() == Some(location));
        let sale = self.sale.as_ref().filter(|sale| sale.status(at) != SaleStatus::Closed);
        LocationUse {
            held: shelf.level.held,
            allocated: shelf.level.allocated,
            queued: promised.fold(in_baskets, sum),
            waiting: waiting.map(|(_, entry)| entry.wanted).fold(Quantity::ZERO, sum),
            set_aside: sale.map_or(Quantity::ZERO, |sale| sale.allotted(location)),
            incoming: shelf.incoming,
        }
    }
}
