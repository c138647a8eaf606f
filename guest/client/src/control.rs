//! The control connection: one command out, its replies in, always in step.

mod step;

use crate::error::{Error, Phase, Reply};
use crate::extensions::{Features, Utf8};
use crate::keepalive::{BorrowedControl, ControlStream, READ};
use crate::limits::{CLOSE_LINGER, SHORTEST_TCP_KEEPALIVE};
use crate::network::{Network, Stream};
use crate::settings::Settings;
use crate::timeout::{now_or_never, timeout, yield_now};
use crate::tls::channel::{Channel, StartedHandshake};
use crate::tls::{Agreed, Connection};
use crate::transcript::Transcript;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::pin::pin;
use core::time::Duration;
use ftp_protocol::codes::{self, Fit};
use ftp_protocol::encoding::Encoding;
use ftp_protocol::{command, reply, telnet};

/// Replies of 1yz that may come before the one that ends a command.
const PRELIMINARY_REPLIES: usize = 16;

/// Replies that may come between an ABOR, or a transfer that was left, and the one to `NOOP`. In a session as many may come
/// that nobody asked for.
const STRAY_REPLIES: usize = 4;

/// A reply whose bytes are not yet text.
pub(crate) type Raw = reply::Reply;

/// What was asked together with the command before it, and since when.
enum Ahead {
    Nothing,
    /// The reply comes after all that belong to that command.
    Asked(Duration),
    Answered(Raw, Duration),
}

/// The control connection. Once anything went wrong on it, it is of no further use.
pub(crate) struct Control<N: Network> {
    network: N,
    /// The server's address. None if the connection had ended before the system was asked for it.
    peer: Option<IpAddr>,
    /// Closed while it is lent to a transfer.
    wire: ControlStream<N::Stream>,
    agreed: Option<Agreed>,
    /// What is left of TLS after CCC.
    left_tls: Option<Box<dyn Connection>>,
    buffer: Vec<u8>,
    limit: Duration,
    handshake_limit: Duration,
    encoding: Encoding,
    /// The server doubles 0xFF in the directories of its replies, as far as is known.
    pub(crate) doubles: Option<bool>,
    /// It wants that in commands, as far as is known.
    wants_doubled: Option<bool>,
    usable: bool,
    pub(crate) logged_in: bool,
    /// There was a command that opens a data connection.
    has_transferred: bool,
    /// `PWD` was answered with a directory.
    pub(crate) has_pwd: bool,
    /// The verb that the next reply has to answer; none where replies of several commands may come.
    awaits: Option<String>,
    /// Replies that nobody asked for, so far.
    strays: usize,
    /// One of them was dropped, and nothing has shown since that it was the last.
    in_doubt: bool,
    /// TLS begins or ends: nothing may come that was not asked for.
    guarded: bool,
    ahead: Ahead,
    /// After a transfer with `NOOP`s: `PWD` was sent, whose reply comes after all of theirs, and so many others came.
    asked: Option<usize>,
    /// What the server says about itself.
    pub(crate) features: Features,
    pub(crate) utf8: Utf8,
    pub(crate) transcript: Transcript<N>,
}

impl<N: Network> Control<N> {
    pub(crate) fn new(network: N, stream: N::Stream, settings: &Settings) -> Self {
        let mut transcript = Transcript::new(network.clone(), settings.transcript_capacity);
        enable_tcp_keepalive(&stream, settings, &mut transcript);
        Self {
            network,
            peer: stream.peer_address().map(|address| address.ip()).ok(),
            wire: ControlStream::new(Channel::Plain(stream)),
            agreed: None,
            left_tls: None,
            buffer: Vec::new(),
            limit: settings.reply_timeout,
            handshake_limit: settings.connect_timeout,
            encoding: settings.encoding,
            doubles: None,
            wants_doubled: None,
            usable: true,
            logged_in: false,
            has_transferred: false,
            has_pwd: false,
            awaits: Some(codes::GREETING.to_owned()),
            strays: 0,
            in_doubt: false,
            guarded: false,
            ahead: Ahead::Nothing,
            asked: None,
            features: Features::default(),
            utf8: Utf8::default(),
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
        self.peer.ok_or_else(|| Error::ConnectionLost("the server closed the connection at once".to_string()))
    }

    /// Begin TLS. Whatever came before it is not carried over.
    pub(crate) async fn secure(&mut self, tls: StartedHandshake) -> Result<(), Error> {
        self.check_silence()?;
        let Channel::Plain(stream) = core::mem::replace(&mut self.wire.channel, Channel::Closed) else {
            return Err(self.broken("TLS inside TLS"));
        };
        let network = self.network.clone();
        let secured = timeout(&network, self.handshake_limit, Phase::Handshake, async {
            let mut channel = Channel::secure(stream, tls).await?;
            channel.flush().await?;
            Ok(channel)
        });
        self.wire.channel = secured.await.map_err(|error| self.fail(error))?;
        self.agreed = self.wire.channel.agreed().cloned();
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
        let cleared = timeout(&network, self.handshake_limit, Phase::Handshake, channel.into_clear()).await;
        let (channel, tls) = cleared.map_err(|error| self.fail(error))?;
        (self.wire.channel, self.left_tls) = (channel, Some(tls));
        self.agreed = None;
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

    /// What was agreed, inside TLS.
    pub(crate) fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// Have a ticket ready for a data connection.
    pub(crate) fn renew_ticket(&mut self) {
        if let Some(tls) = self.wire.channel.tls().or(self.left_tls.as_mut()) {
            tls.renew_ticket();
        }
    }

    fn note_agreed(&mut self) {
        if let Some(agreed) = &self.agreed {
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
        let reply = self.answer().await?;
        match reply.is_preliminary() {
            true => {
                let reply = self.last_reply(self.limit).await?;
                self.settled(reply).await
            }
            false => Ok(reply),
        }
    }

    /// Send a command that gives a transfer up. The replies of both come in either order.
    pub(crate) async fn begin(&mut self, verb: &str) -> Result<(), Error> {
        self.write(command::line(verb, None)?, None).await?;
        self.awaits = None;
        Ok(())
    }

    /// Send a prepared command line that begins a transfer, and whose replies are read later. A server that listens may
    /// have refused a connection by now: that is its reply, and nothing is dropped.
    pub(crate) async fn begin_line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.write(command::raw(line)?, None).await?;
        self.await_transfer();
        Ok(())
    }

    /// (QUIT) Its reply; those of other commands may come before it, of which the refusals count.
    pub(crate) async fn last_word(&mut self) -> Result<Raw, Error> {
        self.send(command::line("QUIT", None)?, None).await?;
        self.awaits = None;
        for _ in 0..STRAY_REPLIES {
            let reply = self.reply().await?;
            if reply.code >= 400 || codes::fit("QUIT", reply.code) == Fit::Answers {
                return Ok(reply);
            }
        }
        Err(self.broken("no reply to QUIT among those that came"))
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

    /// As [`Self::exchange_line`], for a command that begins a transfer; `next` is sent in the same piece, and its reply
    /// comes after those of the transfer.
    pub(crate) async fn exchange_for_data(&mut self, line: &[u8], next: Option<&str>) -> Result<Raw, Error> {
        let line = command::raw(line)?;
        let next = next.map(|next| command::line(next, None)).transpose()?;
        self.make_way(&line).await?;
        self.queue(line, None);
        if let Some(next) = next {
            self.queue(next, None);
            self.ahead = Ahead::Asked(self.network.now());
        }
        self.await_transfer();
        self.flush().await?;
        self.answer().await
    }

    fn await_transfer(&mut self) {
        self.awaits = Some(codes::TRANSFER.to_owned());
        self.has_transferred = true;
    }

    async fn answer(&mut self) -> Result<Raw, Error> {
        let reply = self.reply().await?;
        self.settled(reply).await
    }

    /// The reply to what was asked ahead, and its age.
    pub(crate) async fn take_ahead(&mut self) -> Result<Option<(Raw, Duration)>, Error> {
        self.hear_ahead().await?;
        match core::mem::replace(&mut self.ahead, Ahead::Nothing) {
            Ahead::Answered(reply, since) => Ok(Some((reply, self.network.now().saturating_sub(since)))),
            Ahead::Nothing | Ahead::Asked(_) => Ok(None),
        }
    }

    async fn hear_ahead(&mut self) -> Result<(), Error> {
        if let Ahead::Asked(since) = self.ahead {
            self.awaits = Some("EPSV".to_owned());
            self.ahead = Ahead::Answered(self.reply().await?, since);
        }
        Ok(())
    }

    /// What was asked ahead is answered somewhere among the replies to come; [`Self::fence`] passes over it.
    pub(crate) fn forget_ahead(&mut self) {
        self.ahead = Ahead::Nothing;
    }

    /// Read one reply, whatever its code, but for 421: with that the server closes the session.
    pub(crate) async fn reply(&mut self) -> Result<Raw, Error> {
        self.reply_within(self.limit).await
    }

    /// As [`Self::reply`], with a limit of its own.
    pub(crate) async fn reply_within(&mut self, limit: Duration) -> Result<Raw, Error> {
        let reply = self.receive(limit).await?;
        if self.wire.noops.unanswered == 0 {
            self.check_fit(reply.code)?;
        }
        Ok(reply)
    }

    /// As [`Self::reply_within`], whatever command it belongs to.
    async fn receive(&mut self, limit: Duration) -> Result<Raw, Error> {
        let network = self.network.clone();
        let read = timeout(&network, limit, Phase::Reply, pin!(self.read_reply())).await;
        let reply = read.map_err(|error| self.fail(error))?;
        self.note_received(&reply);
        if reply.code == 421 {
            return Err(self.closed_by_server(&reply));
        }
        Ok(reply)
    }

    /// Read replies up to one that is not preliminary. All together have no more time than one. May be dropped while it
    /// waits.
    pub(crate) async fn last_reply(&mut self, limit: Duration) -> Result<Raw, Error> {
        let network = self.network.clone();
        let replies = async {
            for _ in 0..=PRELIMINARY_REPLIES {
                let reply = self.reply_within(limit).await?;
                if !reply.is_preliminary() {
                    return Ok(reply);
                }
                yield_now().await;
            }
            Err(Error::Protocol("one preliminary reply after another".to_string()))
        };
        let reply = timeout(&network, limit, Phase::Reply, pin!(replies)).await;
        reply.map_err(|error| self.fail(error))
    }

    /// Lend the connection to a transfer, if the server does not mind. Until it is back, nothing else can be done with it.
    pub(crate) fn lend_control(&mut self, interval: Duration) -> Option<Box<BorrowedControl<N::Stream>>> {
        if self.wire.noops.rejected {
            self.wire.noops.sent = 0;
            return None;
        }
        let wire = core::mem::replace(&mut self.wire, ControlStream::new(Channel::Closed));
        Some(Box::new(BorrowedControl::new(wire, interval, self.network.now())))
    }

    /// The transfer needs it no longer.
    pub(crate) fn return_control(&mut self, lent: BorrowedControl<N::Stream>) {
        self.wire = lent.into_wire();
        let sent = self.wire.noops.sent;
        if sent > 0 {
            self.transcript.note(&format!("NOOP was sent {sent} times in the transfer"));
        }
    }

    /// Read one reply that is not one to a `NOOP` of a transfer. All that are have no more time than one.
    pub(crate) async fn reply_of_transfer(&mut self) -> Result<Raw, Error> {
        if self.wire.noops.unanswered == 0 {
            return self.reply().await;
        }
        let (network, limit) = (self.network.clone(), self.limit);
        let reply = timeout(&network, limit, Phase::Reply, self.reply_but_noops()).await;
        reply.map_err(|error| self.fail(error))
    }

    /// As [`Self::reply_of_transfer`], for the one that ends the transfer. One more to a `NOOP` than were sent would be taken
    /// for it.
    pub(crate) async fn verdict(&mut self) -> Result<Raw, Error> {
        let mut reply = self.reply_of_transfer().await?;
        if reply.is_preliminary()
            && matches!(self.ahead, Ahead::Nothing)
            && let Some(next) = now_or_never(self.reply_of_transfer())
        {
            reply = next?;
        }
        if reply.is_preliminary() {
            reply = self.verdict_after(reply).await?;
        }
        if self.wire.noops.sent > 0 && reply.code == 200 {
            return Err(self.broken("more replies to NOOP than were asked for"));
        }
        self.check_fit(reply.code)?;
        Ok(reply)
    }

    /// Some servers announce a transfer twice. Others say no more than that of one that failed: so a `NOOP` is sent, and the
    /// last reply before its own is the verdict. What was asked ahead, or is asked after the `NOOP`s of a transfer, shows it
    /// as well.
    async fn verdict_after(&mut self, announced: Raw) -> Result<Raw, Error> {
        if let Ahead::Asked(since) = self.ahead {
            let reply = self.receive(self.limit).await?;
            if reply.code != 229 {
                return Ok(reply);
            }
            self.ahead = Ahead::Answered(reply, since);
            return Ok(announced);
        }
        if self.wire.noops.unanswered > 0 {
            return Ok(announced);
        }
        let line = command::line("NOOP", None)?;
        self.note_sent(&line, None);
        self.wire.unsent.extend(line);
        self.wire.noops.unanswered += 1;
        let mut verdict = announced;
        for _ in 0..PRELIMINARY_REPLIES {
            let reply = self.reply().await?;
            match self.wire.noops.take(&reply) {
                true if self.wire.noops.unanswered == 0 => return Ok(verdict),
                true => {}
                false => verdict = reply,
            }
        }
        Err(self.broken("one preliminary reply after another"))
    }

    async fn reply_but_noops(&mut self) -> Result<Raw, Error> {
        loop {
            let reply = self.reply().await?;
            if !self.wire.noops.take(&reply) {
                return Ok(reply);
            }
        }
    }

    /// Once a transfer has had its reply: read those that its `NOOP`s may still get, if it had any, up to the one to a
    /// `PWD`, which can be told from theirs. Gives a reply that is neither, or none when all is in step. May be dropped
    /// while it waits, and then called again.
    pub(crate) async fn reply_after_transfer(&mut self) -> Result<Option<Raw>, Error> {
        if self.wire.noops.unanswered == 0 && self.asked.is_none() {
            return Ok(None);
        }
        self.awaits = None;
        if self.asked.is_none() {
            let line = command::line("PWD", None)?;
            self.note_sent(&line, None);
            self.wire.unsent.extend(line);
        }
        let others = *self.asked.get_or_insert(0);
        let reply = self.reply_of_transfer().await?;
        if matches!(reply.code, 257 | 550) || self.wire.noops.unanswered == 0 && !reply.is_positive() {
            self.asked = None;
            self.wire.noops.unanswered = 0;
            return Ok(None);
        }
        if others == STRAY_REPLIES {
            return Err(self.broken("no reply to PWD after a transfer"));
        }
        self.asked = Some(others + 1);
        Ok(Some(reply))
    }

    /// Before a command, or the first of several that belong together: have names in UTF-8 where they are; and find out
    /// whether this server wants the byte 0xFF doubled. Before login most do not say.
    pub(crate) async fn prepare(&mut self, argument: &[u8]) -> Result<(), Error> {
        if !argument.is_ascii() {
            self.ask_for_utf8().await?;
        }
        if self.wants_doubled.is_some() || !argument.contains(&telnet::IAC) {
            return Ok(());
        }
        let (verb, argument) = telnet::PROBE;
        self.write(command::line(verb, Some(argument))?, None).await?;
        let reply = self.answer().await?;
        if reply.code != 530 {
            self.wants_doubled = Some(reply.is_positive());
        }
        Ok(())
    }

    /// The server broke the rules.
    pub(crate) fn broken(&mut self, why: &str) -> Error {
        self.fail(Error::Protocol(why.to_string()))
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
        self.awaits = command::verb(&line);
        self.queue(line, hidden);
        self.flush().await
    }

    fn queue(&mut self, mut line: Vec<u8>, hidden: Option<&str>) {
        self.transcript.secrets.closely = hidden.is_some();
        self.note_sent(&line, hidden);
        if self.wants_doubled == Some(true) {
            line = telnet::doubled(&line);
        }
        self.wire.unsent.extend(line);
    }

    /// In one piece: in two, the second would wait for the acknowledgement of the first.
    async fn flush(&mut self) -> Result<(), Error> {
        let sent = timeout(&self.network, self.limit, Phase::Reply, pin!(self.wire.flush())).await;
        sent.map_err(|error| self.fail(error))
    }

    async fn read_reply(&mut self) -> Result<Raw, Error> {
        loop {
            if let Some(reply) = self.wire.next_reply()? {
                return Ok(reply);
            }
            // What a transfer has left.
            self.wire.flush().await?;
            self.buffer.clear();
            let read = self.wire.channel.read(&mut self.buffer, READ).await;
            self.take_in(read)?;
        }
    }

    fn take_in(&mut self, read: Result<usize, Error>) -> Result<(), Error> {
        match read {
            Ok(0) => Err(self.fail(Error::ConnectionLost("the server closed the control connection".to_string()))),
            Ok(_) => {
                self.wire.reader.feed(&self.buffer);
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn note_sent(&mut self, line: &[u8], hidden: Option<&str>) {
        if self.transcript.is_on() {
            self.transcript.sent(&hidden.map_or_else(|| self.readable(line), |verb| format!("{verb} ****")));
        }
    }

    fn note_received(&mut self, reply: &Raw) {
        if !self.transcript.is_on() {
            return;
        }
        let last = reply.lines.len().saturating_sub(1);
        for (index, line) in reply.lines.iter().enumerate() {
            let mark = if index == last { ' ' } else { '-' };
            self.transcript.received(reply.code, mark, &self.encoding.decode(line));
        }
    }

    fn closed_by_server(&mut self, reply: &Raw) -> Error {
        let reply = self.text(reply);
        self.fail(Error::Transient(reply))
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
