//! The functions of the contract and their trials, as a table in Markdown.

use anyhow::Result;
use ftp_tests::coverage;

fn main() -> Result<()> {
    println!("| function | trials |\n|---|---|");
    for (function, trials) in coverage::collect()? {
        let trials: Vec<_> = trials.iter().map(|trial| format!("`{trial}`")).collect();
        println!("| `{function}` | {} |", trials.join(", "));
    }
    Ok(())
}
