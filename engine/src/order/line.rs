//! A line of an order and how far it has come.

use rust_decimal::{Decimal, RoundingStrategy};

use super::event::OrderLine;
use crate::product::Fulfilment;
use crate::quantity::Quantity;

/// One line with its progress.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LineState {
    /// What was ordered.
    pub ordered: OrderLine,
    /// What became of it.
    pub progress: Fulfilment,
    /// Units that were dropped because they still queued on their date.
    pub lapsed: Quantity,
}

impl LineState {
    /// A line of which nothing has become anything yet.
    pub(super) fn of(ordered: OrderLine) -> Self {
        Self { ordered, progress: Fulfilment::default(), lapsed: Quantity::ZERO }
    }

    /// Units still to be shipped.
    pub fn open(&self) -> Quantity {
        Quantity::from(self.ordered.quantity).floor_sub(self.progress.shipped).floor_sub(self.gone())
    }

    /// Units that never leave: called off or lapsed.
    pub fn gone(&self) -> Quantity {
        self.progress.cancelled.checked_add(self.lapsed).unwrap_or(Quantity::MAX)
    }

    /// How far its allocation shall be. That does not tell what was called off from what lapsed.
    pub fn goal(&self) -> Fulfilment {
        Fulfilment { cancelled: self.gone(), ..self.progress }
    }

    /// Units that are with the customer.
    pub fn returnable(&self) -> Quantity {
        self.progress.shipped.floor_sub(self.progress.returned)
    }

    /// What `units` more units that are called off, lapse or come back are worth, in minor units. In whatever order that
    /// happens, the shares of all units add up to the line's total exactly, because each time the rounded share so far
    /// is paid, less what was paid before.
    pub fn share_of(&self, units: Quantity) -> i64 {
        let before = self.gone().units() + self.progress.returned.units();
        self.share(before + units.units()) - self.share(before)
    }

    fn share(&self, units: u64) -> i64 {
        let whole = Decimal::from(self.ordered.quantity.units());
        let share = Decimal::from(self.ordered.total_minor)
            .checked_mul(Decimal::from(units))
            .and_then(|product| product.checked_div(whole))
            .map(|share| share.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven));
        share.and_then(|share| i64::try_from(share).ok()).unwrap_or(self.ordered.total_minor)
    }
}
