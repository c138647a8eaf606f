//! Every server, plain and inside TLS of either version and kind: what has to work works.

use std::process::ExitCode;

use ftp_tests::matrix::{Place, TASKS};
use ftp_tests::servers::{Kind, Way};
use ftp_tests::suite::Suite;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    for way in Kind::ALL.into_iter().flat_map(Way::all) {
        for (name, task) in TASKS {
            let name = format!("{}::{}", way.name(), name.replace(' ', "_"));
            suite.trial_with(name, way.installed(), move || async move { task(Place::start(way)?).await });
        }
    }
    suite.run()
}
