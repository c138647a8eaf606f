//! What a session does on its connection, each operation as one straight line.

mod data_mode;
mod directories;
mod security;

pub use directories::WorkingDirectory;

use crate::control::{Control, Raw, begins_transfer};
use crate::data::finish;
use crate::dial::dial;
use crate::error::{Error, FailureKind, RefusalKind, Reply};
use crate::extensions::Features;
use crate::handover::{Direction, SessionState, TransferHandover};
use crate::known::{Known, PassivePorts};
use crate::limits::CLOSE_LINGER;
use crate::network::Network;
use crate::settings::{Representation, Settings, TransferMode};
use crate::timeout::select;
use crate::tls::channel::Channel;
use crate::tls::{Protection, Rustls, Security};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use ftp_protocol::codes::{self, Fit};
use ftp_protocol::{command, text};
use ftp_types::TlsCause;

/// An open session: its control connection and what is known about the server.
pub(crate) struct Connection<N: Network> {
    pub(crate) network: N,
    pub(crate) settings: Settings,
    pub(crate) control: Control<N>,
    /// Shared with all transfers.
    pub(crate) state: Arc<SessionState>,
    /// Shared with the transfer that is open, or whose replies are unread.
    transfer: Option<Arc<TransferHandover<N::Stream>>>,
    host: String,
    tls: SessionTls,
    /// The greeting was 230: whoever connects is logged in. Only where nobody in between can have said so.
    greeted_in: bool,
    pub(crate) parameters: TransferParameters,
    pub(crate) known: Known,
    ports: PassivePorts,
    /// Where a listing came from: before the next command the session returns there.
    home: Option<Vec<u8>>,
}

/// What makes TLS connections, and where there are any.
struct SessionTls {
    /// None as long as there was no TLS connection.
    engine: Option<Rustls>,
    /// What the server was told about data connections.
    protection: Option<Protection>,
}

/// The transfer parameters (RFC 959, section 3) that the server has.
#[derive(Default)]
pub(crate) struct TransferParameters {
    /// None where nobody has asked for one yet.
    representation: Option<Representation>,
    pub(crate) mode: TransferMode,
}

/// A transfer that the server has agreed to.
pub(crate) struct OpenTransfer<N: Network> {
    pub(crate) channel: Channel<N::Stream>,
    /// The reply that agreed.
    pub(crate) agreed: Raw,
    /// Shared as long as the transfer is open.
    pub(crate) left: Arc<TransferHandover<N::Stream>>,
}

impl<N: Network> Connection<N> {
    /// Connect and read the greeting (RFC 959, section 5.4: 220, or 120 and then 220).
    pub(crate) async fn open(
        network: N,
        settings: Settings,
        host: &str,
        port: u16,
    ) -> Result<(Box<Self>, Reply), Error> {
        let engine = match settings.security {
            Security::None => None,
            Security::Explicit | Security::Implicit => Some(Rustls::new::<N>(&settings.tls, host)?),
        };
        let stream = dial(&network, &settings, host, port).await?;
        let mut connection = Box::new(Self {
            control: Control::new(network.clone(), stream, &settings),
            host: host.to_string(),
            tls: SessionTls { engine, protection: None },
            greeted_in: false,
            network,
            settings,
            state: Arc::new(SessionState::new()),
            transfer: None,
            parameters: TransferParameters::default(),
            known: Known::default(),
            ports: PassivePorts::default(),
            home: None,
        });
        if let Some(proxy) = &connection.settings.proxy {
            let server = proxy.server();
            connection.control.transcript.note(&format!("through the proxy {}:{}", server.host, server.port));
        }
        let security = connection.settings.security;
        if security == Security::Implicit {
            let tls = connection.new_tls()?;
            connection.control.secure(tls).await.map_err(|error| match error {
                // It greets in the clear: this is no port of implicit TLS.
                Error::Failed { kind: FailureKind::Protocol, .. } => TlsCause::NotTls.into(),
                error => error,
            })?;
        }
        let greeting = connection.control.answer().await?;
        let greeting = connection.positive(greeting)?;
        let welcome = connection.control.text(&greeting);
        if security == Security::Explicit {
            if greeting.code != codes::READY {
                // Logged in already, in the clear: somebody wants TLS to be skipped.
                return Err(Error::insecure(format!("the server greets with {}", greeting.code)));
            }
            connection.start_tls().await?;
        }
        connection.greeted_in = greeting.code == codes::LOGGED_IN;
        Ok((connection, welcome))
    }

    /// Be in step: no transfer open, the replies of a dropped one read.
    pub(crate) async fn drain_pending_replies(&mut self) -> Result<(), Error> {
        if self.is_busy() {
            return Err(Error::busy());
        }
        if self.transfer.is_some() {
            self.leave_transfer().await?;
        } else if self.control.conversation.take_unannounced() {
            self.control.resync().await?;
        }
        self.go_home().await
    }

    /// The limit of a whole call ran out in the transfer: it is as if that had been a call of the session.
    pub(crate) fn is_given_up(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.is_given_up())
    }

    /// A transfer is open.
    fn is_busy(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.is_lent())
    }

    // Login (RFC 959, section 4.1.1)

    pub(crate) async fn login(&mut self, user: &str, password: &str, account: Option<&str>) -> Result<Reply, Error> {
        let user = if user.is_empty() { "anonymous" } else { user };
        let anonymous = user == "anonymous" && password.is_empty();
        let (user, password) = (self.bytes(user)?, self.bytes(if anonymous { "anonymous@" } else { password })?);
        let account = account.map(|account| self.bytes(account)).transpose()?;
        if self.settings.security != Security::None && self.control.agreed().is_none() {
            return Err(Error::insecure("the command channel was cleared: a login would be in the clear"));
        }
        // A server may have them from another session already.
        [Some(&password), account.as_ref()].into_iter().flatten().for_each(|secret| self.control.conceal(secret));
        self.forget_features();
        self.control.renew_utf8(false);
        let mut reply = self.control.exchange("USER", Some(&user)).await?;
        if reply.code == codes::BAD_SEQUENCE && self.greeted_in {
            self.control.conversation.logged_in = true;
            self.control.renew_utf8(true);
            return Ok(self.control.text(&reply));
        }
        if reply.code == codes::PASSWORD_WANTED {
            reply = self.control.exchange_secret("PASS", &password).await?;
        }
        if let (codes::ACCOUNT_WANTED, Some(account)) = (reply.code, &account) {
            reply = self.control.exchange_secret("ACCT", account).await?;
        }
        let reply = self.positive(reply)?;
        self.control.conversation.logged_in = true;
        self.control.renew_utf8(true);
        Ok(self.control.transcript.secrets.mask_reply(self.control.text(&reply)))
    }

    /// A refusal is no reason to stay, but to doubt: it may be that of an earlier command.
    pub(crate) async fn quit(&mut self) -> Result<Reply, Error> {
        let reply = self.control.last_word().await?;
        self.control.goodbye().await;
        self.positive(reply).map(|reply| self.control.text(&reply))
    }

    pub(crate) async fn reinitialize(&mut self) -> Result<Reply, Error> {
        let reply = self.command("REIN", None).await?;
        self.parameters.representation = None;
        self.forget_features();
        self.parameters.mode = TransferMode::Stream;
        self.control.renew_utf8(false);
        if self.settings.security != Security::None {
            // It is asked for again before the next transfer. What the caller asked for stays: better refused than clear.
            self.tls.protection = None;
        }
        self.control.conversation.logged_in = false;
        self.greeted_in = false;
        Ok(self.control.text(&reply))
    }

    // Commands with a reply and nothing else

    pub(crate) async fn simple(&mut self, verb: &str, argument: Option<&str>) -> Result<Reply, Error> {
        let argument = argument.map(|argument| self.bytes(argument)).transpose()?;
        let reply = self.command(verb, argument.as_deref()).await?;
        Ok(self.control.text(&reply))
    }

    /// (STAT) 211, 212 or 213 and the text (RFC 959, section 4.2.2).
    pub(crate) async fn status_of(&mut self, path: &str) -> Result<Raw, Error> {
        let path = self.bytes(path)?;
        let reply = self.command("STAT", Some(&path)).await?;
        match reply.code {
            code if codes::reports_status(code) => Ok(reply),
            _ => Err(self.refusal(&reply)),
        }
    }

    pub(crate) async fn raw(&mut self, line: &str) -> Result<Reply, Error> {
        let line = self.bytes(line)?;
        let verb = command::verb(&line);
        if verb.as_deref() == Some("OPTS") {
            self.control.leave_utf8_to_caller();
        }
        let reply = self.control.exchange_line(&line).await?;
        match verb.as_deref() {
            Some("TYPE") => self.parameters.representation = None,
            // The server may have others now, or another hash.
            Some("CLNT" | "HOST" | "OPTS") => self.forget_features(),
            // No other one is let through.
            Some("MODE") if reply.is_positive() => self.parameters.mode = TransferMode::Stream,
            _ => {}
        }
        Ok(self.control.text(&reply))
    }

    /// None where the server does not report them.
    pub(crate) async fn features(&mut self) -> Result<&[String], Error> {
        Ok(self.control.features().await?.unwrap_or_default())
    }

    /// They may depend on the login, the host and TLS.
    pub(crate) fn forget_features(&mut self) {
        self.control.extensions.features = Features::default();
        self.known = Known::default();
    }

    pub(crate) async fn system(&mut self) -> Result<String, Error> {
        let reply = self.command("SYST", None).await?;
        Ok(self.settings.encoding.decode(reply.last_line()))
    }

    pub(crate) async fn rename(&mut self, old: &str, new: &str) -> Result<Reply, Error> {
        let (old, new) = (self.bytes(old)?, self.bytes(new)?);
        self.control.prepare(&new).await?;
        let reply = self.control.exchange("RNFR", Some(&old)).await?;
        // Some servers say 250.
        if !reply.is_positive() && !reply.is_intermediate() {
            return Err(self.refusal(&reply));
        }
        let reply = self.command("RNTO", Some(&new)).await?;
        Ok(self.control.text(&reply))
    }

    /// The server has `MLSD`, as far as it reports (RFC 3659, section 7.8) and has answered.
    pub(crate) async fn may_have_mlsd(&mut self) -> Result<bool, Error> {
        Ok(!self.known.mlsd_refused && (self.may_have("MLST").await? || self.may_have("MLSD").await?))
    }

    /// The server does not know it.
    pub(crate) fn forget_mlsd(&mut self) {
        self.known.mlsd_refused = true;
    }

    pub(crate) async fn select_facts(&mut self, facts: &[String]) -> Result<Reply, Error> {
        if let Some(bad) = facts.iter().find(|fact| fact.is_empty() || fact.contains([';', ' '])) {
            return Err(Error::invalid_argument(format!("not the name of a fact: {bad:?}")));
        }
        let list: String = facts.iter().flat_map(|fact| [fact.as_str(), ";"]).collect();
        self.simple("OPTS", Some(format!("MLST {list}").trim_end())).await
    }

    // Transfers (RFC 959, section 4.1.3)

    /// Agree on a transfer: the data connection first, then `REST` where there is an offset, then the command.
    pub(crate) async fn transfer(
        &mut self,
        representation: Option<Representation>,
        offset: u64,
        line: &[u8],
    ) -> Result<OpenTransfer<N>, Error> {
        command::raw(line)?;
        self.known.offset_refused = false;
        self.control.prepare(line).await?;
        self.protect().await?;
        if let Some(representation) = representation {
            self.represent(representation).await?;
        }
        let pending = self.prepare_data(line).await?;
        if offset > 0 {
            let reply = self.control.exchange("REST", Some(format!("{offset}").as_bytes())).await?;
            if reply.code != codes::PENDING {
                self.known.offset_refused = true;
                return Err(self.refusal(&reply));
            }
        }
        let (agreed, opening) = self.exchange_for_data(line, pending).await?;
        if !begins_transfer(&agreed) {
            return Err(self.refusal(&agreed));
        }
        let left = Arc::new(TransferHandover::new());
        self.transfer = Some(left.clone());
        let channel = match self.opened(opening).await {
            Err(Error::Failed { kind: FailureKind::Tls, text, .. }) => return Err(self.handshake_failed(text).await),
            channel => channel?,
        };
        if let (Some(interval), false) = (self.settings.keepalive, self.control.conversation.has_verdict())
            && let Some(lent) = self.control.lend_control(interval)
        {
            left.control.put(lent);
        }
        Ok(OpenTransfer { channel, agreed, left })
    }

    /// The data connection has ended: read the verdict.
    pub(crate) async fn verdict(&mut self) -> Result<Raw, Error> {
        let reply = self.end_of_transfer().await?;
        self.control.check_verdict(&reply)?;
        self.positive(reply)
    }

    /// The verdict of a transfer that has no preliminary reply: whether it was one on something else shows when a sentinel
    /// is sent; and where nothing came, it was.
    pub(crate) async fn confirmed(&mut self, verdict: Raw, has_come: bool) -> Result<Raw, Error> {
        if !self.control.conversation.take_unannounced() {
            return Ok(verdict);
        }
        let verdict = self.control.resync().await?.unwrap_or(verdict);
        match has_come && verdict.is_positive() {
            true => Ok(verdict),
            false => Err(self.refusal(&verdict)),
        }
    }

    /// May be dropped while it waits: the reply is then still to come.
    async fn end_of_transfer(&mut self) -> Result<Raw, Error> {
        self.take_control_back();
        let verdict = self.control.verdict().await?;
        self.transfer = None;
        Ok(verdict)
    }

    /// The transfer is over, and needs the control connection no longer.
    fn take_control_back(&mut self) {
        if let Some(lent) = self.transfer.as_ref().and_then(|transfer| transfer.control.take()) {
            self.control.return_control(*lent);
        }
    }

    /// The transfer was dropped: read its replies.
    async fn leave_transfer(&mut self) -> Result<(), Error> {
        self.take_control_back();
        let left = self.transfer.as_ref().and_then(|transfer| transfer.take());
        if let Some((channel, Direction::Receiving)) = left {
            // The server cannot see that nobody reads.
            self.abort_over(Some(channel)).await?;
            return Ok(());
        }
        self.end_sending(left).await;
        self.end_of_transfer().await?;
        self.control.resync().await?;
        Ok(())
    }

    /// The transfer was given up: tell the server (ABOR), and read all that it has to say.
    pub(crate) async fn abort(&mut self) -> Result<Reply, Error> {
        if self.is_busy() {
            // It was given up before, and this is another one.
            return Err(Error::busy());
        }
        self.take_control_back();
        let left = self.transfer.as_ref().and_then(|transfer| transfer.take());
        if let Some((channel, Direction::Receiving)) = left {
            return self.abort_over(Some(channel)).await;
        }
        self.end_sending(left).await;
        self.abort_over(None).await
    }

    /// Servers answer 426 and 226, 225 or 226 alone, in either order. What still comes inside TLS is read, for a while:
    /// to some servers a reset there is the end of the session.
    pub(crate) async fn abort_over(&mut self, channel: Option<Channel<N::Stream>>) -> Result<Reply, Error> {
        self.transfer = None;
        self.control.begin_abort().await?;
        if let Some(mut channel) = channel {
            let end = async {
                channel.drain().await;
                channel.say_goodbye().await
            };
            select(end, self.network.sleep(CLOSE_LINGER)).await;
        }
        let last = self.control.aborted().await?;
        Ok(self.control.text(&last))
    }

    /// End an upload inside TLS as TLS wants it: some servers do not survive anything else.
    async fn end_sending(&mut self, left: Option<(Channel<N::Stream>, Direction)>) {
        let Some((mut channel, _)) = left else { return };
        let end = async {
            if finish(&self.network, self.settings.proxy.is_some(), &mut channel, b"").await.is_ok() {
                channel.drain().await;
            }
        };
        select(end, self.network.sleep(CLOSE_LINGER)).await;
    }

    /// A command line without its end.
    pub(crate) fn line(&self, verb: &str, argument: Option<&str>) -> Result<Vec<u8>, Error> {
        let argument = argument.map(|argument| self.bytes(argument)).transpose()?;
        let mut line = command::line(verb, argument.as_deref())?;
        line.truncate(line.len().saturating_sub(2));
        Ok(line)
    }

    /// The bytes of a name or a text, which can be sent as an argument.
    pub(crate) fn bytes(&self, text: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.settings.encoding.encode(text)?;
        command::check(&bytes)?;
        Ok(bytes)
    }

    /// (MODE) For all transfers from now on, until the login ends.
    pub(crate) async fn set_transfer_mode(&mut self, mode: TransferMode) -> Result<Reply, Error> {
        let reply = self.command("MODE", Some(mode.code())).await?;
        self.parameters.mode = mode;
        Ok(self.control.text(&reply))
    }

    /// (TYPE) Sent only when it changes.
    pub(crate) async fn represent(&mut self, representation: Representation) -> Result<(), Error> {
        if self.parameters.representation != Some(representation) {
            self.command("TYPE", Some(representation.code())).await?;
            self.parameters.representation = Some(representation);
        }
        Ok(())
    }

    // Replies

    /// One command whose reply is 2yz.
    pub(crate) async fn command(&mut self, verb: &str, argument: Option<&[u8]>) -> Result<Raw, Error> {
        let reply = self.control.exchange(verb, argument).await?;
        match reply.code {
            // Superfluous (RFC 959, section 4.2.2), which what this asks for is not.
            codes::SUPERFLUOUS if codes::fit(verb, codes::SUPERFLUOUS) == Fit::Odd => Err(self.unexpected(&reply)),
            _ => self.positive(reply),
        }
    }

    pub(crate) fn positive(&self, reply: Raw) -> Result<Raw, Error> {
        if reply.is_positive() { Ok(reply) } else { Err(self.refusal(&reply)) }
    }

    /// The error that a reply is which says yes, and not what was asked for.
    pub(crate) fn unexpected(&self, reply: &Raw) -> Error {
        Error::unexpected(self.control.text(reply))
    }

    /// The error that a reply is which was not the one wanted.
    pub(crate) fn refusal(&self, reply: &Raw) -> Error {
        Error::Refused { kind: RefusalKind::of(reply.code), reply: self.control.text(reply) }
    }
}

impl<N: Network> Drop for Connection<N> {
    /// A transfer that is still open keeps nothing of the session alive.
    fn drop(&mut self) {
        self.take_control_back();
        self.state.close();
    }
}

/// The name that a server chose for `STOU`, from any of its replies.
pub(crate) fn chosen_name<'a>(replies: impl IntoIterator<Item = &'a Raw>) -> Option<&'a [u8]> {
    replies.into_iter().flat_map(|reply| &reply.lines).find_map(|line| text::unique_name(line))
}
