//! What every product must have on hand, held and allocated.
//!
//! ```text
//! on hand   = opening + corrections - shipped + returned
//! allocated = ordered - shipped - cancelled, and what was taken of reservations
//! held      = what live reservations hold
//! ```
//!
//! All of it from the newest answer about every order and reservation. Between two requests no order holds anything: its
//! units are allocated before it is answered.

use std::collections::BTreeMap;

use super::Difference;
use crate::client::wire;
use crate::goods::Sku;
use crate::ledger::Book;

/// One product's counts. Signed, because a server that lies can make them come out below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Units counted.
    pub on_hand: i64,
    /// Units in live holds.
    pub held: i64,
    /// Units promised and not shipped.
    pub allocated: i64,
}

impl Shelf {
    /// Units that are free; below zero if a write-off took promised ones.
    pub fn free(&self) -> i64 {
        self.on_hand - self.held - self.allocated
    }

    /// Every count by name: as it should be, and as the server says.
    fn counts(&self, stock: &wire::Stock) -> [(&'static str, i128, i128); 4] {
        [
            ("on_hand", self.on_hand.into(), stock.on_hand.into()),
            ("held", self.held.into(), stock.held.into()),
            ("allocated", self.allocated.into(), stock.allocated.into()),
            ("available", self.free().max(0).into(), stock.available.into()),
        ]
    }

    /// Units promised that are not on the shelf any more.
    pub fn short_units(&self) -> u64 {
        u64::try_from(-self.free()).unwrap_or_default()
    }
}

/// Adds up the answers, product by product.
pub fn expected(book: &Book, opening: &BTreeMap<Sku, u64>) -> BTreeMap<Sku, Shelf> {
    let mut shelves: BTreeMap<Sku, Shelf> = opening
        .iter()
        .map(|(sku, units)| (sku.clone(), Shelf { on_hand: signed(*units), ..Shelf::default() }))
        .collect();
    for correction in &book.corrections {
        shelves.entry(correction.sku.clone()).or_default().on_hand += correction.delta;
    }
    for line in book.orders.values().flat_map(|record| &record.answered.lines) {
        let shelf = shelves.entry(Sku::as_named(&line.sku)).or_default();
        shelf.on_hand += signed(line.returned) - signed(line.shipped);
        shelf.allocated += signed(line.quantity) - signed(line.shipped) - signed(line.cancelled);
    }
    for reservation in book.reservations.values().map(|record| &record.answered) {
        for line in &reservation.lines {
            let shelf = shelves.entry(Sku::as_named(&line.sku)).or_default();
            match reservation.status.as_str() {
                "held" => shelf.held += signed(line.quantity),
                _ => shelf.allocated += signed(line.committed),
            }
        }
    }
    shelves
}

/// Compares with what the server says.
pub fn compare(
    expected: &BTreeMap<Sku, Shelf>,
    found: &BTreeMap<Sku, wire::Stock>,
    differences: &mut Vec<Difference>,
) {
    for (sku, shelf) in expected {
        let Some(stock) = found.get(sku) else {
            Difference::missing(differences, format!("stock of {sku}"));
            continue;
        };
        for (name, expected, found) in shelf.counts(stock) {
            Difference::between(differences, || format!("{name} of {sku}"), &expected, &found);
        }
    }
}

fn signed(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}
