//! JSON kept as text: stored by the core without being understood, and given back as it is.

use holdfast_engine::SmolStr;
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A stored JSON object on its way out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonText<'a> {
    text: &'a str,
    absent: Absent,
}

/// What stands for no text.
#[derive(Debug, Clone, Copy)]
enum Absent {
    Empty,
    Null,
}

impl<'a> JsonText<'a> {
    /// An object, empty if there is none.
    pub(crate) fn or_empty(text: &'a SmolStr) -> Self {
        Self { text, absent: Absent::Empty }
    }

    /// An object, `null` if there is none.
    pub(crate) fn or_null(text: &'a SmolStr) -> Self {
        Self { text, absent: Absent::Null }
    }
}

impl Serialize for JsonText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.text, self.absent) {
            ("", Absent::Empty) => serializer.serialize_map(Some(0))?.end(),
            ("", Absent::Null) => serializer.serialize_unit(),
            (text, _) => {
                let raw: &RawValue = serde_json::from_str(text).map_err(S::Error::custom)?;
                raw.serialize(serializer)
            }
        }
    }
}
