//! Which locations a claim is served from.
//!
//! A claim names a location or leaves the choice to the product. The locations that are asked whether there is enough
//! are the ones the units are taken from, in the same step. The order in which they are asked is the whole of a
//! strategy:
//!
//! ```text
//!   FewestShipments   one that has it all, best rank first; else the fullest first
//!   Ranked            best rank first
//!   HighestStock      the fullest first
//!   Nearest           as the request lists them, then by rank
//! ```
//!
//! Rank is the merchant's own order of locations; those it does not name follow in the order of their names.

use smallvec::SmallVec;

use super::holds::LocationNumber;
use crate::ids::LocationId;
use crate::quantity::LineQuantity;

/// Which locations units are taken from first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// As few as can be.
    #[default]
    FewestShipments,
    /// The merchant's favourites.
    Ranked,
    /// Those that have most.
    HighestStock,
    /// Those that the request lists first; without a list, the merchant's favourites.
    Nearest,
}

/// The merchant's rules about a product's locations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SourcingRules {
    /// What is done where a request does not say.
    pub strategy: Strategy,
    /// Locations from the best to the worst. At most [`SourcingRules::LOCATIONS_MAX`].
    pub ranking: Vec<LocationId>,
    /// Locations that nothing new is taken from. At most [`SourcingRules::LOCATIONS_MAX`].
    pub closed: Vec<LocationId>,
}

impl SourcingRules {
    /// Most locations a list may name.
    pub const LOCATIONS_MAX: usize = 64;
    /// No preference.
    pub const USUAL: Self =
        Self { strategy: Strategy::FewestShipments, ranking: Vec::new(), closed: Vec::new() };
}

/// Units that can be taken from a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) location: LocationNumber,
    /// Where it stands in the order that rank or request give, the first being best.
    pub(super) place: usize,
    pub(super) units: u64,
}

/// Most locations one line is served from, so that what is written down about it stays below
/// [`crate::event::EVENT_BYTES_MAX`]. Units beyond are not there for it.
pub const SOURCES_MAX: usize = 256;

/// What is free, by place. Few products lie at more than four locations.
pub(super) type Supply = SmallVec<[Free; 4]>;

/// Units taken from locations.
pub(super) type Taken = SmallVec<[(LocationNumber, LineQuantity); 1]>;

/// Takes as many of these units as there are, up to `wanted`, in the order of the strategy. `only` names the one
/// location they may come from.
pub(super) fn take(
    supply: &mut Supply,
    strategy: Strategy,
    wanted: LineQuantity,
    only: Option<LocationNumber>,
) -> Taken {
    let mut taken = Taken::new();
    let mut missing = wanted.units();
    while missing > 0 && taken.len() < SOURCES_MAX {
        let Some(free) = next(supply, strategy, missing, only) else { break };
        let units = u32::try_from(free.units).map_or(missing, |units| units.min(missing));
        let Some(units) = LineQuantity::new(units) else { break };
        free.units -= u64::from(units.units());
        missing -= units.units();
        taken.push((free.location, units));
    }
    taken
}

/// The location to be asked next.
fn next(
    supply: &mut Supply,
    strategy: Strategy,
    missing: u32,
    only: Option<LocationNumber>,
) -> Option<&mut Free> {
    let can =
        supply.iter_mut().filter(|free| free.units > 0 && only.is_none_or(|only| free.location == only));
    match strategy {
        Strategy::FewestShipments => can.min_by_key(|free| match free.units.checked_sub(missing.into()) {
            Some(_) => (0, free.place),
            None => (u64::MAX - free.units, free.place),
        }),
        Strategy::HighestStock => can.min_by_key(|free| (u64::MAX - free.units, free.place)),
        Strategy::Ranked | Strategy::Nearest => can.min_by_key(|free| free.place),
    }
}

/// The locations in the order in which a claim of so many units asks them, those that have nothing last. Whoever finds all it wants
/// asks no more; the order goes on as for one that wants as many again.
pub(super) fn in_order(supply: &Supply, strategy: Strategy, wanted: LineQuantity) -> Vec<LocationNumber> {
    let mut left = supply.clone();
    let mut order = Vec::with_capacity(left.len());
    let mut missing = wanted.units();
    while order.len() < SOURCES_MAX {
        let Some(free) = next(&mut left, strategy, missing, None) else { break };
        missing -= u32::try_from(free.units).map_or(missing, |units| units.min(missing));
        if missing == 0 {
            missing = wanted.units();
        }
        free.units = 0;
        order.push(free.location);
    }
    let mut rest: Vec<_> = supply.iter().filter(|free| !order.contains(&free.location)).collect();
    rest.sort_by_key(|free| (free.units == 0, free.place));
    order.extend(rest.into_iter().map(|free| free.location));
    order.truncate(SOURCES_MAX);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each location has, in the order of rank.
    fn taken(strategy: Strategy, wanted: u32, has: &[u64]) -> Vec<(u32, u32)> {
        let free = |(number, units)| Free { location: LocationNumber(number), place: number as usize, units };
        let mut supply: Supply = (0..).zip(has.iter().copied()).map(free).collect();
        let taken = take(&mut supply, strategy, LineQuantity::new(wanted).unwrap(), None);
        let left: u64 = supply.iter().map(|free| free.units).sum();
        let sum: u32 = taken.iter().map(|(_, units)| units.units()).sum();
        assert_eq!(left + u64::from(sum), has.iter().sum::<u64>(), "what is taken is gone");
        taken.into_iter().map(|(location, units)| (location.0, units.units())).collect()
    }

    #[test]
    fn one_location_that_has_it_all_beats_several() {
        assert_eq!(taken(Strategy::FewestShipments, 13, &[10, 15, 20]), [(1, 13)]);
        assert_eq!(taken(Strategy::Ranked, 13, &[10, 15, 20]), [(0, 10), (1, 3)]);
        assert_eq!(taken(Strategy::HighestStock, 13, &[10, 15, 20]), [(2, 13)]);
    }

    #[test]
    fn where_none_has_it_all_the_fullest_go_first_and_the_last_one_need_not_be_full() {
        assert_eq!(taken(Strategy::FewestShipments, 12, &[3, 2, 8, 4]), [(2, 8), (3, 4)]);
        // Three are left to find: the best ranked that has them, not the fullest.
        assert_eq!(taken(Strategy::FewestShipments, 11, &[3, 2, 8, 4]), [(2, 8), (0, 3)]);
    }

    #[test]
    fn the_order_is_that_in_which_units_are_taken_and_goes_on_as_for_as_many_again() {
        let order = |wanted, has: [u64; 5]| {
            let free =
                |(number, units)| Free { location: LocationNumber(number), place: number as usize, units };
            let supply: Supply = (0..).zip(has).map(free).collect();
            let order = in_order(&supply, Strategy::FewestShipments, LineQuantity::new(wanted).unwrap());
            order.into_iter().map(|location| location.0).collect::<Vec<_>>()
        };
        // Eight, and the best ranked that has the other three; then as for eleven again: four, and two; nothing is last.
        assert_eq!(order(11, [3, 0, 2, 8, 4]), [3, 0, 4, 2, 1]);
        // The best ranked that has all three, then the next of these.
        assert_eq!(order(3, [2, 0, 3, 8, 4]), [2, 3, 4, 0, 1]);
    }

    #[test]
    fn a_line_takes_units_from_so_many_locations_and_no_more() {
        let wanted = u32::try_from(SOURCES_MAX).unwrap() + 1;
        for strategy in [Strategy::FewestShipments, Strategy::Ranked, Strategy::HighestStock] {
            assert_eq!(taken(strategy, wanted, &[1; SOURCES_MAX + 1]).len(), SOURCES_MAX, "{strategy:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_taken() {
        assert_eq!(taken(Strategy::Ranked, 15, &[5, 0, 3]), [(0, 5), (2, 3)]);
        assert_eq!(taken(Strategy::HighestStock, 1, &[0, 0]), []);
    }
}
