//! The audit: what the answers add up to, beside what the server says at the end.
//!
//! It is pure. It sees the [`Book`] of answers, the opening stock and what was read back, and has no way to ask again, so
//! that tests can hand it a server that lies. It checks that
//!
//! - every product has on hand, held and allocated just what the answers add up to ([`shelf`]),
//! - no unit was granted that was not there at that moment ([`oversold`]),
//! - every order and reservation stands as it was last answered, with our own total ([`orders`], [`reservations`]),
//! - nothing was refused that had no reason to be ([`needless`]), and nothing was left without an answer.

pub mod needless;
pub mod orders;
pub mod oversold;
pub mod reservations;
pub mod shelf;
pub mod whole;

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;

use crate::client::wire;
use crate::goods::Sku;
use crate::ledger::{Book, Trouble};
use crate::plan::operation::OperationIndex;

/// What the server said when it was asked at the end.
#[derive(Debug, Clone, Default)]
pub struct ReadBack {
    /// Every product.
    pub stock: BTreeMap<Sku, wire::Stock>,
    /// Every confirmed order.
    pub orders: BTreeMap<OperationIndex, wire::Order>,
    /// Every reservation.
    pub reservations: BTreeMap<usize, wire::Reservation>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What was compared.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Difference {
    /// Notes a difference if there is one.
    pub(crate) fn between<T: PartialEq + Display + ?Sized>(
        differences: &mut Vec<Self>,
        what: impl FnOnce() -> String,
        expected: &T,
        found: &T,
    ) {
        if expected != found {
            let (expected, found) = (expected.to_string(), found.to_string());
            differences.push(Self { what: what(), expected, found });
        }
    }

    /// Notes something that is not there at all.
    pub(crate) fn missing(differences: &mut Vec<Self>, what: String) {
        differences.push(Self { what, expected: "there".to_owned(), found: "nothing".to_owned() });
    }
}

/// What the audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Whether everything adds up.
    pub holds: bool,
    /// Products compared.
    pub products: u64,
    /// Orders compared.
    pub orders: u64,
    /// Reservations compared.
    pub reservations: u64,
    /// Units granted that were not there; 0 or the core is broken.
    pub oversold_units: u64,
    /// Orders and reservations refused for want of stock that was there all the while; 0 or the core is broken.
    pub needless_refusals: u64,
    /// Units promised that a write-off took from the shelf afterwards. No fault: the shelf was counted.
    pub short_units: u64,
    /// What all confirmed orders cost by our own reckoning, in pence.
    pub total_pence: i64,
    /// What is not as it should be.
    pub differences: Vec<Difference>,
    /// What must not happen and did; written down once, with the report.
    #[serde(skip_serializing)]
    pub troubles: Vec<Trouble>,
    /// Requests whose fate is unknown.
    pub unanswered: u64,
}

/// Compares what was answered with what is there.
pub fn audit(book: &Book, opening: &BTreeMap<Sku, u64>, found: &ReadBack) -> Audit {
    let mut differences = Vec::new();
    let shelves = shelf::expected(book, opening);
    shelf::compare(&shelves, &found.stock, &mut differences);
    for (index, record) in &book.orders {
        orders::compare(record, found.orders.get(index), &mut differences);
    }
    for (number, record) in &book.reservations {
        reservations::compare(*number, record, found.reservations.get(number), &mut differences);
    }
    let oversold_units = oversold::oversold_units(book, opening);
    let needless = needless::needless(book, opening);
    for refused in &needless {
        differences.push(Difference {
            what: format!("{} of {}", refused.kind.name(), refused.who),
            expected: "granted: all of it was there".to_owned(),
            found: format!("insufficient_stock for {:?}", refused.units),
        });
    }
    Audit {
        holds: differences.is_empty()
            && oversold_units == 0
            && book.troubles.is_empty()
            && book.pending.is_empty(),
        products: found.stock.len() as u64,
        orders: found.orders.len() as u64,
        reservations: found.reservations.len() as u64,
        oversold_units,
        needless_refusals: needless.len() as u64,
        short_units: shelves.values().map(shelf::Shelf::short_units).sum(),
        total_pence: book.orders.values().map(|record| record.asked.total_pence()).sum(),
        differences,
        troubles: book.troubles.clone(),
        unanswered: book.pending.len() as u64,
    }
}

#[cfg(test)]
pub(crate) mod tests;
