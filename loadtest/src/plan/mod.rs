//! From rows to operations: everything about a replay that can be settled before the first request.
//!
//! # Why no order is refused under `enough`, in whatever order the requests arrive
//!
//! Let `o_1, o_2, …` be the operations, and look at one product. Checkouts and write-offs *take* units of it, credits
//! *bring* units back (a cancelled order, a return, or a correction upwards: the units are the same). The product
//! opens with at least the highest value of the running total `taken - brought` along `o_1, o_2, …`.
//!
//! Every operation waits for all earlier credits that share a product with it. Now look at the moment the server decides
//! about a taker `o_i`. Some other takers have had their effect by then, or are having it; let `o_m` be the latest in
//! the plan among them and `o_i` itself. All of them stand in `o_1 … o_m`, so together they take at most what all
//! takers of `o_1 … o_m` take. And `o_m` has begun, so every credit before it is over and has brought its units. What is
//! taken less what is brought is thus at most the running total at `o_m`, which the opening stock covers. Credits later
//! than `o_m` only add. So `o_i` finds its units, and as this holds from the first decision on, no order is refused and
//! every credit finds what it gives back. Shipping moves units that were taken already and changes nothing for others,
//! and they are on the shelf, because what is free is never below zero. ∎
//!
//! It is enough to wait for the *last* earlier credit of each product, because that one waited for the one before it.
//!
//! # Why this cannot deadlock
//!
//! An operation waits only for operations before it in the plan: a credit's wait for the order it gives back, and for
//! what was done to that order before, points backwards as well. Places in flight are given in the order of the plan, so
//! the first operation that is not over always has a place, and all it waits for is over. It ends, because every request
//! has a bound on its total time ([`crate::client::RetryPolicy`]).

mod builder;
pub mod invoice;
pub mod opening;
pub mod operation;
mod purchase;
mod text;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use self::builder::Builder;
use self::invoice::{Intake, Invoice};
use self::opening::OpeningStock;
use self::operation::Operation;
use self::text::printable;
use crate::goods::Sku;
use crate::row::Row;

/// Everything a replay does, and with what stock.
#[derive(Debug)]
pub struct Plan {
    /// The operations, in file order.
    pub operations: Vec<Operation>,
    /// Every product that occurs.
    pub catalogue: BTreeMap<Sku, Listing>,
    /// What there must be of it.
    pub opening: OpeningStock,
    /// What was read and left out.
    pub intake: Intake,
}

/// What the stream says about a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The name it was last sold under.
    pub name: SmolStr,
    /// The last price above zero.
    pub price: Option<Decimal>,
}

/// When orders leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shipping {
    /// Only when something of them comes back.
    WhenReturned,
    /// As soon as they are confirmed; then nothing can be cancelled.
    AtOnce,
}

impl Plan {
    /// Works out the operations of a stream.
    pub fn build(rows: &[Row], shipping: Shipping) -> Self {
        let (invoices, intake) = invoice::gather(rows);
        let opening = OpeningStock::derive(rows, &invoices);
        let mut builder = Builder::new(shipping);
        let mut catalogue: BTreeMap<Sku, Listing> = BTreeMap::new();
        for invoice in &invoices {
            builder.add(invoice);
            list(&mut catalogue, invoice);
        }
        Self { operations: builder.operations, catalogue, opening, intake }
    }
}

fn list(catalogue: &mut BTreeMap<Sku, Listing>, invoice: &Invoice) {
    for row in &invoice.rows {
        let listing = catalogue.entry(row.sku.clone()).or_default();
        let is_priced = row.unit_price > Decimal::ZERO;
        if is_priced {
            listing.price = Some(row.unit_price);
        }
        if is_priced || listing.name.is_empty() {
            listing.name = SmolStr::new(printable(&row.description));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::SignedDuration;

    use super::operation::{Action, Credit};
    use super::*;

    /// A row of 2011-01-10, an hour later for every invoice number.
    pub(crate) fn row(invoice: &str, stock_code: &str, quantity: i64, customer: &str) -> Row {
        let number: i64 = invoice.trim_start_matches(char::is_alphabetic).parse().unwrap();
        Row {
            line: 0,
            invoice: SmolStr::new(invoice),
            stock_code: SmolStr::new(stock_code),
            description: SmolStr::new(" a thing\u{7} "),
            quantity,
            at: jiff::civil::date(2011, 1, 10).at(0, 0, 0, 0) + SignedDuration::from_hours(number),
            unit_price: "2.55".parse().unwrap(),
            customer: (!customer.is_empty()).then(|| SmolStr::new(customer)),
            country: SmolStr::new("United Kingdom"),
        }
    }

    fn credit(plan: &Plan, index: usize) -> &Credit {
        match &plan.operations[index].action {
            Action::Credit(credit) => credit,
            other => panic!("operation {index} is no credit: {other:?}"),
        }
    }

    fn after(plan: &Plan, index: usize) -> Vec<usize> {
        plan.operations[index].after.iter().map(|operation| operation.0).collect()
    }

    #[test]
    fn rows_become_checkouts_write_offs_and_credits() {
        let rows = [
            row("1", "11111", 3, "7"),
            row("1", "11111", 2, "7"),
            row("2", "22222", 4, ""),
            row("3", "22222", -1, ""),
            row("C4", "22222", -2, ""),
            row("A5", "B", 1, ""),
        ];
        let plan = Plan::build(&rows, Shipping::WhenReturned);
        assert_eq!(plan.operations.len(), 4);
        let Action::Checkout(first) = &plan.operations[0].action else { panic!("no checkout") };
        assert_eq!((first.lines.len(), first.units(), first.customer.as_str()), (2, 5, "7"));
        let Action::Checkout(guest) = &plan.operations[1].action else { panic!("no checkout") };
        assert_eq!(guest.customer, "guest-2");
        let Action::WriteOff(gone) = &plan.operations[2].action else { panic!("no write-off") };
        assert_eq!((gone[0].units, gone[0].reason.as_str()), (1, "a thing"));
        assert_eq!(credit(&plan, 3).unmatched, [(Sku::of_goods("22222").unwrap(), 2)]);
        assert_eq!(plan.catalogue[&Sku::of_goods("11111").unwrap()].name, "a thing");
    }

    #[test]
    fn an_order_undone_at_once_is_cancelled_and_one_undone_later_comes_back() {
        let rows = [
            row("1", "11111", 3, "7"),
            row("1", "22222", 2, "7"),
            row("2", "11111", 9, "7"),
            row("C3", "11111", -3, "7"),
            row("C3", "22222", -2, "7"),
            row("C90", "11111", -9, "7"),
        ];
        let plan = Plan::build(&rows, Shipping::WhenReturned);
        assert!(credit(&plan, 2).orders[0].cancels);
        assert!(!credit(&plan, 3).orders[0].cancels, "88 hours are too late");
        let plan = Plan::build(&rows, Shipping::AtOnce);
        assert!(!credit(&plan, 2).orders[0].cancels, "it has left already");
    }

    #[test]
    fn an_order_undone_in_two_steps_is_not_cancelled() {
        let rows = [row("1", "11111", 3, "7"), row("C2", "11111", -1, "7"), row("C3", "11111", -2, "7")];
        let plan = Plan::build(&rows, Shipping::WhenReturned);
        assert!(!credit(&plan, 1).orders[0].cancels);
        assert!(!credit(&plan, 2).orders[0].cancels);
        assert_eq!(after(&plan, 2), [0, 1], "the second credit waits for what the first did to the order");
    }

    #[test]
    fn operations_wait_for_the_last_credit_of_their_products_only() {
        let rows = [
            row("1", "11111", 3, "7"),
            row("1", "22222", 3, "7"),
            row("C2", "11111", -1, "7"),
            row("C3", "11111", -1, "7"),
            row("4", "11111", 1, "8"),
            row("5", "22222", 1, "8"),
            row("6", "11111", -1, ""),
        ];
        let plan = Plan::build(&rows, Shipping::WhenReturned);
        assert_eq!(after(&plan, 1), [0]);
        assert_eq!(after(&plan, 2), [0, 1]);
        assert_eq!(after(&plan, 3), [2]);
        assert_eq!(after(&plan, 4), Vec::<usize>::new());
        assert_eq!(after(&plan, 5), [2]);
    }
}
