//! `POST /v1/import`: products and counts, one JSON object a line, answered line by line while they arrive.
//!
//! ```text
//!   body ──▶ lines ──▶ up to 256 under way, one at a time for each product ──▶ results in order ──▶ summary
//! ```
//!
//! A line is carried out under the request's key and its number, so an import that broke off is simply sent again: what
//! was done is not done twice. A line whose product is there just like this does nothing.

mod lines;
mod one;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::body::expect_type;
use crate::idempotency::Key;
use crate::limits::IMPORT_LINES_IN_FLIGHT;
use crate::openapi::{RequiredKey, WriteRefusals};
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::import::{ImportAnswerLine, ImportLast, ImportLine, ImportStatus, ImportSummary};
use lines::Lines;
use one::{Outcome, Run};

/// The media type of bodies and answers.
const NDJSON: &str = "application/x-ndjson";

/// Results that are put into one piece of the answer when they are ready together.
const RESULTS_PER_PIECE: usize = 64;

/// How to import.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
}

/// Import products and counts
///
/// One JSON object a line; members that are not given stay as they are, and each count in `stock` is what a count
/// found. The answer has one line for each (blank ones are passed over) and a last one with a summary. Always 200 once
/// it has begun: look at the lines. Sending the same lines again under the same key finishes what broke off.
#[utoipa::path(
    post, path = "/v1/import", operation_id = "import", tag = "import",
    params(
        ("dry_run" = Option<bool>, Query, description = "Only say what would happen"),
        RequiredKey,
    ),
    request_body(content = ImportLine, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "One result a line, then the summary", body = ImportAnswerLine,
            content_type = "application/x-ndjson"),
        WriteRefusals,
    )
)]
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let key = Key::required(&head.headers)?;
    expect_type(&head.headers, NDJSON)?;
    let run = Arc::new(Run::new(app, key, &head, query.dry_run));
    let mut response = Response::new(Body::from_stream(answer(run, Lines::new(body))));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

fn answer(run: Arc<Run>, lines: Lines) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let sums = Arc::new(Mutex::new(ImportSummary { dry_run: run.dry_run, ..ImportSummary::default() }));
    let last = Arc::clone(&sums);
    lines
        .into_stream()
        .map(move |line| Arc::clone(&run).one(line))
        .buffered(IMPORT_LINES_IN_FLIGHT)
        .map(move |outcome| {
            count(&mut sums.lock(), &outcome);
            outcome.write()
        })
        .ready_chunks(RESULTS_PER_PIECE)
        .map(|results| {
            let mut piece = BytesMut::with_capacity(results.iter().map(Vec::len).sum());
            results.iter().for_each(|result| piece.extend_from_slice(result));
            Ok(piece.freeze())
        })
        .chain(stream::once(async move {
            let summary = *last.lock();
            Ok(Bytes::from(json_line(&ImportLast { summary })))
        }))
}

fn count(sums: &mut ImportSummary, outcome: &Outcome) {
    sums.lines += 1;
    match outcome.status {
        ImportStatus::Created => sums.created += 1,
        ImportStatus::Updated => sums.updated += 1,
        ImportStatus::Unchanged => sums.unchanged += 1,
        ImportStatus::Error => sums.errors += 1,
    }
}

/// One line of the answer.
fn json_line(value: &impl Serialize) -> Vec<u8> {
    // Plain data; see `openapi::to_json`.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
