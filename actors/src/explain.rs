//! Why a basket would get what it would get: each of its products is asked, and nothing is taken.
//!
//! The plan for the whole basket is made as for one that sets out, and each product then explains its own decision, at its own instant:
//! another basket may pass between two of them, as it may between an explanation and the reservation that follows it.

use std::sync::Arc;

use futures::future::join_all;
use holdfast_engine::product::{Explanation, OpenHolds, Terms};
use holdfast_engine::{CustomerId, Rejection, ReservationId, Sku};

use crate::answer::{Failure, ReplyTo};
use crate::product_actor::ProductMessage;
use crate::reservations::{ReserveLine, look_up, merge};
use crate::shared::{Permit, Shared};
use crate::sourcing;

/// A basket that is asked about.
#[derive(Debug, Clone)]
pub struct ExplainRequest {
    /// Who for: what is on offer to the customer and what a sale leaves to the customer count.
    pub customer: CustomerId,
    /// What is wanted, in any order; lines of the same product and location are summed.
    pub lines: Vec<ReserveLine>,
    /// On what terms.
    pub terms: Terms,
}

/// What a basket would get of one product, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductExplanation {
    /// Which product.
    pub sku: Sku,
    /// Line by line.
    pub explanation: Explanation,
}

/// Asks the products of a basket, in the order of their SKUs.
pub(crate) async fn explain(
    shared: &Arc<Shared>,
    permit: Permit,
    request: ExplainRequest,
) -> Result<Vec<ProductExplanation>, Failure> {
    let ExplainRequest { customer, lines, mut terms } = request;
    let permit = Arc::new(permit);
    let wanted = look_up(shared, &lines, false, None, &terms)?.wanted;
    let stops = merge(wanted)?;
    terms.plan = sourcing::fewest_locations(&stops, &terms);
    let asked = stops.into_iter().map(|stop| {
        let open = OpenHolds {
            // Of none that there is, and none comes of it.
            reservation: ReservationId(u128::MAX),
            first_line: 0,
            claims: stop.claims,
            terms: terms.clone(),
            customer: customer.clone(),
            expires_at: shared.clock.now(),
        };
        let (caller, answer) = ReplyTo::channel_with_share(&permit);
        stop.cell.send(shared, ProductMessage::Explain(Box::new(open), caller));
        async move {
            let explanation = answer.await.unwrap_or_else(|_| Err(shared.lost()))?;
            if let Some(Rejection::UnknownSku { .. }) = &explanation.refusal {
                // It was taken out of the catalogue just now.
                return Err(Rejection::UnknownSku { sku: stop.cell.sku().clone() }.into());
            }
            Ok(ProductExplanation { sku: stop.cell.sku().clone(), explanation })
        }
    });
    join_all(asked).await.into_iter().collect()
}
