//! The directory that holds everything one node must not lose, and the care with which it is opened.
//!
//! ```text
//! data-dir/
//! ├── LOCK        held while a process uses the directory
//! ├── FORMAT      format version, generation id, checksum of the secret
//! ├── secret      32 random bytes; ids are derived from them
//! ├── journal/    sled's files
//! ├── seal        after a clean close: what every file in journal/ must be, byte for byte
//! └── watermark   while running: the position up to which work was acknowledged
//! ```
//!
//! sled repairs its log on its own: at the first message it cannot read it cuts off whatever follows, and says
//! nothing. After a crash that is what we want for work that was never acknowledged, and a silent loss for work that
//! was. So before sled may touch the files, either the seal proves them to be what a clean close left, or they are
//! set aside and sled works on a copy; and what sled then shows must reach the watermark. If not, the files are put
//! back as they were, and opening fails. **A refused opening changes nothing.**
//!
//! ```text
//!  seal? ──yes── every file as sealed? ──no──▶ Damaged
//!    │                  └─yes─▶ remove seal ─────────────────────┐
//!    no                                                          ▼
//!    └▶ copy journal/ ─▶ set the original aside ─▶ sled ─▶ replay, verify ──ok──▶ drop the original, go on
//!                                                                └──not─▶ put the original back, Damaged
//! ```

mod error;
mod examine;
mod format;
mod lock;
mod marked_store;
mod recovery;
mod seal;
mod secret;
mod stamp;
mod watermark;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use holdfast_engine::{Event, Sequence};

pub use error::OpenError;
pub use examine::{Damage, Examined};
pub use format::{DATA_FORMAT, Generation};
pub use marked_store::MarkedStore;
pub use secret::Secret;

use crate::durable_fs::{
    create_private_dir, entries, remove_file, remove_tree, rename, sync_dir, write_private,
};
use crate::sled_store::{DB_FILE, SledOpenError, SledStore, sync_files};
use crate::store::{JournalStore as _, Partition, Rebuild, Tail};
use error::{AtPath as _, damaged};
use format::Format;
use seal::Seal;
use watermark::Watermark;

const LOCK: &str = "LOCK";
const FORMAT: &str = "FORMAT";
/// The name `FORMAT` has until the directory is complete. While it stands there, nothing in the directory was used.
const FORMAT_UNFINISHED: &str = "FORMAT.tmp";
const SECRET: &str = "secret";
const JOURNAL: &str = "journal";
const SEAL: &str = "seal";
const WATERMARK: &str = "watermark";

/// What a fresh file system puts into its root; a directory with nothing else in it is empty.
const LOST_AND_FOUND: &str = "lost+found";

/// How to open a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which partition's journal it holds.
    pub partition: Partition,
    /// Memory sled may use to cache pages of the journal. The journal is read once, at start, so little is enough.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { partition: Partition(0), cache_bytes: 64 * 1024 * 1024 }
    }
}

/// A data directory that is ours as long as this value lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    format: Format,
    secret: Secret,
    /// Locked; closing it, also by a crash, unlocks.
    _lock: File,
}

/// A journal that was read to its end and is ready to be continued.
#[derive(Debug)]
pub struct Recovered {
    /// Its store, which keeps the watermark.
    pub store: MarkedStore,
    /// Where it ends.
    pub tail: Tail,
    /// Whether the last use ended with a clean close.
    pub sealed: bool,
}

/// What a path shows before anything about it is changed.
enum Found {
    /// Nothing, or a directory with nothing in it.
    Nothing,
    /// A directory whose creation did not finish.
    Unfinished,
    /// A data directory.
    Ours(Format),
}

impl DataDir {
    /// Opens the data directory at `path`, or makes one there if there is nothing, and locks it.
    ///
    /// # Errors
    /// [`OpenError`], each with what to do about it. Then nothing was changed.
    pub fn open(path: &Path, options: &Options) -> Result<Self, OpenError> {
        // Look first: even the lock file would be a change in somebody else's directory.
        look(path)?;
        create_private_dir(path).at("creating", path)?;
        let lock = lock::acquire(path)?;
        // Look again: another process may have made the directory, or finished with it, in between.
        let format = match look(path)? {
            Found::Ours(format) => format,
            Found::Nothing | Found::Unfinished => create(path, options)?,
        };
        let secret = Secret::read(path, &format)?;
        Ok(Self { path: path.to_path_buf(), format, secret, _lock: lock })
    }

    /// Where it is. Other crates keep files of their own beside the journal.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id this directory got when it was made; a restored copy gets another.
    pub const fn generation(&self) -> Generation {
        self.format.generation
    }

    /// Random bytes that never leave the machine, for ids that cannot be guessed.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Opens the journal, gives every event in it to `rebuild`, and proves that nothing acknowledged is missing.
    ///
    /// # Errors
    /// [`OpenError`]. The journal's files are then as they were, and what `rebuild` built must be thrown away.
    pub fn recover(&self, options: &Options, rebuild: &mut dyn Rebuild) -> Result<Recovered, OpenError> {
        recovery::tidy(&self.path)?;
        let journal = self.path.join(JOURNAL);
        require_journal(&journal)?;
        let watermark = Watermark::read(&self.path)?;
        let seal = Seal::read(&self.path)?;
        let (store, tail) = match &seal {
            Some(seal) => {
                seal.verify(&self.path, self.format.generation)?;
                self.open_sealed(seal, watermark, options, rebuild)?
            }
            None => self.open_after_crash(watermark, options, rebuild)?,
        };
        let store = MarkedStore::new(store, &self.path, &tail).at("writing the watermark of", &self.path)?;
        Ok(Recovered { store, tail, sealed: seal.is_some() })
    }

    /// Opens a journal whose files are known to be what a clean close left.
    fn open_sealed(
        &self,
        seal: &Seal,
        watermark: Watermark,
        options: &Options,
        rebuild: &mut dyn Rebuild,
    ) -> Result<(SledStore, Tail), OpenError> {
        let journal = self.path.join(JOURNAL);
        // Gone, on disk, before sled writes its first byte: from here on the directory counts as in use.
        remove_file(&self.path, SEAL).at("removing the seal of", &self.path)?;
        open_sled(&journal, options)
            .and_then(|store| replay(store, &journal, rebuild))
            .and_then(|(store, tail)| {
                seal.check_end(&tail).map_err(|detail| damaged(&journal, detail))?;
                watermark.check(&tail).map_err(|detail| damaged(&journal, detail))?;
                Ok((store, tail))
            })
            .inspect_err(|_| {
                // sled had the right bytes and has only kept its books; seal them as they are now. Should that fail,
                // the next start takes the longer way.
                if let Err(error) = self.write_seal(seal.last, seal.last_hash) {
                    tracing::warn!(%error, "the journal could not be sealed again");
                }
            })
    }

    /// Opens a journal that was not closed, on a copy of its files.
    fn open_after_crash(
        &self,
        watermark: Watermark,
        options: &Options,
        rebuild: &mut dyn Rebuild,
    ) -> Result<(SledStore, Tail), OpenError> {
        let journal = self.path.join(JOURNAL);
        recovery::set_aside(&self.path)?;
        let opened = open_sled(&journal, options).and_then(|store| replay(store, &journal, rebuild));
        // On an error the store, if there was one, is dropped by now and has let go of the copy.
        let verified = opened.and_then(|(store, tail)| match watermark.check(&tail) {
            Ok(()) => Ok((store, tail)),
            Err(detail) => Err(damaged(&journal, detail)),
        });
        match verified {
            Ok(recovered) => {
                recovery::drop_original(&self.path)?;
                Ok(recovered)
            }
            Err(error) => {
                recovery::put_back(&self.path)?;
                Err(error)
            }
        }
    }

    /// Closes the journal and writes down what its files are now, so that the next start can trust them.
    ///
    /// # Errors
    /// What the disk said. Nothing is lost then: the next start treats it as a crash.
    pub fn seal(&self, store: MarkedStore) -> io::Result<()> {
        let (store, last, last_hash) = store.into_parts();
        store.close().map_err(io::Error::other)?;
        self.write_seal(last, last_hash)
    }

    /// Seals the journal's files as they are now, after they were closed.
    fn write_seal(&self, last: Sequence, last_hash: u64) -> io::Result<()> {
        let journal = self.path.join(JOURNAL);
        // What is sealed must be on disk, or a power cut would make a lie of the seal.
        sync_files(&journal)?;
        Seal::of(&self.path, self.format.generation, last, last_hash)?.write(&self.path)
    }
}

/// Looks at a path without changing anything.
fn look(path: &Path) -> Result<Found, OpenError> {
    let names = match entries(path) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error).at("reading", path),
    };
    if names.iter().any(|name| name == FORMAT) {
        return Format::read(path).map(Found::Ours);
    }
    if names.iter().any(|name| name == FORMAT_UNFINISHED) {
        // Only what `create` makes may be swept away by it.
        let ours = [LOCK, FORMAT_UNFINISHED, SECRET, JOURNAL, SEAL, "seal.tmp", WATERMARK, LOST_AND_FOUND];
        return match names.iter().find(|name| !ours.contains(&name.as_str())) {
            None => Ok(Found::Unfinished),
            Some(name) => Err(not_ours(path, name)),
        };
    }
    match names.iter().find(|name| ![LOCK, LOST_AND_FOUND].contains(&name.as_str())) {
        None => Ok(Found::Nothing),
        Some(name) => Err(not_ours(path, name)),
    }
}

fn not_ours(path: &Path, name: &str) -> OpenError {
    OpenError::NotADataDirectory {
        path: path.to_path_buf(),
        detail: format!("it holds {name:?} and no {FORMAT}"),
    }
}

/// Makes an empty directory, or one whose making was interrupted, into a data directory. `FORMAT` gets its name last,
/// so a directory that has it is complete.
fn create(path: &Path, options: &Options) -> Result<Format, OpenError> {
    remove_tree(path, JOURNAL).at("clearing", path)?;
    let secret = Secret::random().at("drawing random bytes for", path)?;
    let format = Format {
        generation: Generation::random().at("drawing random bytes for", path)?,
        secret_crc: secret.crc(),
    };

    write_private(&path.join(FORMAT_UNFINISHED), format.to_text().as_bytes()).at("writing", path)?;
    sync_dir(path).at("syncing", path)?;
    write_private(&path.join(SECRET), secret.bytes()).at("writing", path)?;
    // An empty journal, closed and sealed like any other: the first start is then one like all that follow.
    let journal = path.join(JOURNAL);
    create_private_dir(&journal).at("creating", &journal)?;
    let (store, tail) = replay(open_sled(&journal, options)?, &journal, &mut |_: Sequence, _: Event| Ok(()))?;
    store.close().map_err(|error| sled_trouble(error, &journal))?;
    let sealed = Seal::of(path, format.generation, tail.last, tail.hash).and_then(|seal| seal.write(path));
    sealed.at("sealing", &journal)?;
    Watermark::create(path).at("writing", path)?;
    rename(path, FORMAT_UNFINISHED, FORMAT).at("completing", path)?;
    Ok(format)
}

/// Refuses a journal that is not there: sled would begin a new one in its place.
fn require_journal(journal: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(journal.join(DB_FILE)) {
        Ok(log) if log.len() > 0 => Ok(()),
        Ok(_) => Err(damaged(journal, format!("its file {DB_FILE:?} is empty"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(damaged(journal, format!("its file {DB_FILE:?} is missing")))
        }
        Err(error) => Err(error).at("reading", journal),
    }
}

fn open_sled(journal: &Path, options: &Options) -> Result<SledStore, OpenError> {
    SledStore::open(journal, options.partition, options.cache_bytes)
        .map_err(|error| sled_trouble(error, journal))
}

/// Reads the whole journal.
fn replay(
    mut store: SledStore,
    journal: &Path,
    rebuild: &mut dyn Rebuild,
) -> Result<(SledStore, Tail), OpenError> {
    let tail = store
        .replay(Sequence(1), &mut |sequence, event| rebuild.event(sequence, event))
        .map_err(|error| OpenError::from_replay(error, journal))?;
    rebuild.end().map_err(|error| damaged(journal, error.to_string()))?;
    Ok((store, tail))
}

fn sled_trouble(error: SledOpenError, journal: &Path) -> OpenError {
    match error {
        SledOpenError::Damaged { detail } => damaged(journal, detail),
        SledOpenError::Io { doing, source } => OpenError::from_io(doing, journal, source),
    }
}
