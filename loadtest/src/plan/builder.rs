//! Turns invoice after invoice into operations, and finds out what each must wait for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::SignedDuration;
use jiff::civil::DateTime;
use smol_str::SmolStr;

use super::Shipping;
use super::invoice::Invoice;
use super::operation::{
    Action, Checkout, CheckoutLine, Credit, Operation, OperationIndex, OrderCredit, WriteOffRow,
};
use super::purchase::Purchases;
use super::text::printable;
use crate::goods::Sku;
use crate::row::InvoiceKind;

/// A credit that undoes a whole order within this time finds it unshipped and cancels it.
const CANCEL_WITHIN: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct Builder {
    shipping: Shipping,
    pub(super) operations: Vec<Operation>,
    purchases: Purchases,
    last_credit: HashMap<Sku, OperationIndex>,
    orders: HashMap<OperationIndex, OrderSoFar>,
}

/// What the plan knows of an order it has placed.
struct OrderSoFar {
    at: DateTime,
    units: u64,
    last_credit: Option<OperationIndex>,
}

impl Builder {
    pub(super) fn new(shipping: Shipping) -> Self {
        Self {
            shipping,
            operations: Vec::new(),
            purchases: Purchases::default(),
            last_credit: HashMap::new(),
            orders: HashMap::new(),
        }
    }

    pub(super) fn add(&mut self, invoice: &Invoice) {
        match invoice.kind {
            InvoiceKind::Sale => {
                self.add_checkout(invoice);
                self.add_write_off(invoice);
            }
            InvoiceKind::Credit => self.add_credit(invoice),
            InvoiceKind::Ledger => {}
        }
    }

    fn add_checkout(&mut self, invoice: &Invoice) {
        let sold = invoice.rows.iter().filter(|row| row.quantity > 0);
        let lines: Vec<_> = sold
            .map(|row| CheckoutLine {
                sku: row.sku.clone(),
                units: row.quantity.unsigned_abs(),
                unit_price: row.unit_price,
            })
            .collect();
        if lines.is_empty() {
            return;
        }
        let index = OperationIndex(self.operations.len());
        if let Some(customer) = &invoice.customer {
            for line in &lines {
                self.purchases.bought(customer, &line.sku, index, line.units);
            }
        }
        let customer = match &invoice.customer {
            Some(customer) => customer.clone(),
            None => smol_str::format_smolstr!("guest-{}", invoice.number),
        };
        let checkout = Checkout { customer, lines };
        let so_far = OrderSoFar { at: invoice.at, units: checkout.units(), last_credit: None };
        self.orders.insert(index, so_far);
        self.push(invoice, Action::Checkout(checkout), BTreeSet::new());
    }

    fn add_write_off(&mut self, invoice: &Invoice) {
        let gone = invoice.rows.iter().filter(|row| row.quantity < 0);
        let rows: Vec<_> = gone
            .map(|row| WriteOffRow {
                sku: row.sku.clone(),
                units: row.quantity.unsigned_abs(),
                reason: match printable(&row.description) {
                    note if note.is_empty() => SmolStr::new_static("write-off"),
                    note => SmolStr::new(note),
                },
            })
            .collect();
        if !rows.is_empty() {
            self.push(invoice, Action::WriteOff(rows), BTreeSet::new());
        }
    }

    fn add_credit(&mut self, invoice: &Invoice) {
        let mut unmatched: BTreeMap<Sku, u64> = BTreeMap::new();
        let mut found: BTreeMap<OperationIndex, BTreeMap<Sku, u64>> = BTreeMap::new();
        for row in &invoice.rows {
            let units = row.quantity.unsigned_abs();
            let Some(customer) = &invoice.customer else {
                *unmatched.entry(row.sku.clone()).or_default() += units;
                continue;
            };
            let origin = self.purchases.give_back(customer, &row.sku, units);
            if origin.unmatched > 0 {
                *unmatched.entry(row.sku.clone()).or_default() += origin.unmatched;
            }
            for (order, units) in origin.of_orders {
                *found.entry(order).or_default().entry(row.sku.clone()).or_default() += units;
            }
        }
        if found.is_empty() && unmatched.is_empty() {
            return;
        }
        let index = OperationIndex(self.operations.len());
        let mut after = BTreeSet::new();
        let mut orders = Vec::with_capacity(found.len());
        for (order, units) in found {
            after.insert(order);
            let undone = units.values().sum();
            orders.push(OrderCredit {
                order,
                cancels: self.is_cancelled(order, undone, invoice.at),
                units: units.into_iter().collect(),
            });
            let so_far = self.orders.get_mut(&order);
            after.extend(so_far.and_then(|so_far| so_far.last_credit.replace(index)));
        }
        let credit = Credit { orders, unmatched: unmatched.into_iter().collect() };
        self.push(invoice, Action::Credit(credit), after);
    }

    /// Whether the order is undone as a whole, by this credit alone, and soon enough to be still in the house.
    fn is_cancelled(&self, order: OperationIndex, undone: u64, at: DateTime) -> bool {
        self.shipping == Shipping::WhenReturned
            && self.purchases.units_left(order) == 0
            && self.orders.get(&order).is_some_and(|so_far| {
                so_far.last_credit.is_none() && so_far.units == undone && is_soon_after(so_far.at, at)
            })
    }

    fn push(&mut self, invoice: &Invoice, action: Action, mut after: BTreeSet<OperationIndex>) {
        let index = OperationIndex(self.operations.len());
        after.extend(action.skus().filter_map(|sku| self.last_credit.get(sku)));
        if action.is_supply() {
            for sku in action.skus() {
                self.last_credit.insert(sku.clone(), index);
            }
        }
        self.operations.push(Operation {
            invoice: invoice.number.clone(),
            action,
            after: after.into_iter().collect(),
        });
    }
}

fn is_soon_after(order: DateTime, credit: DateTime) -> bool {
    credit.duration_since(order) <= CANCEL_WITHIN
}
