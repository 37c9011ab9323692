//! Question: how many instructions does one reservation take in the engine, beside the least that any such thing must do?
//!
//! The same two as in `engine_reserve`, a thousand times each, counted by callgrind: no clock, so no neighbour disturbs it. It
//! needs valgrind, and `gungraun-runner` of the same version as the crate; `scripts/instructions` sees to both. Worse: more
//! than 2% above the last run.

#![allow(missing_docs, reason = "gungraun makes the public items here")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use holdfast_benches::reserve::{ALIVE, Engine, Floor};

const TIMES: usize = 1_000;

/// Tables grown, as many alive as there will be.
fn warm_floor() -> Floor {
    let mut floor = Floor::default();
    (0..3 * ALIVE).for_each(|_| floor.reserve());
    floor
}

fn warm_engine() -> Engine {
    let mut engine = Engine::default();
    (0..3 * ALIVE).for_each(|_| engine.reserve());
    engine
}

#[library_benchmark]
#[bench::a_thousand(setup = warm_floor)]
fn floor(mut floor: Floor) -> Floor {
    (0..TIMES).for_each(|_| floor.reserve());
    floor
}

#[library_benchmark]
#[bench::a_thousand(setup = warm_engine)]
fn reserve(mut engine: Engine) -> Engine {
    (0..TIMES).for_each(|_| engine.reserve());
    engine
}

library_benchmark_group!(name = engine, benchmarks = [floor, reserve]);
main!(library_benchmark_groups = engine);
