//! What may be asked of an order.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{LINES_PER_EVENT, LineUnits, Order, OrderEvent, OrderLine, OrderPlaced, ReturnedUnits, Stage};
use crate::ids::{LocationId, Sku};
use crate::money::{Currency, Money};
use crate::operation::{Lookup, Operation};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::reservation::{Reservation, ReservationLine};
use crate::time::Timestamp;

/// Everything an order begins with.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// How it begins.
    pub placed: OrderPlaced,
    /// Its lines, merged and in the order of their names, as those of its reservation.
    pub lines: Vec<OrderLine>,
    /// What the customer was shown.
    pub expected_total: Option<Money>,
}

/// Units that a customer sends back.
#[derive(Debug, Clone)]
pub struct ReturnLine {
    /// Which product.
    pub sku: Sku,
    /// Which of the order's lines of it: the one that asked for this location, or for none.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
    /// Whether they can be sold again.
    pub damaged: bool,
}

impl PlaceOrder {
    /// The sum of the lines.
    ///
    /// # Errors
    /// If it does not fit into an amount.
    pub fn total(lines: &[OrderLine], currency: Currency) -> Result<Money, Rejection> {
        let total = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.total_minor));
        total.and_then(|minor| Money::from_minor(minor, currency)).ok_or(Rejection::TotalTooLarge)
    }

    /// Checks that the order costs what the customer was shown.
    ///
    /// # Errors
    /// If it does not, or its value does not fit into an amount.
    pub fn check_total(&self) -> Result<(), Rejection> {
        let actual = Self::total(&self.lines, self.placed.currency)?;
        match self.expected_total {
            Some(expected) if expected != actual => Err(Rejection::TotalChanged { expected, actual }),
            _ => Ok(()),
        }
    }

    /// Notes which line of the reservation holds the units of each line of the order. Both are in the order of their names.
    ///
    /// # Errors
    /// If the reservation was changed since the lines were read from it.
    pub fn take_over(lines: &mut [OrderLine], held: &Reservation) -> Result<(), Rejection> {
        let same = |(line, held): (&OrderLine, &ReservationLine)| {
            held.name() == (&line.sku, line.location.as_ref()) && held.quantity == line.quantity
        };
        if lines.len() != held.lines().len() || !lines.iter().zip(held.lines()).all(same) {
            return Err(Rejection::ReservationChanged);
        }
        lines.iter_mut().zip(held.lines()).for_each(|(line, held)| line.hold = held.number);
        Ok(())
    }

    /// The events that place it.
    pub fn events(&self) -> Vec<OrderEvent> {
        let chunks = self.lines.chunks(LINES_PER_EVENT);
        let firsts = (0..=u16::MAX).step_by(LINES_PER_EVENT);
        let lines =
            firsts.zip(chunks).map(|(first, lines)| OrderEvent::LinesAdded { first, lines: lines.to_vec() });
        lines.chain([OrderEvent::Placed(self.placed.clone())]).collect()
    }
}

impl Order {
    /// Calls open units off: the named ones, or all. When nothing is open any more and nothing has left, the order is
    /// over.
    ///
    /// # Errors
    /// If it is not confirmed, a shipment is under way, or it has not so many open units.
    pub fn decide_cancel(
        &self,
        at: Timestamp,
        units: &[(Sku, Option<LocationId>, LineQuantity)],
        reason: &SmolStr,
        operation: Operation,
    ) -> Result<Option<OrderEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        let lines = self.open_units(units, "cancelled")?;
        self.check_refund_count()?;
        let reason = reason.clone();
        Ok(Some(if self.ends_without(&lines) {
            OrderEvent::Cancelled { reason, operation, at }
        } else {
            OrderEvent::UnitsCancelled { lines, reason, operation, at }
        }))
    }

    /// Whether nothing is left of the order without these units.
    fn ends_without(&self, units: &[LineUnits]) -> bool {
        let called_off = |line: u16| {
            let found = units.iter().find(|units| units.line == line);
            found.map_or(Quantity::ZERO, |units| units.units.into())
        };
        self.numbered()
            .all(|(line, state)| state.progress.shipped.is_zero() && state.open() == called_off(line))
    }

    /// Begins a shipment: of the named units, or of all that are left.
    ///
    /// # Errors
    /// If it is not confirmed, another shipment is under way, or it has not so many units left to ship.
    pub fn decide_shipment(
        &self,
        at: Timestamp,
        units: &[(Sku, Option<LocationId>, LineQuantity)],
        operation: Operation,
    ) -> Result<Option<OrderEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        let lines = self.open_units(units, "shipped")?;
        Ok(Some(OrderEvent::ShipmentStarted { lines, operation, at }))
    }

    /// Ends the shipment under way with the units that the shelves gave.
    pub fn decide_shipped(&self, at: Timestamp, lines: Vec<LineUnits>) -> OrderEvent {
        OrderEvent::Shipped { lines, at }
    }

    /// Takes units back. Never more than are with the customer.
    ///
    /// # Errors
    /// If it is not confirmed, or not so many units are with the customer.
    pub fn decide_return(
        &self,
        at: Timestamp,
        units: &[ReturnLine],
        reason: &SmolStr,
        operation: Operation,
    ) -> Result<Option<OrderEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        if !matches!(self.stage, Stage::Confirmed { .. }) {
            return Err(Rejection::OrderState { status: self.status(), verb: "returned" });
        }
        self.check_refund_count()?;
        let named: Vec<_> =
            units.iter().map(|line| (line.sku.clone(), line.location.clone(), line.quantity)).collect();
        let lines = self.match_lines(&named, "returned", |state| state.returnable())?;
        let damaged = |line: u16| {
            let ordered = self.lines.get(usize::from(line)).map(|state| &state.ordered);
            let of_line = units.iter().filter(|unit| {
                ordered
                    .is_some_and(|ordered| (&ordered.sku, &ordered.location) == (&unit.sku, &unit.location))
            });
            // Part of the line's units, whose sum has been checked.
            of_line.filter(|unit| unit.damaged).map(|unit| unit.quantity.units()).sum()
        };
        let lines = lines
            .into_iter()
            .map(|LineUnits { line, units }| ReturnedUnits { line, units, damaged: damaged(line) })
            .collect();
        Ok(Some(OrderEvent::Returned { lines, reason: reason.clone(), operation, at }))
    }

    pub(super) fn is_repeat(&self, operation: Operation) -> Result<bool, Rejection> {
        match self.operations.look_up(operation) {
            Lookup::New => Ok(false),
            Lookup::Repeat(_) => Ok(true),
            Lookup::Reused => Err(Rejection::KeyReused),
        }
    }

    /// The named open units of a confirmed order that is not being shipped, or all of them.
    fn open_units(
        &self,
        units: &[(Sku, Option<LocationId>, LineQuantity)],
        verb: &'static str,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let refused = || Rejection::OrderState { status: self.status(), verb };
        if !matches!(self.stage, Stage::Confirmed { .. }) || self.shipping.is_some() {
            return Err(refused());
        }
        if !units.is_empty() {
            return self.match_lines(units, verb, |state| state.open());
        }
        let all: Vec<_> =
            self.numbered().filter_map(|(line, state)| line_units(line, state.open())).collect();
        if all.is_empty() { Err(refused()) } else { Ok(all) }
    }

    fn numbered(&self) -> impl Iterator<Item = (u16, &super::LineState)> {
        (0..).zip(&self.lines)
    }

    /// Finds the named lines, summing what names a line twice, and checks that each has so many units left.
    fn match_lines(
        &self,
        units: &[(Sku, Option<LocationId>, LineQuantity)],
        verb: &'static str,
        left: impl Fn(&super::LineState) -> Quantity,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let mut wanted: BTreeMap<(&Sku, &Option<LocationId>), LineQuantity> = BTreeMap::new();
        for (sku, location, quantity) in units {
            let sum = match wanted.get(&(sku, location)) {
                Some(before) => before.checked_add(*quantity),
                None => Some(*quantity),
            };
            let exceeded = || Rejection::LineExceeded {
                sku: sku.clone(),
                location: location.clone(),
                requested: *quantity,
                left: Quantity::ZERO,
                verb,
            };
            wanted.insert((sku, location), sum.ok_or_else(exceeded)?);
        }
        let mut lines = Vec::with_capacity(wanted.len());
        for ((sku, location), requested) in wanted {
            let position = self.lines.binary_search_by(|state| {
                (&state.ordered.sku, &state.ordered.location).cmp(&(sku, location))
            });
            let found = position
                .ok()
                .and_then(|position| Some((u16::try_from(position).ok()?, self.lines.get(position)?)));
            let Some((line, state)) = found else {
                return Err(Rejection::NoSuchLine { sku: sku.clone(), location: location.clone() });
            };
            let left = left(state);
            if Quantity::from(requested) > left {
                return Err(Rejection::LineExceeded {
                    sku: sku.clone(),
                    location: location.clone(),
                    requested,
                    left,
                    verb,
                });
            }
            lines.push(LineUnits { line, units: requested });
        }
        Ok(lines)
    }
}

fn line_units(line: u16, units: Quantity) -> Option<LineUnits> {
    let units = LineQuantity::new(u32::try_from(units.units()).ok()?)?;
    Some(LineUnits { line, units })
}
