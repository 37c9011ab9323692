//! What can be asked of a product.

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::event::{Fulfilment, HoldEnd};
use super::policy::ProductDetails;
use super::sale::SaleTerms;
use super::stock::Condition;
use super::terms::Terms;
use crate::ids::{CustomerId, HoldId, LocationId, ReservationId, SaleId};
use crate::operation::Operation;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Sequence, Timestamp};

/// One request to one product.
#[derive(Debug, Clone)]
pub enum ProductCommand {
    /// Create it or replace its details.
    Put {
        /// What it shall be.
        details: ProductDetails,
        /// The request.
        operation: Operation,
    },
    /// Take it out of the catalogue.
    Delete {
        /// The request.
        operation: Operation,
    },
    /// Put a sale of it, or change the one there is.
    PutSale {
        /// What it shall be.
        terms: Box<SaleTerms>,
        /// The request.
        operation: Operation,
    },
    /// End its sale.
    EndSale {
        /// Which.
        sale: SaleId,
        /// The request.
        operation: Operation,
    },
    /// Change the count at a location.
    Adjust(Adjustment),
    /// Claim units for a reservation: for all of these lines, or for none.
    Open(OpenHolds),
    /// Move a hold's deadline, or lift it. Its reservation has decided so.
    Move {
        /// Which hold.
        hold: HoldId,
        /// The new deadline.
        expires_at: Option<Timestamp>,
    },
    /// Turn a hold into an allocation. Its reservation has decided so.
    Commit {
        /// Which hold.
        hold: HoldId,
        /// Units taken; the rest goes back.
        quantity: Quantity,
        /// Where in the journal the reservation decided that.
        arrival: Sequence,
    },
    /// End a hold. Its reservation has decided so, or never came to be.
    End {
        /// Which hold.
        hold: HoldId,
        /// Why.
        why: HoldEnd,
    },
    /// Bring an allocation up to this point. Saying it twice does it once.
    Advance {
        /// Which allocation, by the hold it came from.
        hold: HoldId,
        /// How far it shall be, at least.
        to: Fulfilment,
    },
}

/// A change of the count at a location.
#[derive(Debug, Clone)]
pub struct Adjustment {
    /// Where.
    pub location: LocationId,
    /// Which of the units there: those in this condition.
    pub condition: Condition,
    /// What to change.
    pub change: StockChange,
    /// The count of these units the caller believes is there; refused if it is another.
    pub expected: Option<Quantity>,
    /// Why, in the merchant's words.
    pub reason: SmolStr,
    /// The paper behind it.
    pub reference: Option<SmolStr>,
    /// Who did it, in the merchant's words.
    pub actor: Option<SmolStr>,
    /// The request.
    pub operation: Operation,
}

/// How a count changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    /// By so many units, up or down; not zero.
    By(i64),
    /// To what a count found.
    To(Quantity),
    /// So many units, now found to be in another condition. They stay on the shelf.
    Become(Condition, LineQuantity),
}

/// Claims for the lines of a reservation that name this product.
#[derive(Debug, Clone)]
pub struct OpenHolds {
    /// Which reservation.
    pub reservation: ReservationId,
    /// The position in it of the first line that comes of this; the others follow.
    pub first_line: u16,
    /// What is claimed. Each location, and no location, is named once.
    pub claims: SmallVec<[Claim; 1]>,
    /// On what terms.
    pub terms: Terms,
    /// Who for.
    pub customer: CustomerId,
    /// When the claims lapse.
    pub expires_at: Timestamp,
}

/// A claim for one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The one location to take the units from; from wherever they lie if not said.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
}
