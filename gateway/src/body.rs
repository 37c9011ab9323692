//! Reading a request's body, bounded.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, EXPECT, HeaderMap};

use crate::limits::REFUSED_BODY_BYTES_MAX;
use crate::problem::{Code, Problem};

/// Reads a body of at most so many bytes whole, into memory of its own: the connection's read buffer is then free for the
/// next request while this one waits for the journal.
pub(crate) async fn read_up_to<B>(max: usize, headers: &HeaderMap, mut body: B) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > max as u64 {
        // Who asked first need not send it.
        if !headers.contains_key(EXPECT) {
            discard(&mut body).await;
        }
        return Err(too_large(max));
    }
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > max {
        discard(&mut body).await;
        return Err(too_large(max));
    }
    if body.is_end_stream() {
        return Ok(Bytes::copy_from_slice(&first));
    }
    let mut whole = BytesMut::from(first.as_ref());
    while let Some(piece) = next(&mut body).await? {
        if whole.len() + piece.len() > max {
            discard(&mut body).await;
            return Err(too_large(max));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The next piece of data.
async fn next<B>(body: &mut B) -> Result<Option<Bytes>, Problem>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => return Ok(Some(data)),
            // Trailers mean nothing here.
            Ok(Err(_)) => {}
            Err(_) => return Err(Problem::new(Code::BadRequest, "the body broke off")),
        }
    }
    Ok(None)
}

/// Reads on without keeping anything, so that a client that writes before it reads gets to see the refusal.
async fn discard<B>(body: &mut B)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut left = REFUSED_BODY_BYTES_MAX;
    while let Ok(Some(piece)) = next(body).await {
        match left.checked_sub(piece.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn too_large(max: usize) -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("the body may have at most {max} bytes"))
}

/// Checks that a body says it is of this media type. Parameters are allowed; a charset other than UTF-8 is not.
pub(crate) fn expect_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    if given == Some(expected.as_bytes()) {
        return Ok(());
    }
    let fits = given.and_then(|given| std::str::from_utf8(given).ok()).is_some_and(|given| {
        let mut parts = given.split(';').map(str::trim);
        parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(expected))
            && parts.all(|parameter| {
                let charset = parameter.to_ascii_lowercase();
                charset.strip_prefix("charset=").is_none_or(|name| name.trim_matches('"') == "utf-8")
            })
    });
    if fits {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, format!("send the body as Content-Type: {expected}")))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn media_types_are_compared_as_they_are_meant() {
        let check = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            expect_type(&headers, "application/json").is_ok()
        };
        assert!(check("application/json"));
        assert!(check("Application/JSON; charset=UTF-8"));
        assert!(check("application/json;charset=\"utf-8\";x=1"));
        assert!(!check("application/json; charset=latin1"));
        assert!(!check("application/jsonp"));
        assert!(!check("text/plain"));
        assert!(!check(""));
        assert!(expect_type(&HeaderMap::new(), "application/json").is_err());
    }
}
