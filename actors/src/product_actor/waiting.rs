//! What an owner does about its waiting list.

use holdfast_engine::product::{Product, ProductCommand, ProductResult};
use holdfast_engine::{CustomerId, Operation, OperationRecord, Rejection, Timestamp};

use super::Owner;
use crate::answer::{Failure, Reply, ReplyTo};
use crate::waiter::Then;
use crate::waiting_view::WaitingView;

impl Owner {
    /// Does what is to be done now for those that wait. Those that queue with a promise have been served.
    pub(super) fn offer(&mut self) {
        loop {
            let mut events = self.product.decide_offers(self.now);
            if events.is_empty() {
                return;
            }
            events.iter().for_each(|event| self.product.apply(event));
            self.fill(self.now, &mut events);
            self.journal(events, None, Then::Nothing);
        }
    }

    /// Lets a customer join the list, or leave it.
    pub(super) fn change_waiting(
        &mut self,
        at: Timestamp,
        command: &ProductCommand,
        operation: Operation,
        caller: ReplyTo<Reply<WaitingView>>,
    ) {
        match self.product.carry_out(at, command) {
            Ok(events) if !events.is_empty() => {
                // What the customer is offered in this step is in the answer, and so is where that stands.
                let events = self.with_fills(at, events);
                let answer = self.repeated(operation, place);
                let after = (events.len() as u64).saturating_sub(1);
                let tell = move |first: holdfast_engine::Sequence| {
                    let mut answer = answer?;
                    answer.replayed = false;
                    answer.value.sequence = first.plus(after);
                    Ok(answer)
                };
                self.append(events, None, tell, caller);
            }
            Ok(_) => {
                let again = self.repeated(operation, place);
                self.answer_durable(again, caller);
            }
            Err(rejection) => self.answer_durable(Err(rejection.into()), caller),
        }
    }

    pub(super) fn read_waiting(&self, customer: CustomerId, caller: ReplyTo<Result<WaitingView, Failure>>) {
        let sku = self.product.sku().clone();
        let outcome = match WaitingView::of(&self.product, &customer) {
            Some(view) => Ok(view),
            None if self.product.details().is_none() => Err(Rejection::UnknownSku { sku }.into()),
            None => Err(Rejection::NotWaiting { sku, customer }.into()),
        };
        self.show_durable_outcome(outcome, caller);
    }
}

/// A repeat is answered with where the customer stands now: what was offered since is what the caller needs to know.
fn place(record: &OperationRecord<ProductResult>, product: &Product) -> Option<WaitingView> {
    match &record.result {
        ProductResult::Waiting { customer } => WaitingView::of(product, customer),
        ProductResult::Put { .. }
        | ProductResult::Adjusted { .. }
        | ProductResult::Sale { .. }
        | ProductResult::Lot { .. }
        | ProductResult::LocationDeleted { .. }
        | ProductResult::Deleted => None,
    }
}
