//! Texts that are kept as they are: nothing in them may make logs or pages lie.

use holdfast_engine::check_text;
use serde_json::{Map, Value};

use super::decode::escape;
use super::field_errors::{FieldErrors, name_code};

/// Checks every text in an object, at any depth.
pub(crate) fn check_texts(pointer: &str, object: &Map<String, Value>, errors: &mut FieldErrors) {
    for (key, value) in object {
        let pointer = format!("{pointer}/{}", escape(key));
        check_note(&pointer, key, errors);
        check_value(&pointer, value, errors);
    }
}

fn check_value(pointer: &str, value: &Value, errors: &mut FieldErrors) {
    match value {
        Value::String(text) => check_note(pointer, text, errors),
        Value::Object(object) => check_texts(pointer, object, errors),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                check_value(&format!("{pointer}/{position}"), item, errors);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Checks a note: people write those over several lines.
pub(crate) fn check_note(pointer: &str, text: &str, errors: &mut FieldErrors) {
    let mut lines = text.split(['\n', '\t']).map(|line| line.strip_suffix('\r').unwrap_or(line));
    if let Some(error) = lines.find_map(|line| check_text(line, line.len()).err()) {
        errors.push(pointer, name_code(error), error.to_string());
    }
}
