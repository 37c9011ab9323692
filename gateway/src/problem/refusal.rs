//! The one table from what the core refuses to what the caller reads.
//!
//! The same refusal can be about the address (`GET /v1/products/{sku}`: 404) or about a member of the body
//! (`/lines/0/sku`: 422); the two doors [`in_path`] and [`in_body`] say which.

use holdfast_actors::{Failure, PastFailure, Unavailable};
use holdfast_engine::{LocationId, Quantity, Rejection, SaleId, Shortage, Sku};
use serde_json::json;

use super::{Code, Problem};
use crate::ids::IdText;
use crate::wire::policy;
use crate::wire::time::rfc3339;

/// Finds the position in the body of the line that names a product (at a location, where that is known).
type LineOf<'a> = &'a dyn Fn(&Sku, Option<&LocationId>) -> Option<usize>;

/// For bodies without lines.
const NO_LINES: LineOf<'static> = &|_, _| None;

/// A failure of a request whose product, reservation or order is named by its path.
pub(crate) fn in_path(failure: Failure) -> Problem {
    match failure {
        Failure::Rejected(Rejection::UnknownSku { sku }) => {
            Problem::new(Code::ProductNotFound, format!("there is no product {sku}"))
        }
        failure => in_body(failure, NO_LINES),
    }
}

/// A failure of a request whose lines name the products.
pub(crate) fn in_body(
    failure: Failure,
    line_of: &dyn Fn(&Sku, Option<&LocationId>) -> Option<usize>,
) -> Problem {
    match failure {
        Failure::Rejected(rejection) => rejected(&rejection, line_of),
        Failure::Unavailable(unavailable) => unavailable_problem(&unavailable),
    }
}

/// A failure of a request about the past of the product that its path names.
pub(crate) fn in_past(failure: PastFailure) -> Problem {
    let detail = failure.to_string();
    let problem = |code: Code| Problem::new(code, detail);
    match failure {
        PastFailure::Failed(failure) => in_path(failure),
        PastFailure::AbsentThen { .. } => problem(Code::AbsentThen),
        PastFailure::SequenceAhead { last, .. } => problem(Code::NotYet).with("sequence", last.0),
        PastFailure::InstantAhead { now, .. } => problem(Code::NotYet).with("now", rfc3339(now)),
        PastFailure::TooMuch { records_max, .. } => problem(Code::TooMuchHistory).with("max", records_max),
        PastFailure::Unreadable { sequence } => problem(Code::JournalUnreadable).with("sequence", sequence.0),
    }
}

fn unavailable_problem(unavailable: &Unavailable) -> Problem {
    let code = match unavailable {
        Unavailable::Overloaded => Code::Overloaded,
        Unavailable::ShuttingDown => Code::Draining,
        Unavailable::Restarting | Unavailable::JournalFailed => Code::Unavailable,
    };
    Problem::new(code, unavailable.to_string())
}

fn rejected(rejection: &Rejection, line_of: LineOf<'_>) -> Problem {
    let problem = |code: Code| Problem::new(code, rejection.to_string()).retryable(rejection.is_transient());
    let at_line = |problem: Problem, sku: &Sku, location: Option<&LocationId>, member: &str| match line_of(
        sku, location,
    ) {
        Some(line) => problem.at(format!("/lines/{line}/{member}")),
        None => problem,
    };
    match rejection {
        Rejection::KeyReused => problem(Code::IdempotencyKeyReused),
        Rejection::UnknownSku { sku } => at_line(problem(Code::UnknownSku), sku, None, "sku"),
        Rejection::UnknownLocation { sku, location } => {
            at_line(problem(Code::UnknownLocation), sku, Some(location), "location")
        }
        Rejection::NotSellable { sku } => at_line(problem(Code::NotSellable), sku, None, "sku"),
        Rejection::SaleNotOpen { sku, sale, status, opens_at } => {
            let problem = at_line(problem(Code::SaleNotOpen), sku, None, "sku")
                .with("sale", sale.as_str())
                .with("sale_status", status.name());
            match opens_at {
                Some(at) => problem.with("opens_at", rfc3339(*at)),
                None => problem,
            }
        }
        Rejection::CustomerLimit { sku, sale, limit, bought, requested } => {
            let problem = problem(Code::CustomerLimit)
                .with("sale", sale.as_str())
                .with("limit", limit.units())
                .with("bought", bought.units())
                .with("requested", requested.units());
            at_line(problem, sku, None, "quantity")
        }
        Rejection::OtherSale { sale, .. } => problem(Code::OtherSale).with("sale", sale.as_str()),
        Rejection::SaleNotFound { .. } => problem(Code::SaleNotFound),
        Rejection::SaleContradiction { .. } => problem(Code::ValidationFailed).at("/closes_at"),
        Rejection::ProductInUse { on_hand, held, allocated, queued, incoming, .. } => {
            problem(Code::ProductInUse)
                .with("incoming", incoming.units())
                .with("backordered", queued.units())
                .with("on_hand", on_hand.units())
                .with("held", held.units())
                .with("allocated", allocated.units())
        }
        Rejection::ProductIsBundle { sku } => at_line(problem(Code::ProductIsBundle), sku, None, "sku"),
        Rejection::StockInTheWay { uses, .. } => problem(Code::ProductInUse)
            .with("on_hand", uses.on_hand.units())
            .with("held", uses.held.units())
            .with("allocated", uses.allocated.units())
            .with("backordered", uses.queued.units())
            .with("incoming", uses.incoming.units())
            .with("waiting", uses.waiting)
            .with("sale", uses.sale.as_ref().map(SaleId::as_str)),
        Rejection::ComponentIsBundle { sku, component } => {
            let problem = problem(Code::ComponentIsBundle).with("component", component.as_str());
            at_line(problem, sku, None, "sku")
        }
        Rejection::InBundle(part) => {
            let mut problem = rejected(&part.because, line_of);
            for (sku, location) in &part.bundles {
                problem = at_line(problem, sku, location.as_ref(), "quantity");
            }
            let bundles: Vec<_> = part.bundles.iter().map(|(sku, _)| sku.as_str()).collect();
            problem.with("bundles", json!(bundles))
        }
        Rejection::BundleInPart { sku } => at_line(problem(Code::BundleInPart), sku, None, "sku"),
        Rejection::TooManyLines { lines, max } => {
            problem(Code::TooManyLines).at("/lines").with("lines", *lines).with("max", *max)
        }
        Rejection::LastLocation { .. } => problem(Code::LastLocation),
        Rejection::LocationInUse { uses, .. } => problem(Code::LocationInUse)
            .with("held", uses.held.units())
            .with("allocated", uses.allocated.units())
            .with("backordered", uses.queued.units())
            .with("waiting", uses.waiting.units())
            .with("set_aside", uses.set_aside.units())
            .with("incoming", uses.incoming.units()),
        Rejection::LocationNotEmpty { on_hand, .. } => {
            problem(Code::LocationNotEmpty).with("on_hand", on_hand.units())
        }
        Rejection::NoWaitingList { .. } => problem(Code::NoWaitingList),
        Rejection::NotWaiting { .. } => problem(Code::NotWaiting),
        Rejection::WaitingListFull { max, .. } => problem(Code::WaitingListFull).with("max", *max),
        Rejection::PolicyContradiction { contradiction, .. } => {
            problem(Code::ValidationFailed).at(policy::pointer(*contradiction))
        }
        Rejection::InsufficientStock(shortage) => {
            let problem = problem(Code::InsufficientStock).with("shortages", json!([missing(shortage)]));
            at_line(problem, &shortage.sku, shortage.location.as_ref(), "quantity")
        }
        Rejection::LineTooLarge { sku, requested, max } => {
            let problem =
                problem(Code::LineTooLarge).with("requested", requested.units()).with("max", max.units());
            at_line(problem, sku, None, "quantity")
        }
        Rejection::LineTooSmall { sku, requested, min } => {
            let problem =
                problem(Code::LineTooSmall).with("requested", requested.units()).with("min", min.units());
            at_line(problem, sku, None, "quantity")
        }
        Rejection::LineNotMultiple { sku, requested, multiple } => {
            let problem = problem(Code::LineNotMultiple)
                .with("requested", requested.units())
                .with("multiple", multiple.units());
            at_line(problem, sku, None, "quantity")
        }
        Rejection::StockChanged { condition, expected, actual, .. } => problem(Code::StockChanged)
            .at("/expected")
            .with("condition", condition.name())
            .with("expected", expected.units())
            .with("actual", actual.units()),
        Rejection::StockBelowZero { condition, actual, .. } => {
            problem(Code::StockBelowZero).with("condition", condition.name()).with("actual", actual.units())
        }
        Rejection::StockAboveMaximum { .. } => problem(Code::StockAboveMaximum),
        Rejection::NotOnShelf { sku, requested, sellable } => {
            let problem = problem(Code::NotOnShelf)
                .with("requested", requested.units())
                .with("sellable", sellable.units());
            at_line(problem, sku, None, "quantity")
        }
        Rejection::HoldNotFound { .. } => problem(Code::HoldNotFound),
        Rejection::CommitAboveHold { held, requested, .. } => {
            problem(Code::CommitAboveHold).with("held", held.units()).with("requested", requested.units())
        }
        Rejection::CommitMismatch => problem(Code::CommitMismatch).at("/lines"),
        Rejection::FulfilmentAboveAllocation { .. } => problem(Code::FulfilmentAboveAllocation),
        Rejection::HoldTimeOutOfRange { min, max, .. } => {
            problem(Code::HoldTimeOutOfRange).at("/ttl_ms").with("min", min.0).with("max", max.0)
        }
        Rejection::ReservationNotFound { .. } => problem(Code::ReservationNotFound),
        Rejection::ReservationExpired { expired_at } => {
            problem(Code::ReservationExpired).with("expired_at", rfc3339(*expired_at))
        }
        Rejection::ReservationCommitted => problem(Code::ReservationCommitted),
        Rejection::ReservationReleased => problem(Code::ReservationReleased),
        Rejection::ReservationInCheckout { order } => {
            problem(Code::ReservationInCheckout).with("order_id", IdText::order(*order).as_str())
        }
        Rejection::ReservationChanged => problem(Code::ReservationChanged),
        Rejection::TooManyChanges => problem(Code::TooManyChanges),
        Rejection::ReservationOfOther { .. } => problem(Code::ReservationOfOther).at("/customer"),
        Rejection::ProductShort { sku } => problem(Code::ProductShort).with("sku", sku.as_str()),
        Rejection::NoPrice { sku, .. } => {
            at_line(problem(Code::NoPrice), sku, None, "unit_price").with("sku", sku.as_str())
        }
        Rejection::TotalChanged { expected, actual } => problem(Code::TotalChanged)
            .at("/expected_total")
            .with("expected", expected.to_decimal().to_string())
            .with("actual", actual.to_decimal().to_string()),
        Rejection::TotalTooLarge => problem(Code::TotalTooLarge).at("/lines"),
        Rejection::OrderNotFound { .. } => problem(Code::OrderNotFound),
        Rejection::OrderState { status, .. } => problem(Code::OrderState).with("order_status", status.name()),
        Rejection::NoSuchLine { sku, location } => {
            at_line(problem(Code::UnknownLine), sku, location.as_ref(), "sku")
        }
        Rejection::LineExceeded { sku, location, requested, left, .. } => {
            let problem =
                problem(Code::LineExceeded).with("requested", requested.units()).with("left", left.units());
            at_line(problem, sku, location.as_ref(), "quantity")
        }
        Rejection::RefundOfNothing => problem(Code::ValidationFailed).at("/amount"),
        Rejection::RefundAbovePaid { requested, left } => problem(Code::RefundAbovePaid)
            .with("requested", requested.to_decimal().to_string())
            .with("left", left.to_decimal().to_string()),
        Rejection::TooManyRefunds { max } => problem(Code::TooManyRefunds).with("max", *max),
        Rejection::RefundNotFound { .. } => problem(Code::RefundNotFound),
        Rejection::RefundNotFailed { done, .. } => {
            problem(Code::RefundNotFailed).with("refund_status", if *done { "done" } else { "pending" })
        }
        Rejection::StampOutOfRange { earliest, latest, .. } => problem(Code::StampOutOfRange)
            .with("earliest", rfc3339(*earliest))
            .with("latest", rfc3339(*latest)),
        Rejection::LotNotFound { .. } => problem(Code::LotNotFound),
        Rejection::LotEnded { status, .. } => problem(Code::LotEnded).with("lot_status", status.name()),
        Rejection::LotExceeded { requested, left, .. } => problem(Code::LotExceeded)
            .at("/quantity")
            .with("requested", requested.units())
            .with("left", left.units()),
        Rejection::ReceiptOfNothing => problem(Code::ValidationFailed).at("/quantity"),
        Rejection::TooManyLots { max, .. } => problem(Code::TooManyLots).with("max", *max),
        Rejection::TransferToSelf { .. } => problem(Code::TransferToSelf).at("/to"),
        Rejection::UnknownSource { .. } => problem(Code::UnknownSource).at("/from"),
        Rejection::UnknownDestination { .. } => problem(Code::UnknownDestination).at("/to"),
        Rejection::TransferExceeded { requested, movable, .. } => problem(Code::TransferExceeded)
            .at("/quantity")
            .with("requested", requested.units())
            .with("movable", movable.units()),
    }
}

fn missing(shortage: &Shortage) -> serde_json::Value {
    let mut value = json!({
        "sku": shortage.sku.as_str(),
        "location": shortage.location.as_ref().map(LocationId::as_str),
        "requested": shortage.requested.units(),
        "available": shortage.available.units(),
        "held": shortage.held.units(),
        "backordered": shortage.queued.units(),
        "backorderable": Some(shortage.queueable.units()).filter(|most| *most < Quantity::MAX.units()),
    });
    if let (Some(at), Some(members)) = (shortage.next_expiry, value.as_object_mut()) {
        members.insert("next_expiry_at".to_owned(), rfc3339(at).into());
    }
    value
}
