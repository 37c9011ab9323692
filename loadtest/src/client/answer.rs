//! What came back.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::wire::Problem;

/// An answer of the server that is final: another attempt would not change it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body as it came.
    pub body: Vec<u8>,
    /// Whether the server says that it had answered this before.
    pub replayed: bool,
    /// Attempts it took, at least 1.
    pub attempts: u32,
    /// When it was asked and answered.
    pub span: Span,
}

/// From the first attempt to the answer, in nanoseconds since the client began.
///
/// The effect of a request lies somewhere within: what was answered before another was sent came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Just before the first attempt.
    pub sent_ns: u64,
    /// Just after the answer.
    pub answered_ns: u64,
}

/// Why a request has no usable answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswered {
    /// No attempt got an answer in time: whether it had its effect is unknown.
    #[error("no answer after {attempts} attempts in {waited_ms} ms, the last: {last}")]
    GaveUp {
        /// Attempts made.
        attempts: u32,
        /// Time spent.
        waited_ms: u64,
        /// What became of the last one.
        last: String,
    },
    /// An answer that is neither what was asked for nor a refusal anybody could expect.
    #[error("{status} {code}: {detail}")]
    Unexpected {
        /// HTTP status.
        status: u16,
        /// The problem's code, or what it is instead of a problem.
        code: String,
        /// In the server's words.
        detail: String,
    },
}

impl Answer {
    /// Whether it is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads the body of a success.
    ///
    /// # Errors
    /// If it is no success, or not the body expected.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Unanswered> {
        if !self.is_success() {
            return Err(self.unexpected());
        }
        serde_json::from_slice(&self.body).map_err(|error| Unanswered::Unexpected {
            status: self.status,
            code: "unreadable_body".to_owned(),
            detail: format!("{error}: {}", self.text()),
        })
    }

    /// The refusal in it, if that is what it is.
    pub fn problem(&self) -> Option<Problem> {
        if self.is_success() { None } else { serde_json::from_slice(&self.body).ok() }
    }

    /// This answer as one that should not have come.
    pub fn unexpected(&self) -> Unanswered {
        let problem = self.problem();
        let (code, detail) = match problem {
            Some(problem) => (problem.code, problem.detail),
            None => ("no_problem_body".to_owned(), self.text()),
        };
        Unanswered::Unexpected { status: self.status, code, detail }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(200).collect()
    }
}

/// Only for reading a problem's flag without the rest.
#[derive(Debug, Deserialize)]
pub(super) struct CodeOnly {
    pub(super) code: String,
}
