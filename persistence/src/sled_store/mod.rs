//! The journal on one machine: one sled tree, one entry a frame, keyed by the position of its first event
//! (big-endian, so that order of keys is order of positions).
//!
//! sled 0.34.7 needs to be used with care, and this file is where that happens:
//!
//! - Its `flush` writes and then calls `sync_file_range`, which empties neither the drive's cache nor the file's
//!   metadata. So a sync here is `flush` and then `fdatasync` on a handle of `db` that is our own and stays open: Linux
//!   reports a failed write-back once to each open handle, and a fresh one could miss it.
//! - It may panic instead of failing when its files are damaged, so opening and reading are guarded.
//! - A start that was killed can leave `snap.*.generating`, which the next start takes for a snapshot and chokes on.
//!   These are removed first.
//! - Values over a quarter of a segment, and pages over it, go to files under `blobs/` that are never synced. Frames
//!   are small enough not to ([`limits`](crate::limits)); that none appeared is checked at both ends.
//! - It never syncs directories, nor its `conf`. We do, after opening.
//! - Its threads may hold the file a little longer than the last handle lives. Closing waits for that, so that what
//!   is sealed afterwards does not change any more.

mod files;
mod guard;
mod reader;

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use holdfast_engine::Sequence;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

pub(crate) use files::{BLOBS_DIR, DB_FILE, is_unfinished_snapshot, sync_files};

use crate::chain::report_cut;
use crate::durable_fs::entries;
use crate::frame::FrameGroup;
use crate::limits::{SLED_RELEASE_PAUSE_MS, SLED_RELEASE_TRIES, SLED_SEGMENT_BYTES};
use crate::panic::panic_message;
use crate::store::{AppendError, Epoch, JournalReader, JournalStore, Partition, ReplayError, Tail, Visitor};
use files::remove_unfinished_snapshots;
use guard::guarded;
use reader::{Handle, SledReader};

/// Why sled's files could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SledOpenError {
    /// sled, or this module, found that the files are not as they were left.
    #[error("the journal's files are damaged: {detail}")]
    Damaged {
        /// What was found.
        detail: String,
    },
    /// The disk failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// A journal in a directory of sled's. Only one may be open on a directory; see
/// [`DataDir`](crate::DataDir), which holds the lock.
#[derive(Debug)]
pub struct SledStore {
    handle: Arc<Handle>,
    /// Our own handle of sled's log, for the syncs that count.
    log: File,
    dir: PathBuf,
    partition: Partition,
    /// Where the journal ends, once a replay has found it and until an append fails.
    end: Option<End>,
}

#[derive(Debug, Clone, Copy)]
struct End {
    last: Sequence,
    epoch: Epoch,
}

impl SledStore {
    /// Opens the journal in `dir`, or begins one there. The caller holds a lock on it.
    ///
    /// # Errors
    /// [`SledOpenError`]. sled may have changed its files by then: it cuts its log at the first message it cannot
    /// read. Whoever wants them as they were keeps a copy.
    pub fn open(dir: &Path, partition: Partition, cache_bytes: u64) -> Result<Self, SledOpenError> {
        remove_unfinished_snapshots(dir).map_err(io_error("removing unfinished snapshots"))?;
        let config = sled::Config::default()
            .path(dir)
            .segment_size(SLED_SEGMENT_BYTES)
            .cache_capacity(cache_bytes)
            .flush_every_ms(None);
        let db = guarded(|| config.open()).map_err(|trouble| trouble.opening("opening the journal"))?;
        let log = File::open(dir.join(DB_FILE)).map_err(io_error("opening the journal's log"))?;
        let store =
            Self { handle: Arc::new(Handle::new(db)), log, dir: dir.to_path_buf(), partition, end: None };
        store.check_no_blobs()?;
        sync_files(dir).map_err(io_error("syncing the journal's files"))?;
        Ok(store)
    }

    /// Where the last event stands, if that is known: after a replay and while no append has failed.
    pub fn last(&self) -> Option<Sequence> {
        self.end.map(|end| end.last)
    }

    /// Lets go of the files, in their final state and on disk.
    ///
    /// # Errors
    /// [`SledOpenError`] if the disk failed or sled left something it should not have.
    pub fn close(mut self) -> Result<(), SledOpenError> {
        // Dropped, sled would write the rest itself, and keep an error to itself.
        let flushed = self.handle.with(|db| guarded(|| db.flush()));
        flushed.transpose().map_err(|trouble| trouble.opening("flushing the journal"))?;
        self.release().map_err(io_error("waiting for the journal's files to be let go"))?;
        self.check_no_blobs()?;
        self.log.sync_all().map_err(io_error("syncing the journal's log"))?;
        sync_files(&self.dir).map_err(io_error("syncing the journal's files"))
    }

    /// Drops sled's handle and waits until its threads are done with the file. sled locks the file as long as any of
    /// them has it open, so getting the lock ourselves proves that none has.
    fn release(&mut self) -> io::Result<()> {
        let Some(db) = self.handle.take() else { return Ok(()) };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(db))) {
            return Err(io::Error::other(panic_message(panic.as_ref())));
        }
        for _ in 0..SLED_RELEASE_TRIES {
            match flock(&self.log, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(flock(&self.log, FlockOperation::Unlock)?),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    std::thread::sleep(Duration::from_millis(SLED_RELEASE_PAUSE_MS));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    fn check_no_blobs(&self) -> Result<(), SledOpenError> {
        let blobs = entries(&self.dir.join(BLOBS_DIR)).map_err(io_error("looking for blobs"))?;
        match blobs.first() {
            None => Ok(()),
            Some(name) => Err(SledOpenError::Damaged {
                detail: format!("{BLOBS_DIR}/{name} lies outside the log, where nothing syncs it"),
            }),
        }
    }

    /// Puts the frames into sled and syncs them.
    fn write(&self, group: &FrameGroup) -> Result<(), AppendError> {
        let failed = |doing| move |error: sled::Error| AppendError::Io { doing, source: error.into() };
        let flushed = self.handle.with(|db| {
            for (header, bytes) in group.frames() {
                db.insert(header.first.0.to_be_bytes(), bytes).map_err(failed("inserting a frame"))?;
            }
            db.flush().map_err(failed("flushing the journal"))
        });
        flushed.ok_or(AppendError::NotReplayed)??;
        self.log.sync_data().map_err(|source| AppendError::Io { doing: "syncing the journal", source })
    }

    /// Removes unfinished frames from the end of the journal.
    fn cut(&self, keys: impl ExactSizeIterator<Item = Sequence>) -> Result<(), ReplayError> {
        if keys.len() == 0 {
            return Ok(());
        }
        let failed =
            |source| ReplayError::Io { doing: "cutting an unfinished frame off the journal", source };
        let flushed = self.handle.with(|db| {
            for key in keys {
                db.remove(key.0.to_be_bytes())?;
            }
            db.flush()
        });
        flushed.transpose().map_err(|error| failed(error.into()))?;
        self.log.sync_data().map_err(failed)
    }
}

impl Drop for SledStore {
    /// Nothing is sealed here, so an error has nobody to go to; the next start looks at everything anyway.
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            tracing::warn!(%error, "the journal's files are still in use after they were dropped");
        }
    }
}

impl JournalStore for SledStore {
    fn partition(&self) -> Partition {
        self.partition
    }

    fn replay(&mut self, from: Sequence, visit: &mut Visitor<'_>) -> Result<Tail, ReplayError> {
        self.end = None;
        let (tail, torn) = self.handle.read_frames(self.partition, from, visit)?.finish()?;
        report_cut(&torn);
        self.cut(torn.iter().map(|(sequence, _)| *sequence))?;
        self.end = Some(End { last: tail.last, epoch: tail.epoch });
        Ok(tail)
    }

    fn append(&mut self, epoch: Epoch, group: &FrameGroup) -> Result<(), AppendError> {
        // Unknown again unless all goes well.
        let end = self.end.take().ok_or(AppendError::NotReplayed)?;
        if epoch < end.epoch {
            return Err(AppendError::Fenced { given: epoch, current: end.epoch });
        }
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            self.end = Some(end);
            return Ok(());
        };
        if first != end.last.plus(1) {
            return Err(AppendError::OutOfOrder { expected: end.last.plus(1), given: first });
        }
        self.write(group)?;
        self.end = Some(End { last, epoch });
        Ok(())
    }

    fn reader(&self) -> io::Result<Arc<dyn JournalReader>> {
        Ok(Arc::new(SledReader { handle: Arc::clone(&self.handle), partition: self.partition }))
    }
}

fn io_error(doing: &'static str) -> impl FnOnce(io::Error) -> SledOpenError {
    move |source| SledOpenError::Io { doing, source }
}
