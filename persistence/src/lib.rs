//! What survives a crash: the journal of every event, and the directory it lives in.
//!
//! ```text
//!   actors ──append──▶ GroupCommit ──frames──▶ JournalStore ──▶ disk          running
//!     ▲                    │                   (sled, memory,
//!     └──────── acks ◀─────┘ after the sync     later PostgreSQL)
//!
//!   disk ──frames──▶ checks ──events──▶ visitor (rebuilds the engine's state)  starting
//! ```
//!
//! This crate owns how events become bytes ([`frame`]), how bytes become durable ([`GroupCommit`], [`JournalStore`])
//! and how a directory is opened without losing what was acknowledged ([`DataDir`]). It knows nothing of stock: an
//! event goes in and the same event comes out.
//!
//! # Promises
//! - **What was acknowledged is there after the next start**, after a kill and after a power cut on a disk that keeps
//!   what it synced. Of what was not acknowledged a beginning may be there, without a hole: a crash can cut between any
//!   two events, also between two of one append. What must stand or fall together says so in its events.
//! - **Nothing wrong is taken for right.** Frames carry checksums and form a chain; every byte is checked before it is
//!   believed, and every value goes through the engine's own constructors.
//! - **A refused start changes nothing**, and says what to do.
//! - **The first failure is the last.** After a failed sync nothing is acknowledged and nothing is tried again.
//!
//! # Example
//! ```
//! use holdfast_engine::{Event, Sequence};
//! use holdfast_persistence::{Ack, Hooks, Journal, Opened, Options, SyncedGroup};
//!
//! struct Tell(std::sync::mpsc::Sender<Sequence>);
//!
//! impl Ack for Tell {
//!     fn durable(self, first: Sequence) {
//!         let _ = self.0.send(first);
//!     }
//!     fn failed(self) {}
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("data");
//! let hooks = Hooks {
//!     observer: Box::new(|_: &SyncedGroup| {}),
//!     on_failure: Box::new(|error| eprintln!("the journal stopped: {error}")),
//! };
//! let mut ignore = |_: Sequence, _: Event| Ok(());
//! let Opened { journal, .. } = Journal::open(&path, &Options::default(), hooks, &mut ignore)?;
//!
//! // Without events this is a barrier: it hears when all that was appended before is durable.
//! let (tell, told) = std::sync::mpsc::channel();
//! journal.appender().append([], Tell(tell));
//! assert_eq!(told.recv()?, Sequence(1));
//! journal.close()?;
//! # Ok(())
//! # }
//! ```

mod chain;
mod data_dir;
mod durable_fs;
pub mod frame;
mod group_commit;
mod journal;
pub mod limits;
mod memory;
mod panic;
mod point_read;
mod record;
mod sled_store;
mod store;
mod trail;

pub use data_dir::{
    DATA_FORMAT, Damage, DataDir, Examined, Generation, MarkedStore, OpenError, Options, Recovered, Secret,
};
pub use group_commit::{
    Ack, GroupCommit, GroupObserver, GroupStats, OnFailure, SyncedGroup, Writer, WriterFailed,
};
pub use journal::{CloseError, Hooks, Journal, Opened};
pub use memory::{MemoryDisk, MemoryFrames, MemoryStore, SyncGate};
pub use point_read::{JournalRecord, ReadError, StoredFrame};
pub use record::RecordError;
pub use sled_store::{SledOpenError, SledStore};
pub use store::{
    AppendError, Epoch, JournalReader, JournalStore, Partition, Rebuild, ReplayError, Tail, VisitError,
    Visitor,
};
pub use trail::{Entry, EntryRef, Trail, TrailError, TrailHead, TrailStep, follow_trail, read_along};
