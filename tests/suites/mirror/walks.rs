//! Walks through what is really there.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::Result;
use ftp_client::Kind;
use ftp_client::mirror::{End, Folder, Tree, WalkLimit, WalkOptions, walk};
use ftp_tests::trial;

use crate::local;
use crate::site::Site;

/// What can be compared: vsftpd tells the size of a directory, others do not.
fn facts(tree: &Tree) -> Vec<(String, Kind, Option<u64>)> {
    let facts =
        tree.items.iter().map(|item| (item.path.to_string(), item.kind, item.size.filter(|_| item.kind == Kind::File)));
    let mut facts: Vec<_> = facts.collect();
    facts.sort_by(|one, other| one.0.cmp(&other.0));
    facts
}

#[trial]
async fn walk_finds_what_is_there(site: Site) -> Result<()> {
    for directory in ["a b", "-d", "caf\u{e9}/deep/deeper", "empty"] {
        fs::create_dir_all(site.root().join(directory))?;
    }
    for (file, size) in [("a b/c  d", 3), ("-d/-f", 0), ("caf\u{e9}/deep/deeper/\u{65e5}", 70_000), ("z", 1)] {
        fs::write(site.root().join(file), vec![b'x'; size])?;
    }
    let mut session = site.login().await?;
    let expected = facts(&local::tree(site.root())?);
    for root in [None, Some("/")] {
        let tree = walk(&mut session, root, WalkOptions::default()).await?;
        assert_eq!(facts(&tree), expected, "from {root:?}");
        assert!(tree.folders.iter().all(Folder::is_certain), "{:?}", tree.folders);
    }
    Ok(())
}

/// pyftpdlib shows a link to a directory as a directory.
#[trial]
async fn walk_ends_where_a_link_leads_back(site: Site) -> Result<()> {
    fs::create_dir(site.root().join("d"))?;
    symlink("..", site.root().join("d/loop"))?;
    let mut session = site.login().await?;
    let tree = walk(&mut session, Some("/"), WalkOptions::default()).await?;
    let kind = tree.items.iter().find(|item| item.path.to_string() == "d/loop").map(|item| item.kind);
    match kind {
        Some(Kind::SymbolicLink) => assert_eq!(tree.folders.len(), 2, "{:?}", tree.folders),
        Some(Kind::Directory) => assert!(ends_in_a_cycle(&tree), "{:?}", tree.folders),
        kind => panic!("the link is {kind:?}"),
    }
    Ok(())
}

#[trial]
async fn walk_that_follows_links_ends_where_one_leads_back(site: Site) -> Result<()> {
    fs::create_dir_all(site.root().join("d/other"))?;
    fs::write(site.root().join("d/file"), "x")?;
    symlink(".", site.root().join("d/loop"))?;
    symlink("file", site.root().join("d/link"))?;
    symlink("nowhere", site.root().join("d/dangling"))?;
    let mut session = site.login().await?;
    let options = WalkOptions { follow_links: true, ..WalkOptions::default() };
    let tree = walk(&mut session, Some("/"), options).await?;
    assert!(ends_in_a_cycle(&tree), "{:?}", tree.folders);
    let kind = |path: &str| tree.items.iter().find(|item| item.path.to_string() == path).map(|item| item.kind);
    assert_eq!(kind("d/loop"), Some(Kind::Directory));
    assert_eq!(kind("d/link"), Some(Kind::File));
    assert_ne!(kind("d/dangling"), Some(Kind::Directory));
    assert_eq!(kind("d/other"), Some(Kind::Directory));
    Ok(())
}

fn ends_in_a_cycle(tree: &Tree) -> bool {
    let cycles = tree.folders.iter().filter(|folder| matches!(folder.end, End::Cycle(_))).count();
    cycles > 0 && tree.folders.len() < 10
}

#[trial]
async fn walk_stops_at_its_depth(site: Site) -> Result<()> {
    fs::create_dir_all(site.root().join("d/".repeat(150)))?;
    let mut session = site.login().await?;
    let tree = walk(&mut session, Some("/"), WalkOptions::default()).await?;
    assert_eq!(tree.items.len(), 129);
    assert_eq!(tree.folders.last().map(|folder| &folder.end), Some(&End::Limit(WalkLimit::Depth)));
    Ok(())
}

#[trial]
async fn root_that_is_not_there_is_told(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let tree = walk(&mut session, Some("/nowhere"), WalkOptions::default()).await?;
    assert!(matches!(tree.folders[..], [Folder { end: End::Failed(_), .. }]), "{:?}", tree.folders);
    assert!(tree.items.is_empty());
    Ok(())
}
