//! A made-up order stream in the shape of a real one.
//!
//! It has the widths, the flat-headed popularity, the quantities and the quirks of the stream described in
//! `shape.rs`: products named twice, credits that do not name their order, notes on write-offs, guests, postage, codes in
//! the other case. It is drawn from a seed: the same seed and products give the same rows again.
//!
//! ```
//! use holdfast_loadtest::synth::{Synth, products};
//!
//! let rows = Synth { seed: 7, orders: 20 }.rows(&products(100));
//! assert_eq!(rows, Synth { seed: 7, orders: 20 }.rows(&products(100)));
//! ```

mod baskets;
mod curve;
mod maker;
mod shape;

use rust_decimal::Decimal;
use smol_str::{SmolStr, format_smolstr};

pub use self::baskets::baskets;

use self::maker::Maker;
use crate::row::Row;

/// A product to be sold, the most popular first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Five digits, perhaps with a letter.
    pub stock_code: SmolStr,
    /// What it is called.
    pub name: SmolStr,
    /// Pounds for one.
    pub price: Decimal,
}

/// How much to make up, and from which seed.
#[derive(Debug, Clone, Copy)]
pub struct Synth {
    /// Where all chance comes from.
    pub seed: u64,
    /// Orders; credits and write-offs come on top.
    pub orders: usize,
}

/// Plain products for tests: codes from `10000` on, prices from 0.29 to 16.63 pounds.
pub fn products(count: usize) -> Vec<Product> {
    let product = |number: usize| Product {
        stock_code: stock_code(number),
        name: format_smolstr!("PRODUCT {number}"),
        price: Decimal::new(29 + (number as i64 * 7_919) % 1_635, 2),
    };
    (0..count).map(product).collect()
}

/// The stock code of the product of this rank; every seventh has a letter, so that case matters.
pub fn stock_code(number: usize) -> SmolStr {
    let letter = if number % 7 == 3 { "A" } else { "" };
    format_smolstr!("{:05}{letter}", 10_000 + number)
}

impl Synth {
    /// Makes up the rows. Without products there are none.
    pub fn rows(self, products: &[Product]) -> Vec<Row> {
        if products.is_empty() {
            return Vec::new();
        }
        let mut maker = Maker::new(self, products);
        for _ in 0..self.orders {
            maker.next_minute();
            maker.order();
            if maker.chance(shape::CREDITS_PER_ORDER) {
                maker.credit();
            }
            if maker.chance(shape::WRITE_OFFS_PER_ORDER) {
                maker.write_off();
            }
        }
        maker.rows
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use super::*;
    use crate::goods::{Sku, goods};
    use crate::plan::operation::Action;
    use crate::plan::{Plan, Shipping};
    use crate::row::InvoiceKind;

    fn stream() -> Vec<Row> {
        Synth { seed: 1, orders: 4_000 }.rows(&products(3_600))
    }

    fn percentile(sorted: &[usize], share: f64) -> usize {
        sorted[((sorted.len() - 1) as f64 * share) as usize]
    }

    #[test]
    fn orders_are_as_wide_as_in_the_shop() {
        let mut lines: HashMap<SmolStr, usize> = HashMap::new();
        for row in stream().iter().filter(|row| row.kind() == InvoiceKind::Sale && row.quantity > 0) {
            *lines.entry(row.invoice.clone()).or_default() += 1;
        }
        let mut lines: Vec<_> = lines.into_values().collect();
        lines.sort_unstable();
        assert!((13..=15).contains(&percentile(&lines, 0.5)), "p50 {}", percentile(&lines, 0.5));
        assert!((46..=55).contains(&percentile(&lines, 0.9)), "p90 {}", percentile(&lines, 0.9));
        assert!((170..=240).contains(&percentile(&lines, 0.99)), "p99 {}", percentile(&lines, 0.99));
        assert!(lines.last() <= Some(&706));
    }

    #[test]
    fn popularity_has_the_flat_head_of_the_shop() {
        let mut lines: BTreeMap<Sku, usize> = BTreeMap::new();
        for row in stream().iter().filter(|row| row.kind() == InvoiceKind::Sale && row.quantity > 0) {
            if let Ok(sku) = goods(row) {
                *lines.entry(sku).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = lines.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let all: usize = counts.iter().sum();
        let share = |top: f64| {
            let ranks = (3_600.0 * top) as usize;
            100 * counts[..ranks].iter().sum::<usize>() / all
        };
        assert!((9..=11).contains(&share(0.01)), "top 1% have {}%", share(0.01));
        assert!((42..=47).contains(&share(0.1)), "top 10% have {}%", share(0.1));
        assert!((61..=67).contains(&share(0.2)), "top 20% have {}%", share(0.2));
    }

    #[test]
    fn the_quirks_are_there() {
        let rows = stream();
        let plan = Plan::build(&rows, Shipping::WhenReturned);
        let orders = plan.operations.iter().filter(|op| matches!(op.action, Action::Checkout(_))).count();
        let credits: Vec<_> = plan
            .operations
            .iter()
            .filter_map(|operation| match &operation.action {
                Action::Credit(credit) => Some(credit),
                Action::Checkout(_) | Action::WriteOff(_) => None,
            })
            .collect();
        let parts = || credits.iter().flat_map(|credit| &credit.orders);
        assert_eq!(orders, 4_000);
        assert!(parts().any(|part| part.cancels) && parts().any(|part| !part.cancels));
        assert!(credits.iter().any(|credit| !credit.unmatched.is_empty()));
        assert!(plan.operations.iter().any(|op| matches!(op.action, Action::WriteOff(_))));
        assert!(!plan.intake.left_out.is_empty());
        let twice = plan.operations.iter().filter(|operation| match &operation.action {
            Action::Checkout(checkout) => {
                let distinct: HashSet<_> = checkout.lines.iter().map(|line| &line.sku).collect();
                distinct.len() < checkout.lines.len()
            }
            Action::WriteOff(_) | Action::Credit(_) => false,
        });
        let share = 100 * twice.count() / orders;
        assert!((8..=15).contains(&share), "{share}% of the orders name a product twice");
    }
}
