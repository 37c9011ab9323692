//! The facts and the open questions.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use smol_str::SmolStr;

use super::AdjustmentKind;
use super::movement::{Direction, Movement};
use crate::client::{Kind, Span, wire};
use crate::goods::Sku;
use crate::plan::operation::OperationIndex;

/// Number of a pending request.
pub type PendingId = u64;

/// All that is known.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Orders that were confirmed.
    pub orders: BTreeMap<OperationIndex, OrderRecord>,
    /// Reservations that were made without an order, by their number in the workload.
    pub reservations: BTreeMap<usize, ReservationRecord>,
    /// Corrections that were made.
    pub corrections: Vec<Correction>,
    /// Units that went one way or the other.
    pub movements: Vec<Movement>,
    /// Refusals by what was asked and by code.
    pub refusals: BTreeMap<(Kind, SmolStr), RefusalTally>,
    /// Orders that were refused, whatever for.
    pub refused_orders: Vec<OperationIndex>,
    /// Orders and reservations that were refused for want of stock.
    pub refused_grants: Vec<RefusedGrant>,
    /// What was not asked, by reason.
    pub skipped: BTreeMap<Skipped, RefusalTally>,
    /// What must not happen.
    pub troubles: Vec<Trouble>,
    /// Requests without an answer.
    pub pending: BTreeMap<PendingId, Pending>,
    pub(crate) begun: PendingId,
}

/// One confirmed order: what we asked, what we did with it since, and what the server last said about it.
#[derive(Debug, Clone)]
pub struct OrderRecord {
    /// What was asked for.
    pub asked: Asked,
    /// Units that left, by the answer to the shipment; `None` while nothing was shipped. A line leaves whole or stays
    /// whole, and it stays when a write-off took it from the shelf.
    pub shipped: Option<BTreeMap<Sku, u64>>,
    /// Whether all of it was called off.
    pub cancelled: bool,
    /// Units that came back.
    pub returned: BTreeMap<Sku, u64>,
    /// The newest answer.
    pub answered: wire::Order,
}

/// What an order must come to, by our own reckoning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The invoice it comes from.
    pub invoice: SmolStr,
    /// Units and pence of every product, summed over its rows.
    pub lines: BTreeMap<Sku, (u64, i64)>,
    /// Rows it has: more than `lines` where a product is named twice.
    pub rows: u64,
}

/// One reservation without an order.
#[derive(Debug, Clone)]
pub struct ReservationRecord {
    /// What was asked for.
    pub asked: BTreeMap<Sku, u64>,
    /// The newest answer.
    pub answered: wire::Reservation,
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What it stands for.
    pub kind: AdjustmentKind,
    /// Which product.
    pub sku: Sku,
    /// By how much.
    pub delta: i64,
}

/// A refusal as it came.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// Why, for programs.
    pub code: &'a str,
    /// Why, for people.
    pub detail: &'a str,
    /// Units it was about.
    pub units: u64,
    /// When it was asked for and refused.
    pub span: Span,
}

/// An order or a reservation that was refused for want of stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedGrant {
    /// Which of the two.
    pub kind: Kind,
    /// Whose it was.
    pub who: Who,
    /// What was asked for.
    pub units: BTreeMap<Sku, u64>,
    /// When.
    pub span: Span,
}

/// How often, and over how many units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RefusalTally {
    /// How often.
    pub times: u64,
    /// Units concerned.
    pub units: u64,
}

/// Why something was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// Nothing comes back of an order that was refused.
    OrderRefused,
    /// Nothing comes back of lines that could not be shipped.
    NotShipped,
    /// Nothing is known about the order.
    OrderUnknown,
}

impl Skipped {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::OrderRefused => "the order was refused",
            Self::NotShipped => "it could not be shipped",
            Self::OrderUnknown => "the fate of the order is unknown",
        }
    }
}

/// Whose request it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The invoice.
    pub invoice: SmolStr,
    /// The idempotency key.
    pub key: String,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invoice {} (key {})", self.invoice, self.key)
    }
}

/// Something that must not happen and fails the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "trouble")]
pub enum Trouble {
    /// Refused where the rules of the run leave no reason for it.
    Refused {
        /// What was asked for.
        kind: Kind,
        /// By whom.
        who: Who,
        /// The code of the refusal.
        code: SmolStr,
        /// In the server's words.
        detail: String,
    },
    /// Less was shipped than there was.
    ShippedShort {
        /// By whom.
        who: Who,
        /// Units that stayed.
        units: u64,
    },
    /// No answer, or one that cannot be understood.
    Unanswered {
        /// What was asked for.
        kind: Kind,
        /// By whom.
        who: Who,
        /// Why.
        why: String,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { kind, who, code, detail } => {
                write!(f, "{} of {who} refused: {code}: {detail}", kind.name())
            }
            Self::ShippedShort { who, units } => write!(f, "ship of {who} left {units} units behind"),
            Self::Unanswered { kind, who, why } => write!(f, "{} of {who} unknown: {why}", kind.name()),
        }
    }
}

/// A request that was sent, or is about to be, and has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What was asked for.
    pub kind: Kind,
    /// What it is about.
    pub effect: Effect,
    /// By how much the free units (on hand less held less allocated) of each product change if it succeeds. All of
    /// it happens, or nothing.
    pub free: BTreeMap<Sku, i64>,
}

/// What a pending request changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// This order comes to be, or changes.
    Order(OperationIndex),
    /// This reservation comes to be, or changes.
    Reservation(usize),
    /// Only counts.
    Stock,
}

impl Book {
    pub(super) fn begin(&mut self, pending: Pending) -> PendingId {
        self.begun += 1;
        self.pending.insert(self.begun, pending);
        self.begun
    }

    pub(super) fn grant<'a>(&mut self, lines: impl Iterator<Item = (&'a SmolStr, u64)>, span: Span) {
        for (sku, units) in lines {
            self.move_units(Sku::as_named(sku), units, Direction::Granted, span);
        }
    }

    pub(super) fn give_back<'a>(&mut self, lines: impl Iterator<Item = (&'a SmolStr, u64)>, span: Span) {
        for (sku, units) in lines {
            self.move_units(Sku::as_named(sku), units, Direction::Back, span);
        }
    }

    pub(super) fn move_units(&mut self, sku: Sku, units: u64, direction: Direction, span: Span) {
        if units > 0 {
            self.movements.push(Movement { sku, units, direction, span });
        }
    }

    pub(super) fn refuse(&mut self, id: PendingId, who: Who, refusal: &Refusal<'_>) {
        let Some(Pending { kind, effect, free }) = self.pending.remove(&id) else { return };
        let tally = self.refusals.entry((kind, SmolStr::new(refusal.code))).or_default();
        tally.times += 1;
        tally.units += refusal.units;
        if let (Kind::Checkout, Effect::Order(order)) = (kind, effect) {
            self.refused_orders.push(order);
        }
        if refusal.code == "insufficient_stock" {
            let units = free.into_iter().map(|(sku, units)| (sku, units.unsigned_abs())).collect();
            self.refused_grants.push(RefusedGrant { kind, who, units, span: refusal.span });
        }
    }

    /// Orders that no pending request is about: what is known of them is all there is to know.
    pub fn settled_orders(&self) -> impl Iterator<Item = (OperationIndex, &OrderRecord)> {
        let is_open = |order: OperationIndex| {
            self.pending.values().any(|pending| pending.effect == Effect::Order(order))
        };
        self.orders.iter().filter(move |(order, _)| !is_open(**order)).map(|(order, record)| (*order, record))
    }

    /// Reservations that no pending request is about.
    pub fn settled_reservations(&self) -> impl Iterator<Item = (usize, &ReservationRecord)> {
        let is_open = |reservation: usize| {
            self.pending.values().any(|pending| pending.effect == Effect::Reservation(reservation))
        };
        let settled = self.reservations.iter().filter(move |(number, _)| !is_open(**number));
        settled.map(|(number, record)| (*number, record))
    }
}

impl OrderRecord {
    /// Units of a product that left.
    pub fn units_shipped(&self, sku: &Sku) -> u64 {
        self.shipped.as_ref().and_then(|shipped| shipped.get(sku)).copied().unwrap_or_default()
    }
}

impl Asked {
    /// What the order must cost, in pence.
    pub fn total_pence(&self) -> i64 {
        self.lines.values().map(|(_, pence)| pence).sum()
    }

    /// Units over all products.
    pub fn units(&self) -> u64 {
        self.lines.values().map(|(units, _)| units).sum()
    }
}
