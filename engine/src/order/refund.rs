//! Money that goes back beside what cancelled and returned units owe: refunds that are granted, and failed ones that are
//! tried again.
//!
//! Invariant I7: all refunds that have not failed come to at most what was taken. What is granted counts against what
//! cancelled and returned units owe later, so those may be owed less than their share.

use smol_str::SmolStr;

use super::{Order, OrderEvent, REFUNDS_MAX, Refund, RefundState, Stage};
use crate::money::Money;
use crate::operation::Operation;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Order {
    /// What was taken and is neither paid back nor owed back.
    pub fn refundable(&self) -> Money {
        let currency = self.total.currency();
        match &self.stage {
            Stage::Confirmed { .. } | Stage::Cancelled { .. } => {
                let counted = self.refunds.iter().filter(|refund| !refund.has_failed());
                let left = counted.map(|refund| refund.amount).try_fold(self.total, Money::checked_sub);
                // Below zero is what I7 rules out.
                left.unwrap_or(Money::zero(currency))
            }
            Stage::Authorising(_)
            | Stage::Committing { .. }
            | Stage::Capturing { .. }
            | Stage::Compensating(_)
            | Stage::Failed { .. } => Money::zero(currency),
        }
    }

    /// Grants a refund: goodwill, or whatever else was agreed with the customer.
    ///
    /// # Errors
    /// If it is not paid, or the refund is of nothing or of more than is left of what was taken.
    pub fn decide_refund(
        &self,
        at: Timestamp,
        amount: Money,
        reason: &SmolStr,
        operation: Operation,
    ) -> Result<Option<OrderEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        if !matches!(self.stage, Stage::Confirmed { .. } | Stage::Cancelled { .. }) {
            return Err(Rejection::OrderState { status: self.status(), verb: "refunded" });
        }
        if amount.minor() == 0 {
            return Err(Rejection::RefundOfNothing);
        }
        self.check_left(amount)?;
        self.check_refund_count()?;
        let reason = reason.clone();
        Ok(Some(OrderEvent::RefundGranted { amount_minor: amount.minor(), reason, operation, at }))
    }

    /// Tries a refund again that the provider had refused: the same refund, under a new key of the provider's.
    ///
    /// # Errors
    /// If there is no such refund, it has not failed, or other refunds were made instead of it.
    pub fn decide_retry(
        &self,
        at: Timestamp,
        refund: u16,
        operation: Operation,
    ) -> Result<Option<OrderEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        let found = self.refunds.get(usize::from(refund));
        let known = found.ok_or(Rejection::RefundNotFound { refund })?;
        match known.state {
            RefundState::Failed { .. } => {}
            RefundState::Pending(_) => return Err(Rejection::RefundNotFailed { refund, done: false }),
            RefundState::Done { .. } => return Err(Rejection::RefundNotFailed { refund, done: true }),
        }
        self.check_left(known.amount)?;
        Ok(Some(OrderEvent::RefundRetried { refund, operation, at }))
    }

    fn check_left(&self, requested: Money) -> Result<(), Rejection> {
        let left = self.refundable();
        // Nothing comes of an amount in another currency either.
        match left.checked_sub(requested) {
            Some(_) => Ok(()),
            None => Err(Rejection::RefundAbovePaid { requested, left }),
        }
    }

    /// Checks that one more refund can be listed.
    pub(super) fn check_refund_count(&self) -> Result<(), Rejection> {
        if self.refunds.len() < REFUNDS_MAX {
            Ok(())
        } else {
            Err(Rejection::TooManyRefunds { max: REFUNDS_MAX })
        }
    }
}

impl Refund {
    pub(super) fn has_failed(&self) -> bool {
        match self.state {
            RefundState::Failed { .. } => true,
            RefundState::Pending(_) | RefundState::Done { .. } => false,
        }
    }
}
