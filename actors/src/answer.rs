//! What a caller gets: an answer, a refusal, or "not now".

use holdfast_engine::Rejection;

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

pub(crate) type ReplyTo<T> = tokio::sync::oneshot::Sender<Reply<T>>;

/// Sends a reply. A caller that went away does not hear it, which changes nothing: what was done is done, and a
/// repeat under the same key finds it.
pub(crate) fn reply<T>(to: ReplyTo<T>, reply: Reply<T>) {
    drop(to.send(reply));
}
