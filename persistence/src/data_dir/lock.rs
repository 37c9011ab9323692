//! `LOCK`: one process at a time.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::LOCK;
use super::error::{AtPath as _, OpenError};

/// Locks the directory until the answer is dropped. The system unlocks it when the process ends, however it ends, so
/// there is nothing to clean up after a crash; the file itself stays.
pub(super) fn acquire(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.at("opening", &path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(OpenError::Locked { path: dir.to_path_buf() }),
        Err(error) => Err(error.into()).at("locking", &path),
    }
}
