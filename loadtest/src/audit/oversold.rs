//! Units granted that were not there at that moment.
//!
//! The end state alone does not show this: what was oversold may have come back since. The answers do not say in which
//! order the server took its decisions, but they say what came before what: an answer that was here before a request was
//! sent had its effect before it. From that alone, for one product:
//!
//! Take the grants answered up to some instant `t`. The one among them that was decided last, whichever it is, was
//! decided no earlier than the latest moment `s` at which any of them was sent. By then every one of these grants had had
//! its effect, and so had every write-off answered before `s`; and only such units can have come back or been added by
//! then whose request was sent before `t`. So, if nothing was oversold,
//!
//! ```text
//! granted up to t + written off before s  <=  opening + sent back before t
//! ```
//!
//! Every excess is units that nobody had. A write-off may take promised units, which is why those that may have come
//! after the last grant do not count.

use std::collections::BTreeMap;

use crate::goods::Sku;
use crate::ledger::{Book, Direction, Movement};

/// The largest excess of every product, added up.
pub fn oversold_units(book: &Book, opening: &BTreeMap<Sku, u64>) -> u64 {
    let mut by_product: BTreeMap<&Sku, Vec<&Movement>> = BTreeMap::new();
    for movement in &book.movements {
        by_product.entry(&movement.sku).or_default().push(movement);
    }
    let opened = |sku: &Sku| opening.get(sku).copied().unwrap_or_default();
    by_product.into_iter().map(|(sku, movements)| excess(opened(sku), &movements)).sum()
}

/// The largest excess of one product over all instants at which a grant was answered.
fn excess(opening: u64, movements: &[&Movement]) -> u64 {
    let mut granted = of(movements, Direction::Granted);
    let mut gone = of(movements, Direction::WrittenOff);
    let mut back = of(movements, Direction::Back);
    granted.sort_unstable_by_key(|movement| movement.span.answered_ns);
    gone.sort_unstable_by_key(|movement| movement.span.answered_ns);
    back.sort_unstable_by_key(|movement| movement.span.sent_ns);
    let (mut gone, mut back) = (gone.into_iter().peekable(), back.into_iter().peekable());
    let (mut taken, mut there, mut last_sent_ns, mut worst) = (0_u64, opening, 0, 0);
    for grant in granted {
        taken += grant.units;
        last_sent_ns = grant.span.sent_ns.max(last_sent_ns);
        while let Some(movement) = gone.next_if(|movement| movement.span.answered_ns < last_sent_ns) {
            taken += movement.units;
        }
        while let Some(movement) = back.next_if(|movement| movement.span.sent_ns < grant.span.answered_ns) {
            there += movement.units;
        }
        worst = worst.max(taken.saturating_sub(there));
    }
    worst
}

fn of<'a>(movements: &[&'a Movement], direction: Direction) -> Vec<&'a Movement> {
    movements.iter().copied().filter(|movement| movement.direction == direction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Span;

    fn excess_of(opening: u64, movements: &[(Direction, u64, u64, u64)]) -> u64 {
        let movement = |(direction, units, sent_ns, answered_ns): &(Direction, u64, u64, u64)| Movement {
            sku: Sku::as_named("11111"),
            units: *units,
            direction: *direction,
            span: Span { sent_ns: *sent_ns, answered_ns: *answered_ns },
        };
        let movements: Vec<_> = movements.iter().map(movement).collect();
        excess(opening, &movements.iter().collect::<Vec<_>>())
    }

    use Direction::{Back, Granted, WrittenOff};

    #[test]
    fn what_is_there_may_be_granted() {
        assert_eq!(excess_of(10, &[(Granted, 4, 1, 5), (Granted, 6, 2, 4)]), 0);
        assert_eq!(excess_of(4, &[(Granted, 4, 1, 2), (Back, 4, 3, 4), (Granted, 4, 5, 6)]), 0);
    }

    #[test]
    fn two_at_once_cannot_both_have_the_last_unit() {
        assert_eq!(excess_of(1, &[(Granted, 1, 1, 5), (Granted, 1, 2, 4)]), 1);
    }

    #[test]
    fn what_comes_back_later_does_not_excuse_a_grant() {
        assert_eq!(excess_of(1, &[(Granted, 1, 1, 2), (Granted, 2, 3, 4), (Back, 3, 5, 6)]), 2);
    }

    #[test]
    fn what_may_have_come_back_in_time_does() {
        assert_eq!(excess_of(1, &[(Granted, 1, 1, 2), (Granted, 1, 3, 6), (Back, 1, 5, 9)]), 0);
    }

    #[test]
    fn a_write_off_may_take_promised_units_but_nothing_may_be_granted_after_it() {
        assert_eq!(excess_of(5, &[(Granted, 5, 1, 2), (WrittenOff, 3, 3, 4)]), 0);
        assert_eq!(excess_of(5, &[(WrittenOff, 3, 1, 2), (Granted, 5, 3, 4)]), 3);
        assert_eq!(excess_of(5, &[(WrittenOff, 3, 1, 4), (Granted, 5, 3, 6)]), 0, "they may have crossed");
    }
}
