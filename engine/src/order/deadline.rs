//! Orders that are not paid in time.
//!
//! An order holds units while it is paid, so that must have an end: an order whose payment is not decided within a span
//! of its placing is declined and gives its units back. Three things are never cut off: a call that is under way or
//! whose fate is unknown (the money may be set aside, so it is asked about until that is known); the first try to take
//! money that was set aside in time; and letting go or paying back, which is owed.

use smol_str::SmolStr;

use super::{Order, OrderEvent, PaymentOutcome, PaymentStep, Step};
use crate::time::{Millis, Timestamp};

/// Why an order failed whose payment was not decided in time.
pub const NOT_PAID_IN_TIME: SmolStr = SmolStr::new_static("not paid in time");

impl Order {
    /// What to record instead of another try of a payment call, if `limit` has passed since the order was placed; the
    /// instant itself counts. To be asked wherever a try under a new key would be made, when none is under way.
    pub fn decide_overdue(&self, at: Timestamp, limit: Millis) -> Option<OrderEvent> {
        if at.since(self.placed.at) < limit {
            return None;
        }
        let Step::Pay(step, attempt) = self.next_step() else { return None };
        let gives_up = match step {
            PaymentStep::Authorise => !attempt.unknown,
            PaymentStep::Capture => !attempt.unknown && attempt.tries > 0,
            PaymentStep::Void | PaymentStep::Refund(_) => false,
        };
        let outcome = PaymentOutcome::Declined { reason: NOT_PAID_IN_TIME };
        gives_up.then_some(OrderEvent::PaymentSettled { step, outcome, at })
    }
}
