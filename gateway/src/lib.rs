//! How the world talks to Holdfast: HTTP with JSON on one listener, health and metrics on another.
//!
//! ```text
//!                 ┌─ server: connections, time-outs, drain
//!   storefront ───┤
//!                 └─ edge: request id, panics, counts ──▶ routes ──▶ wire: check all ──▶ Core
//!                                                           ▲                              │
//!                                          problem ◀── one table ◀── Rejection, Unavailable ┘
//!   operator ─────── admin: /livez /readyz /metrics
//! ```
//!
//! Invariants:
//! - Whatever is not a success is an `application/problem+json`, whoever refused it.
//! - A request's effect is decided by the core alone; this crate reads, checks, asks and writes.
//! - Every mutation has one id, derived from its idempotency key, so a repeat finds its first run.
//! - Every wait and every size has a bound with a name (`limits`).
//!
//! Deliberately absent: decisions about stock, and state of its own beyond counters.
//!
//! Start a node inside a program with [`embedded`], or over a core of one's own with [`serve`].

mod admin;
mod answer;
mod app;
mod body;
mod command;
pub mod demo;
mod edge;
mod embedded;
mod examples;
mod exit;
mod gateway;
mod idempotency;
mod ids;
mod limits;
mod metrics;
mod openapi;
mod path;
mod problem;
mod query;
mod request_id;
mod route_label;
mod routes;
mod server;
mod wire;

pub use embedded::{Embedded, EmbeddedError, EmbeddedOptions, embedded};
pub use exit::Exit;
pub use gateway::{Gateway, GatewayOptions, ServeError, serve};
pub use metrics::Metrics;

/// The description of the interface (OpenAPI 3.1) as JSON text, as it is served at `/openapi.json`.
pub fn openapi_json() -> String {
    openapi::to_json(&routes::description())
}
