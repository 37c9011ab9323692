//! Put a sale of the product, or end it. One sale at a time: a new one may be put once the last one is closed.

use super::super::{Product, ProductEvent, SaleStatus, SaleTerms};
use crate::ids::SaleId;
use crate::operation::{Lookup, Operation};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Product {
    pub(super) fn decide_put_sale(
        &self,
        at: Timestamp,
        terms: &SaleTerms,
        operation: Operation,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.look_up(operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownSku { sku: self.sku.clone() });
        }
        self.check_has_stock()?;
        if !terms.is_sound() {
            return Err(Rejection::SaleContradiction { sku: self.sku.clone() });
        }
        if let Some(sale) = &self.sale {
            let is_over = sale.status(at) == SaleStatus::Closed;
            let is_same = sale.terms().id == terms.id;
            if is_same == is_over {
                // Another one is still to be closed, or this one is and does not begin again: its limits would begin anew.
                let sale = sale.terms().id.clone();
                return Err(Rejection::OtherSale { sku: self.sku.clone(), sale });
            }
        }
        Ok(Some(ProductEvent::SalePut { terms: Box::new(terms.clone()), operation, at }))
    }

    pub(super) fn decide_end_sale(
        &self,
        at: Timestamp,
        sale: &SaleId,
        operation: Operation,
    ) -> Result<Option<ProductEvent>, Rejection> {
        match self.look_up(operation) {
            Lookup::Repeat(_) => return Ok(None),
            Lookup::Reused => return Err(Rejection::KeyReused),
            Lookup::New => {}
        }
        match self.sale.as_ref().filter(|found| found.terms().id == *sale) {
            Some(_) => Ok(Some(ProductEvent::SaleEnded { operation, at })),
            None => Err(Rejection::SaleNotFound { sku: self.sku.clone(), sale: sale.clone() }),
        }
    }
}
