//! What a customer has claimed, as a whole: to be listed, and to be given back.
//!
//! Giving back everything is giving back each reservation, as an operation of its own that is derived from the request; there is no
//! further record. So a repeat finds the ones that this very request gave back, and they say when it was first carried out: what
//! is left of that time is finished, and what was made since stays.

use std::sync::Arc;

use futures::StreamExt;
use holdfast_engine::reservation::{Reservation, ReservationState};
use holdfast_engine::{CustomerId, Operation, Rejection, ReservationId};

use crate::answer::{Answer, Failure};
use crate::customer_index::Age;
use crate::reservation_view::ReservationView;
use crate::reservations;
use crate::shared::{Permit, Shared};

/// Most reservations that one request gives back.
pub const RELEASES_MAX: usize = 1_000;

/// Most reservations in checkout that an answer tells to have stayed.
const KEPT_TOLD_MAX: usize = 100;

/// Releases of one request that are under way at once.
const RELEASES_IN_FLIGHT: usize = 64;

/// Entries of the index that are read at once.
const CHUNK: usize = 128;

/// Where a reservation stands that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It is held until its deadline.
    Held,
    /// An order is being paid that took it over.
    InCheckout,
}

impl Claimed {
    /// Where it stands; `None` if it has ended.
    fn of(state: ReservationState) -> Option<Self> {
        match state {
            ReservationState::Held { .. } => Some(Self::Held),
            ReservationState::Pinned { .. } => Some(Self::InCheckout),
            ReservationState::Committed { .. }
            | ReservationState::Released { .. }
            | ReservationState::Expired { .. } => None,
        }
    }
}

/// What became of a customer's reservations that were to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedAll {
    /// Those that were, the oldest first.
    pub released: Vec<Answer<ReservationView>>,
    /// Those that were not, and why.
    pub kept: Vec<(ReservationId, Rejection)>,
    /// Whether there were more than [`RELEASES_MAX`], of which the oldest were given back.
    pub has_more: bool,
}

/// A customer's reservations that have not ended and are older than this one, the newest first.
pub(crate) async fn list(
    shared: &Arc<Shared>,
    permit: Permit,
    customer: &CustomerId,
    only: Option<Claimed>,
    mut before: Option<Age>,
    limit: usize,
) -> Result<Vec<ReservationView>, Failure> {
    let now = shared.clock.now();
    let mut views = Vec::new();
    while views.len() < limit {
        let ages = shared.reservations.customers.alive_before(customer, before, CHUNK);
        let Some(last) = ages.last() else { break };
        before = Some(*last);
        for age in ages {
            let Some(cell) = shared.reservations.get(age.id) else { continue };
            let view = cell.read(|reservation| {
                let claimed = Claimed::of(reservation.state())?;
                let is_listed = only.is_none_or(|only| only == claimed);
                let view = is_listed.then(|| ReservationView::now(reservation, now))?;
                Claimed::of(view.state).map(|_| view)
            });
            views.extend(view.flatten());
        }
        // There may be very many, none of them asked for.
        tokio::task::yield_now().await;
    }
    views.truncate(limit);
    wait_until_durable(shared, permit).await?;
    Ok(views)
}

/// The oldest of a customer's reservations that have not ended: held ones up to one more than are given back at once, and of those
/// in checkout, which stay, some that stand between them.
async fn oldest(shared: &Arc<Shared>, customer: &CustomerId) -> Vec<Age> {
    let (mut oldest, mut held, mut after) = (Vec::new(), 0, None);
    while held <= RELEASES_MAX {
        let ages = shared.reservations.customers.alive_after(customer, after, CHUNK);
        let Some(last) = ages.last() else { break };
        after = Some(*last);
        for age in ages {
            let state = shared.reservations.get(age.id).and_then(|cell| cell.read(Reservation::state));
            match state.and_then(Claimed::of) {
                Some(Claimed::InCheckout) if oldest.len() - held >= KEPT_TOLD_MAX => {}
                Some(Claimed::InCheckout) => oldest.push(age),
                // A basket that is still under way may be held by the time it is asked.
                Some(Claimed::Held) | None => {
                    held += 1;
                    oldest.push(age);
                }
            }
        }
        tokio::task::yield_now().await;
    }
    oldest
}

/// Gives back all reservations of a customer that are held, each as the operation that `operation_of` derives for it.
pub(crate) async fn release_all(
    shared: &Arc<Shared>,
    permit: Permit,
    customer: &CustomerId,
    operation_of: impl Fn(ReservationId) -> Operation,
) -> Result<ReleasedAll, Failure> {
    let index = &shared.reservations.customers;
    // In this order: what ends in between is in the second list, and in the first one perhaps as well.
    let mut alive = oldest(shared, customer).await;
    let released_before = |age: &Age| {
        let cell = shared.reservations.get(age.id)?;
        cell.read(|reservation| Some((*age, reservation.operation(operation_of(age.id).id)?.at)))?
    };
    let done: Vec<_> = index.released(customer).iter().filter_map(released_before).collect();
    let first_carried_out = done.iter().map(|(_, at)| *at).min();
    alive.retain(|age| first_carried_out.is_none_or(|first| age.made_at <= first));
    let mut ages: Vec<_> = done.iter().map(|(age, _)| *age).chain(alive).collect();
    ages.sort();
    ages.dedup();
    let has_more = ages.len() > RELEASES_MAX;
    ages.truncate(RELEASES_MAX);
    let permit = Arc::new(permit);
    let releases = futures::stream::iter(ages.into_iter().map(|Age { id, .. }| {
        let (permit, operation) = (Arc::clone(&permit), operation_of(id));
        async move { (id, reservations::release(shared, permit, id, operation).await) }
    }));
    let mut outcomes = releases.buffered(RELEASES_IN_FLIGHT);
    let (mut released, mut kept) = (Vec::new(), Vec::new());
    while let Some((id, outcome)) = outcomes.next().await {
        match outcome {
            Ok(answer) => released.push(answer),
            // It is still on its way to be made: there was nothing to give back.
            Err(Failure::Rejected(Rejection::ReservationNotFound { .. })) => {}
            Err(Failure::Rejected(rejection)) => kept.push((id, rejection)),
            // A repeat finishes what is left.
            Err(Failure::Unavailable(why)) => return Err(why.into()),
        }
    }
    drop(outcomes);
    wait_until_durable(shared, permit).await?;
    Ok(ReleasedAll { released, kept, has_more })
}

/// What is not listed may have ended just now: the answer waits for that, too.
async fn wait_until_durable(shared: &Shared, permit: impl Into<Arc<Permit>>) -> Result<(), Failure> {
    let permit = permit.into();
    if shared.journal.appended() > shared.journal.durable() {
        reservations::durable_with_share(shared, &permit).await?;
    }
    Ok(())
}
