//! Counts, as a table in Markdown.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::judge::Verdict;
use super::run::Seen;

/// What came of the cases of each verb, in the clear and inside TLS.
#[derive(Default)]
pub struct Table(BTreeMap<(usize, bool), Row>);

#[derive(Default)]
struct Row {
    verb: &'static str,
    cases: usize,
    not_reached: usize,
    right: usize,
    failed: usize,
    unverified: usize,
    accidents: usize,
    cut_twice: usize,
    other_commands: usize,
    longer: usize,
    deleted_by_server: usize,
    false_successes: usize,
    lost: usize,
    outside: usize,
    hung: usize,
    trapped: usize,
    needless: usize,
    slowest: Duration,
}

impl Table {
    /// Count a case of the verb with this place in the order of verbs.
    pub fn count(&mut self, (place, verb): (usize, &'static str), encrypted: bool, seen: &Seen, verdict: &Verdict) {
        let row = self.0.entry((place, encrypted)).or_default();
        row.verb = verb;
        row.cases += 1;
        row.not_reached += usize::from(seen.log.fired == 0);
        row.slowest = row.slowest.max(seen.took);
        let count = match verdict {
            Verdict::Right => &mut row.right,
            Verdict::Failed => &mut row.failed,
            Verdict::Unverified(_) => &mut row.unverified,
            Verdict::Accident(_) => &mut row.accidents,
            Verdict::CutTwice(_) => &mut row.cut_twice,
            Verdict::OtherCommand(_) => &mut row.other_commands,
            Verdict::Longer(_) => &mut row.longer,
            Verdict::DeletedByServer(_) => &mut row.deleted_by_server,
            Verdict::FalseSuccess(_) => &mut row.false_successes,
            Verdict::Lost(_) => &mut row.lost,
            Verdict::Outside(_) => &mut row.outside,
            Verdict::Hung => &mut row.hung,
            Verdict::Trapped(_) => &mut row.trapped,
            Verdict::Needless(_) => &mut row.needless,
        };
        *count += 1;
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let columns = "| verb | | cases | success | failure | false success | lost | outside | hung | panic | needless \
                       failure | not verified | size by accident | listing cut twice | command changed | appended longer | \
                       deleted by server | not reached | slowest |";
        writeln!(f, "{columns}\n|---|---|{}", "--:|".repeat(17))?;
        for ((_, encrypted), row) in &self.0 {
            let way = if *encrypted { "TLS" } else { "plain" };
            let counts = [
                row.cases,
                row.right,
                row.failed,
                row.false_successes,
                row.lost,
                row.outside,
                row.hung,
                row.trapped,
                row.needless,
                row.unverified,
                row.accidents,
                row.cut_twice,
                row.other_commands,
                row.longer,
                row.deleted_by_server,
                row.not_reached,
            ];
            let counts = counts.map(|count| count.to_string()).join(" | ");
            writeln!(f, "| {} | {way} | {counts} | {:.1} s |", row.verb, row.slowest.as_secs_f64())?;
        }
        Ok(())
    }
}
