//! The business of Holdfast: stock, holds, reservations, orders and money, as pure functions over plain state.
//!
//! ```text
//!   command ──▶ decide(&state, at) ──▶ event ──▶ journal ──▶ apply(&mut state)
//!                     └──▶ Rejection: nothing happened
//! ```
//!
//! Three things have state, and each decides only for itself: a [`product::Product`] about its units, a
//! [`reservation::Reservation`] about when its holds end, an [`order::Order`] about its saga. [`world::World`] puts
//! them together from a journal and finishes what a crash cut short.
//!
//! Invariants:
//! - I1 no oversell: whenever units are granted, `held + allocated` is at most what lies there beyond
//!   the safety stock, plus `backorder_limit`.
//! - I2 conservation: `held` is the sum of live holds, `allocated` of open allocations, `on_hand` of movements.
//! - I3 a hold ends exactly once.
//! - I4 one effect per idempotency key, also after a replay.
//! - I5 in a sale no customer has more units than its limit, over all reservations and orders.
//! - I6 replaying the journal gives the same state.
//! - I7 money matches goods: units are shipped only of paid orders, and refunds never exceed what was paid.
//!
//! Deliberately absent: I/O, a runtime, a clock, a random source. Time and ids are arguments. A broken invariant
//! panics in every build, because an engine that has lost count must not answer; everything a caller can get wrong is
//! a [`Rejection`].

#![allow(clippy::panic, reason = "a broken invariant must stop the owner of the state; see the crate's head")]

mod digest;
pub mod event;
mod ids;
mod money;
mod operation;
pub mod order;
pub mod product;
mod quantity;
mod rejection;
pub mod reservation;
mod time;
pub mod world;

pub use event::Event;
pub use ids::{
    CustomerId, Fingerprint, HoldId, LocationId, LotId, NameError, OperationId, OrderId, ReservationId,
    SaleId, Sku, check_text,
};
pub use money::{Currency, Money, UnitPrice};
pub use operation::{Lookup, Operation, OperationLog, OperationRecord};
pub use quantity::{LineQuantity, Quantity};
pub use rejection::{InBundle, LocationUse, ProductUse, Rejection, Shortage, WithoutHolds};
pub use smol_str::SmolStr;
pub use time::{Millis, Sequence, Timestamp};
