//! What follows from a command: one file for each kind of question.

mod adjust;
mod advance;
mod delete;
mod explain;
mod fill;
mod finish;
mod lapse;
mod location;
mod lot;
mod open;
mod put;
mod raise;
mod sale;
mod untracked;
mod waiting;

pub(super) use fill::{Vessel, pour};
use smallvec::SmallVec;
pub use waiting::OFFERED_AT_MAX;

use super::{Product, ProductCommand, ProductEvent};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// What follows from one command: nearly always one event, none if it was carried out before.
pub type Events = SmallVec<[ProductEvent; 1]>;

impl Product {
    /// The events that carry out this command at this instant, none if it is carried out already, or why not.
    ///
    /// Lapsed holds must have been settled first (see the module's head): a claim that rests on the units of a
    /// lapsed hold is refused here. Whoever applies the events asks [`Product::decide_fills`]
    /// afterwards, and when there are no more fills, [`Product::decide_offers`].
    ///
    /// # Errors
    /// A [`Rejection`] the caller can act on; the product is as it was.
    pub fn decide(&self, at: Timestamp, command: &ProductCommand) -> Result<Events, Rejection> {
        let event = match command {
            ProductCommand::Open(open) => return self.decide_open(at, open),
            ProductCommand::Raise(raise) => return self.decide_raise(at, raise),
            ProductCommand::Keep { hold, expires_at, has } => {
                return self.decide_keep(*hold, *expires_at, has.as_deref());
            }
            ProductCommand::Advance { hold, to } => return self.decide_advance(at, *hold, *to),
            ProductCommand::Put { details, operation } => self.decide_put(at, details, *operation)?,
            ProductCommand::Delete { operation } => self.decide_delete(at, *operation)?,
            ProductCommand::PutSale { terms, operation } => self.decide_put_sale(at, terms, *operation)?,
            ProductCommand::EndSale { sale, operation } => self.decide_end_sale(at, sale, *operation)?,
            ProductCommand::Adjust(adjustment) => self.decide_adjust(at, adjustment)?,
            ProductCommand::Commit { hold, quantity, arrival, at } => {
                self.decide_commit(*hold, *quantity, (*arrival, *at))?
            }
            ProductCommand::End { hold, why } => self.decide_end(*hold, *why),
            ProductCommand::Lot(command) => self.decide_lot(at, command)?,
            ProductCommand::DeleteLocation(command) => self.decide_delete_location(at, command)?,
            ProductCommand::Join(join) => self.decide_join(at, join)?,
            ProductCommand::Leave { customer, operation } => self.decide_leave(at, customer, *operation)?,
        };
        Ok(event.map_or_else(Events::new, |event| Events::from_buf([event])))
    }
}
