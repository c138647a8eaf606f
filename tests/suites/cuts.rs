//! A sample of sessions that are cut, stalled and changed at a byte, against the four servers, plain and inside TLS. See
//! `ftp_tests::cutting`; the example `cuts` takes all of them.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::{Result, anyhow, ensure};
use ftp_host::TlsVersion;
use ftp_tests::cutting::{Case, Group, Random, Seen, Site, Verb, Verdict, perform_all, record, sample};
use ftp_tests::servers::{Kind, Security, Way};
use ftp_tests::{suite, trial};

/// Cases for each verb and way of talking to a server: more where what was cut can look whole.
fn how_many(way: Way, group: Group) -> usize {
    match (way.security, way.version) {
        (Security::Plain, _) => 3,
        (Security::Explicit, TlsVersion::Tls13) => 2,
        // What holds inside TLS does not depend on its version; where it begins does.
        _ => usize::from(group == Group::Changes),
    }
}

/// How many cases of a trial run at a time: most of them wait.
const AT_A_TIME: usize = 6;

/// The variable with another seed than the usual one.
const SEED: &str = "FTP_CUTS_SEED";

fn main() -> ExitCode {
    suite::run_after(|| println!("the seed of the sample is {}; {SEED} sets another", seed()))
}

fn seed() -> u64 {
    std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// Each group of verbs in each way of talking to a server. The groups share the server.
fn samples() -> Vec<suite::Case<(Shared, Way, Group)>> {
    let case = |way: Way| {
        let site = Shared::default();
        let groups = Group::ALL.into_iter().filter(move |group| how_many(way, *group) > 0);
        groups.map(move |group| {
            let site = site.clone();
            suite::Case::new(way.name(), way.installed(), move || Ok((site, way, group))).named(sentence(group))
        })
    };
    Kind::ALL.into_iter().flat_map(Way::all).flat_map(case).collect()
}

#[trial(on = samples())]
async fn cut_anywhere(sample: (Shared, Way, Group)) -> Result<()> {
    let (site, way, group) = sample;
    // It has runtimes of its own.
    tokio::task::spawn_blocking(move || cut(&site, way, group, seed())).await?
}

/// What has to be true of each.
fn sentence(group: Group) -> &'static str {
    match group {
        Group::Downloads => "downloads_that_are_cut_are_whole_or_fail",
        Group::Uploads => "uploads_that_are_cut_are_whole_or_fail",
        Group::Mirrors => "mirrors_that_are_cut_are_whole_or_fail_and_delete_nothing_else",
        Group::Changes => "copies_and_deletes_that_are_cut_lose_nothing",
        Group::Calls => "calls_of_the_component_that_are_cut_are_whole_or_fail",
    }
}

/// The server of several trials, started by the first.
#[derive(Clone, Default)]
struct Shared(Arc<OnceLock<Result<Site>>>);

impl Shared {
    fn get(&self, way: Way) -> Result<&Site> {
        self.0.get_or_init(|| Site::start(way)).as_ref().map_err(|error| anyhow!("{error:#}"))
    }
}

fn cut(site: &Shared, way: Way, group: Group, seed: u64) -> Result<()> {
    let site = site.get(way)?;
    let mut cases = Vec::new();
    for verb in Verb::all().filter(|verb| verb.group() == group && verb.is_for(way)) {
        let log = record(site, verb)?;
        let mut random = Random::new(seed, &format!("{} {}", way.name(), verb.name()));
        let faults = sample(&log, &mut random, how_many(way, group)).into_iter();
        cases.extend(faults.map(|fault| Case { verb, fault: Some(fault) }));
    }
    let faults = Mutex::new(Vec::new());
    perform_all(site, cases.into_iter(), AT_A_TIME, |case, result: Result<(Seen, Verdict)>| {
        let text = match result {
            Ok((_, verdict)) if !verdict.is_fault() => return,
            Ok((seen, verdict)) => format!("{verdict:?} after {:?}: {}", seen.ended, seen.said.trim()),
            Err(error) => format!("{error:#}"),
        };
        if let Ok(mut faults) = faults.lock() {
            faults.push(format!("{}\n    {text}", case.reproduction(way)));
        }
    });
    let faults = faults.into_inner().unwrap_or_default();
    ensure!(faults.is_empty(), "{} cases:\n{}", faults.len(), faults.join("\n"));
    Ok(())
}
