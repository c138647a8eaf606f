//! The control connection: one command out, its replies in, always in step.

mod replies;
mod strays;

use crate::error::{Error, Phase, Reply};
use crate::extensions::Extensions;
use crate::keepalive::{BorrowedControl, ControlStream};
use crate::limits::{CLOSE_LINGER, SHORTEST_TCP_KEEPALIVE};
use crate::network::{Network, Stream};
use crate::settings::Settings;
use crate::timeout::{spend, timeout};
use crate::tls::channel::{Channel, StartedHandshake};
use crate::tls::{Agreed, Connection};
use crate::transcript::Transcript;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::pin::pin;
use core::time::Duration;
use ftp_protocol::conversation::{Conversation, Event};
use ftp_protocol::encoding::Encoding;
use ftp_protocol::{codes, command, reply, telnet};

/// A reply whose bytes are not yet text.
pub(crate) type Raw = reply::Reply;

/// TLS on the control connection.
struct ControlTls {
    agreed: Option<Agreed>,
    /// What is left of it after CCC.
    left: Option<Box<dyn Connection>>,
    /// It begins or ends: nothing may come that was not asked for.
    is_changing: bool,
    /// Of the end of it.
    limit: Duration,
}

/// Whether the server doubles the byte 0xFF, as Telnet has it, as far as is known.
#[derive(Default)]
pub(crate) struct Doubling {
    /// In the directories of its replies.
    pub(crate) in_replies: Option<bool>,
    /// It wants that in commands.
    in_commands: Option<bool>,
}

/// The control connection. Once anything went wrong on it, it is of no further use.
pub(crate) struct Control<N: Network> {
    network: N,
    /// The server's address. None if the connection had ended before the system was asked for it.
    peer: Option<IpAddr>,
    /// Closed while it is lent to a transfer.
    wire: ControlStream<N::Stream>,
    tls: ControlTls,
    limit: Duration,
    encoding: Encoding,
    pub(crate) doubling: Doubling,
    usable: bool,
    /// Which reply belongs to which command.
    pub(crate) conversation: Conversation,
    /// When `EPSV` was sent together with a transfer.
    asked_ahead: Duration,
    /// What the server says about itself.
    pub(crate) extensions: Extensions,
    pub(crate) transcript: Transcript<N>,
}

impl<N: Network> Control<N> {
    pub(crate) fn new(network: N, stream: N::Stream, settings: &Settings, mut transcript: Transcript<N>) -> Self {
        enable_tcp_keepalive(&stream, settings, &mut transcript);
        Self {
            network,
            peer: stream.peer_address().map(|address| address.ip()).ok(),
            wire: ControlStream::new(Channel::Plain(stream)),
            tls: ControlTls { agreed: None, left: None, is_changing: false, limit: settings.connect_timeout },
            limit: settings.reply_timeout,
            encoding: settings.encoding,
            doubling: Doubling::default(),
            usable: true,
            conversation: Conversation::new(),
            asked_ahead: Duration::ZERO,
            extensions: Extensions::default(),
            transcript,
        }
    }

    /// False once the connection is out of step, broken or ended by the server.
    pub(crate) fn is_usable(&self) -> bool {
        self.usable
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr, Error> {
        self.wire.channel.local_address()
    }

    pub(crate) fn peer(&self) -> Result<IpAddr, Error> {
        self.peer.ok_or_else(|| Error::connection_lost("the server closed the connection at once"))
    }

    /// Begin TLS, in what is left of this time. Whatever came before it is not carried over.
    pub(crate) async fn secure(&mut self, tls: StartedHandshake, left: &mut Duration) -> Result<(), Error> {
        self.check_silence()?;
        let Channel::Plain(stream) = core::mem::replace(&mut self.wire.channel, Channel::Closed) else {
            return Err(self.broken("TLS inside TLS"));
        };
        let network = self.network.clone();
        let secured = spend(&network, left, Phase::Handshake, async {
            let mut channel = Channel::secure(stream, tls).await?;
            channel.flush().await?;
            Ok(channel)
        });
        self.wire.channel = secured.await.map_err(|error| self.fail(error))?;
        self.tls.agreed = self.wire.channel.agreed().cloned();
        self.set_guard(false);
        self.note_agreed();
        Ok(())
    }

    /// Leave TLS.
    pub(crate) async fn clear(&mut self) -> Result<(), Error> {
        if !self.wire.is_silent() {
            return Err(self.broken("bytes came while TLS was being left"));
        }
        let network = self.network.clone();
        let channel = core::mem::replace(&mut self.wire.channel, Channel::Closed);
        let cleared = timeout(&network, self.tls.limit, Phase::Handshake, channel.into_clear()).await;
        let (channel, tls) = cleared.map_err(|error| self.fail(error))?;
        (self.wire.channel, self.tls.left) = (channel, Some(tls));
        self.tls.agreed = None;
        self.set_guard(false);
        self.transcript.note("TLS ended");
        Ok(())
    }

    /// The last thing on this connection: end it in order, for as long as that is worth the wait.
    pub(crate) async fn goodbye(&mut self) {
        let network = self.network.clone();
        let channel = &mut self.wire.channel;
        let end = async {
            channel.finish(b"").await?;
            channel.drain().await;
            Ok(())
        };
        let _ = timeout(&network, CLOSE_LINGER, Phase::Reply, end).await;
        self.usable = false;
    }

    /// Leave this connection for another one, in order as far as that takes no time; gives what was said on it.
    pub(crate) async fn leave(&mut self) -> Transcript<N> {
        let goodbye = pin!(self.wire.channel.say_goodbye());
        let _ = timeout(&self.network, Duration::ZERO, Phase::Handshake, goodbye).await;
        core::mem::replace(&mut self.transcript, Transcript::new(self.network.clone(), 0))
    }

    /// What was agreed, inside TLS.
    pub(crate) fn agreed(&self) -> Option<&Agreed> {
        self.tls.agreed.as_ref()
    }

    /// Have a ticket ready for a data connection.
    pub(crate) fn renew_ticket(&mut self) {
        if let Some(tls) = self.wire.channel.tls().or(self.tls.left.as_mut()) {
            tls.renew_ticket();
        }
    }

    fn note_agreed(&mut self) {
        if let Some(agreed) = &self.tls.agreed {
            self.transcript.note(&format!("{}, {}", agreed.version, agreed.cipher));
        }
    }

    /// The reply as text.
    pub(crate) fn text(&self, raw: &Raw) -> Reply {
        Reply { code: raw.code, lines: raw.lines.iter().map(|line| self.encoding.decode(line)).collect() }
    }

    /// Send a command and read its reply, whatever its code.
    pub(crate) async fn exchange(&mut self, verb: &str, argument: Option<&[u8]>) -> Result<Raw, Error> {
        self.send(command::line(verb, argument)?, None).await?;
        self.answer().await
    }

    /// As [`Self::exchange`], for a question before a command, which itself needs none before it.
    pub(crate) async fn ask(&mut self, verb: &str, argument: Option<&[u8]>) -> Result<Raw, Error> {
        self.hear_ahead().await?;
        self.drop_strays(false).await?;
        self.write(command::line(verb, argument)?, None).await?;
        self.answer().await
    }

    /// (ABOR) Give up a transfer that the server may still begin. Its verdict is read later.
    pub(crate) async fn give_up_transfer(&mut self) -> Result<(), Error> {
        self.queue(command::line("ABOR", None)?, None);
        self.conversation.early_abort_sent();
        self.flush().await
    }

    /// (ABOR) Give up a transfer. [`Self::aborted`] reads the replies.
    pub(crate) async fn begin_abort(&mut self) -> Result<(), Error> {
        self.queue(command::line("ABOR", None)?, None);
        self.conversation.abort_sent();
        self.flush().await
    }

    /// The last reply to `ABOR` and to the transfer that it ends.
    pub(crate) async fn aborted(&mut self) -> Result<Raw, Error> {
        match self.outcome(self.limit).await? {
            Event::InStep(Some(last)) => Ok(last),
            _ => Err(self.broken("no reply to ABOR")),
        }
    }

    /// Send a prepared command line that begins a transfer, and whose replies are read later. A server that listens may
    /// have refused a connection by now: that is its reply, and nothing is dropped.
    pub(crate) async fn begin_line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.hear_ahead().await?;
        self.queue(command::raw(line)?, None);
        self.conversation.transfer_sent(false);
        self.flush().await
    }

    /// (QUIT) Its reply; those of other commands may come before it, of which the refusals count.
    pub(crate) async fn last_word(&mut self) -> Result<Raw, Error> {
        self.send(command::line("QUIT", None)?, None).await?;
        self.conversation.quit_sent();
        self.answer().await
    }

    /// Show this to nobody from now on, not even in the server's own words.
    pub(crate) fn conceal(&mut self, secret: &[u8]) {
        self.transcript.secrets.add(&self.encoding.decode(secret));
    }

    /// As [`Self::exchange`], for an argument to [conceal](Self::conceal).
    pub(crate) async fn exchange_secret(&mut self, verb: &str, secret: &[u8]) -> Result<Raw, Error> {
        self.conceal(secret);
        self.send(command::line(verb, Some(secret))?, Some(verb)).await?;
        self.answer().await
    }

    /// As [`Self::exchange`], for a whole line that the caller gave.
    pub(crate) async fn exchange_line(&mut self, line: &[u8]) -> Result<Raw, Error> {
        self.send(command::raw(line)?, None).await?;
        self.answer().await
    }

    /// As [`Self::exchange_line`], for a command that begins a transfer; with `EPSV` for the next one in the same piece,
    /// whose reply comes after those of the transfer.
    pub(crate) async fn exchange_for_data(&mut self, line: &[u8], with_epsv: bool) -> Result<Raw, Error> {
        let line = command::raw(line)?;
        self.make_way(&line).await?;
        self.queue(line, None);
        if with_epsv {
            self.queue(command::line("EPSV", None)?, None);
            self.asked_ahead = self.network.now();
        }
        self.conversation.transfer_sent(with_epsv);
        self.flush().await?;
        self.answer().await
    }

    /// The reply to `EPSV` that was sent with the transfer before, and its age.
    pub(crate) async fn take_ahead(&mut self) -> Result<Option<(Raw, Duration)>, Error> {
        self.hear_ahead().await?;
        let age = self.network.now().saturating_sub(self.asked_ahead);
        Ok(self.conversation.take_passive_port().map(|reply| (reply, age)))
    }

    async fn hear_ahead(&mut self) -> Result<(), Error> {
        if self.conversation.expect_passive_port() {
            self.outcome(self.limit).await?;
        }
        Ok(())
    }

    /// Lend the connection to a transfer, if the server does not mind. Until it is back, nothing else can be done with it.
    pub(crate) fn lend_control(&mut self, interval: Duration) -> Option<Box<BorrowedControl<N::Stream>>> {
        if self.conversation.keep_alive.rejected {
            return None;
        }
        let wire = core::mem::replace(&mut self.wire, ControlStream::new(Channel::Closed));
        let keep_alive = core::mem::take(&mut self.conversation.keep_alive);
        Some(Box::new(BorrowedControl::new(wire, keep_alive, interval, self.network.now())))
    }

    /// The transfer needs it no longer.
    pub(crate) fn return_control(&mut self, lent: BorrowedControl<N::Stream>) {
        (self.wire, self.conversation.keep_alive) = lent.into_parts();
        let sent = self.conversation.keep_alive.sent;
        if sent > 0 {
            self.transcript.note(&format!("NOOP was sent {sent} times in the transfer"));
        }
    }

    /// Before a command, or the first of several that belong together: have names in UTF-8 where they are; and find out
    /// whether this server wants the byte 0xFF doubled. Before login most do not say.
    pub(crate) async fn prepare(&mut self, argument: &[u8]) -> Result<(), Error> {
        if !argument.is_ascii() {
            self.ask_for_utf8().await?;
        }
        if self.doubling.in_commands.is_some() || !argument.contains(&telnet::IAC) {
            return Ok(());
        }
        let (verb, argument) = telnet::PROBE;
        self.write(command::line(verb, Some(argument))?, None).await?;
        let reply = self.answer().await?;
        if reply.code != codes::NOT_LOGGED_IN {
            self.doubling.in_commands = Some(reply.is_positive());
        }
        Ok(())
    }

    /// The server broke the rules.
    pub(crate) fn broken(&mut self, why: &str) -> Error {
        self.fail(Error::protocol(why.to_string()))
    }

    /// Send one command, with the byte 0xFF as the server wants it. A secret follows a command that it belongs to, so
    /// nothing is asked before it.
    async fn send(&mut self, line: Vec<u8>, hidden: Option<&str>) -> Result<(), Error> {
        match hidden {
            None => self.make_way(&line).await?,
            Some(_) => self.drop_strays(true).await?,
        }
        self.write(line, hidden).await
    }

    /// What has to be known, and to be out of the way, before this line is sent.
    async fn make_way(&mut self, line: &[u8]) -> Result<(), Error> {
        self.hear_ahead().await?;
        self.drop_strays(false).await?;
        self.prepare(line).await
    }

    async fn write(&mut self, line: Vec<u8>, hidden: Option<&str>) -> Result<(), Error> {
        self.hear_ahead().await?;
        let verb = command::verb(&line).unwrap_or_default();
        self.queue(line, hidden);
        self.conversation.command_sent(verb);
        self.flush().await
    }

    fn queue(&mut self, mut line: Vec<u8>, hidden: Option<&str>) {
        self.transcript.secrets.closely = hidden.is_some();
        self.note_sent(&line, hidden);
        if self.doubling.in_commands == Some(true) {
            line = telnet::doubled(&line);
        }
        self.wire.unsent.extend(line);
    }

    /// In one piece: in two, the second would wait for the acknowledgement of the first.
    async fn flush(&mut self) -> Result<(), Error> {
        let sent = timeout(&self.network, self.limit, Phase::Reply, pin!(self.wire.flush())).await;
        sent.map_err(|error| self.fail(error))
    }

    fn note_sent(&mut self, line: &[u8], hidden: Option<&str>) {
        if self.transcript.is_on() {
            self.transcript.sent(&hidden.map_or_else(|| self.readable(line), |verb| format!("{verb} ****")));
        }
    }

    /// The connection is of no use after this.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.usable = false;
        error
    }

    fn readable(&self, line: &[u8]) -> String {
        self.encoding.decode(line.trim_ascii_end())
    }
}

/// Have the system look after a connection. A host that cannot is no reason to do without the connection.
pub(crate) fn enable_tcp_keepalive<N: Network>(
    stream: &N::Stream,
    settings: &Settings,
    transcript: &mut Transcript<N>,
) {
    let Some(idle) = settings.tcp_keepalive else { return };
    if let Err(error) = stream.set_keep_alive(idle.max(SHORTEST_TCP_KEEPALIVE)) {
        transcript.note(&format!("no TCP keepalive: {error}"));
    }
}

/// The reply after which there may be data. Some servers leave out the preliminary one.
pub(crate) fn begins_transfer(reply: &Raw) -> bool {
    reply.is_preliminary() || codes::ends_transfer(reply.code)
}
