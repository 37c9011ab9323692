//! What can be watched: requests, the core's own counts, the journal's syncs. In OpenMetrics text, under `holdfast_`.
//!
//! Labels have few values by construction: route templates, methods, statuses. Never a SKU.

use std::time::Duration;

use holdfast_actors::{Core, GroupObserver};
use holdfast_persistence::SyncedGroup;
use parking_lot::RwLock;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Seconds: from 100 us, where a durable reservation lives, to the request time-out.
const DURATION_BUCKETS: [f64; 18] = [
    0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25, 1.0, 5.0, 30.0,
];
/// Events in one group of the journal.
const GROUP_BUCKETS: [f64; 13] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0];
/// Seconds of one sync, from what a good disk takes to what a sick one does.
const SYNC_BUCKETS: [f64; 14] =
    [0.00005, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.05, 0.25, 1.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

/// The metrics of one node. Made before the core is opened, because the journal's observer is one of them.
#[derive(Debug)]
pub struct Metrics {
    registry: RwLock<Registry>,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    connections: Gauge,
    connections_refused: Counter,
    groups: GroupMetrics,
}

/// What the journal's writer reports, shared with the observer on its thread.
#[derive(Debug, Clone)]
struct GroupMetrics {
    syncs: Counter,
    events: Histogram,
    bytes: Counter,
    sync_duration: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics of a node that has done nothing yet.
    pub fn new() -> Self {
        let requests =
            Family::new_with_constructor((|| Histogram::new(DURATION_BUCKETS)) as fn() -> Histogram);
        let connections = Gauge::default();
        let connections_refused = Counter::default();
        let groups = GroupMetrics {
            syncs: Counter::default(),
            events: Histogram::new(GROUP_BUCKETS),
            bytes: Counter::default(),
            sync_duration: Histogram::new(SYNC_BUCKETS),
        };
        let mut registry = Registry::with_prefix("holdfast");
        registry.register("build", "What is running", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register_with_unit(
            "http_server_request_duration",
            "Time from a request's head to its answer, by route, method and status",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register("http_connections", "Open connections of the public listener", connections.clone());
        registry.register(
            "http_connections_refused",
            "Connections turned away because there were too many",
            connections_refused.clone(),
        );
        registry.register("journal_syncs", "Syncs of the journal", groups.syncs.clone());
        registry.register("journal_group_events", "Events made durable by one sync", groups.events.clone());
        registry.register_with_unit(
            "journal_written",
            "What the journal has made durable",
            Unit::Bytes,
            groups.bytes.clone(),
        );
        registry.register_with_unit(
            "journal_sync_duration",
            "Time one sync took",
            Unit::Seconds,
            groups.sync_duration.clone(),
        );
        Self { registry: RwLock::new(registry), requests, connections, connections_refused, groups }
    }

    /// Hears of the journal's syncs; to be given to the core when it is opened.
    pub fn group_observer(&self) -> Box<dyn GroupObserver> {
        let groups = self.groups.clone();
        Box::new(move |group: &SyncedGroup| {
            groups.syncs.inc();
            groups.events.observe(approximate(group.events));
            groups.bytes.inc_by(group.bytes);
            groups.sync_duration.observe(group.sync_duration.as_secs_f64());
        })
    }

    /// From now on the core's own counts are among the metrics.
    pub(crate) fn watch(&self, core: Core) {
        self.registry.write().register_collector(Box::new(CoreCollector(core)));
    }

    /// One request was answered.
    pub(crate) fn request(&self, route: &'static str, method: &'static str, status: u16, took: Duration) {
        let labels = RequestLabels { route, method, status };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn connection_opened(&self) {
        self.connections.inc();
    }

    pub(crate) fn connection_closed(&self) {
        self.connections.dec();
    }

    pub(crate) fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// All of them as OpenMetrics text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.registry.read()) {
            Ok(()) => text,
            Err(error) => {
                tracing::error!(%error, "the metrics could not be written");
                String::new()
            }
        }
    }
}

/// A count as the float a histogram takes; counts beyond 2^53 are not seen.
#[allow(clippy::cast_precision_loss, reason = "a group has far fewer events than a float has digits")]
fn approximate(count: u64) -> f64 {
    count as f64
}

/// Reads the core's counts at each scrape.
struct CoreCollector(Core);

impl std::fmt::Debug for CoreCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CoreCollector")
    }
}

impl Collector for CoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stats = self.0.stats();
        for (name, help, value) in [
            ("ready", "Whether new traffic is welcome", u64::from(self.0.is_ready())),
            ("products", "Products known", stats.products),
            ("products_active", "Products with a live actor", stats.active_products),
            ("reservations", "Reservations in memory", stats.reservations),
            ("orders", "Orders in memory", stats.orders),
            ("core_in_flight", "Requests inside the core", stats.in_flight),
            (
                "journal_appended_sequence",
                "Position of the last event handed to the journal",
                stats.journal_appended,
            ),
            ("journal_durable_sequence", "Position of the last event made durable", stats.journal_durable),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        for (name, help, value) in [
            (
                "core_refused_overload",
                "Requests refused because too many were inside",
                stats.refused_overload,
            ),
            ("holds_expired", "Holds that lapsed", stats.expired_holds),
            ("actor_restarts", "Actors rebuilt after a panic", stats.actor_restarts),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_in_the_text() {
        let metrics = Metrics::new();
        metrics.request("/v1/reservations", "POST", 201, Duration::from_micros(250));
        let group =
            SyncedGroup { events: 3, frames: 1, bytes: 640, sync_duration: Duration::from_micros(180) };
        metrics.group_observer().on_group(&group);
        let text = metrics.encode();
        for line in [
            "holdfast_build_info{version=",
            "holdfast_http_server_request_duration_seconds_count{route=\"/v1/reservations\",method=\"POST\",status=\"201\"} 1",
            "holdfast_http_server_request_duration_seconds_bucket{le=\"0.0002\",route=\"/v1/reservations\",method=\"POST\",status=\"201\"} 0",
            "holdfast_http_server_request_duration_seconds_bucket{le=\"0.0003\",route=\"/v1/reservations\",method=\"POST\",status=\"201\"} 1",
            "holdfast_journal_syncs_total 1",
            "holdfast_journal_group_events_sum 3.0",
            "holdfast_journal_written_bytes_total 640",
            "holdfast_journal_sync_duration_seconds_count 1",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
