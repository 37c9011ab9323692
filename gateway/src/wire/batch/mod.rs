//! Batches on the wire: a list of operations, each with what its own route takes from path and body, in one object.
//!
//! ```text
//!   {"op": "commit", "reservation_id": "rsv_…", "key": "…", "lines": […]}
//!     which route     from the path           from the head  the body of that route
//! ```
//!
//! An operation is read alone, after the batch as a whole has been: one that cannot be read is refused where it stands, and
//! the others are carried out.

mod entry;
mod schema;

use holdfast_engine::{ReservationId, Sku};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::decode::decode;
use super::product::ProductRequest;
use super::reservation::{CommitRequest, ExtendRequest, ReleaseRequest, ReserveRequest};
use super::stock::AdjustRequest;
use super::text::Text;
use crate::idempotency::Key;
use crate::ids::ReservationText;
use crate::limits::BATCH_OPERATIONS_MAX;
use crate::problem::{Code, FieldError, Problem, ProblemSchema};
use entry::{Entry, OfNothing, OfProduct, OfReservation, Subject};
use schema::BatchOperation;

/// Many operations at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BatchRequest, example = json!({
    "operations": [
        {"op": "adjust", "sku": "85123A", "delta": 120, "reason": "receipt"},
        {"op": "reserve", "customer": "c-17850", "lines": [{"sku": "85123A", "quantity": 6}]},
        {"op": "reserve", "key": "cart-b81f", "customer": "c-13047", "lines": [{"sku": "85123A", "quantity": 2}]}
    ]
}))]
pub(crate) struct BatchRequest<'a> {
    /// All of the operations or none of them; only reservations can be.
    #[serde(default)]
    pub(crate) atomic: bool,
    /// What is to be done. Answered in this order.
    #[serde(borrow)]
    #[schema(value_type = Vec<BatchOperation>, min_items = 1, max_items = 2000)]
    pub(crate) operations: Vec<&'a RawValue>,
}

impl BatchRequest<'_> {
    /// Checks the batch as a whole; its operations are read one by one.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let count = self.operations.len();
        if (1..=BATCH_OPERATIONS_MAX).contains(&count) {
            return Ok(());
        }
        let code = if count == 0 { "empty" } else { "too_many" };
        let detail = format!("must have from 1 to {BATCH_OPERATIONS_MAX} operations, has {count}");
        Err(Problem::invalid(vec![FieldError {
            pointer: "/operations".to_owned(),
            code,
            detail: detail.into(),
        }]))
    }
}

/// One operation of a batch, read.
#[derive(Debug)]
pub(crate) struct BatchItem<'a> {
    /// Its own idempotency key, if it has one.
    pub(crate) key: Option<Key>,
    /// What it shall do.
    pub(crate) work: Work<'a>,
}

/// What an operation of a batch does: which route it would otherwise have been sent to, and with what.
#[derive(Debug)]
pub(crate) enum Work<'a> {
    Reserve(ReserveRequest<'a>),
    Commit(ReservationId, CommitRequest<'a>),
    Release(ReservationId, ReleaseRequest),
    Extend(ReservationId, ExtendRequest),
    Adjust(Sku, AdjustRequest<'a>),
    PutProduct(Sku, ProductRequest<'a>),
}

impl Work<'_> {
    /// The word that says which it is.
    pub(crate) fn op(&self) -> &'static str {
        match self {
            Self::Reserve(_) => "reserve",
            Self::Commit(..) => "commit",
            Self::Release(..) => "release",
            Self::Extend(..) => "extend",
            Self::Adjust(..) => "adjust",
            Self::PutProduct(..) => "put_product",
        }
    }
}

/// The word that says which operation it is.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    op: Text<'a>,
}

impl<'a> BatchItem<'a> {
    /// Reads one operation. What is wrong is pointed at below the operation itself.
    pub(crate) fn read(text: &'a RawValue) -> Result<Self, Problem> {
        let text = text.get().as_bytes();
        let Named { op } = decode(text)?;
        match &*op {
            "reserve" => {
                let entry: Entry<'_, OfNothing, ReserveRequest<'_>> = decode(text)?;
                Ok(Self { key: key(&entry)?, work: Work::Reserve(entry.request) })
            }
            "commit" => {
                let entry = decode(text)?;
                Ok(Self { key: key(&entry)?, work: Work::Commit(reservation(&entry)?, entry.request) })
            }
            "release" => {
                let entry = decode(text)?;
                Ok(Self { key: key(&entry)?, work: Work::Release(reservation(&entry)?, entry.request) })
            }
            "extend" => {
                let entry = decode(text)?;
                Ok(Self { key: key(&entry)?, work: Work::Extend(reservation(&entry)?, entry.request) })
            }
            "adjust" => {
                let entry = decode(text)?;
                Ok(Self { key: key(&entry)?, work: Work::Adjust(sku(&entry)?, entry.request) })
            }
            "put_product" => {
                let entry = decode(text)?;
                Ok(Self { key: key(&entry)?, work: Work::PutProduct(sku(&entry)?, entry.request) })
            }
            _ => Err(Problem::invalid(vec![FieldError {
                pointer: "/op".to_owned(),
                code: "unsupported_value",
                detail: "must be one of reserve, commit, release, extend, adjust, put_product".into(),
            }])),
        }
    }
}

fn key<S: Subject, T>(entry: &Entry<'_, S, T>) -> Result<Option<Key>, Problem> {
    let read = |text: &Text<'_>| Key::read(text.as_bytes()).map_err(|problem| problem.at("/key"));
    entry.key.as_ref().map(read).transpose()
}

fn reservation<T>(entry: &Entry<'_, OfReservation, T>) -> Result<ReservationId, Problem> {
    match entry.subject.parse() {
        Ok(ReservationText(id)) => Ok(id),
        Err(_) => Err(Problem::not_a_reservation().at("/reservation_id")),
    }
}

fn sku<T>(entry: &Entry<'_, OfProduct, T>) -> Result<Sku, Problem> {
    let malformed = |error| Problem::new(Code::MalformedPath, format!("the SKU {error}")).at("/sku");
    Sku::new(&entry.subject).map_err(malformed)
}

/// What became of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = Batch)]
pub(crate) struct BatchBody<'a> {
    /// How many of the operations were carried out, now or before.
    pub(crate) succeeded: usize,
    /// How many were not.
    pub(crate) refused: usize,
    /// What became of each, in their order.
    pub(crate) outcomes: Vec<BatchOutcomeBody<'a>>,
}

/// What became of one operation: what its own route would have answered.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchOutcome)]
pub(crate) struct BatchOutcomeBody<'a> {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Whether it was carried out before, and this is that answer again.
    pub(crate) replayed: bool,
    /// The answer, if it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, required = false)]
    pub(crate) body: Option<&'a RawValue>,
    /// Why it was not, otherwise. Pointers lead from the top of the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>, required = false)]
    pub(crate) problem: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, (Code, Vec<String>)> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        match BatchItem::read(raw) {
            Ok(item) => Ok(format!("{:?} {:?}", item.key, item.work)),
            Err(problem) => {
                let pointers = problem.errors().iter().map(|error| error.pointer.clone());
                Err((problem.code(), pointers.collect()))
            }
        }
    }

    fn wrong(json: &str, code: Code, pointer: &str) {
        assert_eq!(read(json).unwrap_err(), (code, vec![pointer.to_owned()]), "{json}");
    }

    #[test]
    fn members_of_path_head_and_body_are_told_apart_wherever_they_stand() {
        let commit = read(
            r#"{"lines":[{"sku":"A","quantity":1}],"key":"k","op":"commit","reservation_id":"rsv_00000000000000000000000001"}"#,
        );
        let commit = commit.unwrap();
        assert!(commit.starts_with("Some(Key(\"k\")) Commit(ReservationId("), "{commit}");
        assert!(commit.contains("quantity: Whole(1)"), "{commit}");
        assert!(
            read(r#"{"op":"release","reservation_id":"rsv_00000000000000000000000001"}"#)
                .unwrap()
                .starts_with("None")
        );
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let invalid = Code::ValidationFailed;
        wrong("[]", invalid, "");
        wrong("{}", invalid, "/op");
        wrong(r#"{"op":7}"#, invalid, "/op");
        wrong(r#"{"op":"buy"}"#, invalid, "/op");
        wrong(r#"{"op":"reserve","op":"reserve","customer":"c","lines":[]}"#, invalid, "/op");
        wrong(r#"{"op":"release"}"#, invalid, "/reservation_id");
        wrong(r#"{"op":"adjust","delta":1,"reason":"r"}"#, invalid, "/sku");
        wrong(r#"{"op":"reserve","customer":"c","lines":[],"sku":"A"}"#, invalid, "/sku");
        wrong(r#"{"op":"reserve","customer":"c","lines":[{"sku":1}]}"#, invalid, "/lines/0/sku");
        wrong(r#"{"op":"reserve","customer":"c"}"#, invalid, "/lines");
        wrong(r#"{"op":"put_product","sku":"A","colour":1}"#, invalid, "/colour");
        wrong(r#"{"op":"put_product","sku":" A"}"#, Code::MalformedPath, "/sku");
        wrong(
            r#"{"op":"release","reservation_id":"ord_00000000000000000000000001"}"#,
            Code::NotAReservation,
            "/reservation_id",
        );
        wrong(r#"{"op":"put_product","sku":"A","key":""}"#, Code::IdempotencyKeyInvalid, "/key");
    }
}
