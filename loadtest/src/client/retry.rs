//! When to ask again, and for how long.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How a request that got no answer is repeated. The key stays the same, so a repeat can have no second effect.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Longest wait for one attempt.
    pub attempt_timeout: Duration,
    /// Longest time for all attempts together. After it the fate of the request is unknown.
    pub total: Duration,
    /// Pause after the first attempt; it doubles from attempt to attempt.
    pub pause_first: Duration,
    /// Longest pause.
    pub pause_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(30),
            total: Duration::from_secs(60),
            pause_first: Duration::from_millis(10),
            pause_max: Duration::from_millis(500),
        }
    }
}

impl RetryPolicy {
    /// The pause after this attempt (counted from 1): doubling, and a random half of it taken off, so that clients
    /// refused together do not come back together. The chance comes from `salt`: a run repeats with its seed.
    /// What the server asked for is heeded where it is longer.
    pub(super) fn pause(&self, attempt: u32, salt: u64, asked: Option<Duration>) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let full = self.pause_first.saturating_mul(1 << doublings).min(self.pause_max);
        let mut hasher = DefaultHasher::new();
        (salt, attempt).hash(&mut hasher);
        let share = (hasher.finish() % 1_000) as f64 / 1_000.0;
        let jittered = full.mul_f64(0.5 + share / 2.0);
        asked.map_or(jittered, |asked| asked.max(jittered))
    }
}

/// Whether an answer says "not now" rather than "no": the server was busy, starting, stopping, or too slow.
pub(super) fn is_worth_repeating(status: u16) -> bool {
    matches!(status, 408 | 429 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_heed_the_server() {
        let policy = RetryPolicy::default();
        for (attempt, full) in [(1, 10), (2, 20), (3, 40), (7, 500), (60, 500)] {
            let pause = policy.pause(attempt, 3, None);
            let full = Duration::from_millis(full);
            assert!(pause >= full / 2 && pause <= full, "attempt {attempt}: {pause:?}");
        }
        assert_eq!(policy.pause(1, 3, Some(Duration::from_secs(2))), Duration::from_secs(2));
        assert_ne!(policy.pause(5, 3, None), policy.pause(5, 4, None));
    }
}
