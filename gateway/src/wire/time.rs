//! Instants as RFC 3339 in UTC with milliseconds: `2026-11-27T08:00:00.000Z`.

use holdfast_engine::Timestamp;
use serde::{Serialize, Serializer};

/// An instant on its way out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Beyond the calendar's range (9999) there is no text; the engine's saturating sums can reach that.
        let at = jiff::Timestamp::from_millisecond(self.0.millis()).unwrap_or(jiff::Timestamp::MAX);
        serializer.collect_str(&format_args!("{at:.3}"))
    }
}

/// The text of an instant.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.3}")
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
    }
}
