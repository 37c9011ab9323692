//! One order: a checkout saga and what comes after it.
//!
//! ```text
//!   lines ─▶ placed ─▶ authorising ─▶ committing ─▶ capturing ─▶ confirmed ─▶ shipped, returned
//!                          │                            │            └──▶ cancelled
//!                          ▼                            ▼
//!                      compensating (void what was set aside, give the units back) ─▶ failed
//! ```
//!
//! [`Order::next_step`] says what is to be done next, from the state alone: the same function drives a fresh order
//! and one found after a crash. A payment call whose answer never came is *unknown*, a third outcome: the units stay
//! claimed and only asking the provider moves the order on.
//!
//! Invariant I7, money matches goods: units are shipped only of a confirmed order, and an order is confirmed by its
//! capture or by costing nothing.

mod deadline;
mod decide;
mod edit;
mod event;
mod line;
mod pricing;
mod refund;
mod transition;

use smol_str::SmolStr;

pub use deadline::NOT_PAID_IN_TIME;
pub use decide::{PlaceOrder, ReturnLine};
pub use event::{LineUnits, OrderEvent, OrderLine, OrderPlaced, PaymentOutcome, PaymentStep, ReturnedUnits};
pub use line::LineState;
pub use pricing::{Priced, order_lines};

use crate::ids::{HoldId, OperationId, OrderId};
use crate::money::Money;
use crate::operation::{Operation, OperationLog, OperationRecord};
use crate::product::Fulfilment;
use crate::time::{Sequence, Timestamp};

/// Lines in one [`OrderEvent::LinesAdded`]: with the longest names they stay below
/// [`crate::event::EVENT_BYTES_MAX`].
pub const LINES_PER_EVENT: usize = 128;

/// Tries of a payment call that the provider answers with a failure of its own, before the order gives up.
pub const PAYMENT_ATTEMPTS_MAX: u32 = 4;

/// Most refunds of one order, whatever they are for. Each operation on an order remembers how its refunds stood, so
/// their number must have an end.
pub const REFUNDS_MAX: usize = 1_000;

/// The state of one order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    id: OrderId,
    placed: OrderPlaced,
    placed_sequence: Sequence,
    lines: Vec<LineState>,
    total: Money,
    stage: Stage,
    refunds: Vec<Refund>,
    shipping: Option<Shipping>,
    outcome: Option<Outcome>,
    ship_to: SmolStr,
    updated_at: Timestamp,
    version: u64,
    sequence: Sequence,
    operations: OperationLog<OrderAfter>,
}

/// Where the saga stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stage {
    Authorising(Attempt),
    Committing { authorisation: SmolStr },
    Capturing { authorisation: SmolStr, attempt: Attempt },
    Compensating(Compensation),
    Confirmed { capture: SmolStr },
    Failed { reason: SmolStr },
    Cancelled { capture: SmolStr, reason: SmolStr },
}

/// A shipment whose shelves have not all answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shipping {
    /// Units asked for.
    pub lines: Vec<LineUnits>,
    /// The request.
    pub operation: Operation,
}

/// How far a payment call is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// Tries so far.
    pub tries: u32,
    /// How many of them had come to their end when a refund that had failed was to be tried again; otherwise none.
    pub ended: u32,
    /// Whether the last one's fate is unknown: the provider is to be asked before it is tried again.
    pub unknown: bool,
}

impl Attempt {
    /// Whether it was tried, and how that ended does not stand in the journal.
    pub fn is_outstanding(self) -> bool {
        self.tries > self.ended
    }
}

/// What is to be given back after a failed payment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Compensation {
    reason: SmolStr,
    /// What was set aside and is not let go of yet.
    authorisation: Option<SmolStr>,
    /// How often letting go was tried.
    attempt: Attempt,
    /// Whether the units are promised already rather than held.
    committed: bool,
}

/// Money owed back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// What for, in the caller's words.
    pub reason: SmolStr,
    /// How far it is.
    pub state: RefundState,
}

/// How far a refund is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// Owed; the provider has not confirmed it.
    Pending(Attempt),
    /// Paid back.
    Done {
        /// The provider's reference.
        reference: SmolStr,
    },
    /// The provider will not: somebody has to look, and may have it tried again.
    Failed {
        /// Why.
        reason: SmolStr,
        /// Tries so far. The next one needs a key of its own.
        tries: u32,
    },
}

/// What to do next for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make this payment call, or ask what became of it if it is unknown.
    Pay(PaymentStep, Attempt),
    /// Promise the held units to the order.
    CommitStock,
    /// Give the units back: held ones to their reservation or the shelf, promised ones to the shelf.
    ReturnStock {
        /// Whether they are promised already.
        committed: bool,
    },
    /// Nothing until somebody asks for something.
    Rest,
}

/// The order's state in one word, derived from the saga and the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Its payment is under way.
    PaymentPending,
    /// What became of a payment call is not known yet.
    PaymentUnknown,
    /// Paid (or free), nothing shipped.
    Confirmed,
    /// Some units shipped, and some are still to be.
    PartiallyShipped,
    /// All units shipped, but for those that were called off.
    Shipped,
    /// Some units came back.
    PartiallyReturned,
    /// All units that were shipped came back, and none is still to be.
    Returned,
    /// All units were called off after it was confirmed.
    Cancelled,
    /// Its payment failed; it took nothing.
    PaymentFailed,
}

impl OrderStatus {
    /// The word, as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaymentPending => "payment_pending",
            Self::PaymentUnknown => "payment_unknown",
            Self::Confirmed => "confirmed",
            Self::PartiallyShipped => "partially_shipped",
            Self::Shipped => "shipped",
            Self::PartiallyReturned => "partially_returned",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
            Self::PaymentFailed => "payment_failed",
        }
    }

    /// Whether the checkout is not decided yet.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::PaymentPending | Self::PaymentUnknown)
    }
}

/// What an operation left of the order, as far as later events may change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderAfter {
    /// Its state in one word.
    pub status: OrderStatus,
    /// How far each line had come.
    pub progress: Vec<Fulfilment>,
    /// What was owed or paid back.
    pub refunds: Vec<Refund>,
    /// Where it was to go.
    pub ship_to: SmolStr,
}

/// How the checkout ended: what its first answer said, kept so that a repeat gets the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// Confirmed or payment failed.
    pub status: OrderStatus,
    /// Why it failed, fit for a customer.
    pub reason: Option<SmolStr>,
    /// When.
    pub at: Timestamp,
    /// The order's version then.
    pub version: u64,
    /// Journal position of the event that ended it.
    pub sequence: Sequence,
}

impl Order {
    /// Its number.
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// How it began.
    pub fn placed(&self) -> &OrderPlaced {
        &self.placed
    }

    /// Its lines, in the order of their names.
    pub fn lines(&self) -> &[LineState] {
        &self.lines
    }

    /// What it costs.
    pub fn total(&self) -> Money {
        self.total
    }

    /// Money owed or paid back.
    pub fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// The shipment under way.
    pub fn shipping(&self) -> Option<&Shipping> {
        self.shipping.as_ref()
    }

    /// How its checkout ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// When it last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// How many events have been applied to it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Journal position of its placing: orders were placed in the order of these.
    pub fn placed_sequence(&self) -> Sequence {
        self.placed_sequence
    }

    /// Journal position of its last event.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// What an operation on it left behind.
    pub fn operation(&self, id: OperationId) -> Option<&OperationRecord<OrderAfter>> {
        self.operations.get(id)
    }

    /// The hold (and later allocation) behind a line.
    pub fn hold(&self, line: u16) -> HoldId {
        let line = self.lines.get(usize::from(line)).map_or(u16::MAX, |state| state.ordered.hold);
        HoldId { reservation: self.placed.reservation, line }
    }

    /// The provider's reference for what was set aside or taken, where there is one.
    pub fn payment_reference(&self) -> Option<&SmolStr> {
        match &self.stage {
            Stage::Authorising(_) | Stage::Failed { .. } => None,
            Stage::Committing { authorisation } | Stage::Capturing { authorisation, .. } => {
                Some(authorisation)
            }
            Stage::Compensating(compensation) => compensation.authorisation.as_ref(),
            Stage::Confirmed { capture } | Stage::Cancelled { capture, .. } => Some(capture),
        }
    }

    /// Whether its units are promised to it (and not only held).
    pub fn has_committed_stock(&self) -> bool {
        match &self.stage {
            Stage::Capturing { .. } | Stage::Confirmed { .. } | Stage::Cancelled { .. } => true,
            Stage::Compensating(compensation) => compensation.committed,
            Stage::Authorising(_) | Stage::Committing { .. } | Stage::Failed { .. } => false,
        }
    }

    /// Why it failed or was called off.
    pub fn reason(&self) -> Option<&SmolStr> {
        match &self.stage {
            Stage::Failed { reason } | Stage::Cancelled { reason, .. } => Some(reason),
            Stage::Compensating(compensation) => Some(&compensation.reason),
            Stage::Authorising(_)
            | Stage::Committing { .. }
            | Stage::Capturing { .. }
            | Stage::Confirmed { .. } => None,
        }
    }

    /// Its state in one word.
    pub fn status(&self) -> OrderStatus {
        match &self.stage {
            Stage::Authorising(attempt) | Stage::Capturing { attempt, .. } if attempt.unknown => {
                OrderStatus::PaymentUnknown
            }
            Stage::Authorising(_)
            | Stage::Committing { .. }
            | Stage::Capturing { .. }
            | Stage::Compensating(_) => OrderStatus::PaymentPending,
            Stage::Failed { .. } => OrderStatus::PaymentFailed,
            Stage::Cancelled { .. } => OrderStatus::Cancelled,
            Stage::Confirmed { .. } => self.fulfilment_status(),
        }
    }

    fn fulfilment_status(&self) -> OrderStatus {
        let shipped = self.lines.iter().any(|line| !line.progress.shipped.is_zero());
        let open = self.lines.iter().any(|line| !line.open().is_zero());
        let returned = self.lines.iter().any(|line| !line.progress.returned.is_zero());
        let kept = self.lines.iter().any(|line| !line.returnable().is_zero());
        match (shipped, open, returned, kept) {
            (false, ..) => OrderStatus::Confirmed,
            (true, true, false, _) => OrderStatus::PartiallyShipped,
            (true, false, false, _) => OrderStatus::Shipped,
            (true, false, true, false) => OrderStatus::Returned,
            (true, _, true, _) => OrderStatus::PartiallyReturned,
        }
    }

    /// What to do next for it.
    pub fn next_step(&self) -> Step {
        match &self.stage {
            Stage::Authorising(attempt) => Step::Pay(PaymentStep::Authorise, *attempt),
            Stage::Committing { .. } => Step::CommitStock,
            Stage::Capturing { attempt, .. } => Step::Pay(PaymentStep::Capture, *attempt),
            Stage::Compensating(compensation) => match &compensation.authorisation {
                Some(_) => Step::Pay(PaymentStep::Void, compensation.attempt),
                None => Step::ReturnStock { committed: compensation.committed },
            },
            Stage::Failed { .. } => Step::Rest,
            Stage::Confirmed { .. } | Stage::Cancelled { .. } => self.next_refund(),
        }
    }

    /// One refund after the other: the one whose call is under way, or the first that is owed.
    fn next_refund(&self) -> Step {
        let mut pending = self.refunds.iter().enumerate().filter_map(|(number, refund)| match refund.state {
            RefundState::Pending(attempt) => Some((number, attempt)),
            RefundState::Done { .. } | RefundState::Failed { .. } => None,
        });
        let first = pending.clone().next();
        match pending.find(|(_, attempt)| attempt.is_outstanding()).or(first) {
            Some((number, attempt)) => {
                Step::Pay(PaymentStep::Refund(u16::try_from(number).unwrap_or(u16::MAX)), attempt)
            }
            None => Step::Rest,
        }
    }
}
