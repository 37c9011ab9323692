//! From bytes to a request struct. The fast way knows only that something is wrong; then a second, slower reading finds
//! out where, so that good requests do not pay for the answer to bad ones.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_path_to_error::Segment;

use super::object::Object;
use crate::problem::{Code, FieldError, Problem};

/// Reads a body that is one JSON object.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    match serde_json::from_slice(body) {
        Ok(Object(request)) => Ok(request),
        Err(error) => Err(explain::<Object<T>>(body, &error)),
    }
}

#[cold]
fn explain<'a, T: Deserialize<'a>>(body: &'a [u8], error: &serde_json::Error) -> Problem {
    // Whether it is JSON at all comes first, wherever the first mistake of the other kind stands.
    if std::str::from_utf8(body).is_err() {
        return Problem::new(Code::MalformedJson, "the body is not UTF-8");
    }
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        return Problem::new(Code::MalformedJson, error.to_string());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(located) => Problem::invalid(vec![field_error(&located)]),
        // The first reading failed, so this one does too.
        Ok(_) => Problem::new(Code::MalformedJson, error.to_string()),
    }
}

fn field_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let message = error.inner().to_string();
    // The position in the text says less than the pointer.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let mut pointer = pointer(error.path());
    let (code, detail) = if let Some(member) = quoted_after(message, "unknown field ") {
        if !pointer.ends_with(&format!("/{}", escape(member))) {
            pointer.push('/');
            pointer.push_str(&escape(member));
        }
        ("unknown_member", "there is no such member; check its spelling".to_owned())
    } else if let Some(member) = quoted_after(message, "missing field ") {
        pointer.push('/');
        pointer.push_str(&escape(member));
        ("required", "must be given".to_owned())
    } else if let Some(member) = quoted_after(message, "duplicate field ") {
        pointer.push('/');
        pointer.push_str(&escape(member));
        ("duplicate_member", "is given twice".to_owned())
    } else {
        ("wrong_type", message.to_owned())
    };
    FieldError { pointer, code, detail: detail.into() }
}

/// The name between backquotes in one of serde's messages.
fn quoted_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    let rest = message.strip_prefix(start)?.strip_prefix('`')?;
    // The name itself may hold a backquote; what follows it never does so before the next comma.
    let end = rest.rfind("`, expected").or_else(|| rest.rfind('`'))?;
    rest.get(..end)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&escape(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// A member's name as a part of a JSON pointer (RFC 6901).
pub(crate) fn escape(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        #[serde(default)]
        lines: Vec<Object<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        sku: String,
    }

    fn check(json: &str, pointer: &str, code: &str) {
        let problem = decode::<Outer>(json.as_bytes()).unwrap_err();
        assert_eq!(problem.code(), Code::ValidationFailed, "{json}");
        let error = problem.errors().first().unwrap();
        assert_eq!((error.pointer.as_str(), error.code), (pointer, code), "{json}: {}", error.detail);
    }

    #[test]
    fn shape_errors_point_at_the_member() {
        check(r#"{"name":"a","colour":1}"#, "/colour", "unknown_member");
        check(r#"{"name":"a","a/b~`c":1}"#, "/a~1b~0`c", "unknown_member");
        check(r#"{"name":"a","lines":[{"sku":"x"},{"sku":"y","qty":1}]}"#, "/lines/1/qty", "unknown_member");
        check(r#"{"lines":[]}"#, "/name", "required");
        check(r#"{"name":"a","lines":[{}]}"#, "/lines/0/sku", "required");
        check(r#"{"name":1}"#, "/name", "wrong_type");
        check(r#"{"name":"a","lines":{}}"#, "/lines", "wrong_type");
        check(r#"{"name":"a","lines":[["x"]]}"#, "/lines/0", "wrong_type");
        check(r#"["a"]"#, "", "wrong_type");
        check(r#"{"name":"a","name":"b"}"#, "/name", "duplicate_member");
        check("[]", "", "wrong_type");
        check("null", "", "wrong_type");
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for json in ["", "{", "{\"name\":}", "nope", "{} {}", "\u{feff}{}", "{\"name\":\"\u{1}\"}"] {
            assert_eq!(decode::<Outer>(json.as_bytes()).unwrap_err().code(), Code::MalformedJson, "{json:?}");
        }
        assert_eq!(decode::<Outer>(b"{\"name\":\"\xff\"}").unwrap_err().code(), Code::MalformedJson);
    }
}
