//! Mirrors in both directions.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Result;
use ftp_client::mirror::{
    Compare, Draft, Item, Plan, PlanOptions, RelativePath, Side, Times, Tree, WalkOptions, times, walk,
};
use ftp_tests::payload::Payload;
use ftp_tests::root;
use ftp_tests::trial;

use crate::site::Site;
use crate::{Session, local};

fn options() -> PlanOptions {
    PlanOptions { delete: true, replace: true, keep_times: true, ..PlanOptions::default() }
}

/// A tree with files of several ages, which a listing tells with different precision.
fn grow(root: &Path) -> Result<()> {
    fs::create_dir_all(root.join("d/e"))?;
    for (name, length, seconds) in [("old", 1000, 1_118_830_689), ("d/e/a b", 70_000, 1_600_000_001), ("d/x", 5, 0)] {
        fs::write(root.join(name), Payload::bytes(length))?;
        if seconds > 0 {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().write(true).open(root.join(name))?.set_modified(time)?;
        }
    }
    Ok(())
}

/// Something else everywhere.
fn overgrow(root: &Path) -> Result<()> {
    fs::create_dir_all(root.join("old/was a directory"))?;
    fs::create_dir_all(root.join("extra/deep"))?;
    fs::write(root.join("extra/deep/file"), "x")?;
    fs::write(root.join("d"), "was a file")?;
    Ok(())
}

fn contents(root: &Path) -> Result<Vec<(RelativePath, Option<Vec<u8>>)>> {
    let read = |item: Item| {
        let path = local::below(root, &item.path);
        (item.path, path.is_file().then(|| fs::read(path).unwrap_or_default()))
    };
    let mut contents: Vec<_> = local::tree(root)?.items.into_iter().map(read).collect();
    contents.sort();
    Ok(contents)
}

/// Plan from the server to here, with the times that the plan asks for.
async fn plan_down(session: &mut Session, here: &Tree, options: &PlanOptions) -> Result<Plan> {
    let there = walk(session, Some("/"), WalkOptions::default()).await?;
    let draft = Draft::new(&there, here, options);
    let unknown: Vec<_> = draft.needs_time().filter(|(side, _)| *side == Side::Source).map(|(_, path)| path).collect();
    let known = times(session, Some("/"), unknown).await?;
    let known: Times = known.into_iter().map(|(path, time)| ((Side::Source, path.clone()), time)).collect();
    Ok(draft.finish(&known))
}

#[trial]
async fn download_of_a_tree_makes_it_the_same_and_then_there_is_nothing_to_do(site: Site) -> Result<()> {
    grow(site.root())?;
    let here = root::temporary()?;
    overgrow(here.path())?;
    let (mut session, options) = (site.login().await?, options());
    let plan = plan_down(&mut session, &local::tree(here.path())?, &options).await?;
    assert!(plan.skipped.is_empty(), "{:?}", plan.skipped);
    local::carry_out_here(&plan, &mut session, here.path()).await?;
    assert!(contents(here.path())? == contents(site.root())?, "the trees differ after {plan:?}");

    let again = plan_down(&mut session, &local::tree(here.path())?, &options).await?;
    assert_eq!((again.steps, again.unchanged), (Vec::new(), 3));
    Ok(())
}

#[trial]
async fn upload_of_a_tree_makes_it_the_same_and_then_there_is_nothing_to_do(site: Site) -> Result<()> {
    let here = root::temporary()?;
    grow(here.path())?;
    overgrow(site.root())?;
    // The server's times are those of the uploads.
    let options = PlanOptions { compare: Compare::Size, keep_times: false, ..options() };
    let (mut session, source) = (site.login().await?, local::tree(here.path())?);
    let there = walk(&mut session, Some("/"), WalkOptions::default()).await?;
    let plan = Draft::new(&source, &there, &options).finish(&Times::new());
    assert!(plan.skipped.is_empty(), "{:?}", plan.skipped);
    local::carry_out_there(&plan, &mut session, here.path()).await?;
    assert!(contents(here.path())? == contents(site.root())?, "the trees differ after {plan:?}");

    let there = walk(&mut session, Some("/"), WalkOptions::default()).await?;
    let again = Draft::new(&source, &there, &options).finish(&Times::new());
    assert_eq!((again.steps, again.unchanged), (Vec::new(), 3));
    Ok(())
}
