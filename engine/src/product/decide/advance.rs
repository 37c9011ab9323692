//! Ship, cancel or take back promised units. Counts are given from the beginning of the allocation, so that saying
//! the same twice does it once; what that means at which location is decided here.
//!
//! Units leave from the first location that has them and come back to where they left from. What is given up is
//! what queues first, then what was found last.

use super::super::{Allocation, Condition, Fulfilment, Product, ProductEvent};
use super::Events;
use crate::ids::HoldId;
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_advance(
        &self,
        at: Timestamp,
        hold: HoldId,
        to: Fulfilment,
    ) -> Result<Events, Rejection> {
        let Some(allocation) = self.allocations.get(&hold) else {
            return Err(Rejection::HoldNotFound { hold });
        };
        let by = self.outstanding(hold, allocation, to)?;
        // What nobody counts can leave whatever the count says.
        let counted = self.policy().tracked;
        let mut moves: Vec<_> = allocation.parts.iter().map(|part| (part, Fulfilment::default())).collect();
        let unqueued = allocation.queued.min(by.cancelled);
        spread(
            by.cancelled.floor_sub(unqueued),
            moves.iter_mut().rev().map(|(part, by)| (part.open, &mut by.cancelled)),
        );
        let shippable = moves.iter_mut().map(|(part, by)| {
            let sellable = if counted {
                self.shelf(part.location).level.pile(Condition::Sellable)
            } else {
                Quantity::MAX
            };
            (part.open.floor_sub(by.cancelled).min(sellable), &mut by.shipped)
        });
        let missing = spread(by.shipped, shippable);
        if !missing.is_zero() {
            return Err(Rejection::NotOnShelf {
                sku: self.sku.clone(),
                requested: by.shipped,
                sellable: by.shipped.floor_sub(missing),
            });
        }
        spread(
            by.returned,
            moves.iter_mut().map(|(part, by)| {
                (part.away.checked_add(by.shipped).unwrap_or(Quantity::MAX), &mut by.returned)
            }),
        );
        spread(by.damaged, moves.iter_mut().map(|(_, by)| (by.returned, &mut by.damaged)));
        let lowered = u32::try_from(unqueued.units()).ok().and_then(LineQuantity::new);
        let mut events: Events =
            lowered.map(|by| ProductEvent::DemandLowered { hold, by }).into_iter().collect();
        for (part, by) in moves.into_iter().filter(|(_, by)| *by != Fulfilment::default()) {
            let (location, level) = (self.name(part.location).clone(), self.shelf(part.location).level);
            if counted && level.on_hand.checked_add(by.returned).is_none() {
                return Err(Rejection::StockAboveMaximum { sku: self.sku.clone(), location });
            }
            events.push(ProductEvent::AllocationAdvanced { hold, location, by, counted, at });
        }
        Ok(events)
    }

    /// What is still to happen until the allocation has come so far. Counts only grow: a request that arrives late asks
    /// for less than is done and changes nothing.
    fn outstanding(
        &self,
        hold: HoldId,
        allocation: &Allocation,
        to: Fulfilment,
    ) -> Result<Fulfilment, Rejection> {
        let now = allocation.progress;
        let by = Fulfilment {
            shipped: to.shipped.floor_sub(now.shipped),
            // Whoever calls units off may not have heard yet that they lapsed.
            cancelled: to.cancelled.floor_sub(allocation.gone()),
            returned: to.returned.floor_sub(now.returned),
            damaged: to.damaged.floor_sub(now.damaged),
        };
        let ended = by.shipped.checked_add(by.cancelled);
        let away = now.shipped.checked_add(by.shipped).map(|shipped| shipped.floor_sub(now.returned));
        if ended.is_none_or(|ended| ended > allocation.open())
            || away.is_none_or(|away| by.returned > away)
            || by.damaged > by.returned
        {
            return Err(Rejection::FulfilmentAboveAllocation {
                line: hold.line,
                committed: allocation.committed,
            });
        }
        Ok(by)
    }
}

/// Spreads units over places that have room for so many each, the first first. Answers what is left over.
fn spread<'a>(units: Quantity, places: impl Iterator<Item = (Quantity, &'a mut Quantity)>) -> Quantity {
    let mut left = units;
    for (room, place) in places {
        *place = left.min(room);
        left = left.floor_sub(*place);
    }
    left
}
