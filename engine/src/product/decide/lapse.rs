//! Drop what still queues on its date.
//!
//! A promise was committed before its date or never queued, so it is dropped at just that date, whenever anybody looks. What
//! was free before that was its own: [`Product::decide_fills_until`] serves up to the date first.

use super::super::{FILLS_PER_EVENT, Product, ProductEvent};
use super::Events;
use crate::quantity::LineQuantity;
use crate::time::Timestamp;

impl Product {
    /// The promises whose date this is, or was: some of them, whoever applies the events asks again.
    pub(super) fn decide_lapses(&self, date: Timestamp) -> Events {
        let due = self.dates.iter().take_while(|(until, _)| *until <= date).take(FILLS_PER_EVENT);
        let lapsed = due.filter_map(|(until, hold)| {
            let queued = self.allocations.get(hold)?.queued;
            let by = LineQuantity::new(u32::try_from(queued.units()).ok()?)?;
            Some(ProductEvent::DemandLapsed { hold: *hold, by, at: *until })
        });
        lapsed.collect()
    }
}
