//! Carry out what a reservation has decided about its hold. The decision was made elsewhere and may arrive twice, so
//! each of these does nothing where it is done already.

use super::super::{HoldEnd, Product, ProductEvent};
use crate::ids::HoldId;
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::time::{Sequence, Timestamp};

impl Product {
    pub(super) fn decide_move(
        &self,
        hold: HoldId,
        expires_at: Option<Timestamp>,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.holds.get(hold) {
            None => Err(Rejection::HoldNotFound { hold }),
            Some(live) if live.expires_at() == expires_at => Ok(None),
            Some(_) => Ok(Some(ProductEvent::HoldMoved { hold, expires_at })),
        }
    }

    pub(super) fn decide_commit(
        &self,
        hold: HoldId,
        quantity: Quantity,
        arrival: Sequence,
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
        Ok(Some(ProductEvent::HoldCommitted { hold, quantity, arrival }))
    }

    pub(super) fn decide_end(&self, hold: HoldId, why: HoldEnd) -> Option<ProductEvent> {
        self.holds.get(hold).is_some().then_some(ProductEvent::HoldEnded { hold, why })
    }
}
