//! Reservations: make one, and commit, release or extend it.

use std::sync::Arc;

use holdfast_engine::product::{Claim, Policy, SaleStatus, Terms, TimeInForce};
use holdfast_engine::reservation::{Bundle, Bundles, Reservation, ReservationEvent, Unpacking, explained};
use holdfast_engine::{
    CustomerId, Fingerprint, LineQuantity, LocationId, Millis, Operation, Quantity, Rejection, ReservationId,
    Shortage, Sku, SmolStr, Timestamp,
};
use smallvec::smallvec;
use tokio::sync::oneshot;

use crate::answer::{Answer, Failure, Reply, ReplyTo, Unavailable};
use crate::basket::{Basket, Intent, Make, Stop};
use crate::bundles;
use crate::countdown::{self, Part};
use crate::customer_index::Age;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::reservation_cell::{ClaimOutcome, ReservationCell};
use crate::reservation_view::ReservationView;
use crate::shared::{Permit, Shared};
use crate::sourcing;
use crate::together::tell_when_durable;
use crate::waiter::{Then, Waiter};

/// A reservation to be made.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// Its number, made by the caller.
    pub id: ReservationId,
    /// What is asked, to tell a repeat from another request under the same number.
    pub fingerprint: Fingerprint,
    /// Who for.
    pub customer: CustomerId,
    /// Whether that is a guest, for whom products may be held for a shorter time.
    pub guest: bool,
    /// What is to be held, in any order; lines of the same product and location are summed. At least one, at most
    /// [`LINES_MAX`](holdfast_engine::reservation::LINES_MAX).
    pub lines: Vec<ReserveLine>,
    /// What becomes of units that are not there, and where units are taken from.
    pub terms: Terms,
    /// How long; the shortest default of its products, for guests or others, if not given.
    pub ttl: Option<Millis>,
    /// The storefront's own notes, as JSON text; empty if none.
    pub metadata: SmolStr,
}

/// One line to be held.
#[derive(Debug, Clone)]
pub struct ReserveLine {
    /// Which product.
    pub sku: Sku,
    /// From where; from wherever it lies if not said.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
}

/// Units to be taken of one line of a reservation.
#[derive(Debug, Clone)]
pub struct TakenLine {
    /// Which product.
    pub sku: Sku,
    /// The location that the line asked for, if it did.
    pub location: Option<LocationId>,
    /// How many; zero gives the line back.
    pub units: u32,
}

/// Makes a reservation: all of it, or nothing.
pub(crate) async fn reserve(
    shared: &Arc<Shared>,
    permit: Option<Permit>,
    request: Reserve,
) -> Reply<ReservationView> {
    let (caller, answer) = ReplyTo::channel(permit);
    let flight = (request.lines.len() > 1).then(Flight::new);
    let outcome = shared.reservations.claim(request.id, request.fingerprint, flight.clone(), caller);
    match outcome {
        ClaimOutcome::Ours(cell) => begin(shared, &cell, request, flight),
        ClaimOutcome::Known => {}
        ClaimOutcome::Taken(caller, reply) => tell_when_durable(shared, caller, *reply),
    }
    answer.await.unwrap_or_else(|_| Err(shared.lost()))
}

/// Looks the products up, refuses what cannot succeed, and sends the basket on its way.
fn begin(shared: &Arc<Shared>, cell: &Arc<ReservationCell>, request: Reserve, flight: Option<Arc<Flight>>) {
    match prepare(shared, &request) {
        Ok(Prepared { stops, bundles, ttl, at }) => {
            // A bundle makes one line several.
            let flight = match flight {
                None if stops.len() > 1 => {
                    let flight = Flight::new();
                    cell.fly(&flight);
                    Some(flight)
                }
                flight => flight,
            };
            let mut terms = request.terms;
            terms.plan = sourcing::fewest_locations(&stops, &terms);
            let Reserve { customer, fingerprint, metadata, .. } = request;
            let make = Some(Make { fingerprint, ttl, at, metadata, bundles });
            shared.reservations.customers.add(&customer, Age { made_at: at, id: request.id });
            let intent = Intent { customer, terms, expires_at: at.plus(ttl), make };
            Basket::new(Arc::clone(shared), Arc::clone(cell), intent, stops, flight).travel();
        }
        Err(rejection) => {
            // Rests on durable facts only, so it may leave at once.
            let waiting = shared.reservations.withdraw(cell);
            crate::basket::refuse_all(waiting, &Failure::Rejected(rejection));
        }
    }
}

/// A reservation whose products were looked up.
pub(crate) struct Prepared {
    pub(crate) stops: Vec<Stop>,
    /// What was asked for as bundles.
    pub(crate) bundles: Bundles,
    pub(crate) ttl: Millis,
    pub(crate) at: Timestamp,
}

pub(crate) fn prepare(shared: &Arc<Shared>, request: &Reserve) -> Result<Prepared, Rejection> {
    let at = shared.clock.now();
    request.terms.check_date(at)?;
    let Found { bounds, wanted, bundles } =
        look_up(shared, &request.lines, request.guest, None, &request.terms)?;
    let ttl = request.ttl.unwrap_or(bounds.default.min(bounds.max));
    check_hold_time(ttl, &bounds)?;
    let check = || {
        let stops = merge(wanted)?;
        stops.iter().try_for_each(|stop| refuse_hopeless(stop, &request.terms, at))?;
        Ok(stops)
    };
    let stops = check().map_err(|rejection| explained(bundles.as_deref(), rejection))?;
    Ok(Prepared { stops, bundles, ttl, at })
}

/// How long a reservation of some products may be held.
pub(crate) struct TtlBounds {
    default: Millis,
    max: Millis,
}

/// What a line wants of its product.
pub(crate) type Wanted = (Arc<ProductCell>, Claim);

/// What the lines of a request come to.
pub(crate) struct Found {
    pub(crate) bounds: TtlBounds,
    pub(crate) wanted: Vec<Wanted>,
    /// What was asked for as bundles, which is in `wanted` as what they are made of.
    pub(crate) bundles: Bundles,
}

/// What these lines claim of which products, and how long that may be held, for a reservation that has some bundles already. Every
/// basket passes here: this is where bundles are taken apart.
pub(crate) fn look_up(
    shared: &Shared,
    lines: &[ReserveLine],
    guest: bool,
    had: Option<&[Bundle]>,
    terms: &Terms,
) -> Result<Found, Rejection> {
    let mut wanted: Vec<Wanted> = Vec::with_capacity(lines.len());
    let mut bounds = TtlBounds { default: Policy::HOLD_TTL_LIMIT, max: Policy::HOLD_TTL_LIMIT };
    let mut unpacking = Unpacking::new(had);
    for ReserveLine { sku, location, quantity } in lines {
        let unknown = || Rejection::UnknownSku { sku: sku.clone() };
        let cell = shared.directory.get(sku);
        {
            let shown = cell.as_ref().map(|cell| cell.shown());
            let details = shown.as_ref().and_then(|shown| shown.details.as_ref()).map(|view| &view.details);
            if let Some(details) = details {
                bounds.allow(&details.policy, guest);
            }
            if unpacking.concerns(sku, details) {
                unpacking.add(sku, location.as_ref(), *quantity, details);
                continue;
            }
            details.ok_or_else(unknown)?;
        }
        let cell = cell.ok_or_else(unknown)?;
        wanted.push((cell, Claim { location: location.clone(), quantity: *quantity }));
    }
    let bundles = bundles::unpack(shared, unpacking, terms, guest, &mut wanted, &mut bounds)?;
    Ok(Found { bounds, wanted, bundles })
}

impl TtlBounds {
    /// Takes in what a product allows.
    pub(crate) fn allow(&mut self, policy: &Policy, guest: bool) {
        let guests = policy.guest_hold_ttl_default.filter(|_| guest);
        self.default = self.default.min(guests.unwrap_or(policy.hold_ttl_default));
        self.max = self.max.min(policy.hold_ttl_max);
    }
}

pub(crate) fn check_hold_time(ttl: Millis, bounds: &TtlBounds) -> Result<(), Rejection> {
    if ttl < Policy::HOLD_TTL_MIN || ttl > bounds.max {
        let (min, max) = (Policy::HOLD_TTL_MIN, bounds.max);
        return Err(Rejection::HoldTimeOutOfRange { requested: ttl, min, max });
    }
    Ok(())
}

/// Puts the lines in order, sums those that are the same, and puts those of one product together.
pub(crate) fn merge(mut wanted: Vec<Wanted>) -> Result<Vec<Stop>, Rejection> {
    if wanted.len() > 1 {
        wanted.sort_by(|(a, first), (b, second)| {
            a.sku().cmp(b.sku()).then_with(|| first.location.cmp(&second.location))
        });
    }
    let mut stops: Vec<Stop> = Vec::with_capacity(wanted.len());
    for (cell, claim) in wanted {
        let Some(stop) = stops.last_mut().filter(|stop| Arc::ptr_eq(&stop.cell, &cell)) else {
            stops.push(Stop { cell, claims: smallvec![claim], member: 0, had: None });
            continue;
        };
        match stop.claims.last_mut().filter(|last| last.location == claim.location) {
            Some(same) => {
                let sum = same.quantity.checked_add(claim.quantity);
                same.quantity = sum.ok_or_else(|| Rejection::LineTooLarge {
                    sku: stop.cell.sku().clone(),
                    requested: LineQuantity::MOST,
                    max: LineQuantity::MOST,
                })?;
            }
            None => stop.claims.push(claim),
        }
    }
    Ok(stops)
}

/// A look at what is shown refuses what no product could grant, without a message to any.
fn refuse_hopeless(stop: &Stop, terms: &Terms, at: Timestamp) -> Result<(), Rejection> {
    let shown = stop.cell.shown();
    let mut claims = stop.claims.iter().map(|claim| (claim, u64::from(claim.quantity.units())));
    let lacking = claims.find(|(claim, units)| !shown.may_have(claim.location.as_ref(), *units, at));
    let (Some((claim, units)), Some(details)) = (lacking, &shown.details) else { return Ok(()) };
    let policy = &details.details.policy;
    if shown
        .stock
        .sale
        .as_ref()
        .is_some_and(|sale| !matches!(sale.status, SaleStatus::Open | SaleStatus::Closed))
    {
        // The product itself says that its sale is not open.
        return Ok(());
    }
    let (asked, stock) = (claim.location.as_ref(), &shown.stock);
    let counts = stock.counts_at(asked);
    let queues = match terms.time_in_force {
        // The product itself says what of it there is.
        Some(TimeInForce::ImmediateOrCancel) => return Ok(()),
        Some(TimeInForce::FillOrKill) => false,
        Some(TimeInForce::GoodTilCancelled | TimeInForce::GoodTilDate(_)) => true,
        None => stock.queue_limit != Some(0),
    };
    // A basket under way may give back what it queues for.
    let hopeless = match stock.queueable {
        _ if !queues => true,
        Some(most) => {
            let there = counts.available + stock.offered;
            shown.pending == 0 && units.saturating_sub(there) > most
        }
        None => false,
    };
    let is_known = asked.is_none_or(|asked| stock.locations.iter().any(|view| view.location == *asked));
    if !hopeless
        || !is_known
        || !policy.sellable
        || policy.check_line(stop.cell.sku(), claim.quantity).is_err()
    {
        // The product itself says why.
        return Ok(());
    }
    let quantity = |units| Quantity::new(units).unwrap_or(Quantity::MAX);
    Err(Rejection::InsufficientStock(Box::new(Shortage {
        sku: stop.cell.sku().clone(),
        location: claim.location.clone(),
        requested: claim.quantity,
        available: quantity(counts.available),
        held: quantity(counts.held),
        queued: quantity(stock.queued),
        queueable: stock.queueable.map_or(Quantity::MAX, quantity),
        next_expiry: shown.next_deadline.filter(|_| counts.held > 0),
        may_pass: stock.without_holds(asked, queues).suffice(claim.quantity.into()),
    })))
}

/// Commits a reservation: all of it, or the units named.
pub(crate) async fn commit(
    shared: &Arc<Shared>,
    permit: Arc<Permit>,
    id: ReservationId,
    taken: Option<Vec<TakenLine>>,
    operation: Operation,
) -> Reply<ReservationView> {
    end(shared, permit, id, operation, |reservation, at| {
        let units = taken.as_ref().map(|taken| units_by_line(reservation, taken)).transpose()?;
        reservation.decide_commit(at, units.as_deref(), operation)
    })
    .await
}

/// Gives a reservation back.
pub(crate) async fn release(
    shared: &Arc<Shared>,
    permit: Arc<Permit>,
    id: ReservationId,
    operation: Operation,
) -> Reply<ReservationView> {
    end(shared, permit, id, operation, |reservation, at| reservation.decide_release(at, operation)).await
}

/// Moves a reservation's deadline to `ttl` from now. Refused while a product of it is short, because a longer hold is a
/// new promise.
pub(crate) async fn extend(
    shared: &Arc<Shared>,
    permit: Arc<Permit>,
    id: ReservationId,
    ttl: Option<Millis>,
    operation: Operation,
) -> Reply<ReservationView> {
    end(shared, permit, id, operation, |reservation, at| {
        let mut ttl_max = Policy::HOLD_TTL_LIMIT;
        let mut short = None;
        let lines = reservation.lines().iter().map(|line| &line.sku);
        let bundles = reservation.bundles().unwrap_or_default().iter().map(|bundle| &bundle.sku);
        for sku in lines.chain(bundles) {
            let Some(cell) = shared.directory.get(sku) else { continue };
            let shown = cell.shown();
            if let Some(details) = &shown.details {
                ttl_max = ttl_max.min(details.details.policy.hold_ttl_max);
            }
            if shown.short {
                short = Some(sku.clone());
            }
        }
        let ttl = ttl.unwrap_or(reservation.made().ttl.min(ttl_max));
        let event = reservation.decide_extend(at, ttl, operation)?;
        if event.is_some() {
            if ttl < Policy::HOLD_TTL_MIN || ttl > ttl_max {
                let min = Policy::HOLD_TTL_MIN;
                return Err(Rejection::HoldTimeOutOfRange { requested: ttl, min, max: ttl_max });
            }
            if let Some(sku) = short {
                return Err(Rejection::ProductShort { sku });
            }
        }
        Ok(event)
    })
    .await
}

fn units_by_line(reservation: &Reservation, taken: &[TakenLine]) -> Result<Vec<u32>, Rejection> {
    let mut units = vec![0_u32; reservation.lines().len()];
    for line in taken {
        let found = reservation
            .lines()
            .binary_search_by(|held| held.name().cmp(&(&line.sku, line.location.as_ref())));
        let position = found.map_err(|_| Rejection::CommitMismatch)?;
        let slot = units.get_mut(position).ok_or(Rejection::CommitMismatch)?;
        *slot = slot.saturating_add(line.units);
    }
    Ok(units)
}

/// The reservation decides; its products follow; the answer leaves when all of that is durable. While the reservation is being
/// changed, this waits.
async fn end(
    shared: &Arc<Shared>,
    permit: Arc<Permit>,
    id: ReservationId,
    operation: Operation,
    decide: impl Fn(&Reservation, Timestamp) -> Result<Option<ReservationEvent>, Rejection>,
) -> Reply<ReservationView> {
    let not_found = || Rejection::ReservationNotFound { reservation: id };
    let cell = shared.reservations.get(id).ok_or_else(not_found)?;
    loop {
        while let Some(over) = cell.change_under_way() {
            drop(over.await);
        }
        let lines = cell.read(|reservation| reservation.lines().len()).ok_or_else(not_found)?;
        let (caller, complete) = ReplyTo::channel_with_share(&permit);
        // One for the decision, one for each product.
        let mut parts = countdown::parts(lines + 1, move |complete| caller.answer(complete));
        let own = parts.pop().map_or(Then::Nothing, Then::Part);
        let decided = cell.decide(shared, &decide, own, |reservation, changed| {
            (ReservationView::after(reservation, operation.id), changed)
        });
        let (view, changed) = match decided {
            Ok((Some(view), changed)) => (view, changed),
            Ok((None, _)) => return Err(Rejection::KeyReused.into()),
            // A change began just now.
            Err(Rejection::ReservationChanged) => continue,
            Err(rejection) => {
                // The refusal may rest on what is not durable yet. Nothing is left for the products to do.
                parts.into_iter().for_each(Part::finish);
                return match complete.await {
                    Ok(true) => Err(rejection.into()),
                    _ => Err(shared.lost()),
                };
            }
        };
        follow_all(shared, &cell, parts);
        return match complete.await {
            Ok(true) => Ok(Answer { value: view, replayed: !changed }),
            _ => Err(shared.lost()),
        };
    }
}

/// Tells every product of a reservation to follow what it has decided. There may be a part for each, to be finished
/// when that is durable.
pub(crate) fn follow_all(shared: &Arc<Shared>, cell: &Arc<ReservationCell>, parts: Vec<Part>) {
    let holds = cell.read(|reservation| {
        let holds = reservation.lines().iter().enumerate();
        holds.map(|(line, held)| (held.sku.clone(), reservation.hold(line))).collect::<Vec<_>>()
    });
    let mut parts = parts.into_iter();
    for (sku, hold) in holds.unwrap_or_default() {
        let part = parts.next();
        if let Some(product) = shared.directory.get(&sku) {
            product.send(shared, ProductMessage::Follow(hold, part));
        }
    }
    // It had more lines when they were counted.
    parts.for_each(Part::finish);
}

/// Waits until everything decided so far is durable.
pub(crate) async fn durable(shared: &Shared, permit: Option<Permit>) -> Result<(), Failure> {
    tell_durable(shared, ReplyTo::channel(permit)).await
}

/// The same for whoever has a share in a permit.
pub(crate) async fn durable_with_share(shared: &Shared, permit: &Arc<Permit>) -> Result<(), Failure> {
    tell_durable(shared, ReplyTo::channel_with_share(permit)).await
}

async fn tell_durable(
    shared: &Shared,
    (caller, durable): (ReplyTo<bool>, oneshot::Receiver<bool>),
) -> Result<(), Failure> {
    let tell = move |durable: Option<_>| caller.answer(durable.is_some());
    shared.journal.append([], Waiter::tell(Then::call(tell)));
    match durable.await {
        Ok(true) => Ok(()),
        _ => Err(Unavailable::JournalFailed.into()),
    }
}
