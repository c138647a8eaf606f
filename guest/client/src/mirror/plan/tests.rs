//! Trees are written as words: `a` is a file of one byte from second 1000, `a=5` has five, `a@7` is from second 7, `d/` is
//! a directory, `l>` a link, `p!` something else.

mod deleting;

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
    End::Failed(Error::closed())
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
