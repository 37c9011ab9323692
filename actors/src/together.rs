//! Reservations that are made together: all of them or none.
//!
//! Their numbers are claimed first, in the order of the numbers, so that two such requests never wait for each other
//! there. What was made before counts as done. Then all the others travel as one basket (see [`Basket::together`]).

use std::sync::Arc;

use holdfast_engine::Rejection;
use holdfast_engine::reservation::LINES_MAX;
use smallvec::SmallVec;

use crate::answer::{Answer, Failure, Reply, ReplyTo, Unavailable};
use crate::basket::{Basket, Blame, Intent, Make, Member, refuse_all};
use crate::customer_index::Age;
use crate::flight::Flight;
use crate::reservation_cell::{ClaimOutcome, ReservationCell};
use crate::reservation_view::ReservationView;
use crate::reservations::{Prepared, Reserve, prepare};
use crate::shared::{Permit, Shared};
use crate::sourcing;
use crate::waiter::{Then, Waiter};

/// Why reservations were not made together, and which of them could not be.
pub type NotTogether = (usize, Failure);

/// Makes all of them or none. At most as many, of as many lines, as one reservation may have lines.
pub(crate) async fn reserve_together(
    shared: &Arc<Shared>,
    permit: Permit,
    requests: Vec<Reserve>,
) -> Result<Vec<Answer<ReservationView>>, NotTogether> {
    let permit = Arc::new(permit);
    let mut answers: Vec<Option<Answer<ReservationView>>> = requests.iter().map(|_| None).collect();
    let mut in_order: Vec<_> = requests.into_iter().enumerate().collect();
    in_order.sort_by_key(|(_, request)| request.id);
    let flight = Flight::new();
    let mut claimed = Claimed { shared, members: Vec::new() };
    let mut awaited = Vec::new();
    for (position, request) in in_order {
        let (caller, answer) = ReplyTo::channel_with_share(&permit);
        let (id, fingerprint) = (request.id, request.fingerprint);
        match shared.reservations.claim(id, fingerprint, Some(Arc::clone(&flight)), caller) {
            ClaimOutcome::Ours(cell) => {
                claimed.members.push((position, request, cell));
                awaited.push((position, answer));
                continue;
            }
            // Two of these under one number: whoever waits for the other would wait for itself.
            ClaimOutcome::Known if claimed.members.iter().any(|(_, other, _)| other.id == id) => {
                let failure = Failure::Rejected(holdfast_engine::Rejection::KeyReused);
                return Err((position, claimed.give_up(failure)));
            }
            ClaimOutcome::Known => {}
            ClaimOutcome::Taken(caller, reply) => tell_when_durable(shared, caller, *reply),
        }
        // Somebody else makes or has made it.
        match answer.await.unwrap_or_else(|_| Err(shared.lost())) {
            Ok(made) => put(&mut answers, position, Answer::repeated(made.value)),
            Err(failure) => return Err((position, claimed.give_up(failure))),
        }
    }
    let blame = Arc::new(Blame::default());
    let positions = match begin(shared, claimed, flight, &blame) {
        Ok(positions) => positions,
        Err(refused) => return Err(refused),
    };
    for (position, answer) in awaited {
        match answer.await.unwrap_or_else(|_| Err(shared.lost())) {
            Ok(made) => put(&mut answers, position, made),
            Err(failure) => {
                return Err((positions.get(blame.member()).copied().unwrap_or(position), failure));
            }
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Sends them on their way as one basket. Returns the position of each of its members.
fn begin(
    shared: &Arc<Shared>,
    mut claimed: Claimed<'_>,
    flight: Arc<Flight>,
    blame: &Arc<Blame>,
) -> Result<Vec<usize>, NotTogether> {
    // Claims of one product are made in the order of the request.
    claimed.members.sort_by_key(|(position, ..)| *position);
    let (mut stops, mut intents, mut aged, mut lines) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (member, (position, request, _)) in (0_u16..).zip(&claimed.members) {
        let Prepared { stops: mut own, bundles, ttl, at } = match prepare(shared, request) {
            Ok(prepared) => prepared,
            Err(rejection) => return Err((*position, claimed.give_up(rejection.into()))),
        };
        // What was a bundle may be many lines by now, and they travel as one basket.
        lines += own.iter().map(|stop| stop.claims.len()).sum::<usize>();
        if lines > LINES_MAX {
            let rejection = Rejection::TooManyLines { lines, max: LINES_MAX };
            return Err((*position, claimed.give_up(rejection.into())));
        }
        let mut terms = request.terms.clone();
        terms.plan = sourcing::fewest_locations(&own, &terms);
        own.iter_mut().for_each(|stop| stop.member = member);
        stops.append(&mut own);
        let Reserve { customer, fingerprint, metadata, .. } = request.clone();
        aged.push((customer.clone(), Age { made_at: at, id: request.id }));
        let make = Some(Make { fingerprint, ttl, at, metadata, bundles });
        intents.push(Intent { customer, terms, expires_at: at.plus(ttl), make });
    }
    stops.sort_by(|a, b| a.cell.sku().cmp(b.cell.sku()).then(a.member.cmp(&b.member)));
    let positions = claimed.members.iter().map(|(position, ..)| *position).collect();
    let members: SmallVec<_> =
        claimed.take().zip(intents).map(|(cell, intent)| Member::new(cell, intent)).collect();
    for (customer, age) in &aged {
        shared.reservations.customers.add(customer, *age);
    }
    if !members.is_empty() {
        Basket::together(Arc::clone(shared), members, stops, flight, Arc::clone(blame)).travel();
    }
    Ok(positions)
}

fn put(answers: &mut [Option<Answer<ReservationView>>], position: usize, answer: Answer<ReservationView>) {
    if let Some(slot) = answers.get_mut(position) {
        *slot = Some(answer);
    }
}

/// Answers once all that the answer rests on is durable.
pub(crate) fn tell_when_durable(
    shared: &Shared,
    caller: ReplyTo<Reply<ReservationView>>,
    reply: Reply<ReservationView>,
) {
    let tell = move |durable: Option<_>| {
        let failed = || Err(Unavailable::JournalFailed.into());
        caller.answer(durable.map_or_else(failed, |_| reply));
    };
    shared.journal.append([], Waiter::tell(Then::call(tell)));
}

/// Numbers that were claimed and nothing else: given back if it comes to nothing, also when the caller goes away.
struct Claimed<'a> {
    shared: &'a Arc<Shared>,
    members: Vec<(usize, Reserve, Arc<ReservationCell>)>,
}

impl Claimed<'_> {
    /// The places, which are somebody else's to give back from now on.
    fn take(&mut self) -> impl Iterator<Item = Arc<ReservationCell>> + use<> {
        std::mem::take(&mut self.members).into_iter().map(|(_, _, cell)| cell)
    }

    /// Gives them back and tells everybody who waits for one why.
    fn give_up(&mut self, failure: Failure) -> Failure {
        for cell in self.take() {
            refuse_all(self.shared.reservations.withdraw(&cell), &failure);
        }
        failure
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        let lost = self.shared.lost();
        self.give_up(lost);
    }
}
