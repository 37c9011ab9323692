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

use std::any::Any;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use holdfast_engine::Sequence;
use rustix::fs::{FlockOperation, flock};

use crate::chain::Chain;
use crate::durable_fs::{entries, sync_dir};
use crate::frame::FrameGroup;
use crate::limits::{SLED_RELEASE_PAUSE_MS, SLED_RELEASE_TRIES, SLED_SEGMENT_BYTES};
use crate::store::{AppendError, Epoch, JournalReader, JournalStore, Partition, ReplayError, Tail, Visitor};

/// sled's log, in its directory.
pub(crate) const DB_FILE: &str = "db";
/// Where sled would put values that are too large for a segment.
pub(crate) const BLOBS_DIR: &str = "blobs";

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
    /// Present until closed.
    db: Option<sled::Db>,
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
        let store = Self { db: Some(db), log, dir: dir.to_path_buf(), partition, end: None };
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
        self.release().map_err(io_error("waiting for the journal's files to be let go"))?;
        self.check_no_blobs()?;
        self.log.sync_all().map_err(io_error("syncing the journal's log"))?;
        sync_files(&self.dir).map_err(io_error("syncing the journal's files"))
    }

    /// Drops sled's handle and waits until its threads are done with the file. sled locks the file as long as any of
    /// them has it open, so getting the lock ourselves proves that none has.
    fn release(&mut self) -> io::Result<()> {
        let Some(db) = self.db.take() else { return Ok(()) };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(db))) {
            return Err(io::Error::other(panic_message(panic.as_ref())));
        }
        for _ in 0..SLED_RELEASE_TRIES {
            match flock(&self.log, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(flock(&self.log, FlockOperation::Unlock)?),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {
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
        let db = self.db.as_ref().ok_or(AppendError::NotReplayed)?;
        for (header, bytes) in group.frames() {
            db.insert(header.first.0.to_be_bytes(), bytes).map_err(failed("inserting a frame"))?;
        }
        db.flush().map_err(failed("flushing the journal"))?;
        self.log.sync_data().map_err(|source| AppendError::Io { doing: "syncing the journal", source })
    }

    /// Removes unfinished frames from the end of the journal.
    fn cut(&self, keys: &[Sequence]) -> Result<(), ReplayError> {
        let failed =
            |source| ReplayError::Io { doing: "cutting an unfinished frame off the journal", source };
        let Some(db) = self.db.as_ref().filter(|_| !keys.is_empty()) else { return Ok(()) };
        for key in keys {
            db.remove(key.0.to_be_bytes()).map_err(|error| failed(error.into()))?;
        }
        db.flush().map_err(|error| failed(error.into()))?;
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
        let db = self
            .db
            .as_ref()
            .ok_or_else(|| ReplayError::Io { doing: READING, source: io::ErrorKind::NotConnected.into() })?;

        let chain = read_frames(db, self.partition, from, visit)?;
        let (tail, torn) = chain.finish()?;
        self.cut(&torn)?;
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
        let db = self.db.clone().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Arc::new(SledReader { db, partition: self.partition }))
    }
}

/// A second handle of sled's, for reading.
struct SledReader {
    db: sled::Db,
    partition: Partition,
}

impl JournalReader for SledReader {
    fn read(&self, from: Sequence, visit: &mut Visitor<'_>) -> Result<(), ReplayError> {
        read_frames(&self.db, self.partition, from, visit)?.finish().map(|_| ())
    }
}

const READING: &str = "reading the journal";

/// Reads the frames from the one that holds `from`, checking that each continues the one before.
fn read_frames(
    db: &sled::Db,
    partition: Partition,
    from: Sequence,
    visit: &mut Visitor<'_>,
) -> Result<Chain, ReplayError> {
    // Begin at the frame that holds the wanted position.
    let start = guarded(|| db.range(..=from.0.to_be_bytes()).next_back().transpose())
        .map_err(|trouble| trouble.reading(READING))?;
    let start = match start {
        Some((key, _)) => position(&key)?,
        None => Sequence(0),
    };
    let mut chain = if start <= Sequence(1) {
        Chain::from_start(partition, from)
    } else {
        Chain::from_middle(partition, from)
    };
    let mut frames = db.range(start.0.to_be_bytes()..);
    while let Some((key, bytes)) =
        guarded(|| frames.next().transpose()).map_err(|trouble| trouble.reading(READING))?
    {
        chain.frame(position(&key)?, &bytes, visit)?;
    }
    Ok(chain)
}

/// The position a key names.
fn position(key: &[u8]) -> Result<Sequence, ReplayError> {
    key.try_into().map(|bytes| Sequence(u64::from_be_bytes(bytes))).map_err(|_| ReplayError::Chain {
        sequence: Sequence(0),
        detail: "a key of the journal is not a position",
    })
}

/// What can come of a call into sled.
enum Trouble {
    Failed(sled::Error),
    Panicked(String),
}

impl Trouble {
    fn opening(self, doing: &'static str) -> SledOpenError {
        match self {
            Self::Failed(sled::Error::Io(source)) => SledOpenError::Io { doing, source },
            Self::Failed(error) => SledOpenError::Damaged { detail: error.to_string() },
            Self::Panicked(message) => SledOpenError::Damaged { detail: message },
        }
    }

    fn reading(self, doing: &'static str) -> ReplayError {
        let source = match self {
            Self::Failed(error) => error.into(),
            Self::Panicked(message) => io::Error::new(io::ErrorKind::InvalidData, message),
        };
        ReplayError::Io { doing, source }
    }
}

/// Calls into sled where damage can make it panic. sled's locks do not poison, and the caller drops it on trouble.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Trouble::Failed),
        Err(panic) => Err(Trouble::Panicked(panic_message(panic.as_ref()))),
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

fn io_error(doing: &'static str) -> impl FnOnce(io::Error) -> SledOpenError {
    move |source| SledOpenError::Io { doing, source }
}

/// Whether a file is a snapshot of sled's that was still being written.
pub(crate) fn is_unfinished_snapshot(name: &str) -> bool {
    name.starts_with("snap.") && name.ends_with(".generating")
}

fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    for name in entries(dir)?.iter().filter(|name| is_unfinished_snapshot(name)) {
        tracing::info!(%name, "removed a snapshot that an earlier start left unfinished");
        fs::remove_file(dir.join(name))?;
    }
    Ok(())
}

/// Syncs each file in a directory, and the directory.
pub(crate) fn sync_files(dir: &Path) -> io::Result<()> {
    for name in entries(dir)? {
        File::open(dir.join(name))?.sync_all()?;
    }
    sync_dir(dir)
}
