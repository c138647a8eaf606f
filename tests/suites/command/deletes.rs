//! What `mirror --delete` and `rm` delete, and what they do not, by both programs.

use std::path::Path;
use std::process::Output;

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program, at};
use ftp_tests::root;
use ftp_tests::script::{Peer, Play as _, Script, script};
use ftp_tests::servers::{self, Kind, plain_and_tls};
use ftp_tests::trial;

const WHOLE: &str = "type=file; a.txt\r\ntype=file; b.bin\r\n";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn emptied_directory_is_deleted(place: &Place) -> Result<()> {
    for path in ["tree/d/x", "tree/gone/y", "tree/keep"] {
        place.write_there(path, b"contents")?;
    }
    let (url, root) = (place.url("tree/"), place.server.root().join("tree"));
    place.succeed(&["mirror", "--delete", &url, "copy"])?;
    std::fs::remove_file(root.join("d/x"))?;
    std::fs::remove_dir_all(root.join("gone"))?;
    let output = place.run(&["mirror", "--delete", &url, "copy"])?;
    // pyftpdlib may end a listing of nothing inside TLS without `close_notify`.
    if output.status.code() == Some(9) && text(&output).contains("close_notify") {
        return Ok(());
    }
    ensure!(output.status.success(), "{output:?}");
    let copy = place.here.path().join("copy");
    ensure!(copy.join("d").is_dir() && !copy.join("d/x").exists() && !copy.join("gone").exists());
    ensure!(["d/x is deleted", "gone/y is deleted", "gone is deleted"].iter().all(|told| text(&output).contains(told)));
    ensure!(place.here("copy/keep")? == b"contents");

    std::fs::remove_file(copy.join("keep"))?;
    let output = place.run(&["mirror", "--delete", "copy", &url])?;
    ensure!(output.status.success() && text(&output).contains("keep is deleted"), "{output:?}");
    ensure!(!root.join("keep").exists() && root.join("d").is_dir());
    Ok(())
}

/// By `MLSD` it is known to be gone. vsftpd has `LIST` alone, which shows no other one.
#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn only_dot_file_that_was_removed(place: &Place) -> Result<()> {
    for path in ["tree/a", "tree/.htaccess"] {
        place.write_there(path, b"contents")?;
    }
    let url = place.url("tree/");
    place.succeed(&["mirror", &url, "copy"])?;
    ensure!(place.here("copy/.htaccess")? == b"contents");
    let again = place.succeed(&["mirror", "--delete", "--json", &url, "copy"])?;
    ensure!(!again.contains("transfer") && !again.contains("\"rm\""), "{again}");

    std::fs::remove_file(place.server.root().join("tree/.htaccess"))?;
    let output = place.run(&["mirror", "--delete", &url, "copy"])?;
    if place.server.kind() == Kind::Vsftpd {
        ensure!(output.status.code() == Some(9) && text(&output).contains("--delete-hidden"), "{output:?}");
        ensure!(place.here("copy/.htaccess")? == b"contents");
        place.succeed(&["mirror", "--delete", "--delete-hidden", &url, "copy"])?;
    } else {
        ensure!(output.status.success(), "{output:?}");
    }
    ensure!(place.here("copy/.htaccess").is_err() && place.here("copy/a").is_ok());
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn hidden_directory_that_is_there_is_no_failure(place: &Place) -> Result<()> {
    for path in ["tree/.well-known/x", "tree/.htaccess"] {
        place.write_here(path, b"contents")?;
    }
    for _ in 0..2 {
        place.succeed(&["mirror", "tree", &place.url("to/")])?;
    }
    let again = place.succeed(&["mirror", "--delete", "--json", "tree", &place.url("to/")])?;
    ensure!(!again.contains("transfer") && !again.contains("mkdir"), "{again}");
    place.succeed(&["rm", "-r", &place.url("to")])?;
    ensure!(!place.server.root().join("to").exists());
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn rm_of_a_root_asks_for_an_option(place: &Place) -> Result<()> {
    for path in ["a/b", "c"] {
        place.write_there(path, b"contents")?;
    }
    for path in ["/", "%2F", "%2Fa%2F..", "a%2F..%2F.."] {
        let output = place.run(&["rm", "-r", &place.url(path)])?;
        ensure!(output.status.code() == Some(2) && text(&output).contains("--no-preserve-root"), "{path}: {output:?}");
    }
    // The login directory.
    for path in ["", ".", "a/..", ".."] {
        let output = place.run(&["rm", "-r", &place.url(path)])?;
        ensure!(output.status.code() == Some(2), "{path}: {output:?}");
    }
    ensure!(place.there("a/b").is_ok() && place.there("c").is_ok());
    place.succeed(&["rm", "-r", "--no-preserve-root", &place.url("/")])?;
    ensure!(std::fs::read_dir(place.server.root())?.count() == 0);
    Ok(())
}

/// A folder here with the files that `WHOLE` names, and an old one.
fn copied(here: &Path) -> Result<()> {
    std::fs::create_dir(here.join("copy"))?;
    for name in ["a.txt", "b.bin", "old"] {
        std::fs::write(here.join("copy").join(name), b"contents")?;
    }
    Ok(())
}

fn mirror(program: Program, peer: &Peer, here: &Path, options: &[&str]) -> Result<Output> {
    let url = format!("ftp://user@{}//d/", peer.address());
    let arguments = [&["mirror", "--delete", "--size-only", "--no-times"], options, &[&url, "copy"]].concat();
    Ok(program.command(here, &arguments)?.output()?)
}

/// The mirror goes to the directory to see that it is one.
fn there(script: Script) -> Script {
    script.on("PWD", "257 \"/\"").on("CWD /d", "250 yes").on("CWD /", "250 yes")
}

/// The listing, and that which confirms it.
fn listed(script: Script, listing: &str, again: Option<&str>) -> Script {
    let script = there(script).download("MLSD /d", listing);
    let Some(again) = again else { return script };
    script.on("PWD", "257 \"/\"").on("CWD /d", "250 yes").download("MLSD", again).on("CWD /", "250 yes")
}

/// A file that does not come.
fn not_sent(script: Script, path: &str, size: u64) -> Script {
    let script = script.on(format!("SIZE {path}"), format!("213 {size}"));
    let script = script.on(format!("MDTM {path}"), "213 20200101000000");
    script.passive().on(format!("RETR {path}"), "451 no")
}

const SIZES: &str = "type=file;size=8; a.txt\r\ntype=file;size=8; b.bin\r\n";

#[trial]
async fn nothing_is_deleted_after_a_failed_transfer(program: Program) -> Result<()> {
    let with_new = format!("{SIZES}type=file;size=3; new\r\n");
    let refused = not_sent(listed(Script::logged_in(), &with_new, Some(&with_new)), "/d/new", 3);
    let refused = refused.on("QUIT", "221 bye");
    let here = root::temporary()?;
    copied(here.path())?;
    refused
        .play(async |peer| {
            let output = mirror(program, peer, here.path(), &[])?;
            ensure!(output.status.code() == Some(9) && text(&output).contains("old; another run"), "{output:?}");
            ensure!(here.path().join("copy/old").exists());
            Ok(())
        })
        .await?;
    healthy(program, here.path()).await
}

/// A second run over a server that shows everything deletes what was held back.
async fn healthy(program: Program, here: &Path) -> Result<()> {
    let script = listed(Script::logged_in(), SIZES, Some(SIZES)).on("QUIT", "221 bye");
    script
        .play(async |peer| {
            let output = mirror(program, peer, here, &[])?;
            ensure!(output.status.success() && text(&output).contains("old is deleted"), "{output:?}");
            ensure!(here.join("copy/a.txt").exists() && here.join("copy/b.bin").exists());
            ensure!(!here.join("copy/old").exists());
            Ok(())
        })
        .await
}

#[trial]
async fn listing_that_was_cut_in_a_name_deletes_nothing(program: Program) -> Result<()> {
    cut(program, "type=file; a.txt\r\ntype=file; b.b", None, "no line end").await
}

#[trial]
async fn listing_that_was_cut_at_a_line_end_deletes_nothing(program: Program) -> Result<()> {
    cut(program, "type=file; a.txt\r\n", Some(WHOLE), "another one the second time").await
}

#[trial]
async fn line_that_is_not_understood_deletes_nothing(program: Program) -> Result<()> {
    cut(program, "type=file; a.txt\r\nnonsense\r\n", None, "not understood").await
}

async fn cut(program: Program, listing: &'static str, again: Option<&'static str>, why: &'static str) -> Result<()> {
    let sized = |listing: &str| listing.replace("type=file;", "type=file;size=8;");
    let here = root::temporary()?;
    copied(here.path())?;
    // What was cut in its name does not come.
    let script = listed(Script::logged_in(), &sized(listing), again.map(sized).as_deref());
    let script = match listing.ends_with('b') {
        true => not_sent(script, "/d/b.b", 8),
        false => script,
    };
    script
        .on("QUIT", "221 bye")
        .play(async |peer| {
            let output = mirror(program, peer, here.path(), &[])?;
            ensure!(output.status.code() == Some(9) && text(&output).contains(why), "{output:?}");
            ensure!(text(&output).contains("--delete-unconfirmed"), "{output:?}");
            ensure!(["a.txt", "b.bin", "old"].iter().all(|name| here.path().join("copy").join(name).exists()));
            Ok(())
        })
        .await?;
    healthy(program, here.path()).await
}

#[trial]
async fn rm_continues_after_a_file_that_cannot_be_deleted(program: Program) -> Result<()> {
    // Between the listings and the deletions the command looks whether d/e is a link.
    let script = script!(
        Script::logged_in();
        "C: DELE d*   S: 550 a directory
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d*   S: 150 here it comes
         D> type=file; a\r\ntype=file; b\r\ntype=dir; e\r\n   D! close   S: 226 done
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d/e*   S: 150 here it comes
         D> type=file; c\r\n   D! close   S: 226 done
         C: PWD*   S: 257 \"/\"
         C: CWD /d*   S: 250 yes
         C: EPSV*   S: 229 listening (|||<port>|)
         C: LIST*   S: 150 here it comes
         D> drwxr-xr-x 1 u g 1 Jan 01 2020 e\r\n   D! close   S: 226 done
         C: CWD /*   S: 250 yes
         C: DELE d/e*   S: 550 a directory
         C: DELE d/e/c*   S: 550 no
         C: DELE d/b*   S: 550 no
         C: DELE d/a*   S: 250 gone
         C: QUIT*   S: 221 bye"
    );
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/d", peer.address());
            let output = program.command(here.path(), &["rm", "-r", &url])?.output()?;
            ensure!(output.status.code() == Some(9), "{output:?}");
            ensure!(["d/e/c", "d/b", "not all of d"].iter().all(|told| text(&output).contains(told)), "{output:?}");
            Ok(())
        })
        .await
}
