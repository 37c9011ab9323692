//! Ids as text: a prefix that says what is named, and 26 characters for 128 bits (the suffix of a TypeID: Crockford's
//! base 32 in lower case, most significant digit first).
//!
//! ```text
//!   rsv_01h455vb4pex5vsknk084sn02q
//!   └┬┘ └───────────┬────────────┘
//!   kind     130 bits, the top two zero
//! ```
//!
//! One text per id: upper case, look-alike letters and a first digit above 7 are no ids.

use std::fmt;
use std::str::FromStr;

use holdfast_engine::{LotId, OrderId, ReservationId};
use serde::{Serialize, Serializer};

/// Length of the part after the prefix.
const SUFFIX_LEN: usize = 26;
/// The digits, in order of value. `i`, `l`, `o` and `u` are left out.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Text of an id: the prefix (four bytes with its underscore) and the digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdText([u8; 4 + SUFFIX_LEN]);

impl IdText {
    fn new(prefix: [u8; 4], number: u128) -> Self {
        let mut text = [0; 4 + SUFFIX_LEN];
        let (head, suffix) = text.split_at_mut(4);
        head.copy_from_slice(&prefix);
        let mut rest = number;
        for digit in suffix.iter_mut().rev() {
            // Five bits are always a position in the table.
            *digit = DIGITS.get((rest & 31) as usize).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        Self(text)
    }

    /// The text of a reservation's id.
    pub(crate) fn reservation(id: ReservationId) -> Self {
        Self::new(*b"rsv_", id.0)
    }

    /// The text of an order's id.
    pub(crate) fn order(id: OrderId) -> Self {
        Self::new(*b"ord_", id.0)
    }

    /// The text of a lot's id.
    pub(crate) fn lot(id: LotId) -> Self {
        Self::new(*b"lot_", id.0)
    }

    /// The text of a request's id.
    pub(crate) fn request(id: u128) -> Self {
        Self::new(*b"req_", id)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Made of ASCII above.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for IdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A text that is no id of the kind asked for. It names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub(crate) struct NotAnId;

fn parse(prefix: &str, text: &str) -> Result<u128, NotAnId> {
    let suffix = text.strip_prefix(prefix).ok_or(NotAnId)?;
    if suffix.len() != SUFFIX_LEN || suffix.as_bytes().first().is_none_or(|digit| *digit > b'7') {
        return Err(NotAnId);
    }
    suffix.bytes().try_fold(0_u128, |number, digit| {
        let value = DIGITS.iter().position(|known| *known == digit).ok_or(NotAnId)?;
        Ok((number << 5) | value as u128)
    })
}

/// A reservation's id, from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReservationText(pub(crate) ReservationId);

impl FromStr for ReservationText {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        parse("rsv_", text).map(|number| Self(ReservationId(number)))
    }
}

/// An order's id, from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderText(pub(crate) OrderId);

impl FromStr for OrderText {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        parse("ord_", text).map(|number| Self(OrderId(number)))
    }
}

/// A lot's id, from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LotText(pub(crate) LotId);

impl FromStr for LotText {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        parse("lot_", text).map(|number| Self(LotId(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_one_of_the_typeid_specification() {
        // Valid examples of the specification, by the 128 bits they stand for.
        for (number, suffix) in [
            (0, "00000000000000000000000000"),
            (1, "00000000000000000000000001"),
            (10, "0000000000000000000000000a"),
            (16, "0000000000000000000000000g"),
            (32, "00000000000000000000000010"),
            (u128::MAX, "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
            (0x0189_0a5d_ac96_774b_bcce_b302_099a_8057, "01h455vb4pex5vsknk084sn02q"),
        ] {
            let text = IdText::reservation(ReservationId(number));
            assert_eq!(text.as_str(), format!("rsv_{suffix}"));
            assert_eq!(text.as_str().parse(), Ok(ReservationText(ReservationId(number))));
        }
    }

    #[test]
    fn whatever_is_not_exactly_an_id_is_none() {
        for text in [
            "",
            "rsv_",
            "rsv_0000000000000000000000000",
            "rsv_000000000000000000000000000",
            "rsv_80000000000000000000000000",
            "rsv_0000000000000000000000000U",
            "rsv_0000000000000000000000000A",
            "rsv_000000000000000000000000ü",
            "ord_00000000000000000000000000",
            "00000000000000000000000000",
            "RSV_00000000000000000000000000",
        ] {
            assert_eq!(text.parse::<ReservationText>(), Err(NotAnId), "{text}");
        }
    }
}
