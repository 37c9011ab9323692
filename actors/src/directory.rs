//! All products, by SKU.

use std::ops::Bound;
use std::sync::Arc;

use crossbeam_skiplist::SkipMap;
use dashmap::DashMap;
use holdfast_engine::product::Product;
use holdfast_engine::{Sku, Timestamp};

use crate::product_cell::ProductCell;

/// Finds products: by SKU in one step for requests, and in the order of SKUs for lists.
#[derive(Default)]
pub(crate) struct Directory {
    cells: DashMap<Sku, Arc<ProductCell>>,
    order: SkipMap<Sku, ()>,
}

impl Directory {
    pub(crate) fn insert(&self, product: Product, now: Timestamp) {
        let sku = product.sku().clone();
        self.cells.insert(sku.clone(), Arc::new(ProductCell::new(product, now)));
        self.order.insert(sku, ());
    }

    pub(crate) fn get(&self, sku: &Sku) -> Option<Arc<ProductCell>> {
        self.cells.get(sku).map(|cell| Arc::clone(&cell))
    }

    /// The product's place, made if there is none.
    pub(crate) fn get_or_create(&self, sku: &Sku, now: Timestamp) -> Arc<ProductCell> {
        if let Some(cell) = self.get(sku) {
            return cell;
        }
        let cell = Arc::clone(
            &self
                .cells
                .entry(sku.clone())
                .or_insert_with(|| Arc::new(ProductCell::new(Product::absent(sku.clone()), now))),
        );
        self.order.insert(sku.clone(), ());
        cell
    }

    /// Products whose SKU comes after this one, in the order of SKUs.
    pub(crate) fn after(&self, sku: Option<&Sku>) -> impl Iterator<Item = Arc<ProductCell>> {
        let from = sku.map_or(Bound::Unbounded, |sku| Bound::Excluded(sku.clone()));
        self.order.range((from, Bound::Unbounded)).filter_map(|entry| self.get(entry.key()))
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }
}
