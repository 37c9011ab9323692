//! The description of the interface (OpenAPI 3.1), made from the handlers themselves. What all of them share is here:
//! the key and request-id headers, and the forms of refusal.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, ContentBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use crate::examples;
use crate::limits::{IDEMPOTENCY_KEY_MAX, REQUEST_ID_MAX};
use crate::problem::{PROBLEM_JSON, ProblemSchema};

/// The refusals any request may get: status, name of the shared response, description.
const ANY: &[(&str, &str, &str)] = &[
    (
        "400",
        "BadRequest",
        "The path, query, headers or body cannot be read (`malformed_*`, `idempotency_key_*`)",
    ),
    (
        "404",
        "NotFound",
        "There is no such thing (`unknown_sku`, `reservation_not_found`, `not_a_reservation`, `order_not_found`, `refund_not_found`, `lot_not_found`, `not_waiting`, `unknown_location`, `absent_then`, `not_yet`)",
    ),
    ("408", "RequestTimeout", "The request took too long; repeat it with the same key"),
    ("500", "Internal", "Something went wrong here; repeat it with the same key"),
    (
        "503",
        "Unavailable",
        "Not now (`overloaded`, `too_many_streams`, `draining`, `unavailable`); wait `Retry-After` seconds",
    ),
];

/// The refusals of requests that change something, besides.
const WRITE: &[(&str, &str, &str)] = &[
    (
        "409",
        "Conflict",
        "The state of things does not allow it, `insufficient_stock` for example; nothing happened",
    ),
    ("410", "Gone", "The reservation has lapsed (`reservation_expired`)"),
    ("413", "PayloadTooLarge", "The body is larger than 1 MiB (a batch: 4 MiB, an import: 64 MiB)"),
    ("415", "UnsupportedMediaType", "The body is not of the media type described"),
    (
        "422",
        "Invalid",
        "Members of the body are wrong (`validation_failed`, see `errors`), or the key was used for another request",
    ),
];

/// What stands before the routes: title, server, tags.
pub(crate) fn head() -> OpenApi {
    let tag =
        |name: &str, description: &str| TagBuilder::new().name(name).description(Some(description)).build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Holdfast")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(
                    LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
                ))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .tags(Some([
            tag("products", "What is sold, and how"),
            tag("stock", "How many units lie where, and what becomes of them"),
            tag("reservations", "Units claimed for a while, all or nothing"),
            tag("orders", "Checkout, and what comes after it"),
            tag("waiting list", "Customers who wait for units that come free"),
            tag("sales", "Windows in time, units set aside, limits for each customer"),
            tag("batch", "Many operations at once"),
            tag("import", "Many products at once"),
        ]))
        .build()
}

const DESCRIPTION: &str = "The inventory-reservation core of an online shop: it holds stock fast, never sells what is \
not there, and never loses an answer it gave.\n\n\
Every `POST` that changes something carries an `Idempotency-Key`; a repeat with the same key and body gets the same answer with \
`Idempotent-Replayed: true`, and a refusal does not use the key up. Every refusal is an `application/problem+json` \
(RFC 9457) with a `code` to switch on and `retryable` to obey. Amounts are decimal strings, times RFC 3339 in UTC, \
durations integer milliseconds, quantities integers. Unknown members of a request are refused; clients should ignore \
members of an answer they do not know.";

/// Adds what all operations share.
pub(crate) fn finish(mut description: OpenApi) -> OpenApi {
    let mut components = description.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    let mut schemas = Vec::new();
    ProblemSchema::schemas(&mut schemas);
    schemas.push((ProblemSchema::name().into_owned(), ProblemSchema::schema()));
    components.schemas.extend(schemas);
    for (_, name, text) in ANY.iter().chain(WRITE) {
        components.responses.insert((*name).to_owned(), RefOr::T(refusal(text)));
    }
    description.components = Some(components);
    examples::attach(&mut description);
    for item in description.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch, &mut item.head];
        for operation in operations.into_iter().flatten() {
            operation.parameters.get_or_insert_default().push(RefOr::T(request_id()));
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    response.headers.insert("X-Request-Id".to_owned(), RefOr::T(request_id_header()));
                }
            }
        }
    }
    description
}

/// The document as text, as it is served and kept in the repository.
pub(crate) fn to_json(description: &OpenApi) -> String {
    // Plain data under string keys: there is nothing in it that JSON cannot say.
    let mut text = description.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn text(max: usize) -> Object {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(max)).build()
}

fn request_id() -> Parameter {
    ParameterBuilder::new()
        .name("X-Request-Id")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A name for this request, given back with the answer: letters, digits, `_`, `-`, `.`",
        ))
        .schema(Some(text(REQUEST_ID_MAX)))
        .build()
}

fn request_id_header() -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .description(Some("The request's name: the client's own, or a fresh one"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn refusal(description: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content(
            PROBLEM_JSON,
            ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemSchema::name()))).build(),
        )
        .header("X-Request-Id", request_id_header())
        .build()
}

fn idempotency_key(required: Required, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(text(IDEMPOTENCY_KEY_MAX)))
        .example(Some("8e03978e-40d5-43e8-bc93-6894a57f9324".into()))
        .build()
}

/// The key of a request that must have one.
pub(crate) struct RequiredKey;

impl IntoParams for RequiredKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![idempotency_key(
            Required::True,
            "A name of the client's own making for what it wants done, the same when it repeats the request. Bare \
             text, or a quoted structured string; printable ASCII. Remembered for three days.",
        )]
    }
}

/// The key of a request that may have one.
pub(crate) struct OptionalKey;

impl IntoParams for OptionalKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![idempotency_key(
            Required::False,
            "As for `POST`. Without one, a repeat puts the product again, which makes a new version of it.",
        )]
    }
}

fn references(lists: &[&[(&str, &str, &str)]]) -> BTreeMap<String, RefOr<Response>> {
    let reference = |(status, name, _): &(&str, &str, &str)| {
        ((*status).to_owned(), RefOr::Ref(Ref::from_response_name(*name)))
    };
    lists.iter().flat_map(|list| list.iter().map(reference)).collect()
}

/// What any request may be refused with.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        references(&[ANY])
    }
}

/// What a request that changes something may be refused with.
pub(crate) struct WriteRefusals;

impl IntoResponses for WriteRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        references(&[ANY, WRITE])
    }
}
