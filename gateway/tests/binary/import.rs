use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::process::{Server, holdfast, serve};

fn lines(output: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_file_is_sent_and_its_results_are_printed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(serve(&dir.path().join("data")));
    let file = dir.path().join("products.ndjson");
    std::fs::write(&file, "{\"sku\":\"A\",\"stock\":{\"main\":5}}\n{\"sku\":\"B\"}").unwrap();
    let import = |extra: &[&str]| {
        let mut command = holdfast();
        command.arg("import").arg(&file).args(["--url", &server.url]).args(extra);
        command.output().unwrap()
    };
    let rehearsed = import(&["--dry-run"]);
    assert!(rehearsed.status.success(), "{rehearsed:?}");
    assert_eq!(lines(&rehearsed.stdout)[2]["summary"]["created"], 2);
    let done = import(&[]);
    let results = lines(&done.stdout);
    assert_eq!((&results[0]["status"], &results[1]["sku"]), (&"created".into(), &"B".into()));
    assert_eq!(results[2]["summary"]["dry_run"], false);
    assert_eq!(lines(&import(&[]).stdout)[2]["summary"]["unchanged"], 2);
}

#[test]
fn lines_that_were_refused_make_it_fail() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(serve(&dir.path().join("data")));
    let mut command = holdfast();
    command.args(["import", "-", "--url", &server.url]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"sku\":\"A\"}\nnope\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let results = lines(&output.stdout);
    assert_eq!((&results[1]["line"], &results[1]["status"]), (&2.into(), &"error".into()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 lines were refused"));
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let mut command = holdfast();
    let output = command.args(["import", "/dev/null", "--url", "http://127.0.0.1:1"]).output().unwrap();
    assert!(output.status.success(), "nothing to send is no failure");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("one");
    std::fs::write(&file, "{\"sku\":\"A\"}\n").unwrap();
    let output = holdfast().arg("import").arg(&file).args(["--url", "http://127.0.0.1:1"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be reached") && said.contains("--idempotency-key"), "{said}");
}
