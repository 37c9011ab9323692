//! What a shop expects, written as a day in the shop: rows of what is asked and what is answered, and how things
//! stand afterwards. [`script`] says what can be written in a row; the modules go by theme.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that is wrong about its own data shall stop there"
)]

#[path = "../driver/mod.rs"]
mod driver;
mod script;

mod books;
mod bundles;
mod cancel;
mod change;
mod checkout;
mod conditions;
mod counts;
mod deadline;
mod explain;
mod forecast;
mod good_til;
mod holds;
mod locations;
mod lots;
mod matching;
mod money;
mod orders;
mod product;
mod queue;
mod recovery;
mod refunds;
mod refusals;
mod replay;
mod reservations;
mod sales;
mod sourcing;
mod steps;
mod stock;
mod transfers;
mod untracked;
mod waiting;
mod without_holds;
