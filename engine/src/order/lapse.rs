//! Units that were not there on the date up to which they queued. The product drops them, and the order hears of it.
//!
//! What the product says is how many units of a line are gone altogether, called off or lapsed, so it may say so twice; and
//! where somebody called off what had lapsed already, those are the same units, once.

use smol_str::SmolStr;

use super::{LineUnits, Order, OrderEvent, Stage};
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

/// Why what was paid for units is owed back that lapsed, and why an order is over of which nothing else was left.
pub const NOT_THERE_IN_TIME: SmolStr = SmolStr::new_static("not there in time");

impl Order {
    /// Whether it has to hear of what lapses: it is paid, and not over.
    pub fn hears_of_lapses(&self) -> bool {
        matches!(self.stage, Stage::Confirmed { .. })
    }

    /// What to record now that so many units of these lines are gone at their products, if that is news. An order that is
    /// not confirmed hears of it once it is, and one that has failed needs not.
    pub fn decide_lapsed(&self, at: Timestamp, gone: &[(u16, Quantity)]) -> Option<OrderEvent> {
        if !self.hears_of_lapses() {
            return None;
        }
        let lapsed = gone.iter().filter_map(|(line, gone)| {
            let state = self.lines.get(usize::from(*line))?;
            let units = gone.floor_sub(state.gone()).min(state.open());
            let units = LineQuantity::new(u32::try_from(units.units()).ok()?)?;
            Some(LineUnits { line: *line, units })
        });
        let lines: Vec<_> = lapsed.collect();
        (!lines.is_empty()).then_some(OrderEvent::UnitsLapsed { lines, at })
    }

    /// Takes in that units have lapsed.
    pub(super) fn lapse(&mut self, lines: &[LineUnits]) {
        let owed = self.worth(lines.iter().map(|LineUnits { line, units }| (*line, *units)));
        for LineUnits { line, units } in lines {
            self.advance(*line, |state| {
                state.lapsed = state.lapsed.checked_add((*units).into()).unwrap_or(Quantity::MAX);
            });
        }
        let is_over = self.lines.iter().all(|line| line.progress.shipped.is_zero() && line.open().is_zero());
        if let Stage::Confirmed { capture } = &self.stage
            && is_over
        {
            self.stage = Stage::Cancelled { capture: capture.clone(), reason: NOT_THERE_IN_TIME };
        }
        self.owe_share(owed, &NOT_THERE_IN_TIME);
    }
}
