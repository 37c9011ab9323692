//! The place of one reservation: first a claim to its number, then the reservation itself.
//!
//! A reservation's decisions are made under its lock and handed to the journal before it is let go, so they stand in
//! the journal in the order they were made. The lock is never held over an await, and nothing waits under it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use holdfast_engine::product::HoldEnd;
use holdfast_engine::reservation::{
    Bundles, Reservation, ReservationEvent, ReservationLine, ReservationState, Verdict,
};
use holdfast_engine::{Event, Fingerprint, Rejection, ReservationId, Sequence, Sku, Timestamp};
use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};
use tokio::sync::oneshot;

use crate::answer::{Answer, Reply, ReplyTo};
use crate::basket::Making;
use crate::flight::Flight;
use crate::reservation_view::ReservationView;
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// Who waits for a reservation to be made: nearly always one.
pub(crate) type Callers = SmallVec<[ReplyTo<Reply<ReservationView>>; 1]>;

pub(crate) struct ReservationCell {
    id: ReservationId,
    state: Mutex<State>,
}

#[allow(
    clippy::large_enum_variant,
    reason = "nearly every one is made; a box would be one more allocation for it"
)]
enum State {
    /// Somebody is making it.
    Claimed(Claim),
    /// It is made.
    Made(Made),
    /// It was not made; the number is free again.
    Withdrawn,
}

struct Made {
    reservation: Reservation,
    changing: Option<Box<Changing>>,
}

/// More is being claimed for a reservation than it has.
struct Changing {
    flight: Arc<Flight>,
    /// The lines that get more.
    raised: SmallVec<[u16; 4]>,
    /// Dropped when it is over, which tells those that wait.
    waiting: Vec<oneshot::Sender<()>>,
}

struct Claim {
    fingerprint: Fingerprint,
    waiting: Callers,
    flight: Option<Arc<Flight>>,
}

/// What the wish to change a reservation comes to.
pub(crate) enum Begin<T> {
    /// It begins.
    Begun(T),
    /// Another change is under way; to be asked again when that is over.
    Busy(oneshot::Receiver<()>),
}

/// What a claim to a number comes to.
pub(crate) enum ClaimOutcome {
    /// The number is the caller's: make the reservation.
    Ours(Arc<ReservationCell>),
    /// Somebody makes or has made it; the caller will hear what came of it.
    Known,
    /// The number is taken, and this is the answer once that is durable: the first one again if it was taken by the same
    /// request.
    Taken(ReplyTo<Reply<ReservationView>>, Box<Reply<ReservationView>>),
}

/// All reservations, by number.
pub(crate) struct Reservations {
    cells: DashMap<ReservationId, Arc<ReservationCell>>,
}

/// How many tables reservations are spread over. A table that doubles moves this part of all of them, and whoever wants
/// one of those waits meanwhile.
const TABLES: usize = 256;

impl Default for Reservations {
    fn default() -> Self {
        Self { cells: DashMap::with_shard_amount(TABLES) }
    }
}

impl Reservations {
    pub(crate) fn insert(&self, reservation: Reservation) {
        let id = reservation.id();
        let made = State::Made(Made { reservation, changing: None });
        self.cells.insert(id, Arc::new(ReservationCell { id, state: Mutex::new(made) }));
    }

    pub(crate) fn get(&self, id: ReservationId) -> Option<Arc<ReservationCell>> {
        self.cells.get(&id).map(|cell| Arc::clone(&cell))
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Claims a number for a request.
    pub(crate) fn claim(
        &self,
        id: ReservationId,
        fingerprint: Fingerprint,
        flight: Option<Arc<Flight>>,
        caller: ReplyTo<Reply<ReservationView>>,
    ) -> ClaimOutcome {
        loop {
            let cell = match self.cells.entry(id) {
                Entry::Vacant(vacant) => {
                    let claim = Claim { fingerprint, waiting: smallvec![caller], flight };
                    let cell = Arc::new(ReservationCell { id, state: Mutex::new(State::Claimed(claim)) });
                    vacant.insert(Arc::clone(&cell));
                    return ClaimOutcome::Ours(cell);
                }
                Entry::Occupied(occupied) => Arc::clone(occupied.get()),
            };
            match &mut *cell.state.lock() {
                State::Claimed(other) if other.fingerprint == fingerprint => {
                    other.waiting.push(caller);
                    return ClaimOutcome::Known;
                }
                State::Made(Made { reservation, .. }) if reservation.made().fingerprint == fingerprint => {
                    let again = Answer::repeated(ReservationView::made(reservation));
                    return ClaimOutcome::Taken(caller, Box::new(Ok(again)));
                }
                State::Claimed(_) | State::Made(_) => {
                    return ClaimOutcome::Taken(caller, Box::new(Err(Rejection::KeyReused.into())));
                }
                // It was withdrawn just now and is about to leave the map.
                State::Withdrawn => {}
            }
            self.cells.remove_if(&id, |_, found| Arc::ptr_eq(found, &cell));
        }
    }

    /// Gives the number of a claim back. Returns who waits for it.
    pub(crate) fn withdraw(&self, cell: &Arc<ReservationCell>) -> Callers {
        let waiting = {
            let mut state = cell.state.lock();
            match std::mem::replace(&mut *state, State::Withdrawn) {
                State::Claimed(claim) => claim.waiting,
                made @ State::Made(_) => {
                    *state = made;
                    return Callers::new();
                }
                State::Withdrawn => Callers::new(),
            }
        };
        self.cells.remove_if(&cell.id, |_, found| Arc::ptr_eq(found, cell));
        waiting
    }
}

impl Made {
    fn verdict(&self, line: u16, sku: &Sku, kept: Option<Timestamp>) -> Verdict {
        let is_held = matches!(self.reservation.state(), ReservationState::Held { .. });
        let claims_more = self.changing.as_ref().is_some_and(|changing| changing.flight.is_travelling());
        match self.reservation.verdict(line, sku) {
            // What is none of its lines may be about to become one.
            Verdict::End(HoldEnd::Abandoned) if claims_more && is_held => Verdict::Open(kept, None),
            verdict => verdict,
        }
    }
}

/// What is to be claimed for a change.
pub(crate) struct Raise {
    pub(crate) flight: Arc<Flight>,
    /// The lines that get more.
    pub(crate) raised: SmallVec<[u16; 4]>,
}

impl ReservationCell {
    /// Lets a claim that has been made already travel with this flight. Nobody has been told of it yet.
    pub(crate) fn fly(&self, flight: &Arc<Flight>) {
        if let State::Claimed(claim) = &mut *self.state.lock() {
            claim.flight = Some(Arc::clone(flight));
        }
    }

    pub(crate) fn id(&self) -> ReservationId {
        self.id
    }

    /// Makes the reservation. `journal` is given what follows and puts it into the journal with the event: it returns
    /// the event's position.
    pub(crate) fn make(
        &self,
        lines: impl IntoIterator<Item = ReservationLine>,
        bundles: Bundles,
        event: &ReservationEvent,
        journal: impl FnOnce(ReservationView, Callers) -> Sequence,
    ) {
        let mut state = self.state.lock();
        let State::Claimed(claim) = &mut *state else { return };
        let waiting = std::mem::take(&mut claim.waiting);
        let mut reservation = Reservation::make(self.id, lines, bundles, event);
        let sequence = journal(ReservationView::made(&reservation), waiting);
        reservation.journaled(sequence);
        *state = State::Made(Made { reservation, changing: None });
    }

    /// Begins to change the lines of the reservation. `prepare` says what is to be claimed for that, if anything is: then the
    /// change is under way until it is carried out or ended, and no other decision is made meanwhile but that its time has run out.
    /// Answers [`Begin::Busy`] while another is.
    pub(crate) fn begin_change<T>(
        &self,
        prepare: impl FnOnce(&Reservation) -> Result<(T, Option<Raise>), Rejection>,
    ) -> Result<Begin<T>, Rejection> {
        let mut state = self.state.lock();
        let State::Made(made) = &mut *state else {
            return Err(Rejection::ReservationNotFound { reservation: self.id });
        };
        if let Some(changing) = &mut made.changing {
            let (over, wait) = oneshot::channel();
            changing.waiting.push(over);
            return Ok(Begin::Busy(wait));
        }
        let (begun, raise) = prepare(&made.reservation)?;
        let waiting = Vec::new();
        made.changing = raise.map(|Raise { flight, raised }| Box::new(Changing { flight, raised, waiting }));
        Ok(Begin::Begun(begun))
    }

    /// Changes the lines of the reservation, now that everything is claimed for that; the change is under way until its end is
    /// told ([`Self::end_change`]). `journal` is given what follows and puts it
    /// into the journal: it returns the event's position.
    pub(crate) fn change(
        &self,
        decide: impl FnOnce(&Reservation) -> Result<Option<ReservationEvent>, Rejection>,
        raised: impl IntoIterator<Item = ReservationLine>,
        bundles: Bundles,
        journal: impl FnOnce(&ReservationEvent, &Reservation) -> Sequence,
    ) -> Result<(), Rejection> {
        let mut state = self.state.lock();
        let State::Made(made) = &mut *state else {
            return Err(Rejection::ReservationNotFound { reservation: self.id });
        };
        let Some(event) = decide(&made.reservation)? else { return Ok(()) };
        // An owner may die over its part: then nothing has happened.
        let mut changed = made.reservation.clone();
        changed.change(raised, bundles, &event);
        let sequence = journal(&event, &changed);
        changed.journaled(sequence);
        made.reservation = changed;
        Ok(())
    }

    /// Ends a change that is under way: it cannot be made, or its products have been told to follow.
    pub(crate) fn end_change(&self) {
        if let State::Made(made) = &mut *self.state.lock() {
            made.changing = None;
        }
    }

    /// What to wait for while the reservation is being changed: the other side is dropped when that is over.
    pub(crate) fn change_under_way(&self) -> Option<oneshot::Receiver<()>> {
        let mut state = self.state.lock();
        let State::Made(Made { changing: Some(changing), .. }) = &mut *state else { return None };
        let (over, wait) = oneshot::channel();
        changing.waiting.push(over);
        Some(wait)
    }

    /// Makes several reservations together: the locks of all of them are held while `journal` puts them into the journal,
    /// which returns the position of the first one's event, those of the others following it. Nobody else holds more than
    /// one of these locks, so nobody waits for another here.
    pub(crate) fn make_together(
        making: &[Making],
        journal: impl FnOnce(Vec<(ReservationView, Callers)>) -> Sequence,
    ) {
        let mut states: Vec<_> = making.iter().map(|making| making.reservation.state.lock()).collect();
        let (mut reservations, mut answers) = (Vec::new(), Vec::new());
        for (state, Making { reservation: cell, lines, bundles, event }) in states.iter_mut().zip(making) {
            let State::Claimed(claim) = &mut **state else { return };
            let reservation = Reservation::make(cell.id, lines.iter().cloned(), bundles.clone(), event);
            answers.push((ReservationView::made(&reservation), std::mem::take(&mut claim.waiting)));
            reservations.push(reservation);
        }
        let first = journal(answers);
        for (after, (state, mut reservation)) in (0..).zip(states.iter_mut().zip(reservations)) {
            reservation.journaled(first.plus(after));
            **state = State::Made(Made { reservation, changing: None });
        }
    }

    /// What becomes of the hold that this product has for this line. A basket under way keeps what it has until it fails.
    pub(crate) fn verdict(&self, line: u16, sku: &Sku, kept: Option<Timestamp>) -> Verdict {
        match &*self.state.lock() {
            State::Claimed(claim) if claim.flight.as_ref().is_some_and(|flight| flight.has_failed()) => {
                Verdict::End(HoldEnd::Abandoned)
            }
            State::Claimed(_) => Verdict::Open(kept, None),
            State::Made(made) => made.verdict(line, sku, kept),
            State::Withdrawn => Verdict::End(HoldEnd::Abandoned),
        }
    }

    /// Whether more is being claimed for this line.
    pub(crate) fn is_raising(&self, line: u16) -> bool {
        match &*self.state.lock() {
            State::Made(Made { changing: Some(changing), .. }) => {
                changing.raised.contains(&line) && changing.flight.is_travelling()
            }
            State::Made(_) | State::Claimed(_) | State::Withdrawn => false,
        }
    }

    /// The flight of a basket that is still on its way, to make the reservation or to change it.
    pub(crate) fn flight(&self) -> Option<Arc<Flight>> {
        match &*self.state.lock() {
            State::Claimed(claim) => claim.flight.clone(),
            State::Made(made) => made.changing.as_ref().map(|changing| Arc::clone(&changing.flight)),
            State::Withdrawn => None,
        }
    }

    /// Looks at the reservation; `None` if it is not made.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Reservation) -> T) -> Option<T> {
        match &*self.state.lock() {
            State::Made(made) => Some(look(&made.reservation)),
            State::Claimed(_) | State::Withdrawn => None,
        }
    }

    /// Decides something about the reservation and puts the decision into the journal. `then` waits for its record,
    /// or, where there was nothing to decide or a refusal, for whatever was decided before. Returns what `look` sees afterwards.
    ///
    /// While the reservation is being changed, nothing is decided but that its time has run out.
    pub(crate) fn decide<T>(
        &self,
        shared: &Shared,
        decide: impl FnOnce(&Reservation, Timestamp) -> Result<Option<ReservationEvent>, Rejection>,
        then: Then,
        look: impl FnOnce(&Reservation, bool) -> T,
    ) -> Result<T, Rejection> {
        let mut state = self.state.lock();
        let waiter = Waiter::tell(then);
        let not_found = Rejection::ReservationNotFound { reservation: self.id };
        let decided = match &mut *state {
            State::Made(Made { reservation, changing }) => match decide(reservation, shared.clock.now()) {
                Ok(Some(event))
                    if changing.is_some() && !matches!(event, ReservationEvent::Expired { .. }) =>
                {
                    Err(Rejection::ReservationChanged)
                }
                decided => decided.map(|event| (reservation, event)),
            },
            State::Claimed(_) | State::Withdrawn => Err(not_found),
        };
        match decided {
            Ok((reservation, Some(event))) => {
                reservation.apply(&event);
                let sequence = shared.journal.append([Event::Reservation(self.id, event)], waiter);
                reservation.journaled(sequence);
                Ok(look(reservation, true))
            }
            Ok((reservation, None)) => {
                shared.journal.append([], waiter);
                Ok(look(reservation, false))
            }
            Err(rejection) => {
                shared.journal.append([], waiter);
                Err(rejection)
            }
        }
    }

    /// Ends the reservation if its deadline has come.
    pub(crate) fn expire(&self, shared: &Shared) {
        let now = shared.clock.now();
        let due = self.read(|reservation| reservation.decide_expire(now).is_some());
        if due != Some(true) {
            return;
        }
        let expired = self.decide(
            shared,
            |reservation, at| Ok(reservation.decide_expire(at)),
            Then::Nothing,
            |_, changed| changed,
        );
        if expired == Ok(true) {
            shared.counters.expired.fetch_add(1, Ordering::Relaxed);
        }
    }
}
