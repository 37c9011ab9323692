//! A shop for a test: a node on a directory of its own, and a client that checks what every answer must have.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast_gateway::{Embedded, EmbeddedOptions, embedded};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A node under test.
pub(crate) struct Shop {
    pub(crate) dir: TempDir,
    pub(crate) node: Embedded,
    client: Client,
    keys: AtomicU64,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(EmbeddedOptions::default()).await
    }

    pub(crate) async fn open_with(options: EmbeddedOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let node = embedded(dir.path(), options).await.unwrap();
        Self { dir, node, client: Client::new(), keys: AtomicU64::new(1) }
    }

    /// Stops the node in order and starts another on the same directory.
    pub(crate) async fn restart(self) -> Self {
        let Self { dir, node, client, keys } = self;
        node.stop().await.unwrap();
        let node = embedded(dir.path(), EmbeddedOptions::default()).await.unwrap();
        Self { dir, node, client, keys }
    }

    pub(crate) async fn stop(self) {
        self.node.stop().await.unwrap();
    }

    /// A request to this node.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.node.url))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Posts under a key nobody used before.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let key = format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.post_under(&key, path, body).await
    }

    pub(crate) async fn post_under(&self, key: &str, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }

    /// A product with so many units at the main location.
    pub(crate) async fn stocked(&self, sku: &str, units: u64) {
        let body = json!({"name": sku, "price": {"amount": "2.55", "currency": "GBP"}});
        self.put(&format!("/v1/products/{sku}"), &body).await.expect(StatusCode::CREATED);
        if units > 0 {
            let body = json!({"set": units, "reason": "opening stock"});
            self.post(&format!("/v1/stock/{sku}/adjustments"), &body).await.expect(StatusCode::CREATED);
        }
    }

    pub(crate) async fn stock(&self, sku: &str) -> Value {
        self.get(&format!("/v1/stock/{sku}")).await.expect(StatusCode::OK)
    }

    pub(crate) async fn available(&self, sku: &str) -> u64 {
        self.stock(sku).await["available"].as_u64().unwrap()
    }

    /// A held reservation of so many units of one product; its answer.
    pub(crate) async fn reserved(&self, sku: &str, quantity: u64) -> Value {
        let body = json!({"customer": "c", "lines": [{"sku": sku, "quantity": quantity}]});
        self.post("/v1/reservations", &body).await.expect(StatusCode::CREATED)
    }

    /// Position of the last event handed to the journal.
    pub(crate) fn journal(&self) -> u64 {
        self.node.core.stats().journal_appended
    }
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap().to_vec();
        let answer = Self { status, headers, body };
        answer.check();
        answer
    }

    /// What every answer must have: a request id, and the problem form if it is a refusal.
    fn check(&self) {
        let id = self.header("x-request-id").unwrap_or_else(|| panic!("a request id in {self:?}"));
        if self.status.is_client_error() || self.status.is_server_error() {
            assert_eq!(self.header("content-type").as_deref(), Some("application/problem+json"), "{self:?}");
            let body = self.json();
            let code = body["code"].as_str().unwrap();
            assert_eq!(body["type"], format!("https://holdfast.dev/problems/{code}"));
            assert_eq!(body["status"], self.status.as_u16());
            assert_eq!(body["request_id"], id);
            assert!(
                body["title"].is_string() && body["detail"].is_string() && body["retryable"].is_boolean()
            );
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body of an answer with this status.
    pub(crate) fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem of a refusal with this status and code.
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(StatusCode::from_u16(status).unwrap());
        assert_eq!(body["code"], code, "{body}");
        body
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed").as_deref() == Some("true")
    }
}

/// Waits until something holds that is bound to hold, for at most half a minute.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap();
}

/// The pointers a refusal names, in order.
pub(crate) fn pointers(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}
