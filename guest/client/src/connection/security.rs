//! TLS on the control connection and on data connections, step by step (RFC 4217).

use super::Connection;
use super::data_mode::Pending;
use crate::control::{Control, Raw, look_after};
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
        let mut reply = self.control.exchange("AUTH", Some(b"TLS")).await?;
        if reply.code == 504 {
            // The other name of the same thing (RFC 4217, section 17).
            reply = self.control.exchange("AUTH", Some(b"TLS-C")).await?;
        }
        if reply.code != 234 {
            return Err(Error::Insecure(format!("the server refuses AUTH TLS: {}", self.control.text(&reply))));
        }
        self.control.secure(tls).await?;
        self.forget_features();
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
        let ahead = self.may_ask_ahead();
        let control = &mut self.control;
        if self.protection != Some(Protection::Private) {
            return Ok((exchange(control, line, ahead).await?, None));
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
        let (reply, begun) = both(exchange(control, line, ahead), begin).await;
        Ok((reply?, Some(begun)))
    }

    /// (PBSZ, PROT)
    pub(crate) async fn protect_data(&mut self, protection: Protection) -> Result<Reply, Error> {
        let level: &[u8] = match protection {
            Protection::Clear => b"C",
            Protection::Private => b"P",
        };
        self.secured_command("PBSZ", b"0").await?;
        let reply = self.secured_command("PROT", level).await?;
        self.protection = Some(protection);
        Ok(self.control.text(&reply))
    }

    /// Have data connections protected as the settings say; gives whether they are.
    pub(crate) async fn protect(&mut self) -> Result<bool, Error> {
        if self.protection.is_none() && self.settings.security != Security::None {
            self.protect_data(Protection::Private).await?;
        }
        Ok(self.protection == Some(Protection::Private))
    }

    /// A command without which there is no protection.
    async fn secured_command(&mut self, verb: &str, argument: &[u8]) -> Result<Raw, Error> {
        let reply = self.control.exchange(verb, Some(argument)).await?;
        if reply.is_positive() {
            return Ok(reply);
        }
        let text = self.control.text(&reply);
        Err(Error::Insecure(format!("the server refuses {verb}: {text}")))
    }

    /// (CCC) What protects data is agreed on before, as servers take that inside TLS only.
    pub(crate) async fn clear_command_channel(&mut self) -> Result<Reply, Error> {
        if !self.logged_in || self.control.agreed().is_none() {
            return Err(Error::InvalidArgument("only a session that is logged in inside TLS can leave it".to_string()));
        }
        self.protect().await?;
        let reply = self.command("CCC", None).await?;
        self.control.clear().await?;
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

async fn exchange<N: Network>(control: &mut Control<N>, line: &[u8], ahead: bool) -> Result<Raw, Error> {
    match ahead {
        true => control.exchange_line_and(line, "EPSV").await,
        false => control.exchange_line(line).await,
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
