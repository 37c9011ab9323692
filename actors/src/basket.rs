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
//! Several reservations that are to be made together travel as one basket: it makes one visit to each product, claims
//! there what each of them wants, in their order, and is complete when all of them are.
//!
//! A basket that is dropped on the way (its actor died) gives back what it had and tells its callers to retry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use holdfast_engine::product::{
    Claim, Events, OpenHolds, ProductCommand, ProductEvent, RaiseHolds, Terms, TimeInForce,
};
use holdfast_engine::reservation::{
    Bundle, Bundles, Lowered, ProductChange, ReservationEvent, ReservationLine, bundle_count, explained,
};
use holdfast_engine::{
    CustomerId, Event, Fingerprint, HoldId, Millis, Operation, Rejection, Sku, SmolStr, Timestamp,
};
use smallvec::{SmallVec, smallvec};

use crate::answer::{Failure, Reply, ReplyTo};
use crate::countdown;
use crate::flight::Flight;
use crate::product_actor::ProductMessage;
use crate::product_cell::ProductCell;
use crate::reservation_cell::{Callers, ReservationCell};
use crate::reservation_view::ReservationView;
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// One product of a basket, with all that one reservation wants of it.
pub(crate) struct Stop {
    pub(crate) cell: Arc<ProductCell>,
    /// Lines that are new.
    pub(crate) claims: SmallVec<[Claim; 1]>,
    /// Which reservation of the basket, from 0.
    pub(crate) member: u16,
    /// What the reservation has of it already, where it is there and wants more.
    pub(crate) had: Option<Box<ProductChange>>,
}

/// What one reservation of a basket shall be.
pub(crate) struct Intent {
    pub(crate) customer: CustomerId,
    pub(crate) terms: Terms,
    /// When what is claimed for it lapses.
    pub(crate) expires_at: Timestamp,
    /// How it is made; none if it is there and is changed.
    pub(crate) make: Option<Make>,
}

/// How a reservation is made.
pub(crate) struct Make {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) ttl: Millis,
    pub(crate) at: Timestamp,
    pub(crate) metadata: SmolStr,
    /// What it was asked for as bundles.
    pub(crate) bundles: Bundles,
}

/// How a reservation is changed.
pub(crate) struct Change {
    pub(crate) operation: Operation,
    /// Its time from the change on, if that is another then.
    pub(crate) ttl: Option<Millis>,
    pub(crate) lowered: Vec<Lowered>,
    /// What it has as bundles from then on.
    pub(crate) bundles: Bundles,
    /// Whether it has lines even if nothing is there of what is more.
    pub(crate) keeps_lines: bool,
    /// The number of the first new line.
    pub(crate) next_line: u16,
    pub(crate) caller: ReplyTo<Reply<ReservationView>>,
}

/// One reservation that a basket is to make or change.
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

    fn hold(&self, line: &ReservationLine) -> HoldId {
        HoldId { reservation: self.reservation.id(), line: line.number }
    }

    /// How many lines were claimed for it.
    fn claimed(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }
}

/// A reservation that is to be made.
pub(crate) struct Making {
    pub(crate) reservation: Arc<ReservationCell>,
    pub(crate) lines: SmallVec<[ReservationLine; 1]>,
    pub(crate) bundles: Bundles,
    pub(crate) event: ReservationEvent,
}

impl Making {
    /// The events that note its bundles, which stand before its own.
    pub(crate) fn noted(&self) -> Vec<Event> {
        let events = Bundle::noted(self.bundles.as_deref(), self.event.at()).into_iter();
        events.map(|event| Event::Reservation(self.reservation.id(), event)).collect()
    }
}

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
    /// Only baskets of several stops can be caught half-way, and changes: their reservation is there meanwhile.
    flight: Option<Arc<Flight>>,
    blame: Option<Arc<Blame>>,
    /// How its only reservation is changed, if it is not to be made.
    change: Option<Box<Change>>,
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
        Self::of(shared, smallvec![Member::new(reservation, intent)], stops, flight)
    }

    /// More for a reservation that there is.
    pub(crate) fn of_change(
        shared: Arc<Shared>,
        reservation: Arc<ReservationCell>,
        intent: Intent,
        stops: Vec<Stop>,
        flight: Arc<Flight>,
        change: Change,
    ) -> Box<Self> {
        let mut basket = Self::new(shared, reservation, intent, stops, Some(flight));
        basket.change = Some(Box::new(change));
        basket
    }

    /// Reservations that are made together. The stops are in the order of their SKUs and members.
    pub(crate) fn together(
        shared: Arc<Shared>,
        members: SmallVec<[Member; 1]>,
        stops: Vec<Stop>,
        flight: Arc<Flight>,
        blame: Arc<Blame>,
    ) -> Box<Self> {
        let mut basket = Self::of(shared, members, stops, Some(flight));
        basket.blame = Some(blame);
        basket
    }

    fn of(
        shared: Arc<Shared>,
        members: SmallVec<[Member; 1]>,
        stops: Vec<Stop>,
        flight: Option<Arc<Flight>>,
    ) -> Box<Self> {
        let (dropped, blame, change) = (None, None, None);
        Box::new(Self { shared, members, stops, next: 0, dropped, flight, blame, change, over: false })
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
        let member = self.members.get(usize::from(stop.member))?;
        let Intent { customer, terms, expires_at, .. } = &member.intent;
        let open = OpenHolds {
            reservation: member.reservation.id(),
            first_line: self.next_line(member),
            claims: stop.claims.clone(),
            terms: terms.clone(),
            customer: customer.clone(),
            expires_at: *expires_at,
        };
        Some(match &stop.had {
            None => ProductCommand::Open(open),
            Some(had) => {
                let (raised, lines) = (had.raised.clone(), had.lines.clone());
                ProductCommand::Raise(RaiseHolds { open, raised, lines, kept: had.kept })
            }
        })
    }

    fn next_line(&self, member: &Member) -> u16 {
        let Some(change) = &self.change else { return member.claimed() };
        let last = member.lines.iter().map(|line| line.number.saturating_add(1)).max();
        last.map_or(change.next_line, |after| after.max(change.next_line))
    }

    /// Notes the claims that were made. True if they were the last.
    pub(crate) fn claimed(&mut self, events: &Events) -> bool {
        if let Some(stop) = self.stops.get(self.next)
            && let Some(member) = self.members.get_mut(usize::from(stop.member))
        {
            let sku = stop.cell.sku();
            member.lines.extend(events.iter().filter_map(|event| match event {
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
            let sku = stop.cell.sku();
            let claimed = member.lines.iter().filter(|line| line.sku == *sku);
            given_up.extend(claimed.map(|line| member.hold(line)));
            member.lines.retain(|line| line.sku != *sku);
        }
        self.next = place;
        given_up
    }

    /// Units it wants of the product it visits now.
    pub(crate) fn wanted_here(&self) -> u64 {
        let Some(stop) = self.stops.get(self.next) else { return 0 };
        let more = stop.had.iter().flat_map(|had| &had.raised).map(|(_, claim)| claim);
        stop.claims.iter().chain(more).map(|claim| u64::from(claim.quantity.units())).sum()
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
        let keeps_lines = self.change.as_ref().is_some_and(|change| change.keeps_lines);
        let nothing = !keeps_lines && self.members.iter().all(|member| member.lines.is_empty());
        self.dropped.take().filter(|_| nothing)
    }

    pub(crate) fn flight(&self) -> Option<&Arc<Flight>> {
        self.flight.as_ref()
    }

    /// The reservations that are made, each with the event that makes it.
    pub(crate) fn made(&mut self) -> SmallVec<[Making; 1]> {
        let mut left = self.members.len();
        let making = self.members.iter_mut().filter_map(|member| {
            left -= 1;
            let count = member.claimed();
            let lines = std::mem::take(&mut member.lines);
            let make = member.intent.make.as_ref()?;
            let event = ReservationEvent::Made {
                customer: member.intent.customer.clone(),
                fingerprint: make.fingerprint,
                lines: count,
                ttl: make.ttl,
                at: make.at,
                metadata: make.metadata.clone(),
                follow: u16::try_from(left).unwrap_or(u16::MAX),
                bundles: bundle_count(make.bundles.as_deref().unwrap_or_default()),
            };
            let (reservation, bundles) = (Arc::clone(&member.reservation), make.bundles.clone());
            Some(Making { reservation, lines, bundles, event })
        });
        making.collect()
    }

    /// The reservation that is changed, how, and what was claimed for that; if that is what the basket is for.
    pub(crate) fn changing(&self) -> Option<(&Arc<ReservationCell>, &Change, &[ReservationLine])> {
        let (change, member) = (self.change.as_deref()?, self.members.first()?);
        Some((&member.reservation, change, &member.lines))
    }

    /// What the reservation that is changed has of the product it visits now.
    pub(crate) fn had_here(&self) -> Option<&ProductChange> {
        self.stops.get(self.next)?.had.as_deref()
    }

    /// Forgets the claims at a product that did not carry them out.
    pub(crate) fn unclaim(&mut self, sku: &Sku) {
        self.members.iter_mut().for_each(|member| member.lines.retain(|line| line.sku != *sku));
    }

    /// Ends the way: everything was claimed, and the reservation is made or changed. Answers how it was changed, and who asked.
    pub(crate) fn arrive(mut self) -> Option<Box<Change>> {
        self.over = true;
        if let Some(flight) = &self.flight {
            self.tell_waiting(flight.arrive());
        }
        self.change.take()
    }

    /// Ends the way: what was claimed goes back, and the callers hear why once that, and all that the refusal rests on,
    /// is durable: a refusal has no effect that is still to be seen when it is heard.
    pub(crate) fn refuse(mut self, rejection: Rejection) {
        if let (Some(blame), Some(stop)) = (&self.blame, self.stops.get(self.next)) {
            blame.0.store(stop.member, Ordering::Relaxed);
        }
        let rejection = self.explained(rejection);
        self.give_back(Some(rejection));
    }

    /// Says of a refusal which bundles of the reservation it came from.
    fn explained(&self, rejection: Rejection) -> Rejection {
        let stop = self.stops.get(self.next);
        let member = stop.and_then(|stop| self.members.get(usize::from(stop.member)));
        let made = member.and_then(|member| member.intent.make.as_ref()?.bundles.as_deref());
        let changed = self.change.as_ref().and_then(|change| change.bundles.as_deref());
        explained(made.or(changed), rejection)
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
            member.lines.iter().filter_map(|line| Some((cells(line)?, member.hold(line))))
        });
        let claims = claims.collect();
        let reservations = self.members.iter().map(|member| Arc::clone(&member.reservation)).collect();
        let caller = self.change.take().map(|change| change.caller);
        Withdrawal { shared: Arc::clone(&self.shared), reservations, claims, refusal, caller }.send();
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
/// free, or its reservation to be changed anew. So no two tries under one number are ever about, and whatever is held under it
/// belongs to the one that is.
struct Withdrawal {
    shared: Arc<Shared>,
    reservations: SmallVec<[Arc<ReservationCell>; 1]>,
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
        for reservation in &self.reservations {
            refuse_all(self.shared.reservations.withdraw(reservation), &failure);
            reservation.end_change();
        }
        refuse_all(self.caller.into_iter().collect(), &failure);
    }
}

pub(crate) fn refuse_all(waiting: Callers, failure: &Failure) {
    for caller in waiting {
        caller.answer(Err(failure.clone()));
    }
}
