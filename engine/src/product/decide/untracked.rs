//! Products whose units nobody counts: vouchers, downloads, services. Everybody gets what he asks for, nothing queues, and
//! what is held and promised is known all the same.
//!
//! A claim is still made at a place, so that holds, promises and shipments are what they are elsewhere: at the one it asks
//! for, or at the best one at which the merchant has the product, or, if he has it nowhere, at `main`.

use std::collections::BTreeMap;

use super::super::claim::Sources;
use super::super::sourcing::Supply;
use super::super::{
    Claim, FILLS_PER_EVENT, Fill, OpenHolds, Policy, Product, ProductEvent, Terms, TimeInForce,
};
use super::Events;
use super::open::{Grants, Own, listed};
use crate::ids::{CustomerId, HoldId, LocationId};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_open_untracked(
        &self,
        at: Timestamp,
        open: &OpenHolds,
        buyer: Option<&CustomerId>,
    ) -> Result<Events, Rejection> {
        let claimed: u64 = open.claims.iter().map(|claim| u64::from(claim.quantity.units())).sum();
        let hold = |(line, claim): (u16, &Claim)| {
            let location = self.decide_place(at, claim, &open.terms, claimed, Own::default())?;
            let hold = HoldId { reservation: open.reservation, line };
            assert!(
                self.holds.get(hold).is_none() && !self.allocations.contains_key(&hold),
                "I3: {hold:?} is opened once"
            );
            let (quantity, asked) = (claim.quantity, claim.location.is_some());
            let sources = Sources::At { location, asked };
            let (buyer, expires_at) = (buyer.cloned(), open.expires_at);
            Ok(ProductEvent::HoldOpened { hold, quantity, sources, buyer, expires_at, offer: None })
        };
        (open.first_line..).zip(&open.claims).map(hold).collect()
    }

    /// Where a claim is made, which is one of several that come to so many units.
    pub(super) fn decide_place(
        &self,
        at: Timestamp,
        claim: &Claim,
        terms: &Terms,
        claimed: u64,
        own: Own,
    ) -> Result<LocationId, Rejection> {
        let strategy = terms.strategy.unwrap_or(self.policy().sourcing.strategy);
        let (supply, queueable, time_in_force) = (Supply::new(), Quantity::ZERO, TimeInForce::FillOrKill);
        let grants = Grants { at, supply, queueable, offer: None, strategy, time_in_force, own };
        let refused = |available: Quantity| self.shortage(claim, available.units(), &grants);
        let location = match &claim.location {
            Some(asked) => {
                self.known(asked)?;
                (!self.policy().sourcing.closed.contains(asked)).then(|| asked.clone())
            }
            None => self.home(terms),
        };
        let location = location.ok_or_else(|| refused(Quantity::ZERO))?;
        // No count can say more than this, not even that of what is claimed.
        let room = self.level(&location).available(self.policy());
        if claimed > room.units() { Err(refused(room)) } else { Ok(location) }
    }

    /// Whoever queued while the product was tracked gets all of it.
    pub(super) fn decide_fills_untracked(&self) -> Events {
        let home = self.home(&Terms::default());
        let mut waiting: Vec<_> = self.book.iter().collect();
        waiting.sort_unstable_by_key(|(rank, ..)| *rank);
        let mut served: BTreeMap<LocationId, (Quantity, Vec<Fill>)> = BTreeMap::new();
        for (_, asked, hold) in waiting {
            let location = asked.map(|asked| self.name(asked).clone()).or_else(|| home.clone());
            let Some(location) = location.filter(|name| !self.policy().sourcing.closed.contains(name)) else {
                continue;
            };
            let queued = self.allocations.get(&hold).map_or(Quantity::ZERO, |allocation| allocation.queued);
            let units = u32::try_from(queued.units()).ok().and_then(LineQuantity::new);
            let room = self.level(&location).available(self.policy());
            let (taken, fills) = served.entry(location).or_default();
            let sum = taken.checked_add(queued).filter(|sum| *sum <= room);
            if let (Some(sum), Some(units)) = (sum, units) {
                *taken = sum;
                fills.push(Fill { hold, units });
            }
        }
        let events = served.into_iter().flat_map(|(location, (_, fills))| {
            let event = move |fills: &[Fill]| ProductEvent::Filled {
                location: location.clone(),
                fills: fills.to_vec(),
            };
            fills.chunks(FILLS_PER_EVENT).map(event).collect::<Vec<_>>()
        });
        events.collect()
    }

    /// The best of the places at which the merchant has the product, `main` if there is none; `None` if that is closed.
    fn home(&self, terms: &Terms) -> Option<LocationId> {
        let Policy { sourcing, .. } = self.policy();
        let stocked = self.numbers().enumerate().filter(|(_, number)| {
            let shelf = self.shelf(*number);
            shelf.is_stocked && !sourcing.closed.contains(&shelf.location)
        });
        let listed = listed(terms.strategy.unwrap_or(sourcing.strategy), terms);
        let best = stocked.min_by_key(|(by_name, number)| self.place(listed, *by_name, self.name(*number)));
        let main = || Some(LocationId::main()).filter(|main| !sourcing.closed.contains(main));
        best.map(|(_, number)| self.name(number).clone()).or_else(main)
    }
}
