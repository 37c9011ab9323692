//! Bundles, as far as more than one product is concerned.

use holdfast_engine::product::{ProductDetails, Terms, TimeInForce};
use holdfast_engine::reservation::{Bundles, Unpacked, Unpacking, explained};
use holdfast_engine::{Rejection, Sku};

use crate::reservations::{TtlBounds, Wanted};
use crate::shared::Shared;

/// Refuses a bundle made of bundles, as far as is known: the others may become bundles later, which is checked again whenever
/// somebody wants one.
pub(crate) fn check_components(
    shared: &Shared,
    sku: &Sku,
    details: &ProductDetails,
) -> Result<(), Rejection> {
    match details.components.iter().find(|component| is_bundle(shared, &component.sku)) {
        Some(component) => {
            let (sku, component) = (sku.clone(), component.sku.clone());
            Err(Rejection::ComponentIsBundle { sku, component })
        }
        None => Ok(()),
    }
}

/// Whether a product is a bundle, as far as is shown.
pub(crate) fn is_bundle(shared: &Shared, sku: &Sku) -> bool {
    let shown = shared.directory.get(sku).and_then(|cell| cell.details());
    shown.is_some_and(|shown| shown.details.is_bundle())
}

/// Puts what bundles are made of beside what else is wanted, and what those products allow into the bounds. Answers what was asked
/// as bundles.
pub(crate) fn unpack(
    shared: &Shared,
    unpacking: Unpacking<'_>,
    terms: &Terms,
    guest: bool,
    wanted: &mut Vec<Wanted>,
    bounds: &mut TtlBounds,
) -> Result<Bundles, Rejection> {
    let in_part = terms.time_in_force.is_some_and(TimeInForce::may_drop);
    let Unpacked { bundles, claims } =
        unpacking.finish(wanted.len(), in_part, &|sku| is_bundle(shared, sku))?;
    for (sku, claim) in claims {
        let found = shared.directory.get(&sku).filter(|cell| {
            let shown = cell.shown();
            let details = shown.details.as_ref().map(|view| &view.details);
            details.inspect(|details| bounds.allow(&details.policy, guest)).is_some()
        });
        let unknown = || explained(bundles.as_deref(), Rejection::UnknownSku { sku: sku.clone() });
        wanted.push((found.ok_or_else(unknown)?, claim));
    }
    Ok(bundles)
}
