//! A plan for a whole basket: from as few locations as can be.
//!
//! Made from what is shown, so it may be overtaken; that does no harm, because each product takes what it has where it
//! has it, and the plan only says which locations it shall try first.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_engine::LocationId;
use holdfast_engine::product::{SourcingRules, Strategy, Terms};

use crate::basket::Stop;

/// Locations in the order in which most lines of the basket are covered, each by one location alone: the one that covers
/// most of them first, then the one that covers most of the rest, and so on (the greedy way to cover a set). `None` where
/// there is no choice or another strategy was asked for.
pub(crate) fn fewest_locations(stops: &[Stop], terms: &Terms) -> Option<Arc<[LocationId]>> {
    if stops.len() < 2 || terms.strategy.is_some_and(|strategy| strategy != Strategy::FewestShipments) {
        return None;
    }
    let mut covers: BTreeMap<LocationId, Vec<usize>> = BTreeMap::new();
    let mut is_choice = false;
    for (stop, Stop { cell, claims, .. }) in stops.iter().enumerate() {
        let shown = cell.shown();
        is_choice |= shown.stock.locations.len() > 1;
        let anywhere = claims.iter().find(|claim| claim.location.is_none());
        let Some(wanted) = anywhere.map(|claim| u64::from(claim.quantity.units())) else { continue };
        for view in shown.stock.locations.iter().filter(|view| view.counts.available >= wanted) {
            covers.entry(view.location.clone()).or_default().push(stop);
        }
    }
    if !is_choice {
        return None;
    }
    let mut plan = Vec::new();
    let mut is_open = vec![true; stops.len()];
    while plan.len() < SourcingRules::LOCATIONS_MAX {
        let count = |stops: &[usize]| stops.iter().filter(|stop| is_open.get(**stop) == Some(&true)).count();
        // Of those that cover as many, the first by name.
        let best =
            covers.iter().map(|(location, stops)| (count(stops), location)).rev().max_by_key(|(n, _)| *n);
        let Some((_, location)) = best.filter(|(n, _)| *n > 0) else { break };
        let location = location.clone();
        for stop in covers.remove(&location).unwrap_or_default() {
            if let Some(open) = is_open.get_mut(stop) {
                *open = false;
            }
        }
        plan.push(location);
    }
    (!plan.is_empty()).then(|| plan.into())
}
