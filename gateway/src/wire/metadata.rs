//! A storefront's own notes on a reservation: strings under strings, kept and given back.

use std::collections::BTreeMap;

use holdfast_engine::SmolStr;

use super::decode::escape;
use super::field_errors::FieldErrors;
use super::notes::check_note;
use crate::limits::{
    METADATA_BYTES_MAX, METADATA_KEY_BYTES_MAX, METADATA_KEYS_MAX, METADATA_VALUE_BYTES_MAX,
};

/// As it stands in a request. Sorted, so that the same notes have the same fingerprint in any order.
pub(crate) type Metadata = BTreeMap<String, String>;

/// Checks the notes and writes them as the JSON text that is stored; empty for none.
pub(crate) fn check(metadata: Option<&Metadata>, errors: &mut FieldErrors) -> Option<SmolStr> {
    let Some(metadata) = metadata.filter(|metadata| !metadata.is_empty()) else {
        return Some(SmolStr::default());
    };
    if metadata.len() > METADATA_KEYS_MAX {
        errors.push("/metadata", "too_many", format!("must have at most {METADATA_KEYS_MAX} members"));
        return None;
    }
    for (key, value) in metadata {
        let pointer = || format!("/metadata/{}", escape(key));
        errors.filled_text(pointer, key, METADATA_KEY_BYTES_MAX);
        if value.len() > METADATA_VALUE_BYTES_MAX {
            errors.push(pointer(), "too_long", format!("must be at most {METADATA_VALUE_BYTES_MAX} bytes"));
        } else {
            check_note(&pointer(), value, errors);
        }
    }
    let text = serde_json::to_string(metadata).unwrap_or_default();
    if text.len() > METADATA_BYTES_MAX {
        errors.push("/metadata", "too_long", format!("must be at most {METADATA_BYTES_MAX} bytes in all"));
        return None;
    }
    Some(SmolStr::new(text))
}
