//! How a session begins: a connection, the greeting, and TLS; once more where the server takes none of the fast cipher suites.

use super::Live;
use super::live::SessionTls;
use crate::control::Control;
use crate::dial::dial;
use crate::error::{Error, FailureKind, Reply};
use crate::handover::SessionState;
use crate::known::{Known, PassivePorts};
use crate::network::Network;
use crate::session::live::TransferParameters;
use crate::settings::Settings;
use crate::tls::channel::StartedHandshake;
use crate::tls::{Ciphers, Offer, Refusal, Rustls, Security, Server, Takes, Version, Versions};
use crate::transcript::Transcript;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use core::net::IpAddr;
use core::time::Duration;
use ftp_protocol::codes;
use ftp_types::TlsCause;

/// What one or two attempts to connect have in common.
struct Attempts {
    /// What is left for connecting.
    connect: Duration,
    /// What is left for handshakes.
    handshake: Duration,
    /// The address to which the first attempt went.
    peer: Option<IpAddr>,
    /// What the attempt offers.
    offer: Offer,
    /// What another attempt is to offer. None after the second attempt.
    next: Option<Offer>,
}

impl<N: Network> Live<N> {
    /// Connect and read the greeting (RFC 959, section 5.4: 220, or 120 and then 220).
    pub(super) async fn open(
        network: N,
        settings: Settings,
        host: &str,
        port: u16,
    ) -> Result<(Box<Self>, Reply), Error> {
        let (connect, handshake) = (settings.connect_timeout, settings.connect_timeout);
        let offer = settings.tls.first_offer(&Server::new(host, port, settings.tls.versions));
        let mut attempts = Attempts { connect, handshake, peer: None, offer, next: None };
        let mut transcript = Transcript::new(network.clone(), settings.transcript_capacity);
        loop {
            // Nothing but the transcript is left of an attempt before.
            let mut live = Self::reached(&network, &settings, transcript, &mut attempts, (host, port)).await?;
            let error = match live.begin(&mut attempts).await {
                Ok(welcome) => return Ok((live, welcome)),
                Err(error) => error,
            };
            let (Some(offer), Ok(peer)) = (attempts.next.take(), live.control.peer()) else { return Err(error) };
            (attempts.offer, attempts.peer) = (offer, Some(peer));
            let suites = if offer == Offer::All { "every cipher suite" } else { "every cipher suite of TLS 1.3" };
            live.control.transcript.note(&format!("{error}: connecting once more, with {suites}"));
            transcript = live.control.leave().await;
        }
    }

    async fn reached(
        network: &N,
        settings: &Settings,
        transcript: Transcript<N>,
        attempts: &mut Attempts,
        (host, port): (&str, u16),
    ) -> Result<Box<Self>, Error> {
        let engine = match settings.security {
            Security::None => None,
            Security::Explicit | Security::Implicit => Some(Rustls::new::<N>(&settings.tls, attempts.offer, host)?),
        };
        let stream = dial(network, settings, &mut attempts.connect, attempts.peer, host, port).await?;
        Ok(Box::new(Self {
            control: Control::new(network.clone(), stream, settings, transcript),
            host: host.to_string(),
            tls: SessionTls { engine, protection: None, server: Server::new(host, port, settings.tls.versions) },
            greeted_in: false,
            network: network.clone(),
            settings: settings.clone(),
            state: Arc::new(SessionState::new()),
            transfer: None,
            parameters: TransferParameters::default(),
            known: Known::default(),
            ports: PassivePorts::default(),
            home: None,
        }))
    }

    /// Read the greeting, inside TLS or with TLS after it, as the settings say.
    async fn begin(&mut self, attempts: &mut Attempts) -> Result<Reply, Error> {
        if let Some(proxy) = &self.settings.proxy {
            let server = proxy.server();
            self.control.transcript.note(&format!("through the proxy {}:{}", server.host, server.port));
        }
        let security = self.settings.security;
        if security == Security::Implicit {
            let tls = self.new_tls()?;
            self.secure(tls, attempts).await.map_err(|error| match error {
                // It greets in the clear: this is no port of implicit TLS.
                Error::Failed { kind: FailureKind::Protocol, .. } => TlsCause::NotTls.into(),
                error => error,
            })?;
        }
        let greeting = self.control.answer().await?;
        let greeting = self.positive(greeting)?;
        let welcome = self.control.text(&greeting);
        if security == Security::Explicit {
            if greeting.code != codes::READY {
                // Logged in already, in the clear: somebody wants TLS to be skipped.
                return Err(Error::insecure(format!("the server greets with {}", greeting.code)));
            }
            let (tls, _) = self.ask_for_tls().await?;
            self.secure(tls, attempts).await?;
            self.tls_began();
        }
        self.greeted_in = greeting.code == codes::LOGGED_IN;
        Ok(welcome)
    }

    /// Begin TLS, and see what the server makes of the offer.
    async fn secure(&mut self, tls: StartedHandshake, attempts: &mut Attempts) -> Result<(), Error> {
        let secured = self.control.secure(tls, &mut attempts.handshake).await;
        let (tls, server) = (&self.settings.tls, &self.tls.server);
        let Some(engine) = self.tls.engine.as_ref().filter(|_| tls.ciphers == Ciphers::FastFirst) else {
            return secured;
        };
        let (offer, learned) = (engine.offer(), &tls.learned_ciphers);
        if let Err(error) = &secured {
            let refusal = if offer == Offer::Fast { engine.refusal(error) } else { Refusal::None };
            if refusal != Refusal::None {
                attempts.next = Some(Offer::All);
            }
            if refusal == Refusal::Said {
                learned.learn(server, Takes::Others);
            }
            return secured;
        }
        let version = self.control.agreed().map_or(Version::Tls13, |agreed| agreed.version);
        let is_second = attempts.peer.is_some();
        match (offer, version) {
            // A server may go by the suites when it chooses the version, and have none of these in TLS 1.3. Whether TLS
            // 1.3 is to be had at all is asked once, with every suite of it.
            (Offer::Fast, Version::Tls12)
                if tls.versions == Versions::Both && learned.of(server) != Some(Takes::Fast(version)) =>
            {
                attempts.next = Some(Offer::FastOrNewest);
                return Err(Error::tls("TLS 1.2 is agreed, with the fast cipher suites"));
            }
            (Offer::Fast, _) | (Offer::FastOrNewest, Version::Tls12) => learned.learn(server, Takes::Fast(version)),
            (Offer::FastOrNewest, _) => learned.learn(server, Takes::Others),
            (Offer::All, _) if is_second => learned.learn(server, Takes::Others),
            (Offer::All, _) => {}
        }
        Ok(())
    }
}
