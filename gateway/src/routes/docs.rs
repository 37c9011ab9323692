//! `/openapi.json` and `/docs`: the description of this interface, for programs and for people. Everything is served
//! from the binary; a page that loaded scripts from elsewhere would not work where shops keep their cores.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use crate::app::App;
use crate::openapi;
use crate::problem::{Code, Problem};

/// The page may load from here and nowhere else. Its own styles are set from script.
const CSP: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'";

pub(crate) fn router(description: &OpenApi) -> Router<Arc<App>> {
    let document = Bytes::from(openapi::to_json(description));
    // Without a validator address the page would ask one on the internet for a badge.
    let config = Arc::new(Config::from("/openapi.json").validator_url("none").try_it_out_enabled(true));
    let index = Arc::clone(&config);
    Router::new()
        .route("/openapi.json", get(move || std::future::ready(openapi_json(document.clone()))))
        .route("/docs", get(|| std::future::ready(Redirect::permanent("/docs/"))))
        .route("/docs/", get(move || std::future::ready(file("", Arc::clone(&index)))))
        .route(
            "/docs/{*file}",
            get(move |Path(path): Path<String>| std::future::ready(file(&path, Arc::clone(&config)))),
        )
}

fn openapi_json(document: Bytes) -> Response {
    let mut response = Response::new(Body::from(document));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn file(path: &str, config: Arc<Config<'static>>) -> Result<Response, Problem> {
    let file = utoipa_swagger_ui::serve(path, config).map_err(|error| {
        tracing::error!(%error, "a file of the documentation could not be made");
        Problem::new(Code::Internal, "this file of the documentation could not be made")
    })?;
    let file = file.ok_or_else(|| Problem::new(Code::NotFound, "the documentation has no such file"))?;
    let mut response = Response::new(Body::from(file.bytes.into_owned()));
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&file.content_type) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    if file.gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    Ok(response)
}
