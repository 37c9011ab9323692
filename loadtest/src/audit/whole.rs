//! All or nothing, even for requests whose answer never came.
//!
//! When a server dies, some requests are without an answer; each of them has had its whole effect, or none. What is free
//! of every product then differs from what the answers add up to by a *sum of whole requests*. This module finds out
//! which: a product that only one of the open requests touches decides about that request, which may leave another
//! product with only one request open, and so on; where nothing is left to decide by itself, one of the two answers is
//! tried, and the other one if that leads nowhere.

use std::collections::BTreeMap;

use crate::goods::Sku;

/// What a request changes if it succeeds: free units of products.
pub type Effect = BTreeMap<Sku, i64>;

/// Which of the requests had their effect, if there is a set of whole requests that adds up to `difference`.
pub fn explain(difference: &Effect, requests: &[Effect]) -> Option<Vec<bool>> {
    let rest = difference.iter().filter(|(_, units)| **units != 0).map(|(sku, units)| (sku.clone(), *units));
    let open: Vec<usize> = (0..requests.len()).collect();
    let mut taken = solve(rest.collect(), open, requests)?;
    taken.sort_unstable();
    Some((0..requests.len()).map(|request| taken.binary_search(&request).is_ok()).collect())
}

fn solve(mut rest: Effect, mut open: Vec<usize>, requests: &[Effect]) -> Option<Vec<usize>> {
    let mut taken = Vec::new();
    loop {
        let touching = touching(&open, requests);
        if rest.keys().any(|sku| !touching.contains_key(sku)) {
            return None;
        }
        let decisive = touching.iter().find_map(|(sku, requests)| match requests.as_slice() {
            [only] => Some((*sku, *only)),
            _ => None,
        });
        let Some((sku, request)) = decisive else { break };
        let effect = requests.get(request)?;
        let had_effect = rest.get(sku).copied().unwrap_or_default() != 0;
        if had_effect {
            take(&mut rest, effect);
            taken.push(request);
            if rest.contains_key(sku) {
                return None;
            }
        }
        open.retain(|other| *other != request);
    }
    let Some(guess) = open.pop() else { return rest.is_empty().then_some(taken) };
    for had_effect in [false, true] {
        let mut rest = rest.clone();
        if had_effect {
            take(&mut rest, requests.get(guess)?);
        }
        if let Some(more) = solve(rest, open.clone(), requests) {
            taken.extend(more);
            taken.extend(had_effect.then_some(guess));
            return Some(taken);
        }
    }
    None
}

fn touching<'a>(open: &[usize], requests: &'a [Effect]) -> BTreeMap<&'a Sku, Vec<usize>> {
    let mut touching: BTreeMap<&Sku, Vec<usize>> = BTreeMap::new();
    for request in open {
        for sku in
            requests.get(*request).into_iter().flatten().filter(|(_, units)| **units != 0).map(|(sku, _)| sku)
        {
            touching.entry(sku).or_default().push(*request);
        }
    }
    touching
}

fn take(rest: &mut Effect, effect: &Effect) {
    for (sku, units) in effect {
        let left = rest.get(sku).copied().unwrap_or_default() - units;
        match left {
            0 => rest.remove(sku),
            left => rest.insert(sku.clone(), left),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(units: &[(&str, i64)]) -> Effect {
        units.iter().map(|(sku, units)| (Sku::as_named(sku), *units)).collect()
    }

    #[test]
    fn whole_requests_are_found() {
        let requests = [
            effect(&[("a", -1), ("b", -2)]),
            effect(&[("b", -3), ("c", -1)]),
            effect(&[("c", 4)]),
            effect(&[]),
        ];
        let all = |difference: &[(&str, i64)]| explain(&effect(difference), &requests);
        assert_eq!(all(&[]), Some(vec![false; 4]));
        assert_eq!(all(&[("a", -1), ("b", -2)]), Some(vec![true, false, false, false]));
        assert_eq!(all(&[("a", -1), ("b", -5), ("c", 3)]), Some(vec![true, true, true, false]));
    }

    #[test]
    fn half_a_request_is_not_explained() {
        let requests = [effect(&[("a", -1), ("b", -2)]), effect(&[("b", -3), ("c", -1)])];
        for difference in [&[("a", -1)][..], &[("b", -2)], &[("a", -1), ("b", -1)], &[("d", 1)]] {
            assert_eq!(explain(&effect(difference), &requests), None, "{difference:?}");
        }
    }

    #[test]
    fn requests_for_the_same_products_are_tried_out() {
        let requests = [
            effect(&[("a", -3), ("b", -1)]),
            effect(&[("a", -2), ("b", -1)]),
            effect(&[("a", -1), ("b", -1)]),
        ];
        assert_eq!(explain(&effect(&[("a", -4), ("b", -2)]), &requests), Some(vec![true, false, true]));
        assert_eq!(explain(&effect(&[("a", -5), ("b", -3)]), &requests), None);
    }
}
