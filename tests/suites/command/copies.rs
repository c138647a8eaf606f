//! `cp`: what it says is copied is copied, and no file is lost by it, under whatever name it is the same. By both programs.

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program, at, each_case};
use ftp_tests::payload::Payload;
use ftp_tests::root;
use ftp_tests::script::{Play as _, Script};
use ftp_tests::servers::{self, Kind};
use ftp_tests::trial;

const FILE: &str = "0123456789";
const TIME: &str = "213 20200101000000";

/// Source and target of `cp --relay`, the exit code, and what is said.
type Case = (&'static str, fn() -> Script, fn() -> Script, i32, &'static str);

const CASES: [Case; 8] = [
    (
        "copy_to_a_new_name_is_straight_to_it",
        source,
        || stored(new(), "copy").on("SIZE copy", "213 10"),
        0,
        "\"verified\":\"size\"",
    ),
    (
        "copy_over_a_file_is_renamed_when_it_is_whole",
        source,
        || {
            let sink =
                there().open_data("STOR .copy.a-").receive_data(FILE).reply("226 done").on("SIZE .copy.a-", "213 10");
            sink.on("RNFR .copy.a-", "350 and?").on("RNTO copy", "250 done")
        },
        0,
        "\"verified\":\"size\"",
    ),
    (
        "copy_that_was_cut_is_not_renamed",
        source,
        || {
            let sink =
                there().open_data("STOR .copy.a-").receive_data(FILE).reply("226 done").on("SIZE .copy.a-", "213 5");
            sink.on("DELE .copy.a-", "250 gone")
        },
        12,
        "5 bytes",
    ),
    (
        "copy_that_was_cut_at_the_source_is_not_renamed",
        || known().download("RETR file", "01234").on("SIZE file", "213 10"),
        || {
            let sink = there().open_data("STOR .copy.a-").receive_data("01234").reply("226 done").on("NOOP", "200 yes");
            sink.on("DELE .copy.a-", "250 gone")
        },
        12,
        "5 bytes",
    ),
    (
        "copy_that_may_not_be_renamed_is_deleted",
        source,
        || {
            let sink =
                there().open_data("STOR .copy.a-").receive_data(FILE).reply("226 done").on("SIZE .copy.a-", "213 10");
            sink.on("RNFR .copy.a-", "550 you may not").on("SIZE .copy.a-", "550 no").on("DELE .copy.a-", "250 gone")
        },
        8,
        "550",
    ),
    (
        "copy_over_what_is_not_reported_is_renamed",
        source,
        || {
            let sink = Script::logged_in().on("SIZE copy", "502 no").open_data("STOR .copy.a-").receive_data(FILE);
            sink.reply("226 done")
                .on("SIZE .copy.a-", "502 no")
                .on("RNFR .copy.a-", "350 and?")
                .on("RNTO copy", "250 done")
        },
        0,
        "\"verified\":null",
    ),
    (
        "copy_of_what_is_not_reported_is_renamed",
        || Script::logged_in().on("SIZE file", "550 no").download("RETR file", FILE),
        || {
            let sink =
                new().open_data("STOR .copy.0-").receive_data(FILE).reply("226 done").on("SIZE .copy.0-", "213 10");
            sink.on("RNFR .copy.0-", "350 and?").on("RNTO copy", "250 done")
        },
        0,
        "\"verified\":\"size\"",
    ),
    (
        "copy_that_was_cut_says_where_the_part_is",
        source,
        || stored(new(), "copy").on("SIZE copy", "213 5"),
        12,
        "on the server as copy",
    ),
];

#[trial(on = each_case(CASES.map(|case| (case.0, case))))]
async fn relay_ends_with(case: (Program, Case)) -> Result<()> {
    let (program, (_, source, sink, code, said)) = case;
    relayed(program, source(), sink(), "copy", code, said).await
}

#[trial]
async fn straight_copy_that_broke_off_says_where_the_part_is(program: Program) -> Result<()> {
    for (there, said) in [("213 5", "is on the server as copy"), ("550 no", "426 cut")] {
        let source = known().on("SIZE file", "213 10").on("EPSV", "502 no");
        let source = source.on("PASV", "227 Entering (192,0,2,1,4,1)").on("RETR file", "150 go").reply("426 cut");
        let source = source.on("ABOR", "226 nothing to do").on("NOOP", "200 yes");
        let sink = new().on("PORT", "200 yes").on("STOR copy", "150 go").on("ABOR", "426 cut");
        let sink = sink.reply("226 aborted").on("NOOP", "200 yes").on("SIZE copy", there);
        copied(program, &["--fxp"], [source, sink], "copy", 9, said).await?;
    }
    Ok(())
}

/// Copy `file` to another server, through this client.
pub async fn relayed(
    program: Program,
    source: Script,
    sink: Script,
    target: &str,
    code: i32,
    said: &str,
) -> Result<()> {
    copied(program, &["--relay"], [source, sink], target, code, said).await
}

async fn copied(
    program: Program,
    way: &[&str],
    [source, sink]: [Script; 2],
    target: &str,
    code: i32,
    said: &str,
) -> Result<()> {
    source
        .on("QUIT", "221 bye")
        .play(async |source| {
            sink.on("QUIT", "221 bye")
                .play(async |sink| {
                    let here = root::temporary()?;
                    let [from, to] = [(source, "file"), (sink, target)]
                        .map(|(peer, name)| format!("ftp://user@{}/{name}", peer.address()));
                    let output = program
                        .command(here.path(), &[&["cp", "--same-password", "--json"], way, &[&from, &to]].concat())?
                        .output()?;
                    let text = String::from_utf8_lossy(&output.stdout);
                    ensure!(output.status.code() == Some(code) && text.contains(said), "{output:?}");
                    Ok(())
                })
                .await
        })
        .await
}

/// The server has a name and an address, so that nothing tells that both URLs mean one file.
#[trial(on = at(servers::plain(Kind::ALL)))]
fn file_under_another_address_of_its_server_survives(place: &Place) -> Result<()> {
    let contents = Payload::bytes(300_000);
    place.write_there("file", &contents)?;
    let file = place.url("file");
    let other = file.replace("127.0.0.1", "localhost");
    for arguments in [&["--relay", &file, &other][..], &[&file, &other], &[&other, &file]] {
        let output = place.run(&[&["cp", "--same-password"], arguments].concat())?;
        ensure!(output.status.success() && place.there("file")? == contents, "{arguments:?}: {output:?}");
        let left: Vec<_> =
            std::fs::read_dir(place.server.root())?.map(|file| Ok(file?.file_name())).collect::<Result<_>>()?;
        ensure!(left == ["file"], "{arguments:?}: {left:?}");
    }
    Ok(())
}

fn known() -> Script {
    Script::logged_in().on("SIZE file", "213 10").on("MDTM file", TIME)
}

fn source() -> Script {
    known().download("RETR file", FILE)
}

/// Nothing has the name of the target.
fn new() -> Script {
    Script::logged_in().on("SIZE copy", "550 no").on("MDTM copy", "550 no")
}

/// A file has it.
fn there() -> Script {
    Script::logged_in().on("SIZE copy", "213 4")
}

fn stored(script: Script, name: &str) -> Script {
    script.open_data(format!("STOR {name}")).receive_data(FILE).reply("226 done")
}
