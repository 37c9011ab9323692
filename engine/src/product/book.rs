//! The demand book: promised units that are not there yet, in the order in which they will be served.
//!
//! A place in it is a priority class and, within a class, the position in the journal at which the demand was committed:
//! a basket that nobody has paid for gets nothing of what arrives. Demand that asked for one location stands in a queue
//! of its own, so that goods at another location do not have to walk past it.

use std::collections::BTreeMap;
use std::iter::Peekable;

use super::holds::LocationNumber;
use super::terms::PriorityClass;
use crate::ids::HoldId;
use crate::time::Sequence;

/// A place among those that queue; the smallest is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// How urgent it is.
    pub class: PriorityClass,
    /// Where in the journal it was promised.
    pub arrival: Sequence,
    /// Which line of it.
    pub line: u16,
}

type Queue = BTreeMap<Rank, HoldId>;

/// Who queues, by place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Book {
    anywhere: Queue,
    at: BTreeMap<LocationNumber, Queue>,
}

impl Book {
    pub(super) fn is_empty(&self) -> bool {
        self.anywhere.is_empty() && self.at.is_empty()
    }

    /// Answers what stood at that place before.
    pub(super) fn insert(
        &mut self,
        rank: Rank,
        asked: Option<LocationNumber>,
        hold: HoldId,
    ) -> Option<HoldId> {
        match asked {
            None => self.anywhere.insert(rank, hold),
            Some(location) => self.at.entry(location).or_default().insert(rank, hold),
        }
    }

    pub(super) fn remove(&mut self, rank: Rank, asked: Option<LocationNumber>) -> Option<HoldId> {
        let Some(location) = asked else { return self.anywhere.remove(&rank) };
        let queue = self.at.get_mut(&location)?;
        let removed = queue.remove(&rank);
        if queue.is_empty() {
            self.at.remove(&location);
        }
        removed
    }

    /// Everybody that units at this location may serve, in order.
    pub(super) fn at(&self, location: LocationNumber) -> impl Iterator<Item = (Rank, HoldId)> {
        let here = self.at.get(&location).into_iter().flatten();
        merge(self.anywhere.iter(), here)
    }

    /// Everybody, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Rank, Option<LocationNumber>, HoldId)> {
        let anywhere = self.anywhere.iter().map(|(rank, hold)| (*rank, None, *hold));
        let at = self
            .at
            .iter()
            .flat_map(|(location, queue)| queue.iter().map(|(rank, hold)| (*rank, Some(*location), *hold)));
        anywhere.chain(at)
    }

    /// How many stand before this place in the queues that `asked` competes with: its own, and, where it takes units from
    /// anywhere, all.
    pub(super) fn ahead(&self, rank: Rank, asked: Option<LocationNumber>) -> usize {
        let before = |queue: &Queue| queue.range(..rank).count();
        let at = self.at.iter().filter(|(location, _)| asked.is_none_or(|asked| asked == **location));
        before(&self.anywhere) + at.map(|(_, queue)| before(queue)).sum::<usize>()
    }
}

/// Two queues as one.
fn merge<'a>(
    a: impl Iterator<Item = (&'a Rank, &'a HoldId)>,
    b: impl Iterator<Item = (&'a Rank, &'a HoldId)>,
) -> impl Iterator<Item = (Rank, HoldId)> {
    let (mut a, mut b): (Peekable<_>, Peekable<_>) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || {
        let first = match (a.peek(), b.peek()) {
            (Some((here, _)), Some((there, _))) => here < there,
            (here, _) => here.is_some(),
        };
        let (rank, hold) = if first { a.next() } else { b.next() }?;
        Some((*rank, *hold))
    })
}
