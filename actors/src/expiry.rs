//! The timer: wakes a product when a deadline of one of its holds has come.
//!
//! Exactness does not rest on it: every message to a product settles what has lapsed first. The timer sees to it that
//! a product nobody talks to shows its units too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Weak};

use holdfast_engine::{Sku, Timestamp};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::shared::Shared;

/// Where deadlines are announced. Each product has at most one announced at a time, plus earlier ones that replaced it.
pub(crate) struct Expiry {
    sender: mpsc::UnboundedSender<(Timestamp, Sku)>,
}

pub(crate) type Deadlines = mpsc::UnboundedReceiver<(Timestamp, Sku)>;

impl Expiry {
    pub(crate) fn new() -> (Self, Deadlines) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender }, receiver)
    }

    /// Announces a product's next deadline.
    pub(crate) fn arm(&self, deadline: Timestamp, cell: &Arc<ProductCell>) {
        // Without a timer the process is ending.
        drop(self.sender.send((deadline, cell.sku().clone())));
    }
}

/// Runs until the runtime is gone.
pub(crate) async fn run(shared: Weak<Shared>, clock: Arc<dyn Clock>, mut deadlines: Deadlines) {
    let mut heap: BinaryHeap<Reverse<(Timestamp, Sku)>> = BinaryHeap::new();
    loop {
        let next = heap.peek().map(|Reverse((deadline, _))| *deadline);
        let due = async {
            match next {
                Some(deadline) => clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            announced = deadlines.recv() => match announced {
                Some(announced) => heap.push(Reverse(announced)),
                None => return,
            },
            () = due => {
                let Some(shared) = shared.upgrade() else { return };
                let now = clock.now();
                while heap.peek().is_some_and(|Reverse((deadline, _))| *deadline <= now) {
                    if let Some(Reverse((_, sku))) = heap.pop()
                        && let Some(cell) = shared.directory.get(&sku)
                    {
                        cell.send(&shared, ProductMessage::Settle);
                    }
                }
            }
        }
    }
}
