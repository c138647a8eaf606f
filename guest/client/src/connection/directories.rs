//! Directories: where a session is, the way to another one and back, and what is known of one path.

use super::Connection;
use crate::control::Raw;
use crate::error::{Error, FailureKind, RefusalKind, Reply, unless_refused};
use crate::network::Network;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use ftp_protocol::listing::{Entry, Kind, RawEntry};
use ftp_protocol::time::{Timestamp, parse_time_val};
use ftp_protocol::{codes, features, listing, path, telnet, text};

/// The answer to `PWD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkingDirectory {
    /// In quotes, as RFC 959 wants it: a path that leads back there.
    Quoted(String),
    /// Not in quotes, so that nobody knows where the path ends: for people, and no base for another path.
    Unquoted(String),
}

impl<N: Network> Connection<N> {
    /// Some servers double the byte 0xFF as Telnet does, others have directories whose names have two of them.
    pub(crate) async fn current_directory(&mut self) -> Result<String, Error> {
        let path = self.pwd().await?;
        if let (None, Some(once)) = (self.control.doubling.in_replies, telnet::undoubled(&path)) {
            self.compare(&path, &once).await?;
        }
        Ok(self.told(&path))
    }

    /// As [`Self::current_directory`], also where it is not in quotes.
    pub(crate) async fn working_directory(&mut self) -> Result<WorkingDirectory, Error> {
        match self.current_directory().await {
            Ok(path) => Ok(WorkingDirectory::Quoted(path)),
            Err(Error::Refused { kind: RefusalKind::Unexpected, reply: Reply { code: codes::PATH_NAME, lines } }) => {
                let word = lines.last().and_then(|line| line.split_ascii_whitespace().next());
                match word.filter(|word| !word.contains('"')) {
                    Some(path) => Ok(WorkingDirectory::Unquoted(path.to_string())),
                    None => Err(Error::unexpected(Reply { code: codes::PATH_NAME, lines })),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// A path or a name in a reply, as far as is known how this server reports it.
    pub(crate) fn told(&mut self, path: &[u8]) -> String {
        self.control.note_name(path);
        let once = telnet::undoubled(path).filter(|_| self.control.doubling.in_replies == Some(true));
        self.settings.encoding.decode(once.as_deref().unwrap_or(path))
    }

    async fn pwd(&mut self) -> Result<Vec<u8>, Error> {
        let reply = self.command("PWD", None).await?;
        match path::parse_257(reply.last_line()) {
            Some(path) if reply.code == codes::PATH_NAME => {
                self.control.conversation.has_pwd = true;
                Ok(path)
            }
            _ => Err(self.unexpected(&reply)),
        }
    }

    /// Find out whether what a reply calls `answered` is `once`: then that is the directory where we are.
    async fn compare(&mut self, answered: &[u8], once: &[u8]) -> Result<(), Error> {
        let moved = self.control.exchange("CWD", Some(once)).await?;
        let doubles = moved.is_positive() && unless_refused(self.pwd().await)?.is_some_and(|here| here == answered);
        if moved.is_positive() && !doubles {
            self.home = Some(answered.to_vec());
            self.go_home().await?;
        }
        if moved.is_positive() || moved.is_permanent() {
            self.control.doubling.in_replies = Some(doubles);
        }
        Ok(())
    }

    pub(crate) async fn change_directory(&mut self, path: &str) -> Result<Reply, Error> {
        match path {
            ".." => self.simple("CDUP", None).await,
            path => self.simple("CWD", Some(path)).await,
        }
    }

    /// (PWD, CWD) Go to a directory, from which the next call returns; or with `stays` does not, and then nobody needs to
    /// know where the session was. Gives the refusal where the directory cannot be entered.
    pub(crate) async fn enter(&mut self, path: &str, stays: bool) -> Result<Option<Error>, Error> {
        let argument = self.bytes(path)?;
        let home = match stays {
            true => None,
            false => Some(self.way_back().await?),
        };
        match self.command("CWD", Some(&argument)).await {
            Ok(_) => {
                self.home = home;
                // Its path is another one now.
                self.known.sizes.last = None;
                Ok(None)
            }
            Err(refusal @ Error::Refused { kind: RefusalKind::Permanent, .. }) => Ok(Some(refusal)),
            Err(error) => Err(error),
        }
    }

    async fn way_back(&mut self) -> Result<Vec<u8>, Error> {
        let home = unless_refused(self.current_directory().await)?.and_then(|home| self.bytes(&home).ok());
        home.ok_or_else(|| Error::unsupported("a listing of this path has to go there, and PWD reports no way back"))
    }

    /// (CWD) Return from the directory that was entered. Where that fails, whatever is relative would mean
    /// something else from now on.
    pub(crate) async fn go_home(&mut self) -> Result<(), Error> {
        let Some(home) = self.home.take() else { return Ok(()) };
        let returned = match self.command("CWD", Some(&home)).await {
            // A path that is relative may lead anywhere.
            Ok(_) if !home.starts_with(b"/") => unless_refused(self.pwd().await)?.is_some_and(|here| here == home),
            Ok(_) => true,
            Err(error) if error.is_refusal() => false,
            Err(error) => return Err(error),
        };
        if returned {
            return Ok(());
        }
        let home = self.settings.encoding.decode(&home);
        let why = format!("the server does not let the session return to {home:?}");
        self.control.transcript.note(&why);
        Err(self.control.fail(Error::no_way_back(why)))
    }

    /// After a listing, if the session was elsewhere for it and is still good.
    pub(crate) async fn return_home(&mut self) -> Result<(), Error> {
        match self.home.is_some() && self.control.is_usable() {
            true => self.drain_pending_replies().await,
            false => Ok(()),
        }
    }

    pub(crate) async fn make_directory(&mut self, path: &str) -> Result<String, Error> {
        let argument = self.bytes(path)?;
        let reply = self.command("MKD", Some(&argument)).await?;
        let Some(made) = path::parse_257(reply.last_line()) else { return Ok(path.to_string()) };
        self.control.doubling.in_replies = self.control.doubling.in_replies.or(telnet::is_doubled(&argument, &made));
        if self.control.doubling.in_replies.is_none() && telnet::undoubled(&made).is_some() {
            // It is in the directory that we are in.
            self.current_directory().await?;
        }
        Ok(self.told(&made))
    }

    /// (SIZE) What reads as a time is the reply to another command.
    pub(crate) async fn size(&mut self, path: &str) -> Result<u64, Error> {
        let (size, reply) = self.size_noted(path).await?;
        match text::is_time_for_size(reply.last_line()) {
            true => Err(self.unexpected(&reply)),
            false => Ok(size),
        }
    }

    pub(crate) async fn modified(&mut self, path: &str) -> Result<Timestamp, Error> {
        let path = self.bytes(path)?;
        let reply = self.command("MDTM", Some(&path)).await?;
        parse_time_val(reply.last_line()).ok_or_else(|| self.unexpected(&reply))
    }

    /// (MLST, else SIZE, MDTM and CWD)
    pub(crate) async fn entry(&mut self, path: &str) -> Result<Entry, Error> {
        let argument = self.bytes(path)?;
        self.control.ask_for_utf8().await?;
        if !self.known.mlst_refused && self.may_have("MLST").await? {
            let reply =
                self.control.exchange("MLST", Some(argument.as_slice()).filter(|path| !path.is_empty())).await?;
            if let Some(entry) = self.entry_in(&reply, path) {
                return Ok(entry);
            }
            if codes::is_about_path(reply.code) {
                return Err(self.refusal(&reply));
            }
            self.known.mlst_refused = reply.code != codes::FILE_ACTION_DONE;
        }
        self.entry_by_size(path).await
    }

    /// The facts stand between the first line and the last, in which a name may look like some (RFC 3659, section 7.2).
    fn entry_in(&mut self, reply: &Raw, path: &str) -> Option<Entry> {
        let lines = match reply.lines.as_slice() {
            [_, told @ .., _] if !told.is_empty() => told,
            all => all,
        };
        let lines = lines.iter().filter(|_| reply.code == codes::FILE_ACTION_DONE);
        let mut entry = lines.into_iter().find_map(|line| listing::mlst_entry(line, self.settings.encoding))?;
        if entry.name == "." {
            entry.name = name_of(path).to_string();
        }
        self.control.note_name(entry.name.as_bytes());
        Some(entry)
    }

    /// What can be entered is a directory, even where it has a size.
    async fn entry_by_size(&mut self, path: &str) -> Result<Entry, Error> {
        let name = name_of(path);
        let size = match name {
            "." | "/" => None,
            _ => Some(self.size(path).await),
        };
        let modified = match &size {
            Some(Ok(_) | Err(Error::Refused { kind: RefusalKind::Unexpected, .. })) => {
                unless_refused(self.modified(path).await)?
            }
            Some(Err(error)) if !error.is_refusal() => return Err(error.clone()),
            _ => None,
        };
        let entered = self.try_to_enter(path).await?;
        let (kind, size) = match (entered, size) {
            (Entered::Directory, _) => (Kind::Directory, None),
            (Entered::Refused(_), Some(Ok(size))) => (Kind::File, Some(size)),
            (Entered::NotTried(_), Some(Ok(size))) => (Kind::Other, Some(size)),
            // An empty file has a size that some servers do not report.
            (Entered::Refused(_), Some(Err(Error::Refused { kind: RefusalKind::Unexpected, .. })))
                if modified.is_some() =>
            {
                (Kind::File, None)
            }
            (_, Some(Err(error))) | (Entered::Refused(error) | Entered::NotTried(error), None) => return Err(error),
        };
        Ok(Entry {
            name: name.to_string(),
            kind,
            size,
            modified,
            permissions: None,
            owner: None,
            group: None,
            link_target: None,
            unique_id: None,
            raw: RawEntry::Facts(String::new()),
        })
    }

    /// (PWD, CWD, CWD) Go to a directory and back. The working directory is one without a look at where it is.
    async fn try_to_enter(&mut self, path: &str) -> Result<Entered, Error> {
        let (path, stays) = match path {
            "" | "." => (".", true),
            path => (path, false),
        };
        match self.enter(path, stays).await {
            Ok(None) => {
                self.go_home().await?;
                Ok(Entered::Directory)
            }
            Ok(Some(refusal)) => Ok(Entered::Refused(refusal)),
            Err(error @ Error::Failed { kind: FailureKind::Unsupported, .. }) => Ok(Entered::NotTried(error)),
            Err(error) => Err(error),
        }
    }

    /// The server has the extension, or does not report which it has.
    pub(crate) async fn may_have(&mut self, verb: &str) -> Result<bool, Error> {
        Ok(self.control.features().await?.is_none_or(|named| features::has(named, verb)))
    }
}

/// What came of going to a directory.
enum Entered {
    Directory,
    Refused(Error),
    /// There is no way back from there.
    NotTried(Error),
}

/// The last component of a path, where it has one: `/` for the root, `.` for what ends in `.` or `..`.
fn name_of(path: &str) -> &str {
    match path.rsplit('/').find(|part| !part.is_empty()) {
        None if !path.is_empty() => "/",
        None | Some("." | "..") => ".",
        Some(name) => name,
    }
}
