//! JSON kept as text: stored by the core without being understood, and given back as it is.

use holdfast_engine::SmolStr;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A stored JSON object on its way out; no text reads as `absent`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonText<'a> {
    text: &'a str,
    absent: &'static str,
}

impl<'a> JsonText<'a> {
    /// An object, empty if there is none.
    pub(crate) fn or_empty(text: &'a SmolStr) -> Self {
        Self { text, absent: "{}" }
    }

    /// An object, `null` if there is none.
    pub(crate) fn or_null(text: &'a SmolStr) -> Self {
        Self { text, absent: "null" }
    }
}

impl Serialize for JsonText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = if self.text.is_empty() { self.absent } else { self.text };
        let raw: &RawValue = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}
