//! Question: what does the journal's append with a real sync cost, by the size of the group?
//!
//! Workload: groups of 1 to 4,096 hold records are appended and waited for, one group at a time, beside an append of as
//! many raw bytes with `fdatasync` to a plain file in the same directory. Worse: a larger ratio of the two in one run.

#![allow(missing_docs, reason = "criterion makes the public items here")]
#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::mpsc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::distinct;
use holdfast_engine::product::{ProductEvent, Sources};
use holdfast_engine::{Event, HoldId, LineQuantity, LocationId, ReservationId, Sequence, Sku, Timestamp};
use holdfast_persistence::{Ack, Hooks, Journal, Options, SyncedGroup};

struct Tell(Option<mpsc::Sender<()>>);

impl Ack for Tell {
    fn durable(self, _: Sequence) {
        if let Some(tell) = self.0 {
            let _ = tell.send(());
        }
    }

    fn failed(self) {}
}

fn record(sku: &Sku) -> Event {
    Event::Product(
        sku.clone(),
        ProductEvent::HoldOpened {
            hold: HoldId { reservation: ReservationId(distinct()), line: 0 },
            quantity: LineQuantity::new(1).expect("one unit"),
            sources: Sources::At { location: LocationId::main(), asked: false },
            buyer: None,
            expires_at: Timestamp::from_millis(1),
            offer: None,
        },
    )
}

/// About as many bytes as one hold record takes in a frame.
const RECORD_BYTES: usize = 128;

fn append_and_sync(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let hooks =
        Hooks { observer: Box::new(|_: &SyncedGroup| {}), on_failure: Box::new(|error| panic!("{error}")) };
    let opened = Journal::<Tell>::open(
        &dir.path().join("data"),
        &Options::default(),
        hooks,
        &mut |_: Sequence, _: Event| Ok(()),
    )
    .expect("a journal");
    let mut raw = OpenOptions::new().create(true).append(true).open(dir.path().join("raw")).expect("a file");
    let sku = Sku::new("HOT-1").expect("a name");
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(20);
    for size in [1_usize, 16, 256, 4_096] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("append_sync", size), &size, |bencher, size| {
            bencher.iter(|| {
                let (tell, told) = mpsc::channel();
                for _ in 1..*size {
                    opened.journal.appender().append([record(&sku)], Tell(None));
                }
                opened.journal.appender().append([record(&sku)], Tell(Some(tell)));
                told.recv().expect("durable");
            });
        });
        group.bench_with_input(BenchmarkId::new("raw_fdatasync", size), &size, |bencher, size| {
            let bytes = vec![7_u8; size * RECORD_BYTES];
            bencher.iter(|| {
                raw.write_all(&bytes).expect("written");
                raw.sync_data().expect("synced");
            });
        });
    }
    group.finish();
    opened.journal.close().expect("a clean end");
}

criterion_group!(benches, append_and_sync);
criterion_main!(benches);
