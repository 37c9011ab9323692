//! What stands in the path: a product, a reservation, an order.

use axum::extract::{FromRequestParts, Path};
use holdfast_engine::{CustomerId, LocationId, LotId, OrderId, ReservationId, SaleId, Sku};
use hyper::http::request::Parts;

use crate::ids::{LotText, OrderText, ReservationText};
use crate::problem::{Code, Problem};

/// The product the path names.
pub(crate) struct SkuPath(pub(crate) Sku);

/// The product the path names, and its sale.
pub(crate) struct SalePath(pub(crate) Sku, pub(crate) SaleId);

/// The product the path names, and one of its locations.
pub(crate) struct LocationPath(pub(crate) Sku, pub(crate) LocationId);

/// The product the path names, and a customer who waits for it.
pub(crate) struct WaitingPath(pub(crate) Sku, pub(crate) CustomerId);

/// The reservation the path names.
pub(crate) struct ReservationPath(pub(crate) ReservationId);

/// The order the path names.
pub(crate) struct OrderPath(pub(crate) OrderId);

/// The order the path names, and one of its refunds, counted from 0.
pub(crate) struct RefundPath(pub(crate) OrderId, pub(crate) u16);

/// The product the path names, and one of its lots.
pub(crate) struct LotPath(pub(crate) Sku, pub(crate) LotId);

async fn text<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    match Path::<String>::from_request_parts(parts, state).await {
        Ok(Path(text)) => Ok(text),
        Err(rejection) => Err(Problem::new(Code::MalformedPath, rejection.body_text())),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SkuPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        sku(&text(parts, state).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SalePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = Path::<(String, String)>::from_request_parts(parts, state).await;
        let malformed = |detail: String| Problem::new(Code::MalformedPath, detail);
        let Path((sku, sale)) = names.map_err(|rejection| malformed(rejection.body_text()))?;
        let sku = Sku::new(&sku).map_err(|error| malformed(format!("the SKU in the path {error}")))?;
        let sale = SaleId::new(&sale).map_err(|error| malformed(format!("the sale in the path {error}")))?;
        Ok(Self(sku, sale))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LocationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = Path::<(String, String)>::from_request_parts(parts, state).await;
        let malformed = |detail: String| Problem::new(Code::MalformedPath, detail);
        let Path((of, location)) = names.map_err(|rejection| malformed(rejection.body_text()))?;
        let location = LocationId::new(&location);
        let location = location.map_err(|error| malformed(format!("the location in the path {error}")))?;
        Ok(Self(sku(&of)?, location))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WaitingPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = Path::<(String, String)>::from_request_parts(parts, state).await;
        let malformed = |detail: String| Problem::new(Code::MalformedPath, detail);
        let Path((of, customer)) = names.map_err(|rejection| malformed(rejection.body_text()))?;
        let customer = CustomerId::new(&customer);
        let customer = customer.map_err(|error| malformed(format!("the customer in the path {error}")))?;
        Ok(Self(sku(&of)?, customer))
    }
}

fn sku(text: &str) -> Result<Sku, Problem> {
    Sku::new(text).map_err(|error| Problem::new(Code::MalformedPath, format!("the SKU in the path {error}")))
}

impl<S: Send + Sync> FromRequestParts<S> for ReservationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match text(parts, state).await?.parse() {
            Ok(ReservationText(id)) => Ok(Self(id)),
            // Not the same as one that is not there: who mixes up ids should hear of it.
            Err(_) => Err(Problem::not_a_reservation()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OrderPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        order(&text(parts, state).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RefundPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((id, number)) =
            path.map_err(|rejection| Problem::new(Code::MalformedPath, rejection.body_text()))?;
        let id = order(&id)?;
        // One text per number, as for ids: no sign, no zeros in front.
        let refund = number.parse::<u16>().ok().filter(|parsed| parsed.to_string() == number);
        match refund.and_then(|number| number.checked_sub(1)) {
            Some(refund) => Ok(Self(id, refund)),
            None => Err(Problem::new(Code::RefundNotFound, "the order has no such refund")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LotPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((of, id)) =
            path.map_err(|rejection| Problem::new(Code::MalformedPath, rejection.body_text()))?;
        let of = sku(&of)?;
        match id.parse() {
            Ok(LotText(lot)) => Ok(Self(of, lot)),
            Err(_) => Err(Problem::new(Code::LotNotFound, "the product has no such lot")),
        }
    }
}

// A text that is no id names nothing that is there.
fn order(text: &str) -> Result<OrderId, Problem> {
    match text.parse() {
        Ok(OrderText(id)) => Ok(id),
        Err(_) => Err(Problem::new(Code::OrderNotFound, "there is no such order")),
    }
}
