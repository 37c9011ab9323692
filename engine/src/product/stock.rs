//! The counts of one product at one location.

use super::policy::Policy;
use crate::quantity::Quantity;

/// Units of one product at one location.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct StockLevel {
    /// Counted on the shelf: the sum of all movements.
    pub on_hand: Quantity,
    /// Claimed by live holds.
    pub held: Quantity,
    /// Promised and not yet shipped or cancelled.
    pub allocated: Quantity,
}

impl StockLevel {
    /// Units held and promised together.
    pub fn claimed(&self) -> Quantity {
        self.held.checked_add(self.allocated).unwrap_or(Quantity::MAX)
    }

    /// The most units that may be claimed under this policy.
    pub fn claimable(&self, policy: &Policy) -> Quantity {
        self.on_hand
            .floor_sub(policy.safety_stock)
            .checked_add(policy.backorder_limit)
            .unwrap_or(Quantity::MAX)
    }

    /// Units a new hold could take: what may be claimed less what is, never below zero.
    pub fn available(&self, policy: &Policy) -> Quantity {
        self.claimable(policy).floor_sub(self.claimed())
    }

    /// Units promised beyond what lies here.
    pub fn backordered(&self) -> Quantity {
        self.claimed().floor_sub(self.on_hand)
    }

    /// Whether more is claimed than there is, backorders included. Safety stock may be used up by what was
    /// promised before it was raised.
    pub fn is_short(&self, policy: &Policy) -> bool {
        match self.on_hand.checked_add(policy.backorder_limit) {
            Some(limit) => self.claimed() > limit,
            None => false,
        }
    }

    /// Checks that the sum of claims is a count. The counts themselves cannot be below zero by their type.
    ///
    /// # Panics
    /// If it is not: that is an error in this program.
    pub fn check(&self) {
        assert!(
            self.held.checked_add(self.allocated).is_some(),
            "I1: held {} + allocated {} is a count",
            self.held,
            self.allocated
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(units: u64) -> Quantity {
        Quantity::new(units).unwrap()
    }

    #[test]
    fn available_is_floored_at_zero_after_a_lowered_count() {
        let level = StockLevel { on_hand: q(2), held: q(5), allocated: q(0) };
        let policy = Policy::default();
        assert_eq!(level.available(&policy), q(0));
        assert_eq!(level.backordered(), q(3));
        assert!(level.is_short(&policy));
    }

    #[test]
    fn backorders_extend_and_safety_stock_reduces_what_can_be_claimed() {
        let level = StockLevel { on_hand: q(2), held: q(1), allocated: q(0) };
        assert_eq!(level.available(&Policy { backorder_limit: q(5), ..Policy::default() }), q(6));
        assert_eq!(level.available(&Policy { safety_stock: q(1), ..Policy::default() }), q(0));
        assert!(!level.is_short(&Policy { backorder_limit: q(5), ..Policy::default() }));
    }
}
