//! Every verb that moves or deletes something.

use super::calls::Call;
use super::scenes::{Must, Scene, Side};
use super::site::Place;
use crate::payload::Payload;
use crate::servers::Way;
use Side::{Here, There};

/// Bytes of a file of which each can be cut.
const SMALL: u64 = 700;

/// Bytes of what was there before.
const FEWER: u64 = 300;

/// More than what one write sends.
const LARGE: u64 = 200_000;

/// What verbs have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The command brings files here.
    Downloads,
    /// The command sends files.
    Uploads,
    /// The command makes two trees the same.
    Mirrors,
    /// The command copies, renames and deletes on the server.
    Changes,
    /// The component does one of these, called through `ftp-host`.
    Calls,
}

impl Group {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Downloads, Self::Uploads, Self::Mirrors, Self::Changes, Self::Calls];
}

/// A way of using the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `get`, over an older file.
    Get,
    /// `get --retry`.
    GetRetry,
    /// `get --no-times`.
    GetNoTimes,
    /// `get --segments` of a larger file.
    GetSegments,
    /// `get` of what a pattern means.
    GetPattern,
    /// `cat`.
    Cat,
    /// `put` to a new name.
    Put,
    /// `put` of a larger file.
    PutLarge,
    /// `put --atomic` over an older file.
    PutAtomic,
    /// `put --retry` over an older file.
    PutRetry,
    /// `put --atomic --retry` over an older file.
    PutAtomicRetry,
    /// `put --resume` of a file that is half there.
    PutResume,
    /// `put --append`.
    Append,
    /// `mirror --delete` into a folder here.
    MirrorDown,
    /// The same, where all but one file to delete is the same already.
    MirrorDownSame,
    /// `mirror --delete` to the server.
    MirrorUp,
    /// The same, where all but one file to delete is the same already.
    MirrorUpSame,
    /// `cp --relay` over an older file.
    CopyRelay,
    /// `cp --fxp` to a new name.
    CopyFxp,
    /// `rm`.
    Remove,
    /// `rm` of three files.
    RemoveMany,
    /// `rm` of what a pattern means.
    RemovePattern,
    /// `rm -r`.
    RemoveTree,
    /// `rmdir`, beside a directory that is full.
    RemoveDirectory,
    /// `mv`.
    Rename,
    /// `mv` over another file.
    RenameOver,
    /// `mv` of a directory.
    RenameTree,
    /// A function of the component.
    Call(Call),
}

impl Verb {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OF_THE_COMMAND.into_iter().chain(Call::ALL.map(Self::Call))
    }

    const OF_THE_COMMAND: [Self; 27] = [
        Self::Get,
        Self::GetRetry,
        Self::GetNoTimes,
        Self::GetSegments,
        Self::GetPattern,
        Self::Cat,
        Self::Put,
        Self::PutLarge,
        Self::PutAtomic,
        Self::PutRetry,
        Self::PutAtomicRetry,
        Self::PutResume,
        Self::Append,
        Self::MirrorDown,
        Self::MirrorDownSame,
        Self::MirrorUp,
        Self::MirrorUpSame,
        Self::CopyRelay,
        Self::CopyFxp,
        Self::Remove,
        Self::RemoveMany,
        Self::RemovePattern,
        Self::RemoveTree,
        Self::RemoveDirectory,
        Self::Rename,
        Self::RenameOver,
        Self::RenameTree,
    ];

    /// Whether it works with this server in this way. The servers do not copy to each other inside TLS.
    pub fn is_for(self, way: Way) -> bool {
        !(matches!(self, Self::CopyFxp | Self::Call(Call::CopyTo)) && way.is_encrypted())
    }

    /// As it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetRetry => "get-retry",
            Self::GetNoTimes => "get-no-times",
            Self::GetSegments => "get-segments",
            Self::GetPattern => "get-pattern",
            Self::Cat => "cat",
            Self::Put => "put",
            Self::PutLarge => "put-large",
            Self::PutAtomic => "put-atomic",
            Self::PutRetry => "put-retry",
            Self::PutAtomicRetry => "put-atomic-retry",
            Self::PutResume => "put-resume",
            Self::Append => "put-append",
            Self::MirrorDown => "mirror-down",
            Self::MirrorDownSame => "mirror-down-same",
            Self::MirrorUp => "mirror-up",
            Self::MirrorUpSame => "mirror-up-same",
            Self::CopyRelay => "cp-relay",
            Self::CopyFxp => "cp-fxp",
            Self::Remove => "rm",
            Self::RemoveMany => "rm-three",
            Self::RemovePattern => "rm-pattern",
            Self::RemoveTree => "rm-r",
            Self::RemoveDirectory => "rmdir",
            Self::Rename => "mv",
            Self::RenameOver => "mv-over",
            Self::RenameTree => "mv-tree",
            Self::Call(call) => call.name(),
        }
    }

    /// What it has in common with others.
    pub fn group(self) -> Group {
        match self {
            Self::Get | Self::GetRetry | Self::GetNoTimes => Group::Downloads,
            Self::GetSegments | Self::GetPattern | Self::Cat => Group::Downloads,
            Self::MirrorDown | Self::MirrorDownSame | Self::MirrorUp | Self::MirrorUpSame => Group::Mirrors,
            Self::CopyRelay | Self::CopyFxp => Group::Changes,
            Self::Remove | Self::RemoveMany | Self::RemovePattern | Self::RemoveTree => Group::Changes,
            Self::RemoveDirectory | Self::Rename | Self::RenameOver | Self::RenameTree => Group::Changes,
            Self::Call(_) => Group::Calls,
            _ => Group::Uploads,
        }
    }

    /// How many attempts it has, all in all.
    pub fn attempts(self) -> u32 {
        match self {
            Self::GetRetry | Self::PutRetry | Self::PutAtomicRetry | Self::Call(Call::Fetch) => 3,
            _ => 1,
        }
    }

    /// The arguments of the command.
    pub fn arguments(self, place: &Place) -> Vec<String> {
        const RETRY: [&str; 4] = ["--retry", "2", "--retry-wait", "0.01"];
        let file = place.url("a.bin");
        let from_here = |options: &[&'static str]| words(&[&["put"], options, &["out/a.bin", &file]]);
        let to_here = |options: &[&'static str]| words(&[&["get"], options, &[&file, "in/a.bin"]]);
        match self {
            Self::Get => to_here(&[]),
            Self::GetRetry => to_here(&RETRY),
            Self::GetNoTimes => to_here(&["--no-times"]),
            Self::GetSegments => to_here(&["--segments", "2"]),
            Self::GetPattern => words(&[&["get", &place.url("*.bin"), "in/"]]),
            Self::Cat => words(&[&["cat", &file]]),
            Self::Put | Self::PutLarge => from_here(&[]),
            Self::PutAtomic => from_here(&["--atomic"]),
            Self::PutRetry => from_here(&RETRY),
            Self::PutAtomicRetry => from_here(&["--atomic", "--retry", "2", "--retry-wait", "0.01"]),
            Self::PutResume => from_here(&["--resume"]),
            Self::Append => from_here(&["--append"]),
            Self::MirrorDown | Self::MirrorDownSame => words(&[&["mirror", "--delete", &place.url("tree/"), "in"]]),
            Self::MirrorUp | Self::MirrorUpSame => words(&[&["mirror", "--delete", "out", &place.url("tree/")]]),
            Self::CopyRelay => words(&[&["cp", "--relay", &file, &place.url("b.bin")]]),
            Self::CopyFxp => words(&[&["cp", "--fxp", &file, &place.url("b.bin")]]),
            Self::Remove => words(&[&["rm", &file]]),
            Self::RemoveMany => words(&[&["rm", &file, &place.url("b.bin"), &place.url("c.bin")]]),
            Self::RemovePattern => words(&[&["rm", &place.url("*.bin")]]),
            Self::RemoveTree => words(&[&["rm", "-r", &place.url("tree")]]),
            Self::RemoveDirectory => words(&[&["rmdir", &place.url("empty")]]),
            Self::Rename | Self::RenameOver => words(&[&["mv", &file, "b.bin"]]),
            Self::RenameTree => words(&[&["mv", &place.url("tree"), "moved"]]),
            Self::Call(_) => Vec::new(),
        }
    }

    /// What is there before, and after.
    pub fn scene(self) -> Scene {
        let (new, old) = (Payload::bytes(SMALL), Payload::bytes(FEWER));
        let large = Payload::bytes(LARGE);
        let scene = Scene::default();
        match self {
            Self::Get | Self::GetRetry | Self::GetNoTimes => {
                scene.keeping(There, "a.bin", &new).replacing(Here, "in/a.bin", &old, &new)
            }
            Self::GetSegments => scene.keeping(There, "a.bin", &large).replacing(Here, "in/a.bin", &old, &large),
            Self::GetPattern => scene
                .with_folder(Here, "in")
                .keeping(There, "a.bin", &new)
                .keeping(There, "b.bin", &old)
                .making(Here, "in/a.bin", &new)
                .making(Here, "in/b.bin", &old),
            Self::Cat => scene.keeping(There, "a.bin", &new).printing(&new),
            Self::Put => scene.keeping(Here, "out/a.bin", &new).making(There, "a.bin", &new),
            Self::PutLarge => scene.keeping(Here, "out/a.bin", &large).making(There, "a.bin", &large),
            Self::PutAtomic | Self::PutAtomicRetry => {
                scene.keeping(Here, "out/a.bin", &new).replacing(There, "a.bin", &old, &new)
            }
            Self::PutRetry => {
                scene.keeping(Here, "out/a.bin", &new).with(There, "a.bin", &old).making(There, "a.bin", &new)
            }
            Self::PutResume => resumed(scene, &new).keeping(Here, "out/a.bin", &new),
            Self::Append => appended(scene, &old, &new).keeping(Here, "out/a.bin", &new),
            Self::MirrorDown => tree(scene, There, "tree/", Here, "in/", false),
            Self::MirrorDownSame => tree(scene, There, "tree/", Here, "in/", true),
            Self::MirrorUp => tree(scene, Here, "out/", There, "tree/", false),
            Self::MirrorUpSame => tree(scene, Here, "out/", There, "tree/", true),
            Self::CopyRelay => scene.keeping(There, "a.bin", &new).replacing(There, "b.bin", &old, &new),
            Self::CopyFxp => scene.keeping(There, "a.bin", &new).making(There, "b.bin", &new),
            Self::Remove => removed(scene, &new, &old),
            Self::RemoveTree => scene
                .with(There, "tree/x.bin", &new)
                .with(There, "tree/d/y.bin", &old)
                .keeping(There, "keep.txt", &old)
                .removing(There, "tree"),
            Self::RemoveMany | Self::RemovePattern => removed(scene, &new, &old)
                .with(There, "b.bin", &old)
                .with(There, "c.bin", &old)
                .removing(There, "b.bin")
                .removing(There, "c.bin"),
            Self::RemoveDirectory => removed_directory(scene, &old),
            Self::Rename => renamed(scene, &new, &old),
            Self::RenameOver => renamed(scene, &new, &old).replacing(There, "b.bin", &old, &new),
            Self::RenameTree => scene
                .with(There, "tree/x.bin", &new)
                .keeping(There, "keep.txt", &old)
                .and_always(Must::HoldOne(["tree/x.bin", "moved/x.bin"], new.clone()))
                .removing(There, "tree")
                .making(There, "moved/x.bin", &new),
            Self::Call(call) => called(call, scene, &new, &old),
        }
    }
}

/// What a call of the contract does.
fn called(call: Call, scene: Scene, new: &[u8], old: &[u8]) -> Scene {
    match call {
        Call::Retrieve | Call::Fetch => {
            let scene = Scene { has_no_size: call == Call::Retrieve, ..scene };
            scene.keeping(There, "a.bin", new).printing(new)
        }
        Call::Store => scene.making(There, "a.bin", new),
        Call::StoreAt => Scene { is_written_at_an_offset: true, ..resumed(scene, new) },
        Call::Append => appended(scene, old, new),
        Call::CopyTo => scene.keeping(There, "a.bin", new).making(There, "b.bin", new),
        Call::Rename => renamed(scene, new, old),
        Call::Delete => removed(scene, new, old),
        Call::RemoveDirectory => removed_directory(scene, old),
    }
}

fn words(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().into_iter().map(ToOwned::to_owned).collect()
}

fn resumed(scene: Scene, new: &[u8]) -> Scene {
    let half = &new[..new.len() / 2];
    scene
        .with(There, "a.bin", half)
        .and_always(Must::BeginWith(There, "a.bin", half.to_owned()))
        .making(There, "a.bin", new)
}

fn appended(scene: Scene, old: &[u8], new: &[u8]) -> Scene {
    let scene = Scene { is_appended: true, ..scene };
    let begin = Must::BeginWith(There, "a.bin", old.to_owned());
    scene.with(There, "a.bin", old).and_always(begin).making(There, "a.bin", &[old, new].concat())
}

fn removed(scene: Scene, file: &[u8], other: &[u8]) -> Scene {
    scene.with(There, "a.bin", file).keeping(There, "keep.txt", other).removing(There, "a.bin")
}

fn removed_directory(scene: Scene, other: &[u8]) -> Scene {
    scene.with_folder(There, "empty").keeping(There, "full/keep.txt", other).removing(There, "empty")
}

fn renamed(scene: Scene, file: &[u8], other: &[u8]) -> Scene {
    scene
        .with(There, "a.bin", file)
        .keeping(There, "keep.txt", other)
        .and_always(Must::HoldOne(["a.bin", "b.bin"], file.to_owned()))
        .removing(There, "a.bin")
        .making(There, "b.bin", file)
}

/// A tree of three files and what is to become the same: one file of it is there already, or all are, and one is too many.
fn tree(scene: Scene, source: Side, from: &str, target: Side, to: &str, same: bool) -> Scene {
    let path = |folder: &str, name: &str| -> &'static str {
        // A handful of names, made once for each case.
        Box::leak(format!("{folder}{name}").into_boxed_str())
    };
    let mut scene = scene.with(target, path(to, "extra.txt"), b"too many").removing(target, path(to, "extra.txt"));
    for (name, length) in [("a.txt", 400), ("d/b.bin", 200), ("d/c.bin", 100)] {
        let contents = Payload::bytes(length);
        scene = scene.keeping(source, path(from, name), &contents);
        scene = match same || name == "a.txt" {
            true => scene.keeping(target, path(to, name), &contents),
            false => scene,
        };
        scene = scene.making(target, path(to, name), &contents);
    }
    scene
}
