//! Claim units for lines of a reservation: the check and the taking are one step.

use super::super::claim::{Source, Sources, Spread};
use smallvec::SmallVec;

use super::super::sourcing::{self, Free, Strategy, Supply, Taken};
use super::super::{Claim, OpenHolds, Policy, Product, ProductEvent, Terms, TimeInForce};
use super::Events;
use crate::ids::{HoldId, LocationId};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::{Rejection, Shortage};
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_open(&self, at: Timestamp, open: &OpenHolds) -> Result<Events, Rejection> {
        let Some(details) = &self.details else {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        };
        let policy = &details.policy;
        if !policy.sellable {
            return Err(Rejection::NotSellable { sku: self.sku.clone() });
        }
        self.check_quantity(policy, &open.claims)?;
        if !policy.tracked {
            return self.decide_open_untracked(open);
        }
        let mut grants = Grants {
            supply: self.supply(at, &open.terms),
            queueable: policy.queue_limit(at).floor_sub(self.queued),
            strategy: open.terms.strategy.unwrap_or(policy.sourcing.strategy),
            time_in_force: open.terms.time_in_force.unwrap_or(match policy.queue_limit(at).is_zero() {
                true => TimeInForce::FillOrKill,
                false => TimeInForce::GoodTilCancelled,
            }),
        };
        // Claims for one location come first: the others can make do with what these leave.
        let mut granted: SmallVec<[_; 1]> = open.claims.iter().map(|_| None).collect();
        for anywhere in [false, true] {
            let claims = open.claims.iter().zip(&mut granted);
            for (claim, granted) in claims.filter(|(claim, _)| claim.location.is_none() == anywhere) {
                *granted = self.grant(&mut grants, claim)?;
            }
        }
        let granted = open.claims.iter().zip(granted).filter_map(|(claim, granted)| Some((claim, granted?)));
        let events: Events = (open.first_line..)
            .zip(granted)
            .map(|(line, (claim, Granted { quantity, taken, queued }))| {
                let hold = HoldId { reservation: open.reservation, line };
                assert!(
                    self.holds.get(hold).is_none() && !self.allocations.contains_key(&hold),
                    "I3: {hold:?} is opened once"
                );
                let sources = self.sources(claim, &taken, queued, &open.terms);
                ProductEvent::HoldOpened { hold, quantity, sources, expires_at: open.expires_at }
            })
            .collect();
        match open.claims.first() {
            Some(claim) if events.is_empty() => Err(self.shortage(claim, 0, grants.queueable)),
            _ => Ok(events),
        }
    }

    /// Takes the units of one claim out of what is there for the request; `None` if there are none and none are to queue.
    fn grant(&self, grants: &mut Grants, claim: &Claim) -> Result<Option<Granted>, Rejection> {
        let Grants { supply, queueable, strategy, time_in_force } = grants;
        let only = claim.location.as_ref().map(|asked| self.number(asked));
        let here = supply.iter().filter(|free| only.is_none_or(|only| only == Some(free.location)));
        let available: u64 = here.map(|free| free.units).sum();
        let taken = match only {
            Some(None) => Taken::new(),
            only => sourcing::take(supply, *strategy, claim.quantity, only.flatten()),
        };
        let filled = units(taken.iter().map(|(_, units)| units.units()).sum());
        let missing = Quantity::from(claim.quantity).floor_sub(filled);
        let queued = match time_in_force {
            _ if missing.is_zero() => Quantity::ZERO,
            TimeInForce::ImmediateOrCancel => Quantity::ZERO,
            TimeInForce::GoodTilCancelled if missing <= *queueable => missing,
            TimeInForce::FillOrKill | TimeInForce::GoodTilCancelled => {
                return Err(self.shortage(claim, available, *queueable));
            }
        };
        *queueable = queueable.floor_sub(queued);
        let granted = filled.checked_add(queued).and_then(|granted| u32::try_from(granted.units()).ok());
        let quantity = granted.and_then(LineQuantity::new);
        Ok(quantity.map(|quantity| Granted { quantity, taken, queued }))
    }

    /// The rules about quantities are about everything that one customer asks for at once.
    fn check_quantity(&self, policy: &Policy, claims: &[Claim]) -> Result<(), Rejection> {
        let mut quantities = claims.iter().map(|claim| claim.quantity);
        let Some(first) = quantities.next() else { return Ok(()) };
        let sum = quantities.try_fold(first, LineQuantity::checked_add);
        let sum = sum.ok_or_else(|| Rejection::LineTooLarge {
            sku: self.sku.clone(),
            requested: first,
            max: policy.line_quantity_max,
        })?;
        policy.check_line(&self.sku, sum)
    }

    /// What is free, and in which order the request and the merchant would have it used.
    fn supply(&self, at: Timestamp, terms: &Terms) -> Supply {
        let free = |(by_name, number)| Free {
            location: number,
            place: self.place(by_name, self.name(number), terms),
            units: self.free(number, at).units(),
        };
        self.numbers().enumerate().map(free).collect()
    }

    pub(super) fn place(&self, by_name: usize, location: &LocationId, terms: &Terms) -> usize {
        let prefer = terms.prefer.as_deref().unwrap_or_default();
        let ranking = &self.policy().sourcing.ranking;
        let mut ranked = prefer.iter().chain(ranking);
        ranked.position(|listed| listed == location).unwrap_or(prefer.len() + ranking.len() + by_name)
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
                }))
            }
        }
    }

    /// Why a claim cannot be met, so many units being there for it.
    pub(super) fn shortage(&self, claim: &Claim, available: u64, queueable: Quantity) -> Rejection {
        let here = self
            .numbers()
            .filter(|number| claim.location.as_ref().is_none_or(|asked| asked == self.name(*number)));
        let held: u64 = here.map(|number| self.shelf(number).level.held.units()).sum();
        let count = |units| Quantity::new(units).unwrap_or(Quantity::MAX);
        Rejection::InsufficientStock(Box::new(Shortage {
            sku: self.sku.clone(),
            location: claim.location.clone(),
            requested: claim.quantity,
            available: count(available),
            held: count(held),
            queued: self.queued,
            queueable,
            next_expiry: self.next_deadline().filter(|_| held > 0),
        }))
    }
}

/// What there is for the claims of one request.
struct Grants {
    supply: Supply,
    /// Units that may still queue.
    queueable: Quantity,
    strategy: Strategy,
    time_in_force: TimeInForce,
}

/// What one claim gets.
struct Granted {
    quantity: LineQuantity,
    taken: Taken,
    queued: Quantity,
}

fn units(units: u32) -> Quantity {
    Quantity::new(units.into()).unwrap_or_default()
}
