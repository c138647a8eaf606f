//! What a case came to: nothing may be said to be done that is not, and nothing may be lost.

use std::path::Path;

use super::fault::{Action, Connection, Direction, Fault};
use super::proxy::Log;
use super::run::{Ended, Seen};
use super::scenes::{Must, Scene, Side};
use super::site::{AUTHORITY, BESIDE, Place};
use crate::payload::{sha256, sha256_of_file};
use crate::servers::Kind;

/// What a case came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Success, and all is as it should be.
    Right,
    /// A failure that is reported, and nothing is lost.
    Failed,
    /// It is not so, or something is gone, and the client could not see it, for this reason.
    Unseen(Reason, String),
    /// Success of something that is not so.
    FalseSuccess(String),
    /// Something is gone, or has other bytes, that had to stay.
    Lost(String),
    /// Something is written where nothing should be.
    Outside(String),
    /// It did not end in time.
    Hung,
    /// A panic, or a limit of the sandbox.
    Trapped(String),
    /// A failure although all bytes passed.
    Needless(String),
}

/// Why a client cannot see what is wrong, or can do nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A byte of a file came twice or not at all in the clear, and its size is that of the whole file.
    Accident,
    /// A listing in the clear was cut at the end of the same line each time.
    CutTwice,
    /// The client reports that nothing was compared: it was never asked how long the file is, or the command that made it
    /// named another one.
    NotVerified,
    /// A byte of a name or of an offset in a command came twice or not at all in the clear, and the server did that.
    OtherCommand,
    /// A byte of what was appended came twice in the clear: others append too, so that more than was sent is no mismatch.
    Longer,
    /// The server deleted a file that was written from an offset on, as the handshake of the data connection failed. The
    /// client reports the failure.
    DeletedByServer,
}

impl Reason {
    /// As it is called in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accident => "size by accident",
            Self::CutTwice => "listing cut twice",
            Self::NotVerified => "not verified",
            Self::OtherCommand => "command changed",
            Self::Longer => "appended longer",
            Self::DeletedByServer => "deleted by server",
        }
    }
}

impl Verdict {
    /// Whether it must not happen.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Right | Self::Failed | Self::Unseen(..) => false,
            Self::FalseSuccess(_) | Self::Lost(_) | Self::Outside(_) => true,
            Self::Hung | Self::Trapped(_) | Self::Needless(_) => true,
        }
    }
}

/// Compare what is there with what should be.
pub fn judge(scene: &Scene, place: &Place, fault: Option<&Fault>, seen: &Seen) -> Verdict {
    match &seen.ended {
        Ended::Hung => return Verdict::Hung,
        Ended::Trapped(reason) => return Verdict::Trapped(reason.clone()),
        Ended::Success | Ended::Failed(_) => {}
    }
    if let Some(path) = outside(scene, place) {
        return Verdict::Outside(path);
    }
    let failed = matches!(seen.ended, Ended::Failed(_));
    if fault.is_some_and(|fault| fault.action == Action::Change) && !place.way.is_encrypted() {
        return if failed { Verdict::Failed } else { Verdict::Right };
    }
    if let Some(lost) = scene.always.iter().find_map(|must| broken(must, place)) {
        return excuse(scene, place, fault, seen, &lost).unwrap_or(Verdict::Lost(lost.0));
    }
    match (failed, wrong(scene, place, &seen.output)) {
        (true, _) if fault.is_none_or(|fault| fault.action == Action::Split) || seen.log.fired == 0 => {
            Verdict::Needless(format!("{:?}: {}", seen.ended, seen.said.trim()))
        }
        (true, _) => Verdict::Failed,
        (false, None) => Verdict::Right,
        (false, Some(wrong)) => excuse(scene, place, fault, seen, &wrong).unwrap_or(Verdict::FalseSuccess(wrong.0)),
    }
}

/// What is wrong with a file, and by how many bytes it is too long, where it is there.
struct Wrong(String, Option<i64>);

impl Wrong {
    fn new(text: String, length: usize, expected: usize) -> Self {
        Self(
            text,
            i64::try_from(length).ok().zip(i64::try_from(expected).ok()).map(|(length, expected)| length - expected),
        )
    }
}

/// What is written beside the folders that the verb may write to. What the client sends stays as it is, too.
fn outside(scene: &Scene, place: &Place) -> Option<String> {
    if std::fs::read(place.here().join(BESIDE)).ok().as_deref() != Some(BESIDE.as_bytes()) {
        return Some(BESIDE.to_owned());
    }
    let sources = scene.always.iter().filter(|must| matches!(must, Must::Hold(Side::Here, path, _) if is_source(path)));
    if let Some(changed) = sources.into_iter().find_map(|must| broken(must, place)) {
        return Some(changed.0);
    }
    let known = |name: &str| [BESIDE, AUTHORITY, "in", "out"].contains(&name);
    let other = names(place.here()).into_iter().find(|name| !known(name));
    // A single file has its name, and a temporary one before.
    let single = scene.after.iter().filter(|(side, ..)| *side == Side::Here).count() == 1;
    let within = names(&place.here().join("in"));
    let beside = within.into_iter().find(|name| name != "a.bin" && !name.ends_with(".ftp-part") && single);
    other.or(beside.map(|name| format!("in/{name}")))
}

fn is_source(path: &str) -> bool {
    path.starts_with("out/")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What is not as it has to be, however the verb ended.
fn broken(must: &Must, place: &Place) -> Option<Wrong> {
    match must {
        Must::Hold(side, path, contents) => {
            let wrongs: Vec<_> = contents.iter().map_while(|contents| differs(place, *side, path, contents)).collect();
            if wrongs.len() < contents.len() { None } else { wrongs.into_iter().next_back() }
        }
        Must::BeginWith(side, path, contents) => {
            let found = std::fs::read(place.path(*side, path)).ok();
            let begins = found.as_ref().is_some_and(|found| found.starts_with(contents));
            let length = found.map_or("gone".to_owned(), |found| format!("{} bytes", found.len()));
            (!begins).then(|| Wrong(format!("{side:?} {path} has lost its beginning: {length}"), None))
        }
        Must::HoldOne(paths, contents) => {
            let wrongs: Vec<_> = paths
                .iter()
                .map_while(|path| differs(place, Side::There, path, contents))
                .map(|wrong| wrong.0)
                .collect();
            (wrongs.len() == paths.len()).then(|| Wrong(wrongs.join(", and "), None))
        }
    }
}

/// What is not as it has to be after success.
fn wrong(scene: &Scene, place: &Place, output: &[u8]) -> Option<Wrong> {
    let files = scene.after.iter().find_map(|(side, path, contents)| differs(place, *side, path, contents));
    let gone = || {
        let there = |(side, path): &&(Side, &str)| place.path(*side, path).symlink_metadata().is_ok();
        scene.gone.iter().find(there).map(|(side, path)| Wrong(format!("{side:?} {path} is still there"), None))
    };
    let printed = || {
        let expected = scene.output.as_ref().filter(|expected| sha256(expected) != sha256(output))?;
        let text = format!("{} bytes of {} came", output.len(), expected.len());
        Some(Wrong::new(text, output.len(), expected.len()))
    };
    files.or_else(gone).or_else(printed)
}

/// Whether a file has other bytes than these.
fn differs(place: &Place, side: Side, path: &str, contents: &[u8]) -> Option<Wrong> {
    let found = place.path(side, path);
    match sha256_of_file(&found) {
        Ok(hash) if hash == sha256(contents) => None,
        Ok(_) => {
            let length =
                found.metadata().ok().and_then(|metadata| usize::try_from(metadata.len()).ok()).unwrap_or_default();
            let text = format!("{side:?} {path} has {length} bytes, and should have {}", contents.len());
            Some(Wrong::new(text, length, contents.len()))
        }
        Err(_) => Some(Wrong(format!("{side:?} {path} is not there"), None)),
    }
}

/// Why a client cannot see it, or can do nothing about it. Inside TLS there is one such reason: Pure-FTPd deletes the file
/// when the handshake of a data connection fails between `REST` with `STOR` and the first byte, as it does where the control
/// connection is lost then.
fn excuse(scene: &Scene, place: &Place, fault: Option<&Fault>, seen: &Seen, wrong: &Wrong) -> Option<Verdict> {
    let fault = fault?;
    let reason = match place.way.is_encrypted() {
        true => {
            let deletes = place.way.kind == Kind::PureFtpd && scene.is_written_at_an_offset;
            let is_deleted = deletes && seen.ended != Ended::Success && !scene.is_there(place, "a.bin");
            is_deleted.then_some(Reason::DeletedByServer)
        }
        false => unseen(scene, fault, seen, wrong),
    };
    reason.map(|reason| Verdict::Unseen(reason, wrong.0.clone()))
}

/// The same in the clear.
fn unseen(scene: &Scene, fault: &Fault, seen: &Seen, wrong: &Wrong) -> Option<Reason> {
    let by_a_byte = matches!(fault.action, Action::Double | Action::Drop);
    let is_not_verified = seen.ended == Ended::Success && seen.said.contains("not verified");
    match fault.connection {
        Connection::Data if scene.has_no_size && is_not_verified => Some(Reason::NotVerified),
        Connection::Data if by_a_byte && wrong.1 == Some(0) => Some(Reason::Accident),
        Connection::Data if scene.is_appended && fault.action == Action::Double && wrong.1 == Some(1) => {
            Some(Reason::Longer)
        }
        Connection::Data if fault.each && is_cut_twice(&seen.log, fault) => Some(Reason::CutTwice),
        Connection::Control if by_a_byte && is_in_an_argument(&seen.log, fault) => match is_not_verified {
            true => Some(Reason::NotVerified),
            false => Some(Reason::OtherCommand),
        },
        _ => None,
    }
}

/// Whether a listing ended where a line ends, or before its first, and then once more. A reset or a stall is no end.
fn is_cut_twice(log: &Log, fault: &Fault) -> bool {
    let listings = log.data.iter().skip(fault.number).map(|passed| &passed.down.bytes);
    let listings: Vec<_> = listings.filter(|bytes| is_listing(bytes)).collect();
    let is_cut = |bytes: &[u8]| {
        let passed = usize::try_from(fault.byte).ok().and_then(|byte| bytes.get(..byte));
        passed.is_some_and(|passed| passed.is_empty() || passed.ends_with(b"\n"))
    };
    let again = |(index, bytes): (usize, &&Vec<u8>)| is_cut(bytes) && listings[..index].contains(bytes);
    let ends = matches!(fault.action, Action::End | Action::Close);
    ends && fault.direction == Direction::Down && listings.iter().enumerate().any(again)
}

fn is_listing(bytes: &[u8]) -> bool {
    let begins = |start: &&str| bytes.starts_with(start.as_bytes());
    ["type=", "modify=", "size=", "-rw", "drw"].iter().any(begins)
}

/// Whether the byte is one of a name under which the server makes a file, or of the offset at which it writes.
fn is_in_an_argument(log: &Log, fault: &Fault) -> bool {
    let Some(passed) = log.control.get(fault.number).filter(|_| fault.direction == Direction::Up) else { return false };
    let Ok(byte) = usize::try_from(fault.byte) else { return false };
    let mut end = 0;
    for line in passed.up.bytes.split_inclusive(|byte| *byte == b'\n') {
        let start = end;
        end += line.len();
        if (start..end).contains(&byte) {
            let named = ["STOR ", "APPE ", "RNTO ", "REST "].iter().any(|verb| line.starts_with(verb.as_bytes()));
            return named && byte >= start + 4;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutting::proxy::Passed;

    fn log(up: &str, listings: &[&str]) -> Log {
        let mut log = Log { fired: 1, ..Log::default() };
        log.control.push(Passed::default());
        log.control[0].up.bytes = up.into();
        for listing in listings {
            log.data.push(Passed::default());
            log.data.last_mut().unwrap().down.bytes = listing.as_bytes().to_vec();
        }
        log
    }

    #[test]
    fn a_byte_is_in_the_name_of_what_is_made() {
        let log = log("TYPE I\r\nSTOR c/a.bin\r\nSIZE c/a.bin\r\n", &[]);
        let at = |byte: u64| is_in_an_argument(&log, &format!("control0:up:{byte}:drop").parse().unwrap());
        assert_eq!(
            [5, 8, 11, 12, 13, 20, 21, 22, 30].map(at),
            [false, false, false, true, true, true, true, false, false]
        );
        assert!(!is_in_an_argument(&log, &"control0:down:13:drop".parse().unwrap()));
    }

    #[test]
    fn a_listing_is_cut_twice_behind_a_line_or_it_is_seen() {
        let line = "type=file;size=3; a\r\n";
        let twice = log("", &[line, line]);
        let at = |log: &Log, byte: usize| is_cut_twice(log, &format!("data0+:down:{byte}:end").parse().unwrap());
        assert_eq!([0, 5, line.len()].map(|byte| at(&twice, byte)), [true, false, true]);
        assert!(!at(&log("", &[line, "type=file;size=4; b\r\n"]), line.len()));
        assert!(!at(&log("", &["bytes of a file", "others\n"]), 7));
        let reset = format!("data0+:down:{}:reset", line.len()).parse().unwrap();
        assert!(!is_cut_twice(&twice, &reset));
    }
}
