//! Question: how many durable reservations a second does the core make in process, with so many buyers at once?
//!
//! Workload: one hot product, single units, each buyer waits for its answer (durable: after the group's `fdatasync`)
//! before it asks again; and the same over 1,000 products beside it. Durability: synced before the answer.
//! Worse: fewer per second at the same number in flight, measured in the same run. With few in flight the disk's sync
//! time is what is measured.

#![allow(missing_docs, reason = "criterion makes the public items here")]
#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{HOT_SKU, core_with, reserve_all};
use holdfast_engine::Sku;

fn durable_reserve(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let hot = vec![Sku::new(HOT_SKU).expect("a name")];
    let many: Vec<_> = (0..1_000).map(|n| Sku::new(&format!("SKU-{n:04}")).expect("a name")).collect();
    let mut group = criterion.benchmark_group("durable_reserve");
    group.sample_size(10).throughput(Throughput::Elements(1));
    for (name, skus) in [("hot", &hot), ("uniform_1000", &many)] {
        for in_flight in [1_u64, 64, 256, 1_024] {
            let (dir, core) = runtime.block_on(core_with(skus)).expect("a core");
            group.bench_with_input(BenchmarkId::new(name, in_flight), &in_flight, |bencher, in_flight| {
                bencher.iter_custom(|total| {
                    let start = Instant::now();
                    runtime
                        .block_on(reserve_all(&core, skus, total, *in_flight))
                        .expect("every buyer is served");
                    start.elapsed()
                });
            });
            runtime.block_on(core.shutdown()).expect("a clean end");
            drop(dir);
        }
    }
    group.finish();
}

criterion_group!(benches, durable_reserve);
criterion_main!(benches);
