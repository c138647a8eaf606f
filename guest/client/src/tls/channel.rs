//! A connection, plain or inside TLS.

use super::records::HEADER;
use super::{Agreed, Connection, Handshake, Progress, Step};
use crate::error::Error;
use crate::network::Stream;
use crate::timeout::yield_now;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::RangeInclusive;

/// Bytes read from the network at once: of a handshake or a reply, and of data.
const READ: RangeInclusive<usize> = 4 * 1024..=64 * 1024;

/// A connection to the server.
pub(crate) enum Channel<S> {
    Plain(S),
    Secure(Box<Secure<S>>),
    /// Between one and the other, or after a failure there.
    Closed,
}

/// A connection inside TLS.
pub(crate) struct Secure<S> {
    stream: S,
    tls: Box<dyn Connection>,
    agreed: Agreed,
    progress: Progress,
    /// Received, not yet decrypted.
    incoming: Vec<u8>,
    /// The size of the record that came last.
    record: usize,
    /// Encrypted, not yet sent. May hold the last flight of the handshake, until there is something to send with it.
    outgoing: Vec<u8>,
    /// Decrypted, not yet handed out.
    plain: Vec<u8>,
    /// The network's end came before `close_notify`.
    truncated: bool,
}

/// A handshake whose first flight is there, to be sent.
pub(crate) struct StartedHandshake {
    handshake: Box<dyn Handshake>,
    outgoing: Vec<u8>,
}

impl StartedHandshake {
    pub(crate) fn new(handshake: Box<dyn Handshake>) -> Result<Self, Error> {
        let mut outgoing = Vec::new();
        match handshake.advance(&mut Vec::new(), &mut outgoing)? {
            Step::Waiting(handshake) => Ok(Self { handshake, outgoing }),
            Step::Done(..) => Err(Error::tls("the handshake was over before it began")),
        }
    }
}

impl<S: Stream> Channel<S> {
    /// A TLS connection on this stream, up to the end of the handshake but for the last flight, which leaves with the
    /// first bytes: without TCP_NODELAY two small writes in a row are slow.
    pub(crate) async fn secure(mut stream: S, begun: StartedHandshake) -> Result<Self, Error> {
        let StartedHandshake { mut handshake, mut outgoing } = begun;
        let (mut incoming, mut plain) = (Vec::new(), Vec::new());
        loop {
            flush(&mut stream, &mut outgoing).await?;
            if stream.read(&mut incoming, *READ.start()).await? == 0 {
                return Err(Error::tls("the server closed the connection during the handshake"));
            }
            yield_now().await;
            handshake = match handshake.advance(&mut incoming, &mut outgoing) {
                Ok(Step::Done(mut tls, agreed)) => {
                    // The other side may have said more already, or all.
                    let progress = tls.advance(&mut incoming, &mut outgoing, &mut plain)?;
                    let (record, truncated) = (0, false);
                    let secure = Secure { stream, tls, agreed, progress, incoming, record, outgoing, plain, truncated };
                    return Ok(Self::Secure(Box::new(secure)));
                }
                Ok(Step::Waiting(handshake)) => handshake,
                Err(error) => {
                    // The alert tells the server why.
                    let _ = flush(&mut stream, &mut outgoing).await;
                    return Err(error);
                }
            };
        }
    }

    /// Append at most `max` bytes to `buffer`, at least one; 0 is the end.
    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        match self {
            Self::Plain(stream) => Ok(stream.read(buffer, max).await?),
            Self::Closed => Err(closed()),
            Self::Secure(secure) => secure.read(buffer, max).await,
        }
    }

    /// Send the first of these bytes, and return how many.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        match self {
            Self::Plain(stream) => Ok(stream.write(bytes).await?),
            Self::Closed => Err(closed()),
            Self::Secure(secure) => {
                secure.tls.encrypt(bytes, &mut secure.outgoing)?;
                secure.flush().await?;
                Ok(bytes.len())
            }
        }
    }

    /// Send these bytes, and take from them what is on its way: nothing is lost or sent twice when the future is dropped.
    pub(crate) async fn push(&mut self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Plain(stream) => flush(stream, bytes).await,
            Self::Closed => Err(closed()),
            Self::Secure(secure) => {
                if !bytes.is_empty() {
                    secure.tls.encrypt(bytes, &mut secure.outgoing)?;
                    bytes.clear();
                }
                secure.flush().await
            }
        }
    }

    /// Send what waits for more to go with it.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Closed => Err(closed()),
            Self::Secure(secure) => secure.flush().await,
        }
    }

    /// Send these last bytes, and end this direction.
    pub(crate) async fn finish(&mut self, last: &[u8]) -> Result<(), Error> {
        self.conclude(last).await?;
        self.shut().await
    }

    /// Send these last bytes, and inside TLS say that they are the last.
    pub(crate) async fn conclude(&mut self, last: &[u8]) -> Result<(), Error> {
        match self {
            Self::Closed => Err(closed()),
            Self::Plain(stream) => {
                let mut rest = last;
                while !rest.is_empty() {
                    let count = stream.write(rest).await?;
                    rest = rest.get(count..).unwrap_or_default();
                }
                Ok(())
            }
            Self::Secure(secure) => {
                secure.tls.encrypt(last, &mut secure.outgoing)?;
                secure.end().await
            }
        }
    }

    /// End this direction of what carries it.
    pub(crate) async fn shut(&mut self) -> Result<(), Error> {
        match self {
            Self::Closed => Err(closed()),
            Self::Plain(stream) => Ok(stream.finish().await?),
            Self::Secure(secure) => Ok(secure.stream.finish().await?),
        }
    }

    /// Read until the other side of a TLS connection has said that it ends. What else it says no longer matters, but
    /// tickets in it are kept.
    pub(crate) async fn drain(&mut self) {
        if let Self::Secure(secure) = self {
            secure.drain().await;
        }
    }

    /// Read until the other side has ended its direction; an error where that is not the end of a connection that is whole:
    /// a reset, or inside TLS an end without `close_notify`. What else it says does not matter.
    pub(crate) async fn hear_end(&mut self) -> Result<(), Error> {
        match self {
            Self::Closed => Err(closed()),
            Self::Plain(stream) => {
                let mut ignored = Vec::new();
                while stream.read(&mut ignored, *READ.start()).await? > 0 {
                    ignored.clear();
                    yield_now().await;
                }
                Ok(())
            }
            Self::Secure(secure) => {
                secure.drain().await;
                match secure.progress {
                    Progress::Ended => Ok(()),
                    Progress::Open => Err(unclosed()),
                }
            }
        }
    }

    /// Say `close_notify`, when there is anyone to say it to.
    pub(crate) async fn say_goodbye(&mut self) -> Result<(), Error> {
        match self {
            Self::Plain(_) | Self::Closed => Ok(()),
            Self::Secure(secure) => secure.end().await,
        }
    }

    /// Leave TLS (CCC): `close_notify` both ways, and nothing in the clear before the other side's. What is left of TLS
    /// still knows its tickets.
    pub(crate) async fn into_clear(self) -> Result<(Self, Box<dyn Connection>), Error> {
        let Self::Secure(mut secure) = self else { return Err(closed()) };
        secure.end().await?;
        let mut rest = Vec::new();
        if secure.read(&mut rest, 1).await? > 0 || secure.truncated || !secure.incoming.is_empty() {
            return Err(Error::protocol("bytes came while TLS was being left"));
        }
        Ok((Self::Plain(secure.stream), secure.tls))
    }

    /// The end that was read was not the one that TLS has.
    pub(crate) fn is_truncated(&self) -> bool {
        matches!(self, Self::Secure(secure) if secure.truncated)
    }

    /// What was agreed, inside TLS.
    pub(crate) fn agreed(&self) -> Option<&Agreed> {
        match self {
            Self::Plain(_) | Self::Closed => None,
            Self::Secure(secure) => Some(&secure.agreed),
        }
    }

    /// The TLS connection, inside TLS.
    pub(crate) fn tls(&mut self) -> Option<&mut Box<dyn Connection>> {
        match self {
            Self::Plain(_) | Self::Closed => None,
            Self::Secure(secure) => Some(&mut secure.tls),
        }
    }

    pub(crate) fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr, Error> {
        Ok(self.stream()?.local_address()?)
    }

    fn stream(&self) -> Result<&S, Error> {
        match self {
            Self::Plain(stream) => Ok(stream),
            Self::Secure(secure) => Ok(&secure.stream),
            Self::Closed => Err(closed()),
        }
    }
}

impl<S: Stream> Secure<S> {
    fn advance(&mut self) -> Result<(), Error> {
        // Servers send records of one length, but for the last.
        if let Some(&[_, _, _, high, low]) = self.incoming.first_chunk() {
            self.record = HEADER + usize::from(u16::from_be_bytes([high, low]));
        }
        self.progress = self.tls.advance(&mut self.incoming, &mut self.outgoing, &mut self.plain)?;
        Ok(())
    }

    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        loop {
            if !self.plain.is_empty() {
                return Ok(hand_out(&mut self.plain, buffer, max));
            }
            if self.progress == Progress::Ended || self.truncated {
                return Ok(0);
            }
            self.flush().await?;
            let piece = self.piece(max);
            if self.stream.read(&mut self.incoming, piece).await? == 0 {
                self.truncated = true;
                return Ok(0);
            }
            if let Err(error) = self.advance() {
                // The alert tells the server why.
                let _ = self.flush().await;
                return Err(error);
            }
            if self.plain.is_empty() {
                // Records without data can come without an end.
                yield_now().await;
            }
        }
    }

    /// How much to read: with what is there already no more than can be handed out at once, and as many whole records as
    /// that makes. What would be left of another one would have to be copied to the next read.
    fn piece(&self, max: usize) -> usize {
        let most = max.saturating_sub(self.incoming.len()).clamp(*READ.start(), *READ.end());
        let left = (self.incoming.len() + most).checked_rem(self.record).unwrap_or_default();
        most.checked_sub(left).filter(|piece| READ.contains(piece)).unwrap_or(most)
    }

    async fn flush(&mut self) -> Result<(), Error> {
        flush(&mut self.stream, &mut self.outgoing).await
    }

    async fn end(&mut self) -> Result<(), Error> {
        self.tls.close(&mut self.outgoing)?;
        self.flush().await
    }

    async fn drain(&mut self) {
        // The other side may still wait for the end of the handshake.
        if self.flush().await.is_err() {
            return;
        }
        while self.progress == Progress::Open
            && matches!(self.stream.read(&mut self.incoming, *READ.end()).await, Ok(1..))
        {
            if self.advance().is_err() {
                return;
            }
            self.plain.clear();
            self.outgoing.clear();
            yield_now().await;
        }
    }
}

async fn flush(stream: &mut impl Stream, outgoing: &mut Vec<u8>) -> Result<(), Error> {
    while !outgoing.is_empty() {
        let count = stream.write(outgoing).await?;
        outgoing.drain(..count.min(outgoing.len()));
    }
    Ok(())
}

/// What an end of data is that is not TLS's own.
pub(crate) fn unclosed() -> Error {
    Error::tls("the data ended without close_notify: it may be cut off")
}

fn closed() -> Error {
    Error::connection_lost("the connection was closed here")
}

fn hand_out(plain: &mut Vec<u8>, buffer: &mut Vec<u8>, max: usize) -> usize {
    if buffer.is_empty() && plain.len() <= max {
        core::mem::swap(plain, buffer);
        return buffer.len();
    }
    let count = max.min(plain.len());
    buffer.extend_from_slice(plain.get(..count).unwrap_or_default());
    plain.drain(..count);
    count
}
