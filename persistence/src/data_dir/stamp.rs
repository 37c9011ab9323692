//! Small text files that people can read and nobody can change unnoticed.
//!
//! ```text
//! holdfast data directory          what it is
//! format: 1                        before anything else, so that every version can read it
//! generation: 0190…                further lines, `name: value`
//! crc32c: 1f2e3d4c                 of all bytes before this line
//! ```

use std::fmt::{Display, Write as _};

/// Writes such a text.
pub(super) struct Stamp {
    text: String,
}

impl Stamp {
    pub(super) fn new(title: &str, format: u32) -> Self {
        Self { text: format!("{title}\nformat: {format}\n") }
    }

    pub(super) fn line(mut self, name: &str, value: impl Display) -> Self {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{name}: {value}");
        self
    }

    pub(super) fn finish(mut self) -> String {
        let crc = crc32c::crc32c(self.text.as_bytes());
        let _ = writeln!(self.text, "crc32c: {crc:08x}");
        self.text
    }
}

/// Why a text is not one of these.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StampError {
    /// It begins with something else.
    OtherTitle,
    /// It is one of a newer format.
    Newer(u32),
    /// It is one, but not as it was written.
    Damaged(String),
}

/// The lines of a text that was read and found unchanged.
#[derive(Debug)]
pub(super) struct Lines<'a>(Vec<(&'a str, &'a str)>);

/// Reads such a text: the title, then the format, then the checksum, and only then anything else.
pub(super) fn read<'a>(bytes: &'a [u8], title: &str, format: u32) -> Result<Lines<'a>, StampError> {
    let wrong = |detail: &str| StampError::Damaged(detail.to_owned());
    let rest = bytes.strip_prefix(title.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
    let rest = rest.ok_or(StampError::OtherTitle)?;
    let rest = std::str::from_utf8(rest).map_err(|_| wrong("it is not text"))?;
    let (head, _) = rest.split_once('\n').ok_or_else(|| wrong("it is cut off"))?;
    let found = head.strip_prefix("format: ").and_then(|number| number.parse::<u32>().ok());
    match found {
        Some(found) if found == format => {}
        Some(found) if found > format => return Err(StampError::Newer(found)),
        _ => return Err(wrong("its format is not a number this version knows")),
    }

    let (body, last) = rest.trim_end_matches('\n').rsplit_once('\n').ok_or_else(|| wrong("it is cut off"))?;
    let crc = last.strip_prefix("crc32c: ").and_then(|crc| u32::from_str_radix(crc, 16).ok());
    let checked = bytes.get(..title.len() + 1 + body.len() + 1).unwrap_or_default();
    if crc != Some(crc32c::crc32c(checked)) {
        return Err(wrong("its checksum is wrong"));
    }
    let lines =
        body.lines().skip(1).map(|line| line.split_once(": ").ok_or_else(|| wrong("a line has no name")));
    lines.collect::<Result<_, _>>().map(Lines)
}

impl<'a> Lines<'a> {
    /// The value of the first line of a name.
    pub(super) fn get(&self, name: &str) -> Result<&'a str, StampError> {
        self.all(name).next().ok_or_else(|| StampError::Damaged(format!("it has no line {name:?}")))
    }

    /// A value that is a number in hexadecimal or decimal digits.
    pub(super) fn number<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StampError> {
        parse(self.get(name)?)
            .ok_or_else(|| StampError::Damaged(format!("its line {name:?} is not a number")))
    }

    /// The values of all lines of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| *found == name).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        Stamp::new("a title", 3).line("one", 1).line("two", "zwei: 2").finish()
    }

    #[test]
    fn what_was_written_is_read() {
        let text = text();
        let lines = read(text.as_bytes(), "a title", 3).unwrap();
        assert_eq!(lines.number("one", |one| one.parse().ok()), Ok(1));
        assert_eq!(lines.get("two"), Ok("zwei: 2"));
        assert!(lines.get("three").is_err());
    }

    #[test]
    fn a_newer_format_is_named_whatever_else_it_changed() {
        assert_eq!(
            read(b"a title\nformat: 4\n\xff\xff", "a title", 3).err(),
            Some(StampError::Damaged("it is not text".into()))
        );
        assert_eq!(
            read(b"a title\nformat: 4\nno names here", "a title", 3).err(),
            Some(StampError::Newer(4))
        );
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_seen() {
        let text = text();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            assert!(read(&changed, "a title", 3).is_err(), "byte {at}");
            // Only the last line feed may be missing.
            assert!(
                at + 1 == text.len() || read(&text.as_bytes()[..at], "a title", 3).is_err(),
                "cut at {at}"
            );
        }
    }
}
