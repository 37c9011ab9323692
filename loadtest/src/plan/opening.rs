//! Opening stock: the stream does not say it, so it is derived, without a random number.
//!
//! Two running totals are kept for every product, each with its highest value:
//!
//! - **by the file**: the plain sum of the signed quantities, in file order. This is the rule the data set is
//!   described with: 3,744 products and 3,667,004 units for the published part. It lets a write-off count as goods
//!   coming back, because a write-off is a negative quantity like a return.
//! - **as replayed**: the sum in which sales and write-offs leave and returns come back, in the order of the
//!   operations. It is higher wherever goods were written off before the last of them were sold.
//!
//! `enough` opens with the higher of the two, so that nothing can run out: the replay books a write-off as goods
//! leaving, and by the first rule alone it would run short of just those. `scarce` opens with 60% of the first,
//! rounded down for each product.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::Serialize;

use super::invoice::Invoice;
use crate::goods::{Sku, goods};
use crate::row::{InvoiceKind, Row};

/// How much stock there is to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum StockRule {
    /// Nothing ever runs out.
    Enough,
    /// Popular products run out part-way; returns bring some back.
    Scarce,
}

/// What the two running totals of one product came to at their highest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peaks {
    /// Highest sum of signed quantities.
    pub by_file: u64,
    /// Highest sum in which write-offs leave.
    pub as_replayed: u64,
}

impl Peaks {
    /// Units to open with.
    pub fn opening(self, rule: StockRule) -> u64 {
        match rule {
            StockRule::Enough => self.by_file.max(self.as_replayed),
            StockRule::Scarce => self.by_file * 6 / 10,
        }
    }
}

/// The peaks of every product of a stream.
#[derive(Debug, Clone, Default)]
pub struct OpeningStock(BTreeMap<Sku, Peaks>);

/// Sums over all products, to be printed beside the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OpeningTotals {
    /// Products.
    pub products: u64,
    /// Units by the rule of the file.
    pub units_by_file: u64,
    /// Units opened under `enough`.
    pub units_enough: u64,
    /// Units opened under `scarce`.
    pub units_scarce: u64,
}

impl OpeningStock {
    /// Walks the rows for the first total and the invoices made of them for the second.
    pub fn derive(rows: &[Row], invoices: &[Invoice]) -> Self {
        let by_file = rows.iter().filter_map(|row| goods(row).ok().map(|sku| (sku, row.quantity)));
        let as_replayed = invoices.iter().flat_map(|invoice| {
            invoice.rows.iter().map(|row| (row.sku.clone(), leaving(invoice.kind, row.quantity)))
        });
        let mut peaks: BTreeMap<Sku, Peaks> = BTreeMap::new();
        for (sku, peak) in highest_totals(by_file) {
            peaks.entry(sku).or_default().by_file = peak;
        }
        for (sku, peak) in highest_totals(as_replayed) {
            peaks.entry(sku).or_default().as_replayed = peak;
        }
        Self(peaks)
    }

    /// Units to open with, product by product, those without any among them.
    pub fn opening(&self, rule: StockRule) -> BTreeMap<Sku, u64> {
        self.0.iter().map(|(sku, peaks)| (sku.clone(), peaks.opening(rule))).collect()
    }

    /// Sums over all products.
    pub fn totals(&self) -> OpeningTotals {
        let sum = |units: &dyn Fn(&Peaks) -> u64| self.0.values().map(units).sum();
        OpeningTotals {
            products: self.0.len() as u64,
            units_by_file: sum(&|peaks| peaks.by_file),
            units_enough: sum(&|peaks| peaks.opening(StockRule::Enough)),
            units_scarce: sum(&|peaks| peaks.opening(StockRule::Scarce)),
        }
    }
}

/// Units that leave by this row in the replay; negative if they come back.
fn leaving(kind: InvoiceKind, quantity: i64) -> i64 {
    match kind {
        InvoiceKind::Sale => quantity.abs(),
        InvoiceKind::Credit | InvoiceKind::Ledger => quantity,
    }
}

/// The highest value the running total of each product reaches, never below zero.
fn highest_totals(steps: impl Iterator<Item = (Sku, i64)>) -> BTreeMap<Sku, u64> {
    let mut running: BTreeMap<Sku, (i64, i64)> = BTreeMap::new();
    for (sku, step) in steps {
        let (total, highest) = running.entry(sku).or_default();
        *total += step;
        *highest = (*highest).max(*total);
    }
    running.into_iter().map(|(sku, (_, highest))| (sku, highest.unsigned_abs())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::invoice::gather;
    use crate::plan::tests::row;

    fn peaks(rows: &[Row]) -> Peaks {
        let (invoices, _) = gather(rows);
        let opening = OpeningStock::derive(rows, &invoices);
        assert_eq!(opening.0.len(), 1);
        *opening.0.values().next().unwrap()
    }

    #[test]
    fn a_write_off_lowers_the_total_of_the_file_and_raises_that_of_the_replay() {
        let peaks =
            peaks(&[row("1", "11111", 10, "7"), row("2", "11111", -4, ""), row("3", "11111", 6, "7")]);
        assert_eq!(peaks, Peaks { by_file: 12, as_replayed: 20 });
        assert_eq!(peaks.opening(StockRule::Enough), 20);
        assert_eq!(peaks.opening(StockRule::Scarce), 7);
    }

    #[test]
    fn what_came_back_before_it_was_sold_needs_no_stock() {
        let peaks =
            peaks(&[row("C1", "11111", -5, "7"), row("2", "11111", 5, "7"), row("C3", "11111", -5, "7")]);
        assert_eq!(peaks, Peaks { by_file: 0, as_replayed: 0 });
    }
}
