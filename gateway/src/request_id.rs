//! A name for every request, so that a customer's complaint, an answer and a log line can be put together.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::ids::IdText;
use crate::limits::REQUEST_ID_MAX;

/// The header it travels in, both ways.
pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes ids that no other process and no other request has: a random half chosen at start, and a count.
/// They name requests and protect nothing, so they need not be unguessable, and cost no random numbers each.
#[derive(Debug)]
pub(crate) struct RequestIds {
    start: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let start = uuid::Uuid::now_v7().as_u64_pair();
        Self { start: start.0.rotate_left(16) ^ start.1, count: AtomicU64::new(0) }
    }

    /// The client's own id if it is a harmless one, else a fresh one.
    pub(crate) fn name(&self, headers: &HeaderMap) -> HeaderValue {
        match headers.get(&X_REQUEST_ID) {
            Some(given) if is_harmless(given.as_bytes()) => given.clone(),
            _ => self.fresh(),
        }
    }

    fn fresh(&self) -> HeaderValue {
        // A count of its own, ordered with nothing else.
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let text = IdText::request((u128::from(self.start) << 64) | u128::from(count));
        HeaderValue::from_str(text.as_str()).unwrap_or_else(|_| HeaderValue::from_static("req_"))
    }
}

/// Whether a client's id can stand in a log line, a header and a page as it is.
fn is_harmless(id: &[u8]) -> bool {
    (1..=REQUEST_ID_MAX).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_id_is_kept_only_if_harmless() {
        let ids = RequestIds::new();
        let mut headers = HeaderMap::new();
        headers.insert(&X_REQUEST_ID, HeaderValue::from_static("abc-1_2.3"));
        assert_eq!(ids.name(&headers), "abc-1_2.3");
        for bad in ["", "a b", "<script>", &"x".repeat(65)] {
            headers.insert(&X_REQUEST_ID, HeaderValue::from_str(bad).unwrap());
            let fresh = ids.name(&headers);
            assert!(fresh.to_str().unwrap().starts_with("req_"), "{bad:?}");
            assert_eq!(fresh.len(), 30);
        }
    }

    #[test]
    fn fresh_ids_differ() {
        let ids = RequestIds::new();
        assert_ne!(ids.name(&HeaderMap::new()), ids.name(&HeaderMap::new()));
    }
}
