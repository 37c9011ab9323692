//! One line of an import: read what is there, and change what is different.

use std::sync::Arc;

use holdfast_actors::{Failure, ProductView, StockView};
use holdfast_engine::product::{Adjustment, Condition, Note, StockChange};
use holdfast_engine::{Fingerprint, LocationId, Operation, Quantity, Rejection, Sku, SmolStr};
use hyper::Method;
use hyper::http::request::Parts;
use tokio::sync::Mutex;
use xxhash_rust::xxh3::xxh3_64;

use super::json_line;
use super::lines::Line;
use crate::app::App;
use crate::idempotency::{Key, fingerprint};
use crate::problem::{Problem, in_path};
use crate::wire::decode::decode;
use crate::wire::import::{CheckedLine, ImportLine, ImportResult, ImportStatus};

/// Queues for products: lines of one product share one and are carried out in their order. More queues than lines
/// under way keep chance meetings rare.
const QUEUES: usize = 1024;

/// One import under way.
pub(super) struct Run {
    app: Arc<App>,
    key: Key,
    method: Method,
    path: String,
    pub(super) dry_run: bool,
    queues: Vec<Mutex<()>>,
}

/// What became of a line.
pub(super) struct Outcome {
    line: u64,
    sku: Option<Sku>,
    pub(super) status: ImportStatus,
    problem: Option<serde_json::Value>,
}

impl Outcome {
    /// The line of the answer.
    pub(super) fn write(&self) -> Vec<u8> {
        let sku = self.sku.as_ref().map(Sku::as_str);
        json_line(&ImportResult { line: self.line, sku, status: self.status, problem: self.problem.clone() })
    }
}

impl Run {
    pub(super) fn new(app: Arc<App>, key: Key, head: &Parts, dry_run: bool) -> Self {
        let queues = (0..QUEUES).map(|_| Mutex::new(())).collect();
        Self { app, key, method: head.method.clone(), path: head.uri.path().to_owned(), dry_run, queues }
    }

    /// Carries one line out.
    pub(super) async fn one(self: Arc<Self>, line: Line) -> Outcome {
        let mut sku = None;
        match self.try_one(line.number, line.text, &mut sku).await {
            Ok(status) => Outcome { line: line.number, sku, status, problem: None },
            Err(problem) => Outcome {
                line: line.number,
                sku,
                status: ImportStatus::Error,
                // The line of the answer stands for the request here.
                problem: serde_json::to_value(problem.body(&format!("line-{}", line.number))).ok(),
            },
        }
    }

    async fn try_one(
        &self,
        number: u64,
        text: Result<bytes::Bytes, Problem>,
        sku: &mut Option<Sku>,
    ) -> Result<ImportStatus, Problem> {
        let text = text?;
        let request: ImportLine<'_> = decode(&text)?;
        let fingerprint = fingerprint(&request);
        let line = request.check()?;
        *sku = Some(line.sku.clone());
        // The lock is fair and lines come here in their order, so a product's lines are carried out in their order.
        let queue = xxh3_64(line.sku.as_str().as_bytes()) % QUEUES as u64;
        let queue = usize::try_from(queue).ok().and_then(|queue| self.queues.get(queue));
        let _turn = match queue {
            Some(queue) => Some(queue.lock().await),
            None => None,
        };
        self.carry_out(number, &line, fingerprint).await
    }

    async fn carry_out(
        &self,
        number: u64,
        line: &CheckedLine<'_>,
        fingerprint: Fingerprint,
    ) -> Result<ImportStatus, Problem> {
        let core = &self.app.core;
        let current = found(core.product(&line.sku).await)?;
        let details = line.details(current.as_ref().map(|view| &view.details))?;
        let put = current.as_ref().is_none_or(|view| view.details != details);
        let status = if current.is_some() { ImportStatus::Updated } else { ImportStatus::Created };
        if self.dry_run {
            let changes = put || !self.changed_counts(line, current.as_ref()).await?.is_empty();
            return Ok(if changes { status } else { ImportStatus::Unchanged });
        }
        let mut changed = false;
        if put {
            let operation = self.operation(number, "product", fingerprint);
            let answer = core.put_product(line.sku.clone(), details, operation).await;
            let answer = answer.map_err(|failure| line.product.refused(failure))?;
            changed |= !answer.replayed;
        }
        // Every count is carried out under the line's own operation, also one that finds what is there: a repeat of this
        // line must not count again what has been sold since.
        for (location, count) in line.counts.iter().cloned() {
            let operation = self.operation(number, &format!("stock/{location}"), fingerprint);
            let adjustment = Adjustment {
                location,
                condition: Condition::Sellable,
                change: StockChange::To(count),
                expected: None,
                note: Note::why(SmolStr::new_static("import")),
                operation,
            };
            let answer = core.adjust(line.sku.clone(), adjustment).await.map_err(in_path)?;
            changed |= !answer.replayed && answer.value.delta != 0;
        }
        Ok(if changed { status } else { ImportStatus::Unchanged })
    }

    /// The counts that are not what is there.
    async fn changed_counts(
        &self,
        line: &CheckedLine<'_>,
        current: Option<&ProductView>,
    ) -> Result<Vec<(LocationId, Quantity)>, Problem> {
        if line.counts.is_empty() {
            return Ok(Vec::new());
        }
        let stock = match current {
            Some(_) => found(self.app.core.stock(&line.sku).await)?,
            None => None,
        };
        let differs = |(location, count): &&(LocationId, Quantity)| {
            count.units() != stock.as_ref().map_or(0, |stock| on_hand(stock, location))
        };
        Ok(line.counts.iter().filter(differs).cloned().collect())
    }

    fn operation(&self, number: u64, part: &str, fingerprint: Fingerprint) -> Operation {
        let key = self.key.part(&format!("{number}/{part}"));
        key.operation(&self.app.secret, &self.method, &self.path, fingerprint)
    }
}

fn on_hand(stock: &StockView, location: &LocationId) -> u64 {
    stock.locations.iter().find(|view| view.location == *location).map_or(0, |view| view.counts.on_hand)
}

/// What is there, or that it is not.
fn found<T>(read: Result<T, Failure>) -> Result<Option<T>, Problem> {
    match read {
        Ok(view) => Ok(Some(view)),
        Err(Failure::Rejected(Rejection::UnknownSku { .. })) => Ok(None),
        Err(failure) => Err(in_path(failure)),
    }
}
