//! The saga's steps: what the order's state asks for is begun here, and what came of it is written down here.

use std::sync::Arc;
use std::time::Duration;

use holdfast_engine::order::{OrderEvent, PAYMENT_ATTEMPTS_MAX, PaymentOutcome, PaymentStep, Step};
use holdfast_engine::product::Fulfilment;
use holdfast_engine::reservation::ReservationState;
use holdfast_engine::{OrderId, Rejection, Sequence, SmolStr};

use super::actor::{Coordinator, Waiting};
use super::{OrderMessage, OrderView};
use crate::answer::{Answer, Failure, Unavailable};
use crate::config::CoreConfig;
use crate::countdown;
use crate::payment::{PaymentAnswer, PaymentCall, PaymentFate};
use crate::product_actor::ProductMessage;
use crate::reservations::follow_all;
use crate::waiter::Then;

/// The pause before something that found an owner dead is tried again.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(50);

impl Coordinator {
    /// Takes up every order that is not at rest.
    pub(super) fn resume(&mut self) {
        let unfinished: Vec<_> = self
            .orders
            .values()
            .filter(|entry| entry.order.next_step() != Step::Rest)
            .map(|entry| entry.order.id())
            .collect();
        for id in unfinished {
            let Some(entry) = self.orders.get(&id) else { continue };
            match entry.order.next_step() {
                // Asked for and not answered: nobody knows.
                Step::Pay(step, attempt) if attempt.is_outstanding() && !attempt.unknown => {
                    self.unknown(id, step)
                }
                Step::Pay(..) | Step::CommitStock | Step::ReturnStock { .. } | Step::Rest => self.advance(id),
            }
        }
    }

    /// Begins what the order's state asks for next.
    pub(super) fn advance(&mut self, id: OrderId) {
        let rests = self.orders.get(&id).is_some_and(|entry| !entry.paying);
        if rests && self.end_overdue(id) {
            return;
        }
        let Some(entry) = self.orders.get_mut(&id) else { return };
        match entry.order.next_step() {
            Step::Pay(..) if entry.paying => {}
            Step::Pay(step, attempt) => {
                entry.paying = true;
                if attempt.unknown {
                    self.probe_later(id, step)
                } else {
                    self.intend(id, step, attempt.tries + 1)
                }
            }
            Step::CommitStock => self.commit_stock(id),
            Step::ReturnStock { committed: false } => self.return_held(id),
            Step::ReturnStock { committed: true } => self.return_promised(id),
            Step::Rest => {}
        }
        self.tell_outcome(id);
    }

    /// Answers whoever waits for the checkout, once it has ended.
    fn tell_outcome(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get_mut(&id) else { return };
        let Some(view) = OrderView::outcome(&entry.order) else { return };
        let waiting = std::mem::take(&mut entry.waiting);
        for Waiting { caller, is_repeat } in waiting {
            self.answer_durable(Ok(Answer { value: view.clone(), replayed: is_repeat }), caller);
        }
    }

    /// Writes down that a payment call is about to be made; it is made when that is durable.
    fn intend(&mut self, id: OrderId, step: PaymentStep, attempt: u32) {
        let at = self.shared.clock.now();
        let (word, stopped) =
            (self.word(OrderMessage::Intended(id, step)), self.word(OrderMessage::Stopped(id)));
        let then = Then::call(move |durable: Option<Sequence>| match durable {
            Some(_) => word(),
            None => stopped(),
        });
        self.record(id, OrderEvent::PaymentRequested { step, attempt, at }, then);
    }

    pub(super) fn call_provider(&self, id: OrderId, step: PaymentStep) {
        let Some(entry) = self.orders.get(&id) else { return };
        let order = &entry.order;
        let Step::Pay(asked, attempt) = order.next_step() else { return };
        let amount = match step {
            PaymentStep::Authorise | PaymentStep::Capture | PaymentStep::Void => order.total(),
            PaymentStep::Refund(number) => {
                order.refunds().get(usize::from(number)).map_or(order.total(), |refund| refund.amount)
            }
        };
        debug_assert_eq!(asked, step, "one payment call at a time");
        let call = PaymentCall {
            step,
            key: PaymentCall::key(id, step, attempt.tries),
            amount,
            method: order.placed().method.clone(),
            reference: order.payment_reference().cloned(),
        };
        let provider = self.shared.payments.get(&order.placed().provider);
        let limit = self.shared.config.payment_timeout;
        let myself = self.myself.clone();
        // A task of its own: a slow or panicking provider holds up its order and nobody else.
        self.shared.runtime.spawn(async move {
            let answer = match provider {
                Some(provider) => {
                    let call = tokio::spawn(async move { provider.call(call).await });
                    match tokio::time::timeout(limit, call).await {
                        Ok(Ok(answer)) => answer,
                        Ok(Err(_)) | Err(_) => PaymentAnswer::Lost,
                    }
                }
                None => PaymentAnswer::Lost,
            };
            drop(myself.send_message(OrderMessage::Paid(id, step, answer)));
        });
    }

    pub(super) fn paid(&mut self, id: OrderId, step: PaymentStep, answer: PaymentAnswer) {
        match answer {
            PaymentAnswer::Approved(reference) => {
                self.settle(id, step, PaymentOutcome::Approved { reference: fit(&reference) });
            }
            PaymentAnswer::Declined(reason) => {
                self.settle(id, step, PaymentOutcome::Declined { reason: fit(&reason) });
            }
            PaymentAnswer::Lost => self.unknown(id, step),
            PaymentAnswer::Failed(reason) => self.failed(id, step, fit(&reason)),
        }
    }

    /// The provider did nothing: try again with a new key, or give up. Letting go and paying back are owed, so those
    /// are tried for ever.
    fn failed(&mut self, id: OrderId, step: PaymentStep, reason: SmolStr) {
        let Some(entry) = self.orders.get(&id) else { return };
        let Step::Pay(_, attempt) = entry.order.next_step() else { return };
        let gives_up = matches!(step, PaymentStep::Authorise | PaymentStep::Capture);
        if gives_up && attempt.tries >= PAYMENT_ATTEMPTS_MAX {
            return self.settle(id, step, PaymentOutcome::Declined { reason });
        }
        if self.end_overdue(id) {
            return;
        }
        let pause = self.pause(attempt.tries);
        let myself = self.myself.clone();
        self.shared.runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            // Nothing became of it, so it may be made again: the answer of a question that needs not be asked.
            drop(myself.send_message(OrderMessage::Probed(id, step, PaymentFate::NotFound)));
        });
    }

    /// Gives up where another try would be made, if the order is out of time for it; says whether it was.
    fn end_overdue(&mut self, id: OrderId) -> bool {
        let (at, limit) = (self.shared.clock.now(), self.shared.config.order_payment_deadline);
        let overdue = self.orders.get(&id).and_then(|entry| entry.order.decide_overdue(at, limit));
        match overdue {
            Some(event) => {
                self.payment_ended(id, event);
                true
            }
            None => false,
        }
    }

    fn settle(&mut self, id: OrderId, step: PaymentStep, outcome: PaymentOutcome) {
        let at = self.shared.clock.now();
        self.payment_ended(id, OrderEvent::PaymentSettled { step, outcome, at });
    }

    /// Writes down how a payment call ended, and goes on from there.
    fn payment_ended(&mut self, id: OrderId, event: OrderEvent) {
        if let Some(entry) = self.orders.get_mut(&id) {
            entry.paying = false;
            entry.probes = 0;
        }
        self.record(id, event, Then::Nothing);
        self.ask_lapsed_if_confirmed(id);
        self.advance(id);
    }

    fn unknown(&mut self, id: OrderId, step: PaymentStep) {
        let at = self.shared.clock.now();
        if let Some(entry) = self.orders.get_mut(&id) {
            entry.paying = true;
        }
        tracing::warn!(
            order = format_args!("{:032x}", { id.0 }),
            ?step,
            "a payment call has no answer; asking the provider"
        );
        self.record(id, OrderEvent::PaymentUnknown { step, at }, Then::Nothing);
        self.probe_later(id, step);
    }

    fn probe_later(&mut self, id: OrderId, step: PaymentStep) {
        let Some(entry) = self.orders.get_mut(&id) else { return };
        entry.probes += 1;
        let pause = self.pause(self.orders.get(&id).map_or(1, |entry| entry.probes));
        let word = self.word(OrderMessage::Probe(id, step));
        self.shared.runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            word();
        });
    }

    fn pause(&self, tries: u32) -> Duration {
        let doubled = self
            .shared
            .config
            .probe_backoff
            .saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1).min(16)));
        doubled.min(CoreConfig::PROBE_PAUSE_MAX)
    }

    pub(super) fn probe(&self, id: OrderId, step: PaymentStep) {
        let Some(entry) = self.orders.get(&id) else { return };
        let Step::Pay(_, attempt) = entry.order.next_step() else { return };
        let key = PaymentCall::key(id, step, attempt.tries);
        let provider = self.shared.payments.get(&entry.order.placed().provider);
        let limit = self.shared.config.payment_timeout;
        let myself = self.myself.clone();
        self.shared.runtime.spawn(async move {
            let fate = match provider {
                Some(provider) => {
                    let question = tokio::spawn(async move { provider.query(key).await });
                    match tokio::time::timeout(limit, question).await {
                        Ok(Ok(fate)) => fate,
                        Ok(Err(_)) | Err(_) => PaymentFate::Pending,
                    }
                }
                None => PaymentFate::Pending,
            };
            drop(myself.send_message(OrderMessage::Probed(id, step, fate)));
        });
    }

    pub(super) fn probed(&mut self, id: OrderId, step: PaymentStep, fate: PaymentFate) {
        match fate {
            PaymentFate::Approved(reference) => {
                self.settle(id, step, PaymentOutcome::Approved { reference: fit(&reference) });
            }
            PaymentFate::Declined(reason) => {
                self.settle(id, step, PaymentOutcome::Declined { reason: fit(&reason) });
            }
            PaymentFate::Pending => self.probe_later(id, step),
            PaymentFate::NotFound => {
                let Some(entry) = self.orders.get(&id) else { return };
                let Step::Pay(_, attempt) = entry.order.next_step() else { return };
                // Unknown and never heard of: the same try again, under its key, also when the order is out of time, since
                // a call that was lost may still arrive. Known to have failed: the next one, if there is time for it.
                let next = if attempt.unknown { attempt.tries } else { attempt.tries + 1 };
                if !self.end_overdue(id) {
                    self.intend(id, step, next.max(1));
                }
            }
        }
    }

    /// Promises the held units to the order: the reservation decides, the products follow.
    fn commit_stock(&mut self, id: OrderId) {
        let reservation = self.orders.get(&id).map(|entry| entry.order.placed().reservation);
        let cell = reservation.and_then(|id| self.shared.reservations.get(id));
        let Some(cell) = cell else { return };
        let lines = cell.read(|reservation| reservation.lines().len()).unwrap_or(0);
        let mut parts =
            self.wait_for_parts(id, lines + 1, move |outcome| OrderMessage::StockCommitted(id, outcome));
        let Some(own) = parts.pop() else { return };
        let decided = cell.decide(
            &self.shared,
            |reservation, at| match reservation.state() {
                // Decided before a crash.
                ReservationState::Committed { .. } => Ok(None),
                _ => reservation
                    .decide_commit_pinned(at, id)
                    .map(Some)
                    .ok_or(Rejection::ReservationNotFound { reservation: reservation.id() }),
            },
            Then::Part(own),
            |_, _| (),
        );
        if let Err(rejection) = decided {
            // Pinned before it was placed, and only its order ends a pinned reservation.
            tracing::error!(order = format_args!("{:032x}", { id.0 }), %rejection, "an order's reservation is not its own");
            return;
        }
        follow_all(&self.shared, &cell, parts);
    }

    pub(super) fn stock_committed(&mut self, id: OrderId, outcome: &Result<(), Failure>) {
        if outcome.is_err() {
            return self.advance_later(id);
        }
        let at = self.shared.clock.now();
        self.record(id, OrderEvent::StockCommitted { at }, Then::Nothing);
        self.ask_lapsed_if_confirmed(id);
        self.advance(id);
    }

    /// Gives held units back: to the shelf if the order claimed them itself, otherwise to the basket they came from.
    fn return_held(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get(&id) else { return };
        let owns = entry.order.placed().owns_reservation;
        let Some(cell) = self.shared.reservations.get(entry.order.placed().reservation) else { return };
        let lines = cell.read(|reservation| reservation.lines().len()).unwrap_or(0);
        let mut parts =
            self.wait_for_parts(id, lines + 1, move |outcome| OrderMessage::StockReturned(id, outcome));
        let Some(own) = parts.pop() else { return };
        let decided = cell.decide(
            &self.shared,
            |reservation, at| {
                // Not pinned by it any more: decided before a crash.
                Ok(if owns {
                    reservation.decide_release_pinned(at, id)
                } else {
                    reservation.decide_unpin(at, id)
                })
            },
            Then::Part(own),
            |_, _| (),
        );
        if decided.is_ok() {
            follow_all(&self.shared, &cell, parts);
        }
    }

    /// Gives promised units back to the shelf.
    fn return_promised(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get(&id) else { return };
        let targets: Vec<_> = (0..)
            .zip(entry.order.lines())
            .map(|(line, state)| {
                let all = Fulfilment { cancelled: state.ordered.quantity.into(), ..state.progress };
                (entry.order.hold(line), state.ordered.sku.clone(), all)
            })
            .collect();
        let parts =
            self.wait_for_parts(id, targets.len(), move |outcome| OrderMessage::StockReturned(id, outcome));
        for ((hold, sku, to), part) in targets.into_iter().zip(parts) {
            if let Some(cell) = self.shared.directory.get(&sku) {
                cell.send(&self.shared, ProductMessage::Advance(hold, to, Box::new(|_| ()), part));
            }
        }
    }

    pub(super) fn stock_returned(&mut self, id: OrderId, outcome: &Result<(), Failure>) {
        if outcome.is_err() {
            return self.advance_later(id);
        }
        let at = self.shared.clock.now();
        self.record(id, OrderEvent::Compensated { at }, Then::Nothing);
        self.advance(id);
    }

    /// An owner died on the way. What was decided stands; the rest is done again when it is back.
    fn advance_later(&self, id: OrderId) {
        let myself = self.myself.clone();
        self.shared.runtime.spawn(async move {
            tokio::time::sleep(RETRY_PAUSE).await;
            drop(myself.send_message(OrderMessage::StepAgain(id)));
        });
    }

    /// Parts of something that is done for an order; this coordinator hears when it is done.
    pub(super) fn wait_for_parts(
        &self,
        id: OrderId,
        count: usize,
        message: impl FnOnce(Result<(), Failure>) -> OrderMessage + Send + 'static,
    ) -> Vec<countdown::Part> {
        let myself = self.myself.clone();
        let shared = Arc::clone(&self.shared);
        countdown::parts(count, move |complete| {
            let message = if complete {
                message(Ok(()))
            } else if shared.journal.is_failed() {
                // Nothing more can be done or promised; the next start takes the order up.
                OrderMessage::Stopped(id)
            } else {
                message(Err(Unavailable::Restarting.into()))
            };
            drop(myself.send_message(message));
        })
    }
}

/// Most bytes kept of a provider's reference or reason.
const PROVIDER_TEXT_BYTES_MAX: usize = 256;

/// What a provider said, as far as it is kept: its texts are not to be trusted with the journal's frames or people's
/// screens.
fn fit(text: &str) -> SmolStr {
    let mut kept = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if kept.len() + c.len_utf8() > PROVIDER_TEXT_BYTES_MAX {
            break;
        }
        kept.push(c);
    }
    SmolStr::new(kept)
}
