//! The whole node over real HTTP: an embedded server on a fresh directory, asked by an HTTP client.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should say where and stop"
)]

mod bad_input;
mod batch;
mod behaviours;
mod bundles;
mod change;
mod connections;
mod customers;
mod docs;
mod examples;
mod good_til;
mod harness;
mod history;
mod idempotency;
mod import;
mod locations;
mod lots;
mod openapi;
mod operations;
mod orders;
mod payments;
mod products;
mod queue;
mod refunds;
mod reservations;
mod sales;
mod sourcing;
mod stock;
mod stock_stream;
mod trouble;
mod waiting;
