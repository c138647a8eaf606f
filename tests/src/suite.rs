//! The shape of a suite: trials with names, each in time or failed.
//!
//! A trial is a function with the attribute [`trial`](crate::trial) in a test binary whose `main` is [`run`]. It is called
//! `case::module::function::variant`, of which case and variant stand only where it runs on several things.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Context as _;
use libtest_mimic::{Arguments, Failed};
use tokio::runtime::Runtime;

use crate::client::Component;
use crate::coverage;

#[doc(hidden)]
pub use inventory;

/// The longest that one trial may take.
pub const TRIAL_LIMIT: Duration = Duration::from_secs(180);

/// Whether what a trial needs is there, and if not, why not.
pub type Requirement = Result<(), String>;

/// A trial under way.
pub type Running = Pin<Box<dyn Future<Output = anyhow::Result<()>>>>;

/// The runtime that all trials of a process run in.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a tokio runtime")
    });
    &RUNTIME
}

/// One of the things that a trial runs on: `T` is made when it is run.
pub struct Case<T> {
    name: String,
    variant: String,
    requirement: Requirement,
    make: Box<dyn FnOnce() -> anyhow::Result<T> + Send>,
}

impl<T: 'static> Case<T> {
    /// A case, which is the first part of the names of its trials. Without what it requires its trials are shown as ignored,
    /// and fail when they are run nevertheless.
    pub fn new(
        name: impl Into<String>,
        requirement: Requirement,
        make: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Self {
        Self { name: name.into(), variant: String::new(), requirement, make: Box::new(make) }
    }

    /// This one with something else, made of what it has.
    pub fn map<U: 'static>(self, map: impl FnOnce(T) -> anyhow::Result<U> + Send + 'static) -> Case<U> {
        let make = self.make;
        Case {
            name: self.name,
            variant: self.variant,
            requirement: self.requirement,
            make: Box::new(move || map(make()?)),
        }
    }

    /// This one, told from others by the last part of the name.
    pub fn named(mut self, variant: impl Into<String>) -> Self {
        self.variant = variant.into();
        self
    }
}

/// Cases that are told from each other by the last part of the name.
pub fn variants<T: Send + 'static>(table: impl IntoIterator<Item = (&'static str, T)>) -> Vec<Case<T>> {
    table.into_iter().map(|(name, value)| Case::new("", Ok(()), || Ok(value)).named(name)).collect()
}

/// What a trial with an argument of this type runs on, unless it says otherwise.
pub trait Cases: Sized {
    /// Each of them.
    fn cases() -> Vec<Case<Self>>;
}

impl Cases for () {
    fn cases() -> Vec<Case<Self>> {
        vec![Case::new("", Ok(()), || Ok(()))]
    }
}

/// A trial as it was registered.
pub struct Trial {
    /// Where it is written.
    pub module: &'static str,
    /// Where in its file.
    pub line: u32,
    /// Its function.
    pub name: &'static str,
    /// The functions of the contract that it is the trial of.
    pub covers: &'static [&'static str],
    /// What it does not run on, and why.
    pub excuses: &'static [(&'static str, &'static str)],
    /// What it runs on.
    pub cases: fn() -> Vec<Ready>,
}

inventory::collect!(Trial);

/// A trial that is ready to run on one of its cases.
pub struct Ready {
    case: String,
    variant: String,
    requirement: Requirement,
    run: Box<dyn FnOnce() -> anyhow::Result<Running> + Send>,
}

/// A trial on each of these cases.
pub fn ready<T: 'static>(cases: Vec<Case<T>>, needs: &Requirement, run: fn(T) -> Running) -> Vec<Ready> {
    let ready = |case: Case<T>| Ready {
        case: case.name,
        variant: case.variant,
        requirement: case.requirement.and_then(|()| needs.clone()),
        run: Box::new(move || Ok(run((case.make)()?))),
    };
    cases.into_iter().map(ready).collect()
}

/// The trials of this binary, in their order.
pub fn registered() -> Vec<&'static Trial> {
    let mut trials: Vec<_> = inventory::iter::<Trial>.into_iter().collect();
    trials.sort_by_key(|trial| (trial.module, trial.line));
    trials
}

impl Trial {
    /// Its name without what it runs on. The module of a suite in one file has no name of its own.
    pub fn title(&self) -> String {
        let module = self.module.split_once("::").map_or("", |(_, module)| module);
        joined(&[module, self.name])
    }

    /// Those that are run, and the names of those that are not, with the reason.
    fn split(&self, others: &[Other]) -> (Vec<libtest_mimic::Trial>, Vec<String>) {
        let (mut run, mut excused, mut used) = (Vec::new(), Vec::new(), BTreeSet::new());
        for ready in (self.cases)() {
            match self.excuses.iter().find(|(server, _)| is_of(&ready.case, server)) {
                Some((server, reason)) => {
                    used.insert(server);
                    excused.push(format!("not spoken by {}: {} ({reason})", ready.case, self.name));
                }
                None => run.push(ready.trial(&self.title(), Component::Default)),
            }
        }
        for other in others {
            let again = (self.cases)().into_iter().filter(|ready| {
                let is_excused = self.excuses.iter().any(|(server, _)| is_of(&ready.case, server));
                !is_excused && (other.takes)(&ready.case, &self.title())
            });
            run.extend(again.map(|ready| ready.trial(&self.title(), other.component)));
        }
        for (server, _) in self.excuses {
            assert!(used.contains(server), "{} does not run on {server}, which it excuses", self.title());
        }
        (run, excused)
    }
}

/// Whether a case is this server, or a variety of it.
fn is_of(case: &str, server: &str) -> bool {
    case.strip_prefix(server).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

impl Ready {
    fn trial(self, title: &str, component: Component) -> libtest_mimic::Trial {
        let missing = self.requirement.is_err();
        let Self { requirement, run, .. } = self;
        let runner = move || {
            requirement?;
            runtime().block_on(component.scope(in_time(run))).map_err(|error| Failed::from(format!("{error:#}")))
        };
        let name = joined(&[&self.case, title, &self.variant, component.name()]);
        libtest_mimic::Trial::test(name, runner).with_ignored_flag(missing)
    }
}

fn joined(parts: &[&str]) -> String {
    parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
}

/// With what some trials run once more.
pub struct Other {
    /// The component.
    pub component: Component,
    /// Whether a trial does, by its case and its title.
    pub takes: fn(case: &str, title: &str) -> bool,
}

/// Run the trials of this binary, as the command line says; or print what they cover.
pub fn run() -> ExitCode {
    run_on(&[], || {})
}

/// The same, and before it what takes longer than a trial may.
pub fn run_after(preparation: impl FnOnce()) -> ExitCode {
    run_on(&[], preparation)
}

/// The same, and some of them once more with other components, which are loaded before.
pub fn run_with(others: &[Other]) -> ExitCode {
    run_on(others, || others.iter().for_each(|other| drop(other.component.host().clone())))
}

fn run_on(others: &[Other], preparation: impl FnOnce()) -> ExitCode {
    let trials = registered();
    coverage::check(&trials);
    if coverage::is_asked_for() {
        coverage::print(&trials);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let mut all = Vec::new();
    for trial in trials {
        let (run, excused) = trial.split(others);
        all.extend(run);
        if !arguments.list {
            excused.iter().for_each(|line| println!("{line}"));
        }
    }
    let names: BTreeSet<_> = all.iter().map(libtest_mimic::Trial::name).collect();
    assert!(names.len() == all.len(), "two trials have one name");
    if !arguments.list {
        preparation();
    }
    libtest_mimic::run(&arguments, all).exit_code()
}

async fn in_time(run: impl FnOnce() -> anyhow::Result<Running>) -> anyhow::Result<()> {
    tokio::time::timeout(TRIAL_LIMIT, async { run()?.await })
        .await
        .with_context(|| format!("the trial took longer than {TRIAL_LIMIT:?}"))?
}
