//! One case: a place, a proxy, the client, and what came of it.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ftp_host::{Command, Error, Policy, TlsVersion};

use super::fault::Fault;
use super::judge::{Verdict, judge};
use super::proxy::{Log, Proxy};
use super::site::{AUTHORITY, Place, Site};
use super::verbs::Verb;
use crate::servers::Way;
use crate::suite::runtime;

/// The limits of time that the client has: for connecting, for a reply and for the next byte of a transfer.
pub const LIMIT: Duration = Duration::from_secs(2);

/// How many of those limits may run out one after the other in an attempt: of a transfer, of what asks about it, of the
/// goodbye. More is a hang.
const LIMITS: u32 = 5;

/// The most that a command may print.
const PRINTED: usize = 4 << 20;

/// A verb, and what happens to one of its connections.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The verb.
    pub verb: Verb,
    /// The fault.
    pub fault: Option<Fault>,
}

impl Case {
    /// The command that does the same again.
    pub fn reproduction(&self, way: Way) -> String {
        let fault = self.fault.map(|fault| fault.to_string()).unwrap_or_default();
        let (way, verb) = (way.name(), self.verb.name());
        format!("cargo run --release -p ftp-tests --example cuts -- {way} {verb} {fault}")
    }
}

/// How the client ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It says that all was done.
    Success,
    /// It reports a failure: the exit code of the command, the error of the component.
    Failed(String),
    /// It ended without saying anything: a panic, a limit of its memory.
    Trapped(String),
    /// It did not end in time.
    Hung,
}

/// What was seen of a case.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How the client ended.
    pub ended: Ended,
    /// What it printed, or gave to the caller.
    pub output: Vec<u8>,
    /// What it said about that.
    pub said: String,
    /// How long it took.
    pub took: Duration,
    /// What passed the proxy.
    pub log: Log,
}

/// Perform a case. An error is one of the trial, not of the client.
pub async fn perform(site: &Site, case: Case) -> Result<(Seen, Verdict)> {
    let proxy = Proxy::start(site.address(), site.passive(), case.fault)?;
    let place = site.place(proxy.address())?;
    let scene = case.verb.scene();
    scene.set(&place)?;
    let start = Instant::now();
    let most = LIMIT * LIMITS * case.verb.attempts() + LIMIT;
    let (ended, output, said) = match tokio::time::timeout(most, start_verb(case.verb, &place)).await {
        Ok(ended) => ended?,
        Err(_) => (Ended::Hung, Vec::new(), String::new()),
    };
    let seen = Seen { ended, output, said, took: start.elapsed(), log: proxy.log() };
    let verdict = judge(&scene, &place, case.fault.as_ref(), &seen);
    Ok((seen, verdict))
}

/// What passes where nothing happens, which has to work.
pub fn record(site: &Site, verb: Verb) -> Result<Log> {
    let (seen, verdict) = runtime().block_on(perform(site, Case { verb, fault: None }))?;
    let name = verb.name();
    ensure!(verdict == Verdict::Right, "{name} without a fault: {verdict:?}, {:?}: {}", seen.ended, seen.said);
    Ok(seen.log)
}

/// Perform cases, several at a time, and do something with each result.
pub fn perform_all(
    site: &Site,
    cases: impl Iterator<Item = Case> + Send,
    at_a_time: usize,
    done: impl Fn(Case, Result<(Seen, Verdict)>) + Sync,
) {
    let cases = Mutex::new(cases);
    let next = || cases.lock().ok()?.next();
    thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                while let Some(case) = next() {
                    done(case, runtime().block_on(perform(site, case)));
                }
            });
        }
    });
}

async fn start_verb(verb: Verb, place: &Place) -> Result<(Ended, Vec<u8>, String)> {
    match verb {
        Verb::Call(call) => Ok(match call.call(place).await? {
            Ok((output, said)) => (Ended::Success, output, said),
            Err(Error::Trapped(reason)) => (Ended::Trapped(reason), Vec::new(), String::new()),
            Err(error) => (Ended::Failed(kind(&error)), Vec::new(), error.to_string()),
        }),
        _ => command(verb, place).await,
    }
}

async fn command(verb: Verb, place: &Place) -> Result<(Ended, Vec<u8>, String)> {
    let words = verb.arguments(place);
    let (name, rest) = words.split_first().context("a verb has a name")?;
    let limit = LIMIT.as_secs().to_string();
    let mut all = vec!["ftp", name, "--timeout", &limit, "--connect-timeout", &limit];
    if place.way.is_encrypted() {
        let version = match place.way.version {
            TlsVersion::Tls12 => "1.2",
            TlsVersion::Tls13 => "1.3",
        };
        all.extend(["--ca", AUTHORITY, "--server-name", "localhost", "--tls-min", version, "--tls-max", version]);
    }
    all.extend(rest.iter().map(String::as_str));
    let mut command = Command::new(Policy::default().allow_loopback(), None);
    command.arguments(all);
    command.variable("FTP_PASSWORD", "12345");
    command.host(&place.address.ip().to_string(), place.address.port());
    command.folder(place.here(), ".", true)?;
    let printed = command.capture(PRINTED);
    let ended = match command.run().await {
        Ok(0) => Ended::Success,
        Ok(code) => Ended::Failed(format!("exit {code}")),
        Err(Error::Trapped(reason)) => Ended::Trapped(reason),
        Err(error) => return Err(error.into()),
    };
    Ok((ended, printed.output(), String::from_utf8_lossy(&printed.errors()).into_owned()))
}

/// The name of an error's case.
fn kind(error: &Error) -> String {
    format!("{error:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()
}
