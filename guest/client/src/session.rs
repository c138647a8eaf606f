//! Sessions: what a program does with a server.

mod listings;
mod transfers;

use crate::commands::check_plain;
use crate::connection::{Connection, WorkingDirectory};
use crate::error::{Error, Phase, Reply};
use crate::handover::SessionId;
use crate::network::Network;
use crate::settings::{DataMode, Settings, TransferMode};
use crate::timeout::timeout;
use crate::tls::{Agreed, Protection};
use crate::verify::ReportedSize;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::pin::{Pin, pin};
use ftp_protocol::checksum::Algorithm;
use ftp_protocol::listing::Entry;
use ftp_protocol::time::Timestamp;
use ftp_types::Checksum;

/// A control connection. Dropping it, or the future of any call, closes it.
///
/// Every call first reads the replies of a transfer that was dropped, so that it is always in step with the server. One
/// transfer can be open at a time; meanwhile every other call is [`Error::busy`].
pub struct Session<N: Network> {
    network: N,
    settings: Settings,
    welcome: Reply,
    /// Taken out while a call runs, so that a call which is dropped closes it.
    connection: Option<Box<Connection<N>>>,
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
        let open = pin!(Connection::open(network.clone(), settings.clone(), host, port));
        let (connection, welcome) = timeout(&network, settings.total_timeout, Phase::Total, open).await?;
        Ok(Self { network, settings, welcome, connection: Some(connection), last_words: Vec::new() })
    }

    /// The greeting.
    pub fn welcome(&self) -> &Reply {
        &self.welcome
    }

    /// Whether it can still be used: see [`Error`] for what closes it.
    pub fn is_open(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_given_up())
    }

    /// The network that carries it.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The limit of a call as a whole, for a caller that makes one call out of several.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// (USER, then PASS and ACCT where the server asks for them; RFC 959, section 4.1.1) An empty user is `anonymous`.
    pub async fn login(&mut self, user: &str, password: &str, account: Option<&str>) -> Result<Reply, Error> {
        self.call(async |connection| connection.login(user, password, account).await).await
    }

    /// (AUTH TLS, RFC 4217, section 4) For a session that was opened without security; with the settings for TLS that it
    /// has.
    pub async fn start_tls(&mut self) -> Result<Reply, Error> {
        self.call(async |connection| connection.start_tls().await).await
    }

    /// (PBSZ, PROT; RFC 4217, section 9)
    pub async fn protect_data(&mut self, protection: Protection) -> Result<Reply, Error> {
        self.call(async |connection| connection.protect_data(protection).await).await
    }

    /// (CCC, RFC 4217, section 12.3) Leave TLS on the control connection. Only after login.
    pub async fn clear_command_channel(&mut self) -> Result<Reply, Error> {
        self.call(async |connection| connection.clear_command_channel().await).await
    }

    /// What TLS on the control connection has agreed.
    pub fn encryption(&self) -> Option<Agreed> {
        self.connection.as_ref().and_then(|connection| connection.control.agreed().cloned())
    }

    /// (REIN, RFC 959, section 4.1.1)
    pub async fn reinitialize(&mut self) -> Result<Reply, Error> {
        self.call(async |connection| connection.reinitialize().await).await
    }

    /// (QUIT, RFC 959, section 4.1.1) Say goodbye and close, on errors too.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        self.end().await
    }

    /// As [`Self::quit`], for a holder that still wants the transcript. Every later call is [`Error::closed`].
    pub async fn end(&mut self) -> Result<Reply, Error> {
        self.call(async |connection| connection.quit().await).await
    }

    /// Close it at once, without `QUIT`, for a holder that still wants the transcript.
    pub fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.put_back(connection, true);
        }
    }

    /// (FEAT, RFC 2389) Read once, then remembered until the login changes. Empty also where the server does not report them,
    /// which says nothing about what it has.
    pub async fn features(&mut self) -> Result<Vec<String>, Error> {
        self.call(async |connection| Ok(connection.features().await?.to_vec())).await
    }

    /// The same, with `None` where the server does not report them.
    pub async fn reported_features(&mut self) -> Result<Option<Vec<String>>, Error> {
        self.call(async |connection| Ok(connection.control.features().await?.map(<[String]>::to_vec))).await
    }

    /// (SYST, RFC 959)
    pub async fn system(&mut self) -> Result<String, Error> {
        self.call(async |connection| connection.system().await).await
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

    /// One command line as it is, and its final reply whatever its code. A command that has a function of its own is
    /// [`Error::invalid_argument`].
    pub async fn command(&mut self, line: &str) -> Result<Reply, Error> {
        check_plain(line)?;
        self.call(async |connection| {
            connection.known.sizes.last = None;
            connection.raw(line).await
        })
        .await
    }

    /// What was said since the last call, oldest first: `> ` sent, `< ` received, `* ` noted.
    pub fn transcript(&mut self) -> Vec<String> {
        let mut lines = core::mem::take(&mut self.last_words);
        if let Some(connection) = &mut self.connection {
            lines.extend(connection.control.transcript.take());
        }
        lines
    }

    /// A text of the server, for people: with stars where it repeats a password or an account of this session. Errors and
    /// the transcript have them already; replies and values are as the server sent them.
    pub fn masked(&self, text: &str) -> String {
        let text = text.to_string();
        match &self.connection {
            Some(connection) => connection.control.transcript.secrets.mask(text),
            None => text,
        }
    }

    /// Change how data connections are made.
    pub fn set_data_mode(&mut self, mode: DataMode) -> Result<(), Error> {
        let mode = mode.checked()?;
        self.settings.check_way(mode)?;
        self.connection.as_mut().ok_or(Error::closed())?.settings.data_mode = mode;
        Ok(())
    }

    /// (MODE; RFC 959, section 3.4) For all transfers from now on.
    pub async fn set_transfer_mode(&mut self, mode: TransferMode) -> Result<Reply, Error> {
        self.call(async |connection| connection.set_transfer_mode(mode).await).await
    }

    /// (PWD, RFC 959) A path that leads back. [`Error::unexpected`] where the server does not put it in quotes.
    pub async fn current_directory(&mut self) -> Result<String, Error> {
        self.call(async |connection| connection.current_directory().await).await
    }

    /// (PWD, RFC 959) The same to be shown, also where it is not in quotes.
    pub async fn working_directory(&mut self) -> Result<WorkingDirectory, Error> {
        self.call(async |connection| connection.working_directory().await).await
    }

    /// (CWD, or CDUP for `..`; RFC 959)
    pub async fn change_directory(&mut self, path: &str) -> Result<Reply, Error> {
        self.call(async |connection| {
            connection.known.sizes.last = None;
            connection.change_directory(path).await
        })
        .await
    }

    /// (MKD, RFC 959) Gives the path that the server made.
    pub async fn make_directory(&mut self, path: &str) -> Result<String, Error> {
        self.call(async |connection| connection.make_directory(path).await).await
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
        self.call(async |connection| connection.rename(old, new).await).await
    }

    /// (MLST, RFC 3659; else SIZE and MDTM)
    pub async fn entry(&mut self, path: &str) -> Result<Entry, Error> {
        self.call(async |connection| connection.entry(path).await).await
    }

    /// (OPTS MLST, RFC 3659, section 7.9)
    pub async fn select_facts(&mut self, facts: &[String]) -> Result<Reply, Error> {
        self.call(async |connection| connection.select_facts(facts).await).await
    }

    /// (SIZE, RFC 3659, section 4) Bytes of the file as an image.
    pub async fn size(&mut self, path: &str) -> Result<u64, Error> {
        self.call(async |connection| connection.size(path).await).await
    }

    /// (SIZE) What the server reports, if it does.
    pub(crate) async fn reported_size(&mut self, path: &str) -> Result<ReportedSize, Error> {
        self.call(async |connection| connection.reported_size(path).await).await
    }

    /// (MDTM, RFC 3659, section 3)
    pub async fn modified(&mut self, path: &str) -> Result<Timestamp, Error> {
        self.call(async |connection| connection.modified(path).await).await
    }

    /// (HASH, XSHA256, XSHA512, XSHA1, XMD5, MD5, XCRC) By the best algorithm that the server has, unless one is given.
    pub async fn checksum(&mut self, path: &str, algorithm: Option<Algorithm>) -> Result<Checksum, Error> {
        self.call(async |connection| connection.checksum(path, algorithm).await).await
    }

    /// (ALLO, RFC 959, section 4.1.3) Announce the size of the next upload.
    pub async fn allocate(&mut self, size: u64) -> Result<Reply, Error> {
        self.simple("ALLO", Some(&format!("{size}"))).await
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

    /// One command whose reply is 2yz.
    async fn simple(&mut self, verb: &str, argument: Option<&str>) -> Result<Reply, Error> {
        self.call(async |connection| connection.simple(verb, argument).await).await
    }

    /// One call, in step with the server before it begins. Not itself a future, of which each call would have its own.
    pub(super) fn call<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Connection<N>) -> Result<T, Error>,
    ) -> impl Future<Output = Result<T, Error>> {
        self.limited(async |connection| {
            connection.drain_pending_replies().await?;
            work(connection).await
        })
    }

    /// The call that ends a transfer of this session, and of no other.
    pub(crate) async fn end_transfer<T>(
        &mut self,
        owner: SessionId,
        work: impl AsyncFnOnce(&mut Connection<N>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let connection = self.connection.as_ref().ok_or(Error::closed())?;
        if owner != connection.state.id {
            return Err(Error::invalid_argument("the transfer belongs to another session"));
        }
        self.limited(work).await
    }

    /// Run with the connection taken out, within the limit of the whole call, and put it back if it is still good.
    async fn limited<T>(&mut self, work: impl AsyncFnOnce(&mut Connection<N>) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = self.take_connection()?;
        // One type for each kind of answer, where each call would have its own: that makes a small component.
        let work: Pin<Box<dyn Future<Output = Result<T, Error>> + '_>> = Box::pin(work(&mut connection));
        let result = timeout(&self.network, self.settings.total_timeout, Phase::Total, work).await;
        let result = result.map_err(|error| connection.control.transcript.secrets.mask_error(error));
        self.put_back(connection, matches!(result, Err(Error::Timeout(Phase::Total))));
        result
    }

    /// Not once for each call.
    #[inline(never)]
    fn take_connection(&mut self) -> Result<Box<Connection<N>>, Error> {
        if !self.is_open() {
            self.close();
        }
        self.connection.take().ok_or(Error::closed())
    }

    fn put_back(&mut self, mut connection: Box<Connection<N>>, given_up: bool) {
        if connection.control.is_usable() && !given_up {
            self.connection = Some(connection);
        } else {
            self.last_words = connection.control.transcript.take();
        }
    }
}
