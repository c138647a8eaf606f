//! A tree of 5,000 files, both ways, by a command that is killed again and again and goes on.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use ftp_tests::command::{Place, at};
use ftp_tests::payload::{Hash, Payload, sha256_of_file};
use ftp_tests::root;
use ftp_tests::servers::{self, Kind};
use ftp_tests::trial;

const FILES: usize = 5_000;
const INTERRUPTIONS: usize = 10;

#[trial(on = at(servers::plain([Kind::Vsftpd])))]
fn tree_of_5_000_files_goes_down_through_ten_interruptions(place: &Place) -> Result<()> {
    plant(&place.server.root().join("tree"))?;
    let arguments = ["mirror", "-P", "4", "--json", &place.url("tree/"), "copy"];
    interrupted(place, &arguments)?;
    compare(&place.server.root().join("tree"), &place.here.path().join("copy"))
}

#[trial(on = at(servers::plain([Kind::Vsftpd])))]
fn tree_of_5_000_files_goes_up_through_ten_interruptions(place: &Place) -> Result<()> {
    plant(&place.here.path().join("tree"))?;
    let arguments = ["mirror", "-P", "4", "--resume", "--json", "tree", &place.url("copy/")];
    interrupted(place, &arguments)?;
    compare(&place.here.path().join("tree"), &place.server.root().join("copy"))
}

/// Files of all sizes from nothing to some 300 KB, in folders of a few levels.
fn plant(root: &Path) -> Result<()> {
    for index in 0..FILES {
        let folder = root.join(format!("{}/{}", index % 7, index % 31));
        std::fs::create_dir_all(&folder)?;
        let size = match index % 100 {
            0 => 300_000 + index,
            1 => 0,
            _ => index * 7919 % 9_000,
        };
        std::fs::write(folder.join(format!("file {index}")), Payload::bytes(size as u64))?;
    }
    Ok(())
}

/// Kill the command after some of its files, ten times, and then let it come to its end.
fn interrupted(place: &Place, arguments: &[&str]) -> Result<()> {
    for round in 0..INTERRUPTIONS {
        // Somewhere, and not the same place each time.
        let most = 50 + usize::from(rand()) % 700;
        let mut child = place.command(arguments)?.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = BufReader::new(child.stdout.take().context("its output")?);
        let transfers = output.lines().filter(|line| line.as_ref().is_ok_and(|line| line.contains("\"transfer\"")));
        let seen = transfers.take(most).count();
        child.kill()?;
        child.wait()?;
        ensure!(seen > 0 || round > 5, "round {round} moved nothing");
    }
    place.succeed(arguments)?;
    let again = place.succeed(arguments)?;
    ensure!(!again.contains("\"transfer\""), "it was not done: {again}");
    Ok(())
}

/// A byte of a number that is another one each time.
fn rand() -> u16 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0) as u16
}

/// The same names with the same hashes, and nothing else.
fn compare(one: &Path, other: &Path) -> Result<()> {
    let (one, other) = (hashes(one)?, hashes(other)?);
    ensure!(one.len() == FILES, "{} files were planted", one.len());
    for (name, hash) in &one {
        ensure!(other.get(name) == Some(hash), "{} is not the same", name.display());
    }
    ensure!(one.len() == other.len(), "there are {} files instead of {}", other.len(), one.len());
    Ok(())
}

fn hashes(root: &Path) -> Result<BTreeMap<PathBuf, Hash>> {
    let hash = |file: PathBuf| {
        let hash = sha256_of_file(&root.join(&file))?;
        Ok((file, hash))
    };
    root::files(root)?.into_iter().map(hash).collect()
}
