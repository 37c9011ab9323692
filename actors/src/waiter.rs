//! Who waits for a journal record: what is to be shown and said once it is durable.
//!
//! Runs on the journal's thread, in the order of the records. The published view moves first, then the answer leaves,
//! so that a client reads its own writes.

use std::sync::Arc;

use holdfast_engine::Sequence;
use holdfast_persistence::Ack;

use crate::countdown::Part;
use crate::product_cell::{ProductCell, Publication};

/// What follows when a record is durable.
pub(crate) struct Waiter {
    publish: Option<(Arc<ProductCell>, Publication)>,
    then: Then,
}

/// Who is told.
pub(crate) enum Then {
    /// Nobody.
    Nothing,
    /// Something that waits for several records.
    Part(Part),
    /// Whoever this calls, with the position of the first record, or `None` if the journal failed.
    Call(Box<dyn FnOnce(Option<Sequence>) + Send>),
}

impl Then {
    pub(crate) fn call(then: impl FnOnce(Option<Sequence>) + Send + 'static) -> Self {
        Self::Call(Box::new(then))
    }
}

impl Waiter {
    /// Tells somebody.
    pub(crate) fn tell(then: Then) -> Self {
        Self { publish: None, then }
    }

    /// Shows a product's new state, then tells somebody.
    pub(crate) fn publish(cell: Arc<ProductCell>, publication: Publication, then: Then) -> Self {
        Self { publish: Some((cell, publication)), then }
    }
}

impl Ack for Waiter {
    fn durable(self, first: Sequence) {
        if let Some((cell, publication)) = self.publish {
            cell.publish(publication, first);
        }
        match self.then {
            Then::Nothing => {}
            Then::Part(part) => part.finish(),
            Then::Call(call) => call(Some(first)),
        }
    }

    fn failed(self) {
        match self.then {
            Then::Nothing => {}
            // A dropped part counts as lost.
            Then::Part(part) => drop(part),
            Then::Call(call) => call(None),
        }
    }
}
