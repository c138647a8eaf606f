//! TLS on the control connection and on data connections, step by step (RFC 4217).

use super::Connection;
use super::data_mode::Pending;
use crate::control::{Raw, look_after};
use crate::data::Ends;
use crate::error::{Error, Phase, Reply};
use crate::limit::{both, within};
use crate::network::Network;
use crate::settings::GOODBYE;
use crate::tls::channel::{Begun, Channel};
use crate::tls::{Engine, Protection, Purpose, Rustls, Security, TlsSettings};
use alloc::format;
use alloc::string::{String, ToString};

/// The handshake of a data connection, where there is to be one.
type Opening = Option<Result<Begun, Error>>;

impl<N: Network> Connection<N> {
    /// (AUTH TLS)
    pub(crate) async fn start_tls(&mut self) -> Result<Reply, Error> {
        if self.control.agreed().is_some() {
            return Err(Error::InvalidArgument("this session is inside TLS already".to_string()));
        }
        let tls = self.new_tls()?;
        self.control.guard().await?;
        let mut reply = self.control.exchange("AUTH", Some(b"TLS")).await?;
        if reply.code == 504 {
            // The other name of the same thing (RFC 4217, section 17).
            reply = self.control.exchange("AUTH", Some(b"TLS-C")).await?;
        }
        if !matches!(reply.code, 234 | 200 | 334) {
            let error = Error::Insecure(format!("the server refuses AUTH TLS: {}", self.control.text(&reply)));
            // After anything but a refusal nobody knows what comes next.
            self.control.set_guard(false);
            return Err(if reply.code >= 400 { error } else { self.control.fail(error) });
        }
        self.control.secure(tls).await?;
        // Whatever was said in the clear, somebody else may have said.
        self.forget_features();
        self.representation = None;
        self.greeted_in = false;
        Ok(self.control.text(&reply))
    }

    pub(super) fn new_tls(&mut self) -> Result<Begun, Error> {
        Begun::new(engine::<N>(&mut self.engine, &self.settings.tls, &self.host)?.connect(Purpose::Control)?)
    }

    /// Send a command that needs a data connection. Inside TLS the first flight of that is made while the server is at work,
    /// as to make a key can take as long as the reply, and sent at once where there is a connection already: that saves a
    /// round trip. The ticket that is in it is lost when the server refuses; there will be another.
    pub(super) async fn exchange_for_data(
        &mut self,
        line: &[u8],
        pending: &mut Pending<N>,
    ) -> Result<(Raw, Opening), Error> {
        let ahead = self.may_ask_ahead().then_some("EPSV");
        let control = &mut self.control;
        if self.protection != Some(Protection::Private) {
            return Ok((control.exchange_for_data(line, ahead).await?, None));
        }
        control.renew_ticket();
        let (network, limit) = (&self.network, self.settings.connect_timeout);
        let engine = engine::<N>(&mut self.engine, &self.settings.tls, &self.host)?;
        let begin = async {
            let mut begun = Begun::new(engine.connect(Purpose::Data)?)?;
            if let Pending::Connected(stream) = pending {
                // The reply matters more than a failure here, which shows again when the server has agreed.
                let _ = within(network, limit, Phase::Handshake, begun.send(stream)).await;
            }
            Ok(begun)
        };
        let (reply, begun) = both(control.exchange_for_data(line, ahead), begin).await;
        Ok((reply?, Some(begun)))
    }

    /// (PBSZ, PROT)
    pub(crate) async fn protect_data(&mut self, protection: Protection) -> Result<Reply, Error> {
        let level: &[u8] = match protection {
            Protection::Clear => b"C",
            Protection::Private => b"P",
        };
        let size = self.control.exchange("PBSZ", Some(b"0")).await?;
        // With TLS it is always 0, and some servers do not know the command: the reply to PROT P decides.
        if !size.is_positive() && !(size.is_permanent() && protection == Protection::Private) {
            return Err(self.unprotected("PBSZ", &size));
        }
        let reply = self.control.exchange("PROT", Some(level)).await?;
        if !reply.is_positive() {
            return Err(self.unprotected("PROT", &reply));
        }
        self.protection = Some(protection);
        Ok(self.control.text(&reply))
    }

    fn unprotected(&self, verb: &str, refusal: &Raw) -> Error {
        Error::Insecure(format!("the server refuses {verb}: {}", self.control.text(refusal)))
    }

    /// Have data connections protected as the settings say; gives whether they are.
    pub(crate) async fn protect(&mut self) -> Result<bool, Error> {
        if self.protection.is_none() && self.settings.security != Security::None {
            self.protect_data(Protection::Private).await?;
        }
        Ok(self.protection == Some(Protection::Private))
    }

    /// (CCC) What protects data is agreed on before, as servers take that inside TLS only.
    pub(crate) async fn clear_command_channel(&mut self) -> Result<Reply, Error> {
        if !self.control.logged_in || self.control.agreed().is_none() {
            return Err(Error::InvalidArgument("only a session that is logged in inside TLS can leave it".to_string()));
        }
        self.protect().await?;
        self.control.guard().await?;
        let reply = self.control.exchange("CCC", None).await?;
        match reply.code {
            200 => self.control.clear().await?,
            400.. => {
                self.control.set_guard(false);
                return Err(self.refusal(&reply));
            }
            _ => return Err(self.control.broken("a reply to CCC that leaves open whether TLS ends")),
        }
        Ok(self.control.text(&reply))
    }

    /// The data connection, as it was promised to be.
    pub(super) async fn secured(&mut self, stream: N::Stream, tls: Opening) -> Result<Channel<N::Stream>, Error> {
        look_after(&stream, &self.settings, &mut self.control.transcript);
        let Some(tls) = tls else { return Ok(Channel::Plain(stream)) };
        let secure = Channel::secure(stream, tls?);
        let channel = within(&self.network, self.settings.connect_timeout, Phase::Handshake, secure).await?;
        match channel.agreed() {
            Some(agreed) if self.settings.tls.require_resumption && !agreed.resumed => {
                Err(Error::Insecure("the data connection did not resume the session's TLS session".to_string()))
            }
            _ => Ok(channel),
        }
    }

    /// What the end of data is worth now.
    pub(crate) fn data_ends(&self) -> Ends {
        Ends { policy: self.settings.tls.data_end, announced_inside_tls: self.control.agreed().is_some() }
    }

    /// The server may have something to say about it.
    pub(super) async fn handshake_failed(&mut self, text: String) -> Error {
        let network = self.network.clone();
        match within(&network, GOODBYE, Phase::Reply, self.end_of_transfer()).await {
            Ok(reply) => Error::Tls(format!("{text}; the server says {}", self.control.text(&reply))),
            Err(_) => Error::Tls(text),
        }
    }
}

/// What makes TLS connections; made itself when it is first needed.
fn engine<'a, N: Network + 'static>(
    known: &'a mut Option<Rustls>,
    settings: &TlsSettings,
    host: &str,
) -> Result<&'a Rustls, Error> {
    let engine = match known.take() {
        Some(engine) => engine,
        None => Rustls::new::<N>(settings, host)?,
    };
    Ok(known.insert(engine))
}
