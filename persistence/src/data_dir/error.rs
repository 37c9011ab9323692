//! Why a data directory could not be opened, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::ReplayError;

/// Why a data directory could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process uses it.
    #[error("{} is in use by another process: stop that process, or name another directory", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// This user may not use it.
    #[error(
        "{} cannot be used by this user ({source}): make this user its owner, or run as the user who owns it",
        path.display()
    )]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not a data directory: {detail}; name one, or an empty or new directory", path.display())]
    NotADataDirectory {
        /// The path.
        path: PathBuf,
        /// What was found there.
        detail: String,
    },
    /// A newer version of this software wrote it.
    #[error(
        "{} was written in format {found}, and this version reads up to {supported}: start the newer version again",
        path.display()
    )]
    NewerVersion {
        /// What was written in it.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format this version reads.
        supported: u32,
    },
    /// Something in it is not as it was left, and acknowledged work may be gone.
    #[error(
        "{} is damaged: {detail}. Nothing was changed; keep it, check the disk, and restore a snapshot into a new directory",
        path.display()
    )]
    Damaged {
        /// The file or directory.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The disk failed, or is full.
    #[error("{doing} {}: {source}; check the disk and its free space, then start again", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// Sorts a failure of the system by what can be done about it.
    pub(super) fn from_io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Unreadable { path, source }
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                Self::NotADataDirectory { path, detail: "it, or something above it, is a file".to_owned() }
            }
            // sled's word for damage that it notices itself, and ours for its panics.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Self::Damaged { path, detail: format!("{doing}: {source}") }
            }
            _ => Self::Io { doing, path, source },
        }
    }

    /// Says of a replay that failed what it means for the directory.
    pub(super) fn from_replay(error: ReplayError, journal: &Path) -> Self {
        match error {
            ReplayError::NewerVersion { found, supported, .. } => Self::NewerVersion {
                path: journal.to_path_buf(),
                found: found.into(),
                supported: supported.into(),
            },
            ReplayError::Io { doing, source } => Self::from_io(doing, journal, source),
            ReplayError::Corrupt { .. }
            | ReplayError::Gap { .. }
            | ReplayError::Chain { .. }
            | ReplayError::Refused { .. } => damaged(journal, error.to_string()),
        }
    }
}

pub(super) fn damaged(path: &Path, detail: String) -> OpenError {
    OpenError::Damaged { path: path.to_path_buf(), detail }
}

/// Says of a failure of the system what was being done, and to what.
pub(super) trait AtPath<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, OpenError>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, OpenError> {
        self.map_err(|source| OpenError::from_io(doing, path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_the_system_says_what_to_do() {
        let error = |kind: io::ErrorKind| OpenError::from_io("reading", Path::new("/data"), kind.into());
        assert!(matches!(error(io::ErrorKind::PermissionDenied), OpenError::Unreadable { .. }));
        assert!(matches!(error(io::ErrorKind::ReadOnlyFilesystem), OpenError::Unreadable { .. }));
        assert!(matches!(error(io::ErrorKind::NotADirectory), OpenError::NotADataDirectory { .. }));
        assert!(matches!(error(io::ErrorKind::InvalidData), OpenError::Damaged { .. }));
        assert!(matches!(error(io::ErrorKind::StorageFull), OpenError::Io { .. }));
        assert!(error(io::ErrorKind::PermissionDenied).to_string().contains("make this user its owner"));
        assert!(error(io::ErrorKind::StorageFull).to_string().contains("free space"));
    }
}
