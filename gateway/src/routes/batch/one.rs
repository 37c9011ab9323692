//! One operation of a batch, carried out as its own route would have.

use bytes::Bytes;
use holdfast_engine::{Operation, ReservationId, Sku};
use hyper::{Method, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::plan::{Thing, Use};
use crate::app::App;
use crate::idempotency::{IDEMPOTENT_REPLAYED, Key, fingerprint};
use crate::ids::IdText;
use crate::problem::Problem;
use crate::routes::{products, reservations, stock};
use crate::wire::batch::{BatchItem, BatchOutcomeBody, Work};

/// What became of an operation.
pub(super) struct Outcome {
    status: u16,
    replayed: bool,
    is_success: bool,
    text: Bytes,
}

impl Outcome {
    pub(super) fn done(response: &Response<Bytes>) -> Self {
        Self {
            status: response.status().as_u16(),
            replayed: response.headers().contains_key(&IDEMPOTENT_REPLAYED),
            is_success: true,
            text: response.body().clone(),
        }
    }

    /// A refusal; `name` is the request's.
    fn refused(position: usize, name: &str, problem: Problem) -> Self {
        let problem = problem.within(&format!("/operations/{position}"));
        // Plain data; see `openapi::to_json`.
        let text = serde_json::to_vec(&problem.body(name)).unwrap_or_default();
        Self {
            status: problem.status().as_u16(),
            replayed: problem.is_replayed(),
            is_success: false,
            text: text.into(),
        }
    }

    pub(super) fn is_success(&self) -> bool {
        self.is_success
    }

    /// Length of its text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// As it stands in the answer.
    pub(super) fn body(&self) -> BatchOutcomeBody<'_> {
        // Written as JSON above.
        let text = serde_json::from_slice(&self.text).ok();
        let (body, problem) = if self.is_success { (text, None) } else { (None, text) };
        BatchOutcomeBody { status: self.status, replayed: self.replayed, body, problem }
    }
}

/// What an operation concerns.
pub(super) fn uses(app: &App, item: &BatchItem<'_>) -> Vec<(Thing, Use)> {
    match &item.work {
        Work::Reserve(request) => {
            // A name that is none is refused in its turn, and concerns nothing.
            let skus = request.lines.iter().filter_map(|line| Sku::new(&line.sku).ok());
            let claims = skus.flat_map(|sku| app.core.components_of(&sku).into_iter().chain([sku]));
            claims.map(|sku| (Thing::Product(sku), Use::Claim)).collect()
        }
        Work::Commit(id, _) | Work::Release(id, _) | Work::Extend(id, _) => {
            let products = app.core.products_of(*id).into_iter().map(|sku| (Thing::Product(sku), Use::End));
            products.chain([(Thing::Reservation(*id), Use::Change)]).collect()
        }
        Work::Adjust(sku, _) | Work::PutProduct(sku, _) => vec![(Thing::Product(sku.clone()), Use::Change)],
    }
}

/// Carries an operation out.
pub(super) async fn carry_out(
    app: &App,
    batch: &Key,
    name: &str,
    position: usize,
    item: &Result<BatchItem<'_>, Problem>,
) -> (usize, Outcome) {
    let done = match item {
        Ok(item) => try_one(app, batch, position, item).await,
        Err(problem) => Err(problem.clone()),
    };
    let outcome = match done {
        Ok(response) => Outcome::done(&response),
        Err(problem) => Outcome::refused(position, name, problem),
    };
    (position, outcome)
}

async fn try_one(
    app: &App,
    batch: &Key,
    position: usize,
    item: &BatchItem<'_>,
) -> Result<Response<Bytes>, Problem> {
    let key = key_of(batch, position, item);
    // The same method and path as on the operation's own route make it the same operation under the same key.
    match &item.work {
        Work::Reserve(request) => {
            let id = key.reservation(&app.secret, &Method::POST, reservations::PATH);
            reservations::make(app, id, request).await
        }
        Work::Commit(id, request) => {
            let operation = of_reservation(app, &key, *id, "commit", request);
            reservations::commit_with(app, *id, operation, request).await
        }
        Work::Release(id, request) => {
            let operation = of_reservation(app, &key, *id, "release", request);
            reservations::release_with(app, *id, operation).await
        }
        Work::Extend(id, request) => {
            let operation = of_reservation(app, &key, *id, "extend", request);
            reservations::extend_with(app, *id, operation, request).await
        }
        Work::Adjust(sku, request) => {
            let path = format!("/v1/stock/{}/adjustments", encoded(sku));
            let operation = key.operation(&app.secret, &Method::POST, &path, fingerprint(request));
            stock::adjust_with(app, sku.clone(), operation, request).await
        }
        Work::PutProduct(sku, request) => {
            let path = format!("/v1/products/{}", encoded(sku));
            let operation = key.operation(&app.secret, &Method::PUT, &path, fingerprint(request));
            products::put_with(app, sku.clone(), operation, request).await
        }
    }
}

/// The key of an operation: its own, or one made of the batch's and its position.
pub(super) fn key_of(batch: &Key, position: usize, item: &BatchItem<'_>) -> Key {
    match &item.key {
        Some(key) => key.clone(),
        None => batch.part(&format!("batch/{position}")),
    }
}

fn of_reservation(
    app: &App,
    key: &Key,
    id: ReservationId,
    verb: &str,
    request: &impl Serialize,
) -> Operation {
    let path = format!("{}/{}/{verb}", reservations::PATH, IdText::reservation(id));
    key.operation(&app.secret, &Method::POST, &path, fingerprint(request))
}

fn encoded(sku: &Sku) -> impl std::fmt::Display {
    utf8_percent_encode(sku.as_str(), NON_ALPHANUMERIC)
}
