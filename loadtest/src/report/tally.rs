//! Counting what is in the book.

use serde::Serialize;
use smol_str::SmolStr;

use crate::client::Kind;
use crate::ledger::{AdjustmentKind, Book, RefusalTally, Skipped};
use crate::plan::Plan;
use crate::plan::operation::Action;

/// Orders of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Orders {
    /// Confirmed.
    pub confirmed: u64,
    /// Refused, whatever for.
    pub refused: u64,
    /// Called off afterwards.
    pub cancelled: u64,
    /// Shipped, perhaps without some of their lines.
    pub shipped: u64,
    /// Rows of the confirmed ones.
    pub lines_confirmed: u64,
    /// Rows of the refused ones.
    pub lines_refused: u64,
}

/// Units that moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Units {
    /// In confirmed orders.
    pub sold: u64,
    /// In refused orders.
    pub refused: u64,
    /// Of orders called off.
    pub cancelled: u64,
    /// That left.
    pub shipped: u64,
    /// That came back of orders.
    pub returned: u64,
    /// That came back without an order.
    pub returned_without_order: u64,
    /// Written off.
    pub written_off: u64,
}

/// Refusals of one kind with one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// What was asked for.
    pub kind: Kind,
    /// Why not.
    pub code: SmolStr,
    /// How often, and over how many units.
    #[serde(flatten)]
    pub tally: RefusalTally,
}

/// What was not asked, for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Skips {
    /// Why.
    pub why: Skipped,
    /// How often, and over how many units.
    #[serde(flatten)]
    pub tally: RefusalTally,
}

impl Orders {
    pub(super) fn count(plan: &Plan, book: &Book) -> Self {
        let mut orders = Self::default();
        for record in book.orders.values() {
            orders.confirmed += 1;
            orders.cancelled += u64::from(record.cancelled);
            orders.shipped += u64::from(record.shipped.is_some());
            orders.lines_confirmed += record.asked.rows;
        }
        for index in &book.refused_orders {
            if let Some(Action::Checkout(checkout)) =
                plan.operations.get(index.0).map(|operation| &operation.action)
            {
                orders.refused += 1;
                orders.lines_refused += checkout.lines.len() as u64;
            }
        }
        orders
    }
}

impl Units {
    pub(super) fn count(book: &Book) -> Self {
        let mut units = Self::default();
        for line in book.orders.values().flat_map(|record| &record.answered.lines) {
            units.sold += line.quantity;
            units.cancelled += line.cancelled;
            units.shipped += line.shipped;
            units.returned += line.returned;
        }
        for correction in &book.corrections {
            match correction.kind {
                AdjustmentKind::WriteOff => units.written_off += correction.delta.unsigned_abs(),
                AdjustmentKind::ReturnWithoutOrder => {
                    units.returned_without_order += correction.delta.unsigned_abs();
                }
            }
        }
        let refused = book.refusals.iter().filter(|((kind, _), _)| *kind == Kind::Checkout);
        units.refused = refused.map(|(_, tally)| tally.units).sum();
        units
    }
}

pub(super) fn refusals(book: &Book) -> Vec<Refusals> {
    let refusals = book.refusals.iter();
    refusals
        .map(|((kind, code), tally)| Refusals { kind: *kind, code: code.clone(), tally: *tally })
        .collect()
}

pub(super) fn skips(book: &Book) -> Vec<Skips> {
    book.skipped.iter().map(|(why, tally)| Skips { why: *why, tally: *tally }).collect()
}
