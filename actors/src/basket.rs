//! A reservation on its way: it visits its products in the order of their SKUs, and each claims its part and hands
//! the basket on.
//!
//! ```text
//!   product A ──claimed──▶ product B ──claimed──▶ product C: claimed and complete ──▶ made
//!      ▲                      ▲                      │
//!      └──────abandon─────────┴──────────────────────┘ refused
//! ```
//!
//! Each product's part is journaled where that product decided it, so a product's records stand in the order of its
//! decisions; the record that makes the reservation comes last, and a crash before it gives the parts back. The whole
//! costs one sync however many products there are, because only the last record is waited for.
//!
//! Several reservations that are to be made together travel as one basket: it makes one visit to each product, claims
//! there what each of them wants, in their order, and is complete when all of them are.
//!
//! A basket that is dropped on the way (its actor died) gives back what it had and tells its callers to retry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use holdfast_engine::product::{Claim, Events, OpenHolds, ProductEvent, Terms, TimeInForce};
use holdfast_engine::reservation::{ReservationEvent, ReservationLine};
use holdfast_engine::{CustomerId, Fingerprint, HoldId, Millis, Rejection, SmolStr, Timestamp};
use smallvec::{SmallVec, smallvec};

use crate::answer::Failure;
use crate::countdown;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::reservation_cell::{Callers, ReservationCell};
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// One product of a basket, with all that one reservation wants of it.
pub(crate) struct Stop {
    pub(crate) cell: Arc<ProductCell>,
    pub(crate) claims: SmallVec<[Claim; 1]>,
    /// Which reservation of the basket, from 0.
    pub(crate) member: u16,
}

/// What one reservation of a basket shall be.
pub(crate) struct Intent {
    pub(crate) customer: CustomerId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) ttl: Millis,
    pub(crate) at: Timestamp,
    pub(crate) metadata: SmolStr,
    pub(crate) terms: Terms,
}

/// One reservation that a basket is to make.
pub(crate) struct Member {
    pub(crate) reservation: Arc<ReservationCell>,
    pub(crate) intent: Intent,
    /// What has been claimed for it.
    lines: SmallVec<[ReservationLine; 1]>,
}

impl Member {
    pub(crate) fn new(reservation: Arc<ReservationCell>, intent: Intent) -> Self {
        Self { reservation, intent, lines: SmallVec::new() }
    }

    fn hold(&self, line: usize) -> HoldId {
        HoldId { reservation: self.reservation.id(), line: u16::try_from(line).unwrap_or(u16::MAX) }
    }
}

/// A reservation that is to be made: its place, its lines, the event.
pub(crate) type Making = (Arc<ReservationCell>, SmallVec<[ReservationLine; 1]>, ReservationEvent);

/// Which reservation of a basket could not be made, for whoever asked for all of them.
#[derive(Default)]
pub(crate) struct Blame(AtomicU16);

impl Blame {
    pub(crate) fn member(&self) -> usize {
        // Relaxed: read after the answer that was sent after it was set.
        usize::from(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct Basket {
    shared: Arc<Shared>,
    /// Nearly always one; those that are made together.
    members: SmallVec<[Member; 1]>,
    /// In the order of their SKUs, those of one product in the order of the members.
    stops: Vec<Stop>,
    next: usize,
    /// Why the first product that had nothing gave nothing, where the customer takes what there is.
    dropped: Option<Rejection>,
    /// Only baskets of several stops can be caught half-way.
    flight: Option<Arc<Flight>>,
    blame: Option<Arc<Blame>>,
    over: bool,
}

impl Basket {
    pub(crate) fn new(
        shared: Arc<Shared>,
        reservation: Arc<ReservationCell>,
        intent: Intent,
        stops: Vec<Stop>,
        flight: Option<Arc<Flight>>,
    ) -> Box<Self> {
        let members = smallvec![Member::new(reservation, intent)];
        Box::new(Self { shared, members, stops, next: 0, dropped: None, flight, blame: None, over: false })
    }

    /// Reservations that are made together. The stops are in the order of their SKUs and members.
    pub(crate) fn together(
        shared: Arc<Shared>,
        members: SmallVec<[Member; 1]>,
        stops: Vec<Stop>,
        flight: Arc<Flight>,
        blame: Arc<Blame>,
    ) -> Box<Self> {
        let (flight, blame) = (Some(flight), Some(blame));
        Box::new(Self { shared, members, stops, next: 0, dropped: None, flight, blame, over: false })
    }

    /// Sends it to the next product.
    pub(crate) fn travel(self: Box<Self>) {
        if let Some(cell) = self.stops.get(self.next).map(|stop| Arc::clone(&stop.cell)) {
            let shared = Arc::clone(&self.shared);
            cell.send(&shared, ProductMessage::Visit(self));
        }
    }

    /// The claims to be made at the product it visits now.
    pub(crate) fn claims(&self) -> Option<OpenHolds> {
        let stop = self.stops.get(self.next)?;
        let Member { reservation, intent, lines } = self.members.get(usize::from(stop.member))?;
        Some(OpenHolds {
            reservation: reservation.id(),
            first_line: u16::try_from(lines.len()).unwrap_or(u16::MAX),
            claims: stop.claims.clone(),
            terms: intent.terms.clone(),
            customer: intent.customer.clone(),
            expires_at: intent.at.plus(intent.ttl),
        })
    }

    /// Notes the claims that were made. True if they were the last.
    pub(crate) fn claimed(&mut self, events: &Events) -> bool {
        if let Some(stop) = self.stops.get(self.next)
            && let Some(member) = self.members.get_mut(usize::from(stop.member))
        {
            let opened = events.iter().filter_map(|event| match event {
                ProductEvent::HoldOpened { quantity, sources, .. } => Some((*quantity, sources.clone())),
                _ => None,
            });
            let sku = stop.cell.sku();
            let lines =
                opened.map(|(quantity, sources)| ReservationLine { sku: sku.clone(), quantity, sources });
            member.lines.extend(lines);
        }
        self.next += 1;
        self.next == self.stops.len()
    }

    /// How far it has come, to go back there.
    pub(crate) fn place(&self) -> usize {
        self.next
    }

    /// Whether its next stop is at this product too.
    pub(crate) fn stays_at(&self, cell: &Arc<ProductCell>) -> bool {
        self.stops.get(self.next).is_some_and(|stop| Arc::ptr_eq(&stop.cell, cell))
    }

    /// Goes back to where this visit began. Returns what it had claimed since.
    pub(crate) fn go_back(&mut self, place: usize) -> Vec<HoldId> {
        let mut given_up = Vec::new();
        for stop in self.stops.get(place..self.next).unwrap_or_default() {
            let Some(member) = self.members.get_mut(usize::from(stop.member)) else { continue };
            while member.lines.last().is_some_and(|line| line.sku == *stop.cell.sku()) {
                member.lines.pop();
                given_up.push(member.hold(member.lines.len()));
            }
        }
        self.next = place;
        given_up
    }

    /// Units it wants of the product it visits now.
    pub(crate) fn wanted_here(&self) -> u64 {
        let claims = self.stops.get(self.next).map(|stop| stop.claims.as_slice()).unwrap_or_default();
        claims.iter().map(|claim| u64::from(claim.quantity.units())).sum()
    }

    /// Whether it takes what there is and leaves the rest.
    pub(crate) fn takes_what_is_there(&self) -> bool {
        // Those that are made together take all of it or nothing.
        matches!(self.members.as_slice(), [only]
            if only.intent.terms.time_in_force == Some(TimeInForce::ImmediateOrCancel))
    }

    /// Notes that the product it visits has nothing for it. True if it was the last.
    pub(crate) fn left_out(&mut self, why: Rejection) -> bool {
        self.dropped.get_or_insert(why);
        self.next += 1;
        self.next == self.stops.len()
    }

    /// Why it is refused, if nothing at all was there for it.
    pub(crate) fn found_nothing(&mut self) -> Option<Rejection> {
        self.dropped.take().filter(|_| self.members.iter().all(|member| member.lines.is_empty()))
    }

    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref()
    }

    /// The reservations that are made, each with the event that makes it.
    pub(crate) fn made(&mut self) -> SmallVec<[Making; 1]> {
        let mut left = self.members.len();
        let making = self.members.iter_mut().map(|member| {
            left -= 1;
            let lines = std::mem::take(&mut member.lines);
            let intent = &member.intent;
            let event = ReservationEvent::Made {
                customer: intent.customer.clone(),
                fingerprint: intent.fingerprint,
                lines: u16::try_from(lines.len()).unwrap_or(u16::MAX),
                ttl: intent.ttl,
                at: intent.at,
                metadata: intent.metadata.clone(),
                follow: u16::try_from(left).unwrap_or(u16::MAX),
            };
            (Arc::clone(&member.reservation), lines, event)
        });
        making.collect()
    }

    /// Ends the way: everything was claimed and the reservation is made.
    pub(crate) fn arrive(mut self) {
        self.over = true;
        if let Some(flight) = &self.flight {
            self.tell_waiting(flight.arrive());
        }
    }

    /// Ends the way: what was claimed goes back, and the callers hear why once that, and all that the refusal rests on,
    /// is durable: a refusal has no effect that is still to be seen when it is heard.
    pub(crate) fn refuse(mut self, rejection: Rejection) {
        if let (Some(blame), Some(stop)) = (&self.blame, self.stops.get(self.next)) {
            blame.0.store(stop.member, Ordering::Relaxed);
        }
        self.give_back(Some(rejection));
    }

    fn give_back(&mut self, refusal: Option<Rejection>) {
        self.over = true;
        // Before any word is sent: an owner may die over it, and the next one must know that the claim is void.
        let waiting = self.flight.as_ref().map(|flight| flight.fail());
        let cells = |line: &ReservationLine| {
            let found = self.stops.binary_search_by(|stop| stop.cell.sku().cmp(&line.sku));
            found.ok().and_then(|stop| self.stops.get(stop)).map(|stop| Arc::clone(&stop.cell))
        };
        let claims = self.members.iter().flat_map(|member| {
            let claimed = member.lines.iter().enumerate();
            claimed.filter_map(|(line, claimed)| Some((cells(claimed)?, member.hold(line))))
        });
        let claims = claims.collect();
        let reservations = self.members.iter().map(|member| Arc::clone(&member.reservation)).collect();
        Withdrawal { shared: Arc::clone(&self.shared), reservations, claims, refusal }.send();
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
        if !self.over {
            self.give_back(None);
        }
    }
}

/// The end of a basket that failed: every product it claimed something of gives that back, and only then is its number
/// free. So no two tries under one number are ever about, and whatever is held under it belongs to the one that is.
struct Withdrawal {
    shared: Arc<Shared>,
    reservations: SmallVec<[Arc<ReservationCell>; 1]>,
    claims: Arc<[(Arc<ProductCell>, HoldId)]>,
    /// What the callers hear; that they may retry if nothing was decided.
    refusal: Option<Rejection>,
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
        for reservation in &self.reservations {
            refuse_all(self.shared.reservations.withdraw(reservation), &failure);
        }
    }
}

pub(crate) fn refuse_all(waiting: Callers, failure: &Failure) {
    for caller in waiting {
        caller.answer(Err(failure.clone()));
    }
}
