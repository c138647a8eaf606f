//! Servers whose trees are traps: each is walked, planned and mirrored to a directory of this machine.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use ftp_client::Settings;
use ftp_client::mirror::{
    Draft, End, Names, Patterns, Plan, PlanOptions, Reason, Rule, Times, Tree, WalkLimit, WalkOptions, walk,
};
use ftp_client::native::Native;
use ftp_tests::root;
use ftp_tests::script::{Peer, Play as _, Script};
use ftp_tests::suite::variants;
use ftp_tests::trial;
use tokio::time::timeout;

use crate::{Session, local};

/// Names that would be more than the name of a file, were they used as they are.
const NAMES: &[(&str, &str)] = &[
    ("name_that_goes_up", "../x"),
    ("name_that_is_absolute", "/etc/x"),
    ("name_that_goes_up_on_windows", "..\\x"),
    ("name_of_a_drive", "C:x"),
    ("name_of_the_directory_itself", "."),
    ("name_of_the_directory_above", ".."),
    ("empty_name", ""),
    ("name_of_a_path", "a/b"),
    ("name_with_nul", "a\0b"),
    ("name_with_an_escape_sequence", "\u{1b}]0;title\u{7}"),
    ("name_with_a_carriage_return", "a\rb"),
];

async fn login(peer: &Peer) -> Result<Session> {
    let address = peer.address();
    let mut session = Session::connect(Native, Settings::default(), &address.ip().to_string(), address.port()).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

/// Mirror the server to a directory in which there is already `here`, and check that nothing is beside it.
async fn mirror(
    script: Script,
    options: &PlanOptions,
    prepare: fn(&std::path::Path) -> Result<()>,
) -> Result<Mirrored> {
    let place = root::temporary()?;
    let target = place.path().join("a/b/target");
    fs::create_dir_all(&target)?;
    prepare(&target)?;
    let (plan, tree) = script
        .play(async |peer| {
            let mut session = login(peer).await?;
            let tree = walk(&mut session, Some("/"), WalkOptions::default()).await?;
            let here = local::tree(&target)?;
            let plan = Draft::new(&tree, &here, options).finish(&Times::new());
            local::carry_out_here(&plan, &mut session, &target).await?;
            Ok((plan, tree))
        })
        .await?;
    for (directory, only) in [("", "a"), ("a", "b"), ("a/b", "target")] {
        let names: Vec<_> =
            fs::read_dir(place.path().join(directory))?.map(|entry| entry.map(|e| e.file_name())).collect();
        assert!(matches!(&names[..], [Ok(name)] if name == only), "{names:?} in {directory:?}");
    }
    let mut files: Vec<_> = local::tree(&target)?.items.iter().map(|item| item.path.to_string()).collect();
    files.sort();
    Ok(Mirrored { plan, tree, files })
}

/// What came of it.
struct Mirrored {
    plan: Plan,
    tree: Tree,
    files: Vec<String>,
}

impl Mirrored {
    fn reasons(&self) -> Vec<Reason> {
        self.plan.skipped.iter().map(|skipped| skipped.reason).collect()
    }
}

#[trial(on = variants(NAMES.iter().copied()))]
async fn nothing_comes_of_a_file(name: &'static str) -> Result<()> {
    nothing_comes_of(name, "file").await
}

#[trial(on = variants(NAMES.iter().copied()))]
async fn nothing_comes_of_a_directory(name: &'static str) -> Result<()> {
    nothing_comes_of(name, "dir").await
}

/// The good file is there, nothing else, and what was left out is told, be it as a line that was not understood.
async fn nothing_comes_of(name: &'static str, kind: &str) -> Result<()> {
    let listing = format!("type={kind};size=1; {name}\r\ntype=file;size=4; good\r\n");
    let script = Script::logged_in().download("MLSD /", listing).download("RETR /good", "good");
    let mirrored = mirror(script, &PlanOptions::default(), |_| Ok(())).await?;
    assert_eq!(mirrored.files, ["good"]);
    let skipped = matches!(mirrored.reasons()[..], [Reason::Unsafe(_)]);
    let unparsed = mirrored.tree.folders[0].unparsed.len() == 1;
    let is_itself = matches!(name, "." | "..");
    assert!(skipped || unparsed || is_itself, "{:?}", mirrored.plan);
    Ok(())
}

#[trial]
async fn names_that_differ_in_case_where_that_is_one_file() -> Result<()> {
    let listing = "type=file; README\r\ntype=file; readme\r\ntype=file; good\r\n";
    let script = Script::logged_in().download("MLSD /", listing).download("RETR /good", "good");
    let options = PlanOptions { names: Names { windows: false, fold_case: true }, ..PlanOptions::default() };
    let mirrored = mirror(script, &options, |_| Ok(())).await?;
    assert_eq!((mirrored.files, mirrored.plan.skipped.len()), (vec!["good".to_string()], 2));
    Ok(())
}

#[trial]
async fn link_and_then_a_directory_of_its_name() -> Result<()> {
    let listing = "type=OS.unix=slink:/etc; l\r\ntype=dir; l\r\n";
    let script = Script::logged_in().download("MLSD /", listing).download("MLSD /l", "type=file; passwd\r\n");
    let mirrored =
        mirror(script, &PlanOptions { delete: true, replace: true, ..PlanOptions::default() }, |_| Ok(())).await?;
    assert_eq!(mirrored.reasons(), [Reason::Twin, Reason::Twin]);
    assert!(mirrored.files.is_empty());
    Ok(())
}

/// The first time a link came, in whatever way; now there is a directory of its name.
#[trial]
async fn directory_where_there_is_a_link_here() -> Result<()> {
    let outside = |target: &std::path::Path| Ok(std::os::unix::fs::symlink("../..", target.join("l"))?);
    let script = || Script::logged_in().download("MLSD /", "type=dir; l\r\n").download("MLSD /l", "type=file; x\r\n");
    let mirrored = mirror(script(), &PlanOptions { delete: true, ..PlanOptions::default() }, outside).await?;
    assert_eq!(mirrored.reasons(), [Reason::InTheWay(ftp_client::Kind::SymbolicLink)]);
    assert_eq!(mirrored.files, ["l"]);

    let options = PlanOptions { replace: true, ..PlanOptions::default() };
    let mirrored = mirror(script().download("RETR /l/x", "x"), &options, outside).await?;
    assert_eq!(mirrored.files, ["l", "l/x"]);
    Ok(())
}

#[trial]
async fn directory_that_contains_itself() -> Result<()> {
    let listing = "type=dir;unique=7; d\r\n";
    let script = Script::logged_in().download("MLSD /", listing).download("MLSD /d", listing);
    let script = entered(script.on("PWD", "257 \"/\""), "/d", listing);
    let last = mirror(script, &PlanOptions::default(), |_| Ok(())).await?.tree.folders.pop();
    assert!(last.is_some_and(|folder| matches!(folder.end, End::Cycle(_))));
    Ok(())
}

/// The listing is that of the directory above, so that the walk looks whether this is another one.
fn entered(script: Script, path: &str, listing: &str) -> Script {
    let script = script.on(format!("CWD {path}"), "250 yes").download("MLSD", listing);
    script.on("PWD", format!("257 \"{path}\"")).on("CWD /", "250 yes")
}

/// The server would go on for ever.
#[trial]
async fn directory_without_a_bottom() -> Result<()> {
    let listing = "type=dir; d\r\n";
    let mut script = Script::logged_in().download("MLSD /", listing);
    for level in 1..=128 {
        let path = "/d".repeat(level);
        script = script.download(format!("MLSD {path}"), listing);
        script = if level == 1 { script.on("PWD", "257 \"/\"") } else { script };
        script = entered(script, &path, listing);
    }
    let mirrored = mirror(script, &PlanOptions::default(), |_| Ok(())).await?;
    assert_eq!(mirrored.tree.folders.last().map(|folder| &folder.end), Some(&End::Limit(WalkLimit::Depth)));
    assert_eq!(mirrored.files.len(), 129);
    Ok(())
}

#[trial]
async fn pattern_of_many_stars_against_long_names() -> Result<()> {
    let name = "a".repeat(8_000);
    let listing: String = (0..20).map(|number| format!("type=file; {name}{number}\r\n")).collect();
    let pattern = format!("{}b", "*a".repeat(50));
    let patterns = Patterns::new(&[Rule::Exclude("*"), Rule::Include(&pattern)], false)?;
    let options = PlanOptions { patterns, ..PlanOptions::default() };
    let script = Script::logged_in().download("MLSD /", listing);
    let mirrored = timeout(Duration::from_secs(20), mirror(script, &options, |_| Ok(()))).await??;
    assert_eq!((mirrored.files.len(), mirrored.plan.skipped.len()), (0, 20));
    Ok(())
}
