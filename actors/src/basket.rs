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
//! A basket that is dropped on the way (its actor died) gives back what it had and tells its callers to retry.

use std::sync::Arc;

use holdfast_engine::product::{Claim, Events, OpenHolds, ProductEvent, Terms, TimeInForce};
use holdfast_engine::reservation::{ReservationEvent, ReservationLine};
use holdfast_engine::{CustomerId, Fingerprint, HoldId, Millis, Rejection, SmolStr, Timestamp};
use smallvec::SmallVec;

use crate::answer::Failure;
use crate::countdown;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::reservation_cell::{Callers, ReservationCell};
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// One product of a basket, with all that the basket wants of it.
pub(crate) struct Stop {
    pub(crate) cell: Arc<ProductCell>,
    pub(crate) claims: SmallVec<[Claim; 1]>,
}

/// What a basket shall become.
pub(crate) struct Intent {
    pub(crate) customer: CustomerId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) ttl: Millis,
    pub(crate) at: Timestamp,
    pub(crate) metadata: SmolStr,
    pub(crate) terms: Terms,
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
    /// Only baskets of several stops can be caught half-way.
    flight: Option<Arc<Flight>>,
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
        let (lines, dropped) = (SmallVec::new(), None);
        Box::new(Self { shared, reservation, intent, stops, next: 0, lines, dropped, flight, over: false })
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
        Some(OpenHolds {
            reservation: self.reservation.id(),
            first_line: u16::try_from(self.lines.len()).unwrap_or(u16::MAX),
            claims: stop.claims.clone(),
            terms: self.intent.terms.clone(),
            customer: self.intent.customer.clone(),
            expires_at: self.intent.at.plus(self.intent.ttl),
        })
    }

    /// Notes the claims that were made. True if they were the last.
    pub(crate) fn claimed(&mut self, events: &Events) -> bool {
        if let Some(stop) = self.stops.get(self.next) {
            let opened = events.iter().filter_map(|event| match event {
                ProductEvent::HoldOpened { quantity, sources, .. } => Some((*quantity, sources.clone())),
                _ => None,
            });
            let sku = stop.cell.sku();
            let lines =
                opened.map(|(quantity, sources)| ReservationLine { sku: sku.clone(), quantity, sources });
            self.lines.extend(lines);
        }
        self.next += 1;
        self.next == self.stops.len()
    }

    /// Units it wants of the product it visits now.
    pub(crate) fn wanted_here(&self) -> u64 {
        let claims = self.stops.get(self.next).map(|stop| stop.claims.as_slice()).unwrap_or_default();
        claims.iter().map(|claim| u64::from(claim.quantity.units())).sum()
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
        self.dropped.take().filter(|_| self.lines.is_empty())
    }

    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref()
    }

    /// The event that makes the reservation, and the lines it is made of.
    pub(crate) fn made(&mut self) -> (ReservationEvent, impl Iterator<Item = ReservationLine> + use<>) {
        let lines = std::mem::take(&mut self.lines);
        let event = ReservationEvent::Made {
            customer: self.intent.customer.clone(),
            fingerprint: self.intent.fingerprint,
            lines: u16::try_from(lines.len()).unwrap_or(u16::MAX),
            ttl: self.intent.ttl,
            at: self.intent.at,
            metadata: self.intent.metadata.clone(),
        };
        (event, lines.into_iter())
    }

    pub(crate) fn reservation(&self) -> &Arc<ReservationCell> {
        &self.reservation
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
        let claimed = self.lines.iter().enumerate();
        let claims = claimed.filter_map(|(line, claimed)| Some((cells(claimed)?, self.hold(line)))).collect();
        let (shared, reservation) = (Arc::clone(&self.shared), Arc::clone(&self.reservation));
        Withdrawal { shared, reservation, claims, refusal }.send();
        self.tell_waiting(waiting.unwrap_or_default());
    }

    fn tell_waiting(&self, cells: Vec<Arc<ProductCell>>) {
        for cell in cells {
            cell.send(&self.shared, ProductMessage::FlightOver);
        }
    }

    fn hold(&self, line: usize) -> HoldId {
        HoldId { reservation: self.reservation.id(), line: u16::try_from(line).unwrap_or(u16::MAX) }
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
    reservation: Arc<ReservationCell>,
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
        refuse_all(self.shared.reservations.withdraw(&self.reservation), &failure);
    }
}

pub(crate) fn refuse_all(waiting: Callers, failure: &Failure) {
    for caller in waiting {
        caller.answer(Err(failure.clone()));
    }
}
