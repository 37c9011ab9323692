//! Bundles, as far as more than one product is concerned.

use holdfast_engine::product::ProductDetails;
use holdfast_engine::{Rejection, Sku};

use crate::shared::Shared;

/// Refuses a bundle made of bundles, as far as is known: the others may become bundles later, which is checked again whenever
/// somebody wants one.
pub(crate) fn check_components(
    shared: &Shared,
    sku: &Sku,
    details: &ProductDetails,
) -> Result<(), Rejection> {
    let is_bundle = |of: &Sku| {
        let shown = shared.directory.get(of).and_then(|cell| cell.details());
        shown.is_some_and(|shown| shown.details.is_bundle())
    };
    match details.components.iter().find(|component| is_bundle(&component.sku)) {
        Some(component) => {
            let (sku, component) = (sku.clone(), component.sku.clone());
            Err(Rejection::ComponentIsBundle { sku, component })
        }
        None => Ok(()),
    }
}
