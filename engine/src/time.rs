//! Instants and spans. The engine never reads a clock: every instant is an argument or stands in an event.

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant so many milliseconds after 1970 began, UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 began, UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `span` later. Stops at the end of time instead of wrapping.
    pub const fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add_unsigned(span.0))
    }

    /// The instant `span` earlier. Stops at the beginning of time instead of wrapping.
    pub const fn minus(self, span: Millis) -> Self {
        Self(self.0.saturating_sub_unsigned(span.0))
    }

    /// How long it is from `earlier` until this instant; zero if it is not later.
    pub const fn since(self, earlier: Self) -> Millis {
        let span = self.0.saturating_sub(earlier.0);
        Millis(if span > 0 { span.unsigned_abs() } else { 0 })
    }
}

/// A span of time in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

/// Position in the journal, counted from 1 and never used twice. Zero means "nothing yet".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The position `n` further on.
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0 + n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stops_at_its_ends_and_spans_are_never_negative() {
        let (first, last) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        assert_eq!(Timestamp::from_millis(5).plus(Millis(3)), Timestamp::from_millis(8));
        assert_eq!(last.plus(Millis(1)), last);
        assert_eq!(first.plus(Millis(u64::MAX)), last);
        assert_eq!(Timestamp::from_millis(8).since(Timestamp::from_millis(5)), Millis(3));
        assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(8)), Millis(0));
        assert_eq!(last.since(first), Millis(i64::MAX.unsigned_abs()));
    }
}
