//! The control connection: one command out, its replies in, always in step.

use crate::error::{Error, Phase, Reply};
use crate::limit::{at_once, within};
use crate::network::Network;
use crate::settings::{GOODBYE, Settings};
use crate::tls::channel::Channel;
use crate::tls::{Agreed, Connection, Handshake};
use crate::transcript::Transcript;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::reply::{Limits, Reader};
use ftp_protocol::{command, reply, telnet};

/// Bytes of replies read at once.
const READ: usize = 4096;

/// Replies that may come between an ABOR, or a transfer that was left, and the one to `NOOP`.
const STRAY_REPLIES: usize = 4;

/// A reply whose bytes are not yet text.
pub(crate) type Raw = reply::Reply;

/// The control connection. Once anything went wrong on it, it is of no further use.
pub(crate) struct Control<N: Network> {
    network: N,
    channel: Channel<N::Stream>,
    /// What is left of TLS after CCC.
    left_tls: Option<Box<dyn Connection>>,
    reader: Reader,
    buffer: Vec<u8>,
    limit: Duration,
    handshake_limit: Duration,
    encoding: Encoding,
    /// The server doubles 0xFF in the directories of its replies, as far as is known.
    pub(crate) doubles: Option<bool>,
    /// It wants that in commands, as far as is known.
    wants_doubled: Option<bool>,
    usable: bool,
    pub(crate) transcript: Transcript,
}

impl<N: Network> Control<N> {
    pub(crate) fn new(network: N, channel: Channel<N::Stream>, settings: &Settings) -> Self {
        Self {
            network,
            channel,
            left_tls: None,
            reader: Reader::new(Limits::default()),
            buffer: Vec::new(),
            limit: settings.reply_timeout,
            handshake_limit: settings.connect_timeout,
            encoding: settings.encoding,
            doubles: None,
            wants_doubled: None,
            usable: true,
            transcript: Transcript::new(settings.transcript_capacity),
        }
    }

    /// False once the connection is out of step, broken or ended by the server.
    pub(crate) fn is_usable(&self) -> bool {
        self.usable
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr, Error> {
        self.channel.local_address()
    }

    pub(crate) fn peer(&self) -> Result<IpAddr, Error> {
        Ok(self.channel.peer_address()?.ip())
    }

    /// Begin TLS. Whatever came before it is not carried over.
    pub(crate) async fn secure(&mut self, tls: Box<dyn Handshake>) -> Result<(), Error> {
        self.buffer.clear();
        let early = at_once(self.channel.read(&mut self.buffer, 1)).is_some();
        if early || !self.reader.is_empty() {
            return Err(self.broken("bytes came before the TLS handshake"));
        }
        let Channel::Plain(stream) = core::mem::replace(&mut self.channel, Channel::Closed) else {
            return Err(self.broken("TLS inside TLS"));
        };
        let network = self.network.clone();
        let secured = within(&network, self.handshake_limit, Phase::Handshake, async {
            let mut channel = Channel::secure(stream, tls).await?;
            channel.flush().await?;
            Ok(channel)
        });
        self.channel = secured.await.map_err(|error| self.fail(error))?;
        self.note_agreed();
        Ok(())
    }

    /// Leave TLS.
    pub(crate) async fn clear(&mut self) -> Result<(), Error> {
        if !self.reader.is_empty() {
            return Err(self.broken("bytes came while TLS was being left"));
        }
        let network = self.network.clone();
        let channel = core::mem::replace(&mut self.channel, Channel::Closed);
        let cleared = within(&network, self.handshake_limit, Phase::Handshake, channel.into_clear()).await;
        let (channel, tls) = cleared.map_err(|error| self.fail(error))?;
        (self.channel, self.left_tls) = (channel, Some(tls));
        self.transcript.note("TLS ended");
        Ok(())
    }

    /// The last thing on this connection: end it in order, for as long as that is worth the wait.
    pub(crate) async fn goodbye(&mut self) {
        let network = self.network.clone();
        let channel = &mut self.channel;
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
        self.channel.agreed()
    }

    /// Have a ticket ready for a data connection.
    pub(crate) fn renew_ticket(&mut self) {
        if let Some(tls) = self.channel.tls().or(self.left_tls.as_mut()) {
            tls.renew_ticket();
        }
    }

    fn note_agreed(&mut self) {
        if let Some(agreed) = self.channel.agreed() {
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

    /// Read one reply, whatever its code, but for 421: with that the server closes the session.
    pub(crate) async fn reply(&mut self) -> Result<Raw, Error> {
        self.reply_within(self.limit).await
    }

    /// As [`Self::reply`], with a limit of its own.
    pub(crate) async fn reply_within(&mut self, limit: Duration) -> Result<Raw, Error> {
        self.reply_without(b"", limit).await
    }

    /// Send `NOOP` and read replies until its own comes, so that none of an earlier command is left. Gives the last
    /// reply before it.
    pub(crate) async fn fence(&mut self) -> Result<Option<Raw>, Error> {
        let mut last = None;
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
        if let Some(read) = at_once(self.channel.read(&mut self.buffer, READ)) {
            self.take_in(read)?;
        }
        let early = self.reader.next_reply();
        match early.map_err(Error::from) {
            Ok(None) if self.reader.is_empty() => Ok(()),
            Ok(Some(reply)) if reply.code == 421 => {
                self.note_received(&reply);
                Err(self.closed_by_server(&reply))
            }
            Ok(_) => Err(self.broken("the server replied without having been asked")),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Before a command with the byte 0xFF in its argument, or the first of several that belong together: find out
    /// whether this server wants it doubled. Before login most do not say.
    pub(crate) async fn prepare(&mut self, argument: &[u8]) -> Result<(), Error> {
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

    /// In one piece: in two, the second would wait for the acknowledgement of the first.
    async fn write(&mut self, mut line: Vec<u8>, hidden: Option<&str>) -> Result<(), Error> {
        if self.transcript.is_on() {
            self.transcript.sent(&hidden.map_or_else(|| self.readable(&line), |verb| format!("{verb} ****")));
        }
        if self.wants_doubled == Some(true) {
            line = telnet::doubled(&line);
        }
        let network = self.network.clone();
        let channel = &mut self.channel;
        let sent = within(&network, self.limit, Phase::Reply, async {
            let mut rest = line.as_slice();
            while !rest.is_empty() {
                let count = channel.write(rest).await?;
                rest = rest.get(count..).unwrap_or_default();
            }
            Ok(())
        });
        let sent = sent.await;
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
            if let Some(reply) = self.reader.next_reply()? {
                return Ok(reply);
            }
            self.buffer.clear();
            let read = self.channel.read(&mut self.buffer, READ).await;
            self.take_in(read)?;
        }
    }

    fn take_in(&mut self, read: Result<usize, Error>) -> Result<(), Error> {
        match read {
            Ok(0) => Err(self.fail(Error::ConnectionLost("the server closed the control connection".to_string()))),
            Ok(_) => {
                self.reader.feed(&self.buffer);
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
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

    fn fail(&mut self, error: Error) -> Error {
        self.usable = false;
        error
    }

    fn readable(&self, line: &[u8]) -> String {
        self.encoding.decode(line.trim_ascii_end())
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
