//! Sessions: what a program does with a server.
//!
//! The commands stand by subject in the files of the folder, one method for each. Here are what every call goes through, and
//! the commands with a reply and nothing else. What several commands share is a step of [`Live`].

mod connecting;
mod data_mode;
mod directories;
mod listings;
mod live;
mod login;
mod metadata;
mod open_transfer;
mod security;
mod transfers;

pub use directories::WorkingDirectory;
pub(crate) use live::Live;
pub(crate) use open_transfer::OpenTransfer;

use crate::commands::check_plain;
use crate::error::{Error, Phase, Reply};
use crate::handover::SessionId;
use crate::network::Network;
use crate::settings::{Settings, TransferMode};
use crate::timeout::timeout;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::pin::{Pin, pin};
use ftp_protocol::command;

/// A control connection. Dropping it, or the future of any call, closes it.
///
/// Every call first reads the replies of a transfer that was dropped, so that it is always in step with the server. One
/// transfer can be open at a time; meanwhile every other call is [`Error::busy`].
pub struct Session<N: Network> {
    network: N,
    settings: Settings,
    welcome: Reply,
    /// Taken out while a call runs, so that a call which is dropped closes it.
    live: Option<Box<Live<N>>>,
    /// What was said before the connection closed.
    last_words: Vec<String>,
}

impl<N: Network> Session<N> {
    /// Connect and read the greeting. `host` is a name or an IP address.
    pub async fn connect(network: N, settings: Settings, host: &str, port: u16) -> Result<Self, Error> {
        let settings = settings.checked()?;
        if host.is_empty() || port == 0 || host.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Error::invalid_argument("not a host and a port"));
        }
        let open = pin!(Live::open(network.clone(), settings.clone(), host, port));
        let (live, welcome) = timeout(&network, settings.total_timeout, Phase::Total, open).await?;
        Ok(Self { network, settings, welcome, live: Some(live), last_words: Vec::new() })
    }

    /// The greeting.
    pub fn welcome(&self) -> &Reply {
        &self.welcome
    }

    /// Whether it can still be used: see [`Error`] for what closes it.
    pub fn is_open(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.is_given_up())
    }

    /// The network that carries it.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The limit of a call as a whole, for a caller that makes one call out of several.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was said since the last call, oldest first: `> ` sent, `< ` received, `* ` noted.
    pub fn transcript(&mut self) -> Vec<String> {
        let mut lines = core::mem::take(&mut self.last_words);
        if let Some(live) = &mut self.live {
            lines.extend(live.control.transcript.take());
        }
        lines
    }

    /// A text of the server, for people: with stars where it repeats a password or an account of this session. Errors and
    /// the transcript have them already; replies and values are as the server sent them.
    pub fn masked(&self, text: &str) -> String {
        let text = text.to_string();
        match &self.live {
            Some(live) => live.control.transcript.secrets.mask(text),
            None => text,
        }
    }

    /// Close it at once, without `QUIT`, for a holder that still wants the transcript.
    pub fn close(&mut self) {
        if let Some(live) = self.live.take() {
            self.put_back(live, true);
        }
    }

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
    /// [`Error::invalid_argument`].
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
    async fn simple(&mut self, verb: &str, argument: Option<&str>) -> Result<Reply, Error> {
        self.call(async |live| live.reply_to(verb, argument).await).await
    }

    /// One call, in step with the server before it begins. Not itself a future, of which each call would have its own.
    fn call<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Live<N>) -> Result<T, Error>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.with(async |live| {
            live.drain_pending_replies().await?;
            work(live).await
        })
    }

    /// The call that ends a transfer of this session, and of no other.
    pub(crate) async fn end_transfer<T>(
        &mut self,
        owner: SessionId,
        work: impl AsyncFnOnce(&mut Live<N>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let live = self.live.as_ref().ok_or(Error::closed())?;
        if owner != live.state.id {
            return Err(Error::invalid_argument("the transfer belongs to another session"));
        }
        self.with(work).await
    }

    /// Run with the connection taken out, within the limit of the whole call, and put it back if it is still good.
    async fn with<T>(&mut self, work: impl AsyncFnOnce(&mut Live<N>) -> Result<T, Error>) -> Result<T, Error> {
        let mut live = self.take_out()?;
        // One type for each kind of answer, where each call would have its own: that makes a small component.
        let work: Pin<Box<dyn Future<Output = Result<T, Error>> + '_>> = Box::pin(work(&mut live));
        let result = timeout(&self.network, self.settings.total_timeout, Phase::Total, work).await;
        let result = result.map_err(|error| live.control.transcript.secrets.mask_error(error));
        self.put_back(live, matches!(result, Err(Error::Timeout(Phase::Total))));
        result
    }

    /// Not once for each call.
    #[inline(never)]
    fn take_out(&mut self) -> Result<Box<Live<N>>, Error> {
        if !self.is_open() {
            self.close();
        }
        self.live.take().ok_or(Error::closed())
    }

    fn put_back(&mut self, mut live: Box<Live<N>>, given_up: bool) {
        if live.control.is_usable() && !given_up {
            self.live = Some(live);
        } else {
            self.last_words = live.control.transcript.take();
        }
    }
}
