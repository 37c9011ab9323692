//! Finding the order a credit undoes: the stream does not name it.
//!
//! The rule, for one row of a credit: among the buyer's earlier orders of that product take the most recent one of
//! equal quantity; else the most recent one with so many units left; else the most recent one with any left, for as
//! many as are left, and go on with the rest. What then remains was bought before the stream begins.
//!
//! An order counts as of equal quantity if one of its rows, or all its rows of the product together, name just so
//! many units, and so many are left.

use std::collections::{BTreeMap, HashMap};

use smol_str::SmolStr;

use super::operation::OperationIndex;
use crate::goods::Sku;

/// What every buyer has bought and not given back, as far as the stream tells.
#[derive(Debug, Default)]
pub(super) struct Purchases {
    by_buyer: HashMap<(SmolStr, Sku), Vec<Purchase>>,
    units_left: HashMap<OperationIndex, u64>,
}

#[derive(Debug)]
struct Purchase {
    order: OperationIndex,
    rows: Vec<u64>,
    left: u64,
}

impl Purchase {
    fn is_of(&self, units: u64) -> bool {
        self.rows.contains(&units) || self.rows.iter().sum::<u64>() == units
    }
}

/// Units of one row of a credit, with the orders they were found in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// So many units of these orders.
    pub of_orders: Vec<(OperationIndex, u64)>,
    /// Units that match nothing.
    pub unmatched: u64,
}

impl Purchases {
    /// Writes down one row of an order.
    pub(super) fn bought(&mut self, customer: &SmolStr, sku: &Sku, order: OperationIndex, units: u64) {
        *self.units_left.entry(order).or_default() += units;
        let purchases = self.by_buyer.entry((customer.clone(), sku.clone())).or_default();
        match purchases.last_mut() {
            Some(last) if last.order == order => {
                last.rows.push(units);
                last.left += units;
            }
            _ => purchases.push(Purchase { order, rows: vec![units], left: units }),
        }
    }

    /// Finds where so many units came from and takes them out.
    pub(super) fn give_back(&mut self, customer: &SmolStr, sku: &Sku, units: u64) -> Found {
        let mut rest = units;
        let mut of_orders: BTreeMap<OperationIndex, u64> = BTreeMap::new();
        let purchases = self.by_buyer.get_mut(&(customer.clone(), sku.clone()));
        if let Some(purchases) = purchases {
            while rest > 0 {
                let Some(purchase) = choose(purchases, rest) else { break };
                let taken = purchase.left.min(rest);
                purchase.left -= taken;
                rest -= taken;
                *of_orders.entry(purchase.order).or_default() += taken;
                if let Some(left) = self.units_left.get_mut(&purchase.order) {
                    *left -= taken;
                }
            }
        }
        Found { of_orders: of_orders.into_iter().collect(), unmatched: rest }
    }

    /// Units of an order that were not given back.
    pub(super) fn units_left(&self, order: OperationIndex) -> u64 {
        self.units_left.get(&order).copied().unwrap_or_default()
    }
}

fn choose(purchases: &mut [Purchase], units: u64) -> Option<&mut Purchase> {
    let equal = |purchase: &Purchase| purchase.left >= units && purchase.is_of(units);
    let whole = |purchase: &Purchase| purchase.left >= units;
    let any = |purchase: &Purchase| purchase.left > 0;
    let place = purchases
        .iter()
        .rposition(equal)
        .or_else(|| purchases.iter().rposition(whole))
        .or_else(|| purchases.iter().rposition(any))?;
    purchases.get_mut(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: usize) -> OperationIndex {
        OperationIndex(number)
    }

    fn purchases(bought: &[(usize, u64)]) -> (Purchases, SmolStr, Sku) {
        let (customer, sku) = (SmolStr::new("7"), Sku::of_goods("11111").unwrap());
        let mut purchases = Purchases::default();
        for (number, units) in bought {
            purchases.bought(&customer, &sku, order(*number), *units);
        }
        (purchases, customer, sku)
    }

    #[test]
    fn equal_quantity_comes_before_the_most_recent() {
        let (mut purchases, customer, sku) = purchases(&[(0, 6), (1, 12), (2, 6), (3, 24)]);
        let found = purchases.give_back(&customer, &sku, 6);
        assert_eq!(found, Found { of_orders: vec![(order(2), 6)], unmatched: 0 });
        let found = purchases.give_back(&customer, &sku, 6);
        assert_eq!(found.of_orders, [(order(0), 6)]);
        let found = purchases.give_back(&customer, &sku, 6);
        assert_eq!(found.of_orders, [(order(3), 6)]);
    }

    #[test]
    fn rows_of_one_order_count_alone_and_together() {
        let (mut purchases, customer, sku) = purchases(&[(0, 4), (0, 2), (1, 100)]);
        assert_eq!(purchases.give_back(&customer, &sku, 6).of_orders, [(order(0), 6)]);
        assert_eq!(purchases.units_left(order(0)), 0);
    }

    #[test]
    fn more_than_one_order_had_is_spread_and_the_rest_matches_nothing() {
        let (mut purchases, customer, sku) = purchases(&[(0, 3), (1, 4)]);
        let found = purchases.give_back(&customer, &sku, 9);
        assert_eq!(found, Found { of_orders: vec![(order(0), 3), (order(1), 4)], unmatched: 2 });
        assert_eq!(purchases.give_back(&SmolStr::new("8"), &sku, 1).unmatched, 1);
    }
}
