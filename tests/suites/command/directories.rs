//! Servers that take only bare names, in the directory where `CWD` went. By both programs.

use anyhow::{Result, ensure};
use ftp_tests::command::{Program, each_case};
use ftp_tests::root;
use ftp_tests::script::{Play as _, Script};
use ftp_tests::trial;

use super::copies::relayed;

/// A server, the words of the command with `{}` for the URL of the server, the exit code, and what is said or printed.
type Case = (&'static str, fn() -> Script, &'static [&'static str], i32, &'static str);

const CASES: [Case; 12] = [
    ("download_by_a_bare_name", downloaded, &["get", "{}dir/file"], 0, "10 bytes"),
    ("upload_by_a_bare_name", || stored(refused(), "file"), &["put", "--no-times", "file", "{}dir/"], 0, "10 bytes"),
    (
        "bare_names_are_remembered",
        || stored(entered(stored(refused(), "file")), "other"),
        &["put", "--no-times", "file", "other", "{}dir/"],
        0,
        "2 files",
    ),
    ("directory_that_cannot_be_entered_is_no_reason", not_entered, &["get", "{}dir/file"], 7, "550"),
    (
        "directory_that_is_acknowledged_and_not_entered_is_no_reason",
        not_moved,
        &["put", "--no-times", "file", "{}dir/"],
        8,
        "553",
    ),
    ("bare_name_that_is_refused_too_leads_back", not_there, &["cat", "{}dir/file"], 7, "550"),
    (
        "server_that_takes_paths_is_not_asked_for_names",
        with_paths,
        &["get", "{}dir/file", "{}dir/other", "folder/"],
        9,
        "550",
    ),
    ("atomic_upload_by_bare_names", || renamed_to(atomic(), "file"), &ATOMIC, 0, "10 bytes"),
    ("atomic_upload_by_bare_names_where_a_rename_replaces_nothing", nothing_replaced, &ATOMIC, 0, "10 bytes"),
    (
        "file_is_not_renamed_by_a_bare_name_in_another_directory",
        || entered_elsewhere(atomic()).on("CWD /", "250 yes"),
        &ATOMIC,
        8,
        "/other",
    ),
    ("file_is_moved_by_bare_names_where_its_size_shows_them", moved, &["mv", "{}dir/file", "other"], 0, ""),
    (
        "file_is_not_moved_by_bare_names_to_another_directory",
        || sized(Script::logged_in().on("RNFR dir/file", "550 no")).on("RNFR dir/file", "550 no"),
        &["mv", "{}dir/file", "elsewhere/file"],
        7,
        "550",
    ),
];

const ATOMIC: [&str; 5] = ["put", "--no-times", "--atomic", "file", "{}dir/"];

#[trial]
async fn file_is_deleted_by_a_bare_name_in_its_directory(program: Program) -> Result<()> {
    let sink = entered(unnamed()).on("DELE .copy.a-", "250 gone").on("CWD /", "250 yes");
    relayed(program, source(), sink, "dir/copy", 8, "553").await
}

#[trial]
async fn file_is_not_deleted_by_a_bare_name_in_another_directory(program: Program) -> Result<()> {
    let sink = entered_elsewhere(unnamed()).on("CWD /", "250 yes");
    relayed(program, source(), sink, "dir/copy", 8, "on the server as dir/.copy.a-").await
}

#[trial(on = each_case(CASES.map(|case| (case.0, case))))]
async fn command_ends_with(case: (Program, Case)) -> Result<()> {
    let (program, (_, script, words, code, said)) = case;
    script()
        .on("QUIT", "221 bye")
        .play(async |peer| {
            let here = root::temporary()?;
            for name in ["file", "other"].iter().filter(|_| words.contains(&"put")) {
                std::fs::write(here.path().join(name), "0123456789")?;
            }
            let url = format!("ftp://user@{}/", peer.address());
            let words: Vec<_> = words.iter().map(|word| word.replace("{}", &url)).collect();
            let output = program.command(here.path(), &words)?.output()?;
            let text = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.code() == Some(code) && text.contains(said), "{:?}: {text}", output.status);
            Ok(())
        })
        .await
}

/// The session goes to the directory, for a bare name.
fn entered(script: Script) -> Script {
    script.on("PWD", "257 \"/\"").on("CWD dir", "250 yes").on("PWD", "257 \"/dir\"")
}

/// The server reports another directory then.
fn entered_elsewhere(script: Script) -> Script {
    script.on("PWD", "257 \"/\"").on("CWD dir", "250 yes").on("PWD", "257 \"/other\"")
}

/// It stays where it is.
fn not_moved() -> Script {
    let script = Script::logged_in().passive().on("STOR dir/file", "553 no").on("PWD", "257 \"/\"");
    script.on("CWD dir", "250 yes").on("PWD", "257 \"/\"").on("CWD /", "250 yes").on("MLST dir/file", "550 no")
}

fn downloaded() -> Script {
    let script = entered(Script::logged_in().on("SIZE dir/file", "550 no"));
    let script = script.on("SIZE file", "213 10").on("CWD /", "250 yes");
    let script = entered(script).on("MDTM file", "213 20200101000000").on("CWD /", "250 yes");
    entered(script).download("RETR file", "0123456789")
}

/// A path is refused.
fn refused() -> Script {
    entered(Script::logged_in().passive().on("STOR dir/file", "553 no"))
}

fn stored(script: Script, name: &str) -> Script {
    let script = script.open_data(format!("STOR {name}")).receive_data("0123456789").reply("226 done");
    script.on(format!("SIZE {name}"), "213 10").on("CWD /", "250 yes")
}

fn not_entered() -> Script {
    let closed = |script: Script| script.on("PWD", "257 \"/\"").on("CWD dir", "550 no");
    let script = closed(Script::logged_in().on("SIZE dir/file", "550 no"));
    closed(script.passive().on("RETR dir/file", "550 no")).on("MLST dir/file", "550 no")
}

fn not_there() -> Script {
    let script = entered(Script::logged_in().on("SIZE dir/file", "550 no"));
    let script = script.on("SIZE file", "550 no").on("CWD /", "250 yes");
    let script = entered(script.passive().on("RETR dir/file", "550 no"));
    script.passive().on("RETR file", "550 no").on("CWD /", "250 yes").on("MLST dir/file", "550 no")
}

fn with_paths() -> Script {
    let script = Script::logged_in().on("SIZE dir/file", "213 10").on("MDTM dir/file", "213 20200101000000");
    let script = script.download("RETR dir/file", "0123456789").on("SIZE dir/other", "550 no");
    script.passive().on("RETR dir/other", "550 no").on("MLST dir/other", "550 no")
}

fn source() -> Script {
    let script = Script::logged_in().on("SIZE file", "213 10").on("MDTM file", "213 20200101000000");
    script.download("RETR file", "0123456789")
}

/// The copy is there under its temporary name, and cannot get its own.
fn unnamed() -> Script {
    let script = entered(Script::logged_in().on("SIZE dir/copy", "550 no"));
    let script = entered(script.on("SIZE copy", "213 4").on("CWD /", "250 yes"));
    let script = entered(stored(script, ".copy.a-")).on("RNFR .copy.a-", "553 no").on("CWD /", "250 yes");
    let script = entered(script).on("SIZE .copy.a-", "213 10").on("CWD /", "250 yes");
    let script = entered(script).on("SIZE copy", "213 4").on("CWD /", "250 yes");
    let script = script.on("PWD", "257 \"/\"").on("CWD dir/copy", "550 no");
    entered(script).on("RNFR copy", "553 no").on("CWD /", "250 yes")
}

/// The file is there under its temporary name.
fn atomic() -> Script {
    let script = entered(Script::logged_in().passive().on("STOR dir/.file.a-", "553 no"));
    stored(script, ".file.a-")
}

fn renamed_to(script: Script, name: &str) -> Script {
    let script = entered(script).on("RNFR .file.a-", "350 and?");
    script.on(format!("RNTO {name}"), "250 done").on("CWD /", "250 yes")
}

fn nothing_replaced() -> Script {
    let script = entered(atomic()).on("RNFR .file.a-", "350 and?").on("RNTO file", "553 no").on("CWD /", "250 yes");
    let script = entered(script).on("SIZE .file.a-", "213 10").on("CWD /", "250 yes");
    let script = entered(script).on("SIZE file", "213 4").on("CWD /", "250 yes");
    let script = script.on("PWD", "257 \"/\"").on("CWD dir/file", "550 no");
    let script = entered(script).on("RNFR file", "350 and?").on("RNTO .file.old-", "250 done").on("CWD /", "250 yes");
    entered(renamed_to(script, "file")).on("DELE .file.old-", "250 gone").on("CWD /", "250 yes")
}

/// The size of the file shows that the server takes its bare name.
fn sized(script: Script) -> Script {
    entered(script.on("SIZE dir/file", "550 no")).on("SIZE file", "213 10").on("CWD /", "250 yes")
}

fn moved() -> Script {
    let script = entered(sized(Script::logged_in().on("RNFR dir/file", "550 no")));
    script.on("RNFR file", "350 and?").on("RNTO other", "250 done").on("CWD /", "250 yes")
}
