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

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: u32) -> LineQuantity {
        LineQuantity::new(units).unwrap()
    }

    fn place(name: &str) -> LocationId {
        LocationId::new(name).unwrap()
    }

    const DATE: Timestamp = Timestamp::from_millis(7);

    /// Three units at `main` and two in the north, and so many that queue up to a date.
    fn spread(queued: u64) -> Sources {
        let filled = [("main", 3), ("north", 2)];
        let source = |(name, count)| Source { location: place(name), units: units(count) };
        Sources::Spread(Box::new(Spread {
            asked: None,
            filled: filled.map(source).into(),
            queued: Quantity::new(queued).unwrap(),
            class: PriorityClass::USUAL,
            good_til: (queued > 0).then_some(DATE),
        }))
    }

    /// What is where of a line of so many, how many queue, and until when.
    fn told(sources: &Sources, line: u32) -> (Vec<(&str, u32)>, u64, Option<Timestamp>) {
        let filled = sources.filled(units(line)).map(|(location, units)| (location.as_str(), units.units()));
        (filled.collect(), sources.queued().units(), sources.good_til())
    }

    #[test]
    fn of_a_line_that_gets_smaller_goes_first_what_queues_and_then_what_was_found_last() {
        let line = spread(4);
        for (left, filled, queued, good_til) in [
            (12, &[("main", 3), ("north", 2)][..], 4, Some(DATE)),
            (9, &[("main", 3), ("north", 2)], 4, Some(DATE)),
            (8, &[("main", 3), ("north", 2)], 3, Some(DATE)),
            (6, &[("main", 3), ("north", 2)], 1, Some(DATE)),
            (5, &[("main", 3), ("north", 2)], 0, None),
            (4, &[("main", 3), ("north", 1)], 0, None),
            (3, &[("main", 3)], 0, None),
            (1, &[("main", 1)], 0, None),
        ] {
            let first = line.first(units(9), units(left));
            assert_eq!(told(&first, left), (filled.to_vec(), queued, good_til), "{left} are left");
        }
    }

    #[test]
    fn what_is_left_at_one_location_is_a_line_at_that_location() {
        let left = spread(4).first(units(9), units(2));
        assert_eq!(left, Sources::At { location: place("main"), asked: false });
        assert_eq!(left.first(units(2), units(1)), left, "a line at one location is there with less");
    }

    #[test]
    fn the_same_units_are_those_at_the_same_places_and_as_many_that_queue() {
        let at_main = |asked| Sources::At { location: place("main"), asked };
        assert!(at_main(true).is_same(&at_main(false), units(3)), "whoever asked for them");
        assert!(spread(4).is_same(&spread(4), units(9)));
        assert!(!spread(4).is_same(&spread(3), units(9)), "as many lie there, and fewer queue");
        let in_the_north = Sources::At { location: place("north"), asked: false };
        assert!(!at_main(false).is_same(&in_the_north, units(3)), "as many queue, and they lie elsewhere");
        assert!(!spread(0).is_same(&at_main(false), units(5)));
    }
}
