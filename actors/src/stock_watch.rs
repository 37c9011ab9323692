//! Watching stock: who wants to see what is shown of some products, as it changes.
//!
//! ```text
//!   journal thread ── publish ──▶ Watched: the latest turns, and that something changed
//!                                      │ woken
//!   StockWatch ◀── turns since its last look, then the newest counts
//! ```
//!
//! What is shown is durable, so a watcher never sees what a crash could take back. Counts are *states*: a slow watcher gets the
//! newest and none of those in between. That a product sold out, or came back, is a *turn*: turns are counted and the latest
//! [`TURNS_KEPT`] are kept with the counts they came with, so a watcher that comes late to the shelf still hears of 1 → 0 → 1. One
//! that is further behind than that is told how many turns it has missed. So nothing here grows, however slow a watcher is.
//!
//! A product that nobody has ever watched has no [`Watched`]: showing its counts costs it one look at an empty place.
//!
//! Positions only grow along a watch, over all its products: what is told of a product at some position is told after everything of
//! the other products up to there. So whoever has seen one position has seen all before it, and can go on from there.

use std::collections::VecDeque;
use std::sync::Arc;

use holdfast_engine::{Sequence, Sku};
use tokio::sync::watch;

use crate::product_cell::ProductCell;
use crate::view::StockView;

/// Turns of one product that are kept for those that are slow.
pub const TURNS_KEPT: usize = 64;

/// Most products of one watch.
pub const WATCHED_MAX: usize = 100;

/// Counts of a product over all its locations, as they are told to those that watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockCounts {
    /// Units a new hold could take.
    pub available: u64,
    /// Units on the shelf, in whatever condition.
    pub on_hand: u64,
    /// Units in live holds, and on offer.
    pub held: u64,
    /// Units promised and not shipped.
    pub allocated: u64,
    /// Units that somebody queues for.
    pub backordered: u64,
    /// How many facts this rests on.
    pub version: u64,
    /// Journal position of the last of them.
    pub sequence: Sequence,
}

impl StockCounts {
    pub(crate) fn of(stock: &StockView) -> Self {
        let totals = stock.totals();
        Self {
            available: totals.available,
            on_hand: totals.on_hand,
            held: totals.held,
            allocated: totals.allocated,
            backordered: stock.queued,
            version: stock.version,
            sequence: stock.sequence,
        }
    }

    /// Whether it says the same, whatever it rests on.
    fn is_same(&self, other: &Self) -> bool {
        let units = |counts: &Self| {
            (counts.available, counts.on_hand, counts.held, counts.allocated, counts.backordered)
        };
        units(self) == units(other)
    }
}

/// Which way a product turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The last unit was taken.
    SoldOut,
    /// There are units again.
    BackInStock,
}

/// Something that is told about a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockNews {
    /// Which product.
    pub sku: Sku,
    /// What.
    pub kind: NewsKind,
    /// The counts that it came with.
    pub counts: StockCounts,
    /// How far whoever watches has seen with it, of all the products watched: that of the counts, or further where time alone has
    /// changed them, which has no position of its own.
    pub position: Sequence,
    /// How many turns of it are not told, because they were too many to be kept for whoever is slow.
    pub missed_turns: u64,
}

/// What is told about a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewsKind {
    /// These are its counts now.
    State,
    /// It turned.
    Turned(Turn),
}

/// What is kept of a product for those that watch it. Changed on the journal's thread.
pub(crate) struct Watched {
    counts: StockCounts,
    /// Turns there ever were.
    turned: u64,
    /// The latest of them.
    turns: VecDeque<(Turn, StockCounts)>,
    /// Whether what is shown may differ, by time alone, from what was shown at the same position before.
    by_time: bool,
}

impl Watched {
    pub(crate) fn new(stock: &StockView, by_time: bool) -> Self {
        Self { counts: StockCounts::of(stock), turned: 0, turns: VecDeque::new(), by_time }
    }

    /// Takes in what is shown from now on. Answers whether that is something else.
    pub(crate) fn show(&mut self, stock: &StockView, by_time: bool) -> bool {
        let counts = StockCounts::of(stock);
        let before = std::mem::replace(&mut self.counts, counts);
        let turn = match (before.available, counts.available) {
            (1.., 0) => Some(Turn::SoldOut),
            (0, 1..) => Some(Turn::BackInStock),
            _ => None,
        };
        if let Some(turn) = turn {
            if self.turns.len() == TURNS_KEPT {
                self.turns.pop_front();
            }
            self.turns.push_back((turn, counts));
            self.turned += 1;
        }
        self.by_time = by_time;
        !counts.is_same(&before)
    }
}

/// One product of a watch.
struct Part {
    cell: Arc<ProductCell>,
    news: watch::Receiver<Watched>,
    /// Turns that were told, or not worth telling.
    turns_told: u64,
    /// Turns that were no longer kept, and of which that was not told yet.
    missed_turns: u64,
    /// The counts that were told last; `None` if none were.
    told: Option<StockCounts>,
}

/// Some products, watched.
pub struct StockWatch {
    parts: Vec<Part>,
    /// What whoever watches has seen up to, from an earlier watch.
    seen: Sequence,
    /// The highest position that was looked up to.
    fence: Sequence,
    /// The highest position told.
    told: Sequence,
    first: bool,
}

impl StockWatch {
    /// Watches these products. Whoever saw everything up to `seen` is told what is newer.
    pub(crate) fn new(cells: Vec<Arc<ProductCell>>, seen: Sequence) -> Self {
        let parts = cells.into_iter().map(|cell| {
            let news = cell.watch();
            // What came before is told as the state that it led to.
            let turns_told = news.borrow().turned;
            Part { cell, news, turns_told, missed_turns: 0, told: None }
        });
        Self { parts: parts.collect(), seen, fence: Sequence::default(), told: seen, first: true }
    }

    /// What is new, in the order of its positions; waits until something is. The first call waits for nothing, and answers with the
    /// counts of the products of which there is something newer than what was seen.
    ///
    /// May be dropped while it waits, without losing anything.
    pub async fn next(&mut self) -> Vec<StockNews> {
        if self.first {
            self.first = false;
            let seen = self.seen;
            let news = self.collect(|watched| watched.counts.sequence > seen || watched.by_time);
            if !news.is_empty() {
                return news;
            }
        }
        loop {
            let changes = self.parts.iter_mut().map(|part| Box::pin(part.news.changed()));
            // The places of products last as long as the process, so there is always somebody who might change them.
            let (changed, ..) = futures::future::select_all(changes).await;
            if changed.is_err() {
                std::future::pending::<()>().await;
            }
            let news = self.collect(|_| true);
            if !news.is_empty() {
                return news;
            }
        }
    }

    /// Everything that is new up to one position, in order. `is_news` says whether counts that were never told are news.
    fn collect(&mut self, is_news: impl Fn(&Watched) -> bool) -> Vec<StockNews> {
        // Positions are shown in their order. So once every product has been looked at, whatever is shown of any of them up to the
        // highest position found is there to be seen, and a second look finds it.
        let seen = self.parts.iter().map(|part| part.news.borrow().counts.sequence).max();
        let fence = self.fence.max(seen.unwrap_or_default());
        let mut news = Vec::new();
        for part in &mut self.parts {
            part.collect(fence, &is_news, &mut news);
        }
        news.sort_by_key(|news| news.counts.sequence);
        for news in &mut news {
            self.told = self.told.max(news.counts.sequence);
            news.position = self.told;
        }
        self.fence = fence;
        news
    }
}

impl Part {
    fn collect(&mut self, fence: Sequence, is_news: impl Fn(&Watched) -> bool, news: &mut Vec<StockNews>) {
        let watched = self.news.borrow_and_update();
        let sku = self.cell.sku();
        let oldest_kept = watched.turned - watched.turns.len() as u64;
        self.missed_turns += oldest_kept.saturating_sub(self.turns_told);
        let from = self.turns_told.max(oldest_kept);
        let skipped = usize::try_from(from - oldest_kept).unwrap_or(usize::MAX);
        self.turns_told = from;
        for (turn, counts) in watched.turns.iter().skip(skipped) {
            if counts.sequence > fence {
                break;
            }
            let kind = NewsKind::Turned(*turn);
            let missed_turns = std::mem::take(&mut self.missed_turns);
            let (counts, position) = (*counts, counts.sequence);
            news.push(StockNews { sku: sku.clone(), kind, counts, position, missed_turns });
            self.turns_told += 1;
        }
        let counts = watched.counts;
        let is_new = match &self.told {
            None => is_news(&watched),
            Some(told) => !told.is_same(&counts),
        };
        let later = counts.sequence > fence;
        drop(watched);
        if later {
            // Its turn comes with the next look, which finds it changed.
            self.news.mark_changed();
            return;
        }
        if is_new || self.missed_turns > 0 {
            let kind = NewsKind::State;
            let missed_turns = std::mem::take(&mut self.missed_turns);
            let position = counts.sequence;
            news.push(StockNews { sku: sku.clone(), kind, counts, position, missed_turns });
        }
        self.told = Some(counts);
    }
}
