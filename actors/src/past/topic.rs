//! What an entry of a product's history is about.

use holdfast_engine::product::ProductEvent;

/// A group of kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Whatever changed what lies on a shelf or is on its way between two, or counted it.
    Movement,
    /// Claims, from their opening to their end.
    Hold,
    /// What became of promises.
    Allocation,
    /// Units that went to those that queued.
    Match,
    /// What the product is, and its policies.
    Policy,
    /// Units on their way.
    Lot,
    /// Sales of it.
    Sale,
    /// Who waits for it, and what is offered to them.
    Waiting,
}

impl Topic {
    /// What such an event is about first of all.
    pub const fn of(event: &ProductEvent) -> Self {
        match event {
            ProductEvent::Adjusted { .. } => Self::Movement,
            ProductEvent::HoldOpened { .. }
            | ProductEvent::HoldMoved { .. }
            | ProductEvent::HoldChanged { .. }
            | ProductEvent::HoldCommitted { .. }
            | ProductEvent::HoldEnded { .. } => Self::Hold,
            ProductEvent::AllocationAdvanced { .. }
            | ProductEvent::DemandLowered { .. }
            | ProductEvent::DemandLapsed { .. } => Self::Allocation,
            ProductEvent::Filled { .. } => Self::Match,
            ProductEvent::Put { .. }
            | ProductEvent::Deleted { .. }
            | ProductEvent::LocationDeleted { .. } => Self::Policy,
            ProductEvent::Lot { .. } => Self::Lot,
            ProductEvent::Waiting { .. } => Self::Waiting,
            ProductEvent::SalePut { .. } | ProductEvent::SaleEnded { .. } => Self::Sale,
        }
    }

    /// Whether such an event is of interest to whoever asks for this. What moves stock is a movement whatever else it is.
    pub fn covers(self, event: &ProductEvent) -> bool {
        Self::of(event) == self || (self == Self::Movement && event.movements().next().is_some())
    }
}
