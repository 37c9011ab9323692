//! What the merchant decides about a product: its name, its price, and how it may be sold.

use smol_str::SmolStr;

use crate::money::UnitPrice;
use crate::quantity::{LineQuantity, Quantity};
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
    /// The most units one line may ask for: one mistyped order must not empty a shelf.
    pub line_quantity_max: LineQuantity,
}

impl Policy {
    /// The shortest hold there is.
    pub const HOLD_TTL_MIN: Millis = Millis(100);
    /// The longest hold a policy may allow: 30 days.
    pub const HOLD_TTL_LIMIT: Millis = Millis(30 * 24 * 60 * 60 * 1000);
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sellable: true,
            safety_stock: Quantity::ZERO,
            backorder_limit: Quantity::ZERO,
            hold_ttl_default: Millis(15 * 60 * 1000),
            hold_ttl_max: Millis(24 * 60 * 60 * 1000),
            line_quantity_max: const {
                match LineQuantity::new(LineQuantity::MAX) {
                    Some(max) => max,
                    None => panic!("the greatest line quantity is one"),
                }
            },
        }
    }
}
