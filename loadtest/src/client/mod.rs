//! The HTTP client: one request means one effect, however many attempts it takes.
//!
//! A mutating request carries an idempotency key and is repeated under it until there is an answer that another attempt
//! would not change: after connection errors and time-outs, and when the server says that it is busy. Only when the total
//! time is over it gives up, and then the fate of the request is *unknown*, which no audit may pass over.
//!
//! Connections are kept and shared, as many as there are requests in flight.

mod answer;
mod gate;
mod key;
mod meter;
mod retry;
pub mod wire;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use tokio::sync::watch;

pub use self::answer::{Answer, Span, Unanswered};
pub(crate) use self::gate::Passing;
pub use self::gate::{Closed, Gate};
pub use self::key::Keys;
pub use self::meter::{Kind, Latency};
pub use self::retry::RetryPolicy;

use self::answer::CodeOnly;
use self::meter::Meter;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENT_REPLAYED: &str = "idempotent-replayed";

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    retry: RetryPolicy,
    began: Instant,
    gate: Gate,
    meter: Meter,
    attempts: AtomicU64,
    repeats: AtomicU64,
    /// Mutating requests answered so far, for those who wait for a number of them.
    answered: watch::Sender<u64>,
}

/// A client that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make an HTTP client for {url}")]
pub struct ClientError {
    url: String,
    source: reqwest::Error,
}

/// Attempts made by a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Attempts {
    /// All of them.
    pub attempts: u64,
    /// Those that were not the first of their request.
    pub repeats: u64,
}

struct Request<'a> {
    kind: Kind,
    method: Method,
    path: &'a str,
    key: Option<&'a str>,
    content_type: &'static str,
    body: Vec<u8>,
}

/// What an attempt came to that is no answer.
struct Failed {
    why: String,
    retry_after: Option<Duration>,
}

impl Client {
    /// A client of the server at `url` (`http://127.0.0.1:8080`) with up to so many connections kept open.
    ///
    /// # Errors
    /// If the HTTP library refuses its settings.
    pub fn new(url: &str, connections: usize, retry: RetryPolicy) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(connections)
            .tcp_nodelay(true)
            .timeout(retry.attempt_timeout)
            .no_proxy()
            .build()
            .map_err(|source| ClientError { url: url.to_owned(), source })?;
        Ok(Self {
            http,
            base: url.trim_end_matches('/').to_owned(),
            retry,
            began: Instant::now(),
            gate: Gate::default(),
            meter: Meter::new(),
            attempts: AtomicU64::new(0),
            repeats: AtomicU64::new(0),
            answered: watch::Sender::new(0),
        })
    }

    /// Posts JSON under an idempotency key until it is answered.
    ///
    /// # Errors
    /// [`Unanswered::GaveUp`] when the time for it is over.
    pub async fn post(
        &self,
        kind: Kind,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<Answer, Unanswered> {
        let body = serde_json::to_vec(body).map_err(|error| Unanswered::Unexpected {
            status: 0,
            code: "unwritable_body".to_owned(),
            detail: error.to_string(),
        })?;
        let content_type = "application/json";
        self.mutate(Request { kind, method: Method::POST, path, key: Some(key), content_type, body }).await
    }

    /// Posts lines of JSON under an idempotency key until they are answered.
    ///
    /// # Errors
    /// [`Unanswered::GaveUp`] when the time for it is over.
    pub async fn post_lines(
        &self,
        kind: Kind,
        path: &str,
        key: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Unanswered> {
        let content_type = "application/x-ndjson";
        self.mutate(Request { kind, method: Method::POST, path, key: Some(key), content_type, body }).await
    }

    /// Reads until it is answered. Passes closed doors.
    ///
    /// # Errors
    /// [`Unanswered::GaveUp`] when the time for it is over.
    pub async fn get(&self, kind: Kind, path: &str) -> Result<Answer, Unanswered> {
        let content_type = "application/json";
        self.until_answered(Request {
            kind,
            method: Method::GET,
            path,
            key: None,
            content_type,
            body: vec![],
        })
        .await
    }

    /// Latencies so far.
    pub fn latencies(&self) -> Vec<Latency> {
        self.meter.latencies()
    }

    /// Attempts so far.
    pub fn attempts(&self) -> Attempts {
        Attempts {
            attempts: self.attempts.load(Ordering::Relaxed),
            repeats: self.repeats.load(Ordering::Relaxed),
        }
    }

    /// The doors of this client.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Mutating requests answered so far, and a way to wait for more of them.
    pub fn answered(&self) -> watch::Receiver<u64> {
        self.answered.subscribe()
    }

    /// Notes the latency of something that took more than one request.
    pub(crate) fn record(&self, kind: Kind, span: Span) {
        self.meter.record(kind, Duration::from_nanos(span.answered_ns.saturating_sub(span.sent_ns)));
    }

    /// Now, on the clock of [`Span`].
    pub(crate) fn now_ns(&self) -> u64 {
        self.ns(Instant::now())
    }

    /// The longest anything may take.
    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        self.retry
    }

    async fn mutate(&self, request: Request<'_>) -> Result<Answer, Unanswered> {
        let answer = self.until_answered(request).await?;
        self.answered.send_modify(|answered| *answered += 1);
        Ok(answer)
    }

    async fn until_answered(&self, request: Request<'_>) -> Result<Answer, Unanswered> {
        let sent = Instant::now();
        let mut patience = self.retry.total;
        let mut attempts = 0;
        let salt = salt_of(&request);
        loop {
            attempts += 1;
            let failed = {
                let at_the_door = Instant::now();
                let _passing = match request.kind.is_mutation() {
                    true => Some(self.gate.begin_attempt().await),
                    false => None,
                };
                // Waiting for somebody to open the door is not the server's fault.
                patience += at_the_door.elapsed();
                match self.attempt(&request, attempts).await {
                    Ok((status, replayed, body)) => {
                        let span = Span { sent_ns: self.ns(sent), answered_ns: self.ns(Instant::now()) };
                        // "Accepted" is a promise of an answer; who waits for that one notes the time it took.
                        if status != StatusCode::ACCEPTED.as_u16() {
                            self.record(request.kind, span);
                        }
                        return Ok(Answer { status, body, replayed, attempts, span });
                    }
                    Err(failed) => failed,
                }
            };
            let pause = self.retry.pause(attempts, salt, failed.retry_after);
            if sent.elapsed() + pause > patience {
                let waited_ms = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
                return Err(Unanswered::GaveUp { attempts, waited_ms, last: failed.why });
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, request: &Request<'_>, attempts: u32) -> Result<(u16, bool, Vec<u8>), Failed> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        if attempts > 1 {
            self.repeats.fetch_add(1, Ordering::Relaxed);
        }
        let url = format!("{}{}", self.base, request.path);
        let mut builder = self.http.request(request.method.clone(), url);
        if let Some(key) = request.key {
            builder = builder.header(IDEMPOTENCY_KEY, key);
        }
        if request.method == Method::POST {
            builder = builder
                .header(reqwest::header::CONTENT_TYPE, request.content_type)
                .body(request.body.clone());
        }
        let response = builder.send().await.map_err(|error| Failed::on_the_wire(&error))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let replayed = response.headers().get(IDEMPOTENT_REPLAYED).is_some_and(|value| value == "true");
        let body = response.bytes().await.map_err(|error| Failed::on_the_wire(&error))?;
        if retry::is_worth_repeating(status.as_u16()) {
            return Err(Failed { why: busy_words(status, &body), retry_after });
        }
        Ok((status.as_u16(), replayed, body.to_vec()))
    }

    fn ns(&self, instant: Instant) -> u64 {
        u64::try_from(instant.duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Failed {
    fn on_the_wire(error: &reqwest::Error) -> Self {
        // The innermost cause says what happened ("connection refused"); the outer ones repeat the address.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Self { why: cause.to_string(), retry_after: None }
    }
}

fn salt_of(request: &Request<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (request.path, request.key).hash(&mut hasher);
    hasher.finish()
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds: f64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn busy_words(status: StatusCode, body: &[u8]) -> String {
    let code = serde_json::from_slice::<CodeOnly>(body).map_or_else(|_| String::new(), |body| body.code);
    format!("{} {code}", status.as_u16())
}

/// Encodes a name as one segment of a path.
pub fn path_segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests;
