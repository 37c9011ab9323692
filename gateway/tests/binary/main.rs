//! The `holdfast` binary as a process: what it says, how it ends, what survives it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should say where and stop"
)]

mod ends;
mod import;
mod inspect;
mod process;
mod serve;
