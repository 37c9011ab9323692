//! Where the units of a claim are: on shelves, or still to come.

use crate::ids::LocationId;
use crate::product::PriorityClass;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

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
    /// Until when they queue, once committed; none if that has no end, or none queue.
    pub good_til: Option<Timestamp>,
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
    /// Where the first `left` units of a line of so many are: what queues goes first, then what was found last.
    #[must_use]
    pub fn first(&self, line: LineQuantity, left: LineQuantity) -> Self {
        let Self::Spread(spread) = self else { return self.clone() };
        if left >= line {
            return self.clone();
        }
        let mut missing = left.units();
        let mut filled = Vec::new();
        for source in &spread.filled {
            if let Some(units) = LineQuantity::new(missing.min(source.units.units())) {
                missing -= units.units();
                filled.push(Source { location: source.location.clone(), units });
            }
        }
        match (filled.as_slice(), missing) {
            ([only], 0) => Self::At { location: only.location.clone(), asked: spread.asked.is_some() },
            _ => Self::Spread(Box::new(Spread {
                asked: spread.asked.clone(),
                filled,
                queued: Quantity::new(missing.into()).unwrap_or(Quantity::MAX),
                class: spread.class,
                good_til: spread.good_til.filter(|_| missing > 0),
            })),
        }
    }

    /// Whether these are the same units, whoever asked for which of them.
    pub fn is_same(&self, other: &Self, line: LineQuantity) -> bool {
        self.queued() == other.queued() && self.filled(line).eq(other.filled(line))
    }

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

    /// Until when the others queue, if that has an end.
    pub fn good_til(&self) -> Option<Timestamp> {
        match self {
            Self::At { .. } => None,
            Self::Spread(spread) => spread.good_til,
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
