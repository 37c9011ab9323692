//! From the journal back to the state: replay, and what the last process left under way.
//!
//! The engine's assertions are the judge of what the journal says: an event that does not fit makes the journal damaged,
//! not this process panic. What is to be mended is worked out and checked in full before any of it is journaled.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use holdfast_engine::product::Product;
use holdfast_engine::world::World;
use holdfast_engine::{Event, Sequence, Timestamp};
use holdfast_persistence::{Entry, GroupCommit, Rebuild, Trail, VisitError};

use crate::clock::{self, Clock};
use crate::waiter::{Then, Waiter};

pub(crate) struct Recovery {
    world: World,
    clock: Arc<dyn Clock>,
    /// The latest instant that stands in the journal.
    latest: Timestamp,
    mended: Vec<Entry>,
}

/// What a journal came to.
pub(crate) struct Recovered {
    pub(crate) world: World,
    /// The clock by which it goes on: no fact is younger than its now.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Recovery {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { world: World::default(), clock, latest: Timestamp::from_millis(i64::MIN), mended: Vec::new() }
    }

    /// Journals what was mended and gives the state.
    pub(crate) fn finish(self, journal: &GroupCommit<Waiter>) -> Recovered {
        if !self.mended.is_empty() {
            tracing::info!(events = self.mended.len(), "finished what the last process left under way");
        }
        for Entry { event, trail } in self.mended {
            journal.append_to_trail(trail, [event], Waiter::tell(Then::Nothing));
        }
        Recovered { world: self.world, clock: self.clock }
    }
}

impl Rebuild for Recovery {
    fn event(&mut self, sequence: Sequence, event: Event) -> Result<(), VisitError> {
        self.latest = event.at().map_or(self.latest, |at| at.max(self.latest));
        judged(|| self.world.apply(sequence, &event))
    }

    /// Finishes what was under way and checks the whole.
    fn end(&mut self) -> Result<(), VisitError> {
        self.clock = clock::not_before(self.latest, Arc::clone(&self.clock));
        let now = self.clock.now();
        judged(|| {
            let mut next = self.world.sequence();
            self.world.reconcile(now, &mut |before: &World, event: &Event| {
                let trail = Trail { previous: last_about(before, event), at: now };
                self.mended.push(Entry { event: event.clone(), trail });
                next = next.plus(1);
                next
            });
            self.world.check_settled(now);
        })
    }
}

/// Where the last event about the same product stands.
fn last_about(world: &World, event: &Event) -> Sequence {
    match event {
        Event::Product(sku, _) => world.products().get(sku).map(Product::sequence).unwrap_or_default(),
        Event::Reservation(..) | Event::Order(..) => Sequence::default(),
    }
}

/// Does what the engine may find does not fit.
pub(crate) fn judged(work: impl FnOnce()) -> Result<(), VisitError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(panic.as_ref()).into())
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("an event does not fit the state").to_owned()
}
