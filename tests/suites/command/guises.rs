//! What is deleted, and what is not, where something is not what it seems: names that a server changes, links that are shown as
//! directories, listings of another directory. By both programs.
//!
//! - `names_that_the_server_changes`: nothing that was sent is deleted, however often it is mirrored
//! - `two_files_that_become_one_on_the_server_are_reported`
//! - `file_that_was_renamed_in_case_only_is_deleted_once_both_are_listed`
//! - `listing_by_a_path_that_the_server_ignores_deletes_nothing`, and `ls` lists the directory that was named
//! - `links_to_directories_are_deleted_and_not_what_is_behind_them`, by `rm -r` and by `mirror --delete`
//! - `link_that_may_not_be_deleted_keeps_what_is_behind_it`
//! - `mirror_deletes_nothing_in_a_directory_that_is_a_link`
//! - `listing_of_the_target_that_changes_deletes_nothing`
//! - `names_that_lead_elsewhere_are_not_deleted`

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program, at, at_with};
use ftp_tests::root;
use ftp_tests::script::{Ending, Play as _, Script, script};
use ftp_tests::servers::{self, Kind, plain_and_tls};
use ftp_tests::suite::Case;
use ftp_tests::trial;

/// What `servers/pyftpd.py` makes of names, what is on it before, and what a mirror reports.
type Change = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const CHANGES: [Change; 4] = [
    (
        &["--names", "folded"],
        &["README.TXT", "old"],
        &["README.TXT is left as it is", "the server lists Readme.txt as README.TXT: old"],
    ),
    (&["--names", "upper"], &["OLD"], &["nothing is deleted, as the server lists Readme.txt as README.TXT: OLD"]),
    (&["--names", "decomposed"], &["old"], &["nothing is deleted, as the server lists caf\u{e9} as cafe\u{301}: old"]),
    (&["--names", "short"], &["old"], &["nothing is deleted, as the server lists long-folder as long-fol: old"]),
];

/// pyftpdlib, plain and inside TLS, with these options.
fn pyftpd(extra: &'static [&'static str]) -> Vec<Case<Place>> {
    at_with(plain_and_tls([Kind::PyFtpd]), extra)
}

fn each_change() -> Vec<Case<(Place, Change)>> {
    let case = |change: Change| {
        let cases = pyftpd(change.0).into_iter();
        cases.map(move |case| case.map(move |place| Ok((place, change))).named(change.0[1]))
    };
    CHANGES.into_iter().flat_map(case).collect()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Each file below a folder, by what is in it: its name may be another one.
fn contents(root: &Path) -> Result<Vec<Vec<u8>>> {
    let mut found: Vec<_> =
        root::files(root)?.into_iter().map(|file| std::fs::read(root.join(file))).collect::<Result<_, _>>()?;
    found.sort();
    Ok(found)
}

#[trial(on = each_change())]
fn names_that_the_server_changes(case: (Place, Change)) -> Result<()> {
    let (place, (_, before, reports)) = case;
    // Each has its name as its contents.
    for name in ["Readme.txt", "caf\u{e9}", "b", "long-folder/long-name.text"] {
        place.write_here(&format!("tree/{name}"), name.as_bytes())?;
    }
    let to = place.server.root().join("TO");
    std::fs::create_dir(&to)?;
    for name in before {
        std::fs::write(to.join(name), b"old")?;
    }
    let mut expected = contents(&place.here.path().join("tree"))?;
    expected.push(b"old".to_vec());
    expected.sort();
    for run in 0..3 {
        let output = place.run(&["mirror", "--delete", "tree", &place.url("TO/")])?;
        ensure!(output.status.code() == Some(9), "{output:?}");
        ensure!(!text(&output).contains("is deleted\n"), "{output:?}");
        ensure!(run > 0 || reports.iter().all(|report| text(&output).contains(report)), "{output:?}");
        ensure!(contents(&to)? == expected, "run {run}: {:?}, {output:?}", contents(&to)?);
    }
    // No option deletes what was sent.
    let output = place.run(&["mirror", "--delete", "--delete-unconfirmed", "tree", &place.url("TO/")])?;
    ensure!(output.status.code() == Some(9) && contents(&to)? == expected, "{output:?}");
    Ok(())
}

#[trial(on = pyftpd(&["--names", "folded"]))]
fn two_files_that_become_one_on_the_server_are_reported(place: &Place) -> Result<()> {
    for name in ["A.txt", "a.txt"] {
        place.write_here(&format!("tree/{name}"), name.as_bytes())?;
    }
    for _ in 0..2 {
        let output = place.run(&["mirror", "tree", &place.url("to/")])?;
        ensure!(
            output.status.code() == Some(9) && text(&output).contains("the server lists a.txt as A.txt"),
            "{output:?}"
        );
    }
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn file_that_was_renamed_in_case_only_is_deleted_once_both_are_listed(place: &Place) -> Result<()> {
    place.write_here("tree/readme.txt", b"new")?;
    place.write_there("to/README.txt", b"old")?;
    let arguments = ["mirror", "--delete", "tree", &place.url("to/")];
    let output = place.run(&arguments)?;
    ensure!(output.status.code() == Some(9) && text(&output).contains("README.txt is left as it is"), "{output:?}");
    ensure!(place.there("to/readme.txt")? == b"new" && place.there("to/README.txt")? == b"old");
    place.succeed(&arguments)?;
    ensure!(place.there("to/readme.txt")? == b"new" && place.there("to/README.txt").is_err());

    place.write_here("copy/Readme.txt", b"mine")?;
    let arguments = ["mirror", "--delete", &place.url("to/"), "copy"];
    let output = place.run(&arguments)?;
    ensure!(output.status.code() == Some(9) && place.here("copy/Readme.txt")? == b"mine", "{output:?}");
    place.succeed(&arguments)?;
    ensure!(place.here("copy/readme.txt")? == b"new" && place.here("copy/Readme.txt").is_err());
    Ok(())
}

/// The directory where a session begins has nothing but what is excluded.
#[trial(on = pyftpd(&["--ignore-arguments", "/home"]))]
fn listing_by_a_path_that_the_server_ignores_deletes_nothing(place: &Place) -> Result<()> {
    for path in ["home/.profile", "data/site/a", "data/site/b"] {
        place.write_there(path, b"contents")?;
    }
    for path in ["copy/a", "copy/b"] {
        place.write_here(path, b"contents")?;
    }
    let url = place.url("/data/site");
    let output = place.run(&["mirror", "--delete", "--exclude", ".*", &url, "copy"])?;
    ensure!(output.status.code() == Some(9) && text(&output).contains("another one the second time"), "{output:?}");
    ensure!(place.here("copy/a").is_ok() && place.here("copy/b").is_ok());
    ensure!(place.succeed(&["ls", "-1", &place.url("/data/site/")])? == "a\nb\n");
    Ok(())
}

fn plant_links(place: &Place) -> Result<()> {
    for path in ["tree/f", "tree/d/e/g", "precious/p1", "precious/q/p2"] {
        place.write_there(path, b"contents")?;
    }
    let root = place.server.root();
    symlink("../precious", root.join("tree/link"))?;
    symlink("../../../precious", root.join("tree/d/e/link"))?;
    Ok(())
}

fn precious_is_there(place: &Place) -> Result<()> {
    ensure!(place.there("precious/p1").is_ok() && place.there("precious/q/p2").is_ok(), "it was deleted");
    Ok(())
}

fn links(place: &Place) -> Result<()> {
    let root = place.server.root();
    plant_links(place)?;
    symlink("..", root.join("tree/d/up"))?;
    let output = place.run(&["rm", "-r", &place.url("tree")])?;
    precious_is_there(place)?;
    ensure!(output.status.success() && !root.join("tree").exists(), "{output:?}");

    plant_links(place)?;
    place.write_here("tree/f", b"contents")?;
    let url = place.url("tree/");
    for options in [&["--dry-run"][..], &[], &[]] {
        let arguments = [&["mirror", "--delete", "--size-only"], options, &["tree", &url]].concat();
        let output = place.run(&arguments)?;
        precious_is_there(place)?;
        ensure!(!text(&output).contains("p1"), "{output:?}");
        ensure!(output.status.success() || !options.is_empty(), "{output:?}");
    }
    let left: Vec<_> =
        std::fs::read_dir(root.join("tree"))?.map(|member| Ok(member?.file_name())).collect::<Result<_>>()?;
    ensure!(left == ["f"], "{left:?}");
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn links_to_directories_are_deleted_and_not_what_is_behind_them(place: &Place) -> Result<()> {
    links(place)
}

#[trial(on = at_with(servers::plain([Kind::PyFtpd]), &["--links-are-directories"]))]
fn links_that_list_shows_as_directories_are_deleted_and_not_what_is_behind_them(place: &Place) -> Result<()> {
    links(place)
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn mirror_deletes_nothing_in_a_directory_that_is_a_link(place: &Place) -> Result<()> {
    plant_links(place)?;
    for path in ["tree/f", "tree/link/p1"] {
        place.write_here(path, b"contents")?;
    }
    let output = place.run(&["mirror", "--delete", "--size-only", "tree", &place.url("tree/")])?;
    precious_is_there(place)?;
    ensure!(output.status.code() == Some(9) && text(&output).contains("link"), "{output:?}");
    ensure!(place.server.root().join("tree/link").is_symlink() && !place.server.root().join("tree/d").exists());
    Ok(())
}

/// Whoever may not delete the link may delete what is behind it.
#[trial]
async fn link_that_may_not_be_deleted_keeps_what_is_behind_it(program: Program) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: DELE d*   S: 550 a directory
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d*   S: 150 here it comes
         D> type=file; a\r\ntype=dir; e\r\n   D! close   S: 226 done
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d/e*   S: 150 here it comes
         D> type=file; c\r\n   D! close   S: 226 done
         C: PWD*   S: 257 \"/\"
         C: CWD /d*   S: 250 yes
         C: EPSV*   S: 229 listening (|||<port>|)
         C: LIST*   S: 150 here it comes
         D> -rw-r--r-- 1 u g 1 Jan 01 2020 a\r\nlrwxrwxrwx 1 u g 1 Jan 01 2020 e -> /x\r\n   D! close
         S: 226 done
         C: CWD /*   S: 250 yes
         C: DELE d/e*   S: 550 no right
         C: DELE d/a*   S: 250 gone
         C: QUIT*   S: 221 bye"
    );
    removed(program, script, "d/e").await
}

#[trial]
async fn names_that_lead_elsewhere_are_not_deleted(program: Program) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: DELE d*   S: 550 a directory
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d*   S: 150 here it comes
         D> type=file; ..\\evil\r\ntype=dir; C:evil\r\ntype=file; a\r\n   D! close   S: 226 done
         C: DELE d/a*   S: 250 gone
         C: QUIT*   S: 221 bye"
    );
    removed(program, script, "d/C:evil: its name is the name of a drive").await
}

async fn removed(program: Program, script: Script, kept: &str) -> Result<()> {
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/d", peer.address());
            let output = program.command(here.path(), &["rm", "-r", &url])?.output()?;
            ensure!(output.status.code() == Some(9) && text(&output).contains(kept), "{output:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn listing_of_the_target_that_changes_deletes_nothing(program: Program) -> Result<()> {
    let entered = |script: Script| script.on("PWD", "257 \"/\"").on("CWD /d", "250 yes");
    let first = entered(Script::logged_in()).on("CWD /", "250 yes");
    let first = first.download("MLSD /d", "type=file;size=8; a\r\ntype=file;size=8; old\r\n").on("QUIT", "221 bye");
    let second = entered(Script::logged_in()).download("MLSD", "type=file;size=8; old\r\n");
    let second = second.on("CWD /", "250 yes").on("QUIT", "221 bye");
    first
        .then(Ending::Close, second)
        .play(async |peer| {
            let here = root::temporary()?;
            std::fs::create_dir(here.path().join("tree"))?;
            std::fs::write(here.path().join("tree/a"), b"contents")?;
            let url = format!("ftp://user@{}//d/", peer.address());
            let output =
                program.command(here.path(), &["mirror", "--delete", "--size-only", "tree", &url])?.output()?;
            ensure!(output.status.code() == Some(9), "{output:?}");
            ensure!(text(&output).contains("the listing of . was another one the second time: old"), "{output:?}");
            Ok(())
        })
        .await
}
