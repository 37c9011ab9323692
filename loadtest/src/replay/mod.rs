//! A whole replay: stream, server, import, operations, read-back, audit, report.

mod checkout;
mod context;
mod credit;
mod drive;
pub mod holds;
mod import;
mod progress;
mod read_back;
mod stock;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

pub use self::context::{Context, PaymentMix};
pub use self::drive::{DriveError, Stop, drive};
pub use self::import::{ImportError, import};
pub use self::progress::Progress;
pub use self::read_back::{NotFresh, check_fresh, read_all, read_orders, read_reservations, read_stock};

use crate::audit::audit;
use crate::client::{Client, ClientError, Keys, RetryPolicy};
use crate::csv_stream::{ReadError, read_file};
use crate::ledger::Ledger;
use crate::plan::invoice::first_invoices;
use crate::plan::opening::StockRule;
use crate::plan::{Plan, Shipping};
use crate::report::{Report, Setting, Timing};
use crate::row::Row;
use crate::server::{Server, ServerChoice, ServerError};

/// Where the stream comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file in the format of [`crate::csv_stream`].
    File {
        /// Where it is.
        path: PathBuf,
        /// Whether its rows are made up; then the report says so.
        made_up: bool,
    },
    /// Rows that are there already.
    Rows {
        /// The rows.
        rows: Vec<Row>,
        /// Whether they are made up.
        made_up: bool,
    },
}

impl Source {
    /// Rows made up by [`crate::synth`].
    pub fn made_up(rows: Vec<Row>) -> Self {
        Self::Rows { rows, made_up: true }
    }
}

/// What to replay, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The stream.
    pub source: Source,
    /// Only its first so many invoices.
    pub limit_invoices: Option<usize>,
    /// How much stock there is.
    pub rule: StockRule,
    /// Operations at once.
    pub in_flight: usize,
    /// Idempotency keys are derived from it: two runs against one server need two seeds.
    pub seed: u64,
    /// When orders leave.
    pub shipping: Shipping,
    /// How orders are paid.
    pub payments: PaymentMix,
    /// The server.
    pub server: ServerChoice,
    /// How long unanswered requests are repeated.
    pub retry: RetryPolicy,
    /// Whether a bar may be drawn.
    pub progress: bool,
}

impl Options {
    /// The usual settings for a stream: 64 in flight against a server in this process.
    pub fn new(source: Source, rule: StockRule) -> Self {
        Self {
            source,
            limit_invoices: None,
            rule,
            in_flight: 64,
            seed: 1,
            shipping: Shipping::WhenReturned,
            payments: PaymentMix::Approve,
            server: ServerChoice::Embedded { data_dir: None },
            retry: RetryPolicy::default(),
            progress: false,
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The stream.
    #[error("cannot read the order stream")]
    Read(#[from] ReadError),
    /// The server.
    #[error("no server to speak to")]
    Server(#[from] ServerError),
    /// The client.
    #[error("no client to speak with")]
    Client(#[from] ClientError),
    /// The import.
    #[error("the shelves could not be filled")]
    Import(#[from] ImportError),
    /// The state of the server.
    #[error("the run cannot begin")]
    NotFresh(#[from] NotFresh),
    /// The replay itself.
    #[error("the replay broke off")]
    Drive(#[from] DriveError),
}

/// Replays a stream and audits the result.
///
/// ```no_run
/// use holdfast_loadtest::plan::opening::StockRule;
/// use holdfast_loadtest::replay::{Options, Source, Stop, run};
/// use holdfast_loadtest::synth::{Synth, products};
///
/// # async fn example() -> Result<(), holdfast_loadtest::replay::ReplayError> {
/// let rows = Synth { seed: 7, orders: 500 }.rows(&products(400));
/// let report = run(Options::new(Source::made_up(rows), StockRule::Scarce), &Stop::default()).await?;
/// assert!(report.holds());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ReplayError`] if it could not be carried through; an audit that does not hold is a report and not an error.
pub async fn run(options: Options, stop: &Stop) -> Result<Report, ReplayError> {
    let rows = rows(&options)?;
    let plan = Plan::build(&rows, options.shipping);
    drop(rows);
    let server = Server::start(&options.server).await?;
    let context = Context {
        client: Client::new(server.url(), options.in_flight, options.retry)?,
        keys: Keys::new(options.seed),
        ledger: Ledger::new(plan.opening.opening(options.rule)),
        rule: options.rule,
        shipping: options.shipping,
        payments: options.payments,
        plan,
    };
    let report = run_on(Arc::new(context), &options, stop).await;
    // The report, or the reason for having none, comes before a server that would not stop.
    let stopped = server.stop().await;
    let mut report = report?;
    if let Err(error) = stopped {
        report.fault(format!("the server did not stop in order: {error}"));
    }
    Ok(report)
}

fn rows(options: &Options) -> Result<Vec<Row>, ReadError> {
    let rows = match &options.source {
        Source::File { path, .. } => read_file(path)?,
        Source::Rows { rows, .. } => rows.clone(),
    };
    Ok(match options.limit_invoices {
        Some(limit) => first_invoices(&rows, limit),
        None => rows,
    })
}

async fn run_on(context: Arc<Context>, options: &Options, stop: &Stop) -> Result<Report, ReplayError> {
    let began = Instant::now();
    import(&context).await?;
    check_fresh(&context, options.in_flight).await?;
    let imported = began.elapsed();

    let began = Instant::now();
    let progress = match options.progress {
        true => Progress::bar(context.plan.operations.len() as u64),
        false => Progress::hidden(),
    };
    let operations = drive(&context, options.in_flight, stop, &progress).await?;
    progress.finish();
    let replayed = began.elapsed();

    let began = Instant::now();
    let book = context.ledger.snapshot();
    let found = match stop.is_asked() {
        true => None,
        false => Some(read_all(&context, &book, options.in_flight).await),
    };
    let (found, unread) = match found {
        Some(Ok(found)) => (Some(found), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let audit = found.map(|found| audit(&book, context.ledger.opening(), &found));
    let timing = Timing { imported, replayed, audited: began.elapsed() };
    let mut report = Report::new(&context, &book, Setting::of(options), operations, timing, audit);
    report.interrupted = stop.is_asked();
    if let Some(why) = unread {
        report.fault(format!("the server could not be read back for the audit: {why}"));
    }
    Ok(report)
}
