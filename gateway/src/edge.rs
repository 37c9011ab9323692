//! What every request passes through: it gets a name, a time-out, a guard against panics, and is counted.
//!
//! ```text
//!   connection ──▶ Edge ──┬── POST /v1/reservations ──▶ handler      (no router, nothing boxed)
//!                         └── everything else ──▶ axum's router ──▶ handler
//! ```
//!
//! One function instead of a stack of layers: a layer costs a boxed future for each request, and the hot path has none
//! to spare. It is also the one place where a [`Problem`] becomes a response, because only here the request's id is known.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tower::Service;

use crate::app::App;
use crate::command::Command;
use crate::metrics::Metrics;
use crate::problem::{Code, PROBLEM_JSON, Problem};
use crate::request_id::X_REQUEST_ID;
use crate::route_label::route_label;
use crate::routes::{batch, reservations};

/// A body in one piece, or one of the router's.
pub(crate) type EdgeBody = Either<Full<Bytes>, Body>;

/// The public listener's way in.
pub(crate) struct Edge {
    app: Arc<App>,
    router: Router,
    metrics: Arc<Metrics>,
    request_timeout: Duration,
}

impl Edge {
    pub(crate) fn new(app: Arc<App>, metrics: Arc<Metrics>, request_timeout: Duration) -> Self {
        let router = crate::routes::router(Arc::clone(&app));
        Self { app, router, metrics, request_timeout }
    }

    /// Answers one request, whatever happens.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<EdgeBody>, Infallible> {
        let started = Instant::now();
        let id = self.app.request_ids.name(request.headers());
        let route = route_label(request.uri().path());
        let method = method_label(request.method());
        let work = AssertUnwindSafe(self.dispatch(request, &id)).catch_unwind();
        let mut response = match tokio::time::timeout(self.request_timeout, work).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                // The panic's message and place were reported by the panic hook.
                tracing::error!(request_id = ?id, route, "a handler panicked");
                refuse(
                    &Problem::new(Code::Internal, "something went wrong here; repeat with the same key"),
                    &id,
                )
            }
            Err(_) => {
                let detail =
                    "the request took too long, and may have been carried out; repeat with the same key";
                refuse(&Problem::new(Code::RequestTimeout, detail), &id)
            }
        };
        response.headers_mut().insert(&X_REQUEST_ID, id);
        self.metrics.request(route, method, response.status().as_u16(), started.elapsed());
        Ok(response)
    }

    async fn dispatch(&self, mut request: Request<Incoming>, id: &HeaderValue) -> Response<EdgeBody> {
        if request.method() == Method::POST && request.uri().path() == reservations::PATH {
            return match self.reserve(request).await {
                Ok(response) => response.map(Either::Left),
                Err(problem) => refuse(&problem, id),
            };
        }
        if request.uri().path() == batch::PATH {
            request.extensions_mut().insert(batch::RequestName(id.clone()));
        }
        let Ok(response) = self.router.clone().call(request).await;
        written(response, id)
    }

    async fn reserve(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Problem> {
        let (head, body) = request.into_parts();
        let command = Command::read(head, body).await?;
        reservations::reserve(&self.app, command).await
    }
}

fn refuse(problem: &Problem, id: &HeaderValue) -> Response<EdgeBody> {
    problem.render::<Full<Bytes>>(id).map(Either::Left)
}

/// Writes out the problem a handler returned. Should a library have refused by itself, its plain text is replaced by a
/// problem of the same status.
fn written(mut response: Response<Body>, id: &HeaderValue) -> Response<EdgeBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response.map(Either::Right);
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON) => {
            return response.map(Either::Right);
        }
        None => foreign(status),
    };
    let problem = match response.headers_mut().remove(ALLOW) {
        Some(methods) => problem.allow(methods),
        None => problem,
    };
    refuse(&problem, id)
}

fn foreign(status: StatusCode) -> Problem {
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::BadRequest,
        _ => Code::Internal,
    };
    Problem::new(code, "the request was refused")
}

/// The method, of those that are in use here.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn plain_text_of_a_library_never_leaves() {
        let mut response = Response::new(Body::from("Method Not Allowed"));
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        let response = written(response, &HeaderValue::from_static("req_1"));
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), PROBLEM_JSON);
        assert_eq!(response.headers().get(ALLOW).unwrap(), "GET");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["code"], &body["request_id"]), (&"method_not_allowed".into(), &"req_1".into()));
    }
}
