//! Baskets of several reservations at a product: what is different for them.

use std::sync::Arc;

use holdfast_engine::product::{Events, HoldEnd, ProductCommand};
use holdfast_engine::{Event, Sequence, Timestamp};

use super::Owner;
use super::visit::{about, tell_made};
use crate::answer::{Failure, Unavailable};
use crate::basket::{Basket, Making, refuse_all};
use crate::product_cell::Publication;
use crate::reservation_cell::ReservationCell;
use crate::waiter::{Then, Waiter};

impl Owner {
    /// Gives back what a basket of several reservations claimed in this visit: whoever waits here holds nothing here, or
    /// two that wait for each other's units could wait for ever.
    pub(super) fn step_back(&mut self, at: Timestamp, basket: &mut Basket, begun: usize) {
        for hold in basket.go_back(begun) {
            self.pending.retain(|pending| pending.hold != hold);
            self.obey(at, &ProductCommand::End { hold, why: HoldEnd::Abandoned }, Then::Nothing);
        }
    }

    /// Makes reservations with the events of their last claims, in one piece of the journal. Returns the position of the
    /// first event.
    pub(super) fn make_together(
        &self,
        making: &[Making],
        opened: Events,
        publication: Publication,
    ) -> Sequence {
        let noted: Vec<_> = making.iter().flat_map(Making::noted).collect();
        let before = (opened.len() + noted.len()) as u64;
        let mut first = Sequence::default();
        ReservationCell::make_together(making, |answers| {
            let tell = move |first: Option<Sequence>| {
                for (after, (mut view, waiting)) in (before..).zip(answers) {
                    match first {
                        Some(first) => {
                            view.sequence = first.plus(after);
                            tell_made(view, waiting);
                        }
                        None => refuse_all(waiting, &Failure::Unavailable(Unavailable::JournalFailed)),
                    }
                }
            };
            let waiter = Waiter::publish(Arc::clone(&self.cell), publication, Then::call(tell));
            let made = making.iter();
            let made = made.map(|making| Event::Reservation(making.reservation.id(), making.event.clone()));
            let events = about(self.product.sku(), opened).chain(noted).chain(made);
            first = self.shared.journal.append_to_trail(self.trail(), events, waiter);
            first.plus(before)
        });
        first
    }
}
