//! A disk that forgets what was not synced, made of the notes of `shim.c`.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// What a power cut leaves of changes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing.
    All,
    /// Each write or not, in no order; of new names, renames and removals a beginning, because file systems keep their order.
    Some,
    /// Everything, but of the last write only some whole sectors.
    Torn,
}

/// Bytes that a drive writes whole or not at all.
const SECTOR: u64 = 512;

/// A directory on a disk of its own.
pub(crate) struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("disk")).unwrap();
        fs::create_dir(dir.path().join("kept")).unwrap();
        Self { dir }
    }

    /// The data directory on it.
    pub(crate) fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("disk")
    }

    fn notes(&self) -> PathBuf {
        self.dir.path().join("notes")
    }

    fn kept(&self) -> PathBuf {
        self.dir.path().join("kept")
    }

    /// Lets a process work on this disk.
    pub(crate) fn carry(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", shim())
            .env("HOLDFAST_SHIM_ROOT", self.root())
            .env("HOLDFAST_SHIM_LOG", self.notes())
            .env("HOLDFAST_SHIM_KEPT", self.kept());
    }

    /// The power fails, after the process on it has ended. Answers how many changes are gone.
    pub(crate) fn cut(&self, cut: Cut, random: &mut ChaCha8Rng) -> usize {
        let notes = read_notes(&fs::read(self.notes()).unwrap_or_default());
        let (mut names, mut writes) = unsynced(notes);
        match cut {
            Cut::All => {}
            Cut::Some => {
                names.drain(..random.random_range(0..=names.len()));
                writes.retain(|_| random.random());
            }
            Cut::Torn => {
                names.clear();
                let last = writes.pop();
                writes.clear();
                writes.extend(last.map(|last| torn(last, random)));
            }
        }
        let gone = names.len() + writes.len();
        names.iter().rev().for_each(undo_name);
        let mut files = HashMap::new();
        find_files(&self.root(), &mut files);
        for write in writes.iter().rev() {
            if let Some(path) = files.get(&write.inode) {
                undo_write(path, write, cut == Cut::All);
            }
        }
        self.forget_notes();
        gone
    }

    /// What is there now is on the disk.
    pub(crate) fn forget_notes(&self) {
        drop(fs::remove_file(self.notes()));
        fs::remove_dir_all(self.kept()).unwrap();
        fs::create_dir(self.kept()).unwrap();
    }
}

/// The library, built once.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        let built = built.expect("a C compiler, `cc`, is needed: Debian has it in build-essential");
        assert!(built.success(), "the shim is built");
        library
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    Sync,
    SyncDir,
    Create,
    Rename,
    Unlink,
    Mkdir,
    Rmdir,
}

/// One change, with what was there before, or one sync.
#[derive(Debug)]
struct Note {
    kind: Kind,
    path: PathBuf,
    /// The new name of a rename; where a removed file is kept.
    second: PathBuf,
    inode: u64,
    offset: u64,
    size: u64,
    count: u64,
    data: Vec<u8>,
    /// The directory in which a name has changed, by the name it has now.
    parent: PathBuf,
}

/// The notes of a process. The last one may be cut.
fn read_notes(mut rest: &[u8]) -> Vec<Note> {
    let mut notes = Vec::new();
    while let Some(note) = read_note(&mut rest) {
        notes.push(note);
    }
    notes
}

fn read_note(rest: &mut &[u8]) -> Option<Note> {
    let mut at = *rest;
    let mut take = |count: usize| {
        let (taken, left) = at.split_at_checked(count)?;
        at = left;
        Some(taken)
    };
    let mut word = || take(4).map(|bytes| u32::from_ne_bytes(bytes.try_into().unwrap()));
    let (kind, path, data, second) = (word()?, word()?, word()?, word()?);
    let mut number = || take(8).map(|bytes| u64::from_ne_bytes(bytes.try_into().unwrap()));
    let (inode, offset, size, count) = (number()?, number()?, number()?, number()?);
    let mut text =
        |count: u32| take(count as usize).map(|bytes| PathBuf::from(str::from_utf8(bytes).unwrap()));
    let (path, second) = (text(path)?, text(second)?);
    let data = take(data as usize)?.to_vec();
    *rest = at;
    let kind = match kind {
        1 => Kind::Write,
        2 => Kind::Sync,
        3 => Kind::SyncDir,
        4 => Kind::Create,
        5 => Kind::Rename,
        6 => Kind::Unlink,
        7 => Kind::Mkdir,
        8 => Kind::Rmdir,
        other => panic!("a note of kind {other}"),
    };
    let parent = path.parent().unwrap().to_path_buf();
    Some(Note { kind, path, second, inode, offset, size, count, data, parent })
}

/// Changes of names, and writes, that no sync came after.
fn unsynced(notes: Vec<Note>) -> (Vec<Note>, Vec<Note>) {
    let (mut names, mut writes) = (Vec::<Note>::new(), Vec::<Note>::new());
    for note in notes {
        match note.kind {
            Kind::Write => writes.push(note),
            Kind::Sync => writes.retain(|write| write.inode != note.inode),
            Kind::SyncDir => {
                let is_synced = |name: &Note| name.parent == note.path;
                // What was in a directory that is gone for good is gone too.
                let gone: Vec<_> = names
                    .iter()
                    .filter(|name| name.kind == Kind::Rmdir && is_synced(name))
                    .map(|name| name.path.clone())
                    .collect();
                names.retain(|name| {
                    !is_synced(name) && !gone.iter().any(|gone| name.parent.starts_with(gone))
                });
            }
            Kind::Rename => {
                for name in &mut names {
                    if let Ok(below) = name.parent.strip_prefix(&note.path) {
                        name.parent = note.second.join(below).components().collect();
                    }
                }
                names.push(note);
            }
            Kind::Create | Kind::Unlink | Kind::Mkdir | Kind::Rmdir => names.push(note),
        }
    }
    (names, writes)
}

/// A write of which some whole sectors from the beginning are there: what is to be undone of it is the rest.
fn torn(write: Note, random: &mut ChaCha8Rng) -> Note {
    if write.count == u64::MAX {
        return write;
    }
    let kept = (random.random_range(0..=write.count / SECTOR) * SECTOR).min(write.count);
    let known = usize::try_from(kept).unwrap().min(write.data.len());
    Note {
        offset: write.offset + kept,
        count: write.count - kept,
        size: write.size.max(write.offset + kept),
        data: write.data[known..].to_vec(),
        ..write
    }
}

fn undo_name(name: &Note) {
    match name.kind {
        Kind::Create => drop(fs::remove_file(&name.path)),
        Kind::Mkdir => drop(fs::remove_dir_all(&name.path)),
        Kind::Rmdir => drop(fs::create_dir(&name.path)),
        Kind::Unlink => restore(&name.second, &name.path),
        Kind::Rename => {
            if !name.path.exists() {
                drop(fs::rename(&name.second, &name.path));
                restore(Path::new(str::from_utf8(&name.data).unwrap()), &name.second);
            }
        }
        Kind::Write | Kind::Sync | Kind::SyncDir => {}
    }
}

/// Gives a file that was removed or replaced its name again, if there was one.
fn restore(kept: &Path, path: &Path) {
    if !kept.as_os_str().is_empty() && !path.exists() {
        fs::hard_link(kept, path).unwrap();
    }
}

fn undo_write(path: &Path, write: &Note, all: bool) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let now = file.metadata().unwrap().len();
    if write.count == u64::MAX {
        file.set_len(write.size.max(if all { 0 } else { now })).unwrap();
    }
    file.write_all_at(&write.data, write.offset).unwrap();
    if all || now == write.offset.saturating_add(write.count) {
        file.set_len(write.size).unwrap();
    } else if write.count != u64::MAX {
        // Later writes are there: what lies between was never written, and reads as zeros.
        let (from, to) = (write.offset.max(write.size), (write.offset + write.count).min(now));
        if from < to {
            file.write_all_at(&vec![0; usize::try_from(to - from).unwrap()], from).unwrap();
        }
    }
}

/// Which file has which inode.
fn find_files(dir: &Path, files: &mut HashMap<u64, PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            find_files(&entry.path(), files);
        } else {
            files.insert(entry.metadata().unwrap().ino(), entry.path());
        }
    }
}
