//! Results that cannot be written are a failure, and what is written moves no cursor.

use std::fs::File;
use std::process::{Output, Stdio};

use anyhow::{Context as _, Result};
use ftp_tests::command::{Place, Program};
use ftp_tests::root;
use ftp_tests::script::{Play as _, Script};
use ftp_tests::trial;

#[trial]
fn one_that_cannot_be_written_is_10(place: &Place) -> Result<()> {
    place.write_there("file", b"contents")?;
    let (folder, file) = (place.url(""), place.url("file"));
    for arguments in [
        &["ls", &folder][..],
        &["ls", "--names", &folder],
        &["ls", "--json", &folder],
        &["stat", &file],
        &["sum", "--read", &file],
        &["quote", &folder, "NOOP"],
        &["quote", "--json", &folder, "NOOP"],
        &["probe", &folder],
        &["cat", &file],
        &["get", &file, "-"],
        &["get", "--json", &file, "here"],
        &["put", "--json", "mine", &place.url("mine")],
        &["rm", "--json", &place.url("mine")],
        &["get", "--help"],
    ] {
        place.write_here("mine", b"contents")?;
        let full = File::options().write(true).open("/dev/full")?;
        let output = place.command(arguments)?.stdout(full).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(10), "{arguments:?}: {output:?}");
        assert!(told.contains("cannot write the standard output"), "{arguments:?}: {told}");
    }
    assert_eq!(place.here("here")?, b"contents");
    Ok(())
}

#[trial]
fn closed_pipe_is_quiet(place: &Place) -> Result<()> {
    place.write_there("file", &[0; 1_000_000])?;
    let (folder, file) = (place.url(""), place.url("file"));
    for arguments in [&["ls", &folder][..], &["ls", "--json", &folder], &["stat", &file], &["cat", &file]] {
        let mut command = place.command(arguments)?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take().context("its output")?);
        let output = child.wait_with_output()?;
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_ne!(output.status.code(), Some(0), "{arguments:?}: it is no success");
    }
    Ok(())
}

#[trial]
async fn json_moves_no_cursor(program: Program) -> Result<()> {
    let script = Script::logged_in().on("NOOP", "200 \u{7f}\u{9b}2J\u{202e}\u{2066}\u{1b}[2J").on("QUIT", "221 bye");
    let output: Output = script
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/", peer.address());
            Ok(program.command(here.path(), &["quote", "--json", "-v", &url, "NOOP"])?.output()?)
        })
        .await?;
    assert!(output.status.success(), "{output:?}");
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(stream.clone())?;
        assert!(text.chars().all(|character| character == '\n' || (' '..='~').contains(&character)), "{text:?}");
    }
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains(r"\u007f\u009b2J\u202e\u2066\u001b[2J"), "{shown}");
    Ok(())
}
