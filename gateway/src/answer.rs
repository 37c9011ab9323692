//! Answers: a status, a few headers, and JSON written straight into the buffer that is sent.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::idempotency::IDEMPOTENT_REPLAYED;
use crate::problem::{Code, Problem};

/// A JSON answer. `capacity` is a guess of its length.
pub(crate) fn json<B: From<Bytes>>(
    status: StatusCode,
    body: &impl Serialize,
    capacity: usize,
) -> Result<Response<B>, Problem> {
    let mut text = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut text, body).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Problem::new(Code::Internal, "the answer could not be written; what was asked for has been done")
    })?;
    let mut response = Response::new(B::from(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Says where what was made can be found.
pub(crate) fn located<B>(mut response: Response<B>, location: &str) -> Response<B> {
    // Our own paths and ids are always a header's text.
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Says that this answer was given before.
pub(crate) fn replayed<B>(mut response: Response<B>, replayed: bool) -> Response<B> {
    if replayed {
        response.headers_mut().insert(&IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Says which version this is.
pub(crate) fn tagged<B>(mut response: Response<B>, version: u64) -> Response<B> {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
