//! Measures the client beside others, interleaved in one run, against the servers of the tests. `tests/bench/run` builds
//! and starts it; `README.md` in `tests` says how.

mod ciphers;
mod figures;
mod machine;
mod memory;
mod peers;
mod plot;
mod report;
mod runs;
mod site;
mod targets;
mod works;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use peers::Missing;
use works::{Choice, Sizes};

/// Measure the client beside others. Without words everything is measured, and the report written to tests/benchmarks.md
/// and tests/benchmarks.svg.
#[derive(Parser)]
struct Arguments {
    /// Measure only these: works, servers, `plain` or `tls`, and peers, in any order; see --list
    words: Vec<String>,
    /// Smaller files, fewer of them and two repeats, in a few minutes
    #[arg(long)]
    quick: bool,
    /// The size of the large file
    #[arg(long, value_name = "MIB")]
    size: Option<u64>,
    /// The number of small files
    #[arg(long, value_name = "N")]
    files: Option<usize>,
    /// The size of the file that each of many clients moves
    #[arg(long, value_name = "MB")]
    each: Option<u64>,
    /// How often everything is measured
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    repeats: Option<u16>,
    /// The folder for benchmarks.md and benchmarks.svg [default: tests, or target with words or with --quick]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Tell which words there are
    #[arg(long)]
    list: bool,
    /// Hold sessions open, and tell what memory they take: PEER ADDRESS SESSIONS [AUTHORITY]
    #[arg(long, num_args = 3..=4, hide = true)]
    memory_of: Option<Vec<String>>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ftp-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(words) = &arguments.memory_of {
        return memory::hold(words);
    }
    let mut peers = peers::all();
    let names: Vec<&'static str> = peers.iter().map(|peer| peer.name()).collect();
    if arguments.list {
        println!("{}", Choice::words(&names));
        return Ok(());
    }
    let choice = Choice::of(&arguments.words, &names)?;
    peers.retain(|peer| choice.peer(peer.name()));
    let missing = Missing::without(&mut peers);
    if peers.is_empty() {
        bail!("no peer is here: {missing:?}");
    }
    let folder = arguments.output.clone().unwrap_or_else(|| default_folder(arguments));
    let command: Vec<String> = std::env::args().skip(1).collect();
    let runs = runs::measure(&mut peers, &choice, &sizes(arguments), |runs, peers| {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("benchmarks.md"), report::markdown(runs, peers, &missing, &command))?;
        Ok(std::fs::write(folder.join("benchmarks.svg"), plot::svg(runs, &names)?)?)
    })?;
    println!("{}", report::markdown(&runs, &peers, &missing, &command));
    eprintln!("written to {}", folder.join("benchmarks.md").display());
    Ok(())
}

fn sizes(arguments: &Arguments) -> Sizes {
    let mut sizes = if arguments.quick { Sizes::QUICK } else { Sizes::FULL };
    sizes.large = arguments.size.map_or(sizes.large, |mib| mib << 20);
    sizes.files = arguments.files.unwrap_or(sizes.files);
    sizes.each = arguments.each.map_or(sizes.each, |megabytes| megabytes * 1_000_000);
    sizes.repeats = arguments.repeats.unwrap_or(sizes.repeats);
    sizes.uploads = arguments.repeats.unwrap_or(sizes.uploads);
    sizes
}

/// What is kept is the whole; parts are beside what was built.
fn default_folder(arguments: &Arguments) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !arguments.quick && arguments.words.is_empty() {
        return tests;
    }
    let program = std::env::current_exe().ok();
    program.and_then(|program| program.parent().map(Path::to_owned)).unwrap_or_else(|| tests.join("../target"))
}
