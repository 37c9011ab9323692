//! Change the count at a location. A count may be lowered below what is promised, because the shelf is what it is;
//! the shortage then shows, and nothing more is promised until it is gone. What is told later than it happened is set
//! against what is known to have happened since (see [`Recent`]).

use super::super::recent::Recent;
use super::super::{Adjustment, Condition, Product, ProductEvent, Stamped, StockChange};
use crate::ids::LocationId;
use crate::operation::Lookup;
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_adjust(
        &self,
        at: Timestamp,
        adjustment: &Adjustment,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.look_up(adjustment.operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        }
        self.check_has_stock()?;
        let (level, condition) = (self.level(&adjustment.location), adjustment.condition);
        let pile = level.pile(condition);
        if let Some(expected) = adjustment.expected
            && expected != pile
        {
            return Err(Rejection::StockChanged {
                sku: self.sku.clone(),
                location: adjustment.location.clone(),
                condition,
                expected,
                actual: pile,
            });
        }
        let Change { delta, became, is_count, stamped } = match adjustment.change {
            StockChange::By(delta) => Change { delta, ..Change::default() },
            // Both counts are at most `Quantity::MAX`, so the difference fits.
            StockChange::To(count) => {
                let delta = count.units().cast_signed() - pile.units().cast_signed();
                Change { delta, is_count: true, ..Change::default() }
            }
            StockChange::Become(other, units) => {
                Change { delta: -i64::from(units.units()), became: Some(other), ..Change::default() }
            }
            StockChange::ByAt(delta, then) => self.moved_at(at, adjustment, delta, then)?,
            StockChange::ToAt(count, then) => self.counted_at(at, adjustment, count, then)?,
        };
        // Units that only change their condition were on the shelf before, so nothing else can overflow.
        if level.changed(condition, delta).is_none() {
            return Err(if delta < 0 {
                Rejection::StockBelowZero {
                    sku: self.sku.clone(),
                    location: adjustment.location.clone(),
                    condition,
                    actual: pile,
                    delta,
                }
            } else {
                Rejection::StockAboveMaximum { sku: self.sku.clone(), location: adjustment.location.clone() }
            });
        }
        Ok(Some(ProductEvent::Adjusted {
            location: adjustment.location.clone(),
            condition,
            delta,
            became,
            note: Box::new(adjustment.note.clone()),
            operation: adjustment.operation,
            at,
            is_count,
            stamped: stamped.map(Box::new),
        }))
    }

    /// A movement that happened at an instant and is told now.
    fn moved_at(
        &self,
        now: Timestamp,
        adjustment: &Adjustment,
        delta: i64,
        then: Timestamp,
    ) -> Result<Change, Rejection> {
        self.check_stamp(adjustment, then, (now.minus(Self::STAMP_AGE_MAX), now))?;
        let recent = self.recent(&adjustment.location);
        let counted = recent.and_then(|recent| recent.last_count(adjustment.condition));
        let is_in_count = counted.is_some_and(|counted| then <= counted);
        let stamped = Some(Stamped { at: then, overtaken: is_in_count.then_some(delta) });
        Ok(Change { delta: if is_in_count { 0 } else { delta }, stamped, ..Change::default() })
    }

    /// A count that was taken at an instant and is told now.
    fn counted_at(
        &self,
        now: Timestamp,
        adjustment: &Adjustment,
        count: Quantity,
        then: Timestamp,
    ) -> Result<Change, Rejection> {
        let recent = self.recent(&adjustment.location);
        let oldest = now.minus(Self::STAMP_AGE_MAX);
        let complete_from = recent.and_then(Recent::complete_from).unwrap_or(oldest);
        self.check_stamp(adjustment, then, (oldest.max(complete_from), now))?;
        let condition = adjustment.condition;
        let found = count.units().cast_signed();
        if recent.and_then(|recent| recent.last_count(condition)).is_some_and(|last| then < last) {
            let stamped = Some(Stamped { at: then, overtaken: Some(found) });
            return Ok(Change { stamped, ..Change::default() });
        }
        let since = recent.map_or(0, |recent| recent.change_since(condition, then));
        let now_there = self.level(&adjustment.location).pile(condition).units().cast_signed();
        let delta = found.saturating_sub(now_there.saturating_sub(since));
        let stamped = Some(Stamped { at: then, overtaken: None });
        Ok(Change { delta, is_count: true, stamped, ..Change::default() })
    }

    fn check_stamp(
        &self,
        adjustment: &Adjustment,
        given: Timestamp,
        (earliest, latest): (Timestamp, Timestamp),
    ) -> Result<(), Rejection> {
        if (earliest..=latest).contains(&given) {
            return Ok(());
        }
        let (sku, location) = (self.sku.clone(), adjustment.location.clone());
        Err(Rejection::StampOutOfRange { sku, location, given, earliest, latest })
    }

    fn recent(&self, location: &LocationId) -> Option<&Recent> {
        let listed = self.number(location).map(|number| self.shelf(number));
        // Of a location that was given up it is known as well, and what is told late may be about it.
        let given_up = || self.shelves.iter().find(|shelf| shelf.is_deleted && shelf.location == *location);
        listed.or_else(given_up).and_then(|shelf| shelf.recent.as_deref())
    }
}

/// What an adjustment comes to.
#[derive(Default)]
struct Change {
    delta: i64,
    became: Option<Condition>,
    is_count: bool,
    stamped: Option<Stamped>,
}
