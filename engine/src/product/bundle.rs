//! What a bundle is made of: a product whose units are made of units of other products.
//!
//! A bundle has no stock of its own. Whoever wants one claims its components, line by line; so no unit is ever in two
//! places, and bundles that share a component compete for it as any lines do. Units of the bundle itself are never counted, held, sold from a sale or waited for:
//! all that is refused ([`Rejection::ProductIsBundle`]). A product that has any of that cannot become a bundle; a bundle may
//! become a usual product at any time.
//!
//! The exception that cannot be ruled out: units of it that had been shipped before it became a bundle may come back. They lie
//! on its shelf, and nobody can have them until it is a usual product again.

use std::collections::BTreeSet;

use super::policy::{Contradiction, Policy, ProductDetails};
use super::{Product, SaleStatus, StockLevel};
use crate::ids::Sku;
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::{ProductUse, Rejection};
use crate::time::Timestamp;

/// So many units of another product in each unit of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Component {
    /// Which product.
    pub sku: Sku,
    /// How many of its units; at most [`Component::UNITS_MAX`].
    pub quantity: LineQuantity,
}

impl Component {
    /// Most units of one product in a unit of a bundle.
    pub const UNITS_MAX: u32 = 1_000;
    /// Most products a bundle is made of.
    pub const COUNT_MAX: usize = 50;
}

impl ProductDetails {
    /// Whether it is made of units of other products.
    pub fn is_bundle(&self) -> bool {
        !self.components.is_empty()
    }

    /// Finds what cannot be satisfied in what is said of this product.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self, sku: &Sku) -> Result<(), Contradiction> {
        self.policy.check()?;
        if !self.is_bundle() {
            return Ok(());
        }
        let named: BTreeSet<_> = self.components.iter().map(|component| &component.sku).collect();
        let fits = |component: &Component| component.quantity.units() <= Component::UNITS_MAX;
        if self.components.len() > Component::COUNT_MAX
            || named.len() < self.components.len()
            || named.contains(sku)
            || !self.components.iter().all(fits)
        {
            return Err(Contradiction::Components);
        }
        self.check_bundle_policy()
    }

    /// What a policy says of stock would be said in vain of a bundle.
    ///
    /// # Errors
    /// If it says any such thing of one.
    pub fn check_bundle_policy(&self) -> Result<(), Contradiction> {
        let Policy {
            sellable,
            hold_ttl_default,
            guest_hold_ttl_default,
            hold_ttl_max,
            line_quantity_min,
            line_quantity_max,
            line_quantity_multiple,
            ..
        } = self.policy;
        let usual = Policy {
            sellable,
            hold_ttl_default,
            guest_hold_ttl_default,
            hold_ttl_max,
            line_quantity_min,
            line_quantity_max,
            line_quantity_multiple,
            ..Policy::USUAL
        };
        if self.is_bundle() && self.policy != usual {
            return Err(Contradiction::StockOfBundle);
        }
        Ok(())
    }
}

impl Product {
    /// Whether it is made of units of other products now.
    pub fn is_bundle(&self) -> bool {
        self.details.as_ref().is_some_and(ProductDetails::is_bundle)
    }

    /// Refuses what needs stock of its own.
    pub(super) fn check_has_stock(&self) -> Result<(), Rejection> {
        match self.is_bundle() {
            true => Err(Rejection::ProductIsBundle { sku: self.sku.clone() }),
            false => Ok(()),
        }
    }

    /// Refuses to make a bundle of what has stock, or of which somebody is to get some.
    pub(super) fn check_may_be_bundle(&self, at: Timestamp) -> Result<(), Rejection> {
        let sum = |units: fn(&StockLevel) -> Quantity| {
            let counts = self.levels().map(|(_, level)| units(level));
            counts.fold(Quantity::ZERO, |sum, count| sum.checked_add(count).unwrap_or(Quantity::MAX))
        };
        let waiting = self.waiting_entries().filter(|(_, entry)| entry.status.is_open());
        let sale = self.sale.as_ref().filter(|sale| sale.status(at) != SaleStatus::Closed);
        let uses = ProductUse {
            on_hand: sum(|level| level.on_hand),
            held: sum(|level| level.held),
            allocated: sum(|level| level.allocated),
            queued: self.queued,
            incoming: self.incoming_total(),
            waiting: waiting.count(),
            sale: sale.map(|sale| sale.terms().id.clone()),
        };
        if uses != ProductUse::default() {
            return Err(Rejection::StockInTheWay { sku: self.sku.clone(), uses: Box::new(uses) });
        }
        Ok(())
    }
}
