//! Each byte of small sessions cut, stalled and changed, and the counts as a table in Markdown, as root, once `tests/run`
//! has installed the servers:
//!
//! ```text
//! cargo run --release -p ftp-tests --example cuts                      # all of it: a day
//! cargo run --release -p ftp-tests --example cuts -- --every 100       # each hundredth case
//! cargo run --release -p ftp-tests --example cuts -- vsftpd put-retry  # one server, one verb
//! cargo run --release -p ftp-tests --example cuts -- proftpd-tls13 rm end drop   # of it, what ends and what drops a byte
//! cargo run --release -p ftp-tests --example cuts -- vsftpd put data0:up:81:end   # one case, with what it said
//! ```

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, anyhow};
use ftp_tests::cutting::{Action, Case, Fault, Seen, Site, Table, Verb, Verdict, perform_all, record, spread};
use ftp_tests::servers::{Kind, Way};

/// How many cases run at a time, unless `--at-a-time` says otherwise.
const AT_A_TIME: usize = 8;

fn main() -> ExitCode {
    match Wanted::parse(std::env::args().skip(1)).and_then(|wanted| run(&wanted)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(faults) => {
            eprintln!("{faults} cases are not as they should be");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the arguments ask for.
#[derive(Default)]
struct Wanted {
    every: u64,
    first: u64,
    at_a_time: usize,
    ways: Vec<Way>,
    verbs: Vec<Verb>,
    actions: Vec<Action>,
    faults: Vec<Fault>,
}

impl Wanted {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut wanted = Self { every: 1, at_a_time: AT_A_TIME, ..Self::default() };
        let all_ways: Vec<Way> = Kind::ALL.into_iter().flat_map(Way::all).collect();
        while let Some(word) = arguments.next() {
            let mut number = || arguments.next().and_then(|text| text.parse().ok()).context("a number is missing");
            match word.as_str() {
                "--every" => wanted.every = u64::max(1, number()?),
                "--first" => wanted.first = number()?,
                "--at-a-time" => wanted.at_a_time = usize::try_from(number()?)?,
                word => {
                    let ways: Vec<Way> = all_ways.iter().copied().filter(|way| way.name() == word).collect();
                    let verbs: Vec<Verb> = Verb::all().filter(|verb| verb.name() == word).collect();
                    let actions: Vec<Action> = Action::ALL.into_iter().filter(|it| it.name() == word).collect();
                    if ways.is_empty() && verbs.is_empty() && actions.is_empty() {
                        wanted.faults.push(word.parse().with_context(|| format!("what is {word}?"))?);
                    }
                    wanted.ways.extend(ways);
                    wanted.verbs.extend(verbs);
                    wanted.actions.extend(actions);
                }
            }
        }
        if wanted.ways.is_empty() {
            wanted.ways = all_ways;
        }
        if wanted.verbs.is_empty() {
            wanted.verbs = Verb::all().collect();
        }
        if wanted.actions.is_empty() {
            wanted.actions = Action::ALL.into();
        }
        Ok(wanted)
    }

    fn cases(&self, site: &Site, verb: Verb) -> Result<Vec<Case>> {
        let faults = match self.faults.is_empty() {
            true => spread(&record(site, verb)?, &self.actions, self.every, self.first),
            false => self.faults.clone(),
        };
        Ok(faults.into_iter().map(|fault| Case { verb, fault: Some(fault) }).collect())
    }
}

fn run(wanted: &Wanted) -> Result<usize> {
    let (table, faults) = (Mutex::new(Table::default()), AtomicUsize::new(0));
    for way in &wanted.ways {
        way.installed().map_err(|missing| anyhow!(missing))?;
        let site = Site::start(*way)?;
        for (place, verb) in wanted.verbs.iter().copied().enumerate().filter(|(_, verb)| verb.is_for(*way)) {
            let cases = wanted.cases(&site, verb)?;
            eprintln!("{} {}: {} cases", way.name(), verb.name(), cases.len());
            perform_all(&site, cases.into_iter(), wanted.at_a_time, |case, result| {
                let bad = match &result {
                    Ok((seen, verdict)) => {
                        if let Ok(mut table) = table.lock() {
                            table.count((place, verb.name()), way.is_encrypted(), seen, verdict);
                        }
                        verdict.is_fault()
                    }
                    Err(_) => true,
                };
                faults.fetch_add(usize::from(bad), Ordering::Relaxed);
                tell(*way, case, &result, !wanted.faults.is_empty());
            });
        }
    }
    println!("{}", table.into_inner().unwrap_or_default());
    Ok(faults.into_inner())
}

/// What is not simply right or a failure, or everything of a case that is asked for.
fn tell(way: Way, case: Case, result: &Result<(Seen, Verdict)>, everything: bool) {
    match result {
        Ok((_, Verdict::Right | Verdict::Failed)) if !everything => {}
        Ok((seen, verdict)) => {
            eprintln!(
                "{}\n    {verdict:?} after {:?}, {:.1?}: {}",
                case.reproduction(way),
                seen.ended,
                seen.took,
                seen.said.trim()
            );
            if everything {
                transcript(seen);
            }
        }
        Err(error) => eprintln!("{}\n    {error:#}", case.reproduction(way)),
    }
}

/// What was sent on the control connections in the clear.
fn transcript(seen: &Seen) {
    for (number, passed) in seen.log.control.iter().enumerate() {
        for (side, sent) in [("client", &passed.up), ("server", &passed.down)] {
            eprintln!(
                "  control {number}, {side}:\n{}",
                String::from_utf8_lossy(&sent.bytes).escape_debug().to_string().replace("\\r\\n", "\n")
            );
        }
    }
    for (number, passed) in seen.log.data.iter().enumerate() {
        eprintln!("  data {number}: {} bytes up, {} down", passed.up.count, passed.down.count);
    }
}
