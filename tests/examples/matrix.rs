//! What works in which way, as a table in Markdown: `cargo run --release -p ftp-tests --example matrix`, as root, once
//! `tests/run` has installed the servers.

use std::process::ExitCode;

use ftp_tests::matrix::{Place, TASKS};
use ftp_tests::servers::{Kind, Way};
use ftp_tests::suite::runtime;

fn main() -> ExitCode {
    let mut failures = Vec::new();
    let names: Vec<&str> = TASKS.iter().map(|(name, _)| *name).collect();
    println!("| server | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    for way in Kind::ALL.into_iter().flat_map(Way::all) {
        print!("| {} |", way.title());
        for (name, task) in TASKS {
            let result = match way.installed() {
                Ok(()) => runtime().block_on(async { task(Place::start(way)?).await }),
                Err(missing) => Err(anyhow::anyhow!(missing)),
            };
            print!(" {} |", if result.is_ok() { "yes" } else { "**no**" });
            failures.extend(result.err().map(|error| format!("{}, {name}: {error:#}", way.name())));
        }
        println!();
    }
    for failure in &failures {
        eprintln!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
