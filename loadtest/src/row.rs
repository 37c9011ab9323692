//! One row of an order stream: what one line of an invoice says, before anything is read into it.

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use smol_str::SmolStr;

/// One row of the CSV file. Columns keep the names the file gives them, in our spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of the file this row begins on, counted from 1; 0 for rows that never were in a file.
    pub line: u64,
    /// Six digits for an order, `C` and six digits for what comes back, `A` and six digits for the ledger.
    pub invoice: SmolStr,
    /// The stock code as it was typed: `85123A` and `85123a` are one product.
    pub stock_code: SmolStr,
    /// The product's name, or a note by the warehouse, or nothing.
    pub description: SmolStr,
    /// Whole units, signed.
    pub quantity: i64,
    /// Local time of the shop, to the minute.
    pub at: DateTime,
    /// Major units of the currency for one unit, up to three decimals.
    pub unit_price: Decimal,
    /// The buyer, where known.
    pub customer: Option<SmolStr>,
    /// Where the buyer is.
    pub country: SmolStr,
}

/// What an invoice number says about its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceKind {
    /// Positive rows are an order, negative ones are stock written off.
    Sale,
    /// `C`: a cancellation or a return. It does not name the order it undoes.
    Credit,
    /// `A`: the bookkeeper's entry, no goods in it.
    Ledger,
}

impl Row {
    /// Reads the kind off the invoice number.
    pub fn kind(&self) -> InvoiceKind {
        match self.invoice.chars().next() {
            Some('C' | 'c') => InvoiceKind::Credit,
            Some('A' | 'a') => InvoiceKind::Ledger,
            _ => InvoiceKind::Sale,
        }
    }
}
