//! The page of behaviours tells the truth: what it names is there.

use std::fs;
use std::path::{Path, PathBuf};

/// One row of the page's tables.
struct Row {
    behaviour: String,
    /// File and function of each test.
    tests: Vec<(String, String)>,
    /// Each decision's file.
    decisions: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/behaviours.md")).unwrap();
    let tables =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| What is expected"));
    tables.map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.trim_matches('|').split(" | ").collect();
    let [behaviour, tests, differs] = cells[..] else { panic!("three columns: {line}") };
    // What stands between backticks, and what stands between a link's parentheses.
    let tests = tests.split('`').skip(1).step_by(2).map(|test| {
        let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("a file and a function: {test}"));
        (file.to_owned(), name.to_owned())
    });
    let links = differs.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    Row {
        behaviour: behaviour.trim().to_owned(),
        tests: tests.collect(),
        decisions: links.map(|(link, _)| link.to_owned()).collect(),
    }
}

/// Whether a source has a test of this name.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let (mut is_test, mut is_ignored) = (false, false);
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            // One that is left out of the run asserts nothing.
            is_test |= line.starts_with("#[test") || line.starts_with("#[tokio::test");
            is_ignored |= line.starts_with("#[ignore");
            continue;
        }
        if is_test && !is_ignored && line.trim_start_matches("async ").starts_with(&head) {
            return true;
        }
        (is_test, is_ignored) = (false, false);
    }
    false
}

#[test]
fn every_behaviour_has_a_test_that_is_there_or_a_decision_that_says_why_not() {
    let rows = rows();
    assert!(rows.len() >= 60, "the page has {} rows", rows.len());
    for Row { behaviour, tests, decisions } in rows {
        assert!(!tests.is_empty() || !decisions.is_empty(), "nothing stands behind: {behaviour}");
        for (file, name) in tests {
            let source = fs::read_to_string(root().join(&file)).unwrap_or_default();
            assert!(has_test(&source, &name), "{behaviour}: {file} has no test {name}");
        }
        for decision in decisions {
            assert!(root().join("docs").join(&decision).is_file(), "{behaviour}: there is no {decision}");
        }
    }
}

#[test]
fn a_function_that_is_no_test_or_is_never_run_does_not_count() {
    let source = "
        #[test]
        fn first() {}
        fn second() {}
        #[tokio::test]
        async fn third() {}
        #[test]
        #[ignore]
        fn fourth() {}
    ";
    let found = ["first", "second", "third", "fourth", "fir"].map(|name| has_test(source, name));
    assert_eq!(found, [true, false, true, false, false]);
}
