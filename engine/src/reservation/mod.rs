//! One reservation: holds that stand or fall together.
//!
//! ```text
//!   made ──▶ held ──pinned──▶ pinned (an order pays)
//!             │ ▲               │ │
//!             │ └───unpinned────┘ ├──released──▶ over
//!             ├──released / expired──▶ over     │
//!             └──committed──▶ promised ◀────────┘
//! ```
//!
//! The reservation decides once, for all of its holds: whoever wants to end one asks here first, and the products
//! follow. A commit, a release and a deadline that race are therefore one decision, not one per product, and a crash
//! after the decision finds it in the journal and finishes it.

mod bundle;
mod change;
mod event;

use smallvec::SmallVec;
use smol_str::SmolStr;

pub use bundle::{
    Bundle, Bundles, PARTS_PER_EVENT, Unpacked, Unpacking, count as bundle_count, explained, named,
};
pub use change::{ChangePlan, ProductChange};
pub use event::{Lowered, ReservationEvent};

use crate::ids::{CustomerId, Fingerprint, HoldId, LocationId, OrderId, ReservationId, Sku};
use crate::operation::{Lookup, Operation, OperationLog, OperationRecord};
use crate::product::{HoldEnd, Kept, Sources};
use crate::quantity::{LineQuantity, Quantity};
use crate::rejection::Rejection;
use crate::time::{Millis, Sequence, Timestamp};

/// Most lines one reservation or order may have. A real order had 1,112.
pub const LINES_MAX: usize = 2_000;

/// One line of a reservation: one product, at one location or wherever it lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReservationLine {
    /// Its number: that of its hold. A line keeps it, whatever becomes of the others.
    pub number: u16,
    /// Which product.
    pub sku: Sku,
    /// Units claimed.
    pub quantity: LineQuantity,
    /// Where they were when they were claimed.
    pub sources: Sources,
}

impl ReservationLine {
    /// Whether it is so many units, from there.
    pub fn has(&self, quantity: LineQuantity, sources: &Sources) -> bool {
        self.quantity == quantity && self.sources.is_same(sources, quantity)
    }

    /// What names it among the lines of its reservation: the product, and the location if it asked for one.
    pub fn name(&self) -> (&Sku, Option<&LocationId>) {
        (&self.sku, self.sources.asked())
    }
}

/// Where a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReservationState {
    /// Its units are claimed until the deadline.
    Held {
        /// The deadline; the instant itself counts as over.
        expires_at: Timestamp,
    },
    /// Its units are claimed while an order is paid.
    Pinned {
        /// Which order.
        order: OrderId,
        /// How much of its time was left.
        remaining: Millis,
    },
    /// Its units are promised.
    Committed {
        /// Since when.
        at: Timestamp,
    },
    /// Its units were given back.
    Released {
        /// When.
        at: Timestamp,
    },
    /// Its time ran out.
    Expired {
        /// Its deadline.
        at: Timestamp,
    },
}

/// How a reservation came into being: what its first answer said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Made {
    /// Who for.
    pub customer: CustomerId,
    /// What was asked.
    pub fingerprint: Fingerprint,
    /// How long it was made for.
    pub ttl: Millis,
    /// When.
    pub at: Timestamp,
    /// The storefront's own notes, as JSON text; empty if none.
    pub metadata: SmolStr,
    /// Journal position of that.
    pub sequence: Sequence,
}

/// The state of one reservation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reservation {
    id: ReservationId,
    /// Most reservations of a sale have one.
    lines: Lines,
    /// The lines it had before it was changed; most never are.
    earlier: Vec<Earlier>,
    /// The number of the line that is added next.
    next_line: u16,
    /// What it was asked for as bundles; most are for none.
    bundles: Bundles,
    made: Made,
    taken: Option<Box<[u32]>>,
    state: ReservationState,
    version: u64,
    sequence: Sequence,
    operations: OperationLog<ReservationState>,
}

type Lines = SmallVec<[ReservationLine; 1]>;

/// The lines that a reservation had up to a version, this one included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Earlier {
    until: u64,
    lines: Lines,
    bundles: Bundles,
}

/// What becomes of one hold now that its reservation has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays open; this is its deadline, and what it has, unless its reservation is being changed.
    Open(Option<Timestamp>, Option<Box<Kept>>),
    /// It becomes an allocation.
    Commit {
        /// Of so many units.
        units: Quantity,
        /// Where in the journal that was decided.
        arrival: Sequence,
        /// When.
        at: Timestamp,
    },
    /// It ends.
    End(HoldEnd),
}

impl Reservation {
    /// A reservation whose holds are all open, from the event that says so.
    ///
    /// # Panics
    /// If the event is not [`ReservationEvent::Made`] for just these lines: that is an error in this program or a
    /// damaged journal.
    pub fn make(
        id: ReservationId,
        lines: impl IntoIterator<Item = ReservationLine>,
        bundles: Bundles,
        event: &ReservationEvent,
    ) -> Self {
        let ReservationEvent::Made {
            customer,
            fingerprint,
            lines: count,
            ttl,
            at,
            metadata,
            follow: _,
            bundles: noted,
        } = event
        else {
            panic!("{id:?} begins with being made, not with {event:?}")
        };
        check_noted(id, bundles.as_deref(), *noted);
        let mut lines: Lines = lines.into_iter().collect();
        lines.shrink_to_fit();
        assert_eq!(usize::from(*count), lines.len(), "{id:?} is made of all its holds");
        let next_line = *count;
        let made = Made {
            customer: customer.clone(),
            fingerprint: *fingerprint,
            ttl: *ttl,
            at: *at,
            metadata: metadata.clone(),
            sequence: Sequence::default(),
        };
        Self {
            id,
            lines,
            earlier: Vec::new(),
            next_line,
            bundles,
            made,
            taken: None,
            state: ReservationState::Held { expires_at: at.plus(*ttl) },
            version: 1,
            sequence: Sequence::default(),
            operations: OperationLog::default(),
        }
    }

    /// Its number.
    pub fn id(&self) -> ReservationId {
        self.id
    }

    /// Its lines, in the order of their names.
    pub fn lines(&self) -> &[ReservationLine] {
        &self.lines
    }

    /// The lines it had at a version.
    pub fn lines_at(&self, version: u64) -> &[ReservationLine] {
        let then = self.earlier.iter().find(|earlier| version <= earlier.until);
        then.map_or(&self.lines, |earlier| &earlier.lines)
    }

    /// What it was asked for as bundles, beside its other lines. Its lines are what it holds for them.
    pub fn bundles(&self) -> Option<&[Bundle]> {
        self.bundles.as_deref()
    }

    /// The bundles it had at a version.
    pub fn bundles_at(&self, version: u64) -> Bundles {
        let then = self.earlier.iter().find(|earlier| version <= earlier.until);
        then.map_or(&self.bundles, |earlier| &earlier.bundles).clone()
    }

    /// A line by its number.
    pub fn line(&self, number: u16) -> Option<&ReservationLine> {
        let at_once = self.lines.get(usize::from(number)).filter(|line| line.number == number);
        at_once.or_else(|| self.lines.iter().find(|line| line.number == number))
    }

    /// How it came into being.
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// Where it stands.
    pub fn state(&self) -> ReservationState {
        self.state
    }

    /// How many events have been applied to it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Journal position of its last event.
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Units of a line that were committed.
    pub fn taken(&self, line: usize) -> Quantity {
        match (self.state, &self.taken) {
            (ReservationState::Committed { .. }, Some(taken)) => {
                Quantity::new(u64::from(taken.get(line).copied().unwrap_or(0))).unwrap_or_default()
            }
            (ReservationState::Committed { .. }, None) => {
                self.lines.get(line).map_or(Quantity::ZERO, |line| line.quantity.into())
            }
            _ => Quantity::ZERO,
        }
    }

    /// The hold behind a line.
    pub fn hold(&self, line: usize) -> HoldId {
        HoldId { reservation: self.id, line: self.lines.get(line).map_or(u16::MAX, |line| line.number) }
    }

    /// What becomes of the hold that this product has for this line of it. A hold that is none of its lines was
    /// opened by an earlier try under the same number, or for a change that did not come to be, and is to be given back; or
    /// it was taken out.
    pub fn verdict(&self, line: u16, sku: &Sku) -> Verdict {
        let numbered = |(_, held): &(usize, &ReservationLine)| held.number == line;
        // Of a reservation that was never changed it is the line at just this position.
        let at_once = self.lines.iter().enumerate().nth(line.into()).filter(numbered);
        let found = at_once.or_else(|| self.lines.iter().enumerate().find(numbered));
        let Some((position, line)) = found.filter(|(_, held)| held.sku == *sku) else {
            let was_taken_out = line < self.next_line && found.is_none() && !self.earlier.is_empty();
            return Verdict::End(if was_taken_out { HoldEnd::Released } else { HoldEnd::Abandoned });
        };
        let has = || Some(Box::new(Kept { quantity: line.quantity, sources: line.sources.clone() }));
        match self.state {
            ReservationState::Held { expires_at } => Verdict::Open(Some(expires_at), has()),
            ReservationState::Pinned { .. } => Verdict::Open(None, has()),
            ReservationState::Committed { at } => {
                Verdict::Commit { units: self.taken(position), arrival: self.sequence, at }
            }
            ReservationState::Released { .. } => Verdict::End(HoldEnd::Released),
            ReservationState::Expired { .. } => Verdict::End(HoldEnd::Expired),
        }
    }

    /// What an operation on it left behind.
    pub fn operation(&self, id: crate::ids::OperationId) -> Option<&OperationRecord<ReservationState>> {
        self.operations.get(id)
    }

    /// Commits it: all of it, or so many units of each line.
    ///
    /// # Errors
    /// If it is not held any more, or the units do not fit its lines.
    pub fn decide_commit(
        &self,
        at: Timestamp,
        taken: Option<&[u32]>,
        operation: Operation,
    ) -> Result<Option<ReservationEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        self.check_held(at)?;
        if let Some(taken) = taken {
            if taken.len() != self.lines.len() || taken.iter().all(|units| *units == 0) {
                return Err(Rejection::CommitMismatch);
            }
            for (position, (line, units)) in self.lines.iter().zip(taken).enumerate() {
                if *units > line.quantity.units() {
                    return Err(Rejection::CommitAboveHold {
                        line: self.hold(position).line,
                        held: line.quantity,
                        requested: Quantity::new(u64::from(*units)).unwrap_or(Quantity::MAX),
                    });
                }
            }
        }
        let whole = taken.is_some_and(|taken| {
            self.lines.iter().zip(taken).all(|(line, units)| line.quantity.units() == *units)
        });
        let taken = taken.filter(|_| !whole).map(<[u32]>::to_vec);
        Ok(Some(ReservationEvent::Committed { taken, operation: Some(operation), at }))
    }

    /// Gives it back.
    ///
    /// # Errors
    /// If it is not held any more.
    pub fn decide_release(
        &self,
        at: Timestamp,
        operation: Operation,
    ) -> Result<Option<ReservationEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        self.check_held(at)?;
        Ok(Some(ReservationEvent::Released { operation: Some(operation), at }))
    }

    /// Moves its deadline to `ttl` from now.
    ///
    /// # Errors
    /// If it is not held any more.
    pub fn decide_extend(
        &self,
        at: Timestamp,
        ttl: Millis,
        operation: Operation,
    ) -> Result<Option<ReservationEvent>, Rejection> {
        if self.is_repeat(operation)? {
            return Ok(None);
        }
        self.check_held(at)?;
        Ok(Some(ReservationEvent::Extended { expires_at: at.plus(ttl), operation, at }))
    }

    /// Lets an order take it over. Saying it again for the same order changes nothing.
    ///
    /// # Errors
    /// If it is not held any more, or held for somebody else.
    pub fn decide_pin(
        &self,
        at: Timestamp,
        order: OrderId,
        customer: &CustomerId,
    ) -> Result<Option<ReservationEvent>, Rejection> {
        if self.made.customer != *customer {
            return Err(Rejection::ReservationOfOther { customer: customer.clone() });
        }
        if matches!(self.state, ReservationState::Pinned { order: by, .. } if by == order) {
            return Ok(None);
        }
        self.check_held(at)?;
        Ok(Some(ReservationEvent::Pinned { order, at }))
    }

    /// Lets go of it for the order that pinned it: its time runs on where it stood.
    pub fn decide_unpin(&self, at: Timestamp, order: OrderId) -> Option<ReservationEvent> {
        match self.state {
            ReservationState::Pinned { order: by, remaining } if by == order => {
                Some(ReservationEvent::Unpinned { expires_at: at.plus(remaining), at })
            }
            _ => None,
        }
    }

    /// Commits all of it for the order that pinned it.
    pub fn decide_commit_pinned(&self, at: Timestamp, order: OrderId) -> Option<ReservationEvent> {
        self.is_pinned_by(order).then_some(ReservationEvent::Committed { taken: None, operation: None, at })
    }

    /// Gives it back for the order that pinned it.
    pub fn decide_release_pinned(&self, at: Timestamp, order: OrderId) -> Option<ReservationEvent> {
        self.is_pinned_by(order).then_some(ReservationEvent::Released { operation: None, at })
    }

    /// Ends it if its deadline has come.
    pub fn decide_expire(&self, at: Timestamp) -> Option<ReservationEvent> {
        match self.state {
            ReservationState::Held { expires_at } if expires_at <= at => {
                Some(ReservationEvent::Expired { at })
            }
            _ => None,
        }
    }

    fn is_pinned_by(&self, order: OrderId) -> bool {
        matches!(self.state, ReservationState::Pinned { order: by, .. } if by == order)
    }

    pub(super) fn is_repeat(&self, operation: Operation) -> Result<bool, Rejection> {
        match self.operations.look_up(operation) {
            Lookup::New => Ok(false),
            Lookup::Repeat(_) => Ok(true),
            Lookup::Reused => Err(Rejection::KeyReused),
        }
    }

    pub(super) fn check_held(&self, at: Timestamp) -> Result<(), Rejection> {
        match self.state {
            ReservationState::Held { expires_at } if at < expires_at => Ok(()),
            ReservationState::Held { expires_at } => {
                Err(Rejection::ReservationExpired { expired_at: expires_at })
            }
            ReservationState::Expired { at } => Err(Rejection::ReservationExpired { expired_at: at }),
            ReservationState::Committed { .. } => Err(Rejection::ReservationCommitted),
            ReservationState::Released { .. } => Err(Rejection::ReservationReleased),
            ReservationState::Pinned { order, .. } => Err(Rejection::ReservationInCheckout { order }),
        }
    }

    /// Takes one event in.
    ///
    /// # Panics
    /// If the event does not fit where it stands: that is an error in this program or a damaged journal.
    pub fn apply(&mut self, event: &ReservationEvent) {
        use ReservationState::{Committed, Expired, Held, Pinned, Released};
        self.version += 1;
        self.state = match (self.state, event) {
            (
                Held { .. },
                ReservationEvent::Extended { expires_at, .. } | ReservationEvent::Changed { expires_at, .. },
            ) => Held { expires_at: *expires_at },
            (Held { expires_at }, ReservationEvent::Pinned { order, at }) => {
                Pinned { order: *order, remaining: expires_at.since(*at) }
            }
            (Pinned { .. }, ReservationEvent::Unpinned { expires_at, .. }) => {
                Held { expires_at: *expires_at }
            }
            (Held { .. } | Pinned { .. }, ReservationEvent::Committed { taken, at, .. }) => {
                self.taken = taken.as_deref().map(Into::into);
                Committed { at: *at }
            }
            (Held { .. } | Pinned { .. }, ReservationEvent::Released { at, .. }) => Released { at: *at },
            (Held { expires_at }, ReservationEvent::Expired { .. }) => Expired { at: expires_at },
            (state, event) => panic!("I3: {:?} in {state:?} cannot take {event:?}", self.id),
        };
        if let Some((operation, at)) = operation_of(event) {
            let (version, result) = (self.version, self.state);
            self.operations.record(OperationRecord {
                operation,
                at,
                version,
                sequence: Sequence::default(),
                result,
            });
        }
    }

    /// Tells the reservation where the last applied event stands in the journal.
    pub fn journaled(&mut self, sequence: Sequence) {
        self.sequence = sequence;
        if self.version == 1 {
            self.made.sequence = sequence;
        }
        self.operations.set_sequence(self.version, sequence);
    }
}

fn operation_of(event: &ReservationEvent) -> Option<(Operation, Timestamp)> {
    match event {
        ReservationEvent::Extended { operation, at, .. }
        | ReservationEvent::Changed { operation, at, .. } => Some((*operation, *at)),
        ReservationEvent::Committed { operation, at, .. } | ReservationEvent::Released { operation, at } => {
            operation.map(|operation| (operation, *at))
        }
        ReservationEvent::Made { .. }
        | ReservationEvent::BundlesNoted { .. }
        | ReservationEvent::Pinned { .. }
        | ReservationEvent::Unpinned { .. }
        | ReservationEvent::Expired { .. } => None,
    }
}

/// Whether the bundles that were noted before an event are those it is about.
fn check_noted(id: ReservationId, bundles: Option<&[Bundle]>, noted: u16) {
    assert_eq!(
        bundle_count(bundles.unwrap_or_default()),
        noted,
        "{id:?} has all the bundles that were noted"
    );
}
