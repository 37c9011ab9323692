//! What happened to a product. Events are facts: applying one never fails and never decides.

use smol_str::SmolStr;
use strum::IntoStaticStr;

use super::claim::{Source, Sources};
use super::lot::Origin;
use super::policy::ProductDetails;
use super::sale::SaleTerms;
use super::stock::Condition;
use super::terms::PriorityClass;
use crate::ids::{CustomerId, HoldId, LocationId, LotId};
use crate::operation::Operation;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::{Sequence, Timestamp};

/// One fact about one product. Those about holds are by far the most, and every event is moved several times on its way: what
/// only others need stands in a box.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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
        /// What the merchant says of it.
        note: Box<Note>,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
        /// Whether it is a count: what happened before is in it.
        is_count: bool,
        /// When it really happened, where it was told later.
        stamped: Option<Box<Stamped>>,
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
        /// What of it was on offer to the customer, who had waited for it.
        offer: Option<Box<FromOffer>>,
    },
    /// The claim's deadline moved, or was lifted while a payment runs.
    HoldMoved {
        /// The claim.
        hold: HoldId,
        /// The new deadline; `None` while it cannot lapse.
        expires_at: Option<Timestamp>,
    },
    /// The claim has other units than before: more, or, once its reservation has decided so, fewer.
    HoldChanged {
        /// The claim.
        hold: HoldId,
        /// How many it has now.
        quantity: LineQuantity,
        /// Where they are.
        sources: Sources,
        /// Who for, where it counts in a sale from now on.
        buyer: Option<CustomerId>,
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
        /// When that was decided: what queues only up to then or less is dropped.
        at: Timestamp,
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
        /// Whether the shelf was counted on: shipments of a product that is not tracked take nothing from it, and returns
        /// add nothing.
        counted: bool,
        /// When.
        at: Timestamp,
    },
    /// Promised units that were not there were given up.
    DemandLowered {
        /// The promise, named by the claim it came from.
        hold: HoldId,
        /// How many of the units it queues for.
        by: LineQuantity,
    },
    /// Promised units that were not there on the date up to which they queued were dropped: all that the promise queued for.
    DemandLapsed {
        /// The promise, named by the claim it came from.
        hold: HoldId,
        /// How many.
        by: LineQuantity,
        /// The date.
        at: Timestamp,
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
    /// A location was given up: nobody had a claim there. What lay there lies elsewhere, as it was.
    LocationDeleted {
        /// Which.
        location: LocationId,
        /// Where its units are now, and where what was shipped from it will come back to; `None` if nothing lay there and
        /// nobody said.
        to: Option<LocationId>,
        /// What lay there, and why it was given up.
        left: Box<Left>,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Something happened to a customer's place on the waiting list.
    Waiting {
        /// Whose.
        customer: CustomerId,
        /// What.
        what: Box<WaitingEvent>,
    },
    /// Something happened to units on their way.
    Lot {
        /// Which lot.
        lot: LotId,
        /// What.
        what: Box<LotEvent>,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
}

/// What the merchant says of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Why, in his words.
    pub reason: SmolStr,
    /// The paper behind it: delivery note, count sheet, ticket.
    pub reference: Option<SmolStr>,
    /// Who did it, in his words.
    pub actor: Option<SmolStr>,
}

impl Note {
    /// A reason, and nothing more.
    pub const fn why(reason: SmolStr) -> Self {
        Self { reason, reference: None, actor: None }
    }
}

/// What lay at a location that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The units.
    pub units: Piles,
    /// Why it was given up, in the merchant's words.
    pub reason: SmolStr,
}

/// Units at one location by what they are good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Piles {
    /// Fit for sale.
    pub sellable: Quantity,
    /// Damaged.
    pub damaged: Quantity,
    /// Waiting to be looked at.
    pub quality_control: Quantity,
}

/// Units of a claim that had been offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromOffer {
    /// To whom.
    pub customer: CustomerId,
    /// Where they lie.
    pub units: Vec<Source>,
}

impl FromOffer {
    /// Whether all of these units at a location had been offered.
    pub(super) fn has(&self, location: &LocationId, units: LineQuantity) -> bool {
        let here = self.units.iter().filter(|source| source.location == *location);
        here.map(|source| u64::from(source.units.units())).sum::<u64>() >= u64::from(units.units())
    }
}

/// What happens on a waiting list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitingEvent {
    /// The customer waits, or wants something else from now on. What is on offer stays so, as far as it is still wanted.
    Joined {
        /// How many units.
        quantity: LineQuantity,
        /// The one location they may be at.
        location: Option<LocationId>,
        /// How urgent it is.
        class: PriorityClass,
        /// Whether the place is the one the customer had.
        keeps_place: bool,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// The customer waits no more. What was on offer is free.
    Left {
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Units are kept for the customer, beside those that were on offer already.
    Offered {
        /// Where they lie.
        units: Vec<Source>,
        /// Whether they count in the sale.
        in_sale: bool,
        /// Until when all that is on offer is; the instant itself counts as lapsed.
        expires_at: Timestamp,
    },
    /// The offer's time was over. What was on offer is free, and the customer waits no more.
    Lapsed {
        /// The deadline that passed.
        at: Timestamp,
    },
}

impl WaitingEvent {
    /// When it happened, where it says so.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Joined { at, .. } | Self::Left { at, .. } => Some(*at),
            // An offer's end lies ahead of it, and the deadline that passed lies behind.
            Self::Offered { .. } | Self::Lapsed { .. } => None,
        }
    }
}

/// What happens to a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LotEvent {
    /// Units are on their way. Those of a transfer have left the shelf they came from, where they were fit for sale.
    Announced {
        /// Where they come from.
        origin: Origin,
        /// Where they will arrive.
        location: LocationId,
        /// How many.
        units: LineQuantity,
        /// When they are expected; `None` if nobody knows.
        expected_at: Option<Timestamp>,
        /// The paper behind it.
        reference: Option<SmolStr>,
        /// Who did it, in the merchant's words.
        actor: Option<SmolStr>,
    },
    /// Units arrived. The lot ends if they were the last, or if no more will come.
    Received {
        /// Where they lie now.
        location: LocationId,
        /// What they are good for.
        condition: Condition,
        /// How many; none where it is only said that no more will come.
        units: Quantity,
        /// Whether they had left another of the merchant's shelves.
        is_transfer: bool,
        /// The paper behind it: the lot's.
        reference: Option<SmolStr>,
        /// Who did it, in the merchant's words.
        actor: Option<SmolStr>,
        /// What will never come, if the lot ends with less.
        short: Option<Shortfall>,
    },
    /// It is expected at another time.
    Rescheduled {
        /// When; `None` if nobody knows.
        expected_at: Option<Timestamp>,
        /// Who said so, in the merchant's words.
        actor: Option<SmolStr>,
    },
    /// It will not come. What is left of a transfer lies again where it came from.
    Cancelled {
        /// Where that is.
        back_to: Option<LocationId>,
        /// Units that were left.
        units: Quantity,
        /// Why, in the merchant's words.
        reason: SmolStr,
        /// The paper behind it: the lot's.
        reference: Option<SmolStr>,
        /// Who did it, in the merchant's words.
        actor: Option<SmolStr>,
    },
}

/// Units of a lot that never came. Those of a transfer were the merchant's own, and are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// How many.
    pub units: Quantity,
    /// Why, in the merchant's words.
    pub reason: SmolStr,
}

/// A movement or a count that is told after it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamped {
    /// When it happened.
    pub at: Timestamp,
    /// What was told, where a later count makes it history: so many units that came or left, or were found.
    pub overtaken: Option<i64>,
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
/// of `shipped`, `damaged` of `returned`). As a goal, `cancelled` counts all that shall be given up, what lapsed included.
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
