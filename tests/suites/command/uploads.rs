//! What `put` says is done is done: sizes are compared, and an upload resumes at nothing but its own bytes. By both programs.

use std::process::Output;

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program, each_case};
use ftp_tests::root;
use ftp_tests::script::{Ending, Play as _, Script};
use ftp_tests::trial;

/// What is sent.
const FILE: &str = "0123456789";
const TIME: &str = "213 20200101000000";
const OTHER_TIME: &str = "213 20210101000000";

/// A server, the options of `put`, the exit code, and what is said.
type Case = (&'static str, fn() -> Script, &'static [&'static str], i32, &'static [&'static str]);

const CASES: [Case; 23] = [
    ("upload_that_was_cut_is_12", || stored("file").on("SIZE file", "213 5"), &[], 12, &["5 bytes", "server as file"]),
    (
        "atomic_upload_that_was_cut_is_not_renamed",
        || stored(".file.a-").on("SIZE .file.a-", "213 5"),
        &["--atomic"],
        12,
        &["5 bytes"],
    ),
    ("upload_that_is_too_large_is_12", || stored("file").on("SIZE file", "213 11"), &[], 12, &["11 bytes"]),
    (
        "upload_to_a_server_without_sizes_is_not_verified",
        || stored("file").on("SIZE file", "550 no"),
        &[],
        0,
        &["not verified"],
    ),
    (
        "reason_why_an_upload_is_not_verified_is_in_the_json",
        || stored("file").on("SIZE file", "500 no"),
        &["--json"],
        0,
        &["\"verified\":null", "\"not_verified\":\"the server does not report the size\""],
    ),
    (
        "what_was_compared_is_in_the_json",
        || stored("file").on("SIZE file", "213 10"),
        &["--json"],
        0,
        &["\"verified\":\"size\"", "\"not_verified\":null"],
    ),
    (
        "comparison_can_be_left",
        || {
            Script::logged_in()
                .strict()
                .on("TYPE I", "200 yes")
                .open_data("STOR file")
                .receive_data(FILE)
                .reply("226 done")
        },
        &["--no-verify-size", "--json"],
        0,
        &["turned off"],
    ),
    ("upload_that_was_cut_is_sent_again_from_the_beginning", cut_and_again, &RETRY, 0, &["trying again"]),
    ("upload_that_is_too_large_is_sent_again_from_the_beginning", large_and_again, &RETRY, 0, &["trying again"]),
    ("upload_does_not_resume_in_the_old_file", old_file, &RETRY, 0, &["trying again"]),
    ("upload_does_not_resume_in_a_file_of_unknown_time", unknown_time, &RETRY, 0, &["trying again"]),
    ("upload_resumes_in_a_file_of_the_same_size_and_another_time", other_time, &RETRY, 0, &["trying again"]),
    ("upload_resumes_at_the_end_of_what_it_has_sent", at_the_end, &RETRY, 0, &["trying again"]),
    ("upload_resumes_at_an_offset_where_the_size_still_changes", still_written, &RETRY, 0, &["trying again"]),
    ("upload_begins_again_where_the_offset_is_refused", no_offset, &RETRY, 0, &["trying again"]),
    (
        "upload_that_cannot_be_verified_is_a_success",
        unverified,
        &["--retry", "1", "--retry-wait", "0.01"],
        0,
        &["not verified"],
    ),
    (
        "resumed_upload_is_appended",
        || resumed().on("APPE file", "150 go").receive_data("56789").reply("226 done").on("SIZE file", "213 10"),
        &["--resume"],
        0,
        &[],
    ),
    (
        "resumed_upload_uses_an_offset_where_appending_is_refused",
        || {
            resumed()
                .on("APPE file", "502 no")
                .passive()
                .on("REST 5", "350 yes")
                .on("STOR file", "150 go")
                .receive_data("56789")
                .reply("226 done")
                .on("SIZE file", "213 10")
        },
        &["--resume"],
        0,
        &[],
    ),
    (
        "resumed_upload_that_is_too_large_is_12",
        || resumed().on("APPE file", "150 go").receive_data("56789").reply("226 done").on("SIZE file", "213 12"),
        &["--resume"],
        12,
        &["12 bytes"],
    ),
    (
        "longer_file_on_the_server_is_not_resumed",
        || {
            Script::logged_in()
                .on("SIZE file", "213 11")
                .open_data("STOR file")
                .receive_data(FILE)
                .reply("226 done")
                .on("SIZE file", "213 10")
        },
        &["--resume"],
        0,
        &[],
    ),
    (
        "connection_that_was_lost_at_the_end_is_9",
        || stored_with("file", "426 lost"),
        &[],
        9,
        &["426", "server as file"],
    ),
    (
        "upload_without_checksums_says_so",
        || stored("file").on("SIZE file", "213 10"),
        &["--checksum"],
        0,
        &["no checksums were compared"],
    ),
    (
        "upload_without_checksums_says_so_in_the_json",
        || stored("file").on("SIZE file", "213 10"),
        &["--checksum", "--json"],
        0,
        &["\"checksum\":null"],
    ),
];

const RETRY: [&str; 4] = ["--retry", "2", "--retry-wait", "0.01"];

#[trial(on = each_case(CASES.map(|case| (case.0, case))))]
async fn put_ends_with(case: (Program, Case)) -> Result<()> {
    let (program, (_, script, options, code, said)) = case;
    // Lost connections end a script, and so does a command that is refused.
    script()
        .on("QUIT", "221 bye")
        .play(async |peer| {
            let here = root::temporary()?;
            std::fs::write(here.path().join("file"), FILE)?;
            let url = format!("ftp://user@{}/", peer.address());
            let arguments = [&["put", "--no-times"], options, &["file", &url]].concat();
            check(&program.command(here.path(), &arguments)?.output()?, code, said)
        })
        .await
}

#[trial]
fn old_file_is_replaced_where_there_may_be_a_second_attempt(place: &Place) -> Result<()> {
    place.write_here("file", b"new contents")?;
    place.write_there("file", b"old")?;
    place.succeed(&["put", "--retry", "1", "file", &place.url("")])?;
    ensure!(place.there("file")? == b"new contents");
    Ok(())
}

/// It ended with this code, and said this.
fn check(output: &Output, code: i32, said: &[&str]) -> Result<()> {
    let text = [&*output.stderr, &*output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    ensure!(output.status.code() == Some(code), "{:?}: {text}", output.status);
    ensure!(said.iter().all(|said| text.contains(said)), "no {said:?} in {text}");
    Ok(())
}

/// Everything that is sent arrives at the server, which may say otherwise later.
fn stored(name: &str) -> Script {
    stored_with(name, "226 done")
}

fn stored_with(name: &str, verdict: &str) -> Script {
    Script::logged_in().open_data(format!("STOR {name}")).receive_data(FILE).reply(verdict)
}

/// An attempt that is lost after so many bytes, and the login that follows.
fn lost(before: Script, bytes: usize) -> Script {
    before.open_data("STOR file").expect_data(&FILE.as_bytes()[..bytes])
}

fn again(script: Script, next: Script) -> Script {
    script.then(Ending::Reset, next)
}

fn whole(script: Script) -> Script {
    script.open_data("STOR file").receive_data(FILE).reply("226 done").on("SIZE file", "213 10")
}

fn appended(script: Script, rest: &str) -> Script {
    let script = script.passive().on("APPE file", "150 go").receive_data(rest).reply("226 done");
    script.on("SIZE file", "213 10")
}

fn cut_and_again() -> Script {
    let first = Script::logged_in().on("SIZE file", "550 none").open_data("STOR file").receive_data(FILE);
    let second = first.reply("226 done").on("SIZE file", "213 5").on("SIZE file", "213 5").on("MDTM file", TIME);
    whole(second)
}

fn large_and_again() -> Script {
    let first = Script::logged_in().on("SIZE file", "550 none").open_data("STOR file").receive_data(FILE);
    let second = first.reply("226 done").on("SIZE file", "213 11").on("SIZE file", "213 11").on("MDTM file", TIME);
    whole(second)
}

fn old_file() -> Script {
    let before = Script::logged_in().on("SIZE file", "213 4").on("MDTM file", TIME);
    again(lost(before, 6), whole(Script::logged_in().on("SIZE file", "213 4").on("MDTM file", TIME)))
}

fn unknown_time() -> Script {
    let before = Script::logged_in().on("SIZE file", "213 4").on("MDTM file", "502 no");
    again(lost(before, 6), whole(Script::logged_in().on("SIZE file", "213 4")))
}

fn other_time() -> Script {
    let before = Script::logged_in().on("SIZE file", "213 4").on("MDTM file", TIME);
    let next = Script::logged_in().on("SIZE file", "213 4").on("MDTM file", OTHER_TIME).on("SIZE file", "213 4");
    again(lost(before, 6), appended(next, "456789"))
}

fn at_the_end() -> Script {
    let before = Script::logged_in().on("SIZE file", "550 none");
    let next = Script::logged_in().on("SIZE file", "213 6").on("SIZE file", "213 6");
    again(lost(before, 6), appended(next, "6789"))
}

fn still_written() -> Script {
    let before = Script::logged_in().on("SIZE file", "550 none");
    let next = Script::logged_in().on("SIZE file", "213 6").on("SIZE file", "213 7");
    let next = next.passive().on("REST 6", "350 yes").on("STOR file", "150 go").receive_data("6789").reply("226 done");
    again(lost(before, 6), next.on("SIZE file", "213 10"))
}

fn no_offset() -> Script {
    let before = Script::logged_in().on("SIZE file", "550 none");
    let next = Script::logged_in().on("SIZE file", "213 6").on("SIZE file", "213 6");
    let next = next.passive().on("APPE file", "502 no").passive().on("REST 6", "501 no");
    again(lost(before, 6), whole(next))
}

fn unverified() -> Script {
    let script = Script::logged_in().on("SIZE file", "500 no").open_data("STOR file").receive_data(FILE);
    script.reply("226 done").on("SIZE file", "500 no")
}

/// The server has the first half.
fn resumed() -> Script {
    Script::logged_in().on("SIZE file", "213 5").passive()
}
