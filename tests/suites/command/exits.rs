//! The exit code says what failed, and a text says why; by both programs.

use std::process::Output;

use anyhow::{Context as _, Result};
use ftp_tests::command::{Place, Program, by};
use ftp_tests::script::{Peer, Play as _, Script, script};
use ftp_tests::servers::{Kind, Options, Security, Server};
use ftp_tests::trial;
use ftp_tests::wasmtime;
use ftp_tests::{command, root};

#[trial]
fn wrong_arguments_are_2(place: &Place) -> Result<()> {
    place.fails(2, &["get", "--nonsense", &place.url("x")], "Usage")?;
    place.fails(2, &["get", "sftp://host/"], "sftp://host/: a URL has to start with ftp://")?;
    place.fails(2, &["ls", "ftp://user:a/b@host/"], "%2F")?;
    place.fails(2, &["ls", "ftp://0.0.0.0/"], "the address of no server")
}

#[trial]
fn unknown_name_is_3(place: &Place) -> Result<()> {
    place.fails(3, &["ls", "ftp://nobody.invalid/"], "not resolved")
}

#[trial]
fn port_where_nobody_listens_is_4(place: &Place) -> Result<()> {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    place.fails(4, &["ls", &format!("ftp://{unused}/")], "cannot connect")
}

#[trial]
fn server_without_tls_is_5(place: &Place) -> Result<()> {
    place.fails(5, &["ls", "--tls", "explicit", &place.url("")], "AUTH TLS")
}

#[trial]
fn wrong_password_is_6(place: &Place) -> Result<()> {
    let url = place.url("").replace("user@", "user:hunter2@");
    let output = place.fails(6, &["ls", &url], "530");
    place.fails(6, &["ls", &url], "in the URL")?;
    output
}

#[trial]
fn missing_file_is_7(place: &Place) -> Result<()> {
    place.fails(7, &["get", &place.url("nothing")], "550")?;
    place.fails(7, &["get", &place.url("no*thing")], "nothing on the server matches")?;
    place.fails(7, &["get", &place.url("nothing"), &place.url("neither"), "none/"], "none of 2")?;
    place.fails(7, &["rm", &place.url("nothing"), &place.url("neither")], "none of 2")?;
    place.fails(7, &["mirror", &place.url("nothing/"), "copy"], "no directory")
}

#[trial]
fn refused_command_is_8(place: &Place) -> Result<()> {
    place.fails(8, &["quote", &place.url(""), "NONSENSE"], "500")
}

#[trial]
fn some_of_several_files_are_9(place: &Place) -> Result<()> {
    place.write_there("there", b"contents")?;
    place.fails(9, &["get", &place.url("there"), &place.url("missing"), "both/"], "missing")?;
    assert!(place.here("both/there")? == b"contents");
    place.fails(9, &["get", &place.url("no*thing"), &place.url("there"), "others/"], "1 of 2 were not done")?;
    assert!(place.here("others/there")? == b"contents");
    Ok(())
}

#[trial]
fn some_of_several_servers_are_9(place: &Place) -> Result<()> {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    place.write_there("there", b"contents")?;
    let nowhere = format!("ftp://user@{unused}/x");
    place.fails(9, &["get", "--same-password", &nowhere, &place.url("there"), "both/"], "cannot connect")?;
    assert!(place.here("both/there")? == b"contents");
    place.fails(4, &["get", &nowhere, &nowhere, "none/"], "cannot connect")
}

#[trial]
fn url_that_fails_keeps_no_other_from_being_shown(place: &Place) -> Result<()> {
    place.write_there("there", b"contents")?;
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let nowhere = format!("ftp://user@{unused}/x");
    let (missing, there) = (place.url("missing"), place.url("there"));
    for (words, shown) in
        [(&["ls"][..], "there"), (&["stat"], "8 bytes"), (&["cat"], "contents"), (&["sum", "--read"], "sha-256")]
    {
        for (url, said) in [(&missing, "missing"), (&nowhere, "cannot connect")] {
            let output = place.run(&[words, &["--same-password", url, &there]].concat())?;
            check(&output, 9, said)?;
            let seen = String::from_utf8_lossy(&output.stdout).to_lowercase();
            assert!(seen.contains(shown), "no {shown:?} in {output:?}");
        }
        check(&place.run(&[words, &[missing.as_str(), &missing]].concat())?, 7, "none of 2")?;
    }
    Ok(())
}

#[trial]
fn two_for_one_name_are_2(place: &Place) -> Result<()> {
    for path in ["a/x", "b/x"] {
        place.write_there(path, b"contents")?;
    }
    place.fails(2, &["get", &place.url("a/x"), &place.url("b/x"), "both/"], "more than one source")?;
    assert!(place.here("both/x").is_err());
    for path in ["a/x", "b/x"] {
        place.write_here(path, b"contents")?;
    }
    place.fails(2, &["put", "a/x", "b/x", &place.url("")], "more than one source")?;
    assert!(place.there("x").is_err());
    Ok(())
}

#[trial]
fn file_that_cannot_be_read_is_10(place: &Place) -> Result<()> {
    place.fails(10, &["put", "nothing-here", &place.url("x")], "nothing-here")?;
    assert!(place.there("x").is_err());
    Ok(())
}

#[trial]
fn limit_of_time_is_11(place: &Place) -> Result<()> {
    place.write_there("large", &[0; 300_000])?;
    place.fails(11, &["get", "--limit-rate", "1k", "--max-time", "0.5", &place.url("large")], "time limit")?;
    let left: Vec<_> = std::fs::read_dir(place.here.path())?.collect();
    assert!(left.is_empty(), "{left:?}");
    Ok(())
}

#[trial(needs = Kind::PyFtpd.installed_with_tls())]
async fn certificate_of_nobody_is_5(program: Program) -> Result<()> {
    let options = Options { security: Security::Explicit, ..Options::default() };
    let server = Server::start(Kind::PyFtpd, options)?;
    let here = root::temporary()?;
    let url = format!("ftpes://user@{}/", server.address());
    let output = program.command(here.path(), &["ls", &url])?.output()?;
    check(&output, 5, "unknown issuer")?;
    let output = program.command(here.path(), &["ls", "--insecure", &url])?.output()?;
    check(&output, 0, "--insecure")
}

#[trial]
async fn lies_about_the_size_are_12(program: Program) -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: TYPE I*   S: 200 yes
         C: SIZE file*   S: 213 10
         C: MDTM file*   S: 550 no
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> 12345   D! close   S: 226 done
         C: SIZE file*   S: 213 10
         C: QUIT*   S: 221 bye"
    );
    script
        .play(async |peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/file", peer.address());
            let output = program.command(here.path(), &["get", "--resume", &url])?.output()?;
            check(&output, 12, "10")?;
            assert!(std::fs::read_dir(here.path())?.all(|file| file.is_ok_and(|file| file.file_name() != "file")));
            Ok(())
        })
        .await
}

/// A deletion is refused, and a reply to something else comes first.
#[trial]
async fn reply_of_another_command_is_12(program: Program) -> Result<()> {
    let second_login = Script::logged_in().expect("DELE file").say("230 welcome\r\n550 no\r\n").stall();
    let doubtful = Script::logged_in().on("DELE file", "250 done").on("QUIT", "550 no");
    for (script, text) in [(second_login, "another command"), (doubtful, "earlier command")] {
        let removed = async |peer: &Peer| {
            let here = root::temporary()?;
            let url = format!("ftp://user@{}/file", peer.address());
            Ok(program.command(here.path(), &["rm", &url])?.output()?)
        };
        check(&script.play(removed).await?, 12, text)?;
    }
    Ok(())
}

#[trial(on = by(Program::Wasmtime))]
fn network_is_named(place: &Place) -> Result<()> {
    bare(place, &[], &["ls", &place.url("")], "-S inherit-network")
}

#[trial(on = by(Program::Wasmtime))]
fn lookup_is_named(place: &Place) -> Result<()> {
    let url = place.url("").replace("127.0.0.1", "localhost");
    bare(place, &["-S", "inherit-network"], &["ls", &url], "-S allow-ip-name-lookup")
}

#[trial(on = by(Program::Wasmtime))]
fn folder_is_named(place: &Place) -> Result<()> {
    place.write_there("file", b"contents")?;
    bare(place, &["-S", "inherit-network"], &["get", &place.url("file"), "here/file"], "--dir here")
}

#[trial(on = by(Program::Wasmtime))]
fn password_is_named(place: &Place) -> Result<()> {
    let output = wasmtime::run()?
        .args(["-S", "inherit-network"])
        .arg(command::component()?)
        .args(["ls", &place.url("")])
        .output()?;
    check(&output, 2, "--env FTP_PASSWORD")?;
    check(&output, 2, "--netrc")?;
    check(&output, 2, "--password-file")
}

fn bare(place: &Place, flags: &[&str], arguments: &[&str], named: &str) -> Result<()> {
    let mut run = wasmtime::run()?;
    run.args(flags).args(["--env", "FTP_PASSWORD=12345"]).arg(command::component()?).args(arguments);
    let output = run.current_dir(place.here.path()).output()?;
    assert!(!output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains(named), "{text}");
    Ok(())
}

trait Fails {
    fn fails(&self, code: i32, arguments: &[&str], text: &str) -> Result<()>;
}

impl Fails for Place {
    fn fails(&self, code: i32, arguments: &[&str], text: &str) -> Result<()> {
        check(&self.run(arguments)?, code, text)
    }
}

/// It ended with this code, told this, and no password.
fn check(output: &Output, code: i32, text: &str) -> Result<()> {
    let told = String::from_utf8(output.stderr.clone()).context("a text")?;
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(told.contains(text), "no {text:?} in {told}");
    assert!(!told.contains("hunter2") && !told.contains("12345"), "{told}");
    Ok(())
}
