//! Reading frames out of sled, by the store itself and beside it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_engine::Sequence;
use parking_lot::RwLock;

use super::guard::guarded;
use crate::chain::Chain;
use crate::point_read::{ReadError, StoredFrame};
use crate::store::{JournalReader, Partition, ReplayError, Visitor};

const READING: &str = "reading the journal";
const NO_POSITION: &str = "a key of the journal is not a position";

/// sled's handle, shared by the store and its readers. The store can take it from all of them, because as long as any
/// handle lives sled keeps its file open and locked.
#[derive(Debug)]
pub(super) struct Handle {
    db: RwLock<Option<sled::Db>>,
    /// Set before the handle is taken, so that a long read makes way. Nothing rests on the order in which others see
    /// it (Relaxed): the lock is what keeps the handle in place while it is used.
    closing: AtomicBool,
}

impl Handle {
    pub(super) fn new(db: sled::Db) -> Self {
        Self { db: RwLock::new(Some(db)), closing: AtomicBool::new(false) }
    }

    /// Uses the handle, unless it was taken.
    pub(super) fn with<T>(&self, call: impl FnOnce(&sled::Db) -> T) -> Option<T> {
        self.db.read().as_ref().map(call)
    }

    /// Takes the handle, as soon as nobody is using it.
    pub(super) fn take(&self) -> Option<sled::Db> {
        self.closing.store(true, Ordering::Relaxed);
        self.db.write().take()
    }

    /// Reads the frames from the one that holds `from` on, checking that each continues the one before.
    pub(super) fn read_frames(
        &self,
        partition: Partition,
        from: Sequence,
        visit: &mut Visitor<'_>,
    ) -> Result<Chain, ReplayError> {
        let closed = || ReplayError::Io { doing: READING, source: closed() };
        self.with(|db| {
            let before = || db.range(..=from.0.to_be_bytes()).next_back().transpose();
            let start = match guarded(before).map_err(|trouble| trouble.reading(READING))? {
                Some((key, _)) => position(&key)?,
                None => Sequence(0),
            };
            let mut chain = Chain::starting_at(start, partition, from);
            let mut frames = db.range(start.0.to_be_bytes()..);
            let mut next =
                || guarded(|| frames.next().transpose()).map_err(|trouble| trouble.reading(READING));
            while let Some((key, bytes)) = next()? {
                if self.closing.load(Ordering::Relaxed) {
                    return Err(closed());
                }
                chain.frame(position(&key)?, &bytes, visit)?;
            }
            Ok(chain)
        })
        .unwrap_or_else(|| Err(closed()))
    }
}

/// Reads beside the store that writes. Does not keep the journal open: once the store is closed, reading fails.
pub(super) struct SledReader {
    pub(super) handle: Arc<Handle>,
    pub(super) partition: Partition,
}

impl JournalReader for SledReader {
    fn read(&self, from: Sequence, visit: &mut Visitor<'_>) -> Result<(), ReplayError> {
        self.handle.read_frames(self.partition, from, visit)?.finish().map(|_| ())
    }

    fn frame_at_or_before(&self, sequence: Sequence) -> Result<Option<StoredFrame>, ReadError> {
        let closed = || ReadError::Io { sequence, doing: READING, source: closed() };
        let found = self.handle.with(|db| {
            guarded(|| db.range(..=sequence.0.to_be_bytes()).next_back().transpose())
                .map_err(|trouble| ReadError::Io { sequence, doing: READING, source: trouble.into_io() })
        });
        let Some((key, bytes)) = found.ok_or_else(closed)?? else { return Ok(None) };
        let Ok(key) = key.as_ref().try_into().map(u64::from_be_bytes) else {
            return Err(ReadError::Misplaced { sequence, detail: NO_POSITION });
        };
        let (key, bytes) = (Sequence(key), bytes.to_vec());
        Ok(Some(StoredFrame { key, partition: self.partition, bytes }))
    }
}

/// The position a key names.
fn position(key: &[u8]) -> Result<Sequence, ReplayError> {
    key.try_into()
        .map(|bytes| Sequence(u64::from_be_bytes(bytes)))
        .map_err(|_| ReplayError::Chain { sequence: Sequence(0), detail: NO_POSITION })
}

fn closed() -> io::Error {
    io::Error::other("the journal is closed")
}
