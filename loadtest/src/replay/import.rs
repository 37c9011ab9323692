//! Products and opening stock, before anything is sold.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::context::Context;
use crate::client::{Kind, Unanswered};
use crate::money::CURRENCY;

/// Products in one request.
const CHUNK: usize = 1_000;

/// Why the shelves could not be filled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No usable answer.
    #[error("the import was not answered")]
    Unanswered(#[from] Unanswered),
    /// The server did not take a product.
    #[error("the import of {sku} was refused: {why}")]
    Refused {
        /// Which product.
        sku: SmolStr,
        /// In the server's words.
        why: String,
    },
    /// The server's answer does not speak of as many products as were sent.
    #[error("{sent} products were sent and {answered} answered")]
    Incomplete {
        /// Lines sent.
        sent: usize,
        /// Lines answered.
        answered: usize,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    sku: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
    stock: Stock,
}

#[derive(Serialize)]
struct Price {
    amount: String,
    currency: &'static str,
}

/// Counts by location: all of it lies at the one the server means when none is named.
#[derive(Serialize)]
struct Stock {
    main: u64,
}

#[derive(Deserialize)]
struct Taken {
    sku: Option<SmolStr>,
    status: Option<SmolStr>,
    #[serde(default)]
    problem: serde_json::Value,
}

/// Sends every product with its opening stock.
///
/// # Errors
/// If one of them is not taken.
pub async fn import(context: &Context) -> Result<(), ImportError> {
    let lines: Vec<Vec<u8>> = context
        .ledger
        .opening()
        .iter()
        .map(|(sku, units)| {
            let listing = context.plan.catalogue.get(sku);
            let price = listing.and_then(|listing| listing.price);
            let line = Line {
                sku: sku.as_str(),
                name: listing.map_or("", |listing| &listing.name),
                price: price.map(|price| Price { amount: price.to_string(), currency: CURRENCY }),
                stock: Stock { main: *units },
            };
            serde_json::to_vec(&line).unwrap_or_default()
        })
        .collect();
    for (number, chunk) in lines.chunks(CHUNK).enumerate() {
        let key = context.keys.key("import", &number.to_string());
        let body = chunk.join(&b'\n');
        let answer = context.client.post_lines(Kind::Import, "/v1/import", &key, body).await?;
        if !answer.is_success() {
            return Err(answer.unexpected().into());
        }
        check(&answer.body, chunk.len())?;
    }
    Ok(())
}

/// One line of answer for every line sent, none of them an error.
fn check(answer: &[u8], sent: usize) -> Result<(), ImportError> {
    let lines = answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut answered = 0;
    for line in lines {
        // A line that is not JSON counts as no answer and is missed below.
        let Ok(Taken { sku, status: Some(status), problem }) = serde_json::from_slice(line) else { continue };
        answered += 1;
        if status == "error" {
            return Err(ImportError::Refused { sku: sku.unwrap_or_default(), why: problem.to_string() });
        }
    }
    if answered == sent { Ok(()) } else { Err(ImportError::Incomplete { sent, answered }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_cut_off_or_refuses_is_seen() {
        let full = b"{\"line\":1,\"sku\":\"a\",\"status\":\"created\"}\n{\"line\":2,\"sku\":\"b\",\"status\":\"created\"}\n\
            {\"summary\":{\"lines\":2}}\n";
        assert!(check(full, 2).is_ok());
        assert!(matches!(check(full, 3), Err(ImportError::Incomplete { sent: 3, answered: 2 })));
        assert!(matches!(check(&full[..60], 2), Err(ImportError::Incomplete { .. })));
        let refused =
            b"{\"line\":1,\"sku\":\"a\",\"status\":\"error\",\"problem\":{\"code\":\"validation_failed\"}}\n";
        let error = check(refused, 1).unwrap_err().to_string();
        assert!(error.contains("import of a was refused") && error.contains("validation_failed"), "{error}");
    }
}
