//! A way for a test to hold all clients still while it looks at the server.
//!
//! There are two doors. Whoever asks for a change keeps the *request* door open from before the first attempt until the
//! answer is written down; every single attempt keeps the *attempt* door open. Closing the attempt door waits until nothing is on the wire, and lets
//! nothing new onto it: what is unanswered then stays unanswered. Closing the request door waits until everything begun
//! has its answer, and lets nothing begin. Reads pass both: the one who closes a door wants to read.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Both doors, open at first.
#[derive(Debug, Default)]
pub struct Gate {
    requests: RwLock<()>,
    attempts: RwLock<()>,
}

/// A closed door; it opens when this is dropped.
#[derive(Debug)]
pub struct Closed<'a> {
    _guard: RwLockWriteGuard<'a, ()>,
}

/// Somebody on his way through a door.
pub(crate) type Passing<'a> = RwLockReadGuard<'a, ()>;

impl Gate {
    /// Waits until nothing is on the wire and keeps it so.
    pub async fn close_attempts(&self) -> Closed<'_> {
        Closed { _guard: self.attempts.write().await }
    }

    /// Waits until every change that was asked for is answered and written down, and lets none be asked for.
    pub async fn close_requests(&self) -> Closed<'_> {
        Closed { _guard: self.requests.write().await }
    }

    /// Waits for the request door. Nobody may wait twice: between the two somebody could want to close it.
    pub(crate) async fn begin_request(&self) -> Passing<'_> {
        self.requests.read().await
    }

    pub(super) async fn begin_attempt(&self) -> Passing<'_> {
        self.attempts.read().await
    }
}
