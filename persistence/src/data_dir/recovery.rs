//! What happens to the journal's files around an opening after a crash.
//!
//! ```text
//!  before           journal/
//!  copying          journal/                  journal.copy/          incomplete: thrown away at the next start
//!  set aside        journal.before-recovery/  journal/ (the copy)    the next start puts the original back
//!  recovered        journal.recovered/        journal/               the next start throws the original away
//!  after            journal/
//! ```
//!
//! The original is set aside by renaming and never written to, so putting it back gives the same bytes. sled works
//! on the copy; as that was just written and synced, none of it can be bytes that the system merely remembers having
//! written before an earlier sync failed.

use std::path::{Path, PathBuf};

use super::error::{AtPath as _, OpenError, damaged};
use super::{JOURNAL, SEAL};
use crate::durable_fs::{copy_tree, entries, remove_file, remove_tree, rename, sync_dir};
use crate::sled_store::{BLOBS_DIR, is_unfinished_snapshot};

/// The original while sled works on its copy.
pub(super) const ORIGINAL: &str = "journal.before-recovery";
/// A copy that is not complete, or not to be kept.
pub(super) const COPYING: &str = "journal.copy";
/// An original that is no longer needed.
const DISCARDED: &str = "journal.recovered";

/// Puts right what an opening that was itself cut short left behind.
pub(super) fn tidy(dir: &Path) -> Result<(), OpenError> {
    if was_cut_short(dir)? {
        tracing::info!("an earlier recovery was cut short: beginning again from the journal as it was");
        put_back(dir)?;
    }
    for leftover in [COPYING, DISCARDED] {
        remove_tree(dir, leftover).at("removing what an earlier start left in", dir)?;
    }
    remove_file(dir, "seal.tmp").at("removing what an earlier close left in", dir)
}

/// Where the journal is: set aside, if its recovery was cut short.
pub(super) fn journal(dir: &Path) -> Result<PathBuf, OpenError> {
    Ok(dir.join(if was_cut_short(dir)? { ORIGINAL } else { JOURNAL }))
}

/// Whether an original stands aside.
fn was_cut_short(dir: &Path) -> Result<bool, OpenError> {
    if !exists(dir, ORIGINAL)? {
        return Ok(false);
    }
    if exists(dir, SEAL)? {
        // Never both: the original is gone before anything is sealed. Which of the two is meant is not for us to guess.
        return Err(damaged(
            dir,
            format!("it has both {SEAL:?} and {ORIGINAL:?}, so somebody has moved its files"),
        ));
    }
    Ok(true)
}

/// Copies the journal and puts the copy in its place.
pub(super) fn set_aside(dir: &Path) -> Result<(), OpenError> {
    let journal = dir.join(JOURNAL);
    let blobs = journal.join(BLOBS_DIR);
    if exists(&journal, BLOBS_DIR)? && !entries(&blobs).at("reading", &blobs)?.is_empty() {
        return Err(damaged(&blobs, "it should be empty".to_owned()));
    }
    let copied = copy_tree(&journal, &dir.join(COPYING), is_unfinished_snapshot).and_then(|()| sync_dir(dir));
    if let Err(error) = copied {
        // Makes room again if the disk is full. If even that fails, the next start tries once more.
        let _ = remove_tree(dir, COPYING);
        return Err(error).at("copying, before recovering it,", &journal);
    }
    rename(dir, JOURNAL, ORIGINAL).at("setting aside", &journal)?;
    rename(dir, COPYING, JOURNAL).at("setting up the copy of", &journal)
}

/// Puts the original in the place of whatever became of its copy.
pub(super) fn put_back(dir: &Path) -> Result<(), OpenError> {
    remove_tree(dir, JOURNAL).at("removing the failed recovery in", dir)?;
    rename(dir, ORIGINAL, JOURNAL).at("putting back the journal in", dir)
}

/// Throws the original away. Its name goes first and at once: an original that is only half there must never be
/// put back, nor one that newer work has left behind.
pub(super) fn drop_original(dir: &Path) -> Result<(), OpenError> {
    rename(dir, ORIGINAL, DISCARDED).at("finishing the recovery of", dir)?;
    remove_tree(dir, DISCARDED).at("finishing the recovery of", dir)
}

fn exists(dir: &Path, name: &str) -> Result<bool, OpenError> {
    let path = dir.join(name);
    path.try_exists().at("looking for", &path)
}
