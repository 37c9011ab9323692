//! What every request handler has at hand.

use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_actors::Core;

use crate::request_id::RequestIds;

/// Shared by all requests of one gateway.
pub(crate) struct App {
    /// The business, running.
    pub(crate) core: Core,
    /// Keys the derivation of ids from idempotency keys.
    pub(crate) secret: [u8; 32],
    /// Names requests.
    pub(crate) request_ids: RequestIds,
    draining: AtomicBool,
}

impl App {
    pub(crate) fn new(core: Core) -> Self {
        Self {
            secret: core.id_secret(),
            core,
            request_ids: RequestIds::new(),
            draining: AtomicBool::new(false),
        }
    }

    /// From now on new traffic should go elsewhere.
    pub(crate) fn start_draining(&self) {
        // Relaxed: a flag that is asked now and then, with nothing written before it to be seen.
        self.draining.store(true, Ordering::Relaxed);
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
