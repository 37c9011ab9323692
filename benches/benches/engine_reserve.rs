//! Question: what does one reservation of one unit cost in the engine, beside the least that any such thing must do?
//!
//! The floor: one hash-map look-up of a product's free count, a comparison, a subtraction, and one insert of the hold
//! into another hash map. Ours besides: the deadline's index, the level's sums, the assertions that stay on in release.
//! Both keep as many holds alive as the other (each claim is followed by the release of the oldest), so that neither
//! measures a growing map. Worse: a larger ratio `reserve / floor` in the same run.

#![allow(missing_docs, reason = "criterion makes the public items here")]
#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use holdfast_benches::{details, distinct, operation, plenty};
use holdfast_engine::product::{Claim, HoldEnd, OpenHolds, Product, ProductCommand, Terms};
use holdfast_engine::{CustomerId, HoldId, LineQuantity, ReservationId, Sku, Timestamp};
use smallvec::smallvec;

/// Holds alive at any time.
const ALIVE: usize = 4_096;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

fn empty_loop(criterion: &mut Criterion) {
    criterion.bench_function("engine/empty_loop", |bencher| bencher.iter(|| black_box(distinct())));
}

fn floor(criterion: &mut Criterion) {
    let sku = Sku::new("HOT-1").expect("a name");
    let mut free: Map<Sku, u64> = Map::default();
    free.insert(sku.clone(), 1_000_000_000_000);
    let mut holds: Map<u128, u32> = Map::default();
    let mut alive = VecDeque::with_capacity(ALIVE + 1);
    criterion.bench_function("engine/floor", |bencher| {
        bencher.iter(|| {
            let id = distinct();
            if let Some(free) = free.get_mut(black_box(&sku))
                && *free >= 1
            {
                *free -= 1;
                holds.insert(id, 1);
                alive.push_back(id);
            }
            if alive.len() > ALIVE
                && let Some(oldest) = alive.pop_front()
                && let Some(units) = holds.remove(&oldest)
                && let Some(free) = free.get_mut(&sku)
            {
                *free += u64::from(units);
            }
        });
    });
}

fn reserve(criterion: &mut Criterion) {
    let sku = Sku::new("HOT-1").expect("a name");
    let mut products: Map<Sku, Product> = Map::default();
    let mut product = Product::absent(sku.clone());
    for command in [
        ProductCommand::Put { details: Box::new(details()), operation: operation() },
        ProductCommand::Adjust(Box::new(plenty())),
    ] {
        let events = product.decide(Timestamp::default(), &command).expect("accepted");
        events.iter().for_each(|event| product.apply(event));
    }
    products.insert(sku.clone(), product);
    let customer = CustomerId::new("buyer").expect("a name");
    let claim = Claim { location: None, quantity: LineQuantity::new(1).expect("one unit") };
    let mut alive = VecDeque::with_capacity(ALIVE + 1);
    let mut now = 0_i64;
    criterion.bench_function("engine/reserve", |bencher| {
        bencher.iter(|| {
            now += 1;
            let at = Timestamp::from_millis(now);
            let reservation = ReservationId(distinct());
            let hold = HoldId { reservation, line: 0 };
            let Some(product) = products.get_mut(black_box(&sku)) else { return };
            let open = OpenHolds {
                reservation,
                first_line: 0,
                claims: smallvec![claim.clone()],
                terms: Terms::default(),
                customer: customer.clone(),
                expires_at: Timestamp::from_millis(now + 900_000),
            };
            if let Ok(events) = product.decide(at, &ProductCommand::Open(open)) {
                events.iter().for_each(|event| product.apply(event));
                alive.push_back(hold);
            }
            if alive.len() > ALIVE
                && let Some(hold) = alive.pop_front()
                && let Ok(events) = product.decide(at, &ProductCommand::End { hold, why: HoldEnd::Released })
            {
                events.iter().for_each(|event| product.apply(event));
            }
            black_box(product.decide_fills(at));
        });
    });
}

criterion_group!(benches, empty_loop, floor, reserve);
criterion_main!(benches);
