//! A reservation as it was asked for, as it was last answered, and as the server has it at the end.

use std::collections::BTreeMap;

use super::Difference;
use crate::client::wire;
use crate::goods::Sku;
use crate::ledger::ReservationRecord;

/// Compares one reservation.
pub fn compare(
    number: usize,
    record: &ReservationRecord,
    found: Option<&wire::Reservation>,
    differences: &mut Vec<Difference>,
) {
    let ReservationRecord { asked, answered } = record;
    let name = || format!("reservation {} (number {number})", answered.id);
    let units: BTreeMap<Sku, u64> =
        answered.lines.iter().map(|line| (Sku::as_named(&line.sku), line.quantity)).collect();
    if units != *asked {
        let words = |units: &BTreeMap<Sku, u64>| {
            units.iter().map(|(sku, units)| format!("{units} x {sku}")).collect::<Vec<_>>().join(", ")
        };
        Difference::between(differences, || format!("lines of {}", name()), &words(asked), &words(&units));
    }
    let Some(found) = found else {
        Difference::missing(differences, name());
        return;
    };
    Difference::between(differences, || format!("status of {}", name()), &answered.status, &found.status);
    if answered.lines != found.lines {
        let words = |reservation: &wire::Reservation| {
            let lines = reservation.lines.iter();
            let words = lines.map(|line| format!("{} of {} x {}", line.committed, line.quantity, line.sku));
            words.collect::<Vec<_>>().join(", ")
        };
        Difference::between(differences, || format!("lines of {}", name()), &words(answered), &words(found));
    }
}
