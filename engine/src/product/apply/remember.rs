//! Keep what a later count, or a count that is told later, will ask for.

use super::super::{Product, ProductEvent, Whereabouts};
use crate::time::Timestamp;

impl Product {
    /// Remembers what an event has moved, by when it happened.
    pub(super) fn remember(&mut self, event: &ProductEvent) {
        let (now, happened) = match event {
            ProductEvent::Adjusted { at, stamped, .. } => {
                (*at, stamped.as_ref().map_or(*at, |stamped| stamped.at))
            }
            ProductEvent::AllocationAdvanced { at, .. } | ProductEvent::Lot { at, .. } => (*at, *at),
            ProductEvent::Put { .. }
            | ProductEvent::HoldOpened { .. }
            | ProductEvent::HoldMoved { .. }
            | ProductEvent::HoldChanged { .. }
            | ProductEvent::HoldCommitted { .. }
            | ProductEvent::HoldEnded { .. }
            | ProductEvent::DemandLowered { .. }
            | ProductEvent::DemandLapsed { .. }
            | ProductEvent::Filled { .. }
            | ProductEvent::SalePut { .. }
            | ProductEvent::SaleEnded { .. }
            | ProductEvent::Waiting { .. }
            // Remembered as it is taken in: afterwards the location is gone.
            | ProductEvent::LocationDeleted { .. }
            | ProductEvent::Deleted { .. } => return,
        };
        if let ProductEvent::Adjusted { location, condition, is_count: true, .. } = event {
            let number = self.stocked(location);
            self.shelf_mut(number).recent.get_or_insert_default().counted(*condition, happened);
            return;
        }
        self.remember_moves(now, happened, event);
    }

    pub(super) fn remember_moves(&mut self, now: Timestamp, happened: Timestamp, event: &ProductEvent) {
        for line in event.movements() {
            let Whereabouts::Shelf(location, condition) = line.place else { continue };
            if line.delta != 0 {
                let number = self.number_or_new(location);
                let recent = self.shelf_mut(number).recent.get_or_insert_default();
                recent.moved(now, Self::STAMP_AGE_MAX, (happened, condition, line.delta));
            }
        }
    }
}
