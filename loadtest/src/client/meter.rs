//! How long requests took, by what they asked for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Products and opening stock.
    Import,
    /// An order, until it is decided.
    Checkout,
    /// An order called off.
    Cancel,
    /// An order shipped.
    Ship,
    /// Units of an order coming back.
    Return,
    /// A correction of stock.
    Adjust,
    /// A reservation without an order.
    Reserve,
    /// A reservation taken.
    Commit,
    /// A reservation given back.
    Release,
    /// Reading the stock of a product.
    ReadStock,
    /// Reading an order.
    ReadOrder,
    /// Reading a reservation.
    ReadReservation,
}

impl Kind {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 12] = [
        Self::Import,
        Self::Checkout,
        Self::Cancel,
        Self::Ship,
        Self::Return,
        Self::Adjust,
        Self::Reserve,
        Self::Commit,
        Self::Release,
        Self::ReadStock,
        Self::ReadOrder,
        Self::ReadReservation,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Checkout => "checkout",
            Self::Cancel => "cancel",
            Self::Ship => "ship",
            Self::Return => "return",
            Self::Adjust => "adjust",
            Self::Reserve => "reserve",
            Self::Commit => "commit",
            Self::Release => "release",
            Self::ReadStock => "read stock",
            Self::ReadOrder => "read order",
            Self::ReadReservation => "read reservation",
        }
    }

    /// Whether it changes anything.
    pub fn is_mutation(self) -> bool {
        match self {
            Self::Import
            | Self::Checkout
            | Self::Cancel
            | Self::Ship
            | Self::Return
            | Self::Adjust
            | Self::Reserve
            | Self::Commit
            | Self::Release => true,
            Self::ReadStock | Self::ReadOrder | Self::ReadReservation => false,
        }
    }
}

/// Latencies of one kind of request in microseconds, from the first attempt to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// What was asked for.
    pub kind: Kind,
    /// Requests answered.
    pub requests: u64,
    /// Half were no slower.
    pub p50_us: u64,
    /// 99% were no slower.
    pub p99_us: u64,
    /// 99.9% were no slower.
    pub p999_us: u64,
    /// None was slower.
    pub max_us: u64,
}

/// One histogram for every kind.
#[derive(Debug)]
pub(super) struct Meter {
    /// `None` only if the histogram refuses its own bounds; then that kind is not shown.
    histograms: [Mutex<Option<Histogram<u64>>>; Kind::ALL.len()],
}

const HIGHEST_US: u64 = 600_000_000;
const DIGITS: u8 = 3;

impl Meter {
    pub(super) fn new() -> Self {
        let empty = || Mutex::new(Histogram::new_with_bounds(1, HIGHEST_US, DIGITS).ok());
        Self { histograms: std::array::from_fn(|_| empty()) }
    }

    pub(super) fn record(&self, kind: Kind, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(HIGHEST_US);
        if let Some(histogram) = self.histograms.get(kind as usize) {
            let mut histogram = histogram.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(histogram) = histogram.as_mut() {
                histogram.saturating_record(us.max(1));
            }
        }
    }

    pub(super) fn latencies(&self) -> Vec<Latency> {
        let of = |(kind, histogram): (Kind, &Mutex<Option<Histogram<u64>>>)| {
            let histogram = histogram.lock().unwrap_or_else(PoisonError::into_inner);
            let histogram = histogram.as_ref().filter(|histogram| !histogram.is_empty())?;
            Some(Latency {
                kind,
                requests: histogram.len(),
                p50_us: histogram.value_at_quantile(0.5),
                p99_us: histogram.value_at_quantile(0.99),
                p999_us: histogram.value_at_quantile(0.999),
                max_us: histogram.max(),
            })
        };
        Kind::ALL.into_iter().zip(&self.histograms).filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_own_places() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
    }

    #[test]
    fn latencies_are_kept_apart_by_kind() {
        let meter = Meter::new();
        for ms in 1..=100 {
            meter.record(Kind::Checkout, Duration::from_millis(ms));
        }
        meter.record(Kind::Adjust, Duration::from_micros(70));
        let latencies = meter.latencies();
        assert_eq!(latencies.len(), 2);
        assert_eq!((latencies[0].kind, latencies[0].requests), (Kind::Checkout, 100));
        assert!((49_900..50_100).contains(&latencies[0].p50_us));
        assert_eq!(latencies[1].max_us, 70);
    }
}
