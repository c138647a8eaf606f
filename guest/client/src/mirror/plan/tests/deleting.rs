//! What stands in the way, and what is deleted.

use super::*;

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
        with_end(source(), "d", End::Failed(Error::tls("the data ended without close_notify"))),
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
