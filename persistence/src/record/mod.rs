//! What an event looks like as bytes: one set of archived types per format version.
//!
//! The types of a version never change once a journal was written with them. A change of an event gets a module of
//! the next version, and the older one learns to turn its records into today's events, so that every journal that
//! was ever written can be replayed. Golden files in `tests/golden/` hold each version to its bytes.
//!
//! Writing cannot fail on an event the engine made. Reading can: bytes from a disk are checked, and every name,
//! quantity and amount goes through the same door in the engine that a request goes through.

pub(crate) mod v1;

use holdfast_engine::NameError;

/// Why a record that is sound as bytes is not an event. Means a defect in whatever wrote it, never a torn write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A text is not a name of its kind.
    #[error("{field}: {source}")]
    Name {
        /// Which part of the record.
        field: &'static str,
        /// The rule it breaks.
        source: NameError,
    },
    /// A number is outside what its type allows.
    #[error("{field}: {value} is out of range")]
    OutOfRange {
        /// Which part of the record.
        field: &'static str,
        /// The number found.
        value: i128,
    },
    /// A currency is not three capital letters with 0 to 4 decimals.
    #[error("currency: {code:?} with {exponent} decimals is none")]
    Currency {
        /// The three bytes found.
        code: [u8; 3],
        /// The decimals found.
        exponent: u8,
    },
}
