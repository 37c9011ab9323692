//! The journal of one node: a data directory, what is in it, and the writer.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::data_dir::{DataDir, Generation, MarkedStore, OpenError, Options, Recovered, Secret};
use crate::group_commit::{Ack, GroupCommit, GroupObserver, OnFailure, Writer, WriterFailed};
use crate::store::{Epoch, JournalReader, JournalStore, Rebuild, Tail};

/// The journal of a running node. Owns the directory until it is closed; appending goes through
/// [`appender`](Self::appender).
///
/// Dropping it ends the writer without a seal, so the next start recovers as after a crash.
pub struct Journal<A> {
    appender: GroupCommit<A>,
    // Before the directory: fields are dropped in order, and the lock must outlive the writer.
    writer: Writer<A, MarkedStore>,
    data_dir: DataDir,
    epoch: Epoch,
    reader: Arc<dyn JournalReader>,
}

/// A journal that was read and is open for appending.
pub struct Opened<A> {
    /// The journal.
    pub journal: Journal<A>,
    /// Where it ended before this start.
    pub tail: Tail,
    /// Whether the last use ended with a clean close; otherwise its files were recovered.
    pub sealed: bool,
}

/// Who hears of the writer's work and of its end.
pub struct Hooks {
    /// Hears of every sync.
    pub observer: Box<dyn GroupObserver>,
    /// Hears, once, why the journal stopped.
    pub on_failure: OnFailure,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// Why a journal was not closed cleanly. Nothing acknowledged is lost; the next start recovers as after a crash.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The writer had failed.
    #[error(transparent)]
    Failed(#[from] WriterFailed),
    /// The files could not be closed and sealed.
    #[error("the journal could not be sealed: {0}")]
    Io(#[from] io::Error),
}

impl<A: Ack> Journal<A> {
    /// Opens the data directory at `path`, or makes one there, gives every event in its journal to `rebuild`, and then
    /// starts the writer, in a new epoch.
    ///
    /// # Errors
    /// [`OpenError`], each with what to do about it. What `rebuild` built must then be thrown away.
    pub fn open(
        path: &Path,
        options: &Options,
        hooks: Hooks,
        rebuild: &mut dyn Rebuild,
    ) -> Result<Opened<A>, OpenError> {
        let data_dir = DataDir::open(path, options)?;
        let Recovered { store, tail, sealed } = data_dir.recover(options, rebuild)?;
        let epoch = tail.epoch.next();
        let unreadable =
            |source| OpenError::Io { doing: "reading beside the writer", path: path.to_path_buf(), source };
        let reader = store.reader().map_err(unreadable)?;
        let (appender, writer) =
            GroupCommit::start(store, epoch, &tail, hooks.observer, hooks.on_failure).map_err(|source| {
                OpenError::Io { doing: "starting a thread for", path: path.to_path_buf(), source }
            })?;
        tracing::info!(
            path = %path.display(),
            generation = %data_dir.generation(),
            epoch = epoch.0,
            last = tail.last.0,
            frames = tail.frames,
            torn_frames = tail.torn_frames,
            sealed,
            "the journal is open"
        );
        Ok(Opened { journal: Self { appender, writer, data_dir, epoch, reader }, tail, sealed })
    }

    /// Where to append. Clones of it may outlive the journal; what they append after a close fails.
    pub const fn appender(&self) -> &GroupCommit<A> {
        &self.appender
    }

    /// Where to read what is durable while the writer goes on. Fails after [`close`](Self::close).
    pub fn reader(&self) -> Arc<dyn JournalReader> {
        Arc::clone(&self.reader)
    }

    /// The epoch this start writes in.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The id of the directory.
    pub const fn generation(&self) -> Generation {
        self.data_dir.generation()
    }

    /// What ids are derived from.
    pub const fn secret(&self) -> &Secret {
        self.data_dir.secret()
    }

    /// Where the directory is.
    pub fn path(&self) -> &Path {
        self.data_dir.path()
    }

    /// Makes durable and acknowledges what was appended, and seals the files.
    ///
    /// # Errors
    /// [`CloseError`]; the next start then recovers as after a crash.
    pub fn close(self) -> Result<(), CloseError> {
        let store = self.writer.close()?;
        Ok(self.data_dir.seal(store)?)
    }
}
