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

use holdfast_engine::product::OpenHold;
use holdfast_engine::reservation::{ReservationEvent, ReservationLine};
use holdfast_engine::{
    CustomerId, Fingerprint, HoldId, LineQuantity, LocationId, Millis, Rejection, SmolStr, Timestamp,
};

use crate::answer::Failure;
use crate::countdown;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::reservation_cell::{Callers, ReservationCell};
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// One product of a basket.
pub(crate) struct Stop {
    pub(crate) cell: Arc<ProductCell>,
    pub(crate) location: LocationId,
    pub(crate) quantity: LineQuantity,
}

/// What a basket shall become.
pub(crate) struct Intent {
    pub(crate) customer: CustomerId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) ttl: Millis,
    pub(crate) at: Timestamp,
    pub(crate) metadata: SmolStr,
}

pub(crate) struct Basket {
    shared: Arc<Shared>,
    reservation: Arc<ReservationCell>,
    intent: Intent,
    stops: Vec<Stop>,
    next: usize,
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
        Box::new(Self { shared, reservation, intent, stops, next: 0, flight, over: false })
    }

    /// Sends it to the next product.
    pub(crate) fn travel(self: Box<Self>) {
        if let Some(cell) = self.stops.get(self.next).map(|stop| Arc::clone(&stop.cell)) {
            let shared = Arc::clone(&self.shared);
            cell.send(&shared, ProductMessage::Visit(self));
        }
    }

    /// The claim to be made at the product it visits now.
    pub(crate) fn claim(&self) -> Option<OpenHold> {
        let stop = self.stops.get(self.next)?;
        Some(OpenHold {
            hold: self.hold(self.next),
            location: stop.location.clone(),
            quantity: stop.quantity,
            expires_at: self.intent.at.plus(self.intent.ttl),
        })
    }

    /// Notes that the claim was made. True if it was the last one.
    pub(crate) fn claimed(&mut self) -> bool {
        self.next += 1;
        self.next == self.stops.len()
    }

    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref()
    }

    /// The event that makes the reservation, and the lines it is made of.
    pub(crate) fn made(&self) -> (ReservationEvent, impl Iterator<Item = ReservationLine>) {
        let lines = self.stops.iter().map(|stop| ReservationLine {
            sku: stop.cell.sku().clone(),
            location: stop.location.clone(),
            quantity: stop.quantity,
        });
        let event = ReservationEvent::Made {
            customer: self.intent.customer.clone(),
            fingerprint: self.intent.fingerprint,
            lines: u16::try_from(lines.len()).unwrap_or(u16::MAX),
            ttl: self.intent.ttl,
            at: self.intent.at,
            metadata: self.intent.metadata.clone(),
        };
        (event, lines)
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
        let claimed = self.stops.iter().take(self.next).enumerate();
        let claims = claimed.map(|(line, stop)| (Arc::clone(&stop.cell), self.hold(line))).collect();
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
