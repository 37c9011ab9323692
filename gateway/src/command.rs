//! A request that wants something done: its head, its body in memory, and the key it can be repeated under.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use holdfast_engine::{Fingerprint, LotId, Operation, OrderId, ReservationId};
use hyper::body::Body;
use hyper::http::request::Parts;

use crate::app::App;
use crate::body;
use crate::idempotency::{self, Key};
use crate::limits::JSON_BYTES_MAX;
use crate::problem::Problem;

/// The media type of bodies.
const JSON: &str = "application/json";

/// A request with its body read.
pub(crate) struct Command {
    head: Parts,
    body: Bytes,
}

impl Command {
    /// Reads the body and checks that it says it is JSON.
    pub(crate) async fn read<B>(head: Parts, body: B) -> Result<Self, Problem>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        Self::read_up_to(JSON_BYTES_MAX, head, body).await
    }

    /// The same, of at most so many bytes.
    pub(crate) async fn read_up_to<B>(max: usize, head: Parts, body: B) -> Result<Self, Problem>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let body = body::read_up_to(max, &head.headers, body).await?;
        if !body.is_empty() {
            body::expect_type(&head.headers, JSON)?;
        }
        Ok(Self { head, body })
    }

    /// The body.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body alone. The head, which is a view of the connection's read buffer, is let go of.
    pub(crate) fn into_body(self) -> Bytes {
        self.body
    }

    /// The key, which must be there.
    pub(crate) fn key(&self) -> Result<Key, Problem> {
        Key::required(&self.head.headers)
    }

    /// The id of the reservation this request makes.
    pub(crate) fn reservation_id(&self, app: &App, key: &Key) -> ReservationId {
        key.reservation(&app.secret, &self.head.method, self.head.uri.path())
    }

    /// The id of the order this request places.
    pub(crate) fn order_id(&self, app: &App, key: &Key) -> OrderId {
        key.order(&app.secret, &self.head.method, self.head.uri.path())
    }

    /// The id of the lot this request makes.
    pub(crate) fn lot_id(&self, app: &App, key: &Key) -> LotId {
        key.lot(&app.secret, &self.head.method, self.head.uri.path())
    }

    /// The change this request makes.
    pub(crate) fn operation(&self, app: &App, key: &Key, fingerprint: Fingerprint) -> Operation {
        key.operation(&app.secret, &self.head.method, self.head.uri.path(), fingerprint)
    }

    /// The same, for requests that need no key.
    pub(crate) fn operation_or_fresh(
        &self,
        app: &App,
        fingerprint: Fingerprint,
    ) -> Result<Operation, Problem> {
        let key = Key::optional(&self.head.headers)?;
        Ok(match key {
            Some(key) => self.operation(app, &key, fingerprint),
            None => idempotency::unrepeatable(fingerprint),
        })
    }
}

impl<S: Sync> FromRequest<S> for Command {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        Self::read(head, body).await
    }
}
