//! Question: how many durable reservations a second does the core make in process, with so many buyers at once?
//!
//! Workload: one hot product, single units, each buyer waits for its answer (durable: after the group's `fdatasync`)
//! before it asks again; and the same over 1,000 products beside it. Each sample is a sale of its own, on a fresh data
//! directory, of as many units as are sold in about a second. Durability: synced before the answer. Worse: fewer per
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
    group.measurement_time(Duration::from_secs(10)).throughput(Throughput::Elements(1));
    for (name, skus) in [("hot", &hot), ("uniform_1000", &many)] {
        for in_flight in [1_u64, 64, 256, 1_024] {
            group.bench_with_input(BenchmarkId::new(name, in_flight), &in_flight, |bencher, in_flight| {
                bencher.iter_custom(|total| runtime.block_on(sale(skus, total, *in_flight)));
            });
        }
    }
    group.finish();
}

/// How long it takes to sell so many units.
async fn sale(skus: &[Sku], units: u64, in_flight: u64) -> Duration {
    let (dir, core) = core_with(skus).await.expect("a core");
    let start = Instant::now();
    reserve_all(&core, skus, units, in_flight).await.expect("every buyer is served");
    let duration = start.elapsed();
    core.shutdown().await.expect("a clean end");
    drop(dir);
    duration
}

criterion_group!(benches, durable_reserve);
criterion_main!(benches);
