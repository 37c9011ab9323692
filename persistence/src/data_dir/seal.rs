//! `seal`: what a clean close left, byte for byte.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use holdfast_engine::Sequence;
use xxhash_rust::xxh3::Xxh3Default;

use super::error::{AtPath as _, OpenError, damaged};
use super::format::Generation;
use super::stamp::{self, Stamp, StampError};
use super::{JOURNAL, SEAL};
use crate::durable_fs::{entries, write_whole};
use crate::frame::FORMAT_VERSION;
use crate::limits::READ_CHUNK_BYTES;
use crate::store::Tail;

const TITLE: &str = "holdfast journal seal";
const SEAL_FORMAT: u32 = 1;

/// What the journal was when it was closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seal {
    generation: Generation,
    pub(super) last: Sequence,
    pub(super) last_hash: u64,
    files: Vec<SealedFile>,
}

/// One file of the journal. Sorted by name, as are the files of a seal.
#[derive(Debug, PartialEq, Eq)]
struct SealedFile {
    name: String,
    bytes: u64,
    hash: u64,
}

impl Seal {
    /// Reads every file of a journal that nobody writes to.
    pub(super) fn of(dir: &Path, generation: Generation, last: Sequence, last_hash: u64) -> io::Result<Self> {
        let mut files = Vec::new();
        read_files(&dir.join(JOURNAL), "", &mut files)?;
        Ok(Self { generation, last, last_hash, files })
    }

    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        write_whole(dir, SEAL, self.to_text().as_bytes())
    }

    /// Reads the seal, if there is one.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, OpenError> {
        let path = dir.join(SEAL);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at("reading", &path),
        };
        match Self::parse(&bytes) {
            Ok(seal) => Ok(Some(seal)),
            Err(StampError::Newer(found)) => {
                Err(OpenError::NewerVersion { path, found, supported: FORMAT_VERSION.into() })
            }
            Err(StampError::OtherTitle) => Err(damaged(&path, "it is not a seal".to_owned())),
            Err(StampError::Damaged(detail)) => Err(damaged(&path, detail)),
        }
    }

    /// Compares the journal's files with what they were. Reads all of them.
    pub(super) fn verify(&self, dir: &Path, generation: Generation) -> Result<(), OpenError> {
        let journal = dir.join(JOURNAL);
        if self.generation != generation {
            return Err(damaged(
                &journal,
                format!("its seal belongs to another directory, {}", self.generation),
            ));
        }
        let now = Self::of(dir, generation, self.last, self.last_hash).at("reading", &journal)?;
        let mut before = self.files.iter().filter(|file| !now.files.contains(file));
        let mut after = now.files.iter().filter(|file| !self.files.contains(file));
        match (before.next(), after.next()) {
            (None, None) => Ok(()),
            (Some(file), _) => {
                Err(damaged(&journal.join(&file.name), "it is not what it was when it was closed".to_owned()))
            }
            (None, Some(file)) => Err(damaged(
                &journal.join(&file.name),
                "it was not there when the journal was closed".to_owned(),
            )),
        }
    }

    /// Checks that a journal ends where it ended.
    pub(super) fn check_end(&self, tail: &Tail) -> Result<(), String> {
        if (tail.last, tail.hash) == (self.last, self.last_hash) {
            return Ok(());
        }
        Err(format!("it ends at sequence {}, but was closed at {}", tail.last.0, self.last.0))
    }

    fn to_text(&self) -> String {
        let stamp = Stamp::new(TITLE, SEAL_FORMAT)
            .line("generation", self.generation)
            .line("frame-version", FORMAT_VERSION)
            .line("last-sequence", self.last.0)
            .line("last-frame-xxh3", format_args!("{:016x}", self.last_hash));
        let line = |stamp: Stamp, file: &SealedFile| {
            stamp.line("file", format_args!("{} {:016x} {}", file.bytes, file.hash, file.name))
        };
        self.files.iter().fold(stamp, line).finish()
    }

    fn parse(bytes: &[u8]) -> Result<Self, StampError> {
        let lines = stamp::read(bytes, TITLE, SEAL_FORMAT)?;
        // So that a journal with newer frames is refused before sled has touched it.
        let version: u32 = lines.number("frame-version", |version| version.parse().ok())?;
        if version > u32::from(FORMAT_VERSION) {
            return Err(StampError::Newer(version));
        }
        let files = lines.all("file").map(|line| {
            SealedFile::parse(line)
                .ok_or_else(|| StampError::Damaged("a line about a file is unreadable".to_owned()))
        });
        Ok(Self {
            generation: lines.number("generation", Generation::parse)?,
            last: Sequence(lines.number("last-sequence", |last| last.parse().ok())?),
            last_hash: lines.number("last-frame-xxh3", |hash| u64::from_str_radix(hash, 16).ok())?,
            files: files.collect::<Result<_, _>>()?,
        })
    }
}

impl SealedFile {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        Some(Self {
            bytes: parts.next()?.parse().ok()?,
            hash: u64::from_str_radix(parts.next()?, 16).ok()?,
            name: parts.next()?.to_owned(),
        })
    }
}

/// Reads the files under a directory, which has no links in it that we made.
fn read_files(dir: &Path, prefix: &str, files: &mut Vec<SealedFile>) -> io::Result<()> {
    for name in entries(dir)? {
        let path = dir.join(&name);
        let name = format!("{prefix}{name}");
        if fs::symlink_metadata(&path)?.is_dir() {
            read_files(&path, &format!("{name}/"), files)?;
        } else {
            let (bytes, hash) = hash_file(&path)?;
            files.push(SealedFile { name, bytes, hash });
        }
    }
    Ok(())
}

fn hash_file(path: &Path) -> io::Result<(u64, u64)> {
    let mut file = File::open(path)?;
    let mut chunk = vec![0; READ_CHUNK_BYTES];
    let mut hash = Xxh3Default::new();
    let mut bytes = 0;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok((bytes, hash.digest())),
            Ok(read) => {
                hash.update(chunk.get(..read).unwrap_or_default());
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_reads_back_also_with_odd_names() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join(JOURNAL);
        fs::create_dir_all(journal.join("blobs")).unwrap();
        fs::write(journal.join("db"), b"some bytes").unwrap();
        fs::write(journal.join("a name: with signs"), b"").unwrap();
        let seal = Seal::of(dir.path(), Generation(9), Sequence(12), 0xfeed).unwrap();
        seal.write(dir.path()).unwrap();
        assert_eq!(Seal::read(dir.path()).unwrap().unwrap(), seal);
        seal.verify(dir.path(), Generation(9)).unwrap();
    }

    #[test]
    fn a_changed_a_new_and_a_missing_file_are_told_apart_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join(JOURNAL);
        fs::create_dir_all(&journal).unwrap();
        fs::write(journal.join("db"), b"some bytes").unwrap();
        let seal = Seal::of(dir.path(), Generation(9), Sequence(12), 0).unwrap();

        fs::write(journal.join("db"), b"some bytEs").unwrap();
        let error = seal.verify(dir.path(), Generation(9)).unwrap_err().to_string();
        assert!(error.contains("journal/db is damaged"), "{error}");

        fs::write(journal.join("db"), b"some bytes").unwrap();
        fs::write(journal.join("snap.1"), b"").unwrap();
        let error = seal.verify(dir.path(), Generation(9)).unwrap_err().to_string();
        assert!(error.contains("snap.1 is damaged: it was not there"), "{error}");

        fs::remove_file(journal.join("snap.1")).unwrap();
        fs::remove_file(journal.join("db")).unwrap();
        assert!(matches!(seal.verify(dir.path(), Generation(9)), Err(OpenError::Damaged { .. })));
        assert!(matches!(seal.verify(dir.path(), Generation(8)), Err(OpenError::Damaged { .. })));
    }
}
