//! Question: what does one reservation of one unit cost in the engine, beside the least that any such thing must do?
//!
//! What the two do is said in [`holdfast_benches::reserve`]. Worse: a larger ratio `reserve / floor` in the same run. By
//! instructions, which no neighbour disturbs: `engine_instructions`.

#![allow(missing_docs, reason = "criterion makes the public items here")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use holdfast_benches::distinct;
use holdfast_benches::reserve::{Engine, Floor};

fn empty_loop(criterion: &mut Criterion) {
    criterion.bench_function("engine/empty_loop", |bencher| bencher.iter(|| black_box(distinct())));
}

fn floor(criterion: &mut Criterion) {
    let mut floor = Floor::default();
    criterion.bench_function("engine/floor", |bencher| bencher.iter(|| floor.reserve()));
}

fn reserve(criterion: &mut Criterion) {
    let mut engine = Engine::default();
    criterion.bench_function("engine/reserve", |bencher| bencher.iter(|| engine.reserve()));
}

criterion_group!(benches, empty_loop, floor, reserve);
criterion_main!(benches);
