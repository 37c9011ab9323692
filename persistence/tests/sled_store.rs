//! The store on sled: what it keeps, and that it stays within what can be synced.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use holdfast_engine::Sequence;
use holdfast_persistence::frame::{FrameEncoder, FrameGroup};
use holdfast_persistence::limits::FRAME_BYTES_MAX;
use holdfast_persistence::{AppendError, Epoch, JournalStore as _, Partition, SledStore, Tail};
use support::events::{hold_opened, wide};
use support::{contents, replay_all, replay_from, single_frames};

const CACHE: u64 = 16 << 20;

fn open(path: &std::path::Path) -> SledStore {
    SledStore::open(path, Partition(0), CACHE).unwrap()
}

#[test]
fn a_store_opened_again_at_once_has_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut tail = Tail::default();
    for round in 0..20 {
        let mut store = open(dir.path());
        let (events, found) = replay_all(&mut store).unwrap();
        assert_eq!((events.len() as u64, found.last, found.hash), (2 * round, tail.last, tail.hash));
        let group = single_frames(&found, Epoch(1), &[hold_opened(1), hold_opened(2)]);
        store.append(Epoch(1), &group).unwrap();
        tail = Tail { last: group.last().unwrap(), hash: group.last_hash(), ..found };
        assert_eq!(store.last(), Some(tail.last));
        // Both ways of letting go wait until sled has, or the next open would find its lock taken.
        if round % 2 == 0 {
            store.close().unwrap();
        } else {
            drop(store);
        }
    }
}

#[test]
fn the_widest_frames_make_no_blobs() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (_, tail) = replay_all(&mut store).unwrap();
    let mut encoder = FrameEncoder::new(Partition(0), Epoch(1), &tail);
    let mut group = FrameGroup::new();
    // As much text as makes one event fill a frame to within a few hundred bytes.
    let widest = wide(FRAME_BYTES_MAX - 400);
    let mut frames = 0;
    for _ in 0..24 {
        group.clear();
        assert_eq!(encoder.encode(std::iter::repeat_n(&widest, 10), &mut group), Ok(10));
        assert!(group.frames().all(|(_, frame)| frame.len() > FRAME_BYTES_MAX - 400));
        store.append(Epoch(1), &group).unwrap();
        frames += group.frames().len() as u64;
    }
    store.close().unwrap();
    let files = contents(dir.path());
    assert!(
        files.contains_key("blobs/")
            && !files.keys().any(|name| name.starts_with("blobs/") && name != "blobs/")
    );

    let mut store = open(dir.path());
    let (events, tail) = replay_all(&mut store).unwrap();
    assert_eq!((tail.frames, tail.last), (frames, Sequence(240)));
    assert!(events.iter().all(|event| *event == widest));
    store.close().unwrap();
}

#[test]
fn a_blob_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).close().unwrap();
    // sled itself would sweep it away; what it keeps for good is what must not be there.
    std::fs::write(dir.path().join("blobs/0"), "a value that nothing syncs").unwrap();
    let error = SledStore::open(dir.path(), Partition(0), CACHE).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("blobs/0"), "{error}");
}

#[test]
fn a_replay_may_begin_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (_, tail) = replay_all(&mut store).unwrap();
    let mut encoder = FrameEncoder::new(Partition(0), Epoch(1), &tail);
    let mut group = FrameGroup::new();
    let events: Vec<_> = (1..=60).map(hold_opened).collect();
    for events in events.chunks(3) {
        encoder.encode(events, &mut group).unwrap();
    }
    store.append(Epoch(1), &group).unwrap();
    for from in [1, 2, 3, 4, 30, 31, 59, 60, 61] {
        let (found, tail) = replay_from(&mut store, from).unwrap();
        assert_eq!(found, events[from as usize - 1..]);
        assert_eq!(tail.last, Sequence(60));
    }
    assert!(replay_from(&mut store, 62).is_err());
}

#[test]
fn a_torn_tail_is_cut_from_disk_and_corruption_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (_, tail) = replay_all(&mut store).unwrap();
    let group = single_frames(&tail, Epoch(1), &(1..=5).map(hold_opened).collect::<Vec<_>>());
    store.append(Epoch(1), &group).unwrap();
    store.close().unwrap();

    let spoil = |frame: u64| {
        let db = sled::Config::default()
            .path(dir.path())
            .segment_size(8 << 20)
            .flush_every_ms(None)
            .open()
            .unwrap();
        let key = frame.to_be_bytes();
        let mut bytes = db.get(key).unwrap().unwrap().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        db.insert(key, bytes).unwrap();
        db.flush().unwrap();
        drop(db);
    };
    spoil(5);
    let mut store = reopen(dir.path());
    assert_eq!(replay_all(&mut store).unwrap().1.torn_frames, 1);
    store.close().unwrap();
    let mut store = open(dir.path());
    let (events, tail) = replay_all(&mut store).unwrap();
    assert_eq!((events.len(), tail.torn_frames), (4, 0));
    store.close().unwrap();

    spoil(2);
    let mut store = reopen(dir.path());
    for _ in 0..2 {
        let error = replay_all(&mut store).unwrap_err();
        assert!(error.to_string().contains("the frame at sequence 2 is corrupt"), "{error}");
        let group = single_frames(&tail, Epoch(1), &[hold_opened(9)]);
        assert!(matches!(store.append(Epoch(1), &group), Err(AppendError::NotReplayed)));
    }
}

/// Opens a directory that was just used without our care to wait for sled's threads.
fn reopen(path: &std::path::Path) -> SledStore {
    loop {
        match SledStore::open(path, Partition(0), CACHE) {
            Ok(store) => return store,
            Err(error) => assert!(error.to_string().contains("could not acquire lock"), "{error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn an_owner_who_was_replaced_is_fenced() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (_, tail) = replay_all(&mut store).unwrap();
    store.append(Epoch(4), &single_frames(&tail, Epoch(4), &[hold_opened(1)])).unwrap();
    let error = store.append(Epoch(3), &single_frames(&tail, Epoch(3), &[hold_opened(1)])).unwrap_err();
    assert!(matches!(error, AppendError::Fenced { given: Epoch(3), current: Epoch(4) }), "{error}");
}

#[test]
fn a_group_that_does_not_continue_the_journal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    replay_all(&mut store).unwrap();
    let ahead = Tail { last: Sequence(5), ..Tail::default() };
    let error = store.append(Epoch(1), &single_frames(&ahead, Epoch(1), &[hold_opened(1)])).unwrap_err();
    assert!(
        matches!(error, AppendError::OutOfOrder { expected: Sequence(1), given: Sequence(6) }),
        "{error}"
    );
}
