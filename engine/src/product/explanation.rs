//! Why a request would get what it would get of a product: for each of its lines, which locations are considered, in which order,
//! what is free at each, what is taken from it, and why nothing is taken from the others.
//!
//! An explanation is made beside the decision, of the same state at the same instant, and only when somebody asks for one: what is
//! taken is what the decision says, not a second opinion. It changes nothing.

use super::command::Claim;
use super::sourcing::Strategy;
use crate::ids::LocationId;
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;

/// What a request would get of a product, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The order in which locations are asked.
    pub strategy: Strategy,
    /// Its lines, as they were asked for.
    pub lines: Vec<ExplainedLine>,
    /// Why nothing of it is granted, if nothing is.
    pub refusal: Option<Rejection>,
}

/// What one line would get, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedLine {
    /// What was asked for.
    pub claim: Claim,
    /// The product's locations, in the order in which they are asked; those last of which nothing can be had.
    pub considered: Vec<Considered>,
    /// Units that would queue, at no location.
    pub queued: Quantity,
}

/// A location that was considered for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Which.
    pub location: LocationId,
    /// Units free there for this line, those on offer to its customer among them: what is left by lines served before it.
    /// [`Quantity::MAX`] where nobody counts.
    pub free: Quantity,
    /// What becomes of it.
    pub outcome: SourceOutcome,
}

/// What becomes of a location that is considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceOutcome {
    /// So many units are taken from it.
    Taken(LineQuantity),
    /// None are.
    PassedOver(PassedOver),
}

/// Why nothing is taken from a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedOver {
    /// The line asks for another location.
    NotAskedFor,
    /// Nothing new is taken from there.
    Closed,
    /// The product is not released yet: all that is asked for queues, wherever units lie.
    BeforeRelease,
    /// The product is in a sale that is to come or paused, and is not sold outside it.
    SaleNotOpen,
    /// What is free there is set aside for a sale that is to come.
    SetAside,
    /// The sale that is open has nothing left there; what is free besides is not in it.
    NotInSale,
    /// Nothing is free: all of it is held, promised, kept back or unfit, if anything lies there.
    NothingFree,
    /// Locations asked before it have all that is wanted.
    NotNeeded,
    /// Nearer locations have all that is wanted.
    TooFar,
    /// Nobody said how far it is, and those of which it is known have all that is wanted.
    DistanceUnknown,
    /// The line gets less than it wants all the same: what is there would not fill a whole multiple of what the product is sold by,
    /// or the line takes units from as many locations as it may.
    NotWhole,
    /// Units could be taken, and the request is refused all the same.
    Refused,
}

impl PassedOver {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::NotAskedFor,
        Self::Closed,
        Self::BeforeRelease,
        Self::SaleNotOpen,
        Self::SetAside,
        Self::NotInSale,
        Self::NothingFree,
        Self::NotNeeded,
        Self::TooFar,
        Self::DistanceUnknown,
        Self::NotWhole,
        Self::Refused,
    ];

    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAskedFor => "not_asked_for",
            Self::Closed => "closed",
            Self::BeforeRelease => "before_release",
            Self::SaleNotOpen => "sale_not_open",
            Self::SetAside => "set_aside",
            Self::NotInSale => "not_in_sale",
            Self::NothingFree => "nothing_free",
            Self::NotNeeded => "not_needed",
            Self::TooFar => "too_far",
            Self::DistanceUnknown => "distance_unknown",
            Self::NotWhole => "not_whole",
            Self::Refused => "refused",
        }
    }
}

impl Considered {
    /// Units taken from it.
    pub fn taken(&self) -> Quantity {
        match self.outcome {
            SourceOutcome::Taken(units) => units.into(),
            SourceOutcome::PassedOver(_) => Quantity::ZERO,
        }
    }
}
