//! What `ftp-host` adds to the command that it runs: a sandbox that has what the arguments name, an end from outside, and a
//! demonstration. What the command does is in the suite `command`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ftp_host::Policy;
use ftp_tests::command::runner;
use ftp_tests::embedded::Embedded;
use ftp_tests::payload::Payload;
use ftp_tests::root;
use ftp_tests::script::{Play as _, script};
use ftp_tests::{suite, trial};
use rustix::process::{Pid, Signal, kill_process};

fn main() -> ExitCode {
    suite::run()
}

#[trial]
async fn folders_have_the_names_that_the_arguments_give_them() -> Result<()> {
    let server = Embedded::start()?;
    let root = root::temporary()?;
    let here = root.path().join("here");
    let absolute = root.path().join("absolute");
    for folder in [&here, &here.join("below"), &absolute, &root.path().join("beside")] {
        std::fs::create_dir(folder)?;
    }
    let contents = Payload::bytes(70_000);
    std::fs::write(server.root().join("file"), &contents)?;
    for target in [".", "below", "./below/", "new//", "below/../newer/", "../beside", "..", path(&absolute)?] {
        let succeed = |arguments: &[&str]| -> Result<()> {
            let output = command(arguments)?.current_dir(&here).output()?;
            ensure!(output.status.success(), "{target}: {output:?}");
            Ok(())
        };
        succeed(&["get", &url(&server, "file"), target])?;
        let copy = format!("{}/file", target.trim_end_matches('/'));
        assert!(std::fs::read(here.join(&copy))? == contents, "{target}");
        succeed(&["put", &copy, &url(&server, "back")])?;
        assert!(std::fs::read(server.root().join("back"))? == contents, "{target}");
        std::fs::remove_file(here.join(&copy))?;
        std::fs::remove_file(server.root().join("back"))?;
    }
    Ok(())
}

#[trial]
async fn folder_of_a_target_is_made() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    for name in ["a", "b"] {
        std::fs::write(server.root().join(name), name)?;
    }
    let [a, b] = ["a", "b"].map(|name| url(&server, name));
    let output = command(&["get", &a, &b, "new/deep"])?.current_dir(here.path()).output()?;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read(here.path().join("new/deep/b"))?, b"b");
    Ok(())
}

#[trial]
async fn folder_that_is_not_there_is_10() -> Result<()> {
    let output = run(&["put", "/no such folder/x", "ftp://user@127.0.0.1:1/"])?;
    assert_fails_in_one_line(&output, 10);
    assert!(text(&output.stderr).contains("/no such folder"), "{output:?}");
    Ok(())
}

#[trial]
async fn folder_that_is_read_only_is_not_written() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    std::fs::write(server.root().join("file"), b"contents")?;
    for (writable, code) in [(false, 10), (true, 0)] {
        let mut command = library(&["get", &url(&server, "file"), "here/"]);
        command.host(&server.address().ip().to_string(), server.address().port());
        command.folder(here.path(), "here", writable)?;
        assert_eq!(command.run().await?, code);
        assert_eq!(here.path().join("file").exists(), writable);
    }
    Ok(())
}

#[trial]
async fn host_that_was_not_named_is_not_reached() -> Result<()> {
    let server = Embedded::start()?;
    let (host, port) = (server.address().ip().to_string(), server.address().port());
    for (granted, named, code) in [(host.as_str(), host.as_str(), 0), ("127.0.0.2", &host, 4), (&host, "localhost", 4)]
    {
        let mut command = library(&["ls", &format!("ftp://user@{named}:{port}/")]);
        command.host(granted, port);
        assert_eq!(command.run().await?, code, "{named}, where {granted} is granted");
    }
    Ok(())
}

#[trial]
async fn secrets_are_read_from_files_that_the_command_cannot_reach() -> Result<()> {
    let server = Embedded::start()?;
    let secrets = root::temporary()?;
    let [password, netrc] = ["password", "netrc"].map(|name| secrets.path().join(name));
    std::fs::write(&password, "12345\nand more\n")?;
    std::fs::write(&netrc, "machine other login x password y\nmachine 127.0.0.1 login user password 12345\n")?;
    let url = url(&server, "");
    let (password, netrc) = (path(&password)?, path(&netrc)?);
    let joined = format!("--password-file={password}");
    for arguments in [
        &["ls", "--password-file", password, &url][..],
        &["ls", &joined, &url],
        &["ls", "--netrc-file", netrc, &url],
        &["ls", "--netrc-file", netrc, &url.replace("user@", "")],
    ] {
        let output = command(arguments)?.env_remove("FTP_PASSWORD").output()?;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let output = command(&[&["--explain"], arguments].concat())?.env_remove("FTP_PASSWORD").output()?;
        assert!(!text(&output.stderr).contains("it reads"), "{output:?}");
        assert_secret(&output);
    }
    Ok(())
}

#[trial]
async fn entry_of_netrc_is_the_one_of_the_user() -> Result<()> {
    let server = Embedded::start()?;
    let home = root::temporary()?;
    let entries = "machine 127.0.0.1 login nobody password \"x y\"\nmachine 127.0.0.1 login user password \"12345\"\n";
    std::fs::write(home.path().join(".netrc"), entries)?;
    for (arguments, code) in [(&["--user", "user"][..], 0), (&[], 6)] {
        let url = url(&server, "").replace("user@", "");
        let mut command = command(&[&["ls", "--netrc"], arguments, &[&url]].concat())?;
        let output = command.env_remove("FTP_PASSWORD").env("HOME", home.path()).output()?;
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_secret(&output);
    }
    Ok(())
}

#[trial]
async fn explain_names_what_is_granted_and_no_secret() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    std::fs::write(server.root().join("file"), b"contents")?;
    let url = url(&server, "file");
    let arguments = [
        "--explain",
        "--portable-crypto",
        "--memory-limit",
        "99",
        "--time-limit",
        "60",
        "get",
        "--active",
        &url,
        "new/",
    ];
    let output = command(&arguments)?.current_dir(here.path()).output()?;
    assert!(output.status.success(), "{output:?}");
    let (shown, address) = (text(&output.stderr), server.address());
    for line in [
        &format!("it connects to 127.0.0.1, port {} and data ports: 127.0.0.1", address.port()),
        "it listens on any port from 1024 on",
        "it reads and writes new/",
        "it has the variables FTP_PASSWORD",
        "it takes the cryptography of TLS from itself, inside the sandbox",
        "it takes at most 99 MiB of memory",
        "it takes at most 60 seconds",
    ] {
        assert!(shown.contains(line), "no {line:?} in {shown}");
    }
    assert_secret(&output);
    Ok(())
}

#[trial]
async fn interrupted_is_130() -> Result<()> {
    for signal in [Signal::INT, Signal::TERM] {
        let peer = TcpListener::bind("127.0.0.1:0")?;
        let child = start(&["ls", &format!("ftp://user@{}/", peer.local_addr()?)])?;
        let _silent = peer.accept()?;
        kill_process(Pid::from_child(&child), signal)?;
        let output = child.wait_with_output()?;
        assert_fails_in_one_line(&output, 130);
        assert_eq!(text(&output.stderr), "ftp-host: interrupted\n");
    }
    Ok(())
}

#[trial]
async fn interrupted_in_a_pipe_that_nobody_reads_is_130() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("file"), Payload::bytes(20_000_000))?;
    let mut child = start(&["cat", &url(&server, "file")])?;
    let mut output = child.stdout.take().context("its output")?;
    output.read_exact(&mut [0; 1000])?;
    kill_process(Pid::from_child(&child), Signal::TERM)?;
    assert_eq!(child.wait()?.code(), Some(130));
    Ok(())
}

#[trial]
async fn interrupted_upload_says_where_the_part_is() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    std::fs::write(here.path().join("file"), Payload::bytes(300_000))?;
    for (options, is_said) in [(&[][..], true), (&["--atomic"], false)] {
        let url = url(&server, "");
        let arguments = [&["put", "--limit-rate", "1k"], options, &["file", &url]].concat();
        let mut put = command(&arguments)?;
        let child = put.current_dir(here.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let begin = Instant::now();
        while std::fs::read_dir(server.root())?.count() == usize::from(!is_said) {
            ensure!(begin.elapsed() < Duration::from_secs(60), "nothing comes to the server");
        }
        kill_process(Pid::from_child(&child), Signal::INT)?;
        let output = child.wait_with_output()?;
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(text(&output.stderr).contains("on the server under its name"), is_said, "{output:?}");
    }
    Ok(())
}

#[trial]
async fn interrupted_at_the_password_leaves_a_terminal_that_shows_what_is_typed() -> Result<()> {
    // The command `script` is a terminal to this shell, which outlives the runner there and tells how it was left.
    let runner = runner()?;
    let runner = runner.display();
    let line = format!("stty echo; tty; trap : INT; '{runner}' ls ftp://user@127.0.0.1:1/; echo code $?; stty -a");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_remove("FTP_PASSWORD");
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(script.stdout.take().context("its output")?);
    let mut terminal = String::new();
    output.read_line(&mut terminal)?;
    let begin = Instant::now();
    let is_hidden = || -> Result<bool> {
        let settings = Command::new("stty").args(["-a", "-F", terminal.trim()]).output()?;
        Ok(text(&settings.stdout).split_whitespace().any(|word| word == "-echo"))
    };
    while !is_hidden()? {
        ensure!(begin.elapsed() < Duration::from_secs(60), "nothing asks on {terminal}");
    }
    script.stdin.as_mut().context("its input")?.write_all(b"\x03")?;
    let mut told = String::new();
    output.read_to_string(&mut told)?;
    script.wait()?;
    assert!(told.contains("code 130"), "{told}");
    assert!(told.split_whitespace().any(|word| word == "echo"), "{told}");
    Ok(())
}

#[trial]
async fn limit_of_time_is_11() -> Result<()> {
    let peer = TcpListener::bind("127.0.0.1:0")?;
    let output = run(&["--time-limit", "0.3", "ls", &format!("ftp://user@{}/", peer.local_addr()?)])?;
    assert_fails_in_one_line(&output, 11);
    assert_eq!(text(&output.stderr), "ftp-host: it took longer than 0.3 seconds\n");
    Ok(())
}

#[trial]
async fn limit_of_memory_is_a_line_and_a_failure() -> Result<()> {
    let output = run(&["--memory-limit", "1", "ls", "ftp://user@127.0.0.1:1/"])?;
    assert_fails_in_one_line(&output, 1);
    assert!(text(&output.stderr).starts_with("ftp-host: "), "{output:?}");
    Ok(())
}

#[trial]
async fn verbose_shows_the_session_without_the_password() -> Result<()> {
    let server = Embedded::start()?;
    let output = run(&["ls", "--verbose", &url(&server, "")])?;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stderr).contains("> USER user"), "{output:?}");
    assert!(text(&output.stderr).contains("> PASS"), "{output:?}");
    assert_secret(&output);
    Ok(())
}

#[trial]
async fn wrong_command_line_does_not_show_the_password() -> Result<()> {
    for arguments in [
        &["ls", "ftp://user:12345@/"][..],
        &["ls", "http://user:12345@localhost/"],
        &["ls", "ftp://user:12345@localhost:99999/"],
        &["mkdir", "--depth", "1", "ftp://user:12345@localhost/"],
        &["cp", "ftp://user:12345@localhost/", "ftp://user:12345@localhost/", "ftp://user:12345@localhost/"],
        &["ls", "--proxy", "socks4://user:12345@localhost/", "ftp://user:12345@localhost/"],
        &["ls", "--proxy=socks4://user:12345@localhost/", "ftp://localhost/"],
        &["ls", "--proxy=user:12345@localhost:1080", "ftp://localhost/"],
        &["ftp://user:12345@localhost/"],
    ] {
        let output = run(arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert_secret(&output);
    }
    Ok(())
}

#[trial]
async fn reply_with_escape_sequences_is_not_shown_as_it_is() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 530 \x1b[2Jgone\x07"
    )
    .play(async |peer| {
        let output = run(&["ls", &format!("ftp://user@{}/", peer.address())])?;
        assert_fails_in_one_line(&output, 6);
        assert!(!output.stderr.contains(&0x1b) && !output.stderr.contains(&7), "{output:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn missing_arguments_are_a_failure_with_the_usage() -> Result<()> {
    for arguments in [&[][..], &["ls"], &["get"], &["put"], &["fly"], &["--explain"]] {
        let output = run(arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(text(&output.stderr).to_lowercase().contains("usage"), "{arguments:?}: {output:?}");
    }
    Ok(())
}

#[trial]
async fn demo_succeeds() -> Result<()> {
    let output = run(&["demo", "--size", "1"])?;
    assert!(output.status.success(), "{output:?}");
    let figures = text(&output.stdout);
    let refused = line_of(&figures, "without its authority: ")?;
    assert!(refused.starts_with("TLS failed: "), "{output:?}");
    // Version, cipher, and how many transfers resumed the session: all of them.
    let (protection, resumed) = line_of(&figures, "protection: ")?.split_once("; ").context("two parts")?;
    assert!(protection.starts_with("TLS 1.3, TLS_"), "{output:?}");
    let counts: Vec<u32> = resumed.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(matches!(counts[..], [resumed, all] if resumed == all && all > 0), "{output:?}");
    for part in ["in the clear", "inside TLS"] {
        let (_, table) = figures.split_once(&format!("\n{part}  ")).with_context(|| format!("no table {part}"))?;
        for row in ["\nupload the large file", "\ndownload the large file"] {
            assert!(table.contains(row), "{output:?}");
        }
    }
    Ok(())
}

fn url(server: &Embedded, path: &str) -> String {
    format!("ftp://user@{}/{path}", server.address())
}

fn run(arguments: &[&str]) -> Result<Output> {
    command(arguments)?.output().context("starting the runner")
}

fn start(arguments: &[&str]) -> Result<Child> {
    Ok(command(arguments)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
}

/// The runner, with the password in its environment.
fn command(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(runner()?);
    command.args(arguments).env_remove("FTP_USER").env_remove("FTP_NETRC").env("FTP_PASSWORD", "12345");
    command.stdin(Stdio::null());
    Ok(command)
}

/// The command in this process, granted nothing yet.
fn library(arguments: &[&str]) -> ftp_host::Command {
    let mut command = ftp_host::Command::new(Policy::default().allow_loopback(), None);
    command.arguments(["ftp"].iter().chain(arguments));
    command.variable("FTP_PASSWORD", "12345");
    command
}

#[track_caller]
fn assert_fails_in_one_line(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(text(&output.stderr).trim_end().lines().count(), 1, "{output:?}");
    assert_eq!(text(&output.stdout), "");
}

#[track_caller]
fn assert_secret(output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        assert!(!text(stream).contains("12345"), "{output:?}");
    }
}

/// The rest of the line that starts so.
fn line_of<'a>(text: &'a str, start: &str) -> Result<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(start)).with_context(|| format!("no line {start:?} in {text}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}
