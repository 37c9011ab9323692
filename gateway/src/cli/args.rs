//! What can be said on the command line, as it is said; [`ServeArgs::check`] makes settings of it.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use holdfast_actors::CoreConfig;
use holdfast_engine::Millis;
use holdfast_gateway::{EmbeddedOptions, GatewayOptions};
use jiff::SignedDuration;

/// The inventory-reservation core of an online shop: it holds stock fast.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, max_term_width = 100, after_help = EXITS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXITS: &str = "Exit codes: 0 done, 1 failed while running, 2 bad command line; the data directory is 10 in use, \
11 not permitted, 12 something else, 13 of a newer version, 14 damaged, 15 on a failing disk; 20 the journal failed, \
21 a part of the program died, 130 interrupted twice.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a data directory
    Serve(ServeArgs),
    /// Send products and counts (one JSON object a line) to a running server
    Import(ImportArgs),
    /// Ask a running server whether it is ready: exit code 0 if it is, 1 if not
    Check(CheckArgs),
    /// Look into a data directory that no server uses; nothing in it is changed
    Inspect {
        #[command(subcommand)]
        what: Inspect,
    },
    /// Replay the journal of a data directory that no server uses, and check all that it comes to; nothing is changed
    Verify(DataDirArgs),
    /// Print the description of the HTTP interface (OpenAPI 3.1)
    Openapi,
}

/// What can be looked into.
#[derive(Debug, Subcommand)]
pub(crate) enum Inspect {
    /// The journal: how many records of which kind, where it ends, and the first place that makes no sense
    Journal(DataDirArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DataDirArgs {
    /// The data directory
    #[arg(long, env = "HOLDFAST_DATA_DIR", default_value = "holdfast-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// How to say it on stdout
    #[arg(short = 'o', long, env = "HOLDFAST_OUTPUT", value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// A JSON object on one line.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The server's admin listener
    #[arg(long, env = "HOLDFAST_ADMIN_URL", default_value = "http://127.0.0.1:9090", value_name = "URL")]
    pub(crate) admin: String,
}

/// What a deadline of payments may be: enough for a call, and no longer than a week that stock lies idle.
const DEADLINES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where everything is kept; made if it is not there
    #[arg(long, env = "HOLDFAST_DATA_DIR", default_value = "holdfast-data", value_name = "DIR")]
    pub(crate) data_dir: PathBuf,
    /// Where storefronts come in; port 0 takes a free one
    #[arg(long, env = "HOLDFAST_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
    /// Where operators come in (health, metrics); port 0 takes a free one
    #[arg(long, env = "HOLDFAST_ADMIN_LISTEN", default_value = "127.0.0.1:9090", value_name = "ADDR")]
    admin_listen: SocketAddr,
    /// Let the admin listener, which knows no passwords, be reached from other machines
    #[arg(long, env = "HOLDFAST_ADMIN_ALLOW_REMOTE")]
    admin_allow_remote: bool,
    /// How long to wait for requests under way when told to stop, `10s` or `1m 30s` for example
    #[arg(long, env = "HOLDFAST_SHUTDOWN_TIMEOUT", default_value = "10s", value_parser = duration, value_name = "TIME")]
    shutdown_timeout: Duration,
    /// Most requests under way at once; more are answered 503 `overloaded`
    #[arg(long, env = "HOLDFAST_IN_FLIGHT_MAX", default_value_t = CoreConfig::default().in_flight_max, value_name = "N")]
    in_flight_max: usize,
    /// Most connections at once; more are turned away
    #[arg(long, env = "HOLDFAST_CONNECTIONS_MAX", default_value_t = GatewayOptions::default().connections_max, value_name = "N")]
    connections_max: usize,
    /// Most streams of live stock that are open at once; more are answered 503 `too_many_streams`
    #[arg(long, env = "HOLDFAST_STREAMS_MAX", default_value_t = GatewayOptions::default().streams_max, value_name = "N")]
    streams_max: usize,
    /// How long after its placing an order's payment must be decided; later no new try is made and the order fails. A
    /// payment whose fate is unknown is asked about for as long as it takes
    #[arg(long, env = "HOLDFAST_ORDER_PAYMENT_DEADLINE", default_value = "30m", value_parser = duration, value_name = "TIME")]
    order_payment_deadline: Duration,
    /// Fill an empty data directory with a made-up shop of 1000 products
    #[arg(long, env = "HOLDFAST_DEMO")]
    pub(crate) demo: bool,
    /// How to say on stdout that the server is ready
    #[arg(short = 'o', long, env = "HOLDFAST_OUTPUT", value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

impl ServeArgs {
    /// The settings these arguments mean, or why they make no sense.
    pub(crate) fn check(&self) -> Result<EmbeddedOptions, String> {
        for (name, value) in [
            ("--in-flight-max", self.in_flight_max),
            ("--connections-max", self.connections_max),
            ("--streams-max", self.streams_max),
        ] {
            if !(1..=1_000_000).contains(&value) {
                return Err(format!("{name} must be from 1 to 1000000, not {value}"));
            }
        }
        if !DEADLINES.contains(&self.order_payment_deadline) {
            return Err("--order-payment-deadline must be from 1s to 168h".to_owned());
        }
        if !self.admin_allow_remote && !self.admin_listen.ip().is_loopback() {
            return Err(format!(
                "--admin-listen {}: the admin listener knows no passwords and could be reached from other machines; \
                 name a loopback address, or allow it with --admin-allow-remote",
                self.admin_listen
            ));
        }
        let gateway = GatewayOptions {
            listen: self.listen,
            admin_listen: self.admin_listen,
            admin_allow_remote: self.admin_allow_remote,
            connections_max: self.connections_max,
            streams_max: self.streams_max,
            shutdown_timeout: self.shutdown_timeout,
            ..GatewayOptions::default()
        };
        let core = CoreConfig {
            in_flight_max: self.in_flight_max,
            order_payment_deadline: Millis(
                u64::try_from(self.order_payment_deadline.as_millis()).unwrap_or(u64::MAX),
            ),
            ..CoreConfig::default()
        };
        Ok(EmbeddedOptions { gateway, core, ..EmbeddedOptions::default() })
    }
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` reads stdin
    pub(crate) file: PathBuf,
    /// The server
    #[arg(long, env = "HOLDFAST_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// Only say what would happen
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Finish an import that broke off: the key it was begun with
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// A span as people write it: `10s`, `1m 30s`, `250ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let span: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(span).map_err(|_| "must not be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("-1s").is_err());
        assert!(duration("10").is_err());
    }

    #[test]
    fn an_admin_listener_open_to_the_world_is_refused() {
        let parse = |args: &[&str]| match Cli::try_parse_from(args).unwrap().command {
            Command::Serve(args) => args,
            other => panic!("{other:?}"),
        };
        assert!(parse(&["holdfast", "serve", "--admin-listen", "0.0.0.0:9090"]).check().is_err());
        let allowed = ["holdfast", "serve", "--admin-listen", "0.0.0.0:9090", "--admin-allow-remote"];
        assert!(parse(&allowed).check().is_ok());
        assert!(parse(&["holdfast", "serve", "--in-flight-max", "0"]).check().is_err());
    }

    #[test]
    fn the_deadline_of_payments_is_half_an_hour_unless_told_otherwise() {
        let deadline = |args: &[&str]| match Cli::try_parse_from(args).unwrap().command {
            Command::Serve(args) => args.check().map(|options| options.core.order_payment_deadline),
            other => panic!("{other:?}"),
        };
        assert_eq!(deadline(&["holdfast", "serve"]), Ok(Millis(30 * 60 * 1000)));
        assert_eq!(deadline(&["holdfast", "serve", "--order-payment-deadline", "90s"]), Ok(Millis(90_000)));
        for odd in ["999ms", "0s", "169h"] {
            assert!(deadline(&["holdfast", "serve", "--order-payment-deadline", odd]).is_err(), "{odd}");
        }
    }
}
