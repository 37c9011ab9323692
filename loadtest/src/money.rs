//! What orders must cost, worked out apart from the server.
//!
//! The server prices with decimals; this does it with integers, so that a slip in one of them shows. Both round
//! every row half to even to the penny and then add up: rounding the sum instead gives other totals.

use rust_decimal::Decimal;

/// The currency of the order stream.
pub const CURRENCY: &str = "GBP";

/// Decimals a unit price may have on the wire.
pub const PRICE_DECIMALS_MAX: u32 = 4;

/// The highest unit price the server takes, in pounds.
pub const PRICE_MAX: u32 = 100_000_000;

const PENCE_PER_POUND: i64 = 100;
const TEN_THOUSANDTHS_PER_PENNY: i128 = 100;

/// Whether the server can take this as a unit price.
pub fn is_price(price: Decimal) -> bool {
    price.normalize().scale() <= PRICE_DECIMALS_MAX && price.abs() <= Decimal::from(PRICE_MAX)
}

/// What so many units cost in pence, rounded half to even; `None` for what is no price or leaves 64 bits.
pub fn line_total_pence(unit_price: Decimal, units: u64) -> Option<i64> {
    let mut price = unit_price.normalize();
    if price.scale() > PRICE_DECIMALS_MAX || price.is_sign_negative() && !price.is_zero() {
        return None;
    }
    price.rescale(PRICE_DECIMALS_MAX);
    let exact = price.mantissa().checked_mul(i128::from(units))?;
    let (whole, rest) = (exact / TEN_THOUSANDTHS_PER_PENNY, exact % TEN_THOUSANDTHS_PER_PENNY);
    let up = match (rest * 2).cmp(&TEN_THOUSANDTHS_PER_PENNY) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => whole % 2,
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(whole + up).ok()
}

/// Reads an amount the server wrote, `"15.30"`, as pence; `None` if it is no amount of whole pence.
pub fn pence_of(amount: &str) -> Option<i64> {
    let pence = Decimal::from_str_exact(amount).ok()?.checked_mul(Decimal::from(PENCE_PER_POUND))?;
    if pence.fract().is_zero() { i64::try_from(pence.trunc()).ok() } else { None }
}

/// Pence as pounds: `1530` is `15.30`.
pub fn pounds(pence: i64) -> Decimal {
    Decimal::new(pence, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pence(price: &str, units: u64) -> Option<i64> {
        line_total_pence(price.parse().unwrap(), units)
    }

    #[test]
    fn rows_round_half_to_even() {
        assert_eq!(pence("2.55", 6), Some(1530));
        assert_eq!(pence("0.001", 1), Some(0));
        assert_eq!(pence("0.001", 5), Some(0));
        assert_eq!(pence("0.001", 15), Some(2));
        assert_eq!(pence("0.001", 25), Some(2));
        assert_eq!(pence("0.001", 26), Some(3));
        assert_eq!(pence("0", 74_215), Some(0));
        assert_eq!(pence("1.04", 74_215), Some(7_718_360));
    }

    #[test]
    fn what_is_no_price_has_no_total() {
        assert_eq!(pence("-0.01", 1), None);
        assert_eq!(pence("0.00001", 1), None);
        assert!(!is_price("0.00001".parse().unwrap()));
        assert!(is_price("0.0010000".parse().unwrap()));
    }

    #[test]
    fn amounts_are_whole_pence() {
        assert_eq!(pence_of("15.30"), Some(1530));
        assert_eq!(pence_of("15.305"), None);
        assert_eq!(pence_of("much"), None);
        assert_eq!(pounds(1530).to_string(), "15.30");
    }
}
