//! Measurements of a real shop that the made-up stream is drawn from.
//!
//! All figures are of the "Online Retail" data set (Chen, D. (2015), UCI Machine Learning Repository,
//! doi:10.24432/C5BW33, CC BY 4.0), rows before 2011-09-23.

use super::curve::Quantiles;

/// Lines of an order; 11% have one.
pub(super) const LINES: Quantiles = Quantiles(&[
    (0.0, 1.0),
    (0.112, 1.0),
    (0.25, 5.0),
    (0.5, 14.0),
    (0.75, 27.0),
    (0.9, 50.0),
    (0.99, 200.0),
    (0.999, 508.0),
    (1.0, 704.0),
]);

/// Units of a line; 28% are single units.
pub(super) const UNITS: Quantiles = Quantiles(&[
    (0.0, 1.0),
    (0.277, 1.0),
    (0.5, 4.0),
    (0.9, 24.0),
    (0.99, 100.0),
    (0.999, 480.0),
    (1.0, 2_400.0),
]);

/// Share of the lines that falls to the top share of the products.
pub(super) const POPULARITY: &[(f64, f64)] =
    &[(0.0, 0.0), (0.01, 0.099), (0.1, 0.455), (0.2, 0.648), (0.5, 0.916), (1.0, 1.0)];

/// Lines of a credit.
pub(super) const CREDIT_LINES: Quantiles =
    Quantiles(&[(0.0, 1.0), (0.6, 1.0), (0.9, 5.0), (0.99, 17.0), (1.0, 57.0)]);

/// Units of a write-off.
pub(super) const WRITE_OFF_UNITS: Quantiles =
    Quantiles(&[(0.0, 1.0), (0.5, 20.0), (0.9, 300.0), (1.0, 5_000.0)]);

/// Orders that name a product twice.
pub(super) const REPEATS_A_PRODUCT: f64 = 0.119;
/// Multiples of six, the size of a box, among lines of more than a few units.
pub(super) const BY_THE_BOX: f64 = 0.4;
/// Units in a box.
pub(super) const BOX: u64 = 6;
/// Orders without a known customer. Such orders are wide: a quarter of the rows is theirs.
pub(super) const GUESTS: f64 = 0.1;
/// Credits for every order: 15.4% of all invoices.
pub(super) const CREDITS_PER_ORDER: f64 = 0.195;
/// Credits that undo a fresh order as a whole.
pub(super) const CREDITS_OF_ALL: f64 = 0.06;
/// Credits whose order was before the stream begins, or that name no customer.
pub(super) const CREDITS_WITHOUT_ORDER: f64 = 0.12;
/// Lines of a credit that give everything back rather than a part.
pub(super) const CREDIT_OF_WHOLE_LINE: f64 = 0.4;
/// Write-offs for every order.
pub(super) const WRITE_OFFS_PER_ORDER: f64 = 0.07;
/// Orders with a row of postage.
pub(super) const WITH_POSTAGE: f64 = 0.06;
/// Lines that cost nothing.
pub(super) const FREE_LINES: f64 = 0.003;
/// Stock codes typed in the other case.
pub(super) const OTHER_CASE: f64 = 0.0005;
/// Orders for every customer.
pub(super) const ORDERS_PER_CUSTOMER: f64 = 4.0;
/// Orders on a trading day.
pub(super) const ORDERS_PER_DAY: u32 = 60;

/// What the warehouse writes on what it throws away; some write nothing.
pub(super) const NOTES: &[&str] = &["damaged", "check", "?", "thrown away", "", "wet/rusty", "missing"];
