//! `holdfast serve`: from the data directory to the drain.

use std::sync::Arc;

use holdfast_actors::{Core, Fatal, OpenError};
use holdfast_gateway::{EmbeddedOptions, Exit, Gateway, Metrics};
use serde_json::json;
use tokio::sync::mpsc;

use super::args::{Output, ServeArgs};
use super::signals::Signals;
use super::{advice, demo, print};

/// Serves until told to stop.
pub(crate) async fn run(args: ServeArgs) -> Exit {
    match serve(&args).await {
        Ok(()) => Exit::Ok,
        Err(Stopped { exit, why }) => {
            advice::say(&why);
            exit
        }
    }
}

/// Why serving ended otherwise than asked for.
struct Stopped {
    exit: Exit,
    why: String,
}

impl Stopped {
    fn new(exit: Exit, why: impl Into<String>) -> Self {
        Self { exit, why: why.into() }
    }

    fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "stopped at once; the next start recovers what was acknowledged")
    }
}

impl From<OpenError> for Stopped {
    fn from(error: OpenError) -> Self {
        Self::new(Exit::of_open_error(&error), error.to_string())
    }
}

async fn serve(args: &ServeArgs) -> Result<(), Stopped> {
    let options = args.check().map_err(|why| Stopped::new(Exit::Usage, why))?;
    // Before the journal is read, which may take a while: a signal must not kill without a word.
    let mut signals = Signals::install()
        .map_err(|error| Stopped::new(Exit::Runtime, format!("signals cannot be heard: {error}")))?;
    let (failed, mut failure) = mpsc::unbounded_channel();
    let metrics = Arc::new(Metrics::new());
    let shutdown_timeout = options.gateway.shutdown_timeout;

    // The sender stays here too: that nobody can report a failure any more is none.
    let start = start(args, options, Arc::clone(&metrics), failed.clone());
    let (core, gateway) = tokio::select! {
        started = start => started?,
        // Nothing was promised yet, and the next start reads the journal from its beginning again.
        () = signals.next() => {
            tracing::info!("told to stop before the doors were open");
            return Ok(());
        }
    };
    announce(args.output, &gateway)?;

    tokio::select! {
        () = signals.next() => {}
        Some(why) = failure.recv() => return Err(failed_while_running(&why)),
    }
    tracing::info!(?shutdown_timeout, "told to stop: finishing what is under way");
    tokio::select! {
        ended = end(gateway, &core) => ended,
        () = signals.next() => Err(Stopped::interrupted()),
        Some(why) = failure.recv() => Err(failed_while_running(&why)),
    }
}

async fn start(
    args: &ServeArgs,
    options: EmbeddedOptions,
    metrics: Arc<Metrics>,
    failed: mpsc::UnboundedSender<Fatal>,
) -> Result<(Core, Gateway), Stopped> {
    let on_fatal = Box::new(move |why| {
        // Nobody listens any more when the process is ending anyway.
        drop(failed.send(why));
    });
    let EmbeddedOptions { gateway, core, clock, payments } = options;
    let observer = Some(metrics.group_observer());
    tracing::info!(data_dir = %args.data_dir.display(), "opening the data directory");
    let core = Core::open(&args.data_dir, core, clock, payments, observer, on_fatal).await?;
    if args.demo {
        demo::fill(&core).await.map_err(|why| Stopped::new(Exit::Runtime, why))?;
    }
    let gateway = holdfast_gateway::serve(gateway, core.clone(), metrics)
        .await
        .map_err(|error| Stopped::new(Exit::Runtime, error.to_string()))?;
    Ok((core, gateway))
}

/// Says on stdout that the doors are open, and where they are.
fn announce(output: Output, gateway: &Gateway) -> Result<(), Stopped> {
    let (listen, admin) =
        (format!("http://{}", gateway.listen_addr()), format!("http://{}", gateway.admin_addr()));
    let line = match output {
        Output::Text => format!("listening on {listen} admin {admin}\n"),
        Output::Json => {
            let pid = std::process::id();
            format!("{}\n", json!({"event": "ready", "listen": listen, "admin": admin, "pid": pid}))
        }
    };
    match print(&line) {
        Exit::Ok => Ok(()),
        exit => Err(Stopped::new(exit, "nobody can be told where the server listens")),
    }
}

async fn end(gateway: Gateway, core: &Core) -> Result<(), Stopped> {
    let cut_off = gateway.drain().await;
    if cut_off > 0 {
        tracing::warn!(
            cut_off,
            "some requests did not finish in time; a repeat finds out what became of them"
        );
    }
    core.shutdown().await.map_err(|error| Stopped::new(Exit::JournalFailed, error.to_string()))?;
    tracing::info!("stopped; everything acknowledged is durable");
    Ok(())
}

fn failed_while_running(why: &Fatal) -> Stopped {
    match why {
        Fatal::Journal(_) => Stopped::new(
            Exit::JournalFailed,
            format!(
                "{why}; nothing was acknowledged since. Check the disk and its free space, then start again"
            ),
        ),
        Fatal::Runtime(_) => Stopped::new(
            Exit::RuntimeFailed,
            format!(
                "{why}; everything acknowledged is in the journal. Start again, and report this with the log"
            ),
        ),
    }
}
