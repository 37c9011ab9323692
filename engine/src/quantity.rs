//! Counts of units. Integers with checked arithmetic: there is no `+` or `-`, so every over- and underflow is a
//! decision at the place where it could happen.

use std::fmt;
use std::num::NonZeroU32;

/// A number of units, zero included. At most [`Quantity::MAX`], so that sums of many stay far from overflow.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u64);

impl Quantity {
    /// No units.
    pub const ZERO: Self = Self(0);
    /// A thousand billion units: beyond any shelf, and a million of them still fit in 64 bits.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// Takes a count, unless it is above [`Quantity::MAX`].
    pub const fn new(units: u64) -> Option<Self> {
        if units <= Self::MAX.0 { Some(Self(units)) } else { None }
    }

    /// The count.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// Whether there are no units.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is above [`Quantity::MAX`].
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }

    /// The difference, unless it is below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The difference, or zero where it would be below.
    pub const fn floor_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum with a signed change, unless it leaves `0..=MAX`.
    pub const fn checked_change(self, delta: i64) -> Option<Self> {
        match self.0.checked_add_signed(delta) {
            Some(units) => Self::new(units),
            None => None,
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A number of units somebody asks for: at least one, at most [`LineQuantity::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineQuantity(NonZeroU32);

impl LineQuantity {
    /// Ten million: a hundred times the largest line a wholesaler was seen to order.
    pub const MAX: u32 = 10_000_000;
    /// The most units there can be.
    pub const MOST: Self = match Self::new(Self::MAX) {
        Some(most) => most,
        None => panic!("the most units are a number of units"),
    };
    /// One unit.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// Takes `1..=MAX`.
    pub const fn new(units: u32) -> Option<Self> {
        match NonZeroU32::new(units) {
            Some(units) if units.get() <= Self::MAX => Some(Self(units)),
            _ => None,
        }
    }

    /// The count.
    pub const fn units(self) -> u32 {
        self.0.get()
    }

    /// The same count as a [`Quantity`].
    pub const fn quantity(self) -> Quantity {
        Quantity(self.0.get() as u64)
    }

    /// The sum, unless it is above [`LineQuantity::MAX`].
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0.get() + other.0.get())
    }
}

impl fmt::Debug for LineQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<LineQuantity> for Quantity {
    fn from(units: LineQuantity) -> Self {
        units.quantity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_refused_not_wrapped() {
        let one = Quantity::new(1).unwrap();
        assert_eq!(Quantity::MAX.checked_add(one), None);
        assert_eq!(Quantity::ZERO.checked_sub(one), None);
        assert_eq!(Quantity::ZERO.floor_sub(one), Quantity::ZERO);
        assert_eq!(one.checked_change(i64::MIN), None);
        assert_eq!(one.checked_change(-1), Some(Quantity::ZERO));
        assert_eq!(LineQuantity::new(0), None);
        assert_eq!(LineQuantity::new(LineQuantity::MAX + 1), None);
    }
}
