//! What a product was after each of its events, as it stood there and as its events tell it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use holdfast_engine::product::Product;
use holdfast_engine::{Event, Sequence};

use super::Driver;

/// Digests of live products, each after the event at that position of the journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pasts(Vec<(Sequence, u64)>);

impl Pasts {
    pub(super) fn note(&mut self, sequence: Sequence, product: &Product) {
        self.0.push((sequence, digest(product)));
    }
}

impl Driver {
    /// What was noted so far; a restart knows nothing of it.
    pub(crate) fn pasts(&self) -> Pasts {
        self.pasts.clone()
    }

    /// Goes on noting, behind what was noted before a restart.
    pub(crate) fn go_on_noting(&mut self, pasts: Pasts) {
        self.pasts = pasts;
    }

    /// Checks that the events of a product alone, up to any of them, are the product as it was then.
    pub(crate) fn check_pasts(&self) {
        let mut noted = self.pasts.0.iter().copied().peekable();
        let mut told = BTreeMap::new();
        for (position, event) in (1..).zip(self.journal()) {
            let Event::Product(sku, event) = event else { continue };
            let product = told.entry(sku).or_insert_with(|| Product::absent(sku.clone()));
            product.apply(event);
            product.journaled(Sequence(position));
            // A restart adds events that nobody has noted.
            if let Some((_, live)) = noted.next_if(|(sequence, _)| *sequence == Sequence(position)) {
                assert_eq!(digest(product), live, "I6: {sku} at {position} as it was");
            }
        }
        assert_eq!(noted.next(), None, "every past that was noted is in the journal");
    }
}

fn digest(product: &Product) -> u64 {
    let mut hasher = DefaultHasher::new();
    product.hash(&mut hasher);
    hasher.finish()
}
