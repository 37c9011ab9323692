//! What can be changed about an order that is placed: where it goes. Its lines and their prices are what its payment was
//! authorised for, so they only ever become fewer, by being called off.

use smol_str::SmolStr;

use super::{Order, OrderEvent, Stage};
use crate::operation::Operation;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Order {
    /// Where it goes, as JSON text; empty if nobody said.
    pub fn ship_to(&self) -> &SmolStr {
        &self.ship_to
    }

    /// Sends it somewhere else.
    ///
    /// # Errors
    /// If it is not confirmed, something of it has left, or a shipment is under way.
    pub fn decide_ship_to(
        &self,
        at: Timestamp,
        ship_to: &SmolStr,
        operation: Operation,
    ) -> Result<Option<OrderEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        if !self.is_all_here() {
            return Err(Rejection::OrderState { status: self.status(), verb: "edited" });
        }
        Ok(Some(OrderEvent::ShipToChanged { ship_to: ship_to.clone(), operation, at }))
    }

    /// Whether it is confirmed and nothing of it has left or may be leaving.
    pub(super) fn is_all_here(&self) -> bool {
        matches!(self.stage, Stage::Confirmed { .. })
            && self.shipping.is_none()
            && self.lines.iter().all(|line| line.progress.shipped.is_zero())
    }
}
