//! What becomes of units on their way: one file for each thing that can be done about a lot.

mod announce;
mod cancel;
mod receive;
mod transfer;

use super::super::lot::{LOTS_OPEN_MAX, Lot};
use super::super::{LotAction, LotCommand, LotEvent, Product, ProductEvent};
use crate::ids::LotId;
use crate::operation::Lookup;
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_lot(
        &self,
        at: Timestamp,
        command: &LotCommand,
    ) -> Result<Option<ProductEvent>, Rejection> {
        let LotCommand { lot, action, actor, operation } = command;
        match self.look_up(*operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        }
        self.check_has_stock()?;
        let actor = actor.clone();
        let what = match action {
            LotAction::Announce(announcement) => self.decide_announce(*lot, announcement, actor)?,
            LotAction::Transfer(transfer) => self.decide_transfer(*lot, transfer, actor)?,
            LotAction::Receive(receipt) => self.decide_receive(*lot, receipt, actor)?,
            LotAction::Reschedule(expected_at) => {
                self.open_lot(*lot)?;
                LotEvent::Rescheduled { expected_at: *expected_at, actor }
            }
            LotAction::Cancel(reason) => self.decide_cancel(*lot, reason, actor)?,
        };
        Ok(Some(ProductEvent::Lot { lot: *lot, what: Box::new(what), operation: *operation, at }))
    }

    fn open_lot(&self, id: LotId) -> Result<&Lot, Rejection> {
        self.lot(id).ok_or_else(|| match self.lot_status(id) {
            Some(status) => Rejection::LotEnded { lot: id, status },
            None => Rejection::LotNotFound { lot: id },
        })
    }

    /// Whether there may be a lot of this number. A number is made of a key; a lot can be known for longer than the key
    /// that made it is.
    fn check_new_lot(&self, id: LotId) -> Result<(), Rejection> {
        if self.lot_status(id).is_some() {
            return Err(Rejection::KeyReused);
        }
        if self.lots_open() >= LOTS_OPEN_MAX {
            return Err(Rejection::TooManyLots { sku: self.sku.clone(), max: LOTS_OPEN_MAX });
        }
        Ok(())
    }
}
