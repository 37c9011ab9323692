//! How many whole bundles there are, from what is shown of their components.
//!
//! A bundle has no stock of its own, so this is made of several products' views, each read at its own moment: it promises nothing.
//! Whoever reserves one is told by the components themselves.

use std::collections::BTreeMap;

use holdfast_engine::{LineQuantity, LocationId, Quantity, Sku};

use crate::view::{LocationCounts, LocationView, ProductView, StockView};

/// What there is of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleStock {
    /// Whole bundles that could be had now.
    pub available: u64,
    /// What each is made of, and what there is of that.
    pub components: Vec<ComponentStock>,
}

/// What there is of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentStock {
    /// Which product.
    pub sku: Sku,
    /// How many of its units are in each bundle.
    pub quantity: LineQuantity,
    /// Its counts over all locations; nothing while it is not in the catalogue.
    pub counts: LocationCounts,
    /// Units of it that somebody queues for.
    pub queued: u64,
    /// For how many bundles its available units suffice.
    pub suffices_for: u64,
}

/// The stock of a bundle, from its own view and those of its components, in their order; `None` for what is not in the catalogue.
pub(crate) fn bundle_stock(
    bundle: &ProductView,
    own: StockView,
    components: &[Option<StockView>],
) -> StockView {
    let details = &bundle.details;
    let each = || details.components.iter().zip(components);
    // Of what is not sold there is none, whatever there is of its parts.
    let sold = |units: u64| if details.policy.sellable { units } else { 0 };
    let told = each().map(|(component, stock)| {
        let counts = stock.as_ref().map(StockView::totals).unwrap_or_default();
        ComponentStock {
            sku: component.sku.clone(),
            quantity: component.quantity,
            counts,
            queued: stock.as_ref().map_or(0, |stock| stock.queued),
            suffices_for: counts.available / u64::from(component.quantity.units()),
        }
    });
    let told: Vec<_> = told.collect();
    let available = sold(told.iter().map(|component| component.suffices_for).min().unwrap_or(0));
    let mut places: BTreeMap<&LocationId, u64> = BTreeMap::new();
    for view in components.iter().flatten().flat_map(|stock| &stock.locations) {
        places.insert(&view.location, Quantity::MAX.units());
    }
    for (component, stock) in each() {
        for (location, whole) in &mut places {
            let here = match stock {
                // Its units need not have been anywhere.
                Some(stock) if !stock.tracked => Quantity::MAX.units(),
                Some(stock) => stock.counts_at(Some(location)).available,
                None => 0,
            };
            *whole = (*whole).min(here / u64::from(component.quantity.units()));
        }
    }
    let locations = places.into_iter().map(|(location, whole)| LocationView {
        location: location.clone(),
        counts: LocationCounts { available: sold(whole), ..LocationCounts::default() },
        without_holds: 0,
    });
    let sequence = components.iter().flatten().map(|stock| stock.sequence).max();
    StockView {
        locations: locations.collect(),
        sequence: sequence.map_or(own.sequence, |sequence| sequence.max(own.sequence)),
        bundle: Some(Box::new(BundleStock { available, components: told })),
        ..own
    }
}
