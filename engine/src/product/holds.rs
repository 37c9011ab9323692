//! Live holds by id.
//!
//! In a sale one product may have hundreds of thousands of live holds, so an entry is small, and the map grows in
//! bounded steps: one table of that size would stand still for a tenth of a second whenever it doubles. The few whose
//! units are not all at one location have the rest of what is to be known of them in a table beside.

use std::collections::HashMap;
use std::hash::BuildHasher;

use smallvec::SmallVec;

use super::terms::PriorityClass;
use crate::ids::HoldId;
use crate::quantity::{LineQuantity, Quantity};
use crate::time::Timestamp;

type Hasher = foldhash::fast::FixedState;
type Table = HashMap<HoldId, Held, Hasher>;

/// What a product keeps of a live hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// Which of the product's locations all of its units lie at; [`LocationNumber::SEVERAL`] if there is a
    /// [`HeldSpread`] that knows.
    pub(super) location: LocationNumber,
    pub(super) quantity: LineQuantity,
    deadline: Timestamp,
}

impl Held {
    pub(super) fn new(
        location: LocationNumber,
        quantity: LineQuantity,
        expires_at: Option<Timestamp>,
    ) -> Self {
        Self { location, quantity, deadline: expires_at.unwrap_or(NEVER) }
    }

    /// When it lapses, if it can.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        Some(self.deadline).filter(|deadline| *deadline != NEVER)
    }

    pub(super) fn move_deadline(&mut self, expires_at: Option<Timestamp>) {
        self.deadline = expires_at.unwrap_or(NEVER);
    }
}

/// No instant that can be reached.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// Which of a product's locations, counted in the order in which the product got to know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LocationNumber(pub(super) u32);

impl LocationNumber {
    /// Not one location: the units are spread, or not there.
    pub(super) const SEVERAL: Self = Self(u32::MAX);
}

/// Where the units of a hold are that are not all at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldSpread {
    /// The location it asked for, if it did.
    pub(super) asked: Option<LocationNumber>,
    /// Units that are there, location by location in the order they are used.
    pub(super) filled: SmallVec<[(LocationNumber, LineQuantity); 2]>,
    /// Units that queue once the hold is committed.
    pub(super) queued: Quantity,
    pub(super) class: PriorityClass,
    /// Until when they do, if that has an end.
    pub(super) good_til: Option<Timestamp>,
}

/// Live holds, in one table while they are few and in many afterwards.
#[derive(Debug, Clone)]
pub(super) enum Holds {
    Few(Table),
    Many(Box<[Table; TABLES]>),
}

/// How many tables there are once there is more than one. A table that doubles moves this part of all holds.
const TABLES: usize = 64;

/// How many holds one table has before they are spread over many.
const FEW_MAX: usize = 16 * 1024;

impl Default for Holds {
    fn default() -> Self {
        Self::Few(Table::default())
    }
}

impl Holds {
    pub(super) fn len(&self) -> usize {
        self.tables().iter().map(HashMap::len).sum()
    }

    pub(super) fn get(&self, id: HoldId) -> Option<&Held> {
        self.table(id).get(&id)
    }

    pub(super) fn get_mut(&mut self, id: HoldId) -> Option<&mut Held> {
        self.table_mut(id).get_mut(&id)
    }

    /// Answers what stood under that id before.
    pub(super) fn insert(&mut self, id: HoldId, held: Held) -> Option<Held> {
        if let Self::Few(table) = self
            && table.len() >= FEW_MAX
        {
            let few = std::mem::take(table);
            *self = Self::Many(Box::new(std::array::from_fn(|_| Table::default())));
            for (id, held) in few {
                self.table_mut(id).insert(id, held);
            }
        }
        self.table_mut(id).insert(id, held)
    }

    pub(super) fn remove(&mut self, id: HoldId) -> Option<Held> {
        self.table_mut(id).remove(&id)
    }

    /// All of them, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (HoldId, &Held)> {
        self.tables().iter().flatten().map(|(id, held)| (*id, held))
    }

    fn tables(&self) -> &[Table] {
        match self {
            Self::Few(table) => std::slice::from_ref(table),
            Self::Many(tables) => &**tables,
        }
    }

    #[allow(clippy::indexing_slicing, reason = "a number modulo the length is an index")]
    fn table(&self, id: HoldId) -> &Table {
        match self {
            Self::Few(table) => table,
            Self::Many(tables) => &tables[table_of(id)],
        }
    }

    #[allow(clippy::indexing_slicing, reason = "a number modulo the length is an index")]
    fn table_mut(&mut self, id: HoldId) -> &mut Table {
        match self {
            Self::Few(table) => table,
            Self::Many(tables) => &mut tables[table_of(id)],
        }
    }
}

/// By another hash than the one inside the tables, so that each table sees all of its own hash's values.
fn table_of(id: HoldId) -> usize {
    // The remainder is below the number of tables, which fits.
    (Hasher::with_seed(1).hash_one(id) % TABLES as u64) as usize
}

impl PartialEq for Holds {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(id, held)| other.get(id) == Some(held))
    }
}

impl Eq for Holds {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ReservationId;

    fn hold(number: u128) -> (HoldId, Held) {
        let id = HoldId { reservation: ReservationId(number), line: 0 };
        let deadline = (number.is_multiple_of(2)).then_some(Timestamp::from_millis(7));
        (id, Held::new(LocationNumber(0), LineQuantity::new(1).unwrap(), deadline))
    }

    #[test]
    fn they_are_the_same_where_each_hold_is() {
        let of = |numbers: &[u128]| {
            let mut holds = Holds::default();
            for number in numbers {
                let (id, held) = hold(*number);
                holds.insert(id, held);
            }
            holds
        };
        assert_eq!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[1, 2]), of(&[1, 4]), "as many, and others");
        assert_ne!(of(&[1]), of(&[1, 2]), "the same, and more");
        assert_ne!(of(&[1, 2]), of(&[1]));
        let mut moved = of(&[1, 2]);
        moved.get_mut(hold(2).0).unwrap().move_deadline(None);
        assert_ne!(moved, of(&[1, 2]), "the same, and one until another instant");
    }

    /// Whatever is in it stays in it, and can be found, changed and taken out, when one table becomes many.
    #[test]
    fn nothing_is_lost_when_the_tables_become_many() {
        let mut holds = Holds::default();
        let all = 0..FEW_MAX as u128 + 500;
        for number in all.clone() {
            let (id, held) = hold(number);
            assert_eq!(holds.insert(id, held), None);
            let is_few = matches!(holds, Holds::Few(_));
            assert_eq!(is_few, number < FEW_MAX as u128, "one table has no more than {FEW_MAX}");
        }
        assert_eq!(holds.len(), FEW_MAX + 500);
        assert!(holds.tables().iter().all(|table| table.len() > FEW_MAX / TABLES / 2), "spread evenly");
        for number in all.clone() {
            let (id, held) = hold(number);
            assert_eq!(holds.insert(id, held), Some(held), "there is one of each id");
            holds.get_mut(id).unwrap().move_deadline(None);
            assert_eq!(holds.get(id).unwrap().expires_at(), None);
        }
        let same = holds.clone();
        assert_eq!(same, holds);
        for number in all {
            let (id, _) = hold(number);
            assert!(holds.remove(id).is_some());
            assert!(holds.get(id).is_none());
            assert_ne!(same, holds);
        }
        assert_eq!((holds.len(), holds.iter().count()), (0, 0));
    }
}
