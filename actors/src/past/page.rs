//! A page of what happened to a product, newest first.

use std::ops::ControlFlow;
use std::sync::Arc;

use holdfast_engine::product::ProductEvent;
use holdfast_engine::{Sequence, Sku, Timestamp};
use holdfast_persistence::{JournalReader, TrailHead, follow_trail};

use super::{PastFailure, Topic, Unwanted, head, walk};
use crate::shared::Shared;

/// Most records that are looked at for one page. They may all be about something else than what was asked for.
const PAGE_RECORDS_MAX: u64 = 10_000;

/// Most frames that are read for one page. A product of which something happens now and then has a frame for each record.
const PAGE_FRAMES_MAX: u64 = 1_000;

/// What is asked of a product's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Where to go on; at the newest entry if not said.
    pub from: Option<HistoryPlace>,
    /// Most entries, at least one.
    pub limit: usize,
    /// What the entries are about; anything if not said.
    pub topic: Option<Topic>,
}

/// A place in a product's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryPlace {
    /// Journal position of the record there.
    pub sequence: Sequence,
    /// Which of the product's records it is, counted from 1.
    pub version: u64,
}

/// Something that happened to a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Journal position.
    pub sequence: Sequence,
    /// The product's version afterwards.
    pub version: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// What happened.
    pub event: ProductEvent,
}

/// A part of a product's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// Where to go on; `None` where the history begins. There may be nothing of what was asked for behind it.
    pub next: Option<HistoryPlace>,
}

pub(crate) async fn history(
    shared: &Arc<Shared>,
    sku: Sku,
    query: HistoryQuery,
) -> Result<HistoryPage, PastFailure> {
    let newest = head(shared, &sku)?;
    let from = match query.from {
        None => newest,
        Some(HistoryPlace { sequence, .. }) if sequence > newest.sequence => {
            return Err(PastFailure::SequenceAhead { asked: sequence, last: shared.journal.durable() });
        }
        Some(HistoryPlace { sequence, version }) => TrailHead { sequence, records: version },
    };
    walk(shared, move |reader, unwanted| read_page(reader, unwanted, &sku, from, &query)).await
}

fn read_page(
    reader: &dyn JournalReader,
    unwanted: &Unwanted,
    sku: &Sku,
    from: TrailHead,
    query: &HistoryQuery,
) -> Result<HistoryPage, PastFailure> {
    let mut entries = Vec::new();
    let mut next = None;
    follow_trail(reader, sku, from, |step| {
        unwanted.check()?;
        let TrailHead { sequence, records: version } = step.head;
        let event = step.record.event_about(sku)?;
        if query.topic.is_none_or(|topic| topic.covers(&event)) {
            entries.push(HistoryEntry { sequence, version, at: step.trail.at, event });
        }
        let looked_at = from.records - version + 1;
        let is_full = entries.len() >= query.limit;
        if is_full || looked_at >= PAGE_RECORDS_MAX || step.frames >= PAGE_FRAMES_MAX {
            // Where to go on is known without a look at it.
            let before = HistoryPlace { sequence: step.trail.previous, version: version - 1 };
            next = Some(before).filter(|before| before.version > 0);
            return Ok(ControlFlow::Break(()));
        }
        Ok::<_, PastFailure>(ControlFlow::Continue(()))
    })?;
    Ok(HistoryPage { entries, next })
}
