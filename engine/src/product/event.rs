//! What happened to a product. Events are facts: applying one never fails and never decides.

use smol_str::SmolStr;

use super::claim::Sources;
use super::policy::ProductDetails;
use super::sale::SaleTerms;
use super::stock::Condition;
use crate::ids::{CustomerId, HoldId, LocationId};
use crate::operation::Operation;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Sequence, Timestamp};

/// One fact about one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductEvent {
    /// The product was created or its details were replaced.
    Put {
        /// What it is from now on.
        details: Box<ProductDetails>,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// The count of units at a location changed: a line of the product's movements.
    Adjusted {
        /// Where.
        location: LocationId,
        /// Which of the units there: those in this condition.
        condition: Condition,
        /// By how many of these; zero where a count confirmed what was there.
        delta: i64,
        /// The condition that the units which left this one are in from now on; `None` where units came to the shelf or
        /// left it.
        became: Option<Condition>,
        /// Why, in the merchant's words.
        reason: SmolStr,
        /// The paper behind it: delivery note, count sheet, ticket.
        reference: Option<SmolStr>,
        /// Who did it, in the merchant's words.
        actor: Option<SmolStr>,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Units were claimed for a reservation.
    HoldOpened {
        /// The claim.
        hold: HoldId,
        /// How many.
        quantity: LineQuantity,
        /// Where they are.
        sources: Sources,
        /// Who for, where the units count in a sale.
        buyer: Option<CustomerId>,
        /// When the claim lapses; the instant itself counts as lapsed.
        expires_at: Timestamp,
    },
    /// The claim's deadline moved, or was lifted while a payment runs.
    HoldMoved {
        /// The claim.
        hold: HoldId,
        /// The new deadline; `None` while it cannot lapse.
        expires_at: Option<Timestamp>,
    },
    /// The claim became a promise; units not taken went back: those that were not there first, then those of the last
    /// location, and so on.
    HoldCommitted {
        /// The claim.
        hold: HoldId,
        /// How many units were taken, at most what was held. Zero gives all of them back.
        quantity: Quantity,
        /// Where in the journal that was decided: what queues, queues from there.
        arrival: Sequence,
    },
    /// The claim ended without a promise.
    HoldEnded {
        /// The claim.
        hold: HoldId,
        /// Why.
        why: HoldEnd,
    },
    /// Promised units left the shelf, were given up, or came back.
    AllocationAdvanced {
        /// The promise, named by the claim it came from.
        hold: HoldId,
        /// Where.
        location: LocationId,
        /// What happened there now.
        by: Fulfilment,
    },
    /// Promised units that were not there were given up.
    DemandLowered {
        /// The promise, named by the claim it came from.
        hold: HoldId,
        /// How many of the units it queues for.
        by: LineQuantity,
    },
    /// A sale was put, or changed.
    SalePut {
        /// What the merchant decided.
        terms: Box<SaleTerms>,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// The sale was ended by the merchant.
    SaleEnded {
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Units went to those that queue for them.
    Filled {
        /// Where the units lie.
        location: LocationId,
        /// To whom. At most [`FILLS_PER_EVENT`].
        fills: Vec<Fill>,
    },
    /// The product was taken out of the catalogue: nothing lay there, nothing was held or promised. It may be put again.
    Deleted {
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
}

/// Why a hold ended without becoming an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldEnd {
    /// Its owner gave it back.
    Released,
    /// Its time was over.
    Expired,
    /// The reservation it was meant for never came to be.
    Abandoned,
}

/// Units that went to one promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fill {
    /// The promise, named by the claim it came from.
    pub hold: HoldId,
    /// How many.
    pub units: LineQuantity,
}

/// Fills in one [`ProductEvent::Filled`], which stay below [`crate::event::EVENT_BYTES_MAX`].
pub const FILLS_PER_EVENT: usize = 1_024;

/// How far an allocation has come. The counts only grow; together they never exceed what was promised (`returned` is part
/// of `shipped`, `damaged` of `returned`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Fulfilment {
    /// Units that left the shelf.
    pub shipped: Quantity,
    /// Units given up before they left.
    pub cancelled: Quantity,
    /// Of the shipped units, those that came back to the shelf.
    pub returned: Quantity,
    /// Of the returned units, those that came back damaged.
    pub damaged: Quantity,
}
