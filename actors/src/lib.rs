//! The runtime of Holdfast: who owns which state, in which order things are decided, and what waits for what.
//!
//! ```text
//!                       ┌──────────── supervisor ────────────┐
//!                       ▼                                    ▼
//!  Core ──▶ product owners (one actor a product,     order coordinator ──▶ payment providers
//!             woken on first use)                       (one actor)          (tasks)
//!               │  ▲                                        │
//!               │  └─ reservations: decide once for all ────┘
//!               ▼     of their holds, under a lock
//!            journal (group commit) ──▶ acks: published view moves, answers leave
//! ```
//!
//! Invariants:
//! - An owner decides, applies and hands to the journal in one go; nothing is awaited in between.
//! - An answer leaves when everything it rests on is durable, refusals included. What is shown without asking an owner
//!   was durable before it was shown.
//! - A product's records stand in the journal in the order its owner decided them, a reservation's likewise.
//! - A basket of many products is made whole or not at all, and costs one sync (see `basket`).
//! - What is under way is bounded ([`CoreConfig::in_flight_max`]); mailboxes are not.
//!
//! How it fails: a panic kills one owner, which is rebuilt from the journal ([`CoreStats::actor_restarts`]); its callers
//! are told to retry. A failed journal ends all promises: every waiting caller hears
//! [`Unavailable::JournalFailed`] and `on_fatal` is called.
//!
//! Deliberately absent: wire formats, and any decision about stock.

mod answer;
mod basket;
mod bundle_stock;
mod bundles;
mod change;
mod clock;
mod config;
mod core;
mod countdown;
mod customer_index;
mod customer_reservations;
mod directory;
mod expiry;
mod explain;
mod flight;
mod lot_view;
mod orders;
mod past;
mod payment;
mod product_actor;
mod product_cell;
mod promises;
mod recovery;
mod reservation_cell;
mod reservation_view;
mod reservations;
mod shared;
mod sourcing;
mod stock_watch;
mod supervisor;
mod together;
mod verify;
mod view;
mod waiter;
mod waiting_view;

pub use answer::{Answer, Failure, Reply, Unavailable};
pub use bundle_stock::{BundleStock, ComponentStock};
pub use change::ChangeReservation;
pub use clock::{Clock, ManualClock, Sleep, SystemClock};
pub use config::CoreConfig;
pub use core::{Core, CoreStats, Fatal, OnFatal};
pub use customer_index::Age;
pub use customer_reservations::{Claimed, RELEASES_MAX, ReleasedAll};
pub use explain::{ExplainRequest, ProductExplanation};
pub use lot_view::{LotAnswer, LotsView};
pub use orders::{
    OrderLineView, OrderRequestLine, OrderSource, OrderUnits, OrderView, PlaceOrderRequest, RefundStatus,
    RefundView,
};
pub use past::{
    AsOf, HistoryEntry, HistoryPage, HistoryPlace, HistoryQuery, PastFailure, StockAsOf, Topic, product_as_of,
};
pub use payment::{Later, PaymentAnswer, PaymentCall, PaymentFate, PaymentProvider, Payments, Sandbox};
pub use reservation_view::{ReservationLineView, ReservationView};
pub use reservations::{Reserve, ReserveLine, TakenLine};
pub use stock_watch::{NewsKind, StockCounts, StockNews, StockWatch, TURNS_KEPT, Turn, WATCHED_MAX};
pub use together::NotTogether;
pub use verify::{StateSummary, Verified, verify};
pub use view::{
    AdjustAnswer, DeleteAnswer, LocationCounts, LocationDeleteAnswer, LocationView, ProductView, PutAnswer,
    SaleAnswer, SaleView, StockView,
};
pub use waiting_view::WaitingView;

pub use holdfast_persistence::{GroupObserver, OpenError, SyncedGroup};
