//! Claim units for a line of a reservation: the check and the taking are one step.

use super::super::{OpenHold, Product, ProductEvent};
use crate::quantity::Quantity;
use crate::rejection::{Rejection, Shortage};

impl Product {
    pub(super) fn decide_open(&self, open: &OpenHold) -> Result<ProductEvent, Rejection> {
        let Some(details) = &self.details else {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        };
        if !details.policy.sellable {
            return Err(Rejection::NotSellable { sku: self.sku.clone() });
        }
        details.policy.check_line(&self.sku, open.quantity)?;
        assert!(
            self.holds.get(open.hold).is_none() && !self.allocations.contains_key(&open.hold),
            "I3: {:?} is opened once",
            open.hold
        );
        let level = self.level(&open.location);
        let available = level.available(&details.policy);
        if Quantity::from(open.quantity) > available {
            return Err(Rejection::InsufficientStock(Box::new(Shortage {
                sku: self.sku.clone(),
                location: open.location.clone(),
                requested: open.quantity,
                available,
                held: level.held,
                next_expiry: self.next_deadline().filter(|_| !level.held.is_zero()),
            })));
        }
        Ok(ProductEvent::HoldOpened {
            hold: open.hold,
            location: open.location.clone(),
            quantity: open.quantity,
            expires_at: open.expires_at,
        })
    }
}
