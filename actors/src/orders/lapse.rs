//! What an order hears of units that still queued on their date.
//!
//! The products drop them, and say so; the order then asks all of its products that may have dropped something, because the
//! lines of an order mostly have one date, and owes their price once and not line by line. It also asks when it is confirmed:
//! before that it takes nothing in. What it hears is how many units are gone altogether, so asking twice does it once. What a
//! crash cuts off here is made up for by the next start.

use std::sync::Arc;

use holdfast_engine::order::{Order, OrderStatus};
use holdfast_engine::{OrderId, Quantity, ReservationId};
use parking_lot::Mutex;

use super::OrderMessage;
use super::actor::Coordinator;
use super::saga::RETRY_PAUSE;
use crate::answer::Failure;
use crate::product_actor::ProductMessage;
use crate::waiter::Then;

/// Whether products are being asked what has lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    No,
    Yes,
    /// Yes, and they are to be asked once more afterwards: something lapsed that they may not have told.
    Again,
}

impl Coordinator {
    /// Keeps in mind that something of an order may lapse.
    pub(super) fn note_dates(&mut self, order: &Order) {
        if order.status() == OrderStatus::PaymentFailed {
            return;
        }
        let reservation = order.placed().reservation;
        let cell = self.shared.reservations.get(reservation);
        let dated = cell.and_then(|cell| {
            cell.read(|held| held.lines().iter().any(|line| line.sources.good_til().is_some()))
        });
        if dated == Some(true) {
            self.dated.insert((reservation, order.id()));
        }
    }

    /// Something of a reservation has lapsed: whose order it is, asks.
    pub(super) fn lapsed(&mut self, reservation: ReservationId) {
        let all = (reservation, OrderId(0))..=(reservation, OrderId(u128::MAX));
        let concerned: Vec<_> = self.dated.range(all).map(|(_, order)| *order).collect();
        concerned.into_iter().for_each(|order| self.ask_lapsed(order));
    }

    /// An order that was confirmed just now hears what lapsed before.
    pub(super) fn ask_lapsed_if_confirmed(&mut self, id: OrderId) {
        let Some(order) = self.orders.get(&id).map(|entry| &entry.order) else { return };
        let just_now = order.outcome().is_some_and(|outcome| outcome.version == order.version());
        if just_now && self.dated.contains(&(order.placed().reservation, id)) {
            self.ask_lapsed(id);
        }
    }

    /// Asks the products of an order what of it has lapsed.
    pub(super) fn ask_lapsed(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get_mut(&id).filter(|entry| entry.order.hears_of_lapses()) else {
            return;
        };
        if entry.asking != Asking::No {
            entry.asking = Asking::Again;
            return;
        }
        entry.asking = Asking::Yes;
        let order = &entry.order;
        let dated = self.shared.reservations.get(order.placed().reservation).and_then(|cell| {
            cell.read(|held| {
                let has_date =
                    |number| held.line(number).is_some_and(|line| line.sources.good_til().is_some());
                let lines = (0_u16..).zip(order.lines()).filter(|(_, state)| has_date(state.ordered.hold));
                let lines = lines.map(|(line, state)| (line, order.hold(line), state.ordered.sku.clone()));
                lines.collect::<Vec<_>>()
            })
        });
        let Some(dated) = dated.filter(|dated| !dated.is_empty()) else {
            entry.asking = Asking::No;
            return;
        };
        let heard = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&heard);
        let parts = self.wait_for_parts(id, dated.len(), move |outcome| {
            let gone = std::mem::take(&mut *told.lock());
            OrderMessage::LapsesTold { id, gone, outcome }
        });
        for ((line, hold, sku), part) in dated.into_iter().zip(parts) {
            let heard = Arc::clone(&heard);
            let tell = move |gone: Quantity| heard.lock().push((line, gone));
            if let Some(cell) = self.shared.directory.get(&sku) {
                cell.send(&self.shared, ProductMessage::TellLapsed(hold, Box::new(tell), part));
            }
        }
    }

    /// The order takes in what is news of that; what is owed back for it is paid in its own time.
    pub(super) fn lapses_told(
        &mut self,
        id: OrderId,
        gone: &[(u16, Quantity)],
        outcome: &Result<(), Failure>,
    ) {
        let at = self.shared.clock.now();
        let Some(entry) = self.orders.get_mut(&id) else { return };
        let asked_again = std::mem::replace(&mut entry.asking, Asking::No) == Asking::Again;
        if outcome.is_err() {
            // An owner died before it had answered, and is being rebuilt: all are asked again, for one record of it all.
            let myself = self.myself.clone();
            self.shared.runtime.spawn(async move {
                tokio::time::sleep(RETRY_PAUSE).await;
                drop(myself.send_message(OrderMessage::AskLapsed(id)));
            });
            return;
        }
        if let Some(event) = entry.order.decide_lapsed(at, gone) {
            self.record(id, event, Then::Nothing);
            self.advance(id);
        }
        if asked_again {
            self.ask_lapsed(id);
        }
    }
}
