//! A JSON integer, strictly: `1.0`, `1e3`, `"1"` and `null` are not 1.
//!
//! Reading never fails, so that one bad quantity does not hide the next; [`FieldErrors::integer`] judges it.
//!
//! [`FieldErrors::integer`]: super::field_errors::FieldErrors::integer

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// What stands where an integer should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Int {
    /// An integer.
    Whole(i64),
    /// An integer beyond 64 bits.
    Beyond,
    /// Something else; what it is, in words.
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntVisitor)
    }
}

impl Serialize for Int {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(value) => serializer.serialize_i64(*value),
            // Only checked requests are written out again, and these are none.
            Self::Beyond | Self::Other(_) => serializer.serialize_unit(),
        }
    }
}

struct IntVisitor;

impl<'de> Visitor<'de> for IntVisitor {
    type Value = Int;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Int, E> {
        Ok(Int::Whole(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Int, E> {
        Ok(i64::try_from(value).map_or(Int::Beyond, Int::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Int, E> {
        // The parser hands over integers it cannot hold as floats. Anything that large is out of every range,
        // however it was written.
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        Ok(if value.abs() >= BEYOND {
            Int::Beyond
        } else {
            Int::Other("a number with a fraction or an exponent")
        })
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Int, E> {
        Ok(Int::Other("a boolean"))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Int, E> {
        Ok(Int::Other("a string"))
    }

    fn visit_unit<E: Error>(self) -> Result<Int, E> {
        Ok(Int::Other("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Int, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Int::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Int, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Int::Other("an object"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_integers_are_integers() {
        for (json, expected) in [
            ("1", Int::Whole(1)),
            ("-3", Int::Whole(-3)),
            ("9223372036854775807", Int::Whole(i64::MAX)),
            ("9223372036854775808", Int::Beyond),
            ("99999999999999999999999", Int::Beyond),
            ("-1e300", Int::Beyond),
            ("1.0", Int::Other("a number with a fraction or an exponent")),
            ("1e3", Int::Other("a number with a fraction or an exponent")),
            ("\"1\"", Int::Other("a string")),
            ("null", Int::Other("null")),
            ("true", Int::Other("a boolean")),
            ("[1,[2]]", Int::Other("an array")),
            ("{\"a\":1}", Int::Other("an object")),
        ] {
            assert_eq!(serde_json::from_str::<Int>(json).unwrap(), expected, "{json}");
        }
    }
}
