//! sled's files, where sled itself does not look after them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::durable_fs::{entries, sync_dir};

/// sled's log, in its directory.
pub(crate) const DB_FILE: &str = "db";
/// Where sled would put values that are too large for a segment.
pub(crate) const BLOBS_DIR: &str = "blobs";

/// Whether a file is a snapshot of sled's that was still being written.
pub(crate) fn is_unfinished_snapshot(name: &str) -> bool {
    name.starts_with("snap.") && name.ends_with(".generating")
}

pub(super) fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    if !dir.try_exists()? {
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
