//! A reservation on its way to be made, or to be changed to have more: it visits its products in the order of their SKUs, and
//! each claims its part and hands the basket on.
//!
//! ```text
//!   product A ──claimed──▶ product B ──claimed──▶ product C: claimed and complete ──▶ made
//!      ▲                      ▲                      │
//!      └──────abandon─────────┴──────────────────────┘ refused
//! ```
//!
//! Each product's part is journaled where that product decided it, so a product's records stand in the order of its
//! decisions; the record that makes or changes the reservation comes last, and a crash before it gives the parts back. The whole
//! costs one sync however many products there are, because only the last record is waited for.
//!
//! A basket that is dropped on the way (its actor died) gives back what it had and tells its callers to retry.

use std::sync::Arc;

use holdfast_engine::product::{
    Claim, Events, OpenHolds, ProductCommand, ProductEvent, RaiseHolds, Terms, TimeInForce,
};
use holdfast_engine::reservation::{Lowered, ProductChange, ReservationEvent, ReservationLine};
use holdfast_engine::{
    CustomerId, Fingerprint, HoldId, Millis, Operation, Rejection, Sku, SmolStr, Timestamp,
};
use smallvec::SmallVec;

use crate::answer::{Failure, Reply, ReplyTo};
use crate::countdown;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::reservation_cell::{Callers, ReservationCell};
use crate::reservation_view::ReservationView;
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// One product of a basket, with all that the basket wants of it.
pub(crate) struct Stop {
    pub(crate) cell: Arc<ProductCell>,
    /// Lines that are new.
    pub(crate) claims: SmallVec<[Claim; 1]>,
    /// What the reservation has of it already, and wants more of.
    pub(crate) had: Option<Box<ProductChange>>,
}

/// What a basket shall become.
pub(crate) struct Intent {
    pub(crate) customer: CustomerId,
    pub(crate) terms: Terms,
    /// When what it claims lapses.
    pub(crate) expires_at: Timestamp,
    pub(crate) purpose: Purpose,
}

/// What a basket claims for.
pub(crate) enum Purpose {
    /// A reservation that there will be.
    Make { fingerprint: Fingerprint, ttl: Millis, at: Timestamp, metadata: SmolStr },
    /// One that there is.
    Change(Box<Change>),
    /// Nothing any more: its way has ended.
    Nothing,
}

/// How a reservation is changed.
pub(crate) struct Change {
    pub(crate) operation: Operation,
    /// Its time from the change on, if that is another then.
    pub(crate) ttl: Option<Millis>,
    pub(crate) lowered: Vec<Lowered>,
    /// Whether it has lines even if nothing is there of what is more.
    pub(crate) keeps_lines: bool,
    /// The number of the first new line.
    pub(crate) next_line: u16,
    pub(crate) caller: ReplyTo<Reply<ReservationView>>,
}

pub(crate) struct Basket {
    shared: Arc<Shared>,
    reservation: Arc<ReservationCell>,
    intent: Intent,
    stops: Vec<Stop>,
    next: usize,
    /// What has been claimed.
    lines: SmallVec<[ReservationLine; 1]>,
    /// Why the first product that had nothing gave nothing, where the customer takes what there is.
    dropped: Option<Rejection>,
    /// Only baskets of several stops can be caught half-way, and changes: their reservation is there meanwhile.
    flight: Option<Arc<Flight>>,
}

impl Basket {
    pub(crate) fn new(
        shared: Arc<Shared>,
        reservation: Arc<ReservationCell>,
        intent: Intent,
        stops: Vec<Stop>,
        flight: Option<Arc<Flight>>,
    ) -> Box<Self> {
        let (lines, dropped) = (SmallVec::new(), None);
        Box::new(Self { shared, reservation, intent, stops, next: 0, lines, dropped, flight })
    }

    /// Sends it to the next product.
    pub(crate) fn travel(self: Box<Self>) {
        if let Some(cell) = self.stops.get(self.next).map(|stop| Arc::clone(&stop.cell)) {
            let shared = Arc::clone(&self.shared);
            cell.send(&shared, ProductMessage::Visit(self));
        }
    }

    /// What it asks of the product that it visits now.
    pub(crate) fn command(&self) -> Option<ProductCommand> {
        let stop = self.stops.get(self.next)?;
        let open = OpenHolds {
            reservation: self.reservation.id(),
            first_line: self.next_line(),
            claims: stop.claims.clone(),
            terms: self.intent.terms.clone(),
            customer: self.intent.customer.clone(),
            expires_at: self.intent.expires_at,
        };
        Some(match &stop.had {
            None => ProductCommand::Open(open),
            Some(had) => {
                let (raised, lines) = (had.raised.clone(), had.lines.clone());
                ProductCommand::Raise(RaiseHolds { open, raised, lines, kept: had.kept })
            }
        })
    }

    fn next_line(&self) -> u16 {
        match &self.intent.purpose {
            Purpose::Make { .. } | Purpose::Nothing => self.claimed_lines(),
            Purpose::Change(change) => {
                let last = self.lines.iter().map(|line| line.number.saturating_add(1)).max();
                last.map_or(change.next_line, |after| after.max(change.next_line))
            }
        }
    }

    /// Notes the claims that were made. True if they were the last.
    pub(crate) fn claimed(&mut self, events: &Events) -> bool {
        if let Some(stop) = self.stops.get(self.next) {
            let sku = stop.cell.sku();
            self.lines.extend(events.iter().filter_map(|event| match event {
                ProductEvent::HoldOpened { hold, quantity, sources, .. }
                | ProductEvent::HoldChanged { hold, quantity, sources, .. } => Some(ReservationLine {
                    number: hold.line,
                    sku: sku.clone(),
                    quantity: *quantity,
                    sources: sources.clone(),
                }),
                _ => None,
            }));
        }
        self.next += 1;
        self.next == self.stops.len()
    }

    /// Units it wants of the product it visits now.
    pub(crate) fn wanted_here(&self) -> u64 {
        let Some(stop) = self.stops.get(self.next) else { return 0 };
        let more = stop.had.iter().flat_map(|had| &had.raised).map(|(_, claim)| claim);
        stop.claims.iter().chain(more).map(|claim| u64::from(claim.quantity.units())).sum()
    }

    /// Whether it takes what there is and leaves the rest.
    pub(crate) fn takes_what_is_there(&self) -> bool {
        self.intent.terms.time_in_force == Some(TimeInForce::ImmediateOrCancel)
    }

    /// Notes that the product it visits has nothing for it. True if it was the last.
    pub(crate) fn left_out(&mut self, why: Rejection) -> bool {
        self.dropped.get_or_insert(why);
        self.next += 1;
        self.next == self.stops.len()
    }

    /// Why it is refused, if nothing at all was there for it.
    pub(crate) fn found_nothing(&mut self) -> Option<Rejection> {
        let keeps_lines = match &self.intent.purpose {
            Purpose::Make { .. } | Purpose::Nothing => false,
            Purpose::Change(change) => change.keeps_lines,
        };
        self.dropped.take().filter(|_| self.lines.is_empty() && !keeps_lines)
    }

    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref()
    }

    /// The event that makes the reservation, if that is what it is for.
    pub(crate) fn made(&self) -> Option<ReservationEvent> {
        let Purpose::Make { fingerprint, ttl, at, metadata } = &self.intent.purpose else { return None };
        Some(ReservationEvent::Made {
            customer: self.intent.customer.clone(),
            fingerprint: *fingerprint,
            lines: self.claimed_lines(),
            ttl: *ttl,
            at: *at,
            metadata: metadata.clone(),
        })
    }

    /// How the reservation is changed, if that is what it is for.
    pub(crate) fn change(&self) -> Option<&Change> {
        match &self.intent.purpose {
            Purpose::Make { .. } | Purpose::Nothing => None,
            Purpose::Change(change) => Some(change),
        }
    }

    /// How many lines were claimed.
    pub(crate) fn claimed_lines(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }

    /// The lines that were claimed.
    pub(crate) fn lines(&self) -> &[ReservationLine] {
        &self.lines
    }

    /// Forgets the claims at a product that did not carry them out.
    pub(crate) fn unclaim(&mut self, sku: &Sku) {
        self.lines.retain(|line| line.sku != *sku);
    }

    /// The lines that were claimed, to be given to the reservation.
    pub(crate) fn take_lines(&mut self) -> impl Iterator<Item = ReservationLine> + use<> {
        std::mem::take(&mut self.lines).into_iter()
    }

    pub(crate) fn reservation(&self) -> &Arc<ReservationCell> {
        &self.reservation
    }

    /// Ends the way: everything was claimed, and the reservation is made or changed. Answers how it was, and who asked for that.
    pub(crate) fn arrive(mut self) -> Option<Box<Change>> {
        let change = self.end();
        if let Some(flight) = &self.flight {
            self.tell_waiting(flight.arrive());
        }
        change
    }

    fn end(&mut self) -> Option<Box<Change>> {
        match std::mem::replace(&mut self.intent.purpose, Purpose::Nothing) {
            Purpose::Make { .. } | Purpose::Nothing => None,
            Purpose::Change(change) => Some(change),
        }
    }

    /// Ends the way: what was claimed goes back, and the callers hear why once that, and all that the refusal rests on,
    /// is durable: a refusal has no effect that is still to be seen when it is heard.
    pub(crate) fn refuse(mut self, rejection: Rejection) {
        self.give_back(Some(rejection));
    }

    fn give_back(&mut self, refusal: Option<Rejection>) {
        let caller = self.end().map(|change| change.caller);
        // Before any word is sent: an owner may die over it, and the next one must know that the claim is void.
        let waiting = self.flight.as_ref().map(|flight| flight.fail());
        let cells = |line: &ReservationLine| {
            let found = self.stops.binary_search_by(|stop| stop.cell.sku().cmp(&line.sku));
            found.ok().and_then(|stop| self.stops.get(stop)).map(|stop| Arc::clone(&stop.cell))
        };
        let hold = |line: &ReservationLine| HoldId { reservation: self.reservation.id(), line: line.number };
        let claims = self.lines.iter().filter_map(|line| Some((cells(line)?, hold(line)))).collect();
        let (shared, reservation) = (Arc::clone(&self.shared), Arc::clone(&self.reservation));
        Withdrawal { shared, reservation, claims, refusal, caller }.send();
        self.tell_waiting(waiting.unwrap_or_default());
    }

    fn tell_waiting(&self, cells: Vec<Arc<ProductCell>>) {
        for cell in cells {
            cell.send(&self.shared, ProductMessage::FlightOver);
        }
    }
}

impl Drop for Basket {
    fn drop(&mut self) {
        if !matches!(self.intent.purpose, Purpose::Nothing) {
            self.give_back(None);
        }
    }
}

/// The end of a basket that failed: every product it claimed something of gives that back, and only then is its number
/// free, or its reservation to be changed anew. So no two tries under one number are ever about, and whatever is held under it
/// belongs to the one that is.
struct Withdrawal {
    shared: Arc<Shared>,
    reservation: Arc<ReservationCell>,
    claims: Arc<[(Arc<ProductCell>, HoldId)]>,
    /// What the callers hear; that they may retry if nothing was decided.
    refusal: Option<Rejection>,
    /// Who asked for a change.
    caller: Option<ReplyTo<Reply<ReservationView>>>,
}

impl Withdrawal {
    fn send(self) {
        let (shared, claims) = (Arc::clone(&self.shared), Arc::clone(&self.claims));
        // One for what a refusal rests on, one for each claim.
        let mut parts = countdown::parts(claims.len() + 1, move |complete| self.end(complete));
        let own = parts.pop().map_or(Then::Nothing, Then::Part);
        for ((cell, hold), part) in claims.iter().zip(parts) {
            cell.send(&shared, ProductMessage::Abandon(*hold, part));
        }
        shared.journal.append([], Waiter::tell(own));
    }

    fn end(self, complete: bool) {
        let gone =
            || self.shared.journal.is_failed() || self.claims.iter().any(|(cell, _)| cell.is_forsaken());
        if !complete && !gone() {
            // An owner died over that word; its successor hears it again.
            return self.send();
        }
        let failure = match self.refusal {
            Some(rejection) if complete => Failure::Rejected(rejection),
            _ => self.shared.lost(),
        };
        let mut waiting = self.shared.reservations.withdraw(&self.reservation);
        self.reservation.end_change();
        waiting.extend(self.caller);
        refuse_all(waiting, &failure);
    }
}

pub(crate) fn refuse_all(waiting: Callers, failure: &Failure) {
    for caller in waiting {
        caller.answer(Err(failure.clone()));
    }
}
