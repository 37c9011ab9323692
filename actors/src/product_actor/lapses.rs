//! What an owner says about promises that still queued on their date.
//!
//! The drop itself is a fact of the product. The order it concerns, if there is one, hears that there is something to be asked
//! about, and asks; so nothing is lost if the word is, as long as it is said again whenever an owner begins anew.

use std::collections::BTreeSet;

use holdfast_engine::product::{Events, ProductEvent};
use holdfast_engine::{HoldId, Quantity, ReservationId};

use super::Owner;
use crate::countdown::Part;
use crate::waiter::{Then, Waiter};

/// The reservations of which something lapses by these events.
pub(super) fn lapsed_of(events: &Events) -> BTreeSet<ReservationId> {
    let lapsed = events.iter().filter_map(|event| match event {
        ProductEvent::DemandLapsed { hold, .. } => Some(hold.reservation),
        _ => None,
    });
    lapsed.collect()
}

impl Owner {
    /// Tells how many units of a promise are gone; of one of which nothing lapsed, none. What is told stands in the journal
    /// before whatever comes of it.
    pub(super) fn tell_lapsed(&self, hold: HoldId, tell: Box<dyn FnOnce(Quantity) + Send>, part: Part) {
        let allocation = self.product.allocation(hold).filter(|allocation| !allocation.lapsed.is_zero());
        tell(allocation.map_or(Quantity::ZERO, |allocation| allocation.gone()));
        self.shared.journal.append([], Waiter::tell(Then::Part(part)));
    }
}
