//! Everything that is not a success, as `application/problem+json` (RFC 9457). No other form of refusal leaves here.
//!
//! ```text
//!   Failure of the core ──refusal──▶ Problem ──render(request id)──▶ response
//!   bad input, 404, 405, … ─────────▶ Problem
//! ```
//!
//! A handler returns a [`Problem`]; the edge, which knows the request's id, writes it out. In between it travels as an
//! extension of an empty response.

mod code;
mod refusal;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde::Serialize;
use serde::ser::SerializeMap;
use utoipa::ToSchema;

pub(crate) use code::Code;
pub(crate) use refusal::{in_body, in_past, in_path};

/// The media type of every refusal.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// Where each code is explained; part of the contract, so it never changes.
const DOCS: &str = "https://holdfast.dev/problems/";

/// One thing wrong with one member of the request's body.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, ToSchema)]
pub(crate) struct FieldError {
    /// Where, as a JSON pointer (RFC 6901). Empty for the body as a whole.
    #[schema(example = "/lines/0/quantity")]
    pub(crate) pointer: String,
    /// What is wrong, for programs.
    #[schema(value_type = String, example = "out_of_range")]
    pub(crate) code: &'static str,
    /// What is wrong, for people.
    #[schema(value_type = String, example = "must be an integer from 1 to 10000000")]
    pub(crate) detail: Cow<'static, str>,
}

/// What is wrong with the only member that is.
fn blame(only: &FieldError) -> String {
    format!("{}: {}", if only.pointer.is_empty() { "body" } else { &only.pointer }, only.detail)
}

/// A refusal on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    retryable: bool,
    replayed: bool,
    errors: Vec<FieldError>,
    members: Vec<(&'static str, serde_json::Value)>,
    allow: Option<HeaderValue>,
}

impl Problem {
    /// A refusal of this kind; the detail says what about this request.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            retryable: code.is_retryable(),
            replayed: false,
            errors: Vec::new(),
            members: Vec::new(),
            allow: None,
        }))
    }

    /// A text in place of a reservation's id that is no such id: malformed, or the id of something else.
    pub(crate) fn not_a_reservation() -> Self {
        Self::new(Code::NotAReservation, "a reservation's id is `rsv_` and 26 more letters and digits")
    }

    /// A body whose members are wrong in these ways.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => blame(only),
            more => format!("{} members of the body are not as they should be; see errors", more.len()),
        };
        let mut problem = Self::new(Code::ValidationFailed, detail);
        problem.0.errors = errors;
        problem
    }

    /// The same refusal, blamed on one member of the body.
    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        let (code, detail) = (self.0.code.name(), self.0.detail.clone());
        self.0.errors.push(FieldError { pointer: pointer.into(), code, detail });
        self
    }

    /// The same refusal of a part of a larger body: what it points at stands below `part`, a JSON pointer.
    pub(crate) fn within(mut self, part: &str) -> Self {
        let inner = &mut *self.0;
        if let [only] = inner.errors.as_slice()
            && inner.detail == blame(only)
        {
            inner.detail = format!("{part}{}: {}", only.pointer, only.detail).into();
        }
        for error in &mut inner.errors {
            error.pointer.insert_str(0, part);
        }
        self
    }

    /// The same refusal with one more member.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.0.members.push((name, value.into()));
        self
    }

    /// The same refusal, retryable or not.
    pub(crate) fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// The same refusal, given before.
    pub(crate) fn replayed(mut self, replayed: bool) -> Self {
        self.0.replayed = replayed;
        self
    }

    /// The same refusal, with the methods that would be allowed.
    pub(crate) fn allow(mut self, methods: HeaderValue) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// Whether it was given before.
    pub(crate) fn is_replayed(&self) -> bool {
        self.0.replayed
    }

    /// What kind of refusal it is.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.code.status()
    }

    /// The members wrong in the body.
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The document, with the request's id.
    pub(crate) fn body<'a>(&'a self, request_id: &'a str) -> impl Serialize + use<'a> {
        Body { problem: &self.0, request_id }
    }

    /// The whole response.
    pub(crate) fn render<B: From<Bytes>>(&self, request_id: &HeaderValue) -> hyper::Response<B> {
        let mut json = Vec::with_capacity(512);
        let body = self.body(request_id.to_str().unwrap_or_default());
        if serde_json::to_writer(&mut json, &body).is_err() {
            json.clear();
        }
        let mut response = hyper::Response::new(B::from(Bytes::from(json)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(spread(request_id.as_bytes())));
        }
        if self.0.replayed {
            headers.insert(&crate::idempotency::IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some(allow) = &self.0.allow {
            headers.insert(hyper::header::ALLOW, allow.clone());
        }
        response
    }
}

/// Seconds until a retry: one to three, different for different requests, so that a crowd turned away together does
/// not come back together.
fn spread(request_id: &[u8]) -> u64 {
    1 + xxhash_rust::xxh3::xxh3_64(request_id) % 3
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

struct Body<'a> {
    problem: &'a Inner,
    request_id: &'a str,
}

impl Serialize for Body<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let code = self.problem.code;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &format_args!("{DOCS}{}", code.name()))?;
        map.serialize_entry("title", code.title())?;
        map.serialize_entry("status", &code.status().as_u16())?;
        map.serialize_entry("detail", &self.problem.detail)?;
        map.serialize_entry("code", code.name())?;
        map.serialize_entry("request_id", self.request_id)?;
        map.serialize_entry("retryable", &self.problem.retryable)?;
        if !self.problem.errors.is_empty() {
            map.serialize_entry("errors", &self.problem.errors)?;
        }
        for (name, value) in &self.problem.members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The problem document as the API description shows it.
#[derive(ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "https://holdfast.dev/problems/insufficient_stock",
    "title": "Not enough stock",
    "status": 409,
    "detail": "85123A: 3 asked for, 2 available",
    "code": "insufficient_stock",
    "request_id": "req_01h455vb4pex5vsknk084sn02q",
    "retryable": true,
    "shortages": [{
        "sku": "85123A", "location": null, "requested": 3, "available": 2, "held": 5, "backordered": 0,
        "backorderable": 0,
        "next_expiry_at": "2026-11-27T08:15:00.000Z"
    }]
}))]
#[allow(dead_code, reason = "describes what `Body` writes by hand")]
pub(crate) struct ProblemSchema {
    /// Stable address of the explanation of this kind of problem.
    #[schema(format = "uri")]
    r#type: String,
    /// The kind in words; never varies for a code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What about this request. For people; do not parse it.
    detail: String,
    /// The kind, for programs.
    code: String,
    /// Id of the request, as in the `X-Request-Id` header.
    request_id: String,
    /// Whether the same request, with the same `Idempotency-Key`, may succeed later.
    retryable: bool,
    /// Members of the body that are wrong.
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// With `insufficient_stock`: what is missing where.
    #[schema(required = false)]
    shortages: Vec<ShortageSchema>,
    /// With `stock_changed` and `total_changed`: what the request expected.
    #[schema(required = false)]
    expected: serde_json::Value,
    /// With `stock_changed` and `total_changed`: what is so.
    #[schema(required = false)]
    actual: serde_json::Value,
    /// With `journal_unreadable`: where it cannot be read. With `not_yet`: how far it is.
    #[schema(required = false)]
    sequence: u64,
    /// With `payment_declined` and `reservation_in_checkout`: the order concerned.
    #[schema(required = false)]
    order_id: String,
    /// Where a component of bundles was refused: which bundles named by the request that was for.
    #[schema(required = false)]
    bundles: Vec<String>,
    /// Of an atomic batch: the position of the operation that could not be carried out, from 0.
    #[schema(required = false)]
    operation: u32,
}

/// What is missing where, and whether waiting could help.
#[derive(ToSchema)]
#[schema(as = Shortage)]
#[allow(dead_code, reason = "describes what the refusal table writes")]
struct ShortageSchema {
    /// Which product.
    sku: String,
    /// Where, if the line asked for one location; otherwise the counts are those of all together.
    #[schema(required = true)]
    location: Option<String>,
    /// Units asked for.
    requested: u64,
    /// Units that could be taken.
    available: u64,
    /// Units in live holds, which may come back.
    held: u64,
    /// Units that others queue for.
    backordered: u64,
    /// Units that may queue beyond those; `null` if there is no limit.
    #[schema(required = true)]
    backorderable: Option<u64>,
    /// When the next of those holds lapses.
    #[schema(required = false, format = DateTime)]
    next_expiry_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_member_a_client_switches_on() {
        let problem = Problem::new(Code::NotFound, "nothing here").at("/lines/0/sku").with("extra", 1);
        let json = serde_json::to_value(problem.body("req_1")).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "https://holdfast.dev/problems/not_found",
                "title": "Not found",
                "status": 404,
                "detail": "nothing here",
                "code": "not_found",
                "request_id": "req_1",
                "retryable": false,
                "errors": [{"pointer": "/lines/0/sku", "code": "not_found", "detail": "nothing here"}],
                "extra": 1,
            })
        );
    }
}
