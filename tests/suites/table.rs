//! The table in `tests/README.md`: every function of the contract stands there, and every trial in it exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const HEAD: &str = "## What is tested where";

#[test]
fn each_function_of_the_contract_stands_in_the_table() {
    let named: BTreeSet<_> = rows().iter().flat_map(|[_, contract, _]| quoted(contract)).collect();
    for function in functions(&read("../wit/ftp.wit")) {
        assert!(named.contains(&function), "{function} is in no row");
    }
}

#[test]
fn each_function_in_the_table_is_in_the_contract() {
    let functions: BTreeSet<_> = functions(&read("../wit/ftp.wit")).collect();
    for [what, contract, _] in rows() {
        for name in quoted(&contract) {
            assert!(functions.contains(&name), "{name}, in the row of {what}, is no function");
        }
    }
}

#[test]
fn each_trial_in_the_table_exists_and_is_run() {
    let mut sources = Vec::new();
    for folder in ["suites", "../guest/client/tests"] {
        collect(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).as_path(), &mut sources);
    }
    for [what, _, trials] in rows() {
        let trials = quoted(&trials);
        assert!(!trials.is_empty(), "{what} has no trial");
        for trial in trials {
            assert!(runs(&sources, &trial), "{trial}, in the row of {what}, is no trial");
        }
    }
}

/// The cells of each row.
fn rows() -> Vec<[String; 3]> {
    let readme = read("README.md");
    let (_, rest) = readme.split_once(HEAD).expect("the table has its head");
    let section = rest.split_once("\n## ").map_or(rest, |(section, _)| section);
    let lines = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    let rows: Vec<_> = lines.map(cells).collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    rows
}

fn cells(line: &str) -> [String; 3] {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    cells.try_into().unwrap_or_else(|_| panic!("not three cells: {line}"))
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// The names of functions, methods and static functions.
fn functions(wit: &str) -> impl Iterator<Item = String> {
    wit.lines().filter_map(|line| {
        let (name, rest) = line.trim().split_once(": ")?;
        let is_function = rest.starts_with("func(") || rest.starts_with("static func(");
        (is_function && !name.contains(' ')).then(|| name.to_owned())
    })
}

/// A trial is a function that is also mentioned where trials are listed, or a test of its own.
fn runs(sources: &[String], trial: &str) -> bool {
    let is_test = |source: &String| source.contains(&format!("#[test]\nfn {trial}("));
    let is_defined = |source: &String| source.contains(&format!("fn {trial}("));
    let words =
        sources.iter().flat_map(|source| source.split(|char: char| !char.is_ascii_alphanumeric() && char != '_'));
    sources.iter().any(is_test) || sources.iter().any(is_defined) && words.filter(|word| *word == trial).count() > 1
}

fn collect(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(fs::read_to_string(&path).expect("a source in UTF-8"));
        }
    }
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
