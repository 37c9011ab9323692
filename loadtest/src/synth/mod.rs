//! A made-up order stream in the shape of a real one.
//!
//! It has the widths, the flat-headed popularity, the quantities and the quirks of the stream described in
//! `shape.rs`: products named twice, credits that do not name their order, notes on write-offs, guests, postage, codes in
//! the other case. It is drawn from a seed: the same seed and products give the same rows on every machine.
//!
//! ```
//! use holdfast_loadtest::synth::{Synth, products};
//!
//! let rows = Synth { seed: 7, orders: 20 }.rows(&products(100));
//! assert_eq!(rows, Synth { seed: 7, orders: 20 }.rows(&products(100)));
//! ```

mod baskets;
mod curve;
mod shape;

use std::collections::HashSet;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use smol_str::{SmolStr, format_smolstr};

pub use self::baskets::baskets;

use self::curve::Popularity;
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

/// An order as far as credits need to know it.
struct Sold {
    customer: Option<SmolStr>,
    rows: std::ops::Range<usize>,
}

struct Maker<'a> {
    rng: ChaCha8Rng,
    products: &'a [Product],
    popularity: Popularity,
    customers: usize,
    rows: Vec<Row>,
    sold: Vec<Sold>,
    invoice: u32,
    at: DateTime,
}

impl<'a> Maker<'a> {
    fn new(synth: Synth, products: &'a [Product]) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(synth.seed),
            products,
            popularity: Popularity::new(products.len(), shape::POPULARITY),
            customers: ((synth.orders as f64 / shape::ORDERS_PER_CUSTOMER) as usize).max(1),
            rows: Vec::new(),
            sold: Vec::new(),
            invoice: 600_000,
            at: date(2010, 12, 1).at(8, 26, 0, 0),
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    /// The shop is open from eight to six.
    fn next_minute(&mut self) {
        let minutes = self.rng.random_range(0..=2 * 600 / shape::ORDERS_PER_DAY);
        self.at += SignedDuration::from_mins(i64::from(minutes));
        if self.at.hour() >= 18 {
            self.at += SignedDuration::from_hours(14);
        }
    }

    fn order(&mut self) {
        self.invoice += 1;
        let invoice = format_smolstr!("{}", self.invoice);
        let guest = self.chance(shape::GUESTS);
        let customer = (!guest).then(|| self.customer());
        let first = self.rows.len();
        let wanted = usize::try_from(shape::LINES.draw(&mut self.rng)).unwrap_or(1).min(self.products.len());
        let mut chosen = HashSet::with_capacity(wanted);
        // A basket as wide as the range would draw long for the last unpopular ones: a bounded number of draws.
        for _ in 0..wanted * 4 {
            if chosen.len() == wanted {
                break;
            }
            let rank = self.popularity.draw(&mut self.rng);
            if chosen.insert(rank) {
                self.line(&invoice, rank, customer.clone());
            }
        }
        if self.chance(shape::REPEATS_A_PRODUCT) {
            self.repeat_a_line(first);
        }
        if self.chance(shape::WITH_POSTAGE) {
            self.push(&invoice, "POST", "POSTAGE", 1, Decimal::from(18), customer.clone());
        }
        self.sold.push(Sold { customer, rows: first..self.rows.len() });
    }

    fn customer(&mut self) -> SmolStr {
        // The square of an even draw: some buyers come often, most come twice.
        let place = self.rng.random::<f64>().powi(2) * self.customers as f64;
        format_smolstr!("{}", 12_000 + place as u32)
    }

    fn line(&mut self, invoice: &SmolStr, rank: usize, customer: Option<SmolStr>) {
        let Some(product) = self.products.get(rank) else { return };
        let units = self.units();
        let price = if self.chance(shape::FREE_LINES) { Decimal::ZERO } else { self.price(product) };
        let code = if self.chance(shape::OTHER_CASE) {
            SmolStr::new(product.stock_code.to_ascii_lowercase())
        } else {
            product.stock_code.clone()
        };
        self.push(invoice, &code, &product.name, units, price, customer);
    }

    fn units(&mut self) -> i64 {
        let units = shape::UNITS.draw(&mut self.rng);
        let boxed = units > 3 && self.chance(shape::BY_THE_BOX);
        let units = if boxed { (units / shape::BOX).max(1) * shape::BOX } else { units };
        i64::try_from(units).unwrap_or(1)
    }

    /// The list price, or one of the two other prices every product is sold at now and then.
    fn price(&mut self, product: &Product) -> Decimal {
        let tenths = match self.rng.random_range(0..10) {
            0 => 9,
            1 => 12,
            _ => return product.price,
        };
        (product.price * Decimal::new(tenths, 1)).round_dp(2)
    }

    /// Repeats a line as it stands (that happens most) or with other units.
    fn repeat_a_line(&mut self, first: usize) {
        if first >= self.rows.len() {
            return;
        }
        let place = self.rng.random_range(first..self.rows.len());
        let Some(mut row) = self.rows.get(place).cloned() else { return };
        if self.chance(0.3) {
            row.quantity = self.units();
        }
        self.rows.push(row);
    }

    fn credit(&mut self) {
        self.invoice += 1;
        let invoice = format_smolstr!("C{}", self.invoice);
        if self.sold.is_empty() || self.chance(shape::CREDITS_WITHOUT_ORDER) {
            let rank = self.popularity.draw(&mut self.rng);
            if let Some(product) = self.products.get(rank) {
                let units = self.units().min(24);
                self.push(&invoice, &product.stock_code, &product.name, -units, product.price, None);
            }
            return;
        }
        if self.chance(shape::CREDITS_OF_ALL) {
            self.undo_the_last_order(&invoice);
        } else {
            self.return_some_lines(&invoice);
        }
    }

    fn undo_the_last_order(&mut self, invoice: &SmolStr) {
        let Some(sold) = self.sold.pop() else { return };
        let undone: Vec<_> = self.rows.get(sold.rows).unwrap_or_default().to_vec();
        for row in undone {
            self.push(
                invoice,
                &row.stock_code,
                &row.description,
                -row.quantity,
                row.unit_price,
                row.customer,
            );
        }
    }

    fn return_some_lines(&mut self, invoice: &SmolStr) {
        let place = self.rng.random_range(0..self.sold.len());
        let Some(Sold { customer, rows }) = self.sold.get(place) else { return };
        let (customer, mut lines) =
            (customer.clone(), self.rows.get(rows.clone()).unwrap_or_default().to_vec());
        let wanted = usize::try_from(shape::CREDIT_LINES.draw(&mut self.rng)).unwrap_or(1);
        for _ in 0..wanted.min(lines.len()) {
            let row = lines.swap_remove(self.rng.random_range(0..lines.len()));
            let units = if self.chance(shape::CREDIT_OF_WHOLE_LINE) {
                row.quantity
            } else {
                self.rng.random_range(1..=row.quantity.max(1))
            };
            self.push(invoice, &row.stock_code, &row.description, -units, row.unit_price, customer.clone());
        }
    }

    fn write_off(&mut self) {
        self.invoice += 1;
        let invoice = format_smolstr!("{}", self.invoice);
        let rank = self.popularity.draw(&mut self.rng);
        let note = note(&mut self.rng);
        let units = i64::try_from(shape::WRITE_OFF_UNITS.draw(&mut self.rng)).unwrap_or(1);
        if let Some(product) = self.products.get(rank) {
            self.push(&invoice, &product.stock_code, note, -units, Decimal::ZERO, None);
        }
    }

    fn push(
        &mut self,
        invoice: &SmolStr,
        stock_code: &str,
        description: &str,
        quantity: i64,
        unit_price: Decimal,
        customer: Option<SmolStr>,
    ) {
        self.rows.push(Row {
            line: 0,
            invoice: invoice.clone(),
            stock_code: SmolStr::new(stock_code),
            description: SmolStr::new(description),
            quantity,
            at: self.at,
            unit_price,
            customer,
            country: SmolStr::new_static("United Kingdom"),
        });
    }
}

fn note(rng: &mut impl Rng) -> &'static str {
    shape::NOTES.get(rng.random_range(0..shape::NOTES.len())).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

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
