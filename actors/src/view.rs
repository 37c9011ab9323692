//! What callers see of products: plain copies, published when the facts behind them are durable.

use std::sync::Arc;

use holdfast_engine::product::{
    Condition, Forecast, Piles, Product, ProductDetails, SaleStatus, SaleTerms, Stamped, StockLevel,
};
use holdfast_engine::{HoldId, LocationId, Quantity, Sequence, Sku, Timestamp, WithoutHolds};
use smallvec::SmallVec;

use crate::bundle_stock::BundleStock;

/// A product as it was last put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductView {
    /// Its SKU.
    pub sku: Sku,
    /// What was put.
    pub details: ProductDetails,
    /// How often it was put.
    pub version: u64,
    /// Journal position of the last time.
    pub sequence: Sequence,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it was last put.
    pub updated_at: Timestamp,
}

impl ProductView {
    pub(crate) fn of(product: &Product) -> Option<Self> {
        Some(Self {
            sku: product.sku().clone(),
            details: product.details()?.clone(),
            version: product.details_version(),
            sequence: product.details_sequence(),
            created_at: product.created_at(),
            updated_at: product.updated_at(),
        })
    }
}

/// The answer to putting a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAnswer {
    /// Whether the product was new.
    pub created: bool,
    /// The product as it was put.
    pub product: ProductView,
}

/// The answer to deleting a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAnswer {
    /// Which product.
    pub sku: Sku,
    /// When.
    pub at: Timestamp,
    /// The product's version afterwards.
    pub version: u64,
    /// Journal position of that.
    pub sequence: Sequence,
}

/// The answer to giving a location up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationDeleteAnswer {
    /// Of which product.
    pub sku: Sku,
    /// Which location.
    pub location: LocationId,
    /// Where what lay there is now.
    pub to: Option<LocationId>,
    /// What lay there.
    pub units: Piles,
    /// When.
    pub at: Timestamp,
    /// The product's version afterwards.
    pub version: u64,
    /// Journal position of that.
    pub sequence: Sequence,
}

/// The answer to an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustAnswer {
    /// Which product.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// Which of the units there.
    pub condition: Condition,
    /// By how many of these.
    pub delta: i64,
    /// The counts there afterwards.
    pub level: StockLevel,
    /// When it happened, where it was told later.
    pub stamped: Option<Stamped>,
    /// When.
    pub at: Timestamp,
    /// The product's version afterwards.
    pub version: u64,
    /// Journal position of the change.
    pub sequence: Sequence,
}

/// A product's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockView {
    /// Which product.
    pub sku: Sku,
    /// Whether units are counted. Of a product that is not, as many are available as there can be.
    pub tracked: bool,
    /// What lies where, in the order of the locations' names.
    pub locations: SmallVec<[LocationView; 1]>,
    /// Units that somebody queues for.
    pub queued: u64,
    /// Of the units held, those on offer to customers who wait.
    pub offered: u64,
    /// Units that may queue beyond those that do; `None` if there is no limit.
    pub queueable: Option<u64>,
    /// Most units that may queue; `None` if there is no limit.
    pub(crate) queue_limit: Option<u64>,
    /// Units that are promised and queue.
    pub(crate) wanted: u64,
    /// Its sale, if one was put.
    pub sale: Option<SaleView>,
    /// When units will be there, of those on their way, that nobody queues for now; `None` if nobody knows. Told where the
    /// stock is asked for.
    pub next_available_at: Option<Timestamp>,
    /// What there is of it if it is a bundle. Told where the stock is asked for.
    pub bundle: Option<Box<BundleStock>>,
    /// How many facts it rests on.
    pub version: u64,
    /// Journal position of the last of them.
    pub sequence: Sequence,
}

/// A sale of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleView {
    /// What the merchant decided.
    pub terms: Arc<SaleTerms>,
    /// Where it stands.
    pub status: SaleStatus,
    /// Units claimed in it.
    pub sold: u64,
}

/// The answer to putting or ending a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleAnswer {
    /// Which product.
    pub sku: Sku,
    /// What the merchant decided.
    pub terms: Arc<SaleTerms>,
    /// Where it stood then.
    pub status: SaleStatus,
    /// When.
    pub at: Timestamp,
    /// The product's version afterwards.
    pub version: u64,
    /// Journal position of that.
    pub sequence: Sequence,
}

/// A product's stock at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationView {
    /// Where.
    pub location: LocationId,
    /// How much.
    pub counts: LocationCounts,
    /// Units that would be free if nobody held any.
    pub(crate) without_holds: u64,
}

/// Units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocationCounts {
    /// Counted on the shelf, in whatever condition.
    pub on_hand: u64,
    /// Of these, damaged.
    pub damaged: u64,
    /// Of these, waiting to be looked at.
    pub quality_control: u64,
    /// Claimed by live holds.
    pub held: u64,
    /// Promised, not shipped.
    pub allocated: u64,
    /// Free to be claimed.
    pub available: u64,
    /// On their way here.
    pub incoming: u64,
}

/// Where a promise stands that was not filled when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PromiseView {
    /// The promise, by the hold it came from.
    pub hold: HoldId,
    /// Units it still queues for.
    pub queued: u64,
    /// How many others stand before it, if it queues.
    pub ahead: Option<u64>,
    /// When all of them will be there, as far as is known.
    pub promised_at: Option<Timestamp>,
    /// Where units are kept for it.
    pub kept: Vec<(LocationId, u64)>,
}

impl PromiseView {
    pub(crate) fn of(product: &Product, hold: HoldId, forecast: &Forecast) -> Option<Self> {
        let queued = product.allocation(hold)?.queued.units();
        let kept = product.kept_for(hold).map(|(location, units)| (location.clone(), units.units()));
        let ahead = product.queue_position(hold).map(|ahead| ahead as u64);
        let promised_at = forecast.promised_at(hold);
        Some(Self { hold, queued, ahead, promised_at, kept: kept.collect() })
    }
}

impl StockView {
    pub(crate) fn of(product: &Product, now: Timestamp) -> Self {
        let locations = product.levels().map(|(location, level)| LocationView {
            location: location.clone(),
            counts: LocationCounts {
                on_hand: level.on_hand.units(),
                damaged: level.damaged.units(),
                quality_control: level.quality_control.units(),
                held: level.held.units(),
                allocated: level.allocated.units(),
                available: product.available(location, now).units(),
                incoming: product.incoming(location).units(),
            },
            without_holds: product.without_holds(Some(location), true, now).here.units(),
        });
        let all = product.without_holds(None, true, now);
        Self {
            sku: product.sku().clone(),
            tracked: product.details().is_none_or(|details| details.policy.tracked),
            locations: locations.collect(),
            queued: product.queued().units(),
            offered: product.offered().units(),
            queueable: product.queueable(now).map(Quantity::units),
            queue_limit: Some(all.queue_limit).filter(|limit| *limit < Quantity::MAX).map(Quantity::units),
            wanted: all.promised.units(),
            sale: product.sale().map(|sale| SaleView {
                terms: Arc::clone(sale.terms()),
                status: sale.status(now),
                sold: sale.sold().units(),
            }),
            next_available_at: None,
            bundle: None,
            version: product.version(),
            sequence: product.sequence(),
        }
    }

    /// The same with what is to be expected, which takes a walk through the queue.
    pub(crate) fn with_forecast(product: &Product, now: Timestamp) -> Self {
        let next_available_at = product.forecast(now).next_available_at;
        Self { next_available_at, ..Self::of(product, now) }
    }

    /// The same to whoever has these holds: what they keep counts as available, because he has it already and may give it back
    /// or keep it.
    pub(crate) fn with_own(mut self, product: &Product, own: &[HoldId]) -> Self {
        for hold in own.iter().filter_map(|hold| product.hold(*hold)) {
            for (location, units) in hold.sources.filled(hold.quantity) {
                let view = self.locations.iter_mut().find(|view| view.location == *location);
                if let Some(LocationView { counts, .. }) = view {
                    counts.available = counts.available.saturating_add(u64::from(units.units()));
                }
            }
        }
        self
    }

    /// The sums over all locations.
    pub fn totals(&self) -> LocationCounts {
        let sums = self.sums();
        // Its units need not have been anywhere.
        let available = match &self.bundle {
            // Its components may come from different locations.
            Some(bundle) => bundle.available,
            None if self.tracked => sums.available,
            None => Quantity::MAX.units(),
        };
        LocationCounts { available, ..sums }
    }

    fn sums(&self) -> LocationCounts {
        self.locations.iter().fold(LocationCounts::default(), |sum, LocationView { counts, .. }| {
            LocationCounts {
                on_hand: sum.on_hand + counts.on_hand,
                damaged: sum.damaged + counts.damaged,
                quality_control: sum.quality_control + counts.quality_control,
                held: sum.held + counts.held,
                allocated: sum.allocated + counts.allocated,
                available: sum.available + counts.available,
                incoming: sum.incoming + counts.incoming,
            }
        })
    }

    /// What there would be if nobody held anything, for a request that asks for one location or for none, and may queue
    /// or not.
    pub(crate) fn without_holds(&self, asked: Option<&LocationId>, queues: bool) -> WithoutHolds {
        let sum = |here: &dyn Fn(&LocationView) -> bool| {
            let units = self.locations.iter().filter(|view| here(view)).map(|view| view.without_holds);
            Quantity::new(units.sum()).unwrap_or(Quantity::MAX)
        };
        let limit = if queues { self.queue_limit } else { Some(0) };
        WithoutHolds {
            here: sum(&|view| asked.is_none_or(|asked| view.location == *asked)),
            anywhere: sum(&|_| true),
            promised: Quantity::new(self.wanted).unwrap_or(Quantity::MAX),
            queue_limit: limit.and_then(Quantity::new).unwrap_or(Quantity::MAX),
        }
    }

    /// The counts at one location, or over all of them.
    pub(crate) fn counts_at(&self, asked: Option<&LocationId>) -> LocationCounts {
        let Some(asked) = asked else { return self.totals() };
        let found = self.locations.iter().find(|view| view.location == *asked);
        found.map(|view| view.counts).unwrap_or_default()
    }
}
