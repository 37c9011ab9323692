//! A look into a data directory that nobody uses. It changes nothing there.
//!
//! sled cannot read its files without writing to them, so it works on a copy beside them, which is thrown away. One that a
//! killed process leaves behind goes with the next look, or the next start.

use std::fs;
use std::path::Path;

use holdfast_engine::Sequence;

use super::error::{AtPath as _, OpenError};
use super::format::Format;
use super::recovery::{self, COPYING};
use super::seal::Seal;
use super::watermark::Watermark;
use super::{Found, Generation, Options, Secret, look, require_journal, sled_trouble};
use crate::durable_fs::{copy_tree, entries, remove_tree};
use crate::sled_store::{SledStore, is_unfinished_snapshot};
use crate::store::{JournalStore as _, Rebuild, Tail};

/// What a data directory holds.
#[derive(Debug)]
pub struct Examined {
    /// Its id.
    pub generation: Generation,
    /// Whether its last use ended with a clean close.
    pub sealed: bool,
    /// The position up to which work is known to have been on disk when it was acknowledged. After a power cut that may be
    /// less than was, or `None`.
    pub acknowledged: Option<Sequence>,
    /// Bytes of the journal's files.
    pub bytes_on_disk: u64,
    /// Where the journal ends, if it could be read to its end.
    pub tail: Option<Tail>,
    /// What is wrong with it.
    pub damage: Option<Damage>,
}

/// What is wrong with a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The first position that is concerned, where there is one.
    pub sequence: Option<Sequence>,
    /// What was found.
    pub detail: String,
}

impl Examined {
    /// Looks into the data directory at `path` and gives every event of its journal to `rebuild`, up to the first that
    /// makes no sense.
    ///
    /// # Errors
    /// [`OpenError`], if there is nothing that could be read. A journal that is damaged is none: see
    /// [`damage`](Self::damage).
    pub fn look(path: &Path, options: &Options, rebuild: &mut dyn Rebuild) -> Result<Self, OpenError> {
        // Before the lock: its file would be a change in somebody else's directory.
        ours(path)?;
        let _lock = super::lock::acquire(path)?;
        let format = ours(path)?;
        Secret::read(path, &format)?;
        let journal = recovery::journal(path)?;
        require_journal(&journal)?;
        let watermark = Watermark::read(path)?;
        // A closed journal that is not as it was left: that says more than whatever comes of reading it.
        let (seal, altered) = match damage_or(Seal::read(path))? {
            Ok(seal) => {
                let verified = seal.as_ref().map_or(Ok(()), |seal| seal.verify(path, format.generation));
                (seal, damage_or(verified)?.err())
            }
            Err(damage) => (None, Some(damage)),
        };
        let copy = path.join(COPYING);
        let tidy = || remove_tree(path, COPYING).at("removing a copy in", path);
        tidy()?;
        let read = copy_tree(&journal, &copy, is_unfinished_snapshot)
            .at("copying, before reading it,", &journal)
            .and_then(|()| read(&copy, &journal, options, rebuild));
        tidy()?;
        let (tail, found) = match read? {
            Ok(tail) => {
                let short = watermark.check(&tail).err();
                let other = seal.as_ref().and_then(|seal| seal.check_end(&tail).err());
                // Judged last: a journal that is too short may well make sense as far as it goes.
                let judged = || rebuild.end().err().map(|error| error.to_string());
                (Some(tail), short.or(other).or_else(judged).map(Damage::of_all))
            }
            Err(damage) => (None, Some(damage)),
        };
        let damage = altered.or(found);
        Ok(Self {
            generation: format.generation,
            sealed: seal.is_some(),
            acknowledged: watermark.last(),
            bytes_on_disk: bytes_of(&journal).at("reading", &journal)?,
            tail,
            damage,
        })
    }
}

impl Damage {
    fn of_all(detail: String) -> Self {
        Self { sequence: None, detail }
    }
}

/// Takes damage for something that was found, and not for a failure to look.
fn damage_or<T>(outcome: Result<T, OpenError>) -> Result<Result<T, Damage>, OpenError> {
    match outcome {
        Ok(found) => Ok(Ok(found)),
        Err(OpenError::Damaged { path, detail }) => {
            Ok(Err(Damage::of_all(format!("{}: {detail}", path.display()))))
        }
        Err(error) => Err(error),
    }
}

fn ours(path: &Path) -> Result<Format, OpenError> {
    match look(path)? {
        Found::Ours(format) => Ok(format),
        Found::Nothing => Err(not_yet(path, "there is nothing in it, so there is nothing to look at")),
        Found::Unfinished => Err(not_yet(path, "its making did not finish, and nothing was put into it")),
    }
}

fn not_yet(path: &Path, detail: &str) -> OpenError {
    OpenError::NotADataDirectory { path: path.to_path_buf(), detail: detail.to_owned() }
}

/// Reads the copy of a journal. The inner error is damage.
fn read(
    copy: &Path,
    journal: &Path,
    options: &Options,
    rebuild: &mut dyn Rebuild,
) -> Result<Result<Tail, Damage>, OpenError> {
    let opened = SledStore::open(copy, options.partition, options.cache_bytes)
        .map_err(|error| sled_trouble(error, journal));
    let mut store = match damage_or(opened)? {
        Ok(store) => store,
        Err(damage) => return Ok(Err(damage)),
    };
    let replayed = store.replay(Sequence(1), &mut |sequence, event| rebuild.event(sequence, event));
    replayed.map(Ok).or_else(|error| {
        let sequence = error.sequence();
        let damage = damage_or(Err(OpenError::from_replay(error, journal)))?;
        Ok(damage.map_err(|damage| Damage { sequence, ..damage }))
    })
}

fn bytes_of(dir: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for name in entries(dir)? {
        let path = dir.join(name);
        let found = fs::symlink_metadata(&path)?;
        bytes += if found.is_dir() { bytes_of(&path)? } else { found.len() };
    }
    Ok(bytes)
}
