//! Identities: 128-bit numbers made outside the engine and names given by the merchant.
//!
//! The engine never makes an id: it has no random source. Callers bring time-ordered ids or ids derived from an
//! idempotency key, so that a repeated request finds its original by id and needs no second index.
//! Text forms (`rsv_…`, `ord_…`) belong to the wire and live in the gateway.

use std::fmt;

use smol_str::SmolStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        // There are many of them in tables beside 64-bit numbers, which need no wider alignment.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(Rust, packed(8))]
        pub struct $name(pub u128);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), { self.0 })
            }
        }
    };
}

id!(
    /// One reservation: one or more holds that stand or fall together.
    ReservationId
);
id!(
    /// One order. The reservation an order makes for itself carries the same number.
    OrderId
);
id!(
    /// One caller's intention to change something once: derived from who asks, what for, and the idempotency key.
    OperationId
);
id!(
    /// One lot of units on their way to a location.
    LotId
);

/// A short hash of a request's meaning. Two requests under one [`OperationId`] with different fingerprints are
/// two different requests, and the second is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u64);

/// One product's part of a reservation: the reservation and the position of the line in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId {
    /// The reservation this hold is a part of.
    pub reservation: ReservationId,
    /// Which line of it, counted from 0 in the order of `(sku, location)`.
    pub line: u16,
}

/// Why a text was refused as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was left, or nothing was given.
    #[error("must not be empty")]
    Empty,
    /// Longer than the type allows.
    #[error("must be at most {max} bytes, has {actual}")]
    TooLong {
        /// Most bytes allowed.
        max: usize,
        /// Bytes given.
        actual: usize,
    },
    /// Holds a control character, or a direction override that would make logs and pages lie.
    #[error("must not hold control or text-direction characters")]
    ControlCharacter,
    /// Begins or ends with white space, which people cannot see.
    #[error("must not begin or end with white space")]
    SurroundingSpace,
}

/// Whether a character changes how the text around it is shown instead of being text itself.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Checks a text that people will read: its length in bytes, and that it holds nothing unprintable.
///
/// # Errors
/// [`NameError`] names the first rule the text breaks.
pub fn check_text(text: &str, max: usize) -> Result<(), NameError> {
    if text.len() > max {
        return Err(NameError::TooLong { max, actual: text.len() });
    }
    if text.chars().any(is_unprintable) {
        return Err(NameError::ControlCharacter);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Most bytes the text may have.
            pub const BYTES_MAX: usize = $max;

            /// Takes a text that is not empty, not too long, printable, and without white space around it.
            ///
            /// # Errors
            /// [`NameError`] names the first rule the text breaks.
            pub fn new(text: &str) -> Result<Self, NameError> {
                if text.is_empty() {
                    return Err(NameError::Empty);
                }
                check_text(text, Self::BYTES_MAX)?;
                if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
                    return Err(NameError::SurroundingSpace);
                }
                Ok(Self(SmolStr::new(text)))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The merchant's own name of a product, compared byte by byte.
    Sku,
    64
);
name!(
    /// The merchant's own name of a place where stock lies.
    LocationId,
    64
);
name!(
    /// The merchant's own name of a sale.
    SaleId,
    64
);
name!(
    /// The storefront's own name of a buyer, guest or not.
    CustomerId,
    128
);

impl LocationId {
    /// The location meant by callers who name none.
    pub fn main() -> Self {
        Self(SmolStr::new_static("main"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_what_is_printable_and_refuse_the_rest() {
        assert_eq!(Sku::new("85123A").unwrap().as_str(), "85123A");
        assert_eq!(Sku::new("Größe 42").unwrap().as_str(), "Größe 42");
        assert_eq!(Sku::new(""), Err(NameError::Empty));
        assert_eq!(Sku::new(" A"), Err(NameError::SurroundingSpace));
        assert_eq!(Sku::new("A\u{0}B"), Err(NameError::ControlCharacter));
        assert_eq!(Sku::new("A\u{202e}B"), Err(NameError::ControlCharacter));
        assert_eq!(Sku::new(&"x".repeat(65)), Err(NameError::TooLong { max: 64, actual: 65 }));
    }

    #[test]
    fn a_text_may_have_all_the_bytes_it_is_allowed() {
        let name = "x".repeat(Sku::BYTES_MAX);
        assert_eq!(Sku::new(&name).unwrap().as_str(), name);
        assert_eq!(check_text("Größe", 7), Ok(()), "what counts is bytes");
        assert_eq!(check_text("Größe", 6), Err(NameError::TooLong { max: 6, actual: 7 }));
        assert_eq!(check_text("", 0), Ok(()));
    }
}
