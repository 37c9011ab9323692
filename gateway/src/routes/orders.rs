//! `/v1/orders`: checkout, and what comes after it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use holdfast_actors::{Answer, OrderView};
use holdfast_engine::CustomerId;
use holdfast_engine::order::OrderStatus;
use hyper::StatusCode;

use crate::answer;
use crate::app::App;
use crate::command::Command;
use crate::idempotency::fingerprint;
use crate::ids::{IdText, OrderText};
use crate::openapi::{Refusals, RequiredKey, WriteRefusals};
use crate::path::{OrderPath, RefundPath};
use crate::problem::{Code, Problem, in_body, in_path};
use crate::query::Query;
use crate::wire::decode::decode;
use crate::wire::lines;
use crate::wire::order::{
    CancelRequest, EditRequest, OrderBody, OrderRequest, RefundRequest, RetryRefundRequest, ReturnRequest,
    ShipRequest,
};
use crate::wire::page::{OrdersQuery, Page, malformed};

/// Bytes of an answer without lines, and of one line.
const ANSWER_BYTES: usize = 640;
const LINE_BYTES: usize = 144;

/// Check out
///
/// Of a reservation, or of lines that are reserved in the same step. Answers once the payment is decided: 201 with the
/// order, or 402 `payment_declined` with its id. Should the provider keep us waiting, 202 with the order as it stands;
/// it is decided later, and reading it tells how.
#[utoipa::path(
    post, path = "/v1/orders", operation_id = "placeOrder", tag = "orders",
    params(RequiredKey),
    request_body(content = OrderRequest, content_type = "application/json"),
    responses(
        (status = 201, description = "Confirmed", body = OrderBody,
            headers(("Location", description = "Path of the order"),
                    ("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        (status = 202, description = "Payment not decided yet", body = OrderBody,
            headers(("Location", description = "Path of the order"),
                    ("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        (status = 402, description = "The payment was declined; the order exists as `payment_failed` and took nothing",
            body = crate::problem::ProblemSchema, content_type = "application/problem+json"),
        WriteRefusals,
    )
)]
pub(crate) async fn place(State(app): State<Arc<App>>, command: Command) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: OrderRequest<'_> = decode(command.body())?;
    let id = command.order_id(&app, &key);
    let accepts = |provider: &str, method: &str| app.core.accepts_payment(provider, method);
    let checked = request.check(id, fingerprint(&request), accepts)?;
    let placed = app.core.place_order(checked).await.map_err(|failure| {
        in_body(failure, &|sku, location| {
            let lines = request.lines.iter().flatten();
            lines::find(lines.map(|line| (&line.sku, line.location.as_ref())), sku, location)
        })
    })?;
    let status = match placed.value.status {
        OrderStatus::PaymentFailed => return Err(declined(&placed)),
        OrderStatus::PaymentPending | OrderStatus::PaymentUnknown => StatusCode::ACCEPTED,
        OrderStatus::Confirmed
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::PartiallyReturned
        | OrderStatus::Returned
        | OrderStatus::Cancelled => StatusCode::CREATED,
    };
    let location = format!("/v1/orders/{}", IdText::order(id));
    Ok(answer::replayed(answer::located(body(status, &placed.value)?, &location), placed.replayed))
}

fn declined(placed: &Answer<OrderView>) -> Problem {
    let reason = placed.value.reason.as_deref().unwrap_or("the payment failed");
    Problem::new(Code::PaymentDeclined, reason.to_owned())
        .with("order_id", IdText::order(placed.value.id).as_str())
        .replayed(placed.replayed)
}

/// Read an order
#[utoipa::path(
    get, path = "/v1/orders/{id}", operation_id = "getOrder", tag = "orders",
    params(("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "The order", body = OrderBody), Refusals)
)]
pub(crate) async fn get(State(app): State<Arc<App>>, OrderPath(id): OrderPath) -> Result<Response, Problem> {
    body(StatusCode::OK, &app.core.order(id).await.map_err(in_path)?)
}

/// List a customer's orders, oldest first
#[utoipa::path(
    get, path = "/v1/orders", operation_id = "listOrders", tag = "orders",
    params(
        ("customer" = String, Query, description = "Whose", min_length = 1, max_length = 128, example = "c-17850"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page; 50 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "One page", body = Page<OrderBody>), Refusals)
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<OrdersQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit()?;
    let customer =
        CustomerId::new(&query.customer).map_err(|error| malformed(format!("customer: {error}")))?;
    let after = match &query.cursor {
        None => None,
        Some(cursor) => {
            let OrderText(id) =
                cursor.parse().map_err(|_| malformed("cursor: not one this service has given"))?;
            Some(id)
        }
    };
    // One more than asked for tells whether there are more.
    let mut views = app.core.orders(&customer, after, limit + 1).await.map_err(in_path)?;
    let has_more = views.len() > limit;
    views.truncate(limit);
    let next_cursor = views.last().filter(|_| has_more).map(|last| IdText::order(last.id).to_string());
    let page = Page { data: views.iter().map(OrderBody::new).collect(), has_more, next_cursor };
    answer::json(StatusCode::OK, &page, 1024 * (1 + page.data.len()))
}

/// Call an order off, or units of it
///
/// Units of a confirmed order that have not shipped: so many of each line, or all of them. Their share of the price is owed
/// back. Once every unit was called off, the order is `cancelled`.
#[utoipa::path(
    post, path = "/v1/orders/{id}/cancel", operation_id = "cancelOrder", tag = "orders",
    params(("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = CancelRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Cancelled", body = OrderBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    OrderPath(id): OrderPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: CancelRequest<'_> = decode(command.body())?;
    let (units, reason) = request.check()?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    let cancelled = app.core.cancel_units(id, units, reason, operation).await.map_err(|failure| {
        in_body(failure, &|sku, location| {
            let lines = request.lines.iter().flatten();
            lines::find(lines.map(|line| (&line.sku, line.location.as_ref())), sku, location)
        })
    })?;
    done(&cancelled)
}

/// Send an order somewhere else
///
/// Only while it is confirmed and nothing of it has shipped. Its lines stay as they were paid for: units are called off with
/// `/cancel`, and for more another order is placed (`lines_not_editable`).
#[utoipa::path(
    post, path = "/v1/orders/{id}/edit", operation_id = "editOrder", tag = "orders",
    params(("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = EditRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Changed", body = OrderBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    OrderPath(id): OrderPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: EditRequest = decode(command.body())?;
    let ship_to = request.check()?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    done(&app.core.change_ship_to(id, ship_to, operation).await.map_err(in_path)?)
}

/// Record what left the shelf
///
/// All that is left, or so many units of each line.
#[utoipa::path(
    post, path = "/v1/orders/{id}/shipments", operation_id = "shipOrder", tag = "orders",
    params(("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = ShipRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Shipped", body = OrderBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn ship(
    State(app): State<Arc<App>>,
    OrderPath(id): OrderPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: ShipRequest<'_> = decode(command.body())?;
    let units = request.check()?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    let shipped = app.core.ship(id, units, operation).await.map_err(|failure| {
        in_body(failure, &|sku, location| {
            let lines = request.lines.iter().flatten();
            lines::find(lines.map(|line| (&line.sku, line.location.as_ref())), sku, location)
        })
    })?;
    done(&shipped)
}

/// Record what came back
///
/// No more than was shipped and has not come back yet. The units are on hand again, and their price is owed back.
#[utoipa::path(
    post, path = "/v1/orders/{id}/returns", operation_id = "returnUnits", tag = "orders",
    params(("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = ReturnRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Returned", body = OrderBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn return_units(
    State(app): State<Arc<App>>,
    OrderPath(id): OrderPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: ReturnRequest<'_> = decode(command.body())?;
    let (units, reason) = request.check()?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    let returned =
        app.core.return_units(id, units, request.damaged(), reason, operation).await.map_err(|failure| {
            in_body(failure, &|sku, location| {
                let lines = request.lines.iter();
                lines::find(lines.map(|line| (&line.sku, line.location.as_ref())), sku, location)
            })
        })?;
    done(&returned)
}

/// Grant a refund
///
/// Goodwill, or whatever else was agreed with the customer, beside what called off and returned units are owed. All refunds that
/// have not failed come to at most what was paid.
#[utoipa::path(
    post, path = "/v1/orders/{id}/refunds", operation_id = "refundOrder", tag = "orders",
    params(("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q"), RequiredKey),
    request_body(content = RefundRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "Granted; it is paid in its own time, and reading the order tells how that went", body = OrderBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn refund(
    State(app): State<Arc<App>>,
    OrderPath(id): OrderPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: RefundRequest<'_> = decode(command.body())?;
    // How many decimals an amount may have is up to the order's currency, which never changes.
    let currency = app.core.order(id).await.map_err(in_path)?.total.currency();
    let (amount, reason) = request.check(currency)?;
    let operation = command.operation(&app, &key, fingerprint(&request));
    done(&app.core.refund(id, amount, reason, operation).await.map_err(in_path)?)
}

/// Try a failed refund again
///
/// The same refund, paid once. Refused while it is under way and when it is paid, and when other refunds have left too little
/// of what was paid.
#[utoipa::path(
    post, path = "/v1/orders/{id}/refunds/{number}/retry", operation_id = "retryRefund", tag = "orders",
    params(
        ("id" = String, Path, description = "The order's id", example = "ord_01h455vb4pex5vsknk084sn02q"),
        ("number" = u32, Path, description = "The refund's number", minimum = 1, example = 1),
        RequiredKey,
    ),
    request_body(content = Option<RetryRefundRequest>, content_type = "application/json"),
    responses(
        (status = 200, description = "It is tried again; reading the order tells how that went", body = OrderBody,
            headers(("Idempotent-Replayed", description = "`true` if this answer was given before"))),
        WriteRefusals,
    )
)]
pub(crate) async fn retry_refund(
    State(app): State<Arc<App>>,
    RefundPath(id, refund): RefundPath,
    command: Command,
) -> Result<Response, Problem> {
    let key = command.key()?;
    let request: RetryRefundRequest =
        if command.body().is_empty() { RetryRefundRequest::default() } else { decode(command.body())? };
    let operation = command.operation(&app, &key, fingerprint(&request));
    done(&app.core.retry_refund(id, refund, operation).await.map_err(in_path)?)
}

fn body(status: StatusCode, view: &OrderView) -> Result<Response, Problem> {
    answer::json(status, &OrderBody::new(view), ANSWER_BYTES + LINE_BYTES * view.lines.len())
}

fn done(answer: &Answer<OrderView>) -> Result<Response, Problem> {
    Ok(answer::replayed(body(StatusCode::OK, &answer.value)?, answer.replayed))
}
