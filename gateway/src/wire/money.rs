//! Amounts as decimal strings in major units: `"19.99"`. Never a JSON number, which a parser may round.

use holdfast_engine::{Currency, Money, UnitPrice};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::field_errors::FieldErrors;

/// A decimal on its way out, with all the digits it was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount(pub(crate) Decimal);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A currency on its way out, as its code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrencyCode(pub(crate) Currency);

impl Serialize for CurrencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

/// A currency from its ISO 4217 code.
pub(crate) fn currency(pointer: &str, code: &str, errors: &mut FieldErrors) -> Option<Currency> {
    // The table's own reader also takes lower case; one spelling is enough.
    let known =
        code.bytes().all(|byte| byte.is_ascii_uppercase()).then(|| iso_currency::Currency::from_code(code));
    let currency = known.flatten().and_then(|known| {
        let exponent = u8::try_from(known.exponent()?).ok()?;
        Currency::new(code.as_bytes().try_into().ok()?, exponent)
    });
    if currency.is_none() {
        errors.push(
            pointer,
            "unknown_currency",
            "must be the ISO 4217 code of a currency, \"GBP\" for example",
        );
    }
    currency
}

/// The price of one unit.
pub(crate) fn unit_price(
    pointer: impl FnOnce() -> String,
    text: &str,
    currency: Currency,
    errors: &mut FieldErrors,
) -> Option<UnitPrice> {
    let price = decimal(text).and_then(|price| UnitPrice::from_decimal(price, currency));
    if price.is_none() {
        errors.push(
            pointer(),
            "not_an_amount",
            "must be a decimal string from \"0\" to \"100000000\" with at most 4 decimals, \"2.55\" for example",
        );
    }
    price
}

/// An amount to pay.
pub(crate) fn money(
    pointer: &str,
    text: &str,
    currency: Currency,
    errors: &mut FieldErrors,
) -> Option<Money> {
    let money = decimal(text).and_then(|amount| Money::from_decimal(amount, currency));
    if money.is_none() {
        let detail = format!(
            "must be a decimal string of at least \"0\" with at most {} decimals, as {} has",
            currency.exponent(),
            currency.code()
        );
        errors.push(pointer, "not_an_amount", detail);
    }
    money
}

/// Digits, and perhaps a point and more digits: no sign, no exponent, no separators, no spaces.
fn decimal(text: &str) -> Option<Decimal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_plain_decimals() {
        for good in ["0", "2.55", "100000000", "0.001"] {
            assert!(decimal(good).is_some(), "{good}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1_000", "0x1", "NaN", "١"] {
            assert!(decimal(bad).is_none(), "{bad}");
        }
        assert!(decimal(&"9".repeat(60)).is_none());
    }

    #[test]
    fn currencies_are_known_by_their_code() {
        let mut errors = FieldErrors::default();
        assert_eq!(currency("/c", "GBP", &mut errors).unwrap().exponent(), 2);
        assert_eq!(currency("/c", "JPY", &mut errors).unwrap().exponent(), 0);
        assert_eq!(currency("/c", "KWD", &mut errors).unwrap().exponent(), 3);
        assert!(errors.is_empty());
        for bad in ["gbp", "XYZ", "", "GB", "GBPP", "G£"] {
            assert!(currency("/c", bad, &mut errors).is_none(), "{bad}");
        }
    }
}
