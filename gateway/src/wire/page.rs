//! Pages of a list: some entries, whether there are more, and a cursor to go on with.
//!
//! A cursor is opaque: it names the last entry given, so nothing is skipped or given twice when entries are added.

use holdfast_engine::Sku;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::problem::{Code, Problem};

/// Which page of the products.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductsQuery {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Which page of a customer's orders.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersQuery {
    pub(crate) customer: String,
    pub(crate) cursor: Option<String>,
    limit: Option<usize>,
}

impl ProductsQuery {
    /// The entry to go on after.
    pub(crate) fn after(&self) -> Result<Option<Sku>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        decode_cursor(cursor).map(Some).ok_or_else(|| malformed("cursor: not one this service has given"))
    }

    /// How many entries.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        check_limit(self.limit)
    }
}

impl OrdersQuery {
    /// How many entries.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        check_limit(self.limit)
    }
}

pub(crate) fn check_limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit {
        None => Ok(PAGE_DEFAULT),
        Some(limit) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(malformed(format!("limit: must be an integer from 1 to {PAGE_MAX}"))),
    }
}

/// A query that cannot be read.
pub(crate) fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::MalformedQuery, detail)
}

/// The cursor that goes on after this product: its name in hexadecimal, so that it needs no escaping anywhere.
pub(crate) fn encode_cursor(sku: &Sku) -> String {
    sku.as_str().bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode_cursor(cursor: &str) -> Option<Sku> {
    let digits = cursor.as_bytes();
    if !digits.len().is_multiple_of(2)
        || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    let bytes = digits
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    let text = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
    Sku::new(&text).ok()
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    pub(crate) data: Vec<T>,
    /// Whether there are more.
    pub(crate) has_more: bool,
    /// What to send as `cursor` for the next page; `null` on the last.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_lead_back_to_their_product() {
        for text in ["85123A", "Größe 42", "a/b?c=d&e"] {
            let sku = Sku::new(text).unwrap();
            assert_eq!(decode_cursor(&encode_cursor(&sku)), Some(sku));
        }
        for bad in ["", "0", "zz", "ff", "20", "4A"] {
            assert_eq!(decode_cursor(bad), None, "{bad}");
        }
    }
}
