//! Create a product or replace its details.

use super::super::{Policy, Product, ProductDetails, ProductEvent};
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
        let policy = &details.policy;
        if policy.hold_ttl_max > Policy::HOLD_TTL_LIMIT
            || policy.hold_ttl_default < Policy::HOLD_TTL_MIN
            || policy.hold_ttl_default > policy.hold_ttl_max
        {
            return Err(Rejection::PolicyContradiction { sku: self.sku.clone() });
        }
        Ok(Some(ProductEvent::Put { details: details.clone(), operation, at }))
    }
}
