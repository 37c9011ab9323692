//! What moved on a shelf lately, by when it happened: so that a count can be told after the fact, and a sale after the count.
//!
//! ```text
//!          count taken           told
//!   ───────────┼──────●──────●─────┼────▶   what moved in between is kept: it is not in the count
//!        sale  │ told after the count: it is in the count, and changes nothing
//! ```
//!
//! The rule, for each condition of units at each location: *what happened at or before the instant of the last count is in
//! that count; what happened later is not.* The last count is the one taken last, whenever it was told.
//!
//! Movements are remembered for [`Product::STAMP_AGE_MAX`](super::Product::STAMP_AGE_MAX) and at most [`MOVES_MAX`] of a
//! shelf. Those before the last count are never asked for again, and forgotten.

use std::collections::VecDeque;

use super::stock::Condition;
use crate::time::{Millis, Timestamp};

/// Most movements of one shelf that are remembered.
pub(super) const MOVES_MAX: usize = 1024;

/// The last count of each pile, and what moved since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Recent {
    counted: [Option<Timestamp>; 3],
    /// In the order in which they happened.
    moves: VecDeque<Move>,
    /// Instants before this one are asked for in vain, because something of what moved after them was forgotten.
    complete_from: Option<Timestamp>,
}

/// Units that came to a pile or left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Move {
    at: Timestamp,
    condition: Condition,
    delta: i64,
}

impl Recent {
    /// The instant of a pile's last count.
    pub(super) fn last_count(&self, condition: Condition) -> Option<Timestamp> {
        self.counted.get(place(condition)).copied().flatten()
    }

    /// The earliest instant at which what lay there can still be told.
    pub(super) fn complete_from(&self) -> Option<Timestamp> {
        self.complete_from
    }

    /// By how many units a pile changed after this instant.
    pub(super) fn change_since(&self, condition: Condition, at: Timestamp) -> i64 {
        let later = self.moves.iter().rev().take_while(|one| one.at > at);
        later.filter(|one| one.condition == condition).map(|one| one.delta).fold(0, i64::saturating_add)
    }

    /// Remembers a movement that happened at this instant, and forgets what is older than `age` now.
    pub(super) fn moved(
        &mut self,
        now: Timestamp,
        age: Millis,
        (at, condition, delta): (Timestamp, Condition, i64),
    ) {
        while self.moves.front().is_some_and(|oldest| now.since(oldest.at) > age) {
            self.moves.pop_front();
        }
        let is_in_count = self.last_count(condition).is_some_and(|counted| at <= counted);
        if delta == 0 || is_in_count || self.complete_from.is_some_and(|from| at <= from) {
            return;
        }
        let position = self.moves.partition_point(|one| one.at <= at);
        self.moves.insert(position, Move { at, condition, delta });
        if self.moves.len() > MOVES_MAX
            && let Some(oldest) = self.moves.pop_front()
        {
            self.complete_from = Some(oldest.at);
        }
    }

    /// Remembers a count taken at this instant.
    pub(super) fn counted(&mut self, condition: Condition, at: Timestamp) {
        if let Some(counted) = self.counted.get_mut(place(condition)) {
            *counted = Some(at);
        }
        self.moves.retain(|one| one.condition != condition || one.at > at);
        self.moves.shrink_to_fit();
    }
}

/// Where a condition stands in the list of counts.
const fn place(condition: Condition) -> usize {
    match condition {
        Condition::Sellable => 0,
        Condition::Damaged => 1,
        Condition::QualityControl => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = Millis(1_000);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn move_one(recent: &mut Recent, now: i64, happened: i64) {
        recent.moved(at(now), DAY, (at(happened), Condition::Sellable, -1));
    }

    #[test]
    fn only_what_happened_after_an_instant_has_changed_what_lay_there() {
        let mut recent = Recent::default();
        for (now, happened) in [(10, 10), (20, 20), (30, 15)] {
            move_one(&mut recent, now, happened);
        }
        recent.moved(at(30), DAY, (at(30), Condition::Damaged, 7));
        let since = |millis| recent.change_since(Condition::Sellable, at(millis));
        assert_eq!([9, 10, 15, 20].map(since), [-3, -2, -1, 0]);
    }

    #[test]
    fn what_is_in_the_last_count_or_older_than_a_day_is_forgotten() {
        let mut recent = Recent::default();
        move_one(&mut recent, 10, 10);
        recent.counted(Condition::Sellable, at(10));
        move_one(&mut recent, 12, 9);
        assert!(recent.moves.is_empty());
        move_one(&mut recent, 20, 20);
        move_one(&mut recent, 1_020, 1_020);
        assert_eq!(recent.moves.len(), 2, "as old as may be");
        move_one(&mut recent, 1_021, 1_021);
        assert_eq!(recent.change_since(Condition::Sellable, at(0)), -2);
    }

    #[test]
    fn more_than_can_be_remembered_moves_the_earliest_instant_that_can_be_told() {
        let mut recent = Recent::default();
        for happened in 0..=MOVES_MAX as i64 {
            assert_eq!(recent.complete_from(), None, "nothing was forgotten");
            move_one(&mut recent, 0, happened);
        }
        assert_eq!((recent.moves.len(), recent.complete_from()), (MOVES_MAX, Some(at(0))));
        move_one(&mut recent, 0, 0);
        assert_eq!(recent.moves.len(), MOVES_MAX, "what is before that is not remembered");
        let last = MOVES_MAX as i64;
        move_one(&mut recent, 0, last + 1);
        assert_eq!(recent.change_since(Condition::Sellable, at(last)), -1, "what comes later is");
        assert_eq!(recent.complete_from(), Some(at(1)));
    }
}
