//! What every request handler has at hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_actors::Core;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::request_id::RequestIds;

/// Shared by all requests of one gateway.
pub(crate) struct App {
    /// The business, running.
    pub(crate) core: Core,
    /// Keys the derivation of ids from idempotency keys.
    pub(crate) secret: [u8; 32],
    /// Names requests.
    pub(crate) request_ids: RequestIds,
    /// What open streams share.
    pub(crate) streams: Streams,
    draining: AtomicBool,
}

/// Bounds and ends streams of live stock.
pub(crate) struct Streams {
    /// A place for each that may be open.
    pub(crate) places: Arc<Semaphore>,
    /// How long a stream is silent before it says that it is there.
    pub(crate) keep_alive: Duration,
    /// Ends all of them.
    pub(crate) end: CancellationToken,
}

impl Streams {
    pub(crate) fn new(streams_max: usize, keep_alive: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(streams_max)), keep_alive, end: CancellationToken::new() }
    }
}

impl App {
    pub(crate) fn new(core: Core, streams: Streams) -> Self {
        Self {
            secret: core.id_secret(),
            core,
            request_ids: RequestIds::new(),
            streams,
            draining: AtomicBool::new(false),
        }
    }

    /// From now on new traffic should go elsewhere.
    pub(crate) fn start_draining(&self) {
        // Relaxed: a flag that is asked now and then, with nothing written before it to be seen.
        self.draining.store(true, Ordering::Relaxed);
        // They would never finish by themselves.
        self.streams.end.cancel();
    }

    /// Whether [`App::start_draining`] was called.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether new traffic is welcome.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_draining() && self.core.is_ready()
    }
}
