//! How data connections come about: EPSV, PASV, and PRET before them; PORT and EPRT.

use super::{Live, Session};
use crate::control::Raw;
use crate::dial::dial_again;
use crate::error::{Error, FailureKind, Phase, RefusalKind, Reply};
use crate::limits::{EPSV_SHARE, PORT_AHEAD};
use crate::network::{Listener, Network, NetworkError, Stream};
use crate::proxy::Target;
use crate::settings::{Active, DataMode, TransferMode};
use crate::timeout::{Either, select, timeout};
use alloc::format;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_protocol::{address, codes};

/// One side of a data connection that is not yet made.
pub(super) enum Pending<N: Network> {
    Connected(N::Stream),
    Listening(N::Listener),
}

impl<N: Network> Session<N> {
    /// Change how data connections are made.
    pub fn set_data_mode(&mut self, mode: DataMode) -> Result<(), Error> {
        let mode = mode.checked()?;
        self.settings.check_way(mode)?;
        self.live.as_mut().ok_or(Error::closed())?.settings.data_mode = mode;
        Ok(())
    }

    /// (MODE; RFC 959, section 3.4) For all transfers from now on, until the login ends.
    pub async fn set_transfer_mode(&mut self, mode: TransferMode) -> Result<Reply, Error> {
        self.call(async |live| {
            let reply = live.complete("MODE", Some(mode.code())).await?;
            live.parameters.mode = mode;
            Ok(live.control.text(&reply))
        })
        .await
    }
}

impl<N: Network> Live<N> {
    pub(super) async fn prepare_data(&mut self, line: &[u8]) -> Result<Pending<N>, Error> {
        match self.settings.data_mode {
            DataMode::Passive => Ok(Pending::Connected(self.connect_data_for(line).await?)),
            DataMode::Active(active) => Ok(Pending::Listening(self.listen_for_data(active).await?)),
        }
    }

    /// As [`Self::connect_data`]; some servers have to know first what it is for (PRET).
    async fn connect_data_for(&mut self, line: &[u8]) -> Result<N::Stream, Error> {
        if !self.ports.pret {
            match self.connect_data().await {
                Err(Error::Refused { kind: RefusalKind::Permanent, reply })
                    if reply.lines.iter().any(|line| line.contains("PRET")) => {}
                connected => return connected,
            }
            self.ports.pret = true;
            self.ports.only_pasv = false;
        }
        let pret = [b"PRET ", line].concat();
        let reply = self.control.exchange_line(&pret).await?;
        self.positive(reply)?;
        self.connect_data().await
    }

    /// (EPSV, else PASV) Whatever address the server names, the connection goes to the one that we talk to: a server
    /// could otherwise make us connect anywhere.
    async fn connect_data(&mut self) -> Result<N::Stream, Error> {
        let limit = self.settings.connect_timeout;
        if let Some(port) = self.port_ahead().await? {
            match self.dial_data(port, limit / EPSV_SHARE).await {
                Err(error) if self.is_out_of_reach(&error) => {}
                result => return result,
            }
        }
        let has_pasv = self.may_have_pasv()?;
        if self.ports.only_pasv {
            return self.connect_by_pasv(limit).await;
        }
        let port = match self.epsv_port().await? {
            Ok(port) => port,
            Err(refused) if has_pasv => {
                let port = self.pasv_port_after(refused).await?;
                return self.dial_data(port, limit).await;
            }
            Err(refused) => return Err(refused),
        };
        if !has_pasv {
            return self.dial_data(port, limit).await;
        }
        let share = limit / EPSV_SHARE;
        match self.dial_data(port, share).await {
            Err(failure) if self.is_out_of_reach(&failure) => {
                self.connect_by_pasv_after(failure, limit.saturating_sub(share)).await
            }
            result => result,
        }
    }

    /// The port that the server names cannot be reached from here, or the host denies it: another one may do. What a proxy
    /// denies, it denies.
    fn is_out_of_reach(&self, error: &Error) -> bool {
        match error {
            Error::Failed { kind: FailureKind::ConnectionRefused, .. } | Error::Timeout(Phase::DataConnection) => true,
            Error::Failed { kind: FailureKind::AccessDenied, .. } => self.settings.proxy.is_none(),
            _ => false,
        }
    }

    /// Whether `EPSV` for the next transfer may go with the command of this one. With `NOOP`s in between nobody could tell
    /// the replies apart.
    pub(super) fn may_ask_ahead(&self) -> bool {
        let passive = matches!(self.settings.data_mode, DataMode::Passive) && !self.ports.pret && !self.ports.only_pasv;
        self.settings.pipelining && self.settings.keepalive.is_none() && passive && self.ports.knows_epsv
    }

    /// The port that was asked for together with the last transfer. An old one may be another client's by now.
    async fn port_ahead(&mut self) -> Result<Option<u16>, Error> {
        let answer = self.control.take_ahead().await?;
        let fresh = answer.filter(|(reply, age)| reply.code == codes::EXTENDED_PASSIVE && *age < PORT_AHEAD);
        Ok(fresh.and_then(|(reply, _)| address::parse_epsv(reply.last_line()).ok()))
    }

    /// The port of `EPSV` cannot be reached. Some routers let `PASV` through, whose reply they understand.
    async fn connect_by_pasv_after(&mut self, failure: Error, limit: Duration) -> Result<N::Stream, Error> {
        self.control.transcript.note(&format!("the port of EPSV cannot be reached ({failure}); trying PASV"));
        match self.connect_by_pasv(limit).await {
            Ok(stream) => {
                self.ports.only_pasv = true;
                Ok(stream)
            }
            // The server has no `PASV`: what matters is what went wrong before.
            Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => Err(failure),
            Err(error) => Err(error),
        }
    }

    async fn connect_by_pasv(&mut self, limit: Duration) -> Result<N::Stream, Error> {
        let port = self.pasv_port().await?;
        self.dial_data(port, limit).await
    }

    async fn dial_data(&self, port: u16, limit: Duration) -> Result<N::Stream, Error> {
        dial_again(&self.network, &self.settings, limit, self.control.peer()?, &self.host, port).await
    }

    /// Addresses of IPv6 do not fit into a reply to `PASV`. Behind a proxy nobody knows which kind a name leads to.
    fn may_have_pasv(&self) -> Result<bool, Error> {
        match self.settings.proxy {
            Some(_) => Ok(Target::new(&self.host, 0)?.may_be_v4()),
            None => Ok(self.control.peer()?.to_canonical().is_ipv4()),
        }
    }

    /// The port of `EPSV`, or the error that its reply is. Any reply that leaves the session open may be one of a server
    /// that knows only `PASV`.
    async fn epsv_port(&mut self) -> Result<Result<u16, Error>, Error> {
        let reply = self.control.exchange("EPSV", None).await?;
        let port = match reply.code {
            codes::EXTENDED_PASSIVE => port_in(&reply, address::parse_epsv),
            // What `PASV` would answer.
            codes::PASSIVE => port_in(&reply, port_of_pasv),
            _ => None,
        };
        match port {
            Some(port) => {
                self.ports.knows_epsv |= reply.code == codes::EXTENDED_PASSIVE;
                // It would have to be brought in step each time.
                self.ports.only_pasv |= reply.code == codes::PASSIVE;
                Ok(Ok(port))
            }
            None if reply.code == codes::EXTENDED_PASSIVE && !self.may_have_pasv()? => {
                Err(self.control.broken("the reply to EPSV has no port"))
            }
            None => Ok(Err(self.refusal(&reply))),
        }
    }

    /// (PASV) `EPSV` is no good here. Where `PASV` is not known either, an error says so that is not the server's "never".
    async fn pasv_port_after(&mut self, refused: Error) -> Result<u16, Error> {
        match self.pasv_port().await {
            Ok(port) => {
                self.ports.only_pasv = true;
                Ok(port)
            }
            Err(Error::Refused { kind: RefusalKind::Permanent, .. })
                if !matches!(refused, Error::Refused { kind: RefusalKind::Permanent, .. }) =>
            {
                Err(refused)
            }
            Err(error) => Err(error),
        }
    }

    /// (EPSV, else PASV) For another server to connect to.
    pub(crate) async fn passive_port(&mut self) -> Result<u16, Error> {
        if self.ports.only_pasv {
            return self.pasv_port().await;
        }
        let has_pasv = self.may_have_pasv()?;
        match self.epsv_port().await? {
            Err(refused) if has_pasv => self.pasv_port_after(refused).await,
            port => port,
        }
    }

    /// (PASV)
    async fn pasv_port(&mut self) -> Result<u16, Error> {
        self.port_after("PASV").await
    }

    /// (CPSV) For another server to connect to, with this one as the client of TLS.
    pub(crate) async fn cpsv_port(&mut self) -> Result<u16, Error> {
        self.port_after("CPSV").await
    }

    /// The port in the 227 reply to one of these.
    async fn port_after(&mut self, verb: &'static str) -> Result<u16, Error> {
        let peer = self.control.peer()?.to_canonical();
        let reply = self.control.exchange(verb, None).await?;
        if !reply.is_positive() {
            return Err(self.refusal(&reply));
        }
        // Some servers name it in an earlier line.
        let Some(claim) = reply.lines.iter().rev().find_map(|line| address::parse_pasv(line).ok()) else {
            return Err(self.control.broken(&format!("the reply to {verb} has no address")));
        };
        if self.settings.proxy.is_none() && IpAddr::V4(*claim.ip()) != peer {
            self.control.transcript.note(&format!("{verb} names {}; it is {peer} that is meant", claim.ip()));
        }
        Ok(claim.port())
    }

    /// (PORT, EPRT)
    async fn listen_for_data(&mut self, active: Active) -> Result<N::Listener, Error> {
        let local = self.control.local_address()?.ip();
        let listener = self.listen(local, active.ports).await?;
        let address = active.announced.unwrap_or(local).to_canonical();
        let address = SocketAddr::new(address, listener.local_address()?.port());
        let (verb, argument) = address::active_command(address);
        self.complete(verb, Some(argument.as_bytes())).await?;
        Ok(listener)
    }

    async fn listen(&self, local: IpAddr, ports: Option<(u16, u16)>) -> Result<N::Listener, Error> {
        let (first, last) = ports.unwrap_or((0, 0));
        for port in first..=last {
            match self.network.listen(SocketAddr::new(local, port)).await {
                Err(NetworkError::AddressInUse) if port < last => {}
                listener => return Ok(listener?),
            }
        }
        Err(NetworkError::AddressInUse.into())
    }

    /// Accept the server's connection, and nobody else's. A server that cannot connect says so instead.
    pub(super) async fn accept(&mut self, listener: &mut N::Listener) -> Result<N::Stream, Error> {
        let (network, limit) = (self.network.clone(), self.settings.connect_timeout);
        let accepted = timeout(&network, limit, Phase::DataConnection, self.accept_peer(listener)).await;
        if let Err(Error::Timeout(_)) = accepted {
            // It may still be at it. The next call reads what it has to say.
            self.control.give_up_transfer().await?;
        }
        accepted
    }

    async fn accept_peer(&mut self, listener: &mut N::Listener) -> Result<N::Stream, Error> {
        let peer = self.control.peer()?.to_canonical();
        loop {
            let stream = match self.control.conversation.has_verdict() {
                true => listener.accept().await?,
                // There is time for a reply as long as there is for the connection.
                false => match select(listener.accept(), self.control.event(Duration::MAX)).await {
                    Either::First(stream) => stream?,
                    Either::Second(event) => {
                        event?;
                        self.check_not_refused()?;
                        continue;
                    }
                },
            };
            let from = stream.peer_address()?.ip().to_canonical();
            if from == peer {
                return Ok(stream);
            }
            self.control.transcript.note(&format!("refused a data connection from {from}"));
        }
    }

    /// The transfer has no verdict, or it is a positive one.
    fn check_not_refused(&mut self) -> Result<(), Error> {
        match self.control.conversation.take_refusal() {
            Some(refusal) => {
                self.transfer = None;
                Err(self.refusal(&refusal))
            }
            None => Ok(()),
        }
    }
}

/// What one line of a reply names, the last that names any.
fn port_in(reply: &Raw, parse: fn(&[u8]) -> Result<u16, address::Error>) -> Option<u16> {
    reply.lines.iter().rev().find_map(|line| parse(line).ok())
}

fn port_of_pasv(line: &[u8]) -> Result<u16, address::Error> {
    address::parse_pasv(line).map(|address| address.port())
}
