//! How the description of the interface shows an operation of a batch: as the body of its own route, with the members that
//! this one takes from elsewhere.

use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

use crate::limits::IDEMPOTENCY_KEY_MAX;
use crate::wire::product::ProductRequest;
use crate::wire::reservation::{CommitRequest, ExtendRequest, ReleaseRequest, ReserveRequest};
use crate::wire::stock::AdjustRequest;

/// One operation of a batch.
pub(super) struct BatchOperation;

impl ToSchema for BatchOperation {
    fn name() -> std::borrow::Cow<'static, str> {
        "BatchOperation".into()
    }
}

impl PartialSchema for BatchOperation {
    fn schema() -> RefOr<Schema> {
        let reservation = || Some(("reservation_id", text("The reservation's id", 1, 64)));
        let product = || Some(("sku", text("The merchant's own name of the product", 1, 64)));
        OneOfBuilder::new()
            .description(Some(
                "What the operation's own route takes: the members of its body, and what its path and head say",
            ))
            .item(operation("reserve", None, ReserveRequest::schema()))
            .item(operation("commit", reservation(), CommitRequest::schema()))
            .item(operation("release", reservation(), ReleaseRequest::schema()))
            .item(operation("extend", reservation(), ExtendRequest::schema()))
            .item(operation("adjust", product(), AdjustRequest::schema()))
            .item(operation("put_product", product(), ProductRequest::schema()))
            .into()
    }
}

fn operation(
    op: &'static str,
    subject: Option<(&'static str, ObjectBuilder)>,
    body: RefOr<Schema>,
) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = body else { return body };
    object.title = Some(op.to_owned());
    object.example = None;
    object.examples = Vec::new();
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([op]));
    let key = text(
        "Its own idempotency key; made of the batch's and its position unless given",
        1,
        IDEMPOTENCY_KEY_MAX,
    );
    let members =
        [Some(("op", word, Required::True)), subject.map(|(name, text)| (name, text, Required::True))];
    for (name, schema, required) in members.into_iter().flatten().chain([("key", key, Required::False)]) {
        object.properties.insert(name.to_owned(), schema.into());
        if required == Required::True {
            object.required.push(name.to_owned());
        }
    }
    RefOr::T(Schema::Object(object))
}

fn text(description: &str, min: usize, max: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .min_length(Some(min))
        .max_length(Some(max))
}
