//! When live holds lapse, earliest first.
//!
//! Most holds of a product are made for the same time, so their deadlines come in order, and most end before their
//! deadline. So a deadline that is not earlier than the last one is only put at the end of a queue, and one that has become
//! meaningless stays there until it is at the front, or until half of the queue is meaningless. The others stand in a
//! tree. What counts is always what the hold itself says.

use std::collections::{BTreeSet, VecDeque};

use super::holds::Holds;
use crate::ids::HoldId;
use crate::time::Timestamp;

/// The deadlines of live holds.
///
/// Invariant: the first entry of the queue is the deadline of a live hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Deadlines {
    queue: VecDeque<(Timestamp, HoldId)>,
    /// Entries of the queue that do not count: the hold has ended, or moved, be it away and back.
    stale: usize,
    others: BTreeSet<(Timestamp, HoldId)>,
}

/// So few meaningless entries are never swept up.
const STALE_MIN: usize = 1_024;

impl Deadlines {
    pub(super) fn insert(&mut self, deadline: Timestamp, id: HoldId) {
        if self.queue.back().is_none_or(|(last, _)| *last <= deadline) {
            self.queue.push_back((deadline, id));
        } else {
            self.others.insert((deadline, id));
        }
    }

    /// Takes out a deadline that `holds` does not know any more.
    pub(super) fn remove(&mut self, deadline: Timestamp, id: HoldId, holds: &Holds) {
        if !self.others.is_empty() && self.others.remove(&(deadline, id)) {
            // It may stand in the queue too, from before it was moved away and back.
        } else if self.queue.front() == Some(&(deadline, id)) {
            self.queue.pop_front();
        } else {
            self.stale += 1;
        }
        while self.stale > 0
            && let Some(entry) = self.queue.front()
            && !is_live(entry, holds)
        {
            self.queue.pop_front();
            self.stale -= 1;
        }
        if self.stale > STALE_MIN && self.stale > self.queue.len() / 2 {
            let (mut seen, others) = (BTreeSet::new(), &self.others);
            self.queue
                .retain(|entry| is_live(entry, holds) && !others.contains(entry) && seen.insert(*entry));
            self.stale = 0;
        }
    }

    /// The earliest.
    pub(super) fn first(&self) -> Option<Timestamp> {
        let (queued, other) = (self.queue.front(), self.others.first());
        [queued, other].into_iter().flatten().map(|(deadline, _)| *deadline).min()
    }

    /// Those that have come, earliest first, each hold once.
    pub(super) fn lapsed(&self, at: Timestamp, holds: &Holds) -> Vec<(Timestamp, HoldId)> {
        let queued = self.queue.iter().take_while(|(deadline, _)| *deadline <= at);
        let queued = queued.filter(|entry| is_live(entry, holds));
        let others = self.others.iter().take_while(|(deadline, _)| *deadline <= at);
        let mut lapsed: Vec<_> = queued.chain(others).copied().collect();
        lapsed.sort_unstable();
        // A deadline that was moved away and back again stands in the queue twice.
        lapsed.dedup();
        lapsed
    }

    /// All that count, in order.
    pub(super) fn live(&self, holds: &Holds) -> BTreeSet<(Timestamp, HoldId)> {
        self.queue.iter().chain(&self.others).filter(|entry| is_live(entry, holds)).copied().collect()
    }
}

fn is_live((deadline, id): &(Timestamp, HoldId), holds: &Holds) -> bool {
    holds.get(*id).is_some_and(|held| held.expires_at() == Some(*deadline))
}

/// An index of what the holds say, so it is equal wherever they are.
impl PartialEq for Deadlines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Deadlines {}

#[cfg(test)]
mod tests {
    use super::super::holds::{Held, LocationNumber};
    use super::*;
    use crate::ids::ReservationId;
    use crate::quantity::LineQuantity;

    struct Both(Deadlines, Holds);

    impl Both {
        fn open(&mut self, number: u128, deadline: i64) {
            let held = Held::new(LocationNumber(0), LineQuantity::ONE, Some(at(deadline)));
            self.1.insert(id(number), held);
            self.0.insert(at(deadline), id(number));
        }

        fn end(&mut self, number: u128) {
            let held = self.1.remove(id(number)).unwrap();
            self.0.remove(held.expires_at().unwrap(), id(number), &self.1);
        }

        fn postpone(&mut self, number: u128, deadline: i64) {
            let held = self.1.get_mut(id(number)).unwrap();
            let old = held.expires_at().unwrap();
            held.move_deadline(Some(at(deadline)));
            self.0.remove(old, id(number), &self.1);
            self.0.insert(at(deadline), id(number));
        }

        fn lapsed(&self, now: i64) -> Vec<(i64, u128)> {
            let lapsed = self.0.lapsed(at(now), &self.1).into_iter();
            lapsed.map(|(deadline, id)| (deadline.millis(), { id.reservation.0 })).collect()
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn id(number: u128) -> HoldId {
        HoldId { reservation: ReservationId(number), line: 0 }
    }

    #[test]
    fn they_come_in_order_however_they_were_made() {
        let mut both = Both(Deadlines::default(), Holds::default());
        for (number, deadline) in [(1, 50), (2, 10), (3, 50), (4, 70), (5, 20)] {
            both.open(number, deadline);
        }
        assert_eq!(both.0.first(), Some(at(10)));
        assert_eq!(both.lapsed(50), [(10, 2), (20, 5), (50, 1), (50, 3)]);
        both.end(2);
        both.end(1);
        assert_eq!(both.0.first(), Some(at(20)));
        both.postpone(3, 90);
        both.postpone(3, 60);
        both.postpone(3, 90);
        assert_eq!(both.lapsed(90), [(20, 5), (70, 4), (90, 3)]);
        [5, 4, 3].into_iter().for_each(|number| both.end(number));
        assert_eq!((both.0.first(), both.lapsed(i64::MAX)), (None, Vec::new()));
    }

    /// Sweeping looks at every entry, so it has to be rare.
    #[test]
    fn what_has_ended_is_swept_up_only_where_it_is_much_and_more_than_half_of_all() {
        let many = 4 * STALE_MIN;
        let full = |count: usize| {
            let mut both = Both(Deadlines::default(), Holds::default());
            (0..count).for_each(|number| both.open(number as u128, 5 + number as i64));
            both
        };
        let end = |both: &mut Both, numbers: std::ops::Range<usize>| {
            numbers.rev().for_each(|number| both.end(number as u128));
        };
        let mut both = full(many);
        end(&mut both, many / 2..many);
        assert_eq!(both.0.queue.len(), many, "half is left where it is");
        end(&mut both, many / 2 - 1..many / 2);
        assert_eq!(both.0.queue.len(), many / 2 - 1, "more is not");
        let mut both = full(STALE_MIN + 1);
        end(&mut both, 1..STALE_MIN + 1);
        assert_eq!(both.0.queue.len(), STALE_MIN + 1, "so few are left where they are");
        // What stands behind the first goes with it, and counts no more.
        let mut both = full(many);
        end(&mut both, 1..701);
        end(&mut both, 0..1);
        assert_eq!(both.0.queue.len(), many - 701);
        end(&mut both, many - 1_600..many);
        assert_eq!(both.0.queue.len(), many - 701, "1600 are less than half");
    }

    #[test]
    fn what_has_ended_does_not_pile_up() {
        let mut both = Both(Deadlines::default(), Holds::default());
        both.open(0, 5);
        for number in 1..100_000 {
            both.open(number, 10);
            both.end(number);
        }
        assert!(both.0.queue.len() < 3 * STALE_MIN, "{} entries for one hold", both.0.queue.len());
        assert_eq!(both.0.live(&both.1).len(), 1);
        assert_eq!(both.0.first(), Some(at(5)));
    }
}
