//! Question: how many durable reservations a second go over HTTP on 256 connections, beside a bare axum handler that
//! parses the same JSON and answers the same JSON?
//!
//! Workload: one hot product, one unit a request, `wrk` with one thread and 256 connections as a process of its own, the
//! same script for both. Both servers live in this process on the same runtime; only one is loaded at a time. Rounds are
//! interleaved (bare, ours, ours, bare), the ratio is taken per round. Each run of ours is a sale of its own on a fresh data
//! directory. Durability of ours: synced before the answer; the bare handler keeps nothing. Worse: a smaller ratio.
//!
//! Needs `wrk` (`apt-get install wrk`). `HOLDFAST_BENCH_ROUNDS` (5) and `HOLDFAST_BENCH_SECONDS` (5) set the size.

#![allow(clippy::print_stdout, reason = "the figures are this program's output")]

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use holdfast_benches::{HOT_SKU, Result, details, operation, plenty};
use holdfast_engine::Sku;
use holdfast_gateway::{EmbeddedOptions, embedded};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

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

/// What one run of the load tool measured.
struct Run {
    per_second: f64,
    p50: String,
    p99: String,
}

/// Loads a fresh server of ours.
async fn sale(seconds: &str) -> Result<Run> {
    let dir = tempfile::tempdir()?;
    let node = embedded(&dir.path().join("data"), EmbeddedOptions::default()).await?;
    let sku = Sku::new(HOT_SKU)?;
    node.core.put_product(sku.clone(), details(), operation()).await?;
    node.core.adjust(sku, plenty()).await?;
    let run = load(&node.url, seconds).await;
    node.stop().await?;
    run
}

async fn load(url: &str, seconds: &str) -> Result<Run> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/http/reserve.lua");
    let output = Command::new("wrk")
        .args([
            "-t1",
            "-c256",
            "--latency",
            "--timeout",
            "10s",
            "-s",
            script,
            "-d",
            &format!("{seconds}s"),
            url,
        ])
        .output()
        .await
        .map_err(|error| format!("wrk could not be run ({error}); install it: apt-get install wrk"))?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() || text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("the run does not count:\n{text}").into());
    }
    let after = |label: &str| {
        let found =
            text.lines().find_map(|line| line.trim().strip_prefix(label).map(|rest| rest.trim().to_owned()));
        found.ok_or_else(|| format!("wrk did not say {label}:\n{text}"))
    };
    Ok(Run { per_second: after("Requests/sec:")?.parse()?, p50: after("50%")?, p99: after("99%")? })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[tokio::main]
async fn main() -> Result<()> {
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let rounds: usize = setting("HOLDFAST_BENCH_ROUNDS", "5").parse()?;
    let seconds = setting("HOLDFAST_BENCH_SECONDS", "5");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let bare_url = format!("http://{}", listener.local_addr()?);
    let server = tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/v1/reservations", post(bare))).await
    });

    let (mut ratios, mut ours_all, mut bare_all) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let bare_1 = load(&bare_url, &seconds).await?;
        let ours_1 = sale(&seconds).await?;
        let ours_2 = sale(&seconds).await?;
        let bare_2 = load(&bare_url, &seconds).await?;
        if round == 0 {
            continue; // warms up caches, pages and the allocator
        }
        let ours = f64::midpoint(ours_1.per_second, ours_2.per_second);
        let bare = f64::midpoint(bare_1.per_second, bare_2.per_second);
        println!(
            "round {round}: holdfast {ours:.0}/s (p50 {} p99 {}), bare axum {bare:.0}/s (p50 {} p99 {}), ratio {:.3}",
            ours_1.p50,
            ours_1.p99,
            bare_1.p50,
            bare_1.p99,
            ours / bare
        );
        ratios.push(ours / bare);
        ours_all.push(ours);
        bare_all.push(bare);
    }
    let (low, high) =
        ratios.iter().fold((f64::MAX, f64::MIN), |(low, high), ratio| (low.min(*ratio), high.max(*ratio)));
    println!(
        "median of {rounds}: holdfast {:.0}/s, bare axum {:.0}/s, ratio {:.3} (from {low:.3} to {high:.3})",
        median(&mut ours_all),
        median(&mut bare_all),
        median(&mut ratios)
    );
    server.abort();
    Ok(())
}
