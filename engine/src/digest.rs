//! A fingerprint of state, to compare a live engine with a replayed one (I6).
//!
//! Equal digests mean equal state but for a chance of 2^-64. The digest is for comparing two runs of the same
//! version, not for keeping: it follows the layout of the types.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use crate::product::Product;
use crate::world::World;

impl Hash for Product {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.sku(), self.details(), self.version(), self.sequence()).hash(state);
        (self.details_version(), self.details_sequence(), self.created_at(), self.updated_at()).hash(state);
        for level in self.levels() {
            level.hash(state);
        }
        let mut holds: Vec<_> = self.holds().collect();
        holds.sort_by_key(|(id, _)| *id);
        holds.hash(state);
        let mut allocations: Vec<_> = self.allocations().collect();
        allocations.sort_by_key(|(id, _)| **id);
        allocations.hash(state);
        self.queued().hash(state);
        if let Some(sale) = self.sale() {
            sale.hash_into(state);
        }
        self.hash_lots(state);
        self.hash_waiting(state);
        for recent in self.recent_movements() {
            recent.hash(state);
        }
        self.operation_log().hash(state);
    }
}

impl World {
    /// The digest of everything in it.
    pub fn digest(&self) -> u64 {
        let mut hasher = Xxh3::new();
        self.sequence().hash(&mut hasher);
        for product in self.products().values() {
            product.hash(&mut hasher);
        }
        let mut reservations: Vec<_> = self.reservations().collect();
        reservations.sort_by_key(|reservation| reservation.id());
        reservations.hash(&mut hasher);
        let mut orders: Vec<_> = self.orders().collect();
        orders.sort_by_key(|order| order.id());
        orders.hash(&mut hasher);
        hasher.finish()
    }
}
