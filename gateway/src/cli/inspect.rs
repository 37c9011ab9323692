//! `holdfast inspect` and `holdfast verify`: what is in a data directory that no server uses, and whether it is right.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use holdfast_actors::{OpenError, StateSummary, Verified};
use holdfast_engine::{Event, Sequence};
use holdfast_gateway::Exit;
use holdfast_persistence::{Examined, Options};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::args::{DataDirArgs, Output};
use super::{advice, print};

/// Counts what is in the journal.
pub(crate) fn journal(args: &DataDirArgs) -> Exit {
    let mut records = Records::default();
    let progress = Progress::new();
    let examined = Examined::look(&args.data_dir, &Options::default(), &mut |_: Sequence, event: Event| {
        records.count(&event);
        progress.step();
        Ok(())
    });
    progress.end();
    match examined {
        Ok(examined) => tell(args, &examined, &records, None),
        Err(error) => failed(&error),
    }
}

/// Replays the journal and checks what it comes to.
pub(crate) fn verify(args: &DataDirArgs) -> Exit {
    let mut records = Records::default();
    let progress = Progress::new();
    let verified = holdfast_actors::verify(&args.data_dir, &mut |_, event| {
        records.count(event);
        progress.step();
    });
    progress.end();
    match verified {
        Ok(Verified { examined, state }) => tell(args, &examined, &records, state.as_ref()),
        Err(error) => failed(&error),
    }
}

/// How many records of each kind there are.
#[derive(Default)]
struct Records(BTreeMap<(&'static str, &'static str), u64>);

impl Records {
    fn count(&mut self, event: &Event) {
        *self.0.entry(event.kind()).or_default() += 1;
    }
}

fn failed(error: &OpenError) -> Exit {
    advice::say(&error.to_string());
    Exit::of_open_error(error)
}

fn tell(args: &DataDirArgs, examined: &Examined, records: &Records, state: Option<&StateSummary>) -> Exit {
    let told = match args.output {
        Output::Text => text(&args.data_dir, examined, records, state),
        Output::Json => format!("{}\n", as_json(&args.data_dir, examined, records, state)),
    };
    let printed = print(&told);
    let Some(damage) = &examined.damage else { return printed };
    advice::say(&format!(
        "{} is damaged: {}. Keep it as it is, and check the disk",
        args.data_dir.display(),
        damage.detail
    ));
    Exit::Damaged
}

fn text(path: &Path, examined: &Examined, records: &Records, state: Option<&StateSummary>) -> String {
    let mut lines = vec![
        ("data directory", path.display().to_string()),
        ("generation", examined.generation.to_string()),
        (
            "last use",
            match examined.sealed {
                true => "closed in order".to_owned(),
                false => "not closed: its process crashed, was killed, or lost power".to_owned(),
            },
        ),
        (
            "acknowledged",
            examined.acknowledged.map_or_else(
                || "not known".to_owned(),
                |sequence| format!("up to sequence {}", HumanCount(sequence.0)),
            ),
        ),
        ("on disk", HumanBytes(examined.bytes_on_disk).to_string()),
    ];
    if let Some(tail) = examined.tail {
        lines.push((
            "journal",
            format!(
                "{} events in {} frames, {}; ends at sequence {} in epoch {}",
                HumanCount(tail.events),
                HumanCount(tail.frames),
                HumanBytes(tail.bytes),
                HumanCount(tail.last.0),
                tail.epoch.0
            ),
        ));
        if tail.torn_frames > 0 {
            lines.push(("unfinished", format!("{} frames at the end, never acknowledged", tail.torn_frames)));
        }
    }
    if let Some(state) = state {
        lines.push((
            "state",
            format!(
                "{} products, {} reservations, {} orders",
                HumanCount(state.products),
                HumanCount(state.reservations),
                HumanCount(state.orders)
            ),
        ));
        lines.push((
            "units",
            format!(
                "{} on hand, {} held, {} allocated, {} queued",
                HumanCount(state.on_hand),
                HumanCount(state.held),
                HumanCount(state.allocated),
                HumanCount(state.queued)
            ),
        ));
        lines.push((
            "under way",
            format!("{} events would finish it as of its last instant", state.unfinished),
        ));
        lines.push(("digest", format!("{:016x}", state.digest)));
    }
    if let Some(damage) = &examined.damage {
        let place = damage.sequence.map(|sequence| format!(" (sequence {})", sequence.0)).unwrap_or_default();
        lines.push(("DAMAGED", format!("{}{place}", damage.detail)));
    } else if state.is_some() {
        lines.push(("verified", "every event fits, and the invariants hold".to_owned()));
    }
    let mut told = String::new();
    for (name, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "{name:<16}{value}");
    }
    told.push_str("records\n");
    for ((about, what), count) in &records.0 {
        let _ = writeln!(told, "  {:<36}{:>15}", format!("{about}.{what}"), HumanCount(*count).to_string());
    }
    told
}

fn as_json(path: &Path, examined: &Examined, records: &Records, state: Option<&StateSummary>) -> Value {
    let records: serde_json::Map<_, _> =
        records.0.iter().map(|((about, what), count)| (format!("{about}.{what}"), json!(count))).collect();
    json!({
        "data_dir": path.display().to_string(),
        "generation": examined.generation.to_string(),
        "closed_in_order": examined.sealed,
        "acknowledged_sequence": examined.acknowledged.map(|sequence| sequence.0),
        "bytes_on_disk": examined.bytes_on_disk,
        "journal": examined.tail.map(|tail| json!({
            "events": tail.events,
            "frames": tail.frames,
            "bytes": tail.bytes,
            "last_sequence": tail.last.0,
            "epoch": tail.epoch.0,
            "torn_frames": tail.torn_frames,
        })),
        "records": records,
        "state": state.map(|state| json!({
            "digest": format!("{:016x}", state.digest),
            "products": state.products,
            "reservations": state.reservations,
            "orders": state.orders,
            "on_hand": state.on_hand,
            "held": state.held,
            "allocated": state.allocated,
            "queued": state.queued,
            "unfinished_events": state.unfinished,
        })),
        "damage": examined.damage.as_ref().map(|damage| json!({
            "sequence": damage.sequence.map(|sequence| sequence.0),
            "detail": damage.detail,
        })),
    })
}

/// Shows how far it is, where somebody looks on.
struct Progress(ProgressBar);

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {human_pos} events read, {per_sec}, {elapsed}")
        {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn step(&self) {
        self.0.inc(1);
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}
