//! Ship, cancel or take back promised units. Counts are given from the beginning of the allocation, so that saying
//! the same twice does it once.

use super::super::{Condition, Fulfilment, Product, ProductEvent};
use crate::ids::HoldId;
use crate::rejection::Rejection;

impl Product {
    pub(super) fn decide_advance(
        &self,
        hold: HoldId,
        to: Fulfilment,
    ) -> Result<Option<ProductEvent>, Rejection> {
        let Some(allocation) = self.allocations.get(&hold) else {
            return Err(Rejection::HoldNotFound { hold });
        };
        let now = allocation.progress;
        // Counts only grow: a request that arrives late asks for less than is done and changes nothing.
        let to = Fulfilment {
            shipped: to.shipped.max(now.shipped),
            cancelled: to.cancelled.max(now.cancelled),
            returned: to.returned.max(now.returned),
            damaged: to.damaged.max(now.damaged),
        };
        if to == now {
            return Ok(None);
        }
        let ended = to.shipped.checked_add(to.cancelled);
        let (coming, damaged) = (to.returned.floor_sub(now.returned), to.damaged.floor_sub(now.damaged));
        if ended.is_none_or(|ended| ended > allocation.committed)
            || to.returned > to.shipped
            || damaged > coming
        {
            return Err(Rejection::FulfilmentAboveAllocation {
                line: hold.line,
                committed: allocation.committed,
            });
        }
        let leaving = to.shipped.floor_sub(now.shipped);
        let level = self.level(&allocation.location);
        let sellable = level.pile(Condition::Sellable);
        if leaving > sellable {
            return Err(Rejection::NotOnShelf {
                sku: self.sku.clone(),
                location: allocation.location.clone(),
                requested: leaving,
                sellable,
            });
        }
        if level.on_hand.checked_add(coming).is_none() {
            return Err(Rejection::StockAboveMaximum {
                sku: self.sku.clone(),
                location: allocation.location.clone(),
            });
        }
        Ok(Some(ProductEvent::AllocationAdvanced { hold, to }))
    }
}
