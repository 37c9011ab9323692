//! What an owner does about units on their way.

use holdfast_engine::product::{LotCommand, Product, ProductCommand, ProductResult};
use holdfast_engine::{OperationRecord, Rejection, Timestamp};

use super::Owner;
use crate::answer::{Failure, Reply, ReplyTo};
use crate::lot_view::{LotAnswer, LotsView};

impl Owner {
    pub(super) fn lot(&mut self, at: Timestamp, command: LotCommand, caller: ReplyTo<Reply<LotAnswer>>) {
        let operation = command.operation;
        // What arrives goes to those that queue in the same step.
        let command = ProductCommand::Lot(Box::new(command));
        self.operate(at, &command, operation, (answer, |answer| &mut answer.sequence), caller);
    }

    pub(super) fn read_lots(&self, caller: ReplyTo<Result<LotsView, Failure>>) {
        if self.product.details().is_none() {
            let unknown = Rejection::UnknownSku { sku: self.product.sku().clone() };
            return self.show_durable_outcome(Err(unknown.into()), caller);
        }
        self.show_durable_outcome(Ok(LotsView::of(&self.product)), caller);
    }
}

fn answer(record: &OperationRecord<ProductResult>, product: &Product) -> Option<LotAnswer> {
    match &record.result {
        ProductResult::Lot { lot, after } => Some(LotAnswer {
            sku: product.sku().clone(),
            id: *lot,
            lot: (**after).clone(),
            at: record.at,
            version: record.version,
            sequence: record.sequence,
        }),
        ProductResult::Put { .. }
        | ProductResult::Adjusted { .. }
        | ProductResult::Sale { .. }
        | ProductResult::LocationDeleted { .. }
        | ProductResult::Waiting { .. }
        | ProductResult::Deleted => None,
    }
}
