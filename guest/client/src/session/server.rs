//! The server as a whole: what it says about itself, and commands with a reply and nothing else.

use super::Session;
use crate::commands::check_plain;
use crate::error::{Error, Reply};
use crate::network::Network;
use crate::settings::TransferMode;
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::command;

impl<N: Network> Session<N> {
    /// (FEAT, RFC 2389) Read once, then remembered until the login changes. Empty also where the server does not report them,
    /// which says nothing about what it has.
    pub async fn features(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.reported_features().await?.unwrap_or_default())
    }

    /// The same, with `None` where the server does not report them.
    pub async fn reported_features(&mut self) -> Result<Option<Vec<String>>, Error> {
        self.call(async |live| Ok(live.control.features().await?.map(<[String]>::to_vec))).await
    }

    /// (SYST, RFC 959)
    pub async fn system(&mut self) -> Result<String, Error> {
        self.call(async |live| {
            let reply = live.complete("SYST", None).await?;
            Ok(live.settings.encoding.decode(reply.last_line()))
        })
        .await
    }

    /// (NOOP, RFC 959)
    pub async fn noop(&mut self) -> Result<Reply, Error> {
        self.simple("NOOP", None).await
    }

    /// (HELP, RFC 959)
    pub async fn help(&mut self, topic: Option<&str>) -> Result<Reply, Error> {
        self.simple("HELP", topic).await
    }

    /// (STAT, RFC 959) Of the server, or of a path.
    pub async fn status(&mut self, path: Option<&str>) -> Result<Reply, Error> {
        self.simple("STAT", path).await
    }

    /// (SITE, RFC 959)
    pub async fn site(&mut self, arguments: &str) -> Result<Reply, Error> {
        self.simple("SITE", Some(arguments)).await
    }

    /// (SMNT, RFC 959, section 4.1.1) Mount another file system.
    pub async fn mount(&mut self, path: &str) -> Result<Reply, Error> {
        self.simple("SMNT", Some(path)).await
    }

    /// (LANG, RFC 2640, section 4.1) The language of replies, or the server's own.
    pub async fn select_language(&mut self, tag: Option<&str>) -> Result<Reply, Error> {
        self.simple("LANG", tag).await
    }

    /// (CLNT) Tell the server what program this is.
    pub async fn name_client(&mut self, name: &str) -> Result<Reply, Error> {
        self.simple("CLNT", Some(name)).await
    }

    /// (OPTS UTF8) For servers that do not speak it by themselves.
    pub async fn select_utf8(&mut self, on: bool) -> Result<Reply, Error> {
        self.call(async |live| {
            live.control.leave_utf8_to_caller();
            live.reply_to("OPTS", Some(if on { "UTF8 ON" } else { "UTF8 OFF" })).await
        })
        .await
    }

    /// One command line as it is, and its final reply whatever its code. A command that has a function of its own is
    /// [`Error::InvalidArgument`].
    pub async fn command(&mut self, line: &str) -> Result<Reply, Error> {
        check_plain(line)?;
        self.call(async |live| {
            live.known.sizes.last = None;
            let line = live.bytes(line)?;
            let verb = command::verb(&line);
            if verb.as_deref() == Some("OPTS") {
                live.control.leave_utf8_to_caller();
            }
            let reply = live.control.exchange_line(&line).await?;
            match verb.as_deref() {
                Some("TYPE") => live.parameters.representation = None,
                // The server may have others now, or another hash.
                Some("CLNT" | "HOST" | "OPTS") => live.forget_features(),
                // No other one is let through.
                Some("MODE") if reply.is_positive() => live.parameters.mode = TransferMode::Stream,
                _ => {}
            }
            Ok(live.control.text(&reply))
        })
        .await
    }

    /// One command whose reply is 2yz.
    pub(super) async fn simple(&mut self, verb: &str, argument: Option<&str>) -> Result<Reply, Error> {
        self.call(async |live| live.reply_to(verb, argument).await).await
    }
}
