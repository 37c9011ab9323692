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
use super::{Found, Generation, Options, Secret, look, open_sled, require_journal};
use crate::durable_fs::{copy_tree, entries, remove_tree};
use crate::sled_store::is_unfinished_snapshot;
use crate::store::{JournalStore as _, Rebuild, ReplayError, Tail};

/// What a data directory holds.
#[derive(Debug)]
pub struct Examined {
    /// Its id.
    pub generation: Generation,
    /// Whether its last use ended with a clean close.
    pub sealed: bool,
    /// The position up to which work was acknowledged for certain; `None` if that is not known, as after a power cut.
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
        let (seal, watermark) = (Seal::read(path)?, Watermark::read(path)?);
        let copy = path.join(COPYING);
        let tidy = || remove_tree(path, COPYING).at("removing a copy in", path);
        tidy()?;
        let read = copy_tree(&journal, &copy, is_unfinished_snapshot)
            .at("copying, before reading it,", &journal)
            .and_then(|()| read(&copy, &journal, options, rebuild));
        tidy()?;
        let (tail, mut damage) = match read? {
            Ok(tail) => (Some(tail), watermark.check(&tail).err().map(Damage::of_all)),
            Err(damage) => (None, Some(damage)),
        };
        if let Some(seal) = &seal {
            damage = damage.or(seal.damage(path, format.generation, tail.as_ref())?);
        }
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

impl Seal {
    /// What of a closed journal is not as it was left.
    fn damage(
        &self,
        path: &Path,
        generation: Generation,
        tail: Option<&Tail>,
    ) -> Result<Option<Damage>, OpenError> {
        match self.verify(path, generation) {
            Ok(()) => {}
            Err(OpenError::Damaged { path, detail }) => {
                return Ok(Some(Damage::of_all(format!("{}: {detail}", path.display()))));
            }
            Err(error) => return Err(error),
        }
        let other = tail.filter(|tail| (tail.last, tail.hash) != (self.last, self.last_hash));
        Ok(other.map(|tail| {
            Damage::of_all(format!("it ends at sequence {}, but was closed at {}", tail.last.0, self.last.0))
        }))
    }
}

fn ours(path: &Path) -> Result<Format, OpenError> {
    match look(path)? {
        Found::Ours(format) => Ok(format),
        Found::Nothing | Found::Unfinished => Err(OpenError::NotADataDirectory {
            path: path.to_path_buf(),
            detail: "there is nothing in it".to_owned(),
        }),
    }
}

/// Reads the copy of a journal. The inner error is damage.
fn read(
    copy: &Path,
    journal: &Path,
    options: &Options,
    rebuild: &mut dyn Rebuild,
) -> Result<Result<Tail, Damage>, OpenError> {
    let opened = open_sled(copy, options);
    let mut store = match opened {
        Ok(store) => store,
        Err(OpenError::Damaged { detail, .. }) => return Ok(Err(Damage::of_all(detail))),
        Err(error) => return Err(error),
    };
    let replayed = store.replay(Sequence(1), &mut |sequence, event| rebuild.event(sequence, event));
    let tail = match replayed {
        Ok(tail) => tail,
        Err(error @ (ReplayError::NewerVersion { .. } | ReplayError::Io { .. })) => {
            return Err(OpenError::from_replay(error, journal));
        }
        Err(error) => return Ok(Err(Damage { sequence: error.sequence(), detail: error.to_string() })),
    };
    let judged = rebuild.end();
    Ok(judged.map(|()| tail).map_err(|error| Damage { sequence: Some(tail.last), detail: error.to_string() }))
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
