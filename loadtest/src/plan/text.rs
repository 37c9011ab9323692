//! Notes and names as the server takes them.

/// Longest text the server takes as the reason of a correction, and longer than any name.
const TEXT_BYTES_MAX: usize = 200;

/// The text without control characters and without white space around it, cut where it would be too long.
pub(super) fn printable(text: &str) -> String {
    let mut kept = String::new();
    for c in text.trim().chars().filter(|c| !c.is_control()) {
        if kept.len() + c.len_utf8() > TEXT_BYTES_MAX {
            break;
        }
        kept.push(c);
    }
    kept.trim().to_owned()
}
