//! The usual claim, which a sale sees most of all: one line, for one location, which has all of it. What follows is what
//! [`grants`](Product::grants) would come to, without the parts that only other claims need.

use super::super::{OpenHolds, Product, ProductEvent, Sources};
use crate::ids::{CustomerId, HoldId};
use crate::quantity::Quantity;
use crate::time::Timestamp;

impl Product {
    /// The claim of a request that passed the rules about quantities and about the sale, where it can be met just so. `None`
    /// says nothing: it has to be looked at closely.
    pub(super) fn open_at_once(
        &self,
        at: Timestamp,
        open: &OpenHolds,
        buyer: Option<&CustomerId>,
    ) -> Option<ProductEvent> {
        let [claim] = open.claims.as_slice() else { return None };
        if self.waiting.is_some() {
            return None;
        }
        let number = match (&claim.location, self.by_name.as_slice()) {
            (Some(asked), _) => self.number(asked).filter(|number| self.shelf(*number).is_stocked)?,
            (None, [only]) => *only,
            (None, _) => return None,
        };
        if self.on_offer(number, at) < Quantity::from(claim.quantity) {
            return None;
        }
        Some(ProductEvent::HoldOpened {
            hold: HoldId { reservation: open.reservation, line: open.first_line },
            quantity: claim.quantity,
            sources: Sources::At { location: self.name(number).clone(), asked: claim.location.is_some() },
            buyer: buyer.cloned(),
            expires_at: open.expires_at,
            offer: None,
        })
    }
}
