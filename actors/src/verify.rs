//! The proof of a data directory that nobody uses: its journal is read from the beginning, and what it comes to is checked.

use std::path::Path;

use holdfast_engine::world::World;
use holdfast_engine::{Event, Quantity, Sequence, Timestamp};
use holdfast_persistence::{Examined, OpenError, Options, Rebuild, VisitError};

use crate::recovery::judged;

/// What a verification found.
#[derive(Debug)]
pub struct Verified {
    /// The directory and its journal. An event that does not fit what was before it is damage too.
    pub examined: Examined,
    /// What the journal comes to, if all of it fits.
    pub state: Option<StateSummary>,
}

/// What a journal comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateSummary {
    /// Fingerprint of the whole state, to be compared with that of another copy by the same version.
    pub digest: u64,
    /// Products, deleted ones included.
    pub products: u64,
    /// Reservations, ended ones included.
    pub reservations: u64,
    /// Orders, ended ones included.
    pub orders: u64,
    /// Units on all shelves.
    pub on_hand: u64,
    /// Units in live holds and on offer.
    pub held: u64,
    /// Units promised and not shipped.
    pub allocated: u64,
    /// Units that queue.
    pub queued: u64,
    /// Events that finish what was under way, as of the journal's last instant. A start adds what time has brought since.
    pub unfinished: u64,
}

/// Reads and checks the data directory at `path`, which no process may use meanwhile, and changes nothing there. Each event
/// is shown to `progress`.
///
/// # Errors
/// [`OpenError`], if there is nothing that could be read.
pub fn verify(path: &Path, progress: &mut dyn FnMut(Sequence, &Event)) -> Result<Verified, OpenError> {
    let mut check =
        Check { world: World::default(), latest: Timestamp::from_millis(i64::MIN), state: None, progress };
    let examined = Examined::look(path, &Options::default(), &mut check)?;
    Ok(Verified { examined, state: check.state })
}

struct Check<'a> {
    world: World,
    /// The latest instant that stands in the journal: a look at the same bytes finds the same tomorrow.
    latest: Timestamp,
    state: Option<StateSummary>,
    progress: &'a mut dyn FnMut(Sequence, &Event),
}

impl Rebuild for Check<'_> {
    fn event(&mut self, sequence: Sequence, event: Event) -> Result<(), VisitError> {
        (self.progress)(sequence, &event);
        self.latest = event.at().map_or(self.latest, |at| at.max(self.latest));
        judged(|| self.world.apply(sequence, &event))
    }

    fn end(&mut self) -> Result<(), VisitError> {
        let (world, latest) = (&mut self.world, self.latest);
        let mut state = StateSummary::of(world);
        judged(|| {
            world.check();
            let mut next = world.sequence();
            world.reconcile(latest, &mut |_, _| {
                state.unfinished += 1;
                next = next.plus(1);
                next
            });
            world.check_settled(latest);
        })?;
        self.state = Some(state);
        Ok(())
    }
}

impl StateSummary {
    fn of(world: &World) -> Self {
        let sum = |units: &dyn Fn(&holdfast_engine::product::StockLevel) -> Quantity| {
            let levels = world.products().values().flat_map(|product| product.levels());
            levels.map(|(_, level)| units(level).units()).sum()
        };
        Self {
            digest: world.digest(),
            products: world.products().len() as u64,
            reservations: world.reservations().len() as u64,
            orders: world.orders().len() as u64,
            on_hand: sum(&|level| level.on_hand),
            held: sum(&|level| level.held),
            allocated: sum(&|level| level.allocated),
            queued: world.products().values().map(|product| product.queued().units()).sum(),
            unfinished: 0,
        }
    }
}
