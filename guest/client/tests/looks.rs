//! Directories that are listed in more than one way, because one answer may be wrong, against a server that plays a script.

mod support;

use ftp_client::mirror::*;
use ftp_client::{Error, Kind, RefusalKind};
use ftp_testkit::{Script, script};
use support::*;

fn with_mlsd() -> Script {
    featured(hello())
}

fn featured(script: Script) -> Script {
    script!(script; "C: FEAT   S: 211-F\r\n MLST type*;size*;\r\n211 End")
}

fn with_list() -> Script {
    listing_only(hello())
}

fn listing_only(script: Script) -> Script {
    script!(script;
        "C: FEAT   S: 211-F\r\n SIZE\r\n211 End
         C: TYPE A   S: 200 ok"
    )
}

/// What comes on the data connection, as it is.
fn data(script: Script, command: &str, bytes: &str) -> Script {
    script!(passive(script);
        "C: {command}   S: 150 go\r\n226 done
         D> {bytes}   D! close"
    )
}

fn cwd(script: Script, path: &str, answer: &str) -> Script {
    script!(script; "C: CWD {path}   S: {answer}")
}

fn pwd(script: Script, answer: &str) -> Script {
    script!(script; "C: PWD   S: {answer}")
}

/// The way there, the listing and the way back, where `PWD` was asked for before.
fn inside(script: Script, path: &str, command: &str, bytes: &str) -> Script {
    cwd(data(cwd(script, path, "250 ok"), command, bytes), "/", "250 ok")
}

fn walked(script: Script, root: Option<&str>) -> Tree {
    play(script, async |session| walk(session, root, WalkOptions::default()).await.unwrap())
}

fn names(tree: &Tree) -> Vec<String> {
    tree.items.iter().map(|item| item.path.to_string()).collect()
}

fn folder<'a>(tree: &'a Tree, path: &str) -> &'a Folder {
    tree.folders.iter().find(|folder| folder.path.to_string() == path).unwrap()
}

const ROOT: &str = "257 \"/\" is where you are";

#[test]
fn path_that_may_be_a_pattern_or_an_option_is_entered_and_listed_without_an_argument() {
    for name in ["[ temp ]", "e*x", "a?", "{a,b}", "a b", "a\\b", "-l", "~me"] {
        let script = data(with_mlsd(), "MLSD /", &format!("type=dir; {name}\r\n"));
        let script = inside(pwd(script, ROOT), &format!("/{name}"), "MLSD", "type=file; x\r\n");
        let tree = walked(script, Some("/"));
        assert_eq!(names(&tree), [name.to_string(), format!("{name}/x")]);
        assert!(tree.folders.iter().all(Folder::is_certain), "{name}: {:?}", tree.folders);
    }
}

#[test]
fn walk_of_ordinary_names_sends_nothing_but_listings() {
    let script = data(with_mlsd(), "MLSD pub", "type=dir; d\r\ntype=file; a\r\n");
    let tree = walked(data(script, "MLSD pub/d", "type=file; b\r\n"), Some("pub"));
    assert_eq!(names(&tree), ["d", "a", "d/b"]);
}

#[test]
fn empty_listing_counts_when_a_second_one_without_an_argument_is_empty_too() {
    let script = data(with_mlsd(), "MLSD d", "");
    let empty = walked(inside(pwd(script.clone(), ROOT), "/d", "MLSD", ""), Some("d"));
    assert!(empty.items.is_empty() && folder(&empty, "").is_certain());
    // To this server the argument is a pattern, or it was cut.
    let other = walked(inside(pwd(script, ROOT), "/d", "MLSD", "type=file; x\r\n"), Some("d"));
    assert_eq!(names(&other), ["x"]);
    assert!(folder(&other, "").is_certain());
}

#[test]
fn empty_working_directory_is_listed_twice() {
    let script = data(data(with_mlsd(), "MLSD", ""), "MLSD", "");
    assert!(folder(&walked(script, None), "").is_certain());
    let script = data(data(with_mlsd(), "MLSD", ""), "MLSD", "type=file; x\r\n");
    let tree = walked(script, None);
    assert_eq!((names(&tree), folder(&tree, "").doubt), (vec!["x".to_string()], Some(Doubt::Changed)));
}

#[test]
fn server_that_ignores_the_argument_is_asked_without_one() {
    let top = "type=dir; sub\r\ntype=file; top.txt\r\n";
    let script = data(data(with_mlsd(), "MLSD /", top), "MLSD /sub", top);
    let tree = walked(inside(pwd(script, ROOT), "/sub", "MLSD", "type=file; inner.txt\r\n"), Some("/"));
    assert_eq!(names(&tree), ["sub", "top.txt", "sub/inner.txt"]);
    assert!(tree.folders.iter().all(Folder::is_certain));
}

#[test]
fn walk_stops_where_the_listing_is_that_of_the_directory_above() {
    let top = "type=dir; sub\r\ntype=file; top.txt\r\n";
    let script = data(data(with_mlsd(), "MLSD /", top), "MLSD /sub", top);
    let script = data(cwd(pwd(script, ROOT), "/sub", "250 ok"), "MLSD", top);
    let tree = walked(cwd(pwd(script, ROOT), "/", "250 ok"), Some("/"));
    assert_eq!(names(&tree), ["sub", "top.txt"]);
    assert_eq!(folder(&tree, "sub").end, End::Cycle(RelativePath::root()));
    assert!(!folder(&tree, "sub").is_certain());
}

#[test]
fn walk_stops_where_the_argument_is_ignored_and_the_directory_cannot_be_entered() {
    let top = "type=dir; sub\r\ntype=file; top.txt\r\n";
    let script = data(data(with_mlsd(), "MLSD /", top), "MLSD /sub", top);
    let tree = walked(cwd(pwd(script, ROOT), "/sub", "550 no"), Some("/"));
    assert_eq!((names(&tree).len(), &folder(&tree, "sub").end), (2, &End::Cycle(RelativePath::root())));
}

#[test]
fn listing_that_has_the_directory_itself_is_compared_with_one_without_an_argument() {
    let top = "type=dir; sub\r\ntype=file; top.txt\r\n";
    let script = pwd(data(with_mlsd(), "MLSD sub", top), ROOT);
    let tree = walked(inside(script.clone(), "/sub", "MLSD", "type=file; inner.txt\r\n"), Some("sub"));
    assert_eq!(names(&tree), ["inner.txt"]);
    let tree = walked(cwd(script, "/sub", "550 no"), Some("sub"));
    assert!(matches!(folder(&tree, "").end, End::Failed(Error::Refused { kind: RefusalKind::Permanent, .. })));
}

#[test]
fn same_names_as_above_with_other_facts_are_another_directory() {
    let script = data(with_mlsd(), "MLSD /", "type=dir; d\r\ntype=file;size=1; index.html\r\n");
    let same = "type=file;size=2; d\r\ntype=file;size=2; index.html\r\n";
    let tree = walked(inside(pwd(data(script, "MLSD /d", same), ROOT), "/d", "MLSD", same), Some("/"));
    assert_eq!(names(&tree).len(), 4);
    assert!(folder(&tree, "d").is_certain());
}

#[test]
fn directory_that_can_be_read_and_not_entered_is_listed_by_argument() {
    let script = cwd(pwd(hello(), ROOT), "/a b", "550 no");
    let tree = walked(data(featured(script), "MLSD /a b", "type=file; x\r\n"), Some("/a b"));
    assert_eq!((names(&tree), folder(&tree, "").doubt), (vec!["x".to_string()], Some(Doubt::NotEntered)));
}

#[test]
fn listing_without_a_line_end_is_in_doubt() {
    let tree = walked(data(with_mlsd(), "MLSD", "type=file; a.txt\r\ntype=file; b.b"), None);
    assert_eq!(folder(&tree, "").doubt, Some(Doubt::NoLineEnd));
    assert!(!folder(&tree, "").is_certain());
}

#[test]
fn listing_that_names_a_directory_which_is_not_known_is_in_doubt() {
    let script = data(with_mlsd(), "MLSD /", "type=dir; d\r\ntype=file; a\r\n");
    let refused = |script: Script, command: &str| {
        script!(passive(script);
            "C: {command}   S: 550 no
             D! stall"
        )
    };
    let script = script!(refused(script, "MLSD /d"); "C: TYPE A   S: 200 ok");
    let script = refused(script, "LIST /d");
    assert_eq!(folder(&walked(script, Some("/")), "").doubt, Some(Doubt::UnknownMember));
}

#[test]
fn refusal_that_says_no_files_is_an_empty_listing_in_doubt() {
    let refused = |script: Script, command: &str| {
        script!(passive(script);
            "C: {command}   S: 450 No files found
             D! stall"
        )
    };
    let script = cwd(pwd(refused(with_list(), "LIST d"), ROOT), "/d", "250 ok");
    let tree = walked(cwd(refused(script, "LIST"), "/", "250 ok"), Some("d"));
    assert_eq!((&folder(&tree, "").end, folder(&tree, "").doubt), (&End::Complete, Some(Doubt::Refused)));
}

#[test]
fn paths_from_the_root_need_no_pwd() {
    for answer in ["550 no", "257 /", "257 \"\"", "502 no"] {
        let script = featured(cwd(pwd(hello(), answer), "/a b", "250 ok"));
        let (tree, is_away) = play(data(script, "MLSD", "type=file; x\r\n"), async |session| {
            let mut walk = Walk::new(Some("/a b"), WalkOptions::default());
            let mut tree = Tree::default();
            walk.run(session, &mut tree).await.unwrap();
            (tree, walk.is_away())
        });
        assert_eq!((names(&tree), is_away), (vec!["x".to_string()], true), "{answer}");
        assert!(folder(&tree, "").is_certain());
        // From the login directory there is no other way than the argument.
        let script = data(featured(pwd(hello(), answer)), "MLSD a b", "type=file; x\r\n");
        let tree = walked(script, Some("a b"));
        assert_eq!((names(&tree), folder(&tree, "").doubt), (vec!["x".to_string()], Some(Doubt::NotEntered)));
        let tree = walked(pwd(data(with_mlsd(), "MLSD a", ""), answer), Some("a"));
        assert_eq!(folder(&tree, "").doubt, Some(Doubt::NoWayBack));
    }
}

#[test]
fn lost_connection_on_the_way_to_a_directory_is_no_missing_directory() {
    let lost = script!(cwd(pwd(hello(), ROOT), "/a b", "421 bye"); "S! close");
    let error = play(lost, async |session| walk(session, Some("/a b"), WalkOptions::default()).await.unwrap_err());
    assert!(matches!(error, Error::Refused { kind: RefusalKind::Transient, reply } if reply.code == 421));
}

#[test]
fn session_that_cannot_return_is_closed() {
    let script = featured(cwd(pwd(hello(), ROOT), "/a b", "250 ok"));
    let script = data(script, "MLSD", "type=file; x\r\n");
    play(cwd(script, "/", "550 no"), async |session| {
        assert!(walk(session, Some("/a b"), WalkOptions::default()).await.is_err());
        assert!(!session.is_open());
    });
}

#[test]
fn names_that_begin_with_a_dot_may_be_hidden_until_list_shows_one() {
    let may_hide = |script: Script| {
        play(script, async |session| {
            let mut walk = Walk::new(None, WalkOptions::default());
            walk.run(session, &mut Tree::default()).await.unwrap();
            walk.may_hide()
        })
    };
    assert!(!may_hide(data(with_mlsd(), "MLSD", "type=file; a\r\n")));
    let line = |name: &str| format!("-rw-r--r-- 1 u g 5 Jun 15 10:18 {name}\r\n");
    assert!(may_hide(data(with_list(), "LIST", &line("a"))));
    assert!(may_hide(data(with_list(), "LIST", &(line(".") + &line("..") + &line("a")))));
    assert!(!may_hide(data(with_list(), "LIST", &(line(".x") + &line("a")))));
}

#[test]
fn list_is_asked_for_hidden_names_where_that_is_known_to_work() {
    let line = "-rw-r--r-- 1 u g 5 Jun 15 10:18 .htaccess\r\n";
    let script = data(listing_only(script!("S: 220 (vsFTPd 3.0.3)")), "LIST -a pub", line);
    assert_eq!(names(&walked(script, Some("pub"))), [".htaccess"]);
}

#[test]
fn server_that_takes_the_option_for_a_name_is_asked_without_it() {
    let line = "-rw-r--r-- 1 u g 5 Jun 15 10:18 a\r\n";
    let hidden = || WalkOptions { hidden: true, ..WalkOptions::default() };
    let script = script!(passive(with_list());
        "C: LIST -a pub   S: 550 no -a
         D! stall"
    );
    let refused = data(script, "LIST pub", line);
    // Or it finds nothing by that name, and says so by a listing of nothing.
    let empty = cwd(pwd(data(with_list(), "LIST -a pub", ""), ROOT), "/pub", "250 ok");
    let empty = cwd(data(data(empty, "LIST -a", ""), "LIST", line), "/", "250 ok");
    for script in [refused, empty] {
        let tree = play(script, async |session| walk(session, Some("pub"), hidden()).await.unwrap());
        assert_eq!(names(&tree), ["a"]);
        assert!(tree.folders.iter().all(Folder::is_certain));
    }
}

#[test]
fn directory_is_listed_once_more_with_the_same_result_or_is_in_doubt() {
    for (again, doubt) in
        [("type=file; a\r\n", None), ("", Some(Doubt::Changed)), ("type=file; a", Some(Doubt::Changed))]
    {
        let script = data(with_mlsd(), "MLSD d", "type=file; a\r\n");
        let script = inside(pwd(script, ROOT), "/d", "MLSD", again);
        let folder = play(script, async |session| {
            let mut walk = Walk::new(Some("d"), WalkOptions::default());
            let mut tree = Tree::default();
            walk.run(session, &mut tree).await.unwrap();
            let mut folder = tree.folders.remove(0);
            walk.confirm(session, &RelativePath::root(), &mut folder).await.unwrap();
            folder
        });
        assert_eq!((folder.doubt, folder.confirmed), (doubt, doubt.is_none()), "{again:?}");
    }
}

/// A walk of one directory, and then what is asked of it.
fn after<T>(script: Script, root: &str, work: impl AsyncFn(&mut Walk, &mut Client, Tree) -> T) -> T {
    play(script, async |session| {
        let mut walk = Walk::new(Some(root), WalkOptions::default());
        let mut tree = Tree::default();
        walk.run(session, &mut tree).await.unwrap();
        work(&mut walk, session, tree).await
    })
}

#[test]
fn what_cannot_be_listed_in_another_way_is_not_confirmed() {
    let listed = || data(with_mlsd(), "MLSD d", "type=file; a\r\n");
    let no_way = data(pwd(listed(), "502 no PWD"), "MLSD d", "type=file; a\r\n");
    let doubt = after(no_way, "d", async |walk, session, mut tree| {
        walk.confirm(session, &RelativePath::root(), &mut tree.folders[0]).await.unwrap();
        tree.folders[0].doubt
    });
    assert_eq!(doubt, Some(Doubt::NoWayBack));
}

#[test]
fn list_shows_what_is_a_link() {
    let lines = "drwxr-xr-x 1 u g 5 Jun 15 2005 e\r\nlrwxrwxrwx 1 u g 5 Jun 15 2005 l -> ../x\r\n";
    let listed = || data(with_mlsd(), "MLSD /d", "type=dir; l\r\ntype=dir; e\r\n");
    let listed = || data(data(listed(), "MLSD /d/l", "type=file; a\r\n"), "MLSD /d/e", "type=file; b\r\n");
    let asked = |script| script!(cwd(pwd(script, ROOT), "/d", "250 ok"); "C: TYPE A   S: 200 ok");
    let shown = cwd(data(asked(listed()), "LIST", lines), "/", "250 ok");
    let kinds =
        async |walk: &mut Walk, session: &mut Client, _| walk.kinds(session, &RelativePath::root()).await.unwrap();
    let expected = [("e".to_string(), Kind::Directory), ("l".to_string(), Kind::SymbolicLink)];
    assert_eq!(after(shown, "/d", kinds), Some(expected.into()));
    let refused = script!(passive(asked(listed()));
        "C: LIST   S: 502 no LIST
         D! stall"
    );
    assert_eq!(after(cwd(refused, "/", "250 ok"), "/d", kinds), None);
    // It was asked for already.
    let by_list = data(with_list(), "LIST /d", lines.split_inclusive('\n').next_back().unwrap());
    assert_eq!(after(by_list, "/d", kinds), None);
}

#[test]
fn names_are_those_of_a_listing_that_is_made_now() {
    for (now, expected) in [
        ("type=file; A\r\ntype=dir; d\r\n", Some(vec!["A", "d"])),
        ("type=file; A\r\nnonsense\r\n", None),
        ("type=file; A", None),
    ] {
        let script = inside(pwd(data(with_mlsd(), "MLSD d", "type=file; a\r\n"), ROOT), "/d", "MLSD", now);
        let names =
            after(script, "d", async |walk, session, _| walk.names(session, &RelativePath::root()).await.unwrap());
        let expected = expected.map(|names| names.into_iter().map(String::from).collect());
        assert_eq!(names, expected, "{now:?}");
    }
}

#[test]
fn members_are_compared_once_more_where_nothing_is_deleted() {
    let whole = "type=file;size=1; a\r\ntype=file;size=2; b\r\n";
    let grown = "type=file;size=9; a\r\ntype=file;size=2; b\r\n";
    for (first, again, doubt) in [
        (whole, whole, None),
        (whole, grown, None),
        ("type=file;size=1; a\r\n", whole, Some(Doubt::Changed)),
        (whole, "type=file;size=1; a\r\n", Some(Doubt::Changed)),
        (whole, "type=file;size=1; a\r\ntype=file;size=2; b", Some(Doubt::Changed)),
        ("type=ffile;size=1; a\r\ntype=file;size=2; b\r\n", whole, Some(Doubt::Changed)),
    ] {
        let script = inside(pwd(data(with_mlsd(), "MLSD /d", first), ROOT), "/d", "MLSD", again);
        let folder = play(script.clone(), async |session| {
            let mut walk = Walk::new(Some("/d"), WalkOptions::default());
            let mut tree = Tree::default();
            walk.run(session, &mut tree).await.unwrap();
            let mut folder = tree.folders.remove(0);
            walk.confirm_members(session, &RelativePath::root(), &mut folder).await.unwrap();
            folder
        });
        assert_eq!((folder.doubt, folder.whole), (doubt, doubt.is_none()), "{again:?}");
        let look = play(script, async |session| Lister::default().list_twice(session, Some("/d")).await.unwrap());
        assert_eq!((look.doubt, look.confirmed), (doubt, doubt.is_none()), "{again:?}");
    }
}

#[test]
fn listing_that_is_in_doubt_is_not_listed_twice() {
    let script = data(with_mlsd(), "MLSD /d", "type=file;size=1; a");
    let look = play(script, async |session| Lister::default().list_twice(session, Some("/d")).await.unwrap());
    assert_eq!((look.doubt, look.confirmed), (Some(Doubt::NoLineEnd), false));
}
