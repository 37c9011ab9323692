//! Who hears when an owner dies.
//!
//! A panic kills one actor. Its product's state is then rebuilt from the journal, never from memory, brought in line
//! with what the reservations have decided meanwhile, and given to a new actor; everybody else goes on. The order
//! coordinator holds many orders, so its death ends the process, whose next start takes all of them up.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use holdfast_engine::product::Product;
use holdfast_engine::reservation::Verdict;
use holdfast_engine::world::mend_product;
use holdfast_engine::{Event, Sequence, Sku};
use holdfast_persistence::{JournalReader, Trail};
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};

use crate::product_actor::{Pending, ProductMessage};
use crate::product_cell::{ProductCell, Publication};
use crate::reservations::durable;
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// What a supervisor needs.
pub(crate) struct Duties {
    pub(crate) shared: Weak<Shared>,
    pub(crate) reader: Arc<dyn JournalReader>,
    pub(crate) on_fatal: Arc<dyn Fn(String) + Send + Sync>,
}

pub(crate) async fn spawn(duties: Duties) -> Result<ActorRef<()>, SpawnErr> {
    let (actor, _stopped) = Actor::spawn(None, Supervisor, duties).await?;
    Ok(actor)
}

struct Supervisor;

impl Actor for Supervisor {
    type Msg = ();
    type State = Duties;
    type Arguments = Duties;

    async fn pre_start(&self, _: ActorRef<()>, duties: Duties) -> Result<Duties, ActorProcessingErr> {
        Ok(duties)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        duties: &mut Duties,
    ) -> Result<(), ActorProcessingErr> {
        let (dead, why) = match event {
            SupervisionEvent::ActorFailed(dead, why) => (dead, why.to_string()),
            SupervisionEvent::ActorTerminated(dead, _, _) => (dead, "it ended".to_owned()),
            _ => return Ok(()),
        };
        let Some(shared) = duties.shared.upgrade() else { return Ok(()) };
        if shared.ending.load(Ordering::SeqCst) {
            return Ok(());
        }
        match shared.owners.remove(&dead.get_id()) {
            Some((_, cell)) => {
                tracing::error!(sku = %cell.sku(), why, "the owner of a product died; rebuilding it from the journal");
                cell.vacate();
                shared.counters.restarts.fetch_add(1, Ordering::Relaxed);
                if cell.deaths() > DEATHS_MAX {
                    (duties.on_fatal)(format!(
                        "the owner of product {} dies again and again: {why}",
                        cell.sku()
                    ));
                }
                let on_fatal = Arc::clone(&duties.on_fatal);
                let reader = Arc::clone(&duties.reader);
                tokio::spawn(async move {
                    let rebuilt = tokio::spawn(rebuild(shared, Arc::clone(&cell), reader)).await;
                    let why = match rebuilt {
                        Ok(Ok(())) => return,
                        Ok(Err(why)) => why,
                        Err(died) => died.to_string(),
                    };
                    // Nobody answers for the product any more, so whoever waits for it is told.
                    cell.forsake();
                    on_fatal(format!("product {} could not be rebuilt: {why}", cell.sku()));
                });
            }
            None => (duties.on_fatal)(format!("the order coordinator died: {why}")),
        }
        Ok(())
    }
}

/// How often the owner of one product may die in the life of the process.
const DEATHS_MAX: u32 = 16;

/// Reads the product's events back and gives it a new owner.
async fn rebuild(
    shared: Arc<Shared>,
    cell: Arc<ProductCell>,
    reader: Arc<dyn JournalReader>,
) -> Result<(), String> {
    // What the dead owner decided is in the journal's queue; wait until it can be read.
    if durable(&shared, None).await.is_err() {
        // The journal has failed, and has said so.
        cell.forsake();
        return Ok(());
    }
    let sku = cell.sku().clone();
    let read = tokio::task::spawn_blocking(move || read_product(&*reader, &sku)).await;
    let product = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let mut product = Box::new(product);
    let mended = mend_product(&product, &|id, line, sku| {
        let hold = holdfast_engine::HoldId { reservation: id, line };
        let kept = product.hold(hold).and_then(|hold| hold.expires_at);
        let reservation = shared.reservations.get(id)?;
        Some(match reservation.verdict(line, sku, kept) {
            // What it has besides may be what is being claimed for it.
            Verdict::Open(expires_at, _) if reservation.is_raising(line) => Verdict::Open(expires_at, None),
            verdict => verdict,
        })
    });
    // What is mended away is none of these: they are kept open.
    let pending = Pending::all(&shared, &product).iter().map(Pending::all_units).sum();
    // Those that queue are served by the new owner, as soon as it is asked anything; it is asked now.
    for event in mended {
        product.apply(&event);
        let at = shared.clock.now();
        let publication = Publication { pending, ..Publication::of(&product, at) };
        let waiter = Waiter::publish(Arc::clone(&cell), publication, Then::Nothing);
        let (trail, event) =
            (Trail { previous: product.sequence(), at }, Event::Product(cell.sku().clone(), event));
        let sequence = shared.journal.append_to_trail(trail, [event], waiter);
        product.journaled(sequence);
    }
    // The dead owner may not have said it.
    let lapsed: BTreeSet<_> = product
        .allocations()
        .filter(|(_, allocation)| !allocation.lapsed.is_zero())
        .map(|(hold, _)| hold.reservation)
        .collect();
    cell.reseat(&shared, product);
    shared.tell_of_lapses(lapsed);
    cell.send(&shared, ProductMessage::Settle);
    Ok(())
}

fn read_product(reader: &dyn JournalReader, sku: &Sku) -> Result<Product, holdfast_persistence::ReplayError> {
    let mut product = Product::absent(sku.clone());
    reader.read(Sequence(1), &mut |sequence, event| {
        if let Event::Product(about, event) = event
            && about == *sku
        {
            product.apply(&event);
            product.journaled(sequence);
        }
        Ok(())
    })?;
    Ok(product)
}
