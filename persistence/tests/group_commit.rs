//! The writer: who is told what, when, and how many syncs it takes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that is wrong about its own data shall stop there"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use holdfast_engine::{Event, Sequence};
use holdfast_persistence::{
    Ack, AppendError, Epoch, GroupCommit, GroupObserver, MemoryDisk, MemoryStore, OnFailure, Partition,
    SyncedGroup, Writer, WriterFailed,
};
use support::events::{hold_opened, wide};
use support::{Ears, Tell, Told, replay_all};

fn must_not_fail() -> OnFailure {
    Box::new(|error| panic!("the writer failed: {error}"))
}

fn start<A: Ack>(
    disk: &MemoryDisk,
    observer: Box<dyn GroupObserver>,
    on_failure: OnFailure,
) -> (GroupCommit<A>, Writer<A, MemoryStore>) {
    let mut store = disk.open(Partition(0));
    let (_, tail) = replay_all(&mut store).unwrap();
    GroupCommit::start(store, tail.epoch.next(), &tail, observer, on_failure).unwrap()
}

fn quiet() -> Box<dyn GroupObserver> {
    Box::new(|_: &SyncedGroup| {})
}

fn events(disk: &MemoryDisk) -> Vec<Event> {
    replay_all(&mut disk.fork().open(Partition(0))).unwrap().0
}

#[test]
fn appends_get_positions_in_order_and_acks_in_order() {
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let mut ears = Ears::new();
    let mut expected = Vec::new();
    for append in 0..500 {
        let first = journal.append((0..append % 3).map(hold_opened), ears.ack());
        expected.push(Told::Durable { append, first });
    }
    let told: Vec<_> = expected.iter().map(|_| ears.next()).collect();
    assert_eq!(told, expected);
    assert_eq!(journal.appended(), journal.durable());
    assert_eq!(journal.stats().events, journal.durable().0);
    drop(writer);
    assert_eq!(events(&disk).len() as u64, journal.durable().0);
}

#[test]
fn what_gathers_during_a_sync_is_one_group() {
    let disk = MemoryDisk::new();
    let (observed, groups) = channel();
    let observer = move |group: &SyncedGroup| observed.send(group.events).unwrap();
    let (journal, writer) = start(&disk, Box::new(observer), must_not_fail());
    let mut ears = Ears::new();
    let gate = disk.hold_syncs();

    journal.append([hold_opened(1)], ears.ack());
    gate.wait_until_held();
    for number in 2..=101 {
        journal.append([hold_opened(number), hold_opened(number)], ears.ack());
    }
    assert_eq!((journal.durable(), journal.appended()), (Sequence(0), Sequence(201)));
    assert!(ears.told.try_recv().is_err(), "nothing is durable, so nobody was told");

    gate.release_one();
    assert_eq!(ears.next(), Told::Durable { append: 0, first: Sequence(1) });
    gate.wait_until_held();
    assert_eq!(journal.durable(), Sequence(1));
    assert!(ears.told.try_recv().is_err());

    gate.release_one();
    for append in 1..=100 {
        assert_eq!(ears.next(), Told::Durable { append, first: Sequence(2 * append) });
    }
    assert_eq!(journal.durable(), Sequence(201));
    assert_eq!(disk.syncs(), 2);
    writer.close().unwrap();
    assert_eq!(groups.try_iter().collect::<Vec<_>>(), [1, 200]);
    let stats = journal.stats();
    assert_eq!((stats.groups, stats.syncs, stats.events), (2, 2, 201));
    assert_eq!(stats.bytes, disk.frames().values().map(|frame| frame.len() as u64).sum::<u64>());
}

#[test]
fn durable_is_up_to_date_when_an_ack_is_called() {
    struct Look(GroupCommit<Look>, std::sync::mpsc::Sender<(Sequence, Sequence)>);
    impl Ack for Look {
        fn durable(self, first: Sequence) {
            self.1.send((first, self.0.durable())).unwrap();
        }
        fn failed(self) {}
    }
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let (seen, looks) = channel();
    for number in 0..50 {
        journal.append([hold_opened(number)], Look(journal.clone(), seen.clone()));
    }
    writer.close().unwrap();
    drop(seen);
    let looks: Vec<_> = looks.iter().collect();
    assert_eq!(looks.len(), 50);
    assert!(looks.iter().all(|(first, durable)| first <= durable), "{looks:?}");
}

#[test]
fn a_barrier_waits_for_all_before_it_and_for_nothing_else() {
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let mut ears = Ears::new();

    // With nothing before it, it needs no sync.
    assert_eq!(journal.append([], ears.ack()), Sequence(1));
    assert_eq!(ears.next(), Told::Durable { append: 0, first: Sequence(1) });
    assert_eq!(disk.syncs(), 0);

    // Behind an event that is being synced, it comes with that sync and not before.
    let gate = disk.hold_syncs();
    journal.append([hold_opened(1)], ears.ack());
    gate.wait_until_held();
    assert_eq!(journal.append([], ears.ack()), Sequence(2));
    assert!(ears.told.try_recv().is_err());
    gate.release_one();
    assert_eq!(ears.next(), Told::Durable { append: 1, first: Sequence(1) });
    assert_eq!(ears.next(), Told::Durable { append: 2, first: Sequence(2) });
    assert_eq!(disk.syncs(), 1);

    // With events before and after it in one group, it is told in its turn.
    journal.append([hold_opened(2)], ears.ack());
    gate.wait_until_held();
    journal.append([hold_opened(3)], ears.ack());
    journal.append([], ears.ack());
    journal.append([hold_opened(4)], ears.ack());
    drop(gate);
    let told: Vec<_> = (0..4).map(|_| ears.next()).collect();
    let durable = |append, first| Told::Durable { append, first: Sequence(first) };
    assert_eq!(told, [durable(3, 2), durable(4, 3), durable(5, 4), durable(6, 4)]);
    assert_eq!(disk.syncs(), 3);
    writer.close().unwrap();
}

#[test]
fn a_long_queue_is_acknowledged_in_parts() {
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let mut ears = Ears::new();
    let gate = disk.hold_syncs();
    journal.append([hold_opened(1)], ears.ack());
    gate.wait_until_held();
    // Three megabytes, in appends that also straddle the parts.
    for _ in 0..50 {
        journal.append((0..2).map(|_| wide(30_000)), ears.ack());
    }
    gate.release_one();
    assert_eq!(ears.next(), Told::Durable { append: 0, first: Sequence(1) });
    gate.wait_until_held();
    gate.release_one();
    // The first part's acks come while the second part is held back.
    assert_eq!(ears.next(), Told::Durable { append: 1, first: Sequence(2) });
    gate.wait_until_held();
    let durable = journal.durable();
    assert!(durable > Sequence(20) && durable < Sequence(60), "{durable:?}");
    drop(gate);
    for append in 2..=50 {
        assert_eq!(ears.next(), Told::Durable { append, first: Sequence(2 * append) });
    }
    let stats = journal.stats();
    assert_eq!(stats.groups, 2);
    assert!(stats.syncs >= 4, "{stats:?}");
    writer.close().unwrap();
    assert_eq!(events(&disk).len(), 101);
}

#[test]
fn the_first_failure_is_the_last() {
    let disk = MemoryDisk::new();
    let (failed, failures) = channel();
    let on_failure: OnFailure = Box::new(move |error: &AppendError| failed.send(error.to_string()).unwrap());
    let (journal, writer) = start(&disk, quiet(), on_failure);
    let mut ears = Ears::new();
    disk.fail_append(2);
    let gate = disk.hold_syncs();

    journal.append([hold_opened(1)], ears.ack());
    gate.wait_until_held();
    journal.append([hold_opened(2)], ears.ack());
    journal.append([], ears.ack());
    gate.release_one();
    assert_eq!(ears.next(), Told::Durable { append: 0, first: Sequence(1) });
    gate.wait_until_held();
    // Comes while the second group, which will fail, is being synced.
    journal.append([hold_opened(3)], ears.ack());
    drop(gate);
    for append in 1..=3 {
        assert_eq!(ears.next(), Told::Failed { append });
    }
    assert_eq!(failures.recv().unwrap(), "syncing memory: failed as told");

    // The disk would take it again, but nobody asks it.
    journal.append([hold_opened(4)], ears.ack());
    assert_eq!(ears.next(), Told::Failed { append: 4 });
    assert_eq!(journal.durable(), Sequence(1));
    assert_eq!(writer.close().unwrap_err(), WriterFailed);
    journal.append([], ears.ack());
    assert_eq!(ears.next(), Told::Failed { append: 5 });
    assert!(failures.recv().is_err(), "told once, and never again");
    assert_eq!(events(&disk), [hold_opened(1)]);
}

#[test]
fn a_panic_in_an_ack_is_a_failure_like_any_other() {
    enum Mixed {
        Tell(Tell),
        Panic,
    }
    impl Ack for Mixed {
        fn durable(self, first: Sequence) {
            match self {
                Self::Tell(tell) => tell.durable(first),
                Self::Panic => panic!("an ack that cannot cope"),
            }
        }
        fn failed(self) {
            match self {
                Self::Tell(tell) => tell.failed(),
                Self::Panic => panic!("and not with this either"),
            }
        }
    }
    let disk = MemoryDisk::new();
    let (failed, failures) = channel();
    let on_failure: OnFailure = Box::new(move |error: &AppendError| failed.send(error.to_string()).unwrap());
    let (journal, writer) = start(&disk, quiet(), on_failure);
    let mut ears = Ears::new();
    let gate = disk.hold_syncs();
    journal.append([hold_opened(1)], Mixed::Tell(ears.ack()));
    gate.wait_until_held();
    journal.append([hold_opened(2)], Mixed::Panic);
    journal.append([hold_opened(3)], Mixed::Tell(ears.ack()));
    drop(gate);
    assert_eq!(ears.next(), Told::Durable { append: 0, first: Sequence(1) });
    assert_eq!(ears.next(), Told::Failed { append: 1 });
    assert_eq!(failures.recv().unwrap(), "the journal's writer panicked: an ack that cannot cope");
    assert_eq!(writer.close().unwrap_err(), WriterFailed);
    // What was durable stays durable, whoever could not be told.
    assert_eq!(events(&disk).len(), 3);
}

#[test]
fn an_event_over_the_bound_stops_the_writer() {
    let disk = MemoryDisk::new();
    let (failed, failures) = channel();
    let on_failure: OnFailure = Box::new(move |error: &AppendError| failed.send(error.to_string()).unwrap());
    let (journal, writer) = start(&disk, quiet(), on_failure);
    let mut ears = Ears::new();
    journal.append([wide(70_000)], ears.ack());
    assert_eq!(ears.next(), Told::Failed { append: 0 });
    assert!(failures.recv().unwrap().contains("more than a frame may have"));
    drop(writer);
    assert_eq!(disk.syncs(), 0);
}

#[test]
fn closing_drains_and_gives_the_store_back() {
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let mut ears = Ears::new();
    let other = journal.clone();
    for number in 1..=100 {
        journal.append([hold_opened(number)], ears.ack());
    }
    let mut store = writer.close().unwrap();
    assert_eq!(ears.told.try_iter().count(), 100, "all were told before the close was over");
    assert_eq!(replay_all(&mut store).unwrap().0.len(), 100);

    other.append([hold_opened(101)], ears.ack());
    assert_eq!(ears.next(), Told::Failed { append: 100 });
    assert_eq!(journal.appended(), Sequence(100));
}

#[test]
fn a_restart_goes_on_where_the_last_one_ended_in_a_new_epoch() {
    let disk = MemoryDisk::new();
    for start_number in 0..3 {
        let (journal, writer) = start(&disk, quiet(), must_not_fail());
        let mut ears = Ears::new();
        assert_eq!(journal.durable(), Sequence(2 * start_number));
        assert_eq!(
            journal.append([hold_opened(1), hold_opened(2)], ears.ack()),
            Sequence(2 * start_number + 1)
        );
        ears.next();
        writer.close().unwrap();
    }
    let (_, tail) = replay_all(&mut disk.open(Partition(0))).unwrap();
    assert_eq!((tail.last, tail.epoch), (Sequence(6), Epoch(3)));
}

#[test]
fn an_iterator_that_panics_leaves_nothing_behind() {
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let mut ears = Ears::new();
    let broken = (0..5).map(|number| if number == 3 { panic!("no more") } else { hold_opened(number) });
    let ack = ears.ack();
    let journal_ref = &journal;
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || journal_ref.append(broken, ack)))
        .unwrap_err();
    assert_eq!(journal.append([hold_opened(9)], ears.ack()), Sequence(1));
    assert_eq!(ears.next(), Told::Durable { append: 1, first: Sequence(1) });
    writer.close().unwrap();
    assert_eq!(events(&disk), [hold_opened(9)]);
}

#[test]
fn many_threads_append_and_every_one_is_told_once_and_nothing_is_lost() {
    const THREADS: u64 = 4;
    const APPENDS: u64 = 2_000;
    struct Count(Arc<AtomicU64>);
    impl Ack for Count {
        fn durable(self, first: Sequence) {
            self.0.fetch_add(first.0, Ordering::Relaxed);
        }
        fn failed(self) {
            panic!("must not fail");
        }
    }
    let disk = MemoryDisk::new();
    let (journal, writer) = start(&disk, quiet(), must_not_fail());
    let told = Arc::new(AtomicU64::new(0));
    let given: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (journal, told) = (journal.clone(), Arc::clone(&told));
                scope.spawn(move || {
                    let append = |number| {
                        let pair = [hold_opened(thread * APPENDS + number), hold_opened(u64::MAX)];
                        journal.append(pair, Count(Arc::clone(&told))).0
                    };
                    (0..APPENDS).map(append).sum::<u64>()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    writer.close().unwrap();
    assert_eq!(told.load(Ordering::Relaxed), given);
    let events = events(&disk);
    assert_eq!(events.len() as u64, 2 * THREADS * APPENDS);
    // The two events of an append stand side by side, whoever else appended meanwhile.
    assert!(events.chunks(2).all(|pair| pair[1] == hold_opened(u64::MAX)));
}
