//! The query string, read into a struct; what it does not know is refused.

use axum::extract::{FromRequestParts, Query as AxumQuery};
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::wire::page::malformed;

/// The query of a request.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumQuery::from_request_parts(parts, state).await {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(rejection) => Err(malformed(rejection.body_text())),
        }
    }
}
