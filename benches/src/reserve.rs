//! One reservation in the engine beside the least that any such thing must do.
//!
//! Each keeps as many holds alive as the other: once there are [`ALIVE`], a claim is followed by the release of the oldest, so
//! that neither measures a growing map.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

use holdfast_engine::product::{Claim, HoldEnd, OpenHolds, Product, ProductCommand, Terms};
use holdfast_engine::{CustomerId, HoldId, LineQuantity, ReservationId, Sku, Timestamp};
use smallvec::smallvec;

use crate::{HOT_SKU, details, distinct, operation, plenty};

/// Holds alive at any time.
pub const ALIVE: usize = 4_096;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// The least: one hash-map look-up of a product's free count, a comparison, a subtraction, and one insert of the hold into
/// another hash map; the same back for the release.
#[derive(Debug)]
pub struct Floor {
    sku: Sku,
    free: Map<Sku, u64>,
    holds: Map<u128, u32>,
    alive: VecDeque<u128>,
}

impl Default for Floor {
    fn default() -> Self {
        let sku = hot();
        let free = Map::from_iter([(sku.clone(), 1_000_000_000_000)]);
        Self { sku, free, holds: Map::default(), alive: VecDeque::with_capacity(ALIVE + 1) }
    }
}

impl Floor {
    /// One claim, and the release of the oldest.
    pub fn reserve(&mut self) {
        let id = distinct();
        if let Some(free) = self.free.get_mut(black_box(&self.sku))
            && *free >= 1
        {
            *free -= 1;
            self.holds.insert(id, 1);
            self.alive.push_back(id);
        }
        if self.alive.len() > ALIVE
            && let Some(oldest) = self.alive.pop_front()
            && let Some(units) = self.holds.remove(&oldest)
            && let Some(free) = self.free.get_mut(&self.sku)
        {
            *free += u64::from(units);
        }
    }
}

/// Ours: besides, commands and events, the deadline's index, the level's sums, and the assertions that stay on in release.
#[derive(Debug)]
pub struct Engine {
    sku: Sku,
    products: Map<Sku, Product>,
    customer: CustomerId,
    alive: VecDeque<HoldId>,
    now: i64,
}

impl Default for Engine {
    #[allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]
    fn default() -> Self {
        let sku = hot();
        let mut product = Product::absent(sku.clone());
        for command in [
            ProductCommand::Put { details: Box::new(details()), operation: operation() },
            ProductCommand::Adjust(Box::new(plenty())),
        ] {
            let events = product.decide(Timestamp::default(), &command).expect("accepted");
            events.iter().for_each(|event| product.apply(event));
        }
        Self {
            products: Map::from_iter([(sku.clone(), product)]),
            sku,
            customer: CustomerId::new("buyer").expect("a name"),
            alive: VecDeque::with_capacity(ALIVE + 1),
            now: 0,
        }
    }
}

impl Engine {
    /// One claim, and the release of the oldest.
    pub fn reserve(&mut self) {
        self.now += 1;
        let at = Timestamp::from_millis(self.now);
        let reservation = ReservationId(distinct());
        let Some(product) = self.products.get_mut(black_box(&self.sku)) else { return };
        let open = OpenHolds {
            reservation,
            first_line: 0,
            claims: smallvec![Claim { location: None, quantity: LineQuantity::ONE }],
            terms: Terms::default(),
            customer: self.customer.clone(),
            expires_at: Timestamp::from_millis(self.now + 900_000),
        };
        if let Ok(events) = product.carry_out(at, &ProductCommand::Open(open)) {
            black_box(&events);
            self.alive.push_back(HoldId { reservation, line: 0 });
        }
        if self.alive.len() > ALIVE
            && let Some(hold) = self.alive.pop_front()
            && let Ok(events) = product.carry_out(at, &ProductCommand::End { hold, why: HoldEnd::Released })
        {
            black_box(&events);
        }
        black_box(product.decide_fills(at));
    }
}

#[allow(clippy::expect_used, reason = "the name is a constant of the benches")]
fn hot() -> Sku {
    Sku::new(HOT_SKU).expect("a name")
}
