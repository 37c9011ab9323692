//! What a customer has claimed as a whole, on the wire.

use holdfast_actors::{Age, Claimed, Failure, ReleasedAll, ReservationView};
use holdfast_engine::{CustomerId, Rejection, ReservationId, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::page::{check_limit, malformed};
use super::reservation::ReservationBody;
use super::text::Text;
use crate::ids::IdText;
use crate::problem::{Problem, in_path};

/// Which of a customer's reservations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReservationsQuery {
    customer: String,
    status: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// The same, checked.
pub(crate) struct WhichReservations {
    pub(crate) customer: CustomerId,
    /// Where they stand; anywhere if not said.
    pub(crate) only: Option<Claimed>,
    /// The one to go on after.
    pub(crate) before: Option<Age>,
    pub(crate) limit: usize,
}

impl ReservationsQuery {
    pub(crate) fn check(&self) -> Result<WhichReservations, Problem> {
        let limit = check_limit(self.limit)?;
        let customer =
            CustomerId::new(&self.customer).map_err(|error| malformed(format!("customer: {error}")))?;
        let only = match self.status.as_deref() {
            None => None,
            Some("held") => Some(Claimed::Held),
            Some("in_checkout") => Some(Claimed::InCheckout),
            Some(_) => {
                return Err(malformed(
                    "status: must be held or in_checkout; one that has ended is read by its id",
                ));
            }
        };
        let known = || malformed("cursor: not one this service has given");
        let before =
            self.cursor.as_deref().map(|cursor| decode_cursor(cursor).ok_or_else(known)).transpose()?;
        Ok(WhichReservations { customer, only, before, limit })
    }
}

/// The cursor that goes on after this reservation: when it was made, and its number, in hexadecimal.
pub(crate) fn encode_cursor(last: &ReservationView) -> String {
    format!("{:016x}{:032x}", last.created_at.millis(), { last.id.0 })
}

fn decode_cursor(cursor: &str) -> Option<Age> {
    if cursor.len() != 48 || !cursor.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let (made_at, id) = cursor.split_at(16);
    let made_at = Timestamp::from_millis(u64::from_str_radix(made_at, 16).ok()?.cast_signed());
    Some(Age { made_at, id: ReservationId(u128::from_str_radix(id, 16).ok()?) })
}

/// Whose reservations are to be given back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleaseAllRequest, example = json!({"customer": "c-17850"}))]
pub(crate) struct ReleaseAllRequest<'a> {
    /// Whose, by the storefront's own name.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    customer: Text<'a>,
}

impl ReleaseAllRequest<'_> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(&self) -> Result<CustomerId, Problem> {
        let mut errors = FieldErrors::default();
        let customer = errors.name(|| "/customer".to_owned(), CustomerId::new(&self.customer));
        customer.ok_or_else(|| errors.into_problem())
    }
}

/// What became of a customer's reservations.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleasedAll)]
pub(crate) struct ReleasedAllBody<'a> {
    /// Whose they were.
    #[schema(value_type = String)]
    customer: &'a str,
    /// Those that were given back, the oldest first.
    #[schema(value_type = Vec<ReservationBody>)]
    released: Released<'a>,
    /// Those that could not be, and why.
    not_released: Vec<NotReleasedBody>,
    /// Whether there were more than one request gives back. Another one, under another key, goes on.
    has_more: bool,
}

struct Released<'a>(&'a ReleasedAll);

impl Serialize for Released<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.released.iter().map(|answer| ReservationBody::new(&answer.value)))
    }
}

/// A reservation that was not given back.
#[derive(Serialize, ToSchema)]
#[schema(as = NotReleased)]
struct NotReleasedBody {
    /// Its id.
    #[schema(value_type = String, pattern = "^rsv_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    id: IdText,
    /// Why, for programs: the code of the refusal that giving it back alone would get, `reservation_in_checkout` for example.
    #[schema(value_type = String)]
    code: &'static str,
    /// Why, for people.
    detail: String,
    /// The order that is being paid; `null` unless it took the reservation over.
    #[schema(value_type = Option<String>, required = true)]
    order_id: Option<IdText>,
}

impl NotReleasedBody {
    fn new(id: ReservationId, why: &Rejection) -> Self {
        let order_id = match why {
            Rejection::ReservationInCheckout { order } => Some(IdText::order(*order)),
            _ => None,
        };
        let code = in_path(Failure::Rejected(why.clone())).code().name();
        Self { id: IdText::reservation(id), code, detail: why.to_string(), order_id }
    }
}

impl<'a> ReleasedAllBody<'a> {
    pub(crate) fn new(customer: &'a CustomerId, done: &'a ReleasedAll) -> Self {
        Self {
            customer: customer.as_str(),
            released: Released(done),
            not_released: done.kept.iter().map(|(id, why)| NotReleasedBody::new(*id, why)).collect(),
            has_more: done.has_more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_cursor_leads_nowhere() {
        let good = format!("{:016x}{:032x}", 1_795_766_400_000_i64, 7);
        assert_eq!(decode_cursor(&good).map(|age| age.made_at.millis()), Some(1_795_766_400_000));
        for bad in ["", "0", &good[1..], &good.replace('a', "A").replace('0', "+"), &format!("{good}0")] {
            assert_eq!(decode_cursor(bad), None, "{bad}");
        }
    }
}
