//! From the journal back to the state: replay, and what the last process left under way.
//!
//! The engine's assertions are the judge of what the journal says: an event that does not fit makes the journal damaged,
//! not this process panic. What is to be mended is worked out and checked in full before any of it is journaled.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use holdfast_engine::world::World;
use holdfast_engine::{Event, Sequence, Timestamp};
use holdfast_persistence::{GroupCommit, VisitError};

use crate::waiter::{Then, Waiter};

#[derive(Default)]
pub(crate) struct Recovery {
    world: World,
}

impl Recovery {
    /// Takes in the next event of the journal.
    pub(crate) fn take(&mut self, sequence: Sequence, event: &Event) -> Result<(), VisitError> {
        judged(|| self.world.apply(sequence, event))
    }

    /// Finishes what was under way, journals that, and gives the state.
    pub(crate) fn finish(
        mut self,
        now: Timestamp,
        journal: &GroupCommit<Waiter>,
    ) -> Result<World, VisitError> {
        let mut mended = Vec::new();
        judged(|| {
            let mut next = self.world.sequence();
            self.world.reconcile(now, &mut |event: &Event| {
                mended.push(event.clone());
                next = next.plus(1);
                next
            });
            self.world.check_settled();
        })?;
        if !mended.is_empty() {
            tracing::info!(events = mended.len(), "finished what the last process left under way");
        }
        for event in mended {
            journal.append([event], Waiter::tell(Then::Nothing));
        }
        Ok(self.world)
    }
}

fn judged(work: impl FnOnce()) -> Result<(), VisitError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(panic.as_ref()).into())
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("an event does not fit the state").to_owned()
}
