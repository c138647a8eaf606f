//! What `get` and `cat` say is there is there: a cut is seen, whatever the way, and nothing is left of what was refused. By
//! both programs.

use anyhow::{Result, ensure};
use ftp_tests::command::{Program, each_case};
use ftp_tests::root;
use ftp_tests::script::{Ending, Play as _, Script};
use ftp_tests::trial;

const TIME: &str = "213 20200101000000";
const FACTS: &str = "type=file;size=10;modify=20200101000000; file\r\n";
const TWO: &str = "type=file;size=10; file\r\ntype=file;size=10; fine\r\n";
const LINE: &str = "-rw-r--r-- 1 owner group 5 Jan 01 2020 file\r\n";

/// A server, the words of the command with `{}` for the URL of the server, the exit code, and what is said or printed.
type Case = (&'static str, fn() -> Script, &'static [&'static str], i32, &'static str);

const CASES: [Case; 23] = [
    ("cut_is_seen_by_cat", || cut(sized()), &["cat", "{}file"], 12, "5 bytes"),
    ("cut_is_seen_on_the_way_to_the_standard_output", || cut(sized()), &["get", "{}file", "-"], 12, "5 bytes"),
    ("cut_is_seen_without_times", || cut(sized()), &["get", "--no-times", "{}file"], 12, "5 bytes"),
    (
        "size_of_a_listing_for_machines_is_trusted",
        || listed(FACTS, FACTS).strict().download("RETR file", "01234"),
        &["cat", "{}f*"],
        12,
        "5 bytes",
    ),
    (
        "listing_that_was_cut_at_a_line_end_is_another_one_the_second_time",
        || listed(FACTS, TWO).strict().download("RETR file", "0123456789"),
        &["cat", "{}f*"],
        9,
        "another one the second time",
    ),
    (
        "size_of_a_listing_for_people_is_not_trusted",
        || for_people().on("SIZE file", "213 10").download("RETR file", "0123456789"),
        &["cat", "{}f*"],
        0,
        "0123456789",
    ),
    (
        "cut_is_seen_where_a_listing_for_people_agrees",
        || cut(for_people().on("SIZE file", "213 10")),
        &["cat", "{}f*"],
        12,
        "5 bytes",
    ),
    ("cut_is_seen_where_a_checksum_is_made_of_it", || cut(sized()), &["sum", "--read", "{}file"], 12, "5 bytes"),
    (
        "urls_of_one_server_share_a_session_also_after_a_failure",
        || missing(Script::logged_in(), "a").on("SIZE file", "213 10").download("RETR file", "0123456789"),
        &["cat", "{}a", "{}file"],
        9,
        "0123456789",
    ),
    (
        "url_after_a_lost_session_has_another_one",
        || {
            let lost = Script::logged_in().on("SIZE a", "213 1").expect("EPSV");
            let next = Script::logged_in().on("SIZE file", "213 10").download("RETR file", "0123456789");
            lost.then(Ending::Close, next)
        },
        &["cat", "{}a", "{}file"],
        9,
        "0123456789",
    ),
    (
        "text_has_no_size",
        || Script::logged_in().strict().on("TYPE A", "200 yes").download("RETR file", "01\r\n"),
        &["cat", "--ascii", "{}file"],
        0,
        "01\n",
    ),
    (
        "file_that_has_grown_meanwhile_is_whole",
        || sized().download("RETR file", "0123456789ab").on("SIZE file", "213 14"),
        &["cat", "{}file"],
        0,
        "0123456789ab",
    ),
    (
        "bytes_that_the_server_does_not_have_are_12",
        || sized().download("RETR file", "0123456789ab").on("SIZE file", "213 11"),
        &["cat", "{}file"],
        12,
        "12 bytes",
    ),
    (
        "comparison_of_a_download_can_be_left",
        || Script::logged_in().strict().on("TYPE I", "200 yes").download("RETR file", "01234"),
        &["cat", "--no-verify-size", "{}file"],
        0,
        "01234",
    ),
    (
        "server_without_sizes_is_not_verified",
        || Script::logged_in().on("SIZE file", "502 no").download("RETR file", "01234"),
        &["cat", "{}file"],
        0,
        "not verified",
    ),
    (
        "odd_answer_to_size_is_no_failure",
        || Script::logged_in().on("SIZE file", "213 none").on("MDTM file", "213 none").download("RETR file", "01234"),
        &["get", "{}file"],
        0,
        "not verified",
    ),
    (
        "download_says_in_the_json_what_was_compared",
        || dated().download("RETR file", "0123456789"),
        &["get", "--json", "{}file"],
        0,
        "\"verified\":\"size\"",
    ),
    (
        "early_end_is_tried_again_from_the_beginning",
        || {
            let script = cut(dated());
            script.on("SIZE file", "213 10").on("MDTM file", TIME).download("RETR file", "0123456789")
        },
        &["get", "--retry", "1", "--retry-wait", "0.01", "{}file"],
        0,
        "trying again",
    ),
    ("early_end_without_another_attempt_is_12", || cut(dated()), &["get", "{}file"], 12, "5 bytes"),
    (
        "refused_download_leaves_nothing",
        || dated().passive().on("RETR file", "550 no").on("MLST file", "550 no"),
        &["get", "--resume", "{}file"],
        7,
        "550",
    ),
    (
        "lost_verdict_is_9",
        || dated().open_data("RETR file").send_data("01234").close_data().reply("426 lost"),
        &["get", "{}file"],
        9,
        "426",
    ),
    (
        "several_missing_files_are_7",
        || missing(missing(Script::logged_in(), "a"), "b"),
        &["get", "{}a", "{}b", "folder/"],
        7,
        "550",
    ),
    (
        "offset_that_is_refused_is_not_the_end",
        offset_refused,
        &["get", "--retry", "1", "--retry-wait", "0.01", "{}file"],
        0,
        "trying again",
    ),
];

#[trial(on = each_case(CASES.map(|case| (case.0, case))))]
async fn get_ends_with(case: (Program, Case)) -> Result<()> {
    let (program, (_, script, words, code, said)) = case;
    script()
        .on("QUIT", "221 bye")
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/", peer.address());
            let words: Vec<_> = words.iter().map(|word| word.replace("{}", &url)).collect();
            let output = program.command(here.path(), &words)?.output()?;
            let text = [&*output.stderr, &*output.stdout].concat();
            let text = String::from_utf8_lossy(&text);
            ensure!(output.status.code() == Some(code), "{:?}: {text}", output.status);
            ensure!(text.contains(said), "no {said:?} in {text}");
            let names: Vec<_> =
                std::fs::read_dir(here.path())?.map(|file| Ok(file?.file_name())).collect::<Result<_>>()?;
            ensure!(names.iter().all(|name| code == 0 && name == "file" || name == "folder"), "{names:?}");
            Ok(())
        })
        .await
}

/// The server reports a file of ten bytes.
fn sized() -> Script {
    Script::logged_in().on("SIZE file", "213 10")
}

/// Half of the file comes. The server still has all of it.
fn cut(script: Script) -> Script {
    script.download("RETR file", "01234").on("SIZE file", "213 10")
}

fn dated() -> Script {
    sized().on("MDTM file", TIME)
}

/// What the directory has, and what it has when it is listed once more.
fn listed(lines: &str, again: &str) -> Script {
    Script::logged_in()
        .on("FEAT", "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End")
        .download("MLSD", lines)
        .download("MLSD", again)
        .on("TYPE I", "200 yes")
}

fn for_people() -> Script {
    Script::logged_in().on("FEAT", "211 none").download("LIST", LINE).download("LIST", LINE)
}

fn missing(script: Script, name: &str) -> Script {
    let script = script.on(format!("SIZE {name}"), "550 no");
    script.passive().on(format!("RETR {name}"), "550 no").on(format!("MLST {name}"), "550 no")
}

/// The connection is lost, and the server takes no offset.
fn offset_refused() -> Script {
    let script = dated().open_data("RETR file").send_data("01234").close_data().reply("426 lost");
    let script = script.on("SIZE file", "213 10").on("MDTM file", TIME).passive().on("REST 5", "501 no");
    script.download("RETR file", "0123456789")
}
