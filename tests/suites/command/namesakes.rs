//! Names stay names: on the way up, on the way down, and there and back again, by both programs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program, at};
use ftp_tests::root;
use ftp_tests::script::{Ending, Play as _, Script};
use ftp_tests::servers::{self, Kind, Options, Server};
use ftp_tests::trial;

const NAMES: [&str; 8] = ["x%25", "caf%C3%A9.html", "%E9", "%25E9", "100%", "caf\u{e9}", "\u{10ff2f}", "a b%FF/c%25"];

fn plant(place: &Place, folder: &str) -> Result<BTreeSet<PathBuf>> {
    for name in NAMES {
        place.write_here(&format!("{folder}/{name}"), name.as_bytes())?;
    }
    root::files(&place.here.path().join(folder))
}

/// Nothing is transferred, made or deleted.
fn nothing(place: &Place, arguments: &[&str]) -> Result<()> {
    let events = place.succeed(arguments)?;
    let did = ["transfer", "mkdir", "\"rm", "\"get\"", "\"put\""].iter().any(|event| events.contains(event));
    ensure!(!did, "{arguments:?}: {events}");
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn names_from_here_go_as_they_are(place: &Place) -> Result<()> {
    let here = plant(place, "tree")?;
    place.succeed(&["mirror", "--delete", "tree", &place.url("to/")])?;
    nothing(place, &["mirror", "--delete", "--json", "tree", &place.url("to/")])?;
    ensure!(
        root::files(&place.server.root().join("to"))? == here,
        "{:?}",
        root::files(&place.server.root().join("to"))?
    );
    std::fs::create_dir(place.server.root().join("put"))?;
    for name in ["x%25", "caf%C3%A9.html", "%E9"] {
        place.succeed(&["put", &format!("tree/{name}"), &place.url("put/")])?;
        ensure!(place.there(&format!("put/{name}"))? == name.as_bytes(), "{name}");
    }
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn second_mirror_in_either_direction_has_nothing_to_do(place: &Place) -> Result<()> {
    let here = plant(place, "tree")?;
    place.succeed(&["mirror", "tree", &place.url("to/")])?;
    let url = place.url("to/");
    place.succeed(&["mirror", "--delete", &url, "copy"])?;
    nothing(place, &["mirror", "--delete", "--json", &url, "copy"])?;
    let copy = root::files(&place.here.path().join("copy"))?;
    ensure!(["x%25", "caf%C3%A9.html", "100%"].iter().all(|name| copy.contains(Path::new(name))), "{copy:?}");
    ensure!(copy.len() == here.len(), "two names became one: {copy:?}");
    // Back again, all of them are what they were.
    place.succeed(&["mirror", "--unescape-names", "copy", &place.url("back/")])?;
    ensure!(root::files(&place.server.root().join("back"))? == here);
    nothing(place, &["mirror", "--delete", "--unescape-names", "--json", "copy", &place.url("back/")])
}

#[trial(on = at(servers::plain([Kind::Vsftpd, Kind::ProFtpd])))]
fn names_that_are_no_text_come_back(place: &Place) -> Result<()> {
    let no_text = OsStr::from_bytes(b"caf\xe9 100%");
    let from = place.server.root().join("from");
    std::fs::create_dir(&from)?;
    std::fs::write(from.join(no_text), b"byte")?;
    std::fs::write(from.join("caf%E9"), b"text")?;
    let url = place.url("from/");
    place.succeed(&["mirror", "--delete", &url, "here"])?;
    nothing(place, &["mirror", "--delete", "--json", &url, "here"])?;
    ensure!(place.here("here/caf%E9 100%25")? == b"byte" && place.here("here/caf%25E9")? == b"text");
    let shown = place.succeed(&["ls", "-1", &url])?;
    ensure!(shown == "caf%E9\ncaf%E9 100%\n", "{shown}");

    // Without the option the name of no text stays, and that is said.
    let output = place.run(&["mirror", "--delete", "here", &url])?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(9) && told.contains("--unescape-names"), "{output:?}");
    ensure!(std::fs::read(from.join(no_text))? == b"byte");
    place.succeed(&["mirror", "--delete", "--unescape-names", "here", &url])?;
    ensure!(std::fs::read(from.join(no_text))? == b"byte" && std::fs::read(from.join("caf%E9"))? == b"text");
    ensure!(root::files(&from)?.len() == 2, "{:?}", root::files(&from)?);
    Ok(())
}

/// A private code point in a URL is the file of that name, and not the one of the byte that it stands for in calls.
#[trial(on = at(servers::plain([Kind::Vsftpd, Kind::ProFtpd])))]
fn private(place: &Place) -> Result<()> {
    let root = place.server.root();
    std::fs::write(root.join("\u{10ffe9}x"), b"text")?;
    std::fs::write(root.join(OsStr::from_bytes(b"\xe9x")), b"byte")?;
    ensure!(place.succeed(&["cat", &place.url("%F4%8F%BF%A9x")])? == "text");
    ensure!(place.succeed(&["cat", &place.url("%E9x")])? == "byte");
    place.succeed(&["rm", &place.url("%F4%8F%BF%A9x")])?;
    ensure!(root::files(root)?.into_iter().eq([OsStr::from_bytes(b"\xe9x")]), "{:?}", root::files(root)?);
    Ok(())
}

/// A name that WASI does not give.
#[trial(on = at(servers::plain([Kind::Vsftpd, Kind::ProFtpd])))]
fn unreadable(place: &Place) -> Result<()> {
    place.write_here("tree/a", b"a")?;
    place.write_here("tree/d/b", b"b")?;
    std::fs::write(place.here.path().join("tree/d").join(OsStr::from_bytes(b"caf\xe9")), b"bytes")?;
    place.write_there("to/old", b"old")?;
    place.write_there("to/d/old", b"old")?;
    let output = place.run(&["mirror", "--delete", "tree", &place.url("to/")])?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(9) && told.contains("tree/d has names that are no UTF-8"), "{output:?}");
    ensure!(place.there("to/a")? == b"a" && place.there("to/d/b")? == b"b");
    ensure!(place.there("to/old").is_err() && place.there("to/d/old")? == b"old");
    let output = place.run(&["put", "tree/d/*", &place.url("to/")])?;
    ensure!(output.status.code() == Some(9) && place.there("to/b")? == b"b", "{output:?}");
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn directories_whose_names_may_be_patterns_are_listed(place: &Place) -> Result<()> {
    const DIRECTORIES: [&str; 6] = ["[ temp ]", "e*x", "a b", "-l", "~me", "{a,b}"];
    for directory in DIRECTORIES {
        place.write_there(&format!("tree/{directory}/file"), directory.as_bytes())?;
        place.write_there(&format!("tree/{directory}/deep/er"), directory.as_bytes())?;
    }
    for directory in ["e1x", "a", "b", "temp"] {
        place.write_there(&format!("tree/{directory}/wrong"), b"wrong")?;
    }
    let url = place.url("tree/");
    place.succeed(&["mirror", "--delete", &url, "copy"])?;
    nothing(place, &["mirror", "--delete", "--json", &url, "copy"])?;
    for directory in DIRECTORIES {
        ensure!(place.here(&format!("copy/{directory}/file"))? == directory.as_bytes(), "{directory}");
        let encoded: String = directory.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let shown = place.succeed(&["ls", "-1", &place.url(&format!("tree/{encoded}/"))])?;
        ensure!(shown == "deep\nfile\n", "{directory}: {shown}");
    }
    place.succeed(&["rm", "-r", &place.url("tree")])?;
    ensure!(!place.server.root().join("tree").exists());
    Ok(())
}

#[trial(on = at(servers::plain(Kind::ALL)))]
fn missing_directory_is_7(place: &Place) -> Result<()> {
    place.write_there("d/d", b"a file")?;
    std::fs::create_dir(place.server.root().join("empty"))?;
    for path in ["nosuch/", "nosuch", "d/nosuch/", "no%20such/"] {
        let output = place.run(&["ls", &place.url(path)])?;
        ensure!(output.status.code() == Some(7) && output.stdout.is_empty(), "{path}: {output:?}");
    }
    ensure!(place.succeed(&["ls", "-1", &place.url("empty/")])?.is_empty());
    ensure!(place.succeed(&["ls", "-1", &place.url("d")])? == "d\n");
    let long = place.succeed(&["ls", "-l", &place.url("d/d")])?;
    ensure!(long.starts_with('-') && long.contains(" 6 ") && long.trim_end().ends_with(" d"), "{long}");
    Ok(())
}

/// Some servers say so in the data, and others list nothing and report no way back.
#[trial]
async fn directory_that_only_its_listing_denies_is_7(program: Program) -> Result<()> {
    let listed = |line: &str| {
        let script = Script::logged_in().on("CWD zz", "550 no").on("FEAT", "502 no").passive().on("MLSD zz", "500 no");
        script.download("LIST zz", line)
    };
    let no_way_back = listed("").on("PWD", "502 no");
    let in_words = listed("ls: zz: No such file or directory\r\n").on("PWD", "257 \"/\"");
    let none = in_words.on("CWD zz", "550 no").on("QUIT", "221 bye");
    for script in [none, no_way_back.on("PWD", "502 no").on("CWD zz", "550 no").on("QUIT", "221 bye")] {
        script
            .play(async |peer| {
                let here = root::temporary()?;
                let url = format!("ftp://user@{}/zz/", peer.address());
                let output = program.command(here.path(), &["ls", &url])?.output()?;
                ensure!(output.status.code() == Some(7) && output.stdout.is_empty(), "{output:?}");
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial(needs = Kind::PyFtpd.installed())]
async fn mirror_comes_to_rest_where_times_cannot_be_set(program: Program) -> Result<()> {
    [["--without", "MFMT"], ["--times", "ignored"], ["--times", "shifted"]]
        .into_iter()
        .try_for_each(|options| untimed(program, options))
}

/// The times of the server are those of the uploads, whatever it answers to MFMT, or others than were set.
fn untimed(program: Program, options: [&str; 2]) -> Result<()> {
    let extra = options.map(str::to_owned).to_vec();
    let server = Server::start(Kind::PyFtpd, Options { extra, ..Options::default() })?;
    let here = root::temporary()?;
    std::fs::create_dir(here.path().join("tree"))?;
    for name in ["a", "b"] {
        std::fs::write(here.path().join("tree").join(name), b"contents")?;
        let file = std::fs::File::options().write(true).open(here.path().join("tree").join(name))?;
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000))?;
    }
    let url = format!("ftp://user@{}/to/", server.address());
    let run = |arguments: &[&str]| -> Result<String> {
        let output = program.command(here.path(), arguments)?.output()?;
        ensure!(output.status.success(), "{output:?}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    run(&["mirror", "tree", &url])?;
    // A rehearsal tries no time, and takes a server at its word that has MFMT.
    let rehearsals: &[&[&str]] = if options[0] == "--without" { &[&["--dry-run"], &[]] } else { &[&[]] };
    for dry_run in rehearsals {
        let again = run(&[&["mirror"], *dry_run, &["tree", &url]].concat())?;
        let told = again.matches("2 files of the same size are newer").count();
        ensure!(!again.contains("put") && !again.contains("8 bytes") && told == 1, "{again}");
    }
    std::fs::write(here.path().join("tree/a"), b"other contents")?;
    run(&["mirror", "tree", &url])?;
    ensure!(std::fs::read(server.root().join("to/a"))? == b"other contents");
    Ok(())
}

/// What is not known is not "no".
#[trial]
async fn failed_question_is_no_missing_directory(program: Program) -> Result<()> {
    let lost = Script::logged_in().expect("PWD").end(Ending::Close);
    let later = Script::logged_in().on("PWD", "257 \"/\"").expect("CWD d").end(Ending::Close);
    let silent = Script::logged_in().on("PWD", "257 \"/\"").expect("CWD d").stall();
    let no = Script::logged_in().on("PWD", "550 no").on("CWD d", "550 no");
    for (script, code) in [(lost, 9), (later, 9), (silent, 11), (no, 7)] {
        script
            .play(async |peer| {
                let here = root::temporary()?;
                let url = format!("ftp://user@{}/d/", peer.address());
                let output = program.command(here.path(), &["mirror", "--timeout", "2", &url, "copy"])?.output()?;
                ensure!(output.status.code() == Some(code), "{code}: {output:?}");
                // The runner has made the folder, to grant it.
                let made =
                    std::fs::read_dir(here.path().join("copy")).is_ok_and(|mut members| members.next().is_some());
                ensure!(!made && (program == Program::Runner || !here.path().join("copy").exists()));
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn pattern_in_a_directory_is_refused(program: Program) -> Result<()> {
    Script::silent()
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/*/*", peer.address());
            let output = program.command(here.path(), &["ls", &url])?.output()?;
            ensure!(output.status.code() == Some(2), "{output:?}");
            ensure!(String::from_utf8_lossy(&output.stderr).contains("%2A"), "{output:?}");
            // The peer is waited for.
            std::net::TcpStream::connect(peer.address())?;
            Ok(())
        })
        .await
}
