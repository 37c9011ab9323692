//! The order stream that tests replay: the real one where it is at hand, a made-up one where it is not.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use holdfast_loadtest::csv_stream::read_file;
use holdfast_loadtest::row::Row;
use holdfast_loadtest::synth::{Synth, products};

/// Rows to replay, and where they come from.
pub(crate) struct Stream {
    pub(crate) rows: Vec<Row>,
    pub(crate) is_real: bool,
}

/// Names the file of the real stream.
const VARIABLE: &str = "HOLDFAST_ORDER_STREAM";

/// The real stream, or a made-up one of about as many invoices, which is said on stderr.
pub(crate) fn stream(invoices: usize) -> Stream {
    let path = path();
    if path.exists() {
        let rows = read_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return Stream { rows, is_real: true };
    }
    // Not through `eprintln`, which the test runner keeps to itself when the test passes.
    let _ = writeln!(
        std::io::stderr(),
        "{} is not there: this test runs on a made-up stream; {VARIABLE} can name the file",
        path.display()
    );
    let rows = Synth { seed: 1, orders: invoices * 4 / 5 }.rows(&products(3_600));
    Stream { rows, is_real: false }
}

fn path() -> PathBuf {
    match std::env::var_os(VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/online_retail_train.csv.gz"),
    }
}
