//! Where the units of a claim are: on shelves, or still to come.

use crate::ids::LocationId;
use crate::product::PriorityClass;
use crate::quantity::{LineQuantity, Quantity};

/// Where the units of a line were when it was claimed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sources {
    /// All of them lay at one location.
    At {
        /// Where.
        location: LocationId,
        /// Whether the line asked for just this location.
        asked: bool,
    },
    /// They lay at several, or some were not there.
    Spread(Box<Spread>),
}

/// Units of a line at several locations, or still to come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spread {
    /// The location the line asked for, if it did.
    pub asked: Option<LocationId>,
    /// Units that were there, location by location in the order they are used.
    pub filled: Vec<Source>,
    /// Units that queue.
    pub queued: Quantity,
    /// How urgent these are.
    pub class: PriorityClass,
}

/// Units at one location.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// Where.
    pub location: LocationId,
    /// How many.
    pub units: LineQuantity,
}

impl Sources {
    /// The location the line asked for, if it did. With the SKU, this names a line of a reservation.
    pub fn asked(&self) -> Option<&LocationId> {
        match self {
            Self::At { location, asked } => asked.then_some(location),
            Self::Spread(spread) => spread.asked.as_ref(),
        }
    }

    /// Units that were not there.
    pub fn queued(&self) -> Quantity {
        match self {
            Self::At { .. } => Quantity::ZERO,
            Self::Spread(spread) => spread.queued,
        }
    }

    /// Units that were there, of a line of so many: location by location.
    pub fn filled(&self, line: LineQuantity) -> impl Iterator<Item = (&LocationId, LineQuantity)> {
        let (one, many) = match self {
            Self::At { location, .. } => (Some((location, line)), [].as_slice()),
            Self::Spread(spread) => (None, spread.filled.as_slice()),
        };
        one.into_iter().chain(many.iter().map(|source| (&source.location, source.units)))
    }
}
