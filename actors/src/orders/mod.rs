//! The order coordinator: runs every order's saga, one small step at a time, and never waits for anything itself.
//!
//! ```text
//!   Place ─▶ reserve (own task) ─▶ Held ─▶ pin + placed, journaled
//!          ─▶ intent journaled ─▶ payment call (own task) ─▶ Paid ─▶ … ─▶ answer to whoever waits
//! ```
//!
//! What is to be done next follows from the order's state alone ([`Order::next_step`]), so an order found after a crash
//! goes on like any other; a payment that was asked for and has no answer is asked about before anything else. A
//! refusal for stock or price comes before anything of the order is journaled: it has no effect and uses up no key.
//!
//! [`Order::next_step`]: holdfast_engine::order::Order::next_step

mod actor;
mod checkout;
mod lapse;
mod operate;
mod saga;
mod view;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use holdfast_engine::order::{PaymentStep, ReturnLine};
use holdfast_engine::product::Terms;
use holdfast_engine::{
    Currency, CustomerId, Fingerprint, LineQuantity, LocationId, Money, Operation, OrderId, Quantity,
    Rejection, ReservationId, Sku, SmolStr, UnitPrice,
};

pub(crate) use actor::spawn;
pub use view::{OrderLineView, OrderView, RefundStatus, RefundView};

use crate::answer::{Failure, Reply, ReplyTo};
use crate::payment::{PaymentAnswer, PaymentFate};

/// A checkout.
#[derive(Debug, Clone)]
pub struct PlaceOrderRequest {
    /// The order's number, made by the caller.
    pub id: OrderId,
    /// What is asked, to tell a repeat from another request under the same number.
    pub fingerprint: Fingerprint,
    /// Who for.
    pub customer: CustomerId,
    /// Where its units come from.
    pub source: OrderSource,
    /// What becomes of units that are not there and where units are taken from, if the order claims them itself. An
    /// order is for what was asked: nothing of it may be dropped, and where that is wished it is refused instead.
    pub terms: Terms,
    /// What its amounts are in.
    pub currency: Currency,
    /// What the customer was shown; refused if it comes to something else.
    pub expected_total: Option<Money>,
    /// Who is asked for the money.
    pub provider: SmolStr,
    /// The payment method, as a token of the provider.
    pub method: SmolStr,
    /// Where it goes, as JSON text; empty if not said.
    pub ship_to: SmolStr,
}

/// Where an order's units come from.
#[derive(Debug, Clone)]
pub enum OrderSource {
    /// Units held already, at the products' own prices.
    Reservation(ReservationId),
    /// Units to be taken now. Lines may name a product twice; they are summed.
    Lines(Vec<OrderRequestLine>),
}

/// One line asked for.
#[derive(Debug, Clone)]
pub struct OrderRequestLine {
    /// Which product.
    pub sku: Sku,
    /// From where; from wherever it lies if not said.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
    /// The price agreed with the customer; the product's own if not given.
    pub unit_price: Option<UnitPrice>,
}

/// Units of an order's line.
#[derive(Debug, Clone)]
pub struct OrderUnits {
    /// Which product.
    pub sku: Sku,
    /// The location that the line asked for, if it did.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
}

/// What can be asked of a placed order.
#[derive(Debug, Clone)]
pub(crate) enum OrderRequest {
    /// Units called off; all that are open if none are named.
    Cancel {
        lines: Vec<(Sku, Option<LocationId>, LineQuantity)>,
        reason: SmolStr,
    },
    /// It goes somewhere else.
    ShipTo {
        ship_to: SmolStr,
    },
    /// A refund beside what cancelled and returned units owe.
    Refund {
        amount: Money,
        reason: SmolStr,
    },
    /// The failed refund of this number, from 0, again.
    RetryRefund {
        refund: u16,
    },
    Ship {
        lines: Vec<(Sku, Option<LocationId>, LineQuantity)>,
    },
    Return {
        lines: Vec<ReturnLine>,
        reason: SmolStr,
    },
}

/// What the coordinator hears.
pub(crate) enum OrderMessage {
    /// A checkout is asked for.
    Place {
        request: Box<PlaceOrderRequest>,
        caller: ReplyTo<Reply<OrderView>>,
        /// Set if another request has begun it before.
        is_repeat: Arc<AtomicBool>,
    },
    /// The reservation a checkout asked for is made, or not. `try_number` tells which one of its tries it was.
    Held { id: OrderId, reservation: ReservationId, try_number: u16, outcome: Result<(), Failure> },
    /// An intent to pay is durable: make the call.
    Intended(OrderId, PaymentStep),
    /// A payment call came back.
    Paid(OrderId, PaymentStep, PaymentAnswer),
    /// It is time to ask what became of a payment call.
    Probe(OrderId, PaymentStep),
    /// The provider has told.
    Probed(OrderId, PaymentStep, PaymentFate),
    /// The order's holds have followed its reservation's commit.
    StockCommitted(OrderId, Result<(), Failure>),
    /// What the order had taken is given back.
    StockReturned(OrderId, Result<(), Failure>),
    /// Something is asked of a placed order.
    Operate(OrderId, OrderRequest, Operation, ReplyTo<Reply<OrderView>>),
    /// The shelves have answered a shipment: which lines went, and why others did not.
    ShelvesAnswered {
        id: OrderId,
        went: Vec<u16>,
        refused: Vec<Rejection>,
        caller: ReplyTo<Reply<OrderView>>,
    },
    /// An owner died before an order's units had followed an operation.
    UnitsLost(OrderId, Operation, ReplyTo<Reply<OrderView>>),
    /// Something of this reservation has lapsed.
    Lapsed(ReservationId),
    /// Ask what of an order has lapsed.
    AskLapsed(OrderId),
    /// What the products told of it: how many units of which lines are gone, if all of them answered.
    LapsesTold { id: OrderId, gone: Vec<(u16, Quantity)>, outcome: Result<(), Failure> },
    /// Show an order.
    Read(OrderId, ReplyTo<Result<OrderView, Failure>>),
    /// Show a customer's orders after this one, oldest first.
    List(CustomerId, Option<OrderId>, usize, ReplyTo<Result<Vec<OrderView>, Failure>>),
    /// Begin again what a dead owner left undone.
    StepAgain(OrderId),
    /// The journal failed, so nothing more happens to an order here: whoever waits for something is told.
    Stopped(OrderId),
    /// Take up what was under way when the process ended.
    Resume,
}
