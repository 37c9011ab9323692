//! Claim more units for a reservation that there is: for lines it has, and for new ones. What it has is not in its own way.

use super::super::claim::{Source, Sources, Spread};
use super::super::{Claim, Hold, Kept, Policy, PriorityClass, Product, ProductEvent, RaiseHolds, Terms};
use super::Events;
use super::open::{Granted, Own};
use crate::ids::HoldId;
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_raise(&self, at: Timestamp, raise: &RaiseHolds) -> Result<Events, Rejection> {
        raise.open.terms.check_date(at)?;
        let Some(details) = &self.details else {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        };
        self.check_has_stock()?;
        let policy = &details.policy;
        if !policy.sellable {
            return Err(Rejection::NotSellable { sku: self.sku.clone() });
        }
        let RaiseHolds { open, .. } = raise;
        let more = raise.raised.iter().map(|(_, claim)| claim).chain(&open.claims);
        let more: Vec<Claim> = more.cloned().collect();
        let units: u64 = more.iter().map(|claim| u64::from(claim.quantity.units())).sum();
        self.check_rules(policy, raise.kept.units() + units)?;
        let buyer = self.check_sale(at, &open.customer, self.counted_anew(raise, units), Quantity::ZERO)?;
        let granted: Vec<Option<More>> = if policy.tracked {
            let mut grants = self.grants(at, policy, &open.terms);
            grants.own = self.own(raise);
            let granted = self.grant_all(policy, &mut grants, &more, raise.kept.units())?;
            if let Some(claim) = more.first().filter(|_| granted.iter().all(Option::is_none)) {
                return Err(self.shortage(claim, 0, &grants));
            }
            granted.into_iter().map(|granted| Some(self.named(&granted?))).collect()
        } else {
            let place = |claim: &Claim| {
                let location = self.decide_place(at, claim, &open.terms, units, self.own(raise))?;
                let source = Source { location, units: claim.quantity };
                Ok(Some(More { quantity: claim.quantity, filled: vec![source], queued: Quantity::ZERO }))
            };
            more.iter().map(place).collect::<Result<_, _>>()?
        };
        let mut granted = granted.into_iter();
        let mut events = Events::new();
        for ((line, claim), more) in raise.raised.iter().zip(granted.by_ref()) {
            let Some(more) = more else { continue };
            let hold = HoldId { reservation: open.reservation, line: *line };
            let live = self.hold(hold).ok_or(Rejection::HoldNotFound { hold })?;
            let Kept { quantity, sources } = self.raised(at, &live, claim, more, Place::of(&open.terms))?;
            events.push(ProductEvent::HoldChanged { hold, quantity, sources, buyer: buyer.cloned() });
        }
        let opened = open.claims.iter().zip(granted).filter_map(|(claim, more)| Some((claim, more?)));
        events.extend((open.first_line..).zip(opened).map(|(line, (claim, more))| {
            ProductEvent::HoldOpened {
                hold: HoldId { reservation: open.reservation, line },
                quantity: more.quantity,
                sources: more.sources(claim, Place::of(&open.terms)),
                buyer: buyer.cloned(),
                expires_at: open.expires_at,
                offer: None,
            }
        }));
        Ok(events)
    }

    /// The rules about quantities are about all that the reservation will have of the product.
    fn check_rules(&self, policy: &Policy, units: u64) -> Result<(), Rejection> {
        let sum = u32::try_from(units).ok().and_then(LineQuantity::new);
        let sum = sum.ok_or_else(|| Rejection::LineTooLarge {
            sku: self.sku.clone(),
            requested: LineQuantity::MOST,
            max: policy.line_quantity_max,
        })?;
        policy.check_line(&self.sku, sum)
    }

    /// Units that count in an open sale from now on. A line that was claimed before it counts as a whole once it gets more.
    fn counted_anew(&self, raise: &RaiseHolds, units: u64) -> Quantity {
        let outside = raise.raised.iter().filter_map(|(line, _)| {
            let hold = HoldId { reservation: raise.open.reservation, line: *line };
            let counts = self.sale.as_ref().is_some_and(|sale| sale.has_claim(hold));
            self.holds.get(hold).filter(|_| !counts).map(|held| u64::from(held.quantity.units()))
        });
        Quantity::new(units + outside.sum::<u64>()).unwrap_or(Quantity::MAX)
    }

    fn own(&self, raise: &RaiseHolds) -> Own {
        let mut own = Own::default();
        for line in &raise.lines {
            let id = HoldId { reservation: raise.open.reservation, line: *line };
            match (self.spread.get(&id), self.holds.get(id)) {
                (Some(spread), _) => {
                    own.filled.extend_from_slice(&spread.filled);
                    own.queued = own.queued.checked_add(spread.queued).unwrap_or(Quantity::MAX);
                }
                (None, Some(held)) => own.filled.push((held.location, held.quantity)),
                (None, None) => {}
            }
        }
        own
    }

    fn named(&self, granted: &Granted) -> More {
        let source =
            |(number, units): &(_, _)| Source { location: self.name(*number).clone(), units: *units };
        let filled = granted.taken.iter().map(source).collect();
        More { quantity: granted.quantity, filled, queued: granted.queued }
    }

    /// What a hold has with what it is given besides.
    fn raised(
        &self,
        at: Timestamp,
        live: &Hold,
        claim: &Claim,
        more: More,
        place: Place,
    ) -> Result<Kept, Rejection> {
        let too_large = || Rejection::LineTooLarge {
            sku: self.sku.clone(),
            requested: LineQuantity::MOST,
            max: LineQuantity::MOST,
        };
        let place = match &live.sources {
            // What queues stays where it queues, and for as long; but nothing comes to queue up to a date that is over.
            Sources::Spread(spread) if !spread.queued.is_zero() => {
                let is_over = spread.good_til.is_some_and(|date| date <= at) && !more.queued.is_zero();
                let good_til = if is_over { place.good_til } else { spread.good_til };
                Place { class: spread.class, good_til }
            }
            Sources::At { .. } | Sources::Spread(_) => place,
        };
        let mut all = More {
            quantity: live.quantity.checked_add(more.quantity).ok_or_else(too_large)?,
            filled: Vec::new(),
            queued: live.sources.queued().checked_add(more.queued).ok_or_else(too_large)?,
        };
        let filled = live.sources.filled(live.quantity);
        all.filled.extend(filled.map(|(location, units)| Source { location: location.clone(), units }));
        for source in more.filled {
            match all.filled.iter_mut().find(|before| before.location == source.location) {
                Some(before) => {
                    before.units = before.units.checked_add(source.units).ok_or_else(too_large)?
                }
                None => all.filled.push(source),
            }
        }
        Ok(Kept { quantity: all.quantity, sources: all.sources(claim, place) })
    }
}

/// What one claim gets.
struct More {
    quantity: LineQuantity,
    filled: Vec<Source>,
    queued: Quantity,
}

/// Where units that are not there queue, and until when.
#[derive(Clone, Copy)]
struct Place {
    class: PriorityClass,
    good_til: Option<Timestamp>,
}

impl Place {
    fn of(terms: &Terms) -> Self {
        Self { class: terms.class, good_til: terms.good_til() }
    }
}

impl More {
    fn sources(self, claim: &Claim, place: Place) -> Sources {
        match self.filled.as_slice() {
            [only] if self.queued.is_zero() => {
                Sources::At { location: only.location.clone(), asked: claim.location.is_some() }
            }
            _ => Sources::Spread(Box::new(Spread {
                asked: claim.location.clone(),
                filled: self.filled,
                queued: self.queued,
                class: place.class,
                good_til: place.good_til.filter(|_| !self.queued.is_zero()),
            })),
        }
    }
}
