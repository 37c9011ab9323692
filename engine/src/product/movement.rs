//! The lines that an event adds to the books: units that came to a place or left it.
//!
//! What lies on a shelf is the sum of its lines, and so is what is on its way between two shelves. A unit that changes
//! its place or its condition has two lines, one for each.

use smallvec::SmallVec;

use super::lot::Origin;
use super::stock::Condition;
use super::{Fulfilment, LotEvent, ProductEvent};
use crate::ids::LocationId;
use crate::quantity::Quantity;

/// One line of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement<'a> {
    /// Where.
    pub place: Whereabouts<'a>,
    /// By how many units; zero where a count confirmed what was there.
    pub delta: i64,
    /// Why: in the merchant's words, or in ours where the event says it all.
    pub reason: &'a str,
    /// The paper behind it.
    pub reference: Option<&'a str>,
}

/// Where units can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts<'a> {
    /// On a shelf, in this condition.
    Shelf(&'a LocationId, Condition),
    /// Between two of the merchant's shelves.
    Transit,
}

/// The lines of one event.
type Lines<'a> = SmallVec<[Movement<'a>; 2]>;

impl ProductEvent {
    /// The lines it adds to the books, those it takes units from first.
    pub fn movements(&self) -> impl Iterator<Item = Movement<'_>> {
        let lines = match self {
            Self::Adjusted { location, condition, delta, became, note, .. } => {
                let line = |condition, delta| Movement {
                    place: Whereabouts::Shelf(location, condition),
                    delta,
                    reason: &note.reason,
                    reference: note.reference.as_deref(),
                };
                let became = became.map(|other| line(other, delta.saturating_neg()));
                [Some(line(*condition, *delta)), became].into_iter().flatten().collect()
            }
            Self::AllocationAdvanced { location, by, counted: true, .. } => advanced(location, *by),
            Self::Lot { what, .. } => of_lot(what),
            Self::LocationDeleted { location, to, left, .. } => {
                let each = left.units.each().flat_map(|(condition, units)| {
                    let to = to.as_ref().map(|to| (to, signed(units)));
                    let lines = [Some((location, -signed(units))), to].into_iter().flatten();
                    lines.map(move |(place, delta)| Movement {
                        place: Whereabouts::Shelf(place, condition),
                        delta,
                        reason: &left.reason,
                        reference: None,
                    })
                });
                each.collect()
            }
            Self::Put { .. }
            | Self::HoldOpened { .. }
            | Self::HoldMoved { .. }
            | Self::HoldChanged { .. }
            | Self::HoldCommitted { .. }
            | Self::HoldEnded { .. }
            | Self::DemandLowered { .. }
            | Self::DemandLapsed { .. }
            | Self::Filled { .. }
            | Self::SalePut { .. }
            | Self::SaleEnded { .. }
            | Self::Waiting { .. }
            | Self::AllocationAdvanced { counted: false, .. }
            | Self::Deleted { .. } => Lines::new(),
        };
        lines.into_iter()
    }
}

fn advanced(location: &LocationId, by: Fulfilment) -> Lines<'_> {
    let line = |condition, delta, reason| Movement {
        place: Whereabouts::Shelf(location, condition),
        delta,
        reason,
        reference: None,
    };
    let lines = [
        line(Condition::Sellable, -signed(by.shipped), "shipment"),
        line(Condition::Sellable, signed(by.returned.floor_sub(by.damaged)), "return"),
        line(Condition::Damaged, signed(by.damaged), "return"),
    ];
    lines.into_iter().filter(|line| line.delta != 0).collect()
}

fn of_lot(what: &LotEvent) -> Lines<'_> {
    let shelf = Whereabouts::Shelf;
    match what {
        LotEvent::Announced { origin: Origin::Transfer { from, reason }, units, reference, .. } => {
            let units = units.quantity();
            moved(
                shelf(from, Condition::Sellable),
                Whereabouts::Transit,
                units,
                (reason, reference.as_deref()),
            )
        }
        LotEvent::Received { location, condition, units, is_transfer, reference, short, .. } => {
            let reference = reference.as_deref();
            let line = |place, delta, reason| Movement { place, delta, reason, reference };
            let came = signed(*units);
            // What comes from a supplier, or never does, was not the merchant's before.
            let lost = short.as_ref().map(|short| (-signed(short.units), short.reason.as_str()));
            let transit = [(-came, "receipt")].into_iter().chain(lost).filter(|_| *is_transfer);
            let transit = transit.map(|(delta, reason)| line(Whereabouts::Transit, delta, reason));
            let lines = transit.chain([line(shelf(location, *condition), came, "receipt")]);
            lines.filter(|line| line.delta != 0).collect()
        }
        LotEvent::Cancelled { back_to: Some(from), units, reason, reference, .. } => {
            let why = (reason.as_str(), reference.as_deref());
            moved(Whereabouts::Transit, shelf(from, Condition::Sellable), *units, why)
        }
        LotEvent::Announced { origin: Origin::Supplier, .. }
        | LotEvent::Rescheduled { .. }
        | LotEvent::Cancelled { back_to: None, .. } => Lines::new(),
    }
}

fn moved<'a>(
    from: Whereabouts<'a>,
    to: Whereabouts<'a>,
    units: Quantity,
    (reason, reference): (&'a str, Option<&'a str>),
) -> Lines<'a> {
    let line = |place, delta| Movement { place, delta, reason, reference };
    [line(from, -signed(units)), line(to, signed(units))].into_iter().collect()
}

fn signed(units: Quantity) -> i64 {
    units.units().cast_signed()
}
