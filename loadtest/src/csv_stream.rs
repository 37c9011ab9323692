//! Order streams on disk: the CSV format of the "Online Retail" data set, plain or gzipped.
//!
//! Whether a file is compressed is decided by its first two bytes and not by its name. A row that cannot be read
//! stops the reading, with the number of its line: a replay that skipped rows in silence would audit a different
//! stream than the one it was given.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::money::is_price;
use crate::row::Row;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Longest invoice number: it becomes a part of an idempotency key.
const INVOICE_BYTES_MAX: usize = 64;

/// Most units in one row. It keeps every sum over a file far inside 64 bits.
const QUANTITY_MAX: u64 = 1_000_000_000;

/// Why an order stream could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file is not there, or may not be read.
    #[error("cannot open {path}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not CSV with the columns expected, or bytes that are not UTF-8, or a damaged archive.
    #[error("line {line}: not a row of the order stream")]
    Csv {
        /// Line the row begins on, counted from 1.
        line: u64,
        /// What the parser says.
        source: csv::Error,
    },
    /// A column holds something else than it should.
    #[error("line {line}: {column} is {value:?}, expected {expected}")]
    Column {
        /// Line the row begins on, counted from 1.
        line: u64,
        /// Name of the column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What should stand there.
        expected: &'static str,
    },
}

/// Why an order stream could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the order stream")]
pub struct WriteError(#[from] csv::Error);

#[derive(Debug, Serialize, Deserialize)]
struct Record<'a> {
    #[serde(rename = "InvoiceNo")]
    invoice: &'a str,
    #[serde(rename = "StockCode")]
    stock_code: &'a str,
    #[serde(rename = "Description")]
    description: &'a str,
    #[serde(rename = "Quantity")]
    quantity: &'a str,
    #[serde(rename = "InvoiceDate")]
    at: &'a str,
    #[serde(rename = "UnitPrice")]
    unit_price: &'a str,
    #[serde(rename = "CustomerID")]
    customer: &'a str,
    #[serde(rename = "Country")]
    country: &'a str,
}

/// Reads a whole stream from a file.
///
/// # Errors
/// [`ReadError`] at the first row that cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<Row>, ReadError> {
    let opened = |source| ReadError::Open { path: path.to_owned(), source };
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(opened)?);
    let start = file.fill_buf().map_err(opened)?;
    if start.starts_with(&GZIP_MAGIC) { read(MultiGzDecoder::new(file)) } else { read(file) }
}

/// Reads a whole stream of plain CSV.
///
/// # Errors
/// [`ReadError`] at the first row that cannot be read.
pub fn read(source: impl Read) -> Result<Vec<Row>, ReadError> {
    let mut reader = csv::Reader::from_reader(source);
    let headers = reader.headers().map_err(|source| ReadError::Csv { line: 1, source })?.clone();
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    loop {
        let line_before = reader.position().line();
        let more = reader.read_record(&mut record).map_err(|source| ReadError::Csv {
            line: source.position().map_or(line_before, |at| at.line()),
            source,
        })?;
        if !more {
            return Ok(rows);
        }
        let line = record.position().map_or(line_before, |at| at.line());
        let fields: Record<'_> =
            record.deserialize(Some(&headers)).map_err(|source| ReadError::Csv { line, source })?;
        rows.push(fields.into_row(line)?);
    }
}

/// Writes rows as plain CSV, so that what [`read`] reads back is equal but for the line numbers.
///
/// # Errors
/// If the sink fails.
pub fn write(rows: &[Row], sink: impl Write) -> Result<(), WriteError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(sink);
    for row in rows {
        writer.serialize(Record {
            invoice: &row.invoice,
            stock_code: &row.stock_code,
            description: &row.description,
            quantity: &row.quantity.to_string(),
            at: &row.at.to_string(),
            unit_price: &row.unit_price.to_string(),
            customer: row.customer.as_deref().unwrap_or_default(),
            country: &row.country,
        })?;
    }
    writer.flush().map_err(csv::Error::from)?;
    Ok(())
}

impl Record<'_> {
    fn into_row(self, line: u64) -> Result<Row, ReadError> {
        let refused = |column, value: &str, expected| ReadError::Column {
            line,
            column,
            value: value.to_owned(),
            expected,
        };
        if self.invoice.is_empty() || self.invoice.len() > INVOICE_BYTES_MAX {
            return Err(refused("InvoiceNo", self.invoice, "1 to 64 bytes"));
        }
        let quantity = (self.quantity.parse().ok())
            .filter(|units: &i64| units.unsigned_abs() <= QUANTITY_MAX)
            .ok_or_else(|| refused("Quantity", self.quantity, "whole units, signed, at most 10^9"))?;
        let at: DateTime = self
            .at
            .parse()
            .map_err(|_| refused("InvoiceDate", self.at, "a local time like 2010-12-01T08:26:00"))?;
        let unit_price = (Decimal::from_str_exact(self.unit_price).ok())
            .filter(|price| is_price(*price))
            .ok_or_else(|| refused("UnitPrice", self.unit_price, "a decimal number, at most 4 decimals"))?;
        Ok(Row {
            line,
            invoice: SmolStr::new(self.invoice),
            stock_code: SmolStr::new(self.stock_code),
            description: SmolStr::new(self.description),
            quantity,
            at,
            unit_price,
            customer: (!self.customer.is_empty()).then(|| SmolStr::new(self.customer)),
            country: SmolStr::new(self.country),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    #[test]
    fn rows_keep_commas_quotes_and_missing_customers() {
        let text = format!(
            "{HEADER}536365,85123A,\"HEART, \"\"WHITE\"\"\",6,2010-12-01T08:26:00,2.55,17850,United Kingdom\n\
             536414,22139,,56,2010-12-01T11:52:00,0.001,,Unspecified\n"
        );
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows[0].description, "HEART, \"WHITE\"");
        assert_eq!((rows[0].line, rows[1].line), (2, 3));
        assert_eq!(rows[1].customer, None);
        assert_eq!(rows[1].unit_price.to_string(), "0.001");
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        let cases = [
            ("536365,85123A,X,six,2010-12-01T08:26:00,2.55,1,UK\n", "line 2: Quantity is \"six\""),
            ("536365,85123A,X,6,yesterday,2.55,1,UK\n", "line 2: InvoiceDate"),
            ("536365,85123A,X,6,2010-12-01T08:26:00,2p,1,UK\n", "line 2: UnitPrice"),
            ("536365,85123A,X,6,2010-12-01T08:26:00,2.55,1\n", "line 2: not a row"),
            (",85123A,X,6,2010-12-01T08:26:00,2.55,1,UK\n", "line 2: InvoiceNo"),
        ];
        for (line, expected) in cases {
            let error = read(format!("{HEADER}{line}").as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_gzip_is_seen_by_content() {
        let text = format!("{HEADER}C536379,D,Discount,-1,2010-12-01T09:41:00,27.5,14527,United Kingdom\n");
        let rows = read(text.as_bytes()).unwrap();
        let mut written = Vec::new();
        write(&rows, &mut written).unwrap();
        assert_eq!(String::from_utf8(written.clone()).unwrap(), text);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("named-like-plain.csv");
        let mut packed =
            flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        packed.write_all(&written).unwrap();
        packed.finish().unwrap();
        assert_eq!(read_file(&path).unwrap(), rows);
    }
}
