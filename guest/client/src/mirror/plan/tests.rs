//! Trees are written as words: `a` is a file of one byte from second 1000, `a=5` has five, `a@7` is from second 7, `d/` is
//! a directory, `l>` a link, `p!` something else.

use super::compare::{Verdict, compare};
use super::*;
use crate::error::Error;
use crate::mirror::patterns::Rule;
use crate::mirror::tree::{Doubt, End, Folder, Item, WalkLimit};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::Kind;
use ftp_protocol::time::Precision;

const UTC: Timestamp = Timestamp { seconds: 1000, nanoseconds: 0, precision: Precision::Second, utc: true };

fn path(text: &str) -> RelativePath {
    text.split('/').filter(|name| !name.is_empty()).collect()
}

fn item(word: &str) -> Item {
    let (word, seconds) = word.split_once('@').map_or((word, 1000), |(word, time)| (word, time.parse().unwrap()));
    let (word, size) = word.split_once('=').map_or((word, 1), |(word, size)| (word, size.parse().unwrap()));
    let (word, kind) = match word.split_at(word.len() - 1) {
        (word, "/") => (word, Kind::Directory),
        (word, ">") => (word, Kind::SymbolicLink),
        (word, "!") => (word, Kind::Other),
        _ => (word, Kind::File),
    };
    Item { path: path(word), kind, size: Some(size), modified: Some(Timestamp { seconds, ..UTC }) }
}

fn tree_of(items: Vec<Item>) -> Tree {
    let directories = items.iter().filter(|item| item.kind == Kind::Directory).map(|item| item.path.clone());
    let folders = directories.chain([RelativePath::root()]).map(Folder::complete).collect();
    Tree { items, folders }
}

fn tree(words: &str) -> Tree {
    tree_of(words.split_whitespace().map(item).collect())
}

fn with_end(mut tree: Tree, directory: &str, end: End) -> Tree {
    tree.folders.iter_mut().filter(|folder| folder.path == path(directory)).for_each(|folder| folder.end = end.clone());
    tree
}

fn failed() -> End {
    End::Failed(Error::Closed)
}

/// Files of these names, as a server could have told them.
fn named(names: &[&str]) -> Tree {
    tree_of(names.iter().map(|name| Item { path: RelativePath::from_iter([name]), ..item("x") }).collect())
}

fn listing_time(mut tree: Tree, precision: Precision) -> Tree {
    for item in &mut tree.items {
        item.modified = item.modified.map(|time| Timestamp { precision, utc: false, ..time });
    }
    tree
}

fn plan_with(source: &Tree, target: &Tree, options: &PlanOptions, times: &Times) -> Plan {
    Draft::new(source, target, options).finish(times)
}

fn plan(source: &str, target: &str, options: &PlanOptions) -> Plan {
    plan_with(&tree(source), &tree(target), options, &Times::new())
}

fn steps(plan: &Plan) -> Vec<String> {
    let text = |step: &Step| match step {
        Step::MakeDirectory(path) => format!("mkdir {path}"),
        Step::Transfer { path, why, .. } => format!("get {path} {why:?}"),
        Step::SetTime(path, time) => format!("time {path} {}", time.seconds),
        Step::DeleteFile(path) => format!("rm {path}"),
        Step::RemoveDirectory(path) => format!("rmdir {path}"),
    };
    plan.steps.iter().map(text).collect()
}

fn skipped(plan: &Plan) -> Vec<String> {
    plan.skipped.iter().map(|skipped| format!("{:?} {} {:?}", skipped.side, skipped.path, skipped.reason)).collect()
}

fn deleting() -> PlanOptions {
    PlanOptions { delete: true, ..PlanOptions::default() }
}

fn replacing() -> PlanOptions {
    PlanOptions { replace: true, ..PlanOptions::default() }
}

const NOTHING: [&str; 0] = [];

// Transfers

#[test]
fn what_is_missing_is_made_from_the_top_down_in_the_order_of_the_listing() {
    let plan = plan("z d/ a d/e/ d/f d/e/g", "", &PlanOptions::default());
    assert_eq!(steps(&plan), ["get z New", "mkdir d", "get a New", "mkdir d/e", "get d/f New", "get d/e/g New"]);
    assert!(plan.skipped.is_empty());
}

#[test]
fn same_trees_need_nothing() {
    let plan = plan("a d/ d/b", "d/ d/b a", &PlanOptions { delete: true, replace: true, ..PlanOptions::default() });
    assert_eq!((steps(&plan), plan.unchanged), (Vec::new(), 2));
}

#[test]
fn changed_files_are_transferred_for_a_reason() {
    let table = [
        ("a=2", "a=3", "get a Size(3)"),
        ("a=2@9", "a=3@5", "get a Size(3)"),
        ("a@9", "a@5", "get a Newer"),
        ("a@5", "a@9", "get a Older"),
    ];
    for (source, target, expected) in table {
        assert_eq!(steps(&plan(source, target, &PlanOptions::default())), [expected], "{source} {target}");
    }
}

#[test]
fn newer_files_of_the_target_stay_where_that_is_asked() {
    let options = PlanOptions { compare: Compare::Newer, ..PlanOptions::default() };
    let table = [
        ("a@9", "a@5", Some("get a Newer"), None),
        ("a=2@9", "a@5", Some("get a Size(1)"), None),
        ("a=2", "a", Some("get a Size(1)"), None),
        ("a", "a", None, None),
        ("a@5", "a@9", None, Some("Source a TargetNewer")),
        ("a=2@5", "a@9", None, Some("Source a TargetNewer")),
    ];
    for (source, target, step, skip) in table {
        let plan = plan(source, target, &options);
        assert_eq!(steps(&plan), Vec::from_iter(step), "{source} {target}");
        assert_eq!(skipped(&plan), Vec::from_iter(skip), "{source} {target}");
    }
}

#[test]
fn times_do_not_matter_where_sizes_alone_do() {
    let options = PlanOptions { compare: Compare::Size, ..PlanOptions::default() };
    assert_eq!(steps(&plan("a@5 b=2 c", "a@9 b c", &options)), ["get b Size(1)"]);
}

#[test]
fn everything_is_transferred_where_nothing_is_compared() {
    let options = PlanOptions { compare: Compare::Nothing, ..PlanOptions::default() };
    assert_eq!(steps(&plan("a b", "a b", &options)), ["get a Asked", "get b Asked"]);
}

#[test]
fn size_that_is_not_known_is_no_difference() {
    let mut source = tree("a b@9");
    source.items.iter_mut().for_each(|item| item.size = None);
    let plan_of = |compare| {
        plan_with(&source, &tree("a=7 b=7"), &PlanOptions { compare, ..PlanOptions::default() }, &Times::new())
    };
    assert_eq!(steps(&plan_of(Compare::SizeAndTime)), ["get b Older"]);
    assert_eq!(steps(&plan_of(Compare::Size)), ["get a Asked", "get b Asked"]);
}

#[test]
fn times_are_set_right_after_each_transfer_and_only_if_exact() {
    let options = PlanOptions { keep_times: true, ..PlanOptions::default() };
    assert_eq!(steps(&plan("a@7 b@8 c", "b c", &options)), ["get a New", "time a 7", "get b Older", "time b 8"]);

    let source = listing_time(tree("a@7"), Precision::Minute);
    let target = Tree::empty();
    let draft = Draft::new(&source, &target, &options);
    assert_eq!(draft.needs_time().collect::<Vec<_>>(), [(Side::Source, &path("a"))]);
    assert_eq!(steps(&draft.finish(&Times::new())), ["get a New"]);
    let times = Times::from([((Side::Source, path("a")), Timestamp { seconds: 77, ..UTC })]);
    assert_eq!(steps(&draft.finish(&times)), ["get a New", "time a 77"]);
}

// Times

#[test]
fn times_are_compared_in_the_coarser_precision() {
    use Precision::{Day, Minute, Second, Subsecond};
    let time = |seconds, nanoseconds, precision| Some(Timestamp { seconds, nanoseconds, precision, utc: true });
    let table = [
        (time(60, 0, Second), time(60, 0, Second), Verdict::Same),
        (time(61, 0, Second), time(60, 0, Second), Verdict::SourceNewer),
        (time(60, 0, Second), time(61, 0, Second), Verdict::TargetNewer),
        (time(60, 5, Subsecond), time(60, 0, Second), Verdict::Same),
        (time(60, 5, Subsecond), time(60, 4, Subsecond), Verdict::SourceNewer),
        (time(60, 0, Second), time(60, 999_999_999, Subsecond), Verdict::Same),
        (time(60, 0, Second), time(59, 999_999_999, Subsecond), Verdict::SourceNewer),
        (time(119, 0, Second), time(60, 0, Minute), Verdict::Same),
        (time(120, 0, Second), time(60, 0, Minute), Verdict::SourceNewer),
        (time(59, 0, Second), time(60, 0, Minute), Verdict::TargetNewer),
        (time(-1, 0, Second), time(-60, 0, Minute), Verdict::Same),
        (time(0, 0, Day), time(86_399, 0, Second), Verdict::Same),
        (time(0, 0, Day), time(86_400, 0, Second), Verdict::TargetNewer),
        (time(i64::MAX, 0, Day), time(i64::MIN, 0, Subsecond), Verdict::SourceNewer),
        (None, time(60, 0, Second), Verdict::Unknown),
        (time(60, 0, Second), None, Verdict::Unknown),
    ];
    for (source, target, expected) in table {
        assert_eq!(compare(source, target), expected, "{source:?} {target:?}");
    }
}

#[test]
fn unknown_zone_says_something_only_a_day_apart() {
    let hour = 3600;
    let local = |seconds, precision| Some(Timestamp { seconds, precision, utc: false, ..UTC });
    let utc = |seconds| Some(Timestamp { seconds, ..UTC });
    let minute = Precision::Minute;
    let table = [
        (local(0, minute), utc(0), Verdict::Unknown),
        // It may be as early as 14 hours before, and as late as 12 hours and its minute after.
        (local(14 * hour, minute), utc(0), Verdict::Unknown),
        (local(14 * hour + 60, minute), utc(0), Verdict::SourceNewer),
        (local(-12 * hour, minute), utc(0), Verdict::Unknown),
        (local(-12 * hour - 60, minute), utc(0), Verdict::TargetNewer),
        (utc(0), local(14 * hour + 60, minute), Verdict::TargetNewer),
        (local(0, minute), local(0, minute), Verdict::Unknown),
        (local(27 * hour, minute), local(0, minute), Verdict::SourceNewer),
        (local(48 * hour, Precision::Day), utc(0), Verdict::SourceNewer),
        (local(0, Precision::Day), utc(20 * hour), Verdict::Unknown),
    ];
    for (source, target, expected) in table {
        assert_eq!(compare(source, target), expected, "{source:?} {target:?}");
    }
}

#[test]
fn exact_times_are_asked_for_where_a_listing_is_not_enough() {
    let ask = |source: &Tree, target: &Tree, options: &PlanOptions| {
        let draft = Draft::new(source, target, options);
        draft.needs_time().map(|(side, path)| format!("{side:?} {path}")).collect::<Vec<_>>()
    };
    let (exact, options) = (tree("a"), PlanOptions::default());
    let vague = listing_time(tree("a"), Precision::Minute);
    assert_eq!(ask(&exact, &exact, &options), NOTHING);
    assert_eq!(ask(&vague, &exact, &options), ["Source a"]);
    assert_eq!(ask(&exact, &vague, &options), ["Target a"]);
    assert_eq!(ask(&vague, &vague, &options), ["Source a", "Target a"]);
    // The size, or the day, says enough.
    assert_eq!(ask(&vague, &tree("a=2"), &options), NOTHING);
    assert_eq!(ask(&vague, &tree("a@999999"), &options), NOTHING);
    assert_eq!(ask(&vague, &exact, &PlanOptions { compare: Compare::Size, ..PlanOptions::default() }), NOTHING);
    assert_eq!(ask(&vague, &Tree::empty(), &options), NOTHING);
    let mut silent = tree("a");
    silent.items[0].modified = None;
    assert_eq!(ask(&silent, &exact, &options), ["Source a"]);
}

#[test]
fn answers_decide_and_without_them_nothing_newer_is_lost() {
    let (source, target) = (listing_time(tree("a"), Precision::Minute), tree("a"));
    let answer = |seconds| Times::from([((Side::Source, path("a")), Timestamp { seconds, ..UTC })]);
    let (both, newer) = (PlanOptions::default(), PlanOptions { compare: Compare::Newer, ..PlanOptions::default() });
    assert_eq!(steps(&plan_with(&source, &target, &both, &answer(1000))), NOTHING);
    assert_eq!(steps(&plan_with(&source, &target, &both, &answer(1001))), ["get a Newer"]);
    assert_eq!(steps(&plan_with(&source, &target, &both, &Times::new())), ["get a TimeUnknown"]);
    assert_eq!(skipped(&plan_with(&source, &target, &newer, &answer(999))), ["Source a TargetNewer"]);
    assert_eq!(skipped(&plan_with(&source, &target, &newer, &Times::new())), ["Source a TimeUnknown"]);
    assert_eq!(steps(&plan_with(&source, &target, &newer, &Times::new())), NOTHING);
}

// Names

#[test]
fn unsafe_names_of_the_source_are_skipped() {
    for name in ["../x", "/etc/x", "..\\x", "C:x", ".", "..", "", "a/b", "a\0b", "a\nb", "\u{1b}[2J"] {
        let plan = plan_with(&named(&[name, "good"]), &Tree::empty(), &PlanOptions::default(), &Times::new());
        assert_eq!(steps(&plan), ["get good New"], "{name:?}");
        assert!(
            matches!(plan.skipped[..], [Skipped { side: Side::Source, reason: Reason::Unsafe(_), .. }]),
            "{name:?}"
        );
    }
}

#[test]
fn unsafe_names_of_the_target_are_not_deleted() {
    for name in ["../x", "/etc/x", "..\\x", "C:x", ".", "..", "", "a/b", "a\0b"] {
        let plan = plan_with(&Tree::empty(), &named(&[name]), &deleting(), &Times::new());
        assert_eq!(steps(&plan), NOTHING, "{name:?}");
        assert!(
            matches!(plan.skipped[..], [Skipped { side: Side::Target, reason: Reason::Unsafe(_), .. }]),
            "{name:?}"
        );
    }
}

#[test]
fn directory_with_an_unsafe_name_is_skipped_with_all_that_is_in_it() {
    let up = RelativePath::from_iter([".."]);
    let below = Item { path: up.child("passwd"), ..item("x") };
    let source = tree_of(Vec::from([Item { path: up, ..item("x/") }, below]));
    assert_eq!(steps(&plan_with(&source, &Tree::empty(), &deleting(), &Times::new())), NOTHING);
}

#[test]
fn names_of_devices_are_skipped_where_they_are_some() {
    let names = Names { windows: true, fold_case: true };
    let options = PlanOptions { names, ..PlanOptions::default() };
    assert_eq!(steps(&plan("nul con.txt ab:c good", "", &options)), ["get good New"]);
    assert_eq!(steps(&plan("nul con.txt", "", &PlanOptions::default())), ["get nul New", "get con.txt New"]);
}

#[test]
fn twins_are_skipped_and_their_name_is_not_touched() {
    let options = PlanOptions { names: Names { windows: false, fold_case: true }, ..deleting() };
    let folded = plan("README readme x", "Readme", &options);
    assert_eq!(steps(&folded), ["get x New"]);
    assert_eq!(skipped(&folded), ["Source README Twin", "Source readme Twin"]);
    assert_eq!(steps(&plan("README readme", "", &deleting())), ["get README New", "get readme New"]);
    assert_eq!(skipped(&plan("a a", "", &deleting())), ["Source a Twin", "Source a Twin"]);
}

#[test]
fn unsafe_name_whose_case_folds_to_that_of_a_safe_one_stays_unsafe() {
    let options = PlanOptions { names: Names { windows: false, fold_case: true }, ..PlanOptions::default() };
    let plan = plan_with(&named(&["\u{17f}:x", "S:x"]), &Tree::empty(), &options, &Times::new());
    assert_eq!(steps(&plan), ["get \u{17f}:x New"]);
}

#[test]
fn name_that_differs_in_case_is_the_same_file_where_case_is_folded() {
    let options = PlanOptions { names: Names { windows: false, fold_case: true }, ..deleting() };
    let plan = plan("Dir/ Dir/A", "dir/ dir/a dir/old", &options);
    assert_eq!((steps(&plan), plan.unchanged), (Vec::from(["rm dir/old".to_string()]), 1));
}

#[test]
fn link_and_then_a_directory_of_its_name_are_twins() {
    for words in ["l> l/ l/x", "l/ l/x l>"] {
        let plan = plan(words, "", &replacing());
        assert_eq!(steps(&plan), NOTHING);
        assert!(plan.skipped.iter().all(|skipped| skipped.reason == Reason::Twin));
    }
}

#[test]
fn members_of_what_is_no_directory_are_nobodys() {
    assert_eq!(steps(&plan("l> l/x f f/y gone/z", "", &deleting())), ["get f New"]);
    assert_eq!(steps(&plan("", "l> l/x", &deleting())), ["rm l"]);
}

// Conflicts

#[test]
fn what_is_in_the_way_stays_unless_it_may_be_replaced() {
    let table =
        [("x", "x/ x/y", "Directory"), ("x/ x/y", "x", "File"), ("x", "x>", "SymbolicLink"), ("x/", "x!", "Other")];
    for (source, target, kind) in table {
        let plan = plan(source, target, &deleting());
        assert_eq!(steps(&plan), NOTHING, "{source} {target}");
        assert_eq!(skipped(&plan), [format!("Source x InTheWay({kind})")]);
    }
}

#[test]
fn what_is_in_the_way_is_deleted_first_where_it_may_be() {
    let table: [(&str, &str, &[&str]); 5] = [
        ("x/ x/y", "x", &["rm x", "mkdir x", "get x/y New"]),
        ("x", "x/ x/d/ x/d/y x/z", &["rm x/d/y", "rm x/z", "rmdir x/d", "rmdir x", "get x New"]),
        ("x", "x>", &["rm x", "get x New"]),
        ("x/ x/y", "x>", &["rm x", "mkdir x", "get x/y New"]),
        ("x/", "x!", &[]),
    ];
    for (source, target, expected) in table {
        assert_eq!(steps(&plan(source, target, &replacing())), expected, "{source} {target}");
    }
}

#[test]
fn directory_in_the_way_stays_when_something_in_it_has_to() {
    let target = with_end(tree("x/ x/d/ x/y"), "x/d", failed());
    let uncertain = plan_with(&tree("x"), &target, &replacing(), &Times::new());
    assert_eq!(steps(&uncertain), NOTHING);
    assert!(skipped(&uncertain).contains(&"Source x InTheWay(Directory)".to_string()));
    assert_eq!(steps(&plan("x", "x/ x/p!", &replacing())), NOTHING);
    let patterns = Patterns::new(&[Rule::Exclude("*.keep")], false).unwrap();
    assert_eq!(steps(&plan("x", "x/ x/a x/b.keep", &PlanOptions { patterns, ..replacing() })), NOTHING);
}

#[test]
fn nothing_makes_way_for_what_is_not_known_completely() {
    let source = with_end(tree("x/ x/y"), "x", failed());
    assert_eq!(steps(&plan_with(&source, &tree("x"), &replacing(), &Times::new())), NOTHING);
    let source = with_end(tree("x"), "", End::Limit(WalkLimit::Entries));
    assert_eq!(steps(&plan_with(&source, &tree("x/"), &replacing(), &Times::new())), NOTHING);
}

// Links and the like

#[test]
fn links_and_devices_of_the_source_are_skipped_and_protect_their_names() {
    let plan = plan("l> p!", "l p/ p/x", &deleting());
    assert_eq!(steps(&plan), NOTHING);
    assert_eq!(skipped(&plan), ["Source l Link", "Source p Special"]);
}

#[test]
fn nothing_goes_through_a_link_of_the_target() {
    let plan = plan("l/ l/x l/d/ l/d/y", "l>", &deleting());
    assert_eq!(steps(&plan), NOTHING);
    assert_eq!(skipped(&plan), ["Source l InTheWay(SymbolicLink)"]);
}

// Deleting

#[test]
fn files_go_first_and_then_directories_from_the_bottom_up() {
    let plan = plan("new", "d/ d/e/ d/e/f d/g z l>", &deleting());
    assert_eq!(steps(&plan), ["get new New", "rm d/e/f", "rm d/g", "rm l", "rm z", "rmdir d/e", "rmdir d"]);
}

#[test]
fn nothing_is_deleted_unless_asked() {
    let plan = plan("", "a d/ d/b", &replacing());
    assert_eq!((steps(&plan), skipped(&plan)), (Vec::new(), Vec::new()));
}

#[test]
fn nothing_is_deleted_in_or_below_a_folder_whose_listing_is_not_certain() {
    let source = || tree("d/ d/e/ ok/");
    let target = tree("d/ d/a d/e/ d/e/b ok/ ok/c");
    let mut unparsed = source();
    unparsed
        .folders
        .iter_mut()
        .filter(|folder| folder.path == path("d"))
        .for_each(|folder| folder.unparsed.push("?".into()));
    let mut unlisted = source();
    unlisted.folders.retain(|folder| folder.path != path("d"));
    let table = [
        with_end(source(), "d", failed()),
        with_end(source(), "d", End::Limit(WalkLimit::Depth)),
        with_end(source(), "d", End::Limit(WalkLimit::Entries)),
        with_end(source(), "d", End::Cycle(RelativePath::root())),
        with_end(source(), "d", End::Failed(Error::Tls("the data ended without close_notify".into()))),
        unparsed,
        unlisted,
    ];
    for source in table {
        let plan = plan_with(&source, &target, &deleting(), &Times::new());
        assert_eq!(steps(&plan), ["rm ok/c"]);
        assert_eq!(skipped(&plan), ["Source d SourceUncertain", "Source d/e SourceUncertain"]);
    }
}

#[test]
fn nothing_at_all_is_deleted_when_the_root_is_not_certain() {
    let source = with_end(tree("d/"), "", failed());
    let plan = plan_with(&source, &tree("a d/ d/b"), &deleting(), &Times::new());
    assert_eq!(steps(&plan), NOTHING);
}

#[test]
fn of_two_reports_about_a_folder_the_worse_one_counts() {
    for reversed in [false, true] {
        let mut source = tree("");
        source.folders.push(Folder { end: failed(), ..Folder::complete(RelativePath::root()) });
        if reversed {
            source.folders.reverse();
        }
        assert_eq!(steps(&plan_with(&source, &tree("a"), &deleting(), &Times::new())), NOTHING);
    }
}

#[test]
fn directory_that_may_not_be_empty_stays() {
    let target = with_end(tree("d/ d/e/ d/e/x d/y"), "d/e", End::Limit(WalkLimit::Entries));
    let plan = plan_with(&tree(""), &target, &deleting(), &Times::new());
    assert_eq!(steps(&plan), ["rm d/e/x", "rm d/y"]);
    assert_eq!(skipped(&plan), ["Target d/e NotEmpty", "Target d NotEmpty"]);
}

#[test]
fn directory_that_leads_back_up_is_not_emptied() {
    let target = with_end(tree("keep d/ d/loop/ d/loop/keep d/loop/d/"), "d/loop/d", End::Cycle(path("d")));
    let plan = plan_with(&tree("keep"), &target, &deleting(), &Times::new());
    assert_eq!(steps(&plan), NOTHING);
    assert_eq!(skipped(&plan), ["Target d Cycle"]);
}

#[test]
fn what_is_excluded_is_neither_transferred_nor_deleted() {
    let patterns = Patterns::new(&[Rule::Exclude("*.bak"), Rule::Exclude("cache/")], false).unwrap();
    let options = PlanOptions { patterns, ..deleting() };
    let plan = plan("a.bak cache/ cache/x b", "c.bak d/ d/e.bak d/f cache/ cache/y", &options);
    assert_eq!(steps(&plan), ["get b New", "rm d/f"]);
    let reasons =
        ["Source a.bak Excluded", "Source cache Excluded", "Target c.bak Excluded", "Target d/e.bak Excluded"];
    assert_eq!(skipped(&plan)[..4], reasons);
    assert_eq!(skipped(&plan)[4..], ["Target d NotEmpty"]);
}

#[test]
fn what_the_target_may_have_without_showing_it_is_not_overwritten() {
    let target = with_end(tree("seen"), "", End::Limit(WalkLimit::Entries));
    let plan = plan_with(&tree("seen=2 new d/ d/x"), &target, &PlanOptions::default(), &Times::new());
    assert_eq!(steps(&plan), ["get seen Size(1)"]);
    assert_eq!(skipped(&plan), ["Source new TargetUncertain", "Source d TargetUncertain"]);
}

#[test]
fn deep_trees_need_no_deep_stack() {
    let mut items = Vec::new();
    let mut at = RelativePath::root();
    for _ in 0..1_000 {
        at = at.child("d");
        items.push(Item { path: at.clone(), ..item("d/") });
    }
    let (deep, options) = (tree_of(items), deleting());
    assert_eq!(plan_with(&deep, &Tree::empty(), &options, &Times::new()).steps.len(), 1_000);
    assert_eq!(plan_with(&Tree::empty(), &deep, &options, &Times::new()).steps.len(), 1_000);
}

// Doubts

fn with_doubt(mut tree: Tree, directory: &str, doubt: Doubt) -> Tree {
    tree.folders
        .iter_mut()
        .filter(|folder| folder.path == path(directory))
        .for_each(|folder| folder.doubt = Some(doubt));
    tree
}

const DOUBTS: [Doubt; 9] = [
    Doubt::NoLineEnd,
    Doubt::NoCloseNotify,
    Doubt::LikeParent,
    Doubt::UnknownMember,
    Doubt::NotEntered,
    Doubt::NoWayBack,
    Doubt::Refused,
    Doubt::Changed,
    Doubt::Unreadable,
];

#[test]
fn nothing_is_deleted_below_a_folder_of_the_source_whose_listing_is_in_doubt() {
    for doubt in DOUBTS {
        let source = with_doubt(tree("d/ d/e/ ok/"), "d", doubt);
        let plan = plan_with(&source, &tree("d/ d/a d/e/ d/e/b ok/ ok/c"), &deleting(), &Times::new());
        assert_eq!(steps(&plan), ["rm ok/c"]);
        assert_eq!(skipped(&plan), ["Source d SourceUncertain", "Source d/e SourceUncertain"]);
    }
}

#[test]
fn nothing_is_deleted_below_a_folder_of_the_target_whose_listing_is_in_doubt() {
    for doubt in DOUBTS {
        let target = with_doubt(tree("d/ d/a d/e/ d/e/b gone/ gone/d/ gone/d/x gone/y"), "d", doubt);
        let target = with_doubt(target, "gone/d", doubt);
        let plan = plan_with(&tree("d/ d/e/"), &target, &deleting(), &Times::new());
        assert_eq!(steps(&plan), ["rm gone/y"]);
        let expected = ["Target d TargetUncertain", "Target d/e TargetUncertain", "Target gone/d TargetUncertain"];
        assert!(expected.iter().all(|expected| skipped(&plan).iter().any(|skipped| skipped == expected)), "{plan:?}");
    }
}

#[test]
fn doubts_do_not_matter_where_somebody_knows_better() {
    let options = PlanOptions { trust_listings: true, ..deleting() };
    let source = with_doubt(tree("d/"), "d", Doubt::Changed);
    let target = with_doubt(tree("d/ d/a"), "d", Doubt::NoLineEnd);
    assert_eq!(steps(&plan_with(&source, &target, &options, &Times::new())), ["rm d/a"]);
    // What was not read is not known to anybody.
    let failed = with_end(tree("d/"), "d", failed());
    assert_eq!(steps(&plan_with(&failed, &tree("d/ d/a"), &options, &Times::new())), NOTHING);
}

#[test]
fn nothing_makes_way_where_a_listing_is_in_doubt() {
    let source = with_doubt(tree("x"), "", Doubt::NoLineEnd);
    assert_eq!(steps(&plan_with(&source, &tree("x/"), &replacing(), &Times::new())), NOTHING);
    let target = with_doubt(tree("x/"), "", Doubt::NoLineEnd);
    assert_eq!(steps(&plan_with(&tree("x"), &target, &replacing(), &Times::new())), NOTHING);
}

// Names of two sides

#[test]
fn hidden_names_stay_where_the_source_may_have_them_and_not_show_them() {
    let options = PlanOptions { keep_hidden: true, ..deleting() };
    let plan = plan("d/", ".htaccess .d/ .d/x a d/ d/.b old/ old/.c", &options);
    assert_eq!(steps(&plan), ["rm a", "rm old/.c", "rmdir old"]);
    assert_eq!(skipped(&plan), ["Target .d Hidden", "Target .htaccess Hidden", "Target d/.b Hidden"]);
}

#[test]
fn name_that_may_be_another_one_of_the_source_stays_until_the_target_lists_both() {
    let (source, alike) = ("Readme.TXT Sub/ Sub/a=2 new", "README.txt sub/ sub/a other");
    let kept = ["Target README.txt Alike", "Target sub Alike"];
    let plan = plan(source, alike, &deleting());
    assert_eq!(steps(&plan), ["get Readme.TXT New", "mkdir Sub", "get new New", "get Sub/a New", "rm other"]);
    assert_eq!(skipped(&plan), kept);
    let both = plan_with(&tree(source), &tree(&format!("{source} {alike}")), &deleting(), &Times::new());
    assert_eq!(steps(&both), ["rm README.txt", "rm other", "rm sub/a", "rmdir sub"]);
    let composed = plan_with(&named(&["caf\u{e9}"]), &named(&["cafe\u{301}"]), &deleting(), &Times::new());
    assert_eq!((steps(&composed), skipped(&composed).len()), (vec!["get caf\u{e9} New".to_string()], 1));
    // Also where the source's is not transferred: an earlier mirror may have sent it.
    let patterns = Patterns::new(&[Rule::Exclude("*.txt")], false).unwrap();
    let excluded =
        plan_with(&tree("a.txt"), &tree("A.TXT b.TXT"), &PlanOptions { patterns, ..deleting() }, &Times::new());
    assert_eq!(steps(&excluded), ["rm b.TXT"]);
}

#[test]
fn names_that_are_no_text_stay_where_the_source_cannot_have_them() {
    let options = PlanOptions { keep_bytes: Some(Encoding::Utf8), ..deleting() };
    let target = named(&["caf\u{10ffe9}", "caf\u{e9}", "%E9"]);
    let plan = plan_with(&Tree::empty(), &target, &options, &Times::new());
    assert_eq!(steps(&plan), ["rm %E9", "rm caf\u{e9}"]);
    assert_eq!(skipped(&plan), ["Target caf\u{10ffe9} NoText"]);
    // U+10FFE9 itself is text.
    let plan =
        plan_with(&Tree::empty(), &named(&["\u{10fff4}\u{10ff8f}\u{10ffbf}\u{10ffa9}"]), &options, &Times::new());
    assert_eq!(plan.steps.len(), 1);
}

#[test]
fn names_are_compared_as_the_target_has_them_and_each_side_keeps_its_own() {
    let called =
        |compared: &str, origin: &str| Item { path: RelativePath::root().child_called(compared, origin), ..item("x") };
    let source = tree_of(Vec::from([called("caf%E9", "caf\u{10ffe9}"), called("%25E9", "%E9"), called("a", "a")]));
    let options = PlanOptions { keep_verbatim: true, ..deleting() };
    let plan = plan_with(&source, &named(&["caf%E9", "%E9", "b"]), &options, &Times::new());
    assert_eq!(steps(&plan), ["get %25E9 New", "get a New", "rm b"]);
    assert_eq!(plan.steps[0].path().origin().to_string(), "%E9");
    // The source has it, if only by a name that the target would write otherwise.
    assert_eq!(skipped(&plan), ["Target %E9 Twin"]);
}

// Where times cannot be set

#[test]
fn newer_file_of_the_same_size_is_up_to_date_where_times_cannot_be_set() {
    let options = PlanOptions { newer_is_current: true, ..PlanOptions::default() };
    let plan = plan("a@5 b@9 c=2@5", "a@9 b@5 c=1@9", &options);
    assert_eq!((steps(&plan), plan.unchanged, plan.newer), (vec!["get b Newer".into(), "get c Size(1)".into()], 1, 1));
    let mut unknown = tree("a@5");
    unknown.items[0].size = None;
    assert_eq!(steps(&plan_with(&unknown, &tree("a@9"), &options, &Times::new())), ["get a Older"]);
}

// Properties

/// What is where, as a file system that refuses what is wrong.
#[derive(Debug, Clone, PartialEq, Default)]
struct Model(BTreeMap<RelativePath, (Kind, Option<u64>, Option<i64>)>);

impl Model {
    fn of(tree: &Tree) -> Self {
        let mut model = Self::default();
        for item in &tree.items {
            let is_file = item.kind == Kind::File;
            let details =
                (item.kind, item.size.filter(|_| is_file), item.modified.filter(|_| is_file).map(|time| time.seconds));
            model.0.insert(item.path.clone(), details);
        }
        model
    }

    fn kind(&self, path: &RelativePath) -> Option<Kind> {
        self.0.get(path).map(|(kind, ..)| *kind)
    }

    fn carry_out(&mut self, plan: &Plan, source: &Tree) {
        let files = Self::of(source).0;
        for step in &plan.steps {
            let path = step.path();
            assert!(path.components().all(|name| Names::default().check(name).is_ok()), "{step:?} leaves the target");
            for depth in 1..path.depth() {
                assert_eq!(self.kind(&path.ancestor(depth)), Some(Kind::Directory), "{step:?} goes through something");
            }
            match step {
                Step::MakeDirectory(path) => {
                    assert_eq!(self.0.insert(path.clone(), (Kind::Directory, None, None)), None, "{step:?}");
                }
                Step::Transfer { path, .. } => {
                    assert!(matches!(self.kind(path), None | Some(Kind::File)), "{step:?}");
                    self.0.insert(path.clone(), files[path]);
                }
                Step::SetTime(path, time) => self.0.get_mut(path).unwrap().2 = Some(time.seconds),
                Step::DeleteFile(path) => {
                    assert!(matches!(self.kind(path), Some(Kind::File | Kind::SymbolicLink)), "{step:?}");
                    self.0.remove(path);
                }
                Step::RemoveDirectory(path) => {
                    assert_eq!(self.kind(path), Some(Kind::Directory), "{step:?}");
                    assert!(
                        !self.0.keys().any(|other| other != path && other.starts_with(path)),
                        "{step:?}: not empty"
                    );
                    self.0.remove(path);
                }
            }
        }
    }
}

/// The generator `xorshift64`.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap()
    }

    fn tree(&mut self, names: &[&str], kinds: &[Kind]) -> Tree {
        let mut items = Vec::<Item>::new();
        for _ in 0..self.below(24) {
            let mut directories = items.iter().filter(|item| item.kind == Kind::Directory).map(|item| &item.path);
            let count = directories.clone().count();
            let parent = directories.nth(self.below(count + 1)).cloned().unwrap_or_default();
            let path = parent.child(names[self.below(names.len())]);
            let time = Timestamp { seconds: self.below(3) as i64, ..UTC };
            let kind = kinds[self.below(kinds.len())];
            items.push(Item { path, kind, size: Some(self.below(3) as u64), modified: Some(time) });
        }
        tree_of(items)
    }

    /// Without twins.
    fn orderly_tree(&mut self, kinds: &[Kind]) -> Tree {
        let mut tree = self.tree(&["a", "b", "c", "d"], kinds);
        let mut seen = BTreeSet::new();
        tree.items.retain(|item| seen.insert(item.path.clone()));
        let items = core::mem::take(&mut tree.items);
        let is_directory =
            |path: &RelativePath| items.iter().any(|item| item.path == *path && item.kind == Kind::Directory);
        let has_parent = |item: &&Item| (1..item.path.depth()).all(|depth| is_directory(&item.path.ancestor(depth)));
        tree_of(items.iter().filter(has_parent).cloned().collect())
    }
}

#[test]
fn carrying_out_the_plan_makes_the_trees_equal() {
    let mut random = Random(1);
    for _ in 0..5_000 {
        let source = random.orderly_tree(&[Kind::File, Kind::Directory]);
        let target = random.orderly_tree(&[Kind::File, Kind::Directory, Kind::SymbolicLink]);
        let options = PlanOptions { delete: true, replace: true, keep_times: true, ..PlanOptions::default() };
        let plan = plan_with(&source, &target, &options, &Times::new());
        let mut model = Model::of(&target);
        model.carry_out(&plan, &source);
        assert_eq!(model, Model::of(&source), "{plan:#?}");
        let result = plan_with(&source, &source, &options, &Times::new());
        assert_eq!(result.steps, [], "a second run has something to do");
    }
}

#[test]
fn no_step_leaves_the_target_whatever_the_trees_are() {
    let names = ["a", "A", "..", ".", "", "../x", "/etc", "..\\x", "C:x", "a/b", "b\0", "nul", "l", "b"];
    let kinds = [Kind::File, Kind::Directory, Kind::SymbolicLink, Kind::Other];
    let ends = [End::Complete, failed(), End::Limit(WalkLimit::Entries), End::Cycle(RelativePath::root())];
    let mut random = Random(2);
    for round in 0..5_000 {
        let mut source = random.tree(&names, &kinds);
        for folder in &mut source.folders {
            folder.end = ends[random.below(6).saturating_sub(2)].clone();
        }
        let target = random.orderly_tree(&kinds);
        let options = PlanOptions {
            delete: round % 2 == 0,
            replace: round % 3 == 0,
            compare: [Compare::SizeAndTime, Compare::Newer, Compare::Nothing][round % 3],
            ..PlanOptions::default()
        };
        let plan = plan_with(&source, &target, &options, &Times::new());
        Model::of(&target).carry_out(&plan, &source);
    }
}
