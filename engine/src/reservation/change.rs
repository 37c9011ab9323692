//! Change the lines of a reservation that is held: more here, fewer there, some out, others in, in one step.
//!
//! What is more is claimed first, product by product, and the reservation has it only once it says so itself
//! ([`ReservationEvent::Changed`]): until then, and if it never does, its lines are what they were. What is less goes back
//! only afterwards. So a change is made whole or not at all, and nothing of the basket is lost to others on the way.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::{
    Bundles, Earlier, LINES_MAX, Lines, Lowered, Reservation, ReservationEvent, ReservationLine,
    ReservationState, check_noted,
};
use crate::ids::Sku;
use crate::operation::Operation;
use crate::product::{Claim, Policy};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::{Millis, Timestamp};

/// What is to be done so that a reservation has the lines that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangePlan {
    /// Lines that get fewer units, or none.
    pub lowered: Vec<Lowered>,
    /// What is to be claimed, product by product in the order of their SKUs.
    pub products: Vec<ProductChange>,
    /// Whether a line stays even if nothing of that is there.
    pub keeps_lines: bool,
}

/// What is to be claimed of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChange {
    /// Which.
    pub sku: Sku,
    /// Lines that get more, by number: how many more.
    pub raised: SmallVec<[(u16, Claim); 1]>,
    /// Lines that are new.
    pub added: SmallVec<[Claim; 1]>,
    /// Lines of this product that there are so far.
    pub lines: SmallVec<[u16; 1]>,
    /// Units that these keep together, without what is to be claimed.
    pub kept: Quantity,
}

impl Reservation {
    /// Whether this change was carried out before.
    ///
    /// # Errors
    /// If it is not held any more, or the key was used for something else.
    pub fn check_change(&self, at: Timestamp, operation: Operation) -> Result<bool, Rejection> {
        Ok(self.is_repeat(operation)? || self.check_held(at).map(|()| false)?)
    }

    /// The number of the line that is added next.
    pub fn next_line(&self) -> u16 {
        self.next_line
    }

    /// What is to be done so that it has just these lines: products in the order of their SKUs, claims in the order of their
    /// locations. `policy` knows the rules of a product, while it has any.
    ///
    /// # Errors
    /// If what is left of a product does not fit its rules, or there were too many changes.
    pub fn plan_change<'a>(
        &self,
        wanted: impl IntoIterator<Item = (&'a Sku, &'a [Claim])>,
        policy: &dyn Fn(&Sku) -> Option<Policy>,
    ) -> Result<ChangePlan, Rejection> {
        let mut plan = ChangePlan::default();
        let mut products: BTreeMap<&Sku, (Vec<&ReservationLine>, &[Claim])> = BTreeMap::new();
        for line in &self.lines {
            products.entry(&line.sku).or_default().0.push(line);
        }
        for (sku, claims) in wanted {
            products.entry(sku).or_default().1 = claims;
        }
        for (sku, (lines, claims)) in products {
            let before = plan.lowered.len();
            let change = plan_product(sku, &lines, claims, &mut plan.lowered);
            if !change.raised.is_empty() || !change.added.is_empty() {
                plan.products.push(change);
            } else if plan.lowered.len() > before
                && let Some(left) = u32::try_from(change.kept.units()).ok().and_then(LineQuantity::new)
                && let Some(policy) = policy(sku)
            {
                policy.check_line(sku, left)?;
            }
        }
        let added: usize = plan.products.iter().map(|product| product.added.len()).sum();
        if usize::from(self.next_line) + added > usize::from(u16::MAX) - LINES_MAX {
            return Err(Rejection::TooManyChanges);
        }
        let taken_out = plan.lowered.iter().filter(|lowered| lowered.left == 0).count();
        plan.keeps_lines = taken_out < self.lines.len();
        Ok(plan)
    }

    /// Changes it, once everything is claimed that is more: so many lines are raised or added, and it has so many bundles then. `ttl` from now is its time if
    /// that is to change.
    ///
    /// # Errors
    /// If it is not held any more.
    pub fn decide_change(
        &self,
        at: Timestamp,
        lowered: &[Lowered],
        raised: u16,
        bundles: u16,
        ttl: Option<Millis>,
        operation: Operation,
    ) -> Result<Option<ReservationEvent>, Rejection> {
        if self.check_change(at, operation)? {
            return Ok(None);
        }
        let ReservationState::Held { expires_at } = self.state else { return Ok(None) };
        let expires_at = ttl.map_or(expires_at, |ttl| at.plus(ttl));
        Ok(Some(ReservationEvent::Changed {
            lowered: lowered.to_vec(),
            raised,
            bundles,
            expires_at,
            operation,
            at,
        }))
    }

    /// Takes in a [`ReservationEvent::Changed`] with the lines that are raised or added, as they are now.
    ///
    /// # Panics
    /// If it is another event, or the lines are not those it is about: that is an error in this program or a damaged journal.
    pub fn change(
        &mut self,
        raised: impl IntoIterator<Item = ReservationLine>,
        bundles: Bundles,
        event: &ReservationEvent,
    ) {
        let ReservationEvent::Changed { lowered, raised: count, bundles: noted, .. } = event else {
            panic!("{:?} is changed, not {event:?}", self.id)
        };
        check_noted(self.id, bundles.as_deref(), *noted);
        let mut lines: Lines = self.lines.clone();
        for Lowered { line: number, left } in lowered {
            let position = lines.iter().position(|line| line.number == *number);
            let Some(position) = position else { panic!("{:?} has a line {number} to be lowered", self.id) };
            match (LineQuantity::new(*left), lines.get_mut(position)) {
                (Some(left), Some(line)) => {
                    line.sources = line.sources.first(line.quantity, left);
                    line.quantity = left;
                }
                _ => drop(lines.remove(position)),
            }
        }
        let mut changed = 0;
        for line in raised {
            changed += 1;
            match lines.iter_mut().find(|before| before.number == line.number) {
                Some(before) => *before = line,
                None => {
                    self.next_line = self.next_line.max(line.number.saturating_add(1));
                    lines.push(line);
                }
            }
        }
        assert_eq!(changed, u32::from(*count), "{:?} is changed with all that was claimed for it", self.id);
        lines.sort_by(|a, b| a.name().cmp(&b.name()));
        lines.shrink_to_fit();
        let before = std::mem::replace(&mut self.lines, lines);
        let bundles_before = std::mem::replace(&mut self.bundles, bundles);
        self.earlier.push(Earlier { until: self.version, lines: before, bundles: bundles_before });
        self.apply(event);
    }
}

/// What is to be claimed of one product, and which of its lines get fewer units. Both lists are in the order of the names.
fn plan_product(
    sku: &Sku,
    lines: &[&ReservationLine],
    claims: &[Claim],
    lowered: &mut Vec<Lowered>,
) -> ProductChange {
    let (mut raised, mut kept) = (SmallVec::new(), 0);
    for line in lines {
        let (number, has) = (line.number, line.quantity.units());
        let wanted = claims.iter().find(|claim| claim.location.as_ref() == line.sources.asked());
        let wants = wanted.map_or(0, |claim| claim.quantity.units());
        kept += u64::from(has.min(wants));
        if wants < has {
            lowered.push(Lowered { line: number, left: wants });
        }
        if let (Some(more), Some(claim)) = (LineQuantity::new(wants.saturating_sub(has)), wanted) {
            raised.push((number, Claim { location: claim.location.clone(), quantity: more }));
        }
    }
    let is_new = |claim: &&Claim| !lines.iter().any(|line| line.sources.asked() == claim.location.as_ref());
    ProductChange {
        sku: sku.clone(),
        raised,
        added: claims.iter().filter(is_new).cloned().collect(),
        lines: lines.iter().map(|line| line.number).collect(),
        kept: Quantity::new(kept).unwrap_or(Quantity::MAX),
    }
}
