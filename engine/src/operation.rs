//! One effect per idempotency key (I4): what a keyed operation did, kept beside the thing it did it to.
//!
//! A repeat finds its first run here and gets the same answer; a different request under the same key is refused.
//! Records older than [`OperationLog::RETENTION`] are dropped by the next recorded operation, by the time that
//! stands in the events, so a replay drops exactly the same ones.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{Fingerprint, OperationId};
use crate::time::{Millis, Sequence, Timestamp};

/// A caller's intention: which operation, and a fingerprint of what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who, what for, and which key, in one number.
    pub id: OperationId,
    /// What was asked.
    pub fingerprint: Fingerprint,
}

/// What a finished operation left behind, enough to give its answer again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OperationRecord<T> {
    /// The operation that was carried out.
    pub operation: Operation,
    /// When.
    pub at: Timestamp,
    /// Version of the thing after it.
    pub version: u64,
    /// Journal position of its last event.
    pub sequence: Sequence,
    /// What the answer needs besides.
    pub result: T,
}

/// How a request relates to the operations carried out before it.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a, T> {
    /// Not seen before (or longer ago than the retention).
    New,
    /// Carried out before; here is what it left.
    Repeat(&'a OperationRecord<T>),
    /// The key was used for something else.
    Reused,
}

/// The operations carried out on one thing, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OperationLog<T> {
    /// Most things never see one, and there are many things.
    entries: Option<Box<Entries<T>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entries<T> {
    records: VecDeque<OperationRecord<T>>,
    /// How many records were forgotten: the first one here is the one of this number.
    forgotten: u64,
    /// The number of each operation's record.
    numbers: BTreeMap<OperationId, u64>,
}

impl<T> Default for OperationLog<T> {
    fn default() -> Self {
        Self { entries: None }
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { records: VecDeque::new(), forgotten: 0, numbers: BTreeMap::new() }
    }
}

impl<T> OperationLog<T> {
    /// How long a key is remembered: three days, so that a retry after a long week-end outage still finds its answer.
    pub const RETENTION: Millis = Millis(3 * 24 * 60 * 60 * 1000);

    /// Whether this operation was carried out before.
    pub fn look_up(&self, operation: Operation) -> Lookup<'_, T> {
        match self.get(operation.id) {
            None => Lookup::New,
            Some(record) if record.operation.fingerprint == operation.fingerprint => Lookup::Repeat(record),
            Some(_) => Lookup::Reused,
        }
    }

    /// Remembers an operation that was carried out, and forgets what is older than the retention.
    pub(crate) fn record(&mut self, record: OperationRecord<T>) {
        let entries = self.entries.get_or_insert_default();
        while entries.records.front().is_some_and(|oldest| record.at.since(oldest.at) > Self::RETENTION) {
            if let Some(oldest) = entries.records.pop_front() {
                entries.numbers.remove(&oldest.operation.id);
                entries.forgotten += 1;
            }
        }
        entries.numbers.insert(record.operation.id, entries.forgotten + entries.records.len() as u64);
        entries.records.push_back(record);
    }

    /// Fills in where the event that brought the thing to this version stands in the journal, once that is known.
    pub(crate) fn set_sequence(&mut self, version: u64, sequence: Sequence) {
        let last = self.entries.as_mut().and_then(|entries| entries.records.back_mut());
        if let Some(record) = last.filter(|record| record.version == version) {
            record.sequence = sequence;
        }
    }

    /// The record of an operation that was carried out.
    pub fn get(&self, id: OperationId) -> Option<&OperationRecord<T>> {
        let entries = self.entries.as_ref()?;
        let number = entries.numbers.get(&id)?.checked_sub(entries.forgotten)?;
        entries.records.get(usize::try_from(number).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: u128) -> Operation {
        Operation { id: OperationId(id), fingerprint: Fingerprint(7) }
    }

    #[test]
    fn what_is_forgotten_is_new_again_and_what_is_kept_is_found_where_it_moved_to() {
        let mut log = OperationLog::default();
        let (day, retention) = (24 * 60 * 60 * 1000, OperationLog::<u32>::RETENTION.0.cast_signed());
        for number in 0..6_u32 {
            // The first three are a day apart; when the later ones come, those are too old one after the other.
            let at =
                if number < 3 { i64::from(number) * day } else { retention + i64::from(number - 2) * day };
            log.record(OperationRecord {
                operation: operation(number.into()),
                at: Timestamp::from_millis(at),
                version: number.into(),
                sequence: Sequence::default(),
                result: number,
            });
        }
        let found: Vec<_> =
            (0..6).map(|number| log.get(OperationId(number)).map(|record| record.result)).collect();
        assert_eq!(found, [None, None, None, Some(3), Some(4), Some(5)]);
        assert!(matches!(log.look_up(operation(2)), Lookup::New));
        assert!(matches!(log.look_up(operation(4)), Lookup::Repeat(record) if record.result == 4));
        let other = Operation { fingerprint: Fingerprint(8), ..operation(4) };
        assert!(matches!(log.look_up(other), Lookup::Reused));
    }
}
