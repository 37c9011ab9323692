//! Money: integer minor units with their currency. Never a float; `rust_decimal` does whatever could round.
//!
//! Unit prices are finer than amounts: wholesalers price a bead at 0.001 pounds. A [`UnitPrice`] counts
//! ten-thousandths of the major unit, and only the total of a line is rounded, half to even, to the minor unit.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::quantity::LineQuantity;

/// An ISO 4217 currency with the number of decimals of its minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// Takes a code of three capital letters and the decimals of its minor unit (0 to 4). Whether the code is in
    /// use is for the caller to check, who has the table.
    pub const fn new(code: [u8; 3], exponent: u8) -> Option<Self> {
        let [a, b, c] = code;
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_uppercase() && exponent <= 4 {
            Some(Self { code, exponent })
        } else {
            None
        }
    }

    /// The code, `EUR` for example.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// The code's three letters.
    pub const fn code_bytes(self) -> [u8; 3] {
        self.code
    }

    /// Decimals of the minor unit: 2 for the euro, 0 for the yen.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }
}

/// An amount in minor units of its currency. May be zero, never negative: a refund is an amount of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// Nothing, in this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// So many minor units, unless negative.
    pub const fn from_minor(minor: i64, currency: Currency) -> Option<Self> {
        if minor >= 0 { Some(Self { minor, currency }) } else { None }
    }

    /// Takes a decimal amount of major units with no more decimals than the currency has.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Option<Self> {
        let minor = amount.checked_mul(Decimal::from(10_i64.pow(u32::from(currency.exponent))))?;
        if !minor.fract().is_zero() {
            return None;
        }
        Self::from_minor(i64::try_from(minor.trunc()).ok()?, currency)
    }

    /// The amount in major units, with exactly the currency's decimals.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, u32::from(self.currency.exponent))
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum, unless the currencies differ or it overflows.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: self.minor.checked_add(other.minor)?, currency: self.currency })
    }

    /// The difference, unless the currencies differ or it is below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Self::from_minor(self.minor.checked_sub(other.minor)?, self.currency)
    }
}

/// The price of one unit, in ten-thousandths of the currency's major unit. Zero is allowed: free goods are normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitPrice {
    ten_thousandths: i64,
    currency: Currency,
}

impl UnitPrice {
    /// Decimals a unit price may have.
    pub const DECIMALS: u32 = 4;
    /// The highest price: a hundred million of the major unit.
    pub const TEN_THOUSANDTHS_MAX: i64 = 1_000_000_000_000;

    /// So many ten-thousandths, within `0..=TEN_THOUSANDTHS_MAX`.
    pub const fn new(ten_thousandths: i64, currency: Currency) -> Option<Self> {
        if ten_thousandths >= 0 && ten_thousandths <= Self::TEN_THOUSANDTHS_MAX {
            Some(Self { ten_thousandths, currency })
        } else {
            None
        }
    }

    /// Takes a decimal price in major units with at most [`UnitPrice::DECIMALS`] decimals.
    pub fn from_decimal(price: Decimal, currency: Currency) -> Option<Self> {
        let scaled = price.checked_mul(Decimal::from(10_i64.pow(Self::DECIMALS)))?;
        if !scaled.fract().is_zero() {
            return None;
        }
        Self::new(i64::try_from(scaled.trunc()).ok()?, currency)
    }

    /// The price in major units, without trailing zeros below the currency's own decimals.
    pub fn to_decimal(self) -> Decimal {
        let mut price = Decimal::new(self.ten_thousandths, Self::DECIMALS).normalize();
        if price.scale() < u32::from(self.currency.exponent) {
            price.rescale(u32::from(self.currency.exponent));
        }
        price
    }

    /// Ten-thousandths of the major unit.
    pub const fn ten_thousandths(self) -> i64 {
        self.ten_thousandths
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// What so many units cost, rounded half to even to the minor unit; `None` where that leaves 64 bits.
    pub fn times(self, quantity: LineQuantity) -> Option<Money> {
        let exact = Decimal::new(self.ten_thousandths, Self::DECIMALS)
            .checked_mul(Decimal::from(quantity.units()))?;
        let exponent = u32::from(self.currency.exponent);
        let rounded = exact.round_dp_with_strategy(exponent, RoundingStrategy::MidpointNearestEven);
        Money::from_decimal(rounded, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbp() -> Currency {
        Currency::new(*b"GBP", 2).unwrap()
    }

    fn price(text: &str) -> UnitPrice {
        UnitPrice::from_decimal(text.parse().unwrap(), gbp()).unwrap()
    }

    #[test]
    fn a_price_is_kept_to_the_ten_thousandth() {
        assert_eq!(price("3.1415").ten_thousandths(), 31_415);
        assert_eq!(UnitPrice::new(31_415, gbp()).map(UnitPrice::to_decimal), Some("3.1415".parse().unwrap()));
    }

    #[test]
    fn a_line_is_rounded_once_and_half_to_even() {
        for (unit, quantity, total) in [
            ("0.001", 1, "0.00"),
            ("0.005", 1, "0.00"),
            ("0.015", 1, "0.02"),
            ("0.001", 15, "0.02"),
            ("2.55", 6, "15.30"),
        ] {
            let line = price(unit).times(LineQuantity::new(quantity).unwrap()).unwrap();
            assert_eq!(line.to_decimal().to_string(), total, "{quantity} x {unit}");
        }
    }

    #[test]
    fn amounts_finer_than_the_currency_are_refused() {
        assert_eq!(Money::from_decimal("1.005".parse().unwrap(), gbp()), None);
        assert_eq!(Money::from_decimal("-1".parse().unwrap(), gbp()), None);
        assert_eq!(UnitPrice::from_decimal("0.00001".parse().unwrap(), gbp()), None);
        assert_eq!(price("0.001").to_decimal().to_string(), "0.001");
        assert_eq!(price("2.5").to_decimal().to_string(), "2.50");
    }

    #[test]
    fn the_dearest_line_still_fits() {
        let dearest = UnitPrice::new(UnitPrice::TEN_THOUSANDTHS_MAX, gbp()).unwrap();
        assert!(dearest.times(LineQuantity::new(LineQuantity::MAX).unwrap()).is_some());
    }
}
