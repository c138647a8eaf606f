//! What options do: credentials, resumed and divided transfers, times, text, JSON. By both programs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use ftp_tests::certificates::{self, ClientKey, Leaf};
use ftp_tests::command::{Place, Program};
use ftp_tests::payload::Payload;
use ftp_tests::script::{Peer, Play as _, Script};
use ftp_tests::servers::{Kind, Options, Security, Server};
use ftp_tests::trial;
use ftp_tests::{proxies, root};

#[trial]
fn password_comes_from_a_file(place: &Place) -> Result<()> {
    place.write_here("secret", b"12345\n")?;
    let mut command = place.command(&["ls", "--password-file", "secret", &place.url("")])?;
    ensure!(command.env_remove("FTP_PASSWORD").status()?.success());
    Ok(())
}

#[trial]
fn user_and_password_come_from_netrc(place: &Place) -> Result<()> {
    place.write_here(".netrc", b"machine other login x password y\nmachine 127.0.0.1 login user password 12345\n")?;
    let url = place.url("").replace("user@", "");
    let mut command = place.command(&["quote", "--netrc-file", ".netrc", &url, "PWD"])?;
    ensure!(command.env_remove("FTP_PASSWORD").status()?.success());
    let mut command = place.command(&["mkdir", "--netrc-file", ".netrc", &format!("{url}made")])?;
    ensure!(command.env_remove("FTP_PASSWORD").status()?.success());
    ensure!(place.server.root().join("made").is_dir(), "it was done as somebody else");
    Ok(())
}

#[trial]
fn without_a_user_the_login_is_anonymous(place: &Place) -> Result<()> {
    std::fs::write(place.server.anonymous_root().join("for-all"), b"")?;
    let names = place.succeed(&["ls", "-1", &place.url("").replace("user@", "")])?;
    assert!(names.contains("for-all"), "{names}");
    Ok(())
}

#[trial]
fn download_is_continued_at_any_byte(place: &Place) -> Result<()> {
    let contents = Payload::bytes(1_000_000);
    place.write_there("file", &contents)?;
    for at in [1, 65_535, 500_001, 999_999, 1_000_000] {
        let part = temporary(&place.server.root().join("file"))?;
        place.write_here(&part, &contents[..at])?;
        let events = place.succeed(&["get", "--resume", "--json", &place.url("file")])?;
        assert!(events.contains(&format!("\"resumed_at\":{at}")), "{events}");
        assert!(place.here("file")? == contents && !place.here.path().join(part).exists());
    }
    Ok(())
}

#[trial]
fn download_of_another_version_begins_anew(place: &Place) -> Result<()> {
    place.write_there("file", &Payload::bytes(100_000))?;
    let part = temporary(&place.server.root().join("file"))?;
    place.write_here(&part, &[0; 50_000])?;
    let contents = Payload::bytes(100_001);
    place.write_there("file", &contents)?;
    place.succeed(&["get", "--resume", &place.url("file")])?;
    assert!(place.here("file")? == contents);
    Ok(())
}

#[trial]
fn parts_of_a_file_are_not_taken_for_its_beginning(place: &Place) -> Result<()> {
    let contents = Payload::bytes(100_000);
    place.write_there("file", &contents)?;
    let parts = temporary(&place.server.root().join("file"))?.replace(".ftp-part", "-parts.ftp-part");
    place.write_here(&parts, &[0; 100_000])?;
    place.succeed(&["get", "--resume", &place.url("file")])?;
    assert!(place.here("file")? == contents);
    Ok(())
}

#[trial]
fn upload_is_continued(place: &Place) -> Result<()> {
    let contents = Payload::bytes(300_000);
    place.write_here("file", &contents)?;
    place.write_there("file", &contents[..123_456])?;
    let events = place.succeed(&["put", "--resume", "--json", "file", &place.url("")])?;
    assert!(events.contains("\"resumed_at\":123456"), "{events}");
    assert!(place.there("file")? == contents);
    Ok(())
}

#[trial]
fn upload_is_appended(place: &Place) -> Result<()> {
    place.write_here("file", b"second")?;
    place.write_there("file", b"first ")?;
    place.succeed(&["put", "--append", "file", &place.url("")])?;
    assert!(place.there("file")? == b"first second");
    Ok(())
}

#[trial]
fn file_is_shared_by_segments(place: &Place) -> Result<()> {
    let contents = Payload::bytes(20_000_001);
    place.write_there("large", &contents)?;
    place.succeed(&["get", "--segments", "4", &place.url("large")])?;
    assert!(place.here("large")? == contents);
    ensure!(std::fs::read_dir(place.here.path())?.count() == 1, "something is left");
    Ok(())
}

#[trial]
fn files_are_shared_by_sessions(place: &Place) -> Result<()> {
    for index in 0..100 {
        place.write_there(&format!("many/{index}"), &Payload::bytes(1000 + index))?;
    }
    place.succeed(&["get", "-P", "4", &place.url("many/*"), "many"])?;
    for index in 0..100 {
        assert!(place.here(&format!("many/{index}"))? == Payload::bytes(1000 + index));
    }
    place.succeed(&["mirror", "-P", "4", "many", &place.url("again/")])?;
    for index in 0..100 {
        assert!(place.there(&format!("again/{index}"))? == Payload::bytes(1000 + index));
    }
    Ok(())
}

#[trial]
fn times_are_kept_both_ways(place: &Place) -> Result<()> {
    let time = UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    place.write_there("file", b"contents")?;
    std::fs::File::options().write(true).open(place.server.root().join("file"))?.set_modified(time)?;
    place.succeed(&["get", &place.url("file")])?;
    assert_eq!(modified(&place.here.path().join("file"))?, time);
    place.succeed(&["put", "file", &place.url("copy")])?;
    assert_eq!(modified(&place.server.root().join("copy"))?, time);
    Ok(())
}

#[trial]
fn mirror_deletes_temporary_files_of_its_own_files_only(place: &Place) -> Result<()> {
    for path in ["tree/file", "tree/deep/else"] {
        place.write_there(path, b"contents")?;
    }
    let own =
        ["copy/.file.1f-2a.ftp-part", "copy/.file.1f-2a-parts.ftp-part", "copy/.file.1f-2a-parts.ranges.ftp-part"];
    let others = ["copy/.other.1f-2a.ftp-part", "copy/.file.mine.ftp-part", "copy/deep/.file.1f-2a.ftp-part"];
    for path in own.iter().chain(&others) {
        place.write_here(path, b"part")?;
    }
    for _ in 0..2 {
        place.succeed(&["mirror", "--delete", &place.url("tree/"), "copy"])?;
        assert!(own.iter().all(|path| place.here(path).is_err()));
        assert!(others.iter().all(|path| place.here(path).is_ok()));
    }
    Ok(())
}

#[trial]
fn mirror_ends_at_the_depth_that_was_asked_for(place: &Place) -> Result<()> {
    for path in ["tree/a", "tree/b/c", "tree/b/d/e"] {
        place.write_there(path, b"contents")?;
    }
    let output = place.run(&["mirror", "--depth", "1", &place.url("tree/"), "copy"])?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("b/d of the server: it is beyond the limit of levels"), "{told}");
    assert!(place.here("copy/b/c").is_ok() && place.here("copy/b/d/e").is_err());
    place.succeed(&["mirror", "--depth", "1", "copy", &place.url("other/")])?;
    assert!(place.there("other/b/c").is_ok());
    Ok(())
}

#[trial]
fn text_has_the_lines_of_this_side(place: &Place) -> Result<()> {
    place.write_there("text", b"one\r\ntwo\r\n")?;
    assert_eq!(place.succeed(&["cat", "--ascii", &place.url("text")])?, "one\ntwo\n");
    assert_eq!(place.succeed(&["cat", &format!("{};type=a", place.url("text"))])?, "one\ntwo\n");
    let text = format!("{};type=a", place.url("text"));
    place.write_here("here", b"one\n")?;
    for command in [&["get", "--checksum", &text][..], &["get", "--checksum", &text, "-"]] {
        assert_eq!(place.run(command)?.status.code(), Some(2), "{command:?}");
    }
    assert_eq!(place.run(&["put", "--ascii", "--checksum", "here", &place.url("there")])?.status.code(), Some(2));
    Ok(())
}

#[trial]
fn each_url_says_how_its_file_travels(place: &Place) -> Result<()> {
    place.write_there("text", b"one\r\ntwo\r\n")?;
    place.write_there("image", b"\r\n\r\n")?;
    let text = format!("{};type=a", place.url("text"));
    for (urls, folder) in [([&text, &place.url("image")], "one/"), ([&place.url("image"), &text], "other/")] {
        place.succeed(&["get", urls[0], urls[1], folder])?;
        assert_eq!(place.here(&format!("{folder}text"))?, b"one\ntwo\n");
        assert_eq!(place.here(&format!("{folder}image"))?, b"\r\n\r\n");
    }
    Ok(())
}

#[trial]
fn input_and_output_may_be_streams(place: &Place) -> Result<()> {
    use std::io::Write as _;
    let contents = Payload::bytes(200_000);
    let mut command = place.command(&["put", "-", &place.url("file")])?;
    let mut child = command.stdin(std::process::Stdio::piped()).spawn()?;
    child.stdin.take().context("its input")?.write_all(&contents)?;
    ensure!(child.wait()?.success());
    assert!(place.there("file")? == contents);
    let output = place.run(&["get", &place.url("file"), "-"])?;
    assert!(output.status.success() && output.stdout == contents);
    for options in [&["--resume"][..], &["--retry", "1"], &["--segments", "2"], &["-P", "2"]] {
        let output = place.run(&[&["get"], options, &[&place.url("file"), "-"]].concat())?;
        ensure!(output.status.code() == Some(2) && output.stdout.is_empty(), "{options:?}: {output:?}");
    }
    let slowly = ["get", "--limit-rate", "1k", "--max-time", "0.5", &place.url("file"), "-"];
    assert_eq!(place.run(&slowly)?.status.code(), Some(11));
    place.write_there("what[a-z]", b"contents")?;
    assert_eq!(place.succeed(&["get", "--no-glob", &place.url("what[a-z]"), "-"])?, "contents");
    Ok(())
}

#[trial]
fn quiet_is_quiet_and_verbose_hides_the_password(place: &Place) -> Result<()> {
    place.write_there("file", b"contents")?;
    let output = place.run(&["get", "--quiet", &place.url("file")])?;
    assert!(output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
    let output = place.run(&["get", "--verbose", &place.url("file")])?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("> RETR file") && told.contains("> PASS") && !told.contains("12345"), "{told}");
    Ok(())
}

/// The temporary file of a transfer of this file as it is now.
fn temporary(path: &std::path::Path) -> Result<String> {
    let file = std::fs::metadata(path)?;
    let seconds = file.modified()?.duration_since(UNIX_EPOCH)?.as_secs();
    let name = path.file_name().context("a name")?.to_string_lossy();
    Ok(format!(".{name}.{:x}-{seconds:x}.ftp-part", file.len()))
}

fn modified(path: &std::path::Path) -> Result<SystemTime> {
    Ok(std::fs::metadata(path)?.modified()?)
}

/// The connection is cut in the middle of a download; the next attempt goes on where it was.
#[trial]
async fn lost_connection_is_tried_again(program: Program) -> Result<()> {
    let about = |script: Script| script.on("SIZE file", "213 10").on("MDTM file", "213 20200101000000");
    let script = about(Script::logged_in().on("TYPE I", "200 yes"));
    let script = about(script.open_data("RETR file").send_data("12345").close_data().reply("426 lost"));
    let script = script.passive().on("REST 5", "350 yes").on("RETR file", "150 the rest");
    let script = script.send_data("67890").close_data().reply("226 done").on("QUIT", "221 bye");
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/file", peer.address());
            let arguments = ["get", "--retry", "2", "--retry-wait", "0.01", &url];
            let output = program.command(here.path(), &arguments)?.output()?;
            assert!(output.status.success(), "{output:?}");
            assert_eq!(std::fs::read(here.path().join("file"))?, b"1234567890");
            assert!(String::from_utf8_lossy(&output.stderr).contains("trying again"), "{output:?}");
            Ok(())
        })
        .await
}

/// An upload that is tried again is at its beginning where it has sent nothing: whatever is there is not its own.
#[trial]
async fn older_file_is_not_taken_for_the_beginning(program: Program) -> Result<()> {
    let there = |script: Script| script.on("SIZE file", "213 2").on("MDTM file", "213 20200101000000");
    let script = there(Script::logged_in().on("TYPE I", "200 yes")).passive().on("STOR file", "425 later");
    let script = there(script).open_data("STOR file").receive_data("new").reply("226 done");
    let script = script.on("SIZE file", "213 3").on("QUIT", "221 bye");
    script
        .play(async |peer| {
            let here = root::temporary()?;
            std::fs::write(here.path().join("file"), b"new")?;
            let url = format!("ftp://user@{}/", peer.address());
            let arguments = ["put", "--no-times", "--retry", "1", "--retry-wait", "0.01", "file", &url];
            let output = program.command(here.path(), &arguments)?.output()?;
            assert!(output.status.success(), "{output:?}");
            Ok(())
        })
        .await
}

/// A server that renames nothing to a name that is taken: the old file is away only as long as that takes.
#[trial]
async fn atomic_replaces_where_no_rename_does(program: Program) -> Result<()> {
    let script = taken().on("RNFR .file.3-", "350 and?").on("RNTO file", "250 done");
    let script = script.on("DELE .file.old-", "250 gone").on("QUIT", "221 bye");
    script.play(async |peer| put_atomically(program, peer, 0).await).await
}

/// The old file comes back where the new one still cannot have its name, and is not touched where that is not the reason.
#[trial]
async fn atomic_keeps_the_old_file_when_it_fails(program: Program) -> Result<()> {
    let script = taken().on("RNFR .file.3-", "350 and?").on("RNTO file", "553 still not");
    let script = script.on("RNFR .file.old-", "350 and?").on("RNTO file", "250 back").on("MLST file", "550 no");
    let script = script.on("QUIT", "221 bye");
    script.play(async |peer| put_atomically(program, peer, 8).await).await?;
    let script = uploaded().on("RNFR .file.3-", "550 not there").on("SIZE .file.3-", "550 not there");
    let script = script.on("MLST file", "550 no").on("QUIT", "221 bye");
    script.play(async |peer| put_atomically(program, peer, 8).await).await
}

/// A directory, which some servers report a size of, is not moved aside for a file.
#[trial]
async fn atomic_moves_no_directory_aside(program: Program) -> Result<()> {
    let script = uploaded().on("RNFR .file.3-", "350 and?").on("RNTO file", "553 it is there");
    let script = script.on("SIZE .file.3-", "213 3").on("SIZE file", "213 4096").on("PWD", "257 \"/\"");
    let script = script.on("CWD file", "250 inside").on("CWD /", "250 back").on("MLST file", "550 no");
    script.on("QUIT", "221 bye").play(async |peer| put_atomically(program, peer, 8).await).await
}

fn uploaded() -> Script {
    let script = Script::logged_in().open_data("STOR .file.3-").receive_data("new").reply("226 done");
    script.on("SIZE .file.3-", "213 3")
}

/// The name is taken, and the old file has been moved aside.
fn taken() -> Script {
    let script = uploaded().on("RNFR .file.3-", "350 and?").on("RNTO file", "553 it is there");
    let script = script.on("SIZE .file.3-", "213 3").on("SIZE file", "213 5");
    let script = script.on("PWD", "257 \"/\"").on("CWD file", "550 no directory");
    script.on("RNFR file", "350 and?").on("RNTO .file.old-", "250 done")
}

async fn put_atomically(program: Program, peer: &Peer, code: i32) -> Result<()> {
    let here = root::temporary()?;
    std::fs::write(here.path().join("file"), b"new")?;
    let url = format!("ftp://user@{}/", peer.address());
    let output = program.command(here.path(), &["put", "--atomic", "--no-times", "file", &url])?.output()?;
    ensure!(output.status.code() == Some(code), "{output:?}");
    Ok(())
}

/// What is there of a file is not the beginning of it, which only the checksum of the whole tells. It is not gone on with a
/// second time.
#[trial(needs = Kind::ProFtpd.installed())]
async fn files_in_parts_are_compared_as_wholes(program: Program) -> Result<()> {
    // Its cache takes files of the same second for the same.
    let extra = ["LoadModule mod_digest.c", "DigestCache off"].map(str::to_owned).to_vec();
    let server = Server::start(Kind::ProFtpd, Options { extra, ..Options::default() })?;
    let here = root::temporary()?;
    let (here, there, url) = (here.path(), server.root(), format!("ftp://user@{}/", server.address()));
    let run = |arguments: &[&str], code: i32| -> Result<()> {
        let output = program.command(here, &[arguments, &["--resume", "--checksum"]].concat())?.output()?;
        ensure!(output.status.code() == Some(code), "{arguments:?}: {output:?}");
        Ok(())
    };
    let contents = Payload::bytes(100_000);
    std::fs::write(there.join("down"), &contents)?;
    let part = temporary(&there.join("down"))?.replace(".ftp-part", "-parts.ftp-part");
    std::fs::write(here.join(&part), [0; 100_000])?;
    std::fs::write(here.join(part.replace(".ftp-part", ".ranges.ftp-part")), "0 100000\n")?;
    let get = ["get", "--segments", "2", &format!("{url}down")];
    run(&get, 12)?;
    ensure!(!here.join("down").exists(), "it was taken for the file");
    run(&get, 0)?;
    assert!(std::fs::read(here.join("down"))? == contents);

    std::fs::write(here.join("up"), &contents)?;
    std::fs::write(there.join("up"), [0; 50_000])?;
    run(&["put", "up", &url], 12)?;
    std::fs::write(there.join(temporary(&here.join("up"))?), [0; 50_000])?;
    run(&["put", "--atomic", "up", &url], 12)?;
    run(&["put", "--atomic", "up", &url], 0)?;
    assert!(std::fs::read(there.join("up"))? == contents);
    Ok(())
}

/// The server wants a certificate, and shows one that is trusted by its digest, or with its authority.
#[trial(needs = Kind::Vsftpd.installed_with_tls())]
async fn certificates_of_both_sides_are_as_told(program: Program) -> Result<()> {
    let authority = certificates::authority()?;
    let client_authority = Some(authority.to_owned());
    let options = Options { security: Security::Explicit, client_authority, ..Options::default() };
    let server = Server::start(Kind::Vsftpd, options)?;
    let here = root::temporary()?;
    let client = certificates::client(ClientKey::EcdsaP256)?;
    for (name, text) in [("ca.pem", authority), ("client.pem", &client.chain), ("client.key", &client.key)] {
        std::fs::write(here.path().join(name), text)?;
    }
    let url = format!("ftpes://user@{}/", server.address());
    let pin = |digest: [u8; 32]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (own, other) = (pin(certificates::server(Leaf::Server)?.sha256), pin([7; 32]));
    let shown = ["--cert", "client.pem", "--key", "client.key"];
    for (options, code) in [
        ([&["--ca", "ca.pem"], &shown[..]].concat(), 0),
        ([&["--add-ca", "ca.pem", "--tls-max", "1.2"], &shown[..]].concat(), 0),
        ([&["--pin", &own, "--tls-min", "1.3"], &shown[..]].concat(), 0),
        ([&["--pin", &other], &shown[..]].concat(), 5),
        ([&["--ca", "ca.pem", "--server-name", "other.example"], &shown[..]].concat(), 5),
        (vec!["--ca", "ca.pem", "--tls-max", "1.2"], 5),
    ] {
        let arguments = [&["ls"], &options[..], &[&url]].concat();
        let output = program.command(here.path(), &arguments)?.output()?;
        ensure!(output.status.code() == Some(code), "{arguments:?}: {output:?}");
    }
    Ok(())
}

/// Each file comes by the port that was asked for together with the one before.
#[trial(needs = Kind::Vsftpd.installed())]
fn data_connections_are_asked_for_ahead(program: Program) -> Result<()> {
    let place = Place::plain(program, Kind::Vsftpd)?;
    let contents = |index: u64| Payload::bytes(1000 + index);
    for index in 0..10 {
        place.write_there(&format!("many/{index}"), &contents(index))?;
    }
    let output = place.run(&["get", "--verbose", "--pipelining", &place.url("many/*"), "many"])?;
    let told = String::from_utf8_lossy(&output.stderr);
    let sent: Vec<&str> = told.lines().filter_map(|line| line.split_once("> ")).map(|(_, sent)| sent).collect();
    let asked = sent.windows(2).filter(|pair| pair[0].starts_with("RETR ") && pair[1] == "EPSV").count();
    ensure!(output.status.success() && asked == 10, "{told}");
    for index in 0..10 {
        assert!(place.here(&format!("many/{index}"))? == contents(index));
    }
    Ok(())
}

#[trial(needs = Kind::PyFtpd.installed().and(proxies::Kind::Socks5.installed()))]
fn proxy_is_gone_through(program: Program) -> Result<()> {
    let place = Place::plain(program, Kind::PyFtpd)?;
    place.write_there("file", b"contents")?;
    let proxy = proxies::Proxy::start(proxies::Kind::Socks5, true)?;
    let url = format!("socks5://{}:{}@{}", proxies::USER, proxies::PASSWORD, proxy.address());
    assert_eq!(place.succeed(&["cat", "--proxy", &url, &place.url("file")])?, "contents");
    let output = place.run(&["cat", "--proxy", &url.replace(proxies::PASSWORD, "wrong"), &place.url("file")])?;
    assert!(!output.status.success(), "{output:?}");
    Ok(())
}
