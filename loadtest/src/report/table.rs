//! The report for people.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};

use super::Report;
use crate::audit::Audit;
use crate::plan::opening::StockRule;

/// Differences and troubles that are printed; all of them are counted.
const SHOWN_MAX: usize = 20;

pub(super) fn of(report: &Report) -> String {
    let mut parts = vec![heading(report), figures(report).to_string()];
    parts.push(format!("{}\n{}", LATENCY_HEADING, latencies(report)));
    if !report.refusals.is_empty() || !report.skipped.is_empty() {
        parts.push(refusals(report).to_string());
    }
    match &report.audit {
        Some(audit) => parts.push(verdict(audit)),
        None => {
            parts.push("AUDIT NOT MADE; the figures are those of the part that was run".to_owned());
            parts.extend(report.troubles.iter().take(SHOWN_MAX).map(|trouble| format!("  {trouble}")));
        }
    }
    if report.interrupted {
        parts.push("INTERRUPTED".to_owned());
    }
    parts.extend(report.faults.iter().map(|fault| format!("FAULT: {fault}")));
    parts.join("\n") + "\n"
}

const LATENCY_HEADING: &str =
    "Latency in microseconds, from the first attempt to the answer (closed loop: see operations in flight)";

fn heading(report: &Report) -> String {
    let setting = &report.setting;
    let made_up = match setting.made_up {
        true => "THE DATA OF THIS RUN IS MADE UP; its shape is measured from a real shop.\n",
        false => "",
    };
    format!(
        "{made_up}Replay of {}\nagainst a {}; {} in flight, seed {}, {} processors, version {}",
        setting.stream, setting.server, setting.in_flight, setting.seed, setting.processors, setting.build
    )
}

fn figures(report: &Report) -> Table {
    let Report { intake, opening, orders, units, speed, .. } = report;
    let mut table = plain();
    let left_out: Vec<_> =
        report.left_out().map(|(reason, rows)| format!("{reason} {}", number(rows))).collect();
    let rule = match report.setting.stock_rule {
        StockRule::Enough => "enough",
        StockRule::Scarce => "scarce",
    };
    let totals = &opening.totals;
    let rows = [
        (
            "read",
            format!(
                "{} rows of {} invoices, {} rows of goods",
                number(intake.rows),
                number(intake.invoices),
                number(intake.goods_rows)
            ),
        ),
        ("left out", if left_out.is_empty() { "nothing".to_owned() } else { left_out.join("\n") }),
        (
            "opening stock",
            format!(
                "{rule}: {} units of {} products\nhighest running total by the file {}; with write-offs leaving {}; 60% of the first {}",
                number(opening.units_opened),
                number(totals.products),
                number(totals.units_by_file),
                number(totals.units_enough),
                number(totals.units_scarce)
            ),
        ),
        ("operations", format!("{} of {}", number(report.operations_run), number(report.operations_planned))),
        (
            "time",
            format!(
                "import {:.2} s, replay {:.2} s, audit {:.2} s",
                speed.import_s, speed.replay_s, speed.audit_s
            ),
        ),
        ("speed", format!("{:.0} orders/s, {:.0} lines/s", speed.orders_per_s, speed.lines_per_s)),
        (
            "attempts over HTTP",
            format!(
                "{}, {} of them repeats",
                number(report.attempts.attempts),
                number(report.attempts.repeats)
            ),
        ),
        (
            "orders",
            format!(
                "{} confirmed ({} lines), {} refused, {} cancelled, {} shipped",
                number(orders.confirmed),
                number(orders.lines_confirmed),
                number(orders.refused),
                number(orders.cancelled),
                number(orders.shipped)
            ),
        ),
        (
            "units",
            format!(
                "{} sold, {} refused, {} cancelled, {} shipped\n{} returned, {} returned without order, {} written off",
                number(units.sold),
                number(units.refused),
                number(units.cancelled),
                number(units.shipped),
                number(units.returned),
                number(units.returned_without_order),
                number(units.written_off)
            ),
        ),
    ];
    for (name, value) in rows {
        table.add_row([name, &value]);
    }
    table
}

fn latencies(report: &Report) -> Table {
    let mut table = plain();
    table.set_header(["request", "answered", "p50", "p99", "p99.9", "max"]);
    for latency in &report.latencies {
        let numbers =
            [latency.requests, latency.p50_us, latency.p99_us, latency.p999_us, latency.max_us].map(right);
        table.add_row([Cell::new(latency.kind.name())].into_iter().chain(numbers));
    }
    table
}

fn refusals(report: &Report) -> Table {
    let mut table = plain();
    table.set_header(["refused or not asked", "why", "times", "units"]);
    for refusals in &report.refusals {
        let words = [Cell::new(refusals.kind.name()), Cell::new(&refusals.code)];
        table.add_row(words.into_iter().chain([refusals.tally.times, refusals.tally.units].map(right)));
    }
    for skips in &report.skipped {
        let words = [Cell::new("return, not asked"), Cell::new(skips.why.words())];
        table.add_row(words.into_iter().chain([skips.tally.times, skips.tally.units].map(right)));
    }
    table
}

fn verdict(audit: &Audit) -> String {
    let mut lines = vec![format!(
        "{}: {} oversold units, {} needless refusals; {} differences, {} troubles, {} requests of unknown fate\n\
         compared: {} products, {} orders worth {} GBP, {} reservations\n\
         promised units that are short after write-offs: {}",
        if audit.holds { "AUDIT HOLDS" } else { "AUDIT FAILED" },
        number(audit.oversold_units),
        number(audit.needless_refusals),
        number(audit.differences.len() as u64),
        number(audit.troubles.len() as u64),
        number(audit.unanswered),
        number(audit.products),
        number(audit.orders),
        crate::money::pounds(audit.total_pence),
        number(audit.reservations),
        number(audit.short_units)
    )];
    let differences = audit.differences.iter();
    lines.extend(differences.take(SHOWN_MAX).map(|difference| {
        format!("  {}: expected {}, found {}", difference.what, difference.expected, difference.found)
    }));
    lines.extend(audit.troubles.iter().take(SHOWN_MAX).map(|trouble| format!("  {trouble}")));
    let (shown, all) = (2 * SHOWN_MAX, audit.differences.len() + audit.troubles.len());
    if audit.differences.len().max(audit.troubles.len()) > SHOWN_MAX {
        lines.push(format!("  … of {all} in all, at most {shown} are shown; -o json lists them"));
    }
    lines.join("\n")
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table
}

fn right(value: u64) -> Cell {
    Cell::new(number(value)).set_alignment(CellAlignment::Right)
}

/// With a comma between groups of three digits.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (3_667_004, "3,667,004")] {
            assert_eq!(number(value), text);
        }
    }
}
