//! Directories: where a session is, the way to another one and back; and what is made, renamed and removed.

use super::{Live, Session};
use crate::error::{Error, RefusalKind, Reply, unless_refused};
use crate::network::Network;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use ftp_protocol::{codes, path, telnet};

/// The answer to `PWD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkingDirectory {
    /// In quotes, as RFC 959 wants it: a path that leads back there.
    Quoted(String),
    /// Not in quotes, so that nobody knows where the path ends: for people, and no base for another path.
    Unquoted(String),
}

impl<N: Network> Session<N> {
    /// (PWD, RFC 959) A path that leads back. [`Error::unexpected`] where the server does not put it in quotes.
    pub async fn current_directory(&mut self) -> Result<String, Error> {
        self.call(async |live| live.current_path().await).await
    }

    /// (PWD, RFC 959) The same to be shown, also where it is not in quotes.
    pub async fn working_directory(&mut self) -> Result<WorkingDirectory, Error> {
        self.call(async |live| match live.current_path().await {
            Ok(path) => Ok(WorkingDirectory::Quoted(path)),
            Err(Error::Refused { kind: RefusalKind::Unexpected, reply: Reply { code: codes::PATH_NAME, lines } }) => {
                let word = lines.last().and_then(|line| line.split_ascii_whitespace().next());
                match word.filter(|word| !word.contains('"')) {
                    Some(path) => Ok(WorkingDirectory::Unquoted(path.to_string())),
                    None => Err(Error::unexpected(Reply { code: codes::PATH_NAME, lines })),
                }
            }
            Err(error) => Err(error),
        })
        .await
    }

    /// (CWD, or CDUP for `..`; RFC 959)
    pub async fn change_directory(&mut self, path: &str) -> Result<Reply, Error> {
        self.call(async |live| {
            live.known.sizes.last = None;
            match path {
                ".." => live.reply_to("CDUP", None).await,
                path => live.reply_to("CWD", Some(path)).await,
            }
        })
        .await
    }

    /// (MKD, RFC 959) Gives the path that the server made.
    pub async fn make_directory(&mut self, path: &str) -> Result<String, Error> {
        self.call(async |live| {
            let argument = live.bytes(path)?;
            let reply = live.complete("MKD", Some(&argument)).await?;
            let Some(made) = path::parse_257(reply.last_line()) else { return Ok(path.to_string()) };
            let doubling = &mut live.control.doubling;
            doubling.in_replies = doubling.in_replies.or(telnet::is_doubled(&argument, &made));
            if doubling.in_replies.is_none() && telnet::undoubled(&made).is_some() {
                // It is in the directory that we are in.
                live.current_path().await?;
            }
            Ok(live.reported_name(&made))
        })
        .await
    }

    /// (RMD, RFC 959)
    pub async fn remove_directory(&mut self, path: &str) -> Result<Reply, Error> {
        self.simple("RMD", Some(path)).await
    }

    /// (DELE, RFC 959)
    pub async fn delete(&mut self, path: &str) -> Result<Reply, Error> {
        self.simple("DELE", Some(path)).await
    }

    /// (RNFR, RNTO; RFC 959)
    pub async fn rename(&mut self, old: &str, new: &str) -> Result<Reply, Error> {
        self.call(async |live| {
            let (old, new) = (live.bytes(old)?, live.bytes(new)?);
            live.control.prepare(&new).await?;
            let reply = live.control.exchange("RNFR", Some(&old)).await?;
            // Some servers say 250.
            if !reply.is_positive() && !reply.is_intermediate() {
                return Err(live.refusal(&reply));
            }
            let reply = live.complete("RNTO", Some(&new)).await?;
            Ok(live.control.text(&reply))
        })
        .await
    }
}

impl<N: Network> Live<N> {
    /// (PWD) Some servers double the byte 0xFF as Telnet does, others have directories whose names have two of them.
    async fn current_path(&mut self) -> Result<String, Error> {
        let path = self.pwd().await?;
        if let (None, Some(once)) = (self.control.doubling.in_replies, telnet::undoubled(&path)) {
            self.compare(&path, &once).await?;
        }
        Ok(self.reported_name(&path))
    }

    /// A path or a name in a reply, as far as is known how this server reports it.
    pub(crate) fn reported_name(&mut self, path: &[u8]) -> String {
        self.control.note_name(path);
        let once = telnet::undoubled(path).filter(|_| self.control.doubling.in_replies == Some(true));
        self.settings.encoding.decode(once.as_deref().unwrap_or(path))
    }

    async fn pwd(&mut self) -> Result<Vec<u8>, Error> {
        let reply = self.complete("PWD", None).await?;
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

    /// (PWD, CWD) Go to a directory, from which the next call returns; or with `stays` does not, and then nobody needs to
    /// know where the session was. Gives the refusal where the directory cannot be entered.
    pub(crate) async fn enter(&mut self, path: &str, stays: bool) -> Result<Option<Error>, Error> {
        let argument = self.bytes(path)?;
        let home = match stays {
            true => None,
            false => Some(self.way_back().await?),
        };
        match self.complete("CWD", Some(&argument)).await {
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
        let home = unless_refused(self.current_path().await)?.and_then(|home| self.bytes(&home).ok());
        home.ok_or_else(|| Error::unsupported("a listing of this path has to go there, and PWD reports no way back"))
    }

    /// (CWD) Return from the directory that was entered. Where that fails, whatever is relative would mean
    /// something else from now on.
    pub(crate) async fn go_home(&mut self) -> Result<(), Error> {
        let Some(home) = self.home.take() else { return Ok(()) };
        let returned = match self.complete("CWD", Some(&home)).await {
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
}
