//! Which trials there are of each function of the contract, as their attributes say: `covers("name")`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use crate::cargo;
use crate::suite::Trial;

const CONTRACT: &str = include_str!("../../wit/ftp.wit");

const MANIFEST: &str = include_str!("../Cargo.toml");

/// The variable that makes a suite print what it covers instead of running it.
const ASKED: &str = "FTP_TESTS_COVERAGE";

/// The beginning of what it prints.
const COVERS: &str = "covers\t";

/// The names of the contract's functions, methods and static functions.
pub fn functions() -> BTreeSet<&'static str> {
    let function = |line: &'static str| {
        let (name, rest) = line.trim().split_once(": ")?;
        let is_function = rest.starts_with("func(") || rest.starts_with("static func(");
        (is_function && !name.contains(' ')).then_some(name)
    };
    CONTRACT.lines().filter_map(function).collect()
}

/// The names of the trials of each function, of all suites.
pub fn collect() -> Result<BTreeMap<&'static str, Vec<String>>> {
    let mut covered: BTreeMap<_, Vec<_>> = functions().into_iter().map(|function| (function, Vec::new())).collect();
    let mut command = cargo::cargo();
    command.args(["test", "--quiet", "--workspace"]);
    for suite in suites() {
        command.args(["--test", suite]);
    }
    cargo::beside_this(&mut command)?;
    let output = command.env(ASKED, "1").output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Among the lines are those of tests of the same name in other packages.
    for line in String::from_utf8(output.stdout)?.lines().filter_map(|line| line.strip_prefix(COVERS)) {
        let (function, trial) = line.split_once('\t').with_context(|| format!("a suite prints {line:?}"))?;
        covered.get_mut(function).context("suites check what they cover")?.push(trial.to_owned());
    }
    Ok(covered)
}

/// The test targets that have `suite::run` as their `main`.
fn suites() -> impl Iterator<Item = &'static str> {
    let targets = MANIFEST.split("[[test]]\n").skip(1).filter(|target| target.contains("harness = false"));
    targets.filter_map(|target| target.split('"').nth(1))
}

pub(crate) fn is_asked_for() -> bool {
    std::env::var_os(ASKED).is_some()
}

/// A line for each pair.
pub(crate) fn print(trials: &[&Trial]) {
    let suite = trials.first().and_then(|trial| trial.module.split("::").next()).unwrap_or_default();
    for trial in trials {
        for function in trial.covers {
            println!("{COVERS}{function}\t{suite}::{}", trial.title());
        }
    }
}

/// Panics where a trial covers what is not in the contract.
pub(crate) fn check(trials: &[&Trial]) {
    let functions = functions();
    for trial in trials {
        let unknown = trial.covers.iter().find(|function| !functions.contains(*function));
        assert!(unknown.is_none(), "{} covers {unknown:?}, which is no function of the contract", trial.title());
    }
}
