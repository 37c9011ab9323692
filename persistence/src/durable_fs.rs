//! Changes to files and directories that are on disk when the call returns.
//!
//! A new name, a rename and a removal live in the directory, and a directory is written back when it pleases the
//! system unless it is synced itself.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Syncs the names in a directory.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The names in a directory, sorted. One that is not UTF-8 is shown as well as it can be.
pub(crate) fn entries(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Creates a directory that only its owner may enter, and those above it that are missing.
pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let parent = match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    if !parent.try_exists()? {
        create_private_dir(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => sync_dir(parent),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a file that only its owner may read. After a crash it is there whole, or not under this name.
pub(crate) fn write_whole(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = dir.join(format!("{name}.tmp"));
    write_private(&unfinished, bytes)?;
    fs::rename(&unfinished, dir.join(name))?;
    sync_dir(dir)
}

/// Writes and syncs a file that only its owner may read, without caring what a crash leaves of it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames within one directory.
pub(crate) fn rename(dir: &Path, from: &str, to: &str) -> io::Result<()> {
    fs::rename(dir.join(from), dir.join(to))?;
    sync_dir(dir)
}

/// Removes a file, if it is there.
pub(crate) fn remove_file(dir: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(dir.join(name)) {
        Ok(()) => sync_dir(dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a directory and what is in it, if it is there. A crash can leave a part of it.
pub(crate) fn remove_tree(dir: &Path, name: &str) -> io::Result<()> {
    match fs::remove_dir_all(dir.join(name)) {
        Ok(()) => sync_dir(dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Copies a directory, except for names that `leave_out` picks, to one that is not there yet. The system copies the
/// bytes itself where it can, without bringing them here.
pub(crate) fn copy_tree(from: &Path, to: &Path, leave_out: fn(&str) -> bool) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(to)?;
    for name in entries(from)? {
        if leave_out(&name) {
            continue;
        }
        let (source, target) = (from.join(&name), to.join(&name));
        if fs::symlink_metadata(&source)?.is_dir() {
            copy_tree(&source, &target, leave_out)?;
        } else {
            fs::copy(&source, &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    sync_dir(to)
}
