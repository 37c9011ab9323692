//! What an owner does when a location is given up.

use holdfast_engine::product::{DeleteLocation, Product, ProductCommand, ProductResult};
use holdfast_engine::{OperationRecord, Timestamp};

use super::Owner;
use crate::answer::{Reply, ReplyTo};
use crate::view::LocationDeleteAnswer;

impl Owner {
    pub(super) fn delete_location(
        &mut self,
        at: Timestamp,
        command: Box<DeleteLocation>,
        caller: ReplyTo<Reply<LocationDeleteAnswer>>,
    ) {
        let operation = command.operation;
        // Units of a location that was closed may serve those that queue from where they lie now.
        let command = ProductCommand::DeleteLocation(command);
        self.operate(at, &command, operation, (deleted, |answer| &mut answer.sequence), caller);
    }
}

fn deleted(record: &OperationRecord<ProductResult>, product: &Product) -> Option<LocationDeleteAnswer> {
    match &record.result {
        ProductResult::LocationDeleted { location, to, units } => Some(LocationDeleteAnswer {
            sku: product.sku().clone(),
            location: location.clone(),
            to: to.clone(),
            units: *units,
            at: record.at,
            version: record.version,
            sequence: record.sequence,
        }),
        ProductResult::Put { .. }
        | ProductResult::Adjusted { .. }
        | ProductResult::Sale { .. }
        | ProductResult::Lot { .. }
        | ProductResult::Waiting { .. }
        | ProductResult::Deleted => None,
    }
}
