//! Draws one invoice after another.

use std::collections::HashSet;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use smol_str::{SmolStr, format_smolstr};

use super::curve::Popularity;
use super::{Product, Synth, shape};
use crate::row::Row;

/// An order as far as credits need to know it.
struct Sold {
    customer: Option<SmolStr>,
    rows: std::ops::Range<usize>,
}

pub(super) struct Maker<'a> {
    rng: ChaCha8Rng,
    products: &'a [Product],
    popularity: Popularity,
    customers: usize,
    pub(super) rows: Vec<Row>,
    sold: Vec<Sold>,
    invoice: u32,
    at: DateTime,
}

impl<'a> Maker<'a> {
    pub(super) fn new(synth: Synth, products: &'a [Product]) -> Self {
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

    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    /// The shop is open from eight to six.
    pub(super) fn next_minute(&mut self) {
        let minutes = self.rng.random_range(0..=2 * 600 / shape::ORDERS_PER_DAY);
        self.at += SignedDuration::from_mins(i64::from(minutes));
        if self.at.hour() >= 18 {
            self.at += SignedDuration::from_hours(14);
        }
    }

    pub(super) fn order(&mut self) {
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

    pub(super) fn credit(&mut self) {
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

    pub(super) fn write_off(&mut self) {
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
