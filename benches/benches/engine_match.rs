//! Questions: how many queued lines does one receipt serve in a second, and what does a wide basket cost beside a narrow one?
//!
//! `match/receipt_100k`: a product with 100,000 committed lines of one unit that queue; one receipt of as many units is
//! decided, applied, and served to all of them. Worse: fewer elements a second.
//!
//! `basket/1` and `basket/200`: a basket of one line and one of 200, each line of another product, opened and given back.
//! Worse: a ratio of the two above 200.

#![allow(missing_docs, reason = "criterion makes the public items here")]
#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{details, distinct, operation, plenty};
use holdfast_engine::product::{
    Backorders, Claim, Events, HoldEnd, OpenHolds, Policy, Product, ProductCommand, ProductDetails,
    StockChange, Terms,
};
use holdfast_engine::{CustomerId, HoldId, LineQuantity, ReservationId, Sequence, Sku, Timestamp};
use smallvec::smallvec;

/// Lines that queue.
const QUEUED: u64 = 100_000;

fn at() -> Timestamp {
    Timestamp::from_millis(1)
}

fn take(product: &mut Product, events: &Events) {
    events.iter().for_each(|event| product.apply(event));
}

fn open(reservation: u128, customer: &CustomerId) -> ProductCommand {
    ProductCommand::Open(OpenHolds {
        reservation: ReservationId(reservation),
        first_line: 0,
        claims: smallvec![Claim { location: None, quantity: LineQuantity::ONE }],
        terms: Terms::default(),
        customer: customer.clone(),
        expires_at: Timestamp::from_millis(900_000),
    })
}

fn serve_receipt(criterion: &mut Criterion) {
    let customer = CustomerId::new("buyer").expect("a name");
    let mut product = Product::absent(Sku::new("HOT-1").expect("a name"));
    let policy = Policy { backorders: Backorders::Unlimited, ..Policy::default() };
    let put = ProductCommand::Put {
        details: Box::new(ProductDetails { policy, ..details() }),
        operation: operation(),
    };
    let events = product.decide(at(), &put).expect("accepted");
    take(&mut product, &events);
    for number in 0..QUEUED {
        // Numbers are as scattered as those of real reservations.
        let reservation = u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64 | u128::from(number);
        let events = product.decide(at(), &open(reservation, &customer)).expect("may queue");
        take(&mut product, &events);
        let hold = HoldId { reservation: ReservationId(reservation), line: 0 };
        let commit = ProductCommand::Commit {
            hold,
            quantity: LineQuantity::ONE.into(),
            arrival: Sequence(number + 1),
            at: at(),
        };
        let events = product.decide(at(), &commit).expect("held");
        take(&mut product, &events);
    }
    let mut group = criterion.benchmark_group("match");
    group.sample_size(20).throughput(Throughput::Elements(QUEUED));
    group.bench_function("receipt_100k", |bencher| {
        let ready = || {
            let mut receipt = plenty();
            receipt.change = StockChange::By(QUEUED.cast_signed());
            (product.clone(), ProductCommand::Adjust(Box::new(receipt)))
        };
        let serve = |(mut product, receipt): (Product, ProductCommand)| {
            let events = product.decide(at(), &receipt).expect("accepted");
            take(&mut product, &events);
            loop {
                let fills = product.decide_fills(at());
                if fills.is_empty() {
                    break;
                }
                take(&mut product, &fills);
            }
            product
        };
        assert!(serve(ready()).queued().is_zero(), "all are served");
        bencher.iter_batched(ready, serve, BatchSize::PerIteration);
    });
    group.finish();
}

fn baskets(criterion: &mut Criterion) {
    let customer = CustomerId::new("buyer").expect("a name");
    let mut group = criterion.benchmark_group("basket");
    for width in [1_usize, 200] {
        let mut products: Vec<Product> = (0..width)
            .map(|number| {
                let mut product = Product::absent(Sku::new(&format!("WIDE-{number:03}")).expect("a name"));
                for command in [
                    ProductCommand::Put { details: Box::new(details()), operation: operation() },
                    ProductCommand::Adjust(Box::new(plenty())),
                ] {
                    let events = product.decide(at(), &command).expect("accepted");
                    take(&mut product, &events);
                }
                product
            })
            .collect();
        group.bench_with_input(BenchmarkId::from_parameter(width), &width, |bencher, _| {
            bencher.iter(|| {
                let reservation = distinct();
                let hold = HoldId { reservation: ReservationId(reservation), line: 0 };
                for product in &mut products {
                    black_box(&product.carry_out(at(), black_box(&open(reservation, &customer))));
                }
                for product in &mut products {
                    let end = ProductCommand::End { hold, why: HoldEnd::Released };
                    black_box(&product.carry_out(at(), &end));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, serve_receipt, baskets);
criterion_main!(benches);
