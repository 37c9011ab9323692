//! Change the lines of a reservation while it is held: in one step, whole or not at all.
//!
//! What is more is claimed by a basket that travels as one does that makes a reservation; then the reservation decides, and its
//! products give back what is less. Only one change of a reservation is under way at a time, and whoever wants to decide
//! something else about it waits until that is over.

use std::sync::Arc;

use holdfast_engine::product::{Claim, Policy, Terms};
use holdfast_engine::reservation::{
    Bundle, Bundles, ChangePlan, Reservation, ReservationState, bundle_count, explained,
};
use holdfast_engine::{HoldId, Millis, Operation, Rejection, ReservationId, Sku, Timestamp};
use smallvec::SmallVec;

use crate::answer::{Answer, Reply, ReplyTo};
use crate::basket::{Basket, Change, Intent, Stop};
use crate::countdown;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::reservation_cell::{Begin, Raise, ReservationCell};
use crate::reservation_view::ReservationView;
use crate::reservations::{Found, ReserveLine, check_hold_time, durable, look_up, merge};
use crate::shared::{Permit, Shared};
use crate::sourcing;
use crate::waiter::{Then, Waiter};

/// A reservation to be changed.
#[derive(Debug, Clone)]
pub struct ChangeReservation {
    /// Which.
    pub id: ReservationId,
    /// All the lines that it shall have, in any order; lines of the same product and location are summed. At least one, at most
    /// [`LINES_MAX`](holdfast_engine::reservation::LINES_MAX).
    pub lines: Vec<ReserveLine>,
    /// What becomes of units that are wanted besides and not there, and where they are taken from.
    pub terms: Terms,
    /// Its time from now on; that stays as it is if not given.
    pub ttl: Option<Millis>,
    /// The request.
    pub operation: Operation,
}

/// What a change begins with.
enum First {
    /// It was carried out before.
    Repeat,
    /// Nothing is to be claimed for it.
    Lower(ChangePlan, Bundles),
    /// This is to be claimed.
    Claim(Box<Claims>),
}

struct Claims {
    plan: ChangePlan,
    bundles: Bundles,
    stops: Vec<Stop>,
    next_line: u16,
    expires_at: Timestamp,
    flight: Arc<Flight>,
}

/// Changes a reservation to have just these lines.
pub(crate) async fn change(
    shared: &Arc<Shared>,
    permit: Permit,
    request: ChangeReservation,
) -> Reply<ReservationView> {
    let not_found = || Rejection::ReservationNotFound { reservation: request.id };
    let cell = shared.reservations.get(request.id).ok_or_else(not_found)?;
    let first = loop {
        match cell.begin_change(|reservation| begin(shared, &request, reservation)) {
            Ok(Begin::Begun(first)) => break first,
            Ok(Begin::Busy(over)) => drop(over.await),
            Err(rejection) => {
                // It may rest on what is not durable yet.
                durable(shared, Some(permit)).await?;
                return Err(rejection.into());
            }
        }
    };
    let (caller, answer) = ReplyTo::channel(Some(permit));
    let operation = request.operation;
    match first {
        First::Repeat => {
            let view = cell.read(|reservation| ReservationView::after(reservation, operation.id)).flatten();
            let again = view.map(Answer::repeated).ok_or(Rejection::KeyReused.into());
            answer_durable(shared, again, caller);
        }
        First::Lower(plan, bundles) => lower(shared, &cell, &request, plan, bundles, caller),
        First::Claim(claims) => {
            let Claims { plan, bundles, stops, next_line, expires_at, flight } = *claims;
            let (lowered, keeps_lines) = (plan.lowered, plan.keeps_lines);
            let mut terms = request.terms;
            terms.plan = sourcing::fewest_locations(&stops, &terms);
            let customer =
                cell.read(|reservation| reservation.made().customer.clone()).ok_or_else(not_found)?;
            let ttl = request.ttl;
            let change = Change { operation, ttl, lowered, bundles, keeps_lines, next_line, caller };
            let intent = Intent { customer, terms, expires_at, make: None };
            Basket::of_change(Arc::clone(shared), Arc::clone(&cell), intent, stops, flight, change).travel();
        }
    }
    answer.await.unwrap_or_else(|_| Err(shared.lost()))
}

/// Plans a change, under the lock of its reservation.
fn begin(
    shared: &Arc<Shared>,
    request: &ChangeReservation,
    reservation: &Reservation,
) -> Result<(First, Option<Raise>), Rejection> {
    if reservation.check_change(shared.clock.now(), request.operation)? {
        return Ok((First::Repeat, None));
    }
    let raise = |flight: &Arc<Flight>, raised| Some(Raise { flight: Arc::clone(flight), raised });
    let Found { bounds, wanted, bundles } =
        look_up(shared, &request.lines, false, reservation.bundles(), &request.terms)?;
    let explained = |rejection| explained(bundles.as_deref(), rejection);
    let wanted = merge(wanted).map_err(explained)?;
    if let Some(ttl) = request.ttl {
        check_hold_time(ttl, &bounds)?;
        // A longer hold is a new promise.
        if let Some(stop) = wanted.iter().find(|stop| stop.cell.shown().short) {
            return Err(Rejection::ProductShort { sku: stop.cell.sku().clone() });
        }
    }
    let policy = |sku: &Sku| -> Option<Policy> {
        let cell = shared.directory.get(sku)?;
        let shown = cell.shown();
        Some(shown.details.as_ref()?.details.policy.clone())
    };
    let lines = wanted.iter().map(|stop| (stop.cell.sku(), stop.claims.as_slice()));
    let mut plan = reservation.plan_change(lines, &policy).map_err(explained)?;
    let ReservationState::Held { expires_at } = reservation.state() else {
        return Err(Rejection::ReservationNotFound { reservation: request.id });
    };
    if plan.products.is_empty() {
        // Nobody may decide anything between the plan and the decision.
        let flight = Flight::new();
        flight.arrive();
        return Ok((First::Lower(plan, bundles), raise(&flight, SmallVec::new())));
    }
    let raised = plan.products.iter().flat_map(|change| &change.raised).map(|(line, _)| *line).collect();
    let stops = std::mem::take(&mut plan.products).into_iter().filter_map(|change| {
        let cell = shared.directory.get(&change.sku)?;
        let claims: SmallVec<[Claim; 1]> = change.added.clone();
        Some(Stop { cell, claims, member: 0, had: Some(Box::new(change)) })
    });
    let (stops, flight) = (stops.collect(), Flight::new());
    let next_line = reservation.next_line();
    let raise = raise(&flight, raised);
    Ok((First::Claim(Box::new(Claims { plan, bundles, stops, next_line, expires_at, flight })), raise))
}

/// Carries out a change that claims nothing.
fn lower(
    shared: &Arc<Shared>,
    cell: &Arc<ReservationCell>,
    request: &ChangeReservation,
    plan: ChangePlan,
    bundles: Bundles,
    caller: ReplyTo<Reply<ReservationView>>,
) {
    let (operation, ttl, lowered) = (request.operation, request.ttl, plan.lowered);
    let noted = bundle_count(bundles.as_deref().unwrap_or_default());
    let mut view = None;
    let changed = cell.change(
        |reservation| reservation.decide_change(shared.clock.now(), &lowered, 0, noted, ttl, operation),
        [],
        bundles.clone(),
        |event, changed| {
            let noted = Bundle::noted(bundles.as_deref(), event.at());
            let before = noted.len() as u64;
            let events = noted.into_iter().chain([event.clone()]);
            let events = events.map(|event| holdfast_engine::Event::Reservation(cell.id(), event));
            let sequence = shared.journal.append(events, Waiter::tell(Then::Nothing)).plus(before);
            let after = ReservationView::after(changed, operation.id);
            view = after.map(|view| ReservationView { sequence, ..view });
            sequence
        },
    );
    match (changed, view) {
        (Ok(()), Some(view)) => {
            let (next_line, keeps_lines) = (0, true);
            let change = Change { operation, ttl, lowered, bundles, keeps_lines, next_line, caller };
            follow(shared, cell, change, view);
        }
        (Ok(()), None) => {
            cell.end_change();
            caller.answer(Err(shared.lost()));
        }
        (Err(rejection), _) => {
            cell.end_change();
            answer_durable(shared, Err(rejection.into()), caller);
        }
    }
}

/// The reservation is changed: its products follow, and the answer leaves when all of that is durable.
pub(crate) fn follow(shared: &Arc<Shared>, cell: &ReservationCell, change: Change, view: ReservationView) {
    let hold = |line| HoldId { reservation: cell.id(), line };
    let concerned = cell.read(|reservation| {
        let before = reservation.lines_at(view.version - 1);
        let is_lowered = |number| change.lowered.iter().any(|lowered| lowered.line == number);
        let lowered = before.iter().filter(|line| is_lowered(line.number));
        let moved =
            reservation.lines().iter().filter(|line| change.ttl.is_some() && !is_lowered(line.number));
        lowered.chain(moved).map(|line| (line.sku.clone(), hold(line.number))).collect::<Vec<_>>()
    });
    let concerned = concerned.unwrap_or_default();
    let (caller, lost) = (change.caller, Arc::clone(shared));
    // One for the decision, one for each product.
    let mut parts = countdown::parts(concerned.len() + 1, move |complete| {
        caller.answer(if complete { Ok(Answer::fresh(view)) } else { Err(lost.lost()) });
    });
    let own = parts.pop().map_or(Then::Nothing, Then::Part);
    shared.journal.append([], Waiter::tell(own));
    for ((sku, hold), part) in concerned.into_iter().zip(parts) {
        if let Some(product) = shared.directory.get(&sku) {
            product.send(shared, ProductMessage::Follow(hold, Some(part)));
        }
    }
    // Only now: what the next change asks of a product arrives there after that.
    cell.end_change();
}

fn answer_durable(
    shared: &Arc<Shared>,
    reply: Reply<ReservationView>,
    caller: ReplyTo<Reply<ReservationView>>,
) {
    let lost = Arc::clone(shared);
    let tell = move |durable: Option<_>| {
        caller.answer(if durable.is_some() { reply } else { Err(lost.lost()) });
    };
    shared.journal.append([], Waiter::tell(Then::call(tell)));
}
