//! An order as we reckon it, as it was last answered, and as the server has it at the end.

use std::collections::BTreeMap;

use super::Difference;
use crate::client::wire;
use crate::goods::Sku;
use crate::ledger::OrderRecord;
use crate::money::{pence_of, pounds};

/// Compares one order.
pub fn compare(record: &OrderRecord, found: Option<&wire::Order>, differences: &mut Vec<Difference>) {
    answered_as_asked(record, differences);
    let name = || format!("order {} of invoice {}", record.answered.id, record.asked.invoice);
    match found {
        None => Difference::missing(differences, name()),
        Some(found) => still_as_answered(&name(), &record.answered, found, differences),
    }
}

/// Whether the newest answer is what should have come of what was asked.
fn answered_as_asked(record: &OrderRecord, differences: &mut Vec<Difference>) {
    let OrderRecord { asked, answered, .. } = record;
    let of = |what: &str| format!("{what} of order {} of invoice {}", answered.id, asked.invoice);
    let status = expected_status(record);
    Difference::between(differences, || of("status"), status, answered.status.as_str());
    let total = answered_pence(&answered.total);
    let expected = pounds(asked.total_pence()).to_string();
    Difference::between(differences, || of("total"), &expected, &total);

    let lines: BTreeMap<Sku, &wire::OrderLine> =
        answered.lines.iter().map(|line| (Sku::as_named(&line.sku), line)).collect();
    Difference::between(differences, || of("number of lines"), &asked.lines.len(), &answered.lines.len());
    let mut refunded = 0;
    for (sku, (units, pence)) in &asked.lines {
        let Some(line) = lines.get(sku) else {
            Difference::missing(differences, of(&format!("line {sku}")));
            continue;
        };
        let returned = record.returned.get(sku).copied().unwrap_or_default();
        refunded += share(*pence, if record.cancelled { *units } else { returned }, *units);
        let of_line = |what: &str| of(&format!("{what} of line {sku}"));
        // A line leaves whole or not at all.
        let shipped = if record.units_shipped(sku) == 0 { 0 } else { *units };
        let cancelled = if record.cancelled { *units } else { 0 };
        Difference::between(differences, || of_line("units"), units, &line.quantity);
        Difference::between(differences, || of_line("shipped"), &shipped, &line.shipped);
        Difference::between(differences, || of_line("cancelled"), &cancelled, &line.cancelled);
        Difference::between(differences, || of_line("returned"), &returned, &line.returned);
        let (expected, found) = (pounds(*pence).to_string(), answered_pence(&line.total));
        Difference::between(differences, || of_line("total"), &expected, &found);
    }
    let owed = answered.refunds.iter().filter_map(|refund| pence_of(&refund.amount)).sum();
    Difference::between(differences, || of("refunds"), &pounds(refunded), &pounds(owed));
}

/// Whether the server still says what it last answered. How far a refund is may have changed since.
fn still_as_answered(
    name: &str,
    answered: &wire::Order,
    found: &wire::Order,
    differences: &mut Vec<Difference>,
) {
    Difference::between(differences, || format!("id of {name}"), &answered.id, &found.id);
    Difference::between(differences, || format!("status of {name}"), &answered.status, &found.status);
    Difference::between(differences, || format!("total of {name}"), &answered.total, &found.total);
    let lines = |order: &wire::Order| order.lines.iter().map(words).collect::<Vec<_>>().join(", ");
    if answered.lines != found.lines {
        Difference::between(differences, || format!("lines of {name}"), &lines(answered), &lines(found));
    }
    let refunds = |order: &wire::Order| {
        order.refunds.iter().map(|refund| refund.amount.as_str()).collect::<Vec<_>>().join(", ")
    };
    Difference::between(differences, || format!("refunds of {name}"), &refunds(answered), &refunds(found));
}

fn expected_status(record: &OrderRecord) -> &'static str {
    let ordered = record.asked.units();
    let shipped: u64 = record.shipped.iter().flat_map(BTreeMap::values).sum();
    let returned: u64 = record.returned.values().sum();
    match (record.cancelled, shipped, returned) {
        (true, ..) => "cancelled",
        (false, 0, _) => "confirmed",
        (false, _, 0) if shipped < ordered => "partially_shipped",
        (false, _, 0) => "shipped",
        (false, _, _) if returned < ordered => "partially_returned",
        (false, _, _) => "returned",
    }
}

/// The part of a line's total that so many of its units are worth, rounded half to even: whatever the steps in which
/// units come back, the steps add up to this.
fn share(pence: i64, part: u64, whole: u64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let (product, whole) = (i128::from(pence) * i128::from(part), i128::from(whole));
    let (quotient, rest) = (product / whole, product % whole);
    let up = match (rest * 2).cmp(&whole) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient % 2,
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(quotient + up).unwrap_or(i64::MAX)
}

fn answered_pence(amount: &str) -> String {
    pence_of(amount).map_or_else(|| format!("no amount: {amount:?}"), |pence| pounds(pence).to_string())
}

fn words(line: &wire::OrderLine) -> String {
    let wire::OrderLine { sku, quantity, total, shipped, cancelled, returned } = line;
    format!("{quantity} x {sku} = {total} ({shipped} shipped, {cancelled} cancelled, {returned} returned)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_to_even_and_add_up_to_the_whole() {
        assert_eq!(share(1_000, 1, 3), 333);
        assert_eq!(share(1_000, 2, 3), 667);
        assert_eq!(share(1_000, 3, 3), 1_000);
        assert_eq!(share(5, 1, 2), 2);
        assert_eq!(share(7, 1, 2), 4);
    }
}
