//! Every fact the engine knows, with the thing it is about: what the journal holds.

use crate::ids::{OrderId, ReservationId, Sku};
use crate::order::OrderEvent;
use crate::product::ProductEvent;
use crate::reservation::ReservationEvent;
use crate::time::Timestamp;

/// One fact, ready for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// About a product.
    Product(Sku, ProductEvent),
    /// About a reservation.
    Reservation(ReservationId, ReservationEvent),
    /// About an order.
    Order(OrderId, OrderEvent),
}

impl Event {
    /// What it is about and what happened, in words for people who count: `("product", "hold_opened")`.
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Product(_, event) => ("product", event.into()),
            Self::Reservation(_, event) => ("reservation", event.into()),
            Self::Order(_, event) => ("order", event.into()),
        }
    }

    /// When it happened, where it says so: most facts about a product are followed or preceded by one that does.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Product(_, ProductEvent::Waiting { what, .. }) => what.at(),
            Self::Product(
                _,
                ProductEvent::Put { at, .. }
                | ProductEvent::Adjusted { at, .. }
                | ProductEvent::Deleted { at, .. }
                | ProductEvent::LocationDeleted { at, .. }
                | ProductEvent::SalePut { at, .. }
                | ProductEvent::SaleEnded { at, .. }
                | ProductEvent::Lot { at, .. },
            ) => Some(*at),
            Self::Product(_, _) => None,
            Self::Reservation(_, event) => Some(event.at()),
            Self::Order(_, event) => event.at(),
        }
    }
}

/// Most payload bytes (texts, lists) one event may carry, so that a journal frame always has room for it. The
/// widest are a commit that names the units of 2,000 lines and an [`OrderEvent::LinesAdded`] of
/// [`crate::order::LINES_PER_EVENT`] lines.
pub const EVENT_BYTES_MAX: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LocationId;
    use crate::order::LINES_PER_EVENT;
    use crate::reservation::LINES_MAX;

    #[test]
    fn the_widest_facts_have_room() {
        let units_of_every_line = LINES_MAX * size_of::<u32>();
        assert!(units_of_every_line <= EVENT_BYTES_MAX, "a commit of {units_of_every_line} bytes");
        let names = Sku::BYTES_MAX + LocationId::BYTES_MAX;
        let counts = size_of::<u16>() + size_of::<u32>() + size_of::<i64>();
        let lines = LINES_PER_EVENT * (names + counts);
        assert!(lines <= EVENT_BYTES_MAX, "lines of {lines} bytes");
    }
}
