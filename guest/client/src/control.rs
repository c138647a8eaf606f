//! The control connection: one command out, its replies in, always in step.

use crate::error::{Error, Phase, Reply};
use crate::features::{Features, Utf8};
use crate::keepalive::{Lent, READ, Wire};
use crate::limit::{at_once, breathe, within};
use crate::network::{Network, Stream};
use crate::settings::{GOODBYE, SHORTEST_TCP_KEEPALIVE, Settings};
use crate::tls::channel::{Begun, Channel};
use crate::tls::{Agreed, Connection};
use crate::transcript::Transcript;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::{command, reply, telnet};

/// Replies of 1yz that may come before the one that ends a command.
const PRELIMINARY_REPLIES: usize = 16;

/// Replies that may come between an ABOR, or a transfer that was left, and the one to `NOOP`.
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
    /// None when the server was gone before it could be asked for.
    peer: Option<IpAddr>,
    /// Closed while it is lent to a transfer.
    wire: Wire<N::Stream>,
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
        look_after(&stream, settings, &mut transcript);
        Self {
            network,
            peer: stream.peer_address().map(|address| address.ip()).ok(),
            wire: Wire::new(Channel::Plain(stream)),
            agreed: None,
            left_tls: None,
            buffer: Vec::new(),
            limit: settings.reply_timeout,
            handshake_limit: settings.connect_timeout,
            encoding: settings.encoding,
            doubles: None,
            wants_doubled: None,
            usable: true,
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

    /// The longest wait for a reply.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
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
    pub(crate) async fn secure(&mut self, tls: Begun) -> Result<(), Error> {
        self.buffer.clear();
        let early = at_once(self.wire.channel.read(&mut self.buffer, 1)).is_some();
        if early || !self.wire.reader.is_empty() {
            return Err(self.broken("bytes came before the TLS handshake"));
        }
        let Channel::Plain(stream) = core::mem::replace(&mut self.wire.channel, Channel::Closed) else {
            return Err(self.broken("TLS inside TLS"));
        };
        let network = self.network.clone();
        let secured = within(&network, self.handshake_limit, Phase::Handshake, async {
            let mut channel = Channel::secure(stream, tls).await?;
            channel.flush().await?;
            Ok(channel)
        });
        self.wire.channel = secured.await.map_err(|error| self.fail(error))?;
        self.agreed = self.wire.channel.agreed().cloned();
        self.note_agreed();
        Ok(())
    }

    /// Leave TLS.
    pub(crate) async fn clear(&mut self) -> Result<(), Error> {
        if !self.wire.reader.is_empty() {
            return Err(self.broken("bytes came while TLS was being left"));
        }
        let network = self.network.clone();
        let channel = core::mem::replace(&mut self.wire.channel, Channel::Closed);
        let cleared = within(&network, self.handshake_limit, Phase::Handshake, channel.into_clear()).await;
        let (channel, tls) = cleared.map_err(|error| self.fail(error))?;
        (self.wire.channel, self.left_tls) = (channel, Some(tls));
        self.agreed = None;
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
        let _ = within(&network, GOODBYE, Phase::Reply, end).await;
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
        self.reply().await
    }

    /// Send a command whose reply is read later.
    pub(crate) async fn begin(&mut self, verb: &str) -> Result<(), Error> {
        self.send(command::line(verb, None)?, None).await
    }

    /// As [`Self::begin`], for a whole line.
    pub(crate) async fn begin_line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.send(command::raw(line)?, None).await
    }

    /// As [`Self::exchange`], for an argument that nobody may see, not even in the server's own words.
    pub(crate) async fn exchange_secret(&mut self, verb: &str, secret: &[u8]) -> Result<Raw, Error> {
        self.send(command::line(verb, Some(secret))?, Some(verb)).await?;
        self.reply_without(secret, self.limit).await
    }

    /// As [`Self::exchange`], for a whole line that the caller gave.
    pub(crate) async fn exchange_line(&mut self, line: &[u8]) -> Result<Raw, Error> {
        self.send(command::raw(line)?, None).await?;
        self.reply().await
    }

    /// As [`Self::exchange_line`], for a command that begins a transfer; `next` is sent in the same piece, and its reply
    /// comes after those of the transfer.
    pub(crate) async fn exchange_line_and(&mut self, line: &[u8], next: &str) -> Result<Raw, Error> {
        let (line, next) = (command::raw(line)?, command::line(next, None)?);
        self.prepare(&line).await?;
        self.hear_ahead().await?;
        self.queue(line, None);
        self.queue(next, None);
        self.ahead = Ahead::Asked(self.network.now());
        self.flush().await?;
        let reply = self.reply().await?;
        self.check_order(reply)
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
            self.ahead = Ahead::Answered(self.reply().await?, since);
        }
        Ok(())
    }

    /// What was asked ahead is answered somewhere among the replies to come; [`Self::fence`] passes over it.
    pub(crate) fn forget_ahead(&mut self) {
        self.ahead = Ahead::Nothing;
    }

    /// A server that answers during a transfer what was asked ahead has given that transfer up. 227 to 229 are replies to
    /// what asks for a passive data connection, and no verdict.
    fn check_order(&mut self, reply: Raw) -> Result<Raw, Error> {
        match (&self.ahead, reply.code) {
            (Ahead::Asked(_), 227..=229) => {
                Err(self.broken("EPSV was answered during a transfer: this server permits no pipelining"))
            }
            _ => Ok(reply),
        }
    }

    /// Read one reply, whatever its code, but for 421: with that the server closes the session.
    pub(crate) async fn reply(&mut self) -> Result<Raw, Error> {
        self.reply_within(self.limit).await
    }

    /// As [`Self::reply`], with a limit of its own.
    pub(crate) async fn reply_within(&mut self, limit: Duration) -> Result<Raw, Error> {
        self.reply_without(b"", limit).await
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
                breathe().await;
            }
            Err(Error::Protocol("one preliminary reply after another".to_string()))
        };
        let reply = within(&network, limit, Phase::Reply, replies).await;
        reply.map_err(|error| self.fail(error))
    }

    /// Lend the connection to a transfer, if the server does not mind. Until it is back, nothing else can be done with it.
    pub(crate) fn lend(&mut self, interval: Duration) -> Option<Lent<N::Stream>> {
        if self.wire.noops.disliked {
            self.wire.noops.sent = 0;
            return None;
        }
        let wire = core::mem::replace(&mut self.wire, Wire::new(Channel::Closed));
        Some(Lent::new(wire, interval, self.network.now()))
    }

    /// The transfer needs it no longer.
    pub(crate) fn take_back(&mut self, lent: Lent<N::Stream>) {
        self.wire = lent.into_wire();
        let sent = self.wire.noops.sent;
        if sent > 0 {
            self.transcript.note(&format!("NOOP was sent {sent} times in the transfer"));
        }
    }

    /// Read one reply that is not one to a `NOOP` of a transfer. All that are have no more time than one.
    pub(crate) async fn reply_of_transfer(&mut self) -> Result<Raw, Error> {
        if self.wire.noops.owed == 0 {
            return self.reply().await;
        }
        let (network, limit) = (self.network.clone(), self.limit);
        let reply = within(&network, limit, Phase::Reply, self.reply_but_noops()).await;
        reply.map_err(|error| self.fail(error))
    }

    /// As [`Self::reply_of_transfer`], for the one that ends the transfer. One more to a `NOOP` than were sent would be taken
    /// for it.
    pub(crate) async fn verdict(&mut self) -> Result<Raw, Error> {
        let reply = self.reply_of_transfer().await?;
        if self.wire.noops.sent > 0 && reply.code == 200 {
            return Err(self.broken("more replies to NOOP than were asked for"));
        }
        self.check_order(reply)
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
        if self.wire.noops.owed == 0 && self.asked.is_none() {
            return Ok(None);
        }
        if self.asked.is_none() {
            let line = command::line("PWD", None)?;
            self.note_sent(&line, None);
            self.wire.unsent.extend(line);
        }
        let others = *self.asked.get_or_insert(0);
        let reply = self.reply_of_transfer().await?;
        if matches!(reply.code, 257 | 550) || self.wire.noops.owed == 0 && !reply.is_positive() {
            self.asked = None;
            self.wire.noops.owed = 0;
            return Ok(None);
        }
        if others == STRAY_REPLIES {
            return Err(self.broken("no reply to PWD after a transfer"));
        }
        self.asked = Some(others + 1);
        Ok(Some(reply))
    }

    /// Send `NOOP` and read replies until its own comes, so that none of an earlier command is left. Gives the last
    /// reply before it.
    pub(crate) async fn fence(&mut self) -> Result<Option<Raw>, Error> {
        let mut last = None;
        if self.wire.noops.owed > 0 {
            while let Some(reply) = self.reply_after_transfer().await? {
                last = Some(reply);
            }
            return Ok(last);
        }
        self.send(command::line("NOOP", None)?, None).await?;
        for _ in 0..STRAY_REPLIES {
            let reply = self.reply().await?;
            if reply.code == 200 {
                return Ok(last);
            }
            last = Some(reply);
        }
        Err(self.broken("no reply to NOOP after a transfer was ended early"))
    }

    /// Make sure that nothing has come since the last reply: it would be taken for the reply to the next command.
    pub(crate) fn check_quiet(&mut self) -> Result<(), Error> {
        self.buffer.clear();
        if let Some(read) = at_once(self.wire.channel.read(&mut self.buffer, READ)) {
            self.take_in(read)?;
        }
        let mut early = self.wire.reader.next_reply();
        if let Ahead::Asked(since) = self.ahead {
            match early {
                Ok(None) => return Ok(()),
                Ok(Some(reply)) if reply.code != 421 => {
                    self.note_received(&reply);
                    self.ahead = Ahead::Answered(reply, since);
                    early = self.wire.reader.next_reply();
                }
                _ => {}
            }
        }
        match early.map_err(Error::from) {
            Ok(None) if self.wire.reader.is_empty() => Ok(()),
            Ok(Some(reply)) if reply.code == 421 => {
                self.note_received(&reply);
                Err(self.closed_by_server(&reply))
            }
            Ok(_) => Err(self.broken("the server replied without having been asked")),
            Err(error) => Err(self.fail(error)),
        }
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
        let reply = self.reply().await?;
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
        if hidden.is_none() {
            self.prepare(&line).await?;
        }
        self.write(line, hidden).await
    }

    /// Send one command as it is.
    pub(crate) async fn write(&mut self, line: Vec<u8>, hidden: Option<&str>) -> Result<(), Error> {
        self.hear_ahead().await?;
        self.queue(line, hidden);
        self.flush().await
    }

    fn queue(&mut self, mut line: Vec<u8>, hidden: Option<&str>) {
        self.note_sent(&line, hidden);
        if self.wants_doubled == Some(true) {
            line = telnet::doubled(&line);
        }
        self.wire.unsent.extend(line);
    }

    /// In one piece: in two, the second would wait for the acknowledgement of the first.
    async fn flush(&mut self) -> Result<(), Error> {
        let sent = within(&self.network, self.limit, Phase::Reply, self.wire.flush()).await;
        sent.map_err(|error| self.fail(error))
    }

    async fn reply_without(&mut self, secret: &[u8], limit: Duration) -> Result<Raw, Error> {
        let network = self.network.clone();
        let read = within(&network, limit, Phase::Reply, self.read_reply()).await;
        let mut reply = read.map_err(|error| self.fail(error))?;
        mask(&mut reply, secret);
        self.note_received(&reply);
        if reply.code == 421 {
            return Err(self.closed_by_server(&reply));
        }
        Ok(reply)
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
            self.transcript.received(&format!("{}{mark}{}", reply.code, self.encoding.decode(line)));
        }
    }

    fn closed_by_server(&mut self, reply: &Raw) -> Error {
        let reply = self.text(reply);
        self.fail(Error::Transient(reply))
    }

    /// The connection is of no further use.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.usable = false;
        error
    }

    fn readable(&self, line: &[u8]) -> String {
        self.encoding.decode(line.trim_ascii_end())
    }
}

/// Have the system look after a connection. A host that cannot is no reason to do without the connection.
pub(crate) fn look_after<N: Network>(stream: &N::Stream, settings: &Settings, transcript: &mut Transcript<N>) {
    let Some(idle) = settings.tcp_keepalive else { return };
    if let Err(error) = stream.set_keep_alive(idle.max(SHORTEST_TCP_KEEPALIVE)) {
        transcript.note(&format!("no TCP keepalive: {error}"));
    }
}

/// Put stars where a reply repeats a secret.
fn mask(reply: &mut Raw, secret: &[u8]) {
    if secret.is_empty() {
        return;
    }
    for line in &mut reply.lines {
        *line = masked(line, secret);
    }
}

fn masked(line: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(secret) {
            shown.extend_from_slice(b"****");
            rest = after;
        } else {
            shown.push(first);
            rest = tail;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_secret_is_masked() {
        for (line, secret, expected) in [
            ("bad password hunter2, hunter2!", "hunter2", "bad password ****, ****!"),
            ("a*b", "*", "a****b"),
            ("nothing here", "hunter2", "nothing here"),
        ] {
            assert_eq!(masked(line.as_bytes(), secret.as_bytes()), expected.as_bytes());
        }
    }
}
