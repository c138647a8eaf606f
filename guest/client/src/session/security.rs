//! TLS on the control connection and on data connections, step by step (RFC 4217).

use super::data_mode::Pending;
use super::live::SessionTls;
use super::{Live, Session};
use crate::control::{Raw, begins_transfer, enable_tcp_keepalive};
use crate::data::Ends;
use crate::error::{Error, Phase, Reply};
use crate::limits::CLOSE_LINGER;
use crate::network::Network;
use crate::timeout::{join, ready, timeout};
use crate::tls::channel::{Channel, StartedHandshake};
use crate::tls::{Agreed, Engine, Protection, Purpose, Rustls, Security, TlsSettings};
use alloc::format;
use alloc::string::String;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use ftp_protocol::codes;

/// A data connection on its way to what it was promised to be.
pub(super) enum Opening<N: Network> {
    /// In the clear.
    Clear(Pending<N>),
    /// The server is to connect, and the handshake has begun.
    Begun(N::Listener, Result<StartedHandshake, Error>),
    /// The handshake is over.
    Secured(Result<Channel<N::Stream>, Error>),
}

impl<N: Network> Session<N> {
    /// What TLS on the control connection has agreed.
    pub fn encryption(&self) -> Option<Agreed> {
        self.live.as_ref().and_then(|live| live.control.agreed().cloned())
    }

    /// (AUTH TLS, RFC 4217, section 4) For a session that was opened without security; with the settings for TLS that it
    /// has. This session never connects once more: it offers every cipher suite, or only the fast ones if an earlier
    /// session has learned that the server takes them.
    pub async fn start_tls(&mut self) -> Result<Reply, Error> {
        self.call(async |live| {
            let (tls, reply) = live.ask_for_tls().await?;
            let mut limit = live.settings.connect_timeout;
            let secured = live.control.secure(tls, &mut limit).await;
            if secured.is_err() {
                // It may be that it takes them no more.
                live.settings.tls.learned_ciphers.forget(&live.tls.server);
            }
            secured?;
            live.tls_began();
            Ok(reply)
        })
        .await
    }

    /// (PBSZ, PROT; RFC 4217, section 9)
    pub async fn protect_data(&mut self, protection: Protection) -> Result<Reply, Error> {
        self.call(async |live| live.set_protection(protection).await).await
    }

    /// (CCC, RFC 4217, section 12.3) Leave TLS on the control connection. Only after login.
    pub async fn clear_command_channel(&mut self) -> Result<Reply, Error> {
        self.call(async |live| {
            if !live.control.conversation.logged_in || live.control.agreed().is_none() {
                return Err(Error::invalid_argument("only a session that is logged in inside TLS can leave it"));
            }
            // What protects data is agreed on before, as servers take that inside TLS only.
            live.protect().await?;
            live.control.guard().await?;
            let reply = live.control.exchange("CCC", None).await?;
            match reply.code {
                codes::OKAY => live.control.clear().await?,
                code if codes::is_refusal(code) => {
                    live.control.set_guard(false);
                    return Err(live.refusal(&reply));
                }
                _ => return Err(live.control.broken("a reply to CCC that leaves open whether TLS ends")),
            }
            Ok(live.control.text(&reply))
        })
        .await
    }
}

impl<N: Network> Live<N> {
    /// (AUTH TLS) Gives the handshake that may begin, and the reply.
    pub(super) async fn ask_for_tls(&mut self) -> Result<(StartedHandshake, Reply), Error> {
        if self.control.agreed().is_some() {
            return Err(Error::invalid_argument("this session is inside TLS already"));
        }
        let tls = self.new_tls()?;
        self.control.guard().await?;
        let mut reply = self.control.exchange("AUTH", Some(b"TLS")).await?;
        if reply.code == codes::ARGUMENT_NOT_IMPLEMENTED {
            // The other name of the same thing (RFC 4217, section 17).
            reply = self.control.exchange("AUTH", Some(b"TLS-C")).await?;
        }
        if !codes::agrees_to_tls(reply.code) {
            let error = Error::insecure(format!("the server refuses AUTH TLS: {}", self.control.text(&reply)));
            // After anything but a refusal nobody knows what comes next.
            self.control.set_guard(false);
            return Err(if codes::is_refusal(reply.code) { error } else { self.control.fail(error) });
        }
        Ok((tls, self.control.text(&reply)))
    }

    /// Whatever was said in the clear, somebody else may have said.
    pub(super) fn tls_began(&mut self) {
        self.forget_features();
        self.parameters.representation = None;
        self.greeted_in = false;
    }

    pub(super) fn new_tls(&mut self) -> Result<StartedHandshake, Error> {
        let engine = engine::<N>(&mut self.tls, &self.settings.tls, &self.host)?;
        StartedHandshake::new(engine.connect(Purpose::Control)?)
    }

    /// Send a command that needs a data connection. Inside TLS the first flight of that is made while the server is at work,
    /// as to make a key can take as long as the reply, and sent at once where there is a connection already: that saves a
    /// round trip. The ticket that is in it is lost when the server refuses; there will be another. The handshake goes on
    /// meanwhile: some servers agree only after its end.
    pub(super) async fn exchange_for_data(
        &mut self,
        line: &[u8],
        pending: Pending<N>,
    ) -> Result<(Raw, Opening<N>), Error> {
        let with_epsv = self.may_ask_ahead();
        let control = &mut self.control;
        if let Pending::Connected(stream) = &pending {
            enable_tcp_keepalive(stream, &self.settings, &mut control.transcript);
        }
        if self.tls.protection != Some(Protection::Private) {
            return Ok((control.exchange_for_data(line, with_epsv).await?, Opening::Clear(pending)));
        }
        control.renew_ticket();
        let engine = engine::<N>(&mut self.tls, &self.settings.tls, &self.host)?;
        let begin = || StartedHandshake::new(engine.connect(Purpose::Data)?);
        let stream = match pending {
            Pending::Connected(stream) => stream,
            Pending::Listening(listener) => {
                let (reply, begun) = join(control.exchange_for_data(line, with_epsv), async { begin() }).await;
                return Ok((reply?, Opening::Begun(listener, begun)));
            }
        };
        let is_agreed = Cell::new(false);
        let handshake = async {
            let mut channel = Channel::secure(stream, begin()?).await?;
            if !is_agreed.get() {
                // The server may wait for the end of it.
                channel.flush().await?;
            }
            Ok(channel)
        };
        let (mut agreeing, mut handshake) = (pin!(control.exchange_for_data(line, with_epsv)), pin!(handshake));
        let mut secured = None;
        let reply = poll_fn(|cx| {
            let reply = agreeing.as_mut().poll(cx);
            if reply.is_pending() && secured.is_none() {
                secured = ready(handshake.as_mut().poll(cx));
            }
            reply
        });
        let reply = reply.await?;
        is_agreed.set(true);
        let secured = match secured {
            Some(secured) => secured,
            None if !begins_transfer(&reply) => Err(Error::closed()),
            None => timeout(&self.network, self.settings.connect_timeout, Phase::Handshake, handshake).await,
        };
        Ok((reply, Opening::Secured(secured)))
    }

    /// (PBSZ, PROT)
    async fn set_protection(&mut self, protection: Protection) -> Result<Reply, Error> {
        let level: &[u8] = match protection {
            Protection::Clear => b"C",
            Protection::Private => b"P",
        };
        let size = self.control.exchange("PBSZ", Some(b"0")).await?;
        // With TLS it is always 0, and some servers do not know the command: the reply to PROT P decides.
        let is_left_to_prot = size.is_permanent() && protection == Protection::Private;
        if !size.is_positive() && !is_left_to_prot {
            return Err(self.unprotected("PBSZ", &size));
        }
        let reply = self.control.exchange("PROT", Some(level)).await?;
        if !reply.is_positive() {
            return Err(self.unprotected("PROT", &reply));
        }
        self.tls.protection = Some(protection);
        Ok(self.control.text(&reply))
    }

    fn unprotected(&self, verb: &str, refusal: &Raw) -> Error {
        Error::insecure(format!("the server refuses {verb}: {}", self.control.text(refusal)))
    }

    /// Have data connections protected as the settings say; gives whether they are.
    pub(crate) async fn protect(&mut self) -> Result<bool, Error> {
        if self.tls.protection.is_none() && self.settings.security != Security::None {
            self.set_protection(Protection::Private).await?;
        }
        Ok(self.tls.protection == Some(Protection::Private))
    }

    /// The data connection, as it was promised to be.
    pub(super) async fn opened(&mut self, opening: Opening<N>) -> Result<Channel<N::Stream>, Error> {
        let channel = match opening {
            Opening::Clear(Pending::Connected(stream)) => Channel::Plain(stream),
            Opening::Clear(Pending::Listening(mut listener)) => Channel::Plain(self.accepted(&mut listener).await?),
            Opening::Begun(mut listener, begun) => {
                let stream = self.accepted(&mut listener).await?;
                let secure = Channel::secure(stream, begun?);
                timeout(&self.network, self.settings.connect_timeout, Phase::Handshake, secure).await?
            }
            Opening::Secured(channel) => channel?,
        };
        match channel.agreed() {
            Some(agreed) if self.settings.tls.require_resumption && !agreed.resumed => {
                Err(Error::insecure("the data connection did not resume the session's TLS session"))
            }
            _ => Ok(channel),
        }
    }

    async fn accepted(&mut self, listener: &mut N::Listener) -> Result<N::Stream, Error> {
        let stream = self.accept(listener).await?;
        enable_tcp_keepalive(&stream, &self.settings, &mut self.control.transcript);
        Ok(stream)
    }

    /// What the end of data is worth now. A size that was asked for before the transfer may not have come inside TLS.
    pub(crate) fn data_ends(&self, inside_tls: Option<bool>) -> Ends {
        let announced_inside_tls = inside_tls.unwrap_or_else(|| self.control.agreed().is_some());
        Ends { policy: self.settings.tls.data_end, announced_inside_tls }
    }

    /// The server may have something to say about it.
    pub(super) async fn handshake_failed(&mut self, text: String) -> Error {
        let network = self.network.clone();
        match timeout(&network, CLOSE_LINGER, Phase::Reply, self.end_of_transfer()).await {
            Ok(reply) => Error::tls(format!("{text}; the server says {}", self.control.text(&reply))),
            Err(_) => Error::tls(text),
        }
    }
}

/// What makes TLS connections; made itself when it is first needed, on a connection that is not made anew.
fn engine<'a, N: Network + 'static>(
    tls: &'a mut SessionTls,
    settings: &TlsSettings,
    host: &str,
) -> Result<&'a Rustls, Error> {
    let engine = match tls.engine.take() {
        Some(engine) => engine,
        None => Rustls::new::<N>(settings, settings.only_offer(&tls.server), host)?,
    };
    Ok(tls.engine.insert(engine))
}
