//! `Idempotency-Key`: one effect per key, however often the request is sent.
//!
//! The id of what a request makes is derived from its key, so a repeat finds its original by id, in the journal's own
//! state; there is no table of keys beside it. The header follows draft-ietf-httpapi-idempotency-key-header-06, which
//! writes the key as a quoted structured string, and takes the bare text most clients send as well.

use holdfast_engine::{Fingerprint, LotId, Operation, OperationId, OrderId, ReservationId};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::limits::IDEMPOTENCY_KEY_MAX;
use crate::problem::{Code, Problem};

/// The header that carries the key.
pub(crate) static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that says an answer is an earlier one given again.
pub(crate) static IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Who may share keys with whom. There is one principal until there are several.
const PRINCIPAL: &str = "public";

/// A caller's key, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// The key of a request that must have one.
    pub(crate) fn required(headers: &HeaderMap) -> Result<Self, Problem> {
        Self::optional(headers)?.ok_or_else(|| {
            Problem::new(
                Code::IdempotencyKeyMissing,
                "send an Idempotency-Key header of your own making, and the same one when you repeat the request",
            )
        })
    }

    /// The key of a request that may have one.
    pub(crate) fn optional(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(&IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(invalid("there is more than one Idempotency-Key header"));
        }
        Self::parse(value).map(Some)
    }

    fn parse(value: &HeaderValue) -> Result<Self, Problem> {
        Self::read(value.as_bytes())
    }

    /// The key in these bytes: bare, or a quoted structured string.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let text = if bytes.starts_with(b"\"") { unquote(bytes)? } else { plain(bytes)? };
        if text.is_empty() || text.len() > IDEMPOTENCY_KEY_MAX {
            return Err(invalid("an idempotency key has 1 to 255 characters"));
        }
        Ok(Self(text))
    }

    /// The 128 bits that stand for this key in this place. Keyed, so that nobody can compute another's ids.
    fn derive(&self, secret: &[u8; 32], method: &Method, path: &str) -> u128 {
        let mut hasher = blake3::Hasher::new_keyed(secret);
        // Each part with its length before it: no two different lists of parts read the same.
        // `%41` and `A` are the same place: what is encoded how on the way here must not make another operation.
        let path = percent_decode_str(path).decode_utf8_lossy();
        for part in [PRINCIPAL, method.as_str(), &path, &self.0] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut number = [0; 16];
        hasher.finalize_xof().fill(&mut number);
        u128::from_le_bytes(number)
    }

    /// The id of the reservation this request makes.
    pub(crate) fn reservation(&self, secret: &[u8; 32], method: &Method, path: &str) -> ReservationId {
        ReservationId(self.derive(secret, method, path))
    }

    /// The id of the order this request places.
    pub(crate) fn order(&self, secret: &[u8; 32], method: &Method, path: &str) -> OrderId {
        OrderId(self.derive(secret, method, path))
    }

    /// The id of the lot this request makes.
    pub(crate) fn lot(&self, secret: &[u8; 32], method: &Method, path: &str) -> LotId {
        LotId(self.derive(secret, method, path))
    }

    /// The change this request makes to something that is there.
    pub(crate) fn operation(
        &self,
        secret: &[u8; 32],
        method: &Method,
        path: &str,
        fingerprint: Fingerprint,
    ) -> Operation {
        Operation { id: OperationId(self.derive(secret, method, path)), fingerprint }
    }

    /// The key of one part of a request that does many things.
    pub(crate) fn part(&self, part: &str) -> Self {
        Self(format!("{}\u{0}{part}", self.0))
    }
}

/// An operation nobody can repeat: of a request without a key.
pub(crate) fn unrepeatable(fingerprint: Fingerprint) -> Operation {
    Operation { id: OperationId(uuid::Uuid::now_v7().as_u128()), fingerprint }
}

/// The fingerprint of a request's meaning: the hash of its wire form, written out again with its members in our order.
pub(crate) fn fingerprint<T: Serialize>(request: &T) -> Fingerprint {
    let mut canonical = Vec::with_capacity(256);
    // Writing plain data into memory does not fail; were it to, the hash of a part would still be one value for
    // one request.
    drop(serde_json::to_writer(&mut canonical, request));
    Fingerprint(xxh3_64(&canonical))
}

fn plain(bytes: &[u8]) -> Result<String, Problem> {
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    } else {
        Err(invalid("an idempotency key is made of printable ASCII characters"))
    }
}

fn unquote(bytes: &[u8]) -> Result<String, Problem> {
    let malformed =
        || invalid("an idempotency key in quotes is one structured-field string, without parameters");
    let item: sfv::Item = sfv::Parser::new(bytes).parse().map_err(|_| malformed())?;
    match item.bare_item {
        sfv::BareItem::String(text) if item.params.is_empty() => Ok(text.as_str().to_owned()),
        _ => Err(malformed()),
    }
}

fn invalid(detail: &'static str) -> Problem {
    Problem::new(Code::IdempotencyKeyInvalid, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Key, Problem> {
        Key::parse(&HeaderValue::from_bytes(text.as_bytes()).unwrap())
    }

    #[test]
    fn quoted_and_bare_keys_are_the_same_key() {
        assert_eq!(key("8e03978e-40d5").unwrap(), key("\"8e03978e-40d5\"").unwrap());
        assert_eq!(key(r#""a \"b\" c""#).unwrap(), Key("a \"b\" c".to_owned()));
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for bad in ["", "\"\"", "\"open", "\"a\"b", "\"a\";x=1", "é", "a\tb", &"x".repeat(256)] {
            assert_eq!(key(bad).unwrap_err().code(), Code::IdempotencyKeyInvalid, "{bad:?}");
        }
        assert!(key(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn ids_depend_on_every_part_and_on_the_secret() {
        let secret = [7; 32];
        let id = |secret, method, path, text: &str| key(text).unwrap().derive(secret, method, path);
        let first = id(&secret, &Method::POST, "/v1/orders", "k1");
        assert_eq!(first, id(&secret, &Method::POST, "/v1/orders", "\"k1\""));
        assert_ne!(first, id(&[8; 32], &Method::POST, "/v1/orders", "k1"));
        assert_ne!(first, id(&secret, &Method::PUT, "/v1/orders", "k1"));
        assert_ne!(first, id(&secret, &Method::POST, "/v1/order", "sk1"));
        assert_ne!(first, id(&secret, &Method::POST, "/v1/orders", "k2"));
    }
}
