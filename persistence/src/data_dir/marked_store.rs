//! The sled journal together with its watermark.

use std::io;
use std::path::Path;
use std::sync::Arc;

use holdfast_engine::Sequence;

use super::watermark::WatermarkFile;
use crate::frame::FrameGroup;
use crate::sled_store::SledStore;
use crate::store::{AppendError, Epoch, JournalReader, JournalStore, Partition, ReplayError, Tail, Visitor};

/// A journal in a data directory: sled's frames, and after each sync the watermark.
#[derive(Debug)]
pub struct MarkedStore {
    store: SledStore,
    watermark: WatermarkFile,
    /// What the last append left, or the replay: what a seal will say.
    last: Sequence,
    last_hash: u64,
}

impl MarkedStore {
    pub(super) fn new(store: SledStore, dir: &Path, tail: &Tail) -> io::Result<Self> {
        let watermark = WatermarkFile::open(dir)?;
        // What recovery found is on disk, so it may be claimed: a spoiled mark is whole again from here on.
        watermark.write(tail.last, tail.hash)?;
        Ok(Self { store, watermark, last: tail.last, last_hash: tail.hash })
    }

    pub(super) fn into_parts(self) -> (SledStore, Sequence, u64) {
        (self.store, self.last, self.last_hash)
    }
}

impl JournalStore for MarkedStore {
    fn partition(&self) -> Partition {
        self.store.partition()
    }

    fn replay(&mut self, from: Sequence, visit: &mut Visitor<'_>) -> Result<Tail, ReplayError> {
        self.store.replay(from, visit)
    }

    fn append(&mut self, epoch: Epoch, group: &FrameGroup) -> Result<(), AppendError> {
        self.store.append(epoch, group)?;
        let Some(last) = group.last() else { return Ok(()) };
        // A disk that cannot take 32 bytes is failing; better to stop than to go on without knowing what was promised.
        self.watermark
            .write(last, group.last_hash())
            .map_err(|source| AppendError::Io { doing: "writing the watermark", source })?;
        self.last = last;
        self.last_hash = group.last_hash();
        Ok(())
    }

    fn reader(&self) -> io::Result<Arc<dyn JournalReader>> {
        self.store.reader()
    }
}
