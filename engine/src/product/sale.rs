//! A sale of a product: a window in time, units set aside for it, and a limit for each customer.
//!
//! ```text
//!   scheduled ──opens_at──▶ open ◀──▶ paused        closes_at, or ended by the merchant: closed
//!      what is set aside     only what is set         what was set aside and not sold is
//!      is not for the        aside is sold (all,      for the public again
//!      public                if nothing was)
//! ```
//!
//! While a sale is open, whatever is claimed of the product is claimed in it: so no customer gets around the limit, and the
//! sale is sold out at the very unit. Units that come back from a claim, by release, lapse or cancellation, are the
//! sale's again, and the customer may buy so many more; units that were shipped stay sold, returned or not.
//!
//! A sale may be a door that lets only so many customers in at a time: those who hold something in it. Who is in may take more;
//! who has paid, or let go of everything, is out.
//!
//! Units that are offered to a customer who waits count as his meanwhile.
//!
//! Invariants: I5, in a sale no customer has more units than its limit; what is set aside and not sold is never granted to
//! anybody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Map;
use super::holds::LocationNumber;
use crate::ids::{CustomerId, HoldId, LocationId, SaleId};
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

/// What the merchant decides about a sale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SaleTerms {
    /// The merchant's name of it.
    pub id: SaleId,
    /// From this instant on it is open.
    pub opens_at: Timestamp,
    /// From this instant on it is closed; open until the merchant ends it if not said.
    pub closes_at: Option<Timestamp>,
    /// Whether nothing is sold for the moment.
    pub paused: bool,
    /// Whether nothing is sold before it opens either.
    pub exclusive: bool,
    /// Most units a customer may have of it, over all reservations and orders.
    pub per_customer: Option<LineQuantity>,
    /// Most customers who may have live holds in it at a time: a door that lets so many in. Whoever is in may claim more;
    /// somebody else comes in when one of them has paid, or has let go of all he held.
    pub admits: Option<u32>,
    /// Units set aside for it, by location; at most [`SaleTerms::ALLOTMENTS_MAX`]. If there are none, all that is free is for
    /// sale.
    pub allotments: Vec<Allotment>,
}

/// Units set aside for a sale at one location.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Allotment {
    /// Where.
    pub location: LocationId,
    /// How many.
    pub units: Quantity,
}

impl SaleTerms {
    /// Most locations a sale may have units set aside at.
    pub const ALLOTMENTS_MAX: usize = 64;

    /// Whether the terms can be kept: it closes after it opens, and no location is named twice.
    pub fn is_sound(&self) -> bool {
        let named = |at: &usize, allotment: &Allotment| {
            self.allotments.iter().take(*at).any(|before| before.location == allotment.location)
        };
        self.closes_at.is_none_or(|closes_at| closes_at > self.opens_at)
            && self.allotments.len() <= Self::ALLOTMENTS_MAX
            && !self.allotments.iter().enumerate().any(|(at, allotment)| named(&at, allotment))
    }
}

/// Where a sale stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SaleStatus {
    /// It has not opened.
    Scheduled,
    /// It sells.
    Open,
    /// It sells nothing for the moment.
    Paused,
    /// It is over.
    Closed,
}

impl SaleStatus {
    /// The word, as it stands on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Closed => "closed",
        }
    }
}

/// A sale and what was sold in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    terms: Arc<SaleTerms>,
    ended: bool,
    /// Units of its claims, over all customers.
    sold: Quantity,
    /// Units of its claims by location: held, promised or shipped.
    taken: BTreeMap<LocationNumber, Quantity>,
    /// Units each customer has in it.
    buyers: Map<CustomerId, Quantity>,
    /// Whose each claim is.
    claims: Map<HoldId, Claimed>,
    /// How many live holds each customer has in it.
    inside: Map<CustomerId, u32>,
}

/// What a sale knows of a claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Claimed {
    /// Whose it is.
    pub(super) customer: CustomerId,
    /// Units that it had before it counted in the sale: those of a hold from before, which got more while the sale was open. It
    /// counts as a whole while it has more than these.
    pub(super) before: Quantity,
}

impl Sale {
    pub(super) fn new(terms: SaleTerms) -> Self {
        let (taken, buyers, claims) = (BTreeMap::new(), Map::default(), Map::default());
        let (terms, sold, inside) = (Arc::new(terms), Quantity::ZERO, Map::default());
        Self { terms, ended: false, sold, taken, buyers, claims, inside }
    }

    /// What the merchant decided.
    pub fn terms(&self) -> &Arc<SaleTerms> {
        &self.terms
    }

    /// Where it stands at this instant.
    pub fn status(&self, at: Timestamp) -> SaleStatus {
        if self.ended || self.terms.closes_at.is_some_and(|closes_at| closes_at <= at) {
            SaleStatus::Closed
        } else if self.terms.paused {
            SaleStatus::Paused
        } else if at < self.terms.opens_at {
            SaleStatus::Scheduled
        } else {
            SaleStatus::Open
        }
    }

    /// The next instant at which it opens or closes by itself.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let closes_at = self.terms.closes_at.filter(|_| !self.ended);
        let opens_at = Some(self.terms.opens_at).filter(|_| !self.ended);
        [opens_at, closes_at].into_iter().flatten().filter(|instant| *instant > at).min()
    }

    /// Units a customer has in it.
    pub fn bought_by(&self, customer: &CustomerId) -> Quantity {
        self.buyers.get(customer).copied().unwrap_or_default()
    }

    /// Customers who have live holds in it.
    pub fn inside(&self) -> usize {
        self.inside.len()
    }

    /// Whether a customer may claim something in it as far as the number of customers goes.
    pub(super) fn admits(&self, customer: &CustomerId) -> bool {
        let has_room = |most: u32| u64::try_from(self.inside.len()).is_ok_and(|inside| inside < most.into());
        self.terms.admits.is_none_or(has_room) || self.inside.contains_key(customer)
    }

    /// Units of its claims, over all customers.
    pub fn sold(&self) -> Quantity {
        self.sold
    }

    /// Whether units were set aside for it.
    pub(super) fn has_allotments(&self) -> bool {
        !self.terms.allotments.is_empty()
    }

    /// Units set aside at a location, claimed or not.
    pub(super) fn allotted(&self, location: &LocationId) -> Quantity {
        let allotted = self.terms.allotments.iter().find(|allotment| allotment.location == *location);
        allotted.map_or(Quantity::ZERO, |allotted| allotted.units)
    }

    /// Units set aside at a location that nobody has claimed.
    pub(super) fn set_aside(&self, location: &LocationId, number: LocationNumber) -> Quantity {
        self.allotted(location).floor_sub(self.taken.get(&number).copied().unwrap_or_default())
    }

    /// Checks that what was sold is what the customers have, and that those are inside who hold something in it.
    ///
    /// # Panics
    /// If it is not: that is an error in this program.
    pub(super) fn check(&self, is_live: impl Fn(HoldId) -> bool) {
        let mut inside = Map::<CustomerId, u32>::default();
        for (_, claimed) in self.claims.iter().filter(|(hold, _)| is_live(**hold)) {
            *inside.entry(claimed.customer.clone()).or_default() += 1;
        }
        assert_eq!(self.inside, inside, "I5: {}: inside are those with live holds", self.terms.id);
        let bought: u64 = self.buyers.values().map(|units| units.units()).sum();
        assert_eq!(self.sold.units(), bought, "I5: {}: sold is what the customers have", self.terms.id);
    }

    pub(super) fn change(&mut self, terms: SaleTerms) {
        self.terms = Arc::new(terms);
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// A hold of his counts from now on.
    pub(super) fn enter(&mut self, customer: &CustomerId) {
        *self.inside.entry(customer.clone()).or_default() += 1;
    }

    /// A hold of his counts no longer as one.
    pub(super) fn leave(&mut self, customer: &CustomerId) {
        if let Some(holds) = self.inside.get_mut(customer) {
            *holds -= 1;
            if *holds == 0 {
                self.inside.remove(customer);
            }
        }
    }

    pub(super) fn claim(&mut self, hold: HoldId, claimed: Claimed, units: Quantity) {
        self.count(&claimed.customer, units);
        self.claims.insert(hold, claimed);
    }

    fn count(&mut self, customer: &CustomerId, units: Quantity) {
        let bought = self.buyers.entry(customer.clone()).or_default();
        *bought = bought.checked_add(units).unwrap_or(Quantity::MAX);
        self.sold = self.sold.checked_add(units).unwrap_or(Quantity::MAX);
    }

    /// Units of a claim lie here, or do not any more.
    pub(super) fn take(&mut self, number: LocationNumber, units: Quantity) {
        let taken = self.taken.entry(number).or_default();
        *taken = taken.checked_add(units).unwrap_or(Quantity::MAX);
    }

    pub(super) fn has_claim(&self, hold: HoldId) -> bool {
        self.claims.contains_key(&hold)
    }

    /// Units offered to a customer count as claimed, while they are.
    pub(super) fn offer(&mut self, customer: &CustomerId, number: LocationNumber, units: Quantity) {
        self.count(customer, units);
        self.take(number, units);
    }

    /// Units are not on offer any more.
    pub(super) fn withdraw_offer(&mut self, customer: &CustomerId, number: LocationNumber, units: Quantity) {
        self.give_back_units(customer, units);
        self.put_back(number, units);
    }

    /// Ends a claim. Answers what was known of it.
    pub(super) fn forget(&mut self, hold: HoldId, units: Quantity) -> Option<Claimed> {
        let claimed = self.claims.remove(&hold)?;
        self.give_back_units(&claimed.customer, units);
        Some(claimed)
    }

    /// A claim has so many units less.
    pub(super) fn give_back(&mut self, hold: HoldId, units: Quantity) {
        if let Some(claimed) = self.claims.get(&hold).cloned() {
            self.give_back_units(&claimed.customer, units);
        }
    }

    pub(super) fn put_back(&mut self, number: LocationNumber, units: Quantity) {
        if let Some(taken) = self.taken.get_mut(&number) {
            *taken = taken.floor_sub(units);
        }
    }

    fn give_back_units(&mut self, customer: &CustomerId, units: Quantity) {
        if let Some(bought) = self.buyers.get_mut(customer) {
            *bought = bought.floor_sub(units);
            self.sold = self.sold.floor_sub(units);
            if bought.is_zero() {
                self.buyers.remove(customer);
            }
        }
    }

    pub(crate) fn hash_into<H: std::hash::Hasher>(&self, state: &mut H) {
        use std::hash::Hash;
        (&self.terms, self.ended, self.sold, &self.taken).hash(state);
        let mut buyers: Vec<_> = self.buyers.iter().collect();
        buyers.sort_unstable();
        buyers.hash(state);
        let mut claims: Vec<_> = self.claims.iter().collect();
        claims.sort_unstable();
        claims.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A sale from 10 to 20.
    fn terms() -> SaleTerms {
        SaleTerms {
            id: SaleId::new("spring").unwrap(),
            opens_at: at(10),
            closes_at: Some(at(20)),
            paused: false,
            exclusive: false,
            per_customer: None,
            admits: None,
            allotments: Vec::new(),
        }
    }

    fn aside(count: usize) -> Vec<Allotment> {
        let place = |number| LocationId::new(&format!("place-{number}")).unwrap();
        (0..count).map(|number| Allotment { location: place(number), units: Quantity::ZERO }).collect()
    }

    #[test]
    fn a_sale_is_open_from_the_instant_it_opens_and_no_longer_at_the_one_it_closes() {
        let told = |sale: &Sale, instants: [i64; 4]| instants.map(|millis| sale.status(at(millis)).name());
        let mut sale = Sale::new(terms());
        assert_eq!(told(&sale, [9, 10, 19, 20]), ["scheduled", "open", "open", "closed"]);
        sale.change(SaleTerms { paused: true, ..terms() });
        assert_eq!(told(&sale, [9, 10, 19, 20]), ["paused", "paused", "paused", "closed"]);
        sale.change(SaleTerms { closes_at: None, ..terms() });
        assert_eq!(told(&sale, [9, 10, 19, 20]), ["scheduled", "open", "open", "open"]);
        sale.end();
        assert_eq!(told(&sale, [9, 10, 19, 20]), ["closed"; 4]);
    }

    #[test]
    fn a_sale_changes_next_when_it_opens_and_then_when_it_closes() {
        let next = |sale: &Sale| [9, 10, 19, 20].map(|millis| sale.next_change(at(millis)));
        let mut sale = Sale::new(terms());
        assert_eq!(next(&sale), [Some(at(10)), Some(at(20)), Some(at(20)), None]);
        sale.end();
        assert_eq!(next(&sale), [None; 4], "what is over changes no more");
    }

    #[test]
    fn a_sale_closes_after_it_opens_and_sets_aside_at_each_place_once_and_not_at_too_many() {
        let closing = |millis| SaleTerms { closes_at: Some(at(millis)), ..terms() }.is_sound();
        assert_eq!([9, 10, 11].map(closing), [false, false, true]);
        assert!(SaleTerms { closes_at: None, ..terms() }.is_sound());
        let with = |allotments| SaleTerms { allotments, ..terms() }.is_sound();
        let most = SaleTerms::ALLOTMENTS_MAX;
        assert_eq!(
            [0, 1, 2, most, most + 1].map(|count| with(aside(count))),
            [true, true, true, true, false]
        );
        assert!(!with([aside(2), aside(1)].concat()), "a place is named twice");
        assert!(!with([aside(1), aside(1)].concat()));
    }

    #[test]
    fn a_door_lets_in_who_is_inside_and_others_while_there_is_room() {
        let [ann, bob] = ["ann", "bob"].map(|name| CustomerId::new(name).unwrap());
        let mut sale = Sale::new(SaleTerms { admits: Some(1), ..terms() });
        assert!(sale.admits(&ann) && sale.admits(&bob));
        // Two holds of one customer.
        sale.enter(&ann);
        sale.enter(&ann);
        assert_eq!((sale.admits(&ann), sale.admits(&bob), sale.inside()), (true, false, 1));
        sale.leave(&ann);
        assert_eq!((sale.admits(&ann), sale.admits(&bob), sale.inside()), (true, false, 1));
        sale.leave(&ann);
        assert_eq!((sale.admits(&ann), sale.admits(&bob), sale.inside()), (true, true, 0));
        sale.leave(&bob);
        assert_eq!(sale.inside(), 0);
    }
}
