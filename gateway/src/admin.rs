//! The admin listener: health and metrics, on an address of its own, loopback unless somebody insists.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode};
use serde_json::json;
use tower::Service;

use crate::answer;
use crate::app::App;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::request_id::X_REQUEST_ID;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the admin routes have at hand.
#[derive(Clone)]
struct Admin {
    app: Arc<App>,
    metrics: Arc<Metrics>,
}

/// The admin listener's way in.
#[derive(Clone)]
pub(crate) struct AdminEdge(Router, Arc<App>);

impl AdminEdge {
    pub(crate) fn new(app: Arc<App>, metrics: Arc<Metrics>) -> Self {
        let router = Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics_text))
            .fallback(|| std::future::ready(Problem::new(Code::NotFound, "see /livez, /readyz and /metrics")))
            .method_not_allowed_fallback(|| {
                std::future::ready(Problem::new(Code::MethodNotAllowed, "see the Allow header"))
            })
            .with_state(Admin { app: Arc::clone(&app), metrics });
        Self(router, app)
    }

    pub(crate) async fn answer(mut self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let id = self.1.request_ids.name(request.headers());
        let Ok(mut response) = self.0.call(request).await;
        if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
            if let Some(methods) = response.headers_mut().remove(ALLOW) {
                problem = problem.allow(methods);
            }
            response = problem.render::<Full<Bytes>>(&id).map(axum::body::Body::new);
        }
        response.headers_mut().insert(&X_REQUEST_ID, id);
        Ok(response)
    }
}

/// Alive: the process answers. Depends on nothing else, or a full disk would make an orchestrator kill it over and over.
async fn livez() -> Result<Response, Problem> {
    answer::json(StatusCode::OK, &json!({"status": "ok"}), 32)
}

/// Ready: the journal takes writes and no drain has begun. `?verbose` lists the checks.
async fn readyz(State(admin): State<Admin>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let (core, serving) = (admin.app.core.is_ready(), !admin.app.is_draining());
    let ready = core && serving;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({"status": if ready { "ready" } else { "not_ready" }});
    let verbose =
        query.is_some_and(|query| query.split('&').any(|part| part.split('=').next() == Some("verbose")));
    if let (true, Some(members)) = (verbose, body.as_object_mut()) {
        let checks = json!([{"name": "core", "ok": core}, {"name": "not_draining", "ok": serving}]);
        members.insert("checks".to_owned(), checks);
    }
    answer::json(status, &body, 128)
}

async fn metrics_text(State(admin): State<Admin>) -> Response {
    let mut response = admin.metrics.encode().into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS));
    response
}
