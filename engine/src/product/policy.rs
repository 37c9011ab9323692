//! What the merchant decides about a product: its name, its price, and how it may be sold.

use smol_str::SmolStr;

use crate::ids::Sku;
use crate::money::UnitPrice;
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::Millis;

/// A product's description, as far as selling needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProductDetails {
    /// Name for people; may be empty. At most [`ProductDetails::NAME_BYTES_MAX`].
    pub name: SmolStr,
    /// List price of a unit, for orders that bring no price of their own.
    pub price: Option<UnitPrice>,
    /// How it may be sold.
    pub policy: Policy,
}

impl ProductDetails {
    /// Most bytes a name may have; the longest in a real catalogue of 20,000 has 301 characters.
    pub const NAME_BYTES_MAX: usize = 512;
}

/// How a product may be sold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Whether new units may be promised at all. What is already held or allocated is not touched by it.
    pub sellable: bool,
    /// Units at each location that are never promised.
    pub safety_stock: Quantity,
    /// Units that may be promised at each location beyond what lies there.
    pub backorder_limit: Quantity,
    /// How long a hold lasts when the caller names no time.
    pub hold_ttl_default: Millis,
    /// The longest time a caller may name.
    pub hold_ttl_max: Millis,
    /// The fewest units one line may ask for.
    pub line_quantity_min: LineQuantity,
    /// The most units one line may ask for: one mistyped order must not empty a shelf.
    pub line_quantity_max: LineQuantity,
    /// What a line asks for is a multiple of this: boxes of six are sold by six.
    pub line_quantity_multiple: LineQuantity,
}

/// Which rules of a policy contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The default hold time.
    #[error("the default hold time must lie between 100 ms and the longest, and that within 30 days")]
    HoldTimes,
    /// No quantity satisfies the rules for a line.
    #[error("no quantity is a multiple of what a line must be and lies between its bounds")]
    LineQuantities,
}

impl Policy {
    /// The shortest hold there is.
    pub const HOLD_TTL_MIN: Millis = Millis(100);
    /// The longest hold a policy may allow: 30 days.
    pub const HOLD_TTL_LIMIT: Millis = Millis(30 * 24 * 60 * 60 * 1000);

    /// Finds what cannot be satisfied in it.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), Contradiction> {
        if self.hold_ttl_max > Self::HOLD_TTL_LIMIT
            || self.hold_ttl_default < Self::HOLD_TTL_MIN
            || self.hold_ttl_default > self.hold_ttl_max
        {
            return Err(Contradiction::HoldTimes);
        }
        let (min, multiple) = (self.line_quantity_min.units(), self.line_quantity_multiple.units());
        if min.next_multiple_of(multiple) > self.line_quantity_max.units() {
            return Err(Contradiction::LineQuantities);
        }
        Ok(())
    }

    /// Checks what a line asks for.
    ///
    /// # Errors
    /// The first rule it breaks, about the product of this policy.
    pub fn check_line(&self, sku: &Sku, requested: LineQuantity) -> Result<(), Rejection> {
        let (min, max, multiple) =
            (self.line_quantity_min, self.line_quantity_max, self.line_quantity_multiple);
        if requested > max {
            return Err(Rejection::LineTooLarge { sku: sku.clone(), requested, max });
        }
        if requested < min {
            return Err(Rejection::LineTooSmall { sku: sku.clone(), requested, min });
        }
        if !requested.units().is_multiple_of(multiple.units()) {
            return Err(Rejection::LineNotMultiple { sku: sku.clone(), requested, multiple });
        }
        Ok(())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sellable: true,
            safety_stock: Quantity::ZERO,
            backorder_limit: Quantity::ZERO,
            hold_ttl_default: Millis(15 * 60 * 1000),
            hold_ttl_max: Millis(24 * 60 * 60 * 1000),
            line_quantity_min: LineQuantity::ONE,
            line_quantity_max: const {
                match LineQuantity::new(LineQuantity::MAX) {
                    Some(max) => max,
                    None => panic!("the greatest line quantity is one"),
                }
            },
            line_quantity_multiple: LineQuantity::ONE,
        }
    }
}
