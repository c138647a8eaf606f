//! Every server, plain and inside TLS of either version and kind: what has to work works. Inside TLS so it does with each
//! cryptography: the host's, the component's own, and one that another component has.

use std::process::ExitCode;

use anyhow::Result;
use ftp_tests::client::Component;
use ftp_tests::matrix::{Place, TASKS, Task};
use ftp_tests::servers::{Kind, Way};
use ftp_tests::suite::{self, Case, Other};
use ftp_tests::trial;

fn main() -> ExitCode {
    suite::run_with(&[Component::Portable, Component::Composed].map(|component| Other { component, takes }))
}

fn takes(case: &str, _: &str) -> bool {
    Kind::ALL.into_iter().flat_map(Way::all).any(|way| way.name() == case && way.is_encrypted())
}

fn each_task() -> Vec<Case<(Way, Task)>> {
    let ways = Kind::ALL.into_iter().flat_map(Way::all);
    let cases = ways.flat_map(|way| TASKS.map(|task| (way, task)));
    cases
        .map(|(way, task)| {
            Case::new(way.name(), way.installed(), move || Ok((way, task))).named(task.0.replace(' ', "_"))
        })
        .collect()
}

#[trial(on = each_task())]
async fn works(case: (Way, Task)) -> Result<()> {
    let (way, (_, task)) = case;
    task(Place::start(way)?).await
}
