//! Claim units for lines of a reservation: the check and the taking are one step.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::super::claim::{Source, Sources, Spread};
use super::super::holds::LocationNumber;
use super::super::sourcing::{self, Free, SOURCES_MAX, Strategy, Supply, Taken};
use super::super::{
    Claim, FromOffer, OpenHolds, Policy, Product, ProductEvent, SaleStatus, Terms, TimeInForce,
};
use super::Events;
use crate::ids::{CustomerId, HoldId, LocationId};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::{Rejection, Shortage, WithoutHolds};
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_open(&self, at: Timestamp, open: &OpenHolds) -> Result<Events, Rejection> {
        open.terms.check_date(at)?;
        let Some(details) = &self.details else {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        };
        self.check_has_stock()?;
        let policy = &details.policy;
        if !policy.sellable {
            return Err(Rejection::NotSellable { sku: self.sku.clone() });
        }
        let asked = self.check_quantity(policy, &open.claims)?;
        let strategy = open.terms.strategy.unwrap_or(policy.sourcing.strategy);
        let (offer, counted) = match &self.waiting {
            Some(_) if policy.tracked => self.on_offer_to(&open.customer, strategy, &open.terms).unzip(),
            _ => (None, None),
        };
        // What is on offer to the customer counts already.
        let counted = counted.unwrap_or_default().min(asked);
        let buyer = self.check_sale(at, &open.customer, asked, counted)?;
        if !policy.tracked {
            return self.decide_open_untracked(at, open, buyer);
        }
        let mut grants = Grants { offer, ..self.grants(at, policy, &open.terms) };
        let mut events = Events::new();
        if let [claim] = open.claims.as_slice() {
            let mut granted = self.grant(&mut grants, claim)?;
            if grants.time_in_force == TimeInForce::ImmediateOrCancel {
                keep_to_rules(policy, 0, std::slice::from_mut(&mut granted));
            }
            events.extend(granted.map(|granted| self.opened(open, open.first_line, claim, &granted, buyer)));
        } else {
            let granted = self.grant_all(policy, &mut grants, &open.claims, 0)?;
            let granted = open.claims.iter().zip(granted);
            let granted = granted.filter_map(|(claim, granted)| Some((claim, granted?)));
            let opened = (open.first_line..).zip(granted);
            events.extend(
                opened.map(|(line, (claim, granted))| self.opened(open, line, claim, &granted, buyer)),
            );
        }
        if !counted.is_zero() {
            self.check_limit_after(&open.customer, buyer, &events)?;
        }
        match open.claims.first() {
            Some(claim) if events.is_empty() => Err(self.shortage(claim, 0, &grants)),
            _ => Ok(events),
        }
    }

    /// What there is for one request at this instant.
    pub(super) fn grants(&self, at: Timestamp, policy: &Policy, terms: &Terms) -> Grants {
        let strategy = terms.strategy.unwrap_or(policy.sourcing.strategy);
        let limit = self.queue_limit(policy, at);
        Grants {
            at,
            supply: self.supply(at, strategy, terms),
            queueable: limit.floor_sub(self.queued),
            offer: None,
            strategy,
            time_in_force: terms.time_in_force.unwrap_or(match limit.is_zero() {
                true => TimeInForce::FillOrKill,
                false => TimeInForce::GoodTilCancelled,
            }),
            own: Own::default(),
        }
    }

    fn opened(
        &self,
        open: &OpenHolds,
        line: u16,
        claim: &Claim,
        granted: &Granted,
        buyer: Option<&CustomerId>,
    ) -> ProductEvent {
        ProductEvent::HoldOpened {
            hold: HoldId { reservation: open.reservation, line },
            quantity: granted.quantity,
            sources: self.sources(claim, &granted.taken, granted.queued, &open.terms),
            buyer: buyer.cloned(),
            expires_at: open.expires_at,
            offer: self.taken_from_offer(&open.customer, granted),
        }
    }

    /// What of a claim's units was on offer to its customer, if any was.
    fn taken_from_offer(&self, customer: &CustomerId, granted: &Granted) -> Option<Box<FromOffer>> {
        if granted.offered.is_empty() {
            return None;
        }
        let kept = |(number, units): &(LocationNumber, LineQuantity)| {
            let (_, taken) = granted.taken.iter().find(|(location, _)| location == number)?;
            Some(Source { location: self.name(*number).clone(), units: (*units).min(*taken) })
        };
        let units: Vec<_> = granted.offered.iter().filter_map(kept).collect();
        (!units.is_empty()).then(|| Box::new(FromOffer { customer: customer.clone(), units }))
    }

    /// Which of the units on offer a claim takes is known only now, and not all of them may count in the sale.
    fn check_limit_after(
        &self,
        customer: &CustomerId,
        buyer: Option<&CustomerId>,
        events: &Events,
    ) -> Result<(), Rejection> {
        let (Some(sale), Some(_)) = (&self.sale, buyer) else { return Ok(()) };
        let Some(limit) = sale.terms().per_customer else { return Ok(()) };
        let mut asked = 0;
        let mut taken = BTreeMap::<_, u64>::new();
        for event in events {
            let ProductEvent::HoldOpened { quantity, offer, .. } = event else { continue };
            asked += u64::from(quantity.units());
            for source in offer.iter().flat_map(|offer| &offer.units) {
                *taken.entry(&source.location).or_default() += u64::from(source.units.units());
            }
        }
        let counted = taken.into_iter().map(|(at, units)| units.min(self.counted_on_offer(customer, at)));
        let counted = counted.sum();
        let bought = sale.bought_by(customer).units().saturating_sub(counted);
        if bought + asked <= u64::from(limit.units()) {
            return Ok(());
        }
        let count = |units| Quantity::new(units).unwrap_or(Quantity::MAX);
        let (sku, sale) = (self.sku.clone(), sale.terms().id.clone());
        Err(Rejection::CustomerLimit { sku, sale, limit, bought: count(bought), requested: count(asked) })
    }

    /// What several claims of one request get that has so many units of the product already.
    pub(super) fn grant_all(
        &self,
        policy: &Policy,
        grants: &mut Grants,
        claims: &[Claim],
        kept: u64,
    ) -> Result<Vec<Option<Granted>>, Rejection> {
        let mut granted: Vec<_> = claims.iter().map(|_| None).collect();
        // Claims for one location come first: the others can make do with what these leave.
        for anywhere in [false, true] {
            let open = claims.iter().zip(&mut granted);
            for (claim, granted) in open.filter(|(claim, _)| claim.location.is_none() == anywhere) {
                *granted = self.grant(grants, claim)?;
            }
        }
        if grants.time_in_force == TimeInForce::ImmediateOrCancel {
            keep_to_rules(policy, kept, &mut granted);
        }
        Ok(granted)
    }

    /// Takes the units of one claim out of what is there for the request; `None` if there are none and none are to queue.
    fn grant(&self, grants: &mut Grants, claim: &Claim) -> Result<Option<Granted>, Rejection> {
        let only = match &claim.location {
            None => None,
            Some(asked) => Some(self.known(asked)?),
        };
        let here = grants.supply.iter().filter(|free| only.is_none_or(|only| only == free.location));
        let mut available: u64 = here.map(|free| free.units).sum();
        let mut offered = Taken::new();
        let taken = match &mut grants.offer {
            None => sourcing::take(&mut grants.supply, grants.strategy, claim.quantity, only),
            Some(offer) => {
                // What is on offer to the customer comes first.
                let here = offer.iter().filter(|free| only.is_none_or(|only| only == free.location));
                available += here.map(|free| free.units).sum::<u64>();
                offered = sourcing::take(offer, grants.strategy, claim.quantity, only);
                let rest = Quantity::from(claim.quantity).floor_sub(units(&offered));
                let rest = u32::try_from(rest.units()).ok().and_then(LineQuantity::new);
                let supply = &mut grants.supply;
                let others = rest.map(|rest| sourcing::take(supply, grants.strategy, rest, only));
                together(&offered, others.unwrap_or_default())
            }
        };
        let filled = units(&taken);
        let missing = Quantity::from(claim.quantity).floor_sub(filled);
        let queued = match grants.time_in_force {
            _ if missing.is_zero() => Quantity::ZERO,
            TimeInForce::ImmediateOrCancel => Quantity::ZERO,
            TimeInForce::GoodTilCancelled | TimeInForce::GoodTilDate(_) if missing <= grants.queueable => {
                missing
            }
            TimeInForce::FillOrKill | TimeInForce::GoodTilCancelled | TimeInForce::GoodTilDate(_) => {
                return Err(self.shortage(claim, available, grants));
            }
        };
        grants.queueable = grants.queueable.floor_sub(queued);
        let granted = filled.checked_add(queued).and_then(|granted| u32::try_from(granted.units()).ok());
        let quantity = granted.and_then(LineQuantity::new);
        Ok(quantity.map(|quantity| Granted { quantity, taken, offered, queued }))
    }

    /// The location that a claim asks for. What callers make up is no place to queue at.
    pub(super) fn known(&self, asked: &LocationId) -> Result<LocationNumber, Rejection> {
        let number = self.number(asked).filter(|number| self.shelf(*number).is_stocked);
        let unknown = || Rejection::UnknownLocation { sku: self.sku.clone(), location: asked.clone() };
        number.ok_or_else(unknown)
    }

    /// Checks the rules of the sale, if there is one, so many of the units counting in it already. Answers who the units
    /// are counted for.
    pub(in crate::product) fn check_sale<'a>(
        &self,
        at: Timestamp,
        customer: &'a CustomerId,
        asked: Quantity,
        counted: Quantity,
    ) -> Result<Option<&'a CustomerId>, Rejection> {
        let Some(sale) = &self.sale else { return Ok(None) };
        let terms = sale.terms();
        let status = sale.status(at);
        match status {
            SaleStatus::Closed => return Ok(None),
            SaleStatus::Scheduled if !terms.exclusive => return Ok(None),
            SaleStatus::Scheduled | SaleStatus::Paused => {
                let opens_at = Some(terms.opens_at).filter(|opens_at| *opens_at > at);
                let (sku, sale) = (self.sku.clone(), terms.id.clone());
                return Err(Rejection::SaleNotOpen { sku, sale, status, opens_at });
            }
            SaleStatus::Open => {}
        }
        let bought = sale.bought_by(customer).floor_sub(counted);
        match terms.per_customer {
            Some(limit) if bought.checked_add(asked).is_none_or(|sum| sum > limit.into()) => {
                let (sku, sale) = (self.sku.clone(), terms.id.clone());
                Err(Rejection::CustomerLimit { sku, sale, limit, bought, requested: asked })
            }
            // Whom something was offered to is let in.
            _ if counted.is_zero() && !sale.admits(customer) => Err(Rejection::SaleFull {
                sku: self.sku.clone(),
                sale: terms.id.clone(),
                admits: terms.admits.unwrap_or_default(),
                next_expiry: self.next_deadline(),
            }),
            _ => Ok(Some(customer)),
        }
    }

    /// The rules about quantities are about everything that one customer asks for at once. Answers how much that is.
    fn check_quantity(&self, policy: &Policy, claims: &[Claim]) -> Result<Quantity, Rejection> {
        let mut quantities = claims.iter().map(|claim| claim.quantity);
        let Some(first) = quantities.next() else { return Ok(Quantity::ZERO) };
        let sum = quantities.try_fold(first, LineQuantity::checked_add);
        let sum = sum.ok_or_else(|| Rejection::LineTooLarge {
            sku: self.sku.clone(),
            requested: first,
            max: policy.line_quantity_max,
        })?;
        policy.check_line(&self.sku, sum)?;
        Ok(sum.into())
    }

    /// What is free, and in which order the request and the merchant would have it used.
    pub(super) fn supply(&self, at: Timestamp, strategy: Strategy, terms: &Terms) -> Supply {
        if let [only] = self.by_name.as_slice() {
            let units = self.on_offer(*only, at).units();
            return Supply::from_iter([Free { location: *only, place: 0, units }]);
        }
        let listed = listed(strategy, terms);
        let free = |(by_name, number)| Free {
            location: number,
            place: self.place(listed, by_name, self.name(number)),
            units: self.on_offer(number, at).units(),
        };
        self.numbers().enumerate().map(free).collect()
    }

    /// Where a location stands among those that the request lists and the merchant ranks, the first being best.
    pub(super) fn place(&self, listed: &[LocationId], by_name: usize, location: &LocationId) -> usize {
        let ranking = &self.policy().sourcing.ranking;
        let position = listed.iter().chain(ranking).position(|listed| listed == location);
        position.unwrap_or(listed.len() + ranking.len() + by_name)
    }

    fn sources(&self, claim: &Claim, taken: &Taken, queued: Quantity, terms: &Terms) -> Sources {
        match taken.as_slice() {
            [(number, _)] if queued.is_zero() => {
                Sources::At { location: self.name(*number).clone(), asked: claim.location.is_some() }
            }
            taken => {
                let source =
                    |(number, units): &(_, _)| Source { location: self.name(*number).clone(), units: *units };
                Sources::Spread(Box::new(Spread {
                    asked: claim.location.clone(),
                    filled: taken.iter().map(source).collect(),
                    queued,
                    class: terms.class,
                    good_til: terms.good_til().filter(|_| !queued.is_zero()),
                }))
            }
        }
    }

    /// Why a claim cannot be met, so many units being there for it.
    pub(super) fn shortage(&self, claim: &Claim, available: u64, grants: &Grants) -> Rejection {
        let here = self
            .numbers()
            .filter(|number| claim.location.as_ref().is_none_or(|asked| asked == self.name(*number)));
        let held: u64 = here.map(|number| self.shelf(number).level.held.units()).sum();
        let own = claim.location.as_ref().map_or(grants.own.all(), |asked| grants.own.at(self.number(asked)));
        let held = held.saturating_sub(own);
        let queues = grants.time_in_force.queues();
        let without = self.without_holds(claim.location.as_ref(), queues, grants.at);
        let without = grants.own.taken_from(without, own);
        let count = |units| Quantity::new(units).unwrap_or(Quantity::MAX);
        Rejection::InsufficientStock(Box::new(Shortage {
            sku: self.sku.clone(),
            location: claim.location.clone(),
            requested: claim.quantity,
            available: count(available),
            held: count(held),
            queued: self.queued.floor_sub(grants.own.queued),
            queueable: grants.queueable,
            next_expiry: self.next_deadline().filter(|_| held > 0),
            may_pass: match grants.time_in_force {
                // Any unit will do, and a unit that is held may come back.
                TimeInForce::ImmediateOrCancel => without.suffice(LineQuantity::ONE.into()),
                TimeInForce::FillOrKill | TimeInForce::GoodTilCancelled | TimeInForce::GoodTilDate(_) => {
                    without.suffice(claim.quantity.into())
                }
            },
        }))
    }
}

/// The locations that a request puts before all others in rank.
pub(super) fn listed(strategy: Strategy, terms: &Terms) -> &[LocationId] {
    let listed = match strategy {
        Strategy::Nearest => terms.nearest.as_deref(),
        Strategy::FewestShipments => terms.nearest.as_deref().or(terms.plan.as_deref()),
        Strategy::Ranked | Strategy::HighestStock => None,
    };
    listed.unwrap_or_default()
}

/// What there is for the claims of one request.
pub(super) struct Grants {
    pub(super) at: Timestamp,
    pub(super) supply: Supply,
    /// Units that may still queue.
    pub(super) queueable: Quantity,
    /// What is on offer to the customer, if anything is.
    pub(super) offer: Option<Supply>,
    pub(super) strategy: Strategy,
    pub(super) time_in_force: TimeInForce,
    pub(super) own: Own,
}

/// What the reservation has already that a request is about: that is not in its own way, and no hope of it either.
#[derive(Default)]
pub(super) struct Own {
    pub(super) filled: SmallVec<[(LocationNumber, LineQuantity); 2]>,
    pub(super) queued: Quantity,
}

impl Own {
    fn all(&self) -> u64 {
        self.filled.iter().map(|(_, units)| u64::from(units.units())).sum()
    }

    fn at(&self, location: Option<LocationNumber>) -> u64 {
        let here = self.filled.iter().filter(|(at, _)| Some(*at) == location);
        here.map(|(_, units)| u64::from(units.units())).sum()
    }

    /// What there would be besides if all others let go of what they hold.
    fn taken_from(&self, without: WithoutHolds, here: u64) -> WithoutHolds {
        let less = |units: Quantity, by| units.floor_sub(Quantity::new(by).unwrap_or(Quantity::MAX));
        WithoutHolds {
            here: less(without.here, here),
            anywhere: less(without.anywhere, self.all()),
            promised: without.promised,
            queue_limit: without.queue_limit.floor_sub(self.queued),
        }
    }
}

/// What one claim gets.
pub(super) struct Granted {
    pub(super) quantity: LineQuantity,
    pub(super) taken: Taken,
    /// Units of these that were on offer to the customer.
    offered: Taken,
    pub(super) queued: Quantity,
}

/// Units from two supplies, those of a location put together.
fn together(first: &Taken, second: Taken) -> Taken {
    let mut both = first.clone();
    for (number, more) in second {
        match both.iter_mut().find(|(here, _)| *here == number) {
            Some((_, units)) => *units = units.checked_add(more).unwrap_or(*units),
            None => both.push((number, more)),
        }
    }
    both.truncate(SOURCES_MAX);
    both
}

pub(super) fn units(taken: &Taken) -> Quantity {
    let sum = taken.iter().map(|(_, units)| u64::from(units.units())).sum();
    Quantity::new(sum).unwrap_or(Quantity::MAX)
}

/// Who takes what there is keeps to the rules about quantities all the same: boxes of six stay whole. What is too much goes
/// back from the end.
fn keep_to_rules(policy: &Policy, kept: u64, granted: &mut [Option<Granted>]) {
    let sum: u64 = granted.iter().flatten().map(|granted| u64::from(granted.quantity.units())).sum();
    let (min, multiple) =
        (u64::from(policy.line_quantity_min.units()), u64::from(policy.line_quantity_multiple.units()));
    let fits = (kept + sum) - (kept + sum) % multiple;
    let mut excess = if fits < min { sum } else { (kept + sum).saturating_sub(fits).min(sum) };
    for slot in granted.iter_mut().rev() {
        let Some(granted) = slot.as_mut() else { continue };
        while excess > 0
            && let Some((location, units)) = granted.taken.pop()
        {
            let kept = u64::from(units.units()).saturating_sub(excess);
            excess -= u64::from(units.units()) - kept;
            if let Some(kept) = u32::try_from(kept).ok().and_then(LineQuantity::new) {
                granted.taken.push((location, kept));
            }
        }
        let left = u32::try_from(units(&granted.taken).units()).ok().and_then(LineQuantity::new);
        match left {
            Some(quantity) => granted.quantity = quantity,
            None => *slot = None,
        }
    }
}
