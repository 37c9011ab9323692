//! Where time comes from. The engine takes instants as arguments; this is who hands them out.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use holdfast_engine::{Millis, Timestamp};
use tokio::sync::watch;

/// A wait that ends at an instant.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of time. Never goes backwards.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Waits until [`Clock::now`] has reached `instant`.
    fn sleep_until(&self, instant: Timestamp) -> Sleep;
}

/// The machine's clock, held back where it would jump backwards: a deadline that has passed stays passed.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        // Relaxed: the value orders nothing but itself.
        Timestamp::from_millis(self.latest.fetch_max(millis, Ordering::Relaxed).max(millis))
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        let span = instant.since(self.now());
        Box::pin(tokio::time::sleep(Duration::from_millis(span.0)))
    }
}

/// The clock, moved on so far that it begins no earlier than `instant`. A machine whose clock was set back while the
/// process was down would otherwise bring lapsed deadlines back to life.
pub(crate) fn not_before(instant: Timestamp, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
    let behind = instant.since(clock.now());
    if behind == Millis(0) {
        return clock;
    }
    tracing::warn!(
        behind_ms = behind.0,
        "the clock is behind the journal's last fact; going on from there, ahead of the clock by as much"
    );
    Arc::new(MovedClock { clock, ahead: behind })
}

/// A clock that is ahead of another one.
struct MovedClock {
    clock: Arc<dyn Clock>,
    ahead: Millis,
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.clock.now().plus(self.ahead)
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        self.clock.sleep_until(Timestamp::from_millis(instant.millis().saturating_sub_unsigned(self.ahead.0)))
    }
}

/// A clock that a test moves by hand.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// A clock that stands at this instant.
    pub fn new(now: Timestamp) -> Self {
        Self { now: watch::Sender::new(now) }
    }

    /// Moves it forward and wakes whoever waits for an instant that has come.
    pub fn advance(&self, span: Millis) {
        self.now.send_modify(|now| *now = now.plus(span));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            if now.wait_for(|now| *now >= instant).await.is_err() {
                // The clock is gone, so the instant never comes.
                std::future::pending::<()>().await;
            }
        })
    }
}
