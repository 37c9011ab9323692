//! Instants as RFC 3339 in UTC with milliseconds: `2026-11-27T08:00:00.000Z`.

use holdfast_engine::Timestamp;
use serde::{Serialize, Serializer};

/// An instant on its way out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Text::new(self.0).as_str())
    }
}

/// An instant on its way in. Any offset is understood; what is finer than a millisecond is dropped.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// The text of an instant.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    Text::new(at).as_str().to_owned()
}

/// Such a text. Two of them stand in every answer of the hot path, where the formatting machinery would cost as much
/// as reading the request does; so the digits are put in place one by one.
struct Text([u8; 24]);

impl Text {
    fn new(at: Timestamp) -> Self {
        // Beyond the calendar's range (9999) there is no text; the engine's saturating sums can reach that.
        let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::MAX);
        let civil = jiff::tz::Offset::UTC.to_datetime(at);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        // Years below 0 are before any shop.
        put(&mut text, 0..4, civil.year().max(0).unsigned_abs());
        put(&mut text, 5..7, civil.month().unsigned_abs().into());
        put(&mut text, 8..10, civil.day().unsigned_abs().into());
        put(&mut text, 11..13, civil.hour().unsigned_abs().into());
        put(&mut text, 14..16, civil.minute().unsigned_abs().into());
        put(&mut text, 17..19, civil.second().unsigned_abs().into());
        put(&mut text, 20..23, civil.millisecond().unsigned_abs());
        Self(text)
    }

    fn as_str(&self) -> &str {
        // Made of ASCII above.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Writes a number's digits, the last one rightmost.
fn put(text: &mut [u8; 24], place: std::ops::Range<usize>, mut number: u16) {
    for digit in text.get_mut(place).into_iter().flatten().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_always_have_three_decimals() {
        let at = |millis| serde_json::to_string(&Instant(Timestamp::from_millis(millis))).unwrap();
        assert_eq!(at(0), "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(at(1_795_766_400_120), "\"2026-11-27T08:00:00.120Z\"");
        assert!(at(i64::MAX).contains("9999-12-"));
        for millis in (0..4_000_000_000_000).step_by(86_399_999_777) {
            let expected = jiff::Timestamp::from_millisecond(millis).unwrap();
            assert_eq!(at(millis), format!("\"{expected:.3}\""));
        }
    }
}
