//! Baskets that visit a product: what they claim of it, who waits for whom, and what goes back.
//!
//! A basket of several products may fail after it claimed something here. Until it is over, its claims are pending: they are
//! taken, but nobody is refused for want of them without having waited for its end.

use std::sync::Arc;

use holdfast_engine::product::{Events, HoldEnd, Kept, Product, ProductCommand, ProductEvent, Sources};
use holdfast_engine::reservation::{Bundle, ReservationLine, bundle_count};
use holdfast_engine::{
    Event, HoldId, LineQuantity, LocationId, Rejection, Sequence, Shortage, Sku, Timestamp,
};
use smallvec::SmallVec;

use super::{Owner, ProductMessage};
use crate::answer::{Answer, Failure, Unavailable};
use crate::basket::{Basket, Making, refuse_all};
use crate::change;
use crate::countdown::Part;
use crate::flight::Flight;
use crate::product_cell::Publication;
use crate::reservation_cell::Callers;
use crate::reservation_view::ReservationView;
use crate::shared::Shared;
use crate::waiter::{Then, Waiter};

/// What a basket on its way has claimed.
pub(crate) struct Pending {
    pub(super) hold: HoldId,
    /// Units it has, location by location.
    units: SmallVec<[(LocationId, u32); 1]>,
    /// Units it queues for.
    queued: u64,
    flight: Arc<Flight>,
}

impl Pending {
    /// The claims of baskets on their way, as an owner finds them that begins anew.
    pub(crate) fn all(shared: &Shared, product: &Product) -> Vec<Self> {
        let under_way = product.holds().filter_map(|(id, hold)| {
            let reservation = shared.reservations.get(id.reservation)?;
            let flight = reservation.flight()?;
            let before = reservation.read(|reservation| reservation.line(id.line).cloned()).flatten();
            Some(Self::new(id, hold.quantity, &hold.sources, before.as_ref(), flight))
        });
        under_way.filter(|pending| pending.all_units() > 0).collect()
    }

    /// What a line has now, without what it had before.
    fn new(
        hold: HoldId,
        quantity: LineQuantity,
        sources: &Sources,
        before: Option<&ReservationLine>,
        flight: Arc<Flight>,
    ) -> Self {
        let had = |location: &LocationId| {
            let before = before.into_iter().flat_map(|line| line.sources.filled(line.quantity));
            before.filter(|(at, _)| *at == location).map(|(_, units)| units.units()).sum::<u32>()
        };
        let units = sources
            .filled(quantity)
            .map(|(location, units)| (location.clone(), units.units().saturating_sub(had(location))));
        let queued_before = before.map_or(0, |line| line.sources.queued().units());
        let queued = sources.queued().units().saturating_sub(queued_before);
        Self { hold, units: units.collect(), queued, flight }
    }

    /// Units that would come back if it failed, there or queued for.
    pub(crate) fn all_units(&self) -> u64 {
        self.units_at(None) + self.queued
    }

    /// Units it has at this location, or anywhere.
    fn units_at(&self, asked: Option<&LocationId>) -> u64 {
        let here = self.units.iter().filter(|(location, _)| asked.is_none_or(|asked| asked == location));
        here.map(|(_, units)| u64::from(*units)).sum()
    }
}

impl Owner {
    /// Claims what a basket wants here, for each of its reservations. It leaves with all of that, or waits with none.
    pub(super) fn visit(&mut self, at: Timestamp, mut basket: Box<Basket>) {
        let (begun, mut from_offer) = (basket.place(), false);
        if let Some(rejection) = self.prepare_change(at, &basket) {
            return basket.refuse(rejection);
        }
        while let Some(command) = basket.command() {
            // These may be asked again before anything changes here.
            let is_tentative = basket.takes_what_is_there() || basket.changing().is_some();
            let opened = match is_tentative {
                true => self.product.decide(at, &command),
                false => self.product.carry_out(at, &command),
            };
            match opened {
                Ok(opened) if basket.takes_what_is_there() && self.may_get_more(&basket, &opened) => {
                    return self.parked.push_back(basket);
                }
                Ok(opened) => {
                    self.note_pending(&basket, &opened);
                    from_offer |= opened
                        .iter()
                        .any(|event| matches!(event, ProductEvent::HoldOpened { offer: Some(_), .. }));
                    let is_last = basket.claimed(&opened);
                    // The last claims of a change are applied with it, if its reservation can still be changed then.
                    if is_tentative && !(is_last && basket.changing().is_some()) {
                        opened.iter().for_each(|event| self.product.apply(event));
                    }
                    if is_last {
                        self.complete(at, *basket, opened);
                    } else {
                        self.journal_with_fills(at, opened, Then::Nothing);
                        if basket.stays_at(&self.cell) {
                            continue;
                        }
                        basket.travel();
                    }
                    if from_offer {
                        // What is left of it may not be enough for a box, and free units may make it one.
                        self.offer();
                    }
                    return;
                }
                Err(Rejection::InsufficientStock(_))
                    if basket.takes_what_is_there() && self.may_get_more(&basket, &Events::new()) =>
                {
                    return self.parked.push_back(basket);
                }
                Err(Rejection::InsufficientStock(shortage)) if basket.takes_what_is_there() => {
                    if !basket.left_out(Rejection::InsufficientStock(shortage)) {
                        return basket.travel();
                    }
                    return match basket.found_nothing() {
                        Some(rejection) => basket.refuse(rejection),
                        None => self.complete(at, *basket, Events::new()),
                    };
                }
                Err(Rejection::InsufficientStock(shortage)) if self.wait_for_flights(&shortage, &basket) => {
                    self.step_back(at, &mut basket, begun);
                    return self.parked.push_back(basket);
                }
                // Who is in because of a basket that may fail may be out in a moment.
                Err(Rejection::SaleFull { .. }) if self.wait_for_others(&basket) => {
                    self.step_back(at, &mut basket, begun);
                    return self.parked.push_back(basket);
                }
                Err(rejection) => {
                    self.show_arrivals();
                    return basket.refuse(rejection);
                }
            }
        }
    }

    /// Before more is claimed for a reservation that there is: its holds here have no more than its lines, whether word of an
    /// earlier change has arrived or not. Answers why nothing can be claimed for it any more, if nothing can.
    fn prepare_change(&mut self, at: Timestamp, basket: &Basket) -> Option<Rejection> {
        let (reservation, change, _) = basket.changing()?;
        let had = basket.had_here()?;
        let lines = reservation.read(|made| {
            made.check_change(at, change.operation)?;
            Ok(had.lines.iter().filter_map(|line| made.line(*line).cloned()).collect::<Vec<_>>())
        });
        let lines = match lines? {
            Ok(lines) => lines,
            Err(rejection) => return Some(rejection),
        };
        for line in lines {
            let hold = HoldId { reservation: reservation.id(), line: line.number };
            let Some(live) = self.product.hold(hold).filter(|live| live.quantity > line.quantity) else {
                continue;
            };
            let has = Some(Box::new(Kept { quantity: line.quantity, sources: line.sources }));
            let keep = ProductCommand::Keep { hold, expires_at: live.expires_at, has };
            self.obey(at, &keep, Then::Nothing);
        }
        None
    }

    /// What was claimed for a basket that may still fail, without what its reservation had before.
    fn note_pending(&mut self, basket: &Basket, claimed: &Events) {
        let Some(flight) = basket.flight() else { return };
        let pending = claimed.iter().filter_map(|event| match event {
            ProductEvent::HoldOpened { hold, quantity, sources, .. } => {
                Some(Pending::new(*hold, *quantity, sources, None, Arc::clone(flight)))
            }
            ProductEvent::HoldChanged { hold, quantity, sources, .. } => {
                let (reservation, ..) = basket.changing()?;
                let before = reservation.read(|made| made.line(hold.line).cloned()).flatten();
                Some(Pending::new(*hold, *quantity, sources, before.as_ref(), Arc::clone(flight)))
            }
            _ => None,
        });
        self.pending.extend(pending);
    }

    /// Whether a basket that takes what there is has less than it wants of this product while others that may fail hold
    /// units of it; if so, it is heard here when they are over.
    fn may_get_more(&mut self, basket: &Basket, opened: &Events) -> bool {
        let granted: u64 = opened
            .iter()
            .map(|event| match event {
                ProductEvent::HoldOpened { quantity, .. } => u64::from(quantity.units()),
                ProductEvent::HoldChanged { hold, quantity, .. } => {
                    let before = self.product.hold(*hold).map_or(0, |before| before.quantity.units());
                    u64::from(quantity.units().saturating_sub(before))
                }
                _ => 0,
            })
            .sum();
        granted < basket.wanted_here() && self.wait_for_any_flight(&|pending| pending.units_at(None) > 0)
    }

    /// Whether baskets that may fail, or have failed and not said so here yet, hold so many of these units that it could
    /// help; if so, it is heard here. A basket claims all it wants of a product at once and visits products in the order of
    /// their SKUs, so one that holds units here is further on than any that waits here, and no circle of waiting can
    /// close.
    fn wait_for_flights(&mut self, shortage: &Shortage, basket: &Basket) -> bool {
        self.pending.retain(|pending| !pending.flight.has_arrived());
        let asked = shortage.location.as_ref();
        // What it has claimed itself in this visit does not come back to it.
        let concerns = |pending: &Pending| {
            let is_own = basket.flight().is_some_and(|own| Arc::ptr_eq(own, &pending.flight));
            !is_own && pending.units_at(asked) + pending.queued > 0
        };
        let here = || self.pending.iter().filter(|pending| concerns(pending));
        let units: u64 = here().map(|pending| pending.units_at(asked) + pending.queued).sum();
        // What may queue besides counts for those only that may queue; the others ask once more in vain.
        let room = shortage.queueable.units();
        if shortage.available.units() + room + units < u64::from(shortage.requested.units()) {
            return false;
        }
        self.wait_for_any_flight(&concerns)
    }

    /// Whether other baskets that may fail have claimed something here; if so, it is heard here when they are over.
    fn wait_for_others(&mut self, basket: &Basket) -> bool {
        let is_own = |flight: &Arc<Flight>| basket.flight().is_some_and(|own| Arc::ptr_eq(own, flight));
        self.wait_for_any_flight(&|pending| !is_own(&pending.flight) && pending.all_units() > 0)
    }

    /// Asks the flights of these claims to tell when they are over. False if there are none.
    fn wait_for_any_flight(&mut self, concerns: &dyn Fn(&Pending) -> bool) -> bool {
        self.pending.retain(|pending| !pending.flight.has_arrived());
        let mut here = self.pending.iter().filter(|pending| concerns(pending)).peekable();
        if here.peek().is_none() {
            return false;
        }
        let waits = here.fold(false, |waits, pending| waits | pending.flight.tell(&self.cell));
        // A flight that arrived just now keeps its units for good, and nobody would tell this basket: it has to look
        // again itself.
        if !waits {
            self.cell.send(&self.shared, ProductMessage::FlightOver);
        }
        true
    }

    /// What is shown may count baskets as pending that have arrived since. As soon as that is durable it counts them no
    /// more, so that the next who asks for too much is refused at a glance.
    pub(super) fn show_arrivals(&mut self) {
        let pending = self.units_pending();
        if self.cell.shown().pending > pending {
            let cell = Arc::clone(&self.cell);
            let show = move |durable: Option<Sequence>| {
                if durable.is_some() {
                    cell.show_pending(pending);
                }
            };
            self.shared.journal.append([], Waiter::tell(Then::call(show)));
        }
    }

    /// Lets every parked basket try again, in the order they came.
    pub(super) fn retry_parked(&mut self, at: Timestamp) {
        for basket in std::mem::take(&mut self.parked) {
            self.visit(at, basket);
        }
    }

    /// The last claims of a basket were granted: its reservations are made or changed together with them.
    fn complete(&mut self, at: Timestamp, mut basket: Basket, opened: Events) {
        if basket.changing().is_some() {
            return self.complete_change(at, basket, opened);
        }
        let count = opened.len() as u64;
        let publication = self.publication(None, count);
        let mut made = basket.made();
        let first = if let [_] = made.as_slice()
            && let Some(making) = made.pop()
        {
            self.make(making, opened, publication)
        } else {
            self.make_together(&made, opened, publication)
        };
        self.product.journaled_together(first, count);
        basket.arrive();
    }

    /// Makes a reservation with the events of its last claims. Returns the position of the first of these.
    fn make(&self, making: Making, opened: Events, publication: Publication) -> Sequence {
        let (count, noted) = (opened.len() as u64, making.noted());
        let before = count + noted.len() as u64;
        let Making { reservation, lines, bundles, event: made } = making;
        let mut first = Sequence::default();
        reservation.make(lines, bundles, &made, |mut view, waiting| {
            let tell = move |first: Option<Sequence>| match first {
                Some(first) => {
                    view.sequence = first.plus(before);
                    tell_made(view, waiting);
                }
                None => refuse_all(waiting, &Failure::Unavailable(Unavailable::JournalFailed)),
            };
            let waiter = match count {
                0 => Waiter::tell(Then::call(tell)),
                _ => Waiter::publish(Arc::clone(&self.cell), publication, Then::call(tell)),
            };
            let made = Event::Reservation(reservation.id(), made.clone());
            let events = about(self.product.sku(), opened).chain(noted).chain([made]);
            first = self.shared.journal.append_to_trail(self.trail(), events, waiter);
            first.plus(before)
        });
        first
    }

    /// All is claimed that a reservation shall have besides: it is changed together with the last of that, unless its time has
    /// run out meanwhile.
    fn complete_change(&mut self, at: Timestamp, mut basket: Basket, raised: Events) {
        let Some((reservation, change, lines)) = basket.changing() else { return };
        let (operation, ttl, lowered) = (change.operation, change.ttl, change.lowered.clone());
        let (reservation, lines) = (Arc::clone(reservation), lines.to_vec());
        let bundles = change.bundles.clone();
        let noted = bundle_count(bundles.as_deref().unwrap_or_default());
        let claimed = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let mut before = 0;
        let (count, mut first, mut view) = (raised.len() as u64, Sequence::default(), None);
        let changed = reservation.change(
            |reservation| reservation.decide_change(at, &lowered, claimed, noted, ttl, operation),
            lines,
            bundles.clone(),
            |event, changed| {
                raised.iter().for_each(|event| self.product.apply(event));
                let publication = self.publication(None, count);
                view = ReservationView::after(changed, operation.id);
                let waiter = match count {
                    0 => Waiter::tell(Then::Nothing),
                    _ => Waiter::publish(Arc::clone(&self.cell), publication, Then::Nothing),
                };
                let mut own = Bundle::noted(bundles.as_deref(), event.at());
                before = count + own.len() as u64;
                own.push(event.clone());
                let own = own.into_iter().map(|event| Event::Reservation(reservation.id(), event));
                first = self.shared.journal.append_to_trail(
                    self.trail(),
                    about(self.product.sku(), raised).chain(own),
                    waiter,
                );
                first.plus(before)
            },
        );
        if let Err(rejection) = changed {
            // What was claimed last is in no journal yet; only what was claimed before goes back.
            basket.unclaim(self.product.sku());
            self.pending.retain(|pending| pending.hold.reservation != reservation.id());
            return basket.refuse(rejection);
        }
        self.product.journaled_together(first, count);
        let change = basket.arrive();
        if let (Some(change), Some(mut view)) = (change, view) {
            view.sequence = first.plus(before);
            change::follow(&self.shared, &reservation, *change, view);
        }
    }

    /// Whether a basket on its way has claimed more for this hold.
    pub(super) fn is_being_raised(&self, hold: HoldId) -> bool {
        self.pending.iter().any(|pending| pending.hold == hold && pending.flight.is_travelling())
    }

    /// A basket gives back what it claimed here. If it was to change a reservation, what that had before stays.
    pub(super) fn abandon(&mut self, at: Timestamp, hold: HoldId, part: Part) {
        self.pending.retain(|pending| pending.hold != hold);
        let reservation = self.shared.reservations.get(hold.reservation);
        if reservation.and_then(|reservation| reservation.read(|_| ())).is_some() {
            self.follow(at, hold, Then::Part(part));
        } else {
            self.obey(at, &ProductCommand::End { hold, why: HoldEnd::Abandoned }, Then::Part(part));
        }
    }

    /// Units in baskets that may still give them back.
    pub(super) fn units_pending(&mut self) -> u64 {
        self.pending.retain(|pending| !pending.flight.has_arrived());
        self.pending.iter().map(Pending::all_units).sum()
    }
}

pub(super) fn tell_made(view: ReservationView, waiting: Callers) {
    let mut waiting = waiting.into_iter();
    let Some(first) = waiting.next() else { return };
    for other in waiting {
        other.answer(Ok(Answer::repeated(view.clone())));
    }
    first.answer(Ok(Answer::fresh(view)));
}

pub(super) fn about(sku: &Sku, events: Events) -> impl Iterator<Item = Event> + use<> {
    let sku = sku.clone();
    events.into_iter().map(move |event| Event::Product(sku.clone(), event))
}
