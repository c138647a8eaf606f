//! What a mirror says of what it does, and of what it does not.

use ftp_client::mirror::{End, Folder, Reason, RelativePath, Tree, WalkLimit, Why};

use super::super::doubts::why_doubtful;

/// How somebody who knows better has it deleted all the same.
pub const ANYWAY: &str = "--delete-unconfirmed deletes it all the same";

/// Why the members of a directory are not known for certain, if so.
pub fn why_uncertain(folder: &Folder) -> Option<String> {
    Some(match (&folder.end, folder.doubt) {
        (End::Complete, Some(doubt)) => why_doubtful(doubt).to_owned(),
        (End::Complete, None) if folder.unparsed.is_empty() => return None,
        (End::Complete, None) => format!("{} lines of its listing are not understood", folder.unparsed.len()),
        (End::Failed(error), _) => format!("it cannot be listed: {error}"),
        (End::Limit(reached), _) => format!("it is beyond the limit {}", why_limited(*reached)),
        (End::Cycle(path), _) => format!("it is the same as {}", place(path)),
        (End::Unsafe(why), _) => format!("its name is {why}"),
    })
}

/// Why nothing is deleted because of a directory: of those that it is in, the first one about which something is not certain.
pub fn why_held(tree: &Tree, path: &RelativePath) -> String {
    let mut at = Some(path.clone());
    while let Some(path) = at {
        let uncertain = tree.folders.iter().filter(|folder| folder.path == path).find_map(why_uncertain);
        if let Some(why) = uncertain {
            return format!("{}: {why}", place(&path));
        }
        at = path.parent();
    }
    "it was not listed".to_owned()
}

/// A directory, the root included.
pub fn place(path: &RelativePath) -> String {
    if path.depth() == 0 { ".".to_owned() } else { path.to_string() }
}

fn why_limited(reached: WalkLimit) -> &'static str {
    match reached {
        WalkLimit::Depth => "of levels",
        WalkLimit::Entries => "of members",
        WalkLimit::Size => "of memory",
    }
}

/// Why a file is transferred.
pub fn why_transferred(why: &Why) -> String {
    match why {
        Why::New => "new".to_owned(),
        Why::Size(size) => format!("the target has {size} bytes"),
        Why::Newer => "newer".to_owned(),
        Why::Older => "older".to_owned(),
        Why::TimeUnknown => "its time is not known".to_owned(),
        Why::Asked => "asked for".to_owned(),
    }
}

/// Why something is left as it is.
pub fn why_skipped(reason: &Reason) -> String {
    match reason {
        Reason::Unsafe(why) => format!("its name is {why}"),
        Reason::Twin => "another one has the same name".to_owned(),
        Reason::Excluded => "it is excluded".to_owned(),
        Reason::Link => "it is a symbolic link".to_owned(),
        Reason::Special => "it is no file".to_owned(),
        Reason::InTheWay(_) => "something else is in its place (--replace deletes that)".to_owned(),
        Reason::TargetUncertain => "not all that is in its directory is known".to_owned(),
        Reason::SourceUncertain => "not all of the source is known, so nothing is deleted".to_owned(),
        Reason::TargetNewer => "the target's is newer".to_owned(),
        Reason::TimeUnknown => "the target's may be newer".to_owned(),
        Reason::NotEmpty => "something in it has to stay".to_owned(),
        Reason::Cycle => "a way leads back to it".to_owned(),
        Reason::Hidden => {
            "the server may have it and not show names that begin with a dot (--delete-hidden deletes it \
                           all the same)"
                .to_owned()
        }
        Reason::Alike => {
            "its name is that of another file but for the case of letters or how they are composed, and may be \
                          that file on a system that takes them for one; where both are listed, another run deletes it"
                .to_owned()
        }
        Reason::NoText => "its name is no text, so that no file here can have it (--unescape-names compares it with \
                           names that are written %XX here, and deletes it where there is none)"
            .to_owned(),
    }
}
