//! What the lines of an order cost, where some of what was asked for are bundles.
//!
//! An order has lines of what it takes from the shelves: of components. A line knows what its units cost *together*, and shares that
//! among them exactly as they are called off or come back; so a bundle's price needs no unit price of its components that would
//! have to be rounded. It is shared out over them in minor units, to the last one: by what they would cost alone where all of them have
//! a price, and otherwise by their number. What is left after rounding down goes to those that lost most by it.

use std::collections::BTreeMap;

use super::OrderLine;
use crate::ids::{LocationId, Sku};
use crate::money::UnitPrice;
use crate::quantity::LineQuantity;
use crate::rejection::Rejection;
use crate::reservation::{Bundle, named};

/// What was asked for under one name, a usual product or a bundle, and what all of it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// Which product.
    pub sku: Sku,
    /// From where, if that was said.
    pub location: Option<LocationId>,
    /// How many.
    pub quantity: LineQuantity,
    /// Whether they are units of a product, whatever bundles there are of its name.
    pub is_loose: bool,
    /// What they cost together, in minor units.
    pub total_minor: i64,
}

/// The lines of an order for what was asked, each name once: those of bundles are replaced by what these are made of. `alone` knows
/// what a unit of a component would cost by itself.
///
/// # Errors
/// If units or amounts do not fit where they must.
pub fn order_lines(
    priced: &[Priced],
    bundles: &[Bundle],
    alone: &dyn Fn(&Sku) -> Option<UnitPrice>,
) -> Result<Vec<OrderLine>, Rejection> {
    let mut lines: BTreeMap<(Sku, Option<LocationId>), (u64, i64)> = BTreeMap::new();
    let mut add = |sku: &Sku, location: &Option<LocationId>, units: u64, minor: i64| {
        let sum = lines.entry((sku.clone(), location.clone())).or_default();
        sum.0 = sum.0.checked_add(units)?;
        sum.1 = sum.1.checked_add(minor)?;
        Some(())
    };
    for Priced { sku, location, quantity, is_loose, total_minor } in priced {
        let of_name = if *is_loose { &[] } else { named(bundles, sku, location.as_ref()) };
        let parts: Vec<_> = of_name.iter().flat_map(parts).collect();
        if parts.is_empty() {
            add(sku, location, quantity.units().into(), *total_minor).ok_or(Rejection::TotalTooLarge)?;
            continue;
        }
        let shares = shared(*total_minor, &weights(&parts, alone)).ok_or(Rejection::TotalTooLarge)?;
        for ((sku, units), minor) in parts.iter().zip(shares) {
            add(sku, location, *units, minor).ok_or(Rejection::TotalTooLarge)?;
        }
    }
    let line = |((sku, location), (units, total_minor))| {
        let units = u32::try_from(units).ok().and_then(LineQuantity::new);
        let quantity = units.ok_or(Rejection::TotalTooLarge)?;
        // Which line of the reservation that is, is known once it is pinned.
        Ok(OrderLine { hold: 0, sku, location, quantity, total_minor })
    };
    lines.into_iter().map(line).collect()
}

/// Units of each component in these bundles.
fn parts(bundle: &Bundle) -> impl Iterator<Item = (Sku, u64)> {
    let bundles = u64::from(bundle.quantity.units());
    // At most ten million times a thousand.
    bundle.components.iter().map(move |part| (part.sku.clone(), u64::from(part.quantity.units()) * bundles))
}

/// How much of a bundle's price falls to each of its components.
fn weights(parts: &[(Sku, u64)], alone: &dyn Fn(&Sku) -> Option<UnitPrice>) -> Vec<u128> {
    let cost = |(sku, units): &(Sku, u64)| {
        let price = u128::try_from(alone(sku)?.ten_thousandths()).ok()?;
        Some(price * u128::from(*units))
    };
    let alone: Option<Vec<u128>> = parts.iter().map(cost).collect();
    match alone.filter(|costs| costs.iter().any(|cost| *cost > 0)) {
        Some(costs) => costs,
        None => parts.iter().map(|(_, units)| u128::from(*units)).collect(),
    }
}

/// Shares an amount out in these proportions, so that the shares add up to it: each gets its share rounded down, and what is left goes,
/// unit by unit, to those whose remainder is largest; to the first of them where they are as large. `None` if that leaves 128 bits, or
/// there is nothing to share it among.
fn shared(amount: i64, weights: &[u128]) -> Option<Vec<i64>> {
    let whole = weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight))?;
    let whole = Some(whole).filter(|whole| *whole > 0)?;
    let amount = u128::try_from(amount).ok()?;
    let (mut shares, mut lost) = (Vec::with_capacity(weights.len()), Vec::with_capacity(weights.len()));
    let mut left = amount;
    for (position, weight) in weights.iter().enumerate() {
        let exact = amount.checked_mul(*weight)?;
        let share = exact.checked_div(whole)?;
        left = left.checked_sub(share)?;
        shares.push(share);
        lost.push((std::cmp::Reverse(exact % whole), position));
    }
    lost.sort_unstable();
    // Fewer are left than there are shares, because each lost less than one.
    for (_, position) in lost.into_iter().take(usize::try_from(left).ok()?) {
        *shares.get_mut(position)? += 1;
    }
    shares.into_iter().map(|share| i64::try_from(share).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::product::Component;

    #[test]
    fn units_beside_bundles_of_their_name_are_not_taken_for_them() {
        let [cup, tea, gift] = ["cup", "tea", "box"].map(|name| Sku::new(name).unwrap());
        let component = |sku: &Sku| Component { sku: sku.clone(), quantity: LineQuantity::ONE };
        let components: Vec<_> = vec![component(&cup), component(&tea)];
        let bundle = Bundle {
            sku: gift.clone(),
            location: None,
            quantity: LineQuantity::ONE,
            components: components.into(),
        };
        let priced = |is_loose, total_minor| Priced {
            sku: gift.clone(),
            location: None,
            quantity: LineQuantity::ONE,
            is_loose,
            total_minor,
        };
        let lines = order_lines(&[priced(false, 300), priced(true, 500)], &[bundle], &|_| None).unwrap();
        let told: Vec<_> = lines.iter().map(|line| (line.sku.as_str(), line.total_minor)).collect();
        assert_eq!(told, [("box", 500), ("cup", 150), ("tea", 150)]);
    }

    /// What an order of three boxes costs, line by line: units and total. A box is of two cups and a tea.
    fn three_boxes(total_minor: i64, cup: Option<i64>, tea: Option<i64>) -> Vec<(String, u32, i64)> {
        let quantity = |units| LineQuantity::new(units).unwrap();
        let name = |name| Sku::new(name).unwrap();
        let component = |sku, units| Component { sku: name(sku), quantity: quantity(units) };
        let components = vec![component("cup", 2), component("tea", 1)].into();
        let bundle = Bundle { sku: name("box"), location: None, quantity: quantity(3), components };
        let (location, is_loose) = (None, false);
        let priced = Priced { sku: name("box"), location, quantity: quantity(3), is_loose, total_minor };
        let euros = Currency::new(*b"EUR", 2).unwrap();
        let alone = |sku: &Sku| {
            let cents = if sku.as_str() == "cup" { cup } else { tea };
            cents.map(|cents| UnitPrice::new(cents * 100, euros).unwrap())
        };
        let lines = order_lines(&[priced], &[bundle], &alone).unwrap().into_iter();
        lines.map(|line| (line.sku.to_string(), line.quantity.units(), line.total_minor)).collect()
    }

    fn cups_and_teas(cups: i64, teas: i64) -> Vec<(String, u32, i64)> {
        vec![("cup".to_owned(), 6, cups), ("tea".to_owned(), 3, teas)]
    }

    #[test]
    fn a_bundle_is_shared_out_by_what_its_components_would_cost_alone() {
        // Two cups of 1.00 to a tea of 3.00: two parts to three.
        assert_eq!(three_boxes(1_000, Some(100), Some(300)), cups_and_teas(400, 600));
        assert_eq!(
            three_boxes(1, Some(100), Some(300)),
            cups_and_teas(0, 1),
            "whoever lost most gets the rest"
        );
    }

    #[test]
    fn what_costs_nothing_alone_costs_nothing_in_a_bundle() {
        assert_eq!(three_boxes(1_000, Some(0), Some(300)), cups_and_teas(0, 1_000));
        assert_eq!(three_boxes(1_000, Some(100), Some(0)), cups_and_teas(1_000, 0));
    }

    #[test]
    fn a_bundle_is_shared_out_by_units_where_a_component_has_no_price_or_all_are_free() {
        for (cup, tea) in [(None, None), (None, Some(300)), (Some(100), None), (Some(0), Some(0))] {
            assert_eq!(three_boxes(1_000, cup, tea), cups_and_teas(667, 333), "{cup:?} and {tea:?}");
        }
    }

    #[test]
    fn shares_add_up_to_the_amount_and_the_largest_remainders_get_what_is_left() {
        for (amount, weights, shares) in [
            (2_000, &[1, 2][..], &[667, 1_333][..]),
            (1_000, &[1, 1, 1], &[334, 333, 333]),
            (5, &[3, 3, 4], &[2, 1, 2]),
            (0, &[1, 2], &[0, 0]),
            (1, &[0, 7], &[0, 1]),
            (i64::MAX, &[u128::from(u64::MAX)], &[i64::MAX]),
        ] {
            let given = shared(amount, weights).unwrap();
            assert_eq!(given, shares, "{amount} by {weights:?}");
            assert_eq!(given.iter().sum::<i64>(), amount);
        }
        assert_eq!(shared(1, &[]), None);
        assert_eq!(shared(i64::MAX, &[u128::MAX, 1]), None);
    }
}
