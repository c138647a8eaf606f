//! Counts, as a table in Markdown.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::judge::{Reason, Verdict};
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
    unseen: BTreeMap<Reason, usize>,
    wrong: Wrong,
    slowest: Duration,
}

/// Counts of what no case may end in.
#[derive(Default)]
struct Wrong {
    false_successes: usize,
    lost: usize,
    outside: usize,
    hung: usize,
    trapped: usize,
    needless: usize,
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
            Verdict::Unseen(reason, _) => row.unseen.entry(*reason).or_default(),
            Verdict::FalseSuccess(_) => &mut row.wrong.false_successes,
            Verdict::Lost(_) => &mut row.wrong.lost,
            Verdict::Outside(_) => &mut row.wrong.outside,
            Verdict::Hung => &mut row.wrong.hung,
            Verdict::Trapped(_) => &mut row.wrong.trapped,
            Verdict::Needless(_) => &mut row.wrong.needless,
        };
        *count += 1;
    }
}

impl Row {
    fn unseen(&self, reason: Reason) -> usize {
        self.unseen.get(&reason).copied().unwrap_or_default()
    }

    /// What neither of the two columns has that have a name.
    fn others(&self) -> String {
        let others = self.unseen.iter().filter(|(reason, _)| !NAMED.contains(reason));
        others.map(|(reason, count)| format!("{count} {}", reason.name())).collect::<Vec<_>>().join(", ")
    }
}

/// The reasons that have a column.
const NAMED: [Reason; 2] = [Reason::Accident, Reason::CutTwice];

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let named = NAMED.map(Reason::name).join(" | ");
        let columns =
            "| verb | | cases | success | failure | false success | lost | outside | hung | panic | needless failure";
        writeln!(f, "{columns} | {named} | not to be seen | not reached | slowest |")?;
        writeln!(f, "|---|---|{}---|--:|--:|", "--:|".repeat(9 + NAMED.len()))?;
        for ((_, encrypted), row) in &self.0 {
            let way = if *encrypted { "TLS" } else { "plain" };
            let counts = [
                row.cases,
                row.right,
                row.failed,
                row.wrong.false_successes,
                row.wrong.lost,
                row.wrong.outside,
                row.wrong.hung,
                row.wrong.trapped,
                row.wrong.needless,
            ];
            let counts = counts.into_iter().chain(NAMED.map(|reason| row.unseen(reason)));
            let counts = counts.map(|count| count.to_string()).collect::<Vec<_>>().join(" | ");
            let (others, seconds) = (row.others(), row.slowest.as_secs_f64());
            writeln!(f, "| {} | {way} | {counts} | {others} | {} | {seconds:.1} s |", row.verb, row.not_reached)?;
        }
        Ok(())
    }
}
