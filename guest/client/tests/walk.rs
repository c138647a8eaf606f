//! Walks, against a server that plays a script.

mod support;

use ftp_client::mirror::*;
use ftp_client::{Error, Kind, Phase, RefusalKind};
use ftp_testkit::{Script, script};
use support::*;

fn path(text: &str) -> RelativePath {
    text.split('/').filter(|name| !name.is_empty()).collect()
}

fn featured() -> Script {
    script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n MLST type*;size*;modify*;unique*;\r\n211 End"
    )
}

/// One listing. `members` are words as in `type=dir;d`.
fn listing(script: Script, command: &str, members: &[&str]) -> Script {
    let lines: String = members.iter().map(|member| member.replacen(";=", "; ", 1) + "\r\n").collect();
    let script = script!(passive(script); "C: {command}   S: 150 go\r\n226 done");
    script!(script; "D> {lines}   D! close")
}

fn refused(script: Script, command: &str, reply: &str) -> Script {
    script!(passive(script);
        "C: {command}   S> {reply}
         D! stall"
    )
}

/// What is refused to `MLSD` is asked for by `LIST`.
fn refused_twice(script: Script, path: &str, reply: &str) -> Script {
    let script = script!(refused(script, &format!("MLSD {path}"), reply); "C: TYPE A   S: 200 ok");
    refused(script, &format!("LIST {path}"), reply)
}

fn without_mlsd() -> Script {
    script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n SIZE\r\n211 End
         C: TYPE A   S: 200 ok"
    )
}

/// The walk goes to a directory, lists it, and returns to `/home`. What `asks` adds comes before the return.
fn inside(script: Script, path: &str, command: &str, members: &[&str], asks: fn(Script) -> Script) -> Script {
    let script = script!(script; "C: CWD {path}   S: 250 ok");
    script!(asks(listing(script, command, members)); "C: CWD /home   S: 250 ok")
}

fn pwd(script: Script, answer: &str) -> Script {
    script!(script; "C: PWD   S: {answer}")
}

fn home(script: Script) -> Script {
    pwd(script, "257 \"/home\"")
}

fn walked(script: Script, root: Option<&str>, options: WalkOptions) -> Tree {
    play(script, async |session| walk(session, root, options).await.unwrap())
}

fn items(tree: &Tree) -> Vec<String> {
    tree.items.iter().map(|item| item.path.to_string()).collect()
}

fn end<'a>(tree: &'a Tree, directory: &str) -> &'a End {
    &tree.folders.iter().find(|folder| folder.path == path(directory)).unwrap().end
}

/// `d1/e/f` and `d2`.
fn small_tree(order: Order) -> Script {
    let script = listing(featured(), "MLSD pub", &["type=dir;=d1", "type=file;size=3;=a", "type=dir;=d2"]);
    let d1 = |script| listing(script, "MLSD pub/d1", &["type=dir;=e"]);
    let d2 = |script| inside(home(listing(script, "MLSD pub/d2", &[])), "/home/pub/d2", "MLSD", &[], |script| script);
    let e = |script| listing(script, "MLSD pub/d1/e", &["type=file;=f"]);
    match order {
        Order::BreadthFirst => e(d2(d1(script))),
        Order::DepthFirst => d2(e(d1(script))),
    }
}

#[test]
fn levels_come_one_after_another_breadth_first() {
    let tree = walked(small_tree(Order::BreadthFirst), Some("pub"), WalkOptions::default());
    assert_eq!(items(&tree), ["d1", "a", "d2", "d1/e", "d1/e/f"]);
    assert!(tree.folders.iter().all(Folder::is_certain));
    assert_eq!(tree.folders.iter().map(|folder| folder.path.to_string()).collect::<Vec<_>>(), ["", "d1", "d2", "d1/e"]);
    assert_eq!(tree.items[1].size, Some(3));
}

#[test]
fn what_is_below_comes_right_after_depth_first() {
    let options = WalkOptions { order: Order::DepthFirst, ..WalkOptions::default() };
    let tree = walked(small_tree(Order::DepthFirst), Some("pub"), options);
    assert_eq!(items(&tree), ["d1", "a", "d2", "d1/e", "d1/e/f"]);
    assert_eq!(tree.folders.iter().map(|folder| folder.path.to_string()).collect::<Vec<_>>(), ["", "d1", "d1/e", "d2"]);
}

#[test]
fn lines_of_list_will_do() {
    let script = listing(
        without_mlsd(),
        "LIST",
        &["drwxr-xr-x 2 u g 6 Jun 15 2005 -d", "lrwxrwxrwx 1 u g 1 Jun 15 2005 l -> -d"],
    );
    let script = inside(home(script), "/home/-d", "LIST", &["-rw-r--r-- 1 u g 5 Jun 15 10:18 a"], |script| script);
    let tree = walked(script, None, WalkOptions::default());
    assert_eq!(items(&tree), ["-d", "l", "-d/a"]);
    assert_eq!(tree.items[1].kind, Kind::SymbolicLink);
    assert!(tree.items[2].modified.is_some_and(|time| !time.utc));
}

#[test]
fn directory_that_is_refused_does_not_end_the_walk() {
    for (reply, code) in [("550 no\r\n", 550), ("450 later\r\n", 450)] {
        let script = listing(featured(), "MLSD /", &["type=dir;=d", "type=dir;=e"]);
        let script = listing(refused_twice(script, "/d", reply), "MLSD /e", &["type=file;=f"]);
        let tree = walked(script, Some("/"), WalkOptions::default());
        assert_eq!(items(&tree), ["d", "e", "e/f"]);
        let end = end(&tree, "d");
        assert!(
            matches!(end, End::Failed(Error::Refused { kind: RefusalKind::Permanent | RefusalKind::Transient, reply }) if reply.code == code),
            "{end:?}"
        );
    }
}

#[test]
fn root_that_is_refused_is_told() {
    let tree = walked(refused_twice(featured(), "nosuch", "550 no\r\n"), Some("nosuch"), WalkOptions::default());
    assert!(tree.items.is_empty());
    assert!(matches!(end(&tree, ""), End::Failed(Error::Refused { kind: RefusalKind::Permanent, .. })));
}

#[test]
fn listing_that_breaks_off_is_no_complete_one() {
    let script = listing(featured(), "MLSD", &["type=dir;=d", "type=dir;=e"]);
    let script = script!(passive(script);
        "C: MLSD d   S: 150 go
         S: 426 broken"
    );
    let script = script!(script; "D> type=file; a\r\n   D! reset");
    let tree = walked(listing(script, "MLSD e", &["type=file;=f"]), None, WalkOptions::default());
    assert_eq!(items(&tree), ["d", "e", "e/f"]);
    assert!(
        matches!(end(&tree, "d"), End::Failed(Error::Refused { kind: RefusalKind::Transient, .. })),
        "{:?}",
        end(&tree, "d")
    );
}

#[test]
fn empty_list_of_a_directory_that_is_not_there_is_no_empty_directory() {
    let there = inside(home(listing(without_mlsd(), "LIST pub", &[])), "/home/pub", "LIST", &[], |script| script);
    let tree = walked(there, Some("pub"), WalkOptions::default());
    assert_eq!((end(&tree, ""), tree.folders[0].is_certain()), (&End::Complete, true));

    let not_there =
        script!(home(listing(without_mlsd(), "LIST pub", &[])); "C: CWD /home/pub   S: 550 no such directory");
    let tree = walked(not_there, Some("pub"), WalkOptions::default());
    assert!(matches!(end(&tree, ""), End::Failed(Error::Refused { kind: RefusalKind::Permanent, .. })));
}

#[test]
fn silence_on_a_data_connection_does_not_end_the_walk() {
    let script = listing(featured(), "MLSD", &["type=dir;=d"]);
    let script = script!(passive(script);
        "C: MLSD d   S: 150 go
         D! stall"
    );
    // The walk asks whether the session is still good.
    let script = script!(script;
        "S: 226 done
         C: NOOP   S: 200 ok"
    );
    let tree = walked(script, None, WalkOptions::default());
    assert_eq!(end(&tree, "d"), &End::Failed(Error::Timeout(Phase::Data)));
}

#[test]
fn loss_of_the_session_ends_the_walk_and_another_session_goes_on() {
    let lost = listing(featured(), "MLSD", &["type=dir;=d", "type=file;=a"]);
    let lost = script!(refused(lost, "MLSD d", "421 bye\r\n"); "S! close");
    let mut walk = Walk::new(None, WalkOptions::default());
    let mut tree = Tree::default();
    let error = play(lost, async |session| walk.run(session, &mut tree).await.unwrap_err());
    assert!(matches!(error, Error::Refused { kind: RefusalKind::Transient, reply } if reply.code == 421));
    assert_eq!((items(&tree), tree.folders.len()), (vec!["d".to_string(), "a".to_string()], 1));

    let other = listing(featured(), "MLSD d", &["type=file;=b"]);
    play(other, async |session| walk.run(session, &mut tree).await.unwrap());
    assert_eq!(items(&tree), ["d", "a", "d/b"]);
    assert!(tree.folders.iter().all(Folder::is_certain));
}

#[test]
fn lines_that_are_not_understood_are_told() {
    let script = listing(featured(), "MLSD", &["nonsense", "type=file;=a"]);
    let tree = walked(script, None, WalkOptions::default());
    assert_eq!(tree.folders[0].unparsed, ["nonsense"]);
    assert!(!tree.folders[0].is_certain());
    assert_eq!(items(&tree), ["a"]);
}

#[test]
fn depth_has_a_limit() {
    let script = listing(featured(), "MLSD", &["type=dir;=d"]);
    let script = listing(script, "MLSD d", &["type=dir;=e"]);
    let tree = walked(script, None, WalkOptions { depth: 1, ..WalkOptions::default() });
    assert_eq!(items(&tree), ["d", "d/e"]);
    assert_eq!(end(&tree, "d"), &End::Complete);
    assert_eq!(end(&tree, "d/e"), &End::Limit(WalkLimit::Depth));
}

#[test]
fn directory_that_contains_one_like_itself_meets_the_limit_of_depth() {
    let mut script = listing(featured(), "MLSD", &["type=dir;=d"]);
    let mut at = String::from("d");
    for level in 0..128 {
        script = listing(script, &format!("MLSD {at}"), &["type=dir;=d"]);
        script = if level == 0 { home(script) } else { script };
        script = listing(script!(script; "C: CWD /home/{at}   S: 250 ok"), "MLSD", &["type=dir;=d"]);
        script = script!(pwd(script, &format!("257 \"/home/{at}\"")); "C: CWD /home   S: 250 ok");
        at += "/d";
    }
    let tree = walked(script, None, WalkOptions::default());
    assert_eq!(tree.items.len(), 129);
    assert_eq!(tree.folders.last().unwrap().end, End::Limit(WalkLimit::Depth));
}

#[test]
fn entries_have_a_limit_in_one_directory_and_in_all() {
    let script = || listing(featured(), "MLSD", &["type=dir;=d", "type=file;=a", "type=file;=b"]);
    let tree = walked(script(), None, WalkOptions { entries: 2, ..WalkOptions::default() });
    assert_eq!(items(&tree), ["d", "a"]);
    assert_eq!(end(&tree, ""), &End::Limit(WalkLimit::Entries));
    assert_eq!(end(&tree, "d"), &End::Limit(WalkLimit::Entries));

    let script = listing(script(), "MLSD d", &["nonsense", "type=file;=x"]);
    let tree = walked(script, None, WalkOptions { entries: 4, ..WalkOptions::default() });
    assert_eq!(end(&tree, ""), &End::Complete);
    assert_eq!(end(&tree, "d"), &End::Limit(WalkLimit::Entries));
}

#[test]
fn directory_within_itself_is_not_entered_where_the_server_tells_identities() {
    let script = listing(featured(), "MLSD", &["type=dir;unique=1;=d"]);
    let script = listing(script, "MLSD d", &["type=dir;unique=2;=e", "type=dir;unique=1;=loop"]);
    let script = listing(script, "MLSD d/e", &["type=dir;unique=1;=up"]);
    let tree = walked(script, None, WalkOptions::default());
    assert_eq!(end(&tree, "d/loop"), &End::Cycle(path("d")));
    assert_eq!(end(&tree, "d/e/up"), &End::Cycle(path("d")));
    assert_eq!(end(&tree, "d/e"), &End::Complete);
}

#[test]
fn same_directory_in_two_places_is_entered_twice() {
    let script = listing(featured(), "MLSD", &["type=dir;unique=1;=d", "type=dir;unique=1;=e"]);
    let script = listing(script, "MLSD d", &["type=file;=a"]);
    let tree = walked(listing(script, "MLSD e", &["type=file;=a"]), None, WalkOptions::default());
    assert_eq!(items(&tree), ["d", "e", "d/a", "e/a"]);
}

#[test]
fn links_are_followed_only_when_asked() {
    let link = "type=OS.unix=slink:/x;=l";
    let tree = walked(listing(featured(), "MLSD", &[link]), None, WalkOptions::default());
    assert_eq!(tree.items[0].kind, Kind::SymbolicLink);
    assert_eq!(tree.folders.len(), 1);

    let follow = WalkOptions { follow_links: true, ..WalkOptions::default() };
    let mlst = |facts: &str| format!("250-x\r\n {facts}; /l\r\n250 end\r\n");
    let script = script!(listing(featured(), "MLSD", &[link]); "C: MLST l").say(mlst("type=dir;unique=7"));
    let script = home(listing(script, "MLSD l", &["type=dir;unique=7;=l"]));
    let script = inside(script, "/home/l", "MLSD", &["type=dir;unique=7;=l"], |script| script);
    let tree = walked(script, None, follow);
    assert_eq!((items(&tree), tree.items[0].kind), (vec!["l".into(), "l/l".into()], Kind::Directory));
    assert_eq!(end(&tree, "l/l"), &End::Cycle(path("l")));

    let script = script!(listing(featured(), "MLSD", &[link]); "C: MLST l").say(mlst("type=file;size=9"));
    let tree = walked(script, None, follow);
    assert_eq!((tree.items[0].kind, tree.items[0].size), (Kind::File, Some(9)));
}

#[test]
fn where_a_link_leads_is_asked_with_size_when_it_is_still_a_link_to_mlst() {
    let follow = WalkOptions { follow_links: true, ..WalkOptions::default() };
    for (reply, kind) in [("213 9", Kind::File), ("550 no", Kind::SymbolicLink)] {
        let script = listing(featured(), "MLSD", &["type=OS.unix=slink:/x;=l"]);
        let script = script!(script; "C: MLST l   S: 250-x\r\n type=OS.unix=slink:/x; /l\r\n250 end");
        let script = script!(script;
            "C: PWD   S: 257 \"/\"
             C: CWD l   S: 550 no"
        );
        let script = script!(script;
            "C: TYPE I   S: 200 ok
             C: SIZE l   S: {reply}"
        );
        assert_eq!(walked(script, None, follow).items[0].kind, kind);
    }
}

#[test]
fn where_a_link_leads_is_asked_with_cwd_when_nothing_else_tells() {
    let follow = WalkOptions { follow_links: true, ..WalkOptions::default() };
    let begin = || {
        let script = listing(without_mlsd(), "LIST", &["lrwxrwxrwx 1 u g 1 Jun 15 2005 l -> ."]);
        script!(script;
            "C: TYPE I   S: 200 ok
             C: SIZE l   S: 550 no file"
        )
    };
    // Into itself: its listing is that of the directory above, and so is its path.
    let entered = script!(home(begin());
        "C: CWD l   S: 250 ok
         C: CWD /home   S: 250 ok"
    );
    let there = script!(home(script!(home(entered); "C: CWD l   S: 250 ok")); "C: CWD /home   S: 250 ok");
    let link = ["lrwxrwxrwx 1 u g 1 Jun 15 2005 l -> ."];
    let script = home(listing(script!(there; "C: TYPE A   S: 200 ok"), "LIST l", &link));
    let tree = walked(inside(script, "/home/l", "LIST", &link, home), None, follow);
    assert_eq!((end(&tree, "l"), items(&tree)), (&End::Cycle(RelativePath::root()), vec!["l".to_string()]));

    // To nowhere.
    let script = script!(home(script!(home(begin()); "C: CWD l   S: 550 no")); "C: CWD l   S: 550 no");
    let tree = walked(script, None, follow);
    assert_eq!(tree.items[0].kind, Kind::SymbolicLink);
    assert_eq!(tree.folders.len(), 1);
}

#[test]
fn directories_with_unsafe_names_are_not_entered_and_nothing_odd_is_sent() {
    let names = ["C:x", "..\\x", "\\etc", "a\u{1b}[2Jb", "a\0b", "a\rb"];
    let members: Vec<_> = names.iter().map(|name| format!("type=dir;={name}")).collect();
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    let tree = walked(listing(featured(), "MLSD", &members), None, WalkOptions::default());
    assert_eq!(items(&tree), names);
    assert!(tree.folders[1..].iter().all(|folder| matches!(folder.end, End::Unsafe(_))));
    assert_eq!(tree.folders.len(), 1 + names.len());
}

#[test]
fn only_directories_that_are_allowed_are_entered() {
    let script = listing(featured(), "MLSD", &["type=dir;=cache", "type=dir;=d"]);
    let script = listing(script, "MLSD d", &["type=dir;=cache"]);
    let patterns = Patterns::new(&[Rule::Exclude("cache/")], false).unwrap();
    let mut walk = Walk::new(None, WalkOptions::default()).entering(move |path| patterns.include(path, true));
    let mut tree = Tree::default();
    play(script, async |session| walk.run(session, &mut tree).await.unwrap());
    assert_eq!(items(&tree), ["cache", "d", "d/cache"]);
    assert_eq!(tree.folders.len(), 2);
}

#[test]
fn times_are_asked_for_and_refusals_left_out() {
    let script = script!(
        "S: 220 ready
         C: MDTM pub/a   S: 213 20240615101800
         C: MDTM pub/b   S: 550 no"
    );
    let script = script!(script; "C: MDTM pub/c   S: 502 never heard of it");
    let paths = [path("a"), path("b"), path("c")];
    let known = play(script, async |session| {
        let known = times(session, Some("pub"), &paths).await.unwrap();
        known.into_iter().map(|(path, time)| (path.to_string(), time.seconds)).collect::<Vec<_>>()
    });
    assert_eq!(known, [("a".to_string(), 1_718_446_680)]);
}
