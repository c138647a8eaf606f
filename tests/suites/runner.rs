//! The command `ftp-host` as a process: what it does, what it prints, how it ends.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow, ensure};
use ftp_tests::embedded::Embedded;
use ftp_tests::payload::Payload;
use ftp_tests::root;
use ftp_tests::script::Script;
use ftp_tests::servers::{Kind, Options, Server};
use ftp_tests::suite::Suite;
use ftp_tests::trials;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    trials!(
        suite,
        "runner",
        Ok(()),
        [
            ls_names_the_files,
            get_writes_a_file,
            get_writes_to_the_standard_output,
            put_stores_a_file,
            unknown_encoding_and_refused_compression_are_one_line_and_a_failure,
            missing_file_is_one_line_and_a_failure,
            password_may_come_from_the_environment,
            verbose_shows_the_session_without_the_password,
            wrong_command_line_does_not_show_the_password,
            wrong_password_is_one_line_without_the_password,
            server_that_is_not_there_is_one_line_and_a_failure,
            reply_with_escape_sequences_is_not_shown_as_it_is,
            missing_arguments_are_a_failure_with_the_usage,
            demo_succeeds,
        ]
    );
    trials!(suite, "runner", Kind::ProFtpd.installed(), [names_and_contents_travel_as_they_are_told_to,]);
    suite.run()
}

async fn ls_names_the_files() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("here.txt"), b"contents")?;
    let output = run(&["ls", &url(&server, "/")])?;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).contains("here.txt"), "{output:?}");
    assert_secret(&output);
    Ok(())
}

async fn get_writes_a_file() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    let contents = Payload::bytes(200_000);
    std::fs::write(server.root().join("file"), &contents)?;
    let target = here.path().join("copy");
    let output = run(&["get", &url(&server, "/file"), path(&target)?])?;
    assert!(output.status.success(), "{output:?}");
    assert!(std::fs::read(target)? == contents);
    assert_secret(&output);
    Ok(())
}

async fn get_writes_to_the_standard_output() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("file"), b"contents")?;
    let output = run(&["get", &url(&server, "/file"), "-"])?;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "contents");
    Ok(())
}

async fn put_stores_a_file() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    let contents = Payload::bytes(200_000);
    let source = here.path().join("original");
    std::fs::write(&source, &contents)?;
    let output = run(&["put", path(&source)?, &url(&server, "/file")])?;
    assert!(output.status.success(), "{output:?}");
    assert!(std::fs::read(server.root().join("file"))? == contents);
    assert_secret(&output);
    Ok(())
}

async fn names_and_contents_travel_as_they_are_told_to() -> Result<()> {
    let bytes = b"\xef\xee\xf1\xeb\xe5\xe4\xed\xff\xff";
    let extra = ["LoadModule mod_deflate.c", "DeflateEngine on"].map(String::from).to_vec();
    let server = Server::start(Kind::ProFtpd, Options { extra, ..Options::default() })?;
    std::fs::write(server.root().join(OsStr::from_bytes(bytes)), b"contents")?;
    for name in ["последняя", "%EF%EE%F1%EB%E5%E4%ED%FF%FF"] {
        let url = format!("ftp://user:12345@{}/{name}", server.address());
        let output = run(&["get", "--encoding", "windows-1251", "--compress", "--verbose", &url, "-"])?;
        assert!(output.status.success() && text(&output.stdout) == "contents", "{output:?}");
        assert!(text(&output.stderr).contains("> MODE Z"), "{output:?}");
    }
    Ok(())
}

async fn unknown_encoding_and_refused_compression_are_one_line_and_a_failure() -> Result<()> {
    let server = Embedded::start()?;
    for (option, value, message) in
        [("--encoding", Some("klingon"), "encoding"), ("--compress", None, "the server does not compress")]
    {
        let url = url(&server, "/");
        let output = run(&[Some("ls"), Some(option), value, Some(&url)].into_iter().flatten().collect::<Vec<_>>())?;
        assert_fails_in_one_line(&output);
        assert!(text(&output.stderr).contains(message), "{output:?}");
    }
    Ok(())
}

async fn missing_file_is_one_line_and_a_failure() -> Result<()> {
    let server = Embedded::start()?;
    let here = root::temporary()?;
    let target = here.path().join("copy");
    let output = run(&["get", &url(&server, "/missing"), path(&target)?])?;
    assert_fails_in_one_line(&output);
    assert!(text(&output.stderr).contains("550"), "{output:?}");
    Ok(())
}

async fn password_may_come_from_the_environment() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("here.txt"), b"contents")?;
    let url = format!("ftp://user@{}/", server.address());
    let output = command(&["ls", &url])?.env("FTP_PASSWORD", "12345").output()?;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).contains("here.txt"), "{output:?}");
    Ok(())
}

async fn verbose_shows_the_session_without_the_password() -> Result<()> {
    let server = Embedded::start()?;
    let output = run(&["ls", "--verbose", &url(&server, "/")])?;
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stderr).contains("> USER user"), "{output:?}");
    assert!(text(&output.stderr).contains("> PASS"), "{output:?}");
    assert_secret(&output);
    Ok(())
}

async fn wrong_command_line_does_not_show_the_password() -> Result<()> {
    for arguments in [
        &["ls", "ftp://user:12345@/"][..],
        &["ls", "http://user:12345@localhost/"],
        &["ls", "ftp://user:12345@localhost:99999/"],
        &["ls", "ftp://user:12345@localhost/", "ftp://user:12345@localhost/"],
        &["ftp://user:12345@localhost/"],
    ] {
        let output = run(arguments)?;
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        assert_secret(&output);
    }
    Ok(())
}

async fn wrong_password_is_one_line_without_the_password() -> Result<()> {
    let server = Embedded::start()?;
    let output = run(&["ls", &format!("ftp://user:hunter2-secret@{}/", server.address())])?;
    assert_fails_in_one_line(&output);
    assert!(text(&output.stderr).contains("530"), "{output:?}");
    assert!(!text(&output.stderr).contains("hunter2"), "{output:?}");
    Ok(())
}

async fn server_that_is_not_there_is_one_line_and_a_failure() -> Result<()> {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = run(&["ls", &format!("ftp://user:12345@{unused}/")])?;
    assert_fails_in_one_line(&output);
    assert_secret(&output);
    Ok(())
}

async fn reply_with_escape_sequences_is_not_shown_as_it_is() -> Result<()> {
    Script::greeting()
        .on("USER", "530 \u{1b}[2Jgone\u{7}")
        .on("QUIT", "221 goodbye")
        .play(async |peer| {
            let output = run(&["ls", &format!("ftp://user:12345@{}/", peer.address())])?;
            assert_fails_in_one_line(&output);
            assert!(!output.stderr.contains(&0x1b) && !output.stderr.contains(&7), "{output:?}");
            Ok(())
        })
        .await
}

async fn missing_arguments_are_a_failure_with_the_usage() -> Result<()> {
    for arguments in [&[][..], &["ls"], &["get"], &["put"], &["fly"]] {
        let output = run(arguments)?;
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        assert!(text(&output.stderr).to_lowercase().contains("usage"), "{arguments:?}: {output:?}");
    }
    Ok(())
}

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
    format!("ftp://user:12345@{}{path}", server.address())
}

fn run(arguments: &[&str]) -> Result<Output> {
    command(arguments)?.output().context("starting the runner")
}

fn command(arguments: &[&str]) -> Result<Command> {
    static BINARY: LazyLock<Result<PathBuf>> = LazyLock::new(build);
    let binary = BINARY.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let mut command = Command::new(binary);
    command.args(arguments).env_remove("FTP_PASSWORD").stdin(Stdio::null());
    Ok(command)
}

/// Build the binary beside this test, which cargo does by itself only for tests of the same package. Naming a test makes
/// cargo choose the same features as for this one, so that nothing else is compiled again.
fn build() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let directory = test.ancestors().nth(2).context("tests are in deps/ of their profile")?;
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--workspace", "--bin", "ftp-host", "--test", "runner", "--profile", profile])
        .arg("--target-dir")
        .arg(directory.parent().context("the profile is in the target directory")?)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    ensure!(status.success(), "cargo: {status}");
    Ok(directory.join("ftp-host"))
}

#[track_caller]
fn assert_fails_in_one_line(output: &Output) {
    assert!(!output.status.success(), "{output:?}");
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
