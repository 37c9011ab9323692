//! Carry out what a reservation has decided about its hold. The decision was made elsewhere and may arrive twice, so
//! each of these does nothing where it is done already.

use super::super::{HoldEnd, Kept, Product, ProductEvent};
use super::Events;
use crate::ids::HoldId;
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::time::{Sequence, Timestamp};

impl Product {
    pub(super) fn decide_keep(
        &self,
        hold: HoldId,
        expires_at: Option<Timestamp>,
        has: Option<&Kept>,
    ) -> Result<Events, Rejection> {
        let live = self.hold(hold).ok_or(Rejection::HoldNotFound { hold })?;
        let mut events = Events::new();
        if live.expires_at != expires_at {
            events.push(ProductEvent::HoldMoved { hold, expires_at });
        }
        // It may be told late: what the hold has given back since is not claimed again.
        events.extend(has.filter(|has| has.quantity < live.quantity).map(|Kept { quantity, sources }| {
            let (quantity, sources) = (*quantity, sources.clone());
            ProductEvent::HoldChanged { hold, quantity, sources, buyer: None }
        }));
        Ok(events)
    }

    pub(super) fn decide_commit(
        &self,
        hold: HoldId,
        quantity: Quantity,
        (arrival, at): (Sequence, Timestamp),
    ) -> Result<Option<ProductEvent>, Rejection> {
        let Some(live) = self.holds.get(hold) else {
            return if self.allocations.contains_key(&hold) {
                Ok(None)
            } else {
                Err(Rejection::HoldNotFound { hold })
            };
        };
        if quantity > Quantity::from(live.quantity) {
            return Err(Rejection::CommitAboveHold {
                line: hold.line,
                held: live.quantity,
                requested: quantity,
            });
        }
        Ok(Some(ProductEvent::HoldCommitted { hold, quantity, arrival, at }))
    }

    pub(super) fn decide_end(&self, hold: HoldId, why: HoldEnd) -> Option<ProductEvent> {
        self.holds.get(hold).is_some().then_some(ProductEvent::HoldEnded { hold, why })
    }
}
