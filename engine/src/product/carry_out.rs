//! Decide and apply in one call.
//!
//! This is what [`Product::decide`] and [`Product::apply`] do one after the other, and they remain the definition. Two commands
//! make up nearly all of a sale, though: the usual claim, which is one line for one location that has all of it, and the end of
//! a hold. For them decision and change rest on the same look-ups, so here these are made once.

use super::sale::Claimed;
use super::{Events, HoldEnd, OpenHolds, Product, ProductCommand, ProductEvent, Sources, TimeInForce};
use crate::ids::HoldId;
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    /// Decides a command, and applies the events that carry it out, which are the answer.
    ///
    /// # Errors
    /// Those of [`Product::decide`]; the product is as it was.
    ///
    /// # Panics
    /// As [`Product::apply`] does, which no event of the product's own makes it do.
    pub fn carry_out(&mut self, at: Timestamp, command: &ProductCommand) -> Result<Events, Rejection> {
        let event = match command {
            ProductCommand::Open(open) => self.open_at_once(at, open),
            ProductCommand::End { hold, why } => return Ok(self.end_at_once(*hold, *why)),
            _ => None,
        };
        if let Some(event) = event {
            return Ok(Events::from_buf([event]));
        }
        let events = self.decide(at, command)?;
        events.iter().for_each(|event| self.apply(event));
        Ok(events)
    }

    /// Opens the hold of a claim that can be met in the usual way. `None` says nothing: it has to be looked at closely.
    fn open_at_once(&mut self, at: Timestamp, open: &OpenHolds) -> Option<ProductEvent> {
        let ([claim], Some(details), None) = (open.claims.as_slice(), &self.details, &self.waiting) else {
            return None;
        };
        let policy = &details.policy;
        // A date may have passed, which is refused.
        let has_date = matches!(open.terms.time_in_force, Some(TimeInForce::GoodTilDate(_)));
        if has_date || !(policy.sellable && policy.tracked) || details.is_bundle() {
            return None;
        }
        policy.check_line(&self.sku, claim.quantity).ok()?;
        let number = match (&claim.location, self.by_name.as_slice()) {
            (Some(asked), _) => self.number(asked).filter(|number| self.shelf(*number).is_stocked)?,
            (None, [only]) => *only,
            (None, _) => return None,
        };
        if self.on_offer(number, at) < Quantity::from(claim.quantity) {
            return None;
        }
        let buyer = match self.sale {
            Some(_) => self.check_sale(at, &open.customer, claim.quantity.into(), Quantity::ZERO).ok()?,
            None => None,
        };
        let hold = HoldId { reservation: open.reservation, line: open.first_line };
        let event = ProductEvent::HoldOpened {
            hold,
            quantity: claim.quantity,
            sources: Sources::At { location: self.name(number).clone(), asked: claim.location.is_some() },
            buyer: buyer.cloned(),
            expires_at: open.expires_at,
            offer: None,
        };
        self.version += 1;
        self.open_at(number, hold, claim.quantity, Some(open.expires_at));
        self.check_grant(number);
        if let ProductEvent::HoldOpened { sources, buyer: Some(buyer), quantity, .. } = &event {
            let claimed = Claimed { customer: buyer.clone(), before: Quantity::ZERO };
            self.count_in_sale(hold, claimed, sources, *quantity);
            self.check_limit(buyer);
        }
        Some(event)
    }

    /// Ends a hold, if it is live.
    fn end_at_once(&mut self, hold: HoldId, why: HoldEnd) -> Events {
        if !self.end_live_hold(hold, why) {
            return Events::new();
        }
        self.version += 1;
        Events::from_buf([ProductEvent::HoldEnded { hold, why }])
    }
}
