//! What a claim costs the allocator: nothing, once the tables have grown to what is alive.
//!
//! Counted, not timed, so it is the same wherever it runs. A test program of its own, because its allocator counts.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

use std::collections::VecDeque;

use holdfast_engine::product::{
    Adjustment, Claim, Condition, HoldEnd, Note, OpenHolds, Policy, Product, ProductCommand, ProductDetails,
    StockChange, Terms,
};
use holdfast_engine::{
    CustomerId, Fingerprint, HoldId, LineQuantity, LocationId, Operation, OperationId, Quantity,
    ReservationId, Sku, SmolStr, Timestamp,
};
use smallvec::smallvec;

/// Holds alive at any time.
const ALIVE: usize = 400;

struct Counter {
    product: Product,
    customer: CustomerId,
    alive: VecDeque<HoldId>,
    next: u64,
}

impl Counter {
    fn open() -> Self {
        let mut product = Product::absent(Sku::new("cup").unwrap());
        let operation = |id| Operation { id: OperationId(id), fingerprint: Fingerprint(0) };
        let details = ProductDetails {
            name: SmolStr::new_static("cup"),
            price: None,
            policy: Policy::default(),
            components: Box::default(),
        };
        let received = Adjustment {
            location: LocationId::main(),
            condition: Condition::Sellable,
            change: StockChange::To(Quantity::MAX),
            expected: None,
            note: Note::why(SmolStr::new_static("delivery")),
            operation: operation(2),
        };
        for command in [
            ProductCommand::Put { details: Box::new(details), operation: operation(1) },
            ProductCommand::Adjust(Box::new(received)),
        ] {
            let events = product.decide(Timestamp::default(), &command).unwrap();
            events.iter().for_each(|event| product.apply(event));
        }
        Self { product, customer: CustomerId::new("ann").unwrap(), alive: VecDeque::new(), next: 0 }
    }

    fn carry_out(&mut self, at: Timestamp, command: &ProductCommand) {
        assert_eq!(self.product.carry_out(at, command).unwrap().len(), 1);
        assert!(self.product.decide_fills(at).is_empty());
        assert!(self.product.decide_offers(at).is_empty());
    }

    /// One more is claimed, and the oldest is given back.
    fn claim(&mut self, asked: Option<&LocationId>) {
        self.next += 1;
        let at = Timestamp::from_millis(self.next.cast_signed());
        let reservation = ReservationId(u128::from(self.next));
        let open = OpenHolds {
            reservation,
            first_line: 0,
            claims: smallvec![Claim { location: asked.cloned(), quantity: LineQuantity::ONE }],
            terms: Terms::default(),
            customer: self.customer.clone(),
            expires_at: Timestamp::from_millis(at.millis() + 900_000),
        };
        self.carry_out(at, &ProductCommand::Open(open));
        self.alive.push_back(HoldId { reservation, line: 0 });
        if self.alive.len() > ALIVE {
            let hold = self.alive.pop_front().unwrap();
            self.carry_out(at, &ProductCommand::End { hold, why: HoldEnd::Released });
        }
    }
}

#[test]
fn a_claim_and_its_release_allocate_nothing() {
    let mut counter = Counter::open();
    let main = LocationId::main();
    for asked in [None, Some(&main)] {
        (0..4 * ALIVE).for_each(|_| counter.claim(asked));
        let counted = allocation_counter::measure(|| (0..4 * ALIVE).for_each(|_| counter.claim(asked)));
        assert_eq!(counted.count_total, 0, "{counted:?} for {asked:?}");
    }
    // The counting counts.
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}
