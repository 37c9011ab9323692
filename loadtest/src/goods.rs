//! Which rows are about goods on a shelf, and why the others are not.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use smol_str::SmolStr;

use crate::row::{InvoiceKind, Row};

/// The product a stock code means: codes that differ only in case are one product.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sku(SmolStr);

impl Sku {
    /// Reads a stock code, if it is one of goods: those begin with five digits.
    pub fn of_goods(stock_code: &str) -> Option<Self> {
        let digits = stock_code.bytes().take_while(u8::is_ascii_digit).count();
        (digits >= 5).then(|| Self(SmolStr::new(stock_code.to_ascii_uppercase())))
    }

    /// A product by the name the server knows it under.
    pub fn as_named(name: &str) -> Self {
        Self(SmolStr::new(name))
    }

    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a row takes no part in the replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// A row of an `A` invoice.
    Ledger,
    /// `POST`, `DOT`, `C2`: postage and carriage.
    Postage,
    /// `M`: entered by hand.
    Manual,
    /// `D`: a discount.
    Discount,
    /// `S`: samples.
    Samples,
    /// Fees and charges of banks and marketplaces, donations, bad debt.
    Charges,
    /// `gift_0001_…`: vouchers.
    Voucher,
    /// Any other code that does not begin with five digits.
    OtherCode,
    /// No units at all.
    NoUnits,
    /// A price below zero on something that was sold.
    NegativePrice,
}

impl LeftOut {
    /// The reason in words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ledger => "ledger entry (A invoice)",
            Self::Postage => "postage and carriage",
            Self::Manual => "manual entry",
            Self::Discount => "discount",
            Self::Samples => "samples",
            Self::Charges => "fees, charges, donations",
            Self::Voucher => "gift voucher",
            Self::OtherCode => "other code without five digits",
            Self::NoUnits => "quantity zero",
            Self::NegativePrice => "negative price",
        }
    }
}

/// Rows left out, by reason.
pub type LeftOutCounts = BTreeMap<LeftOut, u64>;

/// The product a row is about, or why it takes no part.
///
/// # Errors
/// The reason the row is left out.
pub fn goods(row: &Row) -> Result<Sku, LeftOut> {
    if row.kind() == InvoiceKind::Ledger {
        return Err(LeftOut::Ledger);
    }
    let sku = Sku::of_goods(&row.stock_code).ok_or_else(|| why_not_goods(&row.stock_code))?;
    if row.quantity == 0 {
        return Err(LeftOut::NoUnits);
    }
    if row.kind() == InvoiceKind::Sale && row.quantity > 0 && row.unit_price.is_sign_negative() {
        return Err(LeftOut::NegativePrice);
    }
    Ok(sku)
}

fn why_not_goods(stock_code: &str) -> LeftOut {
    let code = stock_code.to_ascii_uppercase();
    match code.as_str() {
        "POST" | "DOT" | "C2" => LeftOut::Postage,
        "M" => LeftOut::Manual,
        "D" => LeftOut::Discount,
        "S" => LeftOut::Samples,
        "AMAZONFEE" | "BANK CHARGES" | "CRUK" | "B" => LeftOut::Charges,
        _ if code.starts_with("GIFT_") => LeftOut::Voucher,
        _ => LeftOut::OtherCode,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_begin_with_five_digits_and_case_does_not_matter() {
        assert_eq!(Sku::of_goods("85123a"), Sku::of_goods("85123A"));
        assert_eq!(Sku::of_goods("22139").unwrap().as_str(), "22139");
        for other in ["POST", "C2", "1234", "DCGS0070", "gift_0001_20", "", "８５１２３"] {
            assert_eq!(Sku::of_goods(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_left_out_has_its_reason() {
        for (code, reason) in [
            ("DOT", LeftOut::Postage),
            ("m", LeftOut::Manual),
            ("BANK CHARGES", LeftOut::Charges),
            ("gift_0001_50", LeftOut::Voucher),
            ("DCGSSBOY", LeftOut::OtherCode),
            ("PADS", LeftOut::OtherCode),
        ] {
            assert_eq!(why_not_goods(code), reason, "{code}");
        }
    }
}
