//! What can be asked of a product.

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::claim::Sources;
use super::event::{Fulfilment, HoldEnd, Note};
use super::hold::Hold;
use super::policy::ProductDetails;
use super::sale::SaleTerms;
use super::stock::Condition;
use super::terms::{PriorityClass, Terms};
use crate::ids::{CustomerId, HoldId, LocationId, LotId, ReservationId, SaleId};
use crate::operation::Operation;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Sequence, Timestamp};

/// One request to one product.
#[derive(Debug, Clone)]
pub enum ProductCommand {
    /// Create it or replace its details.
    Put {
        /// What it shall be.
        details: Box<ProductDetails>,
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
    Adjust(Box<Adjustment>),
    /// Claim units for a reservation: for all of these lines, or for none.
    Open(OpenHolds),
    /// Claim more units for a reservation that there is: for all of these lines, or for none.
    Raise(Box<RaiseHolds>),
    /// Go on keeping a hold. Its reservation has decided so.
    Keep {
        /// Which hold.
        hold: HoldId,
        /// Its deadline; none while it cannot lapse.
        expires_at: Option<Timestamp>,
        /// What it has; none while its reservation is about to claim more. It never gets more by this.
        has: Option<Box<Kept>>,
    },
    /// Turn a hold into an allocation. Its reservation has decided so.
    Commit {
        /// Which hold.
        hold: HoldId,
        /// Units taken; the rest goes back.
        quantity: Quantity,
        /// Where in the journal the reservation decided that.
        arrival: Sequence,
        /// When it did.
        at: Timestamp,
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
        /// How far it shall be, at least. Units that lapsed count as cancelled.
        to: Fulfilment,
    },
    /// Do something about units on their way.
    Lot(Box<LotCommand>),
    /// Give a location up.
    DeleteLocation(Box<DeleteLocation>),
    /// Wait for units that come free, or want something else than before.
    Join(Box<JoinWaiting>),
    /// Wait no more.
    Leave {
        /// Who.
        customer: CustomerId,
        /// The request.
        operation: Operation,
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
    /// What the merchant says of it.
    pub note: Note,
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
    /// By so many units, up or down, at this instant, which may be past. It changes nothing if the last count was taken
    /// then or later: it is in that count.
    ByAt(i64, Timestamp),
    /// To what a count found that was taken at this instant. What happened later is kept. It changes nothing if another
    /// count was taken later.
    ToAt(Quantity, Timestamp),
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

/// Claims for a reservation that has lines of this product already, or is to get some.
#[derive(Debug, Clone)]
pub struct RaiseHolds {
    /// The lines that are new.
    pub open: OpenHolds,
    /// Lines that get more, by number: how many more.
    pub raised: SmallVec<[(u16, Claim); 1]>,
    /// All lines of this product that the reservation has so far.
    pub lines: SmallVec<[u16; 1]>,
    /// What these lines will have together when the reservation has changed, without what is claimed here.
    pub kept: Quantity,
}

/// What a hold has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// How many units.
    pub quantity: LineQuantity,
    /// Where they are.
    pub sources: Sources,
}

impl Kept {
    /// Whether a hold has just this.
    pub fn is_of(&self, hold: &Hold) -> bool {
        self.quantity == hold.quantity && self.sources.is_same(&hold.sources, hold.quantity)
    }
}

/// A location of a product to be given up.
#[derive(Debug, Clone)]
pub struct DeleteLocation {
    /// Which.
    pub location: LocationId,
    /// Where what lies there goes; it may be left out if nothing does.
    pub to: Option<LocationId>,
    /// Why, in the merchant's words.
    pub reason: SmolStr,
    /// The request.
    pub operation: Operation,
}

/// A customer's wish for units that come free.
#[derive(Debug, Clone)]
pub struct JoinWaiting {
    /// Who waits.
    pub customer: CustomerId,
    /// How many units, beside those the customer has. Fewer may be offered.
    pub quantity: LineQuantity,
    /// The one location they may be at; anywhere if not said.
    pub location: Option<LocationId>,
    /// How urgent it is.
    pub class: PriorityClass,
    /// The request.
    pub operation: Operation,
}

/// A request about a lot.
#[derive(Debug, Clone)]
pub struct LotCommand {
    /// Which lot: its new number, where the request makes one.
    pub lot: LotId,
    /// What to do.
    pub action: LotAction,
    /// Who did it, in the merchant's words.
    pub actor: Option<SmolStr>,
    /// The request.
    pub operation: Operation,
}

/// What to do about a lot.
#[derive(Debug, Clone)]
pub enum LotAction {
    /// Expect units from a supplier.
    Announce(Announcement),
    /// Send units from one location to another.
    Transfer(Transfer),
    /// Take units of it in, and, if no more will come, end it.
    Receive(Receipt),
    /// Expect it at another time; `None` if nobody knows when.
    Reschedule(Option<Timestamp>),
    /// Expect it no more, for this reason. What is left of a transfer goes back to where it came from.
    Cancel(SmolStr),
}

/// Units expected from a supplier.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Where they will arrive. The product need not have been there before.
    pub location: LocationId,
    /// How many.
    pub units: LineQuantity,
    /// When they are expected, if anybody knows.
    pub expected_at: Option<Timestamp>,
    /// The paper behind it: order, delivery note.
    pub reference: Option<SmolStr>,
}

/// Units to be sent from one location to another. Only such as are fit for sale and nobody's go.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Where they lie.
    pub from: LocationId,
    /// Where they shall lie.
    pub to: LocationId,
    /// Whether `to` may be a location at which the product has never been.
    pub create: bool,
    /// How many.
    pub units: LineQuantity,
    /// When they are expected there, if anybody knows.
    pub expected_at: Option<Timestamp>,
    /// Why, in the merchant's words.
    pub reason: SmolStr,
    /// The paper behind it.
    pub reference: Option<SmolStr>,
}

/// Units of a lot that arrived.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// How many. None says that nothing came, which makes sense only where no more will come either.
    pub units: Quantity,
    /// What they are good for.
    pub condition: Condition,
    /// Whether no more will come: the lot ends.
    pub close: bool,
    /// Why, if that leaves some missing; said for the merchant if he does not.
    pub reason: Option<SmolStr>,
}
