//! Every bound of the edge, by name. What exceeds one gets an answer, never a hang.

use std::time::Duration;

/// Most bytes of a JSON request body; beyond it 413.
pub(crate) const JSON_BYTES_MAX: usize = 1 << 20;
/// Most bytes of an import; beyond it the stream ends with an error line.
pub(crate) const IMPORT_BYTES_MAX: usize = 64 << 20;
/// Most bytes of one line of an import.
pub(crate) const IMPORT_LINE_BYTES_MAX: usize = 64 << 10;
/// Lines of an import that are under way at once.
pub(crate) const IMPORT_LINES_IN_FLIGHT: usize = 256;
/// Most bytes of a batch; beyond it 413.
pub(crate) const BATCH_BYTES_MAX: usize = 4 << 20;
/// Most operations of a batch.
pub(crate) const BATCH_OPERATIONS_MAX: usize = 2_000;
/// Most lines of a basket whose sourcing is explained: each names every location of its product.
pub(crate) const EXPLAINED_LINES_MAX: usize = 100;
/// Operations of a batch that are under way at once. Far below what the core takes, so that a few batches do not keep
/// everybody else out.
pub(crate) const BATCH_OPERATIONS_IN_FLIGHT: usize = 512;
/// Bytes of a refused body that are read and dropped, so that the client gets to read the refusal.
pub(crate) const REFUSED_BODY_BYTES_MAX: usize = 16 << 20;
/// Most bytes of a request's head.
pub(crate) const HEADER_BYTES_MAX: usize = 32 << 10;
/// Longest idempotency key, in characters.
pub(crate) const IDEMPOTENCY_KEY_MAX: usize = 255;
/// Longest request id taken over from a client.
pub(crate) const REQUEST_ID_MAX: usize = 64;
/// Field errors named in one answer; a hopeless body is not worth a long one.
pub(crate) const FIELD_ERRORS_MAX: usize = 100;
/// Most members of a reservation's metadata.
pub(crate) const METADATA_KEYS_MAX: usize = 50;
/// Most bytes of a key of the metadata.
pub(crate) const METADATA_KEY_BYTES_MAX: usize = 40;
/// Most bytes of a value of the metadata.
pub(crate) const METADATA_VALUE_BYTES_MAX: usize = 500;
/// Most bytes of the metadata in all, as JSON.
pub(crate) const METADATA_BYTES_MAX: usize = 8 << 10;
/// Most bytes of a shipping address, as JSON.
pub(crate) const SHIP_TO_BYTES_MAX: usize = 2 << 10;
/// Most bytes of a reason or reference.
pub(crate) const REASON_BYTES_MAX: usize = 200;
/// Longest name of a payment provider or method.
pub(crate) const PAYMENT_NAME_BYTES_MAX: usize = 64;
/// Entries of a page when the caller names no number.
pub(crate) const PAGE_DEFAULT: usize = 50;
/// Most entries of a page.
pub(crate) const PAGE_MAX: usize = 100;
/// Connections at once, unless configured otherwise.
pub(crate) const CONNECTIONS_MAX: usize = 10_000;
/// Streams of live stock that are open at once, unless configured otherwise. Each has a connection to itself.
pub(crate) const STREAMS_MAX: usize = 1_000;
/// How long a stream is silent before it says that it is there, unless configured otherwise.
pub(crate) const STREAM_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Connections of the admin listener at once.
pub(crate) const ADMIN_CONNECTIONS_MAX: usize = 64;
/// How long the head of a request may take, from when the connection is ready for it.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a whole request may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a drain waits for requests under way, unless configured otherwise.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after the operating system refused to accept a connection, for lack of descriptors for example.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const _: () = assert!(IMPORT_LINE_BYTES_MAX <= JSON_BYTES_MAX);
const _: () = assert!(STREAMS_MAX < CONNECTIONS_MAX);
const _: () = assert!(PAGE_DEFAULT <= PAGE_MAX);
