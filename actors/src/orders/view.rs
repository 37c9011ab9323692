//! What callers see of an order.

use holdfast_engine::order::{Order, OrderStatus, Refund, RefundState};
use holdfast_engine::product::Sources;
use holdfast_engine::reservation::Bundles;
use holdfast_engine::{
    CustomerId, LineQuantity, LocationId, Money, OperationId, OrderId, Quantity, ReservationId, Sequence,
    Sku, SmolStr, Timestamp,
};

/// An order, as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    /// Its number.
    pub id: OrderId,
    /// Its state in one word.
    pub status: OrderStatus,
    /// Who for.
    pub customer: CustomerId,
    /// What it costs.
    pub total: Money,
    /// Its lines, in the order of their names.
    pub lines: Vec<OrderLineView>,
    /// What it was placed for as bundles; its lines are what it takes for them. Told where the order is read or placed.
    pub bundles: Bundles,
    /// The reservation whose units it took.
    pub reservation: ReservationId,
    /// Who is asked for the money.
    pub provider: SmolStr,
    /// The payment method, as a token of the provider.
    pub method: SmolStr,
    /// The provider's reference, where there is one.
    pub payment_reference: Option<SmolStr>,
    /// Money owed or paid back.
    pub refunds: Vec<RefundView>,
    /// Why it failed or was called off.
    pub reason: Option<SmolStr>,
    /// Where it goes, as JSON text; empty if not said.
    pub ship_to: SmolStr,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How many facts it rests on.
    pub version: u64,
    /// Journal position of the last of them.
    pub sequence: Sequence,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLineView {
    /// Which product.
    pub sku: Sku,
    /// The location it asked for, if it did.
    pub location: Option<LocationId>,
    /// Units ordered.
    pub quantity: LineQuantity,
    /// What they cost together.
    pub total: Money,
    /// Where its units were when they were claimed, or, where the order is read, are kept now; `None` where that is not
    /// told.
    pub sources: Option<Sources>,
    /// How many others stand before it, where the order is read and it queues for units.
    pub ahead: Option<u64>,
    /// When all units it queues for will be there, where the order is read and what is on its way suffices.
    pub promised_at: Option<Timestamp>,
    /// Units shipped.
    pub shipped: Quantity,
    /// Units cancelled.
    pub cancelled: Quantity,
    /// Units that came back.
    pub returned: Quantity,
    /// Of these, damaged.
    pub damaged: Quantity,
}

/// Money owed or paid back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundView {
    /// How much.
    pub amount: Money,
    /// What for, in the words of whoever cancelled, took back or granted.
    pub reason: SmolStr,
    /// How far it is.
    pub status: RefundStatus,
    /// Why it failed, in the provider's words.
    pub failure: Option<SmolStr>,
}

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    /// Owed.
    Pending,
    /// Paid back.
    Done,
    /// The provider will not; somebody has to look, and may have it tried again.
    Failed,
}

impl OrderView {
    /// Whether its payment has not come to an end.
    pub fn is_being_paid(&self) -> bool {
        matches!(self.status, OrderStatus::PaymentPending | OrderStatus::PaymentUnknown)
    }

    /// The order as it is.
    pub(crate) fn now(order: &Order) -> Self {
        let currency = order.total().currency();
        let lines = order.lines().iter().map(|line| OrderLineView {
            sku: line.ordered.sku.clone(),
            location: line.ordered.location.clone(),
            quantity: line.ordered.quantity,
            total: Money::from_minor(line.ordered.total_minor, currency).unwrap_or(Money::zero(currency)),
            sources: None,
            ahead: None,
            promised_at: None,
            shipped: line.progress.shipped,
            cancelled: line.progress.cancelled,
            returned: line.progress.returned,
            damaged: line.progress.damaged,
        });
        let placed = order.placed();
        Self {
            id: order.id(),
            status: order.status(),
            customer: placed.customer.clone(),
            total: order.total(),
            lines: lines.collect(),
            bundles: None,
            reservation: placed.reservation,
            provider: placed.provider.clone(),
            method: placed.method.clone(),
            payment_reference: order.payment_reference().cloned(),
            refunds: refunds(order.refunds()),
            reason: order.reason().cloned(),
            ship_to: order.ship_to().clone(),
            placed_at: placed.at,
            updated_at: order.updated_at(),
            version: order.version(),
            sequence: order.sequence(),
        }
    }

    /// The order as it was when its checkout ended: the first answer, again. `None` while it has not ended.
    pub(crate) fn outcome(order: &Order) -> Option<Self> {
        let outcome = order.outcome()?;
        let mut view = Self::now(order);
        view.status = outcome.status;
        view.reason.clone_from(&outcome.reason);
        view.updated_at = outcome.at;
        view.version = outcome.version;
        view.sequence = outcome.sequence;
        view.refunds.clear();
        view.ship_to.clone_from(&order.placed().ship_to);
        for line in &mut view.lines {
            line.shipped = Quantity::ZERO;
            line.returned = Quantity::ZERO;
            line.damaged = Quantity::ZERO;
            if outcome.status == OrderStatus::Confirmed {
                line.cancelled = Quantity::ZERO;
            }
        }
        Some(view)
    }

    /// The order as an operation left it: that operation's answer, again.
    pub(crate) fn after(order: &Order, operation: OperationId) -> Option<Self> {
        let record = order.operation(operation)?;
        let mut view = Self::now(order);
        view.status = record.result.status;
        // It is over for a reason only once all of it was called off.
        view.reason = view.reason.filter(|_| record.result.status == OrderStatus::Cancelled);
        view.refunds = refunds(&record.result.refunds);
        view.ship_to.clone_from(&record.result.ship_to);
        view.version = record.version;
        view.sequence = record.sequence;
        view.updated_at = record.at;
        for (line, progress) in view.lines.iter_mut().zip(&record.result.progress) {
            line.shipped = progress.shipped;
            line.cancelled = progress.cancelled;
            line.returned = progress.returned;
            line.damaged = progress.damaged;
        }
        Some(view)
    }
}

fn refunds(refunds: &[Refund]) -> Vec<RefundView> {
    let view = |refund: &Refund| RefundView {
        amount: refund.amount,
        reason: refund.reason.clone(),
        status: match refund.state {
            RefundState::Pending(_) => RefundStatus::Pending,
            RefundState::Done { .. } => RefundStatus::Done,
            RefundState::Failed { .. } => RefundStatus::Failed,
        },
        failure: match &refund.state {
            RefundState::Failed { reason, .. } => Some(reason.clone()),
            RefundState::Pending(_) | RefundState::Done { .. } => None,
        },
    };
    refunds.iter().map(view).collect()
}
