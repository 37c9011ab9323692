//! What the server has told us, and nothing else: the book the audit is made from.
//!
//! Everything in here comes from answers. A mutating request is written down as *pending* before it is sent, with what it
//! would change, and moves to the facts when it is answered; what is never answered stays pending, and what is refused
//! is struck out, because a refusal has no effect.

mod book;
mod movement;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;

pub use self::book::{
    Asked, Book, Correction, Effect, OrderRecord, Pending, PendingId, Refusal, RefusalTally, RefusedGrant,
    ReservationRecord, Skipped, Trouble, Who,
};
pub use self::movement::{Direction, Movement};

use crate::client::{Kind, Span, Unanswered, wire};
use crate::goods::Sku;
use crate::plan::operation::OperationIndex;

/// The book, shared by all requests in flight.
#[derive(Debug)]
pub struct Ledger {
    opening: BTreeMap<Sku, u64>,
    book: Mutex<Book>,
}

/// How an adjustment is to be understood; the server only sees a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustmentKind {
    /// Goods written off.
    WriteOff,
    /// Goods that came back and belong to no order.
    ReturnWithoutOrder,
}

impl Ledger {
    /// A book that begins with this stock.
    pub fn new(opening: BTreeMap<Sku, u64>) -> Self {
        Self { opening, book: Mutex::default() }
    }

    /// Units of every product at the beginning.
    pub fn opening(&self) -> &BTreeMap<Sku, u64> {
        &self.opening
    }

    /// A copy of the book as it stands.
    pub fn snapshot(&self) -> Book {
        self.lock().clone()
    }

    /// Requests without an answer so far.
    pub fn pending(&self) -> usize {
        self.lock().pending.len()
    }

    /// Writes down what is about to be asked.
    pub fn begin(&self, pending: Pending) -> PendingId {
        self.lock().begin(pending)
    }

    /// An order was placed and paid.
    pub fn order_confirmed(
        &self,
        id: PendingId,
        order: OperationIndex,
        asked: Asked,
        answered: wire::Order,
        span: Span,
    ) {
        let mut book = self.lock();
        book.pending.remove(&id);
        book.grant(answered.lines.iter().map(|line| (&line.sku, line.quantity)), span);
        let record =
            OrderRecord { asked, shipped: None, cancelled: false, returned: BTreeMap::new(), answered };
        book.orders.insert(order, record);
    }

    /// An order was shipped, as far as the shelf had it.
    pub fn order_shipped(&self, id: PendingId, order: OperationIndex, answered: wire::Order) {
        let mut book = self.lock();
        book.pending.remove(&id);
        if let Some(record) = book.orders.get_mut(&order) {
            let left = answered.lines.iter().map(|line| (Sku::as_named(&line.sku), line.shipped));
            record.shipped = Some(left.collect());
            record.answered = answered;
        }
    }

    /// Less left than had to.
    pub fn shipped_short(&self, who: Who, units: u64) {
        self.lock().troubles.push(Trouble::ShippedShort { who, units });
    }

    /// All of an order was called off.
    pub fn order_cancelled(&self, id: PendingId, order: OperationIndex, answered: wire::Order, span: Span) {
        let mut book = self.lock();
        book.pending.remove(&id);
        book.give_back(answered.lines.iter().map(|line| (&line.sku, line.cancelled)), span);
        if let Some(record) = book.orders.get_mut(&order) {
            record.cancelled = true;
            record.answered = answered;
        }
    }

    /// Some units of an order came back.
    pub fn order_returned(
        &self,
        id: PendingId,
        order: OperationIndex,
        units: &[(Sku, u64)],
        answered: wire::Order,
        span: Span,
    ) {
        let mut book = self.lock();
        book.pending.remove(&id);
        for (sku, units) in units {
            book.move_units(sku.clone(), *units, Direction::Back, span);
        }
        if let Some(record) = book.orders.get_mut(&order) {
            for (sku, units) in units {
                *record.returned.entry(sku.clone()).or_default() += units;
            }
            record.answered = answered;
        }
    }

    /// A correction was made.
    pub fn adjusted(
        &self,
        id: PendingId,
        kind: AdjustmentKind,
        sku: &Sku,
        answered: &wire::Adjustment,
        span: Span,
    ) {
        let mut book = self.lock();
        book.pending.remove(&id);
        let direction = match kind {
            AdjustmentKind::WriteOff => Direction::WrittenOff,
            AdjustmentKind::ReturnWithoutOrder => Direction::Back,
        };
        book.move_units(sku.clone(), answered.delta.unsigned_abs(), direction, span);
        book.corrections.push(Correction { kind, sku: sku.clone(), delta: answered.delta });
    }

    /// A reservation was made.
    pub fn reserved(
        &self,
        id: PendingId,
        reservation: usize,
        asked: BTreeMap<Sku, u64>,
        answered: wire::Reservation,
        span: Span,
    ) {
        let mut book = self.lock();
        book.pending.remove(&id);
        book.grant(answered.lines.iter().map(|line| (&line.sku, line.quantity)), span);
        book.reservations.insert(reservation, ReservationRecord { asked, answered });
    }

    /// A reservation was taken, wholly or in part, or given back: what it does not keep is free again.
    pub fn reservation_ended(
        &self,
        id: PendingId,
        reservation: usize,
        answered: wire::Reservation,
        span: Span,
    ) {
        let mut book = self.lock();
        book.pending.remove(&id);
        let freed =
            answered.lines.iter().map(|line| (&line.sku, line.quantity.saturating_sub(line.committed)));
        book.give_back(freed, span);
        if let Some(record) = book.reservations.get_mut(&reservation) {
            record.answered = answered;
        }
    }

    /// The server said no. Where it must not in this run, that is a trouble.
    pub fn refused(&self, id: PendingId, kind: Kind, who: Who, refusal: &Refusal<'_>, is_expected: bool) {
        let mut book = self.lock();
        if !is_expected {
            let (code, detail) = (SmolStr::new(refusal.code), refusal.detail.to_owned());
            book.troubles.push(Trouble::Refused { kind, who: who.clone(), code, detail });
        }
        book.refuse(id, who, refusal);
    }

    /// There is no answer, or none that can be read. The request stays pending: it may have had its effect.
    pub fn unanswered(&self, kind: Kind, who: Who, why: &Unanswered) {
        self.lock().troubles.push(Trouble::Unanswered { kind, who, why: why.to_string() });
    }

    /// Whether a request has no answer: the audit will fail, and there is no use in asking for more.
    pub fn has_unanswered(&self) -> bool {
        self.lock().troubles.iter().any(|trouble| matches!(trouble, Trouble::Unanswered { .. }))
    }

    /// Something was not even asked, because what it rests on did not happen.
    pub fn skipped(&self, why: Skipped, units: u64) {
        let mut book = self.lock();
        let tally = book.skipped.entry(why).or_default();
        tally.times += 1;
        tally.units += units;
    }

    /// Units of an order that left, by product; `None` if it was not shipped.
    pub(crate) fn units_shipped(&self, order: OperationIndex) -> Option<BTreeMap<Sku, u64>> {
        self.lock().orders.get(&order)?.shipped.clone()
    }

    /// Units of an order that was confirmed.
    pub(crate) fn units_of(&self, order: OperationIndex) -> u64 {
        self.lock().orders.get(&order).map(|record| record.asked.units()).unwrap_or_default()
    }

    /// The id of an order that was confirmed.
    pub(crate) fn id_of(&self, order: OperationIndex) -> Option<String> {
        self.lock().orders.get(&order).map(|record| record.answered.id.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // A panic while the book was open is a bug of ours; the audit should still see what was written.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
