//! Take in that a location was given up, and that one which was is used again.

use super::super::allocation::Part;
use super::super::holds::LocationNumber;
use super::super::{Condition, Piles, Product, ProductEvent, StockLevel};
use super::adjusted;
use crate::ids::LocationId;
use crate::quantity::Quantity;
use crate::time::Timestamp;

impl Product {
    /// Units go to the other location, and what was shipped from here comes back there. The location keeps its number, so
    /// that it is the same one if it is ever used again.
    pub(super) fn location_deleted(
        &mut self,
        event: &ProductEvent,
        location: &LocationId,
        to: Option<&LocationId>,
        units: Piles,
        at: Timestamp,
    ) {
        let number = self.number_or_new(location);
        for (condition, units) in units.each() {
            let delta = units.units().cast_signed();
            self.change_level(number, |level| *level = adjusted(*level, condition, -delta, None));
        }
        if let Some(to) = to {
            let target = self.stocked(to);
            for (condition, units) in units.each() {
                let delta = units.units().cast_signed();
                self.change_level(target, |level| *level = adjusted(*level, condition, delta, None));
            }
            self.rehome(number, target);
        }
        self.remember_moves(at, at, event);
        let shelf = self.shelf_mut(number);
        assert!(
            shelf.level == StockLevel::default() && shelf.incoming.is_zero(),
            "I2: nothing is left at {location} when it is given up: {:?}",
            shelf.level
        );
        (shelf.is_stocked, shelf.is_deleted) = (false, true);
        self.by_name.retain(|listed| *listed != number);
    }

    /// What left from one location comes back to another from now on.
    fn rehome(&mut self, from: LocationNumber, to: LocationNumber) {
        for allocation in self.allocations.values_mut() {
            let Some(gone) = allocation.parts.iter().position(|part| part.location == from) else { continue };
            let other = allocation.parts.iter().position(|part| part.location == to);
            let moved = allocation.parts.get(gone).copied();
            match (moved, other) {
                (Some(moved), Some(other)) => {
                    // The two become one, where the first of them stood.
                    let (first, last) = (gone.min(other), gone.max(other));
                    let there = allocation.parts.remove(last);
                    let here = if last == gone { allocation.parts.get(first).copied() } else { Some(there) };
                    let open = here.map_or(Quantity::ZERO, |here| here.open);
                    let away = here.map_or(Quantity::ZERO, |here| here.away);
                    if let Some(one) = allocation.parts.get_mut(first) {
                        let (open, away) = (super::sum(open, moved.open), super::sum(away, moved.away));
                        *one = Part { location: to, open, away };
                    }
                }
                (Some(_), None) => {
                    if let Some(part) = allocation.parts.get_mut(gone) {
                        part.location = to;
                    }
                }
                (None, _) => {}
            }
        }
    }

    /// The number of a location that was given up, where something of the product is again.
    pub(super) fn listed_again(&mut self, location: &LocationId, position: usize) -> Option<LocationNumber> {
        let found = self.shelves.iter().position(|shelf| shelf.is_deleted && shelf.location == *location)?;
        let number = LocationNumber(u32::try_from(found).ok()?);
        self.by_name.insert(position, number);
        Some(number)
    }
}

impl Piles {
    /// What lies on a shelf.
    pub(in super::super) fn of(level: &StockLevel) -> Self {
        let pile = |condition| level.pile(condition);
        Self {
            sellable: pile(Condition::Sellable),
            damaged: pile(Condition::Damaged),
            quality_control: pile(Condition::QualityControl),
        }
    }

    /// The piles that are not empty.
    pub(in super::super) fn each(self) -> impl Iterator<Item = (Condition, Quantity)> {
        let Self { sellable, damaged, quality_control } = self;
        let piles = [
            (Condition::Sellable, sellable),
            (Condition::Damaged, damaged),
            (Condition::QualityControl, quality_control),
        ];
        piles.into_iter().filter(|(_, units)| !units.is_zero())
    }
}
