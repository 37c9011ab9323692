//! Rows gathered to invoices: what was written down together is done together.
//!
//! Rows of one invoice stand together in the file, some of them a minute apart. One invoice of the real stream is
//! interrupted by another one; it is still one order, so rows are gathered by number, and the invoice takes the place
//! of its first row. The opening stock is worked out for that order of things (see [`super::opening`]), so the move
//! cannot make anything run out.

use std::collections::HashMap;

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::Serialize;
use smol_str::SmolStr;

use crate::goods::{LeftOutCounts, Sku, goods};
use crate::row::{InvoiceKind, Row};

/// The goods of one invoice, in file order.
#[derive(Debug, Clone)]
pub struct Invoice {
    /// Its number.
    pub number: SmolStr,
    /// What its number says about it.
    pub kind: InvoiceKind,
    /// The time of its first row.
    pub at: DateTime,
    /// The buyer, where known.
    pub customer: Option<SmolStr>,
    /// Its rows about goods; none if it was all postage.
    pub rows: Vec<GoodsRow>,
}

/// One row about goods.
#[derive(Debug, Clone)]
pub struct GoodsRow {
    /// Which product.
    pub sku: Sku,
    /// Units, signed, never zero.
    pub quantity: i64,
    /// Pounds for one unit.
    pub unit_price: Decimal,
    /// Name or note.
    pub description: SmolStr,
}

/// What was read and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Intake {
    /// Rows read.
    pub rows: u64,
    /// Rows about goods.
    pub goods_rows: u64,
    /// Invoices of all kinds.
    pub invoices: u64,
    /// Invoices whose rows do not stand together in the file.
    pub interrupted_invoices: u64,
    /// Rows that take no part, by reason.
    pub left_out: LeftOutCounts,
}

/// Keeps the rows of the first so many invoices, wherever in the stream they stand.
pub fn first_invoices(rows: &[Row], limit: usize) -> Vec<Row> {
    let mut kept = std::collections::HashSet::new();
    let mut keep = |row: &&Row| {
        if kept.len() < limit {
            kept.insert(row.invoice.clone());
        }
        kept.contains(&row.invoice)
    };
    rows.iter().filter(|row| keep(row)).cloned().collect()
}

/// Gathers rows to invoices.
pub fn gather(rows: &[Row]) -> (Vec<Invoice>, Intake) {
    let mut intake = Intake { rows: rows.len() as u64, ..Intake::default() };
    let mut invoices: Vec<Invoice> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut interrupted = std::collections::HashSet::new();
    let mut previous = None;
    for row in rows {
        let place = *places.entry(&row.invoice).or_insert_with(|| {
            invoices.push(Invoice {
                number: row.invoice.clone(),
                kind: row.kind(),
                at: row.at,
                customer: row.customer.clone(),
                rows: Vec::new(),
            });
            invoices.len() - 1
        });
        if previous != Some(place) && place + 1 != invoices.len() {
            interrupted.insert(place);
        }
        previous = Some(place);
        match goods(row) {
            Ok(sku) => {
                intake.goods_rows += 1;
                if let Some(invoice) = invoices.get_mut(place) {
                    invoice.rows.push(GoodsRow {
                        sku,
                        quantity: row.quantity,
                        unit_price: row.unit_price,
                        description: row.description.clone(),
                    });
                }
            }
            Err(reason) => *intake.left_out.entry(reason).or_default() += 1,
        }
    }
    intake.invoices = invoices.len() as u64;
    intake.interrupted_invoices = interrupted.len() as u64;
    (invoices, intake)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::row;

    #[test]
    fn an_interrupted_invoice_is_still_one() {
        let rows = [
            row("1", "11111", 1, "7"),
            row("1", "POST", 1, "7"),
            row("C2", "11111", -1, "7"),
            row("1", "22222", 3, "7"),
            row("3", "11111", 1, ""),
        ];
        let (invoices, intake) = gather(&rows);
        let numbers: Vec<_> = invoices.iter().map(|invoice| invoice.number.as_str()).collect();
        assert_eq!(numbers, ["1", "C2", "3"]);
        assert_eq!(invoices[0].rows.len(), 2);
        assert_eq!((intake.interrupted_invoices, intake.goods_rows), (1, 4));
        assert_eq!(intake.left_out.values().sum::<u64>(), 1);
    }

    #[test]
    fn a_limit_counts_invoices_and_not_rows() {
        let rows = [row("1", "11111", 1, ""), row("2", "11111", 1, ""), row("1", "22222", 1, "")];
        assert_eq!(first_invoices(&rows, 1).len(), 2);
        assert_eq!(first_invoices(&rows, 5).len(), 3);
    }
}
