//! What happened to a reservation as a whole. Its lines stand in the products' [`HoldOpened`] events before it, so
//! that a basket of two thousand lines needs no record that holds them all.
//!
//! [`HoldOpened`]: crate::product::ProductEvent::HoldOpened

use smol_str::SmolStr;
use strum::IntoStaticStr;

use super::bundle::Bundle;
use crate::ids::{CustomerId, Fingerprint, OrderId};
use crate::operation::Operation;
use crate::time::{Millis, Timestamp};

/// One fact about one reservation.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReservationEvent {
    /// All its holds are open: from here on it exists, unless others that are made with it follow. Without this, the
    /// holds before it are given back.
    Made {
        /// Who for.
        customer: CustomerId,
        /// What was asked, so that a repeat can be told from another request under the same key.
        fingerprint: Fingerprint,
        /// How many holds it consists of.
        lines: u16,
        /// How long it was made for.
        ttl: Millis,
        /// When it was made; it lapses `ttl` later.
        at: Timestamp,
        /// The storefront's own notes, as JSON text; empty if there are none.
        metadata: SmolStr,
        /// How many more are made with it. Their records follow at once, and without the last of them none exists.
        follow: u16,
        /// How many bundles it was asked for; they stand in the `BundlesNoted` before this.
        bundles: u16,
    },
    /// Bundles that a reservation is about to be made or changed for, in order. As many of these as are needed come before that;
    /// without it they are nothing.
    BundlesNoted {
        /// Position of the first of them. A try that a crash cut short is overwritten by the next one, from 0.
        first: u16,
        /// The next bundles.
        bundles: Vec<Bundle>,
        /// When.
        at: Timestamp,
    },
    /// Its deadline moved.
    Extended {
        /// The new deadline.
        expires_at: Timestamp,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// Its lines are others. The lines that have more than before, and those that are new, stand in the products'
    /// [`HoldChanged`] and `HoldOpened` events before this; without this, they are as they were.
    ///
    /// [`HoldChanged`]: crate::product::ProductEvent::HoldChanged
    Changed {
        /// Lines that have fewer units than before.
        lowered: Vec<Lowered>,
        /// How many lines have more than before or are new.
        raised: u16,
        /// How many bundles it has now; they stand in the `BundlesNoted` before this.
        bundles: u16,
        /// When it lapses now.
        expires_at: Timestamp,
        /// The request that did it.
        operation: Operation,
        /// When.
        at: Timestamp,
    },
    /// An order took it over: it cannot lapse, and only the order ends it.
    Pinned {
        /// Which order.
        order: OrderId,
        /// When.
        at: Timestamp,
    },
    /// The order let go of it; its time runs on where it stood.
    Unpinned {
        /// When it lapses now.
        expires_at: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Its holds become allocations. From this record on that is so, whatever happens to the process.
    Committed {
        /// Units taken of each line in order; `None` takes all.
        taken: Option<Vec<u32>>,
        /// The request that did it; `None` where an order did.
        operation: Option<Operation>,
        /// When.
        at: Timestamp,
    },
    /// Its holds are given back.
    Released {
        /// The request that did it; `None` where an order did.
        operation: Option<Operation>,
        /// When.
        at: Timestamp,
    },
    /// Its time was over.
    Expired {
        /// When that was noticed; the deadline itself is in the events before.
        at: Timestamp,
    },
}

/// A line of a reservation that has fewer units from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lowered {
    /// Its number.
    pub line: u16,
    /// What it has left; none takes it out.
    pub left: u32,
}

impl ReservationEvent {
    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Made { at, .. }
            | Self::BundlesNoted { at, .. }
            | Self::Extended { at, .. }
            | Self::Changed { at, .. }
            | Self::Pinned { at, .. }
            | Self::Unpinned { at, .. }
            | Self::Committed { at, .. }
            | Self::Released { at, .. }
            | Self::Expired { at } => *at,
        }
    }
}
