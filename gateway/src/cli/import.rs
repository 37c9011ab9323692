//! `holdfast import`: a file of lines to a running server, in requests it will take, each repeatable on its own.

use std::io::Read;
use std::path::Path;

use holdfast_gateway::Exit;
use serde_json::{Value, json};

use super::args::ImportArgs;
use super::{advice, print};

/// Bytes of one request, far below what a server takes; a failure then costs little to repeat.
const REQUEST_BYTES: usize = 8 << 20;

/// Sends the file.
pub(crate) async fn run(args: ImportArgs) -> Exit {
    match send_all(&args).await {
        Ok(0) => Exit::Ok,
        Ok(refused) => {
            advice::say(&format!(
                "{refused} lines were refused; see their problems, mend them, and send them again"
            ));
            Exit::Runtime
        }
        Err(why) => {
            advice::say(&why);
            Exit::Runtime
        }
    }
}

async fn send_all(args: &ImportArgs) -> Result<u64, String> {
    let text = read(&args.file)?;
    let key = args.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let client = reqwest::Client::new();
    let url = format!("{}/v1/import?dry_run={}", args.url.trim_end_matches('/'), args.dry_run);
    let mut sums = Sums::default();
    let mut lines_before = 0;
    for (number, part) in parts(&text).enumerate() {
        let request = client
            .post(&url)
            .header("content-type", "application/x-ndjson")
            .header("idempotency-key", format!("{key}-{number}"))
            .body(part.to_vec());
        send(request, lines_before, &mut sums)
            .await
            .map_err(|why| format!("{why}\nto finish, run the same again with --idempotency-key {key}"))?;
        lines_before += part.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    let summary = json!({"summary": {
        "lines": sums.lines, "created": sums.created, "updated": sums.updated, "unchanged": sums.unchanged,
        "errors": sums.errors, "dry_run": args.dry_run
    }});
    data(&summary)?;
    Ok(sums.errors)
}

#[derive(Default)]
struct Sums {
    lines: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    errors: u64,
}

impl Sums {
    fn add(&mut self, summary: &Value) {
        let of = |name: &str| summary.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.lines += of("lines");
        self.created += of("created");
        self.updated += of("updated");
        self.unchanged += of("unchanged");
        self.errors += of("errors");
    }
}

async fn send(request: reqwest::RequestBuilder, lines_before: u64, sums: &mut Sums) -> Result<(), String> {
    let unreachable = |error: reqwest::Error| {
        format!("the server cannot be reached: {}; is it running, and is --url right?", with_causes(&error))
    };
    let mut response = request.send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        let status = response.status();
        let problem = response.text().await.unwrap_or_default();
        return Err(format!("the server refused the import ({status}): {problem}"));
    }
    let mut rest = Vec::new();
    let mut ended = false;
    while let Some(piece) = response.chunk().await.map_err(unreachable)? {
        rest.extend_from_slice(&piece);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            ended |= result(&line, lines_before, sums)?;
        }
    }
    if ended { Ok(()) } else { Err("the server's answer broke off".to_owned()) }
}

/// Passes one line of the answer on; says whether it was the last one.
fn result(line: &[u8], lines_before: u64, sums: &mut Sums) -> Result<bool, String> {
    let mut line: Value = serde_json::from_slice(line)
        .map_err(|_| "the server answered something that is no result".to_owned())?;
    if let Some(summary) = line.get("summary") {
        sums.add(summary);
        return Ok(true);
    }
    if let Some(number) = line.get_mut("line") {
        // The server counts within its request, the reader within the file.
        *number = json!(number.as_u64().unwrap_or(0) + lines_before);
    }
    data(&line)?;
    Ok(false)
}

fn data(value: &Value) -> Result<(), String> {
    match print(&format!("{value}\n")) {
        Exit::Ok => Ok(()),
        _ => Err("the results cannot be written".to_owned()),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    if file == Path::new("-") {
        let mut text = Vec::new();
        return match std::io::stdin().lock().read_to_end(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(format!("stdin cannot be read: {error}")),
        };
    }
    std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

/// Cuts the text into pieces of whole lines, each at most [`REQUEST_BYTES`] unless one line alone is longer.
fn parts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let window = rest.get(..REQUEST_BYTES).unwrap_or(rest);
        let whole = window.len() == rest.len();
        let end = match window.iter().rposition(|byte| *byte == b'\n') {
            _ if whole => rest.len(),
            Some(end) => end + 1,
            None => rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1),
        };
        let (part, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(part)
    })
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_lines_and_leave_nothing_out() {
        let line = format!("{}\n", "x".repeat(1 << 20));
        let text = line.repeat(20).into_bytes();
        let cut: Vec<_> = parts(&text).collect();
        assert!(cut.len() > 2 && cut.iter().all(|part| part.len() <= REQUEST_BYTES && part.ends_with(b"\n")));
        assert_eq!(cut.concat(), text);
        let long = "y".repeat(REQUEST_BYTES + 5);
        let cut: Vec<_> = parts(long.as_bytes()).collect();
        assert_eq!(cut, [long.as_bytes()]);
        assert_eq!(parts(b"").count(), 0);
    }
}
