//! What callers see of a reservation.

use holdfast_engine::product::Sources;
use holdfast_engine::reservation::{Bundles, Reservation, ReservationState};
use holdfast_engine::{
    CustomerId, LineQuantity, Millis, OperationId, Quantity, ReservationId, Sequence, Sku, SmolStr, Timestamp,
};
use smallvec::SmallVec;

/// A reservation, as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationView {
    /// Its number.
    pub id: ReservationId,
    /// Who for.
    pub customer: CustomerId,
    /// Where it stands.
    pub state: ReservationState,
    /// Its lines, in the order of their names.
    pub lines: SmallVec<[ReservationLineView; 1]>,
    /// What it was asked for as bundles, in the order of their names; its lines are what it holds for them.
    pub bundles: Bundles,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it lapses, while it can.
    pub expires_at: Option<Timestamp>,
    /// How long that is from the moment this view is of.
    pub expires_in: Option<Millis>,
    /// The storefront's own notes, as JSON text; empty if none.
    pub metadata: SmolStr,
    /// How many facts it rests on.
    pub version: u64,
    /// Journal position of the last of them.
    pub sequence: Sequence,
}

/// One line of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationLineView {
    /// Its number: that of its hold.
    pub(crate) number: u16,
    /// Which product.
    pub sku: Sku,
    /// Units claimed.
    pub quantity: LineQuantity,
    /// Where they were when they were claimed, or are kept now.
    pub sources: Sources,
    /// How many others stand before it, if it queues for some of its units.
    pub ahead: Option<u64>,
    /// When all of these will be there, if it queues and what is on its way suffices.
    pub promised_at: Option<Timestamp>,
    /// Units committed.
    pub committed: Quantity,
}

impl ReservationView {
    /// The reservation as it is at this instant. A deadline that has come counts, noticed or not.
    pub(crate) fn now(reservation: &Reservation, at: Timestamp) -> Self {
        let state = match reservation.state() {
            ReservationState::Held { expires_at } if expires_at <= at => {
                ReservationState::Expired { at: expires_at }
            }
            state => state,
        };
        Self::of(reservation, state, at, reservation.version(), reservation.sequence())
    }

    /// The reservation as it was when it was made: the first answer, again.
    pub(crate) fn made(reservation: &Reservation) -> Self {
        let made = reservation.made();
        let state = ReservationState::Held { expires_at: made.at.plus(made.ttl) };
        Self::of(reservation, state, made.at, 1, made.sequence)
    }

    /// The reservation as an operation left it: that operation's answer, again.
    pub(crate) fn after(reservation: &Reservation, operation: OperationId) -> Option<Self> {
        let record = reservation.operation(operation)?;
        Some(Self::of(reservation, record.result, record.at, record.version, record.sequence))
    }

    fn of(
        reservation: &Reservation,
        state: ReservationState,
        at: Timestamp,
        version: u64,
        sequence: Sequence,
    ) -> Self {
        let committed = matches!(state, ReservationState::Committed { .. });
        let lines = reservation.lines_at(version).iter().enumerate();
        let lines = lines.map(|(position, line)| ReservationLineView {
            number: line.number,
            sku: line.sku.clone(),
            quantity: line.quantity,
            sources: line.sources.clone(),
            ahead: None,
            promised_at: None,
            committed: if committed { reservation.taken(position) } else { Quantity::ZERO },
        });
        let expires_at = match state {
            ReservationState::Held { expires_at } => Some(expires_at),
            _ => None,
        };
        Self {
            id: reservation.id(),
            customer: reservation.made().customer.clone(),
            state,
            lines: lines.collect(),
            bundles: reservation.bundles_at(version),
            created_at: reservation.made().at,
            expires_at,
            expires_in: expires_at.map(|deadline| deadline.since(at)),
            metadata: reservation.made().metadata.clone(),
            version,
            sequence,
        }
    }
}
