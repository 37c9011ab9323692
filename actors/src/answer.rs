//! What a caller gets: an answer, a refusal, or "not now".

use std::sync::Arc;

use holdfast_engine::Rejection;
use tokio::sync::oneshot;

use crate::shared::Permit;

/// An answer, and whether it was given before to the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Whether the request was a repeat, carried out earlier.
    pub replayed: bool,
}

impl<T> Answer<T> {
    /// The answer to a request that was carried out now.
    pub(crate) fn fresh(value: T) -> Self {
        Self { value, replayed: false }
    }

    /// The answer to a request that had been carried out before.
    pub(crate) fn repeated(value: T) -> Self {
        Self { value, replayed: true }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The business says no. Nothing happened.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The system cannot answer now. Whether something happened is unknown; the same request under the same key
    /// finds out.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why the system cannot answer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// As many requests are under way as may be. This one was not begun.
    #[error("too many requests are under way")]
    Overloaded,
    /// The owner of the state died and is being rebuilt.
    #[error("the owner of this state is being restarted")]
    Restarting,
    /// The journal failed, so nothing can be promised any more.
    #[error("the journal has failed")]
    JournalFailed,
    /// The process is ending. This request was not begun.
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// What becomes of a request that changes something.
pub type Reply<T> = Result<Answer<T>, Failure>;

/// Where an answer goes. Carries the request's permit: a request whose caller went away is under way until it is
/// answered, and counts.
pub(crate) struct ReplyTo<T> {
    to: oneshot::Sender<T>,
    permit: Option<PermitShare>,
}

/// A request's permit, or a share in one. Given back when the last share is dropped.
enum PermitShare {
    #[allow(dead_code, reason = "kept for its drop")]
    Whole(Permit),
    #[allow(dead_code, reason = "kept for its drop")]
    Part(Arc<Permit>),
}

impl<T> ReplyTo<T> {
    /// An answer to come, and where it will arrive.
    pub(crate) fn channel(permit: Option<Permit>) -> (Self, oneshot::Receiver<T>) {
        let (to, answer) = oneshot::channel();
        (Self { to, permit: permit.map(PermitShare::Whole) }, answer)
    }

    /// The same with a share in a permit, of which the caller keeps the other.
    pub(crate) fn channel_with_share(permit: &Arc<Permit>) -> (Self, oneshot::Receiver<T>) {
        let (to, answer) = oneshot::channel();
        (Self { to, permit: Some(PermitShare::Part(Arc::clone(permit))) }, answer)
    }

    /// Sends the answer. A caller that went away does not hear it, which changes nothing: what was done is done, and a
    /// repeat under the same key finds it.
    pub(crate) fn answer(self, answer: T) {
        // First, so that whoever has an answer is not counted any more.
        drop(self.permit);
        drop(self.to.send(answer));
    }

    /// Whether nobody waits for it any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.to.is_closed()
    }

    /// Gives the permit back, where what is still waited for is not the core's own work.
    pub(crate) fn give_back_permit(&mut self) {
        self.permit = None;
    }
}
