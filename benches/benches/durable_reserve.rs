//! Question: how many durable reservations a second does the core make in process, with so many buyers at once?
//!
//! Workload: one hot product, single units, each buyer waits for its answer (durable: after the group's `fdatasync`)
//! before it asks again; and the same over 1,000 products beside it. What is timed is a sale of 200,000 units (fewer with few
//! in flight) on a fresh data directory. Durability: synced before the answer. Worse: fewer per
//! second at the same number in flight, measured in the same run. With few in flight the disk's sync time is what is
//! measured.

#![allow(missing_docs, reason = "criterion makes the public items here")]
#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use holdfast_benches::{HOT_SKU, core_with, reserve_all};
use holdfast_engine::Sku;

fn durable_reserve(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let hot = vec![Sku::new(HOT_SKU).expect("a name")];
    let many: Vec<_> = (0..1_000).map(|n| Sku::new(&format!("SKU-{n:04}")).expect("a name")).collect();
    let mut group = criterion.benchmark_group("durable_reserve");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (name, skus) in [("hot", &hot), ("uniform_1000", &many)] {
        for (in_flight, units) in [(1, 2_000), (64, 100_000), (256, 200_000), (1_024, 200_000)] {
            group.throughput(Throughput::Elements(units));
            group.bench_with_input(BenchmarkId::new(name, in_flight), &in_flight, |bencher, in_flight| {
                bencher.iter_custom(|sales| runtime.block_on(sell(skus, sales, units, *in_flight)));
            });
        }
    }
    group.finish();
}

/// How long so many sales take, each of so many units.
async fn sell(skus: &[Sku], sales: u64, units: u64, in_flight: u64) -> Duration {
    let mut duration = Duration::ZERO;
    for _ in 0..sales {
        let (dir, core) = core_with(skus).await.expect("a core");
        let start = Instant::now();
        reserve_all(&core, skus, units, in_flight).await.expect("every buyer is served");
        duration += start.elapsed();
        core.shutdown().await.expect("a clean end");
        drop(dir);
    }
    duration
}

criterion_group!(benches, durable_reserve);
criterion_main!(benches);
