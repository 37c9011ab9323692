//! The runtime's settings and bounds.

use std::time::Duration;

use holdfast_engine::Millis;

/// How the runtime behaves. The default is meant for production on one machine.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// Most requests under way at once; more are refused. Bounds every mailbox, because ractor's are not.
    pub in_flight_max: usize,
    /// How long a payment call may take before its fate counts as unknown.
    pub payment_timeout: Duration,
    /// How long placing an order waits for its payment before it answers with the order as it stands.
    pub checkout_wait: Duration,
    /// The pause before the provider is asked about a payment whose fate is unknown. Doubles with each try, up to
    /// [`CoreConfig::PROBE_PAUSE_MAX`].
    pub probe_backoff: Duration,
    /// How long the units of an order without a reservation are held until its payment begins.
    pub order_hold_ttl: Millis,
    /// How long after its placing an order's payment must be decided. Later no new try is made, and the order fails as
    /// not paid in time; a payment whose fate is unknown is asked about until that is known.
    pub order_payment_deadline: Millis,
}

impl CoreConfig {
    /// The longest pause between two questions about an unknown payment.
    pub const PROBE_PAUSE_MAX: Duration = Duration::from_secs(30);
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            in_flight_max: 16_384,
            payment_timeout: Duration::from_secs(2),
            checkout_wait: Duration::from_secs(5),
            probe_backoff: Duration::from_millis(100),
            order_hold_ttl: Millis(60_000),
            order_payment_deadline: Millis(30 * 60_000),
        }
    }
}
