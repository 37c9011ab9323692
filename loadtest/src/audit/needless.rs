//! Orders and reservations refused for want of stock that was there all the while.
//!
//! A server that refuses everything oversells nothing, so refusals are audited too. The order of the server's decisions is
//! not known, but for one refused request an upper bound of what others can have had is: everything granted or written off
//! whose request was sent before the refusal came. And a lower bound of what had come back by then: everything whose answer
//! was there before the refused request was sent. If by these bounds there was enough of *every* product it asked for, then
//! there was enough at every moment at which the server can have decided.
//!
//! Baskets that were refused themselves do not count as having had anything, although they may have held a part for a
//! moment: the core promises that of two baskets racing for the same last units one wins, and never none.

use std::collections::BTreeMap;

use crate::goods::Sku;
use crate::ledger::{Book, Direction, Movement, RefusedGrant};

/// The refusals that had no reason.
pub fn needless<'a>(book: &'a Book, opening: &BTreeMap<Sku, u64>) -> Vec<&'a RefusedGrant> {
    let mut shelves: BTreeMap<&Sku, Bounds> = BTreeMap::new();
    for movement in &book.movements {
        shelves.entry(&movement.sku).or_default().add(movement);
    }
    shelves.values_mut().for_each(Bounds::sort);
    let unknown = Bounds::default();
    let was_there = |refused: &RefusedGrant, sku: &Sku, units: u64| {
        let bounds = shelves.get(sku).unwrap_or(&unknown);
        let taken = bounds.taken.up_to(refused.span.answered_ns);
        let back = bounds.back.up_to(refused.span.sent_ns);
        opening.get(sku).copied().unwrap_or_default() + back >= taken + units
    };
    let is_needless =
        |refused: &&RefusedGrant| refused.units.iter().all(|(sku, units)| was_there(refused, sku, *units));
    book.refused_grants.iter().filter(is_needless).collect()
}

#[derive(Debug, Default)]
struct Bounds {
    /// Units that may have been taken from this instant on.
    taken: Steps,
    /// Units that were certainly back from this instant on.
    back: Steps,
}

impl Bounds {
    fn add(&mut self, movement: &Movement) {
        match movement.direction {
            Direction::Granted | Direction::WrittenOff => {
                self.taken.0.push((movement.span.sent_ns, movement.units));
            }
            Direction::Back => self.back.0.push((movement.span.answered_ns, movement.units)),
        }
    }

    fn sort(&mut self) {
        self.taken.sort();
        self.back.sort();
    }
}

/// Instants with the units that count from then on; once sorted, with the sum up to each.
#[derive(Debug, Default)]
struct Steps(Vec<(u64, u64)>);

impl Steps {
    fn sort(&mut self) {
        self.0.sort_unstable();
        let mut sum = 0;
        for (_, units) in &mut self.0 {
            sum += *units;
            *units = sum;
        }
    }

    /// The sum of all steps before an instant.
    fn up_to(&self, instant_ns: u64) -> u64 {
        let before = self.0.partition_point(|(at_ns, _)| *at_ns < instant_ns);
        before.checked_sub(1).and_then(|last| self.0.get(last)).map_or(0, |(_, sum)| *sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Kind, Span};
    use crate::ledger::Who;

    fn is_needless(
        opening: &[(&str, u64)],
        movements: &[(&str, Direction, u64, [u64; 2])],
        refused: &[(&str, u64)],
        span: [u64; 2],
    ) -> bool {
        let sku = Sku::as_named;
        let span_of = |[sent_ns, answered_ns]: [u64; 2]| Span { sent_ns, answered_ns };
        let movement = |(name, direction, units, span): &(&str, Direction, u64, [u64; 2])| Movement {
            sku: sku(name),
            units: *units,
            direction: *direction,
            span: span_of(*span),
        };
        let refused = RefusedGrant {
            kind: Kind::Reserve,
            who: Who { invoice: "1".into(), key: "k".to_owned() },
            units: refused.iter().map(|(name, units)| (sku(name), *units)).collect(),
            span: span_of(span),
        };
        let book = Book {
            movements: movements.iter().map(movement).collect(),
            refused_grants: vec![refused],
            ..Book::default()
        };
        let opening = opening.iter().map(|(name, units)| (sku(name), *units)).collect();
        !needless(&book, &opening).is_empty()
    }

    use Direction::{Back, Granted};

    #[test]
    fn what_nobody_took_was_there() {
        assert!(is_needless(&[("a", 5)], &[], &[("a", 5)], [1, 2]));
        assert!(!is_needless(&[("a", 5)], &[], &[("a", 6)], [1, 2]));
        assert!(!is_needless(&[("a", 5)], &[], &[("a", 1), ("b", 1)], [1, 2]), "there is no b");
    }

    #[test]
    fn what_somebody_may_have_had_is_a_reason() {
        let granted = |span| [("a", Granted, 1, span)];
        assert!(!is_needless(&[("a", 5)], &granted([1, 9]), &[("a", 5)], [2, 3]), "it may have come first");
        assert!(is_needless(&[("a", 5)], &granted([4, 5]), &[("a", 5)], [2, 3]), "it came later");
    }

    #[test]
    fn only_what_was_certainly_back_counts() {
        let moves = |back| [("a", Granted, 5, [1, 2]), ("a", Back, 5, back)];
        assert!(is_needless(&[("a", 5)], &moves([3, 4]), &[("a", 5)], [5, 6]));
        assert!(!is_needless(&[("a", 5)], &moves([3, 9]), &[("a", 5)], [5, 6]));
    }
}
