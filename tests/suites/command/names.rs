//! Names that are no UTF-8, and names that lead elsewhere or take over a terminal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program, at};
use ftp_tests::payload::Payload;
use ftp_tests::root;
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::servers::{self, Kind};
use ftp_tests::trial;

#[trial(on = at(servers::plain([Kind::Vsftpd, Kind::ProFtpd])))]
fn bytes_come_back_as_they_were(place: &Place) -> Result<()> {
    let there = |folder: &str| place.server.root().join(folder).join(OsStr::from_bytes(b"caf\xe9 100%"));
    std::fs::create_dir(place.server.root().join("from"))?;
    std::fs::create_dir(place.server.root().join("to"))?;
    std::fs::write(there("from"), b"contents")?;
    std::fs::write(place.server.root().join("from/a%FF"), b"no byte")?;
    place.succeed(&["mirror", &place.url("from/"), "here"])?;
    assert_eq!(place.here("here/caf%E9 100%25")?, b"contents");
    assert_eq!(place.here("here/a%25FF")?, b"no byte");
    place.succeed(&["mirror", "--unescape-names", "here", &place.url("to/")])?;
    assert_eq!(std::fs::read(there("to"))?, b"contents");
    assert_eq!(place.there("to/a%FF")?, b"no byte");
    place.succeed(&["get", &place.url("from/caf%E9%20100%25"), "one"])?;
    assert_eq!(place.here("one")?, b"contents");
    Ok(())
}

/// Listings and `MLST` may tell the size of the link.
#[trial(on = at(servers::plain(Kind::ALL)))]
fn links_are_what_they_lead_to(place: &Place) -> Result<()> {
    let contents = Payload::bytes(100_000);
    place.write_there("pub/file", &contents)?;
    std::os::unix::fs::symlink("file", place.server.root().join("pub/link"))?;
    for options in [&[][..], &["--no-times"], &["--resume"], &["--segments", "2"]] {
        for name in ["link", "li*"] {
            place.succeed(&[&["get"], options, &[&place.url(&format!("pub/{name}"))]].concat())?;
            assert!(place.here("link")? == contents, "{options:?}");
            std::fs::remove_file(place.here.path().join("link"))?;
        }
    }
    Ok(())
}

/// What a server may call its files.
const NAMES: &str = "type=file;size=4;modify=20200101000000; ../evil\r\n\
    type=file;size=4;modify=20200101000000; /evil\r\n\
    type=file;size=4;modify=20200101000000; sub/evil\r\n\
    type=file;size=4;modify=20200101000000; ..\\evil\r\n\
    type=file;size=4;modify=20200101000000; C:evil\r\n\
    type=file;size=4;modify=20200101000000; e\u{1b}[2Jvil\r\n\
    type=file;size=4;modify=20200101000000; good\r\n";

#[trial]
async fn names_that_lead_elsewhere_are_left_out(program: Program) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: PWD*   S: 257 \"/\"
         C: CWD d*   S: 250 yes
         C: CWD /*   S: 250 yes
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d*   S: 150 here it comes
         D> {NAMES}   D! close   S: 226 done
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR d/good*   S: 150 here it comes
         D> good   D! close   S: 226 done
         C: QUIT*   S: 221 bye"
    );
    script
        .play(async |peer| {
            let around = root::temporary()?;
            let here = around.path().join("here");
            std::fs::create_dir(&here)?;
            let url = format!("ftp://user@{}/d/", peer.address());
            let output = program.command(&here, &["mirror", &url, "copy"])?.output()?;
            assert_eq!(output.status.code(), Some(9), "{output:?}");
            assert!(!output.stderr.contains(&0x1b), "{output:?}");
            let names = |folder: &std::path::Path| -> Result<Vec<_>> {
                std::fs::read_dir(folder)?.map(|file| Ok(file?.file_name())).collect::<Result<Vec<_>>>()
            };
            ensure!(
                names(around.path())? == ["here"]
                    && names(&here)? == ["copy"]
                    && names(&here.join("copy"))? == ["good"]
            );
            Ok(())
        })
        .await
}

#[trial]
async fn names_that_lead_elsewhere_do_not_stop_the_others(program: Program) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD d*   S: 150 here it comes
         D> {NAMES}   D! close   S: 226 done
         C: PWD*   S: 257 \"/\"
         C: CWD /d*   S: 250 yes
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D> {NAMES}   D! close   S: 226 done
         C: CWD /*   S: 250 yes
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR d/good*   S: 150 here it comes
         D> good   D! close   S: 226 done
         C: QUIT*   S: 221 bye"
    );
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/d/*", peer.address());
            let output = program.command(here.path(), &["get", &url, "copy/"])?.output()?;
            assert_eq!(output.status.code(), Some(9), "{output:?}");
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(told.contains("C:evil cannot be a file here") && !told.contains('\u{1b}'), "{told}");
            let names: Vec<_> = std::fs::read_dir(here.path().join("copy"))?
                .map(|file| Ok(file?.file_name()))
                .collect::<Result<_>>()?;
            ensure!(names == ["good"], "{names:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn listing_is_shown_without_its_escapes(program: Program) -> Result<()> {
    let script = Script::logged_in().download("MLSD", NAMES).on("QUIT", "221 bye");
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let output = program.command(here.path(), &["ls", &format!("ftp://user@{}/", peer.address())])?.output()?;
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("e\\u{1b}[2Jvil") && !output.stdout.contains(&0x1b), "{output:?}");
            Ok(())
        })
        .await
}
