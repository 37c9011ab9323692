//! The arguments.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use holdfast_loadtest::client::RetryPolicy;
use holdfast_loadtest::plan::Shipping;
use holdfast_loadtest::plan::opening::StockRule;
use holdfast_loadtest::replay::{Options, Source};
use holdfast_loadtest::server::ServerChoice;

/// Replays the orders of a shop against Holdfast and proves that nothing was oversold, lost or doubled.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 the audit holds, 1 the run could not be carried through, 2 wrong usage, \
                          3 the audit failed, 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Replays an order stream: CSV in the columns of the "Online Retail" data set, plain or gzipped
    Replay(Replay),
    /// Replays a made-up stream in the shape of a real one against a server of its own; needs nothing else
    Demo(Demo),
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Output {
    /// Tables for people
    Table,
    /// One JSON document
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Replay {
    /// The stream; whether it is compressed is seen from its content
    file: PathBuf,
    /// How much stock there is to begin with
    #[arg(long, value_enum, default_value = "enough")]
    stock: StockRule,
    /// Operations in flight at once
    #[arg(long, value_name = "N", default_value = "64")]
    in_flight: NonZeroUsize,
    /// Replay only the first N invoices
    #[arg(long, value_name = "N")]
    limit_invoices: Option<usize>,
    /// Use the server at this address instead of one of its own; it must be fresh
    #[arg(long, value_name = "U", conflicts_with_all = ["data_dir", "binary"])]
    url: Option<String>,
    /// Where the server of its own keeps its data; a temporary directory if not given
    #[arg(long, value_name = "D")]
    data_dir: Option<PathBuf>,
    /// Start this `holdfast` program as a child process instead of a server in this process
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Ship every order as soon as it is confirmed; nothing can be cancelled then
    #[arg(long)]
    ship: bool,
    /// Seed of the idempotency keys: two runs against one server need two of them
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Give up on a request after so many seconds without an answer; the audit fails then
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    give_up_after: u64,
    /// How the report is printed
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: Output,
    /// Draw no bar
    #[arg(long)]
    no_progress: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Where all chance comes from
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Orders to make up; cancellations, returns and write-offs come on top
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub(crate) orders: usize,
    /// Operations in flight at once
    #[arg(long, value_name = "N", default_value = "64")]
    in_flight: NonZeroUsize,
    /// How much stock there is to begin with
    #[arg(long, value_enum, default_value = "enough")]
    stock: StockRule,
    /// How the report is printed
    #[arg(short, long, value_enum, default_value = "table")]
    pub(crate) output: Output,
    /// Draw no bar
    #[arg(long)]
    no_progress: bool,
}

impl Replay {
    pub(crate) fn options(&self) -> Options {
        let data_dir = self.data_dir.clone();
        let server = match (&self.url, &self.binary) {
            (Some(url), _) => ServerChoice::Url(url.clone()),
            (None, Some(program)) => ServerChoice::Binary { program: program.clone(), data_dir },
            (None, None) => ServerChoice::Embedded { data_dir },
        };
        Options {
            limit_invoices: self.limit_invoices,
            in_flight: self.in_flight.get(),
            seed: self.seed,
            shipping: if self.ship { Shipping::AtOnce } else { Shipping::WhenReturned },
            server,
            retry: RetryPolicy { total: Duration::from_secs(self.give_up_after), ..RetryPolicy::default() },
            progress: !self.no_progress,
            ..Options::new(Source::File { path: self.file.clone(), made_up: false }, self.stock)
        }
    }
}

impl Demo {
    pub(crate) fn options(&self, source: Source) -> Options {
        Options {
            in_flight: self.in_flight.get(),
            seed: self.seed,
            progress: !self.no_progress,
            ..Options::new(source, self.stock)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_replay_takes_what_was_said() {
        let args =
            Args::parse_from(["loadtest", "replay", "x.csv", "--stock", "scarce", "--ship", "--seed", "9"]);
        let Command::Replay(replay) = args.command else { panic!("another command") };
        let options = replay.options();
        assert_eq!((options.rule, options.shipping, options.seed), (StockRule::Scarce, Shipping::AtOnce, 9));
        assert!(Args::try_parse_from(["loadtest", "replay", "x.csv", "--in-flight", "0"]).is_err());
        assert!(Args::try_parse_from(["loadtest", "replay", "x", "--url", "u", "--binary", "b"]).is_err());
    }
}
