//! Say why a request would get what it would get: the decision, and what it rests on.

use super::super::command::{Claim, OpenHolds};
use super::super::explanation::{Considered, ExplainedLine, Explanation, PassedOver, SourceOutcome};
use super::super::holds::LocationNumber;
use super::super::sourcing::{self, SOURCES_MAX, Strategy, Supply};
use super::super::{Policy, Product, ProductEvent, SaleStatus};
use super::open::listed;
use crate::ids::LocationId;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

impl Product {
    /// What these claims would get at this instant, and why. Nothing is decided; lapsed holds must have been settled, as for a
    /// decision.
    pub fn explain(&self, at: Timestamp, open: &OpenHolds) -> Explanation {
        let policy = self.policy();
        let strategy = open.terms.strategy.unwrap_or(policy.sourcing.strategy);
        let (granted, refusal) = match self.decide_open(at, open) {
            Ok(events) => (events, None),
            Err(rejection) => (super::Events::new(), Some(rejection)),
        };
        let mut free = self.free_for(at, strategy, open);
        let mut lines: Vec<_> = open.claims.iter().map(|_| None).collect();
        // In the order in which they are served: what one takes is not there for the next.
        for anywhere in [false, true] {
            let places = open.claims.iter().zip(&mut lines);
            for (claim, line) in places.filter(|(claim, _)| claim.location.is_none() == anywhere) {
                let granted = granted.iter().find_map(|event| match event {
                    ProductEvent::HoldOpened { quantity, sources, .. }
                        if sources.asked() == claim.location.as_ref() =>
                    {
                        Some((sources, *quantity))
                    }
                    _ => None,
                });
                let taken: Vec<_> =
                    granted.iter().flat_map(|(sources, units)| sources.filled(*units)).collect();
                let considered =
                    self.considered(at, open, claim, &free, (strategy, &taken), refusal.is_some());
                for (location, units) in &taken {
                    let here = free.iter_mut().find(|free| self.name(free.location) == *location);
                    if let Some(free) = here {
                        free.units = free.units.saturating_sub(u64::from(units.units()));
                    }
                }
                let queued = granted.map_or(Quantity::ZERO, |(sources, _)| sources.queued());
                *line = Some(ExplainedLine { claim: claim.clone(), considered, queued });
            }
        }
        Explanation { strategy, lines: lines.into_iter().flatten().collect(), refusal }
    }

    /// What is free at each location, for this customer.
    fn free_for(&self, at: Timestamp, strategy: Strategy, open: &OpenHolds) -> Supply {
        let mut free = self.supply(at, strategy, &open.terms);
        let policy = self.policy();
        for free in &mut free {
            let location = self.name(free.location);
            if !policy.tracked && !policy.sourcing.closed.contains(location) {
                free.units = Quantity::MAX.units();
            }
        }
        let offered = self.on_offer_to(&open.customer, strategy, &open.terms).filter(|_| policy.tracked);
        for offered in offered.into_iter().flat_map(|(offered, _)| offered) {
            if let Some(free) = free.iter_mut().find(|free| free.location == offered.location) {
                free.units = free.units.saturating_add(offered.units);
            }
        }
        free
    }

    /// The locations in the order in which one claim asks them: those it takes from, then those it would have gone on to, then
    /// those it gets nothing from whatever it wants.
    fn considered(
        &self,
        at: Timestamp,
        open: &OpenHolds,
        claim: &Claim,
        free: &Supply,
        (strategy, taken): (Strategy, &[(&LocationId, LineQuantity)]),
        is_refused: bool,
    ) -> Vec<Considered> {
        let units_at = |location: &LocationId| {
            let here = free.iter().find(|free| self.name(free.location) == location);
            here.and_then(|free| Quantity::new(free.units)).unwrap_or(Quantity::MAX)
        };
        let mut considered: Vec<_> = taken
            .iter()
            .map(|(location, units)| Considered {
                location: (*location).clone(),
                free: units_at(location),
                outcome: SourceOutcome::Taken(*units),
            })
            .collect();
        let others = sourcing::in_order(free, strategy, claim.quantity);
        let others = others.into_iter().filter(|number| {
            self.shelf(*number).is_stocked
                && taken.iter().all(|(location, _)| *location != self.name(*number))
        });
        let got: u64 = taken.iter().map(|(_, units)| u64::from(units.units())).sum();
        let despite = match got < u64::from(claim.quantity.units()) {
            _ if is_refused => Some(PassedOver::Refused),
            true => Some(PassedOver::NotWhole),
            false => None,
        };
        let why = |number| self.passed_over(at, open, claim, (strategy, number), free, despite);
        let mut others: Vec<_> = others.map(|number| (number, why(number))).collect();
        // Those last that cannot be asked at all.
        others.sort_by_key(|(_, why)| !is_a_choice(*why));
        considered.extend(others.into_iter().map(|(number, why)| Considered {
            location: self.name(number).clone(),
            free: units_at(self.name(number)),
            outcome: SourceOutcome::PassedOver(why),
        }));
        considered.truncate(SOURCES_MAX);
        considered
    }

    /// Why nothing is taken from a location; `despite` says why units are not taken that are free and wanted, where there are such.
    fn passed_over(
        &self,
        at: Timestamp,
        open: &OpenHolds,
        claim: &Claim,
        (strategy, number): (Strategy, LocationNumber),
        free: &Supply,
        despite: Option<PassedOver>,
    ) -> PassedOver {
        let (policy, location) = (self.policy(), self.name(number));
        if claim.location.as_ref().is_some_and(|asked| asked != location) {
            return PassedOver::NotAskedFor;
        }
        if free.iter().any(|free| free.location == number && free.units > 0) {
            let listed = listed(strategy, &open.terms);
            return despite.unwrap_or(match strategy {
                Strategy::Nearest if listed.contains(location) => PassedOver::TooFar,
                Strategy::Nearest if !listed.is_empty() => PassedOver::DistanceUnknown,
                Strategy::Nearest | Strategy::FewestShipments | Strategy::Ranked | Strategy::HighestStock => {
                    PassedOver::NotNeeded
                }
            });
        }
        self.why_nothing(at, policy, number)
    }

    /// Why nothing can be had at a location, whoever asks.
    fn why_nothing(&self, at: Timestamp, policy: &Policy, number: LocationNumber) -> PassedOver {
        let location = self.name(number);
        if policy.sourcing.closed.contains(location) {
            return PassedOver::Closed;
        }
        if policy.is_before_release(at) {
            return PassedOver::BeforeRelease;
        }
        let is_there = !self.nobodys(number, at).is_zero();
        match &self.sale {
            Some(sale) => match sale.status(at) {
                SaleStatus::Paused => PassedOver::SaleNotOpen,
                SaleStatus::Scheduled if sale.terms().exclusive => PassedOver::SaleNotOpen,
                SaleStatus::Open if sale.has_allotments() && is_there => PassedOver::NotInSale,
                SaleStatus::Scheduled if is_there => PassedOver::SetAside,
                SaleStatus::Scheduled | SaleStatus::Open | SaleStatus::Closed => PassedOver::NothingFree,
            },
            None => PassedOver::NothingFree,
        }
    }
}

/// Whether units could be taken there, if they were wanted.
fn is_a_choice(why: PassedOver) -> bool {
    match why {
        PassedOver::NotNeeded
        | PassedOver::TooFar
        | PassedOver::DistanceUnknown
        | PassedOver::NotWhole
        | PassedOver::Refused => true,
        PassedOver::NotAskedFor
        | PassedOver::Closed
        | PassedOver::BeforeRelease
        | PassedOver::SaleNotOpen
        | PassedOver::SetAside
        | PassedOver::NotInSale
        | PassedOver::NothingFree => false,
    }
}
