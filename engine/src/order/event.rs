//! What happened to an order, step by step, so that its saga can be taken up again after any of them.

use smol_str::SmolStr;
use strum::IntoStaticStr;

use crate::ids::{CustomerId, Fingerprint, LocationId, ReservationId, Sku};
use crate::money::Currency;
use crate::operation::Operation;
use crate::quantity::LineQuantity;
use crate::time::Timestamp;

/// One fact about one order.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OrderEvent {
    /// Some of its lines, in order. As many of these as are needed come before `Placed`; without that they are nothing.
    LinesAdded {
        /// Position of the first of them. A try that a crash cut short is overwritten by the next one, from 0.
        first: u16,
        /// The next lines.
        lines: Vec<OrderLine>,
    },
    /// The order exists, its stock is held, and payment begins.
    Placed(OrderPlaced),
    /// A payment call is about to be made. Recorded first, so that a crash leaves a question and never a surprise.
    PaymentRequested {
        /// Which call.
        step: PaymentStep,
        /// Which try of it, from 1.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// Nobody knows what became of a payment call: neither done nor not done, until the provider is asked.
    PaymentUnknown {
        /// Which call.
        step: PaymentStep,
        /// When.
        at: Timestamp,
    },
    /// A payment call came to its end.
    PaymentSettled {
        /// Which call.
        step: PaymentStep,
        /// How it ended.
        outcome: PaymentOutcome,
        /// When.
        at: Timestamp,
    },
    /// The held units are promised to the order.
    StockCommitted {
        /// When.
        at: Timestamp,
    },
    /// What the order had taken was given back after its payment failed: the order is over.
    Compensated {
        /// When.
        at: Timestamp,
    },
    /// All that was open of a confirmed order was called off before anything of it left: the order is over, and what was
    /// paid for those units is owed back.
    Cancelled {
        /// Why, in the caller's words.
        reason: SmolStr,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// A shipment was asked for. The shelves are asked next, and what they gave stands in `Shipped`.
    ShipmentStarted {
        /// How many of which lines.
        lines: Vec<LineUnits>,
        /// The request.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// The shipment asked for is over: these units left the shelf.
    Shipped {
        /// How many of which lines. None if the shelves had nothing; the request then counts as refused.
        lines: Vec<LineUnits>,
        /// When.
        at: Timestamp,
    },
    /// Units came back; their price is owed back.
    Returned {
        /// How many of which lines.
        lines: Vec<ReturnedUnits>,
        /// Why, in the caller's words.
        reason: SmolStr,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Open units of a confirmed order were called off, and the order goes on with the rest; their price is owed back.
    UnitsCancelled {
        /// How many of which lines.
        lines: Vec<LineUnits>,
        /// Why, in the caller's words.
        reason: SmolStr,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Units of a confirmed order still queued on their date and were dropped; their price is owed back. If nothing is left,
    /// and nothing has left, the order is over.
    UnitsLapsed {
        /// How many of which lines.
        lines: Vec<LineUnits>,
        /// When the order heard of it.
        at: Timestamp,
    },
    /// A refund was granted, beside what cancelled, lapsed and returned units owe.
    RefundGranted {
        /// How much, in minor units of the order's currency.
        amount_minor: i64,
        /// Why, in the caller's words.
        reason: SmolStr,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// A refund that had failed is owed again.
    RefundRetried {
        /// Its number, from 0.
        refund: u16,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// A confirmed order goes somewhere else than was said when it was placed. Nothing of it had left.
    ShipToChanged {
        /// Where it goes, as JSON text.
        ship_to: SmolStr,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
}

impl OrderEvent {
    /// When it happened, except for lines of an order that is not placed yet.
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::LinesAdded { .. } => None,
            Self::Placed(OrderPlaced { at, .. })
            | Self::PaymentRequested { at, .. }
            | Self::PaymentUnknown { at, .. }
            | Self::PaymentSettled { at, .. }
            | Self::StockCommitted { at }
            | Self::Compensated { at }
            | Self::Cancelled { at, .. }
            | Self::ShipmentStarted { at, .. }
            | Self::Shipped { at, .. }
            | Self::Returned { at, .. }
            | Self::UnitsCancelled { at, .. }
            | Self::UnitsLapsed { at, .. }
            | Self::RefundGranted { at, .. }
            | Self::RefundRetried { at, .. }
            | Self::ShipToChanged { at, .. } => Some(*at),
        }
    }
}

/// How an order begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderPlaced {
    /// Who for.
    pub customer: CustomerId,
    /// What was asked, to tell a repeat from another request under the same key.
    pub fingerprint: Fingerprint,
    /// The reservation whose units it takes.
    pub reservation: ReservationId,
    /// Whether the order made that reservation itself and so gives its units back when payment fails; otherwise the
    /// reservation goes back to the basket it came from.
    pub owns_reservation: bool,
    /// What its amounts are in.
    pub currency: Currency,
    /// Which provider is asked for the money.
    pub provider: SmolStr,
    /// The payment method, as a token the provider understands. Never card data.
    pub method: SmolStr,
    /// Where it goes, as JSON text; empty if not said.
    pub ship_to: SmolStr,
    /// When.
    pub at: Timestamp,
}

/// One line of an order: one product, from one location or from wherever it lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderLine {
    /// The number of the line of the reservation that holds its units.
    pub hold: u16,
    /// Which product.
    pub sku: Sku,
    /// The location it asked for, if it did.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
    /// What they cost together, in minor units of the order's currency.
    pub total_minor: i64,
}

/// So many units of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineUnits {
    /// Position of the line in the order.
    pub line: u16,
    /// How many units.
    pub units: LineQuantity,
}

/// So many units of one line that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReturnedUnits {
    /// Position of the line in the order.
    pub line: u16,
    /// How many units.
    pub units: LineQuantity,
    /// How many of these are damaged.
    pub damaged: u32,
}

/// A call to the payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentStep {
    /// Set the money aside.
    Authorise,
    /// Take it.
    Capture,
    /// Let go of what was set aside.
    Void,
    /// Give some back: the refund of this number, from 0.
    Refund(u16),
}

/// How a payment call ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PaymentOutcome {
    /// It was done; the provider's own reference for it.
    Approved {
        /// The provider's reference.
        reference: SmolStr,
    },
    /// It was refused, or never came about, and will not.
    Declined {
        /// Why, in words fit for a customer.
        reason: SmolStr,
    },
}
