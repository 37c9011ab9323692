//! Command line of the load tester: replays an order stream and audits the result.
//!
//! What is asked for (the report) goes to stdout, all talk to stderr. Exit codes: 0 the audit holds, 1 the run could not
//! be carried through, 2 wrong usage, 3 the audit failed, 130 interrupted.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line: its output is its purpose"
)]

mod args;
mod interrupt;

use std::io::BufWriter;
use std::process;

use clap::Parser;
use holdfast_gateway::demo::{DemoProduct, catalogue};
use holdfast_loadtest::csv_stream;
use holdfast_loadtest::money::pounds;
use holdfast_loadtest::replay::{Source, Stop, run};
use holdfast_loadtest::report::{ExitCode, Report};
use holdfast_loadtest::synth::{Product, Synth, stock_code};

use self::args::{Args, Command, Demo, Output};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Products of the demonstration: as many as the shop it imitates sold.
const DEMO_PRODUCTS: usize = 3_600;

#[tokio::main]
async fn main() -> process::ExitCode {
    let args = Args::parse();
    let talk = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(talk).with_writer(std::io::stderr).init();

    let stop = Stop::default();
    interrupt::listen(stop.clone());
    let code = match execute(args, &stop).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::Runtime
        }
    };
    process::ExitCode::from(code as u8)
}

async fn execute(args: Args, stop: &Stop) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Replay(replay) => {
            let report = run(replay.options(), stop).await?;
            print(&report, replay.output)
        }
        Command::Demo(demo) => {
            let scratch = tempfile::Builder::new().prefix("holdfast-demo-").tempdir()?;
            let path = scratch.path().join("made-up-orders.csv");
            make_up(&demo, &path)?;
            let report = run(demo.options(Source::File { path, made_up: true }), stop).await?;
            print(&report, demo.output)
        }
    }
}

/// Writes a made-up stream to a file, so that the demonstration takes the same way as a real stream.
fn make_up(demo: &Demo, path: &std::path::Path) -> anyhow::Result<()> {
    let product = |(number, product): (usize, DemoProduct)| Product {
        // Goods are told from postage by their five digits, which the SKUs of the catalogue do not have.
        stock_code: stock_code(number),
        name: product.name.into(),
        price: pounds(i64::from(product.price_pence)),
    };
    let products: Vec<_> = catalogue(demo.seed, DEMO_PRODUCTS).enumerate().map(product).collect();
    let rows = Synth { seed: demo.seed, orders: demo.orders }.rows(&products);
    csv_stream::write(&rows, BufWriter::new(std::fs::File::create(path)?))?;
    Ok(())
}

fn print(report: &Report, output: Output) -> anyhow::Result<ExitCode> {
    match output {
        Output::Table => print!("{}", report.table()),
        Output::Json => println!("{}", serde_json::to_string_pretty(report)?),
    }
    Ok(report.exit_code())
}
