//! A password goes to whom it is for, and is shown to nobody.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::Result;
use ftp_tests::command::Program;
use ftp_tests::root;
use ftp_tests::script::{Peer, Play as _, Script, script};
use ftp_tests::trial;

/// A file is asked for and is not there.
fn refusing() -> Script {
    Script::greeting().on("USER", "331 password?").on("PASS", "530 no")
}

fn command(program: Program, folder: &Path, arguments: &[&str]) -> Result<Command> {
    program.command(folder, arguments)
}

fn told(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

/// The same port at another name of this machine.
fn two_hosts(peer: &Peer, path: &str) -> [String; 2] {
    ["127.0.0.1", "localhost"].map(|host| format!("ftp://user@{host}:{}/{path}", peer.address().port()))
}

#[trial]
async fn one_goes_to_none_of_several_hosts(program: Program) -> Result<()> {
    // Nobody may connect: the listener that is asked afterwards would know.
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let here = root::temporary()?;
    let [one, other] = ["127.0.0.1", "localhost"].map(|host| format!("ftp://user@{host}:{port}/x"));
    for arguments in [
        &["get", &one, &other, "here/"][..],
        &["ls", &one, &other],
        &["cp", &one, &other],
        &["cat", &one.replace("user@", "user:own@"), &other],
    ] {
        let output = command(program, here.path(), arguments)?.output()?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        for text in ["FTP_PASSWORD", "--netrc", "--same-password"] {
            assert!(told(&output).contains(text), "no {text} in {}", told(&output));
        }
    }
    listener.set_nonblocking(true)?;
    assert!(listener.accept().is_err(), "it connected");
    Ok(())
}

#[trial]
async fn same_one_goes_to_each_where_that_is_asked_for(program: Program) -> Result<()> {
    refusing()
        .play(async |peer| {
            let here = root::temporary()?;
            let [one, other] = two_hosts(peer, "");
            let arguments = ["ls", "--same-password", &one, &other];
            let output = command(program, here.path(), &arguments)?.output()?;
            assert_eq!(output.status.code(), Some(6), "{output:?}");
            assert_eq!(peer.commands(), ["USER user", "PASS 12345"]);
            Ok(())
        })
        .await
}

#[trial]
async fn each_host_has_its_own_in_netrc(program: Program) -> Result<()> {
    refusing()
        .play(async |peer| {
            let here = root::temporary()?;
            let entries = "machine 127.0.0.1 login user password first\nmachine localhost login user password second\n";
            std::fs::write(here.path().join("netrc"), entries)?;
            let [one, other] = two_hosts(peer, "");
            let arguments = ["ls", "--netrc-file", "netrc", &one, &other];
            let output = command(program, here.path(), &arguments)?.output()?;
            assert_eq!(output.status.code(), Some(6), "{output:?}");
            assert_eq!(peer.commands(), ["USER user", "PASS first"]);
            Ok(())
        })
        .await
}

#[trial]
async fn anonymous_gets_none(program: Program) -> Result<()> {
    for user in ["", "anonymous@", "ftp@"] {
        refusing()
            .play(async |peer| {
                let here = root::temporary()?;
                let url = format!("ftp://{user}{}/", peer.address());
                let output = command(program, here.path(), &["ls", &url])?.output()?;
                assert_eq!(output.status.code(), Some(6), "{output:?}");
                assert!(peer.commands().iter().any(|line| line == "PASS anonymous@"), "{:?}", peer.commands());
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn empty_one_is_one(program: Program) -> Result<()> {
    for (account, arguments, variable) in
        [("user:@", &[][..], None), ("user@", &[], Some("")), ("user@", &["--password-file", "empty"], None)]
    {
        refusing()
            .play(async |peer| {
                let here = root::temporary()?;
                std::fs::write(here.path().join("empty"), "\nsecond line\n")?;
                let url = format!("ftp://{account}{}/", peer.address());
                let mut command = command(program, here.path(), &[&["ls"], arguments, &[url.as_str()]].concat())?;
                match variable {
                    Some(value) => command.env("FTP_PASSWORD", value),
                    None => command.env_remove("FTP_PASSWORD"),
                };
                let output = command.output()?;
                assert_eq!(output.status.code(), Some(6), "{output:?}");
                assert!(!told(&output).contains("warning"), "{output:?}");
                assert!(peer.commands().iter().any(|line| line.trim_end() == "PASS"), "{:?}", peer.commands());
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// In every place where the command shows what a server said.
#[trial]
async fn one_that_is_repeated_is_masked(program: Program) -> Result<()> {
    for arguments in [&[][..], &["-v"], &["--json"], &["--json", "-v"]] {
        let script = script!(
            Script::logged_in();
            "C: NOOP*   S: 200 your password is hunter2
             C: SITE*   S: 550-no, hunter2\r\n550 hunter2
             C: QUIT*   S: 221 hunter2"
        );
        script
            .play(async |peer| {
                let here = root::temporary()?;
                let url = format!("ftp://user@{}/", peer.address());
                let arguments = [&["quote"], arguments, &[url.as_str(), "NOOP", "SITE hunter2"]].concat();
                let output = command(program, here.path(), &arguments)?.env("FTP_PASSWORD", "hunter2").output()?;
                assert_eq!(output.status.code(), Some(8), "{output:?}");
                assert!(!told(&output).contains("hunter2") && told(&output).contains("****"), "{output:?}");
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn netrc_that_others_can_read_is_reported() -> Result<()> {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let here = root::temporary()?;
    let path = here.path().join(".netrc");
    std::fs::write(&path, "machine 127.0.0.1 login user password 12345\n")?;
    for (mode, is_reported) in [(0o644, true), (0o640, true), (0o600, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
        let mut command = command(Program::Runner, here.path(), &["ls", "--netrc", &format!("ftp://user@{unused}/")])?;
        let output = command.env("HOME", here.path()).env_remove("FTP_PASSWORD").output()?;
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        let text = told(&output);
        assert_eq!(
            text.contains("can be read by others") && text.contains("chmod 600"),
            is_reported,
            "{mode:o}: {text}"
        );
        assert!(!text.contains("12345"), "{text}");
    }
    Ok(())
}
