//! The shape of a suite: trials with names, each in time or failed.

use std::future::Future;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Context as _;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// The longest that one trial may take.
pub const TRIAL_LIMIT: Duration = Duration::from_secs(180);

/// Whether what a trial needs is there, and if not, why not.
pub type Requirement = Result<(), String>;

/// The runtime that all trials of a process run in.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a tokio runtime")
    });
    &RUNTIME
}

/// Trials to run, and the arguments that say which.
pub struct Suite {
    arguments: Arguments,
    trials: Vec<Trial>,
}

impl Suite {
    /// A suite without trials, run as the command line says.
    pub fn from_arguments() -> Self {
        Self { arguments: Arguments::from_args(), trials: Vec::new() }
    }

    /// Add a trial that any machine can run.
    pub fn trial<F>(&mut self, name: impl Into<String>, trial: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        self.trial_with(name, Ok(()), trial);
    }

    /// Add a trial that needs something. Without it the trial is shown as ignored, and fails when it is run
    /// nevertheless.
    pub fn trial_with<F>(
        &mut self,
        name: impl Into<String>,
        requirement: Requirement,
        trial: impl FnOnce() -> F + Send + 'static,
    ) where
        F: Future<Output = anyhow::Result<()>>,
    {
        let missing = requirement.is_err();
        let runner = move || {
            requirement?;
            runtime().block_on(in_time(trial)).map_err(|error| Failed::from(format!("{error:#}")))
        };
        self.trials.push(Trial::test(name, runner).with_ignored_flag(missing));
    }

    /// Say something before the trials run.
    pub fn note(&self, text: &str) {
        if !self.arguments.list {
            println!("{text}");
        }
    }

    /// Run the trials, and before them what takes longer than a trial may.
    pub fn run_after(self, preparation: impl FnOnce()) -> ExitCode {
        if !self.arguments.list {
            preparation();
        }
        self.run()
    }

    /// Run the trials.
    pub fn run(self) -> ExitCode {
        libtest_mimic::run(&self.arguments, self.trials).exit_code()
    }
}

async fn in_time<F>(trial: impl FnOnce() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    tokio::time::timeout(TRIAL_LIMIT, trial())
        .await
        .with_context(|| format!("the trial took longer than {TRIAL_LIMIT:?}"))?
}

/// Add one trial for each of these functions, named after it.
#[macro_export]
macro_rules! trials {
    ($suite:expr, $prefix:literal, $requirement:expr, [$($name:ident),* $(,)?]) => {
        $($suite.trial_with(concat!($prefix, "::", stringify!($name)), $requirement, $name);)*
    };
}
