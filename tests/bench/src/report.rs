//! The report in Markdown.

use std::fmt::Write as _;

use crate::figures::Figures;
use crate::machine;
use crate::peers::{Missing, Peer};
use crate::runs::{Row, Runs};
use crate::targets;
use crate::works::{Sizes, Unit, Work, title};

/// What the figures do not say by themselves.
const NOTES: &str = include_str!("../notes.md");

/// The whole report.
pub fn markdown(runs: &Runs, peers: &[Box<dyn Peer>], missing: &Missing, arguments: &[String]) -> String {
    let names: Vec<&'static str> = peers.iter().map(|peer| peer.name()).collect();
    let mut text = String::from("# Benchmarks\n\n");
    introduction(&mut text, runs, missing, arguments);
    targets(&mut text, runs);
    text.push_str(NOTES);
    text.push_str("\n![Speed beside the fastest peer](benchmarks.svg)\n");
    for work in Work::ALL {
        section(&mut text, runs, work, &names);
    }
    held(&mut text, runs);
    ciphers(&mut text, runs);
    failures(&mut text, runs);
    text
}

fn introduction(text: &mut String, runs: &Runs, missing: &Missing, arguments: &[String]) {
    let command = ["tests/bench/run".to_owned()].iter().chain(arguments).cloned().collect::<Vec<_>>().join(" ");
    let Sizes { repeats, uploads, .. } = runs.sizes;
    let minutes = runs.took.as_secs_f64() / 60.0;
    let _ = writeln!(
        text,
        "Written by `{command}` in {minutes:.0} minutes. Medians of {repeats} repeats, of plain uploads of the large file {uploads}, \
         one peer after the other in each of them; files are in memory on both sides, servers on loopback. Figures hold for \
         this machine; read the ratios. In brackets: the speed beside that of curl in the same row, more is faster. That is \
         `curl8`, or the command `curl` in rows where `curl8` has no figure.\n\n\
         Libraries have a session before the clock starts, unless connecting is the work. Commands are timed as a whole: \
         the start of the process, connecting and logging in are a part of their time.\n"
    );
    let _ = writeln!(text, "| machine | |\n|---|---|");
    for (what, value) in machine::machine() {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    for (name, version) in machine::servers() {
        let _ = writeln!(text, "| {name} | {version} |");
    }
    for (label, version) in &missing.versions {
        let _ = writeln!(text, "| {label} | {} |", version.replace('|', "/"));
    }
    for (label, reason) in missing.missing.iter().chain(&runs.missing) {
        let _ = writeln!(text, "| {label} | **missing**: {reason} |");
    }
}

fn targets(text: &mut String, runs: &Runs) {
    let all = targets::all(runs);
    if all.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Targets\n\n| target | where | wanted | found | |\n|---|---|--:|--:|---|");
    for target in all {
        let met = if target.met { "met" } else { "**missed**" };
        let _ = writeln!(text, "| {} | {} | {} | {} | {met} |", target.what, target.place, target.wanted, target.found);
    }
    text.push('\n');
}

fn section(text: &mut String, runs: &Runs, work: Work, names: &[&'static str]) {
    let rows: Vec<&Row> = runs.rows.iter().filter(|row| row.work == work).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {} (`{}`)\n", work.title(&runs.sizes), work.name());
    let names: Vec<&str> = names.iter().copied().filter(|name| rows.iter().any(|row| row.peer == *name)).collect();
    let unit = work.unit().name();
    table(text, runs, work, &names, &format!("{unit} (× curl)"), |figures, curl| {
        cell(shown(work, figures), curl.map(|curl| curl.seconds / figures.seconds))
    });
    let (heading, per): (&str, fn(&Figures) -> f64) = match work.unit() {
        Unit::MegabytesPerSecond => ("CPU s/GB (× curl)", Figures::cpu_per_gigabyte),
        _ => ("CPU ms (× curl)", |figures| figures.cpu_seconds * 1e3),
    };
    if work != Work::Start {
        text.push('\n');
        table(text, runs, work, &names, heading, |figures, curl| {
            cell(per(figures), curl.map(|curl| figures.cpu_seconds / curl.cpu_seconds))
        });
    }
}

/// A row for each place, a column for each peer.
fn table(
    text: &mut String,
    runs: &Runs,
    work: Work,
    names: &[&str],
    heading: &str,
    of: impl Fn(&Figures, Option<&Figures>) -> String,
) {
    let columns: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(text, "| {heading} | {} |\n|---|{}", columns.join(" | "), "--:|".repeat(names.len()));
    for place in runs.places(work) {
        let curl = runs.curl(work, place);
        let cell = |name: &&str| runs.median(work, place, name).map_or("–".to_owned(), |all| of(&all, curl.as_ref()));
        let _ = writeln!(text, "| {} | {} |", title(place), names.iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
}

fn shown(work: Work, figures: &Figures) -> f64 {
    match work.unit() {
        Unit::MegabytesPerSecond => figures.rate(),
        Unit::Microseconds => figures.seconds * 1e6,
        Unit::Milliseconds => figures.seconds * 1e3,
        Unit::Kibibytes => (figures.bytes >> 10) as f64,
    }
}

fn cell(value: f64, ratio: Option<f64>) -> String {
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    match ratio {
        Some(ratio) if ratio.is_finite() => format!("{value:.digits$} ({ratio:.2})"),
        _ => format!("{value:.digits$}"),
    }
}

fn held(text: &mut String, runs: &Runs) {
    if runs.held.is_empty() {
        return;
    }
    let clients = runs.sizes.clients;
    let _ = writeln!(text, "\n## {} (`memory`)\n", Work::Memory.title(&runs.sizes));
    let _ = writeln!(text, "| {clients} sessions | peer | linear memory, KiB each | memory of the process, KiB each |");
    let _ = writeln!(text, "|---|---|--:|--:|");
    for held in &runs.held {
        let linear = held.linear.map_or("–".to_owned(), |bytes| (bytes >> 10).to_string());
        let _ = writeln!(text, "| {} | `{}` | {linear} | {} |", title(held.place), held.peer, held.resident >> 10);
    }
}

fn ciphers(text: &mut String, runs: &Runs) {
    if runs.ciphers.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Ciphers alone in WebAssembly, before the large files and after them\n");
    let _ = writeln!(text, "| records of 16 KiB | chosen by | sealing, MB/s | opening, MB/s |\n|---|---|--:|--:|");
    for (work, place, cipher) in &runs.ciphers {
        let place = format!("{}, `{}`", title(*place), work.name());
        let _ = writeln!(text, "| {} | {place} | {:.0} | {:.0} |", cipher.name, cipher.sealing, cipher.opening);
    }
}

fn failures(text: &mut String, runs: &Runs) {
    let failed: Vec<&Row> = runs.rows.iter().filter(|row| !row.failures.is_empty()).collect();
    if failed.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n## Failures\n\n| work | where | peer | failed | of | the last time |\n|---|---|---|--:|--:|---|"
    );
    for row in failed {
        let (count, all) = (row.failures.len(), row.failures.len() + row.all.len());
        let last = row.failures.last().map_or("", String::as_str).replace('|', "/");
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {count} | {all} | {last} |",
            row.work.name(),
            title(row.place),
            row.peer
        );
    }
}
