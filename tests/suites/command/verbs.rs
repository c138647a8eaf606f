//! Each verb, against each server, plain and inside TLS, by both programs.

use anyhow::{Result, ensure};
use ftp_tests::command::{Place, at};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, plain_and_tls};
use ftp_tests::trial;

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn get_and_put_move_files(place: &Place) -> Result<()> {
    let contents = Payload::bytes(200_001);
    place.write_there("pub/a.bin", &contents)?;
    place.write_there("pub/b.bin", b"b")?;
    place.write_there("pub/c.txt", b"c")?;
    place.succeed(&["get", &place.url("pub/a.bin")])?;
    assert!(place.here("a.bin")? == contents);
    place.succeed(&["get", &place.url("pub/*.bin"), "several/"])?;
    assert!(place.here("several/a.bin")? == contents && place.here("several/b.bin")? == b"b");
    assert!(place.here("several/c.txt").is_err());

    place.succeed(&["put", "a.bin", &place.url("copy")])?;
    assert!(place.there("copy")? == contents);
    place.succeed(&["put", "--atomic", "several/a.bin", "several/b.bin", &place.url("pub/")])?;
    assert!(place.there("pub/b.bin")? == b"b");
    let names: Vec<_> =
        std::fs::read_dir(place.server.root().join("pub"))?.map(|file| Ok(file?.file_name())).collect::<Result<_>>()?;
    ensure!(names.len() == 3, "something else is there: {names:?}");
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn cat_prints_files(place: &Place) -> Result<()> {
    place.write_there("one", b"first\n")?;
    place.write_there("two", b"second\n")?;
    assert_eq!(place.succeed(&["cat", &place.url("one"), &place.url("two")])?, "first\nsecond\n");
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn ls_and_stat_tell_what_is_there(place: &Place) -> Result<()> {
    place.write_there("pub/file", b"12345678")?;
    place.write_there("pub/folder/inside", b"")?;
    assert_eq!(place.succeed(&["ls", "-1", &place.url("pub/")])?, "file\nfolder\n");
    let lines = place.succeed(&["ls", &place.url("pub/")])?;
    assert!(lines.contains(" 8 ") && lines.lines().nth(1).is_some_and(|line| line.starts_with('d')), "{lines}");
    let objects = place.succeed(&["ls", "--json", &place.url("pub/fi*")])?;
    assert!(objects.lines().count() == 1 && objects.contains("\"size\":8"), "{objects}");
    let file = place.succeed(&["stat", &place.url("pub/file")])?;
    assert!(file.contains("8 bytes") && file.contains("modified"), "{file}");
    let folder = place.succeed(&["stat", &place.url("pub/folder")])?;
    assert!(folder.contains("directory"), "{folder}");
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn mkdir_mv_and_rm_change_what_is_there(place: &Place) -> Result<()> {
    place.succeed(&["mkdir", "-p", &place.url("a/b/c")])?;
    place.succeed(&["mkdir", "-p", &place.url("a/b/c")])?;
    place.write_there("a/b/file", b"contents")?;
    place.succeed(&["mv", &place.url("a/b/file"), "moved"])?;
    assert!(place.there("a/b/moved")? == b"contents");
    place.succeed(&["mv", &place.url("a/b/moved"), &place.url("a/")])?;
    assert!(place.there("a/moved")? == b"contents");
    place.succeed(&["rmdir", &place.url("a/b/c")])?;
    assert!(!place.server.root().join("a/b/c").exists());
    place.write_there("a/b/one", b"1")?;
    place.write_there("a/b/two", b"2")?;
    place.succeed(&["rm", &place.url("a/b/o*")])?;
    assert!(place.there("a/b/one").is_err() && place.there("a/b/two").is_ok());
    place.succeed(&["rm", "-r", &place.url("a")])?;
    assert!(!place.server.root().join("a").exists());
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn touch_and_chmod_change_what_is_known(place: &Place) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    place.write_there("file", b"contents")?;
    let file = place.server.root().join("file");
    place.succeed(&["chmod", "640", &place.url("file")])?;
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o640);
    place.succeed(&["touch", "--time", "2001-09-09T01:46:40Z", &place.url("file")])?;
    let seconds = std::fs::metadata(&file)?.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_secs();
    assert_eq!(seconds, 1_000_000_000);
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn sum_quote_and_probe_ask_the_server(place: &Place) -> Result<()> {
    place.write_there("file", b"abc")?;
    let sum = place.succeed(&["sum", "--read", &place.url("file")])?;
    assert_eq!(sum, "SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  file\n");
    let replies = place.succeed(&["quote", &place.url(""), "NOOP", "SYST"])?;
    assert!(replies.starts_with("200 ") && replies.contains("215 "), "{replies}");
    let table = place.succeed(&["probe", "--clock", &place.url("")])?;
    for (row, value) in
        [("passive mode", "yes"), ("active mode", "yes"), ("sizes", "announced"), ("clock", "s from this one")]
    {
        let line = table.lines().find(|line| line.starts_with(row));
        let is_so = |line: &str| line.contains(value) && !line.contains("not announced");
        assert!(line.is_some_and(is_so), "{row} is not {value} in {table}");
    }
    assert_eq!(std::fs::read_dir(place.server.root())?.count(), 1, "the probe left something there");
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn cp_copies_a_file(place: &Place) -> Result<()> {
    let contents = Payload::bytes(100_001);
    place.write_there("file", &contents)?;
    place.succeed(&["cp", "--relay", &place.url("file"), &place.url("copy")])?;
    assert!(place.there("copy")? == contents);
    place.succeed(&["mkdir", &place.url("other")])?;
    place.succeed(&["cp", &place.url("file"), &place.url("other/")])?;
    assert!(place.there("other/file")? == contents);
    // Under each of its names, the same file.
    for same in ["file", "", "/file"] {
        let output = place.run(&["cp", "--relay", &place.url("file"), &place.url(same)])?;
        assert_eq!(output.status.code(), Some(2), "{same:?}: {output:?}");
        assert!(place.there("file")? == contents, "{same:?}");
    }
    Ok(())
}

#[trial(on = at(plain_and_tls(Kind::ALL)))]
fn mirror_goes_both_ways(place: &Place) -> Result<()> {
    for (path, contents) in [("tree/a", "a"), ("tree/deep/er/b", "b"), ("tree/skip.tmp", "skipped")] {
        place.write_there(path, contents.as_bytes())?;
    }
    let url = place.url("tree/");
    let planned = place.succeed(&["mirror", "--dry-run", "--exclude", "*.tmp", &url, "copy"])?;
    assert!(planned.contains("get deep/er/b") && !planned.contains("skip"), "{planned}");
    assert!(!place.here.path().join("copy/a").exists());
    place.succeed(&["mirror", "--exclude", "*.tmp", &url, "copy"])?;
    assert!(place.here("copy/a")? == b"a" && place.here("copy/deep/er/b")? == b"b");
    assert!(place.here("copy/skip.tmp").is_err());
    assert_eq!(place.succeed(&["mirror", "--dry-run", "--exclude", "*.tmp", &url, "copy"])?, "");

    place.write_here("copy/new", b"new")?;
    std::fs::remove_file(place.here.path().join("copy/a"))?;
    place.succeed(&["mirror", "--delete", "--exclude", "*.tmp", "copy", &url])?;
    assert!(place.there("tree/new")? == b"new" && place.there("tree/a").is_err());
    assert!(place.there("tree/skip.tmp")? == b"skipped", "what is excluded is left alone");
    Ok(())
}
