//! What callers see of a customer's place on a waiting list.

use holdfast_engine::product::{PriorityClass, Product, WaitingStatus};
use holdfast_engine::{CustomerId, LocationId, Sequence, Sku, Timestamp};

/// Where a customer stands who joined the waiting list of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingView {
    /// Which product.
    pub sku: Sku,
    /// Who.
    pub customer: CustomerId,
    /// Where the customer stands.
    pub status: WaitingStatus,
    /// Units that are still wanted, those on offer included.
    pub wanted: u64,
    /// The one location they may be at; anywhere if not said.
    pub location: Option<LocationId>,
    /// How urgent it is.
    pub class: PriorityClass,
    /// When the customer came to the present place.
    pub joined_at: Timestamp,
    /// Units on offer, location by location.
    pub offered: Vec<(LocationId, u64)>,
    /// Until when they are; the instant itself counts as lapsed. `None` if nothing is on offer.
    pub expires_at: Option<Timestamp>,
    /// How many others stand before the customer; `None` if all that is wanted is on offer, or the wait is over.
    pub ahead: Option<u64>,
    /// How many facts the product rests on.
    pub version: u64,
    /// Journal position of the last of them.
    pub sequence: Sequence,
}

impl WaitingView {
    pub(crate) fn of(product: &Product, customer: &CustomerId) -> Option<Self> {
        let entry = product.waiting_entry(customer)?;
        let offered =
            entry.offered_at().fold(Vec::<(LocationId, u64)>::new(), |mut sum, (location, units)| {
                let units = u64::from(units.units());
                match sum.last_mut().filter(|(last, _)| last == location) {
                    Some((_, here)) => *here += units,
                    None => sum.push((location.clone(), units)),
                }
                sum
            });
        Some(Self {
            sku: product.sku().clone(),
            customer: customer.clone(),
            status: entry.status,
            wanted: entry.wanted.units(),
            location: entry.location.clone(),
            class: entry.class,
            joined_at: entry.joined_at,
            offered,
            expires_at: entry.expires_at,
            ahead: product.waiting_position(customer).map(|ahead| ahead as u64),
            version: product.version(),
            sequence: product.sequence(),
        })
    }
}
