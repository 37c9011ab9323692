//! What follows from a command: one file for each kind of question.

mod adjust;
mod advance;
mod delete;
mod finish;
mod open;
mod put;

use super::{Product, ProductCommand, ProductEvent};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    /// The event that carries out this command at this instant, `None` if it is carried out already, or why not.
    ///
    /// Lapsed holds must have been settled first (see the module's head): a claim that rests on the units of a
    /// lapsed hold is refused here.
    ///
    /// # Errors
    /// A [`Rejection`] the caller can act on; the product is as it was.
    pub fn decide(&self, at: Timestamp, command: &ProductCommand) -> Result<Option<ProductEvent>, Rejection> {
        match command {
            ProductCommand::Put { details, operation } => self.decide_put(at, details, *operation),
            ProductCommand::Delete { operation } => self.decide_delete(at, *operation),
            ProductCommand::Adjust(adjustment) => self.decide_adjust(at, adjustment),
            ProductCommand::Open(open) => self.decide_open(open).map(Some),
            ProductCommand::Move { hold, expires_at } => self.decide_move(*hold, *expires_at),
            ProductCommand::Commit { hold, quantity } => self.decide_commit(*hold, *quantity),
            ProductCommand::End { hold, why } => Ok(self.decide_end(*hold, *why)),
            ProductCommand::Advance { hold, to } => self.decide_advance(*hold, *to),
        }
    }
}
