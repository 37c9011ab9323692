//! Where time comes from. The engine takes instants as arguments; this is who hands them out.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use holdfast_engine::{Millis, Timestamp};
use tokio::sync::watch;

/// A wait that ends at an instant.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of time. Never goes backwards.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// How long it has been running, by a source that nobody sets.
    fn running(&self) -> Millis;

    /// Waits until [`Clock::now`] has reached `instant`, or wakes early.
    fn sleep_until(&self, instant: Timestamp) -> Sleep;
}

/// The machine's clock, held back where it would jump backwards: a deadline that has passed stays passed.
#[derive(Debug)]
pub struct SystemClock {
    latest: AtomicI64,
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { latest: AtomicI64::new(0), started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        // Relaxed: the value orders nothing but itself.
        Timestamp::from_millis(self.latest.fetch_max(millis, Ordering::Relaxed).max(millis))
    }

    fn running(&self) -> Millis {
        Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        let span = instant.since(self.now());
        Box::pin(tokio::time::sleep(Duration::from_millis(span.0)))
    }
}

/// The clock, but never earlier than `floor` and the time since. A machine whose clock was set back while the process was
/// down would otherwise bring lapsed deadlines back to life. As soon as the clock has caught up, it counts again.
pub(crate) fn not_before(floor: Timestamp, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
    let behind = floor.since(clock.now());
    if behind == Millis(0) {
        return clock;
    }
    tracing::warn!(
        behind_ms = behind.0,
        "the clock is behind the journal's last fact; going on from there until the clock has caught up"
    );
    let since = clock.running();
    Arc::new(FlooredClock { clock, floor, since })
}

/// A clock that is held up where it lags behind.
struct FlooredClock {
    clock: Arc<dyn Clock>,
    floor: Timestamp,
    /// How long the clock had been running when it was at the floor.
    since: Millis,
}

impl Clock for FlooredClock {
    fn now(&self) -> Timestamp {
        let least = self.floor.plus(Millis(self.clock.running().0.saturating_sub(self.since.0)));
        self.clock.now().max(least)
    }

    fn running(&self) -> Millis {
        self.clock.running()
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        self.clock.sleep_until(self.clock.now().plus(instant.since(self.now())))
    }
}

/// A clock that a test moves by hand.
#[derive(Debug)]
pub struct ManualClock {
    hands: watch::Sender<Hands>,
}

#[derive(Debug, Clone, Copy)]
struct Hands {
    now: Timestamp,
    running: Millis,
}

impl ManualClock {
    /// A clock that stands at this instant.
    pub fn new(now: Timestamp) -> Self {
        Self { hands: watch::Sender::new(Hands { now, running: Millis(0) }) }
    }

    /// Lets time pass and wakes whoever waits for an instant that has come.
    pub fn advance(&self, span: Millis) {
        self.hands.send_modify(|hands| {
            hands.now = hands.now.plus(span);
            hands.running = Millis(hands.running.0.saturating_add(span.0));
        });
    }

    /// Sets it, as people and time servers do: no time passes.
    pub fn set(&self, now: Timestamp) {
        self.hands.send_modify(|hands| hands.now = now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.hands.borrow().now
    }

    fn running(&self) -> Millis {
        self.hands.borrow().running
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        let mut hands = self.hands.subscribe();
        Box::pin(async move {
            if hands.wait_for(|hands| hands.now >= instant).await.is_err() {
                // The clock is gone, so the instant never comes.
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = Millis(60_000);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    #[test]
    fn a_clock_that_is_behind_goes_on_from_the_floor_until_it_has_caught_up() {
        let clock = Arc::new(ManualClock::new(at(100)));
        let held_up = not_before(at(110), Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(held_up.now(), at(110));
        clock.advance(MINUTE);
        assert_eq!((clock.now(), held_up.now()), (at(101), at(111)), "time passes");
        clock.set(at(111));
        assert_eq!(held_up.now(), at(111), "set right, and not counted twice");
        clock.advance(MINUTE);
        clock.set(at(200));
        assert_eq!(held_up.now(), at(200));
        clock.set(at(90));
        assert_eq!(held_up.now(), at(112), "set back again");
    }

    #[test]
    fn a_clock_that_is_not_behind_is_left_alone() {
        let clock = Arc::new(ManualClock::new(at(100)));
        let same = not_before(at(100), Arc::clone(&clock) as Arc<dyn Clock>);
        clock.set(at(90));
        assert_eq!(same.now(), at(90));
    }

    #[tokio::test]
    async fn a_wait_on_a_held_up_clock_lasts_as_long_as_it_says() {
        let clock = Arc::new(ManualClock::new(at(100)));
        let held_up = not_before(at(110), Arc::clone(&clock) as Arc<dyn Clock>);
        let mut wait = held_up.sleep_until(at(112));
        assert!(futures::poll!(wait.as_mut()).is_pending());
        clock.advance(MINUTE);
        assert!(futures::poll!(wait.as_mut()).is_pending());
        clock.advance(MINUTE);
        assert!(futures::poll!(wait.as_mut()).is_ready());
        assert_eq!(held_up.now(), at(112));
    }
}
