//! Targets that are no files, or cannot hold one: links, pipes, devices, a disk that is full, names and files that are too
//! long, a file that changes under the command. By both programs.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, Program};
use ftp_tests::payload::Payload;
use ftp_tests::root;
use ftp_tests::script::{Play as _, Script};
use ftp_tests::suite::Requirement;
use ftp_tests::trial;

#[trial(needs = may_mount())]
fn link_is_followed_to_its_file(place: &Place) -> Result<()> {
    place.write_there("file", b"new")?;
    place.write_here("deep/real", b"old")?;
    symlink("deep/real", place.here.path().join("link"))?;
    symlink("link", place.here.path().join("link-to-link"))?;
    place.succeed(&["get", &place.url("file"), "link-to-link"])?;
    ensure!(place.here("deep/real")? == b"new" && place.here.path().join("link").is_symlink());
    ensure!(names(&place.here.path().join("deep"))? == ["real"]);
    symlink("not-yet", place.here.path().join("dangling"))?;
    place.succeed(&["get", &place.url("file"), "dangling"])?;
    ensure!(place.here("not-yet")? == b"new");
    Ok(())
}

#[trial(needs = may_mount())]
fn link_in_a_folder_is_followed(place: &Place) -> Result<()> {
    place.write_there("file", b"new")?;
    place.write_here("folder/real", b"old")?;
    symlink("real", place.here.path().join("folder/file"))?;
    place.succeed(&["get", &place.url("file"), "folder/"])?;
    ensure!(place.here("folder/real")? == b"new" && place.here.path().join("folder/file").is_symlink());
    Ok(())
}

#[trial(needs = may_mount())]
fn two_names_of_one_file_are_2(place: &Place) -> Result<()> {
    place.write_there("one", b"1")?;
    place.write_there("two", b"2")?;
    place.write_here("folder/one", b"old")?;
    symlink("one", place.here.path().join("folder/two"))?;
    refused(place, 2, &["get", &place.url("one"), &place.url("two"), "folder/"], "more than one source")?;
    ensure!(place.here("folder/one")? == b"old");
    Ok(())
}

#[trial(needs = may_mount())]
fn link_that_leads_out_is_refused_before_connecting(place: &Place) -> Result<()> {
    let outside = root::temporary()?;
    fs::write(outside.path().join("real"), b"old")?;
    symlink(outside.path().join("real"), place.here.path().join("link"))?;
    symlink("loop", place.here.path().join("loop"))?;
    for name in ["link", "loop"] {
        refused(place, 10, &["get", "ftp://user@127.0.0.1:1/file", name], "- is the standard output")?;
    }
    ensure!(fs::read(outside.path().join("real"))? == b"old" && place.here.path().join("link").is_symlink());
    Ok(())
}

#[trial(needs = may_mount())]
fn pipe_is_refused_before_connecting(place: &Place) -> Result<()> {
    ensure!(Command::new("mkfifo").arg(place.here.path().join("pipe")).status()?.success());
    refused(place, 10, &["get", "ftp://user@127.0.0.1:1/file", "pipe"], "- is the standard output")
}

#[trial(needs = may_mount())]
fn standard_output_has_three_names(place: &Place) -> Result<()> {
    place.write_there("file", b"contents")?;
    for name in ["-", "/dev/stdout", "/dev/fd/1", "/dev/./stdout"] {
        // Should it be taken for a file, that is a copy of the real one.
        let output = enclosed(&mut place.command(&["get", &place.url("file"), name])?, DEVICES, "true")?;
        ensure!(output.status.success() && output.stdout == b"contents", "{name}: {output:?}");
    }
    Ok(())
}

#[trial(needs = may_mount())]
fn device_takes_the_bytes_and_stays(place: &Place) -> Result<()> {
    place.write_there("file", b"contents")?;
    symlink("dev/null", place.here.path().join("null"))?;
    let device = "mkdir dev && mknod dev/null c 1 3 && mknod dev/full c 1 7";
    ensure!(Command::new("sh").args(["-c", device]).current_dir(place.here.path()).status()?.success());
    for name in ["dev/null", "null"] {
        place.succeed(&["get", "--retry", "1", &place.url("file"), name])?;
    }
    refused(place, 10, &["get", &place.url("file"), "dev/full"], "dev/full")?;
    ensure!(names(&place.here.path().join("dev"))? == ["full", "null"]);
    Ok(())
}

#[trial(needs = may_mount())]
fn name_that_is_too_long_is_reported_before_it_is_fetched(place: &Place) -> Result<()> {
    place.write_there("file", b"contents")?;
    let name = "n".repeat(300);
    let output = place.run(&["get", "--verbose", &place.url("file"), &name])?;
    ensure!(!String::from_utf8_lossy(&output.stderr).contains("RETR"), "{output:?}");
    check(&output, 10, "too long")?;
    ensure!(names(place.here.path())?.iter().all(|name| name == "ca.pem"));
    Ok(())
}

/// What is put in place of `/dev`: nothing that a trial does may reach the real one.
const DEVICES: &str = "mkdir /tmp/dev-of-trial.$$ && cp -a /dev/null /dev/full /dev/zero /dev/random /dev/urandom /dev/fd \
    /dev/stdin /dev/stdout /dev/stderr /tmp/dev-of-trial.$$/ && mount -t tmpfs none /dev && \
    cp -a /tmp/dev-of-trial.$$/* /dev/ && rm -r /tmp/dev-of-trial.$$";

/// A small disk at `small`.
const SMALL: &str = "mkdir -p small && mount -t tmpfs -o size=1m none small";

/// Only root makes devices and mounts, in a namespace of its own.
fn may_mount() -> Requirement {
    let status = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    match status.is_ok_and(|status| status.success()) {
        true => Ok(()),
        false => Err("this takes root, to mount in a namespace of its own".to_owned()),
    }
}

/// Run a command in a mount namespace of its own, where the one is done before and the other after it.
fn enclosed(command: &mut Command, before: &str, after: &str) -> Result<Output> {
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "sh", "-c", &format!("{before} && \"$@\"; code=$?; {after}; exit $code"), "sh"]);
    outer.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    outer.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    Ok(outer.output()?)
}

/// Nothing is left of what has no room, and the text says why.
#[trial(needs = may_mount())]
fn full_disk_is_called_that(place: &Place) -> Result<()> {
    place.write_there("large", &Payload::bytes(20_000_000))?;
    let url = place.url("large");
    for options in [&["get"][..], &["get", "--segments", "2"]] {
        let mut command = place.command(&[options, &[&url, "small/"]].concat())?;
        let output = enclosed(&mut command, SMALL, "echo left: $(ls -A small) >&2")?;
        check(&output, 10, "left:\n")?;
        check(&output, 10, "the disk is full")?;
    }
    Ok(())
}

/// There is no room for the last bytes only, after which nothing more comes from the server but that all went well.
#[trial(needs = may_mount())]
fn last_bytes_without_room_leave_the_old_file(place: &Place) -> Result<()> {
    // The disk has 256 pages, of which the old file takes one.
    place.write_there("large", &Payload::bytes(255 * 4096 + 1))?;
    let url = place.url("large");
    let before = format!("{SMALL} && printf old > small/large");
    for options in [&["get"][..], &["get", "--segments", "2"]] {
        let mut command = place.command(&[options, &[&url, "small/"]].concat())?;
        let output = enclosed(&mut command, &before, "echo left: $(ls -A small) $(head -c 9 small/large) >&2")?;
        check(&output, 10, "the disk is full")?;
        check(&output, 10, "left: large old\n")?;
    }
    Ok(())
}

/// The system's limit for the size of a file is 16 MiB.
#[trial(needs = may_mount())]
fn file_above_the_limit_for_files_is_called_too_large(place: &Place) -> Result<()> {
    place.write_there("large", &Payload::bytes((16 << 20) + 1))?;
    place.write_here("folder/large", b"old")?;
    let url = place.url("large");
    for options in [&["get"][..], &["get", "--segments", "2"]] {
        let mut command = place.command(&[options, &[&url, "folder/"]].concat())?;
        let output = enclosed(&mut command, "trap '' XFSZ && ulimit -f 32768", "true")?;
        check(&output, 10, "too large")?;
        ensure!(place.here("folder/large")? == b"old" && names(&place.here.path().join("folder"))? == ["large"]);
    }
    Ok(())
}

/// Somebody cuts the temporary file after its last byte was written, and before the server says that all went well.
#[trial]
async fn file_that_was_cut_here_does_not_get_its_name(program: Program) -> Result<()> {
    let script = Script::logged_in().on("SIZE file", "213 10").on("MDTM file", "213 20200101000000");
    script
        .open_data("RETR file")
        .send_data("0123456789")
        .close_data()
        .pause(Duration::from_secs(2))
        .reply("226 done")
        .on("QUIT", "221 bye")
        .play(async |peer| {
            let here = root::temporary()?;
            fs::write(here.path().join("file"), b"old")?;
            let url = format!("ftp://user@{}/file", peer.address());
            let mut command = program.command(here.path(), &["get", &url])?;
            let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
            let part = here.path().join(".file.a-5e0be100.ftp-part");
            let begin = Instant::now();
            while fs::metadata(&part).map_or(0, |found| found.len()) < 10 {
                ensure!(begin.elapsed() < Duration::from_secs(60), "there is no {}", part.display());
                thread::sleep(Duration::from_millis(5));
            }
            fs::File::options().write(true).open(&part)?.set_len(3)?;
            check(&child.wait_with_output()?, 10, "10 bytes were written, and the file has 3")?;
            ensure!(fs::read(here.path().join("file"))? == b"old" && names(here.path())? == ["file"]);
            Ok(())
        })
        .await
}

/// To WASI `/sub` is `sub` in the folder `.`: other files than those that were named.
#[trial]
fn absolute_path_is_not_taken_for_one_in_the_open_folder() -> Result<()> {
    let here = root::temporary()?;
    fs::create_dir(here.path().join("sub"))?;
    fs::write(here.path().join("sub/mine"), b"mine")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?;
    let [url, file] = ["sub/", "file"].map(|path| format!("ftp://user@{server}/{path}"));
    let (url, file) = (url.as_str(), file.as_str());
    for (arguments, folder) in [
        (&["mirror", "--delete", url, "/sub"][..], "--dir /sub"),
        (&["mirror", "--delete", "/sub", url], "--dir /sub"),
        (&["get", file, "/sub/file"], "--dir /sub"),
        (&["put", "/sub/mine", url], "--dir /sub"),
        (&["ls", "--ca", "/sub/mine", url], "--dir /sub"),
        (&["ls", "--netrc-file", "/sub/mine", url], "--dir /sub"),
        (&["ls", "--password-file", "/sub/mine", url], "--dir /sub"),
    ] {
        let output = Program::Wasmtime.command(here.path(), arguments)?.env_remove("FTP_PASSWORD").output()?;
        check(&output, 10, folder)?;
        ensure!(fs::read(here.path().join("sub/mine"))? == b"mine" && names(&here.path().join("sub"))? == ["mine"]);
    }
    listener.set_nonblocking(true)?;
    ensure!(listener.accept().is_err(), "it was refused before connecting");
    Ok(())
}

/// The temporary file of this version has the name of a link, which leads to another file of the folder.
#[trial]
async fn temporary_file_follows_no_link(program: Program) -> Result<()> {
    let script = Script::logged_in().on("SIZE file", "213 3").on("MDTM file", "213 20200101000000");
    script
        .download("RETR file", "new")
        .on("QUIT", "221 bye")
        .play(async |peer| {
            let here = root::temporary()?;
            fs::write(here.path().join("inside"), b"old")?;
            symlink("inside", here.path().join(".file.3-5e0be100.ftp-part"))?;
            let url = format!("ftp://user@{}/file", peer.address());
            let output = program.command(here.path(), &["get", "--resume", &url])?.output()?;
            check(&output, 0, "")?;
            ensure!(fs::read(here.path().join("inside"))? == b"old" && fs::read(here.path().join("file"))? == b"new");
            ensure!(!here.path().join("file").is_symlink() && names(here.path())? == ["file", "inside"]);
            Ok(())
        })
        .await
}

fn refused(place: &Place, code: i32, arguments: &[&str], said: &str) -> Result<()> {
    check(&place.run(arguments)?, code, said)
}

fn check(output: &Output, code: i32, said: &str) -> Result<()> {
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(code) && text.contains(said), "{:?}: {text}", output.status);
    Ok(())
}

fn names(folder: &std::path::Path) -> Result<Vec<String>> {
    let mut names: Vec<_> = fs::read_dir(folder)?
        .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}
