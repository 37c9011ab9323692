//! Replays the order stream of a shop against Holdfast and proves from the answers that nothing was oversold, lost or
//! doubled.
//!
//! ```text
//!  CSV file ──▶ rows ──▶ plan ──▶ replay ──HTTP──▶ server (given, in process, or a child process)
//!  made up  ──▶           │         │                  │
//!                         │         ▼                  ▼
//!                         │      ledger (answers)   read back at the end
//!                         ▼         └───────▶ audit ◀──┘
//!                   opening stock            │
//!                                            ▼
//!                                         report: table or JSON, exit code
//! ```
//!
//! The binary `loadtest` is a thin command line over this library; tests of other crates use it too.

pub mod audit;
pub mod client;
pub mod csv_stream;
pub mod goods;
pub mod ledger;
pub mod money;
pub mod plan;
pub mod replay;
pub mod report;
pub mod row;
pub mod server;
pub mod synth;
