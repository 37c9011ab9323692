//! What may be asked of a placed order: cancel, ship, take back.

use std::sync::Arc;

use holdfast_engine::order::{LineUnits, OrderEvent};
use holdfast_engine::product::Fulfilment;
use holdfast_engine::{Operation, OrderId, Quantity, Rejection};
use parking_lot::Mutex;

use super::actor::Coordinator;
use super::{OrderMessage, OrderRequest, OrderView};
use crate::answer::{Answer, Reply, ReplyTo, Unavailable};
use crate::countdown;
use crate::product_actor::ProductMessage;
use crate::waiter::Then;

impl Coordinator {
    pub(super) fn operate(
        &mut self,
        id: OrderId,
        request: OrderRequest,
        operation: Operation,
        caller: ReplyTo<Reply<OrderView>>,
    ) {
        let Some(entry) = self.orders.get_mut(&id) else {
            return caller.answer(Err(Rejection::OrderNotFound { order: id }.into()));
        };
        if entry.order.shipping().is_some() {
            if self.shared.journal.is_failed() {
                // The shipment will not end here, and those who waited for that have been told.
                return caller.answer(Err(Unavailable::JournalFailed.into()));
            }
            return entry.queued.push_back((request, operation, caller));
        }
        let at = self.shared.clock.now();
        let decided = match &request {
            OrderRequest::Cancel { lines, reason } => entry.order.decide_cancel(at, lines, reason, operation),
            OrderRequest::Ship { lines } => entry.order.decide_shipment(at, lines, operation),
            OrderRequest::Refund { amount, reason } => {
                entry.order.decide_refund(at, *amount, reason, operation)
            }
            OrderRequest::ShipTo { ship_to } => entry.order.decide_ship_to(at, ship_to, operation),
            OrderRequest::RetryRefund { refund } => entry.order.decide_retry(at, *refund, operation),
            OrderRequest::Return { lines, reason } => entry.order.decide_return(at, lines, reason, operation),
        };
        match decided {
            Err(rejection) => self.answer_durable(Err(rejection.into()), caller),
            Ok(None) => {
                let again = OrderView::after(&entry.order, operation.id).map(Answer::repeated);
                self.answer_durable(again.ok_or(Rejection::KeyReused.into()), caller);
            }
            Ok(Some(event @ OrderEvent::ShipmentStarted { .. })) => {
                self.record(id, event, Then::Nothing);
                self.ask_shelves(id, caller);
            }
            Ok(Some(
                event @ (OrderEvent::RefundGranted { .. }
                | OrderEvent::RefundRetried { .. }
                | OrderEvent::ShipToChanged { .. }),
            )) => {
                self.record(id, event, Then::Nothing);
                self.answer_done(id, operation, caller);
                self.advance(id);
            }
            Ok(Some(event)) => {
                self.record(id, event, Then::Nothing);
                self.move_units(id, operation, caller);
                // What is owed back is paid in its own time.
                self.advance(id);
            }
        }
    }

    /// The order has decided, and none of its units move: the answer leaves when that is durable.
    fn answer_done(&self, id: OrderId, operation: Operation, caller: ReplyTo<Reply<OrderView>>) {
        let view = self.orders.get(&id).and_then(|entry| OrderView::after(&entry.order, operation.id));
        let Some(view) = view else { return };
        self.answer_durable(Ok(Answer::fresh(view)), caller);
    }

    /// The order has decided; its units follow, and then the answer leaves.
    fn move_units(&self, id: OrderId, operation: Operation, caller: ReplyTo<Reply<OrderView>>) {
        let Some(entry) = self.orders.get(&id) else { return };
        let Some(view) = OrderView::after(&entry.order, operation.id) else { return };
        let targets: Vec<_> = (0..)
            .zip(entry.order.lines())
            .map(|(line, state)| (entry.order.hold(line), state.ordered.sku.clone(), state.goal()))
            .collect();
        let (shared, myself) = (Arc::clone(&self.shared), self.myself.clone());
        let cells: Vec<_> = targets.iter().filter_map(|(_, sku, _)| self.shared.directory.get(sku)).collect();
        let parts = countdown::parts(targets.len(), move |complete| {
            if complete {
                caller.answer(Ok(Answer::fresh(view)));
            } else if shared.journal.is_failed() || cells.iter().any(|cell| cell.is_forsaken()) {
                caller.answer(Err(shared.lost()));
            } else {
                drop(myself.send_message(OrderMessage::UnitsLost(id, operation, caller)));
            }
        });
        for ((hold, sku, to), part) in targets.into_iter().zip(parts) {
            if let Some(cell) = self.shared.directory.get(&sku) {
                cell.send(&self.shared, ProductMessage::Advance(hold, to, Box::new(|_| ()), part));
            }
        }
    }

    /// The owner of a product died on the way. It is being rebuilt, and messages to it wait until it is: say it again.
    pub(super) fn units_lost(&self, id: OrderId, operation: Operation, caller: ReplyTo<Reply<OrderView>>) {
        self.move_units(id, operation, caller);
    }

    /// Asks the shelves for the units of the shipment under way.
    fn ask_shelves(&self, id: OrderId, caller: ReplyTo<Reply<OrderView>>) {
        let Some(entry) = self.orders.get(&id) else { return };
        let Some(shipping) = entry.order.shipping() else { return };
        let went = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let heard = Arc::clone(&went);
        let parts = self.wait_for_parts(id, shipping.lines.len(), move |_| {
            let (went, refused) = std::mem::take(&mut *heard.lock());
            OrderMessage::ShelvesAnswered { id, went, refused, caller }
        });
        for (LineUnits { line, units }, part) in shipping.lines.iter().copied().zip(parts) {
            let Some(state) = entry.order.lines().get(usize::from(line)) else { continue };
            let shipped = state.progress.shipped.checked_add(units.into()).unwrap_or(Quantity::MAX);
            let to = Fulfilment { shipped, ..state.goal() };
            let went = Arc::clone(&went);
            let tell = move |outcome: Result<(), Rejection>| match outcome {
                Ok(()) => went.lock().0.push(line),
                Err(rejection) => went.lock().1.push(rejection),
            };
            if let Some(cell) = self.shared.directory.get(&state.ordered.sku) {
                let hold = entry.order.hold(line);
                cell.send(&self.shared, ProductMessage::Advance(hold, to, Box::new(tell), part));
            }
        }
    }

    /// Writes down what went. Where a shelf did not answer because its owner died, asking again finds out.
    pub(super) fn shelves_answered(
        &mut self,
        id: OrderId,
        went: &[u16],
        refused: Vec<Rejection>,
        caller: ReplyTo<Reply<OrderView>>,
    ) {
        let Some(shipping) = self.orders.get(&id).and_then(|entry| entry.order.shipping()).cloned() else {
            return;
        };
        if went.len() + refused.len() < shipping.lines.len() {
            let skus = self.orders.get(&id).map(|entry| entry.order.lines()).unwrap_or_default();
            let mut cells = skus.iter().filter_map(|line| self.shared.directory.get(&line.ordered.sku));
            if cells.any(|cell| cell.is_forsaken()) {
                caller.answer(Err(self.shared.lost()));
                return self.stopped(id);
            }
            return self.ask_shelves(id, caller);
        }
        let lines: Vec<_> = shipping.lines.into_iter().filter(|asked| went.contains(&asked.line)).collect();
        let nothing = lines.is_empty();
        let at = self.shared.clock.now();
        self.record(id, OrderEvent::Shipped { lines, at }, Then::Nothing);
        let refusal = refused.into_iter().next();
        let answer = match (nothing, refusal, self.orders.get(&id)) {
            (true, Some(rejection), _) => Err(rejection.into()),
            (_, _, Some(entry)) => OrderView::after(&entry.order, shipping.operation.id)
                .map(Answer::fresh)
                .ok_or(Unavailable::Restarting.into()),
            (_, _, None) => Err(Unavailable::Restarting.into()),
        };
        self.answer_durable(answer, caller);
        let queued =
            self.orders.get_mut(&id).map(|entry| std::mem::take(&mut entry.queued)).unwrap_or_default();
        for (request, operation, caller) in queued {
            self.operate(id, request, operation, caller);
        }
    }
}
