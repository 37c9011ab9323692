//! The counts of one product at one location.
//!
//! ```text
//!   on_hand ─┬─ sellable ─┬─ held, allocated
//!            │            ├─ safety stock (the policy's)
//!            │            └─ available: computed, never stored
//!            ├─ damaged
//!            └─ quality_control
//! ```

use super::policy::Policy;
use crate::quantity::Quantity;

/// What a unit on the shelf is good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Fit for sale.
    #[default]
    Sellable,
    /// Broken, soiled, incomplete: there, and not to be sold.
    Damaged,
    /// Waiting to be looked at.
    QualityControl,
}

impl Condition {
    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sellable => "sellable",
            Self::Damaged => "damaged",
            Self::QualityControl => "quality_control",
        }
    }

    /// The word, as people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Sellable => "sellable",
            Self::Damaged => "damaged",
            Self::QualityControl => "uninspected",
        }
    }
}

/// Units of one product at one location.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct StockLevel {
    /// Counted on the shelf, in whatever condition: the sum of all movements.
    pub on_hand: Quantity,
    /// Of these, units that are damaged.
    pub damaged: Quantity,
    /// Of these, units that wait to be looked at.
    pub quality_control: Quantity,
    /// Claimed by live holds.
    pub held: Quantity,
    /// Promised and not yet shipped or cancelled.
    pub allocated: Quantity,
}

impl StockLevel {
    /// Units on the shelf in this condition.
    pub fn pile(&self, condition: Condition) -> Quantity {
        match condition {
            Condition::Sellable => self.on_hand.floor_sub(self.damaged).floor_sub(self.quality_control),
            Condition::Damaged => self.damaged,
            Condition::QualityControl => self.quality_control,
        }
    }

    /// The level after so many units came to a pile or left it. `None` if a count would leave its range.
    pub fn changed(self, condition: Condition, delta: i64) -> Option<Self> {
        let pile = self.pile(condition).checked_change(delta)?;
        let level = Self { on_hand: self.on_hand.checked_change(delta)?, ..self };
        Some(match condition {
            Condition::Sellable => level,
            Condition::Damaged => Self { damaged: pile, ..level },
            Condition::QualityControl => Self { quality_control: pile, ..level },
        })
    }

    /// Units held and promised together.
    pub fn claimed(&self) -> Quantity {
        self.held.checked_add(self.allocated).unwrap_or(Quantity::MAX)
    }

    /// The most units that may be claimed under this policy: as many as there can be, where nobody counts them.
    pub fn claimable(&self, policy: &Policy) -> Quantity {
        if !policy.tracked {
            return Quantity::MAX;
        }
        self.pile(Condition::Sellable).floor_sub(policy.safety_stock)
    }

    /// Units a new hold could take: what may be claimed less what is, never below zero.
    pub fn available(&self, policy: &Policy) -> Quantity {
        self.claimable(policy).floor_sub(self.claimed())
    }

    /// What may be claimed less what is, below zero where more is claimed or the safety stock is not full.
    pub(super) fn spare(&self, policy: &Policy) -> i64 {
        let [sellable, safety, claimed] =
            [self.pile(Condition::Sellable), policy.safety_stock, self.claimed()].map(Quantity::units);
        sellable.cast_signed() - safety.cast_signed() - claimed.cast_signed()
    }

    /// Units claimed beyond what lies here and can be sold, as after a count that found less.
    pub fn missing(&self) -> Quantity {
        self.claimed().floor_sub(self.pile(Condition::Sellable))
    }

    /// Checks that the sum of claims is a count, and that what cannot be sold lies on the shelf. The counts themselves
    /// cannot be below zero by their type.
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
        let unsellable = self.damaged.checked_add(self.quality_control);
        assert!(
            unsellable.is_some_and(|unsellable| unsellable <= self.on_hand),
            "I2: damaged {} + in quality control {} lie on the shelf with {}",
            self.damaged,
            self.quality_control,
            self.on_hand
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
        let level = StockLevel { on_hand: q(2), held: q(5), ..StockLevel::default() };
        let policy = Policy::default();
        assert_eq!(level.available(&policy), q(0));
        assert_eq!(level.missing(), q(3));
    }

    #[test]
    fn safety_stock_reduces_what_can_be_claimed_and_may_be_used_up_by_what_was() {
        let level = StockLevel { on_hand: q(2), held: q(1), ..StockLevel::default() };
        assert_eq!(level.available(&Policy { safety_stock: q(1), ..Policy::default() }), q(0));
        assert_eq!(level.available(&Policy { safety_stock: q(2), ..Policy::default() }), q(0));
        assert_eq!(level.missing(), q(0));
    }

    #[test]
    fn what_cannot_be_sold_is_there_and_not_available() {
        let level =
            StockLevel { on_hand: q(10), damaged: q(3), quality_control: q(2), ..StockLevel::default() };
        let policy = Policy::default();
        assert_eq!(level.available(&policy), q(5));
        let worse = level.changed(Condition::Damaged, 1).unwrap();
        assert_eq!((worse.on_hand, worse.damaged, worse.available(&policy)), (q(11), q(4), q(5)));
        let scrapped = level.changed(Condition::QualityControl, -2).unwrap();
        assert_eq!((scrapped.on_hand, scrapped.available(&policy)), (q(8), q(5)));
        // A pile cannot be taken from another.
        assert_eq!(level.changed(Condition::Sellable, -6), None);
        assert_eq!(level.changed(Condition::Damaged, -4), None);
        let short = StockLevel { held: q(6), ..level };
        assert_eq!(short.missing(), q(1));
    }
}
