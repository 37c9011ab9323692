//! Create a product or replace its details.

use super::super::{Product, ProductDetails, ProductEvent};
use crate::operation::{Lookup, Operation};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_put(
        &self,
        at: Timestamp,
        details: &ProductDetails,
        operation: Operation,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.look_up(operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        details.check(&self.sku).map_err(|contradiction| Rejection::PolicyContradiction {
            sku: self.sku.clone(),
            contradiction,
        })?;
        if details.is_bundle() {
            self.check_may_be_bundle(at)?;
        }
        Ok(Some(ProductEvent::Put { details: Box::new(details.clone()), operation, at }))
    }
}
