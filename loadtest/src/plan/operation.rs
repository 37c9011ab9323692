//! What the replay does, one entry for every invoice that asks something of the server.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::goods::Sku;

/// Place of an operation in the replay, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationIndex(pub usize);

/// One operation: what an invoice asks for, and what must be over before it may begin.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The invoice it comes from.
    pub invoice: SmolStr,
    /// What is asked for.
    pub action: Action,
    /// Earlier operations it waits for (see [`super`]).
    pub after: Vec<OperationIndex>,
}

/// What an invoice asks for.
#[derive(Debug, Clone)]
pub enum Action {
    /// Positive rows of a sale: one checkout.
    Checkout(Checkout),
    /// Negative rows of a sale: stock that is written off, each row a correction of its own.
    WriteOff(Vec<WriteOffRow>),
    /// A credit: goods that come back.
    Credit(Credit),
}

/// One order to place.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The buyer, or `guest-` and the invoice.
    pub customer: SmolStr,
    /// Rows as they stand; a product named twice stays named twice, for the server to sum.
    pub lines: Vec<CheckoutLine>,
}

/// One line of an order.
#[derive(Debug, Clone)]
pub struct CheckoutLine {
    /// Which product.
    pub sku: Sku,
    /// How many.
    pub units: u64,
    /// Pounds for one unit.
    pub unit_price: Decimal,
}

/// One row of stock written off.
#[derive(Debug, Clone)]
pub struct WriteOffRow {
    /// Which product.
    pub sku: Sku,
    /// Units that leave.
    pub units: u64,
    /// The note of the warehouse.
    pub reason: SmolStr,
}

/// Goods that come back.
#[derive(Debug, Clone, Default)]
pub struct Credit {
    /// Those whose order was found.
    pub orders: Vec<OrderCredit>,
    /// Those whose order was not: units of products, each product once.
    pub unmatched: Vec<(Sku, u64)>,
}

/// What comes back of one order.
#[derive(Debug, Clone)]
pub struct OrderCredit {
    /// The operation that placed the order.
    pub order: OperationIndex,
    /// Whether the order is called off as a whole before it leaves; otherwise it is shipped, if it has not been, and
    /// the units come back.
    pub cancels: bool,
    /// Units of products, each product once.
    pub units: Vec<(Sku, u64)>,
}

impl Action {
    /// Every product it touches, some of them more than once.
    pub fn skus(&self) -> Box<dyn Iterator<Item = &Sku> + '_> {
        match self {
            Self::Checkout(checkout) => Box::new(checkout.lines.iter().map(|line| &line.sku)),
            Self::WriteOff(rows) => Box::new(rows.iter().map(|row| &row.sku)),
            Self::Credit(credit) => {
                let found = credit.orders.iter().flat_map(|order| &order.units);
                Box::new(found.chain(&credit.unmatched).map(|(sku, _)| sku))
            }
        }
    }

    /// Whether it brings units back to the shelf.
    pub fn is_supply(&self) -> bool {
        match self {
            Self::Credit(_) => true,
            Self::Checkout(_) | Self::WriteOff(_) => false,
        }
    }
}

impl Checkout {
    /// Units over all lines.
    pub fn units(&self) -> u64 {
        self.lines.iter().map(|line| line.units).sum()
    }
}
