//! x
#![allow(warnings)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    customer: String,
    lines: Vec<RequestLine>,
    ttl_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestLine {
    sku: String,
    quantity: u32,
}

#[derive(Serialize)]
struct Answer {
    id: &'static str,
    status: &'static str,
    customer: String,
    lines: Vec<AnswerLine>,
    created_at: &'static str,
    expires_at: &'static str,
    expires_in_ms: u64,
    metadata: Metadata,
    version: u64,
    sequence: u64,
}

#[derive(Serialize)]
struct AnswerLine {
    sku: String,
    location: &'static str,
    quantity: u32,
    committed: u32,
}

#[derive(Serialize)]
struct Metadata {}

async fn bare(Json(request): Json<Request>) -> (StatusCode, Json<Answer>) {
    let lines = request.lines.into_iter().map(|line| AnswerLine {
        sku: line.sku,
        location: "main",
        quantity: line.quantity,
        committed: 0,
    });
    let answer = Answer {
        id: "rsv_01jd5q7zv3f8rb0w6m2k9n4xyt",
        status: "held",
        customer: request.customer,
        lines: lines.collect(),
        created_at: "2026-01-01T00:00:00.000Z",
        expires_at: "2026-01-01T00:15:00.000Z",
        expires_in_ms: request.ttl_ms.unwrap_or(0),
        metadata: Metadata {},
        version: 1,
        sequence: 1_234_567,
    };
    (StatusCode::CREATED, Json(answer))
}

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{{\"listen\":\"http://{}\"}}", listener.local_addr().unwrap());
    axum::serve(listener, Router::new().route("/v1/reservations", post(bare))).await.unwrap();
}
