//! What the runtime does with the engine, one command at a time and without actors, tasks or a disk.
//!
//! ```text
//!   request ──▶ settle lapsed holds ──▶ decide ──▶ journal (a Vec) ──▶ apply
//!                                                     └──▶ a World fed alongside
//! ```
//!
//! Products, reservations and orders are kept apart, as they are in their actors; the [`World`] beside them sees only
//! the journal. What a reservation or an order has decided reaches a product through its *mail*: as a rule at once,
//! but while [`Driver::lagging`] is set it waits there until the product is asked something else, so that the journal
//! of one product falls behind that of the others, as it does when many things happen at once. A crash
//! ([`Driver::recover`]) loses the mail.

#![allow(dead_code, reason = "shared by two test binaries, each of which uses its part")]

mod checkout;
mod explained;
mod journal;
mod past;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdfast_engine::order::Order;
use holdfast_engine::product::{
    Adjustment, Claim, Events, HoldEnd, OpenHolds, Policy, Product, ProductCommand, ProductDetails,
    ProductEvent, RaiseHolds, SaleTerms, Terms, TimeInForce,
};
use holdfast_engine::reservation::{
    Bundle, Bundles, Reservation, ReservationEvent, ReservationLine, ReservationState, Unpacked, Unpacking,
    Verdict, bundle_count, explained,
};
use holdfast_engine::world::World;
use holdfast_engine::{
    CustomerId, Event, Fingerprint, HoldId, LineQuantity, LocationId, Lookup, Millis, Operation, OrderId,
    Rejection, ReservationId, SaleId, Sku, SmolStr, Timestamp,
};

pub(crate) use checkout::{Payment, PlaceRequest};
#[allow(unused_imports, reason = "shared by two test binaries, each of which uses its part")]
pub(crate) use journal::{recovered_world, replay, restart_from};

/// Whether a request did something or found it done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Something was written to the journal.
    Done,
    /// An earlier request had done it.
    Already,
}

/// What a caller hears.
pub(crate) type Answer = Result<Effect, Rejection>;

/// One named line of a request.
pub(crate) type Wanted = (Sku, Option<LocationId>, LineQuantity);

/// A basket as it arrives.
#[derive(Debug, Clone)]
pub(crate) struct Basket {
    pub(crate) id: ReservationId,
    pub(crate) customer: CustomerId,
    pub(crate) fingerprint: Fingerprint,
    /// May name a product twice.
    pub(crate) lines: Vec<Wanted>,
    pub(crate) ttl: Millis,
    pub(crate) terms: Terms,
}

/// Other lines for a basket.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// May name a product twice.
    pub(crate) lines: Vec<Wanted>,
    /// How long it lasts from now on, if that is to change.
    pub(crate) ttl: Option<Millis>,
    pub(crate) terms: Terms,
    pub(crate) operation: Operation,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Driver {
    pub(crate) now: Timestamp,
    pub(crate) lagging: bool,
    /// Whether bundles are asked for units of themselves, as whoever looked at them before they became bundles does.
    pub(crate) claims_bundles: bool,
    products: BTreeMap<Sku, Product>,
    reservations: BTreeMap<ReservationId, Reservation>,
    orders: BTreeMap<OrderId, Order>,
    mail: BTreeMap<Sku, VecDeque<ProductCommand>>,
    journal: Vec<Event>,
    world: World,
    pasts: past::Pasts,
    /// Whether holds are ended that lapsed before: nothing is offered until all of that is done.
    settling: bool,
    /// Reservations of which something has lapsed that no order has heard of yet.
    unheard: BTreeSet<ReservationId>,
}

// What can be read.
impl Driver {
    /// An empty shop.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { now, ..Self::default() }
    }

    pub(crate) fn journal(&self) -> &[Event] {
        &self.journal
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.reservations.get(&id)
    }

    pub(crate) fn reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations.values()
    }

    pub(crate) fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    pub(crate) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    pub(crate) fn skus(&self) -> Vec<Sku> {
        self.products.keys().cloned().collect()
    }

    /// A product as its actor has it, with what is lapsed or in the mail still undone.
    pub(crate) fn raw_product(&self, sku: &Sku) -> Option<&Product> {
        self.products.get(sku)
    }

    /// A product as it would be if it were asked now: mail read, lapsed holds ended, whoever queues served.
    pub(crate) fn product(&self, sku: &Sku) -> Product {
        let Some(product) = self.products.get(sku) else { return Product::absent(sku.clone()) };
        let mut product = product.clone();
        for command in self.mail.get(sku).into_iter().flatten() {
            let events = product.decide(self.now, command).unwrap_or_default();
            take(&mut product, &events, self.now);
            offer(&mut product, self.now);
        }
        for (deadline, _, events) in self.settlement(&product) {
            serve_until(&mut product, deadline);
            take(&mut product, &events, deadline);
        }
        serve_until(&mut product, self.now);
        offer(&mut product, self.now);
        product
    }

    /// Where a reservation stands now, its deadline considered.
    pub(crate) fn status(&self, id: ReservationId) -> Option<ReservationState> {
        let reservation = self.reservations.get(&id)?;
        Some(match (reservation.decide_expire(self.now), reservation.state()) {
            (Some(_), ReservationState::Held { expires_at }) => ReservationState::Expired { at: expires_at },
            (_, state) => state,
        })
    }
}

// Products.
impl Driver {
    pub(crate) fn put(&mut self, sku: &Sku, details: ProductDetails, operation: Operation) -> Answer {
        let is_new =
            || self.products.get(sku).is_none_or(|product| product.look_up(operation) == Lookup::New);
        let bundle = details.components.iter().find(|component| self.is_bundle(&component.sku));
        if let Some(component) = bundle.filter(|_| is_new()) {
            let (sku, component) = (sku.clone(), component.sku.clone());
            return Err(Rejection::ComponentIsBundle { sku, component });
        }
        self.ask(sku, &ProductCommand::Put { details: Box::new(details), operation })
    }

    fn is_bundle(&self, sku: &Sku) -> bool {
        self.products.get(sku).is_some_and(Product::is_bundle)
    }

    pub(crate) fn delete(&mut self, sku: &Sku, operation: Operation) -> Answer {
        self.ask(sku, &ProductCommand::Delete { operation })
    }

    pub(crate) fn adjust(&mut self, sku: &Sku, adjustment: Adjustment) -> Answer {
        self.ask(sku, &ProductCommand::Adjust(Box::new(adjustment)))
    }

    pub(crate) fn put_sale(&mut self, sku: &Sku, terms: SaleTerms, operation: Operation) -> Answer {
        self.ask(sku, &ProductCommand::PutSale { terms: Box::new(terms), operation })
    }

    pub(crate) fn end_sale(&mut self, sku: &Sku, sale: SaleId, operation: Operation) -> Answer {
        self.ask(sku, &ProductCommand::EndSale { sale, operation })
    }

    /// Sends one command to one product and hears its answer.
    pub(crate) fn ask(&mut self, sku: &Sku, command: &ProductCommand) -> Answer {
        self.read_mail(sku);
        self.settle(sku);
        self.carry_out(sku, command)
    }

    /// Sends what was decided elsewhere; nobody waits for an answer.
    fn tell(&mut self, sku: &Sku, command: ProductCommand) {
        self.mail.entry(sku.clone()).or_default().push_back(command);
        if !self.lagging {
            self.read_mail(sku);
        }
    }

    /// Lets the products whose goods have moved catch up: when they hear of that is when it happened to them, so in a shop whose
    /// counts are told by the clock it is not heard late.
    pub(crate) fn hear_of_goods(&mut self) {
        for sku in self.skus() {
            let moved = |command: &ProductCommand| matches!(command, ProductCommand::Advance { .. });
            if self.mail.get(&sku).is_some_and(|mail| mail.iter().any(moved)) {
                self.read_mail(&sku);
            }
        }
    }

    /// Lets every product catch up.
    pub(crate) fn catch_up(&mut self) {
        for sku in self.skus() {
            self.read_mail(&sku);
        }
    }

    /// What the timer does: lets every product notice what time has brought.
    pub(crate) fn settle_all(&mut self) {
        for sku in self.skus() {
            self.settle(&sku);
        }
    }

    /// What the timer does for products that somebody waits for, because an offer's time begins when it is made, or queues for
    /// up to a date, because an order hears of it then.
    pub(crate) fn settle_waiting(&mut self) {
        for sku in self.skus() {
            let product = &self.products[&sku];
            if product.waiting_entries().any(|(_, entry)| entry.status.is_open()) || has_dates(product) {
                self.read_mail(&sku);
                self.settle(&sku);
            }
        }
    }

    fn read_mail(&mut self, sku: &Sku) {
        while self.mail.get(sku).is_some_and(|mail| !mail.is_empty()) {
            // Settling may read the mail itself, where a lapsed basket has several lines here.
            self.settle(sku);
            let Some(command) = self.mail.get_mut(sku).and_then(VecDeque::pop_front) else { return };
            match (self.carry_out(sku, &command), &command) {
                (Ok(_), _) => {}
                // Settling read the reservation's later decision first, so the hold is gone already.
                (Err(Rejection::HoldNotFound { .. }), ProductCommand::Keep { .. }) => {}
                (Err(refusal), command) => panic!("{sku} refuses what was decided: {command:?}: {refusal}"),
            }
        }
    }

    fn carry_out(&mut self, sku: &Sku, command: &ProductCommand) -> Answer {
        let absent = Product::absent(sku.clone());
        let product = self.products.get(sku).unwrap_or(&absent);
        let decided = product.decide(self.now, command);
        if matches!(command, ProductCommand::Open(_) | ProductCommand::End { .. }) {
            check_carried_out(product, self.now, command, &decided);
        }
        let events = decided?;
        let effect = if events.is_empty() { Effect::Already } else { Effect::Done };
        self.append_to_product(sku, events, self.now);
        Ok(effect)
    }

    /// Ends the lapsed holds of a product in the order of their deadlines, or does whatever else their reservations have
    /// decided meanwhile.
    fn settle(&mut self, sku: &Sku) {
        let Some(product) = self.products.get(sku) else { return };
        let mut over = Vec::new();
        let was_settling = std::mem::replace(&mut self.settling, true);
        for (deadline, hold, events) in self.settlement(product) {
            let id = hold.reservation;
            if let Some(expired) = self.reservations.get(&id).and_then(|r| r.decide_expire(self.now)) {
                self.append_to_reservation(id, &expired);
                over.push(id);
            }
            self.serve_until(sku, deadline);
            self.append_to_product(sku, events, deadline);
        }
        self.serve_until(sku, self.now);
        self.settling = was_settling;
        if !self.settling {
            self.offer(sku);
        }
        for id in over {
            self.follow(id);
        }
        if !self.settling {
            self.tell_lapsed();
        }
    }

    /// What is to be done about each lapsed hold of a product, after asking its reservation.
    fn settlement(&self, product: &Product) -> Vec<(Timestamp, HoldId, Events)> {
        let mut settled = Vec::new();
        for (deadline, hold) in product.lapsed(self.now) {
            let verdict = match self.reservations.get(&hold.reservation) {
                None => Verdict::End(HoldEnd::Abandoned),
                Some(reservation) => match reservation.verdict(hold.line, product.sku()) {
                    Verdict::Open(..) if reservation.decide_expire(self.now).is_some() => {
                        Verdict::End(HoldEnd::Expired)
                    }
                    verdict => verdict,
                },
            };
            let events = product.decide(self.now, &command(hold, verdict)).unwrap();
            settled.push((deadline, hold, events));
        }
        settled
    }
}

/// Carrying a command out is to decide it and to apply what was decided, by whatever way.
fn check_carried_out(
    product: &Product,
    at: Timestamp,
    command: &ProductCommand,
    decided: &Result<Events, Rejection>,
) {
    let (mut whole, mut step_by_step) = (product.clone(), product.clone());
    assert_eq!(whole.carry_out(at, command), *decided);
    decided.iter().flatten().for_each(|event| step_by_step.apply(event));
    assert_eq!(whole, step_by_step, "{command:?} carried out");
    whole.check();
}

/// Whether somebody queues for it up to a date, or will once the basket is committed.
fn has_dates(product: &Product) -> bool {
    product.next_date().is_some() || product.holds().any(|(_, hold)| hold.sources.good_til().is_some())
}

/// Gives a copy of a product what time has brought.
fn serve_until(product: &mut Product, at: Timestamp) {
    loop {
        let fills = product.decide_fills_until(at);
        if fills.is_empty() {
            return;
        }
        fills.iter().for_each(|event| product.apply(event));
    }
}

/// Does with a copy of a product what is to be done now for those that wait.
fn offer(product: &mut Product, at: Timestamp) {
    loop {
        let events = product.decide_offers(at);
        if events.is_empty() {
            return;
        }
        events.iter().for_each(|event| product.apply(event));
        serve_until(product, at);
    }
}

/// Applies events to a copy of a product that no journal knows.
fn take(product: &mut Product, events: &Events, at: Timestamp) {
    events.iter().for_each(|event| product.apply(event));
    loop {
        let fills = product.decide_fills(at);
        if fills.is_empty() {
            return;
        }
        fills.iter().for_each(|event| product.apply(event));
    }
}

// Reservations.
impl Driver {
    /// Takes a basket as a whole or not at all.
    pub(crate) fn reserve(&mut self, basket: &Basket) -> Answer {
        self.reserve_together(std::slice::from_ref(basket))
    }

    /// Takes several baskets, all of them or none: each product is visited once and asked for what each of them wants.
    /// Those that were made before are not made again.
    pub(crate) fn reserve_together(&mut self, baskets: &[Basket]) -> Answer {
        let mut fresh: Vec<&Basket> = Vec::new();
        for basket in baskets {
            match self.reservations.get(&basket.id).map(Reservation::made) {
                Some(made) if made.fingerprint != basket.fingerprint => return Err(Rejection::KeyReused),
                Some(_) => {}
                None if fresh.iter().any(|other| other.id == basket.id) => return Err(Rejection::KeyReused),
                None => fresh.push(basket),
            }
        }
        if fresh.is_empty() {
            return Ok(Effect::Already);
        }
        let mut stops: Vec<(Sku, usize, Vec<Claim>)> = Vec::new();
        let mut noted: Vec<Bundles> = Vec::new();
        for (position, basket) in fresh.iter().enumerate() {
            let (lines, bundles) = self.unpack(&basket.lines, None, &basket.terms)?;
            let wanted = merge(&lines);
            noted.push(bundles);
            let skus: Vec<_> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
            self.check_hold_time(&skus, basket.ttl)?;
            stops.extend(wanted.into_iter().map(|(sku, claims)| (sku, position, claims)));
        }
        stops.sort_by(|(a, first, _), (b, second, _)| (a, first).cmp(&(b, second)));
        let mut lines: Vec<Vec<ReservationLine>> = vec![Vec::new(); fresh.len()];
        let mut dropped = vec![None; fresh.len()];
        for (sku, position, claims) in stops {
            let basket = fresh[position];
            let open = OpenHolds {
                reservation: basket.id,
                first_line: u16::try_from(lines[position].len()).unwrap(),
                claims: claims.into(),
                terms: basket.terms.clone(),
                customer: basket.customer.clone(),
                expires_at: self.now.plus(basket.ttl),
            };
            let explanation = self.explain(&sku, &open);
            let before = self.journal.len();
            let takes_what_is_there = basket.terms.time_in_force == Some(TimeInForce::ImmediateOrCancel);
            let heard = self.ask(&sku, &ProductCommand::Open(open));
            self.check_explained(explanation, &heard, before);
            if let Err(refusal) = heard {
                if takes_what_is_there && matches!(refusal, Rejection::InsufficientStock(_)) {
                    dropped[position].get_or_insert(refusal);
                    continue;
                }
                self.give_back(&fresh, lines);
                return Err(explained(noted[position].as_deref(), refusal));
            }
            let opened = self.journal[before..].iter().filter_map(|event| match event {
                Event::Product(_, ProductEvent::HoldOpened { quantity, sources, .. }) => {
                    Some((*quantity, sources.clone()))
                }
                _ => None,
            });
            for (quantity, sources) in opened {
                let number = u16::try_from(lines[position].len()).unwrap();
                lines[position].push(ReservationLine { number, sku: sku.clone(), quantity, sources });
            }
        }
        let empty = lines.iter().position(Vec::is_empty);
        if let Some(nothing) = empty.and_then(|position| dropped[position].take()) {
            self.give_back(&fresh, lines);
            return Err(nothing);
        }
        for (basket, bundles) in fresh.iter().zip(&noted) {
            for event in Bundle::noted(bundles.as_deref(), self.now) {
                self.append(Event::Reservation(basket.id, event));
            }
        }
        for (position, (basket, lines)) in fresh.iter().zip(lines).enumerate() {
            let bundles = noted[position].clone();
            let made = ReservationEvent::Made {
                customer: basket.customer.clone(),
                fingerprint: basket.fingerprint,
                lines: u16::try_from(lines.len()).unwrap(),
                ttl: basket.ttl,
                at: self.now,
                metadata: SmolStr::default(),
                follow: u16::try_from(fresh.len() - position - 1).unwrap(),
                bundles: bundle_count(bundles.as_deref().unwrap_or_default()),
            };
            let sequence = self.append(Event::Reservation(basket.id, made.clone()));
            let mut reservation = Reservation::make(basket.id, lines, bundles, &made);
            reservation.journaled(sequence);
            self.reservations.insert(basket.id, reservation);
        }
        Ok(Effect::Done)
    }

    /// Takes lines apart that name bundles.
    fn unpack(
        &self,
        lines: &[Wanted],
        had: Option<&[Bundle]>,
        terms: &Terms,
    ) -> Result<(Vec<Wanted>, Bundles), Rejection> {
        let (mut unpacking, mut others) = (Unpacking::new(had), Vec::new());
        for line in lines {
            let (sku, location, quantity) = line;
            let details = self.products.get(sku).and_then(Product::details);
            if !self.claims_bundles && unpacking.concerns(sku, details) {
                unpacking.add(sku, location.as_ref(), *quantity, details);
            } else {
                others.push(line.clone());
            }
        }
        let in_part = terms.time_in_force.is_some_and(TimeInForce::may_drop);
        let Unpacked { bundles, claims } =
            unpacking.finish(others.len(), in_part, &|sku| self.is_bundle(sku))?;
        others.extend(claims.into_iter().map(|(sku, claim)| (sku, claim.location, claim.quantity)));
        Ok((others, bundles))
    }

    /// Gives back what baskets that come to nothing had claimed.
    fn give_back(&mut self, baskets: &[&Basket], lines: Vec<Vec<ReservationLine>>) {
        for (basket, lines) in baskets.iter().zip(lines) {
            for (line, held) in (0..).zip(lines) {
                let hold = HoldId { reservation: basket.id, line };
                // At once, whatever lags: a number is free for another try when everything is given back.
                self.ask(&held.sku, &ProductCommand::End { hold, why: HoldEnd::Abandoned }).unwrap();
            }
        }
    }

    pub(crate) fn commit(
        &mut self,
        id: ReservationId,
        taken: Option<&[u32]>,
        operation: Operation,
    ) -> Answer {
        let event = self.known(id)?.decide_commit(self.now, taken, operation)?;
        Ok(self.decided(id, event))
    }

    pub(crate) fn release(&mut self, id: ReservationId, operation: Operation) -> Answer {
        let event = self.known(id)?.decide_release(self.now, operation)?;
        Ok(self.decided(id, event))
    }

    pub(crate) fn extend(&mut self, id: ReservationId, ttl: Millis, operation: Operation) -> Answer {
        let reservation = self.known(id)?;
        let event = reservation.decide_extend(self.now, ttl, operation)?;
        if event.is_some() {
            let skus: Vec<_> = reservation.lines().iter().map(|line| line.sku.clone()).collect();
            self.check_hold_time(&skus, ttl)?;
            // A longer hold is a new promise.
            let mut skus = reservation.lines().iter().map(|line| &line.sku);
            if let Some(sku) = skus.find(|sku| self.product(sku).is_short()) {
                return Err(Rejection::ProductShort { sku: sku.clone() });
            }
        }
        Ok(self.decided(id, event))
    }

    /// Gives a basket other lines, as a whole or not at all.
    pub(crate) fn change(&mut self, id: ReservationId, change: &Change) -> Answer {
        let reservation = self.known(id)?;
        if reservation.check_change(self.now, change.operation)? {
            return Ok(Effect::Already);
        }
        let (customer, next_line) = (reservation.made().customer.clone(), reservation.next_line());
        let ReservationState::Held { expires_at } = reservation.state() else { unreachable!("it is held") };
        let (lines, bundles) = self.unpack(&change.lines, reservation.bundles(), &change.terms)?;
        let wanted = merge(&lines);
        if let Some(ttl) = change.ttl {
            let skus: Vec<_> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
            self.check_hold_time(&skus, ttl)?;
            // A longer hold is a new promise.
            let is_short = |sku: &&Sku| self.products.contains_key(*sku) && self.product(sku).is_short();
            if let Some(sku) = skus.iter().find(is_short) {
                return Err(Rejection::ProductShort { sku: sku.clone() });
            }
        }
        let policy = |sku: &Sku| Some(self.products.get(sku)?.details()?.policy.clone());
        let wanted = wanted.iter().map(|(sku, claims)| (sku, claims.as_slice()));
        let plan = reservation.plan_change(wanted, &policy);
        let plan = plan.map_err(|refusal| explained(bundles.as_deref(), refusal))?;
        let mut raised: Vec<ReservationLine> = Vec::new();
        let (mut added, mut dropped) = (0, None);
        for product in &plan.products {
            let raise = RaiseHolds {
                open: OpenHolds {
                    reservation: id,
                    first_line: next_line + added,
                    claims: product.added.clone(),
                    terms: change.terms.clone(),
                    customer: customer.clone(),
                    expires_at,
                },
                raised: product.raised.clone(),
                lines: product.lines.clone(),
                kept: product.kept,
            };
            let before = self.journal.len();
            let takes_what_is_there = change.terms.time_in_force == Some(TimeInForce::ImmediateOrCancel);
            match self.ask(&product.sku, &ProductCommand::Raise(Box::new(raise))) {
                Err(refusal @ Rejection::InsufficientStock(_)) if takes_what_is_there => {
                    dropped.get_or_insert(refusal);
                    continue;
                }
                Err(refusal) => {
                    self.undo(id, &raised);
                    return Err(explained(bundles.as_deref(), refusal));
                }
                Ok(_) => {}
            }
            for event in &self.journal[before..] {
                let (ProductEvent::HoldOpened { hold, quantity, sources, .. }
                | ProductEvent::HoldChanged { hold, quantity, sources, .. }) = (match event {
                    Event::Product(_, event) => event,
                    Event::Reservation(..) | Event::Order(..) => continue,
                })
                else {
                    continue;
                };
                // Settling may have changed holds of others first, and those of this one to what earlier changes left them.
                let is_asked =
                    hold.line >= next_line || product.raised.iter().any(|(number, _)| *number == hold.line);
                let earlier = self.reservations[&id].line(hold.line);
                let is_earlier = earlier.is_some_and(|line| line.has(*quantity, sources));
                if hold.reservation == id && is_asked && !is_earlier {
                    added += u16::from(hold.line >= next_line);
                    let (number, sku) = (hold.line, product.sku.clone());
                    let (quantity, sources) = (*quantity, sources.clone());
                    raised.push(ReservationLine { number, sku, quantity, sources });
                }
            }
        }
        if let Some(nothing) = dropped.filter(|_| raised.is_empty() && !plan.keeps_lines) {
            return Err(nothing);
        }
        let count = u16::try_from(raised.len()).unwrap();
        let noted = bundle_count(bundles.as_deref().unwrap_or_default());
        let (lowered, ttl, operation) = (&plan.lowered, change.ttl, change.operation);
        let decided = self.known(id)?.decide_change(self.now, lowered, count, noted, ttl, operation);
        let event = match decided {
            Ok(Some(event)) => event,
            Ok(None) => unreachable!("it was not done before"),
            Err(refusal) => {
                self.undo(id, &raised);
                return Err(refusal);
            }
        };
        let before = self.known(id)?.lines().to_vec();
        for event in Bundle::noted(bundles.as_deref(), self.now) {
            self.append(Event::Reservation(id, event));
        }
        let sequence = self.append(Event::Reservation(id, event.clone()));
        let reservation = self.reservations.get_mut(&id).unwrap();
        reservation.change(raised, bundles, &event);
        reservation.journaled(sequence);
        let is_lowered =
            |line: &&ReservationLine| plan.lowered.iter().any(|lowered| lowered.line == line.number);
        for ReservationLine { number, sku, .. } in before.iter().filter(is_lowered) {
            let hold = HoldId { reservation: id, line: *number };
            let verdict = self.reservations[&id].verdict(*number, sku);
            self.tell(sku, command(hold, verdict));
        }
        // The others may have a new deadline.
        self.follow(id);
        Ok(Effect::Done)
    }

    /// Gives back what was claimed for a change that is not made. At once, whatever lags.
    fn undo(&mut self, id: ReservationId, raised: &[ReservationLine]) {
        for line in raised {
            let hold = HoldId { reservation: id, line: line.number };
            let verdict = self.reservations[&id].verdict(line.number, &line.sku);
            self.ask(&line.sku, &command(hold, verdict)).unwrap();
        }
    }

    pub(crate) fn pin(&mut self, id: ReservationId, order: OrderId, customer: &CustomerId) -> Answer {
        let event = self.known(id)?.decide_pin(self.now, order, customer)?;
        Ok(self.decided(id, event))
    }

    pub(crate) fn unpin(&mut self, id: ReservationId, order: OrderId) -> Answer {
        let event = self.known(id)?.decide_unpin(self.now, order);
        Ok(self.decided(id, event))
    }

    pub(crate) fn commit_pinned(&mut self, id: ReservationId, order: OrderId) -> Answer {
        let event = self.known(id)?.decide_commit_pinned(self.now, order);
        Ok(self.decided(id, event))
    }

    pub(crate) fn release_pinned(&mut self, id: ReservationId, order: OrderId) -> Answer {
        let event = self.known(id)?.decide_release_pinned(self.now, order);
        Ok(self.decided(id, event))
    }

    /// Ends every reservation whose time is over; says which.
    pub(crate) fn sweep(&mut self) -> Vec<ReservationId> {
        let ids: Vec<_> = self.reservations.keys().copied().collect();
        let mut ended = Vec::new();
        for id in ids {
            // Asked one by one: what a product notices on the way ends more than the one it was told of.
            if let Some(event) = self.reservations[&id].decide_expire(self.now) {
                self.decided(id, Some(event));
                ended.push(id);
            }
        }
        ended
    }

    /// The shortest of what the products of these lines allow.
    fn check_hold_time(&self, skus: &[Sku], requested: Millis) -> Result<(), Rejection> {
        let details = skus.iter().filter_map(|sku| self.products.get(sku)?.details());
        let max = details.map(|details| details.policy.hold_ttl_max).min().unwrap_or(requested);
        let min = Policy::HOLD_TTL_MIN;
        if (min..=max).contains(&requested) {
            Ok(())
        } else {
            Err(Rejection::HoldTimeOutOfRange { requested, min, max })
        }
    }

    fn known(&self, id: ReservationId) -> Result<&Reservation, Rejection> {
        self.reservations.get(&id).ok_or(Rejection::ReservationNotFound { reservation: id })
    }

    fn decided(&mut self, id: ReservationId, event: Option<ReservationEvent>) -> Effect {
        let Some(event) = event else { return Effect::Already };
        self.append_to_reservation(id, &event);
        self.follow(id);
        Effect::Done
    }

    /// Tells every product of a reservation what becomes of its hold.
    fn follow(&mut self, id: ReservationId) {
        let reservation = &self.reservations[&id];
        let lines: Vec<_> = reservation
            .lines()
            .iter()
            .enumerate()
            .map(|(position, line)| {
                let hold = reservation.hold(position);
                (line.sku.clone(), command(hold, reservation.verdict(hold.line, &line.sku)))
            })
            .collect();
        for (sku, command) in lines {
            self.tell(&sku, command);
        }
    }
}

/// Sums what names a line twice, puts the lines in order, and those of one product together.
pub(crate) fn merge(lines: &[Wanted]) -> Vec<(Sku, Vec<Claim>)> {
    let mut merged: BTreeMap<&Sku, BTreeMap<&Option<LocationId>, LineQuantity>> = BTreeMap::new();
    for (sku, location, quantity) in lines {
        let of_product = merged.entry(sku).or_default();
        of_product
            .entry(location)
            .and_modify(|sum| *sum = sum.checked_add(*quantity).unwrap())
            .or_insert(*quantity);
    }
    let claims = |claims: BTreeMap<&Option<LocationId>, LineQuantity>| {
        let claims = claims.into_iter();
        claims.map(|(location, quantity)| Claim { location: location.clone(), quantity }).collect()
    };
    merged.into_iter().map(|(sku, of_product)| (sku.clone(), claims(of_product))).collect()
}

/// How a product is told what becomes of one of its holds.
fn command(hold: HoldId, verdict: Verdict) -> ProductCommand {
    match verdict {
        Verdict::Open(expires_at, has) => ProductCommand::Keep { hold, expires_at, has },
        Verdict::Commit { units: quantity, arrival, at } => {
            ProductCommand::Commit { hold, quantity, arrival, at }
        }
        Verdict::End(why) => ProductCommand::End { hold, why },
    }
}
