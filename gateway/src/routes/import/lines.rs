//! Splits a body into lines as it arrives, each bounded.

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};

use crate::limits::{IMPORT_BYTES_MAX, IMPORT_LINE_BYTES_MAX, REQUEST_TIMEOUT};
use crate::problem::{Code, Problem};

/// One line: its number from 1, and its text or why there is none.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: Result<Bytes, Problem>,
}

/// A body on its way in.
pub(super) struct Lines {
    body: BodyDataStream,
    buffer: BytesMut,
    /// Bytes at the buffer's start known to hold no line's end.
    scanned: usize,
    /// Bytes read so far.
    total: usize,
    /// The number of the line the buffer begins with.
    number: u64,
    /// Whether that line was too long and is being passed over.
    too_long: bool,
    ended: bool,
}

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body: body.into_data_stream(),
            buffer: BytesMut::new(),
            scanned: 0,
            total: 0,
            number: 1,
            too_long: false,
            ended: false,
        }
    }

    /// The lines that are not blank.
    pub(super) fn into_stream(self) -> impl Stream<Item = Line> + Send {
        stream::unfold(self, |mut lines| async move {
            let line = lines.next().await?;
            Some((line, lines))
        })
    }

    async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.take_line() {
                if !is_blank(&line) {
                    return Some(line);
                }
                continue;
            }
            if self.ended {
                return None;
            }
            if self.buffer.len() > IMPORT_LINE_BYTES_MAX {
                self.too_long = true;
                self.buffer.clear();
                self.scanned = 0;
            }
            match tokio::time::timeout(REQUEST_TIMEOUT, self.body.next()).await {
                Ok(Some(Ok(piece))) if self.total + piece.len() <= IMPORT_BYTES_MAX => {
                    self.total += piece.len();
                    self.buffer.extend_from_slice(&piece);
                }
                Ok(Some(Ok(_))) => {
                    let detail = format!(
                        "an import may have at most {IMPORT_BYTES_MAX} bytes; send the rest as another"
                    );
                    return Some(self.end(Problem::new(Code::PayloadTooLarge, detail)));
                }
                Ok(Some(Err(_))) => {
                    return Some(self.end(Problem::new(Code::BadRequest, "the body broke off")));
                }
                Ok(None) => self.ended = true,
                Err(_) => {
                    let detail = "no more of the body came for too long";
                    return Some(self.end(Problem::new(Code::RequestTimeout, detail)));
                }
            }
        }
    }

    /// The first line in the buffer, if its end is there.
    fn take_line(&mut self) -> Option<Line> {
        let unseen = self.buffer.get(self.scanned..).unwrap_or_default();
        let text = match unseen.iter().position(|byte| *byte == b'\n') {
            Some(end) => self.buffer.split_to(self.scanned + end + 1),
            None if self.ended && (self.too_long || !self.buffer.is_empty()) => self.buffer.split(),
            None => {
                self.scanned = self.buffer.len();
                return None;
            }
        };
        self.scanned = 0;
        let number = self.number;
        self.number += 1;
        let too_long = std::mem::take(&mut self.too_long) || text.len() > IMPORT_LINE_BYTES_MAX + 1;
        Some(Line { number, text: if too_long { Err(line_too_long()) } else { Ok(text.freeze()) } })
    }

    /// No more lines after this error.
    fn end(&mut self, problem: Problem) -> Line {
        self.ended = true;
        self.too_long = false;
        self.buffer.clear();
        self.scanned = 0;
        Line { number: self.number, text: Err(problem) }
    }
}

fn is_blank(line: &Line) -> bool {
    line.text.as_ref().is_ok_and(|text| text.iter().all(u8::is_ascii_whitespace))
}

fn line_too_long() -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("a line may have at most {IMPORT_LINE_BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn split(pieces: Vec<&'static [u8]>) -> Vec<(u64, Option<String>)> {
        let body = stream::iter(pieces.into_iter().map(Ok::<_, std::convert::Infallible>));
        let lines = Lines::new(Body::from_stream(body)).into_stream();
        let text = |line: Line| {
            (line.number, line.text.ok().map(|text| String::from_utf8_lossy(&text).trim_end().to_owned()))
        };
        lines.map(text).collect().await
    }

    fn line(number: u64, text: &str) -> (u64, Option<String>) {
        (number, Some(text.to_owned()))
    }

    #[tokio::test]
    async fn lines_do_not_depend_on_how_the_body_arrives() {
        let expected = vec![line(1, "a"), line(3, "bc"), line(4, "d")];
        assert_eq!(split(vec![b"a\r\n\nbc\nd"]).await, expected);
        assert_eq!(split(vec![b"a", b"\r", b"\n", b"\nb", b"c\n", b"d", b"\n"]).await, expected);
        assert_eq!(split(vec![]).await, vec![]);
    }

    #[tokio::test]
    async fn a_line_too_long_does_not_take_the_next_one_with_it() {
        const LONG: &[u8] = &[b'x'; IMPORT_LINE_BYTES_MAX];
        assert_eq!(split(vec![LONG, LONG, b"x\nnext\n"]).await, vec![(1, None), line(2, "next")]);
        assert_eq!(split(vec![LONG, LONG]).await, vec![(1, None)]);
        assert!(split(vec![LONG, b"\n"]).await.first().unwrap().1.is_some());
    }
}
