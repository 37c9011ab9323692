//! What a run came to, as one value: printed as a table or as JSON, and judged by its exit code.

mod table;
mod tally;

use std::time::Duration;

use serde::Serialize;

pub use self::tally::{Orders, Refusals, Skips, Units};

use crate::audit::Audit;
use crate::client::{Attempts, Latency};
use crate::goods::LeftOut;
use crate::ledger::{Book, Trouble};
use crate::plan::invoice::Intake;
use crate::plan::opening::{OpeningTotals, StockRule};
use crate::replay::{Context, Options, Source};

/// How a run ended, for shells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// The audit holds.
    Ok = 0,
    /// The run could not be carried through.
    Runtime = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The audit does not hold.
    AuditFailed = 3,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
}

/// How the run was set up.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// Where the stream came from.
    pub stream: String,
    /// Whether the stream is made up.
    pub made_up: bool,
    /// How much stock there was.
    pub stock_rule: StockRule,
    /// Operations at once: the next one begins when one ends (a closed loop), so a slow server is asked less.
    pub in_flight: usize,
    /// Seed of the idempotency keys.
    pub seed: u64,
    /// Whether orders left as soon as they were confirmed.
    pub ships_at_once: bool,
    /// Which server.
    pub server: String,
    /// Processors of the machine that the client ran on.
    pub processors: usize,
    /// Version of this program, and how it was built.
    pub build: String,
}

/// How long the parts of the run took.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Products and opening stock.
    pub imported: Duration,
    /// All operations.
    pub replayed: Duration,
    /// Reading back and comparing.
    pub audited: Duration,
}

/// Speed over the operations; import and audit do not count.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Speed {
    /// Seconds of the import.
    pub import_s: f64,
    /// Seconds of the replay.
    pub replay_s: f64,
    /// Seconds of the audit.
    pub audit_s: f64,
    /// Orders decided a second, refused ones among them.
    pub orders_per_s: f64,
    /// Their lines a second, as the stream counts lines.
    pub lines_per_s: f64,
}

/// The opening stock.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Opening {
    /// Units opened with.
    pub units_opened: u64,
    /// By all rules.
    #[serde(flatten)]
    pub totals: OpeningTotals,
}

/// Everything about one run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Version of this document's shape.
    pub format: u32,
    /// How it was set up.
    pub setting: Setting,
    /// What was read.
    pub intake: Intake,
    /// What there was to begin with.
    pub opening: Opening,
    /// Whether somebody stopped it early.
    pub interrupted: bool,
    /// What went wrong around the run.
    pub faults: Vec<String>,
    /// Operations run.
    pub operations_run: u64,
    /// Operations there were to run.
    pub operations_planned: u64,
    /// How fast.
    pub speed: Speed,
    /// Attempts over HTTP.
    pub attempts: Attempts,
    /// Orders placed and refused.
    pub orders: Orders,
    /// Units that moved.
    pub units: Units,
    /// What was refused.
    pub refusals: Vec<Refusals>,
    /// What was not asked.
    pub skipped: Vec<Skips>,
    /// How long requests took.
    pub latencies: Vec<Latency>,
    /// What must not happen and did; the audit names it too.
    pub troubles: Vec<Trouble>,
    /// The audit; `None` after an interruption, or if the server could not be read back.
    pub audit: Option<Audit>,
}

impl Setting {
    /// The settings of these options.
    pub fn of(options: &Options) -> Self {
        let (stream, made_up) = match &options.source {
            Source::File { path, made_up } => (path.display().to_string(), *made_up),
            Source::Rows { rows, made_up } => (format!("{} rows", rows.len()), *made_up),
        };
        let optimised = if cfg!(debug_assertions) { "with debug assertions" } else { "optimised" };
        Self {
            stream,
            made_up,
            stock_rule: options.rule,
            in_flight: options.in_flight,
            seed: options.seed,
            ships_at_once: options.shipping == crate::plan::Shipping::AtOnce,
            server: options.server.words(),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            build: format!("{} ({optimised})", env!("CARGO_PKG_VERSION")),
        }
    }
}

impl Report {
    /// Puts together what is known.
    pub fn new(
        context: &Context,
        book: &Book,
        setting: Setting,
        operations: u64,
        timing: Timing,
        audit: Option<Audit>,
    ) -> Self {
        let orders = Orders::count(&context.plan, book);
        let seconds = timing.replayed.as_secs_f64();
        let per_second = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        Self {
            format: 1,
            intake: context.plan.intake.clone(),
            opening: Opening {
                units_opened: context.ledger.opening().values().sum(),
                totals: context.plan.opening.totals(),
            },
            interrupted: false,
            faults: Vec::new(),
            operations_run: operations,
            operations_planned: context.plan.operations.len() as u64,
            speed: Speed {
                import_s: timing.imported.as_secs_f64(),
                replay_s: seconds,
                audit_s: timing.audited.as_secs_f64(),
                orders_per_s: per_second(orders.confirmed + orders.refused),
                lines_per_s: per_second(orders.lines_confirmed + orders.lines_refused),
            },
            attempts: context.client.attempts(),
            orders,
            units: Units::count(book),
            refusals: tally::refusals(book),
            skipped: tally::skips(book),
            latencies: context.client.latencies(),
            troubles: book.troubles.clone(),
            audit,
            setting,
        }
    }

    /// Notes that something went wrong around the run.
    pub fn fault(&mut self, what: String) {
        self.faults.push(what);
    }

    /// Whether the run was carried through, and the audit was made and holds.
    pub fn holds(&self) -> bool {
        self.exit_code() == ExitCode::Ok
    }

    /// How the run ended.
    pub fn exit_code(&self) -> ExitCode {
        match &self.audit {
            _ if self.interrupted => ExitCode::Interrupted,
            Some(audit) if !audit.holds => ExitCode::AuditFailed,
            Some(_) if self.faults.is_empty() => ExitCode::Ok,
            Some(_) | None => ExitCode::Runtime,
        }
    }

    /// How many orders were refused for want of stock.
    pub fn refused_for_stock(&self) -> u64 {
        let of_stock = |refusals: &&Refusals| {
            refusals.kind == crate::client::Kind::Checkout && refusals.code == "insufficient_stock"
        };
        self.refusals.iter().filter(of_stock).map(|refusals| refusals.tally.times).sum()
    }

    /// The report as text with tables.
    pub fn table(&self) -> String {
        table::of(self)
    }

    /// Rows left out, with the reasons in words.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.intake.left_out.iter().map(|(reason, rows)| (LeftOut::words(*reason), *rows))
    }
}
