//! Take in what happened to a lot.

use super::super::lot::{Lot, LotStatus, Origin};
use super::super::{Condition, LotEvent, Product, ProductResult};
use super::{adjusted, difference, sum};
use crate::ids::{LocationId, LotId};
use crate::quantity::Quantity;

impl Product {
    /// Answers what the request that did it is told.
    pub(super) fn lot_changed(&mut self, id: LotId, what: &LotEvent) -> ProductResult {
        let after = match what {
            LotEvent::Announced { origin, location, units, expected_at, reference, actor: _ } => {
                let lot = Lot {
                    origin: origin.clone(),
                    location: location.clone(),
                    units: *units,
                    received: Quantity::ZERO,
                    expected_at: *expected_at,
                    reference: reference.clone(),
                    status: LotStatus::Open,
                };
                self.announce(id, lot)
            }
            LotEvent::Received {
                location,
                condition,
                units,
                is_transfer: _,
                reference: _,
                actor: _,
                short,
            } => {
                self.put_on_shelf(location, *condition, *units);
                let gone = short.as_ref().map(|short| (short.units, LotStatus::Short));
                self.lessen_lot(id, *units, gone)
            }
            LotEvent::Rescheduled { expected_at, actor: _ } => {
                let lot = self.known_lot(id);
                lot.expected_at = *expected_at;
                lot.clone()
            }
            LotEvent::Cancelled { back_to, units, reason: _, reference: _, actor: _ } => {
                if let Some(location) = back_to {
                    self.put_on_shelf(location, Condition::Sellable, *units);
                }
                self.lessen_lot(id, Quantity::ZERO, Some((*units, LotStatus::Cancelled)))
            }
        };
        ProductResult::Lot { lot: id, after: Box::new(after) }
    }

    fn announce(&mut self, id: LotId, lot: Lot) -> Lot {
        if let Origin::Transfer { from, reason: _ } = &lot.origin {
            let number = self.stocked(from);
            let delta = -i64::from(lot.units.units());
            self.change_level(number, |level| *level = adjusted(*level, Condition::Sellable, delta, None));
        }
        let number = self.stocked(&lot.location);
        let shelf = self.shelf_mut(number);
        shelf.incoming = sum(shelf.incoming, lot.units.into());
        let before = self.lots.get_or_insert_default().open(id, lot.clone());
        assert!(before.is_none(), "{id:?} is announced once");
        lot
    }

    fn put_on_shelf(&mut self, location: &LocationId, condition: Condition, units: Quantity) {
        let number = self.stocked(location);
        let delta = units.units().cast_signed();
        self.change_level(number, |level| *level = adjusted(*level, condition, delta, None));
    }

    /// Takes units out of a lot: those that arrived, and those that never will. It ends if that were all.
    fn lessen_lot(&mut self, id: LotId, received: Quantity, gone: Option<(Quantity, LotStatus)>) -> Lot {
        let (never, how) = gone.unwrap_or((Quantity::ZERO, LotStatus::Received));
        let lot = self.known_lot(id);
        let left = difference(difference(lot.left(), received), never);
        lot.received = sum(lot.received, received);
        if left.is_zero() {
            lot.status = how;
        }
        let after = lot.clone();
        assert_eq!(after.left(), left, "I2: {id:?}: each unit arrived, is to come, or never will");
        let number = self.stocked(&after.location);
        let shelf = self.shelf_mut(number);
        shelf.incoming = difference(shelf.incoming, sum(received, never));
        if let (LotStatus::Received | LotStatus::Short | LotStatus::Cancelled, Some(lots)) =
            (after.status, &mut self.lots)
        {
            lots.end(id, after.status);
        }
        after
    }

    fn known_lot(&mut self, id: LotId) -> &mut Lot {
        match self.lots.as_mut().and_then(|lots| lots.get_mut(id)) {
            Some(lot) => lot,
            None => panic!("{id:?} was announced before anything becomes of it"),
        }
    }
}
